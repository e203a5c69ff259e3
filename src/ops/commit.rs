//! From agreed changes to the events of one transaction.

use super::Failure;
use crate::diag::{Diagnostics, Sources};
use crate::kinds;
use crate::model::{Address, Change, Origin, Table, canonical};
use crate::plan::Plan;
use crate::reconcile::{PriorMoves, State, StepKind};
use crate::store::{Event, ObjectRow, Snapshot, Tables, fold};
use std::collections::BTreeMap;

/// Builds the events, folding each into a copy of the tables, so that what they compare with is what the store will hold
/// at that moment.
pub(super) struct Recorder<'a> {
    tables: Tables,
    events: Vec<Event>,
    mint: &'a dyn Fn() -> String,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(snapshot: &Snapshot, mint: &'a dyn Fn() -> String) -> Recorder<'a> {
        Recorder { tables: snapshot.tables.clone(), events: Vec::new(), mint }
    }

    pub(super) fn events(self) -> Vec<Event> {
        self.events
    }

    fn push(&mut self, event: Event) -> Result<(), Failure> {
        fold(&mut self.tables, 0, &event).map_err(|e| Failure::Store(crate::store::StoreError::Misfit(e)))?;
        self.events.push(event);
        Ok(())
    }

    pub(super) fn row(&self, address: &Address) -> Option<&ObjectRow> {
        self.tables.objects.get(address.as_str())
    }

    pub(super) fn create(
        &mut self,
        address: &Address,
        attributes: &Table,
        workspace: Option<&str>,
        origin: &Origin,
    ) -> Result<(), Failure> {
        self.push(Event::ObjectCreated {
            address: address.to_string(),
            kind: address.kind().to_owned(),
            id: (self.mint)(),
            schema: schema(address),
            attributes: canonical(attributes),
            workspace: workspace.map(str::to_owned),
            origin: canonical(origin),
        })
    }

    /// Writes what an object says, unless that is what it says already. `origin` of `None` keeps the old one.
    fn write(&mut self, address: &Address, attributes: &Table, origin: Option<&Origin>, rereferenced: bool) -> Result<(), Failure> {
        let Some(row) = self.row(address) else { return Ok(()) };
        let (new, before) = (canonical(attributes), row.attributes.clone());
        if new == before {
            return Ok(());
        }
        let origin = origin.map_or_else(|| row.origin.clone(), canonical);
        let (address, schema) = (address.to_string(), schema(address));
        self.push(if rereferenced {
            Event::ObjectRereferenced { address, schema, attributes: new, origin, before }
        } else {
            Event::ObjectUpdated { address, schema, attributes: new, origin, before }
        })
    }

    pub(super) fn delete(&mut self, address: &Address) -> Result<(), Failure> {
        match self.row(address).cloned() {
            Some(last) => self.push(Event::ObjectDeleted { last }),
            None => Ok(()),
        }
    }

    pub(super) fn adopt(&mut self, address: &Address, workspace: &str) -> Result<(), Failure> {
        self.push(Event::ObjectAdopted { address: address.to_string(), workspace: workspace.to_owned() })
    }

    pub(super) fn release(&mut self, address: &Address) -> Result<(), Failure> {
        self.push(Event::ObjectReleased { address: address.to_string() })
    }

    pub(super) fn configure(&mut self, name: &str, settings: &crate::config::AppliedSettings) -> Result<(), Failure> {
        let text = canonical(settings);
        if self.tables.workspaces.get(name).is_some_and(|w| w.settings == text) {
            return Ok(());
        }
        self.push(Event::WorkspaceConfigured { name: name.to_owned(), settings: text })
    }

    /// A workspace that manages nothing any more lays no claim to the store.
    fn dissolve(&mut self, name: &str) -> Result<(), Failure> {
        if !self.tables.workspaces.contains_key(name) {
            return Ok(());
        }
        self.push(Event::WorkspaceRemoved { name: name.to_owned() })
    }

    /// Renames, each once its target is free, and rewrites what refers to the renamed.
    pub(super) fn moves(&mut self, prior: &PriorMoves, touched: &dyn Fn(&Address) -> bool) -> Result<(), Failure> {
        let mut waiting: BTreeMap<&Address, &Address> = prior.previous.iter().map(|(to, from)| (from, to)).collect();
        while !waiting.is_empty() {
            let free = waiting.iter().find(|(_, to)| !waiting.contains_key(*to)).map(|(from, to)| (*from, *to));
            let Some((from, to)) = free else { break };
            waiting.remove(from);
            self.push(Event::ObjectMoved { from: from.to_string(), to: to.to_string() })?;
        }
        let affected = prior.previous.keys().chain(prior.rewritten.keys()).filter(|a| !touched(a));
        for address in affected.collect::<std::collections::BTreeSet<_>>() {
            if let Some(stored) = prior.objects.get(address) {
                self.write(address, &stored.object.attributes, None, true)?;
            }
        }
        Ok(())
    }
}

fn schema(address: &Address) -> u32 {
    kinds::kind(address.kind()).map_or(1, |k| k.schema)
}

/// The events of a plan, in the order of its steps.
pub(super) fn events(plan: &Plan, state: &State, snapshot: &Snapshot, mint: &dyn Fn() -> String) -> Result<Vec<Event>, Failure> {
    let mut recorder = Recorder::new(snapshot, mint);
    let mut found = Diagnostics::new();
    let prior = PriorMoves::of_changes(state, &plan.changes, &mut found);
    if found.has_errors() {
        return Err(Failure::Findings(Box::new((found, Sources::default()))));
    }
    let changes: BTreeMap<&Address, &Change> = plan.changes.iter().map(|c| (&c.address, c)).collect();
    // What is written, made or deleted by a step of its own is not rewritten first.
    let touched = |a: &Address| changes.get(a).is_some_and(|c| c.writes());
    recorder.moves(&prior, &touched)?;
    for step in &plan.steps {
        let Some(change) = changes.get(&step.address) else { continue };
        let after = change.after.as_ref().map(|o| &o.attributes);
        match (step.kind, after) {
            (StepKind::Move, _) => {}
            (StepKind::Adopt, _) => recorder.adopt(&step.address, &plan.workspace)?,
            (StepKind::Create, Some(attributes)) => recorder.create(&step.address, attributes, Some(&plan.workspace), &change.origin)?,
            (StepKind::Update, Some(attributes)) => recorder.write(&step.address, attributes, Some(&change.origin), false)?,
            (StepKind::Delete, _) => recorder.delete(&step.address)?,
            (StepKind::Release, _) => recorder.release(&step.address)?,
            (StepKind::Create | StepKind::Update, None) => {}
        }
    }
    if plan.destroy && plan.complete {
        recorder.dissolve(&plan.workspace)?;
    } else {
        recorder.configure(&plan.workspace, &plan.settings)?;
    }
    Ok(recorder.events())
}
