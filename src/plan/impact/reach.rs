//! Who could request a package and no longer can, and who newly can.
//!
//! Asked of what admits somebody at all: catalog, policies and their populations, sign-in. Not of what each of them holds or has asked for.

use super::Reach;
use crate::engine::{Facts, Person, people_of, welcomes};
use crate::kinds::access_package::Package;
use crate::kinds::group::principal;
use crate::kinds::policy::{Policy, Population};
use crate::kinds::{catalog, connected_organization};
use crate::model::{Address, Change};
use std::cell::OnceCell;
use std::collections::BTreeSet;

/// The packages that others can request afterwards; `groups`: those that have other members than before.
pub(super) fn reach(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change], groups: &BTreeSet<Address>) -> Vec<Reach> {
    let wide = packages(before, after, changes, groups);
    let few = people(changes);
    let mut asked: BTreeSet<Address> = wide.clone();
    if !few.is_empty() {
        asked.extend([before, after].into_iter().flat_map(|facts| all_packages(facts).map(|p| p.0.address.clone()).collect::<Vec<_>>()));
    }
    let mut found = Vec::new();
    for package in asked {
        // Of the others only those can be told of of whom something else is said than before.
        let only = (!wide.contains(&package)).then_some(&few);
        let (old, new) = (Door::of(before, &package), Door::of(after, &package));
        // Of a package that comes or goes it is enough to say for whom it was meant.
        let whole = old.is_some() != new.is_some();
        let populations = |door: &Option<Door<'_>>| door.as_ref().map(|d| d.populations(whole)).unwrap_or_default();
        let (was, is) = (populations(&old), populations(&new));
        let people = |door: &Option<Door<'_>>| door.as_ref().filter(|_| !whole).map(|d| d.people(only)).unwrap_or_default();
        let (could, can) = (people(&old), people(&new));
        // Who comes or goes with this very plan could not before, or cannot be told of afterwards.
        let stays = |name: &&String| [before, after].iter().all(|facts| facts.objects.contains_key(&Address::root("user", name)));
        let gain: Vec<String> = can.difference(&could).filter(stays).cloned().collect();
        let lose: Vec<String> = could.difference(&can).filter(stays).cloned().collect();
        let (opens, closes) = (is.difference(&was).cloned().collect(), was.difference(&is).cloned().collect());
        let reach = Reach { package, gain, lose, opens, closes };
        if !(reach.gain.is_empty() && reach.lose.is_empty() && reach.opens.is_empty() && reach.closes.is_empty()) {
            found.push(reach);
        }
    }
    found
}

/// The people of whom something else is said that decides what they can request.
fn people(changes: &[Change]) -> BTreeSet<String> {
    let decides =
        |change: &&Change| change.deltas.iter().any(|(name, _)| matches!(name.as_str(), "enabled" | "mail" | "organization" | "type"));
    let users = changes.iter().filter(|c| c.address.kind() == "user").filter(decides);
    users.map(|c| c.address.key().to_owned()).collect()
}

fn all_packages<'a>(facts: &Facts<'a>) -> impl Iterator<Item = Package<'a>> {
    facts.objects.within_kind("access_package").iter().filter_map(|s| Package::of(&s.object))
}

/// The packages that anybody may be able to request who could not, or the other way round.
fn packages(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change], groups: &BTreeSet<Address>) -> BTreeSet<Address> {
    let mut found: BTreeSet<Address> = BTreeSet::new();
    let mut outside = false;
    for change in changes.iter().filter(|c| super::touched::concerns(c)) {
        match change.address.kind() {
            "access_package" => drop(found.insert(change.address.clone())),
            "policy" => found.extend(change.address.parent()),
            "connected_organization" | "settings" => outside = true,
            "catalog" => {
                for facts in [before, after] {
                    found.extend(all_packages(facts).filter(|p| p.catalog() == change.address).map(|p| p.0.address.clone()));
                }
            }
            _ => {}
        }
    }
    if !groups.is_empty() || outside {
        for facts in [before, after] {
            let named = |policy: Policy<'_>| {
                let members = policy.requestors().map(|v| v.members()).unwrap_or_default();
                let by_group = members.iter().filter_map(|m| principal(m.as_text()?)).any(|a| groups.contains(&a));
                // Guests are among all users of the directory, too, and settings may shut them out.
                by_group || (outside && !matches!(policy.population(), Population::Direct | Population::Automatic))
            };
            let policies = facts.objects.within_kind("access_package").iter().filter_map(|s| Policy::of(&s.object));
            found.extend(policies.filter(|p| named(*p)).filter_map(|p| p.0.address.parent()));
        }
    }
    found
}

/// What admits people to a package.
struct Door<'a> {
    facts: &'a Facts<'a>,
    package: Package<'a>,
    policies: Vec<Policy<'a>>,
    /// The people whom each policy names, worked out when somebody asks for all of them.
    named: OnceCell<Vec<BTreeSet<String>>>,
}

fn principals<'a>(policy: Policy<'a>) -> impl Iterator<Item = &'a str> {
    policy.requestors().map(|v| v.members()).unwrap_or_default().iter().filter_map(|m| m.as_text())
}

impl<'a> Door<'a> {
    /// Nothing, where there is no such package.
    fn of(facts: &'a Facts<'a>, package: &Address) -> Option<Door<'a>> {
        let found = facts.object(package).and_then(Package::of)?;
        let policies = facts.policies(package).map(|(policy, _)| policy).filter(|p| p.is_enabled()).collect();
        Some(Door { facts, package: found, policies, named: OnceCell::new() })
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
        self.policies.iter().copied().filter(|p| meant(*p)).flat_map(words).collect()
    }

    /// Everybody in the directory who can request it, or those of a few.
    fn people(&self, only: Option<&BTreeSet<String>>) -> BTreeSet<String> {
        let can = |person: &Person<'a>| self.admits(person, only.is_some()) && welcomes(self.facts, self.package, person);
        let known = |name: &str| Some(self.facts.person(name)).filter(|p| p.object.is_some() && can(p)).map(|p| p.named.name);
        match only {
            Some(few) => few.iter().filter_map(|name| known(name)).collect(),
            None => self.facts.objects.within_kind("user").iter().filter_map(|s| known(s.object.address.key())).collect(),
        }
    }

    /// Whether the policy of this place names somebody.
    fn names(&self, place: usize, person: &Person<'a>, few: bool) -> bool {
        if few {
            return self.policies.get(place).is_some_and(|policy| person.is_among(self.facts, principals(*policy)));
        }
        let inside = |policy: &Policy<'a>| match policy.population() {
            Population::Inside => people_of(self.facts, principals(*policy)),
            _ => BTreeSet::new(),
        };
        let named = self.named.get_or_init(|| self.policies.iter().map(inside).collect());
        named.get(place).is_some_and(|all| all.contains(&person.named.name))
    }

    fn admits(&self, person: &Person<'a>, few: bool) -> bool {
        let outside = person.is_outside();
        self.policies.iter().enumerate().any(|(place, policy)| match (policy.population(), policy.population_word()) {
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
            (Population::Inside, None) => self.names(place, person, few),
        })
    }
}
