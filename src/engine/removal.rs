//! Access ends: given up, taken away, run out; and what follows for people from outside: Q20.

use super::actor::Actor;
use super::draft::Draft;
use super::event::{Cause, Event};
use super::extension::{absent, find};
use super::nouns::{GuestState, Named, Request, RequestKind, RequestState};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::terms::{Terms, later};
use crate::authority::Action;
use crate::kinds::settings;
use crate::model::Minutes;
use chrono::{DateTime, Utc};

/// The holder gives access up, or who manages assignments takes it away.
pub(super) fn remove(draft: &mut Draft<'_>, actor: &Actor, id: &str, justification: Option<&str>) -> Result<(), Refusal> {
    let now = draft.now;
    let (request, cause) = {
        let facts = draft.facts();
        let assignment = find(&facts, id)?;
        let holder = matches!(actor, Actor::Person(name) if facts.person(name).is(&assignment.target));
        let cause = if holder {
            let policy = facts.policy(&assignment.policy.id).filter(|p| !p.lets_go());
            // Who manages assignments manages their own, too.
            let manages = || facts.package(&assignment.package.id).is_some_and(|p| actor.may(&facts, Action::RemoveAssignment, p).is_ok());
            if let Some(policy) = policy.filter(|_| !manages()) {
                let message = format!("`{}` does not let holders give the access up", policy.0.address);
                return Err(Refusal::by("R141", message, "the managers of the package can take it away"));
            }
            Cause::GivenUp
        } else {
            let package = facts.package(&assignment.package.id);
            match package.map(|p| actor.may(&facts, Action::RemoveAssignment, p)) {
                Some(Err(_)) if matches!(actor, Actor::Person(_)) => return Err(absent(id)),
                Some(Err(refusal)) => return Err(refusal),
                _ => Cause::Removed(actor.word().to_owned()),
            }
        };
        let requestor = actor.named(&facts);
        let terms =
            Terms { expiration: "never".to_owned(), zone: facts.zone.name().to_owned(), extension: "none".to_owned(), stages: Vec::new() };
        let request = Request {
            justification: justification.map(str::to_owned),
            assignment: Some(id.to_owned()),
            state: RequestState::Delivering,
            errors: Vec::new(),
            ..Request::new(
                draft.mint(),
                RequestKind::Remove,
                (assignment.package.clone(), assignment.policy.clone()),
                (assignment.target.clone(), requestor),
                now,
                terms,
            )
        };
        (request, cause)
    };
    let name = request.id.clone();
    draft.push(Event::RequestSubmitted { request: Box::new(request) })?;
    end(draft, id, now, cause)?;
    draft.push(Event::RequestDelivered { request: name, at: now, assignment: id.to_owned() })?;
    Ok(())
}

/// Ends an assignment, and what hangs on it: requests that it was still to come of, requests to extend it, and the stay of a guest who
/// has no other.
pub(super) fn end(draft: &mut Draft<'_>, id: &str, at: DateTime<Utc>, cause: Cause) -> Result<(), Refusal> {
    let holder = end_only(draft, id, at, cause)?;
    last_lost(draft, &holder, at)
}

/// The same, but for what becomes of a guest: whoever ends several things looks at that once all of it is done.
pub(super) fn end_only(draft: &mut Draft<'_>, id: &str, at: DateTime<Utc>, cause: Cause) -> Result<Named, Refusal> {
    let Some(Record::Assignment(assignment)) = draft.facts().records.get(Family::Assignment, id) else { return Err(absent(id)) };
    draft.push(Event::Ended { assignment: id.to_owned(), at, cause })?;
    let hangs = |r: &Record| matches!(r, Record::Request(r) if r.kind != RequestKind::Remove && r.assignment.as_deref() == Some(id));
    let open = draft.facts().records.of_person(Family::Request, &assignment.target.id);
    for request in open.iter().filter(|r| hangs(r)) {
        super::approval::close(draft, request.id(), at, RequestState::Canceled, None, "the access ended meanwhile")?;
    }
    Ok(assignment.target)
}

/// A guest whom the engine brought in, and who lost the last assignment, is blocked, and goes later (R151).
pub(super) fn last_lost(draft: &mut Draft<'_>, target: &Named, at: DateTime<Utc>) -> Result<(), Refusal> {
    let (blocks, deletes) = {
        let facts = draft.facts();
        let guest = super::assign::guest_of(&facts, target);
        // Whom files declare is theirs, and no longer the engine's.
        let declared = facts.of_id(&target.id).is_some_and(|s| s.workspace.is_some());
        // What ran out since the last look at the clock is dealt with at the next.
        let holds = || !facts.records.of_person(Family::Assignment, &target.id).is_empty();
        let stays = declared || guest.is_none_or(|g| g.state != GuestState::Active) || holds();
        let awaited = |r: &Record| matches!(r, Record::Request(r) if r.state == RequestState::Scheduled);
        if stays || facts.records.of_person(Family::Request, &target.id).iter().any(awaited) {
            return Ok(());
        }
        settings::after_last_assignment(facts.object(&settings::external_users()))
    };
    if blocks {
        let deletes = deletes.map(|Minutes(n)| later(at, n));
        draft.push(Event::GuestBlocked { guest: target.id.clone(), at, deletes })?;
    }
    Ok(())
}
