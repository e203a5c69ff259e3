//! What no store holds, found in rows that are read anyway.
//!
//! In: rows. Out: [`StoreError::Corrupt`], which names the row.
//! Invariants: it costs nothing for each object; what takes more than a look at a row is found by `verify`.

use super::{StoreError, error::Doing, rows::stamp};
use chrono::DateTime;
use rusqlite::{Connection, Row};

/// A failure in a row, with the row's key, which is its first column.
pub(super) fn of_row(row: &Row<'_>, error: rusqlite::Error) -> StoreError {
    let key: String = row.get(0).unwrap_or_default();
    match error {
        rusqlite::Error::IntegralValueOutOfRange(_, n) => StoreError::Corrupt(format!("`{key}`: {n} is no serial")),
        other => match Err::<(), _>(other).doing("reading a row") {
            Err(StoreError::Corrupt(why)) => StoreError::Corrupt(format!("`{key}`: {why}")),
            Err(error) => error,
            Ok(()) => StoreError::Corrupt(key),
        },
    }
}

/// Fails if the ends of the history are not as they were written: it begins with 0, and both ends have an instant. All
/// between them is for `verify`: a plan has no use for it.
pub(super) fn ends(view: &Connection) -> Result<(), StoreError> {
    let made = view.query_row("SELECT created_at FROM meta", [], |row| row.get(0)).doing("reading when the store was made")?;
    dated("the store", made)?;
    for order in ["", "DESC"] {
        let sql = format!("SELECT serial, at FROM revision ORDER BY serial {order} LIMIT 1");
        let end = view.query_row(&sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
        let (serial, at) = end.doing("reading the revisions")?;
        if serial < 0 || (order.is_empty() && serial != 0) {
            return Err(StoreError::Corrupt(format!("its history begins with serial {serial}")));
        }
        dated(&format!("serial {serial}"), at)?;
    }
    Ok(())
}

/// Fails if what a row says of its time is no instant as [`stamp`] writes it.
pub(super) fn dated(what: &str, at: String) -> Result<(), StoreError> {
    match DateTime::parse_from_rfc3339(&at) {
        Ok(read) if stamp(read.to_utc()) == at => Ok(()),
        _ => Err(StoreError::Corrupt(format!("{what} is of `{at}`, which is no instant"))),
    }
}
