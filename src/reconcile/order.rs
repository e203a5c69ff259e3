//! The order of steps: what is needed is made before and deleted after, so that every prefix of the steps leaves no
//! strong reference dangling.

use crate::kinds::{self, Strength};
use crate::model::{Action, Address, Change, Object};
use foldhash::HashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What one step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
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
    first.extend(sorted(nodes));
    first
}

/// What an object needs to be there: what it stands in, and what it refers to strongly.
fn each_need(object: &Option<Object>, each: &mut dyn FnMut(&str)) {
    let Some(object) = object else { return };
    if !object.address.parent_text().is_empty() {
        each(object.address.parent_text());
    }
    let mut text = String::new();
    kinds::each_reference(object, &mut |reference| {
        if reference.strength == Strength::Strong {
            reference.target.write(&mut text);
            each(&text);
        }
    });
}

/// Kahn's algorithm; among the steps that are ready the smallest goes first.
fn sorted(mut nodes: Vec<(Step, &Change)>) -> Vec<Step> {
    // A step's number is its place in the order of display, so that the smallest number is the smallest step.
    nodes.sort_by(|(a, _), (b, _)| a.cmp(b));
    let index: HashMap<(StepKind, &str), usize> = nodes.iter().enumerate().map(|(i, (s, _))| ((s.kind, s.address.as_str()), i)).collect();
    let find = |kind: StepKind, address: &str| index.get(&(kind, address)).copied();
    let mut links: Vec<(usize, usize)> = Vec::new();
    let mut before = |earlier: Option<usize>, later: Option<usize>| links.extend(earlier.zip(later));
    let any_gone = nodes.iter().any(|(step, _)| step.kind == StepKind::Delete);
    for (step, change) in &nodes {
        let own = find(step.kind, step.address.as_str());
        if matches!(step.kind, StepKind::Create | StepKind::Update) {
            each_need(&change.after, &mut |target| before(find(StepKind::Create, target), own));
            // What it no longer refers to may go once it has let go.
            if any_gone && step.kind == StepKind::Update {
                each_need(&change.before, &mut |target| before(own, find(StepKind::Delete, target)));
            }
        }
        if step.kind == StepKind::Delete {
            each_need(&change.before, &mut |target| before(own, find(StepKind::Delete, target)));
            before(own, find(StepKind::Create, step.address.as_str()));
        }
    }
    links.sort_unstable();
    links.dedup();
    let mut waits: Vec<usize> = vec![0; nodes.len()];
    for (_, later) in &links {
        if let Some(count) = waits.get_mut(*later) {
            *count = count.saturating_add(1);
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> = waits.iter().enumerate().filter(|(_, n)| **n == 0).map(|(i, _)| Reverse(i)).collect();
    let mut out = Vec::with_capacity(nodes.len());
    let mut done: Vec<bool> = vec![false; nodes.len()];
    // Groups that hold each other may have come to be across workspaces; what is deleted in one transaction needs no order of
    // its own.
    let mut stuck = nodes.iter().enumerate().filter(|(_, (s, _))| s.kind == StepKind::Delete).map(|(i, _)| i);
    while let Some(i) = ready.pop().map(|Reverse(i)| i).or_else(|| stuck.by_ref().find(|i| done.get(*i) == Some(&false))) {
        let Some(first) = done.get_mut(i).filter(|done| !**done) else { continue };
        *first = true;
        out.extend(nodes.get(i).map(|(step, _)| step.clone()));
        let start = links.partition_point(|(earlier, _)| *earlier < i);
        for (_, later) in links.iter().skip(start).take_while(|(earlier, _)| *earlier == i) {
            if let Some(count) = waits.get_mut(*later) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push(Reverse(*later));
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
