//! From agreed changes to the events of one transaction.

use super::Failure;
use crate::diag::{Diagnostics, Sources};
use crate::kinds;
use crate::model::{Address, Change, Origin, Table, canonical};
use crate::plan::Plan;
use crate::reconcile::{PriorMoves, State, StepKind};
use crate::store::{Event, ObjectRow, StoreError, Tables, WorkspaceRow, fold};
use foldhash::{HashMap, HashSet};
use std::collections::BTreeMap;

/// How a store is asked for what it holds at an address.
pub(super) type Rows<'a> = dyn Fn(&str) -> Result<Option<ObjectRow>, StoreError> + 'a;

/// Builds the events. Each but those by which an object comes to be is folded into a copy of the rows that it is about, so that what the
/// next one compares with is what the store will hold at that moment; no other row is looked at.
pub(super) struct Recorder<'a> {
    stored: &'a Rows<'a>,
    /// The rows that were asked for, as the events so far leave them.
    rows: Tables,
    /// The addresses that were asked for.
    asked: HashSet<String>,
    events: Vec<Event>,
    mint: &'a dyn Fn() -> String,
    /// Ids that objects have which come from elsewhere, by their addresses; the others are minted.
    ids: Option<&'a BTreeMap<Address, String>>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(stored: &'a Rows<'a>, workspaces: &BTreeMap<String, WorkspaceRow>, mint: &'a dyn Fn() -> String) -> Recorder<'a> {
        let rows = Tables { workspaces: workspaces.clone(), ..Tables::default() };
        Recorder { stored, rows, asked: HashSet::default(), events: Vec::new(), mint, ids: None }
    }

    /// With the ids that new objects have, where they have one.
    pub(super) fn with_ids(self, ids: &'a BTreeMap<Address, String>) -> Recorder<'a> {
        Recorder { ids: Some(ids), ..self }
    }

    pub(super) fn events(self) -> Vec<Event> {
        self.events
    }

    fn push(&mut self, event: Event) -> Result<(), Failure> {
        // That nothing stands where an object comes to be is for the store to say.
        if !matches!(event, Event::ObjectCreated { .. }) {
            let from = if let Event::ObjectMoved { from, .. } = &event { Some(from.as_str()) } else { None };
            for address in event.address().into_iter().chain(from) {
                self.ask(address)?;
            }
            fold(&mut self.rows, 0, &event).map_err(|e| Failure::Store(StoreError::Misfit(e)))?;
        }
        self.events.push(event);
        Ok(())
    }

    fn ask(&mut self, address: &str) -> Result<(), Failure> {
        if self.asked.insert(address.to_owned()) {
            self.rows.objects.extend((self.stored)(address)?.map(|row| (row.address.clone(), row)));
        }
        Ok(())
    }

    pub(super) fn row(&mut self, address: &Address) -> Result<Option<&ObjectRow>, Failure> {
        self.ask(address.as_str())?;
        Ok(self.rows.objects.get(address.as_str()))
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
            id: self.ids.and_then(|ids| ids.get(address).cloned()).unwrap_or_else(self.mint),
            schema: schema(address),
            attributes: canonical(attributes),
            workspace: workspace.map(str::to_owned),
            origin: origin.as_json().to_owned(),
        })
    }

    /// Writes what an object says, unless that is what it says already. `origin` of `None` keeps the old one.
    fn write(&mut self, address: &Address, attributes: &Table, origin: Option<&Origin>, rereferenced: bool) -> Result<(), Failure> {
        let Some(row) = self.row(address)? else { return Ok(()) };
        let (new, before) = (canonical(attributes), row.attributes.clone());
        if new == before {
            return Ok(());
        }
        let origin = origin.map_or_else(|| row.origin.clone(), |o| o.as_json().to_owned());
        let (address, schema) = (address.to_string(), schema(address));
        self.push(if rereferenced {
            Event::ObjectRereferenced { address, schema, attributes: new, origin, before }
        } else {
            Event::ObjectUpdated { address, schema, attributes: new, origin, before }
        })
    }

    pub(super) fn delete(&mut self, address: &Address) -> Result<(), Failure> {
        match self.row(address)?.cloned() {
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
        if self.rows.workspaces.get(name).is_some_and(|w| w.settings == text) {
            return Ok(());
        }
        self.push(Event::WorkspaceConfigured { name: name.to_owned(), settings: text })
    }

    /// A workspace that manages nothing any more lays no claim to the store.
    fn dissolve(&mut self, name: &str) -> Result<(), Failure> {
        if !self.rows.workspaces.contains_key(name) {
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
pub(super) fn events(plan: &Plan, state: &State, mut recorder: Recorder<'_>) -> Result<Vec<Event>, Failure> {
    let mut found = Diagnostics::new();
    let prior = PriorMoves::of_changes(state, &plan.changes, &mut found);
    if found.has_errors() {
        return Err(Failure::Findings(Box::new((found, Sources::default()))));
    }
    let changes: HashMap<&str, &Change> = plan.changes.iter().map(|c| (c.address.as_str(), c)).collect();
    // What is written, made or deleted by a step of its own is not rewritten first.
    let touched = |a: &Address| changes.get(a.as_str()).is_some_and(|c| c.writes());
    recorder.moves(&prior, &touched)?;
    for step in plan.steps() {
        let Some(change) = changes.get(step.address.as_str()) else { continue };
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
