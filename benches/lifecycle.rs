//! The lifecycle at 100,000 and 1,000,000 assignments: `cargo bench --bench lifecycle`, or with other sizes after `--`.
//!
//! Prints a table: what a look at the clock costs when nothing is due, and when the end of one in a hundred comes, beside a floor that
//! does the same to the same rows with bare SQL: it reads what is due, writes each row anew and an event for it, in one transaction, and
//! digests nothing.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a benchmark")]

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, params};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use writ::engine::{self, Assignment, AssignmentState, Named, Source};
use writ::ops::apply::{ApplyOptions, Consent, apply};
use writ::ops::plan::{Options, plan};
use writ::ops::{Context, Environment, Failure, lifecycle};
use writ::plan::Plan;
use writ::store::{Event, Holder, Lock, Reader, Revision, Writer, stamp};

const TEXT: &str = "[application.crm]\nroles = [\"User\"]\n[catalog.sales]\n[catalog.sales.resource.crm]\norigin = \"application:crm\"\n\
[access_package.crm]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n\
[access_package.crm.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n";

struct Yes;

impl Consent for Yes {
    fn ask(&mut self, _: &Plan, _: bool) -> Result<(), Failure> {
        Ok(())
    }
}

fn context(root: &Path, now: DateTime<Utc>) -> Context {
    Context {
        root: root.to_owned(),
        environment: Environment::default(),
        acting: None,
        operator: "operator:bench@here".to_owned(),
        now,
        mint: || uuid::Uuid::now_v7().to_string(),
        tell: |_| {},
        note: |_| {},
    }
}

/// A store in which so many hold the package; the end of one in a hundred comes at `end`.
fn fill(root: &Path, now: DateTime<Utc>, end: DateTime<Utc>, count: usize) {
    let path = root.join(".writ/bench.db");
    let reader = Reader::open(&path).unwrap();
    let objects = reader.snapshot().unwrap().tables.objects;
    let named = |address: &str| Named { id: objects[address].id.clone(), name: address.to_owned() };
    let (package, policy) = (named("access_package.crm"), named("access_package.crm.policy.direct"));
    drop(reader);
    let holder = Holder { actor: "bench".to_owned(), command: "fill".to_owned(), pid: 1, host: String::new(), since: stamp(now) };
    let lock = Lock::acquire(&path, Duration::ZERO, &holder, &|| false).unwrap();
    let mut writer = Writer::open(&path, &lock).unwrap();
    let given = |n: usize| {
        let assignment = Assignment {
            id: format!("a{n:09}"),
            package: package.clone(),
            policy: policy.clone(),
            target: Named { id: format!("u{n:09}"), name: format!("user{n:09}@contoso.example") },
            source: Source::Direct("bench".to_owned()),
            start: now,
            end: Some(if n.is_multiple_of(100) { end } else { end + TimeDelta::days(365) }),
            extensible: false,
            state: AssignmentState::Delivered,
            reminded: 0,
            grace: None,
            ended: None,
            cause: None,
        };
        Event::Life(Box::new(engine::Event::Given { assignment: Box::new(assignment) }))
    };
    let events: Vec<Event> = (0..count).map(given).collect();
    let serial = writer.head().unwrap().serial;
    let revision = || Revision {
        at: stamp(now),
        actor: "bench".to_owned(),
        command: "fill".to_owned(),
        workspace: None,
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: "{}".to_owned(),
    };
    writer.commit(serial, &events, revision).unwrap();
}

/// What is due, each row written anew with an event beside it, by bare SQL on a copy.
fn floor(path: &Path, until: DateTime<Utc>) -> (usize, Duration) {
    let mut connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA synchronous = FULL").unwrap();
    let begun = Instant::now();
    let work = connection.transaction().unwrap();
    let due: Vec<(String, String)> = {
        let mut query = work.prepare("SELECT id, body FROM record WHERE due <= ?1 ORDER BY due").unwrap();
        query.query_map([stamp(until)], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    };
    {
        let mut update =
            work.prepare("UPDATE record SET over = 1, due = NULL, version = 9, body = ?2 WHERE family = 'assignment' AND id = ?1").unwrap();
        let mut insert = work.prepare("INSERT INTO event VALUES (9, ?1, 'assignment.ended', ?2, ?3, ?4, ?4)").unwrap();
        let digest = "0".repeat(64);
        for (n, (id, body)) in due.iter().enumerate() {
            update.execute(params![id, body]).unwrap();
            let told = format!("{{\"event\":\"assignment.ended\",\"assignment\":\"{id}\",\"cause\":\"expired\"}}");
            insert.execute(params![i64::try_from(n + 1).unwrap(), id, told, digest]).unwrap();
        }
    }
    work.commit().unwrap();
    (due.len(), begun.elapsed())
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![100_000, 1_000_000] } else { sizes };
    println!("| Assignments | tick, nothing due | tick, 1 % end | the floor of that | times |\n| --- | --- | --- | --- | --- |");
    for count in sizes {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        fs::write(root.join("writ.toml"), "[workspace]\nname = \"bench\"\n").unwrap();
        fs::write(root.join("all.toml"), TEXT).unwrap();
        let now: DateTime<Utc> = "2027-01-01T08:00:00Z".parse().unwrap();
        let end = now + TimeDelta::days(30);
        let context = context(root, now);
        let mut planned = plan(&context, &Options::default()).unwrap();
        apply(&context, &ApplyOptions::default(), &mut planned, &mut Yes).unwrap();
        fill(root, now, end, count);
        let copy = root.join("copy.db");
        fs::copy(root.join(".writ/bench.db"), &copy).unwrap();

        let tick = |until| {
            let begun = Instant::now();
            let done = lifecycle::tick(&context, Some(until)).unwrap();
            (done.events.len(), begun.elapsed())
        };
        let mut idle: Vec<Duration> =
            (0..7).map(|_| tick(end - TimeDelta::days(1))).map(|(n, time)| if n == 0 { time } else { Duration::MAX }).collect();
        idle.sort();
        let (ended, time) = tick(end);
        let (rows, least) = floor(&copy, end);
        assert_eq!((ended, rows), (count / 100, count / 100));
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        println!("| {count} | {:.2} ms | {:.1} ms | {:.1} ms | {:.2} |", ms(idle[3]), ms(time), ms(least), ms(time) / ms(least));
    }
}
