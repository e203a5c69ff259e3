//! `doctor`: everything that a store can be looked at for, and what can be put right without asking.

use super::{Context, Failure, Place, claim, decode, load};
use crate::config::Settings;
use crate::engine::{Delivery, Record, SendState};
use crate::kinds;
use crate::kinds::counted;
use crate::reconcile::State;
use crate::store::{self, Examination, Finding, Health, Snapshot};
use crate::view::lifecycle::in_vain;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Looks at the store, and puts right what can be: its mode, and what killed commands left.
///
/// # Errors
/// When `writ.toml` cannot be read; with `fix`, when the lock is held. What was found is a value.
pub fn doctor(context: &Context, fix: bool) -> Result<(Place, Vec<Finding>), Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    let mut mended = Vec::new();
    if fix {
        mend(context, &place, &mut mended)?;
    }
    (context.tell)("looking at the store");
    let Examination { mut findings, snapshot } = store::examine(&place.path);
    if let Some(snapshot) = &snapshot {
        meaning(snapshot, &place, &settings, &mut findings);
    }
    (context.tell)("");
    findings.extend(mended);
    Ok((place, findings))
}

/// What only Writ can say of the content: whose it is, whether it can be read as objects, and whether they hold together.
fn meaning(snapshot: &Snapshot, place: &Place, settings: &Settings, findings: &mut Vec<Finding>) {
    let mut told = |what, health, text: String| findings.push(Finding::new(what, health, text));
    match load::check_store(snapshot, place, settings) {
        Ok(()) => told("lineage", Health::Well, snapshot.lineage.clone()),
        Err(error) => told("lineage", Health::Fault, error.to_string()),
    }
    match decode::snapshot(snapshot) {
        Err(error) => told("objects", Health::Fault, error.to_string()),
        Ok(state) => {
            let orphans = orphans(&state);
            match orphans.is_empty() {
                true => told("objects", Health::Well, format!("{}, each of its kind's form", state.objects.len())),
                false => orphans.into_iter().for_each(|orphan| told("objects", Health::Fault, orphan)),
            }
            elsewhere(snapshot, &state, settings, &mut told);
        }
    }
}

/// What does not get through to other systems, if anything: connectors that nobody declares while there is something of people behind
/// them, and what was given up.
fn elsewhere(snapshot: &Snapshot, state: &State, settings: &Settings, told: &mut dyn FnMut(&'static str, Health, String)) {
    let all = snapshot.tables.records.values().filter(|row| !row.record.is_over()).filter_map(|row| match &row.record {
        Record::Delivery(delivery) => Some(delivery.as_ref()),
        _ => None,
    });
    // Several workspaces may share a store, each with its own connectors.
    let others = state.workspaces.iter().filter(|(name, _)| **name != settings.name).flat_map(|(_, w)| w.settings.connectors().into_keys());
    let declared: BTreeSet<&str> = settings.connectors().keys().map(String::as_str).chain(others).collect();
    let mut lost: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut given_up: Vec<&Delivery> = Vec::new();
    for delivery in all {
        if !declared.contains(delivery.connector.as_str()) && (delivery.is_held() || delivery.state != SendState::Done) {
            lost.entry(&delivery.connector).or_default().insert(&delivery.person.id);
        }
        if delivery.state == SendState::Failed {
            given_up.push(delivery);
        }
    }
    for (connector, people) in lost {
        let of = match people.len() {
            1 => "one person is".to_owned(),
            n => format!("{n} people are"),
        };
        let text = format!(
            "writ.toml has no `[connector.{connector}]`, and {of} known there: declare it again, with the `url` where it led, until \
             nobody is in a group there"
        );
        told("deliveries", Health::Fault, text);
    }
    if let Some(first) = given_up.first() {
        let why = first.error.as_deref().unwrap_or("it could not be delivered");
        let n = counted(given_up.len(), "delivery");
        let text = format!("{n} given up, such as {}: {why}; `writ deliver --again` tries once more", in_vain(first));
        told("deliveries", Health::Note, text);
    }
}

/// Objects that refer to nothing, or that belong to a workspace which the store does not know.
pub(super) fn orphans(state: &State) -> Vec<String> {
    let mut found = Vec::new();
    for (address, stored) in state.objects.iter() {
        if let Some(name) = stored.workspace.as_deref().filter(|name| !state.workspaces.contains_key(*name)) {
            found.push(format!("`{address}` belongs to the workspace `{name}`, which is not there"));
        }
        for reference in kinds::references(&stored.object) {
            if !state.objects.contains_key(&reference.target.address()) {
                found.push(format!("`{address}` refers to `{}`, which is not there", reference.target.address()));
            }
        }
    }
    for builtin in kinds::builtins().iter().filter(|b| !state.objects.contains_key(&b.address)) {
        found.push(format!("`{}` always exists, and is not there", builtin.address));
    }
    found
}

/// Under the lock, so that nothing of a running command is taken for a leftover.
fn mend(context: &Context, place: &Place, mended: &mut Vec<Finding>) -> Result<(), Failure> {
    let before = store::drafts(&place.path);
    // Whoever takes the lock clears what the dead left.
    let _lock = claim::claim(context, place, &context.operator, "doctor", Duration::ZERO)?;
    for leftover in before.iter().filter(|path| !store::exists(path)) {
        mended.push(Finding::new("mended", Health::Note, format!("removed {}", leftover.display())));
    }
    let changed =
        store::make_private(&place.path).map_err(|e| Failure::Io(format!("cannot change the mode of `{}`", place.path.display()), e))?;
    for (path, mode) in changed {
        mended.push(Finding::new("mended", Health::Note, format!("mode of {}: {mode:04o} -> 0600", path.display())));
    }
    Ok(())
}
