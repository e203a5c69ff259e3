//! The power goes between any two calls: what was told as done is there, and there is never half a store.

use super::disk::{Disk, Luck};
use super::table::{Table, Verdict, dice, sweep, wanted};
use super::tool::{self, Fault, Record};
use super::world::{Deed, World, deeds};
use proptest::prelude::Rng;
use std::fs;

/// One deed, with the disk before it and all its storage calls.
struct Tape {
    world: World,
    disk: Disk,
    calls: Vec<Record>,
    /// Whether the next run is tried as well, which takes most of the time.
    recovers: bool,
}

/// The power goes after so many calls.
struct Loss {
    tape: usize,
    after: usize,
    luck: Luck,
    seed: u64,
}

impl Tape {
    fn of(deed: Deed, syncs: bool) -> Tape {
        let world = World::new(deed);
        let root = world.fresh("watched");
        let disk = Disk::of(&root);
        let calls = tool::watch(&root, deed.command(&root), false, syncs);
        Tape { world, disk, calls, recovers: true }
    }

    /// The run after one that was killed while it wrote the store: it finds a journal, and undoes half a commit first.
    fn of_recovery() -> Tape {
        let world = World::new(Deed::Change);
        let root = world.fresh("watched");
        let file = std::os::unix::fs::MetadataExt::ino(&fs::metadata(Deed::Change.store(&root)).unwrap());
        let calls = tool::watch(&root, Deed::Change.command(&root), false, true);
        let last = calls.iter().rposition(|call| call.name == "write" && call.inode == file).unwrap();
        let root = world.fresh("recovering");
        tool::run_with(&root, Deed::Change.command(&root), Fault::once("before", last + 1));
        assert!(root.join(".writ/house.db-journal").exists());
        let disk = Disk::of(&root);
        let calls = tool::watch(&root, Deed::Change.command(&root), false, true);
        Tape { world, disk, calls, recovers: true }
    }

    fn judge(&self, loss: &Loss, thread: usize) -> Verdict {
        let played = &self.calls[..loss.after];
        let mut disk = self.disk.clone();
        played.iter().for_each(|call| disk.play(call));
        let root = self.world.empty(&format!("lost{thread}"));
        disk.lose_power(&root, loss.luck, &mut dice(loss.seed));
        let said: Vec<u8> = played.iter().filter(|c| c.name == "tell").flat_map(|c| c.one.clone()).collect();
        let outcome = self.world.judge(&root, self.world.deed.is_told(&String::from_utf8_lossy(&said)))?;
        if self.recovers {
            self.world.recover(&root, outcome)?;
        }
        Ok(outcome)
    }
}

/// Each moment of each tape with everything lost, and then as many more as are wanted, by chance.
fn losses(tapes: &[Tape], wanted: usize) -> Vec<Loss> {
    let moments = tapes.iter().enumerate().flat_map(|(t, tape)| (0..=tape.calls.len()).map(move |after| (t, after)));
    losses_at(moments, wanted)
}

/// As [`losses`], at some moments only.
fn losses_at(moments: impl Iterator<Item = (usize, usize)>, wanted: usize) -> Vec<Loss> {
    let mut all: Vec<Loss> = moments.map(|(tape, after)| Loss { tape, after, luck: Luck::Nothing, seed: 0 }).collect();
    let (moments, mut dice, odds) = (all.len(), dice(2), [128, 24, 232]);
    while all.len() < wanted {
        let Loss { tape, after, .. } = all[dice.next_u32() as usize % moments];
        let luck = odds.get(all.len() % 4).map_or(Luck::Everything, |odds| Luck::Some(*odds));
        all.push(Loss { tape, after, luck, seed: all.len() as u64 });
    }
    all
}

fn lose(tapes: &[Tape], wanted: usize) -> Table {
    lose_at(tapes, &losses(tapes, wanted))
}

fn lose_at(tapes: &[Tape], losses: &[Loss]) -> Table {
    let tell = |l: &Loss| {
        let (tape, last) = (&tapes[l.tape], l.after.checked_sub(1));
        let call = last.map_or("nothing".to_owned(), |n| format!("{} {}", tape.calls[n].name, tape.calls[n].offset));
        (tape.world.deed, format!("after call {} ({call}), {:?}, seed {}", l.after, l.luck, l.seed))
    };
    sweep(losses, tell, |l, n| tapes[l.tape].judge(l, n))
}

#[test]
fn no_loss_of_power_loses_what_was_told_as_done() {
    let wanted = wanted("WRIT_POWER_LOSSES", 500);
    let mut tapes: Vec<Tape> = deeds().into_iter().map(|deed| Tape::of(deed, true)).collect();
    if tapes.len() > 1 {
        tapes.push(Tape::of_recovery());
    }
    lose(&tapes, wanted).conclude("The power goes", wanted);
}

/// The sweep itself is tried: a program that never syncs is found out.
#[test]
fn a_program_that_does_not_sync_is_found_out() {
    let all = [Deed::First, Deed::Change].map(|deed| Tape { recovers: false, ..Tape::of(deed, false) });
    let found = lose(&all, 200);
    let lost = found.violations().iter().filter(|v| v.contains("told as done, and lost")).count();
    assert!(lost > 0, "{found:?}");
    println!("without any sync: {} violations of {} points, {lost} of them lost what was told", found.violations().len(), found.tried());
}

/// And so is one that leaves out a single sync, whichever it is.
#[test]
fn each_sync_that_is_left_out_is_found_out() {
    for deed in [Deed::First, Deed::Change] {
        let mut tape = Tape { recovers: false, ..Tape::of(deed, true) };
        let mut after = tape.disk.clone();
        tape.calls.iter().for_each(|call| after.play(call));
        let lock = tape.calls.iter().find(|call| call.one.ends_with(b".lock")).unwrap().inode;
        for n in 0..tape.calls.len() {
            // Directories above the workspace were there before.
            if tape.calls[n].name != "sync" || !after.knows(tape.calls[n].inode) {
                continue;
            }
            let call = tape.calls.remove(n);
            // The text in the lock is for people, and decides nothing; a sync after which the same file is synced again, before
            // anything is written, is one more than needed. Where the same file is written in between, as SQLite counts the pages of
            // a journal once they are there, all depends on the few moments until it is synced again.
            let again = |c: &Record| c.name == "sync" && c.inode == call.inode;
            let spare = call.inode == lock || tape.calls[n..].iter().take_while(|c| c.name != "write").any(again);
            let until = tape.calls[n..].iter().take_while(|c| c.name != "write" || c.inode == call.inode).position(again);
            let tape_alone = std::slice::from_ref(&tape);
            let found = match until.filter(|_| !spare) {
                Some(until) => lose_at(tape_alone, &losses_at((n..=n + until).map(|after| (0, after)), 2_000)),
                None => lose(tape_alone, 300),
            };
            println!("{deed:?} without the sync at call {}: {} violations of {}", n + 1, found.violations().len(), found.tried());
            assert_eq!(found.violations().is_empty(), spare, "{deed:?}, call {}", n + 1);
            tape.calls.insert(n, call);
        }
    }
}
