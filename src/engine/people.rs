//! Who somebody is: of which groups, of which organization, led and sponsored by whom.
//!
//! Effective membership is what the files declare, what a rule says, and what packages deliver; it is asked of the facts each time,
//! and never kept.

use super::access::members_by_packages;
use super::facts::Facts;
use super::nouns::Named;
use crate::expr::Rule;
use crate::kinds::connected_organization as organization;
use crate::kinds::group::{Group, principal};
use crate::kinds::user::User;
use crate::model::{Address, Object};
use std::collections::BTreeSet;

/// Somebody, known to the directory or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person<'a> {
    /// Id and user principal name.
    pub named: Named,
    /// Their address.
    pub address: Address,
    /// What the directory says of them.
    pub object: Option<&'a Object>,
}

impl<'a> Person<'a> {
    /// The person of a user principal name.
    #[must_use]
    pub fn of(facts: &Facts<'a>, name: &str) -> Person<'a> {
        let address = Address::root("user", name);
        let stored = facts.objects.get(&address);
        let id = stored.map_or_else(|| name.to_owned(), |s| s.id.clone());
        Person { named: Named { id, name: name.to_owned() }, address, object: stored.map(|s| &s.object) }
    }

    /// The person of an id, under the name that they have now.
    #[must_use]
    pub fn of_named(facts: &Facts<'a>, named: &Named) -> Person<'a> {
        match facts.of_id(&named.id) {
            Some(stored) => Person::of(facts, stored.object.address.key()),
            // Somebody from outside, who may have come into the directory under another id since.
            None => Person::of(facts, &named.name),
        }
    }

    /// Whether this is the same person, whatever they were called. A name alone tells it only of somebody who was not in the directory
    /// then: a name that one person left may be another's by now.
    #[must_use]
    pub fn is(&self, other: &Named) -> bool {
        self.named.id == other.id || (other.id == other.name && self.named.name == other.name)
    }

    /// Whether the directory does not have them as a member.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        self.object.and_then(User::of).is_none_or(User::is_guest)
    }

    /// Whether they can sign in. Who is not in the directory signs in at home.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.object.and_then(User::of).is_none_or(User::is_enabled)
    }

    /// The domain that they belong to by their mail.
    #[must_use]
    pub fn domain(&self) -> &str {
        let own = || self.named.name.rsplit_once('@').map_or("", |(_, domain)| domain);
        self.object.and_then(User::of).map_or_else(own, User::mail_domain)
    }

    /// The organization that they belong to, if they are from outside.
    #[must_use]
    pub fn organization(&self, facts: &Facts<'a>) -> Option<&'a Object> {
        if !self.is_outside() {
            return None;
        }
        match self.object.and_then(User::of).and_then(User::organization) {
            Some(key) => facts.object(&Address::root("connected_organization", key)),
            None => {
                let all = facts.objects.within_kind("connected_organization").iter().map(|s| &s.object);
                all.into_iter().find(|o| organization::has_domain(o, self.domain()))
            }
        }
    }

    /// Their manager, if the directory names one who is there and can sign in.
    #[must_use]
    pub fn manager(&self, facts: &Facts<'a>) -> Option<Person<'a>> {
        self.named_manager(facts).filter(Person::is_enabled)
    }

    /// Their manager, if the directory names one who is there.
    #[must_use]
    pub fn named_manager(&self, facts: &Facts<'a>) -> Option<Person<'a>> {
        let manager = Person::of(facts, self.object.and_then(User::of)?.manager()?);
        manager.object.is_some().then_some(manager)
    }

    /// Whether a rule holds of them; one that cannot be told does not.
    pub(super) fn is_matched(&self, rule: &str) -> bool {
        let user = self.object.and_then(User::of);
        user.is_some_and(|user| Rule::read(rule).is_ok_and(|rule| rule.holds(user.fields()) == Ok(true)))
    }

    /// Whether they belong to a group by effective membership.
    #[must_use]
    pub fn is_member(&self, facts: &Facts<'a>, group: &Address) -> bool {
        let mut seen = BTreeSet::new();
        self.belongs(facts, group, &mut seen)
    }

    fn belongs(&self, facts: &Facts<'a>, group: &Address, seen: &mut BTreeSet<Address>) -> bool {
        if !seen.insert(group.clone()) {
            return false;
        }
        let Some(found) = facts.object(group).and_then(Group::of) else { return false };
        if let Some(rule) = found.rule() {
            return self.is_matched(rule);
        }
        if found.members().any(|m| m == self.address) || super::access::gives_membership(facts, &self.named.id, group) {
            return true;
        }
        let nested: Vec<Address> = found.members().filter(|m| m.kind() == "group").collect();
        nested.iter().any(|inner| self.belongs(facts, inner, seen))
    }

    /// Whether one of these principals, as written, is them or a group of theirs.
    #[must_use]
    pub fn is_among<'t>(&self, facts: &Facts<'a>, principals: impl IntoIterator<Item = &'t str>) -> bool {
        principals.into_iter().filter_map(principal).any(|p| p == self.address || (p.kind() == "group" && self.is_member(facts, &p)))
    }
}

/// The users of whom a rule holds; one that cannot be told holds of nobody.
pub(super) fn matching<'a>(facts: &Facts<'a>, rule: &str) -> impl Iterator<Item = User<'a>> {
    let users = facts.objects.within_kind("user").iter().filter_map(|s| User::of(&s.object));
    let rule = Rule::read(rule).ok();
    users.filter(move |user| rule.as_ref().is_some_and(|rule| rule.holds(user.fields()) == Ok(true)))
}

/// The people whom principals name, as written, groups by effective membership; sorted, each once.
#[must_use]
pub fn people<'a, 't>(facts: &Facts<'a>, principals: impl IntoIterator<Item = &'t str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut queue: Vec<Address> = principals.into_iter().filter_map(principal).collect();
    while let Some(next) = queue.pop() {
        if next.kind() == "user" {
            found.insert(next.key().to_owned());
            continue;
        }
        if !seen.insert(next.clone()) {
            continue;
        }
        let Some(group) = facts.object(&next).and_then(Group::of) else { continue };
        if let Some(rule) = group.rule() {
            found.extend(matching(facts, rule).map(|u| u.0.address.key().to_owned()));
            continue;
        }
        queue.extend(group.members());
        found.extend(members_by_packages(facts, &next));
    }
    found
}
