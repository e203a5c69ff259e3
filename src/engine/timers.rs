//! What happens by itself when an instant comes (section 2.6).
//!
//! In: a record whose instant came. Out: events at that instant, not at the moment somebody looked: what was missed is caught up as
//! if it had been seen. Invariant: a record whose instant came is not due at it any more afterwards, so that none is dealt with twice.

use super::access::holds;
use super::approval::{approvers, close, deliver};
use super::assign::is_lifted;
use super::draft::Draft;
use super::event::{Cause, Event};
use super::extension::continues;
use super::nouns::{Assignment, Guest, REMINDERS, Request, RequestState};
use super::people::Person;
use super::policies::incompatible;
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::review::{review_due, series_due};
use super::{removal, retention};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Does everything that these records, and those that come of it, are due for until an instant, in the order of the instants. What is
/// due of requests that end by it is left to the next look.
///
/// # Errors
/// As [`due`].
pub fn catch_up(draft: &mut Draft<'_>, records: Vec<Record>, until: DateTime<Utc>) -> Result<(), Refusal> {
    let key = |r: &Record| Some((r.due()?, r.family(), r.id().to_owned())).filter(|(_, family, _)| family.is_timed());
    let mut waiting: BTreeSet<(DateTime<Utc>, Family, String)> = records.iter().filter_map(key).collect();
    draft.knows(records);
    let mut changed = None;
    while let Some((at, family, id)) = waiting.pop_first() {
        if at > until {
            break;
        }
        // What became of it since may be due at another instant, or not at all.
        let Some(record) = draft.record(family, &id).filter(|r| r.due() == Some(at)) else { continue };
        let before = draft.so_far();
        draft.now = at;
        due(draft, &record)?;
        if !draft.so_far_all().iter().skip(before).all(is_reminder) {
            changed = Some(at);
        }
        // A request that came to its end just now is taken away by another look: whoever tells of this one has to know it.
        let ended = |r: &&Record| matches!(r, Record::Request(r) if !r.state.is_open());
        waiting.extend(draft.touched_since(before).iter().filter(|r| !ended(r)).filter_map(key));
    }
    // What follows of all of it follows of the last change, and not of a reminder after that.
    draft.now = changed.unwrap_or(draft.now);
    Ok(())
}

fn is_reminder(event: &Event) -> bool {
    matches!(event, Event::Expiring { .. } | Event::Reminded { .. } | Event::ReviewReminded { .. })
}

/// Does what a record is due for; nothing, where it is not due at the moment of the draft.
///
/// # Errors
/// When what is due does not follow from what is so, which is a defect.
fn due(draft: &mut Draft<'_>, record: &Record) -> Result<(), Refusal> {
    let Some(at) = record.due().filter(|at| *at <= draft.now) else { return Ok(()) };
    match record {
        Record::Request(request) => request_due(draft, request, at),
        Record::Assignment(assignment) => assignment_due(draft, assignment, at),
        Record::Review(review) => review_due(draft, review, at),
        Record::Series(series) => series_due(draft, series, at),
        Record::Delivery(_) | Record::Notice(_) => Ok(()),
        // Whom somebody let in again meanwhile, or whom files declare by now, is theirs.
        Record::Guest(guest) if stays(draft, guest) => Ok(draft.push(Event::GuestRestored { guest: guest.id.clone(), at })?),
        Record::Guest(guest) => Ok(draft.push(Event::GuestDeleted { guest: guest.id.clone(), at })?),
    }
}

/// Whether a guest is not the engine's to take away any more.
fn stays(draft: &Draft<'_>, guest: &Guest) -> bool {
    let declared = draft.facts().of_id(&guest.id).is_some_and(|s| s.workspace.is_some());
    declared || is_lifted(draft, &guest.id)
}

fn request_due(draft: &mut Draft<'_>, request: &Request, at: DateTime<Utc>) -> Result<(), Refusal> {
    if !request.state.is_open() {
        return retention::over(draft, request, at);
    }
    let id = request.id.clone();
    let Some(stage) = request.stage.as_ref().filter(|_| request.state == RequestState::PendingApproval) else {
        return begin(draft, request, at);
    };
    if stage.deadline == at {
        return close(draft, &id, at, RequestState::TimedOut, None, "nobody decided in time");
    }
    if stage.escalates == Some(at) {
        let approvers = approvers(&draft.facts(), request, stage.number, true);
        return Ok(draft.push(Event::Escalated { request: id, at, approvers })?);
    }
    Ok(draft.push(Event::Reminded { request: id, at })?)
}

/// The start of a scheduled request came (Q12).
fn begin(draft: &mut Draft<'_>, request: &Request, at: DateTime<Utc>) -> Result<(), Refusal> {
    let hindrance = {
        let facts = draft.facts();
        let person = Person::of_named(&facts, &request.target);
        match facts.package(&request.package.id) {
            None => Some("the package is gone".to_owned()),
            Some(_) if holds(&facts, &person, &request.package.id) => Some("it is held already".to_owned()),
            Some(_) if !person.is_enabled() => Some("the sign-in of the holder is blocked".to_owned()),
            Some(package) => incompatible(&facts, package, &person, false).map(|r| r.message),
        }
    };
    match hindrance {
        Some(cause) => close(draft, &request.id, at, RequestState::Canceled, None, &cause),
        None => deliver(draft, &request.id, at),
    }
}

fn assignment_due(draft: &mut Draft<'_>, assignment: &Assignment, at: DateTime<Utc>) -> Result<(), Refusal> {
    let id = assignment.id.clone();
    if assignment.end == Some(at) {
        return removal::end(draft, &id, at, Cause::Expired);
    }
    if assignment.grace == Some(at) {
        return removal::end(draft, &id, at, Cause::Rule);
    }
    // Of two reminders that were missed the later one says all.
    let passed = |before: &chrono::TimeDelta| assignment.end.and_then(|end| end.checked_sub_signed(*before)).is_some_and(|mark| mark <= at);
    let reminder = u8::try_from(REMINDERS.iter().filter(|before| passed(before)).count()).unwrap_or(u8::MAX);
    let told = !continues(&draft.facts(), assignment);
    Ok(draft.push(Event::Expiring { assignment: id, at, reminder, told })?)
}
