//! Who holds what before and after, person by person, of those whom a plan can touch.
//!
//! As `engine::held_by` says it, for many people at once: what groups are in one another is found out once, and what people hold once
//! for all who hold it by the same.

use super::held::Held;
use crate::engine::{Facts, Named, Person};
use crate::expr::Rule;
use crate::kinds::access_package::Package;
use crate::kinds::resource::Resource;
use crate::kinds::user::User;
use crate::model::{Address, Stored};
use foldhash::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// A role on a thing: its sort, what it is, the role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Role {
    /// `group`, `application`, `sharepoint_site`.
    pub kind: String,
    /// What it is, within its sort.
    pub key: String,
    /// The role.
    pub role: String,
}

/// What gives somebody a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Giver {
    /// A package that they hold, by a policy of it.
    Package(Address, String),
    /// A group whose members or owners the files declare.
    Group(Address),
}

/// What somebody holds, with all that gives it.
pub(super) type Holding = BTreeMap<Role, BTreeSet<Giver>>;

/// By what somebody holds whatever they hold. Those of whom this says the same hold the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Sources {
    /// Packages by their policies, as places among the ways.
    ways: Vec<usize>,
    /// Groups that name them, or whose rule takes them in, as places among the groups.
    joined: Vec<usize>,
    /// Groups that they own.
    owned: Vec<usize>,
}

/// The groups of a moment, the ways between them, and what people hold of packages.
pub(super) struct Access<'a> {
    facts: &'a Facts<'a>,
    groups: Vec<Address>,
    direct: HashMap<Address, Vec<usize>>,
    outer: HashMap<Address, Vec<Address>>,
    owned: HashMap<&'a str, Vec<usize>>,
    rules: Vec<(usize, Rule)>,
    dynamic: BTreeSet<Address>,
}

impl<'a> Access<'a> {
    pub(super) fn new(facts: &'a Facts<'a>) -> Access<'a> {
        let mut access = Access {
            facts,
            groups: Vec::new(),
            direct: HashMap::default(),
            outer: HashMap::default(),
            owned: HashMap::default(),
            rules: Vec::new(),
            dynamic: BTreeSet::new(),
        };
        for (place, group) in facts.groups().enumerate() {
            let address = &group.0.address;
            access.groups.push(address.clone());
            group.owners().for_each(|owner| access.owned.entry(owner).or_default().push(place));
            if let Some(rule) = group.rule() {
                access.dynamic.insert(address.clone());
                access.rules.extend(Rule::read(rule).ok().map(|rule| (place, rule)));
                continue;
            }
            for member in group.members() {
                match member.kind() {
                    "group" => access.outer.entry(member).or_default().push(address.clone()),
                    _ => access.direct.entry(member).or_default().push(place),
                }
            }
        }
        access
    }

    /// What somebody holds.
    pub(super) fn of(&self, person: &Person<'_>) -> Holding {
        let id = &person.named.id;
        let held = Held::by(self.facts, BTreeSet::from([id.clone()]));
        self.holding(&self.sources(id, self.facts.of_id(id), &held), &held)
    }

    /// By what somebody of this id holds what they hold: somebody in the directory, or from outside, who holds a package.
    pub(super) fn sources(&self, id: &str, stored: Option<&Stored>, held: &Held) -> Sources {
        let mut ways: Vec<usize> = held.of(id).map(|holds| holds.way).collect();
        ways.sort_unstable();
        ways.dedup();
        if self.groups.is_empty() || (stored.is_none() && ways.is_empty()) {
            return Sources { ways, ..Sources::default() };
        }
        let (address, name) = match stored {
            Some(stored) => (stored.object.address.clone(), stored.object.address.key()),
            None => (Address::root("user", id), id),
        };
        let mut joined: Vec<usize> = self.direct.get(&address).into_iter().flatten().copied().collect();
        if let Some(user) = stored.and_then(|s| User::of(&s.object)) {
            joined.extend(self.rules.iter().filter(|(_, rule)| rule.holds(user.fields()) == Ok(true)).map(|(place, _)| *place));
        }
        Sources { ways, joined, owned: self.owned.get(name).cloned().unwrap_or_default() }
    }

    /// What these sources give.
    pub(super) fn holding(&self, sources: &Sources, held: &Held) -> Holding {
        let mut holding = Holding::new();
        for way in sources.ways.iter().filter_map(|place| held.way(*place)) {
            let Some(package) = self.facts.package(&way.package) else { continue };
            let giver = self.giver(&package.0.address, &way.policy);
            for role in self.roles(package) {
                holding.entry(role).or_default().insert(giver.clone());
            }
        }
        let groups = |places: &[usize]| -> Vec<Address> { places.iter().filter_map(|place| self.groups.get(*place).cloned()).collect() };
        for group in groups(&sources.joined) {
            for around in self.around([group.clone()]) {
                holding.entry(member(&around, "Member")).or_default().insert(Giver::Group(group.clone()));
            }
        }
        for group in groups(&sources.owned) {
            holding.entry(member(&group, "Owner")).or_default().insert(Giver::Group(group));
        }
        holding
    }

    /// A package by a policy of it, as that is called now.
    pub(super) fn giver(&self, package: &Address, policy: &Named) -> Giver {
        let known = self.facts.policy(&policy.id).map(|p| p.0.address.key());
        let last = policy.name.rsplit('.').next().unwrap_or(&policy.name);
        Giver::Package(package.clone(), known.unwrap_or(last).to_owned())
    }

    /// What a package gives: its roles, and of a membership in a group those in the groups around it.
    fn roles(&self, package: Package<'_>) -> Vec<Role> {
        let role = |(resource, role): (Address, &str)| {
            let (kind, key) = Resource::of(self.facts.object(&resource)?)?.identity();
            Some(Role { kind: kind.to_owned(), key: key.to_owned(), role: role.to_owned() })
        };
        let mut roles: BTreeSet<Role> = package.roles().filter_map(|(resource, name, _)| role((resource, name))).collect();
        let joins = |role: &Role| role.kind == "group" && role.role == "Member";
        let joined = roles.iter().filter(|r| joins(r)).map(|r| Address::root("group", &r.key)).filter(|g| !self.dynamic.contains(g));
        roles.extend(self.around(joined.collect::<Vec<_>>()).iter().map(|group| member(group, "Member")));
        roles.into_iter().collect()
    }

    /// What a package of this id gives now.
    pub(super) fn roles_of(&self, package: &str) -> Vec<Role> {
        self.facts.package(package).map(|p| self.roles(p)).unwrap_or_default()
    }

    /// The groups that a member of one of these is of: itself and those it is in.
    fn around(&self, groups: impl IntoIterator<Item = Address>) -> BTreeSet<Address> {
        let mut seen = BTreeSet::new();
        let mut queue: Vec<Address> = groups.into_iter().collect();
        while let Some(next) = queue.pop() {
            if seen.insert(next.clone()) {
                queue.extend(self.outer.get(&next).into_iter().flatten().cloned());
            }
        }
        seen
    }
}

fn member(group: &Address, role: &str) -> Role {
    Role { kind: "group".to_owned(), key: group.key().to_owned(), role: role.to_owned() }
}
