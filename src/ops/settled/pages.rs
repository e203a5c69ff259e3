//! The file in which an apply remembers: a head, and sections of bytes of which only what is asked for is read.
//!
//! In: a head and sections. Out: the same, or nothing.
//! Invariants: no byte is given out that was not digested as it was written: the head by the digest at the end of the file, a block by
//! its mark, the marks by the head. So a file that is cut, old, or another one costs time and nothing else; and a torn one is seen
//! when it is read, so that it needs no draft that a crash could leave behind.

use crate::model::{Digest, canonical, on_all, raw};
use crate::store;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::rc::Rc;

/// How much is digested at a time: what the least look costs.
const BLOCK: usize = 16 * 1024;
/// How much of a block's digest is kept.
const MARK: usize = 16;
/// The end of the file: how long the head is, and its digest.
const TAIL: usize = 8 + 32;
/// A longer head is none of ours.
const LONGEST_HEAD: u64 = 64 * 1024;
/// More blocks are none of ours: 16 GiB.
const MOST_BLOCKS: u64 = 1024 * 1024;

/// The head as it stands in the file.
#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    head: T,
    /// How long each section is.
    lengths: Vec<u64>,
    /// Of the marks of all blocks.
    marks: String,
}

/// Writes such a file, in place of what stands there.
pub(super) fn write(path: &Path, head: &impl Serialize, sections: &[Vec<u8>]) -> io::Result<()> {
    let blocks: Vec<&[u8]> = sections.iter().flat_map(|section| section.chunks(BLOCK)).collect();
    let marks = on_all(&blocks, 64, |block| mark(block)).concat();
    let lengths = sections.iter().map(|section| section.len() as u64).collect();
    let head = canonical(&Sealed { head, lengths, marks: Digest::of(&marks).to_string() });
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let length = (head.len() as u64).to_le_bytes();
    let end = [&marks[..], head.as_bytes(), &length, &raw(head.as_bytes())].concat();
    sections.iter().try_for_each(|section| file.write_all(section))?;
    file.write_all(&end)
}

fn mark(block: &[u8]) -> [u8; MARK] {
    let mut mark = [0; MARK];
    mark.iter_mut().zip(raw(block)).for_each(|(to, from)| *to = from);
    mark
}

/// Such a file, to be read from.
#[derive(Debug)]
pub(super) struct Pages {
    file: RefCell<File>,
    sections: Vec<Section>,
    marks: Vec<u8>,
    /// Blocks that were read and are what they were, by their number.
    kept: RefCell<HashMap<usize, Rc<[u8]>>>,
}

#[derive(Debug, Clone, Copy)]
struct Section {
    /// Where it begins in the file.
    at: u64,
    length: usize,
    /// The number of its first block.
    first: usize,
}

impl Pages {
    /// The head of such a file, and the rest to be read from.
    pub(super) fn open<T: DeserializeOwned>(path: &Path) -> Option<(T, Pages)> {
        let length = fs::symlink_metadata(path).ok().filter(|there| there.is_file() && store::is_private(there))?.len();
        let mut file = File::open(path).ok()?;
        let tail = exactly(&mut file, length.checked_sub(TAIL as u64)?, TAIL)?;
        let (size, digest) = tail.split_first_chunk::<8>()?;
        let size = u64::from_le_bytes(*size);
        let at = length.checked_sub(TAIL as u64)?.checked_sub(size).filter(|_| size <= LONGEST_HEAD)?;
        let head = exactly(&mut file, at, usize::try_from(size).ok()?)?;
        if raw(&head) != digest {
            return None;
        }
        let Sealed { head, lengths, marks: expected } = serde_json::from_slice::<Sealed<T>>(&head).ok()?;
        let (mut sections, mut start, mut first) = (Vec::new(), 0u64, 0u64);
        for length in lengths {
            sections.push(Section { at: start, length: usize::try_from(length).ok()?, first: usize::try_from(first).ok()? });
            start = start.checked_add(length)?;
            first = first.checked_add(length.div_ceil(BLOCK as u64)).filter(|n| *n <= MOST_BLOCKS)?;
        }
        let marks = exactly(&mut file, start, usize::try_from(first).ok()?.checked_mul(MARK)?)?;
        let whole = Digest::of(&marks).as_str() == expected;
        whole.then(|| (head, Pages { file: RefCell::new(file), sections, marks, kept: RefCell::default() }))
    }

    /// A section.
    pub(super) fn whole(&self, section: usize) -> Option<Vec<u8>> {
        let Section { at, length, first } = *self.sections.get(section)?;
        let bytes = exactly(&mut self.file.borrow_mut(), at, length)?;
        let sound = bytes.chunks(BLOCK).enumerate().all(|(i, block)| self.is_sound(first.saturating_add(i), block));
        sound.then_some(bytes)
    }

    /// A part of a section.
    pub(super) fn part(&self, section: usize, from: usize, length: usize) -> Option<Vec<u8>> {
        let section = *self.sections.get(section)?;
        let end = from.checked_add(length).filter(|end| *end <= section.length)?;
        let mut out = Vec::with_capacity(length);
        let mut here = from;
        while here < end {
            let number = here.checked_div(BLOCK)?;
            let block = self.block(section, number)?;
            let start = number.checked_mul(BLOCK)?;
            let part = block.get(here.checked_sub(start)?..end.checked_sub(start)?.min(block.len())).filter(|part| !part.is_empty())?;
            out.extend_from_slice(part);
            here = here.checked_add(part.len())?;
        }
        Some(out)
    }

    fn block(&self, section: Section, number: usize) -> Option<Rc<[u8]>> {
        let own = section.first.checked_add(number)?;
        if let Some(kept) = self.kept.borrow().get(&own) {
            return Some(Rc::clone(kept));
        }
        let from = number.checked_mul(BLOCK)?;
        let length = section.length.checked_sub(from)?.min(BLOCK);
        let bytes = exactly(&mut self.file.borrow_mut(), section.at.checked_add(from as u64)?, length)?;
        let block: Rc<[u8]> = Some(bytes).filter(|bytes| self.is_sound(own, bytes))?.into();
        self.kept.borrow_mut().insert(own, Rc::clone(&block));
        Some(block)
    }

    fn is_sound(&self, number: usize, block: &[u8]) -> bool {
        self.marks.chunks(MARK).nth(number).is_some_and(|expected| mark(block) == expected)
    }
}

fn exactly(file: &mut File, at: u64, length: usize) -> Option<Vec<u8>> {
    // What it is said to be long is not believed before it is there, beyond what costs nothing.
    let mut bytes = Vec::with_capacity(length.min(4 * BLOCK));
    file.seek(SeekFrom::Start(at)).ok()?;
    file.take(length as u64).read_to_end(&mut bytes).ok()?;
    (bytes.len() == length).then_some(bytes)
}

/// Numbers of fixed width, one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'b>(pub &'b [u8]);

impl Fields<'_> {
    /// The next so many bytes.
    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn u32(&mut self) -> Option<usize> {
        self.bytes().map(u32::from_le_bytes).and_then(|n| usize::try_from(n).ok())
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.bytes().map(i64::from_le_bytes)
    }
}

/// A number as [`Fields::u32`] reads it; nothing where it is too large for that.
pub(super) fn narrow(number: usize) -> Option<[u8; 4]> {
    u32::try_from(number).ok().map(u32::to_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_no_byte_can_differ() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("pages");
        let long: Vec<u8> = (0..40_000u32).flat_map(u32::to_le_bytes).collect();
        let sections = [b"short".to_vec(), Vec::new(), long.clone()];
        write(&path, &"head", &sections).unwrap();
        let read = || {
            let (head, pages) = Pages::open::<String>(&path)?;
            let parts = [pages.part(2, 16_380, 10)?, pages.part(2, 159_990, 10)?, pages.part(0, 1, 3)?].concat();
            Some((head, pages.whole(0)?, pages.whole(1)?, pages.whole(2)?, parts))
        };
        let expected = ("head".to_owned(), b"short".to_vec(), Vec::new(), long.clone());
        let parts = [&long[16_380..16_390], &long[159_990..], b"hor"].concat();
        assert_eq!(read(), Some((expected.0, expected.1, expected.2, expected.3, parts)));
        let pages = Pages::open::<String>(&path).unwrap().1;
        assert_eq!((pages.part(2, 159_995, 6), pages.part(3, 0, 0), pages.part(1, 0, 0)), (None, None, Some(Vec::new())));
        let bytes = fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(997).chain(bytes.len() - 400..bytes.len()) {
            let mut other = bytes.clone();
            other[at] ^= 1;
            fs::write(&path, other).unwrap();
            assert_eq!(read(), None, "byte {at}");
            fs::write(&path, &bytes[..at]).unwrap();
            assert_eq!(read(), None, "cut at {at}");
        }
    }
}
