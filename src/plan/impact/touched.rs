//! Whom the changes of a plan can touch, so that only these are looked at.
//!
//! Invariant: who is not among them holds afterwards what they held before. Access comes of assignments, of what packages give, of what
//! resources are, and of groups; each of these leads to its people here.

use crate::engine::{Event, Facts, Family, Record, people_of};
use crate::kinds::access_package::Package;
use crate::kinds::assignment::Assignment;
use crate::kinds::group::Group;
use crate::kinds::policy::{self, Policy};
use crate::kinds::{self, Tone};
use crate::model::{Action, Address, Change, Holdings};
use std::collections::BTreeSet;

/// Whether a change can do anything to people.
pub(super) fn concerns(change: &Change) -> bool {
    match change.action {
        Action::Move | Action::Forget => false,
        Action::Update | Action::Import => {
            change.deltas.iter().any(|(name, _)| kinds::kind(change.address.kind()).is_some_and(|kind| kind.tone(name) != Tone::Neutral))
        }
        Action::Create | Action::Delete | Action::Replace => true,
    }
}

/// Whether a change reaches people by what they are, and not by what they hold.
pub(super) fn needs_directory(change: &Change) -> bool {
    let differs = |names: &[&str]| change.deltas.iter().any(|(name, _)| names.contains(&name.as_str()));
    match (change.address.kind(), change.action) {
        _ if !concerns(change) => false,
        ("access_package", Action::Create | Action::Delete) | ("resource", _) => false,
        ("access_package", Action::Update) => differs(&["incompatible_with"]),
        ("policy", Action::Update) => differs(&policy::ADMITTING),
        _ => true,
    }
}

/// Whether an apply of a change is followed by what it means for who holds what, automatic policies included.
pub(super) fn is_followed(change: &Change) -> bool {
    let assigns = || change.after.as_ref().and_then(Policy::of).is_some_and(|p| p.rule().is_some());
    match (change.address.kind(), change.action) {
        (_, Action::Move | Action::Forget) => false,
        ("assignment" | "user", _) => true,
        ("access_package" | "resource", action) => action != Action::Create,
        ("policy", action) => action != Action::Create || assigns(),
        _ => false,
    }
}

/// Whether automatic policies look again at whom they take in: whatever changes, where it is anything to people.
pub(super) fn is_looked_at_again(after: &Holdings, changes: &[Change]) -> bool {
    let rules = || after.within_kind("access_package").iter().filter_map(|s| Policy::of(&s.object)).any(|p| p.rule().is_some());
    changes.iter().any(concerns) && rules()
}

/// The ids of the packages whose holders changes can touch, and of the people whom they, and what follows from them, can touch beside those.
pub(super) fn touched(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change], events: &[Event]) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut ids = BTreeSet::new();
    let mut packages: BTreeSet<String> = BTreeSet::new();
    for change in changes.iter().filter(|c| concerns(c)) {
        let address = &change.address;
        for facts in [before, after] {
            packages.extend(packages_of(facts, change));
            let Some(stored) = facts.objects.get(address) else { continue };
            match address.kind() {
                "user" => drop(ids.insert(stored.id.clone())),
                "group" => ids.extend(members(facts, &stored.object.address)),
                "assignment" => {
                    let named = Assignment::of(&stored.object).into_iter().flat_map(Assignment::holders);
                    ids.extend(named.map(|user| facts.person(user.key()).named.id));
                }
                _ => {}
            }
        }
    }
    for event in events {
        let target = match event {
            Event::Given { assignment } => Some(assignment.target.id.clone()),
            Event::Ended { assignment, .. } => match after.records.get(Family::Assignment, assignment) {
                Some(Record::Assignment(a)) => Some(a.target.id),
                _ => None,
            },
            _ => None,
        };
        ids.extend(target);
    }
    (packages, ids)
}

/// Whether anybody holds a package that one of the changes is of.
pub(super) fn is_held(before: &Facts<'_>, changes: &[Change]) -> bool {
    let packages = changes.iter().filter(|c| concerns(c)).flat_map(|change| packages_of(before, change));
    packages.into_iter().any(|package| before.records.is_held(&package))
}

/// The ids of the packages that give something else by a change.
fn packages_of(facts: &Facts<'_>, change: &Change) -> Vec<String> {
    match change.address.kind() {
        "access_package" => facts.objects.get(&change.address).map(|stored| stored.id.clone()).into_iter().collect(),
        "resource" => giving(facts, &change.address),
        _ => Vec::new(),
    }
}

/// The ids of the packages that give a resource.
fn giving(facts: &Facts<'_>, resource: &Address) -> Vec<String> {
    let all = facts.objects.within_kind("access_package").iter().filter_map(|s| Some((Package::of(&s.object)?, s)));
    all.filter(|(p, _)| p.roles().any(|(given, ..)| given == *resource)).map(|(_, s)| s.id.clone()).collect()
}

/// The ids of the members and owners of a group.
fn members(facts: &Facts<'_>, address: &Address) -> Vec<String> {
    let Some(group) = facts.object(address).and_then(Group::of) else { return Vec::new() };
    let names = people_of(facts, [address.reference().as_str()]);
    names.into_iter().chain(group.owners().map(str::to_owned)).map(|name| facts.person(&name).named.id).collect()
}
