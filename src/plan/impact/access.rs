//! Who holds what before and after, person by person, of those whom a plan can touch.
//!
//! As `engine::held_by` says it, for many people at once: what groups are in one another, and what a package gives, is found out once.

use crate::engine::{Assignment, Facts, Named, Person, live_of};
use crate::expr::Rule;
use crate::kinds::access_package::Package;
use crate::kinds::resource::Resource;
use crate::kinds::user::User;
use crate::model::Address;
use foldhash::HashMap;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

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

/// The groups of a moment, the ways between them, and what packages give.
pub(super) struct Access<'a> {
    facts: &'a Facts<'a>,
    direct: HashMap<Address, Vec<Address>>,
    outer: HashMap<Address, Vec<Address>>,
    owned: HashMap<&'a str, Vec<Address>>,
    rules: Vec<(Address, Rule)>,
    dynamic: BTreeSet<Address>,
    packages: RefCell<HashMap<String, Option<Given>>>,
}

/// A package and the roles that it gives.
type Given = Rc<(Address, Vec<Role>)>;

impl<'a> Access<'a> {
    pub(super) fn new(facts: &'a Facts<'a>) -> Access<'a> {
        let mut access = Access {
            facts,
            direct: HashMap::default(),
            outer: HashMap::default(),
            owned: HashMap::default(),
            rules: Vec::new(),
            dynamic: BTreeSet::new(),
            packages: RefCell::default(),
        };
        for group in facts.groups() {
            let address = &group.0.address;
            group.owners().for_each(|owner| access.owned.entry(owner).or_default().push(address.clone()));
            if let Some(rule) = group.rule() {
                access.dynamic.insert(address.clone());
                access.rules.extend(Rule::read(rule).ok().map(|rule| (address.clone(), rule)));
                continue;
            }
            for member in group.members() {
                let of = if member.kind() == "group" { &mut access.outer } else { &mut access.direct };
                of.entry(member).or_default().push(address.clone());
            }
        }
        access
    }

    /// What somebody holds.
    pub(super) fn of(&self, person: &Person<'_>) -> Holding {
        self.with(person, &live_of(self.facts, &person.named.id))
    }

    /// The same, where their live assignments are known.
    pub(super) fn with(&self, person: &Person<'_>, live: &[Assignment]) -> Holding {
        let mut holding = Holding::new();
        let mut joined: Vec<(Address, Giver)> = Vec::new();
        let declared = self.direct.get(&person.address).into_iter().flatten();
        joined.extend(declared.map(|group| (group.clone(), Giver::Group(group.clone()))));
        if let Some(user) = person.object.and_then(User::of) {
            let matching = self.rules.iter().filter(|(_, rule)| rule.holds(user.fields()) == Ok(true));
            joined.extend(matching.map(|(group, _)| (group.clone(), Giver::Group(group.clone()))));
        }
        for assignment in live {
            let Some(given) = self.given(assignment) else { continue };
            let giver = self.giver(&given.0, &assignment.policy);
            for role in &given.1 {
                holding.entry(role.clone()).or_default().insert(giver.clone());
            }
        }
        for (group, giver) in joined {
            for around in self.around([group]) {
                holding.entry(member(&around, "Member")).or_default().insert(giver.clone());
            }
        }
        for group in self.owned.get(person.named.name.as_str()).into_iter().flatten() {
            holding.entry(member(group, "Owner")).or_default().insert(Giver::Group(group.clone()));
        }
        holding
    }

    /// A package by a policy of it, as that is called now.
    pub(super) fn giver(&self, package: &Address, policy: &Named) -> Giver {
        let known = self.facts.policy(&policy.id).map(|p| p.0.address.key());
        let last = policy.name.rsplit('.').next().unwrap_or(&policy.name);
        Giver::Package(package.clone(), known.unwrap_or(last).to_owned())
    }

    /// The package of an assignment with what it gives now.
    fn given(&self, assignment: &Assignment) -> Option<Given> {
        if let Some(known) = self.packages.borrow().get(&assignment.package.id) {
            return known.clone();
        }
        let found = self.facts.package(&assignment.package.id).map(|package| Rc::new((package.0.address.clone(), self.roles(package))));
        self.packages.borrow_mut().insert(assignment.package.id.clone(), found.clone());
        found
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
