//! Who holds which resource role by declaration, and how many people an apply would take one from.

use super::Planned;
use crate::kinds::{access_package::Package, assignment::Assignment, group::Group, resource::Resource, user};
use crate::model::{Address, Change, Holdings, Object, Zone};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A person, and the type, origin and role of what they hold.
type Held = BTreeSet<(Address, String, String, String)>;

/// Distinct people who lose a resource role that no declared assignment and no declared membership still gives.
pub(super) fn people_losing_access(before: &Holdings, after: &Planned<'_>, changes: &[Change], zone: Zone, now: DateTime<Utc>) -> usize {
    // Access comes from these kinds alone; a plan that touches none of them takes none away.
    let touches = |c: &Change| !matches!(c.address.kind(), "catalog" | "delegation" | "policy" | "settings" | "connected_organization");
    let takes = changes.iter().any(|c| c.before.is_some() && touches(c));
    if !takes {
        return 0;
    }
    let prior: BTreeMap<&Address, &Object> = before.iter().map(|(a, s)| (a, &s.object)).collect();
    let resources: BTreeSet<Address> = prior.values().filter_map(|o| Resource::of(o)?.origin()).collect();
    let had = held(&prior, zone, now, Some(&resources));
    let will = held(after.all(), zone, now, None);
    had.difference(&will).map(|(person, ..)| person).collect::<BTreeSet<_>>().len()
}

/// What people hold; memberships count for the groups that `only` names, or for all.
fn held(objects: &BTreeMap<&Address, &Object>, zone: Zone, now: DateTime<Utc>, only: Option<&BTreeSet<Address>>) -> Held {
    let mut held = Held::new();
    for assignment in objects.values().filter_map(|o| Assignment::of(o)).filter(|a| !a.is_over(zone, now)) {
        let Some(package) = assignment.package().and_then(|p| objects.get(&p).copied()).and_then(Package::of) else { continue };
        for (address, role, _) in package.roles() {
            let Some(resource) = objects.get(&address).copied().and_then(Resource::of) else { continue };
            for person in assignment.holders().filter(|p| objects.contains_key(p)) {
                held.insert((person, resource.type_name().to_owned(), resource.origin_text().to_owned(), role.to_owned()));
            }
        }
    }
    for group in objects.values().filter_map(|o| Group::of(o)) {
        let address = &group.0.address;
        if only.is_some_and(|only| !only.contains(address)) {
            continue;
        }
        let mut give = |person: Address, role: &str| held.insert((person, "group".to_owned(), address.reference(), role.to_owned()));
        for person in effective_members(objects, address) {
            give(person, "Member");
        }
        for owner in group.owners() {
            give(Address::root(user::KIND.name, owner), "Owner");
        }
    }
    held
}

/// The users of a group, those of groups in it included.
pub(super) fn effective_members(objects: &BTreeMap<&Address, &Object>, group: &Address) -> BTreeSet<Address> {
    let mut people = BTreeSet::new();
    let mut seen = BTreeSet::from([group.clone()]);
    let mut queue = vec![group.clone()];
    while let Some(next) = queue.pop() {
        for member in objects.get(&next).copied().and_then(Group::of).into_iter().flat_map(Group::members) {
            if member.kind() == user::KIND.name {
                people.insert(member);
            } else if seen.insert(member.clone()) {
                queue.push(member);
            }
        }
    }
    people
}
