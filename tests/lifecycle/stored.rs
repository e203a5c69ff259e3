//! Some of the worlds once more, each of what happens in them in a store: a file for each of all the worlds would take hours.
//!
//! After every revision the tables of the store are the fold of the events up to it, both as they are kept and as they are told from
//! nothing; and every event is in the chain, in its place.

use super::compare::Engine;
use super::naive::Naive;
use super::steps;
use super::world::{Dice, World};
use std::path::Path;
use std::time::Duration;
use writ::engine::{self, Ledger};
use writ::store::{self, Event, Holder, Lock, Reader, Revision, Writer};

/// What happened, revision by revision, and what was so after each.
fn history(seed: u64) -> Vec<(Vec<engine::Event>, Ledger)> {
    let mut dice = Dice::new(seed);
    let world = World::generate(&mut dice);
    let mut engine = Engine::of(&world, true);
    let mut model = Naive::new(world);
    for _ in 0..25 {
        let step = steps::next(&mut dice, &model);
        if super::found::is_left_out(&model, &step) {
            continue;
        }
        super::compare::step(&mut model, &mut engine, &step).unwrap_or_else(|how| panic!("world {seed}: {how}"));
    }
    engine.history
}

fn revision(number: usize) -> Revision {
    Revision {
        at: format!("2027-01-01T00:00:00.{number:03}Z"),
        actor: "operator:root@here".to_owned(),
        command: "test".to_owned(),
        workspace: None,
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: "{}".to_owned(),
    }
}

fn ledger(snapshot: store::Snapshot) -> Ledger {
    Ledger(snapshot.tables.records.into_iter().map(|(key, row)| (key, row.record)).collect())
}

/// One world, and how many events it had.
fn keep(place: &Path, seed: u64) -> usize {
    let history = history(seed);
    let path = place.join("writ.db");
    store::create(&path, "01928c3e-0000-7000-8000-000000000000", &[(revision(0), Vec::new())]).unwrap();
    let holder = Holder { actor: "a".into(), command: "c".into(), pid: 1, host: String::new(), since: revision(0).at };
    let lock = Lock::acquire(&path, Duration::from_secs(10), &holder, &|| false).unwrap();
    let mut writer = Writer::open(&path, &lock).unwrap();
    for (number, (events, after)) in history.iter().enumerate() {
        let events: Vec<Event> = events.iter().map(|e| Event::Life(Box::new(e.clone()))).collect();
        let serial = writer.commit(number as u64, &events, &revision(number + 1)).unwrap();
        assert_eq!(
            ledger(writer.snapshot().unwrap()),
            *after,
            "world {seed}, revision {serial}: the tables are not the fold of the events"
        );
    }
    drop(writer);
    drop(lock);
    let reader = Reader::open(&path).unwrap();
    let verified = reader.verify().unwrap_or_else(|faults| panic!("world {seed}: {faults:?}"));
    let all: usize = history.iter().map(|(events, _)| events.len()).sum();
    assert_eq!((verified.serial, verified.events), (history.len() as u64, all as u64), "world {seed}");
    for (serial, (events, after)) in (1..).zip(&history) {
        let kept: Vec<Event> = reader.events(serial).unwrap().into_iter().map(|row| row.event.unwrap()).collect();
        let happened: Vec<Event> = events.iter().map(|e| Event::Life(Box::new(e.clone()))).collect();
        assert_eq!(kept, happened, "world {seed}, revision {serial}: not every event is in the chain");
        assert_eq!(ledger(reader.at(serial).unwrap()), *after, "world {seed}, revision {serial}: told from nothing it is another");
    }
    all
}

#[test]
fn a_store_holds_what_its_events_make_of_it() {
    let worlds = super::number("WRIT_STORED").unwrap_or(200);
    let mut events = 0;
    for seed in 0..worlds {
        let place = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        events += keep(place.path(), seed);
    }
    println!("{worlds} worlds in stores, {events} events");
    assert!(events as u64 > worlds * 10, "too little happened: {events} events");
}
