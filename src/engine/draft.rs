//! Events in the making: each is folded at once, so that what is decided next sees what was decided before.

use super::facts::Facts;
use super::hold::Hold;
use super::nouns::Assignment;
use super::record::{Family, Record, Records};
use super::{Event, Misfit, fold};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Records as they are, under what was decided since.
struct Overlay<'a> {
    below: &'a dyn Records,
    /// Records as they are below, of which more will be asked.
    known: BTreeMap<(Family, String), Record>,
    changed: BTreeMap<(Family, String), Option<Record>>,
    /// The ids of those that were changed, by their person and by their package: much may be decided at one look at the clock, and each
    /// question is about few of them.
    of_person: BTreeMap<(Family, String), BTreeSet<String>>,
    of_package: BTreeMap<(Family, String), BTreeSet<String>>,
}

impl<'a> Overlay<'a> {
    fn new(below: &'a dyn Records) -> Overlay<'a> {
        Overlay { below, known: BTreeMap::new(), changed: BTreeMap::new(), of_person: BTreeMap::new(), of_package: BTreeMap::new() }
    }

    fn put(&mut self, family: Family, id: &str, after: Option<Record>) {
        if let Some(record) = &after {
            self.of_person.entry((family, record.person().to_owned())).or_default().insert(id.to_owned());
            if let Some(package) = record.package() {
                self.of_package.entry((family, package.to_owned())).or_default().insert(id.to_owned());
            }
        }
        self.changed.insert((family, id.to_owned()), after);
    }

    fn as_it_was(&self, family: Family, id: &str) -> Option<Record> {
        let known = if self.known.is_empty() { None } else { self.known.get(&(family, id.to_owned())) };
        known.cloned().or_else(|| self.below.get(family, id))
    }

    fn merged(&self, family: Family, below: Vec<Record>, ids: Option<&BTreeSet<String>>) -> Vec<Record> {
        if self.changed.is_empty() {
            return below;
        }
        let key = |id: &str| (family, id.to_owned());
        let untouched = below.into_iter().filter(|r| !self.changed.contains_key(&key(r.id())));
        let touched = ids.into_iter().flatten().filter_map(|id| self.changed.get(&key(id))?.clone()).filter(|r| !r.is_over());
        let mut all: Vec<Record> = untouched.chain(touched).collect();
        all.sort_by(|a, b| a.id().cmp(b.id()));
        all
    }
}

impl Records for Overlay<'_> {
    fn get(&self, family: Family, id: &str) -> Option<Record> {
        match self.changed.get(&(family, id.to_owned())) {
            Some(changed) => changed.clone(),
            None => self.as_it_was(family, id),
        }
    }

    fn of_person(&self, family: Family, person: &str) -> Vec<Record> {
        self.merged(family, self.below.of_person(family, person), self.of_person.get(&(family, person.to_owned())))
    }

    fn of_package(&self, family: Family, package: &str) -> Vec<Record> {
        self.merged(family, self.below.of_package(family, package), self.of_package.get(&(family, package.to_owned())))
    }

    fn all(&self, family: Family) -> Vec<Record> {
        let mut all: BTreeMap<String, Record> = self.below.all(family).into_iter().map(|r| (r.id().to_owned(), r)).collect();
        for ((_, id), record) in self.changed.iter().filter(|((f, _), _)| *f == family) {
            match record {
                Some(record) => drop(all.insert(id.clone(), record.clone())),
                None => drop(all.remove(id)),
            }
        }
        all.into_values().collect()
    }

    fn any(&self, family: Family) -> bool {
        let mut changed = self.changed.iter().filter(|((f, _), _)| *f == family);
        // One that is gone may have been the only one.
        match changed.any(|(_, record)| record.is_none()) {
            true => !self.all(family).is_empty(),
            false => self.changed.keys().any(|(f, _)| *f == family) || self.below.any(family),
        }
    }

    fn held(&self, packages: &BTreeSet<String>, people: &mut BTreeSet<String>, look: &mut dyn FnMut(&Hold<'_>)) {
        let changed: Vec<&Assignment> = self.changed.values().filter_map(|record| live(record.as_ref()?)).collect();
        let of_package = changed.iter().filter(|a| packages.contains(&a.package.id));
        people.extend(of_package.map(|a| a.target.id.clone()));
        self.below.held(packages, people, &mut |hold| {
            if self.changed.is_empty() || !self.changed.contains_key(&(Family::Assignment, hold.id.clone().into_owned())) {
                look(hold);
            }
        });
        changed.into_iter().filter(|a| people.contains(&a.target.id)).for_each(|a| look(&Hold::of(a)));
    }
}

/// An assignment that is not over.
fn live(record: &Record) -> Option<&Assignment> {
    if let Record::Assignment(a) = record { Some(a).map(|a| &**a).filter(|_| !record.is_over()) } else { None }
}

/// What was decided so far, at one moment.
pub struct Draft<'a> {
    facts: &'a Facts<'a>,
    overlay: Overlay<'a>,
    /// The moment of what is decided now; timers have their own.
    pub now: DateTime<Utc>,
    mint: &'a dyn Fn() -> String,
    events: Vec<Event>,
}

impl<'a> Draft<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new(facts: &'a Facts<'a>, mint: &'a dyn Fn() -> String) -> Draft<'a> {
        Draft { facts, overlay: Overlay::new(facts.records), now: facts.now, mint, events: Vec::new() }
    }

    /// The facts as they are after what was decided so far.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        self.facts.with(&self.overlay, self.now)
    }

    /// A new id.
    pub(super) fn mint(&self) -> String {
        (self.mint)()
    }

    /// These records are as they are below: they were read already, and more will be asked of them.
    pub(super) fn knows(&mut self, records: Vec<Record>) {
        let key = |record: Record| ((record.family(), record.id().to_owned()), record);
        self.overlay.known.extend(records.into_iter().map(key));
    }

    /// One more thing that happens.
    ///
    /// # Errors
    /// When it does not follow from what is so, which is a defect of whoever decided it.
    pub fn push(&mut self, event: Event) -> Result<(), Misfit> {
        let (family, id) = event.record();
        let after = fold(self.overlay.get(family, id), &event)?;
        self.overlay.put(family, id, after);
        self.events.push(event);
        Ok(())
    }

    /// What was decided so far, in order.
    #[must_use]
    pub fn so_far_all(&self) -> &[Event] {
        &self.events
    }

    /// How much was decided so far.
    pub(super) fn so_far(&self) -> usize {
        self.events.len()
    }

    /// The records that were touched since so much was decided, as they are now.
    pub(super) fn touched_since(&self, start: usize) -> Vec<Record> {
        let events = self.events.get(start..).unwrap_or_default();
        events.iter().filter_map(|e| self.overlay.get(e.record().0, e.record().1)).collect()
    }

    /// A record as it was before anything was decided here.
    pub(super) fn before(&self, family: Family, id: &str) -> Option<Record> {
        self.overlay.as_it_was(family, id)
    }

    /// A record as it is after what was decided so far.
    #[must_use]
    pub fn record(&self, family: Family, id: &str) -> Option<Record> {
        self.overlay.get(family, id)
    }

    /// What was decided, in order.
    #[must_use]
    pub fn events(self) -> Vec<Event> {
        self.events
    }

    /// The same, with the records that it is about as it leaves them, in the order in which they were touched first.
    #[must_use]
    pub fn decided(mut self) -> (Vec<Event>, Vec<Record>) {
        let mut touch = |event: &Event| {
            let (family, id) = event.record();
            self.overlay.changed.remove(&(family, id.to_owned())).flatten()
        };
        let records = self.events.iter().filter_map(&mut touch).collect();
        (self.events, records)
    }
}
