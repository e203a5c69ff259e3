//! What SQLite itself can tell of its file.
//!
//! In: a connection in a read transaction. Out: what is wrong with its pages, its indexes, or a constraint of its tables.

use super::{Fault, StoreError, error::Doing};
use rusqlite::Connection;

/// Fewer pages are not worth another connection.
const MANY: i64 = 1_024;

/// Whether to look at all of them takes a while.
pub(super) fn many(view: &Connection) -> bool {
    view.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0)).is_ok_and(|pages| pages >= MANY)
}

/// All that is wrong.
pub(super) fn faults(view: &Connection) -> Result<Vec<Fault>, StoreError> {
    let fault = |what: String| Fault { serial: None, seq: None, what };
    let mut faults = Vec::new();
    let mut query = view.prepare("PRAGMA integrity_check").doing("checking the pages")?;
    let found = query.query_map([], |row| row.get::<_, String>(0)).doing("checking the pages")?;
    for line in found {
        let line = line.doing("checking the pages")?;
        if line != "ok" {
            faults.push(fault(line.replace('\n', " ")));
        }
    }
    // That a store is one thing is a constraint which the check of pages passes over.
    let strays: i64 = view.query_row("SELECT count(*) FROM meta WHERE one <> 1", [], |row| row.get(0)).doing("verifying the store")?;
    if strays > 0 {
        faults.push(fault("`meta` has a row that no store has".to_owned()));
    }
    Ok(faults)
}
