//! What can go wrong with a store: a typed error with what was being done.

use super::{Exposure, FoldError, Holder};
use rusqlite::ErrorCode;
use std::{error::Error, fmt, io, path::PathBuf};

/// The world's fault, as met by the store.
#[derive(Debug)]
pub enum StoreError {
    /// Nothing stands at the path.
    Missing(PathBuf),
    /// Something stands there that cannot be opened, or not by us: a directory, a link, a file without permission.
    Unreadable {
        /// The store's place.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// It, or what SQLite left beside it, is open to others.
    Exposed {
        /// The file.
        path: PathBuf,
        /// To whom.
        how: Exposure,
    },
    /// A file of another program.
    NotAStore(PathBuf),
    /// A store of ours whose content cannot be right.
    Corrupt(String),
    /// Written by a later version.
    Newer {
        /// The schema of the file.
        found: i64,
        /// The latest schema known here.
        known: i64,
    },
    /// The place of a new store is not free.
    Taken(PathBuf),
    /// Another process is writing, and did not end in time; who, if it had said so yet.
    Locked(Option<Box<Holder>>),
    /// Told to stop while it waited for the lock; nothing was written.
    Interrupted,
    /// The store moved on since it was read.
    Stale {
        /// The serial that was read.
        expected: u64,
        /// The serial as it is.
        found: u64,
    },
    /// No revision has this serial.
    NoRevision {
        /// What was asked for.
        asked: u64,
        /// The latest serial.
        latest: u64,
    },
    /// The past cannot be told, since this event's body was erased.
    Erased {
        /// Its revision.
        serial: u64,
        /// Its place there.
        seq: u64,
    },
    /// An event does not fit what the store holds; nothing was written.
    Misfit(FoldError),
    /// The file system failed.
    Io {
        /// What was being done.
        doing: &'static str,
        /// How it failed.
        source: io::Error,
    },
    /// It was committed, and the disk failed then: a loss of power may still undo it.
    Unsynced {
        /// The serial of what was committed.
        serial: u64,
        /// How it failed.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The disk failed in the midst of a commit, and then did not tell what it holds.
    Unknown(rusqlite::Error),
    /// The database failed.
    Sql {
        /// What was being done.
        doing: &'static str,
        /// How it failed.
        source: rusqlite::Error,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Missing(path) => write!(f, "there is no store at `{}`", path.display()),
            StoreError::Unreadable { path, why } => write!(f, "the store `{}` cannot be opened: {why}", path.display()),
            StoreError::Exposed { path, how } => write!(f, "`{}` is not private: {how}", path.display()),
            StoreError::NotAStore(path) => write!(f, "`{}` is not a store of writ", path.display()),
            StoreError::Corrupt(detail) => write!(f, "the store is corrupt: {detail}"),
            StoreError::Newer { found, known } => {
                write!(f, "the store has schema {found}, and this writ knows schemas up to {known}")
            }
            StoreError::Taken(path) => write!(f, "`{}` exists already", path.display()),
            StoreError::Locked(Some(holder)) => write!(f, "the store is locked by {holder}"),
            StoreError::Locked(None) => f.write_str("the lock of the store is held, by whom is not known"),
            StoreError::Interrupted => f.write_str("interrupted while waiting for the lock; nothing was committed"),
            StoreError::Stale { expected, found } => {
                write!(f, "the store has moved on to serial {found} since serial {expected} was read")
            }
            StoreError::NoRevision { asked, latest } => {
                write!(f, "there is no serial {asked}; the store stands at serial {latest}")
            }
            StoreError::Erased { serial, seq } => {
                write!(f, "what event {seq} of serial {serial} said was erased")
            }
            StoreError::Misfit(error) => write!(f, "an event does not fit what the store holds: {error}"),
            StoreError::Unsynced { serial, .. } => write!(f, "committed as @{serial}, and the disk failed to make it durable"),
            StoreError::Unknown(_) => f.write_str("the disk failed while committing; whether it was committed is not known"),
            StoreError::Io { doing, source } => write!(f, "{doing}: {source}"),
            StoreError::Sql { doing, source } => write!(f, "{doing}: {source}"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            StoreError::Unsynced { source, .. } => Some(source.as_ref()),
            StoreError::Unknown(source) => Some(source),
            // Whose line tells the cause too does not hand it on, or it would be told twice.
            _ => None,
        }
    }
}

/// Says what was being done when something failed.
pub(super) trait Doing<T> {
    /// With `doing` such as `reading the objects`.
    fn doing(self, doing: &'static str) -> Result<T, StoreError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Io { doing, source })
    }
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, StoreError> {
        use rusqlite::Error as Sql;
        self.map_err(|source| match source {
            // A value of another type or range than ours: somebody else wrote it.
            Sql::FromSqlConversionFailure(..) | Sql::IntegralValueOutOfRange(..) | Sql::InvalidColumnType(..) | Sql::Utf8Error(..) => {
                StoreError::Corrupt(format!("{doing}: {source}"))
            }
            source if source.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => StoreError::Locked(None),
            source if source.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt(format!("{doing}: {source}")),
            source => StoreError::Sql { doing, source },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_lower_case_line() {
        let holder = Holder {
            actor: "user:ann@contoso.example".into(),
            command: "apply".into(),
            pid: 12,
            host: "build".into(),
            since: "2026-03-01T08:00:00.000Z".into(),
        };
        let io = StoreError::Io { doing: "syncing the store", source: io::Error::other("disk on fire") };
        assert_eq!(io.to_string(), "syncing the store: disk on fire");
        assert!(io.source().is_none(), "its cause would be told twice");
        let locked = StoreError::Locked(Some(Box::new(holder)));
        let text = "the store is locked by user:ann@contoso.example (apply, process 12 on build, since 2026-03-01T08:00:00.000Z)";
        assert_eq!(locked.to_string(), text);
    }
}
