//! Who holds what by the files alone: declared assignments that are under way, and whom automatic policies take in.

use crate::engine::{Assignment, AssignmentState, Family, Named, Record, Records, Source};
use crate::expr::Rule;
use crate::kinds::assignment::Assignment as Declared;
use crate::kinds::policy::Policy;
use crate::kinds::user::User;
use crate::model::{Address, Holdings, Stored, Zone};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The assignments that follow from the objects.
#[derive(Debug, Default)]
pub struct Standing {
    all: Vec<Assignment>,
    of_person: BTreeMap<String, Vec<usize>>,
    of_package: BTreeMap<String, Vec<usize>>,
}

impl Standing {
    /// Of these objects, at a moment.
    #[must_use]
    pub fn of(objects: &Holdings, zone: Zone, now: DateTime<Utc>) -> Standing {
        let mut standing = Standing::default();
        let named = |address: &Address| objects.get(address).map(|s| Named { id: s.id.clone(), name: address.to_string() });
        let person = |address: &Address| {
            let id = objects.get(address).map_or_else(|| address.key().to_owned(), |s| s.id.clone());
            Named { id, name: address.key().to_owned() }
        };
        let users = || objects.within_kind("user").iter().filter_map(|s| User::of(&s.object));
        for stored in objects.within_kind("access_package") {
            let Some(package) = stored.object.address.parent().and_then(|p| named(&p)) else { continue };
            if let Some(declared) = Declared::of(&stored.object) {
                let under_way = declared.starts(zone).is_none_or(|start| start <= now) && !declared.is_over(zone, now);
                let Some(policy) = declared.policy().and_then(|p| named(&p)).filter(|_| under_way) else { continue };
                for holder in declared.holders() {
                    let ids = (package.clone(), policy.clone(), person(&holder));
                    standing.add(given(ids, Source::Declared(stored.id.clone()), now, declared.ends(zone)));
                }
            } else if let Some(policy) = Policy::of(&stored.object).filter(|p| p.is_enabled()) {
                let Some(automatic) = policy.rule().filter(|rule| rule.adds) else { continue };
                let Ok(rule) = Rule::read(automatic.rule) else { continue };
                for user in users().filter(|u| rule.holds(u.fields()) == Ok(true)) {
                    let ids = (package.clone(), name_of(stored), person(&user.0.address));
                    standing.add(given(ids, Source::Automatic, now, None));
                }
            }
        }
        standing
    }

    fn add(&mut self, assignment: Assignment) {
        let place = self.all.len();
        self.of_person.entry(assignment.target.id.clone()).or_default().push(place);
        self.of_package.entry(assignment.package.id.clone()).or_default().push(place);
        self.all.push(assignment);
    }

    /// What somebody holds, by their id.
    pub fn held_by<'s>(&'s self, person: &str) -> impl Iterator<Item = &'s Assignment> {
        self.of_person.get(person).into_iter().flatten().filter_map(|place| self.all.get(*place))
    }

    fn records<'s>(&'s self, places: Option<&'s Vec<usize>>) -> Vec<Record> {
        let all = places.into_iter().flatten().filter_map(|place| self.all.get(*place));
        all.map(|a| Record::Assignment(Box::new(a.clone()))).collect()
    }
}

fn name_of(stored: &Stored) -> Named {
    Named { id: stored.id.clone(), name: stored.object.address.to_string() }
}

/// An assignment of a package through a policy to somebody.
#[must_use]
pub fn given(
    (package, policy, target): (Named, Named, Named),
    source: Source,
    now: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
) -> Assignment {
    Assignment {
        id: format!("{} {}", package.id, target.id),
        package,
        policy,
        target,
        source,
        start: now,
        end,
        extensible: false,
        state: AssignmentState::Delivered,
        reminded: 0,
        grace: None,
        ended: None,
        cause: None,
    }
}

impl Records for Standing {
    fn get(&self, family: Family, id: &str) -> Option<Record> {
        let found = self.all.iter().find(|a| a.id == id).filter(|_| family == Family::Assignment);
        found.map(|a| Record::Assignment(Box::new(a.clone())))
    }

    fn of_person(&self, family: Family, person: &str) -> Vec<Record> {
        if family == Family::Assignment { self.records(self.of_person.get(person)) } else { Vec::new() }
    }

    fn of_package(&self, family: Family, package: &str) -> Vec<Record> {
        if family == Family::Assignment { self.records(self.of_package.get(package)) } else { Vec::new() }
    }

    fn all(&self, family: Family) -> Vec<Record> {
        let all = self.all.iter().filter(|_| family == Family::Assignment);
        all.map(|a| Record::Assignment(Box::new(a.clone()))).collect()
    }
}

/// What everybody holds by the files, but for one person, who holds these.
pub struct Holding<'h> {
    /// By the files.
    pub base: &'h Standing,
    /// The id of the person.
    pub person: &'h str,
    /// What they hold.
    pub held: &'h [Assignment],
}

impl Holding<'_> {
    fn with(&self, family: Family, base: Vec<Record>, which: impl Fn(&Assignment) -> bool) -> Vec<Record> {
        let others = base.into_iter().filter(|r| r.person() != self.person);
        let own = self.held.iter().filter(|a| family == Family::Assignment && which(a));
        others.chain(own.map(|a| Record::Assignment(Box::new(a.clone())))).collect()
    }
}

impl Records for Holding<'_> {
    fn get(&self, family: Family, id: &str) -> Option<Record> {
        self.with(family, self.base.get(family, id).into_iter().collect(), |a| a.id == id).into_iter().next()
    }

    fn of_person(&self, family: Family, person: &str) -> Vec<Record> {
        if person == self.person { self.with(family, Vec::new(), |_| true) } else { self.base.of_person(family, person) }
    }

    fn of_package(&self, family: Family, package: &str) -> Vec<Record> {
        self.with(family, self.base.of_package(family, package), |a| a.package.id == package)
    }

    fn all(&self, family: Family) -> Vec<Record> {
        self.with(family, self.base.all(family), |_| true)
    }
}
