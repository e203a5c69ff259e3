//! Copies of a store that are stores themselves, and the way back from one.
//!
//! In: a store that was opened. Out: a file that is a store, compact and verified, or the store's place with an older
//! copy in it.
//! Invariants: a copy is built beside its place, synced and renamed in; a restore is the rename of one file, so that a
//! crash leaves the store as it was or as it was restored; what it replaces is kept; that it happened stands in the chain.

use super::{
    Fault, Lock, Reader, Revision, StoreError,
    draft::{self, BESIDE, Draft, beside},
    error::Doing,
    open::{self, Access, exists},
    query,
    write::Written,
};
use rusqlite::TransactionBehavior;
use std::{
    fs, io,
    path::{Path, PathBuf, absolute},
};

/// Writes the store as it is now to a file of its own, and returns what was verified of it.
///
/// # Errors
/// [`StoreError::Taken`] when something stands at the place, [`StoreError::Corrupt`] when the store does not hold.
pub fn backup(reader: &Reader, place: &Path) -> Result<super::Verified, StoreError> {
    free(place)?;
    draft::clear_dead(place);
    let draft = Draft::beside(place)?;
    draft.hold();
    copy(reader, &draft)?;
    let verified = verified(draft.path())?;
    draft.place()?;
    draft::sync_names(draft::directory(place)).doing("syncing the copy's directory")?;
    Ok(verified)
}

/// Puts a copy of the store `from` in the store's place, with a revision that says so, and returns the serial of that
/// revision and where the store that it replaces is kept.
///
/// # Errors
/// [`StoreError::Corrupt`] when the copy does not hold; nothing is replaced then.
pub fn restore(path: &Path, lock: &Lock, from: &Reader, revision: &Revision) -> Result<(u64, Option<PathBuf>), StoreError> {
    if !lock.guards(path) {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "the lock held is that of another store");
        return Err(StoreError::Io { doing: "restoring the store", source });
    }
    let draft = Draft::beside(path)?;
    copy(from, &draft)?;
    let serial = told(draft.path(), revision)?;
    verified(draft.path())?;
    let kept = if exists(path) { Some(draft::keep(path, "before-restore")?) } else { None };
    // The journal of a store that could not be read would be rolled back into the one that takes its place.
    for suffix in BESIDE {
        let journal = beside(path, suffix);
        if exists(&journal) {
            let aside = beside(kept.as_deref().unwrap_or(&beside(path, ".before-restore")), suffix);
            fs::rename(&journal, aside).doing("setting an old journal aside")?;
        }
    }
    draft.replace()?;
    draft::sync_names(draft::directory(path)).map_err(|source| StoreError::Unsynced { serial, source: source.into() })?;
    Ok((serial, kept))
}

/// Nothing stands at the place of a new store, and no journal that would be rolled back into it.
pub(super) fn free(place: &Path) -> Result<(), StoreError> {
    let all = [""].into_iter().chain(BESIDE).map(|suffix| beside(place, suffix));
    match all.into_iter().find(|path| exists(path)) {
        Some(taken) => Err(StoreError::Taken(taken)),
        None => Ok(()),
    }
}

/// Fills a draft with everything that the store holds, and nothing that it once held and no longer does.
fn copy(reader: &Reader, draft: &Draft) -> Result<(), StoreError> {
    let copying = "copying the store";
    // An absolute path is no URI.
    let target = absolute(draft.path()).doing(copying)?;
    let Some(target) = target.to_str() else {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "its path is not UTF-8");
        return Err(StoreError::Io { doing: copying, source });
    };
    // A store of an older schema is held in memory, under this guard.
    reader.connection.pragma_update(None, "query_only", false).doing(copying)?;
    let copied = reader.connection.execute("VACUUM INTO ?1", [target]).doing(copying);
    reader.connection.pragma_update(None, "query_only", true).doing(copying)?;
    copied.map(|_| ())
}

/// Everything that can be verified of a store that was just made.
fn verified(path: &Path) -> Result<super::Verified, StoreError> {
    Reader::open(path)?.verify().map_err(|faults| unsound(&faults))
}

/// A store that does not hold, by its first fault.
#[must_use]
pub fn unsound(faults: &[Fault]) -> StoreError {
    let first = faults.first().map(ToString::to_string).unwrap_or_default();
    match faults.len().saturating_sub(1) {
        0 => StoreError::Corrupt(first),
        more => StoreError::Corrupt(format!("{first}, and {more} more faults")),
    }
}

/// Appends a revision without events to a store that nobody else knows yet.
fn told(path: &Path, revision: &Revision) -> Result<u64, StoreError> {
    let recording = "recording the restore";
    let mut connection = open::open(path, Access::Write)?.connection;
    // No journal beside the draft; it is synced as a whole.
    connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(())).doing(recording)?;
    connection.pragma_update(None, "synchronous", "OFF").doing(recording)?;
    let work = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(recording)?;
    let (serial, previous) = query::tip(&work)?;
    let serial = serial.saturating_add(1);
    Written::after(previous, serial).seal(&work, revision)?;
    work.commit().doing(recording)?;
    connection.close().map_err(|(_, error)| error).doing(recording)?;
    Ok(serial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{World, created, revision};

    fn names(world: &World) -> Vec<String> {
        let all = fs::read_dir(world.path.parent().unwrap()).unwrap();
        let mut all: Vec<String> = all.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        all.sort();
        all
    }

    #[test]
    fn a_backup_is_a_store_of_its_own_and_comes_back_with_a_revision_more() {
        let mut world = World::new();
        let copy = world.path.with_file_name("copy.db");
        let before = world.snapshot();
        let verified = backup(&Reader::open(&world.path).unwrap(), &copy).unwrap();
        assert_eq!(verified.serial, 3);
        assert_eq!(Reader::open(&copy).unwrap().snapshot().unwrap(), before);
        assert!(matches!(backup(&Reader::open(&world.path).unwrap(), &copy), Err(StoreError::Taken(_))));

        world.commit(&[created("catalog.z", "9", "{}")]).unwrap();
        let replaced = world.snapshot();
        let lock = world.lock();
        let (serial, kept) = restore(&world.path, &lock, &Reader::open(&copy).unwrap(), &revision(4)).unwrap();
        drop(lock);
        assert_eq!((serial, world.snapshot().tables), (4, before.tables));
        assert_eq!(Reader::open(&kept.unwrap()).unwrap().snapshot().unwrap(), replaced);
        assert!(Reader::open(&world.path).unwrap().verify().is_ok());
        assert_eq!(names(&world), ["copy.db", "writ.db", "writ.db.before-restore", "writ.db.lock"]);
    }

    #[test]
    fn what_is_erased_is_in_no_copy() {
        let mut world = World::new();
        world.commit(&[created("catalog.z", "9", r#"{"n":"MARIGOLD"}"#)]).unwrap();
        crate::store::testing::erase(&world.path, 4, 1);
        world.tamper("PRAGMA secure_delete = OFF; DELETE FROM object WHERE address = 'catalog.z'; UPDATE meta SET one = 1");
        let holds = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).contains("MARIGOLD");
        assert!(holds(&world.path), "the page still has it");
        let (copy, reader) = (world.path.with_file_name("copy.db"), Reader::open(&world.path).unwrap());
        let draft = Draft::beside(&copy).unwrap();
        super::copy(&reader, &draft).unwrap();
        assert!(!holds(draft.path()));
    }

    #[test]
    fn a_journal_of_the_dead_is_not_rolled_into_the_restored() {
        let world = World::new();
        let copy = world.path.with_file_name("copy.db");
        backup(&Reader::open(&world.path).unwrap(), &copy).unwrap();
        fs::write(&world.path, "no store").unwrap();
        fs::write(beside(&world.path, "-journal"), "a journal").unwrap();
        let lock = world.lock();
        let (_, kept) = restore(&world.path, &lock, &Reader::open(&copy).unwrap(), &revision(4)).unwrap();
        drop(lock);
        assert_eq!(world.snapshot().serial, 4);
        let kept = kept.unwrap();
        assert_eq!((fs::read(&kept).unwrap(), fs::read(beside(&kept, "-journal")).unwrap()), (b"no store".to_vec(), b"a journal".to_vec()));
    }

    #[test]
    fn a_copy_that_does_not_hold_replaces_nothing() {
        let world = World::new();
        let before = world.snapshot();
        let copy = world.path.with_file_name("copy.db");
        fs::copy(&world.path, &copy).unwrap();
        let sql = "UPDATE revision SET actor = 'user:eve@contoso.example' WHERE serial = 1";
        rusqlite::Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
        let lock = world.lock();
        let error = restore(&world.path, &lock, &Reader::open(&copy).unwrap(), &revision(4)).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)), "{error}");
        assert_eq!(world.snapshot(), before);
        assert_eq!(names(&world), ["copy.db", "writ.db", "writ.db.lock"]);
    }
}
