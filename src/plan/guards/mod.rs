//! What stands in a plan's way, a file for each concern.
//!
//! In: [`Facts`]. Out: [`Refusal`]s. Invariants: a rule, a protection or a missing right has no override; a brake has
//! one, which is printed; on `destroy` no brake applies, protections do.

mod administrator;
mod brakes;
mod excluded;
mod forbidden;
mod forgotten;
mod held;
mod incompatible;
mod needed;
mod protected;

pub(super) use administrator::administrators;
pub use brakes::access_lost;
pub use excluded::excluded;
pub use forgotten::forgotten;
pub use held::held;

use crate::config::Limits;
use crate::diag::{Code, Diagnostics, Span};
use crate::model::{Address, Change, Holdings, Zone};
use crate::plan::Planned;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What guards look at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The changes.
    pub changes: &'a [Change],
    /// Everything there is, under its new names.
    pub before: &'a Holdings,
    /// Everything there will be.
    pub after: &'a Planned<'a>,
    /// Whose plan it is.
    pub workspace: &'a str,
    /// How many objects of each kind it manages before, where `before` is a part of what there is.
    pub managed: Option<&'a BTreeMap<&'a str, usize>>,
    /// As written and as last applied; both are judged.
    pub limits: &'a [Limits],
    /// People who lose access.
    pub lost: usize,
    /// How many attributes loosen.
    pub loosenings: usize,
    /// It empties the workspace.
    pub destroy: bool,
    /// The workspace's zone.
    pub zone: Zone,
    /// When the apply would be.
    pub now: DateTime<Utc>,
    /// Whether anything was ever applied.
    pub has_store: bool,
}

/// What sort of obstacle it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A rule of the field about the change itself.
    Rule,
    /// `prevent_destroy`.
    Protection,
    /// `[limits]`.
    Limit,
    /// `[check.NAME]`.
    Check,
    /// The person may not.
    Authority,
}

impl Why {
    /// The word at the head of its line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Why::Rule => "rule",
            Why::Protection => "protection",
            Why::Limit => "limit",
            Why::Check => "check",
            Why::Authority => "authority",
        }
    }
}

/// A flag that lifts a brake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Flag {
    /// So many may be deleted.
    #[serde(rename = "--allow-deletes")]
    Deletes,
    /// So many people may lose access.
    #[serde(rename = "--allow-access-lost")]
    AccessLost,
    /// Something may loosen.
    #[serde(rename = "--allow-loosening")]
    Loosening,
}

impl Flag {
    /// As it is given.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Flag::Deletes => "--allow-deletes",
            Flag::AccessLost => "--allow-access-lost",
            Flag::Loosening => "--allow-loosening",
        }
    }

    /// The key of `[limits]` whose brake it lifts.
    #[must_use]
    pub fn limit(self) -> &'static str {
        match self {
            Flag::Deletes => "max_deletes",
            Flag::AccessLost => "max_access_lost",
            Flag::Loosening => "allow_loosening",
        }
    }
}

/// What lifts a brake: its flag, with the number that it needs today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Lift {
    /// Which flag.
    pub flag: Flag,
    /// How many it must allow.
    pub value: u64,
}

/// One obstacle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its rule.
    pub code: &'static Code,
    /// What sort of obstacle it is.
    pub why: Why,
    /// The object it is about, if it is about one.
    pub address: Option<Address>,
    /// One line.
    pub message: String,
    /// What to do instead.
    pub way_out: String,
    /// What lifts it, for brakes.
    pub lift: Option<Lift>,
    /// The text that asks for it.
    pub at: Span,
    /// Its file and line.
    pub place: Option<(String, u32)>,
}

/// A guard.
type Guard = fn(&Facts<'_>, &mut Vec<Refusal>, &mut Diagnostics);

/// Every guard, in the order of their lines.
static LIST: &[Guard] = &[forbidden::check, needed::check, incompatible::check, administrator::check, protected::check, brakes::check];

/// Everything that stands in the way.
pub(super) fn judge(facts: &Facts<'_>, found: &mut Diagnostics) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for guard in LIST {
        guard(facts, &mut refusals, found);
    }
    refusals
}

/// A refusal that no flag lifts.
pub(super) fn refuse(code: &'static Code, why: Why, change: &Change, message: String, way_out: impl Into<String>) -> Refusal {
    let at = change.cause.at.or(change.after.as_ref().map_or(Span::NONE, |o| o.at));
    Refusal { code, why, address: Some(change.address.clone()), message, way_out: way_out.into(), lift: None, at, place: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_the_same_word_in_a_document() {
        for flag in [Flag::Deletes, Flag::AccessLost, Flag::Loosening] {
            assert_eq!(serde_json::to_value(flag).unwrap(), flag.word());
        }
    }
}
