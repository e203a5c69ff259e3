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
    write::{append, seal, write},
};
use crate::model::{Digest, MANY_OBJECTS, discard};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::{io, path::Path};

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
    put(path, lineage, &first.at, |work, root| {
        let mut previous = append(work, root, 0, events, || first.clone())?;
        let mut last = 0;
        for (serial, (revision, events)) in (1_u64..).zip(rest) {
            previous = append(work, &previous, serial, events, || revision.clone())?;
            last = serial;
        }
        Ok(last)
    })
}

/// As [`create()`], with two revisions. The second has `events` and, after them, those that `more` comes to, which is asked once the others
/// are written; what it says itself is asked for last, as in [`Writer::commit`](super::Writer::commit).
///
/// # Errors
/// As [`create()`], and when `more` fails: then there is no store.
pub fn create_with<E: From<StoreError>>(
    path: &Path,
    lineage: &str,
    (first, its): &(Revision, Vec<Event>),
    events: &[Event],
    more: impl FnOnce() -> Result<Vec<Event>, E>,
    revision: impl FnOnce() -> Revision,
) -> Result<u64, E> {
    put(path, lineage, &first.at, |work, root| {
        let previous = append(work, root, 0, its, || first.clone())?;
        let mut digests = chain::Events::default();
        write(work, 1, events, &mut digests)?;
        let more = more()?;
        write(work, 1, &more, &mut digests)?;
        discard(more.len() >= MANY_OBJECTS, more);
        seal(work, &previous, 1, &revision(), &digests)?;
        Ok(1)
    })
}

/// Puts a store in its place that is filled from the root of its chain on, up to the serial that comes back.
fn put<E: From<StoreError>>(
    path: &Path,
    lineage: &str,
    at: &str,
    fill: impl FnOnce(&Connection, &Digest) -> Result<u64, E>,
) -> Result<u64, E> {
    // A journal that an older store left behind would be rolled back into the new one.
    free(path)?;
    let draft = Draft::beside(path)?;
    let serial = build(draft.path(), lineage, at, fill)?;
    draft.place()?;
    draft::sync_names(draft::directory(path)).map_err(|source| StoreError::Unsynced { serial, source: source.into() })?;
    Ok(serial)
}

/// Fills an empty file, which nobody else knows yet: it is synced once, as a whole, by the caller.
fn build<E: From<StoreError>>(
    path: &Path,
    lineage: &str,
    at: &str,
    fill: impl FnOnce(&Connection, &Digest) -> Result<u64, E>,
) -> Result<u64, E> {
    let making = "making the store";
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).doing(making)?;
    harden(&connection).doing(making)?;
    // No journal beside the draft; a hardened connection takes no `OFF`.
    connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(())).doing(making)?;
    connection.pragma_update(None, "synchronous", "OFF").doing(making)?;
    connection.pragma_update(None, "page_size", PAGE).doing(making)?;
    connection.pragma_update(None, "cache_size", KEPT.saturating_neg()).doing(making)?;
    connection.pragma_update(None, "application_id", APPLICATION).doing(making)?;

    let work = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(making)?;
    migrate::climb(&work, 0, migrate::schema()).doing(making)?;
    work.execute("INSERT INTO meta VALUES (1, ?1, ?2)", [lineage, at]).doing(making)?;
    let last = fill(&work, &chain::root(lineage))?;
    work.commit().doing(making)?;
    connection.close().map_err(|(_, error)| error).doing(making)?;
    Ok(last)
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
