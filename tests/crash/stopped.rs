//! Whoever holds the lock is stopped in its tracks: the others are told who it is, and it goes on where it was.

use super::signals::signal;
use super::tool::{self, Fault, Ran};
use super::world::{Deed, Outcome, World};
use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::Duration;
use writ::store::Reader;

/// An apply that stopped itself at a call.
fn stopped(root: &Path, at: usize) -> Child {
    let log = root.with_extension("hit");
    let child = tool::shimmed(Deed::Change.command(root), Fault::once("stop", at), &log).spawn().unwrap();
    let state = || fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    while state().rsplit_once(") ").unwrap().1.starts_with(['R', 'S', 'D']) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(state().contains(") T "), "{}", state());
    child
}

#[test]
fn a_holder_that_was_stopped_is_named_and_goes_on_or_dies() {
    let world = World::new(Deed::Change);
    let calls = world.watch(false, true);
    let stores = |call: &&tool::Record| call.name == "write" && call.offset == 0 && call.one.starts_with(b"SQLite format 3");
    let header = calls.iter().find(stores).unwrap();
    let locked = calls.iter().position(|call| call.name == "sync").unwrap() + 2;
    // The lock is written; the journal is being written; the store is being written, and nobody can read it.
    let journal = calls.iter().position(|call| call.name == "open" && call.made).unwrap() + 3;
    let store = calls.iter().position(|call| call.name == "write" && call.inode == header.inode).unwrap() + 2;
    std::thread::scope(|scope| {
        for (name, at) in [("locked", locked), ("journal", journal), ("store", store)] {
            let world = &world;
            scope.spawn(move || {
                for dies in [false, true] {
                    let root = world.fresh(&format!("{name}{dies}"));
                    let mut first = stopped(&root, at);
                    let other = tool::finish(Deed::Change.command(&root));
                    assert_eq!(other.code, Some(6), "{name}: {other:?}");
                    for word in [format!("process {}", first.id()), "operator:ann@".to_owned()] {
                        assert!(other.err.contains(&word), "{name}, {word}: {other:?}");
                    }
                    let told = tool::finish(tool::command(&root, &["force-unlock"]));
                    assert_eq!(told.code, Some(6), "{told:?}");
                    if dies {
                        first.kill().unwrap();
                        first.wait().unwrap();
                        assert_eq!(world.judge(&root, false), Ok(Outcome::Old), "{name}");
                        world.recover(&root, Outcome::Old).unwrap();
                    } else {
                        let waiting = tool::command(&root, &[Deed::Change.arguments(), &["--lock-timeout", "600s"]].concat());
                        let waiting = std::thread::spawn(|| tool::finish(waiting));
                        signal(&first, "-CONT");
                        let done = first.wait_with_output().unwrap();
                        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
                        let waited: Ran = waiting.join().unwrap();
                        assert_eq!(waited.code, Some(0), "{waited:?}");
                        let serial = Reader::open(&root.join(".writ/house.db")).unwrap().snapshot().unwrap().serial;
                        assert_eq!(serial, 2, "the other one found nothing to do");
                    }
                }
            });
        }
    });
}
