//! Drift through the real binary: found, put back, adopted, tolerated.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]

#[path = "support/dice.rs"]
mod dice;
mod support;

use dice::Dice;
use serde_json::{Value as Json, json};
use support::Workspace;

const BASE: &str = "# People
[user.\"ann@contoso.example\"]
[user.\"bo@contoso.example\"]
[user.\"cy@contoso.example\"]

[delegation.admins]
role = \"administrator\"
members = [\"ann@contoso.example\"]

# Those who lead.
[group.leads] # head
members = [
  \"ann@contoso.example\", # since ever
  \"bo@contoso.example\", # of bo
]

[group.others]
members = [\"group:leads\"]

[catalog.x]
description = \"first\" # of x
";

fn applied(text: &str) -> Workspace {
    let w = Workspace::of(text);
    w.apply();
    w
}

/// Puts something else into the store, as no apply does.
fn push(w: &Workspace, edit: impl FnOnce(&mut Vec<Json>)) {
    let mut state = w.expect(0, &["state", "pull"]).json();
    let state = state.as_object_mut().unwrap();
    state.remove("diagnostics");
    state.remove("result");
    let serial = state["serial"].as_u64().unwrap();
    state["serial"] = (serial + 1).into();
    edit(state["objects"].as_array_mut().unwrap());
    w.write("state.json", &serde_json::to_string(&state).unwrap());
    w.expect(0, &["state", "push", "state.json", "--auto-approve"]);
    std::fs::remove_file(w.path("state.json")).unwrap();
}

fn object<'o>(objects: &'o mut [Json], address: &str) -> &'o mut Json {
    objects.iter_mut().find(|o| o["address"] == address).unwrap()
}

/// What drifted: address and what became of it.
fn drifted(w: &Workspace) -> Vec<(String, String)> {
    let drift = w.expect(0, &["drift", "--json"]).json();
    let text = |o: &Json, name: &str| o[name].as_str().unwrap().to_owned();
    let mut all: Vec<_> = drift["drift"].as_array().unwrap().iter().map(|o| (text(o, "address"), text(o, "became"))).collect();
    all.sort();
    all
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn an_edit_of_the_files_is_no_drift() {
    let w = applied(BASE);
    w.expect(0, &["drift", "--detailed-exitcode"]).says(&["No drift. The store at @1 is what the last apply left."]);
    w.replace("all.toml", "\"first\"", "\"second\"");
    w.expect(0, &["drift", "--detailed-exitcode"]).says(&["No drift.", "1 change in the files is not applied yet: `writ plan`"]);
    w.apply();
    w.expect(0, &["drift", "--detailed-exitcode"]).says(&["No drift."]);
    // Nor is there any before anything was applied.
    Workspace::of(BASE).expect(0, &["drift", "--detailed-exitcode"]).says(&["No drift."]);
}

#[test]
fn what_something_else_did_is_told_with_who_and_the_ways_out() {
    let w = applied(BASE);
    push(&w, |all| object(all, "group.leads")["attributes"]["members"] = json!(["ann@contoso.example", "cy@contoso.example"]));
    let run = w.expect(2, &["drift", "--detailed-exitcode"]);
    run.says(&[
        "# group.leads was changed",
        "state push, @2",
        "~ members  1 added, 1 removed, 1 unchanged",
        "declared  all.toml:11",
        "revert    writ drift --revert group.leads",
        "adopt     writ drift --adopt group.leads",
        "tolerate  writ drift --tolerate-until DATE group.leads",
        "Drift: 1 object, as of @2.",
    ]);
    w.expect(0, &["drift", "--format", "markdown"]).says(&["### Writ: drift", "```text"]);
    // An edit beside it is told as one.
    w.replace("all.toml", "# of bo\n]", "# of bo\n]\ndescription = \"those who lead\"");
    w.expect(2, &["drift", "--detailed-exitcode"]).says(&["declared  all.toml:11, edited since the last apply"]);
    assert_eq!(w.expect(0, &["history", "--json"]).json()["revisions"].as_array().unwrap().len(), 3, "looking writes nothing");
}

#[test]
fn adopting_edits_the_line_and_keeps_the_rest() {
    let w = applied(BASE);
    push(&w, |all| {
        object(all, "group.leads")["attributes"]["members"] = json!(["ann@contoso.example", "cy@contoso.example"]);
        object(all, "catalog.x")["attributes"]["description"] = "another \"one\"".into();
        all.retain(|o| o["address"] != "group.others");
    });
    assert_eq!(drifted(&w), pairs(&[("catalog.x", "changed"), ("group.leads", "changed"), ("group.others", "deleted")]));
    w.expect(0, &["drift", "--adopt", "--diff"]).says(&[
        "-  \"bo@contoso.example\", # of bo",
        "+  \"cy@contoso.example\",",
        "-[group.others]",
    ]);
    assert_eq!(w.read("all.toml"), BASE);
    w.expect(0, &["drift", "--adopt", "catalog.x"]).says(&["all.toml"]);
    assert_eq!(w.read("all.toml"), BASE.replace("\"first\"", "\"another \\\"one\\\"\""));
    w.expect(0, &["drift", "--adopt"]);
    let text = w.read("all.toml");
    assert!(text.contains("  \"ann@contoso.example\", # since ever\n  \"cy@contoso.example\",\n]\n"), "{text}");
    assert!(text.contains("# Those who lead.\n[group.leads] # head\n") && !text.contains("others"), "{text}");
    w.expect(0, &["plan", "--detailed-exitcode"]).says(&["No changes."]);
    w.expect(0, &["drift", "--detailed-exitcode"]).says(&["No drift."]);
}

#[test]
fn names_and_ownership_are_adopted_and_put_back() {
    let moved = |w: &Workspace| {
        w.expect(0, &["state", "mv", "group.leads", "group.heads"]);
        w.expect(0, &["state", "rm", "catalog.x"]);
    };
    let w = applied(BASE);
    moved(&w);
    let found = pairs(&[("catalog.x", "released"), ("group.heads", "renamed"), ("group.others", "changed")]);
    assert_eq!(drifted(&w), found);
    w.expect(0, &["drift", "--adopt"]);
    let text = w.read("all.toml");
    assert!(
        text.contains("# Those who lead.\n[group.heads] # head\n") && text.contains("[\"group:heads\"]") && !text.contains("catalog"),
        "{text}"
    );
    w.expect(0, &["plan", "--detailed-exitcode"]).says(&["No changes."]);
    assert!(drifted(&w).is_empty());
    // The way back keeps each object the one that it is.
    let w = applied(BASE);
    let before = w.expect(0, &["show", "--json"]).json();
    moved(&w);
    w.expect(0, &["drift", "--revert", "--auto-approve"]).says(&["group.heads has moved to group.leads", "catalog.x will be imported"]);
    assert!(drifted(&w).is_empty());
    w.expect(0, &["plan", "--detailed-exitcode"]).says(&["No changes."]);
    let after = w.expect(0, &["show", "--json"]).json();
    let ids = |json: &Json| -> Vec<_> {
        json["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| (v["address"].clone(), v["id"].clone(), v["values"].clone(), v["workspace"].clone()))
            .collect()
    };
    assert_eq!(ids(&before), ids(&after));
}

#[test]
fn reverting_is_an_apply_of_these_objects_alone() {
    let w = applied(BASE);
    push(&w, |all| {
        object(all, "catalog.x")["attributes"]["description"] = "other".into();
        object(all, "group.others")["attributes"]["members"] = json!(["cy@contoso.example"]);
    });
    w.write("new.toml", "[group.new]\n");
    w.expect(8, &["drift", "--revert", "catalog.x"]).says(&["# catalog.x will be updated in-place", "Apply this plan?"]);
    w.expect(4, &["drift", "--revert", "catalog.x", "--auto-approve", "--expect", "0123456789abcdef"]);
    w.expect(0, &["drift", "--revert", "catalog.x", "--auto-approve"]).says(&["0 added, 1 changed, 0 destroyed"]);
    assert_eq!(drifted(&w), pairs(&[("group.others", "changed")]));
    w.expect(0, &["drift", "--revert", "--auto-approve"]).says(&["0 added, 1 changed, 0 destroyed"]);
    assert!(drifted(&w).is_empty());
    w.expect(0, &["drift"]).says(&["1 change in the files is not applied yet"]);
    w.expect(1, &["drift", "--revert", "catalog.x"]).says(&["nothing drifted at `catalog.x`"]);
}

#[test]
fn what_is_tolerated_is_left_alone_until_its_date() {
    let w = applied(BASE);
    push(&w, |all| object(all, "group.leads")["attributes"]["members"] = json!(["ann@contoso.example", "cy@contoso.example"]));
    w.expect(1, &["drift", "--tolerate-until", "2001-01-01", "group.leads"]).says(&["2001-01-01 is past"]);
    w.expect(1, &["drift", "--tolerate-until", "soon", "group.leads"]).says(&["`soon` is no date"]);
    w.expect(1, &["drift", "--tolerate-until", "2190-01-01"]).says(&["without being named"]);
    w.expect(1, &["drift", "--tolerate-until", "2190-01-01", "catalog.x"]).says(&["nothing drifted at `catalog.x`"]);
    w.expect(0, &["drift", "--tolerate-until", "2190-01-01", "--reason", "until the audit", "group.leads"]).says(&["all.toml"]);
    let table = "\n[[tolerate]]\naddress = \"group.leads\"\nuntil = 2190-01-01\nreason = \"until the audit\"\n";
    assert_eq!(w.read("all.toml"), format!("{BASE}{table}"));
    // Neither drift nor a change, and said of both.
    w.expect(0, &["drift", "--detailed-exitcode"]).says(&[
        "tolerated until 2190-01-01 (all.toml:23): until the audit",
        "No drift.",
        "1 object tolerated.",
    ]);
    w.expect(0, &["plan", "--detailed-exitcode"])
        .says(&["No changes. In all else,", "Left alone until 2190-01-01: group.leads (all.toml:23): until the audit"]);
    // A nightly apply of something else leaves it alone, too.
    w.replace("all.toml", "\"first\"", "\"second\"");
    w.apply().says(&["0 added, 1 changed, 0 destroyed", "Left alone until"]);
    assert!(w.expect(0, &["show", "group.leads"]).out.contains("cy@contoso.example"));
    w.expect(1, &["drift", "--revert", "group.leads"]).says(&["is tolerated until 2190-01-01", "all.toml:23"]);
    // Another date takes the place of the first.
    w.expect(0, &["drift", "--tolerate-until", "2191-02-03", "group.leads"]);
    let text = w.read("all.toml");
    assert!(text.matches("[[tolerate]]").count() == 1 && text.contains("until = 2191-02-03\nreason = \"until the audit\""), "{text}");
    // After its date it is drift again.
    w.replace("all.toml", "until = 2191-02-03", "until = 2001-01-01");
    w.expect(2, &["drift", "--detailed-exitcode"]).says(&["Drift: 1 object"]);
    w.expect(2, &["plan", "--detailed-exitcode"]).says(&["group.leads will be updated in-place", "N0310"]);
    // Twice is an error.
    w.replace("all.toml", "[[tolerate]]", "[[tolerate]]\naddress = \"group.leads\"\nuntil = 2190-01-01\n\n[[tolerate]]");
    w.expect(1, &["validate"]).says(&["E0309", "tolerated twice"]);
}

#[test]
fn what_lives_on_unmanaged_can_be_tolerated() {
    let w = applied(BASE);
    w.expect(0, &["state", "rm", "catalog.x"]);
    w.expect(1, &["plan"]).says(&["E0305"]);
    w.expect(0, &["drift", "--tolerate-until", "2190-01-01", "catalog.x"]);
    w.expect(0, &["plan", "--detailed-exitcode"]);
    assert_eq!(drifted(&w), pairs(&[("catalog.x", "released")]));
}

#[test]
fn what_cannot_be_adopted_is_refused_with_its_place() {
    let text = format!(
        "{BASE}[access_package.p]\ncatalog = \"x\"\n[access_package.p.policy.one]\ntemplate = \"t\"\nexpiration = \"20d\"\n[template.policy.t]\nrequestors = [\"group:leads\"]\napproval = \"none\"\ndescription = \"by the house\"\nextension = \"allowed\"\n"
    );
    let w = applied(&text);
    push(&w, |all| {
        let policy = object(all, "access_package.p.policy.one")["attributes"].as_object_mut().unwrap();
        policy.insert("expiration".to_owned(), "30d".into());
        policy.remove("extension");
    });
    // What a template says is unsaid by saying the default.
    w.expect(0, &["drift", "--adopt"]);
    let now = w.read("all.toml");
    assert!(now.contains("template = \"t\"\nexpiration = \"30d\"\nextension = \"none\"\n"), "{now}");
    w.expect(0, &["plan", "--detailed-exitcode"]).says(&["No changes."]);
    // What the files refer to does not go alone.
    push(&w, |all| {
        all.retain(|o| o["address"] != "group.leads" && o["address"] != "group.others" && o["address"] != "access_package.p.policy.one")
    });
    let run = w.expect(1, &["drift", "--adopt", "group.leads"]);
    run.says(&["`leads`"]);
    assert_eq!(w.read("all.toml"), now, "nothing is written");
}

#[test]
fn a_rollback_is_drift_until_the_files_say_it_too() {
    let w = applied(BASE);
    w.replace("all.toml", "\"first\"", "\"second\"");
    w.write("writ.toml", "[workspace]\nname = \"test\"\n\n[limits]\nmax_access_lost = 5\n");
    w.apply();
    w.expect(0, &["rollback", "@1", "--auto-approve"]);
    let run = w.expect(2, &["drift", "--detailed-exitcode"]);
    run.says(&["rollback @1, @3", "# the settings of the workspace were changed", "Drift: the settings and 1 object"]);
    w.expect(0, &["drift", "--adopt"]);
    assert_eq!(w.read("all.toml"), BASE);
    w.expect(1, &["drift", "--adopt"]).says(&["settings are not adopted"]);
    w.expect(0, &["drift", "--revert", "--auto-approve"]);
    w.expect(0, &["drift", "--detailed-exitcode"]).says(&["No drift."]);
}

#[test]
fn what_came_into_the_workspace_by_hand_is_adopted_or_let_go() {
    let w = applied(BASE);
    let removed = "[[removed]]\nfrom = \"catalog.x\"\ndestroy = false\n";
    w.write("all.toml", &BASE.replace("[catalog.x]\ndescription = \"first\" # of x\n", removed));
    w.apply();
    w.write("all.toml", &BASE.replace("[catalog.x]\ndescription = \"first\" # of x\n", ""));
    w.expect(0, &["drift", "--detailed-exitcode"]).says(&["No drift."]);
    let shown = w.expect(0, &["show", "catalog.x", "--json"]).json();
    let id = shown["values"][0]["id"].as_str().unwrap().to_owned();
    w.expect(0, &["import", "catalog.x", &id]);
    assert_eq!(drifted(&w), pairs(&[("catalog.x", "adopted")]));
    w.expect(0, &["drift", "--adopt"]).says(&["adopted.toml"]);
    assert_eq!(w.read("adopted.toml"), "[catalog.x]\ndescription = \"first\"\n");
    w.expect(0, &["plan", "--detailed-exitcode"]).says(&["No changes."]);
    std::fs::remove_file(w.path("adopted.toml")).unwrap();
    w.expect(0, &["drift", "--revert", "--auto-approve"]).says(&["catalog.x will no longer be managed"]);
    assert!(drifted(&w).is_empty());
    w.expect(0, &["show", "catalog.x"]);
}

#[test]
fn a_name_that_another_workspace_changed_is_adopted() {
    let w = Workspace::empty();
    let workspace = |name: &str, manages: &str| {
        format!("[workspace]\nname = \"{name}\"\nmanages = [{manages}]\n[store]\nurl = \"sqlite:../.writ/both.db\"\n")
    };
    w.write("one/writ.toml", &workspace("one", "\"group.leads\", \"group.heads\""));
    w.write("one/all.toml", "[group.leads]\n");
    w.write("two/writ.toml", &workspace("two", "\"catalog.x\""));
    w.write("two/all.toml", "[catalog.x]\n[catalog.x.resource.team]\norigin = \"group:leads\" # of one\n");
    std::fs::create_dir(w.path(".writ")).unwrap();
    w.expect(0, &["apply", "--chdir", "one", "--auto-approve"]);
    w.expect(0, &["apply", "--chdir", "two", "--auto-approve"]);
    w.write("one/all.toml", "[group.heads]\n[[moved]]\nfrom = \"group.leads\"\nto = \"group.heads\"\n");
    w.expect(0, &["apply", "--chdir", "one", "--auto-approve"]);
    w.expect(0, &["drift", "--chdir", "one", "--detailed-exitcode"]).says(&["No drift."]);
    w.expect(1, &["plan", "--chdir", "two"]).says(&["`leads`"]);
    w.expect(1, &["drift", "--chdir", "two", "--detailed-exitcode"]).says(&[
        "# catalog.x.resource.team was changed",
        "apply, @3",
        "~ origin = \"group:leads\" -> \"group:heads\"",
        "writ drift --chdir two --adopt catalog.x.resource.team",
        "`leads`",
    ]);
    w.expect(0, &["drift", "--chdir", "two", "--adopt"]);
    assert!(w.read("two/all.toml").ends_with("origin = \"group:heads\" # of one\n"));
    w.expect(0, &["plan", "--chdir", "two", "--detailed-exitcode"]).says(&["No changes."]);
    w.expect(0, &["drift", "--chdir", "two", "--detailed-exitcode"]).says(&["No drift."]);
}

#[test]
fn what_was_taken_from_a_holder_is_told_and_is_no_drift() {
    let given = "[access_package.p]\ncatalog = \"x\"\n[access_package.p.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\nself_removal = true\n\
        [access_package.p.assignment.team]\npolicy = \"direct\"\nusers = [\"bo@contoso.example\", \"cy@contoso.example\"]\n";
    let w = applied(&format!("{BASE}{given}"));
    w.expect(0, &["remove", "p", "--for", "cy@contoso.example"]);
    let run = w.expect(0, &["drift", "--detailed-exitcode"]);
    run.says(&["Taken away since", "access_package.p.assignment.team  cy@contoso.example:", "took it away on 20", "No drift."]);
    assert!(!run.out.contains("bo@"), "{}", run.out);
    let json = w.expect(0, &["drift", "--json"]).json();
    assert_eq!((&json["drifted"], json["taken_away"].as_array().unwrap().len()), (&json!(false), 1));
}

#[test]
fn who_does_not_see_a_catalog_does_not_see_its_drift() {
    let w = applied(&format!("{BASE}[access_package.p]\ncatalog = \"x\"\n[access_package.q]\ncatalog = \"x\"\n"));
    push(&w, |all| {
        object(all, "access_package.p")["attributes"]["description"] = "other".into();
        all.retain(|o| o["address"] != "access_package.q");
        object(all, "group.others")["attributes"]["members"] = json!(["cy@contoso.example"]);
    });
    let all = pairs(&[("access_package.p", "changed"), ("access_package.q", "deleted"), ("group.others", "changed")]);
    assert_eq!(drifted(&w), all);
    let seen = w.expect(0, &["drift", "--as", "bo@contoso.example"]);
    assert!(seen.out.contains("# group.others was changed") && !seen.out.contains("access_package"), "{}", seen.out);
    let seen = w.expect(0, &["drift", "--as", "ann@contoso.example"]);
    seen.says(&["# access_package.q was deleted", "writ drift --as ann@contoso.example --revert access_package.q"]);
}

/// Groups of which some hold others, packages in a catalog, and a policy by a template.
fn world(dice: &mut Dice) -> String {
    let mut text = BASE.to_owned();
    for n in 0..5 {
        let mut members: Vec<String> = ["ann", "bo", "cy"].map(|u| format!("\"{u}@contoso.example\"")).into();
        members.extend((0..n).map(|g| format!("\"group:g{g}\"")));
        members.retain(|_| dice.chance(40));
        let gap = if dice.chance(50) { "\n  " } else { " " };
        let comment = if gap == " " { "" } else { " # who" };
        let end = if gap == " " { "" } else { "\n" };
        let members = members.iter().map(|m| format!("{gap}{m},{comment}")).collect::<String>();
        text.push_str(&format!("\n# number {n}\n[group.g{n}] # g{n}\nmembers = [{members}{end}]\n"));
        text.push_str(&format!(
            "[catalog.x.resource.r{n}]\norigin = \"group:g{n}\"\n[access_package.p{n}]\ncatalog = \"x\"\nresource_roles.r{n} = \"Member\"\n"
        ));
    }
    text
}

/// One thing that something else than an apply does; whether it could.
fn happens(w: &Workspace, dice: &mut Dice) {
    let n = dice.below(5);
    let group = format!("group.g{n}");
    match dice.below(6) {
        0 => drop(w.run(&["state", "mv", &group, &format!("group.h{n}")])),
        1 => drop(w.run(&["state", "mv", &format!("access_package.p{n}"), &format!("access_package.q{n}")])),
        2 => drop(w.run(&["state", "rm", &format!("access_package.p{n}")])),
        3 => push(w, |all| all.retain(|o| o["address"] != format!("access_package.p{n}").as_str())),
        4 => push(w, |all| {
            if let Some(o) = all.iter_mut().find(|o| o["address"] == group.as_str()) {
                let users = ["ann", "bo", "cy"].map(|u| format!("{u}@contoso.example"));
                let members: Vec<String> = users.into_iter().filter(|_| dice.chance(50)).collect();
                o["attributes"].as_object_mut().unwrap().insert("members".to_owned(), json!(members));
            }
        }),
        _ => push(w, |all| {
            if let Some(o) = all.iter_mut().find(|o| o["address"] == format!("access_package.p{n}").as_str()) {
                let o = o["attributes"].as_object_mut().unwrap();
                match dice.below(3) {
                    0 => drop(o.insert("hidden".to_owned(), json!(true))),
                    1 => drop(o.insert("description".to_owned(), json!(dice.pick(&["one", "two", "three # no comment"])))),
                    _ => drop(o.remove("resource_roles")),
                }
            }
        }),
    }
}

/// What the store holds: what each object says, and whose it is. Ids stay with what was only renamed.
fn held(w: &Workspace) -> Vec<(Json, Json, Json)> {
    let shown = w.expect(0, &["show", "--json"]).json();
    shown["values"].as_array().unwrap().iter().map(|v| (v["address"].clone(), v["values"].clone(), v["workspace"].clone())).collect()
}

#[test]
fn whatever_happens_is_drift_and_each_way_out_leaves_none() {
    let worlds: u64 = std::env::var("WRIT_DRIFTS").ok().and_then(|n| n.parse().ok()).unwrap_or(24);
    let (mut drifted, mut refused) = (0, 0);
    for seed in 0..worlds {
        let mut dice = Dice::new(seed);
        let text = world(&mut dice);
        let w = applied(&text);
        let before = held(&w);
        for _ in 0..=dice.below(4) {
            happens(&w, &mut dice);
        }
        let differs = held(&w) != before;
        let run = w.run(&["drift", "--detailed-exitcode"]);
        assert_eq!(run.code, if differs { 2 } else { 0 }, "world {seed}: {}{}", run.out, run.err);
        drifted += usize::from(differs);
        let now = held(&w);
        if dice.chance(50) {
            let run = w.run(&["drift", "--adopt"]);
            if run.code == 0 {
                assert_eq!(held(&w), now, "world {seed}: adopting writes no store");
                w.expect(0, &["plan", "--detailed-exitcode"]);
                w.expect(0, &["fmt"]);
                w.expect(0, &["plan", "--detailed-exitcode"]);
                assert_eq!(w.read("all.toml").matches("# head").count(), 1, "world {seed}");
                w.expect(0, &["drift", "--detailed-exitcode"]);
                continue;
            }
            assert_eq!(w.read("all.toml"), text, "world {seed}: {}", run.err);
            refused += 1;
        }
        w.expect(0, &["drift", "--revert", "--auto-approve"]);
        assert_eq!(held(&w), before, "world {seed}");
        w.expect(0, &["drift", "--detailed-exitcode"]);
    }
    assert!(drifted * 3 > worlds as usize * 2 && refused * 4 < worlds as usize, "{drifted} drifted, {refused} refused");
}
