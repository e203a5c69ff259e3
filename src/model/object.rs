//! One object: desired and stored are the same type from different readers.

use super::{Address, Table};
use crate::diag::Span;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An object as somebody wants it, or as it is.
///
/// `attributes` hold what differs from the documented defaults, with everything that templates, the package and
/// `[defaults]` say already in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its address, which names its kind.
    pub address: Address,
    /// What it says.
    pub attributes: Table,
    /// Its header in the files; nowhere for a stored object.
    pub at: Span,
}

/// Where an object stood when it was last written: the file, and for each attribute its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Relative to the workspace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The line of the header.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub line: u32,
    /// For each attribute, its place: `8`, `38-42`, or `house/templates.toml:3` where it stands in another file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The commit of that state of the files, when it was known and clean.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// An object of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// What it is.
    pub object: Object,
    /// Minted when it was created; outlives moves.
    pub id: String,
    /// The workspace whose plans manage it; `None`: it lives on unmanaged.
    pub workspace: Option<String>,
    /// The serial of the revision that last wrote it.
    pub version: u64,
    /// Where it stood then.
    pub origin: Origin,
}
