//! The order of steps: what is needed is made before and deleted after, so that every prefix of the steps leaves no
//! strong reference dangling.

use super::graph::edges;
use crate::model::{Action, Address, Change, Object};
use std::collections::{BTreeMap, BTreeSet};

/// What one step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Another address, with all references to it.
    Move,
    /// Managed from now on.
    Adopt,
    /// Made.
    Create,
    /// Changed in place.
    Update,
    /// Deleted.
    Delete,
    /// Unmanaged from now on.
    Release,
}

/// One step of an apply.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// The object, under its new name.
    #[serde(serialize_with = "as_text")]
    pub address: Address,
}

fn as_text<S: serde::Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(address.as_str())
}

/// The steps of some changes: moves and adoptions first, then everything in dependency order, ties by address.
///
/// # Panics
/// When the steps wait for each other in a ring, which they do only in a plan that is refused: where the configuration has
/// a ring, or where somebody needs an object both before and after it is replaced.
#[must_use]
pub fn steps(changes: &[Change]) -> Vec<Step> {
    let mut first: Vec<Step> = Vec::new();
    let mut nodes: Vec<(Step, &Change)> = Vec::new();
    for change in changes {
        let step = |kind| Step { kind, address: change.address.clone() };
        if change.previous.is_some() {
            first.push(step(StepKind::Move));
        }
        match change.action {
            Action::Move => {}
            Action::Create => nodes.push((step(StepKind::Create), change)),
            Action::Update => nodes.push((step(StepKind::Update), change)),
            Action::Delete => nodes.push((step(StepKind::Delete), change)),
            Action::Forget => nodes.push((step(StepKind::Release), change)),
            Action::Replace => {
                nodes.push((step(StepKind::Delete), change));
                nodes.push((step(StepKind::Create), change));
            }
            Action::Import => {
                first.push(step(StepKind::Adopt));
                if !change.deltas.is_empty() {
                    nodes.push((step(StepKind::Update), change));
                }
            }
        }
    }
    first.sort();
    first.extend(sorted(&nodes));
    first
}

/// Kahn's algorithm; among the steps that are ready the smallest goes first.
fn sorted(nodes: &[(Step, &Change)]) -> Vec<Step> {
    let index: BTreeMap<(StepKind, &Address), usize> = nodes.iter().enumerate().map(|(i, (s, _))| ((s.kind, &s.address), i)).collect();
    let mut waits: Vec<usize> = vec![0; nodes.len()];
    let mut unlocks: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); nodes.len()];
    let mut before = |earlier: Option<&usize>, later: Option<&usize>| {
        let (Some(earlier), Some(later)) = (earlier, later) else { return };
        if let (Some(set), Some(count)) = (unlocks.get_mut(*earlier), waits.get_mut(*later))
            && set.insert(*later)
        {
            *count = count.saturating_add(1);
        }
    };
    for (step, change) in nodes {
        let own = index.get(&(step.kind, &step.address));
        let strong = |object: &Option<Object>| object.iter().flat_map(edges).filter(|e| e.strong).map(|e| e.to).collect::<Vec<_>>();
        if matches!(step.kind, StepKind::Create | StepKind::Update) {
            for target in strong(&change.after) {
                before(index.get(&(StepKind::Create, &target)), own);
            }
            // What it no longer refers to may go once it has let go.
            for target in strong(&change.before) {
                before(own.filter(|_| step.kind == StepKind::Update), index.get(&(StepKind::Delete, &target)));
            }
        }
        if step.kind == StepKind::Delete {
            for target in strong(&change.before) {
                before(own, index.get(&(StepKind::Delete, &target)));
            }
            before(own, index.get(&(StepKind::Create, &step.address)));
        }
    }
    let mut ready: BTreeSet<(&Step, usize)> = BTreeSet::new();
    let waiting = |i: usize, waits: &[usize]| waits.get(i).copied().unwrap_or(0);
    for (i, (step, _)) in nodes.iter().enumerate() {
        if waiting(i, &waits) == 0 {
            ready.insert((step, i));
        }
    }
    let mut out = Vec::with_capacity(nodes.len());
    let mut done: BTreeSet<usize> = BTreeSet::new();
    loop {
        // Groups that hold each other may have come to be across workspaces; what is deleted in one transaction needs no
        // order of its own.
        let stuck =
            || nodes.iter().enumerate().find(|(i, (s, _))| s.kind == StepKind::Delete && !done.contains(i)).map(|(i, (s, _))| (s, i));
        let Some((step, i)) = ready.pop_first().or_else(stuck) else { break };
        if !done.insert(i) {
            continue;
        }
        out.push(step.clone());
        for later in unlocks.get(i).into_iter().flatten() {
            if let Some(count) = waits.get_mut(*later) {
                *count = count.saturating_sub(1);
                if *count == 0
                    && let Some((step, _)) = nodes.get(*later)
                {
                    ready.insert((step, *later));
                }
            }
        }
    }
    assert!(out.len() == nodes.len(), "the steps of a plan form a ring, which rules and guards exclude");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;
    use crate::model::{Cause, Origin, Table, Value};

    /// The deletion of a group with one member.
    fn delete(key: &str, member: &str) -> Change {
        let mut attributes = Table::new();
        attributes.insert("members", Value::set(vec![Value::text(format!("group:{member}"), Span::NONE)], Span::NONE));
        let address = Address::root("group", key);
        Change {
            before: Some(Object { address: address.clone(), attributes, at: Span::NONE }),
            address,
            previous: None,
            action: Action::Delete,
            after: None,
            deltas: Vec::new(),
            replaced_by: Vec::new(),
            cause: Cause { at: Span::NONE, place: None, stood: Vec::new(), template: None },
            import_id: None,
            origin: Origin::default(),
        }
    }

    #[test]
    fn who_needs_goes_before_what_is_needed() {
        let steps = steps(&[delete("a", "b"), delete("b", "c"), delete("c", "x")]);
        assert_eq!(steps.iter().map(|s| s.address.key()).collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn a_ring_that_came_to_be_can_be_deleted() {
        assert_eq!(steps(&[delete("a", "b"), delete("b", "a")]).len(), 2);
    }
}
