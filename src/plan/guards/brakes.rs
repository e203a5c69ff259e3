//! The brakes of `[limits]`, judged by what is written and by what was last applied: deletions of a kind, a kind that
//! vanished, people who lose access.

use super::{Facts, Flag, Lift, Refusal, Why};
use crate::config::{Deletes, Limits};
use crate::diag::{Diagnostics, Span, codes};
use crate::kinds::counted;
use crate::model::Action;
use std::collections::BTreeMap;

/// Kinds of which no more than this are managed are not braked.
const SMALL: usize = 10;

pub(super) fn check(facts: &Facts<'_>, refusals: &mut Vec<Refusal>, _: &mut Diagnostics) {
    if facts.destroy {
        return;
    }
    let all_of_them;
    let managed = match facts.managed {
        Some(managed) => managed,
        None => {
            all_of_them = count(facts);
            &all_of_them
        }
    };
    let mut deleted: BTreeMap<&str, usize> = BTreeMap::new();
    for change in facts.changes.iter().filter(|c| c.action == Action::Delete) {
        let count = deleted.entry(change.address.kind()).or_default();
        *count = count.saturating_add(1);
    }
    let all = deleted.values().sum::<usize>() as u64;
    for (kind, count) in &deleted {
        let of = managed.get(kind).copied().unwrap_or(0);
        let named = counted(of, kind);
        let strictest = facts.limits.iter().map(|l| (allowed(l.max_deletes, of), l.max_deletes)).min_by_key(|(n, _)| *n);
        if let Some((allowed, limit)) = strictest.filter(|(allowed, _)| of > SMALL && *count > *allowed) {
            let limit = match limit {
                Deletes::Share(share) => format!("{share}%"),
                Deletes::Count(n) => n.to_string(),
            };
            let message = format!("{count} of {named} would be deleted, and max_deletes = {limit} allows {allowed}");
            refusals.push(brake(message, Lift { flag: Flag::Deletes, value: all }));
        } else if of >= 2 && *count == of && !facts.after.values().any(|o| o.address.kind() == *kind && is_ours(facts, o)) {
            let message = format!("all {named} would be deleted: were files left out?");
            refusals.push(brake(message, Lift { flag: Flag::Deletes, value: all }));
        }
    }
    refusals.extend(access_lost(facts.limits, facts.lost));
    if facts.loosenings > 0 && facts.limits.iter().any(|l| !l.allow_loosening) {
        let message = format!("{} would loosen, and allow_loosening = false", counted(facts.loosenings, "attribute"));
        refusals.push(brake(message, Lift { flag: Flag::Loosening, value: facts.loosenings as u64 }));
    }
}

/// The brake on people who lose access, where so many are too many.
#[must_use]
pub fn access_lost(limits: &[Limits], lost: usize) -> Option<Refusal> {
    let limit = limits.iter().filter_map(|l| l.max_access_lost).min().filter(|limit| lost as u64 > *limit)?;
    let verb = if lost == 1 { "1 person would lose".to_owned() } else { format!("{lost} people would lose") };
    Some(brake(format!("{verb} access, and max_access_lost = {limit}"), Lift { flag: Flag::AccessLost, value: lost as u64 }))
}

/// How many objects of each kind the workspace manages.
fn count<'a>(facts: &Facts<'a>) -> BTreeMap<&'a str, usize> {
    let mut managed: BTreeMap<&str, usize> = BTreeMap::new();
    for stored in facts.before.values().filter(|s| s.workspace.as_deref() == Some(facts.workspace)) {
        let count = managed.entry(stored.object.address.kind()).or_default();
        *count = count.saturating_add(1);
    }
    managed
}

/// Whether an object will still be this workspace's: declared anew, or kept.
fn is_ours(facts: &Facts<'_>, object: &crate::model::Object) -> bool {
    let kept = facts.before.get(&object.address).is_some_and(|s| s.workspace.as_deref() == Some(facts.workspace));
    kept || facts.changes.iter().any(|c| c.address == object.address && c.after.is_some())
}

fn allowed(limit: Deletes, of: usize) -> usize {
    match limit {
        Deletes::Share(percent) => of.saturating_mul(percent as usize).checked_div(100).unwrap_or(0),
        Deletes::Count(n) => usize::try_from(n).unwrap_or(usize::MAX),
    }
}

fn brake(message: String, lift: Lift) -> Refusal {
    let way_out = match lift.flag {
        Flag::Loosening => format!("override: {}", lift.flag.word()),
        Flag::Deletes | Flag::AccessLost => format!("override: {} {}", lift.flag.word(), lift.value),
    };
    Refusal { code: &codes::E0503, why: Why::Limit, address: None, message, way_out, lift: Some(lift), at: Span::NONE, place: None }
}
