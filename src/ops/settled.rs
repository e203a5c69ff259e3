//! What the files were when the store last held just what they declare. While both are as they were then, a plan is known, to
//! the byte, without one of them being parsed.
//!
//! In: the files, and what the store is. Out: a plan without changes, or nothing.
//! Invariants: it is written by an apply alone, beside the store, and only where the plan that follows would have nothing to
//! say, not even a note; it is believed only by the version that wrote it, at the same link of the store's chain, for the same
//! bytes under the same names, as long as nobody wrote the store's file, if nothing in it was damaged, and if nobody else could
//! have written it. Without it everything takes longer, and nothing else differs.

use super::plan::{Options, Planned};
use super::{Context, Place, decode, load};
use crate::config::{Config, Settings};
use crate::diag::{Diagnostics, Sources};
use crate::model::{Action, Digest, VERSION, digest_of};
use crate::plan::{self, Plan};
use crate::source;
use crate::store::{self, Reader};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Settled {
    /// Of what the files declare.
    config: String,
    /// Of every file, its name included.
    files: String,
    /// The latest link of the store's chain, which stands for all that it holds.
    link: String,
    /// The store's file: which it is, its size, and when it was last written. Whoever writes it other than by an apply is seen.
    store: String,
    /// How many objects live on unmanaged.
    unmanaged: usize,
    /// The version that wrote it.
    version: String,
    /// Whose plan it is.
    workspace: String,
}

/// As it stands in its file.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    /// Of the rest, so that damage is seen.
    digest: String,
    settled: Settled,
}

/// A file larger than this is none of ours.
const LARGEST: u64 = 64 * 1024;

/// What tells that a file was not written since.
fn stamp(path: &Path) -> Option<String> {
    let there = fs::metadata(path).ok()?;
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map(|d| d.as_nanos()).unwrap_or_default();
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&there);
    #[cfg(not(unix))]
    let number = 0u64;
    Some(format!("{number}:{}:{}", there.len(), since(there.modified().ok()?)))
}

fn path(place: &Place) -> PathBuf {
    let mut name = OsString::from(place.path.as_os_str());
    name.push(".settled");
    PathBuf::from(name)
}

/// Whether a plan of everything is asked for, by nobody in particular, so that the files and the store alone decide it.
fn applies(context: &Context, options: &Options, settings: &Settings) -> bool {
    let Options { destroy, targets, excludes, rollback, full } = options;
    let everything = !*destroy && targets.is_empty() && excludes.is_empty() && rollback.is_none() && !*full;
    everything && context.acting.is_none() && !settings.require_actor && !context.environment.forgetful
}

/// The plan of a workspace that is as it was when its store was settled; nothing where that is not known.
pub(super) fn recall(context: &Context, options: &Options) -> Option<Planned> {
    let (settings, place) = load::settings_and_place(context).ok()?;
    if !applies(context, options, &settings) {
        return None;
    }
    let path = path(&place);
    let there = fs::symlink_metadata(&path).ok().filter(|m| m.is_file() && m.len() <= LARGEST && store::is_private(m));
    let Sealed { digest, settled } = serde_json::from_str(&fs::read_to_string(there.map(|_| path)?).ok()?).ok()?;
    let whole = digest_of(&settled).as_str() == digest && settled.version == VERSION && settled.workspace == settings.name;
    if !whole || stamp(&place.path).is_none_or(|now| now != settled.store) {
        return None;
    }
    let head = Reader::open(&place.path).ok()?.head().ok()?;
    load::check_store(&head, &place, &settings).ok()?;
    let state = decode::collected(&head, Vec::new()).ok()?;
    let linked = head.link.is_some_and(|link| link.as_str() == settled.link);
    let required = state.workspaces.values().any(|w| w.settings.requires_actor());
    if !linked || required || source::digest::of_files(&context.root)?.as_str() != settled.files {
        return None;
    }
    let commit = source::commit(&context.root);
    let plan = plan::unchanged(&settings, &state, settled.config, settled.unmanaged, commit, &context.operator);
    Some(Planned { plan, config: None, state, sources: Sources::default(), findings: Diagnostics::new(), parsed: 0, place, settings })
}

/// Remembers that the store holds what the files declare, once a plan was applied or had nothing to do. `link` is the latest of
/// the store's chain. That it cannot be written is no matter: the next plan takes longer.
pub(super) fn remember(context: &Context, options: &Options, planned: &Planned, link: &Digest) {
    let Planned { plan, config: Some(config), sources, findings, place, settings, .. } = planned else { return };
    if !applies(context, options, settings) || !findings.is_empty() || !plan.complete || says_more(config, plan) {
        return;
    }
    let Some(store) = stamp(&place.path) else { return };
    let settled = Settled {
        config: plan.base.config_digest.clone(),
        files: source::digest::of_sources(sources).to_string(),
        link: link.to_string(),
        store,
        unmanaged: plan.unmanaged,
        version: VERSION.to_owned(),
        workspace: settings.name.clone(),
    };
    let sealed = Sealed { digest: digest_of(&settled).to_string(), settled };
    let _ = write(&path(place), &crate::model::canonical(&sealed));
}

/// Whether the plan after this one may have a note to make, or counts what this one changes.
fn says_more(config: &Config, plan: &Plan) -> bool {
    let tables = config.moves.len().saturating_add(config.removals.len()).saturating_add(config.imports.len());
    tables > 0 || plan.changes.iter().any(|c| matches!(c.action, Action::Forget | Action::Import))
}

/// A torn one is seen by its digest, so it needs no draft that a crash could leave behind.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
