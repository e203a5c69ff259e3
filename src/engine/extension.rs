//! A later end, on the terms of today's policy: Q19.

use super::actor::Actor;
use super::command::Ask;
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{Assignment, Request, RequestKind};
use super::people::Person;
use super::policies::{admits, gate, incompatible};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::request::answers;
use super::terms::Terms;
use crate::authority::Action;
use crate::kinds::access_package::Package;
use crate::kinds::policy::Policy;
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::BTreeMap;

/// A live assignment.
pub(super) fn find(facts: &Facts<'_>, id: &str) -> Result<Assignment, Refusal> {
    match facts.records.get(Family::Assignment, id) {
        Some(Record::Assignment(assignment)) if assignment.is_live(facts.now) => Ok(*assignment),
        _ => Err(absent(id)),
    }
}

pub(super) fn absent(id: &str) -> Refusal {
    Refusal::by("R56", format!("there is no assignment `{id}` that is not over"), "`writ assignments` lists them")
}

/// What governs an assignment today.
fn governing<'a>(facts: &Facts<'a>, assignment: &Assignment) -> Result<(Package<'a>, Policy<'a>), Refusal> {
    let gone =
        || Refusal::by("R130", format!("`{}` is not there any more", assignment.policy.name), "ask for the access anew when it ends");
    let package = facts.package(&assignment.package.id).ok_or_else(gone)?;
    Ok((package, facts.policy(&assignment.policy.id).ok_or_else(gone)?))
}

/// The holder asks for a later end (R68).
pub(super) fn extend(
    draft: &mut Draft<'_>,
    actor: &Actor,
    id: &str,
    end: Option<DateTime<Utc>>,
    justification: Option<&str>,
) -> Result<(), Refusal> {
    let now = draft.now;
    let request = {
        let facts = draft.facts();
        let person = actor.person(&facts, "extend access")?;
        let assignment = find(&facts, id).ok().filter(|a| person.is(&a.target)).ok_or_else(|| absent(id))?;
        let (package, policy) = governing(&facts, &assignment)?;
        let terms = Terms::of(&facts, policy, policy.extension() == "approval");
        let name = &policy.0.address;
        if !terms.is_extensible() {
            return Err(Refusal::by(
                "R46",
                format!("`{name}` does not let holders extend"),
                "the managers of the package can move the end",
            ));
        }
        if !policy.is_enabled() {
            return Err(Refusal::by("R48", format!("`{name}` is not enabled"), "the managers of the package can enable it"));
        }
        gate(&facts, package, &person)?;
        if !admits(&facts, policy, &person) {
            return Err(Refusal::by(
                "R130",
                format!("`{name}` does not admit {} any more", person.named.name),
                "ask for the access through another policy when it ends",
            ));
        }
        if let Some(refusal) = incompatible(&facts, package, &person, false) {
            return Err(refusal);
        }
        let ask = Ask {
            package: package.0.address.clone(),
            policy: None,
            target: None,
            justification: justification.map(str::to_owned),
            answers: BTreeMap::new(),
            start: None,
            end,
        };
        // Questions were answered when access was asked for; an extension says only why.
        without_questions(policy, &ask)?;
        let wanted = later_end(&terms, &assignment, end, now)?;
        let open = facts.records.of_person(Family::Request, &person.named.id);
        if open.iter().any(|r| matches!(r, Record::Request(r) if r.assignment.as_deref() == Some(id))) {
            return Err(Refusal::by(
                "C13",
                format!("{} has asked for an extension already", person.named.name),
                "`writ requests --mine` shows where it stands",
            ));
        }
        Request {
            justification: ask.justification,
            // Where no end was named, the latest: it counts from the approval.
            end: end.and(wanted),
            assignment: Some(id.to_owned()),
            errors: Vec::new(),
            ..Request::new(
                draft.mint(),
                RequestKind::Extend,
                (assignment.package.clone(), assignment.policy.clone()),
                (person.named.clone(), person.named),
                now,
                terms,
            )
        }
    };
    super::request::send(draft, request)
}

fn without_questions(policy: Policy<'_>, ask: &Ask) -> Result<(), Refusal> {
    match answers(policy, ask) {
        Err(refusal) if refusal.rule.0 == "R112" => Ok(()),
        other => other,
    }
}

/// An end that is later than the one that is, and no later than the terms allow (R131).
fn later_end(
    terms: &Terms,
    assignment: &Assignment,
    end: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(current) = assignment.end else {
        return Err(Refusal::by("R131", "this access does not end by itself", "there is nothing to extend"));
    };
    let show = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let ceiling = terms.ceiling(now);
    let wanted = end.or(ceiling);
    if let (Some(wanted), Some(latest)) = (wanted, ceiling)
        && wanted > latest
    {
        return Err(Refusal::by(
            "R131",
            format!("the policy lets nobody have it beyond {}", show(latest)),
            "name an end that is not later",
        ));
    }
    match wanted {
        Some(wanted) if wanted <= current => {
            let message = format!("{} is no later than {}, when it ends anyway", show(wanted), show(current));
            Err(Refusal::by("R131", message, "ask again nearer to the end, or name a later one"))
        }
        wanted => Ok(wanted),
    }
}

/// Who manages assignments moves an end, within the terms of today's policy (R131); an earlier one too.
pub(super) fn reschedule(draft: &mut Draft<'_>, actor: &Actor, id: &str, end: DateTime<Utc>) -> Result<(), Refusal> {
    let now = draft.now;
    let (policy, extensible) = {
        let facts = draft.facts();
        let assignment = find(&facts, id)?;
        let (package, policy) = governing(&facts, &assignment)?;
        actor.may(&facts, Action::AssignDirectly, package)?;
        if end <= now {
            return Err(Refusal::by("R52", "the end has passed", "`writ remove` ends access now"));
        }
        let terms = Terms::of(&facts, policy, false);
        if let Some(latest) = terms.ceiling(now).filter(|latest| end > *latest) {
            let message = format!("the policy lets nobody have it beyond {}", latest.to_rfc3339_opts(SecondsFormat::Secs, true));
            return Err(Refusal::by("R131", message, "name an end that is not later"));
        }
        if assignment.end == Some(end) {
            return Err(Refusal::by("R131", "it ends then already", "there is nothing to move"));
        }
        (assignment.policy, terms.is_extensible())
    };
    draft.push(Event::Rescheduled { assignment: id.to_owned(), at: now, end: Some(end), policy, extensible })?;
    Ok(())
}

/// Whether somebody would keep what an assignment gives after it is over, by another one.
pub(super) fn continues(facts: &Facts<'_>, assignment: &Assignment) -> bool {
    let person = Person::of_named(facts, &assignment.target);
    let by_it = |reason: &super::Reason| matches!(reason, super::Reason::Assignment(a) if a.id == assignment.id);
    let mut held = super::held_by(facts, &person).into_iter().filter(|h| h.reasons.iter().any(by_it)).peekable();
    held.peek().is_some() && held.all(|h| h.reasons.iter().any(|r| !by_it(r) && outlasts(r, assignment)))
}

fn outlasts(reason: &super::Reason, assignment: &Assignment) -> bool {
    match reason {
        super::Reason::Declared(_) => true,
        super::Reason::Assignment(a) => a.end.is_none_or(|end| assignment.end.is_some_and(|own| end > own)),
    }
}
