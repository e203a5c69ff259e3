//! People of whom nobody has heard: their organization comes in with the first of them, and nobody vetted it (R150).
#![expect(clippy::indexing_slicing, reason = "a test")]

mod support;

use support::Workspace;

const BASE: &str = "[user.\"bo@contoso.example\"]\n[application.crm]\nroles = [\"User\"]\n[catalog.sales]\nexternally_visible = true\n\
[catalog.sales.resource.crm]\norigin = \"application:crm\"\n[access_package.crm]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n\
[access_package.crm.policy.world]\nrequestors = \"all_external_users\"\nexpiration = \"30d\"\n\
[[access_package.crm.policy.world.approval.stage]]\napprovers = [\"bo@contoso.example\"]\ntimeout = \"14d\"\n";

fn organizations(w: &Workspace) -> Vec<(String, String)> {
    let all = w.expect(0, &["report", "organizations", "--json"]).json();
    let text = |row: &serde_json::Value, column: &str| row[column].as_str().unwrap_or_default().to_owned();
    all["rows"].as_array().into_iter().flatten().map(|r| (text(r, "organization"), text(r, "state"))).collect()
}

#[test]
fn an_unknown_organization_comes_in_as_proposed_with_the_first_who_is_let_in() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(0, &["request", "crm", "--as", "ida@north.wind.example"]);
    assert_eq!(organizations(&w), [], "who only asks makes nothing here");
    w.expect(0, &["request", "crm", "--as", "ola@north.wind.example"]);
    // Both at once: there is one organization all the same.
    w.expect(0, &["approve", "--all", "--as", "bo@contoso.example"]).says(&[
        "ida@north.wind.example is a guest",
        "north.wind.example, is there as connected_organization.north-wind-example, proposed",
    ]);
    let found = organizations(&w);
    assert_eq!(found.len(), 1, "{found:?}");
    let shown = w.expect(0, &["show", "connected_organization.north-wind-example"]);
    shown.says(&["domains = [\"north.wind.example\"]", "state = \"proposed\""]);
    for guest in ["ida", "ola"] {
        w.expect(0, &["show", &format!("user.\"{guest}@north.wind.example\"")]).says(&["organization = \"north-wind-example\""]);
    }
    // It is nobody's: the next plan leaves it alone, and the next guest of that domain makes no other.
    w.expect(0, &["plan"]).says(&["No changes."]);
    w.expect(0, &["request", "crm", "--as", "pia@north.wind.example"]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    assert_eq!(organizations(&w).len(), 1);
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn a_key_that_is_taken_gets_a_number() {
    let w = Workspace::of(&format!("{BASE}[connected_organization.wind-example]\ndomains = [\"breeze.example\"]\n"));
    w.apply();
    w.expect(0, &["request", "crm", "--as", "ida@wind.example"]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]).says(&["connected_organization.wind-example-2, proposed"]);
    w.expect(0, &["audit", "verify"]);
}
