//! `--target`, `--exclude`, `--since` and `[[tolerate]]`: a part of the changes that can stand alone.

use super::{LeftOut, Since};
use crate::config::Tolerance;
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::model::{Action, Address, Change, Object};
use crate::reconcile::{Graph, PriorMoves, edges};
use std::collections::{BTreeMap, BTreeSet};

/// Which changes are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Only these, with what stands in them and what they need; nothing: everything.
    pub targets: &'a [Address],
    /// Not these, nor what needs them.
    pub excludes: &'a [Address],
    /// Only what the files declare otherwise than then, with what it needs.
    pub since: Option<&'a Since>,
    /// Only these very objects, with what they need.
    pub only: Option<&'a BTreeSet<Address>>,
    /// What is left alone, whoever asks: these very objects, and what needs them.
    pub tolerated: &'a BTreeMap<&'a Address, &'a Tolerance>,
}

impl Asked<'_> {
    /// Whether a part was asked for.
    pub(super) fn part(&self) -> bool {
        !self.targets.is_empty() || !self.excludes.is_empty() || self.since.is_some() || self.only.is_some()
    }

    fn wants(&self, address: &Address) -> bool {
        let targeted = self.targets.is_empty() || self.targets.iter().any(|t| address.is_within(t));
        let edited = self.since.is_none_or(|since| since.addresses.contains(address));
        targeted && edited && self.only.is_none_or(|only| only.contains(address))
    }

    fn leaves(&self, address: &Address) -> bool {
        self.tolerated.contains_key(address) || self.excludes.iter().any(|e| address.is_within(e))
    }
}

/// The changes that remain, whether that is all of them, and how many others are left out. `sees` says what is there to be named. Moves
/// and imports rename the prior state and always remain.
pub(super) fn select(
    changes: Vec<Change>,
    prior: &PriorMoves,
    wanted: &BTreeMap<Address, Object>,
    asked: &Asked<'_>,
    sees: &dyn Fn(&Address) -> bool,
    found: &mut Diagnostics,
) -> (Vec<Change>, bool, LeftOut) {
    let nothing = LeftOut { asked: asked.part(), since: asked.since.map(|since| since.commit.clone()), ..LeftOut::default() };
    if !asked.part() && asked.tolerated.is_empty() {
        return (changes, true, nothing);
    }
    for (flag, address) in asked.targets.iter().map(|a| ("--target", a)).chain(asked.excludes.iter().map(|a| ("--exclude", a))) {
        let known = wanted.keys().chain(prior.objects.keys()).filter(|a| sees(a));
        if !known.clone().any(|a| a.is_within(address)) {
            let near = address.nearest(known).map(|a| format!("did you mean `{a}`?"));
            let finding = Diagnostic::new(&codes::E0505, Span::NONE, format!("`{flag} {address}` matches nothing"));
            found.push(finding.at(address).help(near.unwrap_or_else(|| "`writ state list` shows what there is".to_owned())));
        }
    }
    let before = Graph::of(prior.objects.values().map(|s| &s.object));
    let gone: BTreeSet<&Address> =
        changes.iter().filter(|c| matches!(c.action, Action::Delete | Action::Replace)).map(|c| &c.address).collect();
    let made: BTreeSet<&Address> =
        changes.iter().filter(|c| matches!(c.action, Action::Create | Action::Replace)).map(|c| &c.address).collect();
    let changed: BTreeSet<&Address> = changes.iter().map(|c| &c.address).collect();
    // One change cannot go without these others: what it needs is made, and whoever needs what it deletes lets go.
    let needs = |a: &Address| {
        // Weak references too: what they name must exist.
        let mut all: BTreeSet<Address> =
            wanted.get(a).map(edges).unwrap_or_default().into_iter().map(|e| e.to).filter(|n| made.contains(n)).collect();
        if gone.contains(a) {
            all.extend(before.needed_by(a).filter(|n| changed.contains(n)).cloned());
        }
        all
    };
    let mut keep: BTreeSet<Address> = changed.iter().filter(|a| asked.wants(a)).map(|a| (*a).clone()).collect();
    let mut queue: Vec<Address> = keep.iter().cloned().collect();
    while let Some(address) = queue.pop() {
        for needed in needs(&address) {
            if keep.insert(needed.clone()) {
                queue.push(needed);
            }
        }
    }
    keep.retain(|a| !asked.leaves(a));
    loop {
        let lacking: Vec<Address> =
            keep.iter().filter(|a| needs(a).iter().any(|n| changed.contains(n) && !keep.contains(n))).cloned().collect();
        if lacking.is_empty() {
            break;
        }
        for address in lacking {
            keep.remove(&address);
        }
    }
    let all = changes.len();
    let others = changes.iter().filter(|c| !keep.contains(&c.address) && !asked.tolerated.contains_key(&c.address)).count();
    let kept: Vec<Change> = changes
        .into_iter()
        .filter_map(|c| {
            if keep.contains(&c.address) {
                Some(c)
            } else if c.previous.is_some() && c.after.is_some() {
                // Only what is managed is renamed, so an import remains one.
                let action = if c.action == Action::Import { Action::Import } else { Action::Move };
                Some(Change { action, after: c.before.clone(), deltas: Vec::new(), replaced_by: Vec::new(), ..c })
            } else {
                None
            }
        })
        .collect();
    let complete = kept.len() == all;
    (kept, complete, LeftOut { changes: others, ..nothing })
}
