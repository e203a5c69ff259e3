//! Imports, moves, releases and saved plans in awkward company.
#![expect(clippy::indexing_slicing, reason = "a test")]

mod support;

use serde_json::{Value as Json, json};
use support::Workspace;

const BASE: &str = "[user.\"ann@contoso.example\"]\n[user.\"bo@contoso.example\"]\n[delegation.administrators]\nrole = \"administrator\"\nmembers = [\"ann@contoso.example\"]\n";

/// The id of an object of the store.
fn id(w: &Workspace, address: &str) -> String {
    w.expect(0, &["state", "show", address, "--json"]).json()["value"]["id"].as_str().unwrap_or_default().to_owned()
}

/// A plan file with something changed in it and its own digest made to fit, as anybody can.
fn forge(w: &Workspace, from: &str, to: &str, change: impl Fn(&mut Json)) {
    let mut doc: Json = serde_json::from_str(&w.read(from)).unwrap_or_default();
    change(&mut doc);
    let digests = doc.as_object_mut().and_then(|m| m.remove("digests")).unwrap_or_default();
    let plan = writ::model::digest_of(&doc);
    doc["digests"] = json!({ "plan": plan, "changes": digests["changes"], "people": digests["people"] });
    w.write(to, &doc.to_string());
}

#[test]
fn an_import_speaks_of_what_moves_with_it() {
    let w = Workspace::of(&format!("{BASE}[group.a]\n[group.p]\nmembers = [\"group:a\"]\n"));
    w.apply();
    let p = id(&w, "group.p");
    w.expect(0, &["state", "rm", "group.p"]);
    w.write("all.toml", &format!("{BASE}[group.b]\n[group.p]\nmembers = [\"group:b\"]\n[[moved]]\nfrom = \"group.a\"\nto = \"group.b\"\n[[import]]\nto = \"group.p\"\nid = \"{p}\"\n"));
    w.apply();
    assert!(w.expect(0, &["show", "group.p"]).out.contains("members = [\"group:b\"]"));
    w.expect(0, &["plan", "--detailed-exitcode"]);
}

#[test]
fn an_import_takes_an_object_as_it_is() {
    let resource = "[application.crm]\nroles = [\"User\"]\n[catalog.sales]\n[catalog.sales.resource.crm]\n";
    let w = Workspace::of(&format!("{BASE}{resource}origin = \"application:crm\"\n"));
    w.apply();
    let crm = id(&w, "catalog.sales.resource.crm");
    w.expect(0, &["state", "rm", "catalog.sales.resource.crm"]);
    w.write(
        "all.toml",
        &format!("{BASE}{resource}type = \"application\"\norigin = \"crm/evil\"\nroles = [\"User\"]\n[[import]]\nto = \"catalog.sales.resource.crm\"\nid = \"{crm}\"\n"),
    );
    w.expect(1, &["plan"]).says(&[
        "E0305",
        "an import takes `catalog.sales.resource.crm` as it is",
        "import it as it is in the store first",
    ]);
}

#[test]
fn of_a_plan_file_only_what_is_wanted_is_taken() {
    let gold = "[group.gold]\nprevent_destroy = true\n[group.k]\n";
    let w = Workspace::of(&format!("{BASE}{gold}"));
    w.apply();
    w.write("all.toml", &format!("{BASE}[group.k]\ndescription = \"x\"\n"));
    w.expect(5, &["plan", "-o", "p"]);
    // The protection is the store's, whatever the file says that it was.
    forge(&w, "p", "q", |doc| {
        doc["verdict"] = json!({ "refused": [], "brakes": [] });
        doc["resource_changes"][0]["change"]["before"]["prevent_destroy"] = json!(false);
    });
    w.expect(1, &["apply", "q"]).says(&["does not match its digest"]);
    forge(&w, "p", "q", |doc| doc["verdict"] = json!({ "refused": [], "brakes": [] }));
    w.expect(5, &["apply", "q"]).says(&["refused"]);
    // The digest of the changes is checked too.
    let text = w.read("p");
    let digest = serde_json::from_str::<Json>(&text).unwrap_or_default()["digests"]["changes"].as_str().unwrap_or_default().to_owned();
    w.write("r", &text.replace(&digest, &"0".repeat(64)));
    w.expect(1, &["apply", "r"]).says(&["does not match its digest"]);
    // What the workspace does not manage is not changed through a plan file.
    w.write("all.toml", &format!("{BASE}{gold}description = \"y\"\n"));
    w.expect(0, &["plan", "-o", "s"]);
    w.expect(0, &["state", "rm", "group.k"]);
    assert_ne!(w.run(&["apply", "s"]).code, 0);
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn an_empty_saved_plan_writes_nothing() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(0, &["plan", "-o", "e"]);
    w.expect(0, &["apply", "e"]);
    assert_eq!(w.expect(0, &["history", "--json"]).json()["revisions"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_destroyed_workspace_lays_no_claim_to_the_store() {
    let w = Workspace::of(BASE);
    w.write("writ.toml", "[workspace]\nname = \"test\"\nrequire_actor = true\n\n[store]\nurl = \"sqlite:.writ/s.db\"\n");
    w.apply();
    w.expect(0, &["destroy", "--confirm", "test", "--as", "ann@contoso.example"]).says(&["3 destroyed"]);
    // Nobody is left who could act, so the store is its operator's again.
    w.expect(0, &["plan"]).says(&["3 to add"]);
    w.replace("writ.toml", "\"test\"", "\"other\"");
    w.apply();
}

#[test]
fn a_part_of_a_destroy_is_braked_like_any_other() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(5, &["destroy", "--target", "delegation.administrators", "--confirm", "test"]).says(&["[E0502]"]);
}

#[test]
fn a_part_that_would_break_a_rule_is_an_error() {
    let crm = "[catalog.sales]\n[catalog.sales.resource.crm]\norigin = \"application:crm\"\n[access_package.crm]\ncatalog = \"sales\"\n[access_package.crm.policy.d]\nrequestors = \"none\"\nexpiration = \"never\"\n";
    let w = Workspace::of(&format!("{BASE}{crm}[application.crm]\nroles = [\"User\"]\n"));
    w.apply();
    w.write(
        "all.toml",
        &format!("{BASE}{crm}[application.crm]\nroles = [\"Editor\", \"User\"]\n")
            .replace("catalog = \"sales\"\n", "catalog = \"sales\"\nresource_roles.crm = \"Editor\"\n"),
    );
    w.expect(1, &["apply", "--auto-approve", "--target", "access_package.crm"]).says(&["E0402", "target what it needs as well"]);
    w.expect(0, &["apply", "--auto-approve", "--target", "access_package.crm", "--target", "application.crm"]);
    // Weak references are followed too.
    w.write("new.toml", "[user.\"new@contoso.example\"]\nmanager = \"boss@contoso.example\"\n[user.\"boss@contoso.example\"]\n");
    w.expect(0, &["apply", "--auto-approve", "--target", "new@contoso.example"]).says(&["2 added"]);
}

#[test]
fn a_new_person_in_an_old_assignment_is_a_new_grant() {
    let package = |expiration: &str, users: &str| {
        format!(
            "{BASE}[access_package.x]\n[access_package.x.policy.d]\nrequestors = \"none\"\nexpiration = {expiration}\n[access_package.x.assignment.a]\npolicy = \"d\"\nusers = {users}\nend = 2190-01-01\n"
        )
    };
    let w = Workspace::of(&package("\"never\"", "[\"ann@contoso.example\"]"));
    w.apply();
    w.write("all.toml", &package("\"30d\"", "[\"ann@contoso.example\"]"));
    w.apply();
    w.write("all.toml", &package("\"30d\"", "[\"ann@contoso.example\", \"bo@contoso.example\"]"));
    w.expect(1, &["plan"]).says(&["R52", "later than the policy allows"]);
}

#[test]
fn shifted_names_are_told_apart_by_diff() {
    let w = Workspace::of(&format!("{BASE}[group.a]\ndescription = \"first\"\n[group.b]\ndescription = \"second\"\n"));
    w.apply();
    w.expect(0, &["state", "mv", "group.b", "group.c"]);
    w.expect(0, &["state", "mv", "group.a", "group.b"]);
    let diff = w.expect(0, &["diff", "@1", "@3"]);
    diff.says(&["group.a has moved to group.b", "group.b has moved to group.c", "0 added, 0 changed, 0 destroyed. 2 moved."]);
}

#[test]
fn by_hand_too_names_have_the_form_of_their_kind() {
    let w = Workspace::of(&format!("{BASE}[group.a]\n[catalog.general]\n"));
    w.apply();
    w.expect(1, &["state", "mv", "bo@contoso.example", "user.bo"]);
    w.expect(1, &["state", "mv", "group.a", "group.\"x@y.example\""]);
    w.expect(1, &["state", "mv", "catalog.general", "catalog.other"]).says(&["always exists"]);
    w.expect(1, &["plan", "--target", "catalog.a.catalog.b"]);
    assert_eq!(w.expect(0, &["history", "--json"]).json()["revisions"].as_array().map(Vec::len), Some(2));
}
