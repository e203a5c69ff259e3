//! `[[tolerate]]`: what the store says of an object is known, and left alone until a date.
//!
//! In: the tables of the files. Out: [`Tolerance`]s. What that means for a plan stands in `plan`, and what else differs in `drift`.

use super::declared::Declared;
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::{Field, Form, Shape, Text};
use crate::model::{Address, Edge, Table, Zone, instant};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The word of its table.
pub const TOLERATE_WORD: &str = "tolerate";

/// The keys of `[[tolerate]]`.
pub static TOLERATE: Form = Form {
    fields: &[
        Field::new("address", Shape::Text(Text::Line), "The object; what stands in it is another one.").required(),
        Field::new("until", Shape::Instant, "The last day on which it is left alone, or the instant from which on it is not.").required(),
        Field::new("reason", Shape::Text(Text::Line), "Why, for those who read the plan."),
    ],
    alternatives: &[],
};

/// An object that is left as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tolerance {
    /// Its address.
    pub address: Address,
    /// Until when, as written.
    pub until: String,
    /// Why, if somebody said.
    pub reason: Option<String>,
    /// Where that is written.
    pub at: Span,
}

impl Tolerance {
    /// Whether it still holds: a bare date counts to the end of its day.
    #[must_use]
    pub fn holds(&self, zone: Zone, now: DateTime<Utc>) -> bool {
        instant(&self.until, zone, Edge::End).is_ok_and(|end| now < end)
    }
}

/// Takes what one table says, where its address is one.
pub(super) fn read(address: Option<Address>, values: &Table, at: Span, declared: &mut Declared) {
    if let (Some(address), Some(until)) = (address, values.text("until")) {
        let (until, reason) = (until.to_owned(), values.text("reason").map(str::to_owned));
        declared.tolerances.push(Tolerance { address, until, reason, at });
    }
}

/// Each object is tolerated once: of two dates nobody knows which one counts.
pub(super) fn check(tolerances: &[Tolerance], found: &mut Diagnostics) {
    let mut first: BTreeMap<&Address, Span> = BTreeMap::new();
    for tolerance in tolerances {
        let address = &tolerance.address;
        if let Some(first) = first.insert(address, tolerance.at) {
            let finding = Diagnostic::new(&codes::E0309, tolerance.at, format!("`{address}` is tolerated twice")).at(address);
            found.push(finding.related(first, "first here").help("keep one of the two"));
        }
    }
}

/// Tells those that are over: what they left alone is drift again.
pub fn over(tolerances: &[Tolerance], zone: Zone, now: DateTime<Utc>, found: &mut Diagnostics) {
    for tolerance in tolerances.iter().filter(|t| !t.holds(zone, now)) {
        let Tolerance { address, until, at, .. } = tolerance;
        let message = format!("`{address}` was tolerated until {until}, which is over; the `[[tolerate]]` can be deleted");
        found.push(Diagnostic::new(&codes::N0310, *at, message).at(address));
    }
}
