//! What the store holds and how it came to that.
//!
//! In: a path. Out: plain values. Every answer is read in one transaction, so it is of one serial.

use super::{
    Checkpoint, EventRow, Fault, ObjectRow, ObjectView, Revision, RevisionRow, Snapshot, StoreError, Tables, Verified, WorkspaceRow,
    audit::View,
    error::Doing,
    fold, migrate,
    open::{self, Access, Place},
    rows::stamp,
    sound::{dated, ends, of_row},
    verify,
};
use crate::model::Digest;
use chrono::{DateTime, Utc};
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use std::borrow::Cow;
use std::collections::BTreeMap;
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
        snapshot(&self.connection)
    }

    /// What the store is, and its workspaces; its objects are left out.
    ///
    /// # Errors
    /// When it cannot be read or holds what no store holds.
    pub fn head(&self) -> Result<Snapshot, StoreError> {
        let view = self.connection.unchecked_transaction().doing("reading the store")?;
        head(&view)
    }

    /// The store as it is, its objects given to `each` one by one rather than collected, in the order of their addresses'
    /// bytes. All is of one serial.
    ///
    /// # Errors
    /// When it cannot be read or holds what no store holds, and those of `each`.
    pub fn each_object<E: From<StoreError>>(&self, each: impl FnMut(ObjectView<'_>) -> Result<(), E>) -> Result<Snapshot, E> {
        let view = self.connection.unchecked_transaction().doing("reading the store")?;
        ends(&view)?;
        objects(&view, None, each)?;
        Ok(head(&view)?)
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
        objects(&view, Some((workspace, but)), each)?;
        Ok(head(&view)?)
    }

    /// The store as it was after revision `serial`, by folding all events up to it.
    ///
    /// # Errors
    /// [`StoreError::NoRevision`] when there is none, [`StoreError::Erased`] when an event up to then lost its body.
    pub fn at(&self, serial: u64) -> Result<Snapshot, StoreError> {
        let view = self.connection.unchecked_transaction().doing("reading the history")?;
        known(&view, serial)?;
        let mut tables = Tables::default();
        each_event(&view, 0, serial, |told| {
            let (serial, seq) = (told.serial, told.seq);
            let event = told.event()?.ok_or(StoreError::Erased { serial, seq })?;
            fold(&mut tables, serial, &event).map_err(|error| {
                StoreError::Corrupt(format!("event {seq} of serial {serial} does not follow from those before it: {error}"))
            })
        })?;
        let link = links(&view)?.into_iter().find(|link| link.row.serial == serial).map(|link| link.row.hash);
        Ok(Snapshot { lineage: lineage(&view)?, serial, link, tables })
    }

    /// The latest revision that was made at or before an instant; `None` when the store is younger.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn serial_at(&self, instant: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        self.connection
            .query_row("SELECT serial FROM revision WHERE at <= ?1 ORDER BY serial DESC LIMIT 1", [stamp(instant)], |row| unsigned(row, 0))
            .optional()
            .doing("reading the revisions")
    }

    /// All revisions, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn revisions(&self) -> Result<Vec<RevisionRow>, StoreError> {
        let all: Vec<RevisionRow> = links(&self.connection)?.into_iter().map(|link| link.row).collect();
        all.iter().try_for_each(|row| dated(&format!("serial {}", row.serial), row.revision.at.clone()))?;
        Ok(all)
    }

    /// The events of one revision, in order.
    ///
    /// # Errors
    /// [`StoreError::NoRevision`] when there is none.
    pub fn events(&self, serial: u64) -> Result<Vec<EventRow>, StoreError> {
        let view = self.connection.unchecked_transaction().doing("reading the events")?;
        known(&view, serial)?;
        let mut events = Vec::new();
        each_event(&view, serial, serial, |told| {
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
        let (serial, root) = tip(&view)?;
        Ok(Checkpoint { origin: lineage(&view)?, size: serial.saturating_add(1), serial, root })
    }
}

/// A revision with its whole link.
pub(super) struct Link {
    pub(super) row: RevisionRow,
    pub(super) previous: Digest,
    pub(super) events_digest: Digest,
}

/// Everything the tables hold, in one transaction.
pub(super) fn snapshot(connection: &Connection) -> Result<Snapshot, StoreError> {
    let view = connection.unchecked_transaction().doing("reading the store")?;
    ends(&view)?;
    Ok(Snapshot { tables: tables(&view)?, ..head(&view)? })
}

/// What the store is, and its workspaces; its objects are left out.
pub(super) fn head(view: &Connection) -> Result<Snapshot, StoreError> {
    let (serial, link) = tip(view)?;
    let tables = Tables { workspaces: workspaces(view)?, ..Tables::default() };
    Ok(Snapshot { lineage: lineage(view)?, serial, link: Some(link), tables })
}

/// The objects and the workspaces.
pub(super) fn tables(connection: &Connection) -> Result<Tables, StoreError> {
    let mut tables = Tables { workspaces: workspaces(connection)?, ..Tables::default() };
    let mut query = connection
        .prepare_cached("SELECT address, kind, id, schema, attributes, workspace, version, origin FROM object")
        .doing("reading the objects")?;
    for row in query.query_map([], |row| Ok(object(row).map_err(|e| of_row(row, e)))).doing("reading the objects")? {
        let row = row.doing("reading the objects")??;
        tables.objects.insert(row.address.clone(), row);
    }
    Ok(tables)
}

/// Every object; or those that are not of one workspace, and those of some addresses.
fn objects<E: From<StoreError>>(
    connection: &Connection,
    beside: Option<(&str, &[&str])>,
    mut each: impl FnMut(ObjectView<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let all = "SELECT address, id, attributes, workspace, version, origin FROM object";
    let some = beside.map_or_else(String::new, |(_, but)| {
        let addresses = vec!["?"; but.len()].join(", ");
        format!("WHERE workspace IS NOT ? OR address IN ({addresses})")
    });
    let names = beside.into_iter().flat_map(|(workspace, but)| [workspace].into_iter().chain(but.iter().copied()));
    let mut query = connection.prepare_cached(&format!("{all} {some} ORDER BY address")).doing("reading the objects")?;
    let mut rows = query.query(params_from_iter(names)).doing("reading the objects")?;
    while let Some(row) = rows.next().doing("reading the objects")? {
        each(view(row).map_err(|e| of_row(row, e))?)?;
    }
    Ok(())
}

fn view<'r>(row: &'r Row<'_>) -> rusqlite::Result<ObjectView<'r>> {
    Ok(ObjectView {
        address: text(row, 0)?,
        id: text(row, 1)?,
        attributes: text(row, 2)?,
        workspace: optional(row, 3)?,
        version: unsigned(row, 4)?,
        origin: text(row, 5)?,
    })
}

pub(super) fn workspaces(connection: &Connection) -> Result<BTreeMap<String, WorkspaceRow>, StoreError> {
    let mut query = connection.prepare_cached("SELECT name, settings, version FROM workspace").doing("reading the workspaces")?;
    let rows = query.query_map([], |row| Ok(workspace(row).map_err(|e| of_row(row, e)))).doing("reading the workspaces")?;
    rows.map(|row| row.doing("reading the workspaces")?.map(|row| (row.name.clone(), row))).collect()
}

/// One object.
pub(super) fn row(connection: &Connection, address: &str) -> Result<Option<ObjectRow>, StoreError> {
    let sql = "SELECT address, kind, id, schema, attributes, workspace, version, origin FROM object WHERE address = ?1";
    let mut query = connection.prepare_cached(sql).doing("reading an object")?;
    query.query_row([address], object).optional().doing("reading an object")
}

/// A row of the object table, its columns in their order.
pub(super) fn object(row: &Row<'_>) -> rusqlite::Result<ObjectRow> {
    Ok(ObjectRow {
        address: row.get(0)?,
        kind: row.get(1)?,
        id: row.get(2)?,
        schema: row.get(3)?,
        attributes: row.get(4)?,
        workspace: row.get(5)?,
        version: unsigned(row, 6)?,
        origin: row.get(7)?,
    })
}

fn workspace(row: &Row<'_>) -> rusqlite::Result<WorkspaceRow> {
    Ok(WorkspaceRow { name: row.get(0)?, settings: row.get(1)?, version: unsigned(row, 2)? })
}

/// The identity of the store.
pub(super) fn lineage(connection: &Connection) -> Result<String, StoreError> {
    let found = connection.query_row("SELECT lineage FROM meta", [], |row| row.get(0)).optional();
    found.doing("reading the lineage")?.ok_or_else(|| StoreError::Corrupt("it has no lineage".into()))
}

/// The latest serial and its hash.
pub(super) fn tip(connection: &Connection) -> Result<(u64, Digest), StoreError> {
    let mut query =
        connection.prepare_cached("SELECT serial, hash FROM revision ORDER BY serial DESC LIMIT 1").doing("reading the serial")?;
    let found = query.query_row([], |row| Ok((unsigned(row, 0)?, digest(row, 1)?))).optional();
    found.doing("reading the serial")?.ok_or_else(|| StoreError::Corrupt("it has no revision".into()))
}

/// All revisions with their links, oldest first.
pub(super) fn links(connection: &Connection) -> Result<Vec<Link>, StoreError> {
    let sql = "SELECT serial, at, actor, command, workspace, \"commit\", plan_digest, changes_digest, summary, \
               events, previous, events_digest, hash FROM revision ORDER BY serial";
    let link = |row: &Row<'_>| {
        let revision = Revision {
            at: row.get(1)?,
            actor: row.get(2)?,
            command: row.get(3)?,
            workspace: row.get(4)?,
            commit: row.get(5)?,
            plan_digest: row.get(6)?,
            changes_digest: row.get(7)?,
            summary: row.get(8)?,
        };
        let row_of = RevisionRow { serial: unsigned(row, 0)?, revision, events: unsigned(row, 9)?, hash: digest(row, 12)? };
        Ok(Link { row: row_of, previous: digest(row, 10)?, events_digest: digest(row, 11)? })
    };
    let mut query = connection.prepare(sql).doing("reading the revisions")?;
    query.query_map([], link).and_then(Iterator::collect).doing("reading the revisions")
}

/// Calls `tell` with each event of these serials, in order.
pub(super) fn each_event(
    connection: &Connection,
    first: u64,
    last: u64,
    mut tell: impl FnMut(View<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = "SELECT serial, seq, kind, address, body, body_digest, digest FROM event \
               WHERE serial BETWEEN ?1 AND ?2 ORDER BY serial, seq";
    let mut query = connection.prepare_cached(sql).doing("reading the events")?;
    let mut rows = query.query([signed(first), signed(last)]).doing("reading the events")?;
    while let Some(row) = rows.next().doing("reading the events")? {
        tell(told(row).doing("reading the events")?)?;
    }
    Ok(())
}

fn told<'r>(row: &'r Row<'_>) -> rusqlite::Result<View<'r>> {
    Ok(View {
        serial: unsigned(row, 0)?,
        seq: unsigned(row, 1)?,
        kind: text(row, 2)?.into(),
        address: optional(row, 3)?.map(Cow::from),
        body: optional(row, 4)?,
        body_digest: text(row, 5)?,
        digest: text(row, 6)?,
    })
}

fn known(connection: &Connection, asked: u64) -> Result<(), StoreError> {
    let (latest, _) = tip(connection)?;
    if asked > latest { Err(StoreError::NoRevision { asked, latest }) } else { Ok(()) }
}

fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    row.get::<_, String>(column).map(Digest::from_hex)
}

/// A text where it stands in the row.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<&'r str> {
    row.get_ref(column)?.as_str().map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, e.into()))
}

/// As [`text`], if there is one.
pub(super) fn optional<'r>(row: &'r Row<'_>, column: usize) -> rusqlite::Result<Option<&'r str>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => text(row, column).map(Some),
    }
}

/// SQLite knows only signed numbers.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let n: i64 = row.get(column)?;
    u64::try_from(n).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, n))
}

/// What [`unsigned`] reads; a serial beyond the range of SQLite is beyond any that exists.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
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
        let before = tip(&view).unwrap();
        // The writer waits for the reader, and the reader sees nothing of it.
        std::thread::scope(|scope| {
            let commit = scope.spawn(|| world.commit(&[created("catalog.z", "9", "{}"), updated("catalog.z", "{}", "{}")]));
            std::thread::sleep(std::time::Duration::from_millis(200));
            assert_eq!(tip(&view).unwrap(), before);
            drop(view);
            assert_eq!(commit.join().unwrap().unwrap(), before.0 + 1);
        });
        assert_eq!(tip(&reader.connection).unwrap().0, before.0 + 1);
    }
}
