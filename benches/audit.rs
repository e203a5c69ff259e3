//! How many events of a history are verified in a second: of an export, and of a whole store, with its pages and tables; and what
//! SQLite alone takes for a store, on one processor, which nothing that looks at the same things can be faster than.
//!
//! `cargo bench --bench audit [-- EVENTS]`

#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a benchmark")]

use rusqlite::{Connection, OpenFlags};
use std::hint::black_box;
use std::time::{Duration, Instant};
use writ::store::{self, Event, Reader, Revision};

/// In one revision.
const EVENTS: usize = 1_000;

/// Runs of each, of which the middle one counts.
const RUNS: usize = 5;

fn history(events: usize) -> Vec<(Revision, Vec<Event>)> {
    let attributes = r#"{"catalog":"marketing","description":"Everything a campaign needs","display_name":"Campaign"}"#;
    let origin = r#"{"attributes":{"catalog":"12","display_name":"13"},"file":"marketing/campaign.toml","line":11}"#;
    let created = |n: usize| Event::ObjectCreated {
        address: format!("access_package.p{n:07}"),
        kind: "access_package".into(),
        id: format!("01920000-0000-7000-8000-{n:012}"),
        schema: 1,
        attributes: attributes.into(),
        workspace: Some("contoso".into()),
        origin: origin.into(),
    };
    let revision = |serial: usize| Revision {
        at: format!("2026-03-01T08:00:00.{:03}Z", serial % 1000),
        actor: "operator:ann@build".into(),
        command: "apply".into(),
        workspace: Some("contoso".into()),
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: "{}".into(),
    };
    (0..events / EVENTS).map(|serial| (revision(serial), (serial * EVENTS..(serial + 1) * EVENTS).map(created).collect())).collect()
}

fn middle(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times.into_iter().nth(RUNS / 2).unwrap()
}

/// Steps through all rows of a query.
fn step(connection: &Connection, sql: &str) {
    let mut query = connection.prepare_cached(sql).unwrap();
    let columns = query.column_count();
    let mut rows = query.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            black_box(row.get_ref(column).unwrap());
        }
    }
}

fn main() {
    let wanted = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(300_000);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("writ.db");
    store::create(&path, "01920000-0000-7000-8000-000000000000", &history(wanted)).unwrap();
    let reader = Reader::open(&path).unwrap();
    let mut export = Vec::new();
    store::export(&reader, &mut export).unwrap();
    let events = reader.verify().unwrap().events;
    println!("{events} events, {} bytes a line", export.len() as u64 / events);
    let exported = middle(|| assert!(store::verify_export(&export[..], None).is_ok()));
    let stored = middle(|| assert!(reader.verify().is_ok()));
    let floor = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX).unwrap();
    let _view = floor.unchecked_transaction().unwrap();
    let pages = middle(|| step(&floor, "PRAGMA integrity_check"));
    let told = middle(|| step(&floor, "SELECT * FROM event ORDER BY serial, seq"));
    let held = middle(|| step(&floor, "SELECT * FROM object ORDER BY address"));
    for (what, time) in [
        ("verify an export", exported),
        ("verify a store, pages and tables included", stored),
        ("SQLite alone: check the pages", pages),
        ("SQLite alone: read the events", told),
        ("SQLite alone: read the objects", held),
        ("SQLite alone: all three", pages + told + held),
    ] {
        println!("{what:<44}{:>12.0} events a second", events as f64 / time.as_secs_f64());
    }
}
