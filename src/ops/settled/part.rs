//! The plan after an edit of few files, made of their objects and of those that are near, by the same rules, guards and steps as any
//! other plan.
//!
//! In: what was edited, and what was remembered of the rest. Out: the plan, the same to the byte as one of all files; or nothing.
//! Invariants: it is made only where the part decides everything (`near` says why it does), nothing is told and nothing stands in the
//! way; in every other case all files are planned, and that plan tells what there is to tell.

use super::files::{Edits, Files};
use super::index::{Index, glance};
use super::near::{Around, Changed};
use super::pages::Pages;
use super::{Settled, recalled, same};
use crate::config::{self, Alone, Config, MOST_OBJECTS, Settings, World, check_rules, normal, read_files};
use crate::diag::{Diagnostics, SourceFile, Sources};
use crate::kinds::assignment::Assignment;
use crate::kinds::policy::{Policy, Population};
use crate::model::{Address, Object, Raw};
use crate::ops::plan::Planned;
use crate::ops::{Context, Place, decode};
use crate::plan::declared::id;
use crate::plan::{self, By, Input};
use crate::source::stamp;
use crate::store::{Look, Snapshot};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many files are few, whatever the number of all.
const FEW: usize = 64;

/// What is known of the workspace and its store.
pub(super) struct Known<'a> {
    pub settled: &'a Settled,
    pub pages: &'a Pages,
    pub files: &'a Files,
    pub look: &'a Look<'a>,
    pub head: &'a Snapshot,
    /// `writ.toml`.
    pub written: &'a SourceFile,
    /// The commit of the files.
    pub commit: Option<String>,
}

/// The plan of a few edited files.
pub(super) fn plan(context: &Context, known: &Known<'_>, edits: &Edits, settings: Settings, place: Place) -> Option<Planned> {
    let Known { settled, files, look, head, .. } = *known;
    let managed: BTreeMap<&str, usize> = settled.managed.as_ref()?.iter().map(|(kind, n)| (kind.as_str(), *n)).collect();
    let edited = edits.changed.len().saturating_add(edits.gone.len());
    if edits.files == 0 || edited > FEW.max(files.rows.len().checked_div(10)?) {
        return None;
    }
    let index = Index::read(known.pages)?;
    let mut around = Around::new(look, &settings.name)?;
    let (sources, alone) = declared(context, known, edits, &mut around)?;
    let parsed = sources.len().saturating_sub(1);
    let changes = changes(known, edits, &index, &alone, &mut around)?;
    if changes.is_empty() {
        let state = decode::collected(head, Vec::new()).ok()?;
        let plan = same(context, &settings, &state, settled, known.commit.clone());
        return Some(recalled(plan, state, sources, parsed, settings, place));
    }
    if managed.values().sum::<usize>().saturating_add(changes.len()) > MOST_OBJECTS {
        return None;
    }
    around.gather(&index, &changes, &alone.objects)?;
    if !is_sound(&around, &changes, &alone, &settings) {
        return None;
    }
    let Around { stored, .. } = around;
    let kept = stored.values().filter(|s| s.workspace.is_some() && !changes.contains_key(&s.object.address)).map(|s| s.object.clone());
    let new = changes.values().filter_map(|changed| changed.after.clone());
    let objects = kept.chain(new).map(|object| (object.address.clone(), object)).collect();
    let config = Config::of(settings, objects, alone.templates);
    let state = decode::collected(head, stored.into_values().collect()).ok()?;
    let input = Input {
        config: &config,
        sources: &sources,
        state: &state,
        commit: known.commit.as_deref(),
        now: context.now,
        actor: By::Operator(&context.operator),
        destroy: false,
        targets: &[],
        excludes: &[],
        since: None,
        only: None,
    };
    let mut found = Diagnostics::new();
    let mut plan = plan::plan_part(&input, Some(&managed), &mut found);
    let clear = found.is_empty() && plan.refusals.is_empty() && plan.people_losing_access == 0 && plan.settings_change.is_none();
    if !clear {
        return None;
    }
    let mut text = String::new();
    let others: BTreeMap<Address, Option<Raw>> =
        changes.iter().map(|(address, changed)| (address.clone(), changed.after.as_ref().map(|object| object.digest(&mut text)))).collect();
    plan.base.config_digest = index.digest(&config.settings.applied(), &others)?.to_string();
    plan.unmanaged = settled.unmanaged;
    Some(recalled(plan, state, sources, parsed, config.settings, place))
}

/// What the edited files declare, with the files that hold templates where they name some.
fn declared(context: &Context, known: &Known<'_>, edits: &Edits, around: &mut Around<'_>) -> Option<(Sources, Alone)> {
    let held = |number: &usize| known.files.rows.get(*number).is_none_or(|row| row.templates);
    if edits.gone.iter().chain(edits.changed.iter().filter_map(|(number, _)| number.as_ref())).any(held) {
        return None;
    }
    let names: Vec<&str> = edits.changed.iter().map(|(_, name)| name.as_str()).collect();
    let texts = stamp::texts(&context.root, &names)?;
    let with = |more: Vec<SourceFile>| Sources::new([vec![known.written.clone()], texts.clone(), more].concat());
    let mut sources = with(Vec::new());
    let parsed = read_files(&sources);
    if !parsed.is_plain() || parsed.writes_templates() {
        return None;
    }
    let names_templates = parsed.names_templates();
    let mut beside = config::Known::default();
    for parent in parsed.outer() {
        around.fetch(&parent)?;
    }
    beside.objects.extend(around.stored.values().map(|stored| (stored.object.address.clone(), stored.object.clone())));
    let mut without = BTreeSet::new();
    if names_templates {
        let holding: Vec<usize> = (0..known.files.rows.len()).filter(held).collect();
        let names: Vec<&str> = holding.iter().take(FEW.saturating_add(1)).map(|number| known.files.name(*number)).collect::<Option<_>>()?;
        if names.len() > FEW {
            return None;
        }
        sources = with(stamp::texts(&context.root, &names)?);
        without.extend(sources.iter().filter(|(_, file)| names.contains(&file.name.as_str())).map(|(number, _)| number));
    }
    let alone = read_files(&sources).alone(&without, &beside)?;
    Some((sources, alone))
}

/// The objects that are not as they were; nothing where one of them is declared in another file too.
fn changes(
    known: &Known<'_>,
    edits: &Edits,
    index: &Index<'_>,
    alone: &Alone,
    around: &mut Around<'_>,
) -> Option<BTreeMap<Address, Changed>> {
    let mut there = HashMap::new();
    for number in edits.gone.iter().chain(edits.changed.iter().filter_map(|(number, _)| number.as_ref())) {
        let end = |number: usize| known.files.rows.get(number).map(|row| row.objects);
        let start = number.checked_sub(1).map_or(Some(0), end)?;
        there.extend(index.of_file(start, end(*number)?)?);
    }
    let mut text = String::new();
    let objects = alone.objects.iter().map(|(address, object)| (address, normal(object)));
    let others: Vec<_> = objects.filter(|(_, after)| there.remove(&glance(&after.digest(&mut text))).is_none()).collect();
    let rows = there.into_values().map(|number| index.row(number).map(|row| (row.id, row)));
    let mut there = rows.collect::<Option<HashMap<_, _>>>()?;
    let mut changes = BTreeMap::new();
    for (address, after) in others {
        let id = id(address.as_str());
        let row = there.remove(&id);
        if row.is_none() && index.find(&id)?.is_some() {
            return None;
        }
        let before = around.fetch(address)?.then(|| around.stored.get(address).map(|stored| stored.object.clone())).flatten();
        if before.is_some() != row.is_some() {
            return None;
        }
        changes.insert(address.clone(), Changed { row, before, after: Some(after) });
    }
    for row in there.into_values() {
        let address = index.address(&row)?;
        let before = Some(around.get(&address)?.clone());
        changes.insert(address, Changed { row: Some(row), before, after: None });
    }
    Some(changes)
}

/// Whether the part keeps every rule. What is near is looked at as the workspace's own, what that names as what is known beside it.
fn is_sound(around: &Around<'_>, changes: &BTreeMap<Address, Changed>, alone: &Alone, settings: &Settings) -> bool {
    let stored = |address: &Address| around.stored.get(address).map(|stored| stored.object.clone());
    // As it is written, since that is what is checked.
    let new = changes.iter().filter(|(_, changed)| changed.after.is_some()).filter_map(|(address, _)| alone.objects.get(address).cloned());
    let objects: BTreeMap<Address, Object> =
        around.own.iter().filter_map(stored).chain(new).map(|object| (object.address.clone(), object)).collect();
    let beside = around.stored.keys().filter(|address| !around.own.contains(address) && !changes.contains_key(address));
    let known = config::Known { objects: beside.filter_map(|a| Some((a.clone(), stored(a)?))).collect(), ..config::Known::default() };
    let world = World::new(&objects, &known, settings);
    // Whom an outside policy admits depends on every organization.
    let outside = |object: &Object| {
        let policy = Assignment::of(object).and_then(Assignment::policy).and_then(|policy| world.get(&policy)).and_then(Policy::of);
        policy.is_some_and(|policy| policy.population() == Population::Outside)
    };
    let mut found = Diagnostics::new();
    check_rules(&world, &[], &mut found);
    found.is_empty() && !objects.values().any(outside)
}
