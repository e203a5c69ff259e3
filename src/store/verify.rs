//! Whether the store is what its history says.
//!
//! In: a connection. Out: what was verified, or every fault with its place.
//! Invariants: those of `audit`, which looks at the history; the tables are compared with what the events add up to.

use super::{
    Checkpoint, Reader, RecordRow, StoreError, Tables, WorkspaceRow,
    audit::{Audit, MANY, check},
    batch::Batch,
    error::Doing,
    held, pages,
    query::{self, Link},
    records::{self, HeldRecord},
};
use crate::engine::Family;
use crate::model::{Digest, meanwhile, on_all, pipe};
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    vec::IntoIter,
};

/// How many events are in memory at once.
const BATCH: usize = 2_048;

/// A store whose history holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its identity.
    pub lineage: String,
    /// Its latest serial.
    pub serial: u64,
    /// The link of that serial, which stands for the whole history: a checkpoint, when kept elsewhere.
    pub hash: Digest,
    /// How many events there are.
    pub events: u64,
    /// How many of them lost their body.
    pub erased: u64,
    /// Objects that could not be compared with the history, since what made them was erased.
    pub unchecked: Vec<String>,
}

/// Something that is not as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The revision, if it is about one.
    pub serial: Option<u64>,
    /// The event in it, if it is about one.
    pub seq: Option<u64>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.serial, self.seq) {
            (Some(serial), Some(seq)) => write!(f, "serial {serial}, event {seq}: {}", self.what),
            (Some(serial), None) => write!(f, "serial {serial}: {}", self.what),
            (None, _) => f.write_str(&self.what),
        }
    }
}

/// Verifies in one read transaction; with a checkpoint, also that the history is the one that it has seen.
pub(super) fn verify(reader: &Reader, witness: Option<&Checkpoint>) -> Result<Verified, Vec<Fault>> {
    verify_as(reader, witness, pages::many(&reader.connection))
}

/// As [`verify`], with several things done at once where it `pays`.
fn verify_as(reader: &Reader, witness: Option<&Checkpoint>, pays: bool) -> Result<Verified, Vec<Fault>> {
    let early = |error: StoreError| vec![Fault { serial: None, seq: None, what: error.to_string() }];
    let view = reader.connection.unchecked_transaction().doing("verifying the store").map_err(early)?;
    let lineage = query::lineage(&view).map_err(early)?;
    let created_at = view.query_row("SELECT created_at FROM meta", [], |row| row.get::<_, String>(0));
    let created_at = created_at.doing("verifying the store").map_err(early)?;
    let mut audit = Audit::new(&lineage, &created_at, witness);
    let beside = if pays { reader.beside() } else { None };
    match run(&mut audit, &view, beside, pays) {
        Ok(verified) if audit.faults.is_empty() => Ok(verified),
        Ok(_) => Err(audit.faults),
        Err(error) => {
            audit.fault(None, None, error.to_string());
            Err(audit.faults)
        }
    }
}

/// The pages are looked at beside all else, if there is another connection to the same file.
fn run(audit: &mut Audit<'_>, view: &Connection, beside: Option<Connection>, pays: bool) -> Result<Verified, StoreError> {
    let Some(other) = beside else {
        audit.faults.extend(pages::faults(view)?);
        return whole(audit, view, pays);
    };
    let (broken, done) = meanwhile(true, move || pages::faults(&other), || whole(audit, view, pays));
    // Told first, as they explain what else is found.
    audit.faults.splice(0..0, broken?);
    done
}

/// The history, and the tables against what it adds up to.
fn whole(audit: &mut Audit<'_>, view: &Connection, pays: bool) -> Result<Verified, StoreError> {
    history(audit, view, pays)?;
    compare(audit, view)?;
    let (serial, hash) = query::tip(view)?;
    let unchecked = audit.unclear.iter().cloned().collect();
    let Audit { events, erased, .. } = *audit;
    Ok(Verified { lineage: query::lineage(view)?, serial, hash, events, erased, unchecked })
}

/// All revisions with their events, and events that no revision seals. Some are read while others are looked at.
fn history(audit: &mut Audit<'_>, view: &Connection, pays: bool) -> Result<(), StoreError> {
    let mut links = query::links(view)?.into_iter();
    let mut orphans = BTreeSet::new();
    let all = |give: &mut dyn FnMut(Batch)| {
        let mut batch = Batch::default();
        let read = query::each_event(view, 0, u64::MAX, |told| {
            batch.push(&told);
            if batch.rows.len() >= BATCH {
                give(std::mem::take(&mut batch));
            }
            Ok(())
        });
        give(batch);
        read
    };
    let read = pipe(pays, all, |batch| take(audit, &mut links, &mut orphans, &batch));
    links.for_each(|link| audit.seal(&link));
    read?;
    audit.end();
    // Nobody counts below zero, and so nobody read what stands there.
    let stray: i64 = view.query_row("SELECT count(*) FROM event WHERE serial < 0", [], |row| row.get(0)).doing("verifying the store")?;
    let stray = (stray > 0).then_some(None);
    for serial in stray.into_iter().chain(orphans.into_iter().map(Some)) {
        audit.fault(serial, None, "it has events and is missing itself");
    }
    Ok(())
}

/// Looks at a batch of events, and seals the revisions that end in it.
fn take(audit: &mut Audit<'_>, links: &mut IntoIter<Link>, orphans: &mut BTreeSet<u64>, batch: &Batch) {
    for checked in on_all(&batch.rows, MANY, |row| check(batch.view(row))) {
        while links.as_slice().first().is_some_and(|link| link.row.serial < checked.serial) {
            links.next().iter().for_each(|link| audit.seal(link));
        }
        if links.as_slice().first().is_some_and(|link| link.row.serial == checked.serial) {
            audit.event(checked);
        } else {
            orphans.insert(checked.serial);
        }
    }
}

/// What the events add up to against what the tables hold.
fn compare(audit: &mut Audit<'_>, view: &Connection) -> Result<(), StoreError> {
    let Tables { objects, workspaces, records: told_records } = std::mem::take(&mut audit.folded);
    let mut unclear = audit.unclear.clone();
    let mut told = objects.into_values().peekable();
    held::each(view, |held| {
        let address = held.address()?;
        while let Some(row) = told.next_if(|row| *row.address < *address) {
            audit.fault(None, None, format!("`{}` is missing", row.address));
        }
        match told.next_if(|row| row.address == address) {
            Some(row) if !held.is(&row)? => audit.fault(None, None, format!("`{address}` is not what its events made it")),
            None if !unclear.remove(address) => audit.fault(None, None, format!("no event tells of `{address}`")),
            _ => {}
        }
        Ok(())
    })?;
    for address in told.map(|row| row.address).chain(unclear) {
        audit.fault(None, None, format!("`{address}` is missing"));
    }
    compare_workspaces(audit, &workspaces, &query::workspaces(view)?);
    compare_records(audit, told_records, view)
}

fn compare_records(audit: &mut Audit<'_>, mut told: BTreeMap<(Family, String), RecordRow>, view: &Connection) -> Result<(), StoreError> {
    let mut unclear = std::mem::take(&mut audit.unclear_records);
    records::each(view, |HeldRecord { key, row, sound }| {
        let name = format!("the {} `{}`", key.0.word(), key.1);
        match told.remove(&key) {
            Some(expected) if expected != row || !sound => audit.fault(None, None, format!("{name} is not what its events made it")),
            None if !unclear.remove(&key) => audit.fault(None, None, format!("no event tells of {name}")),
            _ => {}
        }
        Ok(())
    })?;
    for (family, id) in told.into_keys().chain(unclear) {
        audit.fault(None, None, format!("the {} `{id}` is missing", family.word()));
    }
    Ok(())
}

fn compare_workspaces(audit: &mut Audit<'_>, told: &BTreeMap<String, WorkspaceRow>, held: &BTreeMap<String, WorkspaceRow>) {
    for (name, row) in told {
        match held.get(name) {
            None => audit.fault(None, None, format!("workspace `{name}` is missing")),
            Some(found) if found != row => audit.fault(None, None, format!("workspace `{name}` is not what its events made it")),
            Some(_) => {}
        }
    }
    for name in held.keys().filter(|name| !told.contains_key(*name)) {
        audit.fault(None, None, format!("no event tells of workspace `{name}`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Event, testing::*};

    fn faults(world: &World) -> Vec<String> {
        let reader = Reader::open(&world.path).unwrap();
        let [alone, at_once] = [false, true].map(|pays| verify_as(&reader, None, pays));
        assert_eq!(alone, at_once);
        alone.err().unwrap_or_default().iter().map(Fault::to_string).collect()
    }

    #[test]
    fn an_honest_store_holds() {
        let world = World::new();
        let reader = Reader::open(&world.path).unwrap();
        let verified = reader.verify().unwrap();
        assert_eq!((verified.serial, verified.events, verified.erased), (3, 6, 0));
        assert_eq!(verified.unchecked, Vec::<String>::new());
        assert_eq!(verified.hash, reader.revisions().unwrap()[3].hash);
    }

    #[test]
    fn each_change_is_found_and_named() {
        for (sql, expected) in [
            (
                "UPDATE event SET body = replace(body, 'a.toml', 'b.toml') WHERE serial = 2 AND seq = 1",
                "serial 2, event 1: its body is not what was recorded",
            ),
            ("UPDATE event SET body = '{' WHERE serial = 2 AND seq = 1", "serial 2, event 1: its body is not what was recorded"),
            ("UPDATE event SET body_digest = printf('%064d', 0) WHERE serial = 3", "serial 3, event 1: the event is not what was recorded"),
            ("UPDATE event SET digest = printf('%064d', 0) WHERE serial = 3", "serial 3: its events are not those that were recorded"),
            (
                "UPDATE event SET kind = 'object.deleted' WHERE serial = 2 AND seq = 1",
                "serial 2, event 1: the event is not what was recorded",
            ),
            ("UPDATE event SET address = NULL WHERE serial = 2 AND seq = 1", "serial 2, event 1: the event is not what was recorded"),
            ("DELETE FROM event WHERE serial = 1 AND seq = 2", "serial 1: its events are not those that were recorded"),
            ("DELETE FROM event WHERE serial = 1 AND seq = 3", "serial 1: its events are not those that were recorded"),
            ("DELETE FROM event WHERE serial = 3", "serial 3: its events are not those that were recorded"),
            (
                "UPDATE event SET seq = 9 WHERE serial = 1 AND seq = 2; UPDATE event SET seq = 2 WHERE serial = 1 AND seq = 3; \
              UPDATE event SET seq = 3 WHERE serial = 1 AND seq = 9",
                "serial 1: its events are not those that were recorded",
            ),
            (
                "INSERT INTO event SELECT serial, 3, kind, address, body, body_digest, digest FROM event WHERE serial = 2 AND seq = 2",
                "serial 2: its events are not those that were recorded",
            ),
            (
                "INSERT INTO event SELECT 9, seq, kind, address, body, body_digest, digest FROM event WHERE serial = 2",
                "serial 9: it has events and is missing itself",
            ),
            ("UPDATE revision SET actor = 'user:eve@contoso.example' WHERE serial = 2", "serial 2: it is not what was recorded"),
            ("UPDATE revision SET at = '2025-03-01T08:00:00.000Z' WHERE serial = 3", "serial 3: it is not what was recorded"),
            ("UPDATE revision SET plan_digest = NULL WHERE serial = 3", "serial 3: it is not what was recorded"),
            ("UPDATE revision SET hash = printf('%064d', 0) WHERE serial = 1", "serial 2: it is not linked to the revision before it"),
            ("UPDATE revision SET previous = printf('%064d', 0) WHERE serial = 2", "serial 2: it is not linked to the revision before it"),
            ("DELETE FROM revision WHERE serial = 2", "serial 3: serial 2 is missing before it"),
            ("DELETE FROM revision WHERE serial = 0", "serial 1: serial 0 is missing before it"),
            ("DELETE FROM revision", "the store is corrupt: it has no revision"),
            ("PRAGMA ignore_check_constraints = ON; UPDATE meta SET one = 2", "`meta` has a row that no store has"),
            ("UPDATE meta SET lineage = 'M'", "serial 0: it is not linked to the revision before it"),
            ("UPDATE meta SET created_at = '2025-03-01T08:00:00.000Z'", "serial 0: the store was not created then"),
            ("DELETE FROM meta", "the store is corrupt: it has no lineage"),
            ("UPDATE object SET attributes = '{\"n\":2}' WHERE address = 'catalog.a'", "`catalog.a` is not what its events made it"),
            ("UPDATE object SET version = 1 WHERE address = 'catalog.a'", "`catalog.a` is not what its events made it"),
            ("DELETE FROM object WHERE address = 'catalog.a'", "`catalog.a` is missing"),
            ("INSERT INTO object VALUES ('catalog.z', 'catalog', '9', 1, '{}', NULL, 3, '{}')", "no event tells of `catalog.z`"),
            ("UPDATE workspace SET settings = '{\"a\":1}'", "workspace `w` is not what its events made it"),
            ("INSERT INTO workspace VALUES ('x', '{}', 1)", "no event tells of workspace `x`"),
            // The last revision with its event, but not what it did.
            ("DELETE FROM revision WHERE serial = 3; DELETE FROM event WHERE serial = 3", "`catalog.c` is not what its events made it"),
        ] {
            let world = World::new();
            world.tamper(sql);
            let found = faults(&world);
            assert!(found.iter().any(|fault| fault == expected), "{sql}: {found:?}");
        }
    }

    #[test]
    fn a_whole_revision_cut_off_is_found_only_by_a_checkpoint() {
        let mut world = World::new();
        let checkpoint = Reader::open(&world.path).unwrap().verify().unwrap().hash;
        world.commit(&[]).unwrap();
        world.tamper("DELETE FROM revision WHERE serial = 4");
        assert_eq!(Reader::open(&world.path).unwrap().verify().unwrap().hash, checkpoint);
        world.tamper(
            "DELETE FROM revision WHERE serial = 3; DELETE FROM event WHERE serial = 3;
                      UPDATE object SET workspace = 'w', version = 2 WHERE address = 'catalog.c'",
        );
        assert_ne!(Reader::open(&world.path).unwrap().verify().unwrap().hash, checkpoint);
    }

    #[test]
    fn an_erased_body_leaves_the_chain_whole_and_says_what_is_unknown() {
        let world = World::new();
        let hash = Reader::open(&world.path).unwrap().verify().unwrap().hash;
        erase(&world.path, 1, 2);
        erase(&world.path, 1, 3);
        let verified = Reader::open(&world.path).unwrap().verify().unwrap();
        assert_eq!((&verified.hash, verified.erased), (&hash, 2));
        assert_eq!(verified.unchecked, ["catalog.a", "catalog.c"]);

        world.tamper("INSERT INTO object VALUES ('catalog.z', 'catalog', '9', 1, '{}', NULL, 3, '{}')");
        assert_eq!(faults(&world), ["no event tells of `catalog.z`"]);
        world.tamper("DELETE FROM object WHERE address IN ('catalog.z', 'catalog.c')");
        assert_eq!(faults(&world), ["`catalog.c` is missing"]);

        let mut world = World::new();
        erase(&world.path, 1, 2);
        let last = world.snapshot().tables.objects["catalog.a"].clone();
        world.commit(&[Event::ObjectDeleted { last }]).unwrap();
        let serial = world.commit(&[created("catalog.a", "3", "{}")]).unwrap();
        let verified = Reader::open(&world.path).unwrap().verify().unwrap();
        assert_eq!((verified.serial, verified.unchecked), (serial, Vec::new()));
        erase(&world.path, 4, 1);
        assert_eq!(faults(&world), Vec::<String>::new());
    }

    #[test]
    fn only_content_can_be_erased() {
        let world = World::new();
        erase(&world.path, 3, 1);
        let found = faults(&world);
        assert!(found.contains(&"serial 3, event 1: its body is gone, and no erasure takes such a body".into()), "{found:?}");
    }

    #[test]
    fn damaged_pages_are_a_fault_and_no_panic() {
        let world = World::new();
        let whole = std::fs::read(&world.path).unwrap();
        for place in (100..whole.len()).step_by(101) {
            let mut bytes = whole.clone();
            bytes[place] ^= 0xff;
            std::fs::write(&world.path, bytes).unwrap();
            if let Ok(reader) = Reader::open(&world.path) {
                let _ = reader.snapshot();
                let _ = reader.verify();
            }
        }
    }
}
