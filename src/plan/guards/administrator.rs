//! The last administrator is not taken away; a store that never had one stays with its operator.

use super::{Facts, Refusal, Why, refuse};
use crate::diag::{Diagnostics, codes};
use crate::kinds::{delegation, user::User};
use crate::model::{Address, Change, Object};
use crate::plan::access::effective_members;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(facts: &Facts<'_>, refusals: &mut Vec<Refusal>, _: &mut Diagnostics) {
    if facts.destroy || !facts.has_store {
        return;
    }
    // Only these make an administrator, and only what was there before can take one away.
    let takes = |c: &Change| c.before.is_some() && matches!(c.address.kind(), "delegation" | "group" | "user");
    if !facts.changes.iter().any(takes) {
        return;
    }
    let before: BTreeMap<&Address, &Object> = facts.before.iter().map(|(a, s)| (a, &s.object)).collect();
    let had = administrators(&before);
    if had.is_empty() || !administrators(facts.after.all()).is_empty() {
        return;
    }
    let cause =
        facts.changes.iter().find(|c| c.before.as_ref().is_some_and(|o| delegation::is_administrator(o) || had.contains(&o.address)));
    let Some(change) = cause.or(facts.changes.first()) else { return };
    let names = had.iter().take(3).map(Address::key).collect::<Vec<_>>().join(", ");
    let message = format!("no enabled administrator would be left (now: {names})");
    let way_out = "name another enabled user in a delegation with `role = \"administrator\"` first";
    refusals.push(refuse(&codes::E0502, Why::Rule, change, message, way_out));
}

/// Enabled users who are administrators, by name or through groups.
pub(in crate::plan) fn administrators(objects: &BTreeMap<&Address, &Object>) -> BTreeSet<Address> {
    let mut people = BTreeSet::new();
    for delegation in objects.values().filter(|o| delegation::is_administrator(o)) {
        for member in delegation::members(delegation) {
            match member.kind() {
                "group" => people.extend(effective_members(objects, &member)),
                _ => {
                    people.insert(member);
                }
            }
        }
    }
    people.retain(|p| objects.get(p).copied().and_then(User::of).is_some_and(User::is_enabled));
    people
}
