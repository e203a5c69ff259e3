//! The ladder to the current schema: a rung for each version, and no rung ever changes once it was released.
//!
//! A new schema is a new rung: the statements that turn the tables of the version below into its own. A new store climbs
//! all of them, so that it has the texts of an old one that climbed. When the second rung is made, [`super::Writer::open`]
//! climbs from the version it finds, in one transaction and with a copy of the file made first; until then there is no
//! older store to climb from.

use super::schema::{SCHEMA, TABLES};
use rusqlite::Connection;

/// `RUNGS[n]` leads from schema `n` to `n + 1`.
const RUNGS: &[&[&str]] = &[&TABLES];

/// Climbs all rungs above `from`, inside the transaction of the caller.
pub(super) fn climb(connection: &Connection, from: usize) -> rusqlite::Result<()> {
    for statement in RUNGS.iter().skip(from).copied().flatten() {
        connection.execute_batch(statement)?;
    }
    connection.pragma_update(None, "user_version", SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_rung_for_each_version() {
        assert_eq!(i64::try_from(RUNGS.len()), Ok(SCHEMA));
    }
}
