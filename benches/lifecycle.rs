//! The lifecycle at 100,000 and 1,000,000 assignments: `cargo bench --bench lifecycle`, or with other sizes after `--`.
//!
//! Prints tables. What a look at the clock costs when nothing is due, and when the end of one in a hundred comes, beside a floor that
//! does the same to the same rows with bare SQL: it reads what is due, writes each row anew and an event for it, in one transaction, and
//! digests nothing. What an apply costs that adds a role to a package that one in ten holds, beside one SQL statement that adds
//! a row for each of them. What a plan costs that tells whom such a change takes a role from, with three roles each, beside
//! sorting all pairs of persons and roles before and afterwards and merging the two.
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

const TEXT: &str = "[application.crm]\nroles = [\"User\", \"Editor\", \"Reader\", \"Author\"]\n[catalog.sales]\n\
[catalog.sales.resource.crm]\norigin = \"application:crm\"\n";
/// So many packages are held, each by as many people.
const PACKAGES: usize = 10;

/// The files; the first package gives these roles, the others three.
fn text(first: &str) -> String {
    let package = |n: usize| {
        let roles = if n == 0 { first } else { "[\"User\", \"Editor\", \"Reader\"]" };
        format!(
            "[access_package.p{n}]\ncatalog = \"sales\"\nresource_roles.crm = {roles}\n\
             [access_package.p{n}.policy.direct]\nrequestors = \"none\"\nexpiration = \"never\"\n"
        )
    };
    format!("{TEXT}{}", (0..PACKAGES).map(package).collect::<String>())
}

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
    let packages: Vec<(Named, Named)> =
        (0..PACKAGES).map(|n| (named(&format!("access_package.p{n}")), named(&format!("access_package.p{n}.policy.direct")))).collect();
    drop(reader);
    let holder = Holder { actor: "bench".to_owned(), command: "fill".to_owned(), pid: 1, host: String::new(), since: stamp(now) };
    let lock = Lock::acquire(&path, Duration::ZERO, &holder, &|| false).unwrap();
    let mut writer = Writer::open(&path, &lock).unwrap();
    let given = |n: usize| {
        let assignment = Assignment {
            id: format!("a{n:09}"),
            package: packages[n % PACKAGES].0.clone(),
            policy: packages[n % PACKAGES].1.clone(),
            target: Named { id: format!("user{n:09}@contoso.example"), name: format!("user{n:09}@contoso.example") },
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
    let revision = Revision {
        at: stamp(now),
        actor: "bench".to_owned(),
        command: "fill".to_owned(),
        workspace: None,
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: "{}".to_owned(),
    };
    writer.commit(serial, &events, &revision).unwrap();
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

/// One row more for each who holds the first package, by one statement.
fn floor_of_a_role(path: &Path) -> (usize, Duration) {
    let mut connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA synchronous = FULL; CREATE TABLE held (assignment TEXT, person TEXT, role TEXT)").unwrap();
    let package: String = connection.query_row("SELECT id FROM object WHERE address = 'access_package.p0'", [], |row| row.get(0)).unwrap();
    let begun = Instant::now();
    let work = connection.transaction().unwrap();
    let sql = "INSERT INTO held SELECT id, person, 'Author' FROM record WHERE package = ?1 AND family = 'assignment' AND over = 0";
    let rows = work.execute(sql, [package]).unwrap();
    work.commit().unwrap();
    (rows, begun.elapsed())
}

/// All pairs of persons and roles before and afterwards, read, sorted and merged: who lost how many.
fn floor_of_impact(path: &Path) -> (usize, Duration) {
    let connection = Connection::open(path).unwrap();
    let first: String = connection.query_row("SELECT id FROM object WHERE address = 'access_package.p0'", [], |row| row.get(0)).unwrap();
    let begun = Instant::now();
    let pairs = |without: Option<&str>| {
        let mut query = connection.prepare("SELECT package, person FROM record WHERE family = 'assignment' AND over = 0").unwrap();
        let mut rows = query.query([]).unwrap();
        let mut pairs: Vec<(Box<str>, u8)> = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let less = without.is_some_and(|w| row.get_ref(0).unwrap().as_str().unwrap() == w);
            let person = row.get_ref(1).unwrap().as_str().unwrap();
            pairs.extend((0..if less { 2 } else { 3 }).map(|role| (person.into(), role)));
        }
        pairs.sort_unstable();
        pairs
    };
    let (before, after) = (pairs(None), pairs(Some(&first)));
    let (mut lost, mut at) = (0, 0);
    for pair in &before {
        if after.get(at) == Some(pair) {
            at += 1;
        } else {
            lost += 1;
        }
    }
    (lost, begun.elapsed())
}

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![100_000, 1_000_000] } else { sizes };
    let ms = |d: Duration| d.as_secs_f64() * 1e3;
    let show = |what: &str, count: usize, time: Duration, least: Option<Duration>| {
        let floor = least.map_or_else(|| "- | -".to_owned(), |least| format!("{:.1} ms | {:.2}", ms(least), ms(time) / ms(least)));
        println!("| {what} | {count} | {:.2} ms | {floor} |", ms(time));
    };
    println!("| What | Assignments | Writ | the floor | times |\n| --- | --- | --- | --- | --- |");
    for count in sizes {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        fs::write(root.join("writ.toml"), "[workspace]\nname = \"bench\"\n").unwrap();
        fs::write(root.join("all.toml"), text("[\"User\", \"Editor\", \"Reader\"]")).unwrap();
        let now: DateTime<Utc> = "2027-01-01T08:00:00Z".parse().unwrap();
        let end = now + TimeDelta::days(30);
        let context = context(root, now);
        let apply_now = || {
            let mut planned = plan(&context, &Options::default()).unwrap();
            apply(&context, &ApplyOptions::default(), &mut planned, &mut Yes).unwrap()
        };
        apply_now();
        fill(root, now, end, count);
        let (store, copy) = (root.join(".writ/bench.db"), root.join("copy.db"));
        fs::copy(&store, &copy).unwrap();

        // Whom a plan takes a role from.
        fs::write(root.join("all.toml"), text("[\"User\", \"Editor\"]")).unwrap();
        let begun = Instant::now();
        let planned = plan(&context, &Options::default()).unwrap();
        let time = begun.elapsed();
        let (lost, least) = floor_of_impact(&copy);
        assert_eq!((planned.plan.people_losing_access, lost), (count / PACKAGES, count / PACKAGES));
        show("impact of a plan that takes a role from one in ten", count, time, Some(least));

        // A role more for everybody who holds a package.
        fs::write(root.join("all.toml"), text("[\"User\", \"Editor\", \"Reader\", \"Author\"]")).unwrap();
        let serial = |path: &Path| Reader::open(path).unwrap().head().unwrap().serial;
        let before = serial(&store);
        let mut planned = plan(&context, &Options::default()).unwrap();
        let begun = Instant::now();
        apply(&context, &ApplyOptions::default(), &mut planned, &mut Yes).unwrap();
        let time = begun.elapsed();
        assert_eq!(serial(&store), before + 1, "one transaction");
        let (rows, least) = floor_of_a_role(&copy);
        assert_eq!(rows, count / PACKAGES);
        show("a role added to a package that one in ten holds", count, time, Some(least));

        let tick = |until| {
            let begun = Instant::now();
            let done = lifecycle::tick(&context, Some(until)).unwrap();
            (done.events.len(), begun.elapsed())
        };
        let mut idle: Vec<Duration> =
            (0..7).map(|_| tick(end - TimeDelta::days(1))).map(|(n, time)| if n == 0 { time } else { Duration::MAX }).collect();
        idle.sort();
        show("tick, nothing due", count, idle[3], None);
        let (ended, time) = tick(end);
        let (rows, least) = floor(&copy, end);
        assert_eq!((ended, rows), (count / 100, count / 100));
        show("tick, one in a hundred ends", count, time, Some(least));
    }
}
