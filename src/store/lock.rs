//! The sole writer: an OS lock on a file beside the store, which also tells people who holds it.
//!
//! In: the store's path. Out: a [`Lock`], without which there is no `Writer`.
//! Invariants: the kernel's lock is the truth and frees itself when its process dies; the text in the file is for people,
//! may be missing, old or torn, and decides nothing; the file is never deleted, since two processes could then each lock
//! their own.

use super::{StoreError, draft, error::Doing, open::Access, private};
use crate::model::canonical;
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(25);

/// Tries that even an acquisition without patience makes, so that somebody who only looks does not turn it away.
const TRIES: u32 = 3;

/// Longer than any holder's text.
const TEXT_LIMIT: u64 = 64 * 1024;

/// Who holds a lock, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// On whose behalf.
    pub actor: String,
    /// The verb.
    pub command: String,
    /// The process.
    pub pid: u32,
    /// The machine it runs on.
    pub host: String,
    /// Since when, as `stamp` writes it.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { actor, command, pid, host, since } = self;
        write!(f, "{actor} ({command}, process {pid} on {host}, since {since})")
    }
}

/// Whether a lock is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// By nobody.
    Free,
    /// By somebody who told who it is.
    By(Holder),
    /// By somebody who has not told, or not yet.
    ByUnknown,
}

/// The right to write one store, until dropped.
#[derive(Debug)]
pub struct Lock {
    store: PathBuf,
    file: File,
}

impl Lock {
    /// Waits up to `timeout` to become the sole writer of the store, which need not exist yet; `stop` ends the waiting. Drafts
    /// that a killed one left are cleared away.
    ///
    /// # Errors
    /// [`StoreError::Locked`] with the holder when the time is over, [`StoreError::Interrupted`] when told to stop, [`StoreError::Unreadable`] when the lock file is a
    /// link, [`StoreError::Io`] when it cannot be made or written.
    pub fn acquire(store: &Path, timeout: Duration, holder: &Holder, stop: &dyn Fn() -> bool) -> Result<Lock, StoreError> {
        let path = lock_path(store);
        if path.is_symlink() {
            let why = format!("its lock `{}` is a symbolic link", path.display());
            return Err(StoreError::Unreadable { path: store.to_owned(), why });
        }
        let mut file = options().create(true).open(&path).doing("opening the lock")?;
        make_private(&path, &file)?;
        let start = Instant::now();
        for attempt in 1_u32.. {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(StoreError::Io { doing: "locking the store", source }),
                Err(TryLockError::WouldBlock) if stop() => return Err(StoreError::Interrupted),
                Err(TryLockError::WouldBlock) if attempt >= TRIES && start.elapsed() >= timeout => {
                    return Err(StoreError::Locked(text(&mut file).map(Box::new)));
                }
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            }
        }
        file.set_len(0)
            .and_then(|()| file.write_all(canonical(holder).as_bytes()))
            .and_then(|()| file.sync_data())
            .doing("writing the lock")?;
        // Drafts of this store are made under this lock only: those that are there now are of the dead.
        draft::clear(store);
        Ok(Lock { store: store.to_owned(), file })
    }

    /// Whether the lock of a store is held right now, and by whom.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the lock file is there and cannot be looked at.
    pub fn holder(store: &Path) -> Result<Held, StoreError> {
        let mut file = match File::open(lock_path(store)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Held::Free),
            opened => opened.doing("opening the lock")?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Held::Free),
            Err(TryLockError::WouldBlock) => Ok(text(&mut file).map_or(Held::ByUnknown, Held::By)),
            Err(TryLockError::Error(source)) => Err(StoreError::Io { doing: "looking at the lock", source }),
        }
    }

    /// Whether it is the lock of this store.
    pub(super) fn guards(&self, store: &Path) -> bool {
        self.store == store
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The kernel unlocks when the file closes, so a failure here leaves an old text at worst.
        let _ = self.file.set_len(0);
    }
}

fn lock_path(store: &Path) -> PathBuf {
    let mut path = OsString::from(store);
    path.push(".lock");
    PathBuf::from(path)
}

/// Nothing in a lock is believed, so one that others may open is no danger; but theirs to hold as well, until it is closed
/// to them.
fn make_private(path: &Path, file: &File) -> Result<(), StoreError> {
    let check = || private::check(path, &file.metadata().doing("opening the lock")?, Access::Write);
    #[cfg(unix)]
    if check().is_err() {
        // Of another user's this fails, and is told of below.
        let _ = file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    }
    check()
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// What the holder wrote, if it is all there.
fn text(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.take(TEXT_LIMIT).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn holder(pid: u32) -> Holder {
        let since = "2026-03-01T08:00:00.000Z".into();
        Holder { actor: "operator:ann@build".into(), command: "apply".into(), pid, host: "build".into(), since }
    }

    #[test]
    fn one_holder_at_a_time_and_everyone_can_see_who() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("writ.db");
        assert_eq!(Lock::holder(&store).unwrap(), Held::Free);
        assert!(!lock_path(&store).exists());

        let lock = Lock::acquire(&store, Duration::ZERO, &holder(1), &|| false).unwrap();
        assert_eq!(Lock::holder(&store).unwrap(), Held::By(holder(1)));
        let error = Lock::acquire(&store, Duration::ZERO, &holder(2), &|| false).unwrap_err();
        assert!(matches!(&error, StoreError::Locked(Some(h)) if **h == holder(1)), "{error}");

        drop(lock);
        assert_eq!(Lock::holder(&store).unwrap(), Held::Free);
        assert_eq!(fs::read(lock_path(&store)).unwrap(), b"");
        Lock::acquire(&store, Duration::ZERO, &holder(2), &|| false).unwrap();
    }

    #[test]
    fn what_a_dead_holder_left_means_nothing_and_a_torn_text_is_no_holder() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("writ.db");
        fs::write(lock_path(&store), canonical(&holder(1))).unwrap();
        assert_eq!(Lock::holder(&store).unwrap(), Held::Free);

        let lock = Lock::acquire(&store, Duration::ZERO, &holder(2), &|| false).unwrap();
        for torn in ["", "{\"actor\":\"op", "\u{0}\u{0}"] {
            fs::write(lock_path(&store), torn).unwrap();
            assert_eq!(Lock::holder(&store).unwrap(), Held::ByUnknown);
            let error = Lock::acquire(&store, Duration::ZERO, &holder(3), &|| false).unwrap_err();
            assert!(matches!(error, StoreError::Locked(None)), "{error}");
        }
        drop(lock);
    }

    #[test]
    fn waits_for_its_turn() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("writ.db");
        let inside = std::sync::atomic::AtomicU32::new(0);
        thread::scope(|scope| {
            for pid in 0..8 {
                let (store, inside) = (&store, &inside);
                scope.spawn(move || {
                    let _lock = Lock::acquire(store, Duration::from_secs(60), &holder(pid), &|| false).unwrap();
                    assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                    thread::sleep(Duration::from_millis(5));
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                });
            }
        });
    }

    #[test]
    fn waits_no_longer_than_it_is_let() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("writ.db");
        let _lock = Lock::acquire(&store, Duration::ZERO, &holder(1), &|| true).unwrap();
        let error = Lock::acquire(&store, Duration::from_secs(600), &holder(2), &|| true).unwrap_err();
        assert!(matches!(error, StoreError::Interrupted), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_and_no_link() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("writ.db");
        drop(Lock::acquire(&store, Duration::ZERO, &holder(1), &|| false).unwrap());
        assert_eq!(fs::metadata(lock_path(&store)).unwrap().permissions().mode() & 0o777, 0o600);

        let precious = dir.path().join("precious");
        fs::write(&precious, "precious").unwrap();
        let other = dir.path().join("other.db");
        symlink(&precious, lock_path(&other)).unwrap();
        assert!(Lock::acquire(&other, Duration::ZERO, &holder(1), &|| false).is_err());
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    }
}
