//! A proof: no person can reach two incompatible packages.
//!
//! Two packages are incompatible where one of them excludes the other. Where both say so, the engine lets nobody have both. Where only
//! one does, whoever gets that one first can be given the other. So for each such pair it looks for everybody, known or not, who can
//! come by the one and then, holding it, by the other: directly, or through packages that first make them a member of a group
//! which a policy admits. Packages on the way may be given up again, so they only stand in the way of what excludes them. What is
//! told was tried out with the engine.

use super::{Bits, Check, Found, World};
use crate::checks::standing::{Holding, given};
use crate::engine::{Assignment, Named, Offer, Person, Source, hindrance, offers, would_approve};
use crate::kinds::access_package::Package;
use crate::kinds::group::Group;
use crate::kinds::resource::Resource;
use crate::model::Address;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(super) fn ask(world: &World<'_>, _: &Check) -> Vec<Found> {
    let packages: Vec<Package<'_>> = world.packages().collect();
    if packages.iter().all(|p| p.incompatible_with().next().is_none()) {
        return Vec::new();
    }
    let roads = Roads::of(world, packages);
    let mut found = Vec::new();
    for (number, others) in roads.excluded.iter().enumerate() {
        for other in others.iter().copied() {
            let mutual = roads.excludes(other, number);
            if !mutual || number < other {
                found.extend(roads.together(number, other));
            }
            if !mutual {
                found.extend(roads.one_after_the_other(number, other));
            }
        }
    }
    found
}

/// The packages that a package excludes.
fn excluded(package: Package<'_>) -> impl Iterator<Item = Address> {
    package.incompatible_with().map(|(other, _)| other).filter(|o| o.kind() == "access_package")
}

/// Who comes by which package, and which package opens which.
struct Roads<'w, 'a> {
    world: &'w World<'a>,
    packages: Vec<Package<'a>>,
    /// Those that each excludes.
    excluded: Vec<BTreeSet<usize>>,
    /// Who can request each.
    requests: Vec<Bits>,
    /// Who holds each by the files, or by a rule.
    stands: Vec<Bits>,
    /// Whom a rule gives each.
    rules: Vec<Bits>,
    /// The packages that make their holders members of a group that a policy of this one admits.
    openers: Vec<Vec<usize>>,
}

impl<'w, 'a> Roads<'w, 'a> {
    fn of(world: &'w World<'a>, packages: Vec<Package<'a>>) -> Roads<'w, 'a> {
        let people = world.people();
        let none = || Bits::none(people.all.len());
        let numbers: BTreeMap<Address, usize> = packages.iter().enumerate().map(|(n, p)| (p.0.address.clone(), n)).collect();
        let count = packages.len();
        let (mut requests, mut stands, mut rules) = (vec![none(); count], vec![none(); count], vec![none(); count]);
        for (n, person) in people.all.iter().enumerate() {
            for held in world.standing.held_by(&person.named.id) {
                let package = world.facts.of_id(&held.package.id).and_then(|s| numbers.get(&s.object.address));
                let Some(package) = package.copied() else { continue };
                stands.get_mut(package).into_iter().for_each(|bits| bits.insert(n));
                if held.source == Source::Automatic {
                    rules.get_mut(package).into_iter().for_each(|bits| bits.insert(n));
                }
            }
        }
        for (package, policy) in world.policies() {
            let number = numbers.get(&package.0.address).copied();
            let bits = number.and_then(|n| requests.get_mut(n));
            bits.into_iter().for_each(|bits| bits.add(&world.admitted(package, policy)));
        }
        let openers = openers(world, &packages, &numbers);
        let number = |a: Address| numbers.get(&a).copied();
        let excluded = packages.iter().map(|p| excluded(*p).filter_map(number).collect()).collect();
        Roads { world, packages, excluded, requests, stands, rules, openers }
    }

    fn excludes(&self, one: usize, other: usize) -> bool {
        self.excluded.get(one).is_some_and(|all| all.contains(&other))
    }

    fn told(&self, number: usize) -> String {
        self.packages.get(number).map_or_else(String::new, |p| format!("`{}`", p.0.address.key()))
    }

    /// Who holds both by the files.
    fn together(&self, one: usize, other: usize) -> Option<Found> {
        let mut both = self.stands.get(one)?.clone();
        both.keep(self.stands.get(other)?);
        let first = both.iter().next()?;
        let package = self.packages.get(one)?;
        let message = format!(
            "{} holds {} and {} by the files{}",
            self.world.people().called(first),
            self.told(one),
            self.told(other),
            others(both.count())
        );
        Some(self.world.found(Some(&package.0.address), message))
    }

    /// The packages over which somebody may come by one, itself included: each opens the next, which does not exclude it.
    fn leading_to(&self, to: usize, passes: &dyn Fn(usize) -> bool) -> BTreeSet<usize> {
        let mut all = BTreeSet::from([to]);
        let mut queue = vec![to];
        while let Some(here) = queue.pop() {
            let openers = self.openers.get(here).into_iter().flatten().copied();
            queue.extend(openers.filter(|o| passes(*o) && !self.excludes(here, *o)).filter(|o| all.insert(*o)));
        }
        all
    }

    /// Who can come by a package: whoever comes by one that leads to it.
    fn reach(&self, to: usize, starts: [&[Bits]; 2], passes: &dyn Fn(usize) -> bool) -> Bits {
        let mut reach = Bits::none(self.world.people().all.len());
        for package in self.leading_to(to, passes) {
            starts.iter().filter_map(|start| start.get(package)).for_each(|bits| reach.add(bits));
        }
        reach
    }

    /// Who can come by the package that excludes, and then by the one that it excludes, which says nothing of it.
    fn one_after_the_other(&self, excluding: usize, silent: usize) -> Option<Found> {
        let holding = |n: usize| !self.excludes(n, excluding);
        let mut both = self.reach(excluding, [&self.requests, &self.stands], &|_| true);
        both.keep(&self.reach(silent, [&self.requests, &self.rules], &holding));
        let (mut told, mut count): (Option<String>, usize) = (None, 0);
        for person in both.iter() {
            if told.is_none() {
                told = self.tried_out(person, excluding, silent);
                if told.is_none() {
                    continue;
                }
            }
            count = count.saturating_add(1);
        }
        let (excludes, package) = (self.packages.get(excluding)?, self.packages.get(silent)?);
        let message = format!("{}{}", told?, others(count));
        let help = Some(format!(
            "write `incompatible_with = [\"{}\"]` in {} too",
            excludes.0.address.reference(),
            self.world.told(&package.0.address)
        ));
        Some(Found { help, ..self.world.found(Some(&package.0.address), message) })
    }

    /// The packages in whose order somebody comes by the last of them; several ways, the shortest first.
    fn way(&self, to: usize, start: &dyn Fn(usize) -> bool, passes: &dyn Fn(usize) -> bool) -> Vec<Vec<usize>> {
        const WAYS: usize = 8;
        let mut found = Vec::new();
        let mut seen = BTreeSet::from([to]);
        let mut queue = VecDeque::from([vec![to]]);
        while let Some(way) = queue.pop_front() {
            let Some(here) = way.first().copied() else { continue };
            if start(here) {
                found.push(way.clone());
                if found.len() >= WAYS {
                    break;
                }
            }
            for opener in self.openers.get(here).into_iter().flatten().copied() {
                if passes(opener) && !self.excludes(here, opener) && seen.insert(opener) {
                    queue.push_back([opener].into_iter().chain(way.iter().copied()).collect());
                }
            }
        }
        found
    }

    /// The story of how somebody comes by both, as the engine lets it happen.
    fn tried_out(&self, person: usize, excluding: usize, silent: usize) -> Option<String> {
        let has = |all: &[Bits], n: usize| all.get(n).is_some_and(|bits| bits.has(person));
        let first = |n: usize| has(&self.requests, n) || has(&self.stands, n);
        let then = |n: usize| has(&self.requests, n) || has(&self.rules, n);
        let holding = |n: usize| !self.excludes(n, excluding);
        for one in self.way(excluding, &first, &|_| true) {
            for other in self.way(silent, &then, &holding) {
                let mut attempt = Attempt::new(self, person)?;
                let both = one.iter().all(|p| attempt.get(*p, None)) && other.iter().all(|p| attempt.get(*p, Some(excluding)));
                if both && attempt.holds(excluding) && attempt.holds(silent) {
                    let story = attempt.story.join(", then ");
                    return Some(format!(
                        "{} {story}, and holds both: {} excludes {}, which says nothing of it",
                        self.world.people().called(person),
                        self.told(excluding),
                        self.told(silent)
                    ));
                }
            }
        }
        None
    }
}

fn others(all: usize) -> String {
    match all.saturating_sub(1) {
        0 => String::new(),
        1 => "; so can 1 other".to_owned(),
        n => format!("; so can {n} others"),
    }
}

/// For each package those that open it: they give membership in a group, or in one inside it, that one of its policies admits.
fn openers(world: &World<'_>, packages: &[Package<'_>], numbers: &BTreeMap<Address, usize>) -> Vec<Vec<usize>> {
    let mut around: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for group in world.facts.groups() {
        for inner in group.members().filter(|m| m.kind() == "group") {
            around.entry(inner).or_default().push(group.0.address.clone());
        }
    }
    let mut giving: BTreeMap<Address, BTreeSet<usize>> = BTreeMap::new();
    for (number, package) in packages.iter().enumerate() {
        let groups = package.roles().filter(|(_, role, _)| *role == "Member");
        let origin = |(address, ..): (Address, &str, _)| world.facts.object(&address).and_then(Resource::of)?.origin();
        let mut queue: Vec<Address> = groups.filter_map(origin).filter(|o| o.kind() == "group").collect();
        while let Some(group) = queue.pop() {
            let rule = world.facts.object(&group).and_then(Group::of).is_none_or(Group::is_dynamic);
            if !rule && giving.entry(group.clone()).or_default().insert(number) {
                queue.extend(around.get(&group).into_iter().flatten().cloned());
            }
        }
    }
    let mut openers: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); packages.len()];
    for (package, policy) in world.policies().filter(|(_, policy)| policy.is_enabled() && policy.population_word().is_none()) {
        let requestors = policy.requestors().into_iter().flat_map(|v| v.members().iter().filter_map(|m| m.as_text()));
        let groups = requestors.filter_map(crate::kinds::group::principal).filter(|a| a.kind() == "group");
        let Some(own) = numbers.get(&package.0.address).copied() else { continue };
        let by: BTreeSet<usize> = groups.filter_map(|g| giving.get(&g)).flatten().copied().filter(|by| *by != own).collect();
        openers.get_mut(own).into_iter().for_each(|all| all.extend(&by));
    }
    openers.into_iter().map(|all| all.into_iter().collect()).collect()
}

/// Somebody who asks for one package after the other.
struct Attempt<'r, 'w, 'a> {
    roads: &'r Roads<'w, 'a>,
    person: Person<'a>,
    number: usize,
    held: Vec<Assignment>,
    story: Vec<String>,
}

impl<'r, 'w, 'a> Attempt<'r, 'w, 'a> {
    fn new(roads: &'r Roads<'w, 'a>, number: usize) -> Option<Attempt<'r, 'w, 'a>> {
        let person = roads.world.people().all.get(number)?.clone();
        let held = roads.world.standing.held_by(&person.named.id).cloned().collect();
        Some(Attempt { roads, person, number, held, story: Vec::new() })
    }

    fn holds(&self, package: usize) -> bool {
        let id = self.roads.packages.get(package).and_then(|p| self.roads.world.facts.named(&p.0.address)).map(|n| n.id);
        self.held.iter().any(|a| Some(&a.package.id) == id.as_ref())
    }

    /// Comes by a package; what stands in its way is given up first, but for the one to `keep`.
    fn get(&mut self, package: usize, keep: Option<usize>) -> bool {
        let told = self.roads.told(package);
        if self.holds(package) {
            if self.story.is_empty() {
                self.story.push(format!("holds {told} by the files"));
            }
            return true;
        }
        let facts = self.roads.world.facts;
        let Some(address) = self.roads.packages.get(package).map(|p| p.0.address.clone()) else { return false };
        let Some(id) = facts.named(&address) else { return false };
        // What it excludes and is held ends first.
        for other in (0..self.roads.packages.len()).filter(|o| self.roads.excludes(package, *o) && self.holds(*o)).collect::<Vec<_>>() {
            if Some(other) == keep {
                return false;
            }
            let gone = self.roads.packages.get(other).and_then(|p| facts.named(&p.0.address)).map(|n| n.id);
            self.held.retain(|a| Some(&a.package.id) != gone.as_ref());
            self.story.push(format!("gives {} up", self.roads.told(other)));
        }
        let records = Holding { base: self.roads.world.standing, person: &self.person.named.id, held: &self.held };
        let now = facts.with(&records, facts.now);
        let decided = |offer: &Offer<'_>| would_approve(&now, offer, &self.person).iter().all(|s| !s.approvers.is_empty());
        let offered = offers(&now, &address, &self.person).unwrap_or_default();
        let through = offered.iter().find(|o| decided(o)).map(|o| (o.policy.0.address.clone(), o.stored.id.clone()));
        let hindered = hindrance(&now, &address, &self.person).is_some();
        let by_rule = self.roads.rules.get(package).is_some_and(|bits| bits.has(self.number));
        let (policy, source) = match through {
            _ if hindered => return false,
            Some((policy, stored)) => {
                self.story.push(format!("gets {told} through `{}`", policy.key()));
                (Named { id: stored, name: policy.to_string() }, Source::Direct(String::new()))
            }
            None if by_rule => {
                self.story.push(format!("is given {told} by its rule"));
                (id.clone(), Source::Automatic)
            }
            None => return false,
        };
        let made = given((id, policy, self.person.named.clone()), source, facts.now, None);
        self.held.push(made);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{now, told, worlds};

    const USE: &str = "use = \"no-incompatible-packages-together\"";
    const BASE: &str = r#"
[user."kim@x.example"]
[user."mia@x.example"]
[group.buyers]
members = ["kim@x.example"]
[group.desk]
[catalog.c]
[catalog.c.resource.desk]
origin = "group:desk"
[access_package.buy]
catalog = "c"
incompatible_with = ["access_package:approve"]
[access_package.buy.policy.staff]
requestors = ["group:buyers"]
expiration = "30d"
approval = { approvers = ["mia@x.example"], timeout = "7d" }
[access_package.help]
catalog = "c"
resource_roles.desk = "Member"
[access_package.help.policy.staff]
requestors = "all_members"
expiration = "30d"
approval = "none"
[access_package.approve]
catalog = "c"
[access_package.approve.policy.desk]
requestors = ["group:desk"]
expiration = "30d"
approval = "none"
"#;

    #[test]
    fn a_counterexample_is_a_story() {
        assert_eq!(
            told(BASE, USE),
            [
                "`kim@x.example` gets `buy` through `staff`, then gets `help` through `staff`, then gets `approve` through `desk`, and holds \
              both: `buy` excludes `approve`, which says nothing of it"
            ]
        );
    }

    #[test]
    fn said_on_both_sides_it_is_proved() {
        let mutual = BASE.replace(
            "[access_package.approve]\ncatalog = \"c\"",
            "[access_package.approve]\ncatalog = \"c\"\nincompatible_with = [\"access_package:buy\"]",
        );
        assert!(told(&mutual, USE).is_empty());
        // Nor is the way open where the package on it excludes the one that is held.
        let closed = BASE.replace(
            "[access_package.help]\ncatalog = \"c\"",
            "[access_package.help]\ncatalog = \"c\"\nincompatible_with = [\"access_package:buy\"]",
        );
        assert!(told(&closed, USE).iter().all(|m| !m.contains("`approve`, which")), "{:?}", told(&closed, USE));
    }

    /// The same, by trying out for everybody whatever they can do, step by step.
    fn naive(world: &World<'_>) -> BTreeSet<String> {
        let packages: Vec<Package<'_>> = world.packages().collect();
        let id = |p: &Package<'_>| world.facts.named(&p.0.address).unwrap();
        let mut found = BTreeSet::new();
        for person in &world.people().all {
            let stands: Vec<&Assignment> = world.standing.held_by(&person.named.id).collect();
            let start: BTreeSet<usize> =
                (0..packages.len()).filter(|n| stands.iter().any(|a| a.package.id == id(&packages[*n]).id)).collect();
            let rules: BTreeSet<usize> = (0..packages.len())
                .filter(|n| stands.iter().any(|a| a.source == Source::Automatic && a.package.id == id(&packages[*n]).id))
                .collect();
            let mut seen = BTreeSet::from([start.clone()]);
            let mut queue = vec![start];
            while let Some(held) = queue.pop() {
                for a in &held {
                    for b in held.iter().filter(|b| a < *b) {
                        let (one, other) = (packages[*a], packages[*b]);
                        if excluded(one).any(|x| x == other.0.address) || excluded(other).any(|x| x == one.0.address) {
                            found.insert(format!("{} {}", one.0.address.key(), other.0.address.key()));
                        }
                    }
                }
                let own: Vec<Assignment> = held
                    .iter()
                    .map(|n| {
                        let named: Named = id(&packages[*n]);
                        given((named.clone(), named, person.named.clone()), Source::Automatic, now(), None)
                    })
                    .collect();
                let records = Holding { base: world.standing, person: &person.named.id, held: &own };
                let facts = world.facts.with(&records, now());
                for (n, package) in packages.iter().enumerate() {
                    let mut next = held.clone();
                    if !next.remove(&n) {
                        let address = &package.0.address;
                        let decided =
                            |offer: &Offer<'_>| would_approve(&facts, offer, person).iter().all(|seat| !seat.approvers.is_empty());
                        let offered = offers(&facts, address, person).is_ok_and(|all| all.iter().any(decided));
                        if !(offered || rules.contains(&n)) || hindrance(&facts, address, person).is_some() {
                            continue;
                        }
                        next.insert(n);
                    }
                    if seen.insert(next.clone()) {
                        queue.push(next);
                    }
                }
            }
        }
        found
    }

    #[test]
    fn it_is_what_trying_everything_out_finds() {
        let (some, none) = worlds(7, 0, |world, text| {
            let roads = Roads::of(world, world.packages().collect());
            let key = |n: usize| roads.packages[n].0.address.key().to_owned();
            let mut found = BTreeSet::new();
            for one in 0..roads.packages.len() {
                for other in (0..roads.packages.len()).filter(|other| roads.excludes(one, *other)) {
                    let one_sided = !roads.excludes(other, one) && roads.one_after_the_other(one, other).is_some();
                    if one_sided || roads.together(one, other).is_some() {
                        let (a, b) = (key(one.min(other)), key(one.max(other)));
                        found.insert(format!("{a} {b}"));
                    }
                }
            }
            assert_eq!(found, naive(world), "{text}");
            !found.is_empty()
        });
        assert!(some > 50 && none > 5, "{some} {none}");
    }
}
