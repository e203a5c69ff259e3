//! `state mv`, `state rm` and `import`: changes of names and ownership made by hand, audited like every other.

use super::lifecycle::{self, Following};
use super::{Context, Failure, Place, claim, commit, decode, load, sight};
use crate::config::{Import, Moved, Settings};
use crate::diag::{Diagnostics, Sources, Span};
use crate::engine::Actor;
use crate::kinds;
use crate::model::{Action, Address, Cause, Change, Object, Origin, Zone, canonical};
use crate::plan::{By, authority};
use crate::reconcile::{PriorMoves, State};
use crate::store::{self, Event, Revision, Writer};
use chrono::SubsecRound as _;
use std::time::Duration;

/// What is done to the state by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Another address.
    Move(Address, Address),
    /// Unmanaged from now on, with all that stands in it.
    Remove(Address),
    /// Managed from now on, at this address; the object has this id.
    Import(Address, String),
}

impl Edit {
    fn verb(&self) -> &'static str {
        match self {
            Edit::Move(..) => "state mv",
            Edit::Remove(_) => "state rm",
            Edit::Import(..) => "import",
        }
    }
}

/// Does it: one transaction, one revision. Returns how many objects it concerned and the serial.
///
/// # Errors
/// When the address or id is not there, not this workspace's, or the new name is taken, or the actor may not; nothing is written then.
pub fn edit(context: &Context, edit: &Edit, lock_timeout: Duration) -> Result<(usize, u64), Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    if !store::exists(&place.path) {
        return Err(Failure::WrongStore(format!("there is no store at `{}`", place.url), "apply something first".to_owned()));
    }
    let state = load::read_state(&place, &settings)?;
    let actor = super::plan::actor(context, &state, settings.require_actor, &|_| None)?;
    let lock = claim::claim(context, &place, &actor, edit.verb(), lock_timeout)?;
    let mut writer = claim::writer(context, &place, &lock)?;
    let snapshot = writer.snapshot()?;
    load::check_store(&snapshot, &place, &settings)?;
    let rows = |address: &str| Ok(snapshot.tables.objects.get(address).cloned());
    let mut recorder = commit::Recorder::new(&rows, &snapshot.tables.workspaces, &context.mint);
    let state = decode::snapshot(&snapshot)?;
    let by = Editor { context, place: &place, actor: &actor, zone: settings.zone };
    let count = record(edit, &state, &settings.name, &by, &mut recorder)?;
    let mut events = recorder.events();
    events.extend(followed(context, &writer, &state, &settings, &actor, &rows, &events)?);
    let revision = Revision {
        at: store::stamp(context.now),
        actor: actor.clone(),
        command: edit.verb().to_owned(),
        workspace: Some(settings.name.clone()),
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: canonical(&serde_json::json!({ "objects": count })),
    };
    if super::interrupt::interrupted() {
        return Err(Failure::Interrupted);
    }
    let serial = writer.commit(snapshot.serial, &events, &revision)?;
    Ok((count, serial))
}

/// What a new name means for the lifecycle: people and groups elsewhere may have it, too.
fn followed(
    context: &Context,
    writer: &Writer<'_>,
    state: &State,
    settings: &Settings,
    actor: &str,
    rows: &commit::Rows<'_>,
    events: &[Event],
) -> Result<Vec<Event>, Failure> {
    let records = writer.records();
    let following = Following {
        planned: &[],
        state,
        records: &records,
        any_records: records.any()?,
        actor: if context.acting.is_some() { Actor::Person(actor.to_owned()) } else { Actor::Operator(actor.to_owned()) },
        mail: settings.mail().is_some(),
        zone: settings.zone,
        now: context.now.trunc_subsecs(3).max(writer.latest()?),
        carried: &[],
    };
    let life = lifecycle::follow(context, &following, events);
    let life = life.and_then(|life| lifecycle::recorded(rows, &records, events, life, context.mint));
    records.sound()?;
    life
}

/// Who edits.
struct Editor<'a> {
    context: &'a Context,
    place: &'a Place,
    actor: &'a str,
    zone: Zone,
}

impl Editor<'_> {
    /// Whether they may, as they would have to make the same change by a file.
    fn may(&self, state: &State, prior: &PriorMoves, changes: Vec<Change>) -> Result<(), Failure> {
        let decide = |by: By<'_>| authority::refusal(by, prior, changes, self.zone, self.context.now);
        match super::plan::acting(self.context, self.place, state, self.actor, decide)? {
            None => Ok(()),
            Some(refusal) => Err(Failure::Actor(refusal.message, refusal.way_out)),
        }
    }
}

/// A change that does not touch what an object says.
fn change(action: Action, previous: Option<&Address>, object: Object) -> Change {
    Change {
        address: object.address.clone(),
        previous: previous.cloned(),
        action,
        before: Some(object.clone()),
        after: (action != Action::Forget).then_some(object),
        deltas: Vec::new(),
        replaced_by: Vec::new(),
        cause: Cause { at: Span::NONE, place: None, stood: Vec::new(), template: None },
        import_id: None,
        origin: Origin::default(),
    }
}

fn record(edit: &Edit, state: &State, workspace: &str, by: &Editor<'_>, recorder: &mut commit::Recorder<'_>) -> Result<usize, Failure> {
    // What they do not see is not there.
    let seen = sight::seen(by.context, state.clone())?;
    let usage = |message: String| Err(Failure::Usage(message, "`writ state list` shows what there is, `-v` with ids".to_owned()));
    let ours = |address: &Address| seen.objects.get(address).is_some_and(|s| s.workspace.as_deref() == Some(workspace));
    match edit {
        Edit::Remove(address) => {
            let all: Vec<&Address> = state.objects.keys().filter(|a| a.is_within(address) && ours(a)).collect();
            if all.is_empty() {
                return usage(format!("this workspace manages no `{address}`"));
            }
            let changes = all.iter().filter_map(|a| Some(change(Action::Forget, None, state.objects.get(a)?.object.clone())));
            by.may(state, &prior(state, workspace, &[], &[])?, changes.collect())?;
            for address in &all {
                recorder.release(address)?;
            }
            Ok(all.len())
        }
        Edit::Move(from, to) => {
            if !ours(from) {
                return usage(format!("this workspace manages no `{from}`"));
            }
            if kinds::is_builtin(from) {
                let help = "other objects count on its name without saying it".to_owned();
                return Err(Failure::Usage(format!("`{from}` always exists, and keeps its name"), help));
            }
            if state.objects.contains_key(to) {
                return usage(format!("there is a `{to}` already"));
            }
            if from.kind() != to.kind() || from.parent() != to.parent() {
                return Err(Failure::Usage(format!("`{from}` cannot become `{to}`"), "a move changes the last key only".to_owned()));
            }
            let moves = [Moved { from: from.clone(), to: to.clone(), at: Span::NONE }];
            let prior = prior(state, workspace, &moves, &[])?;
            let moved = prior.objects.get(to).map(|s| change(Action::Move, Some(from), s.object.clone()));
            by.may(state, &prior, moved.into_iter().collect())?;
            recorder.moves(&prior, &|_| false)?;
            Ok(prior.previous.len())
        }
        Edit::Import(to, id) => {
            let imports = [Import { to: to.clone(), id: id.clone(), at: Span::NONE }];
            let prior = prior(state, workspace, &[], &imports)?;
            if !prior.imported.contains_key(to) {
                return usage(format!("`{to}` is managed already"));
            }
            let adopted = prior.objects.get(to).map(|s| change(Action::Import, None, s.object.clone()));
            by.may(state, &prior, adopted.into_iter().collect())?;
            recorder.moves(&prior, &|_| false)?;
            recorder.adopt(to, workspace)?;
            Ok(1)
        }
    }
}

fn prior(state: &State, workspace: &str, moves: &[Moved], imports: &[Import]) -> Result<PriorMoves, Failure> {
    let mut found = Diagnostics::new();
    let prior = PriorMoves::apply(state, workspace, moves, imports, &mut found);
    if found.has_errors() { Err(Failure::Findings(Box::new((found, Sources::default())))) } else { Ok(prior) }
}
