//! The nouns of reviews.

use crate::engine::{Named, Who};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The reviews of a policy, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The id of the policy.
    pub id: String,
    /// The package.
    pub package: Named,
    /// The policy.
    pub policy: Named,
    /// When the next one opens; none, where none is to come.
    pub next: Option<DateTime<Utc>>,
}

/// What a reviewer says of somebody's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It stays.
    Approve,
    /// It goes.
    Deny,
    /// It stays, and that nobody knew is on record (R159).
    DontKnow,
}

impl Answer {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Answer::Approve => "approve",
            Answer::Deny => "deny",
            Answer::DontKnow => "dont_know",
        }
    }
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// What.
    pub answer: Answer,
    /// By whom.
    pub by: Named,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub justification: Option<String>,
}

/// One access under review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The assignment.
    pub assignment: String,
    /// Who holds it.
    pub target: Named,
    /// Who was asked when the review opened.
    pub reviewers: Vec<Named>,
    /// What was answered last (R158).
    pub answered: Option<Answered>,
    /// Once the review is over: whether the access was taken away.
    pub removed: Option<bool>,
}

/// Where a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    /// Answers are taken, and may change.
    InProgress,
    /// It is over, and what came of it was applied.
    Applied,
}

impl ReviewState {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ReviewState::InProgress => "in_progress",
            ReviewState::Applied => "applied",
        }
    }
}

/// One review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Minted.
    pub id: String,
    /// The package.
    pub package: Named,
    /// The policy.
    pub policy: Named,
    /// Who reviews: `self`, `manager`, users and groups.
    pub reviewers: Vec<Who>,
    /// Who reviews where a manager cannot be found.
    pub fallback: Vec<Who>,
    /// `keep`, `remove` or `recommendation`.
    pub if_no_answer: String,
    /// Whether an answer needs a reason.
    pub justification: bool,
    /// When it opened.
    pub opened: DateTime<Utc>,
    /// When it closes.
    pub closes: DateTime<Utc>,
    /// When its reviewers are reminded, if they were not.
    pub reminds: Option<DateTime<Utc>>,
    /// Where it stands.
    pub state: ReviewState,
    /// When it was over.
    pub completed: Option<DateTime<Utc>>,
    /// What is reviewed.
    pub items: Vec<Item>,
}
