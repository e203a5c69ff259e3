//! Access that is given: by request, by who manages assignments (Q3), and people from outside who come in by it.

use super::actor::Actor;
use super::command::Ask;
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{Assignment, AssignmentState, Guest, GuestState, Named, Request, RequestKind, Source};
use super::people::Person;
use super::policies::{admits, incompatible, welcome};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::request::{answers, not_twice, overdue, send, span};
use super::terms::Terms;
use crate::authority::Action;
use crate::kinds::access_package::Package;
use crate::kinds::connected_organization;
use crate::kinds::policy::{Policy, Population};
use crate::kinds::user::User;
use crate::model::{Address, Stored};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Who manages assignments gives a package to somebody (R50 to R54).
pub(super) fn give(draft: &mut Draft<'_>, actor: &Actor, ask: &Ask) -> Result<(), Refusal> {
    overdue(draft, ask.target.as_deref())?;
    let request = {
        let facts = draft.facts();
        let absent =
            || Refusal::by("R61", format!("there is no package `{}`", ask.package.key()), "`writ packages` lists those that there are");
        let package = facts.object(&ask.package).and_then(Package::of).ok_or_else(absent)?;
        actor.may(&facts, Action::AssignDirectly, package)?;
        let (policy, stored) = governing(&facts, ask)?;
        let target = ask.target.as_deref().map(|name| facts.person(name));
        let target = target.ok_or_else(|| Refusal::by("R50", "nobody is named who is to have it", "name a person: `--for USER`"))?;
        if !policy.is_enabled() {
            return Err(Refusal::by("R124", format!("`{}` is not enabled", policy.0.address), "the managers of the package can enable it"));
        }
        let outside = policy.population() == Population::Outside;
        if outside && !admits(&facts, policy, &target) {
            let message = format!("`{}` does not admit {}", policy.0.address, target.named.name);
            return Err(Refusal::by("R126", message, "through a policy for people from outside only those whom it admits are assigned"));
        }
        if target.object.is_none() && !outside {
            let message = format!("there is no user `{}`", target.named.name);
            return Err(Refusal::by("R126", message, "people from outside come in through a policy that admits their organization"));
        }
        if target.object.is_none() {
            welcome(&facts, package, &target)?;
        } else if !target.is_enabled() {
            let message = format!("the sign-in of {} is blocked", target.named.name);
            return Err(Refusal::by("R154", message, "an administrator can lift the block"));
        }
        not_twice(&facts, &ask.package, &target)?;
        if let Some(refusal) = incompatible(&facts, package, &target, true) {
            return Err(refusal);
        }
        // Why somebody is assigned is said freely (R53); questions are answered for them (R127).
        let asked = Ask { justification: ask.justification.clone().or_else(|| Some("assigned directly".to_owned())), ..ask.clone() };
        answers(policy, &asked)?;
        let terms = Terms::of(&facts, policy, policy.approves_requests());
        span(&facts, &terms, ask)?;
        let requestor = actor.named(&facts);
        let policy = Named { id: stored.id.clone(), name: policy.0.address.to_string() };
        Request {
            justification: ask.justification.clone(),
            answers: ask.answers.clone(),
            start: ask.start,
            end: ask.end,
            errors: Vec::new(),
            ..Request::new(
                draft.mint(),
                RequestKind::AdminAdd,
                (facts.named(&ask.package).unwrap_or_else(|| policy.clone()), policy),
                (target.named, requestor),
                facts.now,
                terms,
            )
        }
    };
    send(draft, request)
}

/// The policy that is to govern: the one that is named, or the only one for direct assignments.
fn governing<'a>(facts: &Facts<'a>, ask: &Ask) -> Result<(Policy<'a>, &'a Stored), Refusal> {
    let all: Vec<(Policy<'a>, &'a Stored)> =
        facts.policies(&ask.package).filter(|(p, _)| p.population() != Population::Automatic).collect();
    let names = || all.iter().map(|(p, _)| p.0.address.key()).collect::<Vec<_>>().join(", ");
    if let Some(key) = &ask.policy {
        let found = all.iter().find(|(p, _)| p.0.address.key() == key).copied();
        return found.ok_or_else(|| {
            Refusal::by("R50", format!("`{}` has no policy `{key}` to assign through", ask.package), format!("there is: {}", names()))
        });
    }
    let direct: Vec<_> = all.iter().filter(|(p, _)| p.population() == Population::Direct).collect();
    match (direct.as_slice(), all.as_slice()) {
        ([one], _) => Ok(**one),
        ([], [one]) => Ok(*one),
        _ => Err(Refusal::by(
            "R50",
            format!("an assignment of `{}` names the policy that governs it", ask.package),
            format!("choose one with `--policy`: {}", names()),
        )),
    }
}

/// Somebody from outside comes into the directory with the first approval (R148); who was blocked stays so until it is lifted.
pub(super) fn invite(draft: &mut Draft<'_>, target: &Named, at: DateTime<Utc>) -> Result<(), Refusal> {
    let (guest, organization) = {
        let facts = draft.facts();
        let person = Person::of_named(&facts, target);
        // Somebody lifted the block; now there is a reason to stay, too.
        if guest_of(&facts, target).is_some_and(|g| g.state == GuestState::Blocked) && is_lifted(draft, &target.id) {
            return Ok(draft.push(Event::GuestRestored { guest: target.id.clone(), at })?);
        }
        if person.object.is_some() || guest_of(&facts, target).is_some_and(|g| g.state != GuestState::Deleted) {
            return Ok(());
        }
        let known = person.organization(&facts).map(|o| (o.address.key().to_owned(), None));
        let organization = known.or_else(|| proposed(draft, person.domain()));
        let guest = Guest { id: target.id.clone(), name: target.name.clone(), state: GuestState::Active, since: at, deletes: None };
        (Box::new(guest), organization)
    };
    let (organization, proposes) = organization.unzip();
    draft.push(Event::GuestInvited { guest, organization, proposes: proposes.flatten() })?;
    Ok(())
}

/// The organization of a domain that nobody knows yet: its key, and the domain, where it is not proposed in this very draft (R150).
fn proposed(draft: &Draft<'_>, domain: &str) -> Option<(String, Option<String>)> {
    let (mut taken, mut known) = (BTreeSet::new(), None);
    for event in draft.so_far_all() {
        if let Event::GuestInvited { organization: Some(key), proposes: Some(other), .. } = event {
            known = known.or_else(|| other.eq_ignore_ascii_case(domain).then(|| (key.clone(), None)));
            taken.insert(Address::root("connected_organization", key));
        }
    }
    let facts = draft.facts();
    let free = |key: &String| {
        let address = Address::root("connected_organization", key);
        !taken.contains(&address) && facts.object(&address).is_none()
    };
    known.or_else(|| connected_organization::keys(domain)?.find(free).map(|key| (key, Some(domain.to_lowercase()))))
}

/// Whether somebody lifted a block since. What is blocked in this very draft still reads as it was before it.
pub(super) fn is_lifted(draft: &Draft<'_>, guest: &str) -> bool {
    let was_blocked = matches!(draft.before(Family::Guest, guest), Some(Record::Guest(g)) if g.state == GuestState::Blocked);
    was_blocked && draft.facts().of_id(guest).is_some_and(|s| User::of(&s.object).is_some_and(User::is_enabled))
}

/// Whether the engine blocked somebody, and nobody lifted it.
pub(super) fn is_blocked(facts: &Facts<'_>, person: &Person<'_>) -> bool {
    person.object.is_none() && guest_of(facts, &person.named).is_some_and(|g| g.state == GuestState::Blocked)
}

/// What the engine knows of a person whom it brought in.
pub(super) fn guest_of(facts: &Facts<'_>, person: &Named) -> Option<Guest> {
    match facts.records.get(Family::Guest, &person.id)? {
        Record::Guest(guest) => Some(*guest),
        _ => None,
    }
}

/// Gives what was approved, and tells the id of the assignment.
pub(super) fn grant(draft: &mut Draft<'_>, request: &Request, at: DateTime<Utc>) -> Result<String, Refusal> {
    let source = match (request.kind, &request.declared) {
        (_, Some(declared)) => Source::Declared(declared.clone()),
        (RequestKind::AdminAdd, None) => Source::Direct(request.requestor.name.clone()),
        _ => Source::Request(request.id.clone()),
    };
    let state = match super::outbox::is_delivered_elsewhere(&draft.facts(), &request.package.id) {
        true => AssignmentState::Delivering,
        false => AssignmentState::Delivered,
    };
    let assignment = Assignment {
        id: draft.mint(),
        package: request.package.clone(),
        policy: request.policy.clone(),
        target: request.target.clone(),
        source,
        start: at,
        end: request.end,
        extensible: request.terms.is_extensible(),
        state,
        reminded: 0,
        grace: None,
        ended: None,
        cause: None,
    };
    let id = assignment.id.clone();
    draft.push(Event::Given { assignment: Box::new(assignment) })?;
    Ok(id)
}
