//! One commit: events, the tables they change, and the link that seals them, in one transaction.
//!
//! In: a [`Lock`], the serial that was read, events as they come, and what their revision says last. Out: the new serial.
//! Invariants: a failure leaves the store as it was; each event is one statement, whose meaning is that of
//! [`fold`](super::fold); nothing in the past is ever written again.

use super::{
    Event, FoldError, Lock, ObjectRow, Revision, Snapshot, StoreError, Tables, body, chain,
    error::Doing,
    fold,
    migrate::{self, Upgraded},
    open::{self, Access, Place},
    query::{self, signed},
    records::{self, StoredRecords},
    rows::stamp,
};
use crate::model::{Ahead, Digest};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::{io, path::Path, thread};

/// The handle that can write, for as long as the lock is held.
#[derive(Debug)]
pub struct Writer<'lock> {
    connection: Connection,
    place: Place,
    /// What opening it did to a store of an older schema.
    pub upgraded: Option<Upgraded>,
    _lock: &'lock Lock,
}

impl<'lock> Writer<'lock> {
    /// Opens the store that `lock` was acquired for. One of an older schema is brought to that of today, with a copy of it
    /// made first.
    ///
    /// # Errors
    /// Those of [`Reader::open`](super::Reader::open); [`StoreError::Unreadable`] too when the file may not be written,
    /// and [`StoreError::Io`] when the lock is that of another path.
    pub fn open(path: &Path, lock: &'lock Lock) -> Result<Writer<'lock>, StoreError> {
        if !lock.guards(path) {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "the lock held is that of another store");
            return Err(StoreError::Io { doing: "opening the store", source });
        }
        let open::Opened { mut connection, place, schema } = open::open(path, Access::Write)?;
        let upgraded = if schema < migrate::schema() { Some(migrate::upgrade(path, &mut connection, schema)?) } else { None };
        Ok(Writer { connection, place, upgraded, _lock: lock })
    }

    /// The store as it is. Nobody else changes it while the lock is held.
    ///
    /// # Errors
    /// When it cannot be read or holds what no store holds.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        query::snapshot(&self.connection)
    }

    /// The store as it is but for its objects, which [`Writer::row`] knows.
    ///
    /// # Errors
    /// When it cannot be read or holds what no store holds.
    pub fn head(&self) -> Result<Snapshot, StoreError> {
        let view = self.connection.unchecked_transaction().doing("reading the store")?;
        query::head(&view)
    }

    /// One object as it is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn row(&self, address: &str) -> Result<Option<ObjectRow>, StoreError> {
        query::row(&self.connection, address)
    }

    /// When the latest revision was made.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn latest(&self) -> Result<DateTime<Utc>, StoreError> {
        query::latest(&self.connection)
    }

    /// The records of the lifecycle as they are.
    #[must_use]
    pub fn records(&self) -> StoredRecords<'_> {
        StoredRecords::new(&self.connection)
    }

    /// Appends a revision with its events, and changes the tables as they say. Returns its serial. It is durable then.
    ///
    /// # Errors
    /// Those of [`Writer::begin`], [`Open::write`] and [`Open::seal`]. Nothing is written then.
    pub fn commit(&mut self, expected: u64, events: &[Event], revision: &Revision) -> Result<u64, StoreError> {
        let mut open = self.begin(expected)?;
        open.write(events)?;
        open.seal(revision)
    }

    /// Begins a revision, of which nothing is there before it is sealed.
    ///
    /// # Errors
    /// [`StoreError::Stale`] when the store does not stand at `expected`, [`StoreError::Unreadable`] when another file took its place.
    pub fn begin(&mut self, expected: u64) -> Result<Open<'_, 'lock>, StoreError> {
        self.place.still()?;
        let work = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).doing("beginning to write the store")?;
        let (found, previous) = query::tip(&work)?;
        if found != expected {
            return Err(StoreError::Stale { expected, found });
        }
        let latest = stamp(query::latest(&work)?);
        Ok(Open { written: Written::after(previous, found.saturating_add(1)), latest, work, writer: self })
    }

    /// What a commit came to that failed: it is done once its journal is gone, and what fails after that undoes nothing.
    fn doubt(&self, error: rusqlite::Error, serial: u64, hash: &Digest) -> StoreError {
        match query::tip(&self.connection) {
            Ok((found, tip)) if found == serial && tip == *hash => StoreError::Unsynced { serial, source: error.into() },
            Ok(_) => StoreError::Sql { doing: "committing to the store", source: error },
            Err(_) => StoreError::Unknown(error),
        }
    }
}

/// A revision that is being written: dropped, it never was.
#[must_use = "what is not sealed is not there"]
pub struct Open<'w, 'lock> {
    writer: &'w Writer<'lock>,
    work: Transaction<'w>,
    written: Written,
    /// When the one before it was made.
    latest: String,
}

impl Open<'_, '_> {
    /// Writes its next events, and changes the tables as they say.
    ///
    /// # Errors
    /// [`StoreError::Misfit`] when an event does not fit what the store holds.
    pub fn write(&mut self, events: &[Event]) -> Result<(), StoreError> {
        self.written.add(&self.work, events)
    }

    /// Says what its events belong to, and commits it. Returns its serial. It is durable then.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when another file took the store's place. A disk that fails in the commit itself is
    /// [`StoreError::Unsynced`] when it was done, [`StoreError::Unknown`] when nobody knows.
    pub fn seal(self, revision: &Revision) -> Result<u64, StoreError> {
        let Open { writer, work, written, latest } = self;
        // The clock of a store never runs back, whatever the machine's does. What is no instant is refused below, and not mended.
        let at = if revision.at.len() == latest.len() { latest.max(revision.at.clone()) } else { revision.at.clone() };
        let hash = written.seal(&work, &Revision { at, ..revision.clone() })?;
        writer.place.still()?;
        match work.commit() {
            Ok(()) => Ok(written.serial),
            Err(error) => Err(writer.doubt(error, written.serial, &hash)),
        }
    }
}

/// From so many events on, another processor begins to spell and digest them while this one changes the tables.
const MANY_EVENTS: usize = 512;

/// So many of them at a time.
const AT_ONCE: usize = 256;

/// What a row of the history says of an event beside its place.
struct Told {
    body: String,
    body_digest: Digest,
    digest: Digest,
}

/// The events as the history tells them, in order, the first as number `first`.
fn told(first: u64, events: &[Event]) -> impl Iterator<Item = Told> {
    (first..).zip(events).map(|(seq, event)| {
        let body = body::write(event);
        let body_digest = Digest::of(body.as_bytes());
        let digest = chain::event(seq, event.kind(), event.address(), body_digest.as_str());
        Told { body, body_digest, digest }
    })
}

/// How much of a revision is written, inside the transaction of the caller.
pub(super) struct Written {
    previous: Digest,
    /// Its serial.
    pub(super) serial: u64,
    digests: chain::Events,
}

impl Written {
    /// Nothing yet of the one after the one of this hash.
    pub(super) fn after(previous: Digest, serial: u64) -> Written {
        Written { previous, serial, digests: chain::Events::default() }
    }

    /// Writes its next events, with what they change.
    pub(super) fn add(&mut self, work: &Connection, events: &[Event]) -> Result<(), StoreError> {
        let Written { serial, digests, .. } = self;
        let first = digests.count.saturating_add(1);
        if events.len() < MANY_EVENTS {
            change(work, *serial, events)?;
            return tell(work, *serial, events, told(first, events), digests);
        }
        let parts: Vec<(u64, &[Event])> = (first..).step_by(AT_ONCE).zip(events.chunks(AT_ONCE)).collect();
        let spell = |(first, part): &(u64, &[Event])| told(*first, part).collect::<Vec<Told>>();
        thread::scope(|scope| {
            let spelled = Ahead::new(scope, &parts, &spell);
            change(work, *serial, events)?;
            tell(work, *serial, events, spelled.flatten(), digests)
        })
    }

    /// Says what its events belong to, and returns its hash.
    pub(super) fn seal(&self, work: &Connection, revision: &Revision) -> Result<Digest, StoreError> {
        seal(work, &self.previous, self.serial, revision, &self.digests)
    }
}

/// Does to the tables what the events say.
fn change(work: &Connection, serial: u64, events: &[Event]) -> Result<(), StoreError> {
    let creates = |event: &Event| matches!(event, Event::ObjectCreated { .. });
    // Objects that come to be one after the other know nothing of each other. In the order of their addresses, which is that of
    // their table, each page of it is written once.
    for run in events.chunk_by(|a, b| creates(a) && creates(b)) {
        let mut run: Vec<&Event> = run.iter().collect();
        run.sort_by_key(|event| event.address());
        run.into_iter().try_for_each(|event| apply(work, serial, event))?;
    }
    Ok(())
}

/// Writes the events into the history.
fn tell(
    work: &Connection,
    serial: u64,
    events: &[Event],
    told: impl Iterator<Item = Told>,
    digests: &mut chain::Events,
) -> Result<(), StoreError> {
    let telling = "writing the events";
    let mut insert = work.prepare_cached("INSERT INTO event VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)").doing(telling)?;
    let first = digests.count.saturating_add(1);
    for ((seq, event), Told { body, body_digest, digest }) in (first..).zip(events).zip(told) {
        let row = params![signed(serial), signed(seq), event.kind(), event.address(), body, body_digest.as_str(), digest.as_str()];
        insert.execute(row).doing(telling)?;
        digests.push(digest.as_str());
    }
    Ok(())
}

/// Writes the revision that its events belong to, and returns its hash.
fn seal(work: &Connection, previous: &Digest, serial: u64, revision: &Revision, digests: &chain::Events) -> Result<Digest, StoreError> {
    let events_digest = digests.digest();
    let hash = chain::link(previous, serial, revision, digests.count, &events_digest);
    let Revision { at, actor, command, workspace, commit, plan_digest, changes_digest, summary } = revision;
    let row = params![
        signed(serial),
        at,
        actor,
        command,
        workspace,
        commit,
        plan_digest,
        changes_digest,
        summary,
        signed(digests.count),
        previous.as_str(),
        events_digest.as_str(),
        hash.as_str()
    ];
    work.execute("INSERT INTO revision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)", row)
        .doing("writing the revision")?;
    Ok(hash)
}

const CREATE: &str = "INSERT INTO object VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE object SET schema = ?3, attributes = ?4, origin = ?5, version = ?6 \
                      WHERE address = ?1 AND attributes = ?2";
const MOVE: &str = "UPDATE OR IGNORE object SET address = ?2, version = ?3 WHERE address = ?1 AND ?1 <> ?2";
const DELETE: &str = "DELETE FROM object WHERE address = ?1 AND id = ?2 AND attributes = ?3";
const MANAGE: &str = "UPDATE object SET workspace = ?2, version = ?3 WHERE address = ?1";
const CONFIGURE: &str = "INSERT INTO workspace VALUES (?1, ?2, ?3) \
                         ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, version = excluded.version";
const REMOVE: &str = "DELETE FROM workspace WHERE name = ?1";

/// Does to the tables what the event says: one statement, which changes one row.
fn apply(work: &Connection, serial: u64, event: &Event) -> Result<(), StoreError> {
    let version = signed(serial);
    let run = |sql, values: &[&dyn rusqlite::ToSql]| work.prepare_cached(sql)?.execute(values);
    let changed = match event {
        Event::ObjectCreated { address, kind, id, schema, attributes, workspace, origin } => {
            run(CREATE, params![address, kind, id, schema, attributes, workspace, version, origin])
        }
        Event::ObjectUpdated { address, schema, attributes, origin, before }
        | Event::ObjectRereferenced { address, schema, attributes, origin, before } => {
            run(UPDATE, params![address, before, schema, attributes, origin, version])
        }
        Event::ObjectMoved { from, to } => run(MOVE, params![from, to, version]),
        Event::ObjectDeleted { last } => run(DELETE, params![last.address, last.id, last.attributes]),
        Event::ObjectAdopted { address, workspace } => run(MANAGE, params![address, workspace, version]),
        Event::ObjectReleased { address } => run(MANAGE, params![address, None::<&str>, version]),
        Event::WorkspaceConfigured { name, settings } => run(CONFIGURE, params![name, settings, version]),
        Event::WorkspaceRemoved { name } => run(REMOVE, params![name]),
        Event::Life(life) => return records::change(work, serial, life),
    };
    match changed.doing("changing the tables")? {
        1 => Ok(()),
        _ => Err(StoreError::Misfit(misfit(work, serial, event)?)),
    }
}

/// Why a statement changed no row: what [`fold`] says of the rows it is about.
fn misfit(work: &Connection, serial: u64, event: &Event) -> Result<FoldError, StoreError> {
    let mut near = Tables::default();
    let (from, id) = match event {
        Event::ObjectMoved { from, .. } => (Some(from.as_str()), ""),
        Event::ObjectCreated { id, .. } => (None, id.as_str()),
        _ => (None, ""),
    };
    for address in event.address().into_iter().chain(from) {
        near.objects.extend(query::row(work, address)?.map(|row| (address.to_owned(), row)));
    }
    Ok(fold(&mut near, serial, event).err().unwrap_or_else(|| FoldError::SameId(id.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Reader, exists, testing::*};
    use proptest::prelude::*;
    use std::{fs, time::Duration};

    #[test]
    fn a_commit_is_whole_or_nothing() {
        let mut world = World::new();
        let before = world.snapshot();
        let absent = Event::ObjectReleased { address: "catalog.nowhere".into() };
        let error = world.commit(&[created("catalog.z", "9", "{}"), absent]).unwrap_err();
        assert!(matches!(error, StoreError::Misfit(FoldError::Absent(_))), "{error}");
        let error = world.commit(&[created("catalog.z", "1", "{}")]).unwrap_err();
        assert!(matches!(&error, StoreError::Misfit(FoldError::SameId(id)) if id == "1"), "{error}");
        let error = world.commit(&[created("catalog.z", "9", "not json")]).unwrap_err();
        assert!(matches!(error, StoreError::Sql { .. }), "{error}");
        assert_eq!(world.snapshot(), before);
        assert!(Reader::open(&world.path).unwrap().verify().is_ok());
    }

    #[test]
    fn a_commit_on_another_serial_is_stale() {
        let world = World::new();
        let lock = world.lock();
        let mut writer = Writer::open(&world.path, &lock).unwrap();
        let error = writer.commit(2, &[], &revision(4)).unwrap_err();
        assert!(matches!(error, StoreError::Stale { expected: 2, found: 3 }), "{error}");
        assert_eq!(writer.commit(3, &[], &revision(4)).unwrap(), 4);
        assert_eq!(writer.snapshot().unwrap().serial, 4);
        assert_eq!(writer.commit(4, &[], &revision(5)).unwrap(), 5);
    }

    #[test]
    fn a_time_of_another_form_is_refused() {
        let mut world = World::new();
        let at = "2026-03-01 08:00".into();
        let error = world.commit_as(&Revision { at, ..revision(4) }, &[]).unwrap_err();
        assert!(matches!(error, StoreError::Sql { .. }), "{error}");
    }

    #[test]
    fn writes_only_under_its_own_lock_and_only_in_its_place() {
        let world = World::new();
        let other = Lock::acquire(&world.path.with_file_name("other.db"), Duration::ZERO, &holder(), &|| false).unwrap();
        assert!(matches!(Writer::open(&world.path, &other), Err(StoreError::Io { .. })));

        let lock = world.lock();
        let mut writer = Writer::open(&world.path, &lock).unwrap();
        let away = world.path.with_file_name("away.db");
        fs::rename(&world.path, &away).unwrap();
        assert!(!exists(&world.path));
        assert!(matches!(writer.commit(3, &[], &revision(4)), Err(StoreError::Missing(_))));
        fs::copy(&away, &world.path).unwrap();
        assert!(matches!(writer.commit(3, &[], &revision(4)), Err(StoreError::Unreadable { .. })));
        assert_eq!(world.serial(), 3);
    }

    #[test]
    fn many_events_are_quick() {
        let mut world = World::new();
        let attributes = r#"{"description":"Everything a campaign needs","display_name":"Campaign","roles":["a","b"]}"#;
        let events: Vec<Event> = (0..10_000).map(|n| created(&format!("access_package.p{n:06}"), &format!("id-{n}"), attributes)).collect();
        let start = std::time::Instant::now();
        world.commit(&events).unwrap();
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        assert_eq!(world.snapshot().tables.objects.len(), 10_002);
    }

    /// One event out of a small world, so that many fit and many do not.
    fn any_event() -> impl Strategy<Value = (u8, u8, u8, u8)> {
        (0..9_u8, 0..5_u8, 0..5_u8, 0..3_u8)
    }

    /// Mostly what the object really was, so that updates and deletions fit often.
    fn event(tables: &Tables, minted: &mut u32, (what, one, two, three): (u8, u8, u8, u8)) -> Event {
        let address = format!("catalog.c{one}");
        let there = tables.objects.get(&address).cloned();
        let said = there.as_ref().map_or("{}".into(), |row| row.attributes.clone());
        let before = if two == 0 { r#"{"wrong":1}"#.into() } else { said };
        let attributes = format!(r#"{{"n":{three}}}"#);
        let origin = format!(r#"{{"line":{two}}}"#);
        let name = format!("w{two}");
        match what {
            0 => {
                *minted = minted.saturating_add(1);
                Event::ObjectCreated {
                    address,
                    kind: "catalog".into(),
                    id: minted.to_string(),
                    schema: 1,
                    attributes,
                    workspace: (two > 1).then_some(name),
                    origin,
                }
            }
            1 => Event::ObjectUpdated { address, schema: 2, attributes, origin, before },
            2 => Event::ObjectRereferenced { address, schema: 3, attributes, origin, before },
            3 => Event::ObjectMoved { from: address, to: format!("catalog.c{two}") },
            4 => {
                let wrong = row(&address, "0", &before);
                Event::ObjectDeleted { last: there.filter(|_| two > 0).unwrap_or(wrong) }
            }
            5 => Event::ObjectAdopted { address, workspace: name },
            6 => Event::ObjectReleased { address },
            7 => Event::WorkspaceConfigured { name, settings: attributes },
            _ => Event::WorkspaceRemoved { name },
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_tables_are_the_fold_of_the_events(
            history in prop::collection::vec(prop::collection::vec(any_event(), 0..6), 0..12),
        ) {
            let mut world = World::empty();
            let (mut tables, mut minted) = (Tables::default(), 0);
            for batch in history {
                let serial = world.serial().saturating_add(1);
                let (mut after, mut events, mut misfit) = (tables.clone(), Vec::new(), None);
                for seed in batch {
                    let event = event(&after, &mut minted, seed);
                    let told = fold(&mut after, serial, &event);
                    // Most histories would end at once if every misfit stayed in them.
                    if told.is_err() && seed.3 > 0 { continue }
                    events.push(event);
                    if let Err(error) = told { misfit = Some(error); break }
                }
                match (world.commit(&events), misfit) {
                    (Ok(made), None) => {
                        prop_assert_eq!(made, serial);
                        tables = after;
                    }
                    (Err(StoreError::Misfit(found)), Some(expected)) => prop_assert_eq!(found, expected),
                    (found, expected) => prop_assert!(false, "{:?} where {:?} was expected", found, expected),
                }
                prop_assert_eq!(&world.snapshot().tables, &tables);
            }
            let reader = Reader::open(&world.path).unwrap();
            prop_assert_eq!(&reader.at(world.serial()).unwrap().tables, &tables);
            prop_assert!(reader.verify().is_ok());
        }
    }
}
