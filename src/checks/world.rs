//! What checks ask again and again: who there is, who stands in which group, whom a policy admits. Everything is worked out when
//! somebody first asks, and once.

use super::bits::Bits;
use super::standing::Standing;
use super::{Found, Judged};
use crate::diag::codes;
use crate::engine::{Facts, Person, people_of};
use crate::kinds::access_package::Package;
use crate::kinds::policy::{Policy, Population};
use crate::kinds::{catalog, connected_organization as organization, settings};
use crate::model::{Address, Change, Object};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// What there is.
pub struct World<'a> {
    /// What was given.
    pub judged: &'a Judged<'a>,
    /// For the engine: who holds what by the files alone.
    pub facts: &'a Facts<'a>,
    /// The same, by person.
    pub standing: &'a Standing,
    changes: OnceCell<HashMap<&'a str, &'a Change>>,
    people: OnceCell<People<'a>>,
    groups: RefCell<HashMap<String, Rc<Bits>>>,
    /// The manager of each who can sign in, and the manager of the one that the directory names.
    managers: OnceCell<Vec<[Option<usize>; 2]>>,
}

/// Everybody whom requests may come from.
pub struct People<'a> {
    /// The people of the directory in the order of their names, then one for each sort of person from outside who is not in it yet.
    pub all: Vec<Person<'a>>,
    /// How many of them the directory has.
    pub known: usize,
    /// Their numbers.
    numbers: BTreeMap<String, usize>,
    /// Who can sign in, and is welcome.
    welcome: Bits,
    /// Who can sign in, of the directory.
    pub enabled: Bits,
    /// Who is from outside.
    outside: Bits,
    /// Everybody of each organization.
    organizations: BTreeMap<Address, Bits>,
}

impl<'a> World<'a> {
    pub(super) fn new(judged: &'a Judged<'a>, facts: &'a Facts<'a>, standing: &'a Standing) -> World<'a> {
        World {
            judged,
            facts,
            standing,
            changes: OnceCell::new(),
            people: OnceCell::new(),
            groups: RefCell::default(),
            managers: OnceCell::new(),
        }
    }

    /// Something that does not keep to a check.
    #[must_use]
    pub fn found(&self, address: Option<&Address>, message: impl Into<String>) -> Found {
        let place = address.and_then(|a| (self.judged.place)(a));
        Found { code: &codes::E0507, address: address.cloned(), place, message: message.into(), help: None }
    }

    /// `address (file:line)`, for stories.
    #[must_use]
    pub fn told(&self, address: &Address) -> String {
        let place = (self.judged.place)(address).map(|(file, line)| format!(" ({file}:{line})")).unwrap_or_default();
        format!("`{address}`{place}")
    }

    /// How an object changes, if it does.
    #[must_use]
    pub fn change_of(&self, address: &Address) -> Option<&'a Change> {
        let changes = self.changes.get_or_init(|| self.judged.changes.iter().map(|c| (c.address.as_str(), c)).collect());
        changes.get(address.as_str()).copied()
    }

    /// The object of a kind that stands around another, or governs it.
    #[must_use]
    pub fn near(&self, object: &Object, kind: &str) -> Option<&'a Object> {
        let package = || object.address.lineage().find_map(|a| self.facts.object(&a).and_then(Package::of));
        match kind {
            "catalog" => match package() {
                Some(package) => self.facts.object(&package.catalog()),
                None => self.facts.object(&object.address.parent()?),
            },
            "policy" => self.facts.object(&crate::kinds::assignment::Assignment::of(object)?.policy()?),
            _ => self.facts.object(&object.address.parent()?),
        }
    }

    /// Every package, in the order of their names.
    pub fn packages(&self) -> impl Iterator<Item = Package<'a>> {
        self.facts.objects.within_kind("access_package").iter().filter_map(|s| Package::of(&s.object))
    }

    /// Every policy with its package.
    pub fn policies(&self) -> impl Iterator<Item = (Package<'a>, Policy<'a>)> {
        self.packages().flat_map(|package| self.facts.policies(&package.0.address).map(move |(policy, _)| (package, policy)))
    }

    /// Everybody.
    #[must_use]
    pub fn people(&self) -> &People<'a> {
        self.people.get_or_init(|| People::of(self.facts))
    }

    fn managers(&self, number: usize) -> [Option<usize>; 2] {
        let of = |person: &Person<'a>| {
            let number = |p: Person<'_>| self.people().number(&p.named.name);
            let second = person.named_manager(self.facts).and_then(|m| m.manager(self.facts));
            [person.manager(self.facts).and_then(number), second.and_then(number)]
        };
        let all = self.managers.get_or_init(|| self.people().all.iter().map(of).collect());
        all.get(number).copied().unwrap_or_default()
    }

    /// The manager of somebody, if the directory names one who can sign in.
    #[must_use]
    pub fn manager(&self, number: usize) -> Option<usize> {
        self.managers(number)[0]
    }

    /// The manager of the manager.
    #[must_use]
    pub fn second_manager(&self, number: usize) -> Option<usize> {
        self.managers(number)[1]
    }

    /// The people of the directory whom a principal names, a group by effective membership.
    #[must_use]
    pub fn named(&self, principal: &str) -> Rc<Bits> {
        if let Some(known) = self.groups.borrow().get(principal) {
            return Rc::clone(known);
        }
        let people = self.people();
        let mut bits = Bits::none(people.all.len());
        people_of(self.facts, [principal]).iter().filter_map(|name| people.number(name)).for_each(|n| bits.insert(n));
        let bits = Rc::new(bits);
        self.groups.borrow_mut().insert(principal.to_owned(), Rc::clone(&bits));
        bits
    }

    /// Whom a policy admits now: those who could request through it, whatever they hold.
    #[must_use]
    pub fn admitted(&self, package: Package<'a>, policy: Policy<'a>) -> Bits {
        let people = self.people();
        let mut admitted = Bits::none(people.all.len());
        let Some(within) = self.facts.object(&package.catalog()).filter(|c| catalog::is_enabled(c)) else { return admitted };
        if !policy.is_enabled() {
            return admitted;
        }
        match (policy.population(), policy.population_word()) {
            (Population::Direct | Population::Automatic, _) => return admitted,
            (_, Some("all_members")) => {
                (0..people.known).filter(|n| !people.outside.has(*n)).for_each(|n| admitted.insert(n));
            }
            (_, Some("all_directory_users")) => (0..people.known).for_each(|n| admitted.insert(n)),
            (_, Some("all_external_users")) => admitted.add(&people.outside),
            (_, Some("all_connected_organizations")) => {
                let configured = |a: &&Address| self.facts.object(a).is_some_and(|o| !organization::is_proposed(o));
                let all: Vec<&Bits> = people.organizations.keys().filter(configured).filter_map(|a| people.organizations.get(a)).collect();
                all.into_iter().for_each(|bits| admitted.add(bits));
            }
            (_, Some(_)) => return admitted,
            (Population::Outside, None) => {
                for (named, _) in policy.organizations() {
                    people.organizations.get(&named).into_iter().for_each(|bits| admitted.add(bits));
                }
            }
            (Population::Inside, None) => {
                let requestors = policy.requestors().into_iter().flat_map(|v| v.members().iter().filter_map(|m| m.as_text()));
                requestors.for_each(|principal| admitted.add(&self.named(principal)));
            }
        }
        admitted.keep(&people.welcome);
        if !catalog::is_externally_visible(within) {
            admitted.drop_all(&people.outside);
        }
        admitted
    }
}

impl<'a> People<'a> {
    fn of(facts: &Facts<'a>) -> People<'a> {
        let users = facts.objects.within_kind("user").iter().filter(|s| s.object.address.kind() == "user");
        let mut all: Vec<Person<'a>> = users.map(|s| facts.person(s.object.address.key())).collect();
        let known = all.len();
        let domains = representative_domains(facts);
        all.extend(domains.iter().map(|domain| facts.person(&free_name(facts, domain))));
        let numbers = all.iter().enumerate().map(|(n, p)| (p.named.name.clone(), n)).collect();
        let none = || Bits::none(all.len());
        let (mut welcome, mut enabled, mut outside) = (none(), none(), none());
        let mut organizations: BTreeMap<Address, Bits> = BTreeMap::new();
        let rules = facts.object(&settings::external_users());
        for (number, person) in all.iter().enumerate() {
            let from_outside = person.is_outside();
            if from_outside {
                outside.insert(number);
                if let Some(of) = person.organization(facts) {
                    organizations.entry(of.address.clone()).or_insert_with(none).insert(number);
                }
            }
            let forbidden = || from_outside && rules.is_some_and(|s| settings::forbids(s, person.domain()).is_some());
            if person.is_enabled() && !forbidden() {
                welcome.insert(number);
            }
            if person.is_enabled() && person.object.is_some() {
                enabled.insert(number);
            }
        }
        People { all, known, numbers, welcome, enabled, outside, organizations }
    }

    /// The number of a person.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// The name of a number.
    #[must_use]
    pub fn name(&self, number: usize) -> &str {
        self.all.get(number).map_or("", |p| p.named.name.as_str())
    }

    /// How a story calls them.
    #[must_use]
    pub fn called(&self, number: usize) -> String {
        let name = self.name(number);
        match number < self.known {
            true => format!("`{name}`"),
            false => format!("somebody of {}, not in the directory yet,", name.rsplit_once('@').map_or("", |(_, domain)| domain)),
        }
    }
}

/// A domain for each sort of person who may come in from outside: of every organization, and of none.
fn representative_domains(facts: &Facts<'_>) -> Vec<String> {
    let all = facts.objects.within_kind("connected_organization").iter().map(|s| &s.object);
    let mut domains: Vec<String> = all.flat_map(|o| organization::domains(o).map(|(d, _)| d.to_ascii_lowercase())).collect();
    let rules = facts.object(&settings::external_users());
    let allowed = rules.into_iter().flat_map(settings::allowed).map(str::to_ascii_lowercase);
    domains.extend(allowed);
    domains.push("elsewhere.example".to_owned());
    domains.sort_unstable();
    domains.dedup();
    domains
}

/// A name in a domain that nobody has.
fn free_name(facts: &Facts<'_>, domain: &str) -> String {
    let name = |n: usize| if n == 0 { format!("somebody@{domain}") } else { format!("somebody-{n}@{domain}") };
    (0..).map(name).find(|name| facts.object(&Address::root("user", name)).is_none()).unwrap_or_default()
}
