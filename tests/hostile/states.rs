//! Stores, plan files, and changes that mean harm: rows 68 to 72 and 106 to 110.

use crate::case::{Case, case};
use crate::support::{Run, Workspace};
use rusqlite::Connection;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;

/// Groups in one file, a catalog with a package in another; applied.
fn applied(w: &Workspace) {
    w.write("groups.toml", &(0..20).map(|n| format!("[group.g{n}]\n")).collect::<String>());
    w.write("x.toml", "[catalog.a]\n[catalog.b]\n[access_package.p]\ncatalog = \"a\"\n[access_package.p.policy.q]\nrequestors = \"none\"\nexpiration = \"never\"\n");
    w.apply();
}

/// SQL run on the store, past everything that Writ promises; then a plan.
fn with_sql(name: &'static str, says: &'static str, sql: &'static str) -> Case {
    case(&[106], name, 7, says, move |w| {
        applied(w);
        Connection::open(w.path(".writ/test.db")).unwrap().execute_batch(sql).unwrap();
        w.run(&["plan"])
    })
}

const PLAN: &[&str] = &["plan"];
const AUDIT: &[&str] = &["audit", "verify"];

/// The same for rows, whose checks and types are switched off.
fn with_rows(arguments: &'static [&'static str], name: &'static str, says: &'static str, sql: &'static str) -> Case {
    case(&[108], name, 7, says, move |w| {
        applied(w);
        let store = Connection::open(w.path(".writ/test.db")).unwrap();
        store.execute_batch(&format!("PRAGMA ignore_check_constraints = 1; {sql}")).unwrap();
        drop(store);
        w.run(arguments)
    })
}

/// Something else in the place of the store.
fn instead(rows: &'static [usize], name: &'static str, says: &'static str, make: impl Fn(&Workspace) + Send + Sync + 'static) -> Case {
    case(rows, name, 7, says, move |w| {
        applied(w);
        make(w);
        w.run(&["plan"])
    })
}

fn mode(w: &Workspace, name: &str, mode: u32) {
    std::fs::set_permissions(w.path(name), Permissions::from_mode(mode)).unwrap();
}

/// The store, or what lies beside it, with a mode of its own; then a plan.
fn with_mode(name: &'static str, bits: u32, what: &'static str) -> Case {
    instead(&[107], what, "is not private", move |w| {
        if !w.path(name).exists() {
            w.write(name, "not private");
        }
        mode(w, name, bits);
    })
}

/// A saved plan with a change in it, applied.
fn saved(
    name: &'static str,
    code: i32,
    says: &'static str,
    edit: impl Fn(&Workspace, String) -> Option<String> + Send + Sync + 'static,
) -> Case {
    case(&[109], name, code, says, move |w| {
        applied(w);
        w.replace("x.toml", "[catalog.b]", "[catalog.b]\ndescription = \"B\"");
        w.expect(0, &["plan", "-o", "a.plan"]);
        if let Some(text) = edit(w, w.read("a.plan")) {
            w.write("a.plan", &text);
        }
        w.run(&["apply", "a.plan"])
    })
}

pub fn cases() -> Vec<Case> {
    [changes(), stores(), plans(), exports()].into_iter().flatten().collect()
}

fn changes() -> Vec<Case> {
    vec![
        case(&[68], "a file of most objects is gone: the plan shows it", 0, "allow-deletes", |w| {
            applied(w);
            std::fs::remove_file(w.path("groups.toml")).unwrap();
            w.run(&["plan"])
        }),
        case(&[68], "and the apply stops", 5, "allow-deletes", |w| {
            applied(w);
            std::fs::remove_file(w.path("groups.toml")).unwrap();
            w.run(&["apply", "--auto-approve"])
        }),
        case(&[69], "another key of a catalog is another catalog", 0, "catalog.b will be destroyed", |w| {
            applied(w);
            w.replace("x.toml", "[catalog.b]", "[catalog.c]");
            w.run(&["plan"])
        }),
        case(&[70], "a package in another catalog", 5, "R15", |w| {
            applied(w);
            w.replace("x.toml", "catalog = \"a\"", "catalog = \"b\"");
            w.run(&["plan"])
        }),
        case(&[71], "somebody who names themselves owner, and uses it in the same change", 5, "may not name owners", |w| {
            let text = |owners: &str| {
                format!(
                    "[user.\"ada@contoso.example\"]\n[user.\"eve@contoso.example\"]\n[delegation.a]\nrole = \"administrator\"\nmembers = [\"ada@contoso.example\"]\n\
                     [catalog.a]\n[catalog.a.delegation.r]\nrole = \"catalog_reader\"\nmembers = [\"eve@contoso.example\"]\n{owners}"
                )
            };
            w.write("x.toml", &text(""));
            assert_eq!(w.run(&["apply", "--auto-approve"]).code, 0);
            w.write(
                "x.toml",
                &text(
                    "[catalog.a.delegation.o]\nrole = \"catalog_owner\"\nmembers = [\"eve@contoso.example\"]\n\
                     [access_package.loot]\ncatalog = \"a\"\n[access_package.loot.policy.all]\nrequestors = \"none\"\nexpiration = \"never\"\n",
                ),
            );
            w.run(&["apply", "--auto-approve", "--as", "eve@contoso.example"])
        }),
        case(&[72], "a limit that is lifted with what it would stop", 5, "allow-deletes", |w| {
            applied(w);
            std::fs::remove_file(w.path("groups.toml")).unwrap();
            w.write("writ.toml", "[workspace]\nname = \"test\"\n[limits]\nmax_deletes = \"100%\"\n");
            w.run(&["apply", "--auto-approve"])
        }),
    ]
}

fn stores() -> Vec<Case> {
    vec![
        with_sql(
            "a trigger in the store",
            "its tables are not those",
            "CREATE TRIGGER t AFTER INSERT ON revision BEGIN DELETE FROM object; END",
        ),
        with_sql("a view in the store", "its tables are not those", "CREATE VIEW v AS SELECT 1"),
        with_sql("an index in the store", "its tables are not those", "CREATE INDEX i ON object (kind)"),
        with_sql("another application's database", "is not a store of writ", "PRAGMA application_id = 1"),
        with_sql("a store of a newer schema", "knows schemas up to", "PRAGMA user_version = 1000"),
        with_sql("a table too many", "its tables are not those", "CREATE TABLE t (a)"),
        instead(&[106], "a store that is no database", "is not a store of writ", |w| w.write(".writ/test.db", &"x".repeat(8192))),
        instead(&[106], "a store without a byte", "the file is empty", |w| w.write(".writ/test.db", "")),
        instead(&[106], "a store that is cut off", "corrupt", |w| {
            let bytes = std::fs::read(w.path(".writ/test.db")).unwrap();
            std::fs::write(w.path(".writ/test.db"), &bytes[..bytes.len() - 1]).unwrap();
        }),
        case(&[106], "the store of another lineage", 7, "lineage", |w| {
            applied(w);
            w.write("writ.toml", "[workspace]\nname = \"test\"\n[store]\nlineage = \"01928c3e-0000-7000-8000-000000000000\"\n");
            w.run(&["plan"])
        }),
        instead(&[107], "the store is a link", "it is a symbolic link", |w| {
            std::fs::rename(w.path(".writ/test.db"), w.path("real.db")).unwrap();
            symlink("../real.db", w.path(".writ/test.db")).unwrap();
        }),
        instead(&[107], "the store is a directory", "it is a directory", |w| {
            std::fs::remove_file(w.path(".writ/test.db")).unwrap();
            std::fs::create_dir(w.path(".writ/test.db")).unwrap();
        }),
        instead(&[107], "the store is a pipe", "it is not a regular file", |w| {
            std::fs::remove_file(w.path(".writ/test.db")).unwrap();
            crate::case::shell(w, "mkfifo .writ/test.db", &[]);
        }),
        with_mode(".writ/test.db", 0o644, "a store that everybody may read"),
        with_mode(".writ/test.db", 0o666, "a store that everybody may write"),
        with_mode(".writ/test.db", 0o660, "a store that its group may write"),
        with_mode(".writ/test.db-journal", 0o666, "a journal that everybody may write"),
        instead(&[107], "a journal that is a link", "is no regular file", |w| {
            symlink("elsewhere", w.path(".writ/test.db-journal")).unwrap()
        }),
        case(&[107], "an apply, where everybody may read the store", 7, "everybody may read it", |w| {
            applied(w);
            mode(w, ".writ/test.db", 0o644);
            w.replace("x.toml", "[catalog.b]", "[catalog.b]\ndescription = \"B\"");
            w.run(&["apply", "--auto-approve"])
        }),
        case(&[107], "a copy that nobody may write is read", 0, "No changes.", |w| {
            applied(w);
            mode(w, ".writ/test.db", 0o444);
            w.run(&["plan"])
        }),
        case(&[107], "and not written", 7, "everybody may read it (mode 0444)", |w| {
            applied(w);
            mode(w, ".writ/test.db", 0o444);
            w.replace("x.toml", "[catalog.b]", "[catalog.b]\ndescription = \"B\"");
            w.run(&["apply", "--auto-approve"])
        }),
        case(&[107], "a store that its group may read", 0, "Apply complete!", |w| {
            applied(w);
            mode(w, ".writ/test.db", 0o640);
            w.replace("x.toml", "[catalog.b]", "[catalog.b]\ndescription = \"B\"");
            w.run(&["apply", "--auto-approve"])
        }),
        case(&[107], "modes are mended, and then all is well", 0, "0666 -> 0600", |w| {
            applied(w);
            mode(w, ".writ/test.db", 0o666);
            let run = w.run(&["doctor", "--fix"]);
            w.expect(0, &["plan", "--detailed-exitcode"]);
            Run {
                out: run.out.lines().filter(|l| l.starts_with("mode") || l.starts_with("mended")).map(|l| format!("{l}\n")).collect(),
                ..run
            }
        }),
        with_rows(AUDIT, "an instant that is none", "it is not what was recorded", "UPDATE revision SET at = 'never'"),
        with_rows(PLAN, "the same, for a plan", "serial 0 is of `never`", "UPDATE revision SET at = 'never'"),
        with_rows(
            PLAN,
            "an instant of a month that is none",
            "serial 1 is of",
            "UPDATE revision SET at = '2026-13-41T00:00:00.000Z' WHERE serial = 1",
        ),
        with_rows(PLAN, "an instant that is none, of the store", "the store is of ``", "UPDATE meta SET created_at = ''"),
        with_rows(
            &["history"],
            "an instant that is none, in the midst",
            "serial 1 is of `0`",
            "INSERT INTO revision SELECT 2, at, actor, command, workspace, \"commit\", plan_digest, changes_digest, summary, 0, previous, \
             events_digest, hash FROM revision WHERE serial = 1; UPDATE revision SET at = '0' WHERE serial = 1",
        ),
        with_rows(
            PLAN,
            "an end that is no instant",
            "corrupt",
            "UPDATE object SET attributes = json_set(attributes, '$.expiration', '2027-99-99') WHERE kind = 'policy'",
        ),
        with_rows(AUDIT, "a serial below zero", "corrupt", "UPDATE revision SET serial = -1 WHERE serial = 0"),
        with_rows(PLAN, "the same, for a plan", "begins with serial -1", "UPDATE revision SET serial = -1 WHERE serial = 0"),
        with_rows(
            PLAN,
            "a version below zero",
            "`catalog.b`: -1 is no serial",
            "UPDATE object SET version = -1 WHERE address = 'catalog.b'",
        ),
        with_rows(PLAN, "a workspace of a version below zero", "`test`: -7 is no serial", "UPDATE workspace SET version = -7"),
        with_rows(
            PLAN,
            "settings that are no table",
            "the settings of the workspace `test` are no table",
            "UPDATE workspace SET settings = '7'",
        ),
        with_rows(PLAN, "attributes that are no JSON", "corrupt", "UPDATE object SET attributes = '{' WHERE kind = 'catalog'"),
        with_rows(
            PLAN,
            "attributes of another type",
            "corrupt",
            "UPDATE object SET attributes = '{\"display_name\":7}' WHERE kind = 'catalog'",
        ),
        with_rows(PLAN, "an address of no kind", "corrupt", "UPDATE object SET address = 'nothing.x' WHERE address = 'catalog.b'"),
        with_rows(
            AUDIT,
            "a child without its parent",
            "`access_package.p` is missing",
            "DELETE FROM object WHERE address = 'access_package.p'",
        ),
        with_rows(
            PLAN,
            "the same, for a plan",
            "`access_package.p.policy.q` stands in `access_package.p`, which is not there",
            "DELETE FROM object WHERE address = 'access_package.p'",
        ),
    ]
}

fn plans() -> Vec<Case> {
    vec![
        saved("a plan file that is cut", 1, "not a plan file", |_, text| Some(text[..text.len() / 2].to_owned())),
        saved("a plan file of a newer version", 1, "is of version 9.0", |_, text| {
            Some(text.replacen("\"format_version\":\"1.0\"", "\"format_version\":\"9.0\"", 1))
        }),
        saved("a plan file with another operation", 1, "does not match its digest", |_, text| {
            Some(text.replacen("catalog.b", "catalog.a", 1))
        }),
        saved("a plan file of a gigabyte", 1, "larger than 1 GiB", |w, _| {
            std::fs::File::options().write(true).open(w.path("a.plan")).unwrap().set_len(1 << 30).unwrap();
            None
        }),
        saved("a plan file for another store", 4, "", |w, _| {
            std::fs::remove_file(w.path(".writ/test.db")).unwrap();
            w.write("y.toml", "[group.other]\n");
            w.apply();
            None
        }),
        case(&[109], "a plan file used twice", 4, "the plan is stale", |w| -> Run {
            applied(w);
            w.replace("x.toml", "[catalog.b]", "[catalog.b]\ndescription = \"B\"");
            w.expect(0, &["plan", "-o", "a.plan"]);
            w.expect(0, &["apply", "a.plan"]);
            w.run(&["apply", "a.plan"])
        }),
        saved("a plan file full of brackets", 1, "not a plan file", |_, _| Some("[".repeat(1_000_000))),
    ]
}

/// An exported history with a change in it, verified. `tests/chain.rs` tries each edit that there is, on histories of all sorts.
fn exports() -> Vec<Case> {
    let edited = |name: &'static str, says: &'static str, edit: fn(Vec<&str>) -> Vec<String>| {
        case(&[110], name, 7, says, move |w| {
            applied(w);
            w.expect(0, &["audit", "export", "-o", "history.jsonl"]);
            let text = w.read("history.jsonl");
            w.write("history.jsonl", &edit(text.lines().collect()).iter().map(|line| format!("{line}\n")).collect::<String>());
            w.run(&["audit", "verify", "history.jsonl"])
        })
    };
    vec![
        edited("an export without one of its events", "the first bad index is 1", |lines| {
            lines.iter().enumerate().filter(|(n, _)| *n != 4).map(|(_, line)| (*line).to_owned()).collect()
        }),
        edited("an export with another word in an event", "the first bad index is 1", |lines| {
            lines.iter().map(|line| line.replace("catalog.b", "catalog.c")).collect()
        }),
        edited("an export without its end", "", |lines| lines[..lines.len() - 2].iter().map(ToString::to_string).collect()),
        case(&[110], "a history older than the checkpoint", 7, "", |w| {
            applied(w);
            w.expect(0, &["audit", "export", "-o", "history.jsonl"]);
            w.replace("x.toml", "[catalog.b]", "[catalog.b]\ndescription = \"B\"");
            w.apply();
            w.expect(0, &["audit", "checkpoint", "-o", "checkpoint"]);
            w.run(&["audit", "verify", "history.jsonl", "--checkpoint", "checkpoint"])
        }),
    ]
}

/// Somebody else's store is not written, and read only where its owner lets it be. Root, who is trusted with everything, tries
/// it as another user; nobody else can make such a store.
#[test]
fn the_store_of_another_user_is_not_written() {
    const OWNER: u32 = 54_321;
    const NOBODY: u32 = 65_534;
    if !std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        eprintln!("skipped: it takes root to make a store of another user");
        return;
    }
    let w = Workspace::empty();
    w.write("writ.toml", "[workspace]\nname = \"test\"\n");
    applied(&w);
    // Root may do everything, whosever it is.
    chown(w.path(".writ/test.db"), Some(OWNER), Some(NOBODY)).unwrap();
    w.replace("x.toml", "[catalog.b]", "[catalog.b]\ndescription = \"B\"");
    w.apply();
    mode(&w, "", 0o755);
    for name in [".writ", ".writ/test.db.lock"] {
        chown(w.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    w.replace("x.toml", "\"B\"", "\"C\"");
    let as_nobody = |bits: u32, arguments: &[&str]| -> Option<Run> {
        mode(&w, ".writ/test.db", bits);
        let mut command = w.command(arguments);
        // Where the program itself stands in a place of root's, nobody can run it.
        command.uid(NOBODY).gid(NOBODY).output().ok().map(Run::of)
    };
    let before = std::fs::read(w.path(".writ/test.db")).unwrap();
    for (bits, arguments, code, says) in [
        (0o640, &["plan"][..], 0, "1 to change"),
        (0o640, &["audit", "verify"], 0, "The chain holds"),
        (0o444, &["history"], 0, "@2"),
        (0o644, &["plan"], 7, "everybody may read it (mode 0644)"),
        (0o640, &["apply", "--auto-approve"], 7, "it belongs to user 54321, and this is user 65534"),
        (0o640, &["doctor"], 7, "user 54321, and this is user 65534, who may not write it"),
    ] {
        let Some(run) = as_nobody(bits, arguments) else { return };
        assert_eq!(run.code, code, "{bits:o} {arguments:?}: {}{}", run.out, run.err);
        run.says(&[says]);
        assert_eq!(std::fs::read(w.path(".writ/test.db")).unwrap(), before);
    }
}
