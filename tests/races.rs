//! Many at once: one decision stands, what is due is done once, and nobody is told twice.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod support;

use serde_json::Value as Json;
use std::process::{Child, Stdio};
use support::{Run, Workspace};

const TEXT: &str = "[user.\"ann@contoso.example\"]\n[user.\"bo@contoso.example\"]\n[user.\"cy@contoso.example\"]\n\
[application.crm]\nroles = [\"User\"]\n[catalog.sales]\n[catalog.sales.resource.crm]\norigin = \"application:crm\"\n\
[access_package.crm]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n\
[access_package.crm.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"30d\"\n\
approval = { approvers = [\"bo@contoso.example\", \"cy@contoso.example\"], timeout = \"14d\" }\n\
[access_package.audit]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\nincompatible_with = [\"access_package:crm\"]\n\
[access_package.audit.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"30d\"\n\
approval = { approvers = [\"bo@contoso.example\", \"cy@contoso.example\"], timeout = \"14d\" }\n";

fn at_once(w: &Workspace, runs: &[Vec<&str>]) -> Vec<Run> {
    let start = |arguments: &Vec<&str>| w.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<Child> = runs.iter().map(start).collect();
    children.into_iter().map(|child| Run::of(child.wait_with_output().unwrap())).collect()
}

fn list(w: &Workspace, what: &str) -> Vec<Json> {
    w.expect(0, &[what, "--all", "--json"]).json()[what].as_array().cloned().unwrap_or_default()
}

#[test]
fn of_many_decisions_at_once_one_stands() {
    for round in 0..4 {
        let w = Workspace::of(TEXT);
        w.apply();
        w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
        let id = list(&w, "requests")[0]["request"]["id"].as_str().unwrap().to_owned();
        let decide = |n: usize| {
            let verb = if (n + round).is_multiple_of(2) { "approve" } else { "deny" };
            let who = if n.is_multiple_of(3) { "bo@contoso.example" } else { "cy@contoso.example" };
            vec![verb, id.as_str(), "--as", who]
        };
        let runs = at_once(&w, &(0..12).map(decide).collect::<Vec<_>>());
        let won = runs.iter().filter(|r| r.code == 0).count();
        assert_eq!((won, runs.iter().filter(|r| r.code == 5).count()), (1, 11), "{:?}", runs.iter().map(|r| &r.err).collect::<Vec<_>>());
        let request = list(&w, "requests")[0]["request"].clone();
        assert_eq!(request["verdicts"].as_array().unwrap().len(), 1);
        let given = list(&w, "assignments").len();
        assert_eq!(given, usize::from(request["state"] == "delivered"), "{request}");
        w.expect(0, &["audit", "verify"]);
    }
}

#[test]
fn of_many_requests_at_once_one_is_taken() {
    let w = Workspace::of(TEXT);
    w.apply();
    let runs = at_once(&w, &vec![vec!["request", "crm", "--as", "ann@contoso.example"]; 10]);
    assert_eq!(runs.iter().filter(|r| r.code == 0).count(), 1);
    assert_eq!(list(&w, "requests").len(), 1);
}

/// V25: each was asked for while the other was not held; one of the two lands.
#[test]
fn of_two_packages_that_exclude_each_other_one_lands() {
    let w = Workspace::of(
        &TEXT.replace("[access_package.crm]\ncatalog", "[access_package.crm]\nincompatible_with = [\"access_package:audit\"]\ncatalog"),
    );
    w.apply();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    w.expect(5, &["request", "audit", "--as", "ann@contoso.example"]).says(&["R137"]);
    let one_way = Workspace::of(TEXT);
    one_way.apply();
    // Only `audit` excludes the other: asked for first, it is refused when the other was given meanwhile.
    one_way.expect(0, &["request", "audit", "--as", "ann@contoso.example"]);
    one_way.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    let runs =
        at_once(&one_way, &[vec!["approve", "crm", "--as", "bo@contoso.example"], vec!["approve", "audit", "--as", "cy@contoso.example"]]);
    assert!(runs.iter().all(|r| r.code == 0), "{:?}", runs.iter().map(|r| &r.err).collect::<Vec<_>>());
    let states: Vec<String> = list(&one_way, "requests").iter().map(|r| r["request"]["state"].as_str().unwrap().to_owned()).collect();
    // Whichever came first: `audit` is denied after `crm`, and `crm`, which excludes nothing, is given in any case.
    assert_eq!(states[1], "delivered");
    assert_eq!(list(&one_way, "assignments").len(), states.iter().filter(|s| *s == "delivered").count());
}

#[test]
fn of_many_looks_at_the_clock_one_does_what_is_due() {
    let w = Workspace::of(TEXT);
    w.apply();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    let before = w.expect(0, &["history", "--json"]).json()["revisions"].as_array().unwrap().len();
    let runs = at_once(&w, &vec![vec!["tick", "--now", "2090-01-01T00:00:00Z"]; 12]);
    assert!(runs.iter().all(|r| r.code == 0), "{:?}", runs.iter().map(|r| &r.err).collect::<Vec<_>>());
    assert_eq!(runs.iter().filter(|r| r.out.contains("its end came")).count(), 1);
    assert_eq!(w.expect(0, &["history", "--json"]).json()["revisions"].as_array().unwrap().len(), before + 1);
    w.expect(0, &["audit", "verify"]);
}
