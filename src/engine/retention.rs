//! What is not kept for ever: a request, three months after it was over, unless somebody still holds what it gave (Q18, section 2.6).
//!
//! Who asks why somebody has access is told of the request and of who decided it, however long ago that was. What is taken away is the
//! record, which lists show and rules look at; what happened stays in the chain.

use super::draft::Draft;
use super::event::Event;
use super::nouns::{Assignment, RETENTION, Request, RequestKind};
use super::record::{Family, Record};
use super::refusal::Refusal;
use chrono::{DateTime, TimeDelta, Utc};

/// After so long at the latest one that was kept is looked at again: its access may have ended before its time.
const AGAIN: TimeDelta = TimeDelta::days(365);

/// The time of a request that is over has come.
pub(super) fn over(draft: &mut Draft<'_>, request: &Request, at: DateTime<Utc>) -> Result<(), Refusal> {
    // What somebody asked for, and how long, is explained by the request; that somebody gave it, by the assignment itself.
    let explains = matches!(request.kind, RequestKind::Add | RequestKind::Extend);
    let assignment = request.assignment.as_ref().filter(|_| explains).and_then(|id| draft.record(Family::Assignment, id));
    let held = match assignment {
        Some(Record::Assignment(a)) if a.ended.is_none_or(|ended| ended > at) => Some(a),
        _ => None,
    };
    draft.push(match held.and_then(|a| again(&a, at)) {
        Some(until) => Event::Kept { request: request.id.clone(), at, until },
        None => Event::Purged { family: Family::Request, id: request.id.clone() },
    })?;
    Ok(())
}

/// When the request of an assignment that is held is looked at again.
fn again(held: &Assignment, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let latest = at.checked_add_signed(AGAIN)?;
    held.end.map_or(latest, |end| end.min(latest)).checked_add_signed(RETENTION)
}
