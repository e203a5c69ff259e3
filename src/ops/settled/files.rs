//! How the files lay when an apply remembered them, and which of them are not as they were.
//!
//! In: the texts that were applied, with their stamps; later the files as they lie. Out: what was edited.
//! Invariants: a file is as it was if its stamp is, or else if its bytes are; a stamp that had not settled when the file was read is
//! never taken for one.

use super::pages::{Fields, Pages, narrow};
use crate::config::{Settings, WRIT_TOML};
use crate::diag::Sources;
use crate::model::{Raw, on_all, raw};
use crate::source::stamp::{self, Stamp};
use std::collections::BTreeSet;
use std::path::Path;

/// The sections of the file.
pub(super) const FILES: usize = 0;
const NAMES: usize = 1;

/// How long the row of a file is.
const ROW: usize = 84;
/// How many files one processor digests at a time.
const PART: usize = 64;

/// A file as it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    digest: Raw,
    stamp: Stamp,
    /// Where its name ends; the name before it ends where it begins.
    name: usize,
    /// Where its objects end in the list of all files' objects.
    pub objects: usize,
    /// It holds templates.
    pub templates: bool,
}

/// What is not as it was.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// Files with other texts, and new ones: their numbers, where they were there, and their names.
    pub changed: Vec<(Option<usize>, String)>,
    /// The numbers of files that are gone.
    pub gone: Vec<usize>,
    /// How many there are now, `writ.toml` left out.
    pub files: usize,
}

impl Edits {
    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty()
    }
}

/// The files as remembered.
#[derive(Debug)]
pub(super) struct Files {
    pub rows: Vec<Row>,
    names: String,
}

/// The sections of the files, in the order of their names. `objects` tells where the objects of each end, `templates` which hold some.
pub(super) fn sections(
    sources: &Sources,
    stamps: &[Stamp],
    began: i64,
    objects: &[usize],
    templates: &BTreeSet<usize>,
) -> Option<[Vec<u8>; 2]> {
    let all: Vec<&str> = sources.iter().map(|(_, file)| file.text.as_str()).collect();
    let digests = on_all(&all, PART, |text| raw(text.as_bytes()));
    let (mut rows, mut names) = (Vec::with_capacity(all.len().saturating_mul(ROW)), String::new());
    for (number, ((_, file), digest)) in sources.iter().zip(digests).enumerate() {
        let Stamp { size, written, changed, number: inode, device } = *stamps.get(number)?;
        // No file was ever changed then.
        let changed = if stamps.get(number)?.is_settled(began) { changed } else { i64::MAX };
        names.push_str(&file.name);
        rows.extend(digest);
        for field in [size.to_le_bytes(), written.to_le_bytes(), changed.to_le_bytes(), inode.to_le_bytes(), device.to_le_bytes()] {
            rows.extend(field);
        }
        let objects = objects.get(number).copied().unwrap_or(0);
        for field in [names.len(), objects, usize::from(templates.contains(&number))] {
            rows.extend(narrow(field)?);
        }
    }
    Some([rows, names.into_bytes()])
}

impl Files {
    pub(super) fn read(pages: &Pages) -> Option<Files> {
        let row = |bytes: &[u8]| {
            let mut fields = Fields(bytes);
            let digest = fields.bytes()?;
            let (size, written, changed) = (fields.u64()?, fields.i64()?, fields.i64()?);
            let stamp = Stamp { size, written, changed, number: fields.u64()?, device: fields.u64()? };
            Some(Row { digest, stamp, name: fields.u32()?, objects: fields.u32()?, templates: fields.u32()? == 1 })
        };
        let rows = pages.whole(FILES)?.chunks(ROW).map(row).collect::<Option<_>>()?;
        Some(Files { rows, names: String::from_utf8(pages.whole(NAMES)?).ok()? })
    }

    fn named(&self) -> impl Iterator<Item = (&Row, &str)> {
        let starts = std::iter::once(0).chain(self.rows.iter().map(|row| row.name));
        self.rows.iter().zip(starts).map(|(row, start)| (row, self.names.get(start..row.name).unwrap_or("")))
    }

    /// The name of a file.
    pub(super) fn name(&self, number: usize) -> Option<&str> {
        self.named().nth(number).map(|(_, name)| name)
    }

    /// Whether a text is the one that `writ.toml` had.
    pub(super) fn knows_settings(&self, text: &str) -> bool {
        self.named().any(|(row, name)| name == WRIT_TOML && row.digest == raw(text.as_bytes()))
    }

    /// What is not as it was; nothing where a file is not as a workspace's files are.
    pub(super) fn edits(&self, root: &Path, settings: &Settings) -> Option<Edits> {
        let there = stamp::lie(root, settings)?;
        let mut edits = Edits { files: there.len(), ..Edits::default() };
        let mut other: Vec<(usize, &Row, &str)> = Vec::new();
        let mut known = self.named().enumerate().filter(|(_, (_, name))| *name != WRIT_TOML).peekable();
        for (name, stamp) in &there {
            while let Some((number, _)) = known.next_if(|(_, (_, known))| *known < name.as_str()) {
                edits.gone.push(number);
            }
            match known.next_if(|(_, (_, known))| known == name) {
                Some((_, (row, _))) if row.stamp == *stamp => {}
                Some((number, (row, _))) => other.push((number, row, name)),
                None => edits.changed.push((None, name.clone())),
            }
        }
        edits.gone.extend(known.map(|(number, _)| number));
        let names: Vec<&str> = other.iter().map(|(.., name)| *name).collect();
        let digests = stamp::digests(root, &names)?;
        let differ = other.iter().zip(digests).filter(|((_, row, _), digest)| row.digest != *digest);
        edits.changed.extend(differ.map(|((number, _, name), _)| (Some(*number), (*name).to_owned())));
        Some(edits)
    }
}
