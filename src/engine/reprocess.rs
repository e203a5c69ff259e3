//! What could not be delivered, or was lost over there, is delivered once more: Q16, R143, R146.

use super::actor::Actor;
use super::draft::Draft;
use super::event::Event;
use super::extension::{absent, find};
use super::nouns::{Request, RequestState};
use super::outbox::{again, is_delivered_elsewhere, last_failure};
use super::record::{Family, Record};
use super::refusal::Refusal;
use crate::authority::Action;
use chrono::{SecondsFormat, TimeDelta};

/// So long after it failed a request can be delivered once more (R143).
const WINDOW: TimeDelta = TimeDelta::days(7);

/// Who manages assignments has all that an assignment gives delivered once more, whatever was told of it (R146).
pub(super) fn assignment(draft: &mut Draft<'_>, actor: &Actor, id: &str) -> Result<(), Refusal> {
    let assignment = {
        let facts = draft.facts();
        let assignment = find(&facts, id)?;
        let package = facts.package(&assignment.package.id).ok_or_else(|| absent(id))?;
        actor.may(&facts, Action::ReprocessAssignment, package)?;
        if !is_delivered_elsewhere(&facts, &assignment.package.id) {
            let message = format!("nothing of `{}` is delivered into another system", assignment.package.name);
            return Err(Refusal::by("R146", message, "it is held, and there is nothing to deliver"));
        }
        assignment
    };
    again(draft, &assignment, false)
}

/// Who manages assignments has what of a request failed delivered once more, within seven days (R143).
pub(super) fn request(draft: &mut Draft<'_>, actor: &Actor, id: &str) -> Result<(), Refusal> {
    let assignment = {
        let facts = draft.facts();
        let gone = || Refusal::by("R143", format!("there is no request `{id}`"), "`writ requests --all` lists them");
        let Some(Record::Request(request)) = facts.records.get(Family::Request, id) else { return Err(gone()) };
        let package = facts.package(&request.package.id).ok_or_else(gone)?;
        actor.may(&facts, Action::ReprocessRequest, package)?;
        let assignment = failed(&request).and_then(|held| find(&facts, held).ok()).ok_or_else(|| {
            let message = format!("request {id} is {}, and nothing of it failed", request.state.word());
            Refusal::by("R143", message, "only what could not be delivered, or in part, is delivered once more")
        })?;
        if let Some(failed) =
            last_failure(&facts, &assignment).filter(|at| at.checked_add_signed(WINDOW).is_some_and(|end| end <= facts.now))
        {
            let message = format!("request {id} failed more than 7 days ago, at {}", failed.to_rfc3339_opts(SecondsFormat::Secs, true));
            let help = format!("what is held is delivered once more at any time: `writ reprocess {}`", assignment.id);
            return Err(Refusal::by("R143", message, help));
        }
        assignment
    };
    let (request, at, state) = (id.to_owned(), draft.now, RequestState::Delivering);
    draft.push(Event::RequestSettled { request, at, state, assignment: assignment.id.clone(), errors: Vec::new() })?;
    again(draft, &assignment, true)
}

/// The assignment of a request of which something could not be delivered.
fn failed(request: &Request) -> Option<&str> {
    let failed = matches!(request.state, RequestState::PartiallyDelivered | RequestState::DeliveryFailed);
    request.assignment.as_deref().filter(|_| failed)
}
