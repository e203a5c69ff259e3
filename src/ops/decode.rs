//! What rows of the store mean: objects of their kinds, and the settings of workspaces.
//!
//! In: rows as the store gives them out. Out: [`State`], or what a workspace may refer to without declaring it.
//! Invariants: a row that is not as its kind says is an error that names it, never left out.

use super::Failure;
use crate::config::{AppliedSettings, Config, Known, Parsed};
use crate::diag::Span;
use crate::kinds::{self, object_from_json};
use crate::model::{Address, Holdings, Object, Origin, Stored, canonical_into};
use crate::reconcile::{State, WorkspaceState};
use crate::store::{self, ObjectView, Reader, Snapshot};
use foldhash::HashMap;
use std::sync::Arc;

/// What the store is, and what it knows beside what a workspace declares. What the workspace has in it already is read only if
/// its files speak of it.
///
/// # Errors
/// When the store cannot be read, or an object does not have its kind's shape.
pub(super) fn known(reader: &Reader, parsed: &Parsed<'_>, workspace: &str) -> Result<(Snapshot, Known), Failure> {
    let mut objects = Vec::new();
    let mut scratch = Scratch::default();
    let mut each = |row: ObjectView<'_>| {
        objects.push(stored(&row, None, &mut scratch)?);
        Ok::<(), Failure>(())
    };
    let head = match parsed.asks_for_own() {
        true => reader.each_object(&mut each)?,
        false => {
            let builtins = kinds::builtins();
            let but: Vec<&str> = builtins.iter().map(|b| b.address.as_str()).collect();
            reader.each_beside(workspace, &but, &mut each)?
        }
    };
    let objects = Arc::new(objects.into_iter().collect());
    Ok((head, State { objects, ..State::default() }.known_to(workspace)))
}

/// What the store is and holds. What an object of this workspace says in the store is not read again where it is, to the byte,
/// what the files say, as it nearly always is; nor is where it stood then. Without a `config` all is read.
///
/// # Errors
/// When the store cannot be read, or an object does not have its kind's shape.
pub(super) fn state(reader: &Reader, workspace: &str, config: Option<&Config>) -> Result<(Snapshot, State), Failure> {
    let wanted: HashMap<&str, &Object> = config.iter().flat_map(|c| c.objects.values()).map(|o| (o.address.as_str(), o)).collect();
    let mut objects = Vec::with_capacity(wanted.len().saturating_add(kinds::builtins().len()));
    let mut scratch = Scratch::default();
    let head = reader.each_object(|row| {
        let own = row.workspace == Some(workspace);
        let same = wanted.get(row.address).copied().filter(|_| own);
        objects.push(stored(&row, same, &mut scratch)?);
        Ok::<(), Failure>(())
    })?;
    let state = collected(&head, objects)?;
    Ok((head, state))
}

/// A snapshot as planning sees it.
///
/// # Errors
/// [`Failure::Store`] when an object does not have its kind's shape.
pub(super) fn snapshot(snapshot: &Snapshot) -> Result<State, Failure> {
    let objects = snapshot.tables.objects.values().map(|row| stored(&row.view(), None, &mut Scratch::default()));
    collected(snapshot, objects.collect::<Result<_, _>>()?)
}

/// What is used again from row to row.
#[derive(Default)]
struct Scratch {
    canonical: String,
    /// The name of the last workspace, since nearly all have the same.
    workspace: Option<Arc<str>>,
}

/// A row as planning sees it.
///
/// # Errors
/// [`Failure::Store`] when the object does not have its kind's shape.
pub(super) fn one(row: &ObjectView<'_>) -> Result<Stored, Failure> {
    stored(row, None, &mut Scratch::default())
}

/// A row as planning sees it; `same` is what the files say of it, in which case that may be all it says.
fn stored(row: &ObjectView<'_>, same: Option<&Object>, scratch: &mut Scratch) -> Result<Stored, Failure> {
    let ObjectView { address, attributes, version, origin, .. } = *row;
    if row.workspace != scratch.workspace.as_deref() {
        scratch.workspace = row.workspace.map(Arc::from);
    }
    let (id, workspace) = (row.id.to_owned(), scratch.workspace.clone());
    if let Some(object) = same {
        canonical_into(&mut scratch.canonical, &object.attributes);
        if scratch.canonical == attributes {
            let object = Object { at: Span::NONE, ..object.clone() };
            return Ok(Stored { object, id, workspace, version, origin: Origin::default() });
        }
    }
    let corrupt = |what: String| Failure::Store(store::StoreError::Corrupt(what));
    let address = Address::parse(address).map_err(|e| corrupt(e.to_string()))?;
    let json = serde_json::from_str(attributes).map_err(|e| corrupt(format!("`{address}`: {e}")))?;
    let object = object_from_json(address, &json).map_err(|e| corrupt(e.to_string()))?;
    Ok(Stored { object, id, workspace, version, origin: Origin::from_json(origin) })
}

/// These objects, with all else that the store says of itself.
///
/// # Errors
/// [`Failure::Store`] when an object stands in nothing, or the settings of a workspace are no table.
pub(super) fn collected(head: &Snapshot, objects: Vec<Stored>) -> Result<State, Failure> {
    let corrupt = |what: String| Failure::Store(store::StoreError::Corrupt(what));
    let objects = Holdings::from(objects);
    if let Some(orphan) = orphan(&objects) {
        return Err(corrupt(format!("`{orphan}` stands in `{}`, which is not there", orphan.parent_text())));
    }
    let mut state = State {
        lineage: Some(head.lineage.clone()),
        serial: head.serial,
        link: head.link.clone(),
        objects: Arc::new(objects),
        ..State::default()
    };
    for row in head.tables.workspaces.values() {
        let settings: serde_json::Map<_, _> = serde_json::from_str(&row.settings)
            .map_err(|e| corrupt(format!("the settings of the workspace `{}` are no table: {e}", row.name)))?;
        let settings = settings.into();
        state.workspaces.insert(row.name.clone(), WorkspaceState { settings: AppliedSettings(settings), version: row.version });
    }
    Ok(state)
}

/// The first object whose parent is missing. In this order what stands in an object follows it at once, so it takes one pass.
fn orphan(objects: &Holdings) -> Option<&Address> {
    let mut above: Vec<&Address> = Vec::new();
    for address in objects.keys() {
        let parent = address.parent_text();
        while above.last().is_some_and(|a| parent.is_empty() || !address.is_within(a)) {
            above.pop();
        }
        if above.last().map_or("", |a| a.as_str()) != parent {
            return Some(address);
        }
        above.push(address);
    }
    None
}
