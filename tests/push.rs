//! `state pull` and `state push`, with the real program.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use serde_json::{Value as Json, json};
use std::fs;
use std::io::Write as _;
use std::process::Stdio;
use support::{Run, Workspace};

const STORE: &str = ".writ/test.db";

fn workspace() -> Workspace {
    let workspace = Workspace::of("[catalog.one]\n[access_package.a]\ncatalog = \"one\"\n");
    workspace.apply();
    workspace
}

fn pull(workspace: &Workspace) -> Json {
    workspace.expect(0, &["state", "pull"]).json()
}

/// Writes a document with a change in it.
fn edited(workspace: &Workspace, edit: impl FnOnce(&mut Json)) {
    let mut document = pull(workspace);
    edit(&mut document);
    workspace.write("state.json", &document.to_string());
}

fn object<'d>(document: &'d mut Json, address: &str) -> &'d mut Json {
    document["objects"].as_array_mut().unwrap().iter_mut().find(|o| o["address"] == address).unwrap()
}

#[test]
fn a_pull_is_one_canonical_document_and_goes_into_an_empty_place() {
    let workspace = workspace();
    let text = workspace.expect(0, &["state", "pull"]).out;
    let document = pull(&workspace);
    assert_eq!(text, format!("{document}\n"), "canonical: names sorted, no spaces");
    assert_eq!((document["serial"].as_u64(), document["objects"].as_array().unwrap().len()), (Some(1), 3));
    assert_eq!(object(&mut document.clone(), "access_package.a")["attributes"], json!({ "catalog": "one" }));
    workspace.write("state.json", &text);
    fs::remove_dir_all(workspace.path(".writ")).unwrap();
    workspace
        .expect(0, &["state", "push", "state.json"])
        .says(&["# catalog.one will be created", "The state of serial 1 is pushed, by 4 events, at @0."]);
    workspace.expect(0, &["plan"]).says(&["No changes. The store at @0"]);
    workspace.expect(0, &["audit", "verify"]);
    workspace.expect(0, &["doctor"]);
    let again = pull(&workspace);
    let ids = |document: &Json| document["objects"].as_array().unwrap().iter().map(|o| o["id"].to_string()).collect::<Vec<_>>();
    assert_eq!((&again["lineage"], ids(&again)), (&document["lineage"], ids(&document)));
}

#[test]
fn a_newer_serial_is_shown_agreed_to_and_audited() {
    let workspace = workspace();
    edited(&workspace, |document| {
        document["serial"] = json!(2);
        object(document, "access_package.a")["attributes"]["description"] = json!("By hand");
        let renamed = object(document, "catalog.one");
        renamed["address"] = json!("catalog.uno");
        object(document, "access_package.a")["attributes"]["catalog"] = json!("uno");
    });
    let before = fs::read(workspace.path(STORE)).unwrap();
    let declined = workspace.expect(8, &["state", "push", "state.json"]);
    declined.says(&["(moved from catalog.one)", "# access_package.a will be updated in-place", "Only `yes` is taken"]);
    assert_eq!(fs::read(workspace.path(STORE)).unwrap(), before);

    let mut child = workspace.command(&["state", "push", "state.json"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"yes\n").unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.err);
    run.says(&["The state of serial 2 is pushed, by 2 events, at @2."]);
    workspace.expect(0, &["history"]).says(&["state push", "2 events, 2 pushed"]);
    workspace.expect(0, &["audit", "verify"]);
    workspace.expect(0, &["show", "catalog.uno"]);
    workspace.expect(0, &["doctor"]);
}

#[test]
fn what_is_older_or_of_another_lineage_is_refused() {
    let workspace = workspace();
    edited(&workspace, |_| {});
    workspace.expect(4, &["state", "push", "state.json", "--auto-approve"]).says(&["is of serial 1, and the store stands at 1 already"]);
    let other = self::workspace();
    edited(&workspace, |document| document["serial"] = json!(9));
    fs::copy(workspace.path("state.json"), other.path("state.json")).unwrap();
    other.expect(4, &["state", "push", "state.json", "--auto-approve"]).says(&["Error: the document is of lineage "]);
    assert_eq!(pull(&other)["serial"], 1);
}

#[test]
fn what_no_store_could_hold_is_refused() {
    let workspace = workspace();
    let before = fs::read(workspace.path(STORE)).unwrap();
    let edits: [(fn(&mut Json), &str); 9] = [
        (|d| d["format_version"] = json!("7"), "it is of version 7"),
        (|d| object(d, "access_package.a")["attributes"]["catalog"] = json!("no"), "`access_package.a` refers to `catalog.no`"),
        (|d| object(d, "access_package.a")["attributes"]["color"] = json!("red"), "access_package.a"),
        (|d| object(d, "access_package.a")["address"] = json!("catalog.one.color.red"), "color"),
        (|d| object(d, "access_package.a")["note"] = json!("?"), "unknown field `note`"),
        (|d| object(d, "access_package.a")["workspace"] = json!("none"), "belongs to the workspace `none`"),
        (|d| d["objects"].as_array_mut().unwrap().retain(|o| o["address"] != "catalog.general"), "`catalog.general` always exists"),
        (
            |d| {
                let twice = d["objects"][0].clone();
                d["objects"].as_array_mut().unwrap().push(twice);
            },
            "is in it twice",
        ),
        (
            |d| {
                let id = object(d, "catalog.one")["id"].clone();
                object(d, "catalog.general")["id"] = id;
            },
            "another object has the id",
        ),
    ];
    for (edit, why) in edits {
        edited(&workspace, |document| {
            document["serial"] = json!(2);
            edit(document);
        });
        workspace.expect(1, &["state", "push", "state.json", "--auto-approve"]).says(&["Error: that is no state: ", why]);
        assert_eq!(fs::read(workspace.path(STORE)).unwrap(), before, "{why}");
    }
    workspace.write("state.json", "{\"format_version\":");
    workspace.expect(1, &["state", "push", "state.json"]).says(&["that is no state: EOF"]);
}

#[test]
fn the_document_of_json_output_is_taken_as_well() {
    let workspace = workspace();
    let text = workspace.expect(0, &["state", "pull", "--json"]).out;
    fs::remove_dir_all(workspace.path(".writ")).unwrap();
    workspace.write("state.json", &text);
    let run = workspace.expect(0, &["state", "push", "state.json", "--json"]);
    assert_eq!((run.json()["pushed"].as_u64(), run.json()["result"]["serial"].as_u64()), (Some(1), Some(0)));
}
