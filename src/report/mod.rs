//! Reports and answers: who holds what, why, since when, and what happened.
//!
//! In: [`Asked`]: the facts of a moment, who asks and what they may see today, what happened. Out: [`Row`]s of typed [`Cell`]s under the
//! columns of their [`Report`], so that every form of output is one writer; or the answers of [`why`], [`who`] and [`can`].
//! Invariants: nothing is read here; what somebody may not see is refused with the rule and who can help, and never left out without a
//! word; a report is one file here and one word in the list.

mod activity;
mod asked;
mod assignments;
pub mod can;
pub mod changes;
pub mod codeowners;
mod delivery_errors;
mod external_catalogs;
mod held;
mod incompatible;
mod organizations;
mod request_trail;
mod requestable;
mod requests;
mod resource_assignments;
mod reviews;
mod roles;
mod row;
pub mod standing;
#[cfg(test)]
mod testing;
mod thing;
mod told;
pub mod who;
pub mod why;

pub use asked::{Asked, Scope};
pub use row::{Cell, Column, Row};
pub use thing::{Thing, thing};
pub use told::{ObjectChange, Told, What};

use crate::engine::Refusal;

/// What a report can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A package.
    Package,
    /// A person.
    Person,
    /// States, of which these are the words.
    State(&'static [&'static str]),
    /// A span of time.
    Span,
    /// A request.
    Request,
}

impl Takes {
    /// The flags that say it.
    #[must_use]
    pub fn flags(self) -> &'static str {
        match self {
            Takes::Package => "--package",
            Takes::Person => "--for",
            Takes::State(_) => "--state",
            Takes::Span => "--from, --to",
            Takes::Request => "--request",
        }
    }
}

/// Where the rows come from.
#[derive(Clone, Copy)]
pub enum Made {
    /// From what is so at a moment.
    Facts(fn(&Asked<'_>) -> Result<Vec<Row>, Refusal>),
    /// From what happened until then, too.
    History(fn(&Asked<'_>) -> Result<Vec<Row>, Refusal>),
    /// Not at all, and why.
    Not(&'static str),
}

/// One report.
pub struct Report {
    /// Its name.
    pub name: &'static str,
    /// What it tells, in a line.
    pub tells: &'static str,
    /// What it can be narrowed by.
    pub takes: &'static [Takes],
    /// Its columns.
    pub columns: &'static [Column],
    /// Where its rows come from.
    pub made: Made,
}

/// Every report, in the order of the page of the field's reports: P1 to P15.
pub static LIST: &[&Report] = &[
    &assignments::REPORT,
    &requestable::REPORT,
    &held::REPORT,
    &resource_assignments::REPORT,
    &request_trail::REPORT,
    &organizations::REPORT,
    &incompatible::REPORT,
    &activity::REPORT,
    &OUTSIDE_CHANGES,
    &reviews::STATUS,
    &reviews::HISTORY,
    &requests::REPORT,
    &delivery_errors::REPORT,
    &external_catalogs::REPORT,
    &roles::REPORT,
];

/// P9.
static OUTSIDE_CHANGES: Report = Report {
    name: "outside-changes",
    tells: "Roles of applications that were changed past the packages",
    takes: &[],
    columns: &[],
    made: Made::Not("only the tenant that the roles live in can tell who changed them; `writ drift` will compare with one"),
};

/// The report of a name.
#[must_use]
pub fn of(name: &str) -> Option<&'static Report> {
    LIST.iter().copied().find(|r| r.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_report_has_a_name_and_columns_of_its_own() {
        let names: BTreeSet<&str> = LIST.iter().map(|r| r.name).collect();
        assert_eq!(names.len(), LIST.len());
        for report in LIST {
            let columns: BTreeSet<&str> = report.columns.iter().map(|c| c.name).collect();
            assert_eq!(columns.len(), report.columns.len(), "{}", report.name);
            assert_eq!(matches!(report.made, Made::Not(_)), report.columns.is_empty(), "{}", report.name);
            assert!(report.columns.is_empty() || report.columns.iter().any(|c| c.brief), "{}", report.name);
            assert!(std::ptr::eq(of(report.name).unwrap(), *report));
        }
    }
}
