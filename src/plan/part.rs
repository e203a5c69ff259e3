//! What a plan leaves out on purpose, and why.

use crate::config::{Config, Tolerance};
use crate::diag::Sources;
use crate::model::Address;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the files declare otherwise than at a revision of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    /// The commit.
    pub commit: String,
    /// The objects that are declared otherwise, newly, or no longer.
    pub addresses: BTreeSet<Address>,
}

/// What a plan leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// A part was asked for, by `--target`, `--exclude` or `--since`.
    #[serde(default)]
    pub asked: bool,
    /// How many changes that left out, or need what is tolerated.
    pub changes: usize,
    /// The commit that `--since` named: what is left out is older.
    pub since: Option<String>,
    /// What `[[tolerate]]` leaves alone.
    #[serde(default)]
    pub tolerated: Vec<Tolerated>,
}

/// A change that is not made, since what the store says is known and tolerated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tolerated {
    /// The object.
    pub address: Address,
    /// Until when, as written.
    pub until: String,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// Where that is written: a file.
    pub file: String,
    /// And its line.
    pub line: u32,
}

impl Tolerated {
    /// What a table of the files says.
    #[must_use]
    pub fn of(tolerance: &Tolerance, sources: &Sources) -> Tolerated {
        let (file, line) = sources.line(tolerance.at).map_or_else(Default::default, |(file, line)| (file.to_owned(), line));
        let Tolerance { address, until, reason, .. } = tolerance.clone();
        Tolerated { address, until, reason, file, line }
    }
}

/// The tolerances that hold, and the objects that they are about; nothing where everything is to go.
pub(super) fn tolerated(config: &Config, destroy: bool, now: DateTime<Utc>) -> BTreeMap<&Address, &Tolerance> {
    let holding = config.tolerances.iter().filter(|t| !destroy && t.holds(config.settings.zone, now));
    holding.map(|t| (&t.address, t)).collect()
}

impl LeftOut {
    /// Whether flags left something out, so that the plan without them is another one.
    #[must_use]
    pub fn by_flags(&self) -> bool {
        self.asked && self.changes > 0
    }
}
