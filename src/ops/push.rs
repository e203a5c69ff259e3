//! `state pull` and `state push`: the state as one document, and the way back from it.

use super::{Context, Failure, Place, claim, decode, doctor, history, load, sight};
use crate::config::Settings;
use crate::diag::Diagnostics;
use crate::model::{Address, canonical};
use crate::plan::{self, Plan};
use crate::reconcile::State;
use crate::store::{self, FoldError, ObjectRow, Revision, Snapshot, StoreError, Tables, WorkspaceRow};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::time::Duration;

/// The version of the document's form.
const FORMAT: &str = "1.0";

#[derive(Serialize, Deserialize)]
struct Document {
    format_version: String,
    lineage: String,
    serial: u64,
    objects: Vec<ObjectForm>,
    workspaces: Vec<WorkspaceForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectForm {
    address: String,
    id: String,
    schema: u32,
    attributes: Json,
    workspace: Option<String>,
    version: u64,
    origin: Json,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkspaceForm {
    name: String,
    settings: Json,
    version: u64,
}

/// The state as one document.
///
/// # Errors
/// When there is no store.
pub fn pull(context: &Context) -> Result<(u64, Json), Failure> {
    sight::of_all(context, "take the state out of the store")?;
    let (reader, _) = history::reader(context)?;
    let snapshot = reader.snapshot()?;
    let corrupt = |e: serde_json::Error| Failure::Store(StoreError::Corrupt(e.to_string()));
    let object = |row: &ObjectRow| {
        let ObjectRow { address, id, schema, attributes, workspace, version, origin, .. } = row.clone();
        let (attributes, origin) = (serde_json::from_str(&attributes)?, serde_json::from_str(&origin)?);
        Ok(ObjectForm { address, id, schema, attributes, workspace, version, origin })
    };
    let workspace = |row: &WorkspaceRow| {
        let settings = serde_json::from_str(&row.settings)?;
        Ok(WorkspaceForm { name: row.name.clone(), settings, version: row.version })
    };
    let document = Document {
        format_version: FORMAT.to_owned(),
        lineage: snapshot.lineage,
        serial: snapshot.serial,
        objects: snapshot.tables.objects.values().map(object).collect::<Result<_, _>>().map_err(corrupt)?,
        workspaces: snapshot.tables.workspaces.values().map(workspace).collect::<Result<_, _>>().map_err(corrupt)?,
    };
    Ok((snapshot.serial, json!(document)))
}

/// A document that may be pushed, and what that would do.
#[derive(Debug)]
pub struct Prepared {
    /// What lies between the state and the document.
    pub plan: Plan,
    /// There is no store yet: nothing is lost.
    pub empty: bool,
    /// The serial that the document has.
    pub serial: u64,
    wanted: Snapshot,
    /// What it was compared with.
    before: State,
    actor: String,
    settings: Settings,
    place: Place,
}

/// Reads a document and compares it with the state.
///
/// # Errors
/// When it is no state, of another lineage (exit 4), or not newer than the store (exit 4).
pub fn prepare(context: &Context, text: &str) -> Result<Prepared, Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    let wanted = read(text)?;
    let lineages = settings.lineage.as_ref().map(|l| (l.clone(), "writ.toml".to_owned()));
    let exists = store::exists(&place.path);
    let before = if exists { load::read_state(&place, &settings)? } else { State::empty() };
    let found = before.lineage.as_ref().map(|l| (l.clone(), format!("the store at `{}`", place.url)));
    if exists {
        sight::of_all(context, "put a state into the store")?;
    }
    if let Some((lineage, whose)) = [lineages, found].into_iter().flatten().find(|(lineage, _)| *lineage != wanted.lineage) {
        let message = format!("the document is of lineage {}, and {whose} is of {lineage}", wanted.lineage);
        return Err(Failure::Behind(message, "push it where it was pulled; a state of another lineage goes into no store".to_owned()));
    }
    if exists && wanted.serial <= before.serial {
        let message = format!("the document is of serial {}, and the store stands at {} already", wanted.serial, before.serial);
        return Err(Failure::Behind(message, "pull again, and put the change into that; it counts its serial up by hand".to_owned()));
    }
    let after = decode::snapshot(&wanted)?;
    if let Some(orphan) = doctor::orphans(&after).into_iter().next() {
        return Err(bad(&orphan));
    }
    load::check_store(&wanted, &place, &settings)?;
    let actor = super::plan::actor(context, if exists { &before } else { &after }, settings.require_actor, &|_| None)?;
    let plan = plan::between(&before, &after, &settings.name, context.now, &mut Diagnostics::new());
    Ok(Prepared { plan, empty: !exists, serial: wanted.serial, wanted, before, actor, settings, place })
}

/// Makes the store hold what the document says: one transaction, one revision. Returns the serial, and how many events.
///
/// # Errors
/// [`Failure::Moved`] when the store is no longer the one that it was compared with; nothing is written then.
pub fn push(context: &Context, prepared: &Prepared, lock_timeout: Duration) -> Result<(u64, usize), Failure> {
    let Prepared { wanted, before, actor, settings, place, .. } = prepared;
    let lock = claim::claim(context, place, actor, "state push", lock_timeout)?;
    let there = claim::store(context, place, settings, &lock)?;
    let found = there.as_ref().map(|(_, s)| (s.lineage.as_str(), s.link.as_ref()));
    if found != before.lineage.as_deref().map(|lineage| (lineage, before.link.as_ref())) {
        return Err(Failure::Moved);
    }
    let misfit = |error: FoldError| Failure::Store(StoreError::Misfit(error));
    let held = there.as_ref().map_or_else(|| Ok(Tables::default()), |(writer, _)| writer.snapshot().map(|s| s.tables))?;
    let events = store::difference(&held, &wanted.tables).map_err(misfit)?;
    let revision = Revision {
        at: store::stamp(context.now),
        actor: actor.clone(),
        command: "state push".to_owned(),
        workspace: Some(settings.name.clone()),
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: canonical(&json!({ "events": events.len(), "pushed": wanted.serial })),
    };
    if super::interrupt::interrupted() {
        return Err(Failure::Interrupted);
    }
    let count = events.len();
    let serial = match there {
        Some((mut writer, now)) => writer.commit(now.serial, &events, &revision)?,
        None => store::create(&place.path, &wanted.lineage, &[(revision, events)])?,
    };
    Ok((serial, count))
}

fn bad(why: &str) -> Failure {
    Failure::Usage(format!("that is no state: {why}"), "give a document that `writ state pull` printed".to_owned())
}

fn read(text: &str) -> Result<Snapshot, Failure> {
    let Document { format_version, lineage, serial, objects, workspaces } = serde_json::from_str(text).map_err(|e| bad(&e.to_string()))?;
    if format_version != FORMAT {
        return Err(bad(&format!("it is of version {format_version}, and this program knows {FORMAT}")));
    }
    if lineage.is_empty() {
        return Err(bad("it has no lineage"));
    }
    let mut tables = Tables::default();
    for ObjectForm { address, id, schema, attributes, workspace, version, origin } in objects {
        let kind = Address::parse(&address).map_err(|e| bad(&e.to_string()))?.kind().to_owned();
        let (attributes, origin) = (canonical(&attributes), canonical(&origin));
        let row = ObjectRow { address: address.clone(), kind, id, schema, attributes, workspace, version, origin };
        if tables.objects.insert(address.clone(), row).is_some() {
            return Err(bad(&format!("`{address}` is in it twice")));
        }
    }
    for WorkspaceForm { name, settings, version } in workspaces {
        let row = WorkspaceRow { name: name.clone(), settings: canonical(&settings), version };
        if tables.workspaces.insert(name.clone(), row).is_some() {
            return Err(bad(&format!("the workspace `{name}` is in it twice")));
        }
    }
    let wanted = Snapshot { lineage, serial, link: None, tables };
    store::difference(&Tables::default(), &wanted.tables).map_err(|e| bad(&e.to_string()))?;
    decode::snapshot(&wanted).map_err(|e| bad(&e.to_string()))?;
    Ok(wanted)
}
