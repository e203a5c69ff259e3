//! What an apply would do to one object.

use super::{Address, Object, Origin, Table, Value};
use crate::diag::Span;
use serde::Serialize;

/// What happens to an object. The names are Terraform's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Deleted.
    Delete,
    /// Deleted and made anew at the same address.
    Replace,
    /// Changed in place.
    Update,
    /// Made.
    Create,
    /// Nothing but its address, and possibly references to other moved objects, changes.
    Move,
    /// An object that lives in the store becomes managed; changed in place too, if it differs.
    Import,
    /// It lives on unmanaged.
    Forget,
}

/// Why a change happens, and where that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The text that asks for it; nowhere when the cause is that a text is gone.
    pub at: Span,
    /// The file and line of that text, or where a deleted object stood.
    pub place: Option<(String, u32)>,
    /// What stood elsewhere before, per attribute that is gone: name and where it stood.
    pub stood: Vec<(String, Origin)>,
    /// The template that said it, if one did.
    pub template: Option<String>,
}

/// A change of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where the object is afterwards, or was.
    pub address: Address,
    /// Where it was, if it moves.
    pub previous: Option<Address>,
    /// What happens.
    pub action: Action,
    /// What the store holds, moves applied.
    pub before: Option<Object>,
    /// What is wanted.
    pub after: Option<Object>,
    /// What differs, by attribute; empty where the whole object comes or goes, which says it already.
    pub deltas: Vec<(String, Delta)>,
    /// The attributes that force a replacement.
    pub replaced_by: Vec<String>,
    /// Why.
    pub cause: Cause,
    /// The id of an import.
    pub import_id: Option<String>,
    /// Where the object stands that is wanted; kept in state for whoever asks later.
    pub origin: Origin,
}

/// How one attribute differs. Applying it to the old value gives the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delta {
    /// Was absent.
    Added(Value),
    /// Is absent now.
    Removed(Value),
    /// Another value.
    Changed(Value, Value),
    /// Other members.
    Members(Members),
    /// Another table, by its names.
    Table(Vec<(String, Delta)>),
}

/// What became of a set's members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Members {
    /// Only in the new set.
    pub added: Vec<Value>,
    /// Only in the old set.
    pub removed: Vec<Value>,
    /// In both.
    #[serde(skip)]
    pub unchanged: Vec<Value>,
}

impl Change {
    /// Whether a step of its own says what the object says, or deletes it. A mere move, import or release leaves that to
    /// whoever rewrites references to what moved.
    #[must_use]
    pub fn writes(&self) -> bool {
        match self.action {
            Action::Delete | Action::Replace | Action::Update | Action::Create => true,
            Action::Import => !self.deltas.is_empty(),
            Action::Move | Action::Forget => false,
        }
    }

    /// The attributes as they will be, or were.
    #[must_use]
    pub fn attributes(&self) -> Option<&Table> {
        self.after.as_ref().or(self.before.as_ref()).map(|o| &o.attributes)
    }
}
