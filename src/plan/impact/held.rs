//! What people hold of packages at one moment, read once for all of whom a plan tells.

use crate::engine::{Facts, Hold, Named};
use chrono::{DateTime, Utc};
use foldhash::HashMap;
use std::collections::BTreeSet;

/// By which policy of which package somebody may hold it; many hold it so, and it is kept once.
#[derive(Debug)]
pub(super) struct Way {
    /// The id of the package.
    pub package: String,
    /// The policy.
    pub policy: Named,
}

/// An assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holds {
    /// Its place among the ways.
    pub way: usize,
    /// Until when; nothing: it does not end by itself.
    pub end: Option<DateTime<Utc>>,
}

/// Live assignments, by the ids of those who hold them.
#[derive(Debug, Default)]
pub(super) struct Held {
    ways: Vec<Way>,
    of_package: HashMap<String, Vec<usize>>,
    /// Most hold one.
    of: HashMap<String, (Holds, Vec<Holds>)>,
}

impl Held {
    /// What these people hold, and all who hold one of these packages, who are among the people from here on.
    pub(super) fn read(facts: &Facts<'_>, packages: &BTreeSet<String>, people: &mut BTreeSet<String>) -> Held {
        let mut held = Held::default();
        facts.records.held(packages, people, &mut |hold| held.note(facts, hold));
        held
    }

    /// What these people hold.
    pub(super) fn by(facts: &Facts<'_>, mut people: BTreeSet<String>) -> Held {
        Held::read(facts, &BTreeSet::new(), &mut people)
    }

    fn note(&mut self, facts: &Facts<'_>, hold: &Hold<'_>) {
        if !hold.is_live(facts.now) {
            return;
        }
        let holds = Holds { way: self.place(hold), end: hold.end };
        match self.of.get_mut(&*hold.target.id) {
            Some((_, more)) => more.push(holds),
            None => drop(self.of.insert(hold.target.id.clone().into_owned(), (holds, Vec::new()))),
        }
    }

    fn place(&mut self, hold: &Hold<'_>) -> usize {
        let is = |way: &Way| way.policy.id == hold.policy.id && way.policy.name == hold.policy.name;
        let known = self.of_package.get(&*hold.package.id).into_iter().flatten().copied();
        if let Some(place) = known.into_iter().find(|place| self.ways.get(*place).is_some_and(is)) {
            return place;
        }
        let (package, place) = (hold.package.id.clone().into_owned(), self.ways.len());
        self.of_package.entry(package.clone()).or_default().push(place);
        let policy = Named { id: hold.policy.id.clone().into_owned(), name: hold.policy.name.clone().into_owned() };
        self.ways.push(Way { package, policy });
        place
    }

    /// What somebody holds, by their id.
    pub(super) fn of(&self, person: &str) -> impl Iterator<Item = Holds> {
        self.of.get(person).into_iter().flat_map(|(first, more)| [first].into_iter().chain(more)).copied()
    }

    /// By which policy of which package an assignment gives access.
    pub(super) fn way(&self, place: usize) -> Option<&Way> {
        self.ways.get(place)
    }

    /// The ids of the packages that somebody holds.
    pub(super) fn packages_of(&self, person: &str) -> BTreeSet<&str> {
        self.of(person).filter_map(|holds| Some(self.way(holds.way)?.package.as_str())).collect()
    }
}
