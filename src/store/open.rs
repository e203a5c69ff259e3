//! From a path to a connection that is certainly a store of ours.
//!
//! In: a path. Out: a configured connection, and the identity of the file behind it.
//! Invariants: nothing is created here; links are not followed; a file with another schema than ours is not read any
//! further, and its triggers and views never run; a file that is not private enough (`private`) is no store to use.

use super::{Held, Lock, StoreError, error::Doing, migrate, private, schema::APPLICATION};
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, config::DbConfig, ffi};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a statement waits for another process to end its own.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Only read, even where the file could be written.
    Read,
    /// Write as well.
    Write,
}

/// Whether anything stands at the path. Whether that is a store, opening it tells.
#[must_use]
pub fn exists(path: &Path) -> bool {
    let nothing = |e: &io::Error| matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    !matches!(fs::symlink_metadata(path), Err(e) if nothing(&e))
}

/// A file, told from others that stand at the same path later.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    found: fs::Metadata,
}

impl Place {
    fn look(path: &Path) -> Result<Place, StoreError> {
        let unreadable = |why: String| StoreError::Unreadable { path: path.to_owned(), why };
        let found = fs::symlink_metadata(path).map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => StoreError::Missing(path.to_owned()),
            _ => unreadable(e.to_string()),
        })?;
        match found.file_type() {
            kind if kind.is_symlink() => Err(unreadable("it is a symbolic link".into())),
            kind if kind.is_dir() => Err(unreadable("it is a directory".into())),
            kind if !kind.is_file() => Err(unreadable("it is not a regular file".into())),
            // SQLite takes an empty file for an empty database.
            _ if found.len() == 0 => Err(StoreError::Corrupt("the file is empty".into())),
            _ => Ok(Place { path: path.to_owned(), found }),
        }
    }

    /// Whether the two are one file.
    pub(super) fn is(&self, other: &Place) -> bool {
        identity(&self.found) == identity(&other.found)
    }

    /// Fails when the path leads to another file by now: what is written then is lost.
    pub(super) fn still(&self) -> Result<(), StoreError> {
        if Place::look(&self.path)?.is(self) {
            return Ok(());
        }
        Err(StoreError::Unreadable { path: self.path.clone(), why: "another file took its place meanwhile".into() })
    }
}

#[cfg(unix)]
fn identity(found: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> (u64, u64) {
    // An open file cannot be replaced there.
    (0, 0)
}

/// A store that was opened.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) place: Place,
    /// The version of its schema, which may be an older one.
    pub(super) schema: i64,
}

/// Opens a store.
pub(super) fn open(path: &Path, access: Access) -> Result<Opened, StoreError> {
    let place = Place::look(path)?;
    let (connection, schema) = match connect(path, access) {
        Err(error) if access == Access::Read && interrupted(&error) => {
            // A crash left half a write beside its journal. SQLite undoes it for the first reader who may write.
            connect(path, Access::Write).map_err(|error| StoreError::Unreadable {
                path: path.to_owned(),
                why: format!("an interrupted write must be undone first, by somebody who may write it: {error}"),
            })?;
            connect(path, access)?
        }
        // That it is another user's says more than that the system refuses.
        Err(error @ StoreError::Unreadable { .. }) => {
            private::check(path, &place.found, access)?;
            return Err(error);
        }
        // Somebody has been in the midst of a commit for longer than any commit lasts.
        Err(StoreError::Locked(None)) => {
            let holder = if let Ok(Held::By(holder)) = Lock::holder(path) { Some(Box::new(holder)) } else { None };
            return Err(StoreError::Locked(holder));
        }
        done => done?,
    };
    place.still()?;
    // Only now: that a file is none of ours, or broken, is what to know of it first.
    private::check(path, &place.found, access)?;
    Ok(Opened { connection, place, schema })
}

fn interrupted(error: &StoreError) -> bool {
    let StoreError::Sql { source: rusqlite::Error::SqliteFailure(failure, _), .. } = error else { return false };
    failure.extended_code == ffi::SQLITE_READONLY_ROLLBACK
}

fn connect(path: &Path, access: Access) -> Result<(Connection, i64), StoreError> {
    let unreadable = |why: &str| StoreError::Unreadable { path: path.to_owned(), why: why.to_owned() };
    // Before SQLite looks: a journal is rolled into the store.
    private::check_beside(path, access)?;
    let flags = match access {
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(|e| unreadable(&e.to_string()))?;
    harden(&connection).doing("configuring the store")?;
    let schema = recognise(&connection, path).map_err(|error| match error {
        StoreError::Sql { source, .. } if source.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            StoreError::NotAStore(path.to_owned())
        }
        StoreError::Sql { source, .. } if source.sqlite_error_code() == Some(ErrorCode::CannotOpen) => unreadable(&source.to_string()),
        other => other,
    })?;
    if access == Access::Write {
        if connection.is_readonly(MAIN_DB).doing("opening the store")? {
            return Err(unreadable("it may not be written"));
        }
        durable(&connection).doing("configuring the store")?;
    }
    Ok((connection, schema))
}

/// Nothing that stands in the file runs, and nothing is written elsewhere.
pub(super) fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        // A misspelt "column" is an error and not a text.
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cell_size_check", true)
}

/// KiB of pages that whoever writes keeps until they are whole. What does not fit is written before its commit, and synced once more for it.
pub(super) const KEPT: i64 = 64 * 1024;

/// A commit that was acknowledged survives the loss of power, its directory entry included.
fn durable(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", KEPT.saturating_neg())?;
    connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "EXTRA")
}

/// Whether it is a store of ours, of a schema that is known here; the version of that schema.
fn recognise(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = number("application_id").doing("reading the store's header")?;
    if application != i64::from(APPLICATION) {
        return Err(StoreError::NotAStore(path.to_owned()));
    }
    let found = number("user_version").doing("reading the store's header")?;
    let known = migrate::schema();
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found < 1 {
        return Err(StoreError::Corrupt(format!("there never was a schema {found}")));
    }
    let reading = "reading the store's schema";
    if !migrate::is_as_expected(connection, found).doing(reading)? {
        return Err(StoreError::Corrupt(format!("its tables are not those of schema {found}")));
    }
    // SQLite reads what is missing of the last page as zeros.
    let pages = number("page_count").doing("reading the store's size")?;
    let size = number("page_size").doing("reading the store's size")?;
    let length = fs::metadata(path).doing("reading the store's size")?.len();
    if i64::try_from(length).is_ok_and(|length| length < pages.saturating_mul(size)) {
        return Err(StoreError::Corrupt("the file is cut off".into()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Reader, testing::World};

    #[cfg(unix)]
    #[test]
    fn reads_a_read_only_file_in_a_read_only_directory_and_leaves_nothing_there() {
        use std::os::unix::fs::PermissionsExt as _;
        let world = World::new();
        let dir = world.path.parent().unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let names = || fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name()).collect::<Vec<_>>();
        let before = names();
        mode(&world.path, 0o400);
        mode(dir, 0o500);
        let snapshot = Reader::open(&world.path).and_then(|reader| {
            let snapshot = reader.snapshot();
            assert_eq!(names(), before);
            snapshot
        });
        mode(dir, 0o700);
        assert_eq!(snapshot.unwrap().serial, 3);
    }

    fn refused(path: &Path) -> StoreError {
        match Reader::open(path).and_then(|reader| reader.snapshot()) {
            Err(error) => error,
            Ok(_) => panic!("{} was taken for a store", path.display()),
        }
    }

    #[test]
    fn what_is_no_store_is_never_an_empty_one() {
        let world = World::new();
        let dir = world.path.parent().unwrap();
        let file = |name: &str, bytes: &[u8]| -> PathBuf {
            let path = dir.join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        assert!(matches!(refused(&dir.join("nothing")), StoreError::Missing(_)));
        assert!(matches!(refused(dir), StoreError::Unreadable { .. }));
        assert!(matches!(refused(&file("empty", b"")), StoreError::Corrupt(_)));
        assert!(matches!(refused(&file("text", &[b'x'; 4096])), StoreError::NotAStore(_)));
        assert!(matches!(refused(Path::new(":memory:")), StoreError::Missing(_)));

        let foreign = dir.join("foreign");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
        assert!(matches!(refused(&foreign), StoreError::NotAStore(_)));

        let whole = fs::read(&world.path).unwrap();
        for length in (1..whole.len()).step_by(509).chain([100, 512, 4096, whole.len() - 1]) {
            refused(&file("torn", &whole[..length]));
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_refused() {
        let world = World::new();
        let dir = world.path.parent().unwrap();
        for (name, target) in [("dangling", dir.join("nowhere")), ("link", world.path.clone())] {
            let path = dir.join(name);
            std::os::unix::fs::symlink(target, &path).unwrap();
            assert!(exists(&path));
            assert!(matches!(refused(&path), StoreError::Unreadable { .. }));
        }
    }

    #[test]
    fn another_schema_is_refused() {
        for (sql, newer) in [
            ("PRAGMA user_version = 98", true),
            ("PRAGMA user_version = 0", false),
            ("CREATE TABLE t (a)", false),
            ("CREATE TRIGGER t AFTER INSERT ON revision BEGIN DELETE FROM object; END", false),
            ("CREATE VIEW v AS SELECT 1", false),
            ("DROP TABLE event", false),
        ] {
            let world = World::new();
            Connection::open(&world.path).unwrap().execute_batch(sql).unwrap();
            let error = refused(&world.path);
            assert_eq!(matches!(error, StoreError::Newer { found: 98, known: 3 }), newer, "{error}");
            assert_eq!(matches!(error, StoreError::Corrupt(_)), !newer, "{error}");
        }
    }

    #[test]
    fn an_interrupted_write_is_undone_by_the_first_reader() {
        let world = World::new();
        let before = Reader::open(&world.path).unwrap().snapshot().unwrap();
        // A crash is a copy of the files in the midst of a transaction.
        let raw = Connection::open(&world.path).unwrap();
        raw.execute_batch("PRAGMA cache_size = 1; PRAGMA synchronous = FULL; BEGIN IMMEDIATE;").unwrap();
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
                   INSERT INTO object SELECT 'catalog.x' || i, 'catalog', 'x' || i, 1, '{}', NULL, 4, '{}' FROM n";
        raw.execute_batch(sql).unwrap();
        let crashed = world.path.with_file_name("crashed.db");
        fs::copy(&world.path, &crashed).unwrap();
        fs::copy(world.path.with_file_name("writ.db-journal"), crashed.with_file_name("crashed.db-journal")).unwrap();
        drop(raw);
        assert_ne!(fs::metadata(&crashed).unwrap().len(), fs::metadata(&world.path).unwrap().len());

        let reader = Reader::open(&crashed).unwrap();
        assert_eq!(reader.snapshot().unwrap(), before);
        assert!(reader.verify().is_ok());
        assert!(reader.connection.execute("DELETE FROM object", []).is_err());
        assert!(!crashed.with_file_name("crashed.db-journal").exists());
    }
}
