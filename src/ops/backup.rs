//! `state backup` and `state restore`: a copy of the store that is a store, and the way back from one.

use super::{Context, Failure, Place, claim, decode, load, sight};
use crate::config::Settings;
use crate::model::canonical;
use crate::reconcile::State;
use crate::store::{self, Reader, Revision, Snapshot, StoreError, Verified};
use serde_json::json;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Writes a copy of the store to a new file, and verifies it.
///
/// # Errors
/// When there is no store, it does not hold, or something stands at the place.
pub fn backup(context: &Context, to: &Path) -> Result<Verified, Failure> {
    sight::of_all(context, "copy the store")?;
    let (reader, _) = super::history::reader(context)?;
    (context.tell)("copying the store");
    let verified = store::backup(&reader, to).map_err(|error| match error {
        StoreError::Taken(path) => {
            Failure::Usage(format!("`{}` exists already", path.display()), "a backup replaces nothing; give another name".to_owned())
        }
        other => other.into(),
    });
    (context.tell)("");
    verified
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Where the store that was replaced stands now, if there was one.
    pub kept: Option<PathBuf>,
    /// The serial of the store that was replaced, if it could be read.
    pub before: Option<u64>,
    /// The serial of the copy.
    pub restored: u64,
    /// The serial of the revision that tells of it.
    pub serial: u64,
    /// Where the store is.
    pub store: String,
}

/// Puts a copy back in the store's place. What it replaces is kept beside it, and a revision tells of it.
///
/// # Errors
/// When the copy does not hold or is of another lineage, a lock that is held, a store of a newer schema. Nothing is
/// replaced then.
pub fn restore(context: &Context, from: &Path, lock_timeout: Duration) -> Result<Restored, Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    let source = Reader::open(from).map_err(|error| unfit(from, error))?;
    (context.tell)("verifying the copy");
    let verified = source.verify().map_err(|faults| unfit(from, store::unsound(&faults)))?;
    let snapshot = source.snapshot().map_err(|error| unfit(from, error))?;
    let of_copy = Place { path: from.to_owned(), url: from.display().to_string() };
    load::check_store(&snapshot, &of_copy, &settings)?;
    let there = current(&place)?;
    if there.is_some() {
        sight::of_all(context, "restore the store")?;
    }
    let actor = {
        let people = there.map_or_else(|| decode::snapshot(&snapshot), |now| decode::snapshot(&now))?;
        actor(context, &people, &settings)?
    };
    let lock = claim::claim(context, &place, &actor, "state restore", lock_timeout)?;
    let now = current(&place)?;
    if let Some(now) = now.as_ref().filter(|now| now.lineage != snapshot.lineage) {
        return Err(Failure::WrongStore(
            format!("`{}` is of lineage {}, and the store at `{}` is of {}", from.display(), snapshot.lineage, place.url, now.lineage),
            "restore a copy of this store, or move the store away first".to_owned(),
        ));
    }
    let told = json!({
        "replaced": now.as_ref().map(|now| now.serial), "replaced_link": now.as_ref().map(|now| &now.link),
        "restored": snapshot.serial, "restored_link": verified.hash,
    });
    let revision = Revision {
        at: store::stamp(context.now),
        actor,
        command: "state restore".to_owned(),
        workspace: Some(settings.name),
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: canonical(&told),
    };
    if super::interrupt::interrupted() {
        return Err(Failure::Interrupted);
    }
    (context.tell)("restoring the store");
    let (serial, kept) = store::restore(&place.path, &lock, &source, &revision)?;
    (context.tell)("");
    let kept = kept.map(|path| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path));
    Ok(Restored { kept, before: now.map(|now| now.serial), restored: snapshot.serial, serial, store: place.url })
}

/// A file that no store can be restored from: what is wrong with it, and what would be one.
fn unfit(from: &Path, error: StoreError) -> Failure {
    let (file, help) = (from.display(), "nothing was changed; a restore takes a file that `writ state backup FILE` wrote");
    match error {
        StoreError::Missing(_) => Failure::WrongStore(format!("there is no file `{file}`"), help.to_owned()),
        StoreError::NotAStore(_) if begins_with(from, b"{") => {
            let help = format!("{help}; `writ state push FILE` takes what `writ state pull` printed");
            Failure::WrongStore(format!("`{file}` is no backup of a store, but JSON"), help)
        }
        StoreError::NotAStore(_) => Failure::WrongStore(format!("`{file}` is no backup of a store"), help.to_owned()),
        StoreError::Corrupt(why) => Failure::WrongStore(format!("the backup `{file}` is corrupt: {why}"), help.to_owned()),
        other => other.into(),
    }
}

fn begins_with(path: &Path, head: &[u8]) -> bool {
    let mut found = vec![0; head.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut found)).is_ok_and(|()| found == head)
}

/// The store that would be replaced; `None` where there is none, or one that cannot be read.
fn current(place: &Place) -> Result<Option<Snapshot>, Failure> {
    if !store::exists(&place.path) {
        return Ok(None);
    }
    let read = Reader::open(&place.path).and_then(|reader| reader.snapshot());
    match read {
        Ok(read) => Ok(Some(read)),
        // What cannot be read is what a backup is for; it is kept all the same.
        Err(StoreError::Corrupt(_) | StoreError::NotAStore(_) | StoreError::Sql { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn actor(context: &Context, people: &State, settings: &Settings) -> Result<String, Failure> {
    super::plan::actor(context, people, settings.require_actor, &|_| None)
}
