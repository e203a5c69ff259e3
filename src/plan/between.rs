//! Plans that nobody applies: what lies between two moments of a store, and that nothing is to be done.

use super::{Authority, Base, Basis, By, Impact, LeftOut, Made, Plan, Relied, SettingsChange, document, judged};
use crate::config::{AppliedSettings, Settings};
use crate::diag::Diagnostics;
use crate::model::{Action, Address, Object, Stored, Zone};
use crate::reconcile::{PriorMoves, Reconciled, State, Wanted, compare};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What lies between two states of a store, told as a plan: every object counts, whoever manages it.
#[must_use]
pub fn between(before: &State, after: &State, workspace: &str, now: DateTime<Utc>, found: &mut Diagnostics) -> Plan {
    let mut prior = before.clone();
    let ids: BTreeMap<&str, &Address> = after.objects.values().map(|s| (s.id.as_str(), &s.object.address)).collect();
    let moved = |s: &'_ Stored| ids.get(s.id.as_str()).copied().filter(|to| **to != s.object.address);
    let moves: BTreeMap<&Address, &Address> = before.objects.values().filter_map(|s| Some((&s.object.address, moved(s)?))).collect();
    for stored in Arc::make_mut(&mut prior.objects).values_mut() {
        stored.workspace = Some(workspace.into());
    }
    let objects: BTreeMap<Address, Object> = after.objects.values().map(|s| (s.object.address.clone(), s.object.clone())).collect();
    let nothing = BTreeMap::new();
    let wanted = Wanted { workspace, objects: &objects, moves: &[], removals: &[], imports: &[], manages: &|_| true, templates: &nothing };
    let prior = PriorMoves::of_map(&prior, &moves, BTreeMap::new(), found);
    let Reconciled { mut changes, prior } = compare(&wanted, prior, found);
    // Builtins that are gone from what is wanted cannot be: a store always has them.
    changes.retain(|c| c.action != Action::Forget);
    let applied = |s: &State| s.applied(workspace).cloned();
    let settings_change =
        applied(after).filter(|a| applied(before).as_ref() != Some(a)).map(|after| SettingsChange { before: applied(before), after });
    let zone = applied(after).map_or(Zone::UTC, |s| s.zone());
    let base = || Base { lineage: before.lineage.clone(), serial: before.serial, config_digest: String::new() };
    let made = Made {
        commit: None,
        actor: By::Operator(""),
        prior: &prior,
        settings: applied(after).unwrap_or(AppliedSettings(serde_json::Value::Null)),
        settings_change: settings_change.filter(|s| s.before.is_some()),
        written: Vec::new(),
        zone,
        now,
        destroy: true,
        complete: true,
        left_out: LeftOut::default(),
        workspace,
        managed: None,
    };
    let mut plan = judged(made, base, before, changes, found);
    plan.basis = Basis::told(plan.relied().clone());
    plan.refusals.clear();
    plan.destroy = false;
    plan
}

/// The plan of a workspace of which it is known that the store holds what its files declare: `config_digest` is of that, and
/// `unmanaged` objects live on beside it. The objects of the state are not looked at.
#[must_use]
pub fn unchanged(settings: &Settings, state: &State, config_digest: String, unmanaged: usize, commit: Option<String>, actor: &str) -> Plan {
    let name = settings.name.as_str();
    Plan {
        workspace: name.to_owned(),
        base: Base { lineage: state.lineage.clone(), serial: state.serial, config_digest },
        commit,
        actor: actor.to_owned(),
        authority: Authority::operator(),
        changes: Vec::new(),
        rewritten: Vec::new(),
        changes_digest: document::digest_of_changes(name, &[], None, false),
        settings_change: None,
        settings: settings.applied(),
        basis: Basis::told(Relied { workspace: state.workspaces.get(name).map_or(0, |w| w.version), ..Relied::default() }),
        refusals: Vec::new(),
        hints: Vec::new(),
        people_losing_access: 0,
        impact: Impact::default(),
        unmanaged,
        destroy: false,
        complete: true,
        left_out: LeftOut::default(),
        zone: settings.zone,
    }
}
