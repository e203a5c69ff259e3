//! A saved plan on the state as it is now. An apply believes nothing of its file that it cannot work out anew.

use super::{By, Made, Plan, Planned, SavedPlan, judged, settings_change, timely};
use crate::config::{Known, Removed, Settings, World, check_rules};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::access_package::Package;
use crate::model::{Action, Address, Change, Object};
use crate::reconcile::{PriorMoves, Reconciled, State, Wanted, compare};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A saved plan, judged again on the state as it is. Of the file only what is wanted is taken: what would change is worked
/// out anew from the state, and must be what the file says; `None` when it is not.
#[must_use]
pub fn judge_again(
    saved: &SavedPlan,
    config: &Settings,
    state: &State,
    now: DateTime<Utc>,
    actor: By<'_>,
    found: &mut Diagnostics,
) -> Option<Plan> {
    let name = saved.workspace.as_str();
    let prior = PriorMoves::of_changes(state, &saved.changes, found);
    let mine = |a: &Address| prior.objects.get(a).is_some_and(|s| s.workspace.as_deref() == Some(name));
    let ours: BTreeMap<&Address, bool> = saved.changes.iter().map(|c| (&c.address, c.action != Action::Forget)).collect();
    let (own, foreign): (BTreeMap<Address, Object>, BTreeMap<Address, Object>) =
        Planned::new(&prior.objects, &saved.changes).cloned().partition(|(a, _)| ours.get(a).copied().unwrap_or_else(|| mine(a)));
    let released = |c: &&Change| c.action == Action::Forget;
    let removals: Vec<Removed> =
        saved.changes.iter().filter(released).map(|c| Removed { from: c.address.clone(), destroy: false, at: Span::NONE }).collect();
    let known = Known { objects: foreign, ..Known::default() };
    let world = World::new(&own, &known, config);
    let catalog_of = |root: &Address| world.get(root).and_then(Package::of).map(|p| p.catalog());
    let manages = |address: &Address| saved.destroy || config.manages(address, &catalog_of);
    let nothing = BTreeMap::new();
    let wanted =
        Wanted { workspace: name, objects: &own, moves: &[], removals: &removals, imports: &[], manages: &manages, templates: &nothing };
    let Reconciled { mut changes, prior } = compare(&wanted, prior, found);
    if !saved.destroy {
        check_rules(&world, &[], found);
    }
    for object in own.values().filter(|o| changes.iter().any(|c| c.address == o.address) && !manages(&o.address)) {
        let message = format!("this workspace does not manage `{}`", object.address);
        found.push(
            Diagnostic::new(&codes::E0306, Span::NONE, message).at(&object.address).help("plan again in the workspace that manages it"),
        );
    }
    let places: BTreeMap<&Address, &Change> = saved.changes.iter().map(|c| (&c.address, c)).collect();
    for change in &mut changes {
        if let Some(saved) = places.get(&change.address) {
            change.origin = saved.origin.clone();
            change.cause = saved.cause.clone();
        }
    }
    let made = Made {
        commit: saved.commit.as_deref(),
        actor,
        prior: &prior,
        settings: saved.settings.clone(),
        settings_change: settings_change(saved.settings.clone(), state, name, saved.destroy),
        written: vec![saved.settings.limits(), config.limits],
        zone: saved.settings.zone(),
        now,
        destroy: saved.destroy,
        complete: saved.complete,
        left_out: saved.left_out(),
        workspace: name,
        managed: None,
    };
    timely::check(&changes, &Planned::new(&prior.objects, &changes), saved.settings.zone(), now, found);
    let plan = judged(made, || saved.base.clone(), state, changes, found);
    // What the one who applies does not see is refused, and not looked at any further.
    let follows = plan.authority.beyond || (*plan.relied() == saved.relied && plan.changes_digest == saved.digests.changes);
    (follows || found.has_errors()).then_some(plan)
}
