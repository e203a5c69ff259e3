//! The objects as an apply would leave them: the state with the changes over it, without a copy of either.

use crate::diag::Diagnostics;
use crate::model::{Action, Address, Change, Holdings, Object, Stored};
use crate::reconcile::{PriorMoves, State};
use foldhash::HashMap;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the store holds under the names that it will have: moves come first, and are nobody's loss.
#[must_use]
pub fn renamed(state: &State, changes: &[Change]) -> Arc<Holdings> {
    PriorMoves::of_changes(state, changes, &mut Diagnostics::new()).objects
}

/// A state with changes done to it: each object with the id that it has, and what is new with its address for one.
#[must_use]
pub fn afterwards(state: &State, changes: &[Change]) -> Holdings {
    let prior = PriorMoves::of_changes(state, changes, &mut Diagnostics::new());
    let by_address: HashMap<&str, &Change> = changes.iter().map(|c| (c.address.as_str(), c)).collect();
    let stored = |object: &Object| {
        let change = by_address.get(object.address.as_str());
        let known = prior.objects.get(&object.address).filter(|_| change.is_none_or(|c| c.action != Action::Replace));
        let import = change.and_then(|c| c.import_id.clone());
        let id = known.map(|s| s.id.clone()).or(import).unwrap_or_else(|| object.address.to_string());
        let (workspace, version) = known.map_or((None, 0), |s| (s.workspace.clone(), s.version));
        let origin = change.map(|c| c.origin.clone()).or_else(|| known.map(|s| s.origin.clone())).unwrap_or_default();
        Stored { object: object.clone(), id, workspace, version, origin }
    };
    Planned::new(&prior.objects, changes).values().map(stored).collect()
}

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
