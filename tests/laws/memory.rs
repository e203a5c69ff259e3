//! A store without a store: what an apply makes of a state, said a second time and as plainly as it can be said.
//!
//! The real store is held to this one by `a_store_keeps_every_law`.

use std::collections::BTreeMap;
use std::sync::Arc;
use writ::kinds::{object_from_json, rewrite_references};
use writ::model::{Action, Address, Object, Stored, Table, canonical};
use writ::plan::Plan;
use writ::reconcile::{State, WorkspaceState};

/// The state after an apply of `plan`; ids that start with `new-` are minted here.
pub fn settled(state: &State, plan: &Plan) -> State {
    let mut next = State { lineage: Some("L".to_owned()), serial: state.serial + 1, ..State::default() };
    let mut objects: BTreeMap<Address, Stored> = BTreeMap::new();
    let moved = |a: &Address| -> Option<Address> {
        let way = plan.changes.iter().filter_map(|c| Some((c.previous.as_ref()?, &c.address)));
        way.filter_map(|(from, to)| Some((from.as_str().len(), a.rebase(from, to)?))).max().map(|(_, to)| to)
    };
    for (address, stored) in state.objects.iter() {
        let to = moved(address).unwrap_or_else(|| address.clone());
        let attributes = rewrite_references(&stored.object, &moved).unwrap_or_else(|| stored.object.attributes.clone());
        let object = Object { address: to.clone(), attributes, ..stored.object.clone() };
        assert!(objects.insert(to.clone(), Stored { object, ..stored.clone() }).is_none(), "two objects at {to}");
    }
    for change in &plan.changes {
        let address = &change.address;
        let mut there = objects.remove(address);
        assert_eq!(there.is_some(), change.action != Action::Create, "{address}: {:?}", change.action);
        if matches!(change.action, Action::Create | Action::Replace) {
            there = Some(Stored {
                object: Object { address: address.clone(), attributes: Table::new(), at: writ::diag::Span::NONE },
                id: format!("new-{}-{}", next.serial, address),
                workspace: None,
                version: 0,
                origin: change.origin.clone(),
            });
        }
        let Some(mut there) = there.filter(|_| change.action != Action::Delete) else { continue };
        there.workspace = (change.action != Action::Forget).then(|| plan.workspace.as_str().into());
        if let Some(after) = &change.after {
            there.object.attributes = after.attributes.clone();
        }
        objects.insert(address.clone(), there);
    }
    for (address, stored) in &mut objects {
        stored.object = kept(address, &stored.object.attributes);
        let same = state.objects.get(address).is_some_and(|old| old.object == stored.object && old.workspace == stored.workspace);
        stored.version = if same { state.objects.get(address).unwrap().version } else { next.serial };
    }
    next.objects = Arc::new(objects.into_values().collect());
    next.workspaces = state.workspaces.clone();
    let version = match state.workspaces.get(&plan.workspace) {
        Some(known) if known.settings == plan.settings => known.version,
        _ => next.serial,
    };
    next.workspaces.insert(plan.workspace.clone(), WorkspaceState { settings: plan.settings.clone(), version });
    next
}

/// An object as a store gives it back.
pub fn kept(address: &Address, attributes: &Table) -> Object {
    let json = serde_json::from_str(&canonical(attributes)).unwrap();
    object_from_json(address.clone(), &json).unwrap()
}

/// What a state says, whatever its ids, serials and places.
pub fn said(state: &State) -> BTreeMap<String, (String, Option<String>)> {
    let one = |(a, s): (&Address, &Stored)| (a.to_string(), (canonical(&s.object.attributes), s.workspace.as_deref().map(str::to_owned)));
    state.objects.iter().map(one).collect()
}
