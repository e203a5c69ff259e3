//! What the store holds, as planning sees it.

use crate::config::{AppliedSettings, Known};
use crate::kinds;
use crate::model::{Digest, Holdings, Object, Origin, Stored};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A workspace as the store remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceState {
    /// Its settings as last applied.
    pub settings: AppliedSettings,
    /// The serial that last wrote them.
    pub version: u64,
}

/// The state of a store at one serial.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// `None`: there is no store yet.
    pub lineage: Option<String>,
    /// The latest revision.
    pub serial: u64,
    /// Its link of the chain.
    pub link: Option<Digest>,
    /// Everything in it, managed or not.
    pub objects: Arc<Holdings>,
    /// By name.
    pub workspaces: BTreeMap<String, WorkspaceState>,
}

impl State {
    /// What a store holds before anything was applied: the objects that always exist.
    #[must_use]
    pub fn empty() -> State {
        let stored = |object: Object| {
            let id = object.address.key().to_owned();
            Stored { object, id, workspace: None, version: 0, origin: Origin::default() }
        };
        State { objects: Arc::new(kinds::builtins().into_iter().map(stored).collect()), ..State::default() }
    }

    /// The objects of a workspace.
    pub fn managed_by<'a>(&'a self, workspace: &'a str) -> impl Iterator<Item = &'a Stored> {
        self.objects.values().filter(move |s| s.workspace.as_deref() == Some(workspace))
    }

    /// What the files of a workspace may refer to without declaring it.
    #[must_use]
    pub fn known_to(&self, workspace: &str) -> Known {
        let mut known = Known::default();
        for stored in self.objects.values() {
            let (address, object) = (stored.object.address.clone(), stored.object.clone());
            known.ids.insert(stored.id.clone(), address.clone());
            // What always exists lives on by itself when it is no longer declared.
            let own = stored.workspace.as_deref() == Some(workspace) && !kinds::is_builtin(&address);
            if own { &mut known.own } else { &mut known.objects }.insert(address, object);
        }
        known
    }

    /// Objects that live on unmanaged, those that always exist left out.
    pub fn unmanaged(&self) -> impl Iterator<Item = &Stored> {
        self.objects.values().filter(|s| s.workspace.is_none() && !kinds::is_builtin(&s.object.address))
    }

    /// The settings that a workspace last applied.
    #[must_use]
    pub fn applied(&self, workspace: &str) -> Option<&AppliedSettings> {
        self.workspaces.get(workspace).map(|w| &w.settings)
    }
}
