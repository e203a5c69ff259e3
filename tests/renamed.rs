//! What goes on under other names: requests that wait, reviews that are open, and the history of what was called otherwise.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test")]

mod support;

use support::Workspace;

const DIRECTORY: &str = "[user.\"ann@contoso.example\"]\n[user.\"bo@contoso.example\"]\n[user.\"cy@contoso.example\"]\n\
[user.\"dee@contoso.example\"]\n[user.\"eve@contoso.example\"]\n[group.leads]\nmembers = [\"bo@contoso.example\"]\n";

const REST: &str = "[application.crm]\nroles = [\"Admin\", \"User\"]\n[catalog.sales]\n[catalog.sales.resource.crm]\norigin = \"application:crm\"\n\
[access_package.crm]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n[access_package.crm.policy.staff]\nrequestors = \"all_members\"\n\
expiration = \"30d\"\nreview = { every = \"once\", starts = 2099-01-01, duration = \"7d\", reviewers = [\"group:leads\"], if_no_answer = \"keep\" }\n\
[access_package.crm.policy.staff.approval]\napprovers = [\"group:leads\", \"dee@contoso.example\"]\ntimeout = \"14d\"\n\
fallback_approvers = [\"cy@contoso.example\"]\n";

fn workspace() -> Workspace {
    let w = Workspace::of(&format!("{DIRECTORY}{REST}"));
    w.apply();
    w
}

/// `group.leads` is `group.heads` and dee is diana; and there is another group of the old name, of which eve is.
fn renamed(w: &Workspace) {
    let directory = DIRECTORY.replace("[group.leads]", "[group.heads]").replace("dee@", "diana@");
    let rest = REST.replace("group:leads", "group:heads").replace("dee@", "diana@");
    let moves = "[[moved]]\nfrom = \"group.leads\"\nto = \"group.heads\"\n[[moved]]\nfrom = \"dee@contoso.example\"\nto = \"diana@contoso.example\"\n";
    let other = "[group.leads]\nmembers = [\"eve@contoso.example\"]\n[user.\"dee@contoso.example\"]\n";
    w.write("all.toml", &format!("{directory}{rest}{moves}"));
    let plan = w.expect(0, &["plan"]).out;
    assert!(plan.contains("2 to move") && !plan.contains("ann@contoso.example"), "{plan}");
    w.apply();
    w.write("all.toml", &format!("{directory}{rest}{other}"));
    w.apply();
}

fn waits_for(w: &Workspace, person: &str) -> bool {
    let asked = w.expect(0, &["requests", "--to-decide", "--as", &format!("{person}@contoso.example"), "--json"]).json();
    !asked["requests"].as_array().unwrap().is_empty()
}

#[test]
fn who_decides_a_request_that_waits_stays_so_under_another_name() {
    let w = workspace();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    assert!(waits_for(&w, "bo") && waits_for(&w, "dee") && !waits_for(&w, "cy"));
    renamed(&w);
    // Nobody comes to decide it by an old name, and the fallback is not needed.
    assert!(waits_for(&w, "bo") && waits_for(&w, "diana"));
    assert!(!waits_for(&w, "cy") && !waits_for(&w, "eve") && !waits_for(&w, "dee"));
    w.expect(5, &["approve", "crm", "--as", "dee@contoso.example"]);
    w.expect(5, &["approve", "crm", "--as", "eve@contoso.example"]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    w.expect(0, &["audit", "verify"]);
    w.expect(0, &["doctor"]);
}

/// A group that is taken out is another one when it comes back: whoever is of it decides nothing that waited for the first.
#[test]
fn a_group_that_is_gone_decides_nothing_that_waited_for_it() {
    let w = workspace();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    let group = "[group.leads]\nmembers = [\"bo@contoso.example\"]\n";
    let chiefs = format!("{DIRECTORY}{REST}").replace(group, "").replace("group:leads", "group:chiefs");
    let chiefs = format!("{chiefs}[group.chiefs]\nmembers = [\"bo@contoso.example\"]\n");
    w.write("all.toml", &chiefs);
    w.apply();
    assert!(!waits_for(&w, "bo") && waits_for(&w, "dee"));
    let back = format!("{chiefs}[group.leads]\nmembers = [\"eve@contoso.example\"]\n");
    w.write("all.toml", &back);
    w.apply();
    assert!(!waits_for(&w, "eve"));
    let off = |text: &str, name: &str| {
        text.replace(&format!("[user.\"{name}@contoso.example\"]\n"), &format!("[user.\"{name}@contoso.example\"]\nenabled = false\n"))
    };
    w.write("all.toml", &off(&back, "dee"));
    let plan = w.expect(0, &["plan"]).out;
    assert!(!plan.contains("nobody left"), "the fallback decides: {plan}");
    w.write("all.toml", &off(&off(&back, "dee"), "cy"));
    w.expect(0, &["plan"]).says(&["nobody left who could decide it", "ann@contoso.example"]);
}

#[test]
fn who_reviews_stays_so_under_another_name() {
    let w = workspace();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    w.expect(0, &["review", "start", "crm"]);
    renamed(&w);
    w.expect(5, &["review", "decide", "crm", "deny", "--for", "ann@contoso.example", "--as", "eve@contoso.example"]);
    w.expect(0, &["review", "decide", "crm", "approve", "--for", "ann@contoso.example", "--as", "bo@contoso.example"]);
}

/// What happened to a package is told whatever it was called then; what happened to another of that name is the other's.
#[test]
fn a_package_keeps_its_history_under_another_name() {
    let w = workspace();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    w.replace("all.toml", "resource_roles.crm = \"User\"", "resource_roles.crm = [\"Admin\", \"User\"]");
    w.apply();
    let before = w.read("all.toml");
    let after = before.replace("access_package.crm", "access_package.sell");
    w.write("all.toml", &format!("{after}[[moved]]\nfrom = \"access_package.crm\"\nto = \"access_package.sell\"\n"));
    w.apply();
    let another = "[access_package.crm]\ncatalog = \"sales\"\ndescription = \"another\"\nresource_roles.crm = \"User\"\n";
    w.write("all.toml", &format!("{after}{another}"));
    w.apply();
    let told = |package: &[&str]| -> Vec<(u64, String, String)> {
        let report = w.expect(0, &[&["report", "activity", "--json"], package].concat()).json();
        let rows = report["rows"].as_array().unwrap().iter();
        let row = |r: &serde_json::Value| {
            let text = |name: &str| r[name].as_str().unwrap().to_owned();
            (r["serial"].as_u64().unwrap(), text("package"), text("operation"))
        };
        rows.map(row).filter(|(_, _, operation)| operation.starts_with("object.")).collect()
    };
    let of = |serial: u64, package: &str, operation: &str| (serial, package.to_owned(), operation.to_owned());
    // The package and its policy.
    let mine = [
        of(1, "sell", "object.created"),
        of(1, "sell", "object.created"),
        of(4, "sell", "object.updated"),
        of(5, "sell", "object.moved"),
        of(5, "sell", "object.moved"),
    ];
    assert_eq!(told(&["--package", "sell"]), mine);
    assert_eq!(told(&["--package", "crm"]), [of(6, "crm", "object.created")]);
    let mut all = mine.to_vec();
    all.push(of(6, "crm", "object.created"));
    assert_eq!(told(&[]), all);
    // As of a time at which it was called otherwise, it is told by that name.
    assert_eq!(told(&["--package", "crm", "--at", "@4"]).len(), 3);
    // What its holder holds by it changed while it was called otherwise.
    let changes = w.expect(0, &["assignments", "--mine", "--changes", "--as", "ann@contoso.example", "--json"]).json();
    assert!(changes.to_string().contains("gained"), "{changes}");
}
