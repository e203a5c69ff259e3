//! Everything that can be looked at about a store without changing it, one after the other.
//!
//! In: a path. Out: a finding for each thing that was looked at, whether it is well or not.
//! Invariants: nothing is changed, but that a write which a crash interrupted is undone, as by any reader; a fault in one
//! thing hides none in another that can still be looked at.

use super::{
    Held, Lock, Reader, Snapshot, StoreError,
    draft::{BESIDE, beside, drafts},
    open::{Access, exists},
    private,
};
use std::{
    fs::{self, Metadata},
    path::Path,
};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Well,
    /// Not wrong, and worth knowing.
    Note,
    /// Not as it should be.
    Fault,
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub told: String,
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(what: &'static str, health: Health, told: impl Into<String>) -> Finding {
        Finding { what, health, told: told.into() }
    }
}

/// What an examination found.
#[derive(Debug, Default)]
pub struct Examination {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
    /// What the store holds, if it can be read.
    pub snapshot: Option<Snapshot>,
}

/// Looks at everything. Nothing stands at the path: that is a fault too.
#[must_use]
pub fn examine(path: &Path) -> Examination {
    let mut seen = Examination::default();
    let Ok(found) = fs::symlink_metadata(path) else {
        seen.told("file", Health::Fault, "there is none");
        seen.beside(path);
        return seen;
    };
    seen.file(&found);
    seen.journals(path);
    match Reader::open(path) {
        // Told already, if it is the store itself.
        Err(StoreError::Exposed { path: exposed, .. }) if exposed == path => {
            seen.told("database", Health::Note, "not looked at as long as others may have it");
        }
        Err(error) => seen.told("database", Health::Fault, error.to_string()),
        Ok(reader) => seen.content(&reader),
    }
    seen.beside(path);
    seen
}

impl Examination {
    fn told(&mut self, what: &'static str, health: Health, told: impl Into<String>) {
        self.findings.push(Finding::new(what, health, told));
    }

    /// Kind, mode and owner.
    #[cfg(unix)]
    fn file(&mut self, found: &Metadata) {
        let kind = found.file_type();
        if !kind.is_file() {
            let is = if kind.is_symlink() { "a symbolic link" } else { "no regular file" };
            self.told("file", Health::Fault, format!("it is {is}"));
            return;
        }
        self.told("file", Health::Well, format!("{} bytes", found.len()));
        let mode = private::mode(found);
        match private::exposure(found, Access::Read) {
            Some(how) => self.told("mode", Health::Fault, how.to_string()),
            None if mode & 0o077 != 0 => self.told("mode", Health::Note, format!("{mode:04o}: more than its owner may read it")),
            None => self.told("mode", Health::Well, format!("{mode:04o}")),
        }
        match private::owner_and_us(found) {
            (owner, us) if owner == us || us == 0 => self.told("owner", Health::Well, format!("user {owner}")),
            (owner, us) => self.told("owner", Health::Fault, format!("user {owner}, and this is user {us}, who may not write it")),
        }
    }

    #[cfg(not(unix))]
    fn file(&mut self, found: &Metadata) {
        match found.is_file() {
            true => self.told("file", Health::Well, format!("{} bytes", found.len())),
            false => self.told("file", Health::Fault, "it is no regular file"),
        }
    }

    /// What SQLite left beside it. Whoever opens the store next undoes what such a journal tells of.
    fn journals(&mut self, path: &Path) {
        let left: Vec<String> = BESIDE.iter().filter(|suffix| exists(&beside(path, suffix))).map(ToString::to_string).collect();
        match left.is_empty() {
            true => self.told("journal", Health::Well, "none"),
            false => self.told("journal", Health::Note, format!("{} was there: a write was interrupted", left.join(", "))),
        }
    }

    /// Header, schema, pages, chain and tables.
    fn content(&mut self, reader: &Reader) {
        self.told("database", Health::Well, "a store of writ, its tables those of its schema");
        match (reader.schema, super::schema()) {
            (found, known) if found < known => {
                self.told("schema", Health::Note, format!("{found}, which the next command that writes brings to {known}"));
            }
            (found, _) => self.told("schema", Health::Well, found.to_string()),
        }
        match reader.foreign_keys() {
            Ok(0) => self.told("foreign keys", Health::Well, "none is broken"),
            Ok(n) => self.told("foreign keys", Health::Fault, format!("{n} are broken")),
            Err(error) => self.told("foreign keys", Health::Fault, error.to_string()),
        }
        match reader.verify() {
            Ok(v) => {
                self.told("pages", Health::Well, "SQLite finds nothing wrong");
                self.told("chain", Health::Well, format!("{} events up to @{}, link {}", v.events, v.serial, v.hash));
                let erased = if v.erased == 0 { String::new() } else { format!(", but for {} that were erased", v.unchecked.len()) };
                self.told("tables", Health::Well, format!("what the events say{erased}"));
            }
            Err(faults) => {
                for fault in faults {
                    self.told("history", Health::Fault, fault.to_string());
                }
            }
        }
        match reader.snapshot() {
            Ok(snapshot) => self.snapshot = Some(snapshot),
            Err(error) => self.told("tables", Health::Fault, error.to_string()),
        }
    }

    /// The lock, and what killed commands left.
    fn beside(&mut self, path: &Path) {
        match Lock::holder(path) {
            Ok(Held::Free) => self.told("lock", Health::Well, "nobody holds it"),
            Ok(Held::By(holder)) => self.told("lock", Health::Note, format!("held by {holder}")),
            Ok(Held::ByUnknown) => self.told("lock", Health::Note, "held"),
            Err(error) => self.told("lock", Health::Fault, error.to_string()),
        }
        let names: Vec<String> = drafts(path).iter().map(|p| p.display().to_string()).collect();
        match names.is_empty() {
            true => self.told("leftovers", Health::Well, "none"),
            false => self.told("leftovers", Health::Note, format!("{}: of a command that was killed, or still runs", names.join(", "))),
        }
    }
}

impl Reader {
    /// How many foreign keys lead nowhere.
    fn foreign_keys(&self) -> Result<usize, StoreError> {
        use super::error::Doing as _;
        let mut query = self.connection.prepare("PRAGMA foreign_key_check").doing("checking the foreign keys")?;
        let broken = query.query_map([], |_| Ok(())).doing("checking the foreign keys")?;
        Ok(broken.count())
    }
}
