//! What it takes to change an object: words of actions, for `authority` to decide.
//!
//! In: a [`Change`]. Out: [`Need`]s, all of which have to be met. Each kind's file says which its changes have; what they have in common
//! is here.
//! Invariant: a change of any sort takes something.

use super::{Kind, kind};
use crate::model::{Action, Address, Change};

/// One thing that a change takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// This action.
    Act(&'static str),
    /// To hand out this role, by its word.
    HandOut(String),
    /// This action; who owns the object may do it, too.
    ActOrOwn(&'static str, Address),
    /// This action, and to own this object: who does not own it cannot hand it on (R22, R24). Of what the directory does not know there
    /// is no owner.
    ActAndOwn(&'static str, Option<Address>),
}

/// The words of the actions that make, change and delete an object of a kind.
#[derive(Debug, Clone, Copy)]
pub struct Acts {
    /// Makes one.
    pub create: &'static str,
    /// Changes one, where an attribute has no word of its own; renames it, or takes it under management.
    pub change: &'static str,
    /// Deletes one, or lets go of it.
    pub delete: &'static str,
}

impl Acts {
    /// One word for all of it.
    #[must_use]
    pub const fn all(word: &'static str) -> Acts {
        Acts { create: word, change: word, delete: word }
    }

    /// What a change takes by these words and by those of the attributes that it is about.
    #[must_use]
    pub fn of(self, change: &Change) -> Vec<Need> {
        let kind = kind(change.address.kind());
        let own = |name: &str| kind.and_then(|k: &Kind| k.field(name)).and_then(|f| f.needs);
        let attributes = || change.after.iter().flat_map(|o| o.attributes.iter()).filter_map(|(name, _)| own(name));
        let differing = || change.deltas.iter().map(|(name, _)| own(name).unwrap_or(self.change));
        let mut words: Vec<&'static str> = match change.action {
            Action::Create => std::iter::once(self.create).chain(attributes()).collect(),
            Action::Replace => [self.delete, self.create].into_iter().chain(attributes()).collect(),
            Action::Update => differing().collect(),
            Action::Move => vec![self.change],
            Action::Import => std::iter::once(self.change).chain(differing()).collect(),
            Action::Delete | Action::Forget => vec![self.delete],
        };
        // Another name is a change of its own, whatever else is changed.
        words.extend(change.previous.as_ref().map(|_| self.change));
        words.sort_unstable();
        words.dedup();
        words.into_iter().map(Need::Act).collect()
    }
}

/// Whether a change is about these attributes: it says other things of them, or the object comes or goes with them.
#[must_use]
pub fn concerns(change: &Change, names: &[&str]) -> bool {
    let whole = || change.before.iter().chain(&change.after).any(|o| names.iter().any(|name| o.attributes.contains(name)));
    match change.action {
        Action::Create | Action::Replace | Action::Delete => whole(),
        _ => change.deltas.iter().any(|(name, _)| names.contains(&name.as_str())),
    }
}
