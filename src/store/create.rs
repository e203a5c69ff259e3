//! A new store appears whole or not at all: a [`Draft`] that is put in its place.
//!
//! In: a path where nothing stands, a lineage, the first revisions. Out: a store that `Reader` and `Writer` open.
//! Invariants: nothing that stands at the path is ever touched; once it stands there, no loss of power takes it away.

use super::{
    Event, Revision, StoreError, chain,
    draft::{self, Draft},
    error::Doing,
    migrate,
    open::{KEPT, harden},
    restore::free,
    schema::APPLICATION,
    write::Written,
};
use rusqlite::{Connection, OpenFlags};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Bytes of a page. An event stays on the page of its fellows if it takes a quarter of it at most; most take a kilobyte or two,
/// and each that is larger has pages of its own. A store keeps the size that it was made with.
const PAGE: i64 = 16 * 1024;

/// Makes a store with these revisions, the first of which has serial 0, and returns the last serial.
///
/// # Errors
/// [`StoreError::Taken`] when the path, or that of a journal beside it, is not free, also when it was taken meanwhile;
/// [`StoreError::Misfit`] when an event does not fit those before it; [`StoreError::Io`] when there is no revision or the
/// file cannot be made; [`StoreError::Unsynced`] when it stands in its place and may yet be lost.
pub fn create(path: &Path, lineage: &str, history: &[(Revision, Vec<Event>)]) -> Result<u64, StoreError> {
    let Some(((first, events), rest)) = history.split_first() else {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "a store begins with a revision");
        return Err(StoreError::Io { doing: "creating the store", source });
    };
    let mut making = Making::begin(path, lineage, &first.at)?;
    making.write(events)?;
    making.seal(first)?;
    for (revision, events) in rest {
        making.write(events)?;
        making.seal(revision)?;
    }
    making.place()
}

/// A store that is being made: dropped, it never was.
#[must_use = "what is not put in its place is not there"]
pub struct Making {
    connection: Connection,
    draft: Draft,
    place: PathBuf,
    written: Written,
}

impl Making {
    /// Begins a store of a lineage, made at an instant, whose first revision is written next.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the path, or that of a journal beside it, is not free; [`StoreError::Io`] when the file cannot be made.
    pub fn begin(path: &Path, lineage: &str, at: &str) -> Result<Making, StoreError> {
        // A journal that an older store left behind would be rolled back into the new one.
        free(path)?;
        let draft = Draft::beside(path)?;
        let connection = blank(draft.path(), lineage, at)?;
        Ok(Making { connection, draft, place: path.to_owned(), written: Written::after(chain::root(lineage), 0) })
    }

    /// Writes the next events of the revision at hand.
    ///
    /// # Errors
    /// [`StoreError::Misfit`] when an event does not fit those before it.
    pub fn write(&mut self, events: &[Event]) -> Result<(), StoreError> {
        self.written.add(&self.connection, events)
    }

    /// Says what the events belong to that were written since the last one, and begins another.
    ///
    /// # Errors
    /// When the revision is none that a store may hold.
    pub fn seal(&mut self, revision: &Revision) -> Result<(), StoreError> {
        let hash = self.written.seal(&self.connection, revision)?;
        self.written = Written::after(hash, self.written.serial.saturating_add(1));
        Ok(())
    }

    /// Puts the store in its place, and returns the serial of its last revision.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the place was taken meanwhile; [`StoreError::Unsynced`] when it stands there and may yet be lost.
    pub fn place(self) -> Result<u64, StoreError> {
        let Making { connection, draft, place, written } = self;
        let serial = written.serial.saturating_sub(1);
        connection.execute_batch("COMMIT").doing(MAKING)?;
        connection.close().map_err(|(_, error)| error).doing(MAKING)?;
        draft.place()?;
        draft::sync_names(draft::directory(&place)).map_err(|source| StoreError::Unsynced { serial, source: source.into() })?;
        Ok(serial)
    }
}

const MAKING: &str = "making the store";

/// Makes an empty file a store without revisions, in a transaction that the caller ends. Nobody else knows the file yet: it is synced once,
/// as a whole, as it is put in its place.
fn blank(path: &Path, lineage: &str, at: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).doing(MAKING)?;
    harden(&connection).doing(MAKING)?;
    // No journal beside the draft; a hardened connection takes no `OFF`.
    connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(())).doing(MAKING)?;
    connection.pragma_update(None, "synchronous", "OFF").doing(MAKING)?;
    connection.pragma_update(None, "page_size", PAGE).doing(MAKING)?;
    connection.pragma_update(None, "cache_size", KEPT.saturating_neg()).doing(MAKING)?;
    connection.pragma_update(None, "application_id", APPLICATION).doing(MAKING)?;
    connection.execute_batch("BEGIN IMMEDIATE").doing(MAKING)?;
    migrate::climb(&connection, 0, migrate::schema()).doing(MAKING)?;
    connection.execute("INSERT INTO meta VALUES (1, ?1, ?2)", [lineage, at]).doing(MAKING)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{FoldError, Reader, exists, testing::*};
    use std::fs;

    #[test]
    fn makes_a_private_store_of_all_revisions_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("writ.db");
        assert!(!exists(&path));
        let history = [(revision(0), vec![]), (revision(1), vec![created("catalog.a", "1", "{}")])];
        assert_eq!(create(&path, "L", &history).unwrap(), 1);
        assert!(exists(&path));
        let reader = Reader::open(&path).unwrap();
        assert_eq!(reader.snapshot().unwrap().serial, 1);
        assert_eq!(reader.at(0).unwrap().tables.objects.len(), 0);
        assert!(reader.verify().is_ok());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_stands_there_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("writ.db");
        let history = [(revision(0), vec![])];
        for name in ["writ.db", "writ.db-journal"] {
            fs::write(dir.path().join(name), "").unwrap();
            assert!(matches!(create(&path, "L", &history), Err(StoreError::Taken(p)) if p == dir.path().join(name)));
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), b"");
            fs::remove_file(dir.path().join(name)).unwrap();
        }
        create(&path, "L", &history).unwrap();
        assert!(matches!(create(&path, "M", &history), Err(StoreError::Taken(_))));
        assert_eq!(Reader::open(&path).unwrap().snapshot().unwrap().lineage, "L");
    }

    #[test]
    fn of_many_at_once_one_wins() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("writ.db");
        let history = [(revision(0), vec![])];
        let made: Vec<Result<u64, StoreError>> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| create(&path, "L", &history))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|m| m.is_ok()).count(), 1);
        assert!(made.iter().all(|m| matches!(m, Ok(0) | Err(StoreError::Taken(_)))));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_fails_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("writ.db");
        assert!(matches!(create(&path, "L", &[]), Err(StoreError::Io { .. })));
        let twice = vec![created("catalog.a", "1", "{}"), created("catalog.a", "2", "{}")];
        let error = create(&path, "L", &[(revision(0), twice)]).unwrap_err();
        assert!(matches!(error, StoreError::Misfit(FoldError::Exists(_))), "{error}");
        assert!(create(&path, "", &[(revision(0), vec![])]).is_err());
        assert!(create(&dir.path().join("no/such/writ.db"), "L", &[(revision(0), vec![])]).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
