//! Nothing is deleted that something outside this plan needs: a catalog with packages (R101), a resource in use (R106), a
//! package or policy with live assignments (R63). What the same plan takes away counts as gone.

use super::{Facts, Refusal, Why, refuse};
use crate::diag::{Code, Diagnostics, codes};
use crate::kinds;
use crate::model::{Action, Address, Change, Object};
use std::collections::BTreeMap;

pub(super) fn check(facts: &Facts<'_>, refusals: &mut Vec<Refusal>, _: &mut Diagnostics) {
    let gone: BTreeMap<&Address, &Change> =
        facts.changes.iter().filter(|c| matches!(c.action, Action::Delete | Action::Replace)).map(|c| (&c.address, c)).collect();
    if gone.is_empty() {
        return;
    }
    let mut needs: BTreeMap<&Address, Vec<&Object>> = BTreeMap::new();
    for object in facts.after.all().values().copied() {
        let mut targets: Vec<Address> =
            kinds::references(object).into_iter().map(|r| r.target.address()).chain(object.address.parent()).collect();
        targets.sort();
        targets.dedup();
        for target in targets {
            if let Some((address, change)) = gone.get_key_value(&target)
                && (change.action == Action::Delete || keeps(facts, object, &target))
            {
                needs.entry(address).or_default().push(object);
            }
        }
    }
    for (address, users) in needs {
        let Some(change) = gone.get(address) else { continue };
        let code = rule(address, &users);
        let names = users.iter().take(3).map(|o| format!("`{}`", o.address)).collect::<Vec<_>>().join(", ");
        let more = users.len().saturating_sub(3);
        let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
        let (verb, way_out) = match change.action {
            Action::Replace => ("replaced", "let the others go first, or declare a new one under another key"),
            _ => ("deleted", "take them away first; what no workspace manages is adopted with `[[import]]` or dropped with `writ state`"),
        };
        refusals.push(refuse(code, Why::Rule, change, format!("`{address}` cannot be {verb}: {names}{rest} still need it"), way_out));
    }
}

/// Whether an object needed a replaced one before too: one that comes with the same plan waits for the new one.
fn keeps(facts: &Facts<'_>, object: &Object, target: &Address) -> bool {
    facts.before.get(&object.address).is_some_and(|s| kinds::references(&s.object).iter().any(|r| r.target.address() == *target))
}

fn rule(address: &Address, users: &[&Object]) -> &'static Code {
    let by = |kind: &str| users.iter().any(|o| o.address.kind() == kind);
    match address.kind() {
        "catalog" if by("access_package") => &codes::R101,
        "resource" => &codes::R106,
        "access_package" | "policy" if by("assignment") => &codes::R63,
        _ => &codes::E0506,
    }
}
