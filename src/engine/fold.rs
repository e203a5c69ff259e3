//! What an event means: the record that it is about, afterwards.
//!
//! In: the record as it was, and an event. Out: the record as it is. Invariant: an event that does not follow from what was is an
//! error, and never half of it is done.

use super::nouns::{AssignmentState, GuestState, RequestState};
use super::outbox::SendState;
use super::record::Record;
use super::review::ReviewState;
use super::{Event, RequestKind};
use std::fmt;

/// Why an event does not fit the record that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// There is such a record already.
    Exists(String),
    /// There is no such record.
    Absent(String),
    /// The record does not stand where the event says it did.
    State(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Misfit::Exists(what) => write!(f, "there is the {what} already"),
            Misfit::Absent(what) => write!(f, "there is no {what}"),
            Misfit::State(what) => write!(f, "the {what} does not stand where that could happen"),
        }
    }
}

impl std::error::Error for Misfit {}

/// What an event makes of the record that it is about; `None`: there is none afterwards.
///
/// # Errors
/// When the event does not follow from what was.
pub fn fold(before: Option<Record>, event: &Event) -> Result<Option<Record>, Misfit> {
    let (family, id) = event.record();
    let name = || format!("{} `{id}`", family.word());
    let begins = matches!(
        event,
        Event::RequestSubmitted { .. }
            | Event::Given { .. }
            | Event::GuestInvited { .. }
            | Event::DeliveryWanted { .. }
            | Event::NoticeQueued { .. }
            | Event::SeriesPlanned { .. }
            | Event::ReviewOpened { .. }
    );
    match (begins, before) {
        (true, None) => Ok(Some(begin(event).ok_or_else(|| Misfit::State(name()))?)),
        // Who comes back from outside is the same person.
        (true, Some(Record::Guest(old))) if old.state == GuestState::Deleted => Ok(begin(event)),
        // Of a delivery what was wanted last counts, of a series what was planned last.
        (true, Some(Record::Delivery(_) | Record::Series(_))) => Ok(begin(event)),
        (true, Some(_)) => Err(Misfit::Exists(name())),
        (false, None) => Err(Misfit::Absent(name())),
        (false, Some(record)) => go_on(record, event).ok_or_else(|| Misfit::State(name())),
    }
}

fn begin(event: &Event) -> Option<Record> {
    match event {
        Event::RequestSubmitted { request } => Some(Record::Request(request.clone())),
        Event::Given { assignment } => Some(Record::Assignment(assignment.clone())),
        Event::GuestInvited { guest, .. } => Some(Record::Guest(guest.clone())),
        Event::DeliveryWanted { delivery } => Some(Record::Delivery(delivery.clone())),
        Event::SeriesPlanned { series } => Some(Record::Series(series.clone())),
        Event::ReviewOpened { review } => Some(Record::Review(review.clone())),
        Event::NoticeQueued { notice } => Some(Record::Notice(notice.clone())),
        _ => None,
    }
}

/// Whether what was approved is on its way.
fn is_being_delivered(state: RequestState) -> bool {
    matches!(state, RequestState::Delivering | RequestState::Scheduled | RequestState::PartiallyDelivered | RequestState::DeliveryFailed)
}

/// `None` outside: the event does not fit; inside: the record is gone.
#[expect(clippy::option_option, reason = "whether it fits, and whether a record is left, are two questions")]
fn go_on(record: Record, event: &Event) -> Option<Option<Record>> {
    if let Event::Purged { .. } = event {
        return record.is_over().then_some(None);
    }
    let after = match record {
        Record::Request(mut r) => {
            let pending = r.state == RequestState::PendingApproval;
            match event {
                Event::StageStarted { stage, .. } if pending => r.stage = Some(stage.clone()),
                Event::Escalated { .. } if pending => {
                    let stage = r.stage.as_mut().filter(|s| !s.escalated)?;
                    stage.escalated = true;
                    stage.escalates = None;
                }
                Event::Reminded { .. } if pending => r.stage.as_mut().filter(|s| s.reminds.is_some())?.reminds = None,
                Event::Decided { verdict, .. } if pending && r.stage.as_ref().is_some_and(|s| s.number == verdict.stage) => {
                    r.verdicts.push(verdict.clone());
                    r.stage = None;
                }
                Event::Approved { start, end, .. } if pending => {
                    r.state = if start.is_some() { RequestState::Scheduled } else { RequestState::Delivering };
                    r.start = start.or(r.start);
                    r.end = *end;
                    r.stage = None;
                }
                Event::Closed { at, state, cause, .. } if r.state != RequestState::Delivered && r.completed.is_none() => {
                    r.state = *state;
                    r.stage = None;
                    r.completed = Some(*at);
                    r.cause = Some(cause.clone());
                }
                Event::RequestSettled { state, assignment, errors, .. } if is_being_delivered(r.state) => {
                    r.state = *state;
                    r.assignment = Some(assignment.clone());
                    r.errors.clone_from(errors);
                }
                Event::RequestDelivered { at, assignment, .. } if is_being_delivered(r.state) => {
                    r.errors.clear();
                    r.state = RequestState::Delivered;
                    r.completed = Some(*at);
                    if r.kind != RequestKind::Remove {
                        r.assignment = Some(assignment.clone());
                    }
                }
                Event::Kept { until, .. } if !r.state.is_open() => r.kept = Some(*until),
                _ => return None,
            }
            Record::Request(r)
        }
        Record::Assignment(mut a) => {
            if a.state == AssignmentState::Expired {
                return None;
            }
            match event {
                Event::Rescheduled { end, policy, extensible, .. } => {
                    a.end = *end;
                    a.policy = policy.clone();
                    a.extensible = *extensible;
                    a.reminded = 0;
                }
                Event::Settled { state, .. } if *state != AssignmentState::Expired => a.state = *state,
                Event::Expiring { reminder, .. } if *reminder > a.reminded => a.reminded = *reminder,
                Event::Grace { until, .. } => a.grace = *until,
                Event::Ended { at, cause, .. } => {
                    a.state = AssignmentState::Expired;
                    a.ended = Some(*at);
                    a.cause = Some(cause.clone());
                }
                _ => return None,
            }
            Record::Assignment(a)
        }
        Record::Guest(mut g) => {
            match event {
                Event::GuestBlocked { at, deletes, .. } if g.state == GuestState::Active => {
                    g.state = GuestState::Blocked;
                    g.since = *at;
                    g.deletes = *deletes;
                }
                Event::GuestRestored { at, .. } if g.state == GuestState::Blocked => {
                    g.state = GuestState::Active;
                    g.since = *at;
                    g.deletes = None;
                }
                Event::GuestDeleted { at, .. } if g.state == GuestState::Blocked => {
                    g.state = GuestState::Deleted;
                    g.since = *at;
                    g.deletes = None;
                }
                _ => return None,
            }
            Record::Guest(g)
        }
        Record::Delivery(mut d) => {
            let tried = d.attempts.saturating_add(1);
            match event {
                Event::DeliveryDone { .. } if d.state == SendState::Pending => {
                    (d.state, d.attempts, d.error) = (SendState::Done, tried, None)
                }
                Event::DeliveryFailed { at, error, retry, .. } if d.state == SendState::Pending => {
                    d.state = if retry.is_some() { SendState::Pending } else { SendState::Failed };
                    // Of one that failed it says when: the window of R143 counts from then, however late it was tried.
                    d.due = retry.unwrap_or(*at);
                    (d.attempts, d.error) = (tried, Some(error.clone()));
                }
                _ => return None,
            }
            Record::Delivery(d)
        }
        Record::Series(_) => return None,
        Record::Review(mut r) => {
            if r.state != ReviewState::InProgress {
                return None;
            }
            match event {
                Event::ReviewReminded { .. } if r.reminds.is_some() => r.reminds = None,
                Event::ReviewAnswered { assignment, answered, .. } => {
                    r.items.iter_mut().find(|i| i.assignment == *assignment)?.answered = Some(answered.clone());
                }
                Event::ReviewApplied { at, removed, .. } => {
                    r.state = ReviewState::Applied;
                    r.completed = Some(*at);
                    r.items.iter_mut().for_each(|i| i.removed = Some(removed.contains(&i.assignment)));
                }
                _ => return None,
            }
            Record::Review(r)
        }
        Record::Notice(mut n) => {
            let tried = n.attempts.saturating_add(1);
            match event {
                Event::NoticeSent { .. } if n.state == SendState::Pending => {
                    (n.state, n.attempts, n.error) = (SendState::Done, tried, None)
                }
                Event::NoticeFailed { error, retry, .. } if n.state == SendState::Pending => {
                    n.state = if retry.is_some() { SendState::Pending } else { SendState::Failed };
                    n.due = retry.unwrap_or(n.due);
                    (n.attempts, n.error) = (tried, Some(error.clone()));
                }
                _ => return None,
            }
            Record::Notice(n)
        }
    };
    Some(Some(after))
}
