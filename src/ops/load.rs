//! Reads a workspace and the state of its store, and checks that they belong together.

use super::{Context, Failure, decode, sight};
use crate::config::{self, AppliedSettings, Config, Known, Settings, check_store_url, read_settings};
use crate::diag::{Diagnostic, Diagnostics, Sources, codes};
use crate::model::Address;
use crate::reconcile::State;
use crate::source::{self, Workspace};
use crate::store::{self, Reader, Snapshot};
use std::collections::HashSet;
use std::path::PathBuf;

/// Where a store is, and why there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// As people write it.
    pub url: String,
}

/// A workspace with its state.
#[derive(Debug)]
pub struct Loaded {
    /// Its texts.
    pub workspace: Workspace,
    /// Where its store is.
    pub place: Place,
    /// What the store holds; [`State::empty`] where there is none.
    pub state: State,
    /// The configuration, if it is sound.
    pub config: Option<Config>,
    /// What `writ.toml` says, if it can be read.
    pub settings: Settings,
    /// Everything that was found, sorted.
    pub findings: Diagnostics,
}

/// Where the store of a workspace is: WRIT_STORE, what `writ.toml` says, or `.writ/NAME.db`.
///
/// # Errors
/// When WRIT_STORE is no store's URL.
pub fn store_place(context: &Context, settings: &Settings) -> Result<Place, Failure> {
    let standard = format!("sqlite:.writ/{}.db", settings.name);
    let url = context.environment.store.clone().or_else(|| settings.store_url.clone()).unwrap_or(standard);
    match check_store_url(&url) {
        Ok(path) => Ok(Place { path: context.root.join(path), url }),
        Err((message, help)) => Err(Failure::Usage(message, help.to_owned())),
    }
}

/// What `writ.toml` says and where its store is, for those who need nothing else of the workspace.
///
/// # Errors
/// When the settings cannot be read.
pub fn settings_and_place(context: &Context) -> Result<(Settings, Place), Failure> {
    settings_as_written(context).map(|(_, settings, place)| (settings, place))
}

/// As [`settings_and_place`], with the text.
///
/// # Errors
/// As [`settings_and_place`].
pub(super) fn settings_as_written(context: &Context) -> Result<(Sources, Settings, Place), Failure> {
    let sources = source::read_settings_file(&context.root)?;
    let mut findings = Diagnostics::new();
    match read_settings(&sources, &mut findings) {
        Some(settings) if !findings.has_errors() => {
            let place = store_place(context, &settings)?;
            Ok((sources, settings, place))
        }
        _ => Err(Failure::Findings(Box::new((findings, sources)))),
    }
}

/// Where the store is.
///
/// # Errors
/// When the settings cannot be read.
pub fn place(context: &Context) -> Result<Place, Failure> {
    settings_and_place(context).map(|(_, place)| place)
}

/// Reads everything a plan needs. Nothing is written, no lock is taken.
///
/// # Errors
/// When the workspace cannot be read, or its store is missing where `lineage` says that there is one, unreadable, corrupt
/// or another workspace's (exit 7). What is wrong with the texts is in `findings`.
pub fn load(context: &Context) -> Result<Loaded, Failure> {
    (context.tell)("reading the workspace");
    let workspace = source::read(&context.root)?;
    let Some(settings) = read_settings(&workspace.sources, &mut Diagnostics::new()) else {
        let (_, all) = config::configure(&workspace.sources, &Known { unread: true, ..Known::default() });
        let all = together(all, &workspace.findings, &workspace.sources);
        return Err(Failure::Findings(Box::new((all, workspace.sources))));
    };
    let place = store_place(context, &settings)?;
    loop {
        (context.tell)("checking the configuration");
        let parsed = config::read_files(&workspace.sources);
        (context.tell)("reading the store");
        let reader = reader(&place, &settings)?;
        let (then, beside) = match &reader {
            Some(reader) => {
                let (head, mut known) = decode::known(reader, &parsed, &settings.name)?;
                check_store(&head, &place, &settings)?;
                sight::hide(context, &settings, &place, reader, &mut known)?;
                (head.link, known)
            }
            None => (None, State::empty().known_to(&settings.name)),
        };
        (context.tell)("checking the configuration");
        let (config, findings) = parsed.configure(&beside);
        let findings = together(findings, &workspace.findings, &workspace.sources);
        let config = config.filter(|_| !findings.has_errors());
        (context.tell)("reading the store");
        let state = match &reader {
            Some(reader) => decode::state(reader, &settings.name, config.as_ref())?.1,
            None => State::empty(),
        };
        // Somebody applied something between the two looks at the store: what was known is not what is.
        if state.link == then {
            return Ok(Loaded { workspace, place, state, config, settings, findings });
        }
    }
}

/// What was found in the texts, and what could not be taken as text, in order. That a file is empty, or that there is none, is not
/// said beside the reason why one was not read.
pub(super) fn together(mut findings: Diagnostics, unread: &Diagnostics, sources: &Sources) -> Diagnostics {
    let refused: HashSet<u32> = unread.iter().filter(|d| d.span.is_some()).map(|d| d.span.file).collect();
    let empty = |d: &Diagnostic| refused.contains(&d.span.file) && sources.get(d.span).is_some_and(|f| f.text.is_empty());
    let follows = |d: &Diagnostic| (d.code == &codes::E0003 && empty(d)) || (d.code == &codes::E0017 && !unread.is_empty());
    findings.retain(|d| !follows(d));
    findings.extend(unread.clone());
    findings.sort(sources);
    findings
}

/// The state of the store at a place; [`State::empty`] where there is none and none is expected.
///
/// # Errors
/// As [`load`].
pub fn read_state(place: &Place, settings: &Settings) -> Result<State, Failure> {
    let Some(reader) = reader(place, settings)? else { return Ok(State::empty()) };
    let (head, state) = decode::state(&reader, &settings.name, None)?;
    check_store(&head, place, settings)?;
    Ok(state)
}

/// The store at a place; `None` where there is none and none is expected.
fn reader(place: &Place, settings: &Settings) -> Result<Option<Reader>, Failure> {
    if !store::exists(&place.path) {
        return match &settings.lineage {
            None => Ok(None),
            Some(lineage) => Err(Failure::WrongStore(
                format!("there is no store at `{}`, and writ.toml expects the one of lineage {lineage}", place.url),
                "restore it, point WRIT_STORE to it, or take `lineage` out to start from nothing".to_owned(),
            )),
        };
    }
    Ok(Some(Reader::open(&place.path)?))
}

/// Whether a store is this workspace's: its lineage, and nobody else managing the same.
pub(super) fn check_store(snapshot: &Snapshot, place: &Place, settings: &Settings) -> Result<(), Failure> {
    if let Some(lineage) = settings.lineage.as_ref().filter(|l| **l != snapshot.lineage) {
        return Err(Failure::WrongStore(
            format!("the store at `{}` is of lineage {}, and writ.toml expects {lineage}", place.url, snapshot.lineage),
            "point WRIT_STORE to the right store".to_owned(),
        ));
    }
    for (name, row) in snapshot.tables.workspaces.iter().filter(|(name, _)| **name != settings.name) {
        let other = AppliedSettings(serde_json::from_str(&row.settings).unwrap_or_default());
        if let Some(both) = overlap(settings.manages.as_deref(), other.manages().as_deref()) {
            return Err(Failure::WrongStore(
                format!("the store at `{}` is managed by the workspace `{name}` too: both manage {both}", place.url),
                "give each workspace its own `manages` in writ.toml, or its own store".to_owned(),
            ));
        }
    }
    Ok(())
}

/// What two workspaces both manage, if anything.
fn overlap(a: Option<&[Address]>, b: Option<&[Address]>) -> Option<String> {
    match (a, b) {
        (None, None) => Some("everything".to_owned()),
        (None, Some(part)) | (Some(part), None) => part.first().map(|p| format!("`{p}`")),
        (Some(a), Some(b)) => {
            let pairs = a.iter().flat_map(|x| b.iter().map(move |y| (x, y)));
            pairs
                .into_iter()
                .find_map(|(x, y)| if x.is_within(y) { Some(format!("`{x}`")) } else { y.is_within(x).then(|| format!("`{y}`")) })
        }
    }
}
