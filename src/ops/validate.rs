//! All findings of all phases at once; no clock, no store needed.

use super::{Context, Failure, decode, load, sight};
use crate::config::{self, Known, read_settings};
use crate::diag::{Diagnostics, Sources};
use crate::source;
use crate::store::{self, Reader};
use std::path::{Component, Path};

/// Checks a workspace. With a store that can be read, and that stands in it or is named by WRIT_STORE, objects known only to it
/// resolve; where `lineage` or `manages` says that there is one and it cannot be reached, what resolves nowhere is a warning.
///
/// # Errors
/// When the workspace cannot be read at all.
pub fn validate(context: &Context) -> Result<(Diagnostics, Sources), Failure> {
    let workspace = source::read(&context.root)?;
    let mut ignored = Diagnostics::new();
    let settings = read_settings(&workspace.sources, &mut ignored);
    let parsed = config::read_files(&workspace.sources);
    let known = settings.as_ref().map_or_else(Known::default, |settings| {
        let expected = settings.lineage.is_some() || settings.manages.is_some();
        let unread = Known { unread: expected, ..Known::default() };
        let Ok(place) = load::store_place(context, settings) else { return unread };
        // A tree may be anybody's, and name any file as its store: one elsewhere is only read where WRIT_STORE says so.
        if context.environment.store.is_none() && !stands_within(&context.root, &place.path) {
            return Known { unread: true, ..Known::default() };
        }
        if !store::exists(&place.path) {
            return unread;
        }
        let read = |reader: Reader| {
            let (_, mut known) = decode::known(&reader, &parsed, &settings.name).ok()?;
            sight::hide(context, settings, &place, &reader, &mut known).ok()?;
            Some(known)
        };
        Reader::open(&place.path).ok().and_then(read).unwrap_or(unread)
    });
    let (config, findings) = parsed.configure(&known);
    // What is asked is whether it is sound; taking it apart would only take time.
    std::mem::forget(config);
    Ok((load::together(findings, &workspace.findings, &workspace.sources), workspace.sources))
}

/// Whether a path leads to a place in a directory without a link on the way.
fn stands_within(root: &Path, path: &Path) -> bool {
    let Ok(inner) = path.strip_prefix(root) else { return false };
    let plain = inner.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let linked = |dir: &Path| root.join(dir).symlink_metadata().is_ok_and(|m| m.is_symlink());
    plain && !inner.ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty()).any(linked)
}
