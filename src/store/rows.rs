//! What the store holds, as plain values.

use super::{Event, RecordRow};
use crate::engine::Family;
use crate::model::Digest;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRow {
    /// Its address.
    pub address: String,
    /// The word of its kind.
    pub kind: String,
    /// Minted when it was created; outlives moves, and no two objects share one.
    pub id: String,
    /// The version of its kind's attributes.
    pub schema: u32,
    /// What it says: canonical JSON.
    pub attributes: String,
    /// The workspace whose plans manage it; `None`: it lives on unmanaged.
    pub workspace: Option<String>,
    /// The serial of the revision that last wrote it.
    pub version: u64,
    /// Where it stood in the files then: canonical JSON.
    pub origin: String,
}

/// An object as it is read: what a row says, for as long as one looks at it.
#[derive(Debug, Clone, Copy)]
pub struct ObjectView<'r> {
    /// Its address.
    pub address: &'r str,
    /// Minted when it was created.
    pub id: &'r str,
    /// What it says: canonical JSON.
    pub attributes: &'r str,
    /// The workspace whose plans manage it.
    pub workspace: Option<&'r str>,
    /// The serial of the revision that last wrote it.
    pub version: u64,
    /// Where it stood in the files then: canonical JSON.
    pub origin: &'r str,
}

impl ObjectRow {
    /// The same, to be looked at.
    #[must_use]
    pub fn view(&self) -> ObjectView<'_> {
        ObjectView {
            address: &self.address,
            id: &self.id,
            attributes: &self.attributes,
            workspace: self.workspace.as_deref(),
            version: self.version,
            origin: &self.origin,
        }
    }
}

/// A workspace that has been applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceRow {
    /// Its name.
    pub name: String,
    /// Its settings as last applied: canonical JSON.
    pub settings: String,
    /// The serial of the revision that last wrote it.
    pub version: u64,
}

/// Everything that events add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tables {
    /// By address.
    pub objects: BTreeMap<String, ObjectRow>,
    /// By name.
    pub workspaces: BTreeMap<String, WorkspaceRow>,
    /// By family and id.
    pub records: BTreeMap<(Family, String), RecordRow>,
}

/// The store at one serial, read in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The identity of the store, given when it was created.
    pub lineage: String,
    /// The latest revision that is in it.
    pub serial: u64,
    /// The link of that revision: a restored store may come to the same serial by another way.
    pub link: Option<Digest>,
    /// What it holds.
    pub tables: Tables,
}

/// Who changed the store, when and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revision {
    /// When, as [`stamp`] writes it.
    pub at: String,
    /// Who.
    pub actor: String,
    /// The verb.
    pub command: String,
    /// The workspace it was about.
    pub workspace: Option<String>,
    /// The commit of the files.
    pub commit: Option<String>,
    /// The digest of the plan.
    pub plan_digest: Option<String>,
    /// The digest of the plan's changes alone.
    pub changes_digest: Option<String>,
    /// Counts and notes for people: canonical JSON.
    pub summary: String,
}

/// A revision in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionRow {
    /// Its place, from 0.
    pub serial: u64,
    /// Who, when and by what.
    pub revision: Revision,
    /// How many events it has.
    pub events: u64,
    /// Its link of the chain, which stands for everything up to here. Kept elsewhere, it is a checkpoint.
    pub hash: Digest,
}

/// An event in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Its revision.
    pub serial: u64,
    /// Its place in the revision, from 1.
    pub seq: u64,
    /// What happened, such as `object.created`.
    pub kind: String,
    /// The object it happened to, if it is about one.
    pub address: Option<String>,
    /// All of it; `None` when its body was erased.
    pub event: Option<Event>,
    /// The digest of the body, which outlives the body.
    pub body_digest: Digest,
    /// The digest of the event.
    pub digest: Digest,
}

/// The one form of times in the store, whose order as texts is their order: RFC 3339, UTC, milliseconds.
#[must_use]
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
