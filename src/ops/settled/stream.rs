//! The plan of a workspace in which nothing changed, though nothing is remembered of its files, or nobody is to believe it: every file is
//! read, and every object of the store, and of neither is more kept than a digest an object.
//!
//! ```text
//!  the newest file ─► are its objects the store's?
//!                      │ yes
//!  the store ───────► the digest of each object ─► are they those of the word that its last apply left?
//!                                                   │ yes
//!  the other files ─► newest first, each parsed ─► is each of its objects one of them, and met once? ─► were all: the plan without changes
//! ```
//!
//! In: the files, the store, and the word in its chain. Out: a plan, or nothing.
//! Invariants: it says what all files and all of the store would say, since all that follows from them was looked at, and the same had
//! nothing to say when it was applied. The first thing that differs, or is not plain, ends it; what was edited last is looked at first,
//! so that this is soon.

use super::word::{self, Word};
use super::{Asked, recalled};
use crate::config::{Passing, Settings};
use crate::diag::Sources;
use crate::kinds;
use crate::model::{Address, Raw, beside};
use crate::ops::plan::Planned;
use crate::ops::{Failure, decode};
use crate::plan;
use crate::source;
use crate::source::stamp::{self, Texts};
use crate::store::Look;
use std::cmp::Reverse;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

/// The plan, if nothing changed.
pub(super) fn plan(asked: &Asked<'_>) -> Option<Planned> {
    let Asked { context, settings, place, look, state, written } = *asked;
    let word = Word::standing(look, &settings.name)?;
    (context.tell)("comparing the files with the store");
    let mut files = stamp::lie(&context.root, settings).filter(|files| !files.is_empty())?;
    files.sort_by_key(|(_, stamp)| Reverse(stamp.changed));
    let names: Vec<String> = files.into_iter().map(|(name, _)| name).collect();
    // Before all objects of the store are read, what was edited last is looked for among them.
    let mut first = Passing::new(settings);
    let declared = first.next(&Texts::new(&context.root)?.read(names.first()?)?)?;
    if !declared.iter().take(FEW).all(|(address, said)| is_stored(look, address, said)) {
        return None;
    }
    let stream = Stream::new(&context.root, settings, names, (first, digests(declared)));
    let mut unmanaged = 0usize;
    let commit = thread::scope(|scope| {
        let commit = scope.spawn(|| source::commit(&context.root));
        let here = || {
            match stored(asked).filter(|(own, others, _)| word.is_of(&settings.name, &written.text, own, others)) {
                Some((own, _, beside)) => {
                    unmanaged = beside;
                    stream.compare_with(own);
                }
                None => stream.end(),
            }
            stream.work();
        };
        beside(|| stream.work(), here);
        commit.join()
    });
    (context.tell)("");
    let parsed = stream.names.len();
    if !stream.nothing_differs(look) {
        return None;
    }
    let plan = plan::unchanged(settings, state, word.config, unmanaged, commit.ok()?, &context.operator);
    Some(recalled(plan, state.clone(), Sources::default(), parsed, settings.clone(), place.clone()))
}

/// So many objects are looked for one by one.
const FEW: usize = 64;

fn is_stored(look: &Look<'_>, address: &Address, said: &Raw) -> bool {
    look.object(address.as_str()).is_ok_and(|row| row.is_some_and(|row| word::own(&row.view()) == *said))
}

fn digests(declared: Vec<(Address, Raw)>) -> Vec<Raw> {
    declared.into_iter().map(|(_, said)| said).collect()
}

/// The digests of the workspace's objects and of the others, each in order, and how many of these live on unmanaged.
fn stored(asked: &Asked<'_>) -> Option<(Vec<Raw>, Vec<Raw>, usize)> {
    let (mut own, mut others, mut unmanaged) = (Vec::new(), Vec::new(), 0usize);
    let ours = Some(asked.settings.name.as_str());
    let read = asked.look.each_object(|row| {
        let said = word::own(&row);
        if row.workspace == ours {
            own.push(said);
            return Ok::<(), Failure>(());
        }
        let builtin = || Address::parse(row.address).is_ok_and(|address| kinds::is_builtin(&address));
        if row.workspace.is_none() && !builtin() {
            unmanaged = unmanaged.saturating_add(1);
        }
        others.push(word::beside(&said, row.workspace));
        Ok(())
    });
    own.sort_unstable();
    others.sort_unstable();
    read.ok().map(|()| (own, others, unmanaged))
}

/// Files that are looked at by whoever is free.
struct Stream<'a> {
    root: &'a Path,
    settings: &'a Settings,
    names: Vec<String>,
    /// The next to be taken.
    next: AtomicUsize,
    /// Something differs, or cannot be told here.
    ended: AtomicBool,
    /// What the store holds, once that is known.
    stored: OnceLock<Stored>,
    /// What each who worked has left.
    left: Mutex<Vec<(Passing<'a>, Vec<Raw>)>>,
}

/// The objects of the store, in order, and which of them were met.
struct Stored(Vec<Raw>, Vec<AtomicBool>);

impl Stored {
    /// Whether all of these are there, each met for the first time.
    fn meets(&self, digests: impl IntoIterator<Item = Raw>) -> bool {
        let met = |said: &Raw| self.0.binary_search(said).ok().and_then(|at| self.1.get(at));
        digests.into_iter().all(|said| met(&said).is_some_and(|met| !met.swap(true, Ordering::Relaxed)))
    }

    /// Whether there are no others.
    fn were_met(&self) -> bool {
        self.1.iter().all(|met| met.load(Ordering::Relaxed))
    }
}

impl<'a> Stream<'a> {
    /// These files, of which the first was looked at.
    fn new(root: &'a Path, settings: &'a Settings, names: Vec<String>, first: (Passing<'a>, Vec<Raw>)) -> Stream<'a> {
        let (ended, stored) = Default::default();
        Stream { root, settings, names, next: AtomicUsize::new(1), ended, stored, left: Mutex::new(vec![first]) }
    }

    fn compare_with(&self, own: Vec<Raw>) {
        let met = own.iter().map(|_| AtomicBool::new(false)).collect();
        let _ = self.stored.set(Stored(own, met));
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// Takes one file after the other until there are no more.
    fn work(&self) {
        match self.pass() {
            Some(left) => self.left.lock().unwrap_or_else(PoisonError::into_inner).push(left),
            None => self.end(),
        }
    }

    fn pass(&self) -> Option<(Passing<'a>, Vec<Raw>)> {
        let (mut texts, mut passing, mut said) = (Texts::new(self.root)?, Passing::new(self.settings), Vec::new());
        while let Some(name) = self.names.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if self.ended.load(Ordering::Relaxed) {
                return None;
            }
            said.extend(digests(passing.next(&texts.read(name)?)?));
            if let Some(stored) = self.stored.get()
                && !stored.meets(said.drain(..))
            {
                return None;
            }
        }
        Some((passing, said))
    }

    /// Whether the files declare what the store holds. What an object leaves to one that went by is looked for there, since the two are the
    /// same if nothing differs.
    fn nothing_differs(self, look: &Look<'_>) -> bool {
        let Stream { ended, stored, left, settings, .. } = self;
        let Some(stored) = stored.into_inner().filter(|_| !ended.into_inner()) else { return false };
        let mut passing = Passing::new(settings);
        for (theirs, said) in left.into_inner().unwrap_or_else(PoisonError::into_inner) {
            passing = passing.with(theirs);
            if !stored.meets(said) {
                return false;
            }
        }
        let above = |address: &Address| {
            let row = look.object(address.as_str()).ok()??;
            decode::one(&row.view()).ok().map(|stored| stored.object)
        };
        passing.last(above).is_some_and(|last| stored.meets(digests(last))) && stored.were_met()
    }
}
