//! Each floor, from a workspace to counts.

use crate::model::{File, Object, objects};
use crate::{files, graph, store};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;
use std::mem::forget;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What an apply would do, in objects.
#[derive(Default)]
pub struct Counts {
    pub add: usize,
    pub change: usize,
    pub destroy: usize,
}

pub fn stat(at: &str) -> Counts {
    for path in files::list(at) {
        black_box(files::stat(&path));
    }
    Counts::default()
}

pub fn validate(at: &str) -> Counts {
    forget(parse(&files::list(at)));
    Counts::default()
}

pub fn empty(at: &str) -> Counts {
    let parsed = parse(&files::list(at));
    let objects = all_objects(&parsed);
    let edges = graph::edges(&objects, &graph::intern(&objects));
    let mut buffer = Vec::new();
    let order = graph::order(objects.len(), &edges);
    for &i in &order {
        black_box(objects[i as usize].digest(&mut buffer));
    }
    forget(objects);
    forget(parsed);
    Counts { add: order.len(), ..Counts::default() }
}

pub fn full(at: &str, db: &str) -> Counts {
    let parsed = parse(&files::list(at));
    let objects = all_objects(&parsed);
    let ids = graph::intern(&objects);
    black_box(graph::order(objects.len(), &graph::edges(&objects, &ids)));
    let (mut counts, mut seen, mut buffer) = (Counts::default(), 0, Vec::new());
    let store = store::open(db);
    store.execute_batch("PRAGMA mmap_size = 2147483648").unwrap();
    store::each_digest(&store, |address, digest| match ids.get(address) {
        None => counts.destroy += 1,
        Some(&i) => {
            seen += 1;
            counts.change += usize::from(objects[i as usize].digest(&mut buffer) != *digest);
        }
    });
    counts.add = objects.len() - seen;
    forget(ids);
    forget(objects);
    forget(parsed);
    counts
}

pub fn apply(at: &str, db: &str, reviews: bool) -> Counts {
    let paths = files::list(at);
    let parsed = parse(&paths);
    let objects = all_objects(&parsed);
    let edges = graph::edges(&objects, &graph::intern(&objects));
    black_box(graph::order(objects.len(), &edges));
    store::fill(db, &objects, &edges, &paths, reviews);
    let add = objects.len();
    forget(objects);
    forget(parsed);
    Counts { add, ..Counts::default() }
}

/// What is kept of a file that was dropped: eight bytes an address, sixteen of what it says, twelve an edge.
#[derive(Default)]
struct Digests {
    address: Vec<u64>,
    says: Vec<[u8; 16]>,
    edge: Vec<(u32, u64)>,
}

impl Digests {
    fn add(&mut self, text: &str, buffer: &mut Vec<u8>) {
        let parsed: File = toml::from_str(text).unwrap();
        let mut found = Vec::new();
        objects(0, &parsed, &mut found);
        let first = self.address.len();
        for object in &found {
            let number = self.address.len() as u32;
            self.edge.extend(object.parent.map(|i| (number, self.address[first + i as usize])));
            self.edge.extend(object.needs.as_deref().map(|needed| (number, short(needed))));
            self.address.push(short(&object.address));
            self.says.push(object.digest(buffer));
        }
    }

    fn append(&mut self, other: Digests) {
        let first = self.address.len() as u32;
        self.address.extend(other.address);
        self.says.extend(other.says);
        self.edge.extend(other.edge.into_iter().map(|(i, needed)| (first + i, needed)));
    }
}

fn short(address: &str) -> u64 {
    u64::from_le_bytes(blake3::hash(address.as_bytes()).as_bytes()[..8].try_into().unwrap())
}

/// The keys of the map are digests already.
#[derive(Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {
        unreachable!("a key is a u64")
    }
    fn write_u64(&mut self, digest: u64) {
        self.0 = digest;
    }
}

pub fn stream(at: &str, db: &str, threads: usize) -> Counts {
    let paths = files::list(at);
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut digests, mut text, mut buffer) = (Digests::default(), Vec::new(), Vec::new());
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            digests.add(files::read(path, &mut text), &mut buffer);
        }
        digests
    };
    let all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        others.into_iter().for_each(|other| all.append(other.join().unwrap()));
        all
    });
    let mut ids: HashMap<u64, u32, BuildHasherDefault<Same>> = HashMap::with_capacity_and_hasher(all.address.len(), Default::default());
    for (i, address) in all.address.iter().enumerate() {
        assert!(ids.insert(*address, i as u32).is_none());
    }
    let edges: Vec<(u32, u32)> = all.edge.iter().map(|(then, needed)| (ids[needed], *then)).collect();
    black_box(graph::order(all.address.len(), &edges));
    let (mut counts, mut seen) = (Counts::default(), 0);
    store::each_digest(&store::open(db), |address, digest| match ids.get(&short(address)) {
        None => counts.destroy += 1,
        Some(&i) => {
            seen += 1;
            counts.change += usize::from(all.says[i as usize] != *digest);
        }
    });
    counts.add = all.address.len() - seen;
    counts
}

/// Parses only files that are not as the store knows them: by their digests, or by size and time.
pub fn trusting(at: &str, db: &str, digests: bool) -> Counts {
    let store = store::open(db);
    let mut known = store::known_files(&store);
    let (mut counts, mut buffer) = (Counts::default(), Vec::new());
    let mut old_rows = store.prepare("SELECT address, digest FROM object WHERE file = ?").unwrap();
    let mut there = store.prepare("SELECT 1 FROM object WHERE address = ?").unwrap();
    let rows = |query: &mut rusqlite::Statement<'_>, file: i64| -> HashMap<String, [u8; 16]> {
        query.query_map([file], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(|row| row.unwrap()).collect()
    };
    for path in files::list(at) {
        let as_known = known.remove(files::name(&path));
        let same = as_known.is_some_and(|(_, written, size, digest)| match digests {
            true => *blake3::hash(files::read(&path, &mut buffer).as_bytes()).as_bytes() == digest,
            false => files::stat(&path) == (written, size),
        });
        if same {
            continue;
        }
        let parsed: File = toml::from_str(files::read(&path, &mut buffer)).unwrap();
        let mut found = Vec::new();
        objects(0, &parsed, &mut found);
        let mut old = as_known.map_or_else(HashMap::new, |k| rows(&mut old_rows, k.0));
        for object in &found {
            assert!(object.needs.as_deref().is_none_or(|needed| there.exists([needed]).unwrap()));
            match old.remove(&object.address) {
                None => counts.add += 1,
                Some(digest) => counts.change += usize::from(digest != object.digest(&mut buffer)),
            }
        }
        counts.destroy += old.len();
    }
    counts.destroy += known.values().map(|k| rows(&mut old_rows, k.0).len()).sum::<usize>();
    counts
}

fn parse(paths: &[PathBuf]) -> Vec<File> {
    let mut buffer = Vec::new();
    paths.iter().map(|path| toml::from_str(files::read(path, &mut buffer)).unwrap()).collect()
}

fn all_objects(parsed: &[File]) -> Vec<Object<'_>> {
    let mut all = Vec::with_capacity(parsed.len() * 73);
    for (i, file) in parsed.iter().enumerate() {
        objects(i as u32, file, &mut all);
    }
    all
}
