//! The objects as an apply would leave them: the state with the changes over it, without a copy of either.

use crate::model::{Action, Address, Change, Holdings, Object};
use foldhash::HashMap;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Everything there will be.
#[derive(Debug)]
pub struct Planned<'a> {
    before: &'a Holdings,
    changes: &'a [Change],
    /// What the changes make of an address; nothing where they delete it.
    changed: OnceCell<HashMap<&'a str, Option<&'a Object>>>,
    all: OnceCell<BTreeMap<&'a Address, &'a Object>>,
}

impl<'a> Planned<'a> {
    /// These changes over this state.
    #[must_use]
    pub fn new(before: &'a Holdings, changes: &'a [Change]) -> Planned<'a> {
        Planned { before, changes, changed: OnceCell::new(), all: OnceCell::new() }
    }

    fn changed(&self) -> &HashMap<&'a str, Option<&'a Object>> {
        let made = |c: &'a Change| match (&c.after, c.action) {
            (Some(object), _) => Some((c.address.as_str(), Some(object))),
            (None, Action::Delete) => Some((c.address.as_str(), None)),
            (None, _) => None,
        };
        self.changed.get_or_init(|| self.changes.iter().filter_map(made).collect())
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&'a Object> {
        let stored = || self.before.get(address).map(|s| &s.object);
        self.changed().get(address.as_str()).copied().unwrap_or_else(stored)
    }

    /// All of them, in any order.
    pub fn values(&self) -> impl Iterator<Item = &'a Object> {
        let kept = self.before.values().map(|s| &s.object).filter(|o| !self.changed().contains_key(o.address.as_str()));
        kept.chain(self.changed().values().filter_map(|o| *o))
    }

    /// Copies of all of them with their addresses, in any order, for those who keep only a part.
    pub fn cloned(&self) -> impl Iterator<Item = (Address, Object)> {
        self.values().map(|o| (o.address.clone(), o.clone()))
    }

    /// All of them, by address; put together when somebody first asks.
    #[must_use]
    pub fn all(&self) -> &BTreeMap<&'a Address, &'a Object> {
        self.all.get_or_init(|| self.values().map(|o| (&o.address, o)).collect())
    }
}
