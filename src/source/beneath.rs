//! Opens files beneath a directory, so that nothing outside it is ever opened: whatever is swapped for a link between the
//! listing and the opening, each step of a name is taken from the directory before it, and none follows a link.

use super::stamp::Stamp;
use std::fs::File;
use std::io;
use std::path::Path;

/// A directory whose files are opened by their names in it.
#[derive(Debug)]
pub struct Beneath {
    #[cfg(unix)]
    root: rustix::fd::OwnedFd,
    /// The directory that was opened last: sorted names stay in it for a while.
    #[cfg(unix)]
    last: Option<(String, rustix::fd::OwnedFd)>,
    #[cfg(not(unix))]
    root: std::path::PathBuf,
}

#[cfg(unix)]
impl Beneath {
    /// A handle of the directory, which may itself be named by a link.
    pub fn new(root: &Path) -> io::Result<Beneath> {
        use rustix::fs::{Mode, OFlags};
        let root = rustix::fs::open(root, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Beneath { root, last: None })
    }

    /// Opens a file by its name, with `/` between its parts; a pipe is not waited for.
    pub fn open(&mut self, name: &str) -> io::Result<File> {
        use rustix::fs::{Mode, OFlags, openat};
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Some((directory, leaf)) = name.rsplit_once('/') else {
            return Ok(openat(&self.root, name, flags, Mode::empty())?.into());
        };
        if self.last.as_ref().is_none_or(|(last, _)| last != directory) {
            let mut handle = None;
            for part in directory.split('/') {
                let from = handle.as_ref().unwrap_or(&self.root);
                handle = Some(openat(from, part, flags | OFlags::DIRECTORY, Mode::empty())?);
            }
            self.last = handle.map(|handle| (directory.to_owned(), handle));
        }
        let from = self.last.as_ref().map_or(&self.root, |(_, handle)| handle);
        Ok(openat(from, leaf, flags, Mode::empty())?.into())
    }

    /// How a regular file lies, which is not opened for it; a link is none. What a directory's name leads to is not asked,
    /// since nothing is read.
    pub fn look(&self, name: &str) -> Option<Stamp> {
        use rustix::fs::{AtFlags, FileType, statat};
        let found = statat(&self.root, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let nanoseconds =
            |seconds: i64, rest: u64| seconds.saturating_mul(1_000_000_000).saturating_add(i64::try_from(rest).unwrap_or_default());
        let regular = FileType::from_raw_mode(found.st_mode).is_file();
        regular.then(|| Stamp {
            size: u64::try_from(found.st_size).unwrap_or(u64::MAX),
            written: nanoseconds(found.st_mtime, found.st_mtime_nsec),
            changed: nanoseconds(found.st_ctime, found.st_ctime_nsec),
            number: found.st_ino,
            device: found.st_dev,
        })
    }
}

#[cfg(not(unix))]
impl Beneath {
    /// The directory.
    pub fn new(root: &Path) -> io::Result<Beneath> {
        Ok(Beneath { root: root.to_owned() })
    }

    /// Opens a file by its name, with `/` between its parts.
    pub fn open(&mut self, name: &str) -> io::Result<File> {
        File::open(self.root.join(name))
    }

    /// How a regular file lies, which is not opened for it; a link is none.
    pub fn look(&self, name: &str) -> Option<Stamp> {
        std::fs::symlink_metadata(self.root.join(name)).ok().filter(|m| m.is_file()).map(|m| Stamp::of(&m))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn no_step_of_a_name_follows_a_link() {
        let place = tempfile::tempdir().unwrap();
        let (root, away) = (place.path().join("root"), place.path().join("away"));
        for dir in [&root.join("a/b"), &away.join("b")] {
            fs::create_dir_all(dir).unwrap();
            fs::write(dir.join("x.toml"), dir.starts_with(&root).to_string()).unwrap();
        }
        symlink(away.join("b/x.toml"), root.join("a/b/link.toml")).unwrap();
        symlink(&away, root.join("linked")).unwrap();
        let mut beneath = Beneath::new(&root).unwrap();
        let mut text = String::new();
        beneath.open("a/b/x.toml").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "true");
        for name in ["a/b/link.toml", "linked/b/x.toml"] {
            assert!(beneath.open(name).is_err(), "{name}");
        }
    }

    /// A directory and a file are swapped for links to others of the same names while they are opened, again and again.
    #[test]
    fn a_swap_between_the_listing_and_the_opening_leads_nowhere_else() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        for (dir, text) in [("root/d", "inside"), ("away", "outside")] {
            fs::create_dir_all(at(dir)).unwrap();
            fs::write(at(dir).join("x.toml"), text).unwrap();
        }
        symlink(at("away"), at("link")).unwrap();
        let done = AtomicBool::new(false);
        let (mut inside, mut refused) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for (from, to) in [("root/d", "kept"), ("link", "root/d"), ("root/d", "link"), ("kept", "root/d")] {
                        fs::rename(at(from), at(to)).unwrap();
                    }
                }
            });
            while inside < 200 || refused < 200 {
                let mut text = String::new();
                match Beneath::new(&at("root")).unwrap().open("d/x.toml") {
                    Ok(mut file) => {
                        file.read_to_string(&mut text).unwrap();
                        assert_eq!(text, "inside");
                        inside += 1;
                    }
                    Err(_) => refused += 1,
                }
            }
            done.store(true, Ordering::Relaxed);
        });
    }
}
