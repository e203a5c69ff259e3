//! `writ doctor`, on stores that are well and on stores that are not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]
#![cfg(unix)]

mod support;

use rusqlite::Connection;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use support::Workspace;

const STORE: &str = ".writ/test.db";

fn workspace() -> Workspace {
    let workspace = Workspace::of("[catalog.one]\n[access_package.a]\ncatalog = \"one\"\n");
    workspace.apply();
    workspace
}

/// The findings of one sort: how it is, and what was told.
fn told(workspace: &Workspace, code: i32, what: &str) -> Vec<(String, String)> {
    let json = workspace.expect(code, &["doctor", "--json"]).json();
    let text = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let all = json["findings"].as_array().unwrap().iter().filter(|f| f["what"] == what);
    all.map(|f| (text(f, "health"), text(f, "told"))).collect()
}

#[test]
fn a_store_that_is_well() {
    let workspace = workspace();
    let run = workspace.expect(0, &["doctor"]);
    let first: Vec<&str> = run.out.lines().filter_map(|l| l.split_whitespace().next()).collect();
    let all = [
        "sqlite:.writ/test.db",
        "file",
        "mode",
        "owner",
        "journal",
        "database",
        "schema",
        "foreign",
        "pages",
        "chain",
        "tables",
        "lock",
        "leftovers",
        "lineage",
        "objects",
    ];
    assert_eq!((first.as_slice(), run.err.as_str()), (&all[..], ""), "{}", run.out);
    assert!(run.out.lines().skip(1).all(|l| l.contains("  ok  ")), "{}", run.out);
    run.says(&["mode                  ok  0600", "objects               ok  3, each of its kind's form"]);
}

#[test]
fn what_sql_did_behind_its_back_is_named() {
    for (sql, what, expected) in [
        (
            "UPDATE object SET attributes = '{}' WHERE address = 'access_package.a'",
            "history",
            "`access_package.a` is not what its events made it",
        ),
        ("DELETE FROM object WHERE address = 'catalog.one'", "history", "`catalog.one` is missing"),
        ("DELETE FROM object WHERE address = 'catalog.one'", "objects", "`access_package.a` refers to `catalog.one`, which is not there"),
        ("DELETE FROM workspace", "objects", "`catalog.one` belongs to the workspace `test`, which is not there"),
        ("UPDATE revision SET actor = 'x' WHERE serial = 1", "history", "serial 1: it is not what was recorded"),
        ("DELETE FROM revision WHERE serial = 1", "history", "serial 1: it has events and is missing itself"),
        ("PRAGMA user_version = 99", "database", "the store has schema 99, and this writ knows schemas up to 3"),
        ("PRAGMA application_id = 7", "database", "`./.writ/test.db` is not a store of writ"),
        ("CREATE TABLE t (a)", "database", "the store is corrupt: its tables are not those of schema 3"),
        ("UPDATE object SET attributes = '{\"no\":1}' WHERE address = 'catalog.one'", "objects", "the store is corrupt: "),
    ] {
        let workspace = workspace();
        Connection::open(workspace.path(STORE)).unwrap().execute_batch(sql).unwrap();
        let found = told(&workspace, 7, what);
        assert!(found.iter().any(|(health, told)| health == "fault" && told.starts_with(expected)), "{sql}: {found:?}");
        workspace.expect(7, &["doctor"]).says(&["FAULT", " in the store `sqlite:.writ/test.db`"]);
    }
    let workspace = workspace();
    Connection::open(workspace.path(STORE)).unwrap().execute_batch("PRAGMA application_id = 7").unwrap();
    workspace.expect(7, &["doctor"]).says(&["Error: 1 fault in the store `sqlite:.writ/test.db`"]);
}

#[test]
fn files_that_are_no_store_or_none() {
    let workspace = workspace();
    fs::write(workspace.path(STORE), "").unwrap();
    assert_eq!(told(&workspace, 7, "database"), [("fault".to_owned(), "the store is corrupt: the file is empty".to_owned())]);
    fs::remove_file(workspace.path(STORE)).unwrap();
    assert_eq!(told(&workspace, 7, "file"), [("fault".to_owned(), "there is none".to_owned())]);
    std::os::unix::fs::symlink("elsewhere", workspace.path(STORE)).unwrap();
    assert_eq!(told(&workspace, 7, "file"), [("fault".to_owned(), "it is a symbolic link".to_owned())]);
}

#[test]
fn another_store_in_its_place_is_not_this_workspaces() {
    let workspace = workspace();
    workspace.write("writ.toml", "[workspace]\nname = \"test\"\n[store]\nlineage = \"01920000-0000-7000-8000-000000000000\"\n");
    let found = told(&workspace, 7, "lineage");
    assert!(found[0].1.contains("and writ.toml expects 01920000-0000-7000-8000-000000000000"), "{found:?}");
}

#[test]
fn what_the_dead_left_and_a_mode_too_wide_are_told_and_mended() {
    let workspace = workspace();
    let draft = workspace.path(".writ/.writ-test.db-x1Y2z3.new");
    let another = workspace.path(".writ/.writ-other.db-x1Y2z3.new");
    fs::write(&draft, "half a store").unwrap();
    fs::write(&another, "half a store").unwrap();
    fs::set_permissions(workspace.path(STORE), Permissions::from_mode(0o644)).unwrap();
    assert_eq!(told(&workspace, 7, "mode"), [("fault".to_owned(), "everybody may read it (mode 0644)".to_owned())]);
    let (health, text) = told(&workspace, 7, "leftovers").remove(0);
    assert!(health == "note" && text.contains(".writ-test.db-x1Y2z3.new") && !text.contains("other.db"), "{text}");
    assert!(draft.exists(), "looking removes nothing");
    workspace.expect(0, &["doctor", "--fix"]).says(&["removed ", "test.db: 0644 -> 0600"]);
    assert!(!draft.exists() && another.exists());
    assert_eq!(told(&workspace, 0, "mended"), []);
    // The next writer clears such a draft as well.
    fs::write(&draft, "half a store").unwrap();
    workspace.write("more.toml", "[catalog.two]\n");
    workspace.apply();
    assert!(!draft.exists() && another.exists());
}
