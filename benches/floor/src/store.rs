//! A bare store in SQLite: objects with their digests under the index of addresses, edges, files, and audit rows.

use crate::files;
use crate::model::Object;
use rusqlite::{Connection, params};
use std::collections::HashMap;
use std::path::PathBuf;

const TABLES: &str = "
CREATE TABLE file (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, written INTEGER NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL);
CREATE TABLE object (id INTEGER PRIMARY KEY, address TEXT NOT NULL, file INTEGER NOT NULL, digest BLOB NOT NULL, attributes TEXT NOT NULL);
CREATE UNIQUE INDEX object_address ON object (address, digest);
CREATE INDEX object_file ON object (file);
CREATE TABLE edge (needs INTEGER NOT NULL, needed INTEGER NOT NULL, PRIMARY KEY (needs, needed)) WITHOUT ROWID;
CREATE TABLE event (id INTEGER PRIMARY KEY, address TEXT NOT NULL, digest BLOB NOT NULL, body TEXT NOT NULL);
CREATE TABLE series (policy TEXT PRIMARY KEY, package TEXT NOT NULL, next TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX series_package ON series (package);
CREATE INDEX series_next ON series (next);
";

/// What the store knows of a file: its number, when it was written, its size, its digest.
pub type Known = (i64, i64, i64, [u8; 32]);

pub fn open(path: &str) -> Connection {
    let store = Connection::open(path).unwrap();
    store
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;")
        .unwrap();
    store
}

/// Writes a new store in one transaction, with the series of reviews or without.
pub fn fill(path: &str, objects: &[Object<'_>], edges: &[(u32, u32)], paths: &[PathBuf], reviews: bool) {
    let mut store = open(path);
    store.execute_batch(TABLES).unwrap();
    let all = store.transaction().unwrap();
    {
        let mut object = all.prepare("INSERT INTO object VALUES (?, ?, ?, ?, ?)").unwrap();
        let mut event = all.prepare("INSERT INTO event VALUES (?, ?, ?, ?)").unwrap();
        let mut buffer = Vec::new();
        for (i, o) in objects.iter().enumerate() {
            let digest = o.digest(&mut buffer);
            let text = std::str::from_utf8(&buffer).unwrap();
            object.execute(params![i as i64, o.address, o.file, digest, text]).unwrap();
            event.execute(params![i as i64, o.address, digest, text]).unwrap();
        }
        let mut series = all.prepare("INSERT INTO series VALUES (?, ?, ?, ?)").unwrap();
        let planned = objects.iter().filter_map(|o| o.series(objects)).filter(|_| reviews);
        for (i, s) in (objects.len()..).zip(planned) {
            buffer.clear();
            serde_json::to_writer(&mut buffer, &s).unwrap();
            let digest = blake3::hash(&buffer);
            let text = std::str::from_utf8(&buffer).unwrap();
            series.execute(params![s.policy, s.package, s.next.get_ref().to_string(), text]).unwrap();
            event.execute(params![i as i64, s.policy, &digest.as_bytes()[..16], text]).unwrap();
        }
        let mut edge = all.prepare("INSERT INTO edge VALUES (?, ?)").unwrap();
        let mut sorted: Vec<(u32, u32)> = edges.iter().map(|&(first, then)| (then, first)).collect();
        sorted.sort_unstable();
        for (needs, needed) in sorted {
            edge.execute([needs, needed]).unwrap();
        }
        let mut file = all.prepare("INSERT INTO file VALUES (?, ?, ?, ?, ?)").unwrap();
        for (i, path) in paths.iter().enumerate() {
            let (written, size) = files::stat(path);
            let digest = blake3::hash(files::read(path, &mut buffer).as_bytes());
            file.execute(params![i as i64, files::name(path), written, size, digest.as_bytes()]).unwrap();
        }
    }
    all.commit().unwrap();
}

/// Every address with its digest, by the index alone.
pub fn each_digest(store: &Connection, mut see: impl FnMut(&str, &[u8])) {
    let mut query = store.prepare("SELECT address, digest FROM object INDEXED BY object_address").unwrap();
    let mut rows = query.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        see(row.get_ref(0).unwrap().as_str().unwrap(), row.get_ref(1).unwrap().as_blob().unwrap());
    }
}

/// The files as last applied.
pub fn known_files(store: &Connection) -> HashMap<String, Known> {
    let mut query = store.prepare("SELECT name, id, written, size, digest FROM file").unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))).unwrap();
    rows.map(|row| row.unwrap()).collect()
}
