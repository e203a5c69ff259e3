//! What has to leave the house: roles and accounts to deliver into other systems, notices to send. Both wait as records, queued in the very
//! transaction that causes them, and are done with once whoever sends them says so.

use super::access::{live_of, roles_on};
use super::account::{self, Account};
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{Assignment, AssignmentState, Named, RequestKind, RequestState, Source};
use super::reach::{self, Reach};
use super::record::{Family, Record};
use super::refusal::Refusal;
use crate::config::resource_roles;
use crate::kinds::resource::Resource;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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

/// What is to be so in another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wanted {
    /// The person is in a group, or out of it.
    Membership {
        /// The group over there.
        group: String,
        /// In it, or out of it.
        held: bool,
    },
    /// The account that they have is so.
    Account {
        /// How.
        account: Account,
    },
}

/// Something is to be so for a person in another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Person, connector and, for a membership, group: there is one for each of these.
    pub id: String,
    /// The person.
    pub person: Named,
    /// The connector.
    pub connector: String,
    /// What.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// Where it stands.
    pub state: SendState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; of one that failed, when that was.
    pub due: DateTime<Utc>,
    /// Why the last try failed.
    pub error: Option<String>,
}

impl Delivery {
    /// One that waits.
    pub(super) fn new(id: String, person: Named, connector: String, wanted: Wanted, due: DateTime<Utc>) -> Delivery {
        Delivery { id, person, connector, wanted, state: SendState::Pending, attempts: 0, due, error: None }
    }

    pub(super) fn membership(person: &Named, target: (String, String), held: bool, due: DateTime<Utc>) -> Delivery {
        let (id, (connector, group)) = (key(person, &target), target);
        Delivery::new(id, person.clone(), connector, Wanted::Membership { group, held }, due)
    }

    /// Whether it puts somebody into a group, or keeps them there.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self.wanted, Wanted::Membership { held: true, .. })
    }

    /// The group that it puts somebody into.
    #[must_use]
    pub fn group_held(&self) -> Option<&str> {
        match &self.wanted {
            Wanted::Membership { group, held: true } => Some(group),
            _ => None,
        }
    }

    /// It is not looked after under this connector any more.
    pub(super) fn let_go(mut self) -> Delivery {
        match &mut self.wanted {
            Wanted::Membership { held, .. } => *held = false,
            Wanted::Account { account } => account.standing = account::Standing::Gone,
        }
        Delivery { state: SendState::Done, ..self }
    }

    /// Whether it is of a group that somebody is in over there, or may still be.
    #[must_use]
    pub fn is_inside(&self) -> bool {
        matches!(self.wanted, Wanted::Membership { .. }) && !self.is_over()
    }

    /// Whether nothing of it has to be known any more: nobody is in there, nobody has an account.
    pub(super) fn is_over(&self) -> bool {
        let gone = match &self.wanted {
            Wanted::Membership { held, .. } => !held,
            Wanted::Account { account } => account.standing == account::Standing::Gone,
        };
        gone && self.state == SendState::Done
    }
}

/// Why a try was in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vain {
    /// In words.
    pub why: String,
    /// When it is worth another try.
    pub retry: Option<DateTime<Utc>>,
    /// It was not even tried, since something is missing on our side: it waits until somebody mends that, however long.
    pub untried: bool,
}

/// After so many tries in vain a delivery is left to people: with the back-off, several hours (section 2.1).
pub const TRIES: u32 = 10;

/// Adds to a draft what has to leave the house because of it: deliveries, also to those whom an apply reaches, and notices where
/// people are told.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn conclude(draft: &mut Draft<'_>, reach: &Reach, notices: bool) -> Result<(), Refusal> {
    want(draft, reach)?;
    if notices { super::notices::notify(draft) } else { Ok(()) }
}

/// Queues what the events of a draft, and what an apply reaches, make necessary to deliver.
fn want(draft: &mut Draft<'_>, reach: &Reach) -> Result<(), Refusal> {
    let at = draft.now;
    let connected =
        draft.facts().objects.within_kind("catalog").iter().filter_map(|s| Resource::of(&s.object)).any(|r| r.connector().is_some());
    if !connected && !draft.facts().records.any(Family::Delivery) {
        return Ok(());
    }
    for person in reach::concerned(draft, reach).into_values() {
        // Where nothing leads elsewhere, only those are looked at who have something there still.
        if !connected && deliveries_of(&draft.facts(), &person.id).is_empty() {
            continue;
        }
        reach::lead_elsewhere(draft, &person, reach)?;
        let (changes, connectors) = {
            let facts = draft.facts();
            let wanted: BTreeSet<(String, String)> =
                live_of(&facts, &person.id).iter().flat_map(|a| targets(&facts, &a.package.id)).collect();
            let known = deliveries_of(&facts, &person.id);
            let connectors: BTreeSet<String> =
                known.iter().map(|d| &d.connector).chain(wanted.iter().map(|(connector, _)| connector)).cloned().collect();
            let held: BTreeSet<(String, String)> =
                known.iter().filter_map(|d| Some((d.connector.clone(), d.group_held()?.to_owned()))).collect();
            let give = wanted.difference(&held).map(|key| (key.clone(), true));
            let take = held.difference(&wanted).map(|key| (key.clone(), false));
            (give.chain(take).collect::<Vec<_>>(), connectors)
        };
        for (target, held) in changes {
            draft.push(Event::DeliveryWanted { delivery: Box::new(Delivery::membership(&person, target, held, at)) })?;
        }
        account::want(draft, &person, &connectors)?;
        settled(draft, &person.id, at)?;
    }
    Ok(())
}

pub(super) fn delivery(record: Record) -> Option<Delivery> {
    if let Record::Delivery(delivery) = record { Some(*delivery) } else { None }
}

/// What is known of a person in other systems, and not over.
pub(super) fn deliveries_of(facts: &Facts<'_>, person: &str) -> Vec<Delivery> {
    facts.records.of_person(Family::Delivery, person).into_iter().filter_map(delivery).collect()
}

/// The groups of other systems that a package puts its holders into: connectors and groups.
#[must_use]
pub fn targets(facts: &Facts<'_>, package: &str) -> Vec<(String, String)> {
    let Some(package) = facts.package(package) else { return Vec::new() };
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
            let targets = targets(&facts, &assignment.package.id);
            let found =
                |(connector, group): &(String, String)| match facts.records.get(Family::Delivery, &format!("{person}|{connector}|{group}"))
                {
                    Some(Record::Delivery(d)) if d.is_held() => Some(*d),
                    _ => None,
                };
            let all: Vec<Option<Delivery>> = targets.iter().map(found).collect();
            let is = |state: SendState| all.iter().flatten().filter(|d| d.state == state).count();
            let errors: Vec<String> = all
                .iter()
                .flatten()
                .filter(|d| d.state == SendState::Failed)
                .filter_map(|d| Some((d.group_held()?, &d.connector, d.error.as_deref().unwrap_or("it could not be delivered"))))
                .map(|(group, connector, why)| format!("{group} on {connector}: {why}"))
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
        let Some(request) = request_of(draft, &assignment, state) else { continue };
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

/// The request that an assignment came of, for one that stands at `now` from here on.
fn request_of(draft: &Draft<'_>, assignment: &Assignment, now: AssignmentState) -> Option<String> {
    match &assignment.source {
        Source::Request(id) => return Some(id.clone()),
        Source::Automatic => return None,
        Source::Direct(_) | Source::Declared(_) => {}
    }
    let facts = draft.facts();
    let of_it = |r: Record| match r {
        Record::Request(r) if r.kind == RequestKind::AdminAdd && r.assignment.as_deref() == Some(&assignment.id) => Some(r.id),
        _ => None,
    };
    let open = facts.records.of_person(Family::Request, &assignment.target.id).into_iter().find_map(of_it);
    // One whose delivery failed is over until it is tried again, which is rare enough to look through all of them.
    let failed = matches!(assignment.state, AssignmentState::PartiallyDelivered | AssignmentState::DeliveryFailed);
    let over = || facts.records.all(Family::Request).into_iter().rev().find_map(of_it);
    open.or_else(|| if failed && assignment.state != now { over() } else { None })
}

/// What became of a try to deliver. One that is not wanted any more as it was tried is passed over: a new one waits.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn delivered(draft: &mut Draft<'_>, tried: &Delivery, outcome: Result<(), Vain>) -> Result<(), Refusal> {
    let at = draft.now;
    let Some(Record::Delivery(now)) = draft.record(Family::Delivery, &tried.id) else { return Ok(()) };
    if now.state != SendState::Pending || *now != *tried {
        return Ok(());
    }
    let delivery = tried.id.clone();
    draft.push(match outcome {
        Ok(()) => Event::DeliveryDone { delivery, at },
        Err(Vain { why: error, retry, untried }) => {
            let retry = retry.filter(|_| untried || now.attempts.saturating_add(1) < TRIES);
            Event::DeliveryFailed { delivery, at, error, retry }
        }
    })?;
    settled(draft, &tried.person.id, at)
}

/// When the last of what failed for an assignment was tried.
pub(super) fn last_failure(facts: &Facts<'_>, assignment: &Assignment) -> Option<DateTime<Utc>> {
    let person = &assignment.target;
    let tried = |target: (String, String)| match facts.records.get(Family::Delivery, &key(person, &target)) {
        Some(Record::Delivery(d)) if d.state == SendState::Failed => Some(d.due),
        _ => None,
    };
    targets(facts, &assignment.package.id).into_iter().filter_map(tried).max()
}

/// Tries again all that an assignment gives, the holder's accounts included, or what of it failed.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub(super) fn again(draft: &mut Draft<'_>, assignment: &Assignment, failed_only: bool) -> Result<(), Refusal> {
    let (at, person) = (draft.now, &assignment.target);
    let wanted = targets(&draft.facts(), &assignment.package.id);
    let connectors: BTreeSet<String> = wanted.iter().map(|(connector, _)| connector.clone()).collect();
    let mut all: Vec<Delivery> = wanted.into_iter().map(|target| Delivery::membership(person, target, true, at)).collect();
    all.extend(connectors.iter().filter_map(|connector| account::wanted(draft, person, connector, true)));
    for delivery in all {
        let failed = matches!(draft.record(Family::Delivery, &delivery.id), Some(Record::Delivery(d)) if d.state == SendState::Failed);
        if failed_only && !failed {
            continue;
        }
        draft.push(Event::DeliveryWanted { delivery: Box::new(delivery) })?;
    }
    settled(draft, &person.id, at)
}

/// Tries again, and at once, whatever was given up and whatever waits for its next try.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn retry(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let at = draft.now;
    let waits = |d: &Delivery| d.state == SendState::Failed || (d.state == SendState::Pending && d.due > at);
    let all = draft.facts().records.all(Family::Delivery);
    for tried in all.into_iter().filter_map(delivery).filter(waits) {
        let person = tried.person.id.clone();
        let delivery = Delivery::new(tried.id, tried.person, tried.connector, tried.wanted, at);
        draft.push(Event::DeliveryWanted { delivery: Box::new(delivery) })?;
        settled(draft, &person, at)?;
    }
    Ok(())
}

/// The id of the delivery of a person into a group over there.
fn key(person: &Named, (connector, group): &(String, String)) -> String {
    format!("{}|{connector}|{group}", person.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::canonical;

    /// A store of before there were accounts says it so; what is stored does not change by being read.
    #[test]
    fn a_membership_is_stored_as_it_always_was() {
        let stored = r#"{"attempts":1,"connector":"crm","due":"2027-01-01T08:00:00Z","error":"no answer","group":"Brand","held":true,"id":"u1|crm|Brand","person":{"id":"u1","name":"ann@contoso.example"},"state":"pending"}"#;
        let delivery: Delivery = serde_json::from_str(stored).unwrap();
        assert_eq!(delivery.wanted, Wanted::Membership { group: "Brand".to_owned(), held: true });
        assert_eq!(canonical(&delivery), stored);
        let account = Account {
            user_name: "ann@contoso.example".to_owned(),
            display_name: "Ann".to_owned(),
            mail: "ann@contoso.example".to_owned(),
            department: String::new(),
            standing: account::Standing::Asleep,
        };
        let delivery = Delivery { wanted: Wanted::Account { account }, ..delivery };
        assert_eq!(serde_json::from_str::<Delivery>(&canonical(&delivery)).unwrap(), delivery);
    }
}
