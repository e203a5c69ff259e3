//! A disk that keeps what was synced, and of the rest whatever chance decides: the files as a loss of power may leave them.
//!
//! The storage calls of one run are played into it. A file keeps its content as of its last sync; each sector of 512 bytes
//! that was written since may have reached the disk or not, in any order, and what a file grew by may be rubbish. A name
//! keeps as its directory was last synced; each change of names since may have reached the disk or not.

use super::tool::Record;
use proptest::prelude::Rng;
use proptest::test_runner::TestRng;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

const SECTOR: usize = 512;

type Id = usize;

#[derive(Clone)]
enum Node {
    File { kept: Vec<u8>, since: Vec<Write> },
    Directory { kept: BTreeMap<Vec<u8>, Id>, since: Vec<Names> },
}

#[derive(Clone)]
enum Write {
    Bytes(usize, Vec<u8>),
    Length(usize),
}

/// What becomes of names of one directory, all at once.
type Names = Vec<(Vec<u8>, Option<Id>)>;

/// What of the unsynced survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Luck {
    Nothing,
    Everything,
    /// Each piece in so many of 256 cases.
    Some(u32),
}

/// A tree of files, as the disk has it.
#[derive(Clone)]
pub struct Disk {
    root: PathBuf,
    nodes: Vec<Node>,
    by_path: BTreeMap<PathBuf, Id>,
    by_inode: BTreeMap<u64, Id>,
}

impl Disk {
    /// The tree as it stands, all of it durable.
    pub fn of(root: &Path) -> Disk {
        let mut disk = Disk { root: root.to_owned(), nodes: Vec::new(), by_path: BTreeMap::new(), by_inode: BTreeMap::new() };
        disk.load(root);
        disk
    }

    fn load(&mut self, path: &Path) -> Id {
        let id = self.nodes.len();
        self.nodes.push(Node::File { kept: Vec::new(), since: Vec::new() });
        self.by_path.insert(path.to_owned(), id);
        self.by_inode.insert(fs::metadata(path).unwrap().ino(), id);
        self.nodes[id] = if path.is_dir() {
            let mut kept = BTreeMap::new();
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                kept.insert(entry.file_name().as_bytes().to_vec(), self.load(&entry.path()));
            }
            Node::Directory { kept, since: Vec::new() }
        } else {
            Node::File { kept: fs::read(path).unwrap(), since: Vec::new() }
        };
        id
    }

    /// Whether a file or directory of the tree has this inode.
    pub fn knows(&self, inode: u64) -> bool {
        self.by_inode.contains_key(&inode)
    }

    /// Plays one call of the run.
    pub fn play(&mut self, call: &Record) {
        let home = self.root.clone();
        let path = |bytes: &[u8]| home.join(std::ffi::OsStr::from_bytes(bytes));
        let file = self.by_inode.get(&call.inode).copied();
        match (call.name.as_str(), file) {
            ("write", Some(id)) => self.write(id, Write::Bytes(call.offset, call.one.clone())),
            ("truncate", Some(id)) => self.write(id, Write::Length(call.offset)),
            ("sync", Some(id)) => self.sync(id),
            ("open", _) if call.made => self.make(&path(&call.one), call.inode, Node::File { kept: Vec::new(), since: Vec::new() }),
            ("mkdir", _) => self.make(&path(&call.one), call.inode, Node::Directory { kept: BTreeMap::new(), since: Vec::new() }),
            ("unlink" | "rmdir", _) => {
                let gone = path(&call.one);
                if self.by_path.remove(&gone).is_some() {
                    self.names(&gone, None);
                }
            }
            ("rename" | "link", _) => {
                let (from, to) = (path(&call.one), path(&call.two));
                let Some(id) = self.by_path.get(&from).copied() else { return };
                if call.name == "rename" {
                    self.by_path.remove(&from);
                }
                self.by_path.insert(to.clone(), id);
                if call.name == "link" || from.parent() != to.parent() {
                    self.names(&to, Some(id));
                    if call.name == "rename" {
                        self.names(&from, None);
                    }
                } else {
                    let parent = self.by_path[from.parent().unwrap()];
                    let both = vec![(name(&from), None), (name(&to), Some(id))];
                    if let Node::Directory { since, .. } = &mut self.nodes[parent] {
                        since.push(both);
                    }
                }
            }
            _ => {}
        }
    }

    fn make(&mut self, path: &Path, inode: u64, node: Node) {
        if !path.starts_with(&self.root) {
            return;
        }
        let id = self.nodes.len();
        self.nodes.push(node);
        self.by_path.insert(path.to_owned(), id);
        self.by_inode.insert(inode, id);
        self.names(path, Some(id));
    }

    fn names(&mut self, path: &Path, id: Option<Id>) {
        let parent = self.by_path[path.parent().unwrap()];
        if let Node::Directory { since, .. } = &mut self.nodes[parent] {
            since.push(vec![(name(path), id)]);
        }
    }

    fn write(&mut self, id: Id, write: Write) {
        if let Node::File { since, .. } = &mut self.nodes[id] {
            since.push(write);
        }
    }

    fn sync(&mut self, id: Id) {
        match &mut self.nodes[id] {
            Node::File { kept, since } => since.drain(..).for_each(|write| survive(kept, &write, 0, &mut || true)),
            Node::Directory { kept, since } => since.drain(..).for_each(|names| rename(kept, names)),
        }
    }

    /// Writes the tree to an empty place, as a loss of power at this moment leaves it.
    pub fn lose_power(&self, to: &Path, luck: Luck, dice: &mut TestRng) {
        let rubbish = if dice.next_u32().is_multiple_of(2) { 0 } else { 0xa5 };
        self.pour(self.by_path[&self.root], to, luck, rubbish, dice);
    }

    fn pour(&self, id: Id, to: &Path, luck: Luck, rubbish: u8, dice: &mut TestRng) {
        let mut lucky = || match luck {
            Luck::Nothing => false,
            Luck::Everything => true,
            Luck::Some(odds) => dice.next_u32() % 256 < odds,
        };
        match &self.nodes[id] {
            Node::File { kept, since } => {
                let mut bytes = kept.clone();
                since.iter().for_each(|write| survive(&mut bytes, write, rubbish, &mut lucky));
                fs::write(to, bytes).unwrap();
                // A mode is part of what makes a file, and everything here was made for its owner.
                fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            }
            Node::Directory { kept, since } => {
                let mut all = kept.clone();
                since.iter().filter(|_| lucky()).for_each(|names| rename(&mut all, names.clone()));
                fs::create_dir(to).unwrap();
                for (name, id) in all {
                    self.pour(id, &to.join(std::ffi::OsStr::from_bytes(&name)), luck, rubbish, dice);
                }
            }
        }
    }
}

fn name(path: &Path) -> Vec<u8> {
    path.file_name().unwrap().as_bytes().to_vec()
}

fn rename(kept: &mut BTreeMap<Vec<u8>, Id>, names: Names) {
    for (name, id) in names {
        match id {
            Some(id) => kept.insert(name, id),
            None => kept.remove(&name),
        };
    }
}

/// Each sector of a write for itself.
fn survive(bytes: &mut Vec<u8>, write: &Write, rubbish: u8, lucky: &mut dyn FnMut() -> bool) {
    match write {
        Write::Length(length) if lucky() => bytes.resize(*length, 0),
        Write::Length(_) => {}
        Write::Bytes(offset, new) => {
            let mut from = 0;
            while from < new.len() {
                let at = offset + from;
                let to = new.len().min(from + SECTOR - at % SECTOR);
                if lucky() {
                    let end = offset + to;
                    if bytes.len() < end {
                        bytes.resize(end, rubbish);
                    }
                    bytes[at..end].copy_from_slice(&new[from..to]);
                }
                from = to;
            }
        }
    }
}
