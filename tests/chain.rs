//! Edits of an exported history: whatever is removed, changed, reordered, inserted or cut off, it is found.
//!
//! `WRIT_EDITS` says how many edits of each sort are tried: 1,000 unless it does.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::expect_used, reason = "a test")]

use proptest::prelude::Rng;
use proptest::test_runner::{Config, RngSeed, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use writ::store::{self, Checkpoint, Event, Fault, Reader, Revision, Verified};

/// Revisions of the history, so that there is a before and an after of each.
const REVISIONS: u64 = 8;

fn revision(serial: u64) -> Revision {
    Revision {
        at: format!("2026-03-01T08:{serial:02}:00.000Z"),
        actor: "operator:ann@build".into(),
        command: if serial == 0 { "init" } else { "apply" }.into(),
        workspace: Some("contoso".into()),
        commit: (serial % 2 == 1).then(|| "4f2a9c1".into()),
        plan_digest: Some(format!("plan {serial}")),
        changes_digest: None,
        summary: format!("{{\"add\":{serial}}}"),
    }
}

/// A history with a created, an updated and a moved object in it, so many revisions long.
fn history(revisions: u64, word: &str) -> Vec<(Revision, Vec<Event>)> {
    let created = |key: String, attributes: &str| Event::ObjectCreated {
        address: format!("catalog.{key}"),
        kind: "catalog".into(),
        id: format!("id-{key}"),
        schema: 1,
        attributes: attributes.into(),
        workspace: Some("contoso".into()),
        origin: "{}".into(),
    };
    let said = |serial: u64| format!("{{\"description\":\"{word} {serial}\"}}");
    (0..revisions)
        .map(|serial| {
            let mut events = vec![created(format!("c{serial}"), &said(serial))];
            if serial > 0 {
                let (address, before) = (format!("catalog.c{}", serial - 1), said(serial - 1));
                let attributes = said(100 + serial);
                events.push(Event::ObjectUpdated { address: address.clone(), schema: 1, attributes, origin: "{}".into(), before });
                events.push(Event::ObjectMoved { from: address, to: format!("catalog.m{}", serial - 1) });
            }
            (revision(serial), events)
        })
        .collect()
}

/// The lines of the export of a history, and its checkpoint.
fn export(directory: &Path, revisions: u64, word: &str) -> (Vec<String>, Checkpoint) {
    let path = directory.join(format!("{word}-{revisions}.db"));
    store::create(&path, "01920000-0000-7000-8000-000000000000", &history(revisions, word)).unwrap();
    let mut bytes = Vec::new();
    let end = store::export(&Reader::open(&path).unwrap(), &mut bytes).unwrap();
    (String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect(), end)
}

fn verify(lines: &[String], witness: Option<&Checkpoint>) -> Result<Verified, Vec<Fault>> {
    store::verify_export(lines.join("\n").as_bytes(), witness)
}

struct World {
    lines: Vec<String>,
    end: Checkpoint,
    /// The same history, ended earlier by somebody who knows how: one for each length.
    cut: Vec<Vec<String>>,
    /// Another history from the beginning, of the same length.
    rewritten: Vec<String>,
}

impl World {
    fn new() -> World {
        let directory = tempfile::tempdir().unwrap();
        let (lines, end) = export(directory.path(), REVISIONS, "one");
        let cut = (1..REVISIONS).map(|n| export(directory.path(), n, "one").0).collect();
        let rewritten = export(directory.path(), REVISIONS, "two").0;
        World { lines, end, cut, rewritten }
    }
}

/// A number below `n`.
fn pick(dice: &mut TestRng, n: usize) -> usize {
    usize::try_from(dice.next_u32()).unwrap() % n
}

const SORTS: [&str; 6] = ["removed", "changed", "reordered", "inserted", "cut tail", "rewritten"];

/// One edit of a sort, and whether only a checkpoint can tell.
fn edit(world: &World, sort: &str, dice: &mut TestRng) -> (Vec<String>, bool) {
    let mut lines = world.lines.clone();
    let at = pick(dice, lines.len());
    match sort {
        "removed" => {
            let until = (at + 1 + pick(dice, 3)).min(lines.len());
            lines.drain(at..until);
        }
        "changed" => loop {
            // One letter or digit for another, wherever it stands.
            let place = pick(dice, lines[at].len());
            let new = char::from(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[pick(dice, 62)]);
            let old = lines[at].as_bytes()[place];
            if old.is_ascii_alphanumeric() && char::from(old) != new {
                lines[at].replace_range(place..=place, &new.to_string());
                break;
            }
        },
        "reordered" => {
            let other = (at + 1 + pick(dice, lines.len() - 1)) % lines.len();
            lines.swap(at, other);
        }
        "inserted" => {
            // A line of this history, or one of another that fits as well as can be.
            let source = if pick(dice, 2) == 0 { &world.lines } else { &world.rewritten };
            let line = source[pick(dice, source.len())].clone();
            lines.insert(at, line);
        }
        "cut tail" => return (world.cut[pick(dice, world.cut.len())].clone(), true),
        _ => return (world.rewritten.clone(), true),
    }
    (lines, false)
}

#[test]
fn an_honest_export_holds_and_goes_on_from_every_earlier_checkpoint() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::new();
    let verified = verify(&world.lines, None).expect("it holds");
    assert_eq!((verified.serial, &verified.hash, verified.events), (REVISIONS - 1, &world.end.root, 3 * REVISIONS - 2));
    for n in 1..=REVISIONS {
        let (lines, earlier) = export(directory.path(), n, "one");
        verify(&lines, Some(&earlier)).expect("it holds");
        verify(&world.lines, Some(&earlier)).expect("it goes on from there");
    }
}

#[test]
fn every_edit_of_a_history_is_found() {
    let wanted = std::env::var("WRIT_EDITS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000);
    let world = World::new();
    verify(&world.lines, Some(&world.end)).expect("it holds");
    let halves: Vec<BTreeMap<&str, (usize, usize)>> = thread::scope(|scope| {
        let half = |seed| {
            scope.spawn({
                let world = &world;
                move || edits(world, wanted / 2, seed)
            })
        };
        let both: Vec<_> = [1, 2].map(half).into();
        both.into_iter().map(|half| half.join().unwrap()).collect()
    });
    println!("{:<12}{:>8}{:>8}{:>24}", "edit", "tried", "found", "by the checkpoint only");
    for sort in SORTS {
        let (found, late) = halves.iter().map(|half| half[sort]).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        println!("{sort:<12}{:>8}{found:>8}{late:>24}", wanted / 2 * 2);
        assert_eq!(found, wanted / 2 * 2, "{sort}");
    }
}

/// How many of so many edits of each sort are found, and how many of them by the checkpoint only.
fn edits(world: &World, wanted: usize, seed: u64) -> BTreeMap<&'static str, (usize, usize)> {
    let mut dice = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() }).new_rng();
    let mut table = BTreeMap::new();
    for sort in SORTS {
        let (found, late): &mut (usize, usize) = table.entry(sort).or_default();
        for _ in 0..wanted {
            let (lines, needs_witness) = edit(world, sort, &mut dice);
            assert_ne!(lines, world.lines, "an edit that edits nothing");
            match verify(&lines, None) {
                Err(_) => *found += 1,
                Ok(_) => {
                    assert!(needs_witness, "{sort} is not found: {lines:#?}");
                    let faults = verify(&lines, Some(&world.end)).expect_err("the checkpoint tells");
                    assert!(faults[0].serial.is_some(), "the first bad index is told: {faults:?}");
                    *found += 1;
                    *late += 1;
                }
            }
        }
    }
    table
}
