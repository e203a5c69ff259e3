//! From an agreed plan to one transaction: all of it or none of it.

use super::commit::{Recorder, Rows};
use super::lifecycle::Following;
use super::plan::{Options, Planned, plan_whole};
use super::settled::{self, Word};
use super::{Context, Failure, Place, claim, commit, interrupt, lifecycle, load};
use crate::config::Settings;
use crate::diag::Diagnostics;
use crate::engine::{Actor, Carried, Ledger, Records};
use crate::model::{Address, Awaited, Digest, MANY_OBJECTS, discard, in_turn};
use crate::plan::{self, By, Digests, Flag, Lift, Plan, SavedPlan, Stale, Summary, digests};
use crate::reconcile::State;
use crate::store::{self, Event, Lock, Making, Reader, Revision, Snapshot, StoreError, Tables, Writer};
use chrono::{DateTime, SubsecRound as _, Utc};
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

/// What was asked of an apply, beside what was asked of its plan.
#[derive(Debug, Clone, Default)]
pub struct ApplyOptions {
    /// What to plan.
    pub plan: Options,
    /// The changes that were agreed to: at least 16 digits of their digest.
    pub expect: Option<String>,
    /// Deletions that are allowed in all.
    pub allow_deletes: Option<u64>,
    /// People who may lose access.
    pub allow_access_lost: Option<u64>,
    /// Whether something may loosen.
    pub allow_loosening: bool,
    /// How long to wait for the lock.
    pub lock_timeout: Duration,
    /// The ids of objects that come from elsewhere, by their addresses; the others are minted.
    pub ids: BTreeMap<Address, String>,
    /// What people held elsewhere, which goes on with what the plan makes.
    pub carried: Vec<Carried>,
    /// What the revision is recorded as, where that is not `apply`.
    pub verb: Option<String>,
}

/// How a plan comes to be agreed to.
pub trait Consent {
    /// Asks for a plan; `again` when the state moved and the plan is another one than the one agreed to before.
    ///
    /// # Errors
    /// [`Failure::Declined`], or [`Failure::Moved`] when nobody is there to ask again.
    fn ask(&mut self, plan: &Plan, again: bool) -> Result<(), Failure>;
}

/// What an apply did.
#[derive(Debug, Clone)]
pub struct Applied {
    /// How many objects it touched.
    pub summary: Summary,
    /// The serial of its revision; `None` when there was nothing to do.
    pub serial: Option<u64>,
    /// The digest of its changes.
    pub digest: Digest,
    /// The lineage, if this apply made the store.
    pub created: Option<String>,
    /// Where the store is.
    pub store: String,
}

impl Applied {
    /// What an apply of an empty plan did.
    fn nothing(plan: &Plan, place: &Place, digest: Digest) -> Applied {
        Applied { summary: plan.summary(), serial: None, digest, created: None, store: place.url.clone() }
    }
}

/// The brakes of a plan that these options do not lift.
#[must_use]
pub fn unlifted<'p>(plan: &'p Plan, options: &ApplyOptions) -> Vec<&'p plan::Refusal> {
    let lifted = |lift: &Lift| match lift.flag {
        Flag::Deletes => options.allow_deletes.is_some_and(|n| n >= lift.value),
        Flag::AccessLost => options.allow_access_lost.is_some_and(|n| n >= lift.value),
        Flag::Loosening => options.allow_loosening,
    };
    plan.refusals.iter().filter(|r| !r.lift.as_ref().is_some_and(lifted)).collect()
}

/// Whether a plan may go on: not refused, its brakes lifted, and the one that was expected.
///
/// # Errors
/// [`Failure::Refused`], [`Failure::Digest`].
pub fn permit(plan: &Plan, options: &ApplyOptions) -> Result<(), Failure> {
    let digest = plan.changes_digest.clone();
    if let Some(expected) = &options.expect {
        let found = digest.to_string();
        if !found.starts_with(expected.to_ascii_lowercase().as_str()) {
            return Err(Failure::Digest { expected: expected.clone(), found });
        }
    }
    match unlifted(plan, options).len() {
        0 => Ok(()),
        n => Err(Failure::Refused(n)),
    }
}

/// Applies a plan that was just made and shown: asks, claims, looks again, commits. Where the state moved meanwhile, the plan
/// is made again in its place.
///
/// # Errors
/// A refusal, no consent, a lock that is held, a state that moved to something else. Nothing is half done.
pub fn apply(context: &Context, options: &ApplyOptions, planned: &mut Planned, consent: &mut dyn Consent) -> Result<Applied, Failure> {
    let mut agreed: Option<Digest> = None;
    let mut held: Option<Claim> = None;
    if planned.lay.is_none() {
        // Made of what an earlier apply remembered, which is good enough to be shown.
        *planned = plan_whole(context, &options.plan)?;
    }
    loop {
        let Planned { plan, state, place, settings, .. } = &*planned;
        let digest = plan.changes_digest.clone();
        if plan.is_empty() {
            if let (Some(link), Some(lesson)) = (&state.link, settled::learn(context, &options.plan, planned)) {
                settled::remember(planned, lesson, state.serial, link);
            }
            return Ok(Applied::nothing(plan, place, digest));
        }
        permit(plan, options)?;
        // A state that moved and changed nothing that this plan says leaves what was agreed to as it is.
        if agreed.as_ref() != Some(&digest) {
            // Nobody waits for a person.
            held = None;
            consent.ask(plan, agreed.is_some())?;
            agreed = Some(digest.clone());
        }
        let claim = match held.take() {
            Some(claim) => claim,
            None => Claim::take(context, place, options, &plan.actor)?,
        };
        let seal = || Sealed { digests: digests(plan, state), settled: settled::word(context, &options.plan, planned) };
        let learn = || settled::learn(context, &options.plan, planned);
        let (lesson, done) = in_turn(seal, learn, |sealed| claim.commit(context, plan, state, place, settings, sealed));
        match done {
            Err(Failure::Moved) => {
                // Planned again under the lock: of many who want to write, each plans twice at most, and none for ever.
                let place = place.clone();
                *planned = plan_whole(context, &options.plan)?;
                held = Some(claim).filter(|_| planned.place == place);
            }
            done => {
                // Still under the lock: what the store is now is what this apply made of it.
                let head = done.as_ref().ok().and_then(|_| Reader::open(&place.path).ok()?.head().ok());
                if let (Some(link), Some(lesson)) = (head.as_ref().and_then(|head| head.link.as_ref()), lesson) {
                    settled::remember(planned, lesson, head.as_ref().map_or(0, |head| head.serial), link);
                }
                return done;
            }
        }
    }
}

/// Applies a saved plan: everything it relied on must still be so, and its rules, brakes and actor are judged anew.
///
/// # Errors
/// As [`apply`], and [`Failure::Stale`], [`Failure::OtherStore`].
pub fn apply_saved(
    context: &Context,
    options: &ApplyOptions,
    saved: &SavedPlan,
    consent: &mut dyn Consent,
) -> Result<(Applied, Diagnostics), Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    let (plan, _, mut findings) = judge_saved(context, saved, &settings, &place)?;
    permit(&plan, options)?;
    if plan.is_empty() {
        return Ok((Applied::nothing(&plan, &place, saved.digests.changes.clone()), findings));
    }
    consent.ask(&plan, false)?;
    let claim = Claim::take(context, &place, options, &plan.actor)?;
    // Once more under the lock, on the state that the commit will meet.
    let (plan, state, again) = judge_saved(context, saved, &settings, &place)?;
    permit(&plan, options)?;
    findings = if again.is_empty() { findings } else { again };
    let sealed = Awaited::there(Sealed { digests: saved.digests.clone(), settled: None });
    let applied = claim.commit(context, &plan, &state, &place, &settings, sealed)?;
    Ok((applied, findings))
}

/// A saved plan against the state as it is.
///
/// # Errors
/// [`Failure::OtherStore`], [`Failure::Stale`], [`Failure::Findings`], [`Failure::Actor`].
pub fn judge_saved(
    context: &Context,
    saved: &SavedPlan,
    settings: &Settings,
    place: &Place,
) -> Result<(Plan, State, Diagnostics), Failure> {
    if saved.workspace != settings.name {
        return Err(Failure::OtherStore(format!("the plan is of the workspace `{}`, and this is `{}`", saved.workspace, settings.name)));
    }
    let state = load::read_state(place, settings)?;
    if saved.base.lineage.is_some() && saved.base.lineage != state.lineage {
        let found = state.lineage.as_deref().unwrap_or("none");
        let made = saved.base.lineage.as_deref().unwrap_or("none");
        return Err(Failure::OtherStore(format!("the plan was made for the store of lineage {made}, and this is {found}")));
    }
    let stale = saved.relied.stale(&state, &saved.workspace);
    if !stale.is_empty() {
        return Err(Failure::Stale(stale));
    }
    let declared = |a: &Address| saved.changes.iter().find(|c| c.address == *a).and_then(|c| c.after.clone());
    let actor = super::plan::actor(context, &state, settings.require_actor, &declared)?;
    let mut findings = Diagnostics::new();
    let judge = |by: By<'_>| plan::judge_again(saved, settings, &state, context.now, by, &mut findings);
    let plan = super::plan::acting(context, place, &state, &actor, judge)?;
    if findings.has_errors() {
        return Err(Failure::Findings(Box::new((findings, crate::diag::Sources::default()))));
    }
    match plan {
        Some(mut plan) => {
            super::people::judge(&mut plan, &state, place, context.now)?;
            super::plan::hold_to_its_own(&mut plan, context.now, &mut findings);
            Ok((plan, state, findings))
        }
        None => Err(Failure::Stale(vec![Stale::Differs])),
    }
}

/// The sole right to write to a store.
struct Claim {
    lock: Lock,
    /// What it was claimed for.
    verb: String,
    /// The ids of objects that come from elsewhere.
    ids: BTreeMap<Address, String>,
    /// What people held there.
    carried: Vec<Carried>,
}

impl Claim {
    fn take(context: &Context, place: &Place, options: &ApplyOptions, actor: &str) -> Result<Claim, Failure> {
        let own = || options.verb.clone().unwrap_or_else(|| "apply".to_owned());
        let verb = options.plan.rollback.map_or_else(own, |serial| format!("rollback @{serial}"));
        Ok(Claim {
            lock: claim::claim(context, place, actor, &verb, options.lock_timeout)?,
            verb,
            ids: options.ids.clone(),
            carried: options.carried.clone(),
        })
    }

    /// Writes the plan, provided that the store still holds the state that it was made or judged on. What its revision says is asked for
    /// once its events are written.
    ///
    /// # Errors
    /// [`Failure::Moved`] when it does not.
    fn commit(
        &self,
        context: &Context,
        plan: &Plan,
        state: &State,
        place: &Place,
        settings: &Settings,
        sealed: Awaited<Sealed>,
    ) -> Result<Applied, Failure> {
        let there = claim::store(context, place, settings, &self.lock)?;
        let found = there.as_ref().map(|(_, s)| (Some(s.lineage.as_str()), s.serial, s.link.as_ref()));
        if found.unwrap_or((None, 0, None)) != (state.lineage.as_deref(), state.serial, state.link.as_ref()) {
            return Err(Failure::Moved);
        }
        if interrupt::interrupted() {
            return Err(Failure::Interrupted);
        }
        (context.tell)("committing");
        // For those who held something elsewhere nothing changes: they are told nothing.
        let mail = settings.mail().is_some() && self.carried.is_empty();
        let writing = Writing { context, claim: self, plan, state, mail };
        let (serial, created) = match there {
            Some((writer, head)) => (writing.go_on(writer, &head, sealed)?, None),
            None => {
                let lineage = (context.mint)();
                (writing.make(place, &lineage, sealed)?, Some(lineage))
            }
        };
        (context.tell)("");
        let (summary, digest) = (plan.summary(), plan.changes_digest.clone());
        Ok(Applied { summary, serial: Some(serial), digest, created, store: place.url.clone() })
    }
}

/// A plan on its way into a store.
struct Writing<'a> {
    context: &'a Context,
    claim: &'a Claim,
    plan: &'a Plan,
    state: &'a State,
    /// Whether people are told by mail.
    mail: bool,
}

impl Writing<'_> {
    /// The next revision of a store.
    fn go_on(&self, mut writer: Writer<'_>, head: &Snapshot, sealed: Awaited<Sealed>) -> Result<u64, Failure> {
        let rows = |address: &str| writer.row(address);
        let mut events = self.events(&rows, &head.tables)?;
        let records = writer.records();
        let following = self.following(&records, records.any()?, writer.latest()?);
        let life = lifecycle::follow(self.context, &following, &events);
        let life = life.and_then(|life| lifecycle::recorded(&rows, &records, &events, life, self.context.mint));
        records.sound()?;
        events.extend(life?);
        sealed.go_on();
        let mut open = writer.begin(head.serial)?;
        open.write(&events)?;
        Ok(open.seal(&self.revision(&sealed.wait()))?)
    }

    /// A store of its own. Nothing is so yet in its lifecycle, so that what follows is worked out while the objects are written.
    fn make(&self, place: &Place, lineage: &str, sealed: Awaited<Sealed>) -> Result<u64, Failure> {
        let (first, tables) = super::init::first_revision(self.context, &self.plan.actor)?;
        let rows = |address: &str| Ok(tables.objects.get(address).cloned());
        let events = self.events(&rows, &tables)?;
        let follow = || {
            let none = Ledger::default();
            let life = lifecycle::follow(self.context, &self.following(&none, false, self.context.now.trunc_subsecs(3)), &events)?;
            lifecycle::recorded(&rows, &none, &events, life, self.context.mint)
        };
        // Somebody made it meanwhile, which the lock excludes for all who take it.
        let taken = |e: StoreError| if matches!(e, StoreError::Taken(_)) { Failure::Moved } else { e.into() };
        let mut making = Making::begin(&place.path, lineage, &first.0.at).map_err(taken)?;
        making.write(&first.1)?;
        making.seal(&first.0)?;
        let life = thread::scope(|scope| {
            let life = scope.spawn(follow);
            making.write(&events)?;
            joined(life)
        })?;
        sealed.go_on();
        making.write(&life)?;
        making.seal(&self.revision(&sealed.wait()))?;
        let serial = making.place().map_err(taken)?;
        discard(events.len() >= MANY_OBJECTS, (events, life));
        Ok(serial)
    }

    /// What becomes of the objects.
    fn events(&self, rows: &Rows<'_>, tables: &Tables) -> Result<Vec<Event>, Failure> {
        let recorder = Recorder::new(rows, &tables.workspaces, &self.context.mint).with_ids(&self.claim.ids);
        commit::events(self.plan, self.state, recorder)
    }

    /// What the lifecycle is told.
    fn following<'a>(&'a self, records: &'a dyn Records, any_records: bool, latest: DateTime<Utc>) -> Following<'a> {
        let actor = self.plan.actor.clone();
        Following {
            state: self.state,
            planned: &self.plan.changes,
            records,
            any_records,
            actor: if self.context.acting.is_some() { Actor::Person(actor) } else { Actor::Operator(actor) },
            mail: self.mail,
            zone: self.plan.settings.zone(),
            now: self.context.now.trunc_subsecs(3).max(latest),
            carried: &self.claim.carried,
        }
    }

    /// What its revision is said to be.
    fn revision(&self, Sealed { digests, settled }: &Sealed) -> Revision {
        Revision {
            at: store::stamp(self.context.now),
            actor: self.plan.actor.clone(),
            command: if self.plan.destroy { "destroy" } else { &self.claim.verb }.to_owned(),
            workspace: Some(self.plan.workspace.clone()),
            commit: self.plan.commit.clone(),
            plan_digest: Some(digests.plan.to_string()),
            changes_digest: Some(digests.changes.to_string()),
            summary: settled::summary(self.plan.summary(), settled.as_ref()),
        }
    }
}

/// What a thread came to; it panics as that one did.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What the revision of an apply says of it.
struct Sealed {
    digests: Digests,
    /// That the plan which follows has nothing to say.
    settled: Option<Word>,
}
