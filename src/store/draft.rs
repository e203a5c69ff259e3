//! Files that appear whole or not at all: built beside their place, synced, and renamed in.
//!
//! In: a place. Out: a private file there, or nothing.
//! Invariants: a crash leaves at most a hidden draft beside the place, whose name says whose it is; drafts of a store are
//! made only under its lock, so whoever holds the lock may clear those that are there.

use super::{StoreError, error::Doing, open::exists};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// What SQLite puts beside a database.
pub(super) const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// How many random characters a draft has in its name.
const RANDOM: usize = 6;

/// A file that is being built.
pub(super) struct Draft {
    file: NamedTempFile,
    place: PathBuf,
}

impl Draft {
    /// An empty draft for this place, readable by nobody else.
    pub(super) fn beside(place: &Path) -> Result<Draft, StoreError> {
        let (directory, prefix) = parts(place);
        let file = tempfile::Builder::new().prefix(&prefix).suffix(".new").rand_bytes(RANDOM).tempfile_in(directory);
        Ok(Draft { file: file.doing("making a file beside the store")?, place: place.to_owned() })
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Puts it in its place, where nothing stands.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when something does.
    pub(super) fn place(self) -> Result<(), StoreError> {
        let Draft { file, place } = self;
        file.as_file().sync_all().doing("syncing the store")?;
        file.persist_noclobber(&place).map_err(|failed| match failed.error.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Taken(place.clone()),
            _ => StoreError::Io { doing: "putting the store in its place", source: failed.error },
        })?;
        sync_directory(&place)
    }

    /// Puts it in its place, instead of what stands there.
    pub(super) fn replace(self) -> Result<(), StoreError> {
        let Draft { file, place } = self;
        file.as_file().sync_all().doing("syncing the store")?;
        file.persist(&place).map_err(|failed| failed.error).doing("putting the store in its place")?;
        sync_directory(&place)
    }
}

/// The path with something at its end.
pub(super) fn beside(path: &Path, suffix: impl AsRef<OsStr>) -> PathBuf {
    let mut place = OsString::from(path);
    place.push(suffix);
    PathBuf::from(place)
}

/// Its directory, and what the names of its drafts begin with.
fn parts(place: &Path) -> (&Path, OsString) {
    let mut prefix = OsString::from(".writ-");
    prefix.push(place.file_name().unwrap_or_default());
    prefix.push("-");
    (directory(place), prefix)
}

fn directory(place: &Path) -> &Path {
    match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The drafts of a store: those of a running command, or what a killed one left.
#[must_use]
pub fn drafts(store: &Path) -> Vec<PathBuf> {
    let (directory, prefix) = parts(store);
    let is_draft = |name: &OsStr| {
        let rest = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes()).and_then(|rest| rest.strip_suffix(b".new"));
        rest.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric))
    };
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.filter(|e| is_draft(&e.file_name())).map(|e| directory.join(e.file_name())).collect();
    found.sort();
    found
}

/// Clears what killed commands left, under the store's lock. What cannot be removed hinders nobody.
pub(super) fn clear(store: &Path) -> Vec<PathBuf> {
    let mut left = drafts(store);
    left.retain(|draft| fs::remove_file(draft).is_ok());
    left
}

/// Makes a copy of a file byte by byte, beside it, and names it: `STORE.LABEL`, or with a number where another stands. A
/// copy that a command before a crash made is taken for its own. The caller has the store's lock, and no transaction.
pub(super) fn keep(path: &Path, label: &str) -> Result<PathBuf, StoreError> {
    let keeping = "making a copy of the store";
    for n in 1_u32.. {
        let copy = beside(path, if n == 1 { format!(".{label}") } else { format!(".{label}-{n}") });
        if exists(&copy) {
            if same(path, &copy).unwrap_or(false) {
                return Ok(copy);
            }
            continue;
        }
        let mut draft = Draft::beside(path)?;
        let mut from = File::open(path).doing(keeping)?;
        io::copy(&mut from, draft.file.as_file_mut()).doing(keeping)?;
        draft.place.clone_from(&copy);
        draft.place()?;
        return Ok(copy);
    }
    Ok(path.to_owned())
}

/// Whether two files hold the same.
fn same(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let length = one.metadata()?.len();
    if length != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut here, mut there) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut left = length;
    while left > 0 {
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(here.len());
        let (Some(here), Some(there)) = (here.get_mut(..n), there.get_mut(..n)) else { return Ok(false) };
        one.read_exact(here)?;
        other.read_exact(there)?;
        if here != there {
            return Ok(false);
        }
        left = left.saturating_sub(n as u64);
    }
    Ok(true)
}

#[cfg(unix)]
pub(super) fn sync_directory(place: &Path) -> Result<(), StoreError> {
    File::open(directory(place)).and_then(|directory| directory.sync_all()).doing("syncing the store's directory")
}

#[cfg(not(unix))]
pub(super) fn sync_directory(_: &Path) -> Result<(), StoreError> {
    // A directory cannot be opened as a file there; the rename is in its journal.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_told_by_their_names_and_only_those_of_this_store_are_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("a.db");
        let mine = dir.path().join(".writ-a.db-x1Y2z3.new");
        let others = [".writ-b.db-x1Y2z3.new", ".writ-a.db-more-x1Y2z3.new", ".writ-plan-x1Y2z3", "a.db", ".writ-a.db-x1Y2z3"];
        fs::write(&mine, "").unwrap();
        others.iter().for_each(|name| fs::write(dir.path().join(name), "").unwrap());
        assert_eq!(drafts(&store), std::slice::from_ref(&mine));
        assert_eq!(clear(&store), std::slice::from_ref(&mine));
        assert!(!mine.exists() && others.iter().all(|name| dir.path().join(name).exists()));
        let made = Draft::beside(&store).unwrap();
        assert_eq!(drafts(&store), [made.path().to_owned()]);
    }

    #[test]
    fn a_copy_is_kept_once_and_never_in_the_place_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("a.db");
        let name = |copy: PathBuf| copy.file_name().unwrap().to_str().unwrap().to_owned();
        fs::write(&store, vec![1; 100_000]).unwrap();
        assert_eq!(name(keep(&store, "schema-1").unwrap()), "a.db.schema-1");
        assert_eq!(name(keep(&store, "schema-1").unwrap()), "a.db.schema-1");
        fs::write(&store, vec![2; 100_000]).unwrap();
        assert_eq!(name(keep(&store, "schema-1").unwrap()), "a.db.schema-1-2");
        fs::write(&store, vec![2; 99_999]).unwrap();
        assert_eq!(name(keep(&store, "schema-1").unwrap()), "a.db.schema-1-3");
        assert_eq!(fs::read(dir.path().join("a.db.schema-1")).unwrap(), vec![1; 100_000]);
        assert_eq!(drafts(&store), Vec::<PathBuf>::new());
    }
}
