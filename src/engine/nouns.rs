//! The nouns of the lifecycle: requests, assignments, guests, and where they stand (sections 2.1 to 2.5 of the field's rules).

use super::{Cause, Terms};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something with a name: a person, a package, a policy. The id outlives every move; the name is that of the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The id of its object; of a person from outside who is not in the directory yet, the user principal name.
    pub id: String,
    /// Its address, or of a person the user principal name, as it was then.
    pub name: String,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Access for oneself, or for a direct report: Q1, Q2.
    Add,
    /// Access that an administrator gives: Q3.
    AdminAdd,
    /// A later end, by the holder or by who may assign: Q19.
    Extend,
    /// The end of access, by the holder or by who may assign: Q20.
    Remove,
}

/// Where a request stands (section 2.1 of the field's rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Somebody has to decide (Q4).
    PendingApproval,
    /// Approved, and its start is to come (Q11).
    Scheduled,
    /// Being given (Q12).
    Delivering,
    /// Given (Q13).
    Delivered,
    /// Given in part; the rest failed (Q14).
    PartiallyDelivered,
    /// Nothing of it could be given (Q15).
    DeliveryFailed,
    /// Somebody said no, or nobody could be found to decide (Q8).
    Denied,
    /// Nobody decided in time (Q9).
    TimedOut,
    /// Taken back (Q10).
    Canceled,
}

impl RequestState {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RequestState::PendingApproval => "pending_approval",
            RequestState::Scheduled => "scheduled",
            RequestState::Delivering => "delivering",
            RequestState::Delivered => "delivered",
            RequestState::PartiallyDelivered => "partially_delivered",
            RequestState::DeliveryFailed => "delivery_failed",
            RequestState::Denied => "denied",
            RequestState::TimedOut => "timed_out",
            RequestState::Canceled => "canceled",
        }
    }

    /// Whether something may still come of it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, RequestState::PendingApproval | RequestState::Scheduled | RequestState::Delivering)
    }
}

/// What an approver said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The stage, from 1.
    pub stage: usize,
    /// Who decided.
    pub by: Named,
    /// Yes or no.
    pub approve: bool,
    /// The reason that was given.
    pub justification: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The stage that somebody has to decide now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// From 1.
    pub number: usize,
    /// When it began.
    pub began: DateTime<Utc>,
    /// Undecided by then, the request is timed out.
    pub deadline: DateTime<Utc>,
    /// When the alternates may decide too, if they cannot yet (Q6).
    pub escalates: Option<DateTime<Utc>>,
    /// Whether the alternates may decide.
    pub escalated: bool,
    /// When the approvers are reminded, if they were not (half the window).
    pub reminds: Option<DateTime<Utc>>,
}

/// Somebody asks for access, for more of it, or for its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Minted.
    pub id: String,
    /// What it asks for.
    pub kind: RequestKind,
    /// The package.
    pub package: Named,
    /// The policy that was chosen.
    pub policy: Named,
    /// Who is to hold it.
    pub target: Named,
    /// Who asks.
    pub requestor: Named,
    /// When it was asked.
    pub submitted: DateTime<Utc>,
    /// Why, in the words of the requestor.
    pub justification: Option<String>,
    /// Answers to the questions of the policy, by key.
    pub answers: BTreeMap<String, Vec<String>>,
    /// When it is to begin, if that was asked.
    pub start: Option<DateTime<Utc>>,
    /// When it is to end, if that was asked; once approved, when it will.
    pub end: Option<DateTime<Utc>>,
    /// The terms of the policy at that moment (R31).
    pub terms: Terms,
    /// The id of the declared assignment that it stands for, if the files ask.
    pub declared: Option<String>,
    /// The assignment that it extends or ends, or that came of it.
    pub assignment: Option<String>,
    /// Where it stands.
    pub state: RequestState,
    /// The stage under way.
    pub stage: Option<Stage>,
    /// What was decided so far.
    pub verdicts: Vec<Verdict>,
    /// When it came to its end.
    pub completed: Option<DateTime<Utc>>,
    /// Why it ended as it did, where nobody's verdict says so.
    pub cause: Option<String>,
    /// What could not be delivered (R58).
    pub errors: Vec<String>,
    /// Until when it is kept beyond its time, since what it gave was still held when that came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<DateTime<Utc>>,
}

/// How long a request is kept after it was over: three months (section 2.6).
pub const RETENTION: TimeDelta = TimeDelta::days(90);

impl Request {
    /// A request that says nothing more, and waits for a decision: of what, for and by whom, when and on which terms.
    #[must_use]
    pub fn new(
        id: String,
        kind: RequestKind,
        (package, policy): (Named, Named),
        (target, requestor): (Named, Named),
        submitted: DateTime<Utc>,
        terms: Terms,
    ) -> Request {
        Request {
            id,
            kind,
            package,
            policy,
            target,
            requestor,
            submitted,
            justification: None,
            answers: BTreeMap::new(),
            start: None,
            end: None,
            terms,
            declared: None,
            assignment: None,
            state: RequestState::PendingApproval,
            stage: None,
            verdicts: Vec::new(),
            completed: None,
            cause: None,
            errors: Vec::new(),
            kept: None,
        }
    }

    /// What comes of it next by itself: of one that is over, that it is kept no longer.
    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        match (&self.stage, self.state) {
            (Some(stage), RequestState::PendingApproval) => {
                [Some(stage.deadline), stage.escalates, stage.reminds].into_iter().flatten().min()
            }
            (_, RequestState::Scheduled) => self.start,
            (_, state) if state.is_open() => None,
            _ => self.kept.or_else(|| self.completed.unwrap_or(self.submitted).checked_add_signed(RETENTION)),
        }
    }
}

/// How an assignment came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// By a request of this id.
    Request(String),
    /// By somebody who may assign (R54).
    Direct(String),
    /// By a declared assignment: the id of its object.
    Declared(String),
    /// By the rule of an automatic policy (R134).
    Automatic,
}

/// Where an assignment stands (section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentState {
    /// Being given.
    Delivering,
    /// Given.
    Delivered,
    /// Given in part.
    PartiallyDelivered,
    /// Nothing could be given.
    DeliveryFailed,
    /// Over.
    Expired,
}

impl AssignmentState {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            AssignmentState::Delivering => "delivering",
            AssignmentState::Delivered => "delivered",
            AssignmentState::PartiallyDelivered => "partially_delivered",
            AssignmentState::DeliveryFailed => "delivery_failed",
            AssignmentState::Expired => "expired",
        }
    }
}

/// Somebody holds a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Minted.
    pub id: String,
    /// The package.
    pub package: Named,
    /// The policy that governs it.
    pub policy: Named,
    /// Who holds it.
    pub target: Named,
    /// How it came to be.
    pub source: Source,
    /// When it began.
    pub start: DateTime<Utc>,
    /// The first instant without it; `None`: it does not end by itself.
    pub end: Option<DateTime<Utc>>,
    /// Whether the holder may extend it, as granted: reminders are for those who can act on them (R46).
    pub extensible: bool,
    /// Where it stands.
    pub state: AssignmentState,
    /// How many of the two reminders are done with.
    pub reminded: u8,
    /// When the rule of an automatic policy lets go of it, if it stopped matching.
    pub grace: Option<DateTime<Utc>>,
    /// When it was over.
    pub ended: Option<DateTime<Utc>>,
    /// Why.
    pub cause: Option<Cause>,
}

/// How long before its end a holder is told: 14 days, then one (R46).
pub const REMINDERS: [TimeDelta; 2] = [TimeDelta::days(14), TimeDelta::days(1)];

impl Assignment {
    /// Whether the files declare it, so that plans manage it.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        matches!(self.source, Source::Declared(_))
    }

    /// Whether it gives access at an instant.
    #[must_use]
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.state != AssignmentState::Expired && self.end.is_none_or(|end| end > now)
    }

    /// When the next reminder is due, if one is to come. One that would have come before the access began is none.
    #[must_use]
    pub fn next_reminder(&self) -> Option<DateTime<Utc>> {
        let end = self.end.filter(|_| self.extensible)?;
        let left = REMINDERS.iter().skip(usize::from(self.reminded));
        left.filter_map(|before| end.checked_sub_signed(*before)).find(|at| *at > self.start)
    }

    /// What of its life comes next by itself.
    pub(super) fn due(&self) -> Option<DateTime<Utc>> {
        if self.state == AssignmentState::Expired {
            return None;
        }
        [self.end, self.next_reminder(), self.grace].into_iter().flatten().min()
    }
}

/// A person from outside whom the engine brought in, and what becomes of them (section 2.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// The id of the user.
    pub id: String,
    /// The user principal name.
    pub name: String,
    /// Where they stand.
    pub state: GuestState,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When the account goes away, if it does.
    pub deletes: Option<DateTime<Utc>>,
}

/// Where a guest stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuestState {
    /// In the directory.
    Active,
    /// Sign-in blocked, since the last assignment was lost.
    Blocked,
    /// Gone.
    Deleted,
}
