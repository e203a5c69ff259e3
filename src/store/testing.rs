//! Stores for the tests of this room.

use super::{Event, Holder, Lock, ObjectRow, Reader, Revision, Snapshot, StoreError, Writer, create};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// A store in a directory of its own.
pub(super) struct World {
    pub(super) path: PathBuf,
    _dir: tempfile::TempDir,
}

impl World {
    /// At serial 0.
    pub(super) fn empty() -> World {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("writ.db");
        create(&path, "L", &[(revision(0), vec![])]).unwrap();
        World { path, _dir: dir }
    }

    /// At serial 3: `catalog.a` was updated, `catalog.b` became `catalog.c` and unmanaged.
    pub(super) fn new() -> World {
        let mut world = World::empty();
        let settings = Event::WorkspaceConfigured { name: "w".into(), settings: "{}".into() };
        let (a, b) = (created("catalog.a", "1", "{}"), created("catalog.b", "2", "{}"));
        world.commit(&[settings, a, b]).unwrap();
        let moved = Event::ObjectMoved { from: "catalog.b".into(), to: "catalog.c".into() };
        world.commit(&[updated("catalog.a", r#"{"n":1}"#, "{}"), moved]).unwrap();
        world.commit(&[Event::ObjectReleased { address: "catalog.c".into() }]).unwrap();
        world
    }

    pub(super) fn lock(&self) -> Lock {
        Lock::acquire(&self.path, Duration::ZERO, &holder(), &|| false).unwrap()
    }

    pub(super) fn commit(&mut self, events: &[Event]) -> Result<u64, StoreError> {
        self.commit_as(&revision(self.serial().saturating_add(1)), events)
    }

    pub(super) fn commit_as(&mut self, revision: &Revision, events: &[Event]) -> Result<u64, StoreError> {
        let lock = self.lock();
        Writer::open(&self.path, &lock)?.commit(self.serial(), events, revision)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Reader::open(&self.path).unwrap().snapshot().unwrap()
    }

    pub(super) fn serial(&self) -> u64 {
        super::query::tip(&Reader::open(&self.path).unwrap().connection).unwrap().0
    }

    /// What somebody with an editor for SQLite does.
    pub(super) fn tamper(&self, sql: &str) {
        Connection::open(&self.path).unwrap().execute_batch(sql).unwrap();
    }
}

pub(super) fn holder() -> Holder {
    let since = "2026-03-01T08:00:00.000Z".into();
    Holder { actor: "operator:ann@build".into(), command: "apply".into(), pid: 1, host: "build".into(), since }
}

pub(super) fn revision(serial: u64) -> Revision {
    Revision {
        at: format!("2026-03-01T08:{serial:02}:00.000Z"),
        actor: "operator:ann@build".into(),
        command: if serial == 0 { "init" } else { "apply" }.into(),
        workspace: (serial > 0).then(|| "w".into()),
        commit: None,
        plan_digest: (serial > 0).then(|| format!("plan {serial}")),
        changes_digest: None,
        summary: "{}".into(),
    }
}

pub(super) fn row(address: &str, id: &str, attributes: &str) -> ObjectRow {
    ObjectRow {
        address: address.into(),
        kind: "catalog".into(),
        id: id.into(),
        schema: 1,
        attributes: attributes.into(),
        workspace: Some("w".into()),
        version: 1,
        origin: r#"{"file":"a.toml","line":1}"#.into(),
    }
}

pub(super) fn created(address: &str, id: &str, attributes: &str) -> Event {
    let ObjectRow { address, kind, id, schema, attributes, workspace, version: _, origin } = row(address, id, attributes);
    Event::ObjectCreated { address, kind, id, schema, attributes, workspace, origin }
}

pub(super) fn updated(address: &str, attributes: &str, before: &str) -> Event {
    Event::ObjectUpdated {
        address: address.into(),
        schema: 1,
        attributes: attributes.into(),
        origin: r#"{"file":"a.toml","line":2}"#.into(),
        before: before.into(),
    }
}

pub(super) fn erase(path: &Path, serial: u64, seq: u64) {
    let sql = format!("UPDATE event SET body = NULL WHERE serial = {serial} AND seq = {seq}");
    Connection::open(path).unwrap().execute_batch(&sql).unwrap();
}
