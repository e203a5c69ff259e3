//! Somebody decides on a request, or takes it back: Q7, Q8, Q10.

use super::actor::Actor;
use super::approval::{advance, approvers, close, find};
use super::draft::Draft;
use super::event::{Cause, Event};
use super::nouns::{RequestState, Verdict};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::removal;
use crate::authority::Action;

/// A yes or a no. The first one closes the stage to the others (R40).
pub(super) fn decide(draft: &mut Draft<'_>, actor: &Actor, id: &str, approve: bool, justification: Option<&str>) -> Result<(), Refusal> {
    let now = draft.now;
    let (verdict, stage) = {
        let facts = draft.facts();
        let person = actor.person(&facts, "decide")?;
        let absent = || {
            Refusal::by(
                "R57",
                format!("there is no request `{id}` for {} to decide", person.named.name),
                "`writ requests --to-decide` lists those that there are",
            )
        };
        let request = find(&facts, id).map_err(|_| absent())?;
        if person.is(&request.target) || person.is(&request.requestor) {
            return Err(Refusal::by("R117", "nobody decides on a request of their own, or for themselves", "another approver has to"));
        }
        let Some(stage) = request.stage.clone().filter(|_| request.state == RequestState::PendingApproval) else {
            let known = request.verdicts.iter().any(|v| person.is(&v.by))
                || request.terms.stages.iter().enumerate().any(|(n, _)| {
                    approvers(&facts, &super::Request { verdicts: Vec::new(), ..request.clone() }, n.saturating_add(1), true)
                        .contains(&person.named)
                });
            if !known {
                return Err(absent());
            }
            let by = request.verdicts.last().map_or_else(String::new, |v| format!(" by {}", v.by.name));
            return Err(Refusal::by("R40", format!("the request is {} already{by}", request.state.word()), "the first decision stands"));
        };
        if stage.deadline <= now {
            return Err(Refusal::by("R44", "the time to decide is over", "the access has to be requested again"));
        }
        let escalated = stage.escalated || stage.escalates.is_some_and(|at| at <= now);
        if !approvers(&facts, &request, stage.number, escalated).contains(&person.named) {
            // Who is no approver learns nothing of the request.
            return Err(absent());
        }
        let terms = stage.number.checked_sub(1).and_then(|n| request.terms.stages.get(n));
        if terms.is_some_and(|t| t.justification) && justification.is_none_or(|j| j.trim().is_empty()) {
            return Err(Refusal::by("R43", "the policy wants a reason for a decision", "give one: `--justification TEXT`"));
        }
        (Verdict { stage: stage.number, by: person.named, approve, justification: justification.map(str::to_owned), at: now }, stage)
    };
    let by = verdict.by.name.clone();
    draft.push(Event::Decided { request: id.to_owned(), verdict })?;
    match approve {
        true => advance(draft, id, stage.number, now),
        false => close(draft, id, now, RequestState::Denied, Some(&by), justification.unwrap_or("denied")),
    }
}

/// Takes a request back: the requestor while somebody has to decide (R141), who manages assignments until it is delivered (R142).
pub(super) fn cancel(draft: &mut Draft<'_>, actor: &Actor, id: &str, justification: Option<&str>) -> Result<(), Refusal> {
    let now = draft.now;
    let under_way = {
        let facts = draft.facts();
        let request = find(&facts, id)?;
        let own =
            matches!(actor, Actor::Person(name) if [&request.requestor, &request.target].into_iter().any(|n| facts.person(name).is(n)));
        let package = facts.package(&request.package.id);
        // Nobody manages a package that is gone.
        let managed =
            package.map_or(matches!(actor, Actor::Operator(_)), |package| actor.may(&facts, Action::CancelRequest, package).is_ok());
        let under_way = matches!(request.state, RequestState::Delivering | RequestState::DeliveryFailed);
        let (open, rule) = match (managed, own) {
            (true, _) => (package.is_some() && (request.state.is_open() || under_way), "R142"),
            (false, true) => (request.state == RequestState::PendingApproval, "R141"),
            (false, false) => return Err(Refusal::by("R57", format!("there is no request `{id}`"), "`writ requests` lists them")),
        };
        if !open {
            let message = format!("the request is {}, and cannot be taken back", request.state.word());
            return Err(Refusal::by(rule, message, "access that was given ends with `writ remove`"));
        }
        request.assignment.filter(|_| under_way)
    };
    close(draft, id, now, RequestState::Canceled, Some(actor.word()), justification.unwrap_or("canceled"))?;
    // A canceled request gives nothing: what was on its way, or failed on it, ends.
    match under_way.filter(|a| matches!(draft.record(Family::Assignment, a), Some(Record::Assignment(a)) if a.is_live(now))) {
        Some(assignment) => removal::end(draft, &assignment, now, Cause::Removed(actor.word().to_owned())),
        None => Ok(()),
    }
}
