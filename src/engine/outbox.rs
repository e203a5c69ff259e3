//! What has to leave the house: roles to deliver into other systems, notices to send. Both wait as records, queued in the very
//! transaction that causes them, and are done with once whoever sends them says so.

use super::access::{live_in, live_of, roles_on};
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{Assignment, AssignmentState, Named, RequestState, Source};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::terms::later;
use crate::config::resource_roles;
use crate::kinds::resource::Resource;
use crate::model::Address;
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

/// Somebody is to be told something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its key: what is told, of what, to whom. What was told under a key is never told again.
    pub id: String,
    /// What is told.
    pub kind: Tell,
    /// Who is told.
    pub to: Named,
    /// The request or the assignment that it is about.
    pub about: String,
    /// The stage of approval, from 1.
    pub stage: usize,
    /// Resource roles that a package gives from now on, and does not give any more.
    pub gained: Vec<String>,
    /// As `gained`.
    pub lost: Vec<String>,
    /// Where it stands.
    pub state: SendState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due: DateTime<Utc>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// What a notice tells (section 5 of the field's rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tell {
    /// N2, N4, N11, N13.
    ActionNeeded,
    /// N1, N15.
    Forwarded,
    /// N3, N5, N12, N14.
    Reminder,
    /// N6, N17.
    ExpiredToApprover,
    /// N7, N16.
    Approved,
    /// N8, N16.
    StageApproved,
    /// N9.
    Denied,
    /// N10.
    Expired,
    /// N18.
    Ready,
    /// N19, 14 days before.
    Extend14,
    /// N19, a day before.
    Extend1,
    /// N20.
    Ended,
    /// A package that somebody holds gives other roles (F48, F50).
    Changed,
    /// A review waits for somebody.
    ReviewOpened,
    /// It still does, at half of its time.
    ReviewReminder,
}

impl Tell {
    /// Its word.
    #[must_use]
    pub fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
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
    if notices { notify(draft) } else { Ok(()) }
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
            let id = format!("{}|{connector}|{group}", person.id);
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

/// Tries again what failed, for an assignment: of a request within seven days (R143), of an assignment at any time (R146).
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub(super) fn again(draft: &mut Draft<'_>, assignment: &Assignment) -> Result<(), Refusal> {
    let at = draft.now;
    let wanted = targets(&draft.facts(), assignment);
    for (connector, group) in wanted {
        let person = assignment.target.clone();
        let id = format!("{}|{connector}|{group}", person.id);
        let delivery = Delivery { id, person, connector, group, held: true, state: SendState::Pending, attempts: 0, due: at, error: None };
        draft.push(Event::DeliveryWanted { delivery: Box::new(delivery) })?;
    }
    settled(draft, &assignment.target.id, at)
}

/// Queues the notices that the events of a draft call for.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
fn notify(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let mut notices: Vec<Notice> = Vec::new();
    {
        let facts = draft.facts();
        let request = |id: &str| if let Some(Record::Request(r)) = facts.records.get(Family::Request, id) { Some(*r) } else { None };
        let assignment =
            |id: &str| if let Some(Record::Assignment(a)) = facts.records.get(Family::Assignment, id) { Some(*a) } else { None };
        let mut tell = |kind: Tell, to: &Named, about: &str, stage: usize, mark: &str| {
            let id = format!("{}|{about}|{stage}{mark}|{}", kind.word(), to.id);
            let notice = Notice {
                id,
                kind,
                to: to.clone(),
                about: about.to_owned(),
                stage,
                gained: Vec::new(),
                lost: Vec::new(),
                state: SendState::Pending,
                attempts: 0,
                due: draft.now,
                error: None,
            };
            if !notices.iter().any(|n| n.id == notice.id) && facts.records.get(Family::Notice, &notice.id).is_none() {
                notices.push(notice);
            }
        };
        let approvers_of = |id: &str, stage: usize| -> Vec<Named> {
            request(id).map(|r| super::approval::approvers_then(&facts, &r, stage)).unwrap_or_default()
        };
        for event in draft.so_far_all() {
            match event {
                Event::StageStarted { request, stage, approvers } => {
                    approvers.iter().for_each(|a| tell(Tell::ActionNeeded, a, request, stage.number, ""));
                }
                Event::Escalated { request: id, approvers, .. } => {
                    let stage = request(id).and_then(|r| r.stage.map(|s| s.number)).unwrap_or(1);
                    let first = approvers_of(id, stage);
                    approvers.iter().filter(|a| !first.contains(a)).for_each(|a| tell(Tell::Forwarded, a, id, stage, ""));
                }
                Event::Reminded { request: id, .. } => {
                    if let Some(r) = request(id) {
                        let stage = r.stage.as_ref().map_or(1, |s| s.number);
                        super::deciders(&facts, &r).iter().for_each(|a| tell(Tell::Reminder, a, id, stage, ""));
                    }
                }
                Event::Decided { request: id, verdict } if verdict.approve => {
                    let last = request(id).is_none_or(|r| r.terms.stages.len() == verdict.stage);
                    let kind = if last { Tell::Approved } else { Tell::StageApproved };
                    approvers_of(id, verdict.stage).iter().for_each(|a| tell(kind, a, id, verdict.stage, ""));
                }
                Event::Closed { request: id, state, .. } => {
                    let Some(r) = request(id) else { continue };
                    // Who assigns directly asks nobody, and is told nothing (R164).
                    let asked = r.kind != super::RequestKind::AdminAdd;
                    match state {
                        RequestState::TimedOut => {
                            let stage = r.verdicts.len().saturating_add(1);
                            approvers_of(id, stage).iter().for_each(|a| tell(Tell::ExpiredToApprover, a, id, stage, ""));
                            if asked {
                                tell(Tell::Expired, &r.requestor, id, stage, "");
                            }
                        }
                        RequestState::Denied if asked => tell(Tell::Denied, &r.requestor, id, 1, ""),
                        _ => {}
                    }
                }
                Event::RequestDelivered { request: id, .. } => {
                    if let Some(r) = request(id).filter(|r| matches!(r.kind, super::RequestKind::Add | super::RequestKind::Extend)) {
                        tell(Tell::Ready, &r.target, id, 1, "");
                    }
                }
                Event::Expiring { assignment: id, reminder, told: true, .. } => {
                    let Some(a) = assignment(id) else { continue };
                    let kind = if *reminder >= 2 { Tell::Extend1 } else { Tell::Extend14 };
                    // An end that was moved is reminded of anew.
                    let mark = a.end.map(|e| format!("@{}", e.timestamp())).unwrap_or_default();
                    tell(kind, &a.target, id, 1, &mark);
                }
                Event::Ended { assignment: id, cause: super::Cause::Expired, .. } => {
                    if let Some(a) = assignment(id) {
                        tell(Tell::Ended, &a.target, id, 1, "");
                    }
                }
                _ => {}
            }
        }
    }
    for notice in notices {
        draft.push(Event::NoticeQueued { notice: Box::new(notice) })?;
    }
    Ok(())
}

/// Queues a notice for each holder of a package that gives other roles than before.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn notify_change(draft: &mut Draft<'_>, package: &str, gained: &[String], lost: &[String], mark: &str) -> Result<(), Refusal> {
    let held = live_in(&draft.facts(), package);
    for assignment in held {
        let notice = Notice {
            id: format!("{}|{}|{mark}|{}", Tell::Changed.word(), assignment.id, assignment.target.id),
            kind: Tell::Changed,
            to: assignment.target.clone(),
            about: assignment.id.clone(),
            stage: 1,
            gained: gained.to_vec(),
            lost: lost.to_vec(),
            state: SendState::Pending,
            attempts: 0,
            due: draft.now,
            error: None,
        };
        draft.push(Event::NoticeQueued { notice: Box::new(notice) })?;
    }
    Ok(())
}

/// What became of a try to send a notice.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn sent(draft: &mut Draft<'_>, tried: &Notice, outcome: Result<(), (String, bool)>) -> Result<(), Refusal> {
    let at = draft.now;
    match draft.record(Family::Notice, &tried.id) {
        Some(Record::Notice(now)) if now.state == SendState::Pending && now.attempts == tried.attempts => {}
        _ => return Ok(()),
    }
    let notice = tried.id.clone();
    draft.push(match outcome {
        Ok(()) => Event::NoticeSent { notice, at },
        Err((error, retry)) => {
            let wait = 5_i64.saturating_mul(1_i64.checked_shl(tried.attempts.min(8)).unwrap_or(256));
            let retry = (retry && tried.attempts.saturating_add(1) < TRIES).then(|| later(at, wait));
            Event::NoticeFailed { notice, at, error, retry }
        }
    })?;
    Ok(())
}

/// The roles of a package as people read them: `Reader on crm`.
#[must_use]
pub fn roles_in_words(package: crate::kinds::access_package::Package<'_>) -> BTreeSet<String> {
    package.roles().map(|(resource, role, _): (Address, &str, _)| format!("{role} on {}", resource.key())).collect()
}
