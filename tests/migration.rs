//! A store that an earlier version made: read as it is, and brought to the schema of today by whoever writes it.
//!
//! `tests/fixtures/schema-N` is a workspace with the store that the program had made of it when its schema was N. A debug
//! build that is told `WRIT_NEXT_SCHEMA=1` knows one schema more than there is, so that the way up is walked whatever the
//! schema of today is.

#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fs;
use std::path::Path;
use support::{Run, Workspace};

const STORE: &str = ".writ/contoso.db";

/// A workspace with the store of a schema, and the program of that schema or the next.
struct Old {
    workspace: Workspace,
    bytes: Vec<u8>,
    next: bool,
}

/// A checkout knows no modes; a store has one.
fn private(store: &Path) {
    #[cfg(unix)]
    fs::set_permissions(store, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

impl Old {
    fn new(schema: &str, next: bool) -> Old {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(schema);
        let workspace = Workspace::copy(&fixture);
        fs::create_dir(workspace.path(".writ")).unwrap();
        fs::rename(workspace.path("store.db"), workspace.path(STORE)).unwrap();
        private(&workspace.path(STORE));
        let bytes = fs::read(workspace.path(STORE)).unwrap();
        Old { workspace, bytes, next }
    }

    fn writ(&self, code: i32, arguments: &[&str]) -> Run {
        let mut command = self.workspace.command(arguments);
        if self.next {
            command.env("WRIT_NEXT_SCHEMA", "1");
        }
        let run = Run::of(command.output().unwrap());
        assert_eq!(run.code, code, "writ {arguments:?}\n--- stdout\n{}\n--- stderr\n{}", run.out, run.err);
        run
    }

    fn is_as_it_was(&self) -> bool {
        fs::read(self.workspace.path(STORE)).unwrap() == self.bytes
    }

    fn edit(&self) {
        self.workspace.write("new.toml", "[user.\"new@contoso.example\"]\n");
    }
}

#[test]
fn a_store_of_any_earlier_schema_is_read_as_it_is_and_upgraded_by_a_writer() {
    let fixtures = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")).unwrap();
    let mut schemas: Vec<String> = fixtures.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    schemas.retain(|name| name.starts_with("schema-"));
    schemas.sort();
    let current = Workspace::empty().expect(0, &["version", "--json"]).json()["store_schema"].as_i64().unwrap();
    assert_eq!(schemas.len(), usize::try_from(current).unwrap(), "each schema that ever was has its fixture: {schemas:?}");
    for schema in &schemas {
        for next in [false, true] {
            let old = Old::new(schema, next);
            for looking in [&["plan"][..], &["history"], &["audit", "verify"], &["show", "--at", "@1"], &["state", "list"]] {
                assert_eq!(old.writ(0, looking).err, "", "{looking:?}");
                assert!(old.is_as_it_was(), "{looking:?} wrote to the store");
            }
            old.writ(0, &["plan"]).says(&["No changes."]);
            old.edit();
            let applied = old.writ(0, &["apply", "--auto-approve"]);
            let from: i64 = schema.strip_prefix("schema-").unwrap().parse().unwrap();
            let to = current + i64::from(next);
            let copy = old.workspace.path(&format!("{STORE}.{schema}"));
            if from == to {
                assert_eq!((applied.err.as_str(), copy.exists()), ("", false));
            } else {
                let note =
                    format!("Note: the store had schema {from} and has schema {to} now; as it was, it is kept at `{STORE}.{schema}`\n");
                assert_eq!(applied.err, note);
                assert_eq!(fs::read(&copy).unwrap(), old.bytes, "the copy is the store as it was");
            }
            old.writ(0, &["audit", "verify"]).says(&["up to @4"]);
            old.writ(0, &["plan"]).says(&["No changes."]);
            let applied = old.writ(0, &["state", "rm", "user.\"new@contoso.example\""]);
            assert_eq!(applied.err, "", "nothing is upgraded twice");
        }
    }
}

#[test]
fn programs_are_told_of_the_upgrade_in_the_document() {
    let old = Old::new("schema-1", true);
    old.edit();
    let run = old.writ(0, &["apply", "--auto-approve", "--json"]);
    let told = &run.json()["diagnostics"][0];
    assert_eq!((run.err.as_str(), told["severity"].as_str()), ("", Some("note")), "{told}");
    assert!(told["summary"].as_str().unwrap().contains(".schema-1"), "{told}");
}

#[test]
fn a_copy_of_another_store_is_never_overwritten() {
    let old = Old::new("schema-1", true);
    old.workspace.write(&format!("{STORE}.schema-1"), "precious");
    old.edit();
    old.writ(0, &["apply", "--auto-approve"]);
    assert_eq!(old.workspace.read(&format!("{STORE}.schema-1")), "precious");
    assert_eq!(fs::read(old.workspace.path(&format!("{STORE}.schema-1-2"))).unwrap(), old.bytes);
}

#[test]
fn a_backup_of_an_older_schema_can_be_restored() {
    let old = Old::new("schema-1", true);
    fs::copy(old.workspace.path(STORE), old.workspace.path("old.db")).unwrap();
    old.writ(0, &["state", "backup", "new.db"]);
    assert!(old.is_as_it_was());
    for (file, serial) in [("old.db", 4), ("new.db", 4)] {
        old.writ(0, &["state", "restore", file]).says(&[&format!("-> @3, and @{serial} tells of it")]);
        old.writ(0, &["plan"]).says(&["No changes. The store at @4"]);
    }
}

#[test]
fn a_store_of_a_newer_schema_is_refused_and_left_alone() {
    let mut old = Old::new("schema-1", true);
    old.edit();
    old.writ(0, &["apply", "--auto-approve"]);
    old.next = false;
    old.bytes = fs::read(old.workspace.path(STORE)).unwrap();
    let verbs: [&[&str]; 7] = [
        &["plan"],
        &["apply", "--auto-approve"],
        &["history"],
        &["audit", "verify"],
        &["state", "backup", "x.db"],
        &["state", "rm", "catalog.general"],
        &["state", "restore", STORE],
    ];
    for verb in verbs {
        let run = old.writ(7, verb);
        run.says(&["Error: the store has schema", "use the version of Writ that wrote it, or a newer one"]);
        assert!(old.is_as_it_was(), "{verb:?}");
    }
    // Nor is it replaced by a store of an older schema.
    fs::copy(old.workspace.path(&format!("{STORE}.schema-1")), old.workspace.path("old.db")).unwrap();
    old.writ(7, &["state", "restore", "old.db"]);
    assert!(old.is_as_it_was());
}
