//! P10 and P11: where reviews stand, and what came of them.

use super::{Made, Report};

const NOT_YET: &str = "reviews are declared, and not run yet";

/// P10.
pub(super) static STATUS: Report = Report {
    name: "reviews",
    tells: "The reviews of a package: how far they are, and what was decided",
    takes: &[],
    columns: &[],
    made: Made::Not(NOT_YET),
};

/// P11.
pub(super) static HISTORY: Report = Report {
    name: "review-history",
    tells: "What reviewers decided, in a span of time",
    takes: &[],
    columns: &[],
    made: Made::Not(NOT_YET),
};
