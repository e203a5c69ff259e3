//! Who holds what, and for which reasons: the union of live assignments and declared memberships.
//!
//! A resource role is held for as long as one reason lives. Nothing of it is kept: a package that gives another role today gives it
//! to all who hold the package (R27, R28).

use super::facts::Facts;
use super::nouns::Assignment;
use super::people::Person;
use super::record::{Family, Record};
use super::ways::{Joined, ways_into};
use crate::kinds::access_package::Package;
use crate::kinds::group::Group;
use crate::kinds::resource::Resource;
use crate::model::{Address, Object, Stored};
use std::collections::{BTreeMap, BTreeSet};

/// Why somebody holds a resource role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// By an assignment of a package.
    Assignment(Box<Assignment>),
    /// As a declared member or owner of this group, directly or through the groups that follow.
    Declared(Vec<Address>),
}

/// A resource role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What sort of thing: `group`, `application`, `sharepoint_site`.
    pub kind: String,
    /// What it is, within its sort.
    pub key: String,
    /// The role.
    pub role: String,
    /// Every reason that lives.
    pub reasons: Vec<Reason>,
}

/// The live assignments of a person, by their id.
#[must_use]
pub fn live_of(facts: &Facts<'_>, person: &str) -> Vec<Assignment> {
    live(facts, facts.records.of_person(Family::Assignment, person))
}

/// The live assignments of a package, by its id.
#[must_use]
pub fn live_in(facts: &Facts<'_>, package: &str) -> Vec<Assignment> {
    live(facts, facts.records.of_package(Family::Assignment, package))
}

/// Whether a person holds a package, by its id.
pub(super) fn holds(facts: &Facts<'_>, person: &Person<'_>, package: &str) -> bool {
    live_of(facts, &person.named.id).iter().any(|a| a.package.id == package)
}

fn live(facts: &Facts<'_>, records: Vec<Record>) -> Vec<Assignment> {
    let assignment = |record| if let Record::Assignment(a) = record { Some(*a) } else { None };
    records.into_iter().filter_map(assignment).filter(|a| a.is_live(facts.now)).collect()
}

/// The roles that a package gives now, each with its resource.
pub(super) fn roles_on<'a>(facts: &Facts<'a>, package: Package<'a>) -> impl Iterator<Item = (Resource<'a>, &'a str)> {
    let roles: Vec<_> = package.roles().collect();
    let found: Vec<_> = roles.into_iter().filter_map(|(address, role, _)| Some((Resource::of(facts.object(&address)?)?, role))).collect();
    found.into_iter()
}

/// The same by what the resources are: sort, key, role.
fn roles_of<'a>(facts: &Facts<'a>, package: Package<'a>) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
    roles_on(facts, package).map(|(resource, role)| {
        let (kind, key) = resource.identity();
        (kind, key, role)
    })
}

/// Whether a package gives membership in a group.
pub(super) fn gives_group(facts: &Facts<'_>, package: &str, group: &Address) -> bool {
    let found = facts.package(package);
    found.is_some_and(|p| roles_of(facts, p).any(|(kind, key, role)| kind == "group" && key == group.key() && role == "Member"))
}

/// Whether a package that a person holds makes them a member of a group.
pub(super) fn gives_membership(facts: &Facts<'_>, person: &str, group: &Address) -> bool {
    live_of(facts, person).iter().any(|a| gives_group(facts, &a.package.id, group))
}

/// The live assignments that make somebody a member of a group.
pub(super) fn memberships(facts: &Facts<'_>, group: &Address) -> Vec<Assignment> {
    let origin = group.reference();
    let catalogs = facts.objects.within_kind("catalog").iter().map(|s| &s.object);
    // Few groups are resources: only for these are packages looked through.
    if !catalogs.filter_map(Resource::of).any(|r| r.origin_text() == origin) {
        return Vec::new();
    }
    let packages = facts.objects.within_kind("access_package").iter().filter(|s| Package::of(&s.object).is_some());
    let giving = packages.filter(|s| gives_group(facts, &s.id, group));
    giving.flat_map(|s| live_in(facts, &s.id)).collect()
}

/// The user principal names of those whom packages make members of a group.
pub(super) fn members_by_packages(facts: &Facts<'_>, group: &Address) -> Vec<String> {
    memberships(facts, group).into_iter().map(|a| Person::of_named(facts, &a.target).named.name).collect()
}

/// A role on a thing that a package gives, and the resource of its catalog by which it does.
#[derive(Debug, Clone)]
pub struct Giving<'a> {
    /// The package.
    pub package: Package<'a>,
    /// The same, as it is stored.
    pub stored: &'a Stored,
    /// The resource.
    pub resource: Address,
    /// The role.
    pub role: &'a str,
}

/// The packages that give a role on a thing now, in the order of their names; the thing is named by its sort and what it is.
#[must_use]
pub fn giving<'a>(facts: &Facts<'a>, kind: &str, key: &str) -> Vec<Giving<'a>> {
    let packages = facts.objects.within_kind("access_package").iter().filter_map(|s| Some((Package::of(&s.object)?, s)));
    let is_meant = |resource: &Address| facts.object(resource).and_then(Resource::of).is_some_and(|r| r.identity() == (kind, key));
    let given = packages.flat_map(|(package, stored)| {
        let roles: Vec<_> = package.roles().collect();
        roles.into_iter().map(move |(resource, role, _)| Giving { package, stored, resource, role })
    });
    given.filter(|g| is_meant(&g.resource)).collect()
}

/// Everything that a person holds, in order, each with all its reasons.
#[must_use]
pub fn held_by(facts: &Facts<'_>, person: &Person<'_>) -> Vec<Held> {
    let mut held: BTreeMap<(String, String, String), Vec<Reason>> = BTreeMap::new();
    let mut give = |kind: &str, key: &str, role: &str, reason| {
        held.entry((kind.to_owned(), key.to_owned(), role.to_owned())).or_default().push(reason);
    };
    for assignment in live_of(facts, &person.named.id) {
        let Some(package) = facts.package(&assignment.package.id) else { continue };
        for (kind, key, role) in roles_of(facts, package) {
            give(kind, key, role, Reason::Assignment(Box::new(assignment.clone())));
        }
    }
    for group in facts.groups() {
        let key = group.0.address.key();
        for (_, way) in ways_into(facts, &group.0.address, Some(person)) {
            match way.joined {
                // What a package gives on this very group was told with the package.
                Joined::Package(_) if way.groups.len() == 1 => {}
                Joined::Package(assignment) => give("group", key, "Member", Reason::Assignment(assignment)),
                Joined::Declared | Joined::Rule => give("group", key, "Member", Reason::Declared(way.groups)),
            }
        }
        if group.owners().any(|o| o == person.named.name) {
            give("group", key, "Owner", Reason::Declared(vec![group.0.address.clone()]));
        }
    }
    held.into_iter().map(|((kind, key, role), reasons)| Held { kind, key, role, reasons }).collect()
}

/// The groups, one in the other, by which somebody is a declared member of the first.
fn declared_path(facts: &Facts<'_>, person: &Address, group: Group<'_>) -> Option<Vec<Address>> {
    let mut seen = BTreeSet::from([group.0.address.clone()]);
    let mut queue = vec![vec![group.0.address.clone()]];
    while let Some(path) = queue.pop() {
        let here = path.last().and_then(|a| facts.object(a)).and_then(Group::of);
        for member in here.into_iter().flat_map(Group::members) {
            if member == *person {
                return Some(path);
            }
            if member.kind() == "group" && seen.insert(member.clone()) {
                queue.push(path.iter().cloned().chain([member]).collect());
            }
        }
    }
    None
}

/// Who holds a resource role, and by which assignment or declaration: name, role, reason, in order.
#[must_use]
pub fn holders_of(facts: &Facts<'_>, resource: &Object) -> Vec<(String, String, Reason)> {
    let Some((kind, key)) = Resource::of(resource).map(Resource::identity) else { return Vec::new() };
    let mut found = Vec::new();
    for stored in facts.objects.within_kind("access_package").iter().filter(|s| s.object.address.kind() == "access_package") {
        let Some(package) = Package::of(&stored.object) else { continue };
        let roles: Vec<&str> = roles_of(facts, package).filter(|(k, i, _)| (*k, *i) == (kind, key)).map(|(.., role)| role).collect();
        if roles.is_empty() {
            continue;
        }
        for assignment in live_in(facts, &stored.id) {
            let name = Person::of_named(facts, &assignment.target).named.name;
            found.extend(roles.iter().map(|role| (name.clone(), (*role).to_owned(), Reason::Assignment(Box::new(assignment.clone())))));
        }
    }
    if kind == "group"
        && let Some(group) = facts.object(&Address::root("group", key)).and_then(Group::of)
    {
        for user in facts.objects.within_kind("user") {
            if let Some(path) = declared_path(facts, &user.object.address, group) {
                found.push((user.object.address.key().to_owned(), "Member".to_owned(), Reason::Declared(path)));
            }
        }
        let owner = |o: &str| (o.to_owned(), "Owner".to_owned(), Reason::Declared(vec![group.0.address.clone()]));
        found.extend(group.owners().map(owner));
    }
    found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    found
}
