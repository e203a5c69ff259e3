//! What the engine decides from: the objects as they were applied, the records so far, and now.

use super::nouns::Named;
use super::people::Person;
use super::record::Records;
use crate::kinds::access_package::Package;
use crate::kinds::group::Group;
use crate::kinds::policy::Policy;
use crate::model::{Address, Holdings, Object, Stored, Zone};
use chrono::{DateTime, Utc};
use std::cell::OnceCell;
use std::rc::Rc;

/// Everything that a decision may look at.
pub struct Facts<'a> {
    /// The objects as they were applied.
    pub objects: &'a Holdings,
    /// What is so in the lifecycle.
    pub records: &'a dyn Records,
    /// The instant of the decision.
    pub now: DateTime<Utc>,
    /// The workspace's zone: in it a bare date is a day.
    pub zone: Zone,
    /// Of several policies that admit somebody only those of the narrowest class are offered (R115).
    pub narrowest_only: bool,
    /// Places of the objects in the order of their ids; found out once, and shared by all that look at the same objects.
    by_id: Rc<OnceCell<Vec<usize>>>,
}

impl<'a> Facts<'a> {
    /// The facts of a moment.
    #[must_use]
    pub fn new(objects: &'a Holdings, records: &'a dyn Records, now: DateTime<Utc>, zone: Zone, narrowest_only: bool) -> Facts<'a> {
        Facts { objects, records, now, zone, narrowest_only, by_id: Rc::default() }
    }

    /// The same objects with other records, at another moment.
    #[must_use]
    pub fn with<'b>(&self, records: &'b dyn Records, now: DateTime<Utc>) -> Facts<'b>
    where
        'a: 'b,
    {
        let by_id = Rc::clone(&self.by_id);
        Facts { objects: self.objects, records, now, zone: self.zone, narrowest_only: self.narrowest_only, by_id }
    }

    /// An object.
    #[must_use]
    pub fn object(&self, address: &Address) -> Option<&'a Object> {
        self.objects.get(address).map(|s| &s.object)
    }

    /// The object of an id.
    #[must_use]
    pub fn of_id(&self, id: &str) -> Option<&'a Stored> {
        let all = self.objects.values().as_slice();
        let id_of = |place: &usize| all.get(*place).map(|s| s.id.as_str());
        let order = self.by_id.get_or_init(|| {
            let mut order: Vec<usize> = (0..all.len()).collect();
            order.sort_unstable_by(|a, b| id_of(a).cmp(&id_of(b)));
            order
        });
        let found = order.binary_search_by(|place| id_of(place).cmp(&Some(id))).ok()?;
        all.get(*order.get(found)?)
    }

    /// The package of an id, where it is now.
    #[must_use]
    pub fn package(&self, id: &str) -> Option<Package<'a>> {
        Package::of(&self.of_id(id)?.object)
    }

    /// The policy of an id, where it is now.
    #[must_use]
    pub fn policy(&self, id: &str) -> Option<Policy<'a>> {
        Policy::of(&self.of_id(id)?.object)
    }

    /// The policies of a package, in the order of their names.
    pub fn policies(&self, package: &Address) -> impl Iterator<Item = (Policy<'a>, &'a Stored)> {
        self.objects.within(package).iter().filter_map(|s| Some((Policy::of(&s.object)?, s)))
    }

    /// Every group.
    pub fn groups(&self) -> impl Iterator<Item = Group<'a>> {
        self.objects.within_kind("group").iter().filter_map(|s| Group::of(&s.object))
    }

    /// What the records call an object.
    #[must_use]
    pub fn named(&self, address: &Address) -> Option<Named> {
        self.objects.get(address).map(|s| Named { id: s.id.clone(), name: address.to_string() })
    }

    /// A person, known to the directory or not.
    #[must_use]
    pub fn person(&self, name: &str) -> Person<'a> {
        Person::of(self, name)
    }
}
