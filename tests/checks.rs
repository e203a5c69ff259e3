//! Checks and tests through the real binary: what a plan is refused for, what binds when, what is told where.

mod support;

use support::Workspace;

/// A package that people of the house and of another may request.
const BASE: &str = r#"
[user."ann@contoso.example"]
[user."bo@contoso.example"]
manager = "ann@contoso.example"

[delegation.administrators]
role = "administrator"
members = ["ann@contoso.example"]

[connected_organization.fabrikam]
domains = ["fabrikam.example"]

[application.crm]
owners = ["ann@contoso.example"]

[catalog.sales]
externally_visible = true

[catalog.sales.resource.crm]
origin = "application:crm"

[access_package.crm]
catalog = "sales"
resource_roles.crm = "Default Access"

[access_package.crm.policy.staff]
requestors = "all_members"
expiration = "90d"
approval = { approvers = ["ann@contoso.example", "bo@contoso.example"], timeout = "7d" }

[access_package.crm.policy.fabrikam]
requestors = ["connected_organization:fabrikam"]
expiration = "30d"
approval = { approvers = ["ann@contoso.example"], timeout = "7d" }
"#;

const OUTSIDE: &str = r#"
[check.outside-access-ends]
for_each = "policy"
when = "policy.outside"
assert = "policy.expiration.kind != 'never' && policy.expiration.days <= 60"
message = "Outside users get 60 days at most"
"#;

#[test]
fn a_plan_that_fails_a_check_is_refused_and_says_where() {
    let w = Workspace::of(BASE);
    w.write("house/checks.toml", OUTSIDE);
    w.expect(0, &["plan"]);
    w.replace("all.toml", "expiration = \"30d\"", "expiration = \"never\"");
    let lines = [
        "Error: refused, 1 reason",
        "check      `outside-access-ends`: Outside users get 60 days at most: `access_package.crm.policy.fabrikam` (house/checks.toml:2) [E0507]",
        "way out: change `access_package.crm.policy.fabrikam` (all.toml:31), or the check in an apply of its own",
    ];
    w.expect(5, &["plan"]).says(&lines);
    w.expect(5, &["apply", "--auto-approve"]).says(&lines);
    w.expect(5, &["plan", "--format", "markdown"]).says(&["refused", "Outside users get 60 days at most", "house/checks.toml:2"]);
    let json = w.expect(5, &["plan", "--json"]).json();
    let refused = &json["verdict"]["refused"][0];
    assert_eq!((refused["kind"].as_str(), refused["code"].as_str()), (Some("check"), Some("E0507")));
    assert_eq!(refused["source"], serde_json::json!({ "file": "house/checks.toml", "line": 2 }));
    assert_eq!(refused["address"], "access_package.crm.policy.fabrikam");
    assert_eq!(json["applyable"], false);
    assert!(!w.path(".writ").exists(), "nothing was written");
    w.expect(5, &["check"]).says(&[
        "fail  outside-access-ends (house/checks.toml:2)",
        "(all.toml:31) [E0507]",
        "1 check: 0 passed, 1 failed.",
    ]);
    let json = w.expect(5, &["check", "--json"]).json();
    assert_eq!(json["checks"][0]["found"][0]["address"], "access_package.crm.policy.fabrikam");
    assert_eq!(json["result"]["exit_code"], 5);
}

#[test]
fn one_that_warns_refuses_nothing_and_what_is_spared_is_not_asked() {
    let w = Workspace::of(&BASE.replace("\"30d\"", "\"never\""));
    w.write("checks.toml", &format!("{OUTSIDE}severity = \"warning\"\n"));
    w.expect(0, &["plan"]).says(&["Warning[W0508]", "checks.toml:2:1", "Outside users get 60 days at most"]);
    w.expect(0, &["check"]).says(&["warn  outside-access-ends", "1 check: 0 passed, 1 warned, 0 failed."]);
    w.write("checks.toml", &format!("{OUTSIDE}except = [\"access_package.crm\"]\n"));
    w.expect(0, &["check"]).says(&["pass  outside-access-ends", "1 check: 1 passed, 0 failed."]);
    w.write("checks.toml", &format!("{OUTSIDE}except = [\"access_package.crn\"]\n"));
    w.expect(1, &["validate"]).says(&["E0101", "did you mean `access_package.crm`?"]);
    let alone = Workspace::of(BASE);
    alone.expect(0, &["check"]).says(&["There are no checks"]);
    alone.expect(0, &["test"]).says(&["There are no tests"]);
}

#[test]
fn no_change_lifts_for_itself_the_check_that_it_fails() {
    let w = Workspace::of(BASE);
    w.write("checks.toml", OUTSIDE);
    w.apply();
    w.expect(0, &["plan"]).says(&["No changes."]);
    // Taken out or made lax in the same plan, it binds as it was applied.
    w.replace("all.toml", "expiration = \"30d\"", "expiration = \"200d\"");
    w.replace("checks.toml", "days <= 60", "days <= 600");
    w.expect(5, &["plan"])
        .says(&["# the checks of the workspace will change", "`outside-access-ends` (as it was last applied): Outside users"]);
    std::fs::remove_file(w.path("checks.toml")).unwrap();
    w.expect(5, &["apply", "--auto-approve"]).says(&["- check.outside-access-ends", "(as it was last applied)"]);
    // In an apply of its own it goes.
    w.replace("all.toml", "expiration = \"200d\"", "expiration = \"30d\"");
    w.apply();
    w.replace("all.toml", "expiration = \"30d\"", "expiration = \"200d\"");
    w.apply();
    // Nor does anything hide one that what stands already fails.
    w.expect(0, &["plan"]).says(&["No changes."]);
    w.write("checks.toml", OUTSIDE);
    w.expect(5, &["plan"]).says(&["outside-access-ends", "(all.toml:31)"]);
}

#[test]
fn what_was_remembered_of_a_plan_hides_no_check() {
    let w = Workspace::of(BASE);
    w.write("checks.toml", OUTSIDE);
    w.apply();
    w.expect(0, &["plan"]).says(&["No changes."]);
    w.replace("all.toml", "expiration = \"30d\"", "expiration = \"61d\"");
    w.expect(5, &["plan"]).says(&["outside-access-ends"]);
    w.replace("all.toml", "expiration = \"61d\"", "expiration = \"60d\"");
    w.expect(0, &["plan"]).says(&["~ expiration = \"30d\" -> \"60d\""]);
    // One is added where the others were remembered without any.
    let other = Workspace::of(BASE);
    other.apply();
    other.expect(0, &["plan"]).says(&["No changes."]);
    other.write("checks.toml", &OUTSIDE.replace("60", "20"));
    other.expect(5, &["plan"]).says(&["outside-access-ends"]);
}

#[test]
fn a_saved_plan_is_checked_again_on_the_state_as_it_is() {
    let w = Workspace::of(BASE);
    w.write("checks.toml", "[check.small]\nassert = \"plan.objects <= 12\"\nmessage = \"The workspace stays small\"\n");
    w.apply();
    w.write("more.toml", "[group.one]\n");
    w.expect(0, &["plan", "-o", "one.plan"]);
    w.write("more.toml", "[group.two]\n");
    w.apply();
    let then = w.expect(0, &["show"]).out;
    w.write("more.toml", "[group.two]\n\n[group.one]\n");
    w.expect(5, &["apply", "one.plan"]).says(&["check      `small`", "The workspace stays small"]);
    assert_eq!(w.expect(0, &["show"]).out, then);
}

#[test]
fn a_way_back_leads_past_no_check() {
    let w = Workspace::of(&BASE.replace("\"30d\"", "\"300d\""));
    w.apply();
    w.replace("all.toml", "\"300d\"", "\"30d\"");
    w.apply();
    w.write("checks.toml", OUTSIDE);
    w.apply();
    w.expect(5, &["rollback", "@1", "--auto-approve"]).says(&["(as it was last applied): Outside users get 60 days at most"]);
}

#[test]
fn expressions_see_what_changes_and_the_figures_of_the_plan() {
    let w = Workspace::of(BASE);
    w.write("checks.toml", "[check.x]\nuse = \"no-orphaned-owner\"\nseverity = \"warning\"\n");
    w.apply();
    let check = |text: &str| w.write("checks.toml", text);
    w.replace("all.toml", "expiration = \"90d\"", "expiration = \"120d\"");
    check(
        "[check.longer]\nfor_each = \"policy\"\nwhen = \"change.action == 'update' && 'expiration' in change.attributes\"\nassert = \"policy.expiration.days <= before.expiration.days\"\nmessage = \"No access gets longer\"\n",
    );
    w.expect(5, &["plan"]).says(&["No access gets longer: `access_package.crm.policy.staff`"]);
    check(
        "[check.figures]\nassert = \"plan.updates == 0 && plan.deletes == 0 && plan.people_losing_access == 0\"\nmessage = \"Nothing moves today\"\n",
    );
    w.expect(5, &["plan"]).says(&["`figures`: Nothing moves today (checks.toml:1)"]);
    check("[check.kinds]\nfor_each = \"change\"\nassert = \"change.kind != 'policy' || after.expiration.days < 100\"\nmessage = \"m\"\n");
    w.expect(5, &["plan"]).says(&["`kinds`: m: `access_package.crm.policy.staff`"]);
    check(
        "[check.around]\nfor_each = \"policy\"\nassert = \"catalog.key == 'sales' && access_package.resource_roles.exists(r, r == 'crm') && catalog.externally_visible\"\nmessage = \"m\"\n",
    );
    w.expect(0, &["plan"]);
    // What cannot be told is a finding, and a hostile one ends early.
    check("[check.none]\nfor_each = \"policy\"\nassert = \"policy.approval.stage[1].timeout.days > 3\"\nmessage = \"m\"\n");
    w.expect(5, &["plan"]).says(&["cannot be told of `access_package.crm.policy.fabrikam`: there is no member 1", "E0509"]);
    let ten = "[1,2,3,4,5,6,7,8,9,0]";
    let hostile = (0..9).fold("true".to_owned(), |inner, n| format!("{ten}.all(x{n}, {inner})"));
    check(&format!("[check.hostile]\nassert = \"{hostile}\"\nmessage = \"m\"\n"));
    w.expect(5, &["plan"]).says(&["cannot be told: it takes too many steps"]);
    check("[check.bad]\nassert = \"plan.deletes <\"\nmessage = \"m\"\n");
    w.expect(1, &["validate"]).says(&["E0024", "checks.toml:2:"]);
}

#[test]
fn a_destroy_leaves_nothing_to_check() {
    let w = Workspace::of(BASE);
    w.write("checks.toml", "[check.small]\nassert = \"plan.deletes < 3\"\nmessage = \"Little at once\"\n");
    w.apply();
    w.expect(0, &["destroy", "--confirm", "test"]);
}

#[test]
fn tests_try_the_policy_out_and_touch_nothing() {
    let w = Workspace::of(BASE);
    w.apply();
    let tests = r#"
[[test]]
name = "staff get in through Ann"
user = "bo@contoso.example"
package = "crm"
expect = { policy = "staff", outcome = "pending", approvers = ["ann@contoso.example"], ends = "90d" }

[[test]]
name = "somebody of Fabrikam whom nobody knows yet may ask"
user = "eve@fabrikam.example"
package = "crm"
at = 2027-03-01T09:00:00Z
expect = { policy = "fabrikam", outcome = "pending", ends = 2027-03-31 }
"#;
    w.write("tests.toml", tests);
    let bytes = std::fs::read(w.path(".writ/test.db")).unwrap();
    let run = w.expect(5, &["test", "--junit", "out.xml"]);
    run.says(&[
        "pass  staff get in through Ann (tests.toml:2)",
        "fail  somebody of Fabrikam whom nobody knows yet may ask (tests.toml:8)",
        "ends: expected 2027-03-31 (2027-04-01T00:00:00Z), found 30d (2027-03-31T09:00:00Z)",
        "2 tests: 1 passed, 1 failed.",
    ]);
    let xml = w.read("out.xml");
    assert!(xml.contains("<testsuites name=\"writ test\" tests=\"2\" failures=\"1\" errors=\"0\">"), "{xml}");
    assert!(xml.contains("<testcase name=\"staff get in through Ann\" classname=\"tests.toml\" file=\"tests.toml\" line=\"2\"/>"), "{xml}");
    w.replace("tests.toml", ", ends = 2027-03-31 }", ", ends = \"30d\" }");
    // What is planned counts, not what was applied.
    w.replace("all.toml", "approvers = [\"ann@contoso.example\", \"bo@contoso.example\"]", "approvers = [\"bo@contoso.example\"]");
    w.expect(5, &["test"]).says(&["it is refused (R39): nobody can decide stage 1"]);
    w.replace("all.toml", "approvers = [\"bo@contoso.example\"]", "approvers = [\"ann@contoso.example\"]");
    let json = w.expect(0, &["test", "--json"]).json();
    assert_eq!(json["tests"][1]["passed"], true);
    assert_eq!(json["tests"][0]["source"]["line"], 2);
    assert_eq!(std::fs::read(w.path(".writ/test.db")).unwrap(), bytes);
    // Tests are no change of the workspace.
    w.replace(
        "all.toml",
        "approvers = [\"ann@contoso.example\"], timeout = \"7d\" }\n\n[access_package.crm.policy.f",
        "approvers = [\"ann@contoso.example\", \"bo@contoso.example\"], timeout = \"7d\" }\n\n[access_package.crm.policy.f",
    );
    w.expect(0, &["plan"]).says(&["No changes."]);
}

#[test]
fn nobody_need_act_where_nothing_is_done() {
    let w = Workspace::of(BASE);
    w.apply();
    w.replace("writ.toml", "name = \"test\"", "name = \"test\"\nrequire_actor = true");
    w.expect(0, &["apply", "--auto-approve", "--as", "ann@contoso.example"]);
    w.expect(5, &["plan"]);
    w.expect(0, &["check"]);
    w.expect(0, &["test"]);
}

#[test]
fn a_ready_made_check_explains_itself() {
    let w = Workspace::of(BASE);
    w.expect(0, &["explain", "every-request-can-be-decided"]).says(&["A proof.", "use = \"every-request-can-be-decided\""]);
    w.write("checks.toml", "[check.decidable]\nuse = \"every-request-can-be-decided\"\n");
    w.expect(0, &["plan"]);
    w.replace("all.toml", "approvers = [\"ann@contoso.example\", \"bo@contoso.example\"]", "approvers = [\"ann@contoso.example\"]");
    w.expect(5, &["plan"]).says(&[
        "`decidable`: `ann@contoso.example` asks for `crm` through `staff`, and nobody can decide stage 1: `ann@contoso.example` asks",
    ]);
}
