//! What the tables hold, as SQL asks for it.
//!
//! In: a connection, in a transaction where an answer takes more than one statement. Out: rows.
//! Invariant: a row that no store has is an error that names it.

use super::{
    ObjectRow, ObjectView, Revision, RevisionRow, Snapshot, StoreError, Tables, WorkspaceRow,
    audit::View,
    error::Doing,
    records,
    sound::{ends, of_row},
};
use crate::model::Digest;
use chrono::{DateTime, Utc};
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};
use std::borrow::Cow;
use std::collections::BTreeMap;

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
    records::each(connection, |held| {
        tables.records.insert(held.key, held.row);
        Ok(())
    })?;
    Ok(tables)
}

/// Every object; or those that are not of one workspace, and those of some addresses.
pub(super) fn objects<E: From<StoreError>>(
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
    let found = query.query_row([address], |row| Ok(object(row).map_err(|e| of_row(row, e)))).optional();
    found.doing("reading an object")?.transpose()
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

/// Whether a revision has this link, and none after it tells of an object or a workspace; not, where so much happened since that it takes
/// longer to find that out than it is worth.
pub(super) fn stands_since(connection: &Connection, serial: u64, link: &str) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM revision WHERE serial = ?1 AND hash = ?2) \
               AND (SELECT total(events) FROM revision WHERE serial > ?1) <= ?3 \
               AND NOT EXISTS (SELECT 1 FROM event WHERE serial > ?1 AND (kind GLOB 'object.*' OR kind GLOB 'workspace.*'))";
    connection.query_row(sql, (signed(serial), link, MANY_EVENTS), |row| row.get(0)).doing("reading the history")
}

/// To look through so many events takes some milliseconds.
const MANY_EVENTS: i64 = 20_000;

/// When the latest revision was made.
pub(super) fn latest(connection: &Connection) -> Result<DateTime<Utc>, StoreError> {
    let sql = "SELECT at FROM revision ORDER BY serial DESC LIMIT 1";
    let at: String = connection.query_row(sql, [], |row| row.get(0)).doing("reading the revisions")?;
    let read = DateTime::parse_from_rfc3339(&at).map(|t| t.to_utc());
    read.map_err(|_| StoreError::Corrupt(format!("the latest revision is of `{at}`, which is no instant")))
}

/// All revisions with their links, oldest first.
pub(super) fn links(connection: &Connection) -> Result<Vec<Link>, StoreError> {
    let mut query = connection.prepare(&format!("{LINK} ORDER BY serial")).doing("reading the revisions")?;
    query.query_map([], link).and_then(Iterator::collect).doing("reading the revisions")
}

/// The latest revision of a workspace whose summary says something under this name, if none after it tells of an object or a
/// workspace; not, where so much happened since that it takes longer to find than it is worth.
pub(super) fn standing(connection: &Connection, workspace: &str, name: &str) -> Result<Option<Link>, StoreError> {
    let latest =
        format!("SELECT * FROM ({LINK} ORDER BY serial DESC LIMIT ?3) WHERE workspace = ?1 AND summary ->> ?2 IS NOT NULL LIMIT 1");
    let found = connection.query_row(&latest, (workspace, name, MANY_REVISIONS), link).optional().doing("reading the history")?;
    let Some(found) = found else { return Ok(None) };
    Ok(stands_since(connection, found.row.serial, found.row.hash.as_str())?.then_some(found))
}

/// To look through so many revisions takes some milliseconds.
const MANY_REVISIONS: i64 = 4_000;

const LINK: &str = "SELECT serial, at, actor, command, workspace, \"commit\", plan_digest, changes_digest, summary, \
                    events, previous, events_digest, hash FROM revision";

/// A row of [`LINK`].
fn link(row: &Row<'_>) -> rusqlite::Result<Link> {
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

pub(super) fn known(connection: &Connection, asked: u64) -> Result<(), StoreError> {
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
