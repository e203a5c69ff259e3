//! What can happen to the tables, and what it means.
//!
//! In: an [`Event`]. Out: changed [`Tables`]. [`fold`] is the meaning; the SQL of `write` is held to it by a test.

use super::{ObjectRow, RecordRow, Tables, WorkspaceRow, body};
use crate::engine;
use serde::{Deserialize, Serialize};
use std::{collections::btree_map::Entry, error::Error, fmt};

/// One thing that happened. Its canonical JSON is its body; all it does to the tables stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum Event {
    /// An object came to be.
    #[serde(rename = "object.created")]
    ObjectCreated {
        /// Its address.
        address: String,
        /// The word of its kind.
        kind: String,
        /// Its id.
        id: String,
        /// The version of its kind's attributes.
        schema: u32,
        /// What it says: canonical JSON.
        attributes: String,
        /// The workspace that manages it.
        workspace: Option<String>,
        /// Where it stands: canonical JSON.
        origin: String,
    },
    /// An object says something else.
    #[serde(rename = "object.updated")]
    ObjectUpdated {
        /// Its address.
        address: String,
        /// The version of its kind's attributes.
        schema: u32,
        /// What it says now.
        attributes: String,
        /// Where it stands now.
        origin: String,
        /// What it said.
        before: String,
    },
    /// An object says the same of something that moved.
    #[serde(rename = "object.rereferenced")]
    ObjectRereferenced {
        /// Its address.
        address: String,
        /// The version of its kind's attributes.
        schema: u32,
        /// What it says now.
        attributes: String,
        /// Where it stands now.
        origin: String,
        /// What it said.
        before: String,
    },
    /// An object has another address. What stands below it moves by events of its own.
    #[serde(rename = "object.moved")]
    ObjectMoved {
        /// Its address until now.
        from: String,
        /// Its address from now on.
        to: String,
    },
    /// An object is gone.
    #[serde(rename = "object.deleted")]
    ObjectDeleted {
        /// What it was.
        last: ObjectRow,
    },
    /// A workspace manages an object from now on.
    #[serde(rename = "object.adopted")]
    ObjectAdopted {
        /// Its address.
        address: String,
        /// The workspace.
        workspace: String,
    },
    /// No workspace manages an object any more; it lives on.
    #[serde(rename = "object.released")]
    ObjectReleased {
        /// Its address.
        address: String,
    },
    /// A workspace is new, or has other settings.
    #[serde(rename = "workspace.configured")]
    WorkspaceConfigured {
        /// Its name.
        name: String,
        /// Its settings: canonical JSON.
        settings: String,
    },
    /// A workspace is gone.
    #[serde(rename = "workspace.removed")]
    WorkspaceRemoved {
        /// Its name.
        name: String,
    },
    /// Something happened in the lifecycle.
    #[serde(untagged)]
    Life(Box<engine::Event>),
}

impl Event {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn read(body: &str) -> serde_json::Result<Event> {
        body::quick(body).map_or_else(|| serde_json::from_str(body), Ok)
    }

    /// What happened, such as `object.created`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Event::ObjectCreated { .. } => "object.created",
            Event::ObjectUpdated { .. } => "object.updated",
            Event::ObjectRereferenced { .. } => "object.rereferenced",
            Event::ObjectMoved { .. } => "object.moved",
            Event::ObjectDeleted { .. } => "object.deleted",
            Event::ObjectAdopted { .. } => "object.adopted",
            Event::ObjectReleased { .. } => "object.released",
            Event::WorkspaceConfigured { .. } => "workspace.configured",
            Event::WorkspaceRemoved { .. } => "workspace.removed",
            Event::Life(life) => life.kind(),
        }
    }

    /// The object it happened to, by its address afterwards; of an event of the lifecycle the id of its record; none for a workspace.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self {
            Event::ObjectCreated { address, .. }
            | Event::ObjectUpdated { address, .. }
            | Event::ObjectRereferenced { address, .. }
            | Event::ObjectMoved { to: address, .. }
            | Event::ObjectAdopted { address, .. }
            | Event::ObjectReleased { address } => Some(address),
            Event::ObjectDeleted { last } => Some(&last.address),
            Event::Life(life) => Some(life.record().1),
            Event::WorkspaceConfigured { .. } | Event::WorkspaceRemoved { .. } => None,
        }
    }
}

/// Why an event does not fit the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoldError {
    /// Something stands at the address already.
    Exists(String),
    /// Nothing stands at the address.
    Absent(String),
    /// The object is not what the event says it was.
    Differs(String),
    /// There is no such workspace.
    NoWorkspace(String),
    /// Another object has this id. Only the store itself can tell.
    SameId(String),
    /// An event of the lifecycle does not fit its record.
    Life(engine::Misfit),
}

impl fmt::Display for FoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FoldError::Exists(address) => write!(f, "`{address}` exists already"),
            FoldError::Absent(address) => write!(f, "`{address}` does not exist"),
            FoldError::Differs(address) => write!(f, "`{address}` is not what it was thought to be"),
            FoldError::NoWorkspace(name) => write!(f, "there is no workspace `{name}`"),
            FoldError::Life(misfit) => misfit.fmt(f),
            FoldError::SameId(id) => write!(f, "another object has the id `{id}`"),
        }
    }
}

impl Error for FoldError {}

/// Does to the tables what an event of revision `serial` says.
///
/// # Errors
/// When the event does not fit them; they are then as they were.
pub fn fold(tables: &mut Tables, serial: u64, event: &Event) -> Result<(), FoldError> {
    fold_owned(tables, serial, event.clone())
}

/// As [`fold`], of an event that nobody else needs.
pub(super) fn fold_owned(tables: &mut Tables, serial: u64, event: Event) -> Result<(), FoldError> {
    match event {
        Event::ObjectCreated { address, kind, id, schema, attributes, workspace, origin } => {
            place(tables, ObjectRow { address, kind, id, schema, attributes, workspace, version: serial, origin })?;
        }
        Event::ObjectUpdated { address, schema, attributes, origin, before }
        | Event::ObjectRereferenced { address, schema, attributes, origin, before } => {
            let row = present(tables, &address)?;
            if row.attributes != before {
                return Err(FoldError::Differs(address));
            }
            row.schema = schema;
            row.attributes = attributes;
            row.origin = origin;
            row.version = serial;
        }
        Event::ObjectMoved { from, to } => {
            let row = present(tables, &from)?;
            let moved = ObjectRow { address: to, version: serial, ..row.clone() };
            place(tables, moved)?;
            tables.objects.remove(&from);
        }
        Event::ObjectDeleted { last } => {
            let row = present(tables, &last.address)?;
            if row.id != last.id || row.attributes != last.attributes {
                return Err(FoldError::Differs(last.address));
            }
            tables.objects.remove(&last.address);
        }
        Event::ObjectAdopted { address, workspace } => {
            let row = present(tables, &address)?;
            row.workspace = Some(workspace);
            row.version = serial;
        }
        Event::ObjectReleased { address } => {
            let row = present(tables, &address)?;
            row.workspace = None;
            row.version = serial;
        }
        Event::WorkspaceConfigured { name, settings } => {
            tables.workspaces.insert(name.clone(), WorkspaceRow { name, settings, version: serial });
        }
        Event::WorkspaceRemoved { name } => {
            tables.workspaces.remove(&name).ok_or(FoldError::NoWorkspace(name))?;
        }
        Event::Life(life) => {
            let (family, id) = life.record();
            let key = (family, id.to_owned());
            let before = tables.records.get(&key).map(|row| row.record.clone());
            match engine::fold(before, &life).map_err(FoldError::Life)? {
                Some(record) => drop(tables.records.insert(key, RecordRow { record, version: serial })),
                None => drop(tables.records.remove(&key)),
            }
        }
    }
    Ok(())
}

fn present<'a>(tables: &'a mut Tables, address: &str) -> Result<&'a mut ObjectRow, FoldError> {
    tables.objects.get_mut(address).ok_or_else(|| FoldError::Absent(address.to_owned()))
}

fn place(tables: &mut Tables, row: ObjectRow) -> Result<(), FoldError> {
    match tables.objects.entry(row.address.clone()) {
        Entry::Occupied(there) => Err(FoldError::Exists(there.key().clone())),
        Entry::Vacant(free) => {
            free.insert(row);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::canonical, store::testing::created};

    #[test]
    fn a_body_names_its_kind_and_reads_back() {
        let last = ObjectRow {
            address: "catalog.a".into(),
            kind: "catalog".into(),
            id: "1".into(),
            schema: 1,
            attributes: r#"{"display_name":"A"}"#.into(),
            workspace: None,
            version: 3,
            origin: "{}".into(),
        };
        let (address, workspace) = (String::from("catalog.a"), String::from("w"));
        let (attributes, before, origin) = (String::from("{}"), String::from("{}"), String::from("{}"));
        let (name, settings) = (workspace.clone(), origin.clone());
        let all = [
            created("catalog.a", "1", "{}"),
            Event::ObjectUpdated {
                address: address.clone(),
                schema: 2,
                attributes: attributes.clone(),
                origin: origin.clone(),
                before: before.clone(),
            },
            Event::ObjectRereferenced { address: address.clone(), schema: 2, attributes, origin, before },
            Event::ObjectMoved { from: "catalog.b".into(), to: address.clone() },
            Event::ObjectDeleted { last },
            Event::ObjectAdopted { address: address.clone(), workspace },
            Event::ObjectReleased { address },
            Event::WorkspaceConfigured { name: name.clone(), settings },
            Event::WorkspaceRemoved { name },
        ];
        for event in all {
            let body = canonical(&event);
            assert!(body.contains(&format!(r#""event":"{}""#, event.kind())), "{body}");
            assert_eq!(serde_json::from_str::<Event>(&body).unwrap(), event);
            assert_eq!(event.address().is_some(), event.kind().starts_with("object."));
        }
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut tables = Tables::default();
        fold(&mut tables, 1, &created("catalog.a", "1", "{}")).unwrap();
        fold(&mut tables, 1, &created("catalog.b", "2", "{}")).unwrap();
        let before = tables.clone();
        let moved = Event::ObjectMoved { from: "catalog.a".into(), to: "catalog.b".into() };
        assert_eq!(fold(&mut tables, 2, &moved), Err(FoldError::Exists("catalog.b".into())));
        let released = Event::ObjectReleased { address: "catalog.c".into() };
        assert_eq!(fold(&mut tables, 2, &released), Err(FoldError::Absent("catalog.c".into())));
        let removed = Event::WorkspaceRemoved { name: "w".into() };
        assert_eq!(fold(&mut tables, 2, &removed), Err(FoldError::NoWorkspace("w".into())));
        assert_eq!(tables, before);
    }
}
