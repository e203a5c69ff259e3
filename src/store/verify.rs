//! Whether the store is what its history says.
//!
//! In: a connection. Out: what was verified, or every fault with its place.
//! Invariants: each thing is compared with what is recorded one step above it, so that one change is one fault and not a
//! landslide; erased bodies are legal where they held content, and what they leave unknown is named, never passed over.

use super::{
    Event, FoldError, StoreError, Tables, chain,
    error::Doing,
    fold,
    read::{self, Link, Told},
};
use crate::model::Digest;
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

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

/// Verifies in one read transaction.
pub(super) fn verify(connection: &Connection) -> Result<Verified, Vec<Fault>> {
    let mut audit = Audit::default();
    match audit.run(connection) {
        Ok(verified) if audit.faults.is_empty() => Ok(verified),
        Ok(_) => Err(audit.faults),
        Err(error) => {
            audit.fault(None, None, error.to_string());
            Err(audit.faults)
        }
    }
}

#[derive(Default)]
struct Audit {
    faults: Vec<Fault>,
    /// What the events add up to.
    folded: Tables,
    /// Objects whose content is not known, since a body was erased.
    unclear: BTreeSet<String>,
    events: u64,
    erased: u64,
}

impl Audit {
    fn run(&mut self, connection: &Connection) -> Result<Verified, StoreError> {
        let view = connection.unchecked_transaction().doing("verifying the store")?;
        self.pages(&view)?;
        let lineage = read::lineage(&view)?;
        let created_at: String = view.query_row("SELECT created_at FROM meta", [], |row| row.get(0)).doing("verifying the store")?;
        let mut previous = chain::root(&lineage);
        let mut expected = 0;
        for link in read::links(&view)? {
            let serial = link.row.serial;
            if serial != expected {
                self.fault(Some(serial), None, format!("serial {expected} is missing before it"));
            }
            if serial == 0 && link.row.revision.at != created_at {
                self.fault(Some(serial), None, "the store was not created then");
            }
            self.revision(&view, &link, &previous)?;
            previous = link.row.hash;
            expected = serial.saturating_add(1);
        }
        self.orphans(&view)?;
        let (serial, hash) = read::tip(&view)?;
        self.compare(read::tables(&view)?);
        let unchecked = self.unclear.iter().cloned().collect();
        Ok(Verified { lineage, serial, hash, events: self.events, erased: self.erased, unchecked })
    }

    fn fault(&mut self, serial: Option<u64>, seq: Option<u64>, what: impl Into<String>) {
        self.faults.push(Fault { serial, seq, what: what.into() });
    }

    /// What SQLite itself can tell.
    fn pages(&mut self, view: &Connection) -> Result<(), StoreError> {
        let mut query = view.prepare("PRAGMA integrity_check").doing("checking the pages")?;
        let found = query.query_map([], |row| row.get::<_, String>(0)).doing("checking the pages")?;
        for line in found {
            let line = line.doing("checking the pages")?;
            if line != "ok" {
                self.fault(None, None, line.replace('\n', " "));
            }
        }
        Ok(())
    }

    fn revision(&mut self, view: &Connection, link: &Link, previous: &Digest) -> Result<(), StoreError> {
        let (serial, row) = (link.row.serial, &link.row);
        let mut digests = chain::Events::default();
        read::each_event(view, serial, serial, |told| {
            if told.seq != digests.count.saturating_add(1) {
                self.fault(Some(serial), Some(told.seq), "an event before it is missing");
            }
            digests.push(&told.digest);
            self.event(&told);
            Ok(())
        })?;
        self.events = self.events.saturating_add(digests.count);
        if link.previous != *previous {
            self.fault(Some(serial), None, "it is not linked to the revision before it");
        }
        if digests.count != row.events || digests.digest() != link.events_digest {
            self.fault(Some(serial), None, "its events are not those that were recorded");
        }
        if chain::link(&link.previous, serial, &row.revision, row.events, &link.events_digest) != row.hash {
            self.fault(Some(serial), None, "it is not what was recorded");
        }
        Ok(())
    }

    fn event(&mut self, told: &Told) {
        let (serial, seq) = (Some(told.serial), Some(told.seq));
        if chain::event(told.seq, &told.kind, told.address.as_deref(), &told.body_digest) != told.digest {
            self.fault(serial, seq, "the event is not what was recorded");
        }
        if told.body.as_ref().is_some_and(|body| Digest::of(body.as_bytes()) != told.body_digest) {
            self.fault(serial, seq, "its body is not what was recorded");
        }
        match told.event() {
            Err(error) => self.fault(serial, seq, error.to_string()),
            Ok(None) => self.erased_event(told),
            Ok(Some(event)) => {
                if event.kind() != told.kind || event.address() != told.address.as_deref() {
                    self.fault(serial, seq, "its body tells of something else");
                }
                if let Err(error) = self.fold(told.serial, &event) {
                    self.fault(serial, seq, format!("it does not follow from the events before it: {error}"));
                }
            }
        }
    }

    /// Only bodies with content may be erased; the others hold nothing but names that stand beside them anyway.
    fn erased_event(&mut self, told: &Told) {
        self.erased = self.erased.saturating_add(1);
        match (told.kind.as_str(), &told.address) {
            ("object.created" | "object.updated" | "object.rereferenced", Some(address)) => {
                self.folded.objects.remove(address);
                self.unclear.insert(address.clone());
            }
            ("object.deleted", Some(address)) => {
                self.folded.objects.remove(address);
                self.unclear.remove(address);
            }
            _ => self.fault(Some(told.serial), Some(told.seq), "its body is gone, and no erasure takes such a body"),
        }
    }

    /// As [`fold`], where the objects that are not clear are known by their addresses alone.
    fn fold(&mut self, serial: u64, event: &Event) -> Result<(), FoldError> {
        match event {
            Event::ObjectCreated { address, .. } | Event::ObjectMoved { to: address, .. } if self.unclear.contains(address) => {
                Err(FoldError::Exists(address.clone()))
            }
            Event::ObjectMoved { from, to } if self.unclear.contains(from) => {
                if self.folded.objects.contains_key(to) {
                    return Err(FoldError::Exists(to.clone()));
                }
                self.unclear.remove(from);
                self.unclear.insert(to.clone());
                Ok(())
            }
            Event::ObjectDeleted { last } if self.unclear.remove(&last.address) => Ok(()),
            _ if event.address().is_some_and(|address| self.unclear.contains(address)) => Ok(()),
            _ => fold(&mut self.folded, serial, event),
        }
    }

    /// Events that no revision seals.
    fn orphans(&mut self, view: &Connection) -> Result<(), StoreError> {
        let sql = "SELECT DISTINCT serial FROM event WHERE serial NOT IN (SELECT serial FROM revision) ORDER BY serial";
        let mut query = view.prepare(sql).doing("verifying the store")?;
        let serials = query.query_map([], |row| row.get::<_, i64>(0)).doing("verifying the store")?;
        for serial in serials {
            let serial = serial.doing("verifying the store")?;
            self.fault(u64::try_from(serial).ok(), None, "it has events and is missing itself");
        }
        Ok(())
    }

    /// What the events add up to against what the tables hold.
    fn compare(&mut self, mut held: Tables) {
        let unclear = self.unclear.clone();
        for address in &unclear {
            if held.objects.remove(address).is_none() {
                self.fault(None, None, format!("`{address}` is missing"));
            }
        }
        let folded = std::mem::take(&mut self.folded);
        self.compare_rows("", &folded.objects, &held.objects);
        self.compare_rows("workspace ", &folded.workspaces, &held.workspaces);
    }

    fn compare_rows<R: PartialEq>(&mut self, what: &str, told: &BTreeMap<String, R>, held: &BTreeMap<String, R>) {
        for (name, row) in told {
            match held.get(name) {
                None => self.fault(None, None, format!("{what}`{name}` is missing")),
                Some(found) if found != row => {
                    self.fault(None, None, format!("{what}`{name}` is not what its events made it"));
                }
                Some(_) => {}
            }
        }
        for name in held.keys().filter(|name| !told.contains_key(*name)) {
            self.fault(None, None, format!("no event tells of {what}`{name}`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Reader, testing::*};

    fn faults(world: &World) -> Vec<String> {
        match Reader::open(&world.path).unwrap().verify() {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(Fault::to_string).collect(),
        }
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
