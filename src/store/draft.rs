//! Files that appear whole or not at all: built beside their place, synced, and renamed in.
//!
//! In: a place. Out: a private file there, or nothing.
//! Invariants: a crash leaves at most a hidden draft beside the place, whose name says whose it is; drafts of a store are
//! made only under its lock, so whoever holds the lock may clear those that are there.

use super::{StoreError, error::Doing};
use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// What SQLite puts beside a database.
pub(super) const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// How they end.
const SUFFIX: &str = ".new";

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
        let file = tempfile::Builder::new().prefix(&prefix(place)).suffix(SUFFIX).rand_bytes(RANDOM).tempfile_in(directory(place));
        Ok(Draft { file: file.doing("making a file beside the store")?, place: place.to_owned() })
    }

    /// Marks it as one of a command that runs, for [`clear_dead`], where no lock of a store guards it.
    pub(super) fn hold(&self) {
        let _ = self.file.as_file().try_lock();
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Puts it in its place, where nothing stands; [`sync_names`] makes that durable.
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
        Ok(())
    }

    /// Puts it in its place, instead of what stands there; [`sync_names`] makes that durable.
    pub(super) fn replace(self) -> Result<(), StoreError> {
        let Draft { file, place } = self;
        file.as_file().sync_all().doing("syncing the store")?;
        file.persist(&place).map_err(|failed| failed.error).doing("putting the store in its place")?;
        Ok(())
    }
}

/// The path with something at its end.
pub(super) fn beside(path: &Path, suffix: impl AsRef<OsStr>) -> PathBuf {
    let mut place = OsString::from(path);
    place.push(suffix);
    PathBuf::from(place)
}

/// What the names of its drafts begin with.
fn prefix(place: &Path) -> OsString {
    let mut prefix = OsString::from(".writ-");
    prefix.push(place.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// The directory that a path stands in.
pub(super) fn directory(place: &Path) -> &Path {
    match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The drafts of a store: those of a running command, or what a killed one left.
#[must_use]
pub fn drafts(store: &Path) -> Vec<PathBuf> {
    drafts_in(directory(store), store)
}

fn drafts_in(directory: &Path, store: &Path) -> Vec<PathBuf> {
    let prefix = prefix(store);
    let is_draft = |name: &OsStr| {
        let rest = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes()).unwrap_or_default();
        let Some((random, suffix)) = rest.split_at_checked(RANDOM) else { return false };
        // With what SQLite had put beside it.
        let ends = [""].into_iter().chain(BESIDE).any(|beside| suffix.strip_prefix(SUFFIX.as_bytes()) == Some(beside.as_bytes()));
        ends && random.iter().all(u8::is_ascii_alphanumeric)
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

/// Clears drafts for a place that no store's lock guards: those that nobody [holds](Draft::hold) are of the dead.
pub(super) fn clear_dead(place: &Path) {
    for draft in drafts(place) {
        if File::open(&draft).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(draft);
        }
    }
}

/// Clears those that stand elsewhere: what [`write_new`] had begun. The caller has the store's lock.
pub fn clear_drafts(directory: &Path, store: &Path) {
    for draft in drafts_in(directory, store) {
        let _ = fs::remove_file(draft);
    }
}

/// Makes a copy of a file byte by byte, beside it, and names it: `STORE.LABEL`, or with a number where another stands. A
/// copy that a command before a crash made is taken for its own. The caller has the store's lock, and no transaction.
pub(super) fn keep(path: &Path, label: &str) -> Result<PathBuf, StoreError> {
    let keeping = "making a copy of the store";
    for n in 1_u32.. {
        let copy = beside(path, if n == 1 { format!(".{label}") } else { format!(".{label}-{n}") });
        match fs::symlink_metadata(&copy) {
            Ok(_) if same(path, &copy).unwrap_or(false) => return Ok(copy),
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // A disk that does not tell what stands there gets no second copy beside it.
            Err(source) => return Err(StoreError::Io { doing: keeping, source }),
        }
        let mut draft = Draft::beside(path)?;
        let mut from = File::open(path).doing(keeping)?;
        io::copy(&mut from, draft.file.as_file_mut()).doing(keeping)?;
        draft.place.clone_from(&copy);
        draft.place()?;
        sync_names(directory(&copy)).doing("syncing the copy's directory")?;
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

/// Makes the names in a directory durable, and its own in the directories above it, since any of them may be new: a file that
/// was synced is lost with a directory that was not.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub fn sync_names(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let directory = directory.canonicalize()?;
    File::open(&directory)?.sync_all()?;
    let disk = fs::metadata(&directory)?.dev();
    for above in directory.ancestors().skip(1) {
        // Who made it may open it, and made it on the same disk.
        let Ok(opened) = File::open(above) else { break };
        if opened.metadata()?.dev() != disk {
            break;
        }
        opened.sync_all()?;
    }
    Ok(())
}

/// As elsewhere; a directory cannot be opened as a file here, and the rename is in its journal.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a file of a workspace on behalf of its store, unless one stands there, which the answer tells. [`sync_names`] makes
/// it durable.
///
/// # Errors
/// When it cannot be written; nothing stands at the path then.
pub fn write_new(path: &Path, text: &str, store: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(_) => return Ok(false),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) => {}
    }
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(&prefix(store)).suffix(SUFFIX).rand_bytes(RANDOM).tempfile_in(directory(path))?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        done => done.map(|_| true).map_err(|failed| failed.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_told_by_their_names_and_only_those_of_this_store_are_cleared() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("a.db");
        let mine = dir.path().join(".writ-a.db-x1Y2z3.new");
        let journal = dir.path().join(".writ-a.db-x1Y2z3.new-journal");
        let others = [
            ".writ-b.db-x1Y2z3.new",
            ".writ-a.db-x1Y2z3.newer",
            ".writ-a.db-more-x1Y2z3.new",
            ".writ-plan-x1Y2z3",
            "a.db",
            ".writ-a.db-x1Y2z3",
        ];
        fs::write(&mine, "").unwrap();
        fs::write(&journal, "").unwrap();
        others.iter().for_each(|name| fs::write(dir.path().join(name), "").unwrap());
        assert_eq!(drafts(&store), [mine.clone(), journal.clone()]);
        assert_eq!(clear(&store), [mine.clone(), journal.clone()]);
        assert!(!mine.exists() && !journal.exists() && others.iter().all(|name| dir.path().join(name).exists()));
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

    #[test]
    fn a_file_of_a_workspace_is_written_once_and_as_the_umask_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let (path, store) = (dir.path().join("a.toml"), dir.path().join(".writ/a.db"));
        assert!(write_new(&path, "one", &store).unwrap());
        assert!(!write_new(&path, "two", &store).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert!(write_new(&dir.path().join("no/such/file"), "", &store).is_err());
        let left = dir.path().join(".writ-a.db-x1Y2z3.new");
        fs::write(&left, "").unwrap();
        clear_drafts(dir.path(), &store);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!(fs::metadata(&path).unwrap().permissions(), {
            fs::write(&left, "").unwrap();
            fs::metadata(&left).unwrap().permissions()
        });
    }
}
