//! Whom an apply reaches in other systems, though it gives them nothing and takes nothing from them.
//!
//! Three ways: something else is known of a person; a package puts its holders into other groups, since a resource, or what the resource
//! stands for, is another one; a connector has another name, or leads elsewhere.

use super::follow::{Following, store_kind};
use crate::config::AppliedSettings;
use crate::engine::{Facts, Family, Named, Reach, targets};
use crate::kinds::resource::Resource;
use crate::model::Address;
use crate::store::Event;
use std::collections::BTreeSet;

/// What an apply reaches.
pub(super) fn reach(following: &Following<'_>, events: &[Event], after: &Facts<'_>, people: Vec<Named>) -> Reach {
    let mut packages = BTreeSet::new();
    if puts_elsewhere(following, events) {
        let before = Facts::new(&following.state.objects, following.records, following.now, following.zone, false);
        let of = |facts: &Facts<'_>, id: &str| -> BTreeSet<(String, String)> { targets(facts, id).into_iter().collect() };
        let all = after.objects.within_kind("access_package").iter().filter(|s| s.object.address.kind() == "access_package");
        packages.extend(all.filter(|s| of(&before, &s.id) != of(after, &s.id)).map(|s| s.id.clone()));
    }
    Reach { packages, people, ..connectors(following, events) }
}

/// Those whom these events change, and who have something in other systems.
pub(super) fn people_with_accounts(following: &Following<'_>, events: &[Event]) -> Vec<Named> {
    let user = |address: &str| Address::parse(address).ok().filter(|a| a.kind() == "user");
    let id = |address: &Address| following.state.objects.get(address).map(|s| s.id.clone());
    let named = |event: &Event| match event {
        Event::ObjectUpdated { address, .. } => user(address).and_then(|a| Some(Named { id: id(&a)?, name: a.key().to_owned() })),
        Event::ObjectMoved { from, to } => {
            let (from, to) = (user(from)?, user(to)?);
            Some(Named { id: id(&from)?, name: to.key().to_owned() })
        }
        Event::ObjectDeleted { last } => user(&last.address).map(|a| Named { id: last.id.clone(), name: a.key().to_owned() }),
        _ => None,
    };
    if !following.any_records {
        return Vec::new();
    }
    let elsewhere = |person: &Named| !following.records.of_person(Family::Delivery, &person.id).is_empty();
    events.iter().filter_map(named).filter(elsewhere).collect()
}

/// Whether packages may put their holders into other groups than before: a package or a resource is another one, or has another name,
/// or something that resources stand for has other roles.
pub(super) fn puts_elsewhere(following: &Following<'_>, events: &[Event]) -> bool {
    let mut origins = BTreeSet::new();
    for event in events {
        match event {
            Event::ObjectUpdated { address, .. } => match store_kind(address).as_str() {
                "access_package" | "resource" => return true,
                "application" | "sharepoint_site" | "group" => drop(origins.insert(address.as_str())),
                _ => {}
            },
            Event::ObjectMoved { from, .. } if store_kind(from) == "resource" => return true,
            _ => {}
        }
    }
    let stands_for_one = |resource: Resource<'_>| resource.origin().is_some_and(|o| origins.contains(o.to_string().as_str()));
    let catalogs = || following.state.objects.within_kind("catalog").iter().filter_map(|s| Resource::of(&s.object));
    !origins.is_empty() && catalogs().any(|resource| resource.connector().is_some() && stands_for_one(resource))
}

/// The connectors that are not what they were: by another name where one led that is not there any more, leading elsewhere, or declared
/// no more.
fn connectors(following: &Following<'_>, events: &[Event]) -> Reach {
    let mut reach = Reach::default();
    for event in events {
        let Event::WorkspaceConfigured { name, settings } = event else { continue };
        let Some(before) = following.state.workspaces.get(name) else { continue };
        let Ok(after) = serde_json::from_str::<AppliedSettings>(settings) else { continue };
        let (before, after) = (before.settings.connectors(), after.connectors());
        for (old, url) in before {
            let same = || after.iter().find(|(_, now)| **now == url).map(|(new, _)| (*new).to_owned());
            match (after.get(old), same()) {
                (Some(now), _) if *now == url => {}
                // Also where the name leads elsewhere now: who was put in there has to leave it by the name that leads there.
                (_, Some(new)) => drop(reach.renamed.insert(old.to_owned(), new)),
                (Some(_), None) => drop(reach.anew.insert(old.to_owned())),
                (None, None) => drop(reach.undeclared.insert(old.to_owned())),
            }
        }
    }
    reach
}

/// Whether a connector is not what it was.
pub(super) fn leads_elsewhere(following: &Following<'_>, events: &[Event]) -> bool {
    let Reach { renamed, anew, undeclared, .. } = connectors(following, events);
    !renamed.is_empty() || !anew.is_empty() || !undeclared.is_empty()
}
