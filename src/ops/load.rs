//! Reads a workspace and the state of its store, and checks that they belong together.

use super::{Context, Failure};
use crate::config::{self, AppliedSettings, Config, Known, Settings, check_store_url, read_settings};
use crate::diag::Diagnostics;
use crate::kinds::object_from_json;
use crate::model::{Address, Origin, Stored};
use crate::reconcile::{State, WorkspaceState};
use crate::source::{self, Workspace};
use crate::store::{self, Reader, Snapshot};
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
    let sources = source::read_settings_file(&context.root)?;
    let mut findings = Diagnostics::new();
    match read_settings(&sources, &mut findings) {
        Some(settings) if !findings.has_errors() => {
            let place = store_place(context, &settings)?;
            Ok((settings, place))
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
    let mut findings = Diagnostics::new();
    let Some(settings) = read_settings(&workspace.sources, &mut findings) else {
        let (_, mut all) = config::configure(&workspace.sources, &Known { unread: true, ..Known::default() });
        all.extend(workspace.findings.clone());
        all.sort(&workspace.sources);
        return Err(Failure::Findings(Box::new((all, workspace.sources))));
    };
    let place = store_place(context, &settings)?;
    (context.tell)("reading the store");
    let state = read_state(&place, &settings)?;
    (context.tell)("checking the configuration");
    let (config, mut findings) = config::configure(&workspace.sources, &state.known_to(&settings.name));
    findings.extend(workspace.findings.clone());
    findings.sort(&workspace.sources);
    let config = config.filter(|_| !findings.has_errors());
    Ok(Loaded { workspace, place, state, config, settings, findings })
}

/// The state of the store at a place; [`State::empty`] where there is none and none is expected.
///
/// # Errors
/// As [`load`].
pub fn read_state(place: &Place, settings: &Settings) -> Result<State, Failure> {
    if !store::exists(&place.path) {
        return match &settings.lineage {
            None => Ok(State::empty()),
            Some(lineage) => Err(Failure::WrongStore(
                format!("there is no store at `{}`, and writ.toml expects the one of lineage {lineage}", place.url),
                "restore it, point WRIT_STORE to it, or take `lineage` out to start from nothing".to_owned(),
            )),
        };
    }
    let snapshot = Reader::open(&place.path)?.snapshot()?;
    check_store(&snapshot, place, settings)?;
    decode(&snapshot)
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

/// A snapshot as planning sees it.
///
/// # Errors
/// [`Failure::Store`] when an object does not have its kind's shape.
pub(super) fn decode(snapshot: &Snapshot) -> Result<State, Failure> {
    let corrupt = |what: String| Failure::Store(store::StoreError::Corrupt(what));
    let mut state =
        State { lineage: Some(snapshot.lineage.clone()), serial: snapshot.serial, link: snapshot.link.clone(), ..State::default() };
    for row in snapshot.tables.objects.values() {
        let address = Address::parse(&row.address).map_err(|e| corrupt(e.to_string()))?;
        let json = serde_json::from_str(&row.attributes).map_err(|e| corrupt(format!("`{address}`: {e}")))?;
        let object = object_from_json(address.clone(), &json).map_err(|e| corrupt(e.to_string()))?;
        let origin: Origin = serde_json::from_str(&row.origin).map_err(|e| corrupt(format!("`{address}`: {e}")))?;
        let stored = Stored { object, id: row.id.clone(), workspace: row.workspace.clone(), version: row.version, origin };
        state.objects.insert(address, stored);
    }
    for row in snapshot.tables.workspaces.values() {
        let settings = serde_json::from_str(&row.settings).map_err(|e| corrupt(format!("workspace `{}`: {e}", row.name)))?;
        state.workspaces.insert(row.name.clone(), WorkspaceState { settings: AppliedSettings(settings), version: row.version });
    }
    Ok(state)
}
