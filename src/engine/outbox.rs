//! What has to leave the house: roles to deliver into other systems, notices to send. Both wait as records, queued in the very
//! transaction that causes them, and are done with once whoever sends them says so.

use super::access::{live_in, live_of, roles_on};
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{Assignment, AssignmentState, Named, RequestState, Source};
use super::record::{Family, Record};
use super::refusal::Refusal;
use crate::config::resource_roles;
use crate::kinds::resource::Resource;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where something stands that has to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendState {
    /// It waits.
    Pending,
    /// It was done.
    Done,
    /// It could not be done, and is not tried again by itself.
    Failed,
}

/// A person is to be in a group of another system, or out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Person, connector and group: there is one for each of these threes.
    pub id: String,
    /// The person.
    pub person: Named,
    /// The connector.
    pub connector: String,
    /// The group over there.
    pub group: String,
    /// In it, or out of it.
    pub held: bool,
    /// Where it stands.
    pub state: SendState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due: DateTime<Utc>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// After so many tries in vain a delivery is left to people: with the back-off, several hours (section 2.1).
pub const TRIES: u32 = 10;

/// Adds to a draft what has to leave the house because of it: deliveries, also for packages that give other roles, and notices where
/// people are told.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn conclude(draft: &mut Draft<'_>, changed_packages: &[String], notices: bool) -> Result<(), Refusal> {
    want(draft, changed_packages)?;
    if notices { super::notices::notify(draft) } else { Ok(()) }
}

/// Queues what the events of a draft, and packages that give other roles, make necessary to deliver.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
fn want(draft: &mut Draft<'_>, changed_packages: &[String]) -> Result<(), Refusal> {
    let at = draft.now;
    let people: BTreeMap<String, Named> = {
        let facts = draft.facts();
        let mut people: BTreeMap<String, Named> = BTreeMap::new();
        for event in draft.so_far_all() {
            let assignment = match event {
                Event::Given { assignment } => Some((**assignment).clone()),
                Event::Ended { assignment, .. } => match facts.records.get(Family::Assignment, assignment) {
                    Some(Record::Assignment(a)) => Some(*a),
                    _ => None,
                },
                _ => None,
            };
            people.extend(assignment.map(|a| (a.target.id.clone(), a.target)));
        }
        let holders = changed_packages.iter().flat_map(|id| live_in(&facts, id));
        people.extend(holders.map(|a| (a.target.id.clone(), a.target)));
        people
    };
    for person in people.into_values() {
        let changes = {
            let facts = draft.facts();
            let wanted: BTreeSet<(String, String)> = live_of(&facts, &person.id).iter().flat_map(|a| targets(&facts, a)).collect();
            let known = facts.records.of_person(Family::Delivery, &person.id);
            let known = known.into_iter().filter_map(|r| if let Record::Delivery(d) = r { Some(*d) } else { None });
            let known: BTreeMap<(String, String), Delivery> = known.map(|d| ((d.connector.clone(), d.group.clone()), d)).collect();
            let give = wanted.iter().filter(|key| known.get(*key).is_none_or(|d| !d.held)).map(|key| (key.clone(), true));
            let take = known.iter().filter(|(key, d)| d.held && !wanted.contains(*key)).map(|(key, _)| (key.clone(), false));
            give.chain(take).collect::<Vec<_>>()
        };
        for ((connector, group), held) in changes {
            let id = key(&person, &connector, &group);
            let (state, person) = (SendState::Pending, person.clone());
            let delivery = Delivery { id, person, connector, group, held, state, attempts: 0, due: at, error: None };
            draft.push(Event::DeliveryWanted { delivery: Box::new(delivery) })?;
        }
        settled(draft, &person.id, at)?;
    }
    Ok(())
}

/// The groups of other systems that an assignment puts its holder into.
fn targets(facts: &Facts<'_>, assignment: &Assignment) -> Vec<(String, String)> {
    let Some(package) = facts.package(&assignment.package.id) else { return Vec::new() };
    let target = |(resource, role): (Resource<'_>, &str)| {
        let connector = resource.connector()?;
        let origin = resource.origin().and_then(|o| facts.object(&o));
        Some((connector.to_owned(), resource.delivered_as(role, &resource_roles(resource, origin))))
    };
    roles_on(facts, package).filter_map(target).collect()
}

/// Whether an assignment gives anything that another system has to be told of.
pub(super) fn is_delivered_elsewhere(facts: &Facts<'_>, package: &str) -> bool {
    facts.package(package).is_some_and(|p| roles_on(facts, p).any(|(r, _)| r.connector().is_some()))
}

/// Where the assignments of a person stand by now, going by what was delivered (Q13 to Q15); their requests with them.
fn settled(draft: &mut Draft<'_>, person: &str, at: DateTime<Utc>) -> Result<(), Refusal> {
    let moves = {
        let facts = draft.facts();
        let mut moves = Vec::new();
        for assignment in live_of(&facts, person) {
            let targets = targets(&facts, &assignment);
            let found =
                |(connector, group): &(String, String)| match facts.records.get(Family::Delivery, &format!("{person}|{connector}|{group}"))
                {
                    Some(Record::Delivery(d)) if d.held => Some(*d),
                    _ => None,
                };
            let all: Vec<Option<Delivery>> = targets.iter().map(found).collect();
            let is = |state: SendState| all.iter().flatten().filter(|d| d.state == state).count();
            let errors: Vec<String> = all
                .iter()
                .flatten()
                .filter(|d| d.state == SendState::Failed)
                .map(|d| format!("{} on {}: {}", d.group, d.connector, d.error.as_deref().unwrap_or("it could not be delivered")))
                .collect();
            let package = facts.package(&assignment.package.id);
            let elsewhere = targets.len();
            let here = package.is_some_and(|p| roles_on(&facts, p).any(|(r, _)| r.connector().is_none()));
            let state = if is(SendState::Pending) > 0 {
                AssignmentState::Delivering
            } else if errors.is_empty() {
                AssignmentState::Delivered
            } else if here || is(SendState::Done) > 0 {
                AssignmentState::PartiallyDelivered
            } else {
                AssignmentState::DeliveryFailed
            };
            if elsewhere > 0 || assignment.state != AssignmentState::Delivered {
                moves.push((assignment, state, errors));
            }
        }
        moves
    };
    for (assignment, state, errors) in moves {
        if assignment.state != state {
            draft.push(Event::Settled { assignment: assignment.id.clone(), at, state })?;
        }
        let Some(request) = request_of(draft, &assignment) else { continue };
        let Some(Record::Request(r)) = draft.record(Family::Request, &request) else { continue };
        let to = match state {
            AssignmentState::PartiallyDelivered => RequestState::PartiallyDelivered,
            AssignmentState::DeliveryFailed => RequestState::DeliveryFailed,
            AssignmentState::Delivered => RequestState::Delivered,
            AssignmentState::Delivering | AssignmentState::Expired => RequestState::Delivering,
        };
        // What was delivered once stays so, whatever a later change of the package does to the assignment.
        let moves = matches!(r.state, RequestState::Delivering | RequestState::PartiallyDelivered | RequestState::DeliveryFailed);
        if moves && (r.state != to || r.errors != errors) {
            draft.push(match to {
                RequestState::Delivered => Event::RequestDelivered { request, at, assignment: assignment.id.clone() },
                _ => Event::RequestSettled { request, at, state: to, assignment: assignment.id.clone(), errors },
            })?;
        }
    }
    Ok(())
}

/// The request that an assignment came of.
fn request_of(draft: &Draft<'_>, assignment: &Assignment) -> Option<String> {
    if let Source::Request(id) = &assignment.source {
        return Some(id.clone());
    }
    let facts = draft.facts();
    let open = facts.records.of_person(Family::Request, &assignment.target.id);
    open.into_iter().find_map(|r| match r {
        Record::Request(r) if r.assignment.as_deref() == Some(&assignment.id) => Some(r.id),
        _ => None,
    })
}

/// What became of a try to deliver. One that is not wanted any more as it was tried is passed over: a new one waits.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn delivered(draft: &mut Draft<'_>, tried: &Delivery, outcome: Result<(), (String, Option<DateTime<Utc>>)>) -> Result<(), Refusal> {
    let at = draft.now;
    let Some(Record::Delivery(now)) = draft.record(Family::Delivery, &tried.id) else { return Ok(()) };
    if now.state != SendState::Pending || now.held != tried.held || now.attempts != tried.attempts {
        return Ok(());
    }
    let delivery = tried.id.clone();
    draft.push(match outcome {
        Ok(()) => Event::DeliveryDone { delivery, at },
        Err((error, retry)) => {
            let retry = retry.filter(|_| now.attempts.saturating_add(1) < TRIES);
            Event::DeliveryFailed { delivery, at, error, retry }
        }
    })?;
    settled(draft, &tried.person.id, at)
}

/// When the last of what failed for an assignment was tried.
pub(super) fn last_failure(facts: &Facts<'_>, assignment: &Assignment) -> Option<DateTime<Utc>> {
    let tried =
        |(connector, group): (String, String)| match facts.records.get(Family::Delivery, &key(&assignment.target, &connector, &group)) {
            Some(Record::Delivery(d)) if d.state == SendState::Failed => Some(d.due),
            _ => None,
        };
    targets(facts, assignment).into_iter().filter_map(tried).max()
}

/// Tries again all that an assignment gives, or what of it failed.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub(super) fn again(draft: &mut Draft<'_>, assignment: &Assignment, failed_only: bool) -> Result<(), Refusal> {
    let at = draft.now;
    let wanted = targets(&draft.facts(), assignment);
    for (connector, group) in wanted {
        let person = assignment.target.clone();
        let id = key(&person, &connector, &group);
        let failed = matches!(draft.record(Family::Delivery, &id), Some(Record::Delivery(d)) if d.state == SendState::Failed);
        if failed_only && !failed {
            continue;
        }
        let delivery = Delivery { id, person, connector, group, held: true, state: SendState::Pending, attempts: 0, due: at, error: None };
        draft.push(Event::DeliveryWanted { delivery: Box::new(delivery) })?;
    }
    settled(draft, &assignment.target.id, at)
}

/// The id of the delivery of a person into a group over there.
fn key(person: &Named, connector: &str, group: &str) -> String {
    format!("{}|{connector}|{group}", person.id)
}
