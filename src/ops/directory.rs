//! `directory import`: users, groups, applications and sites into the store, without files of their own.
//!
//! In: files of entries. Out: objects that no workspace manages and every one can refer to, and what became of each entry. Invariants: the
//! files are read twice, entry by entry, and nothing is written before all of them could be read; memory grows with the number of
//! entries by little more than their names; what a workspace manages is left alone; what is as it was is not written.

use super::{Context, Failure, claim, decode, interrupt, lifecycle, load};
use crate::diag::shown;
use crate::engine::{Family, GuestState, Record, Records as _};
use crate::kinds::user;
use crate::migrate::people::{self, DIRECTORY, Named};
use crate::migrate::{Leftovers, names};
use crate::model::{Address, Object, canonical};
use crate::source::directory::{Entry, entries};
use crate::store::{self, Event, ObjectRow, Reader, Revision, Writer};
use chrono::SubsecRound as _;
use foldhash::{HashMap, HashSet};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// So many objects are written in one transaction.
const AT_ONCE: usize = 20_000;

/// So many entries that cannot be taken are told before the import gives up.
const MOST_ERRORS: usize = 20;

/// So much of what is left out is told; the rest is counted.
const MOST_LEFT: usize = 10_000;

/// So many names of properties that are not read are told.
const MOST_NAMES: usize = 500;

/// What became of the entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many entries there are, by kind.
    pub entries: BTreeMap<&'static str, u64>,
    /// New objects.
    pub new: u64,
    /// Objects that say something else than before.
    pub changed: u64,
    /// Objects that are as they were.
    pub same: u64,
    /// Objects that a workspace manages.
    pub managed: u64,
    /// Properties that nothing is read of, and how many entries have them.
    pub unread: BTreeMap<String, u64>,
    /// What is left out.
    pub left: Leftovers,
    /// How much of that is only counted.
    pub uncounted: u64,
    /// The serial of the last revision; nothing, where nothing was written.
    pub serial: Option<u64>,
}

/// Loads a directory from files.
///
/// # Errors
/// When a file or an entry of a CSV cannot be read, the actor is none, or the store is missing, held or full. Nothing is written then, but
/// what was written before the system refused.
pub fn import(context: &Context, files: &[PathBuf], lock_timeout: Duration) -> Result<Imported, Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    if !store::exists(&place.path) {
        return Err(Failure::WrongStore(format!("there is no store at `{}`", place.url), "apply something first".to_owned()));
    }
    let who = context.acting.clone().unwrap_or_else(|| context.operator.clone());
    let lock = claim::claim(context, &place, &who, VERB, lock_timeout)?;
    let Some((mut writer, head)) = claim::store(context, &place, &settings, &lock)? else {
        return Err(Failure::WrongStore(format!("there is no store at `{}`", place.url), "apply something first".to_owned()));
    };
    let applied = head.tables.workspaces.get(&settings.name).is_some_and(|w| w.settings.contains("\"require_actor\":true"));
    let user = |address: &Address| -> Option<Object> { Some(decode::one(&writer.row(address.as_str()).ok()??.view()).ok()?.object) };
    let actor = context.actor((settings.require_actor || applied) && head.serial > 0, user)?;
    (context.tell)("reading the store");
    let mut known = Known::of(&Reader::open(&place.path)?)?;
    (context.tell)("reading the files");
    let mut imported = Imported::default();
    known.look_through(files, &mut imported)?;
    (context.tell)("writing the directory");
    let mut batch = Batch { context, actor, serial: head.serial, events: Vec::new(), people: Vec::new(), imported };
    let mut seen: HashSet<u128> = HashSet::default();
    for file in files {
        entries(file, &mut |entry: Entry<'_>| {
            let Some((named, address)) = known.address(&entry) else { return Ok(()) };
            if seen.insert(mark(address.as_str())) {
                batch.entry(&known, &entry, &named, address, &mut writer)?;
            }
            Ok::<(), Failure>(())
        })?;
    }
    batch.write(&mut writer)?;
    let (mut imported, people) = (batch.imported, batch.people);
    (context.tell)("");
    drop(writer);
    drop(lock);
    // Whom a rule takes in may be others now, and what other systems know of people is something else.
    if (known.automatic || !people.is_empty()) && imported.serial.is_some() {
        let serial = lifecycle::look_again(context, VERB, people)
            .map_err(|e| Failure::AfterCommit(format!("what follows from it was not done: {e}")))?;
        imported.serial = serial.or(imported.serial);
    }
    Ok(imported)
}

/// The longest id that is kept.
const LONGEST_ID: usize = 200;

/// What the revisions are recorded as.
const VERB: &str = "directory import";

/// A text in a few bytes, which no two share.
fn mark(text: &str) -> u128 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(0u128, |mark, byte| (mark << 8) | u128::from(*byte))
}

/// An id of a kind in a few bytes.
fn of(kind: &str, id: &str) -> u128 {
    mark(&format!("{kind} {id}"))
}

/// Who is known by which id.
#[derive(Default)]
struct Known {
    /// Addresses by the marks of kinds and ids.
    ids: HashMap<u128, Box<str>>,
    /// The marks of ids that objects of other kinds have.
    others: HashSet<u128>,
    /// The marks of addresses that there are, or will be.
    there: HashSet<u128>,
    /// The keys of groups, applications and sites.
    keys: BTreeMap<&'static str, BTreeSet<String>>,
    /// There are automatic policies.
    automatic: bool,
}

impl Known {
    fn of(reader: &Reader) -> Result<Known, Failure> {
        let mut known = Known::default();
        reader.each_object(|row| {
            known.automatic |= row.attributes.contains("\"automatic\":");
            let id = row.id.to_ascii_lowercase();
            let address = Address::parse(row.address).ok();
            match address.and_then(|a| DIRECTORY.iter().find(|k| **k == a.kind()).map(|kind| (*kind, a))) {
                Some((kind, address)) => {
                    known.ids.insert(of(kind, &id), row.address.into());
                    known.there.insert(mark(row.address));
                    if kind != user::KIND.name {
                        known.keys.entry(kind).or_default().insert(address.key().to_owned());
                    }
                }
                None => drop(known.others.insert(mark(&id))),
            }
            Ok::<(), Failure>(())
        })?;
        Ok(known)
    }

    /// The first look at the files: whether every entry can be taken, and which address each has.
    fn look_through(&mut self, files: &[PathBuf], imported: &mut Imported) -> Result<(), Failure> {
        let mut errors: Vec<String> = Vec::new();
        let mut seen: HashSet<u128> = HashSet::default();
        for file in files {
            entries(file, &mut |entry: Entry<'_>| {
                if interrupt::interrupted() {
                    return Err(Failure::Interrupted);
                }
                for name in people::unread(&entry.said) {
                    if let Some(count) = imported.unread.get_mut(name) {
                        *count = count.saturating_add(1);
                    } else if imported.unread.len() < MOST_NAMES {
                        imported.unread.insert(name.to_owned(), 1);
                    }
                }
                match self.take(&entry) {
                    Ok((named, address)) => {
                        let count = imported.entries.entry(named.kind).or_default();
                        *count = count.saturating_add(1);
                        if !seen.insert(mark(address.as_str())) {
                            told(
                                imported,
                                &entry.place(),
                                "an entry about somebody or something that another is about",
                                "the first counts",
                            );
                        }
                        if named.kind == user::KIND.name && named.key.as_deref() != Some(address.key()) {
                            told(
                                imported,
                                &entry.place(),
                                "a user with another user principal name than before",
                                "the one that is known here stays",
                            );
                        }
                    }
                    Err(why) if entry.line => errors.push(format!("{}: {why}", entry.place())),
                    Err(why) => told(imported, &entry.place(), "an entry", &why),
                }
                if errors.len() >= MOST_ERRORS {
                    return Err(unread(&errors));
                }
                Ok::<(), Failure>(())
            })?;
        }
        if errors.is_empty() { Ok(()) } else { Err(unread(&errors)) }
    }

    /// What an entry is and where it goes; its address is known from then on.
    fn take(&mut self, entry: &Entry<'_>) -> Result<(Named, Address), String> {
        let named = people::named(&entry.said, entry.holds)?;
        let address = match (self.stored(&named), &named.key) {
            (Some(address), _) => address,
            (None, Some(key)) => Address::root(named.kind, key),
            (None, None) => {
                let keys = self.keys.entry(named.kind).or_default();
                let short = named.id.as_deref().map_or_else(String::new, names::short);
                let fallback = format!("{}-{short}", named.kind.replace('_', "-"));
                let plain = names::slug(&named.name);
                // Without an id its name is all that tells it from others.
                let key = if named.id.is_some() || plain.is_empty() { names::unique(&named.name, &fallback, keys) } else { plain };
                Address::root(named.kind, &key)
            }
        };
        if entry.line {
            // What is wrong with it is told before anything is written.
            people::object(&entry.said, address.clone(), "", &|_| None, &mut Leftovers::default())?;
        }
        if let Some(id) = &named.id {
            self.ids.entry(of(named.kind, id)).or_insert_with(|| address.as_str().into());
        }
        self.there.insert(mark(address.as_str()));
        Ok((named, address))
    }

    /// The address of an id, if it is of the kind.
    fn stored(&self, named: &Named) -> Option<Address> {
        Address::parse(self.ids.get(&of(named.kind, named.id.as_deref()?))?).ok()
    }

    /// As [`Known::take`], once all addresses are known.
    fn address(&self, entry: &Entry<'_>) -> Option<(Named, Address)> {
        let named = people::named(&entry.said, entry.holds).ok()?;
        let made = || named.key.clone().unwrap_or_else(|| names::slug(&named.name));
        let address = self.stored(&named).unwrap_or_else(|| Address::root(named.kind, &made()));
        Some((named, address))
    }

    /// Whether an object may keep its id: nobody else has it, and it is one.
    fn keeps(&self, id: &str, address: &Address) -> bool {
        let one = id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_graphic()) && !self.others.contains(&mark(id));
        one && DIRECTORY.iter().all(|kind| self.ids.get(&of(kind, id)).is_none_or(|a| **a == *address.as_str()))
    }

    /// The reference of a user or group, by id, by user principal name, or as `group:KEY`.
    fn who(&self, said: &str) -> Option<String> {
        let address = match said.split_once(':') {
            Some(("group", key)) => Address::root("group", key),
            _ if said.contains('@') => Address::root(user::KIND.name, said),
            _ => ["user", "group"].iter().find_map(|kind| Address::parse(self.ids.get(&of(kind, said))?).ok())?,
        };
        let there = self.there.contains(&mark(address.as_str()));
        match address.kind() {
            "user" if there => Some(address.key().to_owned()),
            "group" if there => Some(format!("group:{}", address.key())),
            _ => None,
        }
    }
}

fn unread(errors: &[String]) -> Failure {
    let help = "nothing was written; mend these and import again".to_owned();
    Failure::Usage(errors.join("\n       "), help)
}

fn told(imported: &mut Imported, at: &str, what: &str, why: &str) {
    if imported.left.len() < MOST_LEFT {
        imported.left.push(at, what, why);
    } else {
        imported.uncounted = imported.uncounted.saturating_add(1);
    }
}

/// What is written next.
struct Batch<'c> {
    context: &'c Context,
    actor: String,
    serial: u64,
    events: Vec<Event>,
    /// Those who changed and whom other systems know.
    people: Vec<crate::engine::Named>,
    imported: Imported,
}

impl Batch<'_> {
    fn entry(&mut self, known: &Known, entry: &Entry<'_>, named: &Named, address: Address, writer: &mut Writer<'_>) -> Result<(), Failure> {
        let row = writer.row(address.as_str())?;
        if row.as_ref().is_some_and(|r| r.workspace.is_some()) {
            self.imported.managed = self.imported.managed.saturating_add(1);
            return Ok(());
        }
        let mut left = Leftovers::default();
        let place = entry.place();
        let object = match people::object(&entry.said, address.clone(), &place, &|said| known.who(said), &mut left) {
            Ok(object) => object,
            Err(why) => {
                told(&mut self.imported, &place, "an entry", &why);
                return Ok(());
            }
        };
        for left in left.sorted() {
            told(&mut self.imported, &left.at, &left.what, &left.why);
        }
        let kind = crate::kinds::kind(address.kind()).map_or(1, |k| k.schema);
        match row {
            None => {
                let id = named.id.as_ref().filter(|id| known.keeps(id, &address)).cloned().unwrap_or_else(self.context.mint);
                self.events.push(Event::ObjectCreated {
                    address: address.to_string(),
                    kind: named.kind.to_owned(),
                    id,
                    schema: kind,
                    attributes: canonical(&object.attributes),
                    workspace: None,
                    origin: "{}".to_owned(),
                });
                self.imported.new = self.imported.new.saturating_add(1);
            }
            Some(row) => {
                let attributes = canonical(&kept(&object, &row, writer));
                if attributes == row.attributes {
                    self.imported.same = self.imported.same.saturating_add(1);
                    return Ok(());
                }
                if named.kind == user::KIND.name && !writer.records().of_person(Family::Delivery, &row.id).is_empty() {
                    self.people.push(crate::engine::Named { id: row.id.clone(), name: address.key().to_owned() });
                }
                let ObjectRow { address, origin, attributes: before, .. } = row;
                self.events.push(Event::ObjectUpdated { address, schema: kind, attributes, origin, before });
                self.imported.changed = self.imported.changed.saturating_add(1);
            }
        }
        if self.events.len() >= AT_ONCE { self.write(writer) } else { Ok(()) }
    }

    /// Writes what was gathered, in one transaction.
    fn write(&mut self, writer: &mut Writer<'_>) -> Result<(), Failure> {
        if self.events.is_empty() {
            return Ok(());
        }
        if interrupt::interrupted() {
            let done = self.imported.serial.is_some();
            let message = "it was interrupted; what was not loaded yet is loaded by the next import".to_owned();
            return Err(if done { Failure::AfterCommit(message) } else { Failure::Interrupted });
        }
        let now = self.context.now.trunc_subsecs(3).max(writer.latest()?);
        let count = self.events.len();
        let revision = Revision {
            at: store::stamp(now),
            actor: self.actor.clone(),
            command: VERB.to_owned(),
            workspace: None,
            commit: None,
            plan_digest: None,
            changes_digest: None,
            summary: canonical(&json!({ "objects": count })),
        };
        self.serial = writer.commit(self.serial, &self.events, &revision)?;
        self.imported.serial = Some(self.serial);
        self.events.clear();
        Ok(())
    }
}

/// What an object says, but for a sign-in that was blocked here since its guest lost the last assignment.
fn kept(object: &Object, row: &ObjectRow, writer: &Writer<'_>) -> crate::model::Table {
    let blocked = || {
        let records = writer.records();
        matches!(records.get(Family::Guest, &row.id), Some(Record::Guest(guest)) if guest.state == GuestState::Blocked)
    };
    if object.address.kind() == user::KIND.name && row.attributes.contains("\"enabled\":false") && blocked() {
        return user::with_sign_in(&object.attributes, false);
    }
    object.attributes.clone()
}

/// `2 users and 1 group`.
#[must_use]
pub fn counted(entries: &BTreeMap<&'static str, u64>) -> String {
    let one = |(kind, n): (&&'static str, &u64)| {
        crate::kinds::counted(usize::try_from(*n).unwrap_or(usize::MAX), &shown(&kind.replace('_', " ")))
    };
    entries.iter().map(one).collect::<Vec<_>>().join(", ")
}
