//! The ladder to the current schema: a rung for each version, and no rung ever changes once it was released.
//!
//! A new schema is a new entry of [`RUNGS`]: the statements that turn the tables of the version below into its own. All
//! else follows from that: a new store climbs all rungs, so that it has the texts of an old one that climbed; a reader of
//! an older store climbs in memory and leaves the file alone; a writer climbs in the file, in one transaction, after it
//! made a copy. Keep a store of the version below in `tests/fixtures`, and its test in `tests/migration.rs`.

use super::{StoreError, draft, error::Doing, open::harden, records, schema::TABLES};
use crate::model::{Digest, canonical};
use rusqlite::{Connection, TransactionBehavior, backup::Backup};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// `RUNGS[n]` leads from schema `n` to `n + 1`.
const RUNGS: &[&[&str]] = &[&TABLES, &records::TABLES, &records::RETENTION];

/// The digest of what a store of the last rung consists of: so that a process which reads one need not build another beside it.
/// It is only a shorter way: where it does not fit, the store is compared text by text.
const TODAY: &str = "c1d754a84b8d0192fbeb14c3e4d3f9607ffff9753c1ba42ad0ca9d716cd93801";

/// The rung after the last, such as it might be. Only a debug build that is told so by `WRIT_NEXT_SCHEMA=1` knows it: so
/// the real program is taken up the ladder by tests, whatever the schema of today is.
const NEXT: &[&str] = &[
    "CREATE TABLE next (serial INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE) STRICT",
    "INSERT INTO next SELECT serial, hash FROM revision",
];

/// A store that was brought to the schema of today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgraded {
    /// The schema it had.
    pub from: i64,
    /// The schema it has.
    pub to: i64,
    /// The store as it was.
    pub copy: PathBuf,
}

fn rungs() -> impl Iterator<Item = &'static [&'static str]> {
    let next = cfg!(debug_assertions) && std::env::var_os("WRIT_NEXT_SCHEMA").is_some_and(|v| v == "1");
    RUNGS.iter().copied().chain(next.then_some(NEXT))
}

/// The version of the schema that this program writes; `user_version` in the file.
#[must_use]
pub fn schema() -> i64 {
    i64::try_from(rungs().count()).unwrap_or(i64::MAX)
}

/// Climbs the rungs between two versions, inside the transaction of the caller.
pub(super) fn climb(connection: &Connection, from: i64, to: i64) -> rusqlite::Result<()> {
    for (version, rung) in (1_i64..).zip(rungs()) {
        if version > from && version <= to {
            rung.iter().try_for_each(|statement| connection.execute_batch(statement))?;
        }
    }
    connection.pragma_update(None, "user_version", to)
}

/// What the schema of a store consists of, by name.
pub(super) fn texts(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut query = connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")?;
    query.query_map([], |row| row.get(0))?.collect()
}

/// Whether the schema of a store consists of what that of any store of this version does.
pub(super) fn is_as_expected(connection: &Connection, version: i64) -> rusqlite::Result<bool> {
    let found = texts(connection)?;
    Ok((version == schema() && Digest::of(canonical(&found).as_bytes()).as_str() == TODAY) || found == expected(version)?)
}

/// What the schema of any store of this version consists of.
fn expected(version: i64) -> rusqlite::Result<Vec<String>> {
    let connection = Connection::open_in_memory()?;
    climb(&connection, 0, version)?;
    texts(&connection)
}

/// An older store, copied into memory and brought to the schema of today there.
pub(super) fn in_memory(file: &Connection, from: i64) -> Result<Connection, StoreError> {
    let reading = "reading a store of an older schema";
    let mut memory = Connection::open_in_memory().doing(reading)?;
    Backup::new(file, &mut memory).and_then(|copy| copy.run_to_completion(4096, Duration::ZERO, None)).doing(reading)?;
    harden(&memory).doing(reading)?;
    climb(&memory, from, schema()).doing(reading)?;
    memory.pragma_update(None, "query_only", true).doing(reading)?;
    Ok(memory)
}

/// Brings a store to the schema of today: a copy of it first, then all rungs in one transaction. The caller has the lock.
pub(super) fn upgrade(path: &Path, connection: &mut Connection, from: i64) -> Result<Upgraded, StoreError> {
    // Copied while no transaction is open: closing the file that was read would end the locks that SQLite has on it.
    let copy = draft::keep(path, &format!("schema-{from}"))?;
    let upgrading = "bringing the store to the current schema";
    let work = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(upgrading)?;
    climb(&work, from, schema()).doing(upgrading)?;
    work.commit().doing(upgrading)?;
    Ok(Upgraded { from, to: schema(), copy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rung_leads_somewhere_and_a_climb_in_steps_ends_where_one_in_one_go_does() {
        let all: Vec<i64> = (0..=schema()).collect();
        // One that only changes rows leads to the same tables.
        let of_rows = |from: i64| rungs().nth(usize::try_from(from).unwrap()).unwrap().iter().all(|sql| sql.starts_with("UPDATE "));
        for pair in all.windows(2) {
            assert_eq!(expected(pair[0]).unwrap() == expected(pair[1]).unwrap(), of_rows(pair[0]));
        }
        let stepwise = Connection::open_in_memory().unwrap();
        all.windows(2).for_each(|pair| climb(&stepwise, pair[0], pair[1]).unwrap());
        assert_eq!(texts(&stepwise).unwrap(), expected(schema()).unwrap());
        assert_eq!(Digest::of(canonical(&texts(&stepwise).unwrap()).as_bytes()).as_str(), TODAY, "`TODAY` is of another schema");
    }
}
