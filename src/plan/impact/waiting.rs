//! What becomes of what is under way: requests that wait, pairs of packages that must not be held together, and terms that stay.

use super::held::Held;
use super::{Breach, Same, Waiting};
use crate::engine::{self, Assignment, Event, Facts, Family, Record, Request, RequestState, deciders, live_in, people_of};
use crate::kinds::access_package::Package;
use crate::model::{Action, Address, Change};
use std::collections::{BTreeMap, BTreeSet};

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
    let name = |request: &Request| {
        let known = [after, before].into_iter().find_map(|f| f.of_id(&request.target.id));
        known.map_or_else(|| request.target.name.clone(), |s| s.object.address.key().to_owned())
    };
    for event in events {
        if let Event::Closed { request: id, cause, .. } = event
            && let Some(was) = request(before, id)
        {
            closed.insert(id.clone());
            let (package, person) = (address(&[after, before], &was), name(&was));
            found.push(Waiting { package, person, request: id.clone(), closed: Some(cause.clone()) });
        }
    }
    // Who decides is found in the directory, and in what people hold of it.
    let directory = |c: &Change| matches!(c.address.kind(), "user" | "group" | "connected_organization");
    if touched || changes.iter().any(directory) {
        for stored in before.objects.within_kind("access_package").iter().filter(|s| Package::of(&s.object).is_some()) {
            for open in pending(before, &stored.id).into_iter().filter(|r| !closed.contains(&r.id)) {
                if !deciders(before, &open).is_empty() && deciders(after, &open).is_empty() {
                    let (package, person) = (address(&[after, before], &open), name(&open));
                    found.push(Waiting { package, person, request: open.id, closed: None });
                }
            }
        }
    }
    found.sort();
    found
}

/// Who holds a package, and beside it another, or is of a group, that it excludes; those are found out once.
struct Excluded<'a> {
    facts: &'a Facts<'a>,
    held: Held,
    /// By the id of a package, its address and what it excludes.
    excludes: BTreeMap<String, (Address, Vec<Address>)>,
    others: BTreeMap<Address, BTreeSet<String>>,
}

impl<'a> Excluded<'a> {
    fn new(facts: &'a Facts<'a>, people: &BTreeSet<String>) -> Excluded<'a> {
        let packages = facts.objects.within_kind("access_package").iter().filter_map(|s| Some((s, Package::of(&s.object)?)));
        let excludes = packages.map(|(s, p)| (s, p.incompatible_with().map(|(other, _)| other).collect::<Vec<_>>()));
        let excludes: BTreeMap<String, (Address, Vec<Address>)> =
            excludes.filter(|(_, all)| !all.is_empty()).map(|(s, all)| (s.id.clone(), (s.object.address.clone(), all))).collect();
        // Most hold nothing that excludes anything, and where nothing does nobody is asked.
        let held = if excludes.is_empty() { Held::default() } else { Held::by(facts, people.clone()) };
        Excluded { facts, held, excludes, others: BTreeMap::new() }
    }

    /// What somebody holds together that goes not together.
    fn of(&mut self, id: &str, name: &str) -> BTreeSet<(Address, Address)> {
        let mut found = BTreeSet::new();
        for package in self.held.packages_of(id) {
            let Some((address, excludes)) = self.excludes.get(package) else { continue };
            for other in excludes {
                let all = self.others.entry(other.clone()).or_insert_with(|| of(self.facts, other));
                if all.contains(name) {
                    found.insert((address.clone(), other.clone()));
                }
            }
        }
        found
    }
}

/// Who is in breach afterwards and was not before: of those whom the changes touch, and who hold what excludes more from now on.
pub(super) fn breaches(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change], touched: &BTreeSet<String>) -> Vec<Breach> {
    let mut people = touched.clone();
    for change in changes {
        let Some(package) = change.after.as_ref().and_then(Package::of) else { continue };
        let old = change.before.as_ref().and_then(Package::of);
        let old: BTreeSet<Address> = old.into_iter().flat_map(Package::incompatible_with).map(|(other, _)| other).collect();
        let more = package.incompatible_with().any(|(other, _)| !old.contains(&other));
        let stored = after.objects.get(&change.address).filter(|_| more);
        people.extend(stored.into_iter().flat_map(|s| live_in(after, &s.id)).map(|a| a.target.id));
    }
    let mut now = Excluded::new(after, &people);
    let name = |facts: &Facts<'_>, id: &str| facts.of_id(id).map_or_else(|| id.to_owned(), |s| s.object.address.key().to_owned());
    let told = people.iter().filter_map(|id| {
        let (person, pairs) = (name(after, id), now.of(id, &name(after, id)));
        (!pairs.is_empty()).then(|| (id.clone(), person, pairs))
    });
    let told: Vec<(String, String, BTreeSet<(Address, Address)>)> = told.collect();
    let mut then = Excluded::new(before, &told.iter().map(|(id, ..)| id.clone()).collect());
    let mut found = Vec::new();
    for (id, person, pairs) in told {
        let old = then.of(&id, &name(before, &id));
        found.extend(pairs.difference(&old).cloned().map(|(package, other)| Breach { package, other, person: person.clone() }));
    }
    found.sort();
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

/// What a change of a policy's terms leaves alone: what ran and waited before, and does so afterwards.
pub(super) fn same(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change]) -> Vec<Same> {
    let mut found = Vec::new();
    for change in changes.iter().filter(|c| c.action == Action::Update && c.address.kind() == "policy" && super::concerns(c)) {
        let address = &change.address;
        let Some((policy, package)) = before.objects.get(address).zip(address.parent().and_then(|p| before.objects.get(&p))) else {
            continue;
        };
        let ran = |a: &Assignment| assignment(before, &a.id).is_some_and(|was| was.is_live(before.now));
        let running: Vec<Assignment> = live_in(after, &package.id).into_iter().filter(|a| a.policy.id == policy.id && ran(a)).collect();
        let pending = pending(after, &package.id).iter().filter(|r| r.policy.id == policy.id).count();
        if running.is_empty() && pending == 0 {
            continue;
        }
        let ends: Option<Vec<_>> = running.iter().map(|a| a.end).collect();
        let last = ends.and_then(|ends| ends.into_iter().max());
        found.push(Same { policy: change.address.clone(), running: running.len(), last, pending });
    }
    found
}
