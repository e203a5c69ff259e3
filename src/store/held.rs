//! The object table, row by row, to be compared where it stands.
//!
//! In: a connection in a read transaction. Out: each row for as long as it is looked at, so that nothing of it is copied.

use super::{
    ObjectRow, StoreError,
    error::Doing,
    query::{optional, text, unsigned},
};
use rusqlite::{Connection, Row};

/// A row of the object table.
pub(super) struct Held<'r>(&'r Row<'r>);

impl Held<'_> {
    /// The address of its object.
    pub(super) fn address(&self) -> Result<&str, StoreError> {
        text(self.0, 0).doing("reading the objects")
    }

    /// Whether it says the very same.
    pub(super) fn is(&self, told: &ObjectRow) -> Result<bool, StoreError> {
        let ObjectRow { address, kind, id, schema, attributes, workspace, version, origin } = told;
        let same = |row: &Row<'_>| -> rusqlite::Result<bool> {
            Ok(text(row, 0)? == address
                && text(row, 1)? == kind
                && text(row, 2)? == id
                && row.get::<_, u32>(3)? == *schema
                && text(row, 4)? == attributes
                && optional(row, 5)? == workspace.as_deref()
                && unsigned(row, 6)? == *version
                && text(row, 7)? == origin)
        };
        same(self.0).doing("reading the objects")
    }
}

/// Calls `look` with each row, in the order of their addresses' bytes.
pub(super) fn each(connection: &Connection, mut look: impl FnMut(&Held<'_>) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let sql = "SELECT address, kind, id, schema, attributes, workspace, version, origin FROM object ORDER BY address";
    let mut query = connection.prepare_cached(sql).doing("reading the objects")?;
    let mut rows = query.query([]).doing("reading the objects")?;
    while let Some(row) = rows.next().doing("reading the objects")? {
        look(&Held(row))?;
    }
    Ok(())
}
