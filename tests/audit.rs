//! `audit export`, `audit checkpoint` and `audit verify` of what they wrote, with the real program.

mod support;

use std::fs;
use support::Workspace;

/// At @2, with an export and a checkpoint of that, and a backup of @1.
fn workspace() -> Workspace {
    let workspace = Workspace::of("[catalog.one]\n");
    workspace.apply();
    workspace.expect(0, &["state", "backup", "one.db"]);
    workspace.write("more.toml", "[catalog.two]\n");
    workspace.apply();
    workspace.expect(0, &["audit", "export", "-o", "all.jsonl"]).says(&["3 revisions up to @2 are exported: all.jsonl\n"]);
    workspace.expect(0, &["audit", "checkpoint", "-o", "point"]).says(&["The checkpoint of @2 is saved: point\n"]);
    workspace
}

#[test]
fn an_export_is_verified_where_no_store_is() {
    let workspace = workspace();
    assert_eq!(workspace.expect(0, &["audit", "export"]).out, workspace.read("all.jsonl"));
    let of_store = workspace.expect(0, &["audit", "verify"]).out;
    let elsewhere = Workspace::empty();
    for name in ["all.jsonl", "point", "one.db"] {
        fs::copy(workspace.path(name), elsewhere.path(name)).unwrap();
    }
    assert_eq!(elsewhere.expect(0, &["audit", "verify", "all.jsonl", "--checkpoint", "point"]).out, of_store);
    elsewhere.expect(0, &["audit", "verify", "one.db"]).says(&["up to @1"]);
    // Each line is covered: without it, or without the last, the file is not the history.
    let lines = elsewhere.read("all.jsonl");
    for n in 0..lines.lines().count() {
        let rest: Vec<&str> = lines.lines().enumerate().filter(|(i, _)| *i != n).map(|(_, line)| line).collect();
        elsewhere.write("less.jsonl", &rest.join("\n"));
        let run = elsewhere.expect(7, &["audit", "verify", "less.jsonl"]);
        assert_eq!(run.out, "", "line {n}");
    }
    elsewhere.write("text", "text\n");
    elsewhere.expect(7, &["audit", "verify", "text"]).says(&["it is no export of a history"]);
    elsewhere.expect(1, &["audit", "verify", "nothing"]).says(&["cannot read `nothing`"]);
}

#[test]
fn a_checkpoint_tells_older_and_other_histories_by_their_first_bad_index() {
    let workspace = workspace();
    let point = workspace.read("point");
    assert_eq!(workspace.expect(0, &["audit", "checkpoint"]).out, point);
    let verify = ["audit", "verify", "--checkpoint", "point"];
    workspace.expect(0, &verify);
    workspace.write("more.toml", "[catalog.two]\ndescription = \"Two\"\n");
    workspace.apply();
    workspace.expect(0, &verify).says(&["up to @3"]);

    workspace.expect(7, &["audit", "verify", "one.db", "--checkpoint", "point"]).says(&[
        "Error: serial 2: it is missing, and the checkpoint has seen serial 2\n",
        "The chain does not hold: 1 fault, the first bad index is 2.\n",
    ]);
    // An older copy that was restored, and went on: the serials are the same again, the history is not.
    workspace.expect(0, &["state", "restore", "one.db"]);
    workspace.apply();
    workspace.expect(0, &["audit", "verify"]);
    let run = workspace.expect(7, &[&verify[..], &["--json"]].concat());
    let json = run.json();
    assert_eq!((&json["valid"], &json["first_bad"]), (&serde_json::json!(false), &serde_json::json!(2)), "{json}");
    workspace.expect(7, &verify).says(&["serial 2: its link is not that of the checkpoint: the history up to here is another one"]);

    let other = Workspace::of("[catalog.one]\n");
    other.apply();
    other.write("point", &point);
    other.expect(7, &verify).says(&["serial 0: it is of lineage ", "the first bad index is 0"]);
}

#[test]
fn both_forms_of_a_checkpoint_are_taken_and_nothing_else() {
    let workspace = workspace();
    let document = workspace.expect(0, &["audit", "checkpoint", "--json"]);
    workspace.write("document", &document.out);
    workspace.expect(0, &["audit", "verify", "--checkpoint", "document"]);
    workspace.write("bad", "writ checkpoint\norigin x\n");
    workspace.expect(1, &["audit", "verify", "--checkpoint", "bad"]).says(&["`bad` is no checkpoint: it has no `size`"]);
    workspace.expect(1, &["audit", "export", "--json"]).says(&["stdout has room for one document"]);
}
