//! What a plan does to people: who gains and loses which role, by what and from when; whose access ends at another time; who could
//! request and no longer can; whose requests nobody could decide any more; who gains or loses authority; and what does not happen.
//!
//! In: the facts before, the objects afterwards, the changes. Out: an [`Impact`]. Invariants: nothing is written, since what the apply
//! would be followed by is decided in a draft that is thrown away, by the very engine that the apply asks; people are distinct, and a
//! loss is net of every other reason to hold the role. Only those are looked at whom the changes can touch (`touched`).

mod access;
mod control;
mod meaning;
mod reach;
mod touched;
mod waiting;

use crate::engine::{Actor, Assignment, Changed, Draft, Event, Facts, Person, live_of, settle};
use crate::kinds::Verdict;
use crate::model::{Action, Address, Change, Holdings, Stored};
use access::{Access, Giver, Holding, Role};
use chrono::{DateTime, Utc};
pub use meaning::{Meaning, meanings};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// What a plan does to people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// Roles that people gain or lose, in order.
    pub roles: Vec<Shift>,
    /// Access to packages that ends at another time.
    pub ends: Vec<Ends>,
    /// Packages that others can request than before.
    pub requestable: Vec<Reach>,
    /// Requests that wait for a decision and that the plan closes, or that nobody could decide any more.
    pub waiting: Vec<Waiting>,
    /// People who hold two packages that the plan makes incompatible.
    pub breaches: Vec<Breach>,
    /// Authority that people gain or lose.
    pub control: Vec<Control>,
    /// What does not happen.
    pub same: Vec<Same>,
    /// What loosens, what tightens, what gives and takes, attribute by attribute.
    pub meanings: Vec<Meaning>,
}

/// A role that people gain or lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// The sort of thing: `group`, `application`, `sharepoint_site`.
    pub kind: String,
    /// The thing.
    pub key: String,
    /// The role.
    pub role: String,
    /// Who gains it.
    pub gain: Vec<Someone>,
    /// Who loses it.
    pub lose: Vec<Someone>,
    /// Who loses one reason to hold it, and keeps it for others.
    pub keep: Vec<Someone>,
}

/// A person, and by what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Someone {
    /// The user principal name.
    pub person: String,
    /// The package or group that gives it, gave it, or still does.
    pub through: Address,
    /// The policy of that package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// From when; nothing: at the apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
}

/// Access to a package that ends at another time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ends {
    /// The package.
    pub package: Address,
    /// Whose access.
    pub person: String,
    /// Until when they have it now; nothing: it does not end by itself.
    pub before: Option<DateTime<Utc>>,
    /// Until when afterwards.
    pub after: Option<DateTime<Utc>>,
}

impl Ends {
    /// Whether it ends sooner than before.
    #[must_use]
    pub fn is_earlier(&self) -> bool {
        match (self.before, self.after) {
            (Some(before), Some(after)) => after < before,
            (before, _) => before.is_none(),
        }
    }
}

/// A package that others can request than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The package.
    pub package: Address,
    /// Known people who newly can.
    pub gain: Vec<String>,
    /// Known people who no longer can.
    pub lose: Vec<String>,
    /// Populations without an upper bound that newly can, as policies name them.
    pub opens: Vec<String>,
    /// And those that no longer can.
    pub closes: Vec<String>,
}

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Waiting {
    /// The package.
    pub package: Address,
    /// Who is to have it.
    pub person: String,
    /// The request.
    pub request: String,
    /// Why nothing comes of it; nothing: nobody could decide it any more.
    pub closed: Option<String>,
}

/// Somebody who holds two packages that the plan makes incompatible, and keeps both (R139).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Breach {
    /// The package whose holders may not hold the other.
    pub package: Address,
    /// The other: a package or a group.
    pub other: Address,
    /// Who is in breach.
    pub person: String,
}

/// Authority by a delegation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Control {
    /// The delegation.
    pub delegation: Address,
    /// Its role.
    pub role: String,
    /// Who gains it.
    pub gain: Vec<String>,
    /// Who loses it.
    pub lose: Vec<String>,
}

/// What a change of a policy leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Same {
    /// The policy.
    pub policy: Address,
    /// Assignments that run, and keep their ends.
    pub running: usize,
    /// The last of these ends; nothing: some do not end by themselves.
    pub last: Option<DateTime<Utc>>,
    /// Requests that wait, and keep the terms of the day when they were made.
    pub pending: usize,
}

impl Impact {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Impact::default()
    }

    /// Whether nobody is named in it.
    #[must_use]
    pub fn names_nobody(&self) -> bool {
        let nobody = |r: &Reach| r.gain.is_empty() && r.lose.is_empty();
        let told =
            [self.roles.is_empty(), self.ends.is_empty(), self.waiting.is_empty(), self.breaches.is_empty(), self.control.is_empty()];
        told.into_iter().all(|empty| empty) && self.requestable.iter().all(nobody)
    }

    /// How many attributes loosen.
    #[must_use]
    pub fn loosenings(&self) -> usize {
        self.meanings.iter().filter(|m| m.verdict == Verdict::Loosens).count()
    }

    /// Distinct people who lose a role.
    #[must_use]
    pub fn losing(&self) -> BTreeSet<&str> {
        self.roles.iter().flat_map(|s| &s.lose).map(|s| s.person.as_str()).collect()
    }

    /// Distinct people who gain a role.
    #[must_use]
    pub fn gaining(&self) -> BTreeSet<&str> {
        self.roles.iter().flat_map(|s| &s.gain).map(|s| s.person.as_str()).collect()
    }
}

/// What is known before a plan is applied.
pub struct Before<'a> {
    /// The facts as they are.
    pub facts: &'a Facts<'a>,
    /// The changes.
    pub changes: &'a [Change],
    /// Who would apply.
    pub actor: &'a Actor,
}

/// Whether a change can do anything to people: one of a description, or that of a name, does not.
#[must_use]
pub fn concerns(change: &Change) -> bool {
    touched::concerns(change)
}

/// Whether what a change does to people can be told only by whoever sees the whole directory, though nobody holds anything by a record.
#[must_use]
pub fn needs_directory(change: &Change) -> bool {
    touched::needs_directory(change)
}

/// What the changes do to people, given the objects afterwards.
#[must_use]
pub fn measure(before: &Before<'_>, after: &Holdings) -> Impact {
    let Before { facts, changes, actor } = *before;
    let minted = Cell::new(0_usize);
    // What comes to be is never written, so any name will do.
    let mint = || {
        minted.set(minted.get().saturating_add(1));
        format!("planned-{}", minted.get())
    };
    let planned = Facts::new(after, facts.records, facts.now, facts.zone, facts.narrowest_only);
    let mut draft = Draft::new(&planned, &mint);
    let pairs = pairs(facts, &planned, changes);
    let changed: Vec<Changed<'_>> = pairs.iter().map(|(before, after)| Changed { before: *before, after: *after }).collect();
    // What cannot follow is told by the apply; until then it is shown as if nothing followed.
    let followed = settle(&mut draft, actor, &changed).is_ok();
    let nothing = Draft::new(&planned, &mint);
    let draft = if followed { draft } else { nothing };
    let afterwards = draft.facts();
    let events = draft.so_far_all();

    let people = touched::people(facts, &afterwards, changes, events);
    let (then, now) = (Access::new(facts), Access::new(&afterwards));
    let mut shifts: BTreeMap<Role, Shift> = BTreeMap::new();
    let mut ends = Vec::new();
    for id in &people {
        let (old, new) = (known(facts, id), known(&afterwards, id));
        let name = new.as_ref().or(old.as_ref()).map_or_else(|| id.clone(), |p| p.named.name.clone());
        let held = |access: &Access<'_>, person: Option<&Person<'_>>| person.map(|p| access.of(p)).unwrap_or_default();
        shift(&mut shifts, &name, &held(&then, old.as_ref()), &held(&now, new.as_ref()));
        ends.extend(moved_ends(facts, &afterwards, id, &name));
    }
    later(&mut shifts, &now, &afterwards, events);
    let mut roles: Vec<Shift> = shifts.into_values().collect();
    for shift in &mut roles {
        [&mut shift.gain, &mut shift.lose, &mut shift.keep].into_iter().for_each(|all| all.sort());
    }
    ends.sort();
    Impact {
        roles,
        ends,
        requestable: reach::reach(facts, &afterwards, changes),
        waiting: waiting::waiting(facts, &afterwards, changes, events, !people.is_empty()),
        breaches: waiting::breaches(&afterwards, changes),
        control: control::control(facts, &afterwards, changes),
        same: waiting::same(facts, &afterwards, changes),
        meanings: meanings(changes),
    }
}

/// The objects that change, as they are and as they will be.
fn pairs<'a>(before: &Facts<'a>, after: &Facts<'a>, changes: &[Change]) -> Vec<(Option<&'a Stored>, Option<&'a Stored>)> {
    let mut pairs = Vec::new();
    for change in changes {
        let old = before.objects.get(change.previous.as_ref().unwrap_or(&change.address));
        let new = after.objects.get(&change.address).filter(|_| change.action != Action::Delete);
        match change.action {
            Action::Replace => pairs.extend([(old, None), (None, new)]),
            Action::Forget => {}
            // What lives in the store already was there for everybody.
            _ => pairs.push((old, new)),
        }
    }
    pairs
}

/// A person of an id, where there is one in the directory, or somebody from outside who holds something.
fn known<'a>(facts: &Facts<'a>, id: &str) -> Option<Person<'a>> {
    match facts.of_id(id) {
        Some(stored) => Some(Person::of(facts, stored.object.address.key())),
        None => (!live_of(facts, id).is_empty()).then(|| Person::of(facts, id)),
    }
}

fn someone(person: &str, giver: &Giver) -> Someone {
    let (through, policy) = match giver {
        Giver::Package(package, policy) => (package.clone(), Some(policy.clone())),
        Giver::Group(group) => (group.clone(), None),
    };
    Someone { person: person.to_owned(), through, policy, from: None }
}

/// Notes what somebody gains, loses, and keeps although something that gave it does not any more.
fn shift(shifts: &mut BTreeMap<Role, Shift>, person: &str, before: &Holding, after: &Holding) {
    for role in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (before.get(role), after.get(role));
        if old == new {
            continue;
        }
        let first = |givers: Option<&BTreeSet<Giver>>| givers.and_then(|g| g.first()).map(|g| someone(person, g));
        let gone = old.zip(new).is_none_or(|(old, new)| old.difference(new).next().is_some());
        if !gone {
            continue;
        }
        let shift = shifts.entry(role.clone()).or_insert_with(|| empty(role));
        match (old, new) {
            (None, _) => shift.gain.extend(first(new)),
            (_, None) => shift.lose.extend(first(old)),
            (Some(_), Some(_)) => shift.keep.extend(first(new)),
        }
    }
}

fn empty(role: &Role) -> Shift {
    let Role { kind, key, role } = role.clone();
    Shift { kind, key, role, gain: Vec::new(), lose: Vec::new(), keep: Vec::new() }
}

/// Adds what people gain or lose at a day to come: what was approved for then, and what a rule lets go of after its grace.
fn later(shifts: &mut BTreeMap<Role, Shift>, access: &Access<'_>, facts: &Facts<'_>, events: &[Event]) {
    for event in events {
        match event {
            Event::Approved { request, start: Some(start), .. } => {
                let Some(request) = waiting::request(facts, request) else { continue };
                let person = Person::of_named(facts, &request.target);
                let held = access.of(&person);
                for role in access.roles_of(&request.package.id).iter().filter(|role| !held.contains_key(role)) {
                    let Some(package) = facts.package(&request.package.id) else { continue };
                    let giver = Giver::Package(package.0.address.clone(), access::last(&request.policy.name).to_owned());
                    let gains = Someone { from: Some(*start), ..someone(&person.named.name, &giver) };
                    shifts.entry(role.clone()).or_insert_with(|| empty(role)).gain.push(gains);
                }
            }
            Event::Grace { assignment, until: Some(until) } => {
                let Some(held) = waiting::assignment(facts, assignment) else { continue };
                let person = Person::of_named(facts, &held.target);
                let all = access.of(&person);
                let Some(package) = facts.package(&held.package.id) else { continue };
                let giver = Giver::Package(package.0.address.clone(), access::last(&held.policy.name).to_owned());
                for (role, _) in all.iter().filter(|(_, givers)| givers.len() == 1 && givers.contains(&giver)) {
                    let loses = Someone { from: Some(*until), ..someone(&person.named.name, &giver) };
                    shifts.entry(role.clone()).or_insert_with(|| empty(role)).lose.push(loses);
                }
            }
            _ => {}
        }
    }
}

/// Access to packages that somebody has before and afterwards, until another time.
fn moved_ends(before: &Facts<'_>, after: &Facts<'_>, id: &str, name: &str) -> Vec<Ends> {
    /// The latest end of each package; of one that does not end, nothing.
    fn latest(all: Vec<Assignment>) -> BTreeMap<String, Option<DateTime<Utc>>> {
        let mut ends: BTreeMap<String, Option<DateTime<Utc>>> = BTreeMap::new();
        for held in all {
            let end = ends.entry(held.package.id).or_insert(held.end);
            *end = end.zip(held.end).map(|(a, b)| a.max(b));
        }
        ends
    }
    let (old, new) = (latest(live_of(before, id)), latest(live_of(after, id)));
    let moved = new.into_iter().filter_map(|(package, after_end)| {
        let before_end = *old.get(&package)?;
        let address = after.package(&package)?.0.address.clone();
        (before_end != after_end).then(|| Ends { package: address, person: name.to_owned(), before: before_end, after: after_end })
    });
    moved.collect()
}
