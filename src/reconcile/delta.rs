//! The difference of two attribute tables in members of sets, and its application.

use crate::diag::Span;
use crate::model::{Delta, Members, Node, Table, Value};

/// What differs, by name; empty when the tables say the same.
#[must_use]
pub fn deltas(before: &Table, after: &Table) -> Vec<(String, Delta)> {
    let mut out = Vec::new();
    for (name, old) in before.iter() {
        match after.get(name) {
            None => out.push((name.to_owned(), Delta::Removed(old.clone()))),
            Some(new) => out.extend(delta(old, new).map(|d| (name.to_owned(), d))),
        }
    }
    let added = after.iter().filter(|(name, _)| !before.contains(name));
    out.extend(added.map(|(name, new)| (name.to_owned(), Delta::Added(new.clone()))));
    out.sort_by(|(a, _), (b, _)| a.cmp(b));
    out
}

fn delta(old: &Value, new: &Value) -> Option<Delta> {
    if old == new {
        return None;
    }
    Some(match (&old.node, &new.node) {
        (Node::Table(a), Node::Table(b)) => Delta::Table(deltas(a, b)),
        (Node::Set(a), Node::Set(b)) => {
            let only = |of: &[Value], other: &[Value]| of.iter().filter(|v| other.binary_search(v).is_err()).cloned().collect();
            let unchanged = a.iter().filter(|v| b.binary_search(v).is_ok()).cloned().collect();
            Delta::Members(Members { added: only(b, a), removed: only(a, b), unchanged })
        }
        _ => Delta::Changed(old.clone(), new.clone()),
    })
}

/// The old table with the differences applied: the new table.
#[must_use]
pub fn patch(before: &Table, deltas: &[(String, Delta)]) -> Table {
    let mut out = before.clone();
    for (name, delta) in deltas {
        match delta {
            Delta::Removed(_) => {
                out.remove(name);
            }
            Delta::Added(new) | Delta::Changed(_, new) => {
                out.insert(name.clone(), new.clone());
            }
            Delta::Members(members) => {
                let all = members.unchanged.iter().chain(&members.added).cloned().collect();
                out.insert(name.clone(), Value::set(all, Span::NONE));
            }
            Delta::Table(inner) => {
                let patched = out.get(name).and_then(Value::as_table).map(|t| patch(t, inner)).unwrap_or_default();
                out.insert(name.clone(), Value::new(Node::Table(patched), Span::NONE));
            }
        }
    }
    out
}
