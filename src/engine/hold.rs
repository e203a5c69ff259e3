//! Who holds which package, at a glance.
//!
//! A plan tells of very many people at once, and of what each of them holds it has to know no more than this. Where records are kept as
//! text, no more than this is read of them.

use super::nouns::{Assignment, Named};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::borrow::Cow;

/// An assignment that is not over, as far as it says who holds what until when; borrowed from wherever it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Hold<'r> {
    /// The id of the assignment.
    #[serde(borrow)]
    pub id: Cow<'r, str>,
    /// What is held.
    #[serde(borrow)]
    pub package: Called<'r>,
    /// By which policy.
    #[serde(borrow)]
    pub policy: Called<'r>,
    /// By whom.
    #[serde(borrow)]
    pub target: Called<'r>,
    /// Until when; nothing: it does not end by itself.
    pub end: Option<DateTime<Utc>>,
}

/// As [`Named`], borrowed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Called<'r> {
    /// Its id.
    #[serde(borrow)]
    pub id: Cow<'r, str>,
    /// Its name at the time.
    #[serde(borrow)]
    pub name: Cow<'r, str>,
}

impl<'r> Called<'r> {
    fn of(named: &'r Named) -> Called<'r> {
        Called { id: Cow::Borrowed(&named.id), name: Cow::Borrowed(&named.name) }
    }
}

impl<'r> Hold<'r> {
    /// An assignment at a glance.
    #[must_use]
    pub fn of(assignment: &'r Assignment) -> Hold<'r> {
        let Assignment { id, package, policy, target, end, .. } = assignment;
        Hold { id: Cow::Borrowed(id), package: Called::of(package), policy: Called::of(policy), target: Called::of(target), end: *end }
    }

    /// Whether it gives access at an instant, which is what [`Assignment::is_live`] says of one that is not over.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.end.is_none_or(|end| end > now)
    }
}
