//! Why something is not done: the rule, what is missing, and who can help.

use std::fmt;

/// A rule of the field, by its name on the page of rules: `R117`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule(pub &'static str);

/// A refusal. Nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule that decides it.
    pub rule: Rule,
    /// One line: what stands in the way.
    pub message: String,
    /// One line: the way forward, and who can help.
    pub help: String,
}

impl Refusal {
    /// A refusal by a rule.
    pub(super) fn by(rule: &'static str, message: impl Into<String>, help: impl Into<String>) -> Refusal {
        Refusal { rule: Rule(rule), message: message.into(), help: help.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.rule.0)
    }
}

impl std::error::Error for Refusal {}

impl From<super::Misfit> for Refusal {
    /// A decision that does not follow from what is so is a defect of ours; it does nothing, and says so.
    fn from(misfit: super::Misfit) -> Refusal {
        Refusal::by("defect", misfit.to_string(), "please report it, with `writ doctor`")
    }
}
