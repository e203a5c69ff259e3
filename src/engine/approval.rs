//! Stages of approval: who may decide, and what follows when somebody did or nobody can.

use super::access::holds;
use super::assign;
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{Assignment, Named, Request, RequestKind, RequestState, Stage};
use super::outbox::is_delivered_elsewhere;
use super::people::{Person, people};
use super::policies::{Offer, admits, incompatible};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::removal;
use super::terms::{StageTerms, Terms, Who, later};
use crate::kinds::connected_organization as organization;
use chrono::{DateTime, Utc};

/// A request that is there.
pub(super) fn find(facts: &Facts<'_>, id: &str) -> Result<Request, Refusal> {
    match facts.records.get(Family::Request, id) {
        Some(Record::Request(request)) => Ok(*request),
        _ => Err(Refusal::by("R57", format!("there is no request `{id}`"), "`writ requests` lists them")),
    }
}

/// Those who may decide a stage now: looked for when it begins, when it is shown, and once more when somebody decides. Neither
/// who asks nor who is to have it is ever among them, by whatever path (R117); nor who decided a stage before.
pub(super) fn approvers(facts: &Facts<'_>, request: &Request, stage: usize, escalated: bool) -> Vec<Named> {
    let Some(terms) = stage.checked_sub(1).and_then(|n| request.terms.stages.get(n)) else { return Vec::new() };
    let target = Person::of_named(facts, &request.target);
    let eligible = |all: &[Who]| -> Vec<Named> {
        let named = all.iter().filter_map(|who| who.now(facts)).flat_map(|word| resolve(facts, &target, &word));
        let mut found: Vec<Named> = named.filter(|p| is_eligible(facts, request, p)).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup();
        found
    };
    let unresolved = terms.approvers.iter().any(|w| is_word(w.written()) && eligible(std::slice::from_ref(w)).is_empty());
    let mut found = eligible(&terms.approvers);
    if unresolved || found.is_empty() {
        found.extend(eligible(&terms.fallback));
    }
    // Nobody is left to decide: the alternates need not wait for anybody (V21).
    if escalated || found.is_empty() {
        found.extend(eligible(&terms.alternates));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup();
    found
}

/// Who may decide a request now; nobody, where there is nothing to decide.
#[must_use]
pub fn deciders(facts: &Facts<'_>, request: &Request) -> Vec<Named> {
    let Some(stage) = request.stage.as_ref().filter(|_| request.state == RequestState::PendingApproval) else { return Vec::new() };
    approvers(facts, request, stage.number, stage.escalated || stage.escalates.is_some_and(|at| at <= facts.now))
}

/// Who could decide a stage that is over: as if nobody had decided it yet.
pub(super) fn approvers_then(facts: &Facts<'_>, request: &Request, stage: usize) -> Vec<Named> {
    let before = request.verdicts.iter().filter(|v| v.stage < stage).cloned().collect();
    approvers(facts, &Request { verdicts: before, ..request.clone() }, stage, false)
}

/// A stage of approval as it would be for a person who asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// From 1.
    pub number: usize,
    /// Any one of these decides.
    pub approvers: Vec<Named>,
    /// These may too, after a while.
    pub alternates: Vec<Named>,
    /// After how many minutes they may.
    pub escalates: Option<i64>,
    /// How many minutes there are to decide.
    pub timeout: i64,
}

/// Who would decide, stage by stage, if somebody asked through a policy now. Who decides one stage decides no later one, which is
/// known only then.
#[must_use]
pub fn would_approve(facts: &Facts<'_>, offer: &Offer<'_>, target: &Person<'_>) -> Vec<Seat> {
    let policy = Named { id: offer.stored.id.clone(), name: offer.policy.0.address.to_string() };
    let package = offer.policy.package().and_then(|p| facts.named(&p)).unwrap_or_else(|| policy.clone());
    let request = Request {
        errors: Vec::new(),
        ..Request::new(
            String::new(),
            RequestKind::Add,
            (package, policy),
            (target.named.clone(), target.named.clone()),
            facts.now,
            Terms::of(facts, offer.policy, offer.policy.approves_requests()),
        )
    };
    let seat = |(number, terms): (usize, &StageTerms)| {
        let approvers = approvers(facts, &request, number, false);
        let all = self::approvers(facts, &request, number, true);
        let alternates = all.into_iter().filter(|a| !approvers.contains(a)).collect();
        Seat { number, approvers, alternates, escalates: terms.escalates, timeout: terms.timeout }
    };
    (1..).zip(&request.terms.stages).map(seat).collect()
}

fn is_eligible(facts: &Facts<'_>, request: &Request, person: &Named) -> bool {
    let person = Person::of_named(facts, person);
    let decided = request.verdicts.iter().any(|v| person.is(&v.by));
    person.object.is_some() && person.is_enabled() && !person.is(&request.target) && !person.is(&request.requestor) && !decided
}

/// Whether it stands for people who are looked up, and may not be there.
fn is_word(word: &str) -> bool {
    matches!(word, "manager" | "manager:2" | "internal_sponsors" | "external_sponsors")
}

/// The people whom a word or a principal stands for.
fn resolve(facts: &Facts<'_>, target: &Person<'_>, word: &str) -> Vec<Named> {
    let manager = target.manager(facts);
    let second = || target.named_manager(facts).and_then(|m| m.manager(facts));
    let of = |names: Vec<&str>| people(facts, names).into_iter().map(|name| facts.person(&name).named).collect();
    match word {
        "manager" => manager.into_iter().map(|m| m.named).collect(),
        "manager:2" => second().into_iter().map(|m| m.named).collect(),
        "internal_sponsors" => target.organization(facts).map(|o| of(organization::internal_sponsors(o).collect())).unwrap_or_default(),
        "external_sponsors" => target.organization(facts).map(|o| of(organization::external_sponsors(o).collect())).unwrap_or_default(),
        principal => of(vec![principal]),
    }
}

/// Begins a stage, if anybody can decide it.
///
/// # Errors
/// When nobody can: an empty set grants nothing.
pub(super) fn begin(draft: &mut Draft<'_>, request: &Request, number: usize, at: DateTime<Utc>) -> Result<(), Refusal> {
    let Some(terms) = number.checked_sub(1).and_then(|n| request.terms.stages.get(n)) else { return approve(draft, &request.id, at) };
    let approvers = approvers(&draft.facts(), request, number, false);
    if approvers.is_empty() {
        let message = format!("nobody can decide stage {number} of a request for `{}` by {}", request.package.name, request.target.name);
        return Err(Refusal::by("R39", message, "the managers of the package can name other approvers, or a fallback"));
    }
    let half = terms.timeout.checked_div(2).unwrap_or(0);
    let stage = Stage {
        number,
        began: at,
        deadline: later(at, terms.timeout),
        escalates: terms.escalates.map(|after| later(at, after)),
        escalated: false,
        reminds: Some(later(at, half)),
    };
    draft.push(Event::StageStarted { request: request.id.clone(), stage, approvers })?;
    Ok(())
}

/// After a yes: the next stage, or the access itself.
pub(super) fn advance(draft: &mut Draft<'_>, id: &str, decided: usize, at: DateTime<Utc>) -> Result<(), Refusal> {
    let request = find(&draft.facts(), id)?;
    let next = decided.saturating_add(1);
    if next > request.terms.stages.len() {
        return approve(draft, id, at);
    }
    match begin(draft, &request, next, at) {
        // Whoever said yes is not to blame: the request ends, and says why.
        Err(refusal) => close(draft, id, at, RequestState::Denied, None, &refusal.message),
        begun => begun,
    }
}

/// Ends a request without access.
pub(super) fn close(
    draft: &mut Draft<'_>,
    id: &str,
    at: DateTime<Utc>,
    state: RequestState,
    by: Option<&str>,
    cause: &str,
) -> Result<(), Refusal> {
    let waited = find(&draft.facts(), id)?;
    draft.push(Event::Closed { request: id.to_owned(), at, state, by: by.map(str::to_owned), cause: cause.to_owned() })?;
    // For a guest who came in for this, nothing may be left to come.
    if waited.state == RequestState::Scheduled { removal::last_lost(draft, &waited.target, at) } else { Ok(()) }
}

/// Everybody who had to agree did: what was asked is given, now or at its start. What forbids it by now ends the request.
pub(super) fn approve(draft: &mut Draft<'_>, id: &str, at: DateTime<Utc>) -> Result<(), Refusal> {
    let request = find(&draft.facts(), id)?;
    // What is over is not extended, also where nobody looked at the clock since; that comes before whatever else stands against it.
    if request.kind == RequestKind::Extend && extended(draft, &request, at).is_none() {
        return close(draft, id, at, RequestState::Canceled, None, ENDED);
    }
    let start = request.start.filter(|start| *start > at);
    let from = start.unwrap_or(at);
    let ceiling = request.terms.ceiling(from);
    let end = match (request.end, ceiling) {
        (Some(asked), Some(latest)) => Some(asked.min(latest)),
        (asked, latest) => asked.or(latest),
    };
    let stands_in_the_way = |draft: &Draft<'_>| -> Option<String> {
        let facts = draft.facts();
        let Some(package) = facts.package(&request.package.id) else { return Some("the package is gone".to_owned()) };
        let Some(policy) = facts.policy(&request.policy.id) else { return Some("the policy is gone".to_owned()) };
        if end.is_some_and(|end| end <= from) {
            return Some("its end has passed".to_owned());
        }
        let person = Person::of_named(&facts, &request.target);
        // Who was blocked meanwhile has to be let in again first (R154).
        if !person.is_enabled() || assign::is_blocked(&facts, &person) {
            return Some("the sign-in of the holder is blocked".to_owned());
        }
        if request.kind == RequestKind::Extend && !admits(&facts, policy, &person) {
            return Some(format!("the policy does not admit {} any more (R130)", person.named.name));
        }
        // What files or a rule gave meanwhile is held, and not given a second time (R68).
        if request.kind != RequestKind::Extend && holds(&facts, &person, &request.package.id) {
            return Some("it is held already".to_owned());
        }
        // Looked at once more, since two requests may have been under way at the same time (V25).
        incompatible(&facts, package, &person, false).map(|refusal| refusal.message)
    };
    if let Some(cause) = stands_in_the_way(draft) {
        return close(draft, id, at, RequestState::Denied, None, &cause);
    }
    draft.push(Event::Approved { request: id.to_owned(), at, start, end })?;
    if request.kind != RequestKind::Extend {
        assign::invite(draft, &request.target, at)?;
    }
    match start {
        Some(_) => Ok(()),
        None => deliver(draft, id, at),
    }
}

/// Why a request to extend access that is over comes to nothing.
const ENDED: &str = "the access ended meanwhile";

/// The assignment that a request is to extend, while it gives access.
fn extended(draft: &Draft<'_>, request: &Request, at: DateTime<Utc>) -> Option<Box<Assignment>> {
    match draft.record(Family::Assignment, request.assignment.as_ref()?) {
        Some(Record::Assignment(a)) if a.is_live(at) => Some(a),
        _ => None,
    }
}

/// Gives what was approved.
pub(super) fn deliver(draft: &mut Draft<'_>, id: &str, at: DateTime<Utc>) -> Result<(), Refusal> {
    let request = find(&draft.facts(), id)?;
    let assignment = match (request.kind, &request.assignment) {
        (RequestKind::Extend, Some(assignment)) => {
            let Some(held) = extended(draft, &request, at) else { return close(draft, id, at, RequestState::Canceled, None, ENDED) };
            // Somebody may have moved the end further meanwhile: an extension never takes any of it away.
            let end = held.end.zip(request.end).map(|(current, wanted)| current.max(wanted));
            let (policy, extensible) = (request.policy.clone(), request.terms.is_extensible());
            draft.push(Event::Rescheduled { assignment: assignment.clone(), at, end, policy, extensible })?;
            assignment.clone()
        }
        _ => assign::grant(draft, &request, at)?,
    };
    // What has to be told to another system is delivered once it was.
    let elsewhere = request.kind != RequestKind::Extend && is_delivered_elsewhere(&draft.facts(), &request.package.id);
    draft.push(match elsewhere {
        true => {
            let (request, state, errors) = (id.to_owned(), RequestState::Delivering, Vec::new());
            Event::RequestSettled { request, at, state, assignment, errors }
        }
        false => Event::RequestDelivered { request: id.to_owned(), at, assignment },
    })?;
    Ok(())
}
