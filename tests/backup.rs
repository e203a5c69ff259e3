//! `state backup` and `state restore`, with the real program.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use support::{Run, Workspace};

const STORE: &str = ".writ/test.db";
const KEPT: &str = ".writ/test.db.before-restore";

/// At @2, with a backup of @1.
fn workspace() -> Workspace {
    let workspace = Workspace::of("[catalog.one]\n");
    workspace.apply();
    workspace.expect(0, &["state", "backup", "one.db"]).says(&["The store at @1 is backed up and verified: one.db\nlink "]);
    workspace.write("more.toml", "[catalog.two]\n");
    workspace.apply();
    workspace
}

fn names(workspace: &Workspace, directory: &str) -> Vec<String> {
    let all = fs::read_dir(workspace.path(directory)).unwrap();
    let mut all: Vec<String> = all.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    all.sort();
    all
}

fn bytes(workspace: &Workspace, name: &str) -> Vec<u8> {
    fs::read(workspace.path(name)).unwrap()
}

#[test]
fn an_older_copy_comes_back_and_history_tells_so() {
    let workspace = workspace();
    let replaced = bytes(&workspace, STORE);
    let run = workspace.expect(0, &["state", "restore", "one.db"]);
    let said = "sqlite:.writ/test.db: @2 -> @1, and @2 tells of it.\n\
                What it replaces is kept at .writ/test.db.before-restore\n\
                This undoes 1 revision: `writ plan` shows what the files say beyond the store.\n";
    assert_eq!((run.out.as_str(), run.err.as_str()), (said, ""));
    assert_eq!(bytes(&workspace, KEPT), replaced);
    workspace.expect(0, &["history"]).says(&["state restore", "2 replaced, 1 restored"]);
    workspace.expect(0, &["audit", "verify"]).says(&["up to @2"]);
    workspace.expect(0, &["plan"]).says(&["# catalog.two will be created", "1 to add, 0 to change, 0 to destroy"]);
    // And back again, to the very state that was replaced.
    workspace.expect(0, &["state", "restore", KEPT]).says(&["@2 -> @2, and @3 tells of it", ".before-restore-2"]);
    workspace.expect(0, &["plan"]).says(&["No changes. The store at @3"]);
}

#[test]
fn a_store_that_is_gone_or_cannot_be_read_is_what_a_backup_is_for() {
    let workspace = workspace();
    fs::write(workspace.path(STORE), "not a store any more").unwrap();
    workspace.expect(7, &["plan"]).says(&["is not a store of writ", "`writ state restore FILE` brings a backup back"]);
    workspace.expect(0, &["state", "restore", "one.db"]).says(&["unreadable -> @1, and @2 tells of it"]);
    assert_eq!(workspace.read(KEPT), "not a store any more");
    fs::remove_dir_all(workspace.path(".writ")).unwrap();
    workspace.expect(0, &["state", "restore", "one.db"]).says(&["none -> @1, and @2 tells of it"]);
    assert_eq!(names(&workspace, ".writ"), ["test.db", "test.db.lock"]);
}

#[test]
fn what_is_not_a_sound_copy_of_this_store_replaces_nothing() {
    let workspace = workspace();
    let other = Workspace::of("[catalog.one]\n");
    other.apply();
    fs::copy(other.path(STORE), workspace.path("other.db")).unwrap();
    let mut broken = bytes(&workspace, "one.db");
    let at = broken.windows(13).position(|w| w == b"operator:olga").unwrap();
    *broken.get_mut(at).unwrap() = b'O';
    fs::copy(workspace.path("one.db"), workspace.path("broken.db")).unwrap();
    fs::write(workspace.path("broken.db"), broken).unwrap();
    fs::write(workspace.path("text.db"), "text").unwrap();
    fs::write(workspace.path("empty.db"), "").unwrap();
    fs::write(workspace.path("state.json"), workspace.expect(0, &["state", "pull"]).out).unwrap();
    let before = bytes(&workspace, STORE);
    for (file, why) in [
        ("other.db", "Error: `other.db` is of lineage "),
        ("broken.db", "Error: the backup `broken.db` is corrupt: serial "),
        (
            "text.db",
            "`text.db` is no backup of a store\n  help: nothing was changed; a restore takes a file that `writ state backup FILE` wrote\n",
        ),
        ("state.json", "is no backup of a store, but JSON"),
        ("empty.db", "the file is empty"),
        ("nothing.db", "there is no file `nothing.db`"),
    ] {
        workspace.expect(7, &["state", "restore", file]).says(&[why]);
        assert_eq!(bytes(&workspace, STORE), before, "{file}");
    }
    assert_eq!(names(&workspace, ".writ"), ["test.db", "test.db.lock", "test.db.settled"]);
    // Where writ.toml names the lineage, it binds even if no store is there to compare with.
    fs::remove_dir_all(workspace.path(".writ")).unwrap();
    workspace.write("writ.toml", "[workspace]\nname = \"test\"\n[store]\nlineage = \"01920000-0000-7000-8000-000000000000\"\n");
    workspace.expect(7, &["state", "restore", "one.db"]).says(&["writ.toml expects 01920000-"]);
    assert!(!workspace.path(STORE).exists());
}

#[test]
fn a_backup_replaces_nothing_and_needs_a_store_that_holds() {
    let workspace = workspace();
    let before = bytes(&workspace, "one.db");
    workspace.expect(1, &["state", "backup", "one.db"]).says(&["`one.db` exists already"]);
    assert_eq!(bytes(&workspace, "one.db"), before);
    let mut broken = bytes(&workspace, STORE);
    let at = broken.windows(13).position(|w| w == b"operator:olga").unwrap();
    *broken.get_mut(at).unwrap() = b'O';
    fs::write(workspace.path(STORE), broken).unwrap();
    workspace.expect(7, &["state", "backup", "two.db"]).says(&["the store is corrupt: serial "]);
    assert_eq!(names(&workspace, "."), [".writ", "all.toml", "more.toml", "one.db", "writ.toml"]);
    fs::remove_dir_all(workspace.path(".writ")).unwrap();
    workspace.expect(7, &["state", "backup", "two.db"]).says(&["there is no store"]);
}

#[cfg(unix)]
#[test]
fn copies_are_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let workspace = workspace();
    workspace.expect(0, &["state", "restore", "one.db"]);
    for name in ["one.db", STORE, KEPT] {
        assert_eq!(fs::metadata(workspace.path(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_restore_waits_for_its_turn_and_a_plan_that_was_agreed_to_before_is_made_again() {
    let workspace = workspace();
    workspace.write("more.toml", "[catalog.two]\ndescription = \"Two\"\n");
    // A person looks at the plan of @2 while somebody restores @1, which comes to @2 as well.
    let mut apply = workspace.command(&["apply"]);
    let mut apply = apply
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut asked = String::new();
    let err = apply.stderr.as_mut().unwrap();
    while !asked.contains("Only `yes` is taken") {
        let mut one = [0];
        std::io::Read::read_exact(err, &mut one).unwrap();
        asked.push(char::from(one[0]));
    }
    workspace.expect(0, &["state", "restore", "one.db"]).says(&["@2 -> @1, and @2 tells of it"]);
    std::io::Write::write_all(apply.stdin.as_mut().unwrap(), b"yes\nyes\n").unwrap();
    let run = Run::of(apply.wait_with_output().unwrap());
    assert_eq!(run.code, 0, "{}", run.err);
    run.says(&["The state moved meanwhile. The plan is now:", "# catalog.two will be created"]);
    workspace.expect(0, &["plan"]).says(&["No changes. The store at @3"]);
}

/// A backup that was killed leaves its draft, which the next one to that place clears; not that of one which still runs.
#[test]
fn what_a_killed_backup_left_is_cleared_by_the_next() {
    let workspace = workspace();
    let (dead, alive) = (workspace.path(".writ-two.db-x1Y2z3.new"), workspace.path(".writ-two.db-a1b2c3.new"));
    fs::write(&dead, "half a copy").unwrap();
    let running = fs::File::create(&alive).unwrap();
    running.lock().unwrap();
    workspace.expect(0, &["state", "backup", "two.db"]);
    assert!(!dead.exists() && alive.exists());
    workspace.expect(0, &["state", "restore", "two.db"]);
}
