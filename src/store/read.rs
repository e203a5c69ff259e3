//! What the store holds and how it came to that.
//!
//! In: a path. Out: plain values. Every answer is read in one transaction, so it is of one serial.

use super::{
    Checkpoint, EventRow, Fault, ObjectView, RevisionRow, Snapshot, StoreError, Tables, Verified,
    audit::View,
    error::Doing,
    fold, migrate,
    open::{self, Access, Place},
    query,
    records::StoredRecords,
    rows::stamp,
    sound::{dated, ends},
    verify,
};
use crate::model::Digest;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _};
use std::borrow::Cow;
use std::path::Path;

/// A handle that can only read: SQLite itself refuses anything else.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    /// The version of the file's schema.
    pub(super) schema: i64,
    /// Where the file stands, unless what is read is a copy of it in memory.
    place: Option<Place>,
}

impl Reader {
    /// Opens the store. A write that a crash interrupted is undone first; a store of an older schema is read as one of
    /// today's, and left as it is.
    ///
    /// # Errors
    /// [`StoreError::Missing`], [`StoreError::Unreadable`], [`StoreError::NotAStore`], [`StoreError::Corrupt`] or
    /// [`StoreError::Newer`] by what stands there.
    pub fn open(path: &Path) -> Result<Reader, StoreError> {
        let open::Opened { connection, schema, place } = open::open(path, Access::Read)?;
        if schema < migrate::schema() {
            return migrate::in_memory(&connection, schema).map(|connection| Reader { connection, schema, place: None });
        }
        Ok(Reader { connection, schema, place: Some(place) })
    }

    /// Another connection to the same file, for another thread, if there can be one. While this one is in a transaction, nobody
    /// commits, so both see the same.
    pub(super) fn beside(&self) -> Option<Connection> {
        let mine = self.place.as_ref()?;
        let other = open::open(&mine.path, Access::Read).ok()?;
        other.place.is(mine).then_some(other.connection)
    }

    /// The store as it is.
    ///
    /// # Errors
    /// When it cannot be read or holds what no store holds.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        query::snapshot(&self.connection)
    }

    /// What the store is, and its workspaces; its objects are left out.
    ///
    /// # Errors
    /// When it cannot be read or holds what no store holds.
    pub fn head(&self) -> Result<Snapshot, StoreError> {
        let view = self.connection.unchecked_transaction().doing("reading the store")?;
        query::head(&view)
    }

    /// The store as it is, its objects given to `each` one by one rather than collected, in the order of their addresses'
    /// bytes. All is of one serial.
    ///
    /// # Errors
    /// When it cannot be read or holds what no store holds, and those of `each`.
    pub fn each_object<E: From<StoreError>>(&self, each: impl FnMut(ObjectView<'_>) -> Result<(), E>) -> Result<Snapshot, E> {
        let view = self.connection.unchecked_transaction().doing("reading the store")?;
        ends(&view)?;
        query::objects(&view, None, each)?;
        Ok(query::head(&view)?)
    }

    /// As [`Reader::each_object`], those left out that a workspace manages, but for those of the addresses `but`.
    ///
    /// # Errors
    /// As [`Reader::each_object`].
    pub fn each_beside<E: From<StoreError>>(
        &self,
        workspace: &str,
        but: &[&str],
        each: impl FnMut(ObjectView<'_>) -> Result<(), E>,
    ) -> Result<Snapshot, E> {
        let view = self.connection.unchecked_transaction().doing("reading the store")?;
        ends(&view)?;
        query::objects(&view, Some((workspace, but)), each)?;
        Ok(query::head(&view)?)
    }

    /// The records of the lifecycle as they are.
    #[must_use]
    pub fn records(&self) -> StoredRecords<'_> {
        StoredRecords::new(&self.connection)
    }

    /// The store as it was after revision `serial`, by folding all events up to it.
    ///
    /// # Errors
    /// [`StoreError::NoRevision`] when there is none, [`StoreError::Erased`] when an event up to then lost its body.
    pub fn at(&self, serial: u64) -> Result<Snapshot, StoreError> {
        let view = self.connection.unchecked_transaction().doing("reading the history")?;
        query::known(&view, serial)?;
        let mut tables = Tables::default();
        query::each_event(&view, 0, serial, |told| {
            let (serial, seq) = (told.serial, told.seq);
            let event = told.event()?.ok_or(StoreError::Erased { serial, seq })?;
            fold(&mut tables, serial, &event).map_err(|error| {
                StoreError::Corrupt(format!("event {seq} of serial {serial} does not follow from those before it: {error}"))
            })
        })?;
        let link = query::links(&view)?.into_iter().find(|link| link.row.serial == serial).map(|link| link.row.hash);
        Ok(Snapshot { lineage: query::lineage(&view)?, serial, link, tables })
    }

    /// The latest revision that was made at or before an instant; `None` when the store is younger.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn serial_at(&self, instant: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        self.connection
            .query_row("SELECT serial FROM revision WHERE at <= ?1 ORDER BY serial DESC LIMIT 1", [stamp(instant)], |row| {
                query::unsigned(row, 0)
            })
            .optional()
            .doing("reading the revisions")
    }

    /// When the latest revision was made.
    ///
    /// # Errors
    /// When the store cannot be read, or that is no instant.
    pub fn latest(&self) -> Result<DateTime<Utc>, StoreError> {
        query::latest(&self.connection)
    }

    /// All revisions, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn revisions(&self) -> Result<Vec<RevisionRow>, StoreError> {
        let all: Vec<RevisionRow> = query::links(&self.connection)?.into_iter().map(|link| link.row).collect();
        all.iter().try_for_each(|row| dated(&format!("serial {}", row.serial), row.revision.at.clone()))?;
        Ok(all)
    }

    /// The events of one revision, in order.
    ///
    /// # Errors
    /// [`StoreError::NoRevision`] when there is none.
    pub fn events(&self, serial: u64) -> Result<Vec<EventRow>, StoreError> {
        let view = self.connection.unchecked_transaction().doing("reading the events")?;
        query::known(&view, serial)?;
        let mut events = Vec::new();
        query::each_event(&view, serial, serial, |told| {
            let event = told.event()?;
            let View { serial, seq, kind, address, body_digest, digest, .. } = told;
            let (body_digest, digest) = (Digest::from_hex(body_digest), Digest::from_hex(digest));
            let (kind, address) = (kind.into_owned(), address.map(Cow::into_owned));
            events.push(EventRow { serial, seq, kind, address, event, body_digest, digest });
            Ok(())
        })?;
        Ok(events)
    }

    /// Recomputes everything that can be: pages, digests, links, and the tables from the events.
    ///
    /// What it cannot find is a tail that was cut off together with its effects: compare [`Verified::hash`] or
    /// [`RevisionRow::hash`] with one kept elsewhere.
    ///
    /// # Errors
    /// All faults found, in the order of the history; a store that cannot be read to its end is a fault too.
    pub fn verify(&self) -> Result<Verified, Vec<Fault>> {
        verify::verify(self, None)
    }

    /// As [`Reader::verify`], and whether the history is the one that a checkpoint has seen.
    ///
    /// # Errors
    /// As [`Reader::verify`]; a history that is older, cut, or another one is a fault.
    pub fn verify_since(&self, checkpoint: &Checkpoint) -> Result<Verified, Vec<Fault>> {
        verify::verify(self, Some(checkpoint))
    }

    /// Where the history stands now: what it can be compared with later.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        let view = self.connection.unchecked_transaction().doing("reading the store")?;
        let (serial, root) = query::tip(&view)?;
        Ok(Checkpoint { origin: query::lineage(&view)?, size: serial.saturating_add(1), serial, root })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{World, created, erase, revision, updated};

    #[test]
    fn tells_the_past() {
        let world = World::new();
        let reader = Reader::open(&world.path).unwrap();
        for serial in 0..=world.serial() {
            let past = reader.at(serial).unwrap();
            assert_eq!((past.serial, past.lineage.as_str()), (serial, "L"));
        }
        assert_eq!(reader.at(world.serial()).unwrap(), reader.snapshot().unwrap());
        assert_eq!(reader.at(1).unwrap().tables.objects.len(), 2);
        assert!(matches!(reader.at(99), Err(StoreError::NoRevision { asked: 99, latest: 3 })));
        assert!(matches!(reader.events(99), Err(StoreError::NoRevision { .. })));

        let events = reader.events(2).unwrap();
        assert_eq!(events.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["object.updated", "object.moved"]);
        assert_eq!(events.iter().map(|e| e.seq).collect::<Vec<_>>(), [1, 2]);
        let revisions = reader.revisions().unwrap();
        assert_eq!(revisions.iter().map(|r| (r.serial, r.events)).collect::<Vec<_>>(), [(0, 0), (1, 3), (2, 2), (3, 1)]);
        assert_eq!(revisions[1].revision, revision(1));
    }

    #[test]
    fn finds_the_serial_of_an_instant() {
        let world = World::new();
        let reader = Reader::open(&world.path).unwrap();
        let at = |text: &str| reader.serial_at(text.parse().unwrap()).unwrap();
        assert_eq!(at("2026-02-28T23:59:59Z"), None);
        assert_eq!(at("2026-03-01T08:00:00Z"), Some(0));
        assert_eq!(at("2026-03-01T08:01:59.999Z"), Some(1));
        assert_eq!(at("2026-03-01T09:02:00+01:00"), Some(2));
        assert_eq!(at("2199-01-01T00:00:00Z"), Some(3));
    }

    #[test]
    fn an_erased_body_bars_the_past_that_needs_it() {
        let world = World::new();
        erase(&world.path, 2, 1);
        let reader = Reader::open(&world.path).unwrap();
        assert!(reader.at(1).is_ok());
        assert!(matches!(reader.at(2), Err(StoreError::Erased { serial: 2, seq: 1 })));
        assert_eq!(reader.events(2).unwrap()[0].event, None);
        assert_eq!(reader.events(2).unwrap()[0].address.as_deref(), Some("catalog.a"));
    }

    #[test]
    fn cannot_write() {
        let world = World::new();
        let reader = Reader::open(&world.path).unwrap();
        for sql in ["DELETE FROM object", "CREATE TABLE t (a)", "PRAGMA user_version = 7"] {
            let error = reader.connection.execute_batch(sql).unwrap_err();
            assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::ReadOnly), "{sql}: {error}");
        }
    }

    #[test]
    fn a_snapshot_is_of_one_serial() {
        let mut world = World::new();
        let reader = Reader::open(&world.path).unwrap();
        let view = reader.connection.unchecked_transaction().unwrap();
        let before = query::tip(&view).unwrap();
        // The writer waits for the reader, and the reader sees nothing of it.
        std::thread::scope(|scope| {
            let commit = scope.spawn(|| world.commit(&[created("catalog.z", "9", "{}"), updated("catalog.z", "{}", "{}")]));
            std::thread::sleep(std::time::Duration::from_millis(200));
            assert_eq!(query::tip(&view).unwrap(), before);
            drop(view);
            assert_eq!(commit.join().unwrap().unwrap(), before.0 + 1);
        });
        assert_eq!(query::tip(&reader.connection).unwrap().0, before.0 + 1);
    }
}
