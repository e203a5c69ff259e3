//! What becomes of what is under way: requests that wait, pairs of packages that must not be held together, and terms that stay.

use super::{Breach, Same, Waiting};
use crate::engine::{self, Assignment, Event, Facts, Family, Record, Request, RequestState, deciders, live_in, people_of};
use crate::kinds::access_package::Package;
use crate::model::{Action, Address, Change};
use std::collections::BTreeSet;

pub(super) fn request(facts: &Facts<'_>, id: &str) -> Option<Request> {
    match facts.records.get(Family::Request, id)? {
        Record::Request(request) => Some(*request),
        _ => None,
    }
}

pub(super) fn assignment(facts: &Facts<'_>, id: &str) -> Option<Assignment> {
    match facts.records.get(Family::Assignment, id)? {
        Record::Assignment(assignment) => Some(*assignment),
        _ => None,
    }
}

/// The requests for a package that wait for a decision.
fn pending(facts: &Facts<'_>, package: &str) -> Vec<Request> {
    let open = facts.records.of_package(Family::Request, package);
    open.into_iter()
        .filter_map(|r| if let Record::Request(r) = r { Some(*r) } else { None })
        .filter(|r| r.state == RequestState::PendingApproval)
        .collect()
}

fn address(facts: &[&Facts<'_>], request: &Request) -> Address {
    let found = facts.iter().find_map(|f| f.package(&request.package.id)).map(|p| p.0.address.clone());
    found.or_else(|| Address::parse(&request.package.name).ok()).unwrap_or_else(|| Address::root("access_package", &request.package.name))
}

/// Requests that waited and that nothing comes of, or that nobody could decide any more.
pub(super) fn waiting(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change], events: &[Event], touched: bool) -> Vec<Waiting> {
    let mut found = Vec::new();
    let mut closed = BTreeSet::new();
    for event in events {
        if let Event::Closed { request: id, cause, .. } = event
            && let Some(was) = request(before, id)
        {
            closed.insert(id.clone());
            let (package, person) = (address(&[after, before], &was), was.target.name);
            found.push(Waiting { package, person, request: id.clone(), closed: Some(cause.clone()) });
        }
    }
    // Who decides is found in the directory, and in what people hold of it.
    let directory = |c: &Change| matches!(c.address.kind(), "user" | "group" | "connected_organization");
    if touched || changes.iter().any(directory) {
        for stored in before.objects.within_kind("access_package").iter().filter(|s| s.object.address.kind() == "access_package") {
            for open in pending(before, &stored.id).into_iter().filter(|r| !closed.contains(&r.id)) {
                if !deciders(before, &open).is_empty() && deciders(after, &open).is_empty() {
                    let package = address(&[after, before], &open);
                    found.push(Waiting { package, person: open.target.name, request: open.id, closed: None });
                }
            }
        }
    }
    found.sort();
    found
}

/// Who holds two packages, or is of a group, that exclude each other from now on.
pub(super) fn breaches(after: &Facts<'_>, changes: &[Change]) -> Vec<Breach> {
    let mut found = Vec::new();
    for change in changes {
        let Some(package) = change.after.as_ref().and_then(Package::of) else { continue };
        let before = change.before.as_ref().and_then(Package::of);
        let old: BTreeSet<Address> = before.into_iter().flat_map(Package::incompatible_with).map(|(other, _)| other).collect();
        let new: Vec<Address> = package.incompatible_with().map(|(other, _)| other).filter(|o| !old.contains(o)).collect();
        let Some(stored) = after.objects.get(&change.address).filter(|_| !new.is_empty()) else { continue };
        let others: Vec<(Address, BTreeSet<String>)> = new.into_iter().map(|other| (other.clone(), of(after, &other))).collect();
        for held in live_in(after, &stored.id) {
            let person = engine::Person::of_named(after, &held.target);
            for (other, all) in &others {
                if all.contains(&person.named.name) {
                    found.push(Breach { package: change.address.clone(), other: other.clone(), person: person.named.name.clone() });
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The names of those who hold a package, or are of a group.
fn of(facts: &Facts<'_>, other: &Address) -> BTreeSet<String> {
    match other.kind() {
        "group" => people_of(facts, [other.reference().as_str()]),
        _ => {
            let held = facts.objects.get(other).map(|s| live_in(facts, &s.id)).unwrap_or_default();
            held.into_iter().map(|a| engine::Person::of_named(facts, &a.target).named.name).collect()
        }
    }
}

/// What a change of a policy's terms leaves alone.
pub(super) fn same(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change]) -> Vec<Same> {
    let mut found = Vec::new();
    for change in changes.iter().filter(|c| c.action == Action::Update && c.address.kind() == "policy" && super::concerns(c)) {
        let old = change.previous.as_ref().unwrap_or(&change.address);
        let Some((policy, package)) = before.objects.get(old).zip(old.parent().and_then(|p| before.objects.get(&p))) else { continue };
        let running: Vec<Assignment> = live_in(after, &package.id).into_iter().filter(|a| a.policy.id == policy.id).collect();
        let pending = pending(before, &package.id).iter().filter(|r| r.policy.id == policy.id).count();
        if running.is_empty() && pending == 0 {
            continue;
        }
        let ends: Option<Vec<_>> = running.iter().map(|a| a.end).collect();
        let last = ends.and_then(|ends| ends.into_iter().max());
        found.push(Same { policy: change.address.clone(), running: running.len(), last, pending });
    }
    found
}
