//! What an apply would do: takes no lock, writes nothing.

use super::history::{self, Moment};
use super::{Context, Failure, Loaded, Place, load, people, settled, since};
use crate::config::{Config, Import, Moved, Removed, Settings};
use crate::diag::{Diagnostics, Sources, Span};
use crate::engine::Ledger;
use crate::model::{Address, Object};
use crate::plan::{self, By, Plan};
use crate::reconcile::State;
use crate::source::{self, stamp::Stamp};
use crate::store::Reader;
use chrono::{DateTime, Utc};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What a plan takes for said beside what the files say: names and ownership, put back as they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amend {
    /// `[[moved]]`: from, to.
    pub moves: Vec<(Address, Address)>,
    /// `[[import]]`: the address and the id.
    pub imports: Vec<(Address, String)>,
    /// `[[removed]]` that live on.
    pub releases: Vec<Address>,
}

impl Amend {
    fn add_to(&self, config: &mut Config) {
        let at = Span::NONE;
        config.moves.extend(self.moves.iter().cloned().map(|(from, to)| Moved { from, to, at }));
        config.imports.extend(self.imports.iter().cloned().map(|(to, id)| Import { to, id, at }));
        config.removals.extend(self.releases.iter().cloned().map(|from| Removed { from, destroy: false, at }));
    }
}

/// What was asked of a plan.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Empty the workspace.
    pub destroy: bool,
    /// Only these.
    pub targets: Vec<Address>,
    /// Not these.
    pub excludes: Vec<Address>,
    /// Only what the files declare otherwise than at this revision of git, with what that needs.
    pub since: Option<String>,
    /// Only these very objects, with what they need.
    pub only: Option<BTreeSet<Address>>,
    /// Said beside what the files say.
    pub amend: Amend,
    /// Not what the files say, but what the store held at this serial.
    pub rollback: Option<u64>,
    /// Its document is to hold everything, whether it changes or not.
    pub full: bool,
}

/// A plan with what it was made of.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What is wanted, if the files say something sound.
    pub config: Option<Config>,
    /// What the store held; without its objects where the plan was known without them.
    pub state: State,
    /// The texts that were looked at.
    pub sources: Sources,
    /// How each of them lay when it was read, and when reading began; nothing where the plan was made of what an apply remembered, or
    /// left as its word, which no apply believes.
    pub lay: Option<(Vec<Stamp>, i64)>,
    /// Warnings and notes.
    pub findings: Diagnostics,
    /// How many files were parsed, beside `writ.toml`.
    pub parsed: usize,
    /// Where the store is.
    pub place: Place,
    /// What `writ.toml` says.
    pub settings: Settings,
}

impl Planned {
    /// The plan as a document, digests included.
    #[must_use]
    pub fn document(&self, full: bool) -> Json {
        plan::document(&self.plan, &self.state, full)
    }
}

/// Makes a plan of the workspace.
///
/// # Errors
/// Findings that are errors, an actor that will not do, a store that cannot be used. A refused plan is a plan.
pub fn plan(context: &Context, options: &Options) -> Result<Planned, Failure> {
    match settled::recall(context, options) {
        Some(planned) => Ok(planned),
        None => plan_whole(context, options),
    }
}

/// As [`plan()`], of all files and all of the store, whatever an apply remembered of them: what an apply starts from.
///
/// # Errors
/// As [`plan()`].
pub fn plan_whole(context: &Context, options: &Options) -> Result<Planned, Failure> {
    plan_loaded(context, options, load::load(context)?)
}

/// As [`plan()`], on what was loaded already.
///
/// # Errors
/// As [`plan()`].
pub(super) fn plan_loaded(context: &Context, options: &Options, loaded: Loaded) -> Result<Planned, Failure> {
    if let Some(serial) = options.rollback {
        return plan_back(context, serial, loaded);
    }
    let Loaded { workspace, place, state, config, settings, mut findings } = loaded;
    let (sources, lay) = (workspace.sources, Some((workspace.stamps, workspace.began)));
    let parsed = sources.len().saturating_sub(1);
    let Some(mut config) = config else {
        return Err(Failure::Findings(Box::new((findings, sources))));
    };
    options.amend.add_to(&mut config);
    let actor = actor(context, &state, settings.require_actor, &|a| config.objects.get(a).cloned())?;
    let commit = source::commit(&context.root);
    let since = match &options.since {
        Some(revision) => Some(since::since(context, revision, &config, &state)?),
        None => None,
    };
    (context.tell)("planning");
    let mut plan = acting(context, &place, &state, &actor, |by| {
        let input = plan::Input {
            config: &config,
            sources: &sources,
            state: &state,
            commit: commit.as_deref(),
            now: context.now,
            actor: by,
            destroy: options.destroy,
            targets: &options.targets,
            excludes: &options.excludes,
            since: since.as_ref(),
            only: options.only.as_ref(),
        };
        plan::plan(&input, &mut findings)
    })?;
    people::judge(&mut plan, &state, &place, context.now)?;
    plan.place_brakes(&config, &sources);
    let declared = |address: &Address| config.objects.get(address).map_or(Span::NONE, |o| o.at);
    let written = plan::Written { checks: &config.settings.checks, sources: &sources, declared: &declared };
    plan::hold_to(&mut plan, &written, context.now, &mut findings);
    (context.tell)("");
    if findings.has_errors() {
        findings.sort(&sources);
        return Err(Failure::Findings(Box::new((findings, sources))));
    }
    findings.sort(&sources);
    Ok(Planned { plan, config: Some(config), state, sources, lay, findings, parsed, place, settings })
}

/// The way back to a serial. What the files declare is no part of it, nor what is wrong with them.
fn plan_back(context: &Context, serial: u64, loaded: Loaded) -> Result<Planned, Failure> {
    let past = history::state_at(context, Moment::Serial(serial))?;
    let Loaded { workspace, place, state, config, settings, .. } = loaded;
    let actor = actor(context, &state, settings.require_actor, &|_| None)?;
    let mut findings = Diagnostics::new();
    (context.tell)("planning");
    let mut plan = acting(context, &place, &state, &actor, |by| {
        let back = plan::Back { state: &state, past: &past, settings: &settings, now: context.now, actor: by };
        plan::rollback(&back, &mut findings)
    })?;
    people::judge(&mut plan, &state, &place, context.now)?;
    hold_to_its_own(&mut plan, context.now, &mut findings);
    (context.tell)("");
    if findings.has_errors() {
        return Err(Failure::Findings(Box::new((findings, Sources::default()))));
    }
    // What would be advised about texts of then is no news.
    let (sources, lay) = (workspace.sources, Some((workspace.stamps, workspace.began)));
    let parsed = sources.len().saturating_sub(1);
    Ok(Planned { plan, config, state, sources, lay, findings: Diagnostics::new(), parsed, place, settings })
}

/// Does something for who acts: of a person what packages give counts too, since it makes them a member of groups.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn acting<T>(context: &Context, place: &Place, state: &State, actor: &str, act: impl FnOnce(By<'_>) -> T) -> Result<T, Failure> {
    if context.acting.is_none() {
        return Ok(act(By::Operator(actor)));
    }
    if state.lineage.is_none() {
        return Ok(act(By::Person(actor, &Ledger::default())));
    }
    let reader = Reader::open(&place.path)?;
    let records = reader.records();
    let done = act(By::Person(actor, &records));
    // What could not be read was decided from as if it were not there.
    records.sound()?;
    Ok(done)
}

/// Who acts: an enabled user of the store, at serial 0 of the files; without one the operator, if that will do.
pub(super) fn actor(
    context: &Context,
    state: &State,
    required: bool,
    declared: &dyn Fn(&Address) -> Option<Object>,
) -> Result<String, Failure> {
    // What was last applied binds as well as what is written: otherwise a change could lift it for itself.
    let applied = state.workspaces.values().any(|w| w.settings.requires_actor());
    // A store without people, before the first apply or after a destroy, is its operator's.
    let first = !state.objects.keys().any(|a| a.kind() == crate::kinds::user::KIND.name);
    context.actor((required || applied) && !first, |a| if first { declared(a) } else { state.objects.get(a).map(|s| s.object.clone()) })
}

/// Holds a plan that stands in no text to the checks that its settings bring along.
pub(super) fn hold_to_its_own(plan: &mut Plan, now: DateTime<Utc>, findings: &mut Diagnostics) {
    let checks = plan.settings.checks();
    let written = plan::Written { checks: &checks, sources: &Sources::default(), declared: &|_| Span::NONE };
    plan::hold_to(plan, &written, now, findings);
}
