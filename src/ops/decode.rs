//! What rows of the store mean: objects of their kinds, and the settings of workspaces.
//!
//! In: rows as the store gives them out. Out: [`State`], or what a workspace may refer to without declaring it.
//! Invariants: a row that is not as its kind says is an error that names it, never left out.

use super::Failure;
use crate::config::{AppliedSettings, Config, Known, Parsed};
use crate::diag::Span;
use crate::kinds::{self, object_from_json};
use crate::model::{Address, Holdings, Object, Origin, Raw, Stored};
use crate::reconcile::{State, WorkspaceState};
use crate::store::{self, ObjectView, Reader, Snapshot};
use std::sync::Arc;

/// What the store is, and what it knows beside what a workspace declares. What the workspace has in it already is read only if
/// its files speak of it.
///
/// # Errors
/// When the store cannot be read, or an object does not have its kind's shape.
pub(super) fn known(reader: &Reader, parsed: &Parsed<'_>, workspace: &str) -> Result<(Snapshot, Known), Failure> {
    let mut objects = Vec::new();
    let mut rows = Rows::default();
    let mut each = |row: ObjectView<'_>| {
        objects.push(rows.stored(&row, None)?);
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
    let declared: Vec<_> = config.iter().flat_map(|c| c.objects.values().zip(c.digests())).collect();
    let mut objects = Vec::with_capacity(declared.len().saturating_add(kinds::builtins().len()));
    let mut rows = Rows { declared, ..Rows::default() };
    let head = reader.each_object(|row| {
        let same = if row.workspace == Some(workspace) { rows.same(&row) } else { None };
        objects.push(rows.stored(&row, same)?);
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
    let mut rows = Rows::default();
    let objects = snapshot.tables.objects.values().map(|row| rows.stored(&row.view(), None));
    let objects = objects.collect::<Result<_, _>>()?;
    collected(snapshot, objects)
}

/// A row as planning sees it.
///
/// # Errors
/// [`Failure::Store`] when the object does not have its kind's shape.
pub(super) fn one(row: &ObjectView<'_>) -> Result<Stored, Failure> {
    Rows::default().stored(row, None)
}

/// Rows that are read one after the other.
#[derive(Default)]
struct Rows<'c> {
    /// What the files declare, in the order of addresses, each with its digest.
    declared: Vec<(&'c Object, &'c Raw)>,
    /// Which of them the next row probably is: rows come in nearly the same order.
    next: usize,
    /// The name of the last row's workspace, since nearly all have the same.
    workspace: Option<Arc<str>>,
}

impl<'c> Rows<'c> {
    /// The object that the files declare at the address of a row, if they say of it what the row says.
    fn same(&mut self, row: &ObjectView<'_>) -> Option<&'c Object> {
        let expected = self.declared.get(self.next).is_some_and(|(object, _)| object.address.as_str() == row.address);
        let search = || self.declared.binary_search_by(|(object, _)| object.address.cmp_text(row.address)).ok();
        let found = if expected { self.next } else { search()? };
        self.next = found.saturating_add(1);
        let (object, digest) = self.declared.get(found)?;
        (Object::digest_of(row.address, row.attributes) == **digest).then_some(*object)
    }

    /// What a row says; `same` is the object that says the same, in which case it is not read once more.
    fn stored(&mut self, row: &ObjectView<'_>, same: Option<&Object>) -> Result<Stored, Failure> {
        let ObjectView { address, attributes, version, origin, .. } = *row;
        if row.workspace != self.workspace.as_deref() {
            self.workspace = row.workspace.map(Arc::from);
        }
        let (id, workspace) = (row.id.to_owned(), self.workspace.clone());
        if let Some(object) = same {
            let object = Object { at: Span::NONE, ..object.clone() };
            return Ok(Stored { object, id, workspace, version, origin: Origin::default() });
        }
        let corrupt = |what: String| Failure::Store(store::StoreError::Corrupt(what));
        let address = Address::parse(address).map_err(|e| corrupt(e.to_string()))?;
        let json = serde_json::from_str(attributes).map_err(|e| corrupt(format!("`{address}`: {e}")))?;
        let object = object_from_json(address, &json).map_err(|e| corrupt(e.to_string()))?;
        Ok(Stored { object, id, workspace, version, origin: Origin::from_json(origin) })
    }
}

/// These objects, with all else that the store says of itself.
///
/// # Errors
/// [`Failure::Store`] when an object stands in nothing, or the settings of a workspace are no table.
pub(super) fn collected(head: &Snapshot, objects: Vec<Stored>) -> Result<State, Failure> {
    let corrupt = |what: String| Failure::Store(store::StoreError::Corrupt(what));
    let objects = Holdings::from(objects);
    if let Some(orphan) = Address::without_parents(objects.keys()).next() {
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
