//! `writ rollback @N`, with the real program.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod support;

use support::Workspace;

const ONE: &str = "[catalog.one]\ndescription = \"One\"\n[access_package.a]\ncatalog = \"one\"\n[access_package.b]\ncatalog = \"one\"\n";

/// At @2: since @1, a catalog was renamed and changed, one package is gone, one is nobody's any more, and two are new.
fn workspace() -> Workspace {
    let workspace = Workspace::of(ONE);
    workspace.apply();
    workspace.write(
        "all.toml",
        "[catalog.uno]\ndescription = \"Uno\"\n[access_package.c]\ncatalog = \"uno\"\n[access_package.d]\ncatalog = \"uno\"\n\
         [[moved]]\nfrom = \"catalog.one\"\nto = \"catalog.uno\"\n\
         [[removed]]\nfrom = \"access_package.b\"\ndestroy = false\n",
    );
    workspace.apply();
    workspace
}

const NOTE: &str = "Note: the files still say otherwise: the next plan undoes this, until they say what the store held at @1\n";

/// The store holds what it held at @1, but for the id of what was made again.
fn assert_back(workspace: &Workspace, serial: &str) {
    workspace.expect(0, &["audit", "verify"]);
    workspace.expect(0, &["doctor"]);
    let objects = |at: &str| {
        let json = workspace.expect(0, &["show", "--at", at, "--json"]).json();
        let all = json["values"].as_array().unwrap().clone();
        all.into_iter().map(|v| (v["address"].clone(), v["workspace"].clone(), v["values"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(objects("@1"), objects(serial));
    workspace.write("all.toml", ONE);
    workspace.expect(0, &["plan"]).says(&["No changes."]);
}

#[test]
fn a_rollback_is_planned_shown_agreed_to_and_recorded() {
    let workspace = workspace();
    let declined = workspace.expect(8, &["rollback", "@1"]);
    declined.says(&[
        "# access_package.a will be created",
        "# access_package.b will be imported",
        "# access_package.c will be destroyed\n  # (because nothing asks for it)",
        "(moved from catalog.uno)",
        "Plan: 1 to add, 1 to change, 2 to destroy. 1 to import, 1 to move.",
        NOTE,
        "Only `yes` is taken",
    ]);
    workspace.expect(0, &["plan"]).says(&["No changes. The store at @2"]);
    workspace.expect(0, &["rollback", "@1", "--auto-approve"]).says(&["Apply complete!", "is at @3", NOTE]);
    workspace.expect(0, &["history"]).says(&["rollback @1"]);
    workspace.expect(0, &["plan"]).says(&["# access_package.c will be created"]);
    assert_back(&workspace, "@3");
    let run = workspace.expect(0, &["rollback", "@1", "--detailed-exitcode"]);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("No changes. The store holds what it held at @1.\n", ""));
}

#[test]
fn a_saved_rollback_is_a_saved_plan() {
    let workspace = workspace();
    let run = workspace.expect(2, &["rollback", "@1", "-o", "back.plan", "--detailed-exitcode"]);
    run.says(&["Saved the plan to: back.plan", "To apply exactly this: writ apply back.plan", NOTE]);
    workspace.expect(0, &["history"]).says(&["@2"]);
    workspace.expect(0, &["apply", "back.plan"]).says(&["Apply complete!", "is at @3"]);
    assert_back(&workspace, "@3");
    workspace.expect(4, &["apply", "back.plan"]).says(&["the plan is stale"]);
}

#[test]
fn guards_and_brakes_are_those_of_every_plan() {
    let workspace = Workspace::of(ONE);
    workspace.apply();
    let run = workspace.expect(5, &["rollback", "@0", "--auto-approve"]);
    run.says(&["all 2 access packages would be deleted", "override: --allow-deletes 3"]);
    workspace.expect(0, &["plan"]).says(&["No changes. The store at @1"]);
    workspace.expect(0, &["rollback", "@0", "--auto-approve", "--allow-deletes", "3"]).says(&["is at @2"]);

    let kept = Workspace::of(ONE);
    kept.apply();
    kept.write("more.toml", "[catalog.kept]\nprevent_destroy = true\n");
    kept.apply();
    kept.expect(5, &["rollback", "@1", "--auto-approve"]).says(&["prevent_destroy"]);
    kept.expect(0, &["plan"]).says(&["No changes. The store at @2"]);
}

#[test]
fn the_files_need_not_be_sound_for_it() {
    let workspace = workspace();
    workspace.write("broken.toml", "[catalog.\n");
    workspace.expect(1, &["plan"]);
    workspace.expect(0, &["rollback", "@1", "--auto-approve"]).says(&["is at @3"]);
    std::fs::remove_file(workspace.path("broken.toml")).unwrap();
    assert_back(&workspace, "@3");
}

#[test]
fn only_a_revision_that_is_there_can_be_gone_back_to() {
    let workspace = workspace();
    workspace.expect(1, &["rollback", "@9"]).says(&["there is no serial 9; the store stands at serial 2"]);
    workspace.expect(1, &["rollback", "2026-01-01T00:00:00Z"]).says(&["is no revision"]);
    workspace.expect(1, &["rollback", "one"]).says(&["`one` is no moment of the store"]);
    Workspace::of(ONE).expect(7, &["rollback", "@0"]).says(&["there is no store"]);
}

#[test]
fn what_another_workspace_manages_is_left_alone() {
    let workspace = Workspace::of("[catalog.one]\n");
    workspace.replace("writ.toml", "name = \"test\"\n", "name = \"test\"\nmanages = [\"catalog.one\"]\n");
    workspace.apply();
    let other = Workspace::of("[catalog.two]\n");
    other.replace("writ.toml", "name = \"test\"\n", "name = \"other\"\nmanages = [\"catalog.two\"]\n");
    let url = format!("sqlite:{}", workspace.path(".writ/test.db").display());
    let run = other.command(&["apply", "--auto-approve"]).env("WRIT_STORE", &url).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    workspace.replace("all.toml", "[catalog.one]\n", "[catalog.one]\ndescription = \"One\"\n");
    workspace.apply();
    let run = workspace.expect(0, &["rollback", "@1", "--auto-approve"]);
    run.says(&["# catalog.one will be updated in-place", "Plan: 0 to add, 1 to change, 0 to destroy."]);
    workspace.expect(0, &["show", "catalog.two"]);
}
