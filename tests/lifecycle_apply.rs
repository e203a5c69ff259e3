//! What an apply means for the lifecycle: declared assignments are given once, and what is held stands in the way of a deletion.
#![expect(clippy::indexing_slicing, reason = "a test")]

mod support;

use serde_json::Value as Json;
use support::Workspace;

const BASE: &str = "[user.\"ann@contoso.example\"]\n[user.\"bo@contoso.example\"]\n[user.\"cy@contoso.example\"]\n\
[application.crm]\nroles = [\"User\"]\n[catalog.sales]\n[catalog.sales.resource.crm]\norigin = \"application:crm\"\n\
[access_package.crm]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n\
[access_package.crm.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"30d\"\napproval = \"none\"\n\
[access_package.crm.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n";

fn assignments(w: &Workspace, more: &[&str]) -> Vec<Json> {
    let all = [&["assignments", "--json"][..], more].concat();
    w.expect(0, &all).json()["assignments"].as_array().cloned().unwrap_or_default()
}

fn holders(w: &Workspace) -> Vec<String> {
    let mut names: Vec<String> = assignments(w, &[]).iter().map(|a| a["target"]["name"].as_str().unwrap_or("").to_owned()).collect();
    names.sort();
    names
}

fn declared(users: &str, more: &str) -> String {
    format!("{BASE}[access_package.crm.assignment.team]\npolicy = \"direct\"\nusers = {users}\n{more}")
}

#[test]
fn a_nightly_apply_gives_back_nothing_that_was_taken_away() {
    let w = Workspace::of(&declared("[\"ann@contoso.example\", \"bo@contoso.example\", \"cy@contoso.example\"]", "end = 2027-01-31\n"));
    w.apply();
    assert_eq!(holders(&w), ["ann@contoso.example", "bo@contoso.example", "cy@contoso.example"]);
    // The holder gives it up, an administrator takes it away, and the end of the third comes.
    w.expect(0, &["remove", "crm", "--as", "ann@contoso.example"]);
    w.expect(0, &["remove", "crm", "--for", "bo@contoso.example"]);
    for _ in 0..2 {
        w.apply();
        assert_eq!(holders(&w), ["cy@contoso.example"]);
    }
    w.expect(0, &["tick", "--now", "2027-02-01T00:00:00Z"]);
    w.write(
        "all.toml",
        &declared("[\"ann@contoso.example\", \"bo@contoso.example\", \"cy@contoso.example\"]", "end = 2027-01-31\njustification = \"x\"\n"),
    );
    w.apply();
    assert_eq!(holders(&w), Vec::<String>::new());
    let causes: Vec<String> = assignments(&w, &["--all"]).iter().map(|a| a["cause"].to_string()).collect();
    assert_eq!(causes.len(), 3);
    assert!(causes[0].contains("given_up") && causes[1].contains("removed") && causes[2].contains("expired"), "{causes:?}");
    w.expect(0, &["audit", "verify"]);
}

/// Nor does taking a name out of the files and putting it back: other dates do, or another key.
#[test]
fn what_a_review_took_away_stays_so() {
    let w = Workspace::of(&declared("[\"ann@contoso.example\", \"bo@contoso.example\"]", ""));
    w.apply();
    w.expect(0, &["review", "start", "crm"]);
    w.expect(0, &["review", "decide", "crm", "deny", "--as", "ann@contoso.example"]);
    w.expect(0, &["review", "complete", "crm"]);
    w.apply();
    assert_eq!(holders(&w), ["bo@contoso.example"]);
    for users in ["[\"bo@contoso.example\"]", "[\"ann@contoso.example\", \"bo@contoso.example\"]"] {
        w.write("all.toml", &declared(users, ""));
        w.apply();
        assert_eq!(holders(&w), ["bo@contoso.example"]);
    }
    w.expect(0, &["show", "access_package.crm.assignment.team"]).says(&["ann@contoso.example", "spent", "the review"]);
    w.write("all.toml", &declared("[\"ann@contoso.example\", \"bo@contoso.example\"]", "end = 2099-06-30\n"));
    w.apply();
    assert_eq!(holders(&w), ["ann@contoso.example", "bo@contoso.example"]);
}

#[test]
fn a_person_who_is_added_gets_it_and_one_who_is_taken_out_loses_it() {
    let w = Workspace::of(&declared("[\"ann@contoso.example\"]", ""));
    w.apply();
    w.write("all.toml", &declared("[\"ann@contoso.example\", \"bo@contoso.example\"]", ""));
    w.apply();
    assert_eq!(holders(&w), ["ann@contoso.example", "bo@contoso.example"]);
    let first = assignments(&w, &["--for", "ann@contoso.example"])[0]["id"].clone();
    w.write("all.toml", &declared("[\"bo@contoso.example\"]", ""));
    w.apply();
    assert_eq!(holders(&w), ["bo@contoso.example"]);
    let over = assignments(&w, &["--all", "--for", "ann@contoso.example"]);
    assert_eq!((&over[0]["id"], over[0]["cause"].as_str()), (&first, Some("undeclared")));
}

#[test]
fn other_dates_are_a_new_grant() {
    let w = Workspace::of(&declared("[\"ann@contoso.example\"]", ""));
    w.apply();
    w.expect(0, &["remove", "crm", "--as", "ann@contoso.example"]);
    w.write("all.toml", &declared("[\"ann@contoso.example\"]", "end = 2099-06-30\n"));
    w.apply();
    let live = assignments(&w, &[]);
    assert_eq!((live.len(), live[0]["end"].as_str()), (1, Some("2099-07-01T00:00:00Z")));
}

#[test]
fn one_that_begins_later_waits_for_its_start() {
    let w = Workspace::of(&declared("[\"ann@contoso.example\"]", "start = 2099-01-01\n"));
    w.apply();
    assert_eq!(holders(&w), Vec::<String>::new());
    w.expect(0, &["requests"]).says(&["ann@contoso.example", "scheduled"]);
    w.expect(0, &["tick", "--now", "2098-12-31T23:59:59Z"]).says(&["Nothing is due."]);
    w.expect(0, &["tick", "--now", "2099-01-01T00:00:00Z"]);
    assert_eq!(holders(&w), ["ann@contoso.example"]);
}

#[test]
fn what_somebody_holds_by_request_is_not_deleted_under_them() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    let package = BASE.find("[access_package.crm]").unwrap_or(0);
    w.write("all.toml", BASE.get(..package).unwrap_or(""));
    for refused in [&["plan"][..], &["apply", "--auto-approve"], &["destroy", "--confirm", "test"]] {
        w.expect(5, refused).says(&["cannot be deleted: ann@contoso.example holds it", "R63"]);
    }
    // The policy alone, too.
    w.write(
        "all.toml",
        &BASE.replace("[access_package.crm.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"30d\"\napproval = \"none\"\n", ""),
    );
    w.expect(5, &["plan"]).says(&["`access_package.crm.policy.staff` cannot be deleted", "R63"]);
    w.expect(0, &["remove", "crm", "--all"]);
    w.apply();
}

#[test]
fn what_is_gone_takes_its_requests_along_and_says_why() {
    let stages = BASE.replace("approval = \"none\"", "approval = { approvers = [\"bo@contoso.example\"], timeout = \"14d\" }");
    let w = Workspace::of(&stages);
    w.apply();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    w.write("all.toml", &stages.replace("[access_package.crm.policy.staff]", "[access_package.crm.policy.everyone]"));
    w.apply();
    let run = w.expect(0, &["requests", "--all", "--json"]).json();
    let request = &run["requests"][0]["request"];
    assert_eq!((request["state"].as_str(), request["cause"].as_str()), (Some("canceled"), Some("the policy is gone")));
}

#[test]
fn an_automatic_policy_follows_its_rule_with_grace() {
    let automatic = |department: &str| {
        BASE.replace("[user.\"ann@contoso.example\"]\n", &format!("[user.\"ann@contoso.example\"]\ndepartment = \"{department}\"\n"))
            + "[access_package.crm.policy.auto]\nexpiration = \"never\"\n\
               automatic = { rule = \"user.department == 'Sales'\", grace = \"7d\", add = true, remove = true }\n"
    };
    let w = Workspace::of(&automatic("Sales"));
    w.apply();
    assert_eq!(holders(&w), ["ann@contoso.example"]);
    w.write("all.toml", &automatic("Legal"));
    w.apply();
    assert_eq!(holders(&w), ["ann@contoso.example"], "the grace has begun");
    // Back in time, nothing happened.
    w.write("all.toml", &automatic("Sales"));
    w.apply();
    w.write("all.toml", &automatic("Legal"));
    w.apply();
    w.expect(0, &["tick", "--now", "2090-01-01T00:00:00Z"]);
    assert_eq!(holders(&w), Vec::<String>::new());
    assert_eq!(assignments(&w, &["--all"])[0]["cause"].as_str(), Some("rule"));
    w.expect(0, &["audit", "verify"]);
}

/// What is nothing to people gives nobody anything; and where a rule takes somebody in by a change of something else, the plan says so,
/// with what was remembered and without it.
#[test]
fn a_rule_takes_nobody_in_whom_the_plan_does_not_tell() {
    let text = BASE.replace("[user.\"ann@contoso.example\"]\n", "[user.\"ann@contoso.example\"]\ndepartment = \"Sales\"\n")
        + "[access_package.crm.policy.auto]\nexpiration = \"never\"\n\
           automatic = { rule = \"user.department == 'Sales'\", add = true, remove = true }\n";
    let w = Workspace::of(&text);
    w.apply();
    w.expect(0, &["remove", "crm", "--for", "ann@contoso.example"]);
    assert_eq!(holders(&w), Vec::<String>::new());
    let note = text.replace("[access_package.crm]\n", "[access_package.crm]\ndescription = \"Customers\"\n");
    w.write("all.toml", &note);
    let plan = w.expect(0, &["plan"]).out;
    assert!(plan.contains("1 to change") && !plan.contains("ann@contoso.example"), "{plan}");
    w.apply();
    assert_eq!(holders(&w), Vec::<String>::new());
    // A longer end, another group: neither has to do with her, and the rule looks at everybody again.
    let group = format!("{note}[group.all]\nmembers = [\"bo@contoso.example\"]\n");
    for other in [note.replace("\"30d\"", "\"40d\""), group] {
        w.write("all.toml", &other);
        let told = w.expect(0, &["plan"]).says(&["1 person gains User on application:crm", "ann@contoso.example"]).out.clone();
        let forgetful = w.command(&["plan"]).env("WRIT_CACHE", "0").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&forgetful.stdout), told);
    }
    w.apply();
    assert_eq!(holders(&w), ["ann@contoso.example"]);
}

/// One plan gives somebody another name and takes them out of a declared assignment, or leaves them in it.
#[test]
fn who_gets_another_name_loses_and_keeps_what_the_files_say() {
    let w = Workspace::of(&declared("[\"ann@contoso.example\", \"bo@contoso.example\"]", ""));
    w.apply();
    let moved = |users: &str| {
        let text = declared(users, "").replace("[user.\"ann@contoso.example\"]", "[user.\"anna@contoso.example\"]");
        format!("{text}[[moved]]\nfrom = \"ann@contoso.example\"\nto = \"anna@contoso.example\"\n")
    };
    // Who is left in it is not given it once more.
    w.write("all.toml", &moved("[\"anna@contoso.example\"]"));
    w.apply();
    assert_eq!(assignments(&w, &[]).len(), 1);
    assert_eq!(w.expect(0, &["requests", "--all", "--json"]).json()["requests"].as_array().map(Vec::len), Some(2));
    let w = Workspace::of(&declared("[\"ann@contoso.example\"]", ""));
    w.apply();
    w.write("all.toml", &moved("[\"bo@contoso.example\"]"));
    w.expect(0, &["plan"]).says(&["1 person loses User on application:crm", "anna@contoso.example"]);
    w.apply();
    assert_eq!(holders(&w), ["bo@contoso.example"]);
}

/// A user principal name that one person left is another's by now: nothing of the one is the other's.
#[test]
fn a_name_that_was_left_hands_nothing_on() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    let moved = BASE.replace("[user.\"ann@contoso.example\"]", "[user.\"anna@contoso.example\"]");
    w.write("all.toml", &format!("{moved}[[moved]]\nfrom = \"ann@contoso.example\"\nto = \"anna@contoso.example\"\n"));
    w.apply();
    w.write("all.toml", &format!("{moved}[user.\"ann@contoso.example\"]\n"));
    w.apply();
    w.expect(0, &["assignments", "--mine", "--as", "ann@contoso.example"]).says(&["No assignments."]);
    w.expect(5, &["remove", "crm", "--as", "ann@contoso.example"]);
    let id = assignments(&w, &[])[0]["id"].as_str().unwrap_or("").to_owned();
    w.expect(5, &["extend", &id, "--as", "ann@contoso.example"]);
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    w.expect(0, &["remove", "crm", "--as", "anna@contoso.example"]);
    assert_eq!(assignments(&w, &[]).len(), 1);
}

#[test]
fn a_declared_assignment_is_refused_where_its_person_holds_what_excludes_it_by_request() {
    let other = "[access_package.audit]\ncatalog = \"sales\"\nincompatible_with = [\"access_package:crm\"]\n\
                 [access_package.audit.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n";
    let text = format!("{BASE}{other}");
    let w = Workspace::of(&text);
    w.apply();
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    let given = |user: &str| format!("{text}[access_package.audit.assignment.team]\npolicy = \"direct\"\nusers = [\"{user}\"]\n");
    w.write("all.toml", &given("ann@contoso.example"));
    let says = ["R137", "ann@contoso.example holds `access_package.crm`, which `access_package.audit` excludes"];
    w.expect(5, &["plan"]).says(&says);
    w.expect(5, &["apply", "--auto-approve"]).says(&says);
    assert_eq!(holders(&w), ["ann@contoso.example"]);
    // Of somebody who does not hold it nothing is said, and once it is given up nothing stands in the way.
    w.write("all.toml", &given("bo@contoso.example"));
    w.expect(0, &["plan"]);
    w.write("all.toml", &given("ann@contoso.example"));
    w.expect(0, &["remove", "crm", "--as", "ann@contoso.example"]);
    w.apply();
    assert_eq!(holders(&w), ["ann@contoso.example"]);
    // The other way round nothing was declared, and nothing is in the way: who holds it keeps it, and another plan is no new grant.
    w.write("all.toml", &given("ann@contoso.example").replace("expiration = \"30d\"", "expiration = \"31d\""));
    w.apply();
}
