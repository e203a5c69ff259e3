//! Events in the making: each is folded at once, so that what is decided next sees what was decided before.

use super::facts::Facts;
use super::record::{Family, Record, Records};
use super::{Event, Misfit, fold};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Records as they are, under what was decided since.
struct Overlay<'a> {
    below: &'a dyn Records,
    changed: BTreeMap<(Family, String), Option<Record>>,
}

impl Overlay<'_> {
    fn merged(&self, family: Family, below: Vec<Record>, which: impl Fn(&Record) -> bool) -> Vec<Record> {
        let key = |r: &Record| (family, r.id().to_owned());
        let untouched = below.into_iter().filter(|r| !self.changed.contains_key(&key(r)));
        let touched = self.changed.iter().filter(|((f, _), _)| *f == family).filter_map(|(_, r)| r.clone());
        let mut all: Vec<Record> = untouched.chain(touched.filter(|r| !r.is_over() && which(r))).collect();
        all.sort_by(|a, b| a.id().cmp(b.id()));
        all
    }
}

impl Records for Overlay<'_> {
    fn get(&self, family: Family, id: &str) -> Option<Record> {
        match self.changed.get(&(family, id.to_owned())) {
            Some(changed) => changed.clone(),
            None => self.below.get(family, id),
        }
    }

    fn of_person(&self, family: Family, person: &str) -> Vec<Record> {
        self.merged(family, self.below.of_person(family, person), |r| r.person() == person)
    }

    fn of_package(&self, family: Family, package: &str) -> Vec<Record> {
        self.merged(family, self.below.of_package(family, package), |r| r.package() == Some(package))
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
        let overlay = Overlay { below: facts.records, changed: BTreeMap::new() };
        Draft { facts, overlay, now: facts.now, mint, events: Vec::new() }
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

    /// One more thing that happens.
    ///
    /// # Errors
    /// When it does not follow from what is so, which is a defect of whoever decided it.
    pub fn push(&mut self, event: Event) -> Result<(), Misfit> {
        let (family, id) = event.record();
        let key = (family, id.to_owned());
        let after = fold(self.overlay.get(family, id), &event)?;
        self.overlay.changed.insert(key, after);
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
        self.overlay.below.get(family, id)
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
}
