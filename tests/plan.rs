//! Plan and apply through the real binary: rules about the change itself, brakes, protections, names and ownership,
//! saved plans, stores, actors, the forms of output.

mod support;

use std::io::Write;
use std::process::Stdio;
use support::{Run, Workspace};

/// A catalog with one package that everybody may see, and what it needs.
const BASE: &str = r#"
[user."ann@contoso.example"]
[user."bo@contoso.example"]
[user."cy@contoso.example"]

[delegation.administrators]
role = "administrator"
members = ["ann@contoso.example"]

[application.crm]
roles = ["Admin", "User"]

[catalog.sales]
display_name = "Sales"

[catalog.sales.resource.crm]
origin = "application:crm"

[access_package.crm]
catalog = "sales"
resource_roles.crm = "User"

[access_package.crm.policy.direct]
requestors = "none"
expiration = "never"
"#;

/// [`BASE`] with an assignment of two people.
fn assigned() -> String {
    format!(
        "{BASE}\n[access_package.crm.assignment.team]\npolicy = \"direct\"\nusers = [\"ann@contoso.example\", \"bo@contoso.example\"]\n"
    )
}

/// `BASE` without some of its tables, named by their headers.
fn without(text: &str, headers: &[&str]) -> String {
    let mut out = String::new();
    let mut skip = false;
    for line in text.lines() {
        if line.starts_with('[') {
            skip = headers.contains(&line);
        }
        if !skip {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[test]
fn a_package_keeps_its_catalog_r15() {
    let w = Workspace::of(&without(BASE, &["[catalog.sales.resource.crm]"]).replace("resource_roles.crm = \"User\"\n", ""));
    w.write("other.toml", "[catalog.support]\n");
    w.apply();
    w.replace("all.toml", "catalog = \"sales\"", "catalog = \"support\"");
    let run = w.expect(5, &["plan", "-o", "p"]);
    run.says(&["Error: refused, 1 reason", "[R15]", "(all.toml:17)", "way out: declare a new one under another key"]);
    // A refused plan is shown and can be saved, and is never applied.
    w.expect(5, &["apply", "p"]).says(&["the plan was refused"]);
    assert_eq!(w.expect(5, &["plan", "--json"]).json()["applyable"], false);
    w.expect(5, &["apply", "--auto-approve"]);
}

#[test]
fn what_no_plan_manages_stands_in_the_way_r63_r101_r106() {
    let w = Workspace::of(&assigned());
    w.apply();
    w.expect(0, &["state", "rm", "access_package.crm.assignment.team"]);
    // R63: a package or a policy with a live assignment.
    w.write("all.toml", &without(BASE, &["[access_package.crm]", "[access_package.crm.policy.direct]"]));
    w.expect(5, &["plan"]).says(&[
        "[R63]",
        "`access_package.crm` cannot be deleted",
        "`access_package.crm.policy.direct` cannot be deleted",
        "way out:",
    ]);
    w.write("all.toml", &without(BASE, &["[access_package.crm.policy.direct]"]));
    w.expect(5, &["plan"])
        .says(&["[R63]", "`access_package.crm.policy.direct` cannot be deleted: `access_package.crm.assignment.team` still need it"]);
    // R101 and R106: a catalog with a package in it, a resource that a package uses.
    w.write("all.toml", BASE);
    w.expect(0, &["state", "rm", "access_package.crm"]);
    w.write(
        "all.toml",
        &without(BASE, &["[catalog.sales]", "[catalog.sales.resource.crm]", "[access_package.crm]", "[access_package.crm.policy.direct]"]),
    );
    w.expect(5, &["plan"]).says(&[
        "[R101]",
        "`catalog.sales` cannot be deleted: `access_package.crm`",
        "[R106]",
        "`catalog.sales.resource.crm` cannot be deleted",
    ]);
    // What the same plan takes away counts as gone.
    let all = Workspace::of(&assigned());
    all.apply();
    all.write(
        "all.toml",
        "[user.\"ann@contoso.example\"]\n[delegation.administrators]\nrole = \"administrator\"\nmembers = [\"ann@contoso.example\"]\n",
    );
    all.expect(0, &["plan"]).says(&["8 to destroy."]);
}

#[test]
fn a_resource_in_use_is_not_replaced_r106() {
    let w = Workspace::of(BASE);
    w.apply();
    w.replace("all.toml", "origin = \"application:crm\"", "type = \"application\"\norigin = \"crm/prod\"\nroles = [\"User\"]");
    w.expect(5, &["plan"]).says(&[
        "catalog.sales.resource.crm must be replaced",
        "# forces replacement",
        "[R106]",
        "cannot be replaced: `access_package.crm`",
    ]);
    w.replace("all.toml", "resource_roles.crm = \"User\"\n", "");
    w.apply().says(&["Plan: 1 to add, 1 to change, 1 to destroy."]);
}

#[test]
fn an_incompatible_assignment_is_refused_r137_and_old_holders_keep_both_r139() {
    let both = format!(
        "{}\n[access_package.audit]\ncatalog = \"sales\"\nincompatible_with = [\"access_package:crm\"]\n[access_package.audit.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n",
        assigned()
    );
    let w = Workspace::of(&both);
    w.apply();
    w.write(
        "new.toml",
        "[access_package.audit.assignment.x]\npolicy = \"direct\"\nusers = [\"bo@contoso.example\", \"cy@contoso.example\"]\n",
    );
    let run = w.expect(5, &["plan"]);
    run.says(&["[R137]", "`bo@contoso.example` cannot get `audit`", "way out:"]);
    assert!(!run.out.contains("`cy@contoso.example` cannot get"));
    // Given before the incompatibility was declared: both stay, with a warning.
    let old = Workspace::of(&both.replace("incompatible_with = [\"access_package:crm\"]\n", ""));
    old.write("new.toml", "[access_package.audit.assignment.x]\npolicy = \"direct\"\nusers = [\"bo@contoso.example\"]\n");
    old.apply();
    old.write("all.toml", &both);
    old.apply()
        .says(&["Warning[R139]", "`audit` and `access_package:crm` are held together by 1 person, who keep both: bo@contoso.example"]);
}

#[test]
fn the_last_administrator_stays() {
    let w = Workspace::of(BASE);
    w.apply();
    w.replace("all.toml", "members = [\"ann@contoso.example\"]", "members = []");
    w.expect(5, &["plan"]).says(&["[E0502]", "no enabled administrator would be left (now: ann@contoso.example)"]);
    w.replace("all.toml", "members = []", "members = [\"ann@contoso.example\"]");
    w.replace("all.toml", "[user.\"ann@contoso.example\"]\n", "[user.\"ann@contoso.example\"]\nenabled = false\n");
    w.expect(5, &["plan"]).says(&["[E0502]"]);
    // Destroy is excepted, and a store that never had one stays with its operator.
    w.replace("all.toml", "enabled = false\n", "");
    w.expect(0, &["destroy", "--confirm", "test"]);
}

#[test]
fn protection_is_remembered_in_state() {
    let w = Workspace::of(&BASE.replace("[catalog.sales]\n", "[catalog.sales]\nprevent_destroy = true\n"));
    w.apply();
    w.write(
        "all.toml",
        &without(BASE, &["[catalog.sales]", "[catalog.sales.resource.crm]", "[access_package.crm]", "[access_package.crm.policy.direct]"]),
    );
    w.expect(5, &["plan"]).says(&["[E0501]", "`catalog.sales` is protected and would be deleted", "apply `prevent_destroy = false` first"]);
    w.expect(5, &["destroy", "--confirm", "test"]).says(&["[E0501]"]);
    w.write("all.toml", BASE);
    w.apply();
    w.expect(0, &["destroy", "--confirm", "test"]);
}

#[test]
fn brakes_stop_an_apply_and_print_their_override() {
    let users: String = (0..20).map(|n| format!("[user.\"u{n:02}@contoso.example\"]\n")).collect();
    let w = Workspace::of(&users);
    w.apply();
    let fewer = |keep: usize| (0..keep).map(|n| format!("[user.\"u{n:02}@contoso.example\"]\n")).collect::<String>();
    w.write("all.toml", &fewer(14));
    w.expect(0, &["plan"]); // 6 of 20 are 30%
    w.write("all.toml", &fewer(13));
    let plan = w.expect(0, &["plan"]);
    plan.says(&[
        "Warning: an apply stops at a brake",
        "7 of 20 users would be deleted, and max_deletes = 30% allows 6",
        "override: --allow-deletes 7",
    ]);
    w.expect(2, &["plan", "--detailed-exitcode"]);
    w.expect(5, &["apply", "--auto-approve"]).says(&["Error: refused, 1 reason"]);
    w.expect(5, &["apply", "--auto-approve", "--allow-deletes", "6"]);
    w.expect(0, &["apply", "--auto-approve", "--allow-deletes", "7"]);
    // The stricter of what was applied and what is written: raising it in the same change does not help.
    w.replace("writ.toml", "name = \"test\"\n", "name = \"test\"\n\n[limits]\nmax_deletes = 1\n");
    w.apply();
    w.replace("writ.toml", "max_deletes = 1", "max_deletes = 10");
    w.write("all.toml", &fewer(11));
    w.expect(5, &["apply", "--auto-approve"]).says(&[
        "2 of 13 users would be deleted, and max_deletes = 1 allows 1",
        "settings of the workspace will change",
        "~ limits.max_deletes = 1 -> 10",
    ]);
}

#[test]
fn a_kind_that_vanished_is_a_brake() {
    let w = Workspace::of(BASE);
    w.write("groups.toml", "[group.a]\n[group.b]\n");
    w.apply();
    std::fs::remove_file(w.path("groups.toml")).unwrap();
    w.expect(5, &["apply", "--auto-approve"]).says(&["all 2 groups would be deleted: were files left out?", "override: --allow-deletes 2"]);
    w.expect(0, &["apply", "--auto-approve", "--allow-deletes", "2"]);
    std::fs::remove_file(w.path("all.toml")).unwrap();
    w.expect(1, &["plan"]).says(&["E0017", "there is no file beside `writ.toml`", "writ destroy"]);
}

#[test]
fn files_that_are_not_let_in_are_looked_for_where_that_is_said() {
    for picked in ["include = [\"*.tml\"]", "exclude = [\"**\"]"] {
        let w = Workspace::of(BASE);
        w.replace("writ.toml", "name = \"test\"\n", &format!("name = \"test\"\n{picked}\n"));
        w.expect(1, &["plan"]).says(&["E0017", "there is no file that `[workspace]` lets in", "`include` and `exclude`"]);
    }
}

#[test]
fn people_who_lose_access_are_counted_net_of_what_still_gives_it() {
    let w = Workspace::of(&assigned());
    w.replace("writ.toml", "name = \"test\"\n", "name = \"test\"\n\n[limits]\nmax_access_lost = 1\n");
    w.apply();
    // Two lose the role; another package gives it back to one of them.
    w.write("all.toml", BASE);
    let run = w.expect(5, &["apply", "--auto-approve"]);
    run.says(&[
        "lose      2 people lose User on application:crm at apply (2 by access_package.crm, direct)",
        "ann@contoso.example, bo@contoso.example",
        "2 people would lose access, and max_access_lost = 1 (writ.toml:5)",
        "override: --allow-access-lost 2",
    ]);
    w.write(
        "other.toml",
        "[access_package.other]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n[access_package.other.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n[access_package.other.assignment.a]\npolicy = \"direct\"\nusers = [\"bo@contoso.example\"]\n",
    );
    assert_eq!(w.expect(0, &["plan", "--json"]).json()["impact"]["people_losing_access"], 1);
    // Another role is another thing.
    w.replace("other.toml", "resource_roles.crm = \"User\"", "resource_roles.crm = \"Admin\"");
    assert_eq!(w.expect(0, &["plan", "--json"]).json()["impact"]["people_losing_access"], 2);
    w.expect(0, &["apply", "--auto-approve", "--allow-access-lost", "2"]);
}

#[test]
fn a_declared_membership_keeps_access_too() {
    let group = "[group.team]\nmembers = [\"group:inner\"]\n[group.inner]\nmembers = [\"bo@contoso.example\"]\n[catalog.sales.resource.team]\norigin = \"group:team\"\n";
    let text = format!("{}{group}", assigned()).replace("resource_roles.crm = \"User\"", "resource_roles.team = \"Member\"");
    let w = Workspace::of(&text);
    w.apply();
    w.write("all.toml", &without(&text, &["[access_package.crm.assignment.team]"]));
    // ann loses it; bo is a member of the group through another group.
    assert_eq!(w.expect(0, &["plan", "--json"]).json()["impact"]["people_losing_access"], 1);
}

#[test]
fn renames_are_hinted_at_and_moves_change_nothing_else() {
    let w = Workspace::of(&assigned());
    w.apply();
    let ids = |w: &Workspace| -> Vec<(String, String)> {
        let json = w.expect(0, &["state", "list", "--json"]).json();
        json["objects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| (o["address"].as_str().unwrap().to_owned(), o["id"].as_str().unwrap().to_owned()))
            .collect()
    };
    let before = ids(&w);
    let renamed = assigned().replace("access_package.crm", "access_package.customers");
    w.write("all.toml", &renamed);
    w.expect(0, &["plan"])
        .says(&["[[moved]]\n  from = \"access_package.crm\"\n  to = \"access_package.customers\"", "3 to add, 0 to change, 3 to destroy."]);
    w.write("moves.toml", "[[moved]]\nfrom = \"access_package.crm\"\nto = \"access_package.customers\"\n");
    w.expect(2, &["plan", "--detailed-exitcode"]).says(&[
        "# access_package.customers will be updated in-place",
        "(moved from access_package.crm, because all.toml:19, 2 below it move along)",
        "~ display_name = \"crm\" -> \"customers\"",
        "0 to add, 1 to change, 0 to destroy. 1 to move.",
    ]);
    w.apply();
    let after = ids(&w);
    assert_eq!(before.iter().map(|(_, id)| id).collect::<std::collections::BTreeSet<_>>(), after.iter().map(|(_, id)| id).collect());
    // Done: a note, not a warning.
    let done = w.expect(0, &["plan"]);
    done.says(&["No changes.", "Note[N0307]", "can be deleted"]);
    w.expect(0, &["validate", "--warnings-as-errors"]);
}

#[test]
fn released_objects_live_on_and_can_be_adopted() {
    let w = Workspace::of(&assigned());
    w.apply();
    w.write("all.toml", BASE);
    w.write("removed.toml", "[[removed]]\nfrom = \"access_package.crm.assignment.team\"\ndestroy = false\n");
    w.apply().says(&[
        "will no longer be managed",
        "0 to add, 0 to change, 0 to destroy. 1 to forget.",
        "Resources: 0 added, 0 changed, 0 destroyed. 1 forgotten.",
    ]);
    let plan = w.expect(0, &["plan"]);
    plan.says(&["No changes.", "1 object of the store lives on unmanaged", "Note[N0308]"]);
    let list = w.expect(0, &["state", "list", "--unmanaged", "--json"]).json();
    let id = list["objects"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(list["objects"][0]["address"], "access_package.crm.assignment.team");
    std::fs::remove_file(w.path("removed.toml")).unwrap();
    // Its name stays taken until it is adopted.
    w.write("all.toml", &assigned());
    w.expect(1, &["plan"]).says(&["E0305", "in the store already, unmanaged", &id]);
    w.write("import.toml", &format!("[[import]]\nto = \"access_package.crm.assignment.team\"\nid = \"{id}\"\n"));
    w.apply().says(&["will be imported", "0 to add, 0 to change, 0 to destroy. 1 to import."]);
    w.expect(0, &["plan"]).says(&["No changes."]);
}

#[test]
fn the_general_catalog_is_imported_by_declaring_it_and_forgotten_by_leaving_it_out() {
    let w = Workspace::of(BASE);
    w.apply();
    w.write("general.toml", "[catalog.general]\ndescription = \"Everything else\"\n");
    w.apply().says(&["catalog.general will be imported", "0 to add, 1 to change, 0 to destroy. 1 to import."]);
    std::fs::remove_file(w.path("general.toml")).unwrap();
    w.apply().says(&["catalog.general will no longer be managed", "1 to forget."]);
    w.expect(0, &["plan"]).says(&["No changes."]);
}

#[test]
fn targets_bring_what_they_need_and_match_something() {
    let w = Workspace::of(&assigned());
    let run = w.expect(0, &["plan", "-target=access_package.crm.policy.direct"]);
    run.says(&["# access_package.crm will be created", "# catalog.sales.resource.crm will be created", "Part of the changes only"]);
    assert!(!run.out.contains("assignment.team"));
    w.expect(1, &["plan", "--target", "access_package.crn"]).says(&["E0505", "did you mean `access_package.crm`?"]);
    w.expect(1, &["plan", "--exclude", "catalog.nope"]);
    // What needs an excluded object stays out as well.
    let run = w.expect(0, &["apply", "--auto-approve", "--exclude", "catalog.sales"]);
    assert!(!run.out.contains("access_package.crm will be created"));
    w.apply();
    w.expect(0, &["plan"]).says(&["No changes."]);
}

#[test]
fn saved_plans_are_bound_to_what_they_relied_on() {
    let w = Workspace::of(BASE);
    w.apply();
    w.write("more.toml", "[group.new]\nmembers = [\"bo@contoso.example\"]\n");
    let plan = w.expect(0, &["plan", "-out=p.plan"]);
    let digest = w.expect(0, &["plan", "--json"]).json()["digests"]["changes"].as_str().unwrap().to_owned();
    plan.says(&["Saved the plan to: p.plan", &digest[..6]]);
    w.expect(0, &["show", "./p.plan"]).says(&["# group.new will be created", "(because more.toml:1)"]);
    // A flag that would mean nothing, a changed file, a plan of another workspace.
    w.expect(1, &["apply", "p.plan", "-target=group.new"]).says(&["this flag would mean nothing"]);
    let text = w.read("p.plan");
    w.write("edited.plan", &text.replace("bo@contoso.example", "cy@contoso.example"));
    w.expect(1, &["apply", "edited.plan"]).says(&["does not match its digest"]);
    w.write("cut.plan", &text[..text.len() / 2]);
    w.expect(1, &["apply", "cut.plan"]).says(&["not a plan file"]);
    // An unrelated apply in between spoils nothing.
    w.write("unrelated.toml", "[group.unrelated]\n");
    w.expect(0, &["apply", "--auto-approve", "--target", "group.unrelated"]);
    w.expect(0, &["apply", "p.plan"]).says(&["Apply complete! Resources: 1 added, 0 changed, 0 destroyed."]);
    w.expect(4, &["apply", "p.plan"]).says(&["the plan is stale", "`group.new` was made since"]);
    // One that touches what it touches does.
    w.replace("more.toml", "[\"bo@contoso.example\"]", "[\"cy@contoso.example\"]");
    w.expect(0, &["plan", "-o", "q.plan"]);
    w.replace("more.toml", "[\"cy@contoso.example\"]", "[\"ann@contoso.example\"]");
    w.apply();
    w.expect(4, &["apply", "q.plan"]).says(&["`group.new` was changed since, by @"]);
    // --expect and --compare speak of the changes.
    w.replace("more.toml", "[\"ann@contoso.example\"]", "[\"bo@contoso.example\"]");
    let json = w.expect(0, &["plan", "--json"]).json();
    let digest = json["digests"]["changes"].as_str().unwrap();
    w.expect(4, &["apply", "--auto-approve", "--expect", "0123456789abcdef"]);
    w.expect(1, &["apply", "--auto-approve", "--expect", "0123"]);
    w.expect(0, &["plan", "-o", "r.plan"]);
    w.expect(0, &["plan", "--compare", "r.plan"]);
    w.expect(4, &["plan", "--compare", "q.plan"]);
    w.expect(0, &["apply", "--auto-approve", "--expect", &digest[..16]]);
}

#[test]
fn plans_of_another_store_or_workspace_are_refused() {
    let w = Workspace::of(BASE);
    w.apply();
    w.write("more.toml", "[group.new]\n");
    w.expect(0, &["plan", "-o", "p.plan"]);
    std::fs::remove_dir_all(w.path(".writ")).unwrap();
    w.expect(4, &["apply", "p.plan"]).says(&["was made for the store of lineage"]);
    w.replace("writ.toml", "\"test\"", "\"other\"");
    w.expect(4, &["apply", "p.plan"]).says(&["the plan is of the workspace `test`, and this is `other`"]);
}

#[test]
fn only_yes_is_yes() {
    let w = Workspace::of(BASE);
    let answer = |text: &str| {
        let mut child = w.command(&["apply"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Run::of(child.wait_with_output().unwrap())
    };
    for no in ["", "y\n", "YES\n", " yes\n", "no\n"] {
        assert_eq!(answer(no).code, 8, "{no:?}");
    }
    assert_eq!(Run::of(w.command(&["apply"]).env("WRIT_INPUT", "0").output().unwrap()).code, 8);
    assert!(!w.path(".writ/test.db").exists());
    assert_eq!(answer("yes\n").code, 0);
}

#[test]
fn destroying_is_confirmed_by_name() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(8, &["destroy", "--auto-approve"]).says(&["Type the workspace's name"]);
    w.expect(8, &["apply", "--destroy", "--auto-approve", "--confirm", "tset"]);
    w.expect(0, &["plan", "--destroy", "-o", "d.plan"]);
    w.expect(8, &["apply", "d.plan"]);
    w.expect(0, &["apply", "d.plan", "--confirm", "test"]).says(&["Resources: 0 added, 0 changed, 9 destroyed."]);
    w.expect(0, &["state", "list"]).says(&[]);
}

#[test]
fn actors_are_enabled_users_of_the_store() {
    let w = Workspace::of(BASE);
    w.replace("writ.toml", "name = \"test\"\n", "name = \"test\"\nrequire_actor = true\n");
    // At serial 0 the operator applies whatever require_actor says, and an actor is one of the files.
    w.expect(5, &["plan", "--as", "zoe@contoso.example"]).says(&["there is no user `zoe@contoso.example`"]);
    w.expect(0, &["apply", "--auto-approve"]);
    w.write("more.toml", "[user.\"zoe@contoso.example\"]\nenabled = false\n");
    w.expect(5, &["plan"]).says(&["requires an actor", "--as USER"]);
    w.expect(5, &["plan", "--as", "zoe@contoso.example"]).says(&["there is no user"]);
    w.expect(5, &["plan", "--as", "not a name"]);
    let by_variable = Run::of(w.command(&["apply", "--auto-approve"]).env("WRIT_ACTOR", "Ann@Contoso.example").output().unwrap());
    assert_eq!(by_variable.code, 0, "{}", by_variable.err);
    w.expect(5, &["plan", "--as", "zoe@contoso.example"]).says(&["`zoe@contoso.example` is disabled"]);
    let history = w.expect(0, &["history", "--json"]).json();
    let actors: Vec<&str> = history["revisions"].as_array().unwrap().iter().map(|r| r["actor"].as_str().unwrap()).collect();
    assert!(actors[1].starts_with("operator:olga@"), "{actors:?}");
    assert_eq!(actors[2], "ann@contoso.example");
    // Lifting it in the files does not lift it for the plan that lifts it.
    w.replace("writ.toml", "require_actor = true\n", "");
    w.expect(5, &["plan"]);
    w.expect(0, &["apply", "--auto-approve", "--as", "ann@contoso.example"]);
    w.expect(0, &["plan"]);
}

#[test]
fn stores_know_whose_they_are() {
    let w = Workspace::of(BASE);
    w.apply();
    let lineage = w.expect(0, &["audit", "verify", "--json"]).json()["lineage"].as_str().unwrap().to_owned();
    let pinned = format!("[workspace]\nname = \"test\"\n\n[store]\nlineage = \"{lineage}\"\n");
    w.write("writ.toml", &pinned);
    w.expect(0, &["plan"]);
    w.write("writ.toml", &pinned.replace(&lineage, "01928c3e-0000-7000-8000-000000000000"));
    w.expect(7, &["plan"]).says(&["is of lineage"]);
    w.write("writ.toml", &pinned);
    std::fs::rename(w.path(".writ"), w.path(".kept")).unwrap();
    w.expect(7, &["plan"]).says(&["there is no store at"]);
    w.expect(7, &["apply", "--auto-approve"]);
    w.expect(0, &["validate"]); // known only to the store, perhaps
    let elsewhere = Run::of(w.command(&["plan"]).env("WRIT_STORE", "sqlite:.kept/test.db").output().unwrap());
    assert_eq!(elsewhere.code, 0, "{}", elsewhere.err);
    for (bytes, name) in [(&b""[..], "empty.db"), (b"not a database at all, whatever it says", "text.db")] {
        std::fs::write(w.path(name), bytes).unwrap();
        let run = Run::of(w.command(&["plan"]).env("WRIT_STORE", format!("sqlite:{name}")).output().unwrap());
        assert_eq!(run.code, 7, "{name}: {}", run.err);
    }
    for url in ["postgres://db.example/writ", "sqlite:", "mysql://x", "postgres://u:secret@db.example/writ"] {
        let run = Run::of(w.command(&["plan"]).env("WRIT_STORE", url).output().unwrap());
        assert_eq!(run.code, 1, "{url}: {}", run.err);
        assert!(!run.err.contains("secret"), "{}", run.err);
    }
}

#[test]
fn two_workspaces_share_a_store_only_if_they_manage_different_parts() {
    let w = Workspace::of(BASE);
    w.write("sales/writ.toml", "[workspace]\nname = \"sales\"\n\n[store]\nurl = \"sqlite:../.writ/test.db\"\n");
    w.write("sales/a.toml", "[catalog.marketing]\n");
    w.apply(); // the directory below is another workspace and left out
    w.expect(7, &["plan", "--chdir", "sales"]).says(&["is managed by the workspace `test` too", "both manage everything"]);
    w.replace(
        "writ.toml",
        "name = \"test\"\n",
        "name = \"test\"\nmanages = [\"catalog.sales\", \"application.crm\", \"user.\\\"ann@contoso.example\\\"\"]\n",
    );
    w.expect(1, &["plan"]).says(&["E0306", "does not manage `user.\"bo@contoso.example\"`"]);
    w.write("all.toml", &without(BASE, &["[user.\"bo@contoso.example\"]", "[user.\"cy@contoso.example\"]", "[delegation.administrators]"]));
    // What it no longer manages is released, not deleted.
    w.apply().says(&["3 to forget."]);
    w.replace("sales/writ.toml", "name = \"sales\"\n", "name = \"sales\"\nmanages = [\"catalog.marketing\"]\n");
    // The rest of the store can be referred to.
    w.write(
        "sales/b.toml",
        "[access_package.ads]\ncatalog = \"marketing\"\n[access_package.ads.policy.p]\nrequestors = [\"bo@contoso.example\"]\nexpiration = \"30d\"\napproval = { approvers = [\"ann@contoso.example\"], timeout = \"5d\" }\n",
    );
    w.expect(0, &["apply", "--auto-approve", "--chdir", "sales"]).says(&["3 added"]);
    w.expect(0, &["plan", "--chdir", "sales"]).says(&["No changes."]);
    w.expect(0, &["plan"]).says(&["No changes."]);
}

#[test]
fn json_is_one_document_that_ends_in_its_result() {
    let w = Workspace::of(BASE);
    let run = w.expect(0, &["apply", "--auto-approve", "--json"]);
    assert!(run.err.is_empty(), "{}", run.err);
    let json = run.json();
    assert_eq!(json["result"]["exit_code"], 0);
    assert_eq!(json["result"]["serial"], 1);
    assert_eq!(json["resource_changes"].as_array().unwrap().len(), 9);
    assert!(run.out.trim_end().ends_with("}}") && run.out.contains("\"result\":{"));
    assert!(run.out.rfind("\"result\":").unwrap() > run.out.rfind("\"diagnostics\":").unwrap());
    let created = &json["resource_changes"][0];
    assert_eq!(
        (created["address"].as_str(), created["type"].as_str(), created["name"].as_str()),
        (Some("access_package.crm"), Some("access_package"), Some("crm"))
    );
    assert_eq!(created["change"]["actions"], serde_json::json!(["create"]));
    assert_eq!(created["change"]["after"]["hidden"], false, "documented defaults are there");
    assert_eq!(created["source"], serde_json::json!({ "file": "all.toml", "line": 19 }));
    // Findings replace stderr, on failure too.
    w.replace("all.toml", "catalog = \"sales\"", "catalog = \"sails\"");
    let run = w.expect(1, &["plan", "--json"]);
    let json = run.json();
    assert_eq!(json["result"]["exit_code"], 1);
    let finding = &json["diagnostics"][0];
    assert_eq!(
        (finding["code"].as_str(), finding["severity"].as_str(), finding["help"].as_str()),
        (Some("E0101"), Some("error"), Some("did you mean `sales`?"))
    );
    assert_eq!((finding["range"]["filename"].as_str(), finding["range"]["start"]["line"].as_u64()), (Some("all.toml"), Some(20)));
}

#[test]
fn a_plan_file_is_reproducible_and_holds_no_time() {
    let w = Workspace::example("contoso");
    w.expect(0, &["plan", "-o", "a.plan"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    w.expect(0, &["plan", "-o", "b.plan"]);
    assert_eq!(w.read("a.plan"), w.read("b.plan"));
    // The document is the same as --format json, without its last two members.
    let json = w.expect(0, &["plan", "--json"]).out;
    let head = json.split(",\"diagnostics\":").next().unwrap();
    assert_eq!(format!("{head}}}\n"), w.read("a.plan"));
}

#[test]
fn nobody_reading_changes_nothing() {
    let w = Workspace::example("contoso");
    let program = env!("CARGO_BIN_EXE_writ");
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(format!("{{ {program} apply --auto-approve; echo $? > code; }} | head -1")).current_dir(w.dir.path());
    let run = Run::of(shell.output().unwrap());
    assert!(run.err.lines().all(|l| !l.contains("panicked")), "{}", run.err);
    assert_eq!(w.read("code").trim(), "0", "{}{}", run.out, run.err);
    w.expect(0, &["plan", "--detailed-exitcode"]).says(&["No changes."]);
}

#[test]
fn a_no_op_apply_writes_nothing() {
    let w = Workspace::example("contoso");
    w.apply();
    let store =
        || (std::fs::read(w.path(".writ/contoso.db")).unwrap(), std::fs::metadata(w.path(".writ/contoso.db")).unwrap().modified().unwrap());
    let before = store();
    w.apply().says(&["No changes.", "Apply complete! Resources: 0 added, 0 changed, 0 destroyed."]);
    assert_eq!(before, store());
}

#[test]
fn what_was_shown_then_is_shown_now() {
    let w = Workspace::of(BASE);
    w.apply();
    let then = w.expect(0, &["show"]).out;
    w.replace("all.toml", "display_name = \"Sales\"", "display_name = \"Sales and support\"");
    w.apply().says(&["~ display_name = \"Sales\" -> \"Sales and support\"", "(because all.toml:14)"]);
    assert_eq!(w.expect(0, &["show", "--at", "@1"]).out, then);
    assert!(w.expect(0, &["show", "catalog.sales"]).out.contains("display_name = \"Sales and support\"  # all.toml:14"));
    w.expect(0, &["diff", "@1", "@2"]).says(&["Resources: 0 added, 1 changed, 0 destroyed."]);
    w.expect(1, &["show", "--at", "@9"]).says(&["there is no serial 9"]);
    w.expect(1, &["show", "catalog.sails"]).says(&["did you mean `catalog.sales`?"]);
    w.expect(0, &["explain", "catalog.sales"]).says(&["declared at all.toml:13", "needed by access_package.crm", "last written by @2"]);
}

#[test]
fn usage_errors_are_one_and_help_is_zero() {
    let w = Workspace::empty();
    w.expect(0, &[]).says(&["Usage: writ"]);
    w.expect(0, &["--help"]);
    w.expect(0, &["version"]).says(&["writ 0."]);
    w.expect(1, &["plan", "--nope"]);
    w.expect(1, &["plan"]).says(&["is no workspace", "writ init"]);
    w.expect(1, &["graph", "--format", "markdown"]).says(&["no such --format", "it has `text`, `json`"]);
    w.expect(0, &["completions", "bash"]).says(&["_writ"]);
    w.expect(0, &["man"]).says(&[".TH writ"]);
    w.expect(0, &["man", "plan"]).says(&["writ-plan"]);
}

#[test]
fn the_apply_line_says_what_was_said_and_a_part_is_saved_first() {
    let w = Workspace::of(BASE);
    let run = w.expect(0, &["plan", "--target", "catalog.sales"]);
    run.says(&["Part of the changes only", "Save it with -o FILE to apply exactly this part."]);
    assert!(!run.out.contains("--expect"), "{}", run.out);
    w.expect(0, &["plan", "--target", "catalog.sales", "-o", "a b.plan"]).says(&["To apply exactly this: writ apply 'a b.plan'\n"]);
    w.write("team one/writ.toml", "[workspace]\nname = \"one\"\n");
    w.write("team one/all.toml", BASE);
    let there = ["--chdir", "team one"];
    let plan = |more: &[&str]| w.expect(0, &[&["plan"], &there[..], more].concat());
    plan(&["--as", "ann@contoso.example"]).says(&[" --chdir 'team one' --as ann@contoso.example\n"]);
    let markdown = plan(&["--format", "markdown"]).out;
    assert!(markdown.ends_with(" --chdir 'team one'`\n"), "{markdown}");
    // What the line says, a shell does.
    let line = plan(&[]).out.lines().find_map(|l| l.strip_prefix("To apply exactly this: writ ").map(str::to_owned)).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(format!("{} {line} --auto-approve", env!("CARGO_BIN_EXE_writ"))).current_dir(w.dir.path());
    let run = Run::of(shell.output().unwrap());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    // An actor of the environment is still there when the line is used.
    let mut command = w.command(&["plan"]);
    let run = Run::of(command.env("WRIT_ACTOR", "ann@contoso.example").output().unwrap());
    assert!(run.code == 0 && !run.out.contains("--as "), "{}{}", run.out, run.err);
}

#[cfg(unix)]
#[test]
fn a_plan_is_saved_through_links_pipes_and_devices() {
    use std::os::unix::fs::{FileTypeExt, symlink};
    let w = Workspace::of(BASE);
    std::fs::create_dir(w.path("plans")).unwrap();
    symlink("plans/real.plan", w.path("link.plan")).unwrap();
    // A link that leads nowhere yet, and then somewhere.
    for _ in 0..2 {
        w.expect(0, &["plan", "-o", "link.plan"]);
        assert!(w.path("link.plan").symlink_metadata().unwrap().is_symlink());
        assert!(w.path("plans/real.plan").symlink_metadata().unwrap().is_file());
    }
    let pipe = w.path("pipe.plan");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let read = std::thread::spawn(move || (std::fs::read_to_string(&pipe).unwrap(), pipe));
    w.expect(0, &["plan", "-o", "pipe.plan"]);
    let (text, pipe) = read.join().unwrap();
    assert_eq!(text, w.read("plans/real.plan"));
    assert!(pipe.symlink_metadata().unwrap().file_type().is_fifo());
    w.expect(0, &["plan", "-o", "/dev/null"]);
    assert!(std::path::Path::new("/dev/null").symlink_metadata().unwrap().file_type().is_char_device());
}

/// A run that is asked a question.
#[expect(clippy::unwrap_used, reason = "a test")]
fn answered(w: &Workspace, arguments: &[&str], answer: &str) -> Run {
    let mut child = w.command(arguments);
    child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn nobody_is_asked_about_a_plan_that_was_not_shown() {
    let w = Workspace::of(BASE);
    let run = answered(&w, &["apply", "--json"], "yes\n");
    assert_eq!((run.code, run.json()["result"]["serial"].as_u64()), (0, Some(1)), "{}", run.err);
    assert!(run.err.contains("# catalog.sales will be created") && run.err.contains("Apply this plan?"), "{}", run.err);
    let run = answered(&w, &["destroy", "--json"], "test\n");
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("# catalog.sales will be destroyed") && run.err.contains("Type the workspace's name"), "{}", run.err);
    assert_eq!(w.expect(0, &["apply", "--json", "--auto-approve"]).err, "");
    // A saved plan comes in the form that was asked for.
    w.replace("all.toml", "display_name = \"Sales\"", "display_name = \"Sales and support\"");
    w.expect(0, &["plan", "-o", "p"]);
    let run = w.expect(0, &["apply", "p", "--format", "markdown"]);
    assert!(run.out.starts_with("<!-- writ plan test -->\n### Writ: changes\n"), "{}", run.out);
}

#[test]
fn a_saved_plan_that_is_refused_today_says_why() {
    let w = Workspace::of(&assigned());
    w.write("writ.toml", "[workspace]\nname = \"test\"\n\n[limits]\nmax_access_lost = 0\n");
    let other = "[access_package.other]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n[access_package.other.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n[access_package.other.assignment.one]\npolicy = \"direct\"\nusers = [\"bo@contoso.example\"]\n";
    w.write("other.toml", other);
    w.apply();
    w.replace("all.toml", ", \"bo@contoso.example\"]\n", "]\n");
    w.expect(0, &["plan", "-o", "p"]);
    // What lets bo keep it is gone when the plan is applied.
    w.write("all.toml", &assigned());
    w.replace("other.toml", "bo@", "cy@");
    w.apply();
    let run = w.expect(5, &["apply", "p"]);
    run.says(&[
        "Since the plan was saved, the answer changed:",
        "1 person would lose access",
        "override: --allow-access-lost 1",
        "Error: refused, 1 reason",
    ]);
    let json = w.expect(5, &["apply", "p", "--json"]).json();
    assert_eq!(json["verdict"]["brakes"].as_array().unwrap().len(), 1, "{json}");
    w.expect(0, &["apply", "p", "--allow-access-lost", "1"]);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_waiting_for_the_lock() {
    let w = Workspace::of(BASE);
    w.apply();
    w.replace("all.toml", "display_name = \"Sales\"", "display_name = \"Sales and support\"");
    // Somebody who does not say who it is.
    let lock = std::fs::File::options().write(true).open(w.path(".writ/test.db.lock")).unwrap();
    lock.lock().unwrap();
    w.expect(6, &["force-unlock"]).says(&["the lock of the store is held, by whom is not known"]);
    assert_eq!(w.expect(6, &["force-unlock", "--json"]).json()["held"], true);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let mut command = w.command(&["apply", "--auto-approve", "--lock-timeout", "10m"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).env("WRIT_LOG", "on").spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1500));
        std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
        run.says(&["Error: interrupted while waiting for the lock; nothing was committed"]);
    }
    drop(lock);
    w.expect(0, &["force-unlock"]).says(&["No lock is held."]);
    w.apply().says(&["1 changed"]);
}

#[test]
fn what_is_said_in_the_environment_and_on_the_command_line_is_heeded_or_refused() {
    let w = Workspace::of(BASE);
    w.apply();
    w.expect(1, &["plan", "--as", ""]).says(&["Error: `--as` names nobody"]);
    let mut none = w.command(&["plan"]);
    assert_eq!(none.env("WRIT_ACTOR", "").output().unwrap().status.code(), Some(0));
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let mut command = w.command(&["plan", "--json"]);
        let run = Run::of(command.env("WRIT_STORE", std::ffi::OsStr::from_bytes(b"sqlite:\xff.db")).output().unwrap());
        assert_eq!((run.code, run.json()["diagnostics"][0]["summary"].as_str()), (1, Some("WRIT_STORE is not UTF-8")));
    }
    // What always exists is not told as unmanaged.
    assert_eq!(w.expect(0, &["state", "list", "--unmanaged"]).out, "");
    w.expect(0, &["state", "rm", "access_package.crm.policy.direct"]);
    assert_eq!(w.expect(0, &["state", "list", "--unmanaged"]).out, "access_package.crm.policy.direct\n");
    // Colour is where it was asked for.
    w.write("bad.toml", "[catalog.x]\nnope = 1\n");
    assert!(w.expect(1, &["plan", "--color", "always"]).err.contains("\u{1b}["));
    assert!(!w.expect(1, &["plan"]).err.contains("\u{1b}["));
    let empty = Workspace::of(BASE);
    empty.apply();
    empty.expect(0, &["destroy", "--confirm", "test"]);
    empty.expect(0, &["plan", "--destroy"]).says(&["holds nothing that `test` manages"]);
}

#[test]
fn fmt_takes_stdin_alone_and_absolute_paths() {
    let w = Workspace::of(BASE);
    w.write("teams/a.toml", "[catalog.a]\nhidden=true\n");
    w.expect(1, &["fmt", "-", "all.toml"]).says(&["`-` is stdin, and stands alone"]);
    let there = w.path("teams/a.toml");
    assert_eq!(w.expect(3, &["fmt", "--check", there.to_str().unwrap()]).out, "teams/a.toml\n");
    w.expect(3, &["fmt", "--check", w.path("teams").to_str().unwrap()]);
    w.expect(1, &["fmt", "--check", "/"]).says(&["no such file in the workspace"]);
}

#[test]
fn init_beside_files_adds_nothing_that_contradicts_them() {
    let w = Workspace::empty();
    std::fs::create_dir(w.path("team")).unwrap();
    w.write("team/sub/all.toml", BASE);
    w.write("team/catalog.toml", "[catalog.first]\n");
    let run = w.expect(0, &["init", "team"]);
    run.says(&["wrote writ.toml\nwrote .gitignore\n", "left out an example directory and catalog"]);
    assert!(!w.path("team/directory.toml").exists());
    assert_eq!(w.read("team/catalog.toml"), "[catalog.first]\n");
    w.expect(0, &["plan", "--chdir", "team"]);
    // A workspace within is another's.
    w.expect(0, &["init", "."]);
    assert!(w.path("directory.toml").exists());
}

/// Where every later command looks for it.
#[test]
fn init_makes_the_store_where_the_environment_says() {
    let w = Workspace::empty();
    let run = |arguments: &[&str]| {
        let output = w.command(arguments).env("WRIT_STORE", "sqlite:../state/access.db").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    run(&["init", "team"]);
    assert!(w.path("state/access.db").exists() && !w.path("team/.writ").exists());
    run(&["apply", "--auto-approve", "--chdir", "team"]);
    run(&["audit", "verify", "--chdir", "team"]);
    let wrong = w.command(&["init", "other"]).env("WRIT_STORE", "postgres://x").output().unwrap();
    assert_eq!((wrong.status.code(), w.path("other/writ.toml").exists()), (Some(1), false));
}

#[test]
fn an_init_that_was_stopped_goes_on_and_a_store_in_use_without_its_settings_is_left_alone() {
    let w = Workspace::empty();
    w.expect(0, &["init", "team"]);
    let (settings, catalog) = (w.read("team/writ.toml"), w.read("team/catalog.toml"));
    // What an init leaves that was stopped before its last files.
    std::fs::remove_file(w.path("team/writ.toml")).unwrap();
    std::fs::remove_file(w.path("team/catalog.toml")).unwrap();
    w.expect(0, &["init", "team"]).says(&["wrote writ.toml\nwrote catalog.toml\n", "left directory.toml as it is"]);
    assert_eq!((w.read("team/writ.toml"), w.read("team/catalog.toml")), (settings, catalog));
    w.expect(0, &["apply", "--auto-approve", "--chdir", "team"]);
    std::fs::remove_file(w.path("team/writ.toml")).unwrap();
    w.expect(7, &["init", "team"]).says(&["there is a store at", "restore the `writ.toml`"]);
}

/// What a part of the plan leaves out may be what its rest needs: that is told once, by whoever can judge it without the clock.
#[test]
fn an_end_later_than_the_policy_that_is_left_out_is_told_once() {
    for (was, will_be, start) in
        [("2027-01-31", "2027-12-31", ""), ("\"30d\"", "\"300d\"", "start = 2027-01-01\n"), ("\"30d\"", "\"3000d\"", "")]
    {
        let w = Workspace::empty();
        w.write("writ.toml", "[workspace]\nname = \"w\"\n");
        let files = |expiration: &str| {
            format!(
                "[user.\"ann@contoso.example\"]\n[catalog.c]\n[access_package.p]\ncatalog = \"c\"\n\
                 [access_package.p.policy.q]\nrequestors = \"all_members\"\napproval = \"none\"\nexpiration = {expiration}\n"
            )
        };
        w.write("a.toml", &files(was));
        w.apply();
        let assigned =
            format!("[access_package.p.assignment.a]\npolicy = \"q\"\nusers = [\"ann@contoso.example\"]\n{start}end = 2027-06-30\n");
        w.write("a.toml", &(files(will_be) + &assigned));
        w.expect(0, &["plan"]);
        let run = w.expect(1, &["plan", "--target", "access_package.p.assignment.a"]);
        assert_eq!(run.err.matches("Error[R52]").count() + run.out.matches("Error[R52]").count(), 1, "{was}: {}{}", run.out, run.err);
    }
}

/// Whatever a package leaves to its policies, it is these that last longer or shorter.
#[test]
fn a_package_that_comes_to_say_how_long_access_lasts_loosens_nothing_by_itself() {
    let w = Workspace::empty();
    w.write("writ.toml", "[workspace]\nname = \"w\"\n[limits]\nallow_loosening = false\n[defaults]\nexpiration = \"never\"\n");
    let files = |expiration: &str| {
        format!(
            "[user.\"ann@contoso.example\"]\n[group.g]\nmembers = [\"ann@contoso.example\"]\n[catalog.c]\n[access_package.p]\ncatalog = \"c\"\n{expiration}\
             [access_package.p.policy.q]\nrequestors = [\"group:g\"]\napproval = \"none\"\n"
        )
    };
    w.write("a.toml", &files(""));
    w.expect(0, &["apply", "--auto-approve", "--allow-loosening"]);
    w.write("a.toml", &files("expiration = \"30d\"\n"));
    let run = w.expect(0, &["plan"]);
    run.says(&["tighten   expiration of access_package.p.policy.q"]);
    assert!(!run.out.contains("loosen"), "{}", run.out);
    w.expect(0, &["apply", "--auto-approve"]);
    w.write("a.toml", &files("expiration = \"60d\"\n"));
    w.expect(5, &["apply", "--auto-approve"]).says(&["1 attribute would loosen"]);
}
