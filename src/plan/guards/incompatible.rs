//! A new direct assignment that an incompatibility forbids (R137); who held both before keeps both (R139).

use super::{Facts, Refusal, Why, refuse};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::kinds::{access_package::Package, assignment::Assignment};
use crate::model::{Address, Change, Object};
use crate::plan::access::effective_members;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(facts: &Facts<'_>, refusals: &mut Vec<Refusal>, found: &mut Diagnostics) {
    if facts.changes.is_empty() {
        return;
    }
    let mut excluding: Vec<Package<'_>> =
        facts.after.values().filter_map(Package::of).filter(|p| p.incompatible_with().next().is_some()).collect();
    if excluding.is_empty() {
        return;
    }
    excluding.sort_by(|a, b| a.0.address.cmp(&b.0.address));
    let after = facts.after.all();
    let before: BTreeMap<&Address, &Object> = facts.before.iter().map(|(a, s)| (a, &s.object)).collect();
    let (now, then) = (holders(facts, after), holders(facts, &before));
    for package in excluding {
        let address = &package.0.address;
        let (Some(holding), held) = (now.get(address), then.get(address)) else { continue };
        for (other, at) in package.incompatible_with() {
            let excluded = match other.kind() {
                "group" => effective_members(after, &other),
                _ => now.get(&other).cloned().unwrap_or_default(),
            };
            let (kept, new): (Vec<&Address>, Vec<&Address>) =
                holding.intersection(&excluded).partition(|p| held.is_some_and(|h| h.contains(*p)));
            for person in new {
                let Some(change) = granting(facts.changes, address, person) else { continue };
                let message = format!("`{}` cannot get `{}`, being of `{}`", person.key(), address.key(), other.reference());
                let way_out = "take the other away in the same plan, or leave this one out";
                refusals.push(refuse(&codes::R137, Why::Rule, change, message, way_out));
            }
            let touched = facts.changes.iter().any(|c| c.address == *address || c.address == other);
            if !kept.is_empty() && touched {
                let names = kept.iter().take(10).map(|p| p.key()).collect::<Vec<_>>().join(", ");
                let message = format!(
                    "`{}` and `{}` are held together by {}, who keep both: {names}",
                    address.key(),
                    other.reference(),
                    people(kept.len())
                );
                found.push(
                    Diagnostic::new(&codes::R139, at, message)
                        .at(address)
                        .help("an incompatibility stops new grants; take one of them away if it must not be"),
                );
            }
        }
    }
}

fn people(n: usize) -> String {
    if n == 1 { "1 person".to_owned() } else { format!("{n} people") }
}

/// Who holds each package by a declared assignment that is not over.
fn holders(facts: &Facts<'_>, objects: &BTreeMap<&Address, &Object>) -> BTreeMap<Address, BTreeSet<Address>> {
    let mut out: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    for assignment in objects.values().filter_map(|o| Assignment::of(o)).filter(|a| !a.is_over(facts.zone, facts.now)) {
        if let Some(package) = assignment.package() {
            out.entry(package).or_default().extend(assignment.holders());
        }
    }
    out
}

/// The change that gives a package to a person.
fn granting<'a>(changes: &'a [Change], package: &Address, person: &Address) -> Option<&'a Change> {
    let gives = |o: &Object| Assignment::of(o).is_some_and(|a| a.package().as_ref() == Some(package) && a.holders().any(|h| h == *person));
    changes.iter().find(|c| c.after.as_ref().is_some_and(gives))
}
