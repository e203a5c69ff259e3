//! What a plan relied on: the versions of what it touches or refers to, the names it takes, who refers to what it
//! deletes. Apply compares these; an unrelated apply in between spoils nothing.

use crate::kinds;
use crate::model::{Action, Address, Change, Object};
use crate::reconcile::State;
use foldhash::HashSet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Versions and referrers, by address in the state before moves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relied {
    /// For each deletion, who refers to it.
    pub referrers: BTreeMap<String, BTreeSet<String>>,
    /// The version of each object, `None` for one that must not be there.
    pub versions: BTreeMap<String, Option<u64>>,
    /// The version of the workspace's settings, 0 when the store does not know it.
    pub workspace: u64,
}

/// What is no longer as the plan found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// Made since.
    Made(String),
    /// Gone since.
    Gone(String),
    /// Changed since: by the revision of that number.
    Changed(String, u64),
    /// Other objects refer to what would be deleted.
    Referred(String, Vec<String>),
    /// The settings of the workspace.
    Settings,
    /// The changes are not what follows from the state.
    Differs,
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stale::Made(a) => write!(f, "`{a}` was made since"),
            Stale::Gone(a) => write!(f, "`{a}` is gone since"),
            Stale::Changed(a, serial) => write!(f, "`{a}` was changed since, by @{serial}"),
            Stale::Referred(a, by) => write!(f, "who refers to `{a}` changed since: {}", by.join(", ")),
            Stale::Differs => write!(f, "its changes are not what follows from the state: it was edited, or made by another version"),
            Stale::Settings => write!(f, "the settings of the workspace were applied since"),
        }
    }
}

impl Relied {
    /// What these changes touch or refer to.
    #[must_use]
    pub fn of(state: &State, previous: &BTreeMap<Address, Address>, changes: &[Change], workspace: &str) -> Relied {
        let old = |a: &Address| previous.get(a).unwrap_or(a).clone();
        // Nearly all that is named changes itself; only what else is named is looked for among the others.
        let own: HashSet<&str> = changes.iter().map(|c| previous.get(&c.address).unwrap_or(&c.address).as_str()).collect();
        let mut others: HashSet<String> = HashSet::default();
        let mut add = |address: &str| {
            if !(address.is_empty() || own.contains(address) || others.contains(address)) {
                others.insert(address.to_owned());
            }
        };
        let mut deleted: BTreeSet<Address> = BTreeSet::new();
        let mut text = String::new();
        for change in changes {
            if change.previous.is_some() {
                add(change.address.as_str());
            }
            if previous.is_empty() {
                add(change.address.parent_text());
            } else if let Some(parent) = change.address.parent() {
                add(old(&parent).as_str());
            }
            for object in change.before.iter().chain(&change.after) {
                kinds::each_reference(object, &mut |reference| {
                    if previous.is_empty() {
                        reference.target.write(&mut text);
                        add(&text);
                    } else {
                        add(old(&reference.target.address()).as_str());
                    }
                });
            }
            if change.action == Action::Delete {
                deleted.insert(old(&change.address));
            }
        }
        let version = |a: &str| {
            let address = (!state.objects.is_empty()).then(|| Address::parse(a).ok()).flatten();
            address.and_then(|a| state.objects.get(&a)).map(|s| s.version)
        };
        // As the changes come, which is nearly their order.
        let named = changes.iter().map(|c| previous.get(&c.address).unwrap_or(&c.address).to_string()).chain(others);
        let versions = named.map(|a| (version(&a), a)).map(|(version, a)| (a, version)).collect();
        Relied { versions, referrers: referrers(state, &deleted), workspace: state.workspaces.get(workspace).map_or(0, |w| w.version) }
    }

    /// What is no longer so; empty when the plan may go on.
    #[must_use]
    pub fn stale(&self, state: &State, workspace: &str) -> Vec<Stale> {
        let mut stale = Vec::new();
        for (text, then) in &self.versions {
            let now = Address::parse(text).ok().and_then(|a| state.objects.get(&a)).map(|s| s.version);
            match (then, now) {
                (None, Some(_)) => stale.push(Stale::Made(text.clone())),
                (Some(_), None) => stale.push(Stale::Gone(text.clone())),
                (Some(then), Some(now)) if *then != now => stale.push(Stale::Changed(text.clone(), now)),
                _ => {}
            }
        }
        let deleted = self.referrers.keys().filter_map(|t| Address::parse(t).ok()).collect();
        let now = referrers(state, &deleted);
        for (text, then) in &self.referrers {
            let differ: Vec<String> = now.get(text).map_or_else(Vec::new, |n| n.symmetric_difference(then).cloned().collect());
            if !differ.is_empty() {
                stale.push(Stale::Referred(text.clone(), differ));
            }
        }
        if state.workspaces.get(workspace).map_or(0, |w| w.version) != self.workspace {
            stale.push(Stale::Settings);
        }
        stale
    }
}

/// Who refers to each of these, or stands in it.
fn referrers(state: &State, deleted: &BTreeSet<Address>) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = deleted.iter().map(|a| (a.to_string(), BTreeSet::new())).collect();
    if deleted.is_empty() {
        return out;
    }
    let mut add = |target: &Address, from: &Object| {
        if let Some(set) = out.get_mut(target.as_str()) {
            set.insert(from.address.to_string());
        }
    };
    for object in state.objects.values().map(|s| &s.object) {
        for reference in kinds::references(object) {
            add(&reference.target.address(), object);
        }
        if let Some(parent) = object.address.parent() {
            add(&parent, object);
        }
    }
    out
}
