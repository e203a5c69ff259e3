//! Who gains and loses authority: by delegations that change, and by groups of theirs that do.

use super::Control;
use crate::engine::{Facts, people_of};
use crate::kinds::delegation;
use crate::model::{Address, Change, Stored};
use std::collections::{BTreeMap, BTreeSet};

/// The delegations whose people are others afterwards.
pub(super) fn control(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change]) -> Vec<Control> {
    let concerns = |c: &Change| matches!(c.address.kind(), "delegation" | "group" | "user" | "catalog" | "access_package" | "assignment");
    if !changes.iter().any(concerns) {
        return Vec::new();
    }
    let moved: BTreeMap<&Address, &Address> = changes.iter().filter_map(|c| Some((c.previous.as_ref()?, &c.address))).collect();
    let (old, new) = (delegations(before), delegations(after));
    let mut found = BTreeMap::new();
    for stored in old.iter().chain(&new) {
        let address = &stored.object.address;
        let here = moved.get(address).copied().unwrap_or(address);
        if found.contains_key(here) {
            continue;
        }
        let side = |all: &[&Stored], facts: &Facts<'_>, at: &Address| -> (String, BTreeSet<String>) {
            let Some(stored) = all.iter().find(|s| s.object.address == *at) else { return Default::default() };
            let members: Vec<String> = delegation::members(&stored.object).map(|m| m.reference()).collect();
            (delegation::role(&stored.object).unwrap_or_default().to_owned(), people_of(facts, members.iter().map(String::as_str)))
        };
        let there = moved.iter().find(|(_, to)| **to == here).map_or(here, |(from, _)| *from);
        let ((old_role, had), (new_role, has)) = (side(&old, before, there), side(&new, after, here));
        let same = old_role == new_role || old_role.is_empty() || new_role.is_empty();
        let kept: BTreeSet<String> = if same { had.intersection(&has).cloned().collect() } else { BTreeSet::new() };
        let (gain, lose): (Vec<String>, Vec<String>) = (has.difference(&kept).cloned().collect(), had.difference(&kept).cloned().collect());
        let role = if new_role.is_empty() { old_role } else { new_role };
        found.insert(here.clone(), Control { delegation: here.clone(), role, gain, lose });
    }
    found.into_values().filter(|c| !c.gain.is_empty() || !c.lose.is_empty()).collect()
}

/// Every delegation: those over everything, and those over a catalog.
fn delegations<'a>(facts: &Facts<'a>) -> Vec<&'a Stored> {
    let all = facts.objects.within_kind("delegation").iter().chain(facts.objects.within_kind("catalog"));
    all.filter(|s| s.object.address.kind() == delegation::KIND.name).collect()
}
