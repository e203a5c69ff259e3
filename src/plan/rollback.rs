//! A plan from the state as it is to the objects as they once were.

use super::{Base, By, LeftOut, Made, Plan, Planned, declared::config_digest, judged, settings_change, timely};
use crate::config::{Known, Removed, Settings, World, check_rules, digests};
use crate::diag::{Diagnostics, Span};
use crate::kinds::access_package::Package;
use crate::model::{Address, Object, Stored};
use crate::reconcile::{PriorMoves, Reconciled, State, Wanted, compare};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What a rollback is made of.
#[derive(Debug, Clone, Copy)]
pub struct Back<'a> {
    /// What the store holds.
    pub state: &'a State,
    /// What it held.
    pub past: &'a State,
    /// What `writ.toml` says now: its limits and what it manages bind.
    pub settings: &'a Settings,
    /// When the apply would be.
    pub now: DateTime<Utc>,
    /// Who would apply.
    pub actor: By<'a>,
}

/// Plans the way back: what the workspace managed then, under the addresses and in the words of then, with its settings as
/// they were applied. What was made since goes, what is gone is made again. Rules, guards and brakes are those of every plan.
#[must_use]
pub fn rollback(back: &Back<'_>, found: &mut Diagnostics) -> Plan {
    let Back { state, past, settings, now, actor } = *back;
    let name = settings.name.as_str();
    let objects: BTreeMap<Address, Object> = past.managed_by(name).map(|s| (s.object.address.clone(), s.object.clone())).collect();
    let then: BTreeMap<&str, &Stored> = past.objects.values().map(|s| (s.id.as_str(), s)).collect();
    let was_ours = |s: &Stored| s.workspace.as_deref() == Some(name);
    let ours_or_nobodys = || state.objects.values().filter(|s| s.workspace.is_none() || was_ours(s));
    let before = |s: &Stored| then.get(s.id.as_str()).copied();
    let moves: BTreeMap<&Address, &Address> = ours_or_nobodys()
        .filter_map(|s| Some((&s.object.address, &before(s).filter(|b| was_ours(b))?.object.address)))
        .filter(|(from, to)| from != to)
        .collect();
    let given_up = ours_or_nobodys().filter(|s| s.workspace.is_none());
    let imported: BTreeMap<Address, String> =
        given_up.filter_map(|s| before(s).filter(|b| was_ours(b)).map(|b| (b.object.address.clone(), s.id.clone()))).collect();
    let removals: Vec<Removed> = state
        .managed_by(name)
        .filter(|s| before(s).is_some_and(|b| b.workspace.is_none()))
        .map(|s| Removed { from: s.object.address.clone(), destroy: false, at: Span::NONE })
        .collect();
    let catalog_of = |root: &Address| {
        let stored = || state.objects.get(root).map(|s| &s.object);
        objects.get(root).or_else(stored).and_then(Package::of).map(|p| p.catalog())
    };
    let manages = |address: &Address| settings.manages(address, &catalog_of);
    let nothing = BTreeMap::new();
    let wanted = Wanted {
        workspace: name,
        objects: &objects,
        moves: &[],
        removals: &removals,
        imports: &[],
        manages: &manages,
        templates: &nothing,
    };
    let prior = PriorMoves::of_map(state, &moves, imported, found);
    let Reconciled { mut changes, prior } = compare(&wanted, prior, found);
    for change in &mut changes {
        // No text asks for it, whatever stands in files today.
        change.cause.stood.clear();
        if let Some(stored) = past.objects.get(&change.address) {
            change.origin = stored.origin.clone();
        }
    }
    let planned = Planned::new(&prior.objects, &changes);
    let foreign = planned.cloned().filter(|(address, _)| !objects.contains_key(address));
    let known = Known { objects: foreign.collect(), ..Known::default() };
    check_rules(&World::new(&objects, &known, settings), &[], found);
    let applied = past.applied(name).or_else(|| state.applied(name)).cloned().unwrap_or_else(|| settings.applied());
    let zone = applied.zone();
    timely::check(&changes, &planned, zone, now, found);
    let base = Base {
        lineage: state.lineage.clone(),
        serial: state.serial,
        config_digest: config_digest(&applied, objects.values().zip(&digests(&objects))).to_string(),
    };
    let made = Made {
        commit: None,
        actor,
        prior: &prior,
        settings_change: settings_change(applied.clone(), state, name, false),
        written: vec![settings.limits, applied.limits()],
        settings: applied,
        zone,
        now,
        destroy: false,
        complete: true,
        left_out: LeftOut::default(),
        workspace: name,
        managed: None,
    };
    // Nor can one be written that spares an object the way back.
    Plan { hints: Vec::new(), ..judged(made, || base, state, changes, found) }
}
