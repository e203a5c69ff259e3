//! What a change of the files means for the lifecycle: declared assignments are given once, what is gone takes its assignments along,
//! automatic policies look again at whom they take in, but where nothing changed that is anything to people.
//!
//! In: the objects before and after, and which of them changed. Out: events in a [`Draft`] whose facts are those afterwards.

use super::access::live_in;
use super::actor::Actor;
use super::approval::close;
use super::assign::guest_of;
use super::draft::Draft;
use super::event::{Cause, Event};
use super::facts::Facts;
use super::nouns::{Assignment, AssignmentState, GuestState, Named, Request, RequestKind, RequestState, Source};
use super::people::Person;
use super::policies::incompatible;
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::terms::{Terms, later};
use super::{removal, review};
use crate::expr::Rule;
use crate::kinds;
use crate::kinds::assignment::Assignment as Declared;
use crate::kinds::policy::{Automatic, Policy};
use crate::kinds::user::User;
use crate::model::{Minutes, Stored};
use chrono::{DateTime, Utc};

/// An object that changed: as it was, and as it is.
#[derive(Debug, Clone, Copy)]
pub struct Changed<'a> {
    /// Nothing, where it came to be.
    pub before: Option<&'a Stored>,
    /// Nothing, where it is gone.
    pub after: Option<&'a Stored>,
}

impl Changed<'_> {
    /// Whether it is anything to people.
    fn matters(&self) -> bool {
        match (self.before, self.after) {
            (Some(before), Some(after)) => kinds::matters(&before.object, &after.object),
            (None, None) => false,
            _ => true,
        }
    }
}

/// Adds to a draft what follows from these changes.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn settle(draft: &mut Draft<'_>, actor: &Actor, changed: &[Changed<'_>]) -> Result<(), Refusal> {
    let mut losers = Vec::new();
    for change in changed {
        if let (Some(before), None) = (change.before, change.after) {
            gone(draft, before, &mut losers)?;
        }
    }
    for change in changed {
        undeclared(draft, change, &mut losers)?;
    }
    for change in changed {
        declared(draft, actor, change)?;
    }
    for change in changed {
        let policy = |s: &&Stored| s.object.address.kind() == "policy";
        match (change.before.filter(policy), change.after.filter(policy)) {
            (_, Some(after)) => review::schedule(draft, after, false)?,
            (Some(before), None) => review::schedule(draft, before, true)?,
            (None, None) => {}
        }
    }
    // What is nothing to people gives nobody anything, and takes nothing: whoever reads the plan is told of no one, and may rely on it.
    if changed.iter().any(Changed::matters) {
        automatic(draft, &mut losers)?;
    }
    // Who lost one thing may have been given another: a guest goes who has nothing after all of it (R151).
    losers.iter().try_for_each(|holder| removal::last_lost(draft, holder, draft.now))
}

/// What hung on an object that is gone ends, and says why (R63, R147).
fn gone(draft: &mut Draft<'_>, object: &Stored, losers: &mut Vec<Named>) -> Result<(), Refusal> {
    let (at, id, facts) = (draft.now, object.id.as_str(), draft.facts());
    let (family_of, cause, why): (fn(&Facts<'_>, Family, &str) -> Vec<Record>, Cause, &str) = match object.object.address.kind() {
        "access_package" => (|f, family, id| f.records.of_package(family, id), Cause::PackageGone, "the package is gone"),
        "user" => (|f, family, id| f.records.of_person(family, id), Cause::PersonGone, "the person is not in the directory any more"),
        "policy" => {
            let package = object.object.address.parent().and_then(|p| facts.objects.get(&p).map(|s| s.id.clone()));
            let Some(package) = package else { return Ok(()) };
            let governed = |r: &Record| match r {
                Record::Request(r) => r.policy.id == id,
                Record::Assignment(a) => a.policy.id == id,
                _ => false,
            };
            let all = [Family::Request, Family::Assignment].into_iter().flat_map(|f| facts.records.of_package(f, &package));
            let mine: Vec<Record> = all.filter(governed).collect();
            drop(facts);
            return over(draft, &mine, &Cause::PackageGone, "the policy is gone", at, losers);
        }
        _ => return Ok(()),
    };
    let all: Vec<Record> = [Family::Request, Family::Assignment].into_iter().flat_map(|f| family_of(&facts, f, id)).collect();
    drop(facts);
    over(draft, &all, &cause, why, at, losers)
}

/// Ends these, and remembers whose they were.
fn over(
    draft: &mut Draft<'_>,
    records: &[Record],
    cause: &Cause,
    why: &str,
    at: DateTime<Utc>,
    losers: &mut Vec<Named>,
) -> Result<(), Refusal> {
    for record in records {
        match draft.record(record.family(), record.id()) {
            Some(Record::Request(r)) if r.state.is_open() => {
                let (request, state, cause) = (r.id.clone(), RequestState::Canceled, why.to_owned());
                draft.push(Event::Closed { request, at, state, by: None, cause })?;
                losers.push(r.target);
            }
            Some(Record::Assignment(a)) if a.state != AssignmentState::Expired => {
                losers.push(removal::end_only(draft, &a.id, at, cause.clone())?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The people of a declared assignment, by name.
fn users(stored: Option<&Stored>) -> Vec<String> {
    let declared = stored.and_then(|s| Declared::of(&s.object));
    declared.map(|d| d.holders().map(|h| h.key().to_owned()).collect()).unwrap_or_default()
}

/// What the files do not give any more ends; what it came from has to be the very object that is gone.
fn undeclared(draft: &mut Draft<'_>, change: &Changed<'_>, losers: &mut Vec<Named>) -> Result<(), Refusal> {
    let Some(before) = change.before.filter(|s| s.object.address.kind() == "assignment") else { return Ok(()) };
    let same = change.after.is_some_and(|after| after.id == before.id);
    let still = if same { users(change.after) } else { Vec::new() };
    let at = draft.now;
    for name in users(Some(before)).into_iter().filter(|name| !still.contains(name)) {
        let person = draft.facts().person(&name).named.id;
        let given = |r: &Record| match r {
            Record::Assignment(a) => a.source == Source::Declared(before.id.clone()),
            Record::Request(r) => r.declared.as_ref() == Some(&before.id),
            _ => false,
        };
        let all: Vec<Record> = [Family::Request, Family::Assignment]
            .into_iter()
            .flat_map(|family| draft.facts().records.of_person(family, &person))
            .filter(given)
            .collect();
        over(draft, &all, &Cause::Undeclared, "the files do not give it any more", at, losers)?;
    }
    Ok(())
}

/// What the files give for the first time is given: its apply is its approval. What somebody else took away stays so, also where a name
/// is taken out and put back.
fn declared(draft: &mut Draft<'_>, actor: &Actor, change: &Changed<'_>) -> Result<(), Refusal> {
    let Some(after) = change.after.filter(|s| s.object.address.kind() == "assignment") else { return Ok(()) };
    let same = change.before.filter(|before| before.id == after.id);
    let known = users(same);
    let mut anew: Vec<String> = users(Some(after)).into_iter().filter(|name| !known.contains(name)).collect();
    if same.is_some() && !anew.is_empty() {
        let facts = draft.facts();
        let all = facts.records.all(Family::Assignment).into_iter();
        let source = Source::Declared(after.id.clone());
        let given: Vec<Assignment> = all.filter_map(|r| if let Record::Assignment(a) = r { Some(*a) } else { None }).collect();
        anew.retain(|name| {
            let person = facts.person(name);
            let last = given.iter().rfind(|a| a.source == source && person.is(&a.target));
            last.is_none_or(|a| a.cause == Some(Cause::Undeclared))
        });
    }
    anew.iter().try_for_each(|name| give(draft, actor, after, name))
}

fn give(draft: &mut Draft<'_>, actor: &Actor, stored: &Stored, name: &str) -> Result<(), Refusal> {
    let now = draft.now;
    let (request, hindrance) = {
        let facts = draft.facts();
        let Some(declared) = Declared::of(&stored.object) else { return Ok(()) };
        let (Some(package), Some(policy)) = (declared.package(), declared.policy()) else { return Ok(()) };
        let (Some(package), Some(governs)) = (facts.named(&package), facts.object(&policy).and_then(Policy::of)) else { return Ok(()) };
        let Some(policy) = facts.named(&policy) else { return Ok(()) };
        let terms = Terms::of(&facts, governs, false);
        let start = declared.starts(facts.zone).filter(|start| *start > now);
        let end = declared.ends(facts.zone);
        // One that ended before it began to be applied gives nothing; the plan has said so.
        if end.is_some_and(|end| end <= now) || terms.ceiling(start.unwrap_or(now)).is_some_and(|latest| latest <= now) {
            return Ok(());
        }
        let person = facts.person(name);
        let found = facts.package(&package.id);
        let held = live_in(&facts, &package.id).iter().any(|a| person.is(&a.target));
        let hindrance = match found {
            Some(_) if held => Some("it is held already".to_owned()),
            Some(found) => incompatible(&facts, found, &person, false).map(|r| r.message),
            None => None,
        };
        let requestor = actor.named(&facts);
        let request = Request {
            justification: stored.object.attributes.text("justification").map(str::to_owned),
            start,
            end,
            declared: Some(stored.id.clone()),
            errors: Vec::new(),
            ..Request::new(draft.mint(), RequestKind::AdminAdd, (package, policy), (person.named, requestor), now, terms)
        };
        (request, hindrance)
    };
    let id = request.id.clone();
    draft.push(Event::RequestSubmitted { request: Box::new(request) })?;
    match hindrance {
        Some(cause) => close(draft, &id, now, RequestState::Canceled, None, &cause),
        None => super::approval::approve(draft, &id, now),
    }
}

/// Why a declared assignment gives nothing more to one of its people, if so: it was given, and that is over.
#[must_use]
pub fn spent(facts: &Facts<'_>, declared: &Stored, person: &str, all: &[Assignment]) -> Option<String> {
    let person = facts.person(person);
    let mine = |a: &&Assignment| a.source == Source::Declared(declared.id.clone()) && person.is(&a.target);
    let given = all.iter().rfind(mine)?;
    if given.is_live(facts.now) {
        return None;
    }
    Some(given.cause.as_ref().map_or_else(|| Cause::Expired.words(), Cause::words))
}

/// Every automatic policy looks at everybody again (R134 to R136).
fn automatic(draft: &mut Draft<'_>, losers: &mut Vec<Named>) -> Result<(), Refusal> {
    let policies: Vec<(Named, Named)> = {
        let facts = draft.facts();
        let all = facts.objects.within_kind("access_package").iter();
        let automatic = all.filter(|s| Policy::of(&s.object).is_some_and(|p| p.rule().is_some() && p.is_enabled()));
        automatic.filter_map(|s| Some((facts.named(&s.object.address.parent()?)?, facts.named(&s.object.address)?))).collect()
    };
    // All that ends does so first: it may be what keeps somebody from the package of another rule.
    let mut joining = Vec::new();
    for (package, policy) in policies {
        let names = look_again(draft, &package, &policy, losers)?;
        joining.push((package, policy, names));
    }
    joining.iter().try_for_each(|(package, policy, names)| take_in(draft, package, policy, names))
}

/// Lets go whom a rule takes in no more, and tells the names of those whom it takes in and who do not hold the package.
fn look_again(draft: &mut Draft<'_>, package: &Named, policy: &Named, losers: &mut Vec<Named>) -> Result<Vec<String>, Refusal> {
    let now = draft.now;
    let mut joining = Vec::new();
    let mut events = Vec::new();
    let mut ending = Vec::new();
    {
        let facts = draft.facts();
        let found = facts.policy(&policy.id).and_then(|p| p.rule());
        let Some(Automatic { rule, grace: Minutes(grace), adds, removes }) = found else { return Ok(joining) };
        // A rule that cannot be read takes nobody in, and lets nobody go.
        let Ok(rule) = Rule::read(rule) else { return Ok(joining) };
        let held = live_in(&facts, &package.id);
        let users = facts.objects.within_kind("user").iter().filter_map(|s| Some((User::of(&s.object)?, s)));
        for (user, stored) in users {
            let assignment = held.iter().find(|a| a.target.id == stored.id);
            // What cannot be told adds and removes nobody.
            let Ok(matches) = rule.holds(user.fields()) else { continue };
            match (matches, assignment) {
                (true, None) if adds => joining.push(user.0.address.key().to_owned()),
                // It matches again, or the policy does not remove any more, also not whom it was about to.
                (matches, Some(a)) if (matches || !removes) && a.source == Source::Automatic && a.grace.is_some() => {
                    events.push(Event::Grace { assignment: a.id.clone(), until: None });
                }
                (false, Some(a)) if removes && a.source == Source::Automatic && a.policy.id == policy.id && a.grace.is_none() => {
                    match grace {
                        0 => ending.push(a.id.clone()),
                        grace => events.push(Event::Grace { assignment: a.id.clone(), until: Some(later(now, grace)) }),
                    }
                }
                _ => {}
            }
        }
    }
    for event in events {
        draft.push(event)?;
    }
    for id in ending {
        losers.push(removal::end_only(draft, &id, now, Cause::Rule)?);
    }
    Ok(joining)
}

/// Gives to those whom a rule takes in, but for who may not have it.
fn take_in(draft: &mut Draft<'_>, package: &Named, policy: &Named, names: &[String]) -> Result<(), Refusal> {
    let start = draft.now;
    let given: Vec<Assignment> = {
        let facts = draft.facts();
        let (Some(found), Some(governs)) = (facts.package(&package.id), facts.policy(&policy.id)) else { return Ok(()) };
        let end = Terms::of(&facts, governs, false).ceiling(start);
        if end.is_some_and(|end| end <= start) {
            return Ok(());
        }
        let may = |person: &Person<'_>| {
            // A block of ours is lifted by an administrator, and not by a rule (section 2.5).
            let blocked = !person.is_enabled() && guest_of(&facts, &person.named).is_some_and(|g| g.state == GuestState::Blocked);
            !blocked && incompatible(&facts, found, person, false).is_none()
        };
        let given = |person: Person<'_>| Assignment {
            id: draft.mint(),
            package: package.clone(),
            policy: policy.clone(),
            target: person.named,
            source: Source::Automatic,
            start,
            end,
            extensible: false,
            state: AssignmentState::Delivered,
            reminded: 0,
            grace: None,
            ended: None,
            cause: None,
        };
        names.iter().map(|name| Person::of(&facts, name)).filter(may).map(given).collect()
    };
    given.into_iter().try_for_each(|assignment| Ok(draft.push(Event::Given { assignment: Box::new(assignment) })?))
}
