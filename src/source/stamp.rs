//! How the files of a workspace lie, as the system tells it without a byte of them being read, and what few of them say.
//!
//! In: a directory, and names in it. Out: for each file which it is, its size, and when it was last written and changed; or, where
//! one of them is not as a workspace's files are, nothing, and reading them all tells why.
//! Invariants: a stamp stands for a file's content only once it has settled, since clocks of file systems are coarse: what is written
//! twice at what they take for one moment has one stamp.

use super::{Beneath, Filter, LARGEST_FILE, LIMITS, collisions, list, text};
use crate::config::{Settings, WRIT_TOML};
use crate::diag::{Diagnostics, SourceFile};
use crate::model::{Raw, on_all, raw};
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

/// A second, in nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// How old a stamp of whole seconds has to be: the coarsest clock of a file system counts in two of them.
const COARSE: i64 = 2 * SECOND;
/// How old a finer one has to be: kernels advance the clock of files a hundred times a second, or more often.
const FINE: i64 = SECOND / 20;
/// How many files one processor takes at a time.
const PART: usize = 64;
/// From so many parts on it pays to ask on all processors how files lie: waking them takes as long as asking for some hundred files.
const MANY_PARTS: usize = 8;

/// What tells a file from what it was: whoever writes it changes one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// When its content was last written, in nanoseconds; anybody may set it back.
    pub written: i64,
    /// When it was last changed at all, its times and its name included, in nanoseconds; nobody can set it.
    pub changed: i64,
    /// Its number on its device.
    pub number: u64,
    /// The device.
    pub device: u64,
}

impl Stamp {
    /// Of a file.
    #[cfg(unix)]
    #[must_use]
    pub fn of(file: &Metadata) -> Stamp {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(SECOND).saturating_add(rest);
        Stamp {
            size: file.size(),
            written: nanoseconds(file.mtime(), file.mtime_nsec()),
            changed: nanoseconds(file.ctime(), file.ctime_nsec()),
            number: file.ino(),
            device: file.dev(),
        }
    }

    /// Of a file, where the system does not tell when it was changed: it never settles.
    #[cfg(not(unix))]
    #[must_use]
    pub fn of(file: &Metadata) -> Stamp {
        Stamp { size: file.len(), written: i64::MAX, changed: i64::MAX, number: 0, device: 0 }
    }

    /// Whether it stands for what was read of the file from `moment` on.
    #[must_use]
    pub fn is_settled(&self, moment: i64) -> bool {
        let is_fine = |time: i64| time.checked_rem(SECOND) != Some(0);
        let settles = if is_fine(self.written) && is_fine(self.changed) { FINE } else { COARSE };
        self.written.max(self.changed).saturating_add(settles) < moment
    }
}

/// Now, as stamps tell it.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX))
}

/// The names of a workspace's files, `writ.toml` left out, in their order, each with its stamp.
#[must_use]
pub fn lie(root: &Path, settings: &Settings) -> Option<Vec<(String, Stamp)>> {
    let (mut names, mut findings, mut refused) = (Vec::new(), Diagnostics::new(), Vec::new());
    list(root, "", 0, &Filter::new(Some(settings)), &mut names, &mut findings).ok()?;
    if !findings.is_empty() || names.len() > LIMITS.files {
        return None;
    }
    names.sort_unstable();
    collisions(&names, &mut refused);
    if !refused.is_empty() {
        return None;
    }
    let parts: Vec<&[String]> = names.chunks(PART).collect();
    let stamps: Vec<Stamp> = on_all(&parts, MANY_PARTS, |part| stamps(root, part)).into_iter().collect::<Option<Vec<_>>>()?.concat();
    let fits = stamps.iter().all(|s| s.size <= LARGEST_FILE) && stamps.iter().map(|s| s.size).sum::<u64>() <= LIMITS.bytes;
    fits.then(|| names.into_iter().zip(stamps).collect())
}

fn stamps(root: &Path, names: &[String]) -> Option<Vec<Stamp>> {
    let beneath = Beneath::new(root).ok()?;
    names.iter().map(|name| beneath.look(name)).collect()
}

/// The digests of files as they lie.
#[must_use]
pub fn digests(root: &Path, names: &[&str]) -> Option<Vec<Raw>> {
    let digested = |part: &&[&str]| {
        let mut beneath = Beneath::new(root).ok()?;
        let mut bytes = Vec::new();
        part.iter().map(|name| content(&mut beneath, name, &mut bytes).map(|()| raw(&bytes))).collect::<Option<Vec<_>>>()
    };
    let parts: Vec<&[&str]> = names.chunks(PART).collect();
    Some(on_all(&parts, 2, digested).into_iter().collect::<Option<Vec<_>>>()?.concat())
}

/// The texts of files.
#[must_use]
pub fn texts(root: &Path, names: &[&str]) -> Option<Vec<SourceFile>> {
    let mut texts = Texts::new(root)?;
    names.iter().map(|name| texts.read(name)).collect()
}

/// Reads files one after the other.
#[derive(Debug)]
pub struct Texts(Beneath);

impl Texts {
    /// Of a workspace.
    #[must_use]
    pub fn new(root: &Path) -> Option<Texts> {
        Beneath::new(root).ok().map(Texts)
    }

    /// The text of a file.
    pub fn read(&mut self, name: &str) -> Option<SourceFile> {
        let mut bytes = Vec::new();
        content(&mut self.0, name, &mut bytes)?;
        text(name, bytes).ok()
    }
}

/// The bytes of a regular file, in place of what `bytes` held.
fn content(beneath: &mut Beneath, name: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let file: File = beneath.open(name).ok()?;
    let there = file.metadata().ok().filter(Metadata::is_file)?;
    bytes.clear();
    // One more than there is, so that its end is seen at once.
    bytes.reserve(usize::try_from(there.len().min(LARGEST_FILE)).ok()?.saturating_add(1));
    file.take(LARGEST_FILE.saturating_add(1)).read_to_end(bytes).ok()?;
    (bytes.len() as u64 <= LARGEST_FILE && name != WRIT_TOML).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_settles_as_slowly_as_the_clock_that_it_was_taken_from() {
        let settled =
            |written: i64, changed: i64, moment: i64| Stamp { size: 0, written, changed, number: 0, device: 0 }.is_settled(moment);
        assert!(settled(7 * SECOND + 1, 8 * SECOND + 1, 8 * SECOND + 2 + FINE));
        assert!(!settled(7 * SECOND + 1, 8 * SECOND + 1, 8 * SECOND + 1 + FINE));
        // One of them in whole seconds may mean that both are.
        assert!(!settled(7 * SECOND, 8 * SECOND + 1, 8 * SECOND + 2 + FINE));
        assert!(settled(7 * SECOND, 8 * SECOND, 10 * SECOND + 1));
        // Written in what passes for the future.
        assert!(!settled(i64::MAX, 8 * SECOND + 1, i64::MAX));
    }
}
