//! A history, verified as it is read: each event by itself, then in its place.
//!
//! In: events and the links that seal them, in the order of the history, from a store or an export. Out: every fault with
//! its place, and what the events add up to.
//! Invariants: each thing is compared with what is recorded one step above it, so that one change is one fault and not a
//! landslide; erased bodies are legal where they held content, and what they leave unknown is named, never passed over.

use super::{Checkpoint, Event, Fault, FoldError, StoreError, Tables, chain, events::fold_owned, query::Link};
use crate::engine::{self, Family};
use crate::model::Digest;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeSet};

/// Fewer events are looked at by one thread.
pub(super) const MANY: usize = 512;

/// An event as it was told, wherever that was read.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct View<'a> {
    pub(super) serial: u64,
    pub(super) seq: u64,
    pub(super) kind: Cow<'a, str>,
    pub(super) address: Option<Cow<'a, str>>,
    pub(super) body: Option<&'a str>,
    pub(super) body_digest: &'a str,
    pub(super) digest: &'a str,
}

impl View<'_> {
    /// The event that the body says; `None` when it was erased.
    pub(super) fn event(&self) -> Result<Option<Event>, StoreError> {
        let unread = |error| StoreError::Corrupt(format!("event {} of serial {} cannot be read: {error}", self.seq, self.serial));
        self.body.map(Event::read).transpose().map_err(unread)
    }
}

/// What an event says.
enum Said<'a> {
    /// This; apart, since most that is read is smaller.
    Event(Box<Event>),
    /// Something that nobody adds up.
    Something,
    /// Nothing any more: the kind and the address that stand beside the body.
    Erased(Cow<'a, str>, Option<Cow<'a, str>>),
    /// Nothing that can be read.
    Unread,
}

/// An event that was looked at by itself.
pub(super) struct Checked<'a> {
    pub(super) serial: u64,
    seq: u64,
    digest: &'a str,
    faults: Vec<String>,
    said: Said<'a>,
}

/// Looks at the digests of an event.
fn digests(told: &View<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    if !chain::is_event(told.digest, told.seq, &told.kind, told.address.as_deref(), told.body_digest) {
        faults.push("the event is not what was recorded".to_owned());
    }
    if told.body.is_some_and(|body| !Digest::is(told.body_digest, body.as_bytes())) {
        faults.push("its body is not what was recorded".to_owned());
    }
    faults
}

/// What a body is about, by its own word: all of it is JSON then.
pub(super) fn about(body: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Tag<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
    }
    serde_json::from_str::<Tag<'_>>(body).ok().map(|tag| tag.event)
}

/// Looks at an event by itself, where there are no tables to compare with: its digests, and what its body is [`about`].
pub(super) fn check_link<'a>(told: View<'a>, about: Option<Cow<'_, str>>) -> Checked<'a> {
    let mut faults = digests(&told);
    if told.body.is_some() && about.is_none_or(|about| about != told.kind) {
        faults.push("its body tells of something else".to_owned());
    }
    let View { serial, seq, kind, address, body, digest, .. } = told;
    let said = if body.is_none() { Said::Erased(kind, address) } else { Said::Something };
    Checked { serial, seq, digest, faults, said }
}

/// Looks at an event by itself: its digests, and whether its body tells of what stands beside it.
pub(super) fn check(told: View<'_>) -> Checked<'_> {
    let mut faults = digests(&told);
    let View { serial, seq, kind, address, body, digest, .. } = told;
    let said = match body.map(Event::read) {
        None => Said::Erased(kind, address),
        Some(Err(error)) => {
            faults.push(format!("event {seq} of serial {serial} cannot be read: {error}"));
            Said::Unread
        }
        Some(Ok(event)) => {
            if event.kind() != kind || event.address() != address.as_deref() {
                faults.push("its body tells of something else".to_owned());
            }
            Said::Event(Box::new(event))
        }
    };
    Checked { serial, seq, digest, faults, said }
}

/// The family of the record that an event of the lifecycle is about, going by its kind; a purge, which has no content, is none.
fn family(kind: &str) -> Option<Family> {
    kind.split_once('.').and_then(|(word, _)| Family::of(word))
}

/// A history that is being verified.
pub(super) struct Audit<'w> {
    lineage: String,
    created_at: String,
    /// A checkpoint that was kept elsewhere.
    witness: Option<&'w Checkpoint>,
    pub(super) faults: Vec<Fault>,
    /// What the events add up to.
    pub(super) folded: Tables,
    /// Objects whose content is not known, since a body was erased.
    pub(super) unclear: BTreeSet<String>,
    /// Records of the same sort.
    pub(super) unclear_records: BTreeSet<(Family, String)>,
    pub(super) events: u64,
    pub(super) erased: u64,
    /// Since the last link.
    unsealed: chain::Events,
    /// The next serial.
    pub(super) expected: u64,
    /// The last link; before the first, what that one is linked to.
    pub(super) tip: Digest,
}

impl<'w> Audit<'w> {
    pub(super) fn new(lineage: &str, created_at: &str, witness: Option<&'w Checkpoint>) -> Audit<'w> {
        let mut audit = Audit {
            lineage: lineage.to_owned(),
            created_at: created_at.to_owned(),
            witness,
            faults: Vec::new(),
            folded: Tables::default(),
            unclear: BTreeSet::new(),
            unclear_records: BTreeSet::new(),
            events: 0,
            erased: 0,
            unsealed: chain::Events::default(),
            expected: 0,
            tip: chain::root(lineage),
        };
        if let Some(other) = witness.filter(|w| w.origin != lineage) {
            audit.fault(Some(0), None, format!("it is of lineage {lineage}, and the checkpoint is of {}", other.origin));
        }
        audit
    }

    pub(super) fn fault(&mut self, serial: Option<u64>, seq: Option<u64>, what: impl Into<String>) {
        self.faults.push(Fault { serial, seq, what: what.into() });
    }

    /// The next event of the revision that is not sealed yet.
    pub(super) fn event(&mut self, checked: Checked<'_>) {
        let Checked { serial, seq, digest, faults, said } = checked;
        if seq != self.unsealed.count.saturating_add(1) {
            self.fault(Some(serial), Some(seq), "an event before it is missing");
        }
        self.unsealed.push(digest);
        self.events = self.events.saturating_add(1);
        for what in faults {
            self.fault(Some(serial), Some(seq), what);
        }
        match said {
            Said::Unread | Said::Something => {}
            Said::Erased(kind, address) => self.erased(serial, seq, &kind, address.map(Cow::into_owned)),
            Said::Event(event) => {
                if let Err(error) = self.fold(serial, *event) {
                    self.fault(Some(serial), Some(seq), format!("it does not follow from the events before it: {error}"));
                }
            }
        }
    }

    /// The link that seals the events since the one before it.
    pub(super) fn seal(&mut self, link: &Link) {
        let (serial, row) = (link.row.serial, &link.row);
        if serial != self.expected {
            self.fault(Some(serial), None, format!("serial {} is missing before it", self.expected));
        }
        if serial == 0 && row.revision.at != self.created_at {
            self.fault(Some(serial), None, "the store was not created then");
        }
        if link.previous != self.tip {
            self.fault(Some(serial), None, "it is not linked to the revision before it");
        }
        let sealed = std::mem::take(&mut self.unsealed);
        if sealed.count != row.events || sealed.digest() != link.events_digest {
            self.fault(Some(serial), None, "its events are not those that were recorded");
        }
        if chain::link(&link.previous, serial, &row.revision, row.events, &link.events_digest) != row.hash {
            self.fault(Some(serial), None, "it is not what was recorded");
        }
        if self.witness.is_some_and(|w| w.origin == self.lineage && w.serial == serial && w.root != row.hash) {
            self.fault(Some(serial), None, "its link is not that of the checkpoint: the history up to here is another one");
        }
        self.tip = row.hash.clone();
        self.expected = serial.saturating_add(1);
    }

    /// Nothing more comes.
    pub(super) fn end(&mut self) {
        if self.unsealed.count > 0 {
            self.fault(Some(self.expected), None, "it has events and is missing itself");
        }
        let missing = |w: &&Checkpoint| w.origin == self.lineage && w.serial >= self.expected;
        if let Some(serial) = self.witness.filter(missing).map(|w| w.serial) {
            self.fault(Some(self.expected), None, format!("it is missing, and the checkpoint has seen serial {serial}"));
        }
    }

    /// Where the history ends: what it can be compared with later.
    pub(super) fn checkpoint(&self) -> Checkpoint {
        let serial = self.expected.saturating_sub(1);
        Checkpoint { origin: self.lineage.clone(), size: self.expected, serial, root: self.tip.clone() }
    }

    /// Only bodies with content may be erased; the others hold nothing but names that stand beside them anyway.
    fn erased(&mut self, serial: u64, seq: u64, kind: &str, address: Option<String>) {
        self.erased = self.erased.saturating_add(1);
        match (kind, address) {
            ("object.created" | "object.updated" | "object.rereferenced", Some(address)) => {
                self.folded.objects.remove(&address);
                self.unclear.insert(address);
            }
            ("object.deleted", Some(address)) => {
                self.folded.objects.remove(&address);
                self.unclear.remove(&address);
            }
            (kind, Some(id)) if family(kind).is_some() => {
                if let Some(family) = family(kind) {
                    let key = (family, id);
                    self.folded.records.remove(&key);
                    self.unclear_records.insert(key);
                }
            }
            _ => self.fault(Some(serial), Some(seq), "its body is gone, and no erasure takes such a body"),
        }
    }

    /// As [`fold`](super::fold), where the objects that are not clear are known by their addresses alone.
    fn fold(&mut self, serial: u64, event: Event) -> Result<(), FoldError> {
        if let Event::Life(life) = &event {
            let (family, id) = life.record();
            if self.unclear_records.contains(&(family, id.to_owned())) {
                if matches!(**life, engine::Event::Purged { .. }) {
                    self.unclear_records.remove(&(family, id.to_owned()));
                }
                return Ok(());
            }
        }
        if self.unclear.is_empty() {
            return fold_owned(&mut self.folded, serial, event);
        }
        match &event {
            Event::ObjectCreated { address, .. } | Event::ObjectMoved { to: address, .. } if self.unclear.contains(address) => {
                Err(FoldError::Exists(address.clone()))
            }
            Event::ObjectMoved { from, to } if self.unclear.contains(from) => {
                if self.folded.objects.contains_key(to) {
                    return Err(FoldError::Exists(to.clone()));
                }
                self.unclear.remove(from);
                self.unclear.insert(to.clone());
                Ok(())
            }
            Event::ObjectDeleted { last } if self.unclear.remove(&last.address) => Ok(()),
            _ if event.address().is_some_and(|address| self.unclear.contains(address)) => Ok(()),
            _ => fold_owned(&mut self.folded, serial, event),
        }
    }
}
