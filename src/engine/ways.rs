//! By which ways people are in a group: declared, by a rule, by a package, each through groups in groups.
//!
//! Invariant: a way is told for each reason that lives, so that who takes one away can see what is left.

use super::access::{gives_group, live_of, memberships};
use super::facts::Facts;
use super::nouns::Assignment;
use super::people::{Person, matching};
use crate::kinds::group::Group;
use crate::model::Address;
use std::collections::{BTreeSet, VecDeque};

/// What makes somebody a member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// The files name them.
    Declared,
    /// The rule of the group matches them.
    Rule,
    /// A package gives the membership, and they hold it.
    Package(Box<Assignment>),
}

/// One way into a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The group, and the groups in it through which it goes; in the last one the person is.
    pub groups: Vec<Address>,
    /// What makes them a member of the last.
    pub joined: Joined,
}

/// Everybody who is in a group with every way, the shortest first; or only those of one person.
#[must_use]
pub fn ways_into(facts: &Facts<'_>, group: &Address, only: Option<&Person<'_>>) -> Vec<(String, Way)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([group.clone()]);
    let mut queue = VecDeque::from([vec![group.clone()]]);
    while let Some(groups) = queue.pop_front() {
        let Some((here, inside)) = groups.last().and_then(|here| Some((here, facts.object(here).and_then(Group::of)?))) else { continue };
        let is_meant = |name: &str| only.is_none_or(|p| p.named.name == name);
        let mut join = |name: &str, joined| found.push((name.to_owned(), Way { groups: groups.clone(), joined }));
        if let Some(rule) = inside.rule() {
            match only {
                Some(person) if person.is_matched(rule) => join(&person.named.name, Joined::Rule),
                Some(_) => {}
                None => matching(facts, rule).for_each(|u| join(u.0.address.key(), Joined::Rule)),
            }
            continue;
        }
        for member in inside.members() {
            if member.kind() == "user" && is_meant(member.key()) {
                join(member.key(), Joined::Declared);
            } else if member.kind() == "group" && seen.insert(member.clone()) {
                queue.push_back(groups.iter().cloned().chain([member]).collect());
            }
        }
        let given: Vec<Assignment> = match only {
            Some(person) => live_of(facts, &person.named.id).into_iter().filter(|a| gives_group(facts, &a.package.id, here)).collect(),
            None => memberships(facts, here),
        };
        for assignment in given {
            let name = Person::of_named(facts, &assignment.target).named.name;
            join(&name, Joined::Package(Box::new(assignment)));
        }
    }
    found
}
