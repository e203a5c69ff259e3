//! What can happen in the lifecycle. Each event is about one record, and says all that it does to it.
//!
//! Past 400 lines, since it is the list of everything that can happen, each with what it says.

use super::notices::Notice;
use super::nouns::{Assignment, Guest, Named, Request, Stage, Verdict};
use super::outbox::Delivery;
use super::record::Family;
use super::review::{Answered, Review, Series};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why an assignment ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Its end came.
    Expired,
    /// The holder gave it up.
    GivenUp,
    /// Somebody who may took it away.
    Removed(String),
    /// A review took it away: the id of the review.
    Review(String),
    /// The rule of its automatic policy does not match any more.
    Rule,
    /// The files do not give it any more.
    Undeclared,
    /// What it gave, or its policy, is gone.
    PackageGone,
    /// The holder is not in the directory any more.
    PersonGone,
}

impl Cause {
    /// In a few words, for people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Cause::Expired => "its end came".to_owned(),
            Cause::GivenUp => "the holder gave it up".to_owned(),
            Cause::Removed(by) => format!("{by} took it away"),
            Cause::Review(id) => format!("the review {id} took it away"),
            Cause::Rule => "its rule does not match any more".to_owned(),
            Cause::Undeclared => "the files do not give it any more".to_owned(),
            Cause::PackageGone => "the package is gone".to_owned(),
            Cause::PersonGone => "the holder is not in the directory any more".to_owned(),
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum Event {
    /// Somebody asked (Q1, Q2, Q3, Q19, Q20).
    #[serde(rename = "request.submitted")]
    RequestSubmitted {
        /// As it was asked; it says where it stands then.
        request: Box<Request>,
    },
    /// A stage of approval began (Q4, Q7).
    #[serde(rename = "request.stage_started")]
    StageStarted {
        /// The request.
        request: String,
        /// The stage.
        stage: Stage,
        /// Who could decide at that moment; who decides is looked at again then.
        approvers: Vec<Named>,
    },
    /// The alternates may decide too (Q6).
    #[serde(rename = "request.escalated")]
    Escalated {
        /// The request.
        request: String,
        /// When.
        at: DateTime<Utc>,
        /// Who may decide from now on, beside the others.
        approvers: Vec<Named>,
    },
    /// The approvers were reminded (N3).
    #[serde(rename = "request.reminded")]
    Reminded {
        /// The request.
        request: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// An approver decided; the stage is closed (Q7, Q8).
    #[serde(rename = "request.decided")]
    Decided {
        /// The request.
        request: String,
        /// What was said, by whom.
        verdict: Verdict,
    },
    /// All who had to agree did, or nobody had to (Q5, Q7).
    #[serde(rename = "request.approved")]
    Approved {
        /// The request.
        request: String,
        /// When.
        at: DateTime<Utc>,
        /// When access begins, if that is still to come (Q11).
        start: Option<DateTime<Utc>>,
        /// When access ends.
        end: Option<DateTime<Utc>>,
    },
    /// It ended without access (Q8, Q9, Q10).
    #[serde(rename = "request.closed")]
    Closed {
        /// The request.
        request: String,
        /// When.
        at: DateTime<Utc>,
        /// `denied`, `timed_out` or `canceled`.
        state: super::RequestState,
        /// Who did it; nobody, where time or a rule did.
        by: Option<String>,
        /// Why.
        cause: String,
    },
    /// What was asked is done (Q13).
    #[serde(rename = "request.delivered")]
    RequestDelivered {
        /// The request.
        request: String,
        /// When.
        at: DateTime<Utc>,
        /// The assignment that came of it.
        assignment: String,
    },
    /// Somebody holds a package from now on.
    #[serde(rename = "assignment.given")]
    Given {
        /// As it is.
        assignment: Box<Assignment>,
    },
    /// Its end is another one (Q19).
    #[serde(rename = "assignment.rescheduled")]
    Rescheduled {
        /// The assignment.
        assignment: String,
        /// When.
        at: DateTime<Utc>,
        /// The first instant without it.
        end: Option<DateTime<Utc>>,
        /// The policy that governs it from now on.
        policy: Named,
        /// Whether the holder may extend it again.
        extensible: bool,
    },
    /// The holder was told that the end comes (N19), or need not be told.
    #[serde(rename = "assignment.expiring")]
    Expiring {
        /// The assignment.
        assignment: String,
        /// When.
        at: DateTime<Utc>,
        /// Which reminder: 1 is that of 14 days, 2 that of one.
        reminder: u8,
        /// Whether the holder is told; not, where all of it is held on by something else.
        told: bool,
    },
    /// The rule of its automatic policy stopped matching, or matches again.
    #[serde(rename = "assignment.grace")]
    Grace {
        /// The assignment.
        assignment: String,
        /// When it goes, if it does.
        until: Option<DateTime<Utc>>,
    },
    /// It is over.
    #[serde(rename = "assignment.ended")]
    Ended {
        /// The assignment.
        assignment: String,
        /// When.
        at: DateTime<Utc>,
        /// Why.
        cause: Cause,
    },
    /// Somebody from outside came into the directory (R148).
    #[serde(rename = "guest.invited")]
    GuestInvited {
        /// As they are.
        guest: Box<Guest>,
        /// The key of the organization they belong to.
        organization: Option<String>,
        /// The domain of that organization, where nobody knew it, and it comes into the directory as proposed (R150).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proposes: Option<String>,
    },
    /// Their sign-in is blocked, or not any more (R151).
    #[serde(rename = "guest.blocked")]
    GuestBlocked {
        /// The id of the user.
        guest: String,
        /// When.
        at: DateTime<Utc>,
        /// When the account goes away.
        deletes: Option<DateTime<Utc>>,
    },
    /// They may sign in again, and stay: somebody lifted the block, and they hold something anew.
    #[serde(rename = "guest.restored")]
    GuestRestored {
        /// The id of the user.
        guest: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// Their account is gone (R151).
    #[serde(rename = "guest.deleted")]
    GuestDeleted {
        /// The id of the user.
        guest: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// What was asked is given in part, or not at all, or is tried again (Q14 to Q16).
    #[serde(rename = "request.settled")]
    RequestSettled {
        /// The request.
        request: String,
        /// When.
        at: DateTime<Utc>,
        /// `delivering`, `partially_delivered` or `delivery_failed`.
        state: super::RequestState,
        /// The assignment that came of it.
        assignment: String,
        /// What could not be delivered (R58).
        errors: Vec<String>,
    },
    /// An assignment is given, in part or in whole, or is being given (section 2.2).
    #[serde(rename = "assignment.settled")]
    Settled {
        /// The assignment.
        assignment: String,
        /// When.
        at: DateTime<Utc>,
        /// Where it stands.
        state: super::AssignmentState,
    },
    /// The reviews of a policy are planned, or planned anew.
    #[serde(rename = "series.planned")]
    SeriesPlanned {
        /// As they are planned.
        series: Box<Series>,
    },
    /// A review opened.
    #[serde(rename = "review.opened")]
    ReviewOpened {
        /// As it is.
        review: Box<Review>,
    },
    /// Its reviewers were reminded.
    #[serde(rename = "review.reminded")]
    ReviewReminded {
        /// The review.
        review: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// A reviewer answered.
    #[serde(rename = "review.answered")]
    ReviewAnswered {
        /// The review.
        review: String,
        /// Whose access it is about.
        assignment: String,
        /// What was answered.
        answered: Answered,
    },
    /// It is over, and what came of it is applied.
    #[serde(rename = "review.applied")]
    ReviewApplied {
        /// The review.
        review: String,
        /// When.
        at: DateTime<Utc>,
        /// The assignments that end.
        removed: Vec<String>,
    },
    /// Somebody is to be in a group of another system, or out of it, or to have their account there otherwise.
    #[serde(rename = "delivery.wanted")]
    DeliveryWanted {
        /// As it is wanted.
        delivery: Box<Delivery>,
    },
    /// It is so over there.
    #[serde(rename = "delivery.done")]
    DeliveryDone {
        /// The delivery.
        delivery: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// It was tried in vain.
    #[serde(rename = "delivery.failed")]
    DeliveryFailed {
        /// The delivery.
        delivery: String,
        /// When.
        at: DateTime<Utc>,
        /// Why.
        error: String,
        /// When it is tried again, if it is.
        retry: Option<DateTime<Utc>>,
    },
    /// Somebody is to be told something.
    #[serde(rename = "notice.queued")]
    NoticeQueued {
        /// As it waits.
        notice: Box<Notice>,
    },
    /// They were told.
    #[serde(rename = "notice.sent")]
    NoticeSent {
        /// Its key.
        notice: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// They could not be told.
    #[serde(rename = "notice.failed")]
    NoticeFailed {
        /// Its key.
        notice: String,
        /// When.
        at: DateTime<Utc>,
        /// Why.
        error: String,
        /// When it is tried again, if it is.
        retry: Option<DateTime<Utc>>,
    },
    /// A request whose time has come is kept, since somebody still holds what it gave.
    #[serde(rename = "request.kept")]
    Kept {
        /// The request.
        request: String,
        /// When.
        at: DateTime<Utc>,
        /// When it is looked at again.
        until: DateTime<Utc>,
    },
    /// A record that nobody needs any more was taken away (Q18, retention).
    #[serde(rename = "record.purged")]
    Purged {
        /// Its family.
        family: Family,
        /// Its id.
        id: String,
    },
}

impl Event {
    /// What happened, such as `request.submitted`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Event::RequestSubmitted { .. } => "request.submitted",
            Event::StageStarted { .. } => "request.stage_started",
            Event::Escalated { .. } => "request.escalated",
            Event::Reminded { .. } => "request.reminded",
            Event::Decided { .. } => "request.decided",
            Event::Approved { .. } => "request.approved",
            Event::Closed { .. } => "request.closed",
            Event::RequestDelivered { .. } => "request.delivered",
            Event::Given { .. } => "assignment.given",
            Event::Rescheduled { .. } => "assignment.rescheduled",
            Event::Expiring { .. } => "assignment.expiring",
            Event::Grace { .. } => "assignment.grace",
            Event::Ended { .. } => "assignment.ended",
            Event::GuestInvited { .. } => "guest.invited",
            Event::GuestBlocked { .. } => "guest.blocked",
            Event::GuestRestored { .. } => "guest.restored",
            Event::GuestDeleted { .. } => "guest.deleted",
            Event::RequestSettled { .. } => "request.settled",
            Event::Settled { .. } => "assignment.settled",
            Event::SeriesPlanned { .. } => "series.planned",
            Event::ReviewOpened { .. } => "review.opened",
            Event::ReviewReminded { .. } => "review.reminded",
            Event::ReviewAnswered { .. } => "review.answered",
            Event::ReviewApplied { .. } => "review.applied",
            Event::DeliveryWanted { .. } => "delivery.wanted",
            Event::DeliveryDone { .. } => "delivery.done",
            Event::DeliveryFailed { .. } => "delivery.failed",
            Event::NoticeQueued { .. } => "notice.queued",
            Event::NoticeSent { .. } => "notice.sent",
            Event::NoticeFailed { .. } => "notice.failed",
            Event::Kept { .. } => "request.kept",
            Event::Purged { .. } => "record.purged",
        }
    }

    /// The record that it is about.
    #[must_use]
    pub fn record(&self) -> (Family, &str) {
        match self {
            Event::RequestSubmitted { request } => (Family::Request, &request.id),
            Event::StageStarted { request, .. }
            | Event::Escalated { request, .. }
            | Event::Reminded { request, .. }
            | Event::Decided { request, .. }
            | Event::Approved { request, .. }
            | Event::Closed { request, .. }
            | Event::RequestDelivered { request, .. }
            | Event::RequestSettled { request, .. }
            | Event::Kept { request, .. } => (Family::Request, request),
            Event::Given { assignment } => (Family::Assignment, &assignment.id),
            Event::Rescheduled { assignment, .. }
            | Event::Settled { assignment, .. }
            | Event::Expiring { assignment, .. }
            | Event::Grace { assignment, .. }
            | Event::Ended { assignment, .. } => (Family::Assignment, assignment),
            Event::GuestInvited { guest, .. } => (Family::Guest, &guest.id),
            Event::GuestBlocked { guest, .. } | Event::GuestRestored { guest, .. } | Event::GuestDeleted { guest, .. } => {
                (Family::Guest, guest)
            }
            Event::SeriesPlanned { series } => (Family::Series, &series.id),
            Event::ReviewOpened { review } => (Family::Review, &review.id),
            Event::ReviewReminded { review, .. } | Event::ReviewAnswered { review, .. } | Event::ReviewApplied { review, .. } => {
                (Family::Review, review)
            }
            Event::DeliveryWanted { delivery } => (Family::Delivery, &delivery.id),
            Event::DeliveryDone { delivery, .. } | Event::DeliveryFailed { delivery, .. } => (Family::Delivery, delivery),
            Event::NoticeQueued { notice } => (Family::Notice, &notice.id),
            Event::NoticeSent { notice, .. } | Event::NoticeFailed { notice, .. } => (Family::Notice, notice),
            Event::Purged { family, id } => (*family, id),
        }
    }
}
