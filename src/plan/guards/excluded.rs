//! A new direct assignment that is forbidden by what its person holds without the files saying so (R137, R140).

use super::{Refusal, Why, refuse};
use crate::diag::codes;
use crate::kinds::assignment::Assignment;
use crate::model::{Action, Address, Change};
use std::collections::BTreeSet;

/// What stands in the way of these changes; `forbids` tells of a package and a person what does, and what helps.
pub fn excluded(changes: &[Change], mut forbids: impl FnMut(&Address, &Address) -> Option<(String, String)>) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for change in changes {
        let Some(given) = change.after.as_ref().and_then(Assignment::of) else { continue };
        let before = change.before.as_ref().filter(|_| change.action != Action::Replace).and_then(Assignment::of);
        let known: BTreeSet<Address> = before.map(|b| b.holders().collect()).unwrap_or_default();
        let Some(package) = given.package() else { continue };
        for person in given.holders().filter(|p| !known.contains(p)) {
            if let Some((message, way_out)) = forbids(&package, &person) {
                refusals.push(refuse(&codes::R137, Why::Rule, change, message, way_out));
            }
        }
    }
    refusals
}
