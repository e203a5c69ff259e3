//! What people can do.

use super::actor::Actor;
use super::draft::Draft;
use super::refusal::Refusal;
use super::review::Answer;
use super::{assign, decision, extension, removal, reprocess, request, review};
use crate::model::Address;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The package.
    pub package: Address,
    /// The key of the policy, where one was chosen.
    pub policy: Option<String>,
    /// Who is to have it; the requestor, where nobody else is named.
    pub target: Option<String>,
    /// Why.
    pub justification: Option<String>,
    /// Answers, by the key of the question.
    pub answers: BTreeMap<String, Vec<String>>,
    /// When it is to begin.
    pub start: Option<DateTime<Utc>>,
    /// When it is to end.
    pub end: Option<DateTime<Utc>>,
}

/// One thing that somebody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Asks for access, for oneself or for a direct report.
    Request(Ask),
    /// Gives access (R50 to R54).
    Assign(Ask),
    /// Says yes or no to a request.
    Decide {
        /// The request.
        request: String,
        /// Yes or no.
        approve: bool,
        /// Why.
        justification: Option<String>,
    },
    /// Takes a request back.
    Cancel {
        /// The request.
        request: String,
        /// Why.
        justification: Option<String>,
    },
    /// Asks for a later end.
    Extend {
        /// The assignment.
        assignment: String,
        /// The end that is wanted; the latest that the policy allows, where none is named.
        end: Option<DateTime<Utc>>,
        /// Why.
        justification: Option<String>,
    },
    /// Moves the end of somebody's access.
    Reschedule {
        /// The assignment.
        assignment: String,
        /// The first instant without it.
        end: DateTime<Utc>,
    },
    /// Opens a review (R71).
    StartReview {
        /// Of this package.
        package: Address,
        /// Of this policy of it only.
        policy: Option<String>,
    },
    /// Answers a review.
    Review {
        /// The review.
        review: String,
        /// For these holders; for all, where none is named.
        targets: Vec<String>,
        /// What.
        answer: Answer,
        /// Why.
        justification: Option<String>,
    },
    /// Ends a review before its time.
    CompleteReview {
        /// The review.
        review: String,
    },
    /// Delivers once more what an assignment gives, since it failed, or was lost over there (R143, R146).
    Reprocess {
        /// The assignment.
        assignment: String,
    },
    /// Delivers once more what a request was to give, and could not be delivered (R143).
    ReprocessRequest {
        /// The request.
        request: String,
    },
    /// Ends access, one's own or, for who may assign, that of others.
    Remove {
        /// The assignment.
        assignment: String,
        /// Why.
        justification: Option<String>,
    },
}

/// Adds to a draft what comes of a command.
///
/// # Errors
/// Why nothing does. What was added to the draft before it came to that is to be thrown away.
pub fn decide(draft: &mut Draft<'_>, actor: &Actor, command: &Command) -> Result<(), Refusal> {
    match command {
        Command::Request(ask) => request::submit(draft, actor, ask),
        Command::Assign(ask) => assign::give(draft, actor, ask),
        Command::Decide { request, approve, justification } => decision::decide(draft, actor, request, *approve, justification.as_deref()),
        Command::Cancel { request, justification } => decision::cancel(draft, actor, request, justification.as_deref()),
        Command::Extend { assignment, end, justification } => extension::extend(draft, actor, assignment, *end, justification.as_deref()),
        Command::Reschedule { assignment, end } => extension::reschedule(draft, actor, assignment, *end),
        Command::StartReview { package, policy } => review::start(draft, actor, package, policy.as_deref()),
        Command::Review { review, targets, answer, justification } => {
            review::answer(draft, actor, review, targets, *answer, justification.as_deref())
        }
        Command::CompleteReview { review } => review::complete(draft, actor, review),
        Command::Reprocess { assignment } => reprocess::assignment(draft, actor, assignment),
        Command::ReprocessRequest { request } => reprocess::request(draft, actor, request),
        Command::Remove { assignment, justification } => removal::remove(draft, actor, assignment, justification.as_deref()),
    }
}
