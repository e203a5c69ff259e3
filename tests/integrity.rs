//! A store file that was damaged: each flipped bit and each cut is found, or the store says the very same as before.
//!
//! `WRIT_FLIPS` says how many bits are flipped, one at a time; `WRIT_FLIPS=all` flips each bit of the file.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod support;

use proptest::prelude::Rng;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::fs;
use std::path::Path;
use std::thread;
use support::Workspace;
use writ::store::{EventRow, Reader, RevisionRow, Snapshot, Verified};

/// Everything that a store says.
#[derive(Debug, PartialEq)]
struct Content {
    snapshot: Snapshot,
    revisions: Vec<RevisionRow>,
    events: Vec<Vec<EventRow>>,
    verified: Verified,
}

/// What a store says, if nothing is found wrong with it: not by opening it, not by verifying it, not by reading it.
fn content(path: &Path) -> Option<Content> {
    let reader = Reader::open(path).ok()?;
    let verified = reader.verify().ok()?;
    let revisions = reader.revisions().ok()?;
    let events = revisions.iter().map(|r| reader.events(r.serial)).collect::<Result<_, _>>().ok()?;
    Some(Content { snapshot: reader.snapshot().ok()?, revisions, events, verified })
}

/// A store with created, changed, moved and deleted objects in it.
fn store() -> (Workspace, Vec<u8>) {
    let workspace = Workspace::of("[catalog.one]\n[access_package.a]\ncatalog = \"one\"\n[access_package.b]\ncatalog = \"one\"\n");
    workspace.apply();
    let moved = "[catalog.uno]\n[access_package.a]\ncatalog = \"uno\"\n[[moved]]\nfrom = \"catalog.one\"\nto = \"catalog.uno\"\n";
    workspace.write("all.toml", moved);
    workspace.apply();
    let bytes = fs::read(workspace.path(".writ/test.db")).unwrap();
    (workspace, bytes)
}

#[derive(Debug, Default)]
struct Found {
    found: usize,
    /// Nobody reads these bits: all that the store says is what it said.
    unused: usize,
}

/// Damages a copy in many ways, each by itself.
fn damage(bytes: &[u8], whole: &Content, all: impl Iterator<Item = usize>) -> Found {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = dir.path().join("writ.db");
    let mut found = Found::default();
    let mut copy = bytes.to_vec();
    for bit in all {
        copy[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &copy).unwrap();
        copy[bit / 8] ^= 1 << (bit % 8);
        match content(&path) {
            None => found.found += 1,
            Some(said) if said == *whole => found.unused += 1,
            Some(said) => assert_eq!(said, *whole, "bit {} of byte {} is not found", bit % 8, bit / 8),
        }
        for beside in fs::read_dir(dir.path()).unwrap() {
            fs::remove_file(beside.unwrap().path()).unwrap();
        }
    }
    found
}

#[test]
fn every_flipped_bit_is_found_or_says_nothing() {
    let (workspace, bytes) = store();
    let whole = content(&workspace.path(".writ/test.db")).unwrap();
    let bits = bytes.len() * 8;
    let wanted = std::env::var("WRIT_FLIPS").unwrap_or_else(|_| "3000".to_owned());
    let chosen: Vec<usize> = if wanted == "all" {
        (0..bits).collect()
    } else {
        let mut dice = TestRunner::new(Config { rng_seed: RngSeed::Fixed(1), ..Config::default() }).new_rng();
        let mut any = |of: usize| usize::try_from(dice.next_u64()).unwrap() % of;
        // All of the header, where each byte has a meaning of its own; of the rest a sample of all, and one of what is not empty,
        // since pages of a small store are mostly that.
        let filled: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        let wanted: usize = wanted.parse().unwrap();
        let sample = (0..wanted).map(|n| if n % 2 == 0 { any(bits) } else { filled[any(filled.len())] * 8 + any(8) });
        (0..100 * 8).chain(sample).collect()
    };
    let halves: Vec<Found> = thread::scope(|scope| {
        let parts: Vec<_> = chosen.chunks(chosen.len().div_ceil(2)).collect();
        let half = |part: &[usize]| damage(&bytes, &whole, part.iter().copied());
        let running: Vec<_> = parts.into_iter().map(|part| scope.spawn(move || half(part))).collect();
        running.into_iter().map(|half| half.join().unwrap()).collect()
    });
    let sum = |of: fn(&Found) -> usize| halves.iter().map(of).sum::<usize>();
    let (found, unused) = (sum(|f| f.found), sum(|f| f.unused));
    println!("{:>10}{:>10}{:>10}{:>10}", "bits", "flipped", "found", "unused");
    println!("{bits:>10}{:>10}{found:>10}{unused:>10}", chosen.len());
    assert_eq!(found + unused, chosen.len());
    let filled = chosen.iter().filter(|bit| bytes[*bit / 8] != 0).count();
    assert!(found * 2 > filled, "too few of the flips hit anything");
}

#[test]
fn every_cut_is_found() {
    let (_, bytes) = store();
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let path = dir.path().join("writ.db");
    let step = if std::env::var("WRIT_FLIPS").is_ok_and(|v| v == "all") { 1 } else { 61 };
    let lengths = (0..bytes.len()).step_by(step).chain((0..bytes.len()).step_by(512)).chain([bytes.len() - 1]);
    let mut cuts = 0;
    for length in lengths {
        fs::write(&path, &bytes[..length]).unwrap();
        assert!(content(&path).is_none(), "cut to {length} of {} bytes", bytes.len());
        cuts += 1;
    }
    println!("{cuts} cuts, all found");
}

/// What the library finds, the program tells: exit 7, and nothing is written.
#[test]
fn the_program_refuses_what_is_damaged() {
    let (workspace, bytes) = store();
    let store = workspace.path(".writ/test.db");
    let word = bytes.windows(13).position(|w| w == b"operator:olga").unwrap();
    let flipped = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        bytes
    };
    for (damaged, everywhere) in
        [(flipped(word), false), (flipped(20), true), (bytes[..bytes.len() - 1].to_vec(), true), (Vec::new(), true)]
    {
        fs::write(&store, &damaged).unwrap();
        workspace.expect(7, &["doctor"]);
        workspace.expect(7, &["audit", "verify"]);
        workspace.expect(7, &["state", "backup", "copy.db"]);
        if everywhere {
            workspace.expect(7, &["plan"]);
            workspace.expect(7, &["apply", "--auto-approve"]);
            workspace.expect(7, &["history"]);
        }
        assert_eq!(fs::read(&store).unwrap(), damaged);
        assert!(!workspace.path("copy.db").exists());
    }
}
