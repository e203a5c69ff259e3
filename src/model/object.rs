//! One object: desired and stored are the same type from different readers.

use super::{Address, Hasher, Raw, Table, canonical_into};
use crate::diag::Span;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

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

impl Object {
    /// The digest of its address and of all that it says. `text` is room to write in.
    #[must_use]
    pub fn digest(&self, text: &mut String) -> Raw {
        canonical_into(text, &self.attributes);
        Object::digest_of(self.address.as_str(), text)
    }

    /// The digest of an object of which the canonical JSON of its attributes is known.
    #[must_use]
    pub fn digest_of(address: &str, attributes: &str) -> Raw {
        let mut hasher = Hasher::default();
        [address, " ", attributes].into_iter().for_each(|part| hasher.update(part.as_bytes()));
        hasher.raw()
    }
}

/// Where an object stood when it was last written. It is kept as the canonical JSON of its [`Places`], and read by who asks:
/// most objects come and go without anybody asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin(Option<Arc<str>>);

impl Origin {
    /// As it was written.
    #[must_use]
    pub fn of(places: &Places) -> Origin {
        Origin(Some(super::canonical(places).into()))
    }

    /// As a store keeps it.
    #[must_use]
    pub fn from_json(text: impl Into<Arc<str>>) -> Origin {
        Origin(Some(text.into()))
    }

    /// As a store keeps it.
    #[must_use]
    pub fn as_json(&self) -> &str {
        self.0.as_deref().unwrap_or("{}")
    }

    /// The file and the lines; none where nobody wrote them down.
    #[must_use]
    pub fn places(&self) -> Places {
        serde_json::from_str(self.as_json()).unwrap_or_default()
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Passed on as it is read, not built first: a plan of a million objects has a million of them.
        serde_transcode::transcode(&mut serde_json::Deserializer::from_str(self.as_json()), serializer)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Origin, D::Error> {
        Places::deserialize(deserializer).map(|places| Origin::of(&places))
    }
}

/// The file and, for each attribute, its lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// For each attribute, its place: `8`, `38-42`, or `house/templates.toml:3` where it stands in another file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// The commit of that state of the files, when it was known and clean.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
    /// Relative to the workspace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// The line of the header.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub line: u32,
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
    pub workspace: Option<Arc<str>>,
    /// The serial of the revision that last wrote it.
    pub version: u64,
    /// Where it stood then.
    pub origin: Origin,
}
