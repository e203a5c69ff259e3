//! Somebody asks for a package, for themselves or for a direct report: Q1, Q2.

use super::access::live_of;
use super::actor::Actor;
use super::approval;
use super::command::Ask;
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{Named, Request, RequestKind};
use super::people::Person;
use super::policies::{Offer, incompatible, offers};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::terms::Terms;
use super::timers::catch_up;
use crate::kinds::access_package::Package;
use crate::kinds::policy::Policy;
use crate::model::Address;

/// Submits a request, and takes it as far as it goes without anybody else.
pub(super) fn submit(draft: &mut Draft<'_>, actor: &Actor, ask: &Ask) -> Result<(), Refusal> {
    let asking = if let Actor::Person(name) = actor { Some(name.as_str()) } else { None };
    overdue(draft, ask.target.as_deref().or(asking))?;
    let request = {
        let facts = draft.facts();
        let requestor = actor.person(&facts, "request access")?;
        let target = ask.target.as_deref().map_or_else(|| requestor.clone(), |name| facts.person(name));
        let offered = offers(&facts, &ask.package, &target)?;
        let chosen = choose(&facts, &offered, ask, &requestor, &target)?;
        let package = facts.object(&ask.package).and_then(Package::of);
        let package = package
            .ok_or_else(|| Refusal::by("R61", format!("there is no `{}`", ask.package), "`writ packages` lists those that there are"))?;
        not_twice(&facts, &ask.package, &target)?;
        if let Some(refusal) = incompatible(&facts, package, &target, true) {
            return Err(refusal);
        }
        answers(chosen.policy, ask)?;
        schedule(&facts, chosen, ask)?;
        let policy = Named { id: chosen.stored.id.clone(), name: chosen.policy.0.address.to_string() };
        Request {
            justification: ask.justification.clone(),
            answers: ask.answers.clone(),
            start: ask.start,
            end: ask.end,
            errors: Vec::new(),
            ..Request::new(
                draft.mint(),
                RequestKind::Add,
                (facts.named(&ask.package).unwrap_or_else(|| policy.clone()), policy),
                (target.named, requestor.named),
                facts.now,
                Terms::of(&facts, chosen.policy, chosen.policy.approves_requests()),
            )
        }
    };
    send(draft, request)
}

/// Records a request and begins its first stage; without one it is approved at once (R41).
pub(super) fn send(draft: &mut Draft<'_>, request: Request) -> Result<(), Refusal> {
    let now = request.submitted;
    draft.push(Event::RequestSubmitted { request: Box::new(request.clone()) })?;
    approval::begin(draft, &request, 1, now)
}

/// The one policy that is meant.
fn choose<'o, 'a>(
    facts: &Facts<'_>,
    offered: &'o [Offer<'a>],
    ask: &Ask,
    requestor: &Person<'_>,
    target: &Person<'_>,
) -> Result<&'o Offer<'a>, Refusal> {
    let mut open: Vec<&Offer<'a>> = offered.iter().collect();
    if !target.is(&requestor.named) {
        let leads = target.manager(facts).is_some_and(|m| m.is(&requestor.named));
        open.retain(|o| leads && o.policy.serves_managers());
        if open.is_empty() {
            let message = format!("{} may not request `{}` for {}", requestor.named.name, ask.package.key(), target.named.name);
            return Err(Refusal::by("R167", message, "a manager may for a direct report, where the policy says `on_behalf = \"manager\"`"));
        }
    }
    let keys = || open.iter().map(|o| o.policy.0.address.key()).collect::<Vec<_>>().join(", ");
    match &ask.policy {
        Some(key) => open.iter().copied().find(|o| o.policy.0.address.key() == key).ok_or_else(|| {
            let message = format!("the policy `{key}` of `{}` does not admit {}", ask.package.key(), target.named.name);
            Refusal::by("R34", message, format!("there is: {}", keys()))
        }),
        None => match open.as_slice() {
            [one] => Ok(one),
            _ => {
                let message = format!("several policies of `{}` admit {}: {}", ask.package.key(), target.named.name, keys());
                Err(Refusal::by("R33", message, format!("`writ packages {}` compares them; choose one with `--policy`", ask.package.key())))
            }
        },
    }
}

/// What became due for somebody, and nobody looked at the clock since, happens first (R44).
pub(super) fn overdue(draft: &mut Draft<'_>, name: Option<&str>) -> Result<(), Refusal> {
    let now = draft.now;
    let due: Vec<Record> = {
        let facts = draft.facts();
        let Some(person) = name.map(|name| facts.person(name)) else { return Ok(()) };
        let of = |family| facts.records.of_person(family, &person.named.id);
        let all = [Family::Request, Family::Assignment].into_iter().flat_map(of);
        all.filter(|r| r.due().is_some_and(|at| at <= now)).collect()
    };
    catch_up(draft, due, now)?;
    draft.now = now;
    Ok(())
}

/// One open request and one assignment for a person and a package.
pub(super) fn not_twice(facts: &Facts<'_>, package: &Address, target: &Person<'_>) -> Result<(), Refusal> {
    let id = facts.objects.get(package).map(|s| s.id.as_str());
    if live_of(facts, &target.named.id).iter().any(|a| Some(a.package.id.as_str()) == id) {
        let message = format!("{} holds `{}` already", target.named.name, package.key());
        return Err(Refusal::by("R68", message, format!("`writ extend {}` asks for a later end", package.key())));
    }
    let open = facts.records.of_person(Family::Request, &target.named.id);
    let same = open.into_iter().find_map(|r| match r {
        Record::Request(r) if Some(r.package.id.as_str()) == id => Some(r.id),
        _ => None,
    });
    match same {
        Some(request) => {
            let message = format!("{} has asked for `{}` already", target.named.name, package.key());
            Err(Refusal::by("C13", message, format!("`writ requests {request}` shows where it stands")))
        }
        None => Ok(()),
    }
}

/// What stands in the way of a request that a policy admits: it is held or asked for already, or excluded by something that is.
#[must_use]
pub fn hindrance(facts: &Facts<'_>, package: &Address, target: &Person<'_>) -> Option<Refusal> {
    let found = facts.object(package).and_then(Package::of)?;
    not_twice(facts, package, target).err().or_else(|| incompatible(facts, found, target, true))
}

/// Reason and answers are as the policy wants them: R42, R112.
pub(super) fn answers(policy: Policy<'_>, ask: &Ask) -> Result<(), Refusal> {
    let name = &policy.0.address;
    if policy.needs_justification() && ask.justification.as_deref().is_none_or(|j| j.trim().is_empty()) {
        return Err(Refusal::by("R42", format!("`{name}` wants a reason"), "give one: `--justification TEXT`"));
    }
    let questions = policy.questions();
    for question in &questions {
        let given = ask.answers.get(question.key());
        match given {
            None if question.is_required() => {
                let message = format!("the question `{}` has no answer: {}", question.key(), question.text());
                return Err(Refusal::by("R112", message, format!("answer it: `--answer {}=TEXT`", question.key())));
            }
            Some(given) => {
                let texts: Vec<&str> = given.iter().map(String::as_str).collect();
                if let Some(why) = question.refuses(&texts) {
                    return Err(Refusal::by(
                        "R112",
                        format!("the answer to `{}`: {why}", question.key()),
                        "answer it as the question asks",
                    ));
                }
            }
            None => {}
        }
    }
    match ask.answers.keys().find(|key| !questions.iter().any(|q| q.key() == *key)) {
        Some(key) => Err(Refusal::by("R112", format!("`{name}` does not ask `{key}`"), "leave the answer out")),
        None => Ok(()),
    }
}

/// Start and end are where the policy lets them be: R131, R132.
fn schedule(facts: &Facts<'_>, chosen: &Offer<'_>, ask: &Ask) -> Result<(), Refusal> {
    let name = &chosen.policy.0.address;
    if (ask.start.is_some() || ask.end.is_some()) && !chosen.policy.has_custom_schedule() {
        let message = format!("`{name}` does not let requestors pick start and end");
        return Err(Refusal::by("R132", message, "leave `--start` and `--end` out, or ask through another policy"));
    }
    span(facts, &Terms::of(facts, chosen.policy, false), ask)
}

/// A start that is to come, an end after it, and no later one than the terms allow (R52, R131).
pub(super) fn span(facts: &Facts<'_>, terms: &Terms, ask: &Ask) -> Result<(), Refusal> {
    if ask.start.is_some_and(|start| start < facts.now) {
        return Err(Refusal::by("R52", "the start has passed", "name a later one, or none to begin at once"));
    }
    let from = ask.start.unwrap_or(facts.now);
    let ceiling = terms.ceiling(from);
    if ceiling.is_some_and(|latest| latest <= from) {
        return Err(Refusal::by("R131", "access through this policy has ended by then", "its managers can write a later expiration"));
    }
    let Some(end) = ask.end else { return Ok(()) };
    if end <= from {
        return Err(Refusal::by("R52", "the end is not after the start", "name a later one"));
    }
    match ceiling.filter(|latest| end > *latest) {
        Some(latest) => {
            let message = format!("the policy lets nobody have it beyond {}", latest.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            Err(Refusal::by("R131", message, "name an end that is not later"))
        }
        None => Ok(()),
    }
}
