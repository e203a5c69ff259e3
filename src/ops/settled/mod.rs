//! What the files were when the store last held just what they declare. While both are as they were then, a plan is known, to
//! the byte, without one of them being read; after an edit of few files it is made of these and of what they touch (`part`). Where nothing
//! is remembered, all are read, and none is kept (`stream`).
//!
//! ```text
//!  apply ─► remember ─► files    each file's stamp and digest       ┐
//!                       index    each object's digest, its file,    ├─► pages ─► NAME.db.settled
//!                                and who refers to it               ┘
//!        └► word ─────► in the store: there is nothing to say of these objects
//!  plan ──► recall ───► files    what was edited ─► nothing: the plan without changes
//!                    │                           └► little:  part ─► near ─► the plan of a part
//!                    └► nothing is remembered ─► word ─► stream ─► nothing differs: the plan without changes
//! ```
//!
//! In: the files, and what the store is. Out: a plan, or nothing.
//! Invariants: it is written by an apply alone, beside the store, and only where the plan that follows would have nothing to
//! say, not even a note; so is the word, in the transaction of the apply. What stands beside the store is believed only by the version that wrote it, at the same link of the store's chain or one since which
//! only the lifecycle went on, for the same `writ.toml`, as long as nobody wrote the store's file past that chain, if nothing that is read
//! of it was damaged, and if nobody else could have written it. Without it everything takes longer, and nothing else differs. No apply believes it: what is applied was planned from all files and all of the store.

mod files;
mod index;
mod near;
mod pages;
mod part;
mod stream;
mod word;

pub(super) use word::{Word, summary};

use super::plan::{Options, Planned};
use super::{Context, Place, decode, load, people};
use crate::config::{Config, Settings, WRIT_TOML};
use crate::diag::{Diagnostics, SourceFile, Sources};
use crate::kinds::{self, policy::Policy};
use crate::model::{Action, Change, Digest, VERSION, meanwhile};
use crate::plan::{self, Plan, impact};
use crate::reconcile::State;
use crate::source::{self, stamp::Stamp};
use crate::store::{Look, Reader, Snapshot};
use files::Files;
use pages::Pages;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// What is remembered beside the files and their objects.
#[derive(Debug, Serialize, Deserialize)]
struct Settled {
    /// Of what the files declare.
    config: String,
    /// The latest link of the store's chain, which stands for all that it holds.
    link: String,
    /// The serial of that link.
    serial: u64,
    /// How many objects of each kind are managed; nothing where the store holds more than what the files declare, or the files more
    /// than objects, so that a part of them cannot be planned by itself.
    managed: Option<BTreeMap<String, usize>>,
    /// The store's file, as it lies. Whoever writes it other than by an apply is seen.
    store: (u64, u64, i64),
    /// How many objects live on unmanaged.
    unmanaged: usize,
    /// The version that wrote it, and the form in which.
    version: (String, u32),
    /// Whose plan it is.
    workspace: String,
    /// Whether a rule takes people in: it looks again at everybody whatever changes.
    rules: bool,
}

/// Of what an apply remembers: another form, or another meaning of it, raises it.
const FORM: u32 = 5;

/// What tells that a file was not written since.
fn stamp(path: &Path) -> Option<(u64, u64, i64)> {
    let Stamp { number, size, written, .. } = Stamp::of(&fs::metadata(path).ok()?);
    Some((number, size, written))
}

fn path(place: &Place) -> PathBuf {
    let mut name = OsString::from(place.path.as_os_str());
    name.push(".settled");
    PathBuf::from(name)
}

/// Whether a plan of everything is asked for, by nobody in particular, so that the files and the store alone decide it.
fn applies(context: &Context, options: &Options, settings: &Settings) -> bool {
    // Nothing is amended where not only some objects are asked for.
    let Options { destroy, targets, excludes, since, only, amend: _, rollback, full } = options;
    let everything =
        !*destroy && targets.is_empty() && excludes.is_empty() && since.is_none() && only.is_none() && rollback.is_none() && !*full;
    everything && context.acting.is_none() && !settings.require_actor
}

/// What is asked for, and the store as it is.
struct Asked<'a> {
    context: &'a Context,
    settings: &'a Settings,
    place: &'a Place,
    look: &'a Look<'a>,
    /// Without its objects.
    state: &'a State,
    /// `writ.toml`.
    written: &'a SourceFile,
}

/// The plan of a workspace that is as it was when its store was settled, or nearly so; nothing where that is not known.
pub(super) fn recall(context: &Context, options: &Options) -> Option<Planned> {
    let (texts, settings, place) = load::settings_as_written(context).ok()?;
    if !applies(context, options, &settings) {
        return None;
    }
    let reader = Reader::open(&place.path).ok()?;
    let look = reader.look().ok()?;
    let head = look.head().ok()?;
    load::check_store(&head, &place, &settings).ok()?;
    let state = decode::collected(&head, Vec::new()).ok()?;
    let required = state.workspaces.values().any(|w| w.settings.requires_actor());
    // What a check comes to may change with the clock, and it looks at more than what was edited.
    let applied = state.applied(&settings.name).filter(|applied| **applied == settings.applied() && applied.checks().is_empty());
    if required || applied.is_none() {
        return None;
    }
    let written = texts.iter().find(|(_, file)| file.name == WRIT_TOML).map(|(_, file)| file)?;
    let asked = Asked { context, settings: &settings, place: &place, look: &look, state: &state, written };
    match remembered(&asked, &head) {
        Some(planned) => planned,
        None => stream::plan(&asked),
    }
}

/// The plan by what an apply remembered; nothing where nothing is remembered that counts, and within, where it is known that files were
/// edited, and all of them have to be looked at.
fn remembered(asked: &Asked<'_>, head: &Snapshot) -> Option<Option<Planned>> {
    let Asked { context, settings, place, look, state, written } = *asked;
    if context.environment.forgetful {
        return None;
    }
    let (settled, pages) = Pages::open::<Settled>(&path(place))?;
    let ours = settled.version == (VERSION.to_owned(), FORM) && settled.workspace == settings.name;
    if !ours {
        return None;
    }
    // The very file that an apply left; or one in which, since then, only the lifecycle went on, by its own chain.
    let untouched = stamp(&place.path).is_some_and(|now| now == settled.store);
    let linked = head.link.as_ref().is_some_and(|link| link.as_str() == settled.link);
    let stands = match (untouched, linked) {
        (true, true) => true,
        (false, false) => look.stands_since(settled.serial, &settled.link).ok()?,
        _ => false,
    };
    let files = Files::read(&pages)?;
    if !stands || !files.knows_settings(&written.text) {
        return None;
    }
    // In a repository git looks at all files too.
    let with_git = source::may_be_in_repository(&context.root);
    let (commit, edits) = meanwhile(with_git, || source::commit(&context.root), || files.edits(&context.root, settings));
    let edits = edits?;
    if !edits.is_empty() {
        let known = part::Known { settled: &settled, pages: &pages, files: &files, look, head, written, commit };
        let planned = part::plan(context, &known, &edits, settings.clone(), place.clone());
        return Some(planned.and_then(|planned| told(context, planned, settled.rules)));
    }
    let plan = same(context, settings, state, &settled, commit);
    Some(Some(recalled(plan, state.clone(), Sources::default(), 0, settings.clone(), place.clone())))
}

/// A plan of few files with what it does to people; nothing, where it takes the whole directory, or what people hold, to tell that.
fn told(context: &Context, mut planned: Planned, rules: bool) -> Option<Planned> {
    let changes = &planned.plan.changes;
    if !changes.iter().any(people::concerns) {
        return Some(planned);
    }
    if rules && changes.iter().any(impact::concerns) {
        return None;
    }
    // A policy that comes or goes with its package is told with it.
    let along = |c: &Change| {
        let comes_or_goes = |action: Action| matches!(action, Action::Create | Action::Delete);
        let with = |p: &Change| comes_or_goes(p.action) && p.action == c.action && c.address.parent().as_ref() == Some(&p.address);
        c.address.kind() == "policy" && changes.iter().any(with)
    };
    if changes.iter().any(|c| impact::needs_directory(c) && !along(c)) {
        return None;
    }
    if people::is_held(&planned.plan, &planned.state, &planned.place, context.now).ok()? {
        return None;
    }
    people::judge(&mut planned.plan, &planned.state, &planned.place, context.now).ok()?;
    // What it does to anybody by name is worked out with everybody; that it does nothing is seen from here.
    (planned.plan.refusals.is_empty() && planned.plan.impact.names_nobody()).then_some(planned)
}

/// The plan of what is as it was.
fn same(context: &Context, settings: &Settings, state: &State, settled: &Settled, commit: Option<String>) -> Plan {
    plan::unchanged(settings, state, settled.config.clone(), settled.unmanaged, commit, &context.operator)
}

fn recalled(plan: Plan, state: State, sources: Sources, parsed: usize, settings: Settings, place: Place) -> Planned {
    let findings = Diagnostics::new();
    Planned { plan, config: None, state, sources, lay: None, findings, parsed, place, settings }
}

/// What is to be remembered of a plan, but for what its apply makes of the store.
#[derive(Debug)]
pub(super) struct Lesson {
    managed: Option<BTreeMap<String, usize>>,
    rules: bool,
    sections: Vec<Vec<u8>>,
}

/// What a plan wants, where the plan that follows it has nothing to say, not even a note.
fn wanted<'p>(context: &Context, options: &Options, planned: &'p Planned) -> Option<&'p Config> {
    let Planned { plan, config: Some(config), findings, settings, .. } = planned else { return None };
    let checked = !config.settings.checks.is_empty();
    let silent = findings.is_empty() && plan.complete && !checked && !says_more(config, plan);
    (silent && applies(context, options, settings)).then_some(config)
}

/// The word that an apply of a plan leaves in the store; nothing, where the next plan may have something to say.
pub(super) fn word(context: &Context, options: &Options, planned: &Planned) -> Option<Word> {
    let Planned { plan, sources, state, .. } = planned;
    // Tests are held against all objects, whenever files are read.
    let config = wanted(context, options, planned).filter(|config| config.tests.is_empty())?;
    let written = sources.iter().find(|(_, file)| file.name == WRIT_TOML).map(|(_, file)| file)?;
    Some(Word::after(config, &plan.base.config_digest, state, &written.text))
}

/// Works out what to remember once a plan was applied, or has nothing to do: that the store holds what the files declare.
/// Nothing, where the next plan may have more to say than that.
pub(super) fn learn(context: &Context, options: &Options, planned: &Planned) -> Option<Lesson> {
    let Planned { plan, settings, sources, lay, state, .. } = planned;
    let config = wanted(context, options, planned).filter(|_| !context.environment.forgetful)?;
    let (stamps, began) = lay.as_ref()?;
    let alone = settings.manages.is_none()
        && plan.unmanaged == 0
        && state.objects.values().all(|stored| match &stored.workspace {
            Some(workspace) => **workspace == *settings.name,
            None => kinds::is_builtin(&stored.object.address),
        });
    let indexed = if alone { index::sections(config, sources.len()) } else { None };
    let managed = indexed.as_ref().map(|_| {
        let mut managed: BTreeMap<&str, usize> = BTreeMap::new();
        for address in config.objects.keys() {
            let count = managed.entry(address.kind()).or_default();
            *count = count.saturating_add(1);
        }
        managed.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect()
    });
    let (ends, objects) = indexed.map_or_else(Default::default, |(ends, objects)| (ends, Vec::from(objects)));
    let templates: BTreeSet<usize> = config.templates.keys().map(|at| at.file as usize).collect();
    let files = files::sections(sources, stamps, *began, &ends, &templates)?;
    let rules = config.objects.values().any(|o| Policy::of(o).is_some_and(|p| p.rule().is_some()));
    Some(Lesson { managed, rules, sections: files.into_iter().chain(objects).collect() })
}

/// Remembers what was learnt of a plan, now that the store holds what the files declare. `link` is the latest of its chain, of `serial`. That
/// it cannot be written is no matter: the next plan takes longer.
pub(super) fn remember(planned: &Planned, lesson: Lesson, serial: u64, link: &Digest) {
    let Planned { plan, place, settings, .. } = planned;
    let Lesson { managed, rules, sections } = lesson;
    let Some(store) = stamp(&place.path) else { return };
    let settled = Settled {
        config: plan.base.config_digest.clone(),
        link: link.to_string(),
        serial,
        managed,
        store,
        unmanaged: plan.unmanaged,
        version: (VERSION.to_owned(), FORM),
        workspace: settings.name.clone(),
        rules,
    };
    let _ = pages::write(&path(place), &settled, &sections);
}

/// Whether the plan after this one may have a note to make, or counts what this one changes.
fn says_more(config: &Config, plan: &Plan) -> bool {
    let Config { moves, removals, imports, tolerances, .. } = config;
    let tables = [moves.len(), removals.len(), imports.len(), tolerances.len()].into_iter().fold(0, usize::saturating_add);
    tables > 0 || plan.changes.iter().any(|c| matches!(c.action, Action::Forget | Action::Import))
}
