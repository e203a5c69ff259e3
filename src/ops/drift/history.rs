//! What the last apply of a workspace left, and what was done to it since.
//!
//! In: the history of a store. Out: the objects that something else than an apply of the workspace's files has touched, each as the last
//! of these left it. An object is known by its id, so that one of another name is still the same.

use crate::config::AppliedSettings;
use crate::ops::{Failure, decode};
use crate::plan::drift::{Deed, Touched};
use crate::store::{Event, ObjectRow, Reader, Revision, StoreError, Tables, fold};
use std::collections::BTreeMap;

/// What a history tells.
#[derive(Debug, Default)]
pub(super) struct History {
    /// By id, as the last apply left it.
    left: BTreeMap<String, ObjectRow>,
    /// By id, what no apply made the workspace's, and whether it lived in the store before.
    made: BTreeMap<String, bool>,
    /// By id.
    deeds: BTreeMap<String, Vec<Deed>>,
    /// The settings as the last apply left them, and what was done to them since.
    pub settings: Option<(AppliedSettings, Vec<Deed>)>,
}

/// Reads a history up to a serial.
///
/// # Errors
/// When it cannot be read.
pub(super) fn history(reader: &Reader, workspace: &str, last: u64) -> Result<History, Failure> {
    let revisions: BTreeMap<u64, Revision> = reader.revisions()?.into_iter().map(|row| (row.serial, row.revision)).collect();
    let mut history = History::default();
    let mut tables = Tables::default();
    reader.each_change::<Failure>(last, |serial, event| {
        let Some(revision) = revisions.get(&serial) else { return Ok(()) };
        let gone = if let Event::ObjectDeleted { last } = &event { Some(last.id.clone()) } else { None };
        fold(&mut tables, serial, &event)
            .map_err(|e| StoreError::Corrupt(format!("serial {serial} does not follow from what was before it: {e}")))?;
        let deed = (!is_own(revision, workspace)).then(|| Deed {
            serial,
            at: revision.at.clone(),
            actor: revision.actor.clone(),
            command: revision.command.clone(),
        });
        match &event {
            Event::WorkspaceConfigured { name, settings } if name == workspace => history.configured(settings, deed),
            Event::WorkspaceRemoved { name } if name == workspace => history.settings = None,
            Event::WorkspaceConfigured { .. } | Event::WorkspaceRemoved { .. } => {}
            event => {
                let row = event.address().and_then(|address| tables.objects.get(address));
                let lived = matches!(event, Event::ObjectAdopted { .. });
                history.touched(gone, row, lived, workspace, deed);
            }
        }
        Ok(())
    })?;
    Ok(history)
}

/// Whether a revision is an apply of the workspace's files. One that goes back to an earlier moment is not: the files say otherwise.
fn is_own(revision: &Revision, workspace: &str) -> bool {
    revision.plan_digest.is_some() && revision.workspace.as_deref() == Some(workspace) && !revision.command.starts_with("rollback")
}

impl History {
    fn configured(&mut self, settings: &str, deed: Option<Deed>) {
        match (deed, &mut self.settings) {
            (None, _) => {
                self.settings = serde_json::from_str(settings).ok().map(|settings| (AppliedSettings(settings), Vec::new()));
            }
            (Some(deed), Some((_, deeds))) => deeds.push(deed),
            (Some(_), None) => {}
        }
    }

    /// An event was about an object, which is gone, or is in the store now as the row says.
    fn touched(&mut self, gone: Option<String>, row: Option<&ObjectRow>, lived: bool, workspace: &str, deed: Option<Deed>) {
        let row = if gone.is_some() { None } else { row };
        let Some(id) = gone.or_else(|| row.map(|r| r.id.clone())) else { return };
        let ours = row.filter(|r| r.workspace.as_deref() == Some(workspace));
        match (deed, ours) {
            (None, Some(row)) => {
                // What was gone from here is made anew: an apply has put it back.
                let is_anew = |gone: &&String| self.left.get(*gone).is_some_and(|l| l.address == row.address && l.id != row.id);
                let anew: Vec<String> = self.deeds.keys().filter(is_anew).cloned().collect();
                anew.iter().for_each(|gone| self.forget(gone));
                self.forget(&id);
                self.left.insert(id, row.clone());
            }
            (None, None) => self.forget(&id),
            (Some(deed), _) if self.left.contains_key(&id) => self.deeds.entry(id).or_default().push(deed),
            (Some(deed), Some(_)) => {
                self.made.entry(id.clone()).or_insert(lived);
                self.deeds.entry(id).or_default().push(deed);
            }
            (Some(_), None) => self.forget(&id),
        }
    }

    fn forget(&mut self, id: &str) {
        self.left.remove(id);
        self.made.remove(id);
        self.deeds.remove(id);
    }

    /// The objects that were touched.
    ///
    /// # Errors
    /// When one is not as its kind says.
    pub(super) fn all(&mut self) -> Result<Vec<Touched>, Failure> {
        let one = |(id, deeds): (String, Vec<Deed>)| {
            let left = self.left.get(&id).map(|row| decode::one(&row.view())).transpose()?;
            let lived = self.made.get(&id).copied().unwrap_or(false);
            Ok(Touched { left, lived, id, deeds })
        };
        std::mem::take(&mut self.deeds).into_iter().map(one).collect()
    }
}
