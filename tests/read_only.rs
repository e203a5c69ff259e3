//! Looking changes nothing: no file is made, written or touched, and none needs to be writable.

#![expect(clippy::unwrap_used, reason = "a test")]
#![cfg(unix)]

mod house;

use house::{House, Ran, objects_file};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

/// Everything that tells one state of a directory from another: inode, mode, size, when written, when changed.
type Look = BTreeMap<PathBuf, (u64, u32, u64, (i64, i64), (i64, i64))>;

fn all(directory: &Path) -> Vec<PathBuf> {
    let mut all = vec![directory.to_owned()];
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => all.extend(self::all(&path)),
            path => all.push(path),
        }
    }
    all
}

fn look(house: &House) -> Look {
    let one = |path: PathBuf| {
        let m = fs::symlink_metadata(&path).unwrap();
        (path, (m.ino(), m.mode(), m.size(), (m.mtime(), m.mtime_nsec()), (m.ctime(), m.ctime_nsec())))
    };
    all(house.root()).into_iter().map(one).collect()
}

/// Takes the right to write away from everybody, or gives it back.
fn writable(house: &House, yes: bool) {
    let mut all = all(house.root());
    all.sort();
    for path in all {
        let mode = match (path.is_dir(), yes) {
            (true, true) => 0o755,
            (true, false) => 0o555,
            (false, true) => 0o644,
            (false, false) => 0o444,
        };
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
}

const LOOKING: &[&[&str]] = &[
    &["plan"],
    &["plan", "--json"],
    &["plan", "--destroy"],
    &["drift"],
    &["drift", "--adopt", "--diff"],
    &["validate"],
    &["show"],
    &["show", "--at", "@1"],
    &["history"],
    &["report"],
    &["report", "roles"],
    &["report", "activity", "--at", "@1"],
    &["diff", "@0", "@1"],
    &["graph"],
    &["state", "list"],
    &["explain", "catalog.house"],
    &["audit", "verify"],
    &["force-unlock"],
];

fn lock(house: &House) -> PathBuf {
    house.store().with_extension("db.lock")
}

/// A store with an apply behind it, and files that say something else by now.
fn house() -> House {
    let house = House::new(16, "one");
    assert_eq!(house.writ(&["apply", "--auto-approve"]).code, Some(0));
    fs::remove_file(lock(&house)).unwrap();
    house.write("objects.toml", &objects_file(16, "two"));
    house
}

#[test]
fn looking_writes_nothing() {
    let house = house();
    let before = look(&house);
    for arguments in LOOKING {
        let ran = house.writ(arguments);
        assert_eq!((ran.code, ran.out.is_empty()), (Some(0), false), "{arguments:?}: {ran:?}");
        assert_eq!(look(&house), before, "{arguments:?}");
    }
    // An apply that is declined, and one that has nothing to do.
    let declined = house.writ(&["apply"]);
    assert_eq!(declined.code, Some(8));
    assert!(declined.err.contains("WRIT_INPUT"), "{declined:?}");
    assert_eq!(look(&house), before);
    house.write("objects.toml", &objects_file(16, "one"));
    // The latter remembers how the files lie now, beside the store, and touches nothing else.
    let rest = |mut all: Look| {
        all.retain(|path, _| path.extension().is_none_or(|e| e != "settled") && !path.ends_with(".writ"));
        all
    };
    let before = rest(look(&house));
    assert_eq!(house.writ(&["apply", "--auto-approve"]).code, Some(0));
    assert_eq!(rest(look(&house)), before);
    assert!(!lock(&house).exists());
}

#[test]
fn a_plan_before_the_first_apply_makes_nothing() {
    let house = House::new(16, "one");
    let before = look(&house);
    for arguments in [&["plan"][..], &["validate"], &["plan", "--json"]] {
        assert_eq!(house.writ(arguments).code, Some(0), "{arguments:?}");
        assert_eq!(look(&house), before, "{arguments:?}");
    }
    assert!(!house.root().join(".writ").exists());
}

/// Run as nobody where the test is run by root, whom no mode stops.
#[test]
fn what_may_not_be_written_can_be_looked_at() {
    const NOBODY: u32 = 65_534;
    let house = house();
    writable(&house, false);
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let before = look(&house);
    for arguments in LOOKING {
        let mut command = house.command(arguments);
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = match command.output() {
            Ok(output) => output,
            // The program itself stands where only root may go.
            Err(error) if root && error.kind() == std::io::ErrorKind::PermissionDenied => house.command(arguments).output().unwrap(),
            Err(error) => unreachable!("{error}"),
        };
        let ran = Ran::of(output);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        assert_eq!(look(&house), before, "{arguments:?}");
    }
    writable(&house, true);
}
