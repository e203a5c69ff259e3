//! Who could request a package and no longer can, and who newly can.
//!
//! Asked of what admits somebody at all: catalog, policies and their populations, sign-in. Not of what each of them holds or has asked for.

use super::Reach;
use crate::engine::{Facts, people_of, welcomes};
use crate::kinds::access_package::Package;
use crate::kinds::group::principal;
use crate::kinds::policy::{Policy, Population};
use crate::kinds::{catalog, connected_organization};
use crate::model::{Address, Change};
use std::collections::{BTreeMap, BTreeSet};

/// The packages that others can request afterwards.
pub(super) fn reach(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change]) -> Vec<Reach> {
    let mut asked: BTreeMap<Address, Address> = BTreeMap::new();
    for (now, then) in packages(before, after, changes) {
        asked.insert(now, then);
    }
    let mut found = Vec::new();
    for (now, then) in asked {
        let (old, new) = (Door::of(before, &then), Door::of(after, &now));
        // Of a package that comes or goes it is enough to say for whom it was meant.
        let whole = old.is_some() != new.is_some();
        let populations = |door: &Option<Door<'_>>| door.as_ref().map(|d| d.populations(whole)).unwrap_or_default();
        let (was, is) = (populations(&old), populations(&new));
        let people = |door: &Option<Door<'_>>| door.as_ref().filter(|_| !whole).map(Door::people).unwrap_or_default();
        let (could, can) = (people(&old), people(&new));
        // Who comes or goes with this very plan could not before, or cannot be told of afterwards.
        let stays = |name: &&String, facts: &Facts<'_>| facts.objects.contains_key(&Address::root("user", name));
        let gain: Vec<String> = can.difference(&could).filter(|n| stays(n, before)).cloned().collect();
        let lose: Vec<String> = could.difference(&can).filter(|n| stays(n, after)).cloned().collect();
        let reach = Reach {
            package: now,
            gain,
            lose,
            opens: is.difference(&was).cloned().collect(),
            closes: was.difference(&is).cloned().collect(),
        };
        if !(reach.gain.is_empty() && reach.lose.is_empty() && reach.opens.is_empty() && reach.closes.is_empty()) {
            found.push(reach);
        }
    }
    found
}

/// The packages whose requestors can be others: their address afterwards, and before.
fn packages(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change]) -> Vec<(Address, Address)> {
    let mut found: BTreeSet<(Address, Address)> = BTreeSet::new();
    let mut groups: BTreeSet<Address> = BTreeSet::new();
    let mut outside = false;
    for change in changes.iter().filter(|c| super::touched::concerns(c)) {
        let (now, then) = (&change.address, change.previous.as_ref().unwrap_or(&change.address));
        match now.kind() {
            "access_package" => drop(found.insert((now.clone(), then.clone()))),
            "policy" => found.extend(now.parent().zip(then.parent())),
            "group" => groups.extend([now.clone(), then.clone()]),
            "connected_organization" | "settings" => outside = true,
            "catalog" => {
                for facts in [before, after] {
                    let all = facts.objects.within_kind("access_package").iter().filter_map(|s| Package::of(&s.object));
                    let inside = all.filter(|p| p.catalog() == *now || p.catalog() == *then).map(|p| p.0.address.clone());
                    found.extend(inside.map(|address| (address.clone(), address)));
                }
            }
            _ => {}
        }
    }
    if !groups.is_empty() || outside {
        for facts in [before, after] {
            let around = super::Access::new(facts).around(groups.iter().cloned());
            let named = |policy: Policy<'_>| {
                let members = policy.requestors().map(|v| v.members()).unwrap_or_default();
                let by_group = members.iter().filter_map(|m| principal(m.as_text()?)).any(|a| around.contains(&a));
                by_group || (outside && policy.population() == Population::Outside)
            };
            let policies = facts.objects.within_kind("access_package").iter().filter_map(|s| Policy::of(&s.object));
            let meant = policies.filter(|p| named(*p)).filter_map(|p| p.0.address.parent());
            found.extend(meant.map(|address| (address.clone(), address)));
        }
    }
    found.into_iter().collect()
}

/// What admits people to a package.
struct Door<'a> {
    facts: &'a Facts<'a>,
    package: Package<'a>,
    policies: Vec<(Policy<'a>, BTreeSet<String>)>,
}

impl<'a> Door<'a> {
    /// Nothing, where there is no such package.
    fn of(facts: &'a Facts<'a>, package: &Address) -> Option<Door<'a>> {
        let found = facts.object(package).and_then(Package::of)?;
        let named = |policy: Policy<'a>| {
            let texts = policy.requestors().map(|v| v.members()).unwrap_or_default().iter().filter_map(|m| m.as_text());
            if policy.population() == Population::Inside { people_of(facts, texts) } else { BTreeSet::new() }
        };
        let policies = facts.policies(package).map(|(policy, _)| policy).filter(|p| p.is_enabled());
        Some(Door { facts, package: found, policies: policies.map(|p| (p, named(p))).collect() })
    }

    /// The populations of people from outside, whom nobody has counted; all populations, where that is asked.
    fn populations(&self, all: bool) -> BTreeSet<String> {
        let catalog = self.facts.object(&self.package.catalog());
        let (open, outside) = (catalog.is_some_and(catalog::is_enabled), catalog.is_some_and(catalog::is_externally_visible));
        let meant = |policy: Policy<'a>| match policy.population() {
            Population::Outside => open && outside,
            Population::Inside => open && all,
            Population::Direct | Population::Automatic => false,
        };
        let words = |policy: Policy<'a>| -> Vec<String> {
            match (policy.population_word(), policy.requestors()) {
                (Some(word), _) => vec![word.to_owned()],
                (None, Some(named)) => named.members().iter().filter_map(|m| m.as_text()).map(str::to_owned).collect(),
                (None, None) => Vec::new(),
            }
        };
        self.policies.iter().map(|(p, _)| *p).filter(|p| meant(*p)).flat_map(words).collect()
    }

    /// Everybody in the directory who can request it.
    fn people(&self) -> BTreeSet<String> {
        let users = self.facts.objects.within_kind("user").iter();
        let people = users.map(|s| self.facts.person(s.object.address.key()));
        people.filter(|p| self.admits(p) && welcomes(self.facts, self.package, p)).map(|p| p.named.name).collect()
    }

    fn admits(&self, person: &crate::engine::Person<'_>) -> bool {
        let outside = person.is_outside();
        self.policies.iter().any(|(policy, named)| match (policy.population(), policy.population_word()) {
            (Population::Direct | Population::Automatic, _) => false,
            (_, Some("all_members")) => !outside,
            (_, Some("all_directory_users")) => true,
            (_, Some("all_external_users")) => outside,
            (_, Some("all_connected_organizations")) => {
                outside && person.organization(self.facts).is_some_and(|o| !connected_organization::is_proposed(o))
            }
            (_, Some(_)) => false,
            (Population::Outside, None) => {
                person.organization(self.facts).is_some_and(|o| policy.organizations().any(|(named, _)| named == o.address))
            }
            (Population::Inside, None) => named.contains(&person.named.name),
        })
    }
}
