//! A request is kept three months after it was over, and longer where somebody still holds what it gave (Q18, section 2.6).
#![expect(clippy::indexing_slicing, reason = "a test")]

mod support;

use chrono::{TimeDelta, Utc};
use support::Workspace;

const ANN: &str = "ann@contoso.example";
const BASE: &str = "[user.\"ann@contoso.example\"]\n[user.\"bo@contoso.example\"]\n[application.crm]\nroles = [\"User\"]\n[catalog.sales]\n\
[catalog.sales.resource.crm]\norigin = \"application:crm\"\n[access_package.crm]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n\
[access_package.crm.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"200d\"\n\
[[access_package.crm.policy.staff.approval.stage]]\napprovers = [\"bo@contoso.example\"]\ntimeout = \"14d\"\n";

fn after(days: i64) -> String {
    Utc::now().checked_add_signed(TimeDelta::days(days)).map_or_else(String::new, |at| at.to_rfc3339())
}

fn tick(w: &Workspace, days: i64) {
    w.expect(0, &["tick", "--now", &after(days)]);
}

fn requests(w: &Workspace) -> usize {
    w.expect(0, &["requests", "--all", "--json"]).json()["requests"].as_array().map_or(usize::MAX, Vec::len)
}

#[test]
fn a_denied_request_goes_after_three_months_and_stays_in_the_chain() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(0, &["request", "crm", "--as", ANN]);
    w.expect(0, &["deny", "crm", "--as", "bo@contoso.example"]);
    tick(&w, 89);
    assert_eq!(requests(&w), 1);
    tick(&w, 91);
    assert_eq!(requests(&w), 0);
    // A second look finds nothing to take away, and what happened is not forgotten.
    let serial = w.expect(0, &["history", "--json"]).json()["revisions"].as_array().unwrap().len();
    tick(&w, 92);
    assert_eq!(w.expect(0, &["history", "--json"]).json()["revisions"].as_array().unwrap().len(), serial);
    w.expect(0, &["audit", "verify"]);
    w.expect(0, &["requests", "--all", "--json"]);
    let export = w.expect(0, &["audit", "export"]).out;
    assert!(export.contains("request.closed") || export.contains("request.decided"), "{export}");
    assert!(export.contains("record.purged"), "{export}");
}

#[test]
fn what_explains_access_is_kept_as_long_as_the_access_lasts() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(0, &["request", "crm", "--as", ANN]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    tick(&w, 100);
    assert_eq!(requests(&w), 1, "it is held until day 200");
    w.expect(0, &["why", ANN, "crm"]).says(&["bo@contoso.example"]);
    tick(&w, 201);
    assert_eq!(requests(&w), 1, "over, and three months have not passed");
    tick(&w, 289);
    assert_eq!(requests(&w), 1);
    tick(&w, 291);
    assert_eq!(requests(&w), 0);
    // The assignment is there still, for who asks who had it.
    let all = w.expect(0, &["assignments", "--all", "--json"]).json();
    assert_eq!(all["assignments"][0]["cause"].as_str(), Some("expired"), "{all}");
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn access_without_an_end_keeps_its_request_until_it_is_given_up() {
    let w = Workspace::of(&BASE.replace("\"200d\"", "\"never\""));
    w.apply();
    w.expect(0, &["request", "crm", "--as", ANN]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    tick(&w, 1_500);
    assert_eq!(requests(&w), 1);
    w.expect(0, &["remove", "crm", "--as", ANN]);
    tick(&w, 1_500 + 365 + 91);
    assert_eq!(requests(&w), 0);
    w.expect(0, &["audit", "verify"]);
}
