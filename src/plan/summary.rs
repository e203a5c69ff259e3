//! How much a plan changes.

use crate::model::{Action, Address, Change};
use std::collections::{BTreeMap, BTreeSet};

/// How many objects an apply touches; a replace counts in `add` and in `destroy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Created.
    pub add: usize,
    /// Changed in place.
    pub change: usize,
    /// Deleted.
    pub destroy: usize,
    /// Managed from now on.
    pub import: usize,
    /// Under another address.
    #[serde(rename = "move")]
    pub moved: usize,
    /// Unmanaged from now on.
    pub forget: usize,
}

impl Summary {
    /// Counts the changes.
    #[must_use]
    pub fn of(changes: &[Change]) -> Summary {
        Summary::count(changes.iter(), &followers(changes))
    }

    /// Counts the changes of each kind; a kind without any is left out.
    #[must_use]
    pub fn by_kind(changes: &[Change]) -> BTreeMap<&str, Summary> {
        let mut kinds: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
        for change in changes {
            kinds.entry(change.address.kind()).or_default().push(change);
        }
        let followers = followers(changes);
        kinds.into_iter().map(|(kind, of)| (kind, Summary::count(of.into_iter(), &followers))).collect()
    }

    fn count<'c>(changes: impl Iterator<Item = &'c Change> + Clone, followers: &BTreeSet<&Address>) -> Summary {
        let count = |wanted: &[Action]| changes.clone().filter(|c| wanted.contains(&c.action)).count();
        let updated_imports = changes.clone().filter(|c| c.action == Action::Import && !c.deltas.is_empty()).count();
        Summary {
            add: count(&[Action::Create, Action::Replace]),
            change: count(&[Action::Update]).saturating_add(updated_imports),
            destroy: count(&[Action::Delete, Action::Replace]),
            import: count(&[Action::Import]),
            moved: changes.clone().filter(|c| c.previous.is_some() && !followers.contains(&c.address)).count(),
            forget: count(&[Action::Forget]),
        }
    }
}

/// The changes that move only because what they stand in does, by address.
#[must_use]
pub fn followers(changes: &[Change]) -> BTreeSet<&Address> {
    let renamed: BTreeMap<&Address, &Address> = changes.iter().filter_map(|c| Some((&c.address, c.previous.as_ref()?))).collect();
    let follows = |c: &&Change| {
        let Some(previous) = &c.previous else { return false };
        let (Some(old), Some(new)) = (previous.parent(), c.address.parent()) else { return false };
        previous.key() == c.address.key() && renamed.get(&new).is_some_and(|from| **from == old)
    };
    changes.iter().filter(follows).map(|c| &c.address).collect()
}
