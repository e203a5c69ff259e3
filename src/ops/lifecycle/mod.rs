//! The lifecycle: what people do, and what time brings, on the store as it is.
//!
//! In: a [`Context`] and what is to be done. Out: the events that came of it, recorded, or a [`Failure`]. Invariants: facts are read,
//! a decision made and its events written under one lock, in one transaction; whoever reads takes no lock and writes nothing; the
//! clock never runs back past what was recorded last.

mod elsewhere;
mod find;
mod follow;
mod happened;
pub mod outbox;
mod reach;
mod recorded;

pub(super) use follow::{Following, follow};
pub(super) use happened::happened;
pub(super) use recorded::recorded;

pub use elsewhere::{carry_over, look_again};
pub use find::{
    Which, assignment, assignments, is_there, package, package_seen, request, request_of_id, requests, review, reviews, visible_packages,
};

use super::history::Moment;
use super::{Context, Failure, Place, claim, decode, interrupt, load};
use crate::config::{AppliedSettings, Settings};
use crate::engine::{Actor, Command, Draft, Event, Facts, Ledger, Reach, Record, Records, catch_up, conclude, decide};
use crate::kinds::user;
use crate::model::{Address, Zone, canonical};
use crate::reconcile::State;
use crate::store::{self, Reader, Revision, StoredRecords};
use chrono::{DateTime, SubsecRound, Utc};
use std::time::Duration;

/// How long a command waits for others who write: each of them is done in a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// So many records are dealt with in one transaction.
const AT_ONCE: u32 = 10_000;

/// What came of a command, or of a look at the clock.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The records that were touched, as they are now, in the order in which they were touched first.
    pub records: Vec<Record>,
    /// The serial of the last revision; `None` where nothing happened.
    pub serial: Option<u64>,
}

/// A store as it is looked at.
pub struct Desk<'d> {
    /// The facts of the moment.
    pub facts: Facts<'d>,
    /// The facts of today: who may see what follows from these.
    pub today: Facts<'d>,
    /// The records, for who wants more than the engine does.
    pub records: &'d dyn Records,
    /// The same, where they are those of today.
    stored: Option<&'d StoredRecords<'d>>,
    /// Who acts.
    pub actor: Actor,
    /// The serial that all is of.
    pub serial: u64,
    /// The name of the workspace.
    pub workspace: &'d str,
    /// Whether notices are sent.
    pub mail: bool,
    /// The objects, with where they stood in the files, and their workspaces.
    pub state: &'d State,
}

impl Desk<'_> {
    /// What has to leave the house by an instant; nothing, where the past is looked at.
    fn leaving(&self, until: DateTime<Utc>, most: u32) -> Result<Vec<Record>, Failure> {
        self.stored.map_or_else(|| Ok(Vec::new()), |records| Ok(records.leaving(until, most)?))
    }
}

/// Looks at the store as it is.
///
/// # Errors
/// When there is no store, the actor may not sign in, or `look` fails.
pub fn look<T>(context: &Context, looking: impl FnOnce(&Desk<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    look_as(context, "", looking)
}

/// As [`look`], for a verb: what runs by itself acts for nobody, and asks for no actor.
fn look_as<T>(context: &Context, verb: &str, look: impl FnOnce(&Desk<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    let (reader, state) = open(&place, &settings)?;
    let actor = if runs_by_itself(verb) { Actor::System } else { actor(context, &state, &settings)? };
    let records = reader.records();
    let now = context.now.trunc_subsecs(3).max(reader.latest()?);
    let (zone, narrowest_only) = terms(&state, &settings);
    let facts = Facts::new(&state.objects, &records, now, zone, narrowest_only);
    let today = facts.with(&records, now);
    let desk = Desk {
        facts,
        today,
        records: &records,
        stored: Some(&records),
        actor,
        serial: state.serial,
        workspace: &settings.name,
        mail: settings.mail().is_some(),
        state: &state,
    };
    let looked = look(&desk);
    records.sound()?;
    looked
}

/// Looks at the store as it was. Who looks, and what they may see, is that of today.
///
/// # Errors
/// As [`look`], and when the store did not exist then.
pub fn look_at<T>(context: &Context, moment: Moment, look_then: impl FnOnce(&Desk<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    let reader = there(&place)?;
    load::check_store(&reader.head()?, &place, &settings)?;
    let (snapshot, at) = match moment {
        Moment::Now => return look(context, look_then),
        Moment::Serial(serial) => {
            let row = reader.revisions()?.into_iter().find(|r| r.serial == serial);
            let at = row.and_then(|r| r.revision.at.parse().ok()).unwrap_or(context.now);
            (reader.at(serial)?, at)
        }
        Moment::Instant(at) => match reader.serial_at(at)? {
            Some(serial) => (reader.at(serial)?, at),
            None => return Err(Failure::Usage("the store did not exist then".to_owned(), "`writ history` shows when it began".to_owned())),
        },
    };
    let (reader_today, today) = open(&place, &settings)?;
    let actor = actor(context, &today, &settings)?;
    let records_today = reader_today.records();
    let (zone, narrowest_only) = terms(&today, &settings);
    let now = context.now.trunc_subsecs(3).max(reader_today.latest()?);
    let today = Facts::new(&today.objects, &records_today, now, zone, narrowest_only);
    let state = decode::snapshot(&snapshot)?;
    let records = Ledger(snapshot.tables.records.into_iter().map(|(key, row)| (key, row.record)).collect());
    let (zone, narrowest_only) = terms(&state, &settings);
    let facts = Facts::new(&state.objects, &records, at, zone, narrowest_only);
    let desk = Desk {
        facts,
        today,
        records: &records,
        stored: None,
        actor,
        serial: state.serial,
        workspace: &settings.name,
        mail: settings.mail().is_some(),
        state: &state,
    };
    let looked = look_then(&desk);
    records_today.sound()?;
    looked
}

/// Does what people ask for: all of it, in one transaction, or nothing.
///
/// # Errors
/// When there is no store, it is locked for too long, the actor may not sign in, or a rule refuses one of the commands.
pub fn act(context: &Context, verb: &str, ask: impl FnOnce(&Desk<'_>) -> Result<Vec<Command>, Failure>) -> Result<Done, Failure> {
    write(context, verb, |desk, _, mint| {
        let commands = ask(desk)?;
        let mut draft = Draft::new(&desk.facts, mint);
        commands.iter().try_for_each(|command| decide(&mut draft, &desk.actor, command))?;
        conclude(&mut draft, &Reach::default(), desk.mail)?;
        Ok(draft.decided())
    })
}

/// Does what is due, in the order in which it became so, until an instant.
///
/// # Errors
/// As [`act`], and when the instant lies before what was recorded last.
pub fn tick(context: &Context, until: Option<DateTime<Utc>>) -> Result<Done, Failure> {
    let mut all = Done::default();
    loop {
        match step(context, until) {
            Ok(None) => return Ok(all),
            Ok(Some(done)) => {
                all.events.extend(done.events);
                all.records.extend(done.records);
                all.serial = done.serial;
            }
            // What was done is done, and the next look at the clock goes on.
            Err(Failure::Interrupted) if all.serial.is_some() => return Ok(all),
            Err(failure) if all.serial.is_some() => return Err(Failure::AfterCommit(failure.to_string())),
            Err(failure) => return Err(failure),
        }
    }
}

/// Does what is due in one transaction; nothing, where nothing is.
fn step(context: &Context, until: Option<DateTime<Utc>>) -> Result<Option<Done>, Failure> {
    if interrupt::interrupted() {
        return Err(Failure::Interrupted);
    }
    let (settings, place) = load::settings_and_place(context)?;
    let reader = there(&place)?;
    load::check_store(&reader.head()?, &place, &settings)?;
    let (latest, now) = (reader.latest()?, context.now.trunc_subsecs(3));
    if let Some(until) = until.filter(|until| *until < latest) {
        return Err(Failure::Usage(
            format!("{} lies before what was recorded last, at {}", store::stamp(until), store::stamp(latest)),
            "the clock of a store never runs back: name a later instant".to_owned(),
        ));
    }
    let until = until.unwrap_or_else(|| now.max(latest));
    // Most looks at the clock find nothing, and they ask for nothing else, and take no lock.
    if reader.records().due(until, 1)?.is_empty() {
        return Ok(None);
    }
    drop(reader);
    let timed = Context { now: until, ..context.clone() };
    let done = write(&timed, "tick", |desk, records, mint| {
        let due = records.due(until, AT_ONCE)?;
        // Where there is more, only as far as nothing that is left out comes before.
        let full = due.len() >= usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        let last = due.last().and_then(Record::due).filter(|_| full);
        let mut draft = Draft::new(&desk.facts, mint);
        catch_up(&mut draft, due, last.unwrap_or(until))?;
        conclude(&mut draft, &Reach::default(), desk.mail)?;
        Ok(draft.decided())
    })?;
    Ok(Some(done).filter(|done| done.serial.is_some()))
}

/// Reads, decides and writes under one lock.
fn write(
    context: &Context,
    verb: &str,
    decide: impl FnOnce(&Desk<'_>, &StoredRecords<'_>, &dyn Fn() -> String) -> Result<(Vec<Event>, Vec<Record>), Failure>,
) -> Result<Done, Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    drop(there(&place)?);
    let who = context.acting.clone().unwrap_or_else(|| context.operator.clone());
    let lock = claim::claim(context, &place, &who, verb, PATIENCE)?;
    let (mut writer, head) = claim::store(context, &place, &settings, &lock)?.ok_or_else(|| absent(&place))?;
    let (_, state) = open(&place, &settings)?;
    let actor = if runs_by_itself(verb) { Actor::System } else { actor(context, &state, &settings)? };
    // What is read to decide is mostly what is written then: whoever writes reads it, and keeps its pages.
    let now = context.now.trunc_subsecs(3).max(writer.latest()?);
    let records = writer.records();
    let (zone, narrowest_only) = terms(&state, &settings);
    let facts = Facts::new(&state.objects, &records, now, zone, narrowest_only);
    let today = facts.with(&records, now);
    let desk = Desk {
        facts,
        today,
        records: &records,
        stored: Some(&records),
        actor: actor.clone(),
        serial: head.serial,
        workspace: &settings.name,
        mail: settings.mail().is_some(),
        state: &state,
    };
    let decided = decide(&desk, &records, &context.mint);
    // What could not be read was decided from as if it were not there.
    records.sound()?;
    let (events, touched) = decided?;
    if events.is_empty() {
        return Ok(Done::default());
    }
    let recorded = recorded(&|address| writer.row(address), &records, &[], events.clone(), context.mint);
    records.sound()?;
    let recorded = recorded?;
    if interrupt::interrupted() {
        return Err(Failure::Interrupted);
    }
    let revision = Revision {
        at: store::stamp(now),
        actor: actor.word().to_owned(),
        command: verb.to_owned(),
        workspace: None,
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: canonical(&serde_json::json!({ "about": about(&events) })),
    };
    let serial = writer.commit(head.serial, &recorded, &revision)?;
    Ok(Done { records: touched, events, serial: Some(serial) })
}

/// What a revision is about, in a few words: the package and the person of its first event, and how many more there are.
fn about(events: &[Event]) -> String {
    let first = events.iter().find_map(|e| match e {
        Event::RequestSubmitted { request } => Some(format!("{} for {}", request.package.name, request.target.name)),
        Event::Given { assignment } => Some(format!("{} for {}", assignment.package.name, assignment.target.name)),
        _ => None,
    });
    let first = first.or_else(|| events.first().map(|e| format!("{} {}", e.kind(), e.record().1))).unwrap_or_default();
    match events.len() {
        0 | 1 => first,
        n => format!("{first}, {n} events"),
    }
}

fn absent(place: &Place) -> Failure {
    Failure::WrongStore(
        format!("there is no store at `{}`", place.url),
        "apply something first, or point WRIT_STORE to the store".to_owned(),
    )
}

fn there(place: &Place) -> Result<Reader, Failure> {
    if store::exists(&place.path) { Ok(Reader::open(&place.path)?) } else { Err(absent(place)) }
}

/// The store with its objects.
fn open(place: &Place, settings: &Settings) -> Result<(Reader, State), Failure> {
    let reader = there(place)?;
    let (head, state) = decode::state(&reader, &settings.name, None)?;
    load::check_store(&head, place, settings)?;
    Ok((reader, state))
}

/// The zone and the choice of policies as they were applied.
fn terms(state: &State, settings: &Settings) -> (Zone, bool) {
    let applied = state.workspaces.get(&settings.name).map(|w| &w.settings);
    (applied.map_or(settings.zone, AppliedSettings::zone), applied.is_some_and(AppliedSettings::narrowest_only))
}

/// Whether a verb is a timer's, and nobody's.
fn runs_by_itself(verb: &str) -> bool {
    matches!(verb, "tick" | "deliver")
}

/// Who acts. Somebody from outside need not be in the directory; whose sign-in is blocked does nothing.
fn actor(context: &Context, state: &State, settings: &Settings) -> Result<Actor, Failure> {
    let known = |address: &Address| state.objects.get(address).map(|s| s.object.clone());
    let Some(name) = &context.acting else {
        return context.actor(settings.require_actor, known).map(Actor::Operator);
    };
    match Address::parse(name) {
        Ok(address) if address.kind() == user::KIND.name && known(&address).is_none() => Ok(Actor::Person(address.key().to_owned())),
        Ok(address) if known(&address).as_ref().and_then(user::User::of).is_some_and(|u| !u.is_enabled()) => {
            let message = format!("the sign-in of {} is blocked (R154)", address.key());
            Err(Failure::Actor(message, "an administrator can lift the block: declare the user, with `[[import]]` for a guest".to_owned()))
        }
        _ => context.actor(settings.require_actor, known).map(Actor::Person),
    }
}
