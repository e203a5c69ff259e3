//! Whether a file is the owner's alone: what the file system says of it, before anything in it is believed.
//!
//! In: a file's owner and mode. Out: how it is exposed, if it is.
//! Invariants: what others could have written is neither read nor written; what everybody may read is not written. Reading is
//! for more than the owner where the owner lets it be: through the group (0640), or as a copy that nobody may write (0444).
//! Root, who could write any file, is trusted with its files and may use those of others, as in a container that works in
//! somebody's directory.

use super::{
    StoreError,
    draft::{BESIDE, beside},
    open::Access,
};
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// How a file is open to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Others than its owner may write it: its mode.
    Writable(u32),
    /// Everybody may read what somebody writes: its mode.
    Readable(u32),
    /// It is another user's to write.
    Foreign {
        /// Whose it is.
        owner: u32,
        /// Who we are.
        us: u32,
    },
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exposure::Writable(mode) => write!(f, "others than its owner may write it (mode {mode:04o})"),
            Exposure::Readable(mode) => write!(f, "everybody may read it (mode {mode:04o})"),
            Exposure::Foreign { owner, us } => write!(f, "it belongs to user {owner}, and this is user {us}"),
        }
    }
}

/// Permissions, the owner's, the group's and everybody's.
#[cfg(unix)]
pub(super) fn mode(found: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    found.mode() & 0o7777
}

/// Its owner, and who we are.
#[cfg(unix)]
pub(super) fn owner_and_us(found: &Metadata) -> (u32, u32) {
    use std::os::unix::fs::MetadataExt as _;
    (found.uid(), rustix::process::geteuid().as_raw())
}

/// How a file is exposed to those who are not meant to have it.
#[cfg(unix)]
pub(super) fn exposure(found: &Metadata, access: Access) -> Option<Exposure> {
    let mode = mode(found);
    if mode & 0o022 != 0 {
        return Some(Exposure::Writable(mode));
    }
    // What nobody may write is a copy that was made to be read.
    if mode & 0o007 != 0 && (access == Access::Write || mode & 0o222 != 0) {
        return Some(Exposure::Readable(mode));
    }
    let (owner, us) = owner_and_us(found);
    let trusted = owner == us || owner == 0 || us == 0;
    (access == Access::Write && !trusted).then_some(Exposure::Foreign { owner, us })
}

/// No modes there: whose a file is follows from the directory it stands in.
#[cfg(not(unix))]
pub(super) fn exposure(_: &Metadata, _: Access) -> Option<Exposure> {
    None
}

/// Whether only we, or root, could have written a file.
#[must_use]
pub fn is_private(found: &Metadata) -> bool {
    exposure(found, Access::Write).is_none()
}

/// Fails if the file is exposed.
pub(super) fn check(path: &Path, found: &Metadata, access: Access) -> Result<(), StoreError> {
    exposure(found, access).map_or(Ok(()), |how| Err(StoreError::Exposed { path: path.to_owned(), how }))
}

/// Fails if what SQLite finds beside the store, and takes for its own, is a link, exposed, or no file at all.
pub(super) fn check_beside(store: &Path, access: Access) -> Result<(), StoreError> {
    for suffix in BESIDE {
        let path = beside(store, suffix);
        let Ok(found) = fs::symlink_metadata(&path) else { continue };
        if !found.is_file() {
            let why = format!("`{}` is no regular file", path.display());
            return Err(StoreError::Unreadable { path: store.to_owned(), why });
        }
        check(&path, &found, access)?;
    }
    Ok(())
}

/// Makes the store, and what SQLite left beside it, the owner's alone where modes let others have it. Tells what was changed.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub fn make_private(store: &Path) -> io::Result<Vec<(PathBuf, u32)>> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut changed = Vec::new();
    for path in [""].into_iter().chain(BESIDE).map(|suffix| beside(store, suffix)) {
        let Some(found) = fs::symlink_metadata(&path).ok().filter(Metadata::is_file) else { continue };
        if matches!(exposure(&found, Access::Read), Some(Exposure::Writable(_) | Exposure::Readable(_))) {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            changed.push((path, mode(&found)));
        }
    }
    Ok(changed)
}

/// As elsewhere; there are no modes here.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn make_private(_: &Path) -> io::Result<Vec<(PathBuf, u32)>> {
    Ok(Vec::new())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::store::{Lock, Reader, Writer, testing::*};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::Duration;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_mode_says_who_may_read_and_who_may_write() {
        let world = World::new();
        for (mode, read, write) in [
            (0o600, true, true),
            (0o640, true, true),
            (0o444, true, false),
            (0o644, false, false),
            (0o604, false, false),
            (0o660, false, false),
            (0o620, false, false),
            (0o602, false, false),
            (0o666, false, false),
        ] {
            set(&world.path, mode);
            let exposed = |error: &StoreError| matches!(error, StoreError::Exposed { .. });
            assert_eq!(!Reader::open(&world.path).is_err_and(|e| exposed(&e)), read, "{mode:04o}");
            let lock = world.lock();
            assert_eq!(!Writer::open(&world.path, &lock).is_err_and(|e| exposed(&e)), write, "{mode:04o}");
        }
        set(&world.path, 0o666);
        assert_eq!(make_private(&world.path).unwrap(), [(world.path.clone(), 0o666)]);
        assert_eq!(make_private(&world.path).unwrap(), []);
        assert!(Reader::open(&world.path).is_ok());
    }

    /// A journal is rolled into the store, so it is believed no more than the store.
    #[test]
    fn what_lies_beside_it_is_private_too() {
        let world = World::new();
        let journal = beside(&world.path, "-journal");
        fs::write(&journal, "a journal").unwrap();
        set(&journal, 0o666);
        let before = fs::read(&world.path).unwrap();
        assert!(matches!(Reader::open(&world.path), Err(StoreError::Exposed { path, .. }) if path == journal));
        set(&journal, 0o600);
        assert!(Reader::open(&world.path).is_ok());
        // SQLite may have done away with it: it holds nothing to undo.
        let _ = fs::remove_file(&journal);
        symlink("elsewhere", &journal).unwrap();
        assert!(matches!(Reader::open(&world.path), Err(StoreError::Unreadable { .. })));
        assert_eq!(fs::read(&world.path).unwrap(), before);
    }

    /// Nothing in a lock is believed, so it needs no refusal.
    #[test]
    fn a_lock_is_made_private_by_whoever_takes_it() {
        let world = World::new();
        drop(world.lock());
        let lock = beside(&world.path, ".lock");
        set(&lock, 0o666);
        drop(Lock::acquire(&world.path, Duration::ZERO, &holder(), &|| false).unwrap());
        assert_eq!(mode(&fs::metadata(&lock).unwrap()), 0o600);
    }
}
