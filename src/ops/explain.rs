//! Where an object comes from, and what hangs on it.

use super::{Context, Failure, history, load, sight};
use crate::kinds;
use crate::model::{Address, Object, Stored};
use crate::reconcile::edges;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What there is to say of an object.
#[derive(Debug, Clone)]
pub struct Told {
    /// The object.
    pub address: Address,
    /// What its kind is.
    pub doc: &'static str,
    /// File and line of its declaration.
    pub declared: Option<(String, u32)>,
    /// What the store holds of it.
    pub stored: Option<Stored>,
    /// By whom and when it was last written.
    pub written: Option<String>,
    /// What it needs.
    pub needs: Vec<Address>,
    /// Who needs it.
    pub needed_by: Vec<Address>,
}

/// Explains an object that is declared or stored.
///
/// # Errors
/// When it is neither, or the workspace cannot be read.
pub fn explain(context: &Context, address: &Address) -> Result<Told, Failure> {
    let mut loaded = load::load(context)?;
    let nothing = BTreeMap::new();
    let seen = sight::addresses(context, &loaded.place, &loaded.state, loaded.config.as_ref().map_or(&nothing, |c| &c.objects))?;
    let sees = |a: &Address| seen.as_ref().is_none_or(|all| all.contains(a));
    if let Some(config) = &mut loaded.config {
        config.objects.retain(|a, _| sees(a));
    }
    if seen.is_some() {
        loaded.state.objects = Arc::new(loaded.state.objects.values().filter(|s| sees(&s.object.address)).cloned().collect());
    }
    let loaded = loaded;
    let declared_object = loaded.config.as_ref().and_then(|c| c.objects.get(address));
    let stored = loaded.state.objects.get(address).cloned();
    let declared = declared_object.and_then(|o| loaded.workspace.sources.line(o.at)).map(|(f, l)| (f.to_owned(), l));
    if declared.is_none() && stored.is_none() {
        let known = loaded.config.iter().flat_map(|c| c.objects.keys()).chain(loaded.state.objects.keys());
        let near = address.nearest(known).map(|a| format!("did you mean `{a}`?"));
        return Err(Failure::Usage(
            format!("`{address}` is neither declared nor stored"),
            near.unwrap_or_else(|| "`writ state list` shows what there is".to_owned()),
        ));
    }
    let objects: Vec<&Object> = match &loaded.config {
        Some(config) => config.objects.values().collect(),
        None => loaded.state.objects.values().map(|s| &s.object).collect(),
    };
    let own = declared_object.or(stored.as_ref().map(|s| &s.object));
    let unique = |mut all: Vec<Address>| {
        all.sort();
        all.dedup();
        all
    };
    let needs = unique(own.map(edges).unwrap_or_default().into_iter().map(|e| e.to).filter(|a| sees(a)).collect());
    let needed_by = unique(objects.into_iter().flat_map(edges).filter(|e| e.to == *address).map(|e| e.from).collect());
    let written = match &stored {
        Some(stored) if loaded.state.lineage.is_some() => {
            let revision = history::history(context)?.into_iter().find(|r| r.serial == stored.version);
            revision.map(|r| format!("last written by @{} ({}, {})", r.serial, r.revision.actor, r.revision.at))
        }
        _ => None,
    };
    let doc = kinds::kind(address.kind()).map_or("", |k| k.doc);
    Ok(Told { address: address.clone(), doc, declared, stored, written, needs, needed_by })
}
