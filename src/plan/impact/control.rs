//! Who gains and loses authority: by delegations that change, and by groups of theirs that do.

use super::{Control, moves_access};
use crate::engine::{Event, Facts, people_of};
use crate::kinds::delegation;
use crate::model::{Address, Change};
use std::collections::BTreeSet;

/// The delegations whose people are others afterwards.
pub(super) fn control(before: &Facts<'_>, after: &Facts<'_>, changes: &[Change], events: &[Event]) -> Vec<Control> {
    let concerns = |c: &Change| matches!(c.address.kind(), "delegation" | "group" | "user" | "catalog" | "access_package" | "resource");
    if !changes.iter().any(concerns) && !moves_access(events) {
        return Vec::new();
    }
    let all: BTreeSet<&Address> = delegations(before).chain(delegations(after)).collect();
    let side = |facts: &Facts<'_>, address: &Address| -> (String, BTreeSet<String>) {
        let Some(object) = facts.object(address) else { return Default::default() };
        let members: Vec<String> = delegation::members(object).map(|m| m.reference()).collect();
        (delegation::role(object).unwrap_or_default().to_owned(), people_of(facts, members.iter().map(String::as_str)))
    };
    let mut found = Vec::new();
    for address in all {
        let ((old_role, had), (new_role, has)) = (side(before, address), side(after, address));
        // Another role is gained by all of its people, and the one before is lost.
        let same = old_role == new_role;
        let gain: Vec<String> = has.iter().filter(|name| !same || !had.contains(*name)).cloned().collect();
        let lose: Vec<String> = had.iter().filter(|name| !same || !has.contains(*name)).cloned().collect();
        let role = if new_role.is_empty() { old_role } else { new_role };
        if !gain.is_empty() || !lose.is_empty() {
            found.push(Control { delegation: address.clone(), role, gain, lose });
        }
    }
    found
}

/// Every delegation: those over everything, and those over a catalog.
fn delegations<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Address> {
    let all = facts.objects.within_kind("delegation").iter().chain(facts.objects.within_kind("catalog"));
    all.map(|s| &s.object.address).filter(|address| address.kind() == delegation::KIND.name)
}
