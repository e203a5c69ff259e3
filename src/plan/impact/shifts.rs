//! Roles that people gain, lose, and keep although something that gave them does not any more; at once, and at a day to come.

use super::access::{Access, Giver, Holding, Role};
use super::{Shift, Someone, waiting};
use crate::engine::{Event, Facts, Person};
use crate::model::Address;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

fn someone(person: &str, giver: &Giver) -> Someone {
    let (through, policy) = match giver {
        Giver::Package(package, policy) => (package.clone(), Some(policy.clone())),
        Giver::Group(group) => (group.clone(), None),
    };
    Someone { person: person.to_owned(), through: Some(through), policy, from: None }
}

/// What changes for somebody; and for all who hold by the same before, and by the same afterwards.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Roles, how, and what gives it, gave it, or still does.
    roles: Vec<(Role, Move, Giver)>,
    /// Groups that they are members of on one side only.
    pub groups: Vec<Address>,
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Gain,
    Lose,
    /// Something that gave it does not any more, and something else does.
    Keep,
}

impl Moved {
    /// From what is held before to what is afterwards.
    pub(super) fn between(before: &Holding, after: &Holding) -> Moved {
        let mut moved = Moved::default();
        for role in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let (old, new) = (before.get(role), after.get(role));
            if old.is_some() != new.is_some() && role.kind == "group" && role.role == "Member" {
                moved.groups.push(Address::root("group", &role.key));
            }
            let gone = old.zip(new).is_none_or(|(old, new)| old.difference(new).next().is_some());
            if old == new || !gone {
                continue;
            }
            let (way, givers) = match (old, new) {
                (None, _) => (Move::Gain, new),
                (_, None) => (Move::Lose, old),
                (Some(_), Some(_)) => (Move::Keep, new),
            };
            moved.roles.extend(givers.and_then(|all| all.first()).map(|giver| (role.clone(), way, giver.clone())));
        }
        moved
    }
}

/// Notes what changes for somebody.
pub(super) fn shift(shifts: &mut BTreeMap<Role, Shift>, person: &str, moved: &Moved) {
    for (role, way, giver) in &moved.roles {
        if !shifts.contains_key(role) {
            shifts.insert(role.clone(), empty(role));
        }
        let Some(shift) = shifts.get_mut(role) else { continue };
        let all = match way {
            Move::Gain => &mut shift.gain,
            Move::Lose => &mut shift.lose,
            Move::Keep => &mut shift.keep,
        };
        all.push(someone(person, giver));
    }
}

fn empty(role: &Role) -> Shift {
    let Role { kind, key, role } = role.clone();
    Shift { kind, key, role, gain: Vec::new(), lose: Vec::new(), keep: Vec::new() }
}

/// Adds what people gain or lose at a day to come: what was approved for then, and what a rule lets go of after its grace.
pub(super) fn later(shifts: &mut BTreeMap<Role, Shift>, access: &Access<'_>, facts: &Facts<'_>, events: &[Event]) {
    // By person and role the first start, and by person all that is let go of.
    let mut starts: BTreeMap<(String, Role), (DateTime<Utc>, Giver)> = BTreeMap::new();
    let mut graces: BTreeMap<String, BTreeMap<Giver, DateTime<Utc>>> = BTreeMap::new();
    for event in events {
        match event {
            Event::Approved { request, start: Some(start), .. } => {
                let Some(request) = waiting::request(facts, request) else { continue };
                let Some(package) = facts.package(&request.package.id) else { continue };
                let person = Person::of_named(facts, &request.target);
                let held = access.of(&person);
                let giver = access.giver(&package.0.address, &request.policy);
                for role in access.roles_of(&request.package.id).into_iter().filter(|role| !held.contains_key(role)) {
                    let first = starts.entry((person.named.name.clone(), role)).or_insert_with(|| (*start, giver.clone()));
                    if *start < first.0 {
                        *first = (*start, giver.clone());
                    }
                }
            }
            Event::Grace { assignment, until: Some(until) } => {
                let Some(held) = waiting::assignment(facts, assignment) else { continue };
                let Some(package) = facts.package(&held.package.id) else { continue };
                // What ends before that by itself would do so without the plan.
                if held.end.is_none_or(|end| *until < end) {
                    let person = Person::of_named(facts, &held.target).named.name;
                    graces.entry(person).or_default().insert(access.giver(&package.0.address, &held.policy), *until);
                }
            }
            _ => {}
        }
    }
    for ((person, role), (start, giver)) in starts {
        let gains = Someone { from: Some(start), ..someone(&person, &giver) };
        shifts.entry(role.clone()).or_insert_with(|| empty(&role)).gain.push(gains);
    }
    for (person, let_go) in graces {
        for (role, givers) in access.of(&Person::of(facts, &person)) {
            // A role goes with the last that gives it.
            let each: Option<Vec<(DateTime<Utc>, &Giver)>> = givers.iter().map(|g| Some((*let_go.get(g)?, g))).collect();
            if let Some((until, giver)) = each.and_then(|all| all.into_iter().max()) {
                let loses = Someone { from: Some(until), ..someone(&person, giver) };
                shifts.entry(role.clone()).or_insert_with(|| empty(&role)).lose.push(loses);
            }
        }
    }
}
