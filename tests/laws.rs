//! The laws: what holds in every sound workspace, tried out on generated ones.
//!
//! `WRIT_WORLDS` raises how many worlds are tried, `PROPTEST_RNG_SEED` chooses others. A world is two numbers, so that a
//! failure is repeated by a line in `remembered` below.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::panic, reason = "a test")]

#[path = "laws/memory.rs"]
mod memory;
#[path = "laws/world.rs"]
mod world;

use memory::{kept, said, settled};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::Value as Json;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use world::{Dice, Files, Id, World};
use writ::config::{self, Config};
use writ::diag::{Diagnostics, Severity, SourceFile, Sources, Span};
use writ::kinds::{Strength, references, with_defaults};
use writ::model::{Action, Address, Change, Node, Object, Table, Value, canonical};
use writ::ops::apply::{ApplyOptions, Consent, apply, apply_saved};
use writ::ops::{Context, Environment, Failure, history, plan as planning};
use writ::plan::{self, Input, Plan, changes_digest, document};
use writ::reconcile::{PriorMoves, State, StepKind, deltas, patch};
use writ::store::{Reader, Snapshot};

type Told = Result<(), TestCaseError>;

/// So many cases, of each hundred that are asked for.
fn cases(percent: u32) -> ProptestConfig {
    let worlds = std::env::var("WRIT_WORLDS").ok().and_then(|n| n.parse::<u32>().ok()).unwrap_or(2_000);
    let standard = ProptestConfig::default();
    let rng_seed = if std::env::var_os("PROPTEST_RNG_SEED").is_some() { standard.rng_seed } else { RngSeed::Fixed(1) };
    ProptestConfig { cases: worlds.saturating_mul(percent) / 100, failure_persistence: None, rng_seed, ..standard }
}

/// A seed, and the sizes that a failure is shrunk by: of the world and of its history.
fn worlds() -> impl Strategy<Value = (u64, usize, usize)> {
    (any::<u64>().no_shrink(), 0..9_usize, 0..4_usize)
}

fn now() -> chrono::DateTime<chrono::Utc> {
    "2027-01-01T08:00:00Z".parse().unwrap()
}

fn sources(files: &Files) -> Sources {
    Sources::new(files.iter().map(|(name, text)| SourceFile::new(name, text)).collect())
}

/// The findings of one severity, with their places.
fn list(found: &Diagnostics, severity: Severity, sources: &Sources) -> Vec<String> {
    let line = |d: &writ::diag::Diagnostic| {
        format!("{} {}: {} ({})", d.code.id, d.address.as_deref().unwrap_or(""), d.message, sources.place(d.span).unwrap_or_default())
    };
    found.iter().filter(|d| d.severity == severity).map(line).collect()
}

/// A plan with what it was made of.
struct Planned {
    plan: Plan,
    config: Config,
    sources: Sources,
}

/// Plans some files on a state; otherwise why not.
fn planned(files: &Files, state: &State) -> Result<Planned, Vec<String>> {
    planned_as(sources(files), state, Asked::default())
}

/// What is asked of a plan.
#[derive(Default)]
struct Asked<'a> {
    destroy: bool,
    targets: &'a [Address],
    excludes: &'a [Address],
}

fn planned_as(sources: Sources, state: &State, asked: Asked<'_>) -> Result<Planned, Vec<String>> {
    let (config, mut found) = config::configure(&sources, &state.known_to("w"));
    let Some(config) = config else { return Err(list(&found, Severity::Error, &sources)) };
    let input = Input {
        config: &config,
        sources: &sources,
        state,
        commit: None,
        now: now(),
        actor: "ann@contoso.example",
        destroy: asked.destroy,
        targets: asked.targets,
        excludes: asked.excludes,
    };
    let plan = plan::plan(&input, &mut found);
    if found.has_errors() {
        return Err(list(&found, Severity::Error, &sources));
    }
    Ok(Planned { plan, config, sources })
}

thread_local! {
    /// What was tried, by name and number.
    static TALLY: RefCell<BTreeMap<String, usize>> = const { RefCell::new(BTreeMap::new()) };
}

fn count(what: &str) {
    TALLY.with_borrow_mut(|all| *all.entry(what.to_owned()).or_default() += 1);
}

/// Few edits are thrown away, since what is thrown away is not tried; and every action is.
fn tally(name: &str) {
    let all = TALLY.take();
    println!("{name}: {}", all.iter().map(|(what, n)| format!("{n} {what}")).collect::<Vec<_>>().join(", "));
    let of = |what: &str| all.get(what).copied().unwrap_or(0);
    assert!(of("unsound") * 100 <= of("edits"), "too many edits were not sound");
    assert!(of("refused") * 8 <= of("edits"), "too many edits were refused");
    assert!(of("broken parts") * 4 <= of("parts"), "too many parts did not stand alone");
    if of("edits") == 0 {
        return;
    }
    for action in ["Delete", "Replace", "Update", "Create", "Move", "Import", "Forget"] {
        assert!(of(action) * 100 >= of("edits"), "too few changes are of the sort {action}");
    }
}

/// The histories of a world: each step its files and its plan, refused and unsound edits left out.
fn histories(seed: u64, size: usize, edits: usize, law: &mut dyn FnMut(&Step<'_>, &mut Dice) -> Told) -> Told {
    count("worlds");
    let mut dice = Dice::new(seed);
    let mut world = World::new(size, &mut dice);
    let mut state = State::empty();
    let mut ids: BTreeMap<Id, String> = BTreeMap::new();
    for step in 0..=edits {
        let next = if step == 0 { world.clone() } else { world.edited(&mut dice, &|a| id_at(&state, a)) };
        let files = next.files(&mut dice);
        if step > 0 {
            count("edits");
        }
        let planned = match planned(&files, &state) {
            Ok(planned) => planned,
            Err(why) => {
                prop_assert!(step > 0, "the first world is not sound: {why:#?}\n{}", shown(&files));
                count("unsound");
                if std::env::var_os("WRIT_TELL").is_some() {
                    println!("{seed} {size} {edits}: {why:?}");
                }
                continue;
            }
        };
        if planned.plan.refused().next().is_some() {
            count("refused");
            if step == 0 {
                break;
            }
            continue;
        }
        planned.plan.changes.iter().for_each(|c| count(&format!("{:?}", c.action)));
        let after = settled(&state, &planned.plan);
        let full = dice.chance(20);
        let document = &document(&planned.plan, &state, full);
        law(&Step { world: &next, files: &files, state: &state, planned: &planned, full, document, after: &after }, &mut dice)?;
        for (id, thing) in &next.things {
            let address = Address::parse(&next.address(*id)).unwrap();
            let here = after.objects.get(&address);
            prop_assert!(here.is_some(), "{address} is not there");
            let here = here.unwrap();
            prop_assert_eq!(here.workspace.is_some(), thing.managed, "{}", address);
            let replaced = planned.plan.changes.iter().any(|c| c.address == address && c.action == Action::Replace);
            let old = ids.insert(*id, here.id.clone());
            prop_assert!(replaced || old.is_none() || old.as_ref() == Some(&here.id), "{address} lost its id");
        }
        ids.retain(|id, _| next.things.contains_key(id));
        (world, state) = (next, after);
    }
    Ok(())
}

/// One step of a history.
struct Step<'a> {
    world: &'a World,
    files: &'a Files,
    state: &'a State,
    planned: &'a Planned,
    /// Whether the document shows all of the state.
    full: bool,
    document: &'a Json,
    after: &'a State,
}

fn id_at(state: &State, address: &str) -> Option<String> {
    state.objects.get(&Address::parse(address).ok()?).map(|s| s.id.clone())
}

fn shown(files: &Files) -> String {
    files.iter().map(|(n, t)| format!("--- {n}\n{t}")).collect()
}

// --------------------------------------------------------------------------------------------------------------- laws

/// A plan after an apply is empty.
fn settles(step: &Step<'_>) -> Told {
    match planned(step.files, step.after) {
        Ok(again) => prop_assert!(again.plan.is_empty(), "not empty after an apply: {:#?}\n{}", again.plan.changes, shown(step.files)),
        Err(why) => prop_assert!(false, "not sound after an apply: {why:#?}\n{}", shown(step.files)),
    }
    Ok(())
}

/// Files read in another order give the same bytes.
fn reading_order_means_nothing(step: &Step<'_>) -> Told {
    let mut files = step.files.clone();
    files.reverse();
    let again = planned(&files, step.state).map_err(|why| TestCaseError::fail(format!("{why:?}")))?;
    prop_assert_eq!(step.document, &document(&again.plan, step.state, step.full));
    Ok(())
}

/// The same tables in other places, another order and another spelling give the same plan, places aside.
fn spelling_means_nothing(step: &Step<'_>, dice: &mut Dice) -> Told {
    let files = step.world.files(dice);
    let again = planned(&files, step.state);
    let again = again.map_err(|why| TestCaseError::fail(format!("{why:?}\n{}\nbut not\n{}", shown(step.files), shown(&files))))?;
    let apart = || format!("{}\nand\n{}", shown(step.files), shown(&files));
    prop_assert_eq!(changes_digest(&step.planned.plan), changes_digest(&again.plan), "{}", apart());
    prop_assert_eq!(placeless(step.document.clone()), placeless(document(&again.plan, step.state, step.full)));
    Ok(())
}

/// A plan's document without what says where something was written.
fn placeless(mut doc: Json) -> Json {
    doc.as_object_mut().unwrap().remove("digests");
    for change in doc["resource_changes"].as_array_mut().unwrap() {
        for name in ["source", "origin", "stood", "template"] {
            change.as_object_mut().unwrap().remove(name);
        }
    }
    doc
}

/// The differences of every change, applied to what was, give what will be.
fn differences_apply(step: &Step<'_>) -> Told {
    for change in &step.planned.plan.changes {
        let empty = Table::new();
        let of = |o: &Option<Object>| o.as_ref().map_or_else(|| empty.clone(), |o| o.attributes.clone());
        let (before, after) = (of(&change.before), of(&change.after));
        prop_assert_eq!(patch(&before, &deltas(&before, &after)), after.clone());
        if let Some(object) = change.after.as_ref().filter(|_| change.before.is_some()) {
            // What is shown leaves out defaults that are said in words, so it is compared by its meaning.
            let patched = Object { attributes: patch(&before, &change.deltas), ..object.clone() };
            prop_assert_eq!(with_defaults(&patched), with_defaults(object), "{}", change.address);
        }
        prop_assert!(change.action != Action::Update || !change.deltas.is_empty(), "an update of {} that changes nothing", change.address);
    }
    Ok(())
}

/// After every step, all that an object strongly needs is there.
fn nothing_ever_dangles(plan: &Plan, state: &State) -> Told {
    let mut found = Diagnostics::new();
    let prior = PriorMoves::of_changes(state, &plan.changes, &mut found);
    prop_assert!(!found.has_errors());
    let mut there: BTreeMap<Address, Object> = prior.objects.into_iter().map(|(a, s)| (a, s.object)).collect();
    let needs = |object: &Object| -> Vec<Address> {
        let strong = references(object).into_iter().filter(|r| r.strength == Strength::Strong).map(|r| r.target);
        strong.chain(object.address.parent()).collect()
    };
    let mut count: BTreeMap<Address, usize> = BTreeMap::new();
    for object in there.values() {
        for target in needs(object) {
            prop_assert!(there.contains_key(&target), "before any step, {} lacks {target}", object.address);
            *count.entry(target).or_default() += 1;
        }
    }
    let mut done = BTreeSet::new();
    for step in &plan.steps {
        prop_assert!(done.insert(step.clone()), "{step:?} twice");
        let change = plan.changes.iter().find(|c| c.address == step.address).unwrap();
        match step.kind {
            StepKind::Move | StepKind::Adopt | StepKind::Release => {}
            StepKind::Create | StepKind::Update => {
                let object = change.after.clone().unwrap();
                for target in needs(&object) {
                    prop_assert!(there.contains_key(&target), "{step:?}: {target} is not there, in {:#?}", plan.steps);
                    *count.entry(target).or_default() += 1;
                }
                let old = there.insert(step.address.clone(), object);
                prop_assert_eq!(old.is_some(), step.kind == StepKind::Update);
                for target in old.iter().flat_map(&needs) {
                    *count.entry(target).or_default() -= 1;
                }
            }
            StepKind::Delete => {
                let old = there.remove(&step.address).unwrap();
                for target in needs(&old) {
                    *count.entry(target).or_default() -= 1;
                }
                prop_assert_eq!(count.get(&step.address).copied().unwrap_or(0), 0, "{:?} is needed still, in {:#?}", step, plan.steps);
            }
        }
    }
    let after = settled(state, plan);
    let told: BTreeMap<Address, Object> = there.into_iter().map(|(a, o)| (a.clone(), kept(&a, &o.attributes))).collect();
    prop_assert_eq!(told, after.objects.into_iter().map(|(a, s)| (a, s.object)).collect::<BTreeMap<_, _>>());
    Ok(())
}

/// All of a change but the places of its values, line by line.
fn told(change: &Change) -> String {
    let Change { address, previous, action, before, after, import_id, origin, .. } = change;
    let table = |o: &Option<Object>| o.as_ref().map(|o| canonical(&o.attributes));
    format!("{address} {previous:?} {action:?} {import_id:?}\n  {:?}\n  {:?}\n  {}\n", table(before), table(after), canonical(origin))
}

/// A plan that was saved and read says and does the same.
fn saving_loses_nothing(step: &Step<'_>) -> Told {
    let Step { state, planned: Planned { plan, config, .. }, .. } = step;
    let saved = plan::read(&canonical(step.document)).map_err(|e| TestCaseError::fail(e.to_string()))?;
    let digest = changes_digest(plan);
    prop_assert_eq!(&saved.digests.changes, &digest);
    prop_assert_eq!(&changes_digest(&saved.as_saved()), &digest);
    prop_assert!(saved.relied.stale(state, "w").is_empty());
    let mut found = Diagnostics::new();
    let again = plan::judge_again(&saved, &config.settings, state, now(), &plan.actor, &mut found);
    let again = again.ok_or_else(|| TestCaseError::fail("a saved plan is not what follows from the state"))?;
    prop_assert!(!found.has_errors(), "{:?}", list(&found, Severity::Error, &Sources::default()));
    for (change, same) in plan.changes.iter().zip(&again.changes) {
        prop_assert_eq!(told(change), told(same));
    }
    prop_assert_eq!(changes_digest(&again), digest);
    prop_assert_eq!(&again.steps, &plan.steps);
    prop_assert_eq!(&again.relied, &plan.relied);
    prop_assert_eq!(&again.rewritten, &plan.rewritten);
    let refusals = |p: &Plan| p.refusals.iter().map(|r| r.message.clone()).collect::<Vec<_>>();
    prop_assert_eq!(refusals(&again), refusals(plan));
    prop_assert_eq!(said(&settled(state, &again)), said(step.after));
    Ok(())
}

/// A workspace can be emptied, in an order that leaves nothing dangling.
fn destroys(step: &Step<'_>) -> Told {
    let all = match planned_as(step.planned.sources.clone(), step.after, Asked { destroy: true, ..Asked::default() }) {
        Ok(all) => all.plan,
        Err(why) => return Err(TestCaseError::fail(format!("{why:?}"))),
    };
    if all.refused().next().is_none() {
        nothing_ever_dangles(&all, step.after)?;
        let emptied = settled(step.after, &all);
        prop_assert_eq!(emptied.managed_by("w").count(), 0);
        let again = planned_as(step.planned.sources.clone(), &emptied, Asked { destroy: true, ..Asked::default() });
        prop_assert!(again.is_ok_and(|p| p.plan.is_empty()));
    }
    Ok(())
}

/// A part of a plan stands alone, and the rest of it can follow; one that would break a rule is an error.
fn parts_stand_alone(step: &Step<'_>, dice: &mut Dice) -> Told {
    let all: Vec<Address> = step.planned.plan.changes.iter().map(|c| c.address.clone()).collect();
    let Some(one) = dice.pick(&all) else { return Ok(()) };
    let one = [if dice.chance(50) { one.clone() } else { one.lineage().last().unwrap_or(one) }];
    let asked = match dice.chance(50) {
        true => Asked { targets: &one, ..Asked::default() },
        false => Asked { excludes: &one, ..Asked::default() },
    };
    count("parts");
    let Ok(Planned { plan: part, .. }) = planned_as(step.planned.sources.clone(), step.state, asked) else {
        count("broken parts");
        return Ok(());
    };
    if part.refused().next().is_some() {
        return Ok(());
    }
    nothing_ever_dangles(&part, step.state)?;
    let partly = settled(step.state, &part);
    let rest = planned(step.files, &partly)
        .map_err(|why| TestCaseError::fail(format!("after {one:?} alone: {why:?}\n{}", shown(step.files))))?
        .plan;
    if rest.refused().next().is_some() {
        return Ok(());
    }
    nothing_ever_dangles(&rest, &partly)?;
    prop_assert_eq!(said(&settled(&partly, &rest)), said(step.after), "after {:?} alone", one);
    Ok(())
}

fn plans_keep_every_law(seed: u64, size: usize, edits: usize) -> Told {
    histories(seed, size, edits, &mut |step, dice| {
        settles(step)?;
        reading_order_means_nothing(step)?;
        spelling_means_nothing(step, dice)?;
        differences_apply(step)?;
        nothing_ever_dangles(&step.planned.plan, step.state)?;
        saving_loses_nothing(step)?;
        parts_stand_alone(step, dice)?;
        destroys(step)
    })
}

/// Other names, and nothing else.
fn moves_are_only_moves(seed: u64, size: usize) -> Told {
    count("worlds");
    let mut dice = Dice::new(seed);
    let world = World::new(size, &mut dice).pinned();
    let first = planned(&world.files(&mut dice), &State::empty()).map_err(|why| TestCaseError::fail(format!("{why:?}")))?;
    let state = settled(&State::empty(), &first.plan);
    let (next, renamed) = world.renamed(&mut dice);
    let files = next.files(&mut dice);
    let plan = planned(&files, &state).map_err(|why| TestCaseError::fail(format!("{why:?}\n{}", shown(&files))))?.plan;
    let moved: BTreeSet<Id> = renamed.iter().copied().chain(renamed.iter().flat_map(|id| next.children(*id))).collect();
    let told: BTreeSet<(String, Option<String>, Action)> =
        plan.changes.iter().map(|c| (c.address.to_string(), c.previous.as_ref().map(ToString::to_string), c.action)).collect();
    let expected = moved.iter().map(|id| (next.address(*id), Some(world.address(*id)), Action::Move)).collect();
    prop_assert_eq!(told, expected);
    prop_assert_eq!(plan.summary(), plan::Summary { moved: renamed.len(), ..plan::Summary::default() });
    prop_assert!(plan.refusals.is_empty() && plan.hints.is_empty());
    let after = settled(&state, &plan);
    for id in next.things.keys() {
        prop_assert_eq!(id_at(&after, &next.address(*id)), id_at(&state, &world.address(*id)));
    }
    nothing_ever_dangles(&plan, &state)
}

/// Any table: names of few letters, so that two tables have some in common.
fn tables() -> impl Strategy<Value = Table> {
    let text = || "[ab]{1,2}".prop_map(String::into_boxed_str);
    let leaf = prop_oneof![
        any::<bool>().prop_map(Node::Bool),
        (0..3_i64).prop_map(Node::Int),
        text().prop_map(Node::Text),
        text().prop_map(Node::Time),
    ];
    let tree = leaf.prop_map(|n| Value::new(n, Span::NONE)).prop_recursive(3, 24, 4, move |inner| {
        let all = || prop::collection::vec(inner.clone(), 0..4);
        let named = prop::collection::vec((text(), inner.clone()), 0..4);
        prop_oneof![
            all().prop_map(|m| Value::set(m, Span::NONE)),
            all().prop_map(|m| Value::new(Node::List(m), Span::NONE)),
            named.prop_map(|rows| Value::new(Node::Table(table(rows)), Span::NONE)),
        ]
    });
    prop::collection::vec((text(), tree), 0..5).prop_map(table)
}

fn table(rows: Vec<(Box<str>, Value)>) -> Table {
    rows.into_iter().map(|(name, value)| (name.into_string().into(), value)).collect()
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn differences_and_patches_agree((before, after) in (tables(), tables())) {
        let found = deltas(&before, &after);
        prop_assert_eq!(patch(&before, &found), after.clone());
        prop_assert_eq!(found.is_empty(), before == after);
    }
}

#[test]
fn in_every_world_moves_are_only_moves() {
    hold(cases(50), "moves", |seed, size, _| moves_are_only_moves(seed, size));
}

#[test]
fn in_every_world_plans_keep_every_law() {
    hold(cases(100), "plans", plans_keep_every_law);
}

/// Tries a law on so many worlds.
fn hold(config: ProptestConfig, name: &str, law: fn(u64, usize, usize) -> Told) {
    let told = TestRunner::new(config).run(&worlds(), |(seed, size, edits)| law(seed, size, edits));
    if let Err(why) = told {
        panic!("{why}");
    }
    tally(name);
}

// ------------------------------------------------------------------------------------------------------------- stores

/// Agrees to everything, once.
struct Yes;

impl Consent for Yes {
    fn ask(&mut self, _: &Plan, again: bool) -> Result<(), Failure> {
        if again { Err(Failure::Moved) } else { Ok(()) }
    }
}

thread_local! {
    static MINTED: Cell<u64> = const { Cell::new(0) };
}

/// Ids that another store gets too, if it does the same.
fn mint() -> String {
    MINTED.set(MINTED.get() + 1);
    format!("0192-{:08}", MINTED.get())
}

/// A workspace on disk.
struct Place {
    directory: tempfile::TempDir,
    context: Context,
}

impl Place {
    /// In memory, where the system has such a place: laws are about what is written, and not about the disk.
    fn new() -> Place {
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let context = Context {
            root: directory.path().to_owned(),
            environment: Environment::default(),
            acting: None,
            operator: "operator:ann@build".to_owned(),
            now: now(),
            mint,
            tell: |_| {},
        };
        Place { directory, context }
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join(".writ/w.db")
    }

    fn write(&self, files: &Files) {
        for entry in fs::read_dir(self.directory.path()).unwrap().map(Result::unwrap) {
            match entry.file_name().to_str() {
                Some(".writ") => {}
                _ if entry.path().is_dir() => fs::remove_dir_all(entry.path()).unwrap(),
                _ => fs::remove_file(entry.path()).unwrap(),
            }
        }
        for (name, text) in files {
            let path = self.directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// The same files and the same store in another place.
    fn twin(&self, files: &Files) -> Place {
        let twin = Place::new();
        twin.write(files);
        if self.store().exists() {
            fs::create_dir_all(twin.store().parent().unwrap()).unwrap();
            fs::copy(self.store(), twin.store()).unwrap();
        }
        twin
    }

    fn plan(&self) -> Result<planning::Planned, Failure> {
        planning::plan(&self.context, &planning::Options::default())
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.store().exists().then(|| Reader::open(&self.store()).unwrap().snapshot().unwrap())
    }

    /// Every file with its bytes.
    fn bytes(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        let mut queue = vec![self.directory.path().to_owned()];
        while let Some(directory) = queue.pop() {
            for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
                match entry.path() {
                    path if path.is_dir() => queue.push(path),
                    path => {
                        let bytes = fs::read(&path).unwrap();
                        all.insert(path, bytes);
                    }
                }
            }
        }
        all
    }
}

fn options() -> ApplyOptions {
    ApplyOptions { allow_deletes: Some(u64::MAX), allow_access_lost: Some(u64::MAX), ..ApplyOptions::default() }
}

fn failed(why: &Failure) -> TestCaseError {
    let found = match why {
        Failure::Findings(both) => list(&both.0, Severity::Error, &both.1),
        _ => Vec::new(),
    };
    TestCaseError::fail(format!("{why}: {found:#?}"))
}

/// The history of a world in a real store, beside the same history in memory.
fn stores_keep_every_law(seed: u64, size: usize, edits: usize) -> Told {
    count("worlds");
    MINTED.set(0);
    let mut dice = Dice::new(seed);
    let place = Place::new();
    let mut world = World::new(size, &mut dice);
    let mut remembered: Vec<Snapshot> = Vec::new();
    for step in 0..=edits {
        let before = place.snapshot();
        let next = match &before {
            None if step > 0 => break,
            None => world.clone(),
            Some(before) => world.edited(&mut dice, &|a| before.tables.objects.get(a).map(|row| row.id.clone())),
        };
        let files = next.files(&mut dice);
        place.write(&files);
        count("edits");
        let planned = match place.plan() {
            Ok(planned) => planned,
            Err(Failure::Findings(_)) => {
                count("unsound");
                continue;
            }
            Err(why) => return Err(failed(&why)),
        };
        if planned.plan.refused().next().is_some() {
            count("refused");
            continue;
        }
        planned.plan.changes.iter().for_each(|c| count(&format!("{:?}", c.action)));
        let expected = settled(&planned.state, &planned.plan);

        // A saved plan does the same in the same store.
        let saved = plan::read(&canonical(&planned.document(dice.chance(50)))).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let (twin, minted) = (place.twin(&files), MINTED.get());
        let empty = planned.plan.is_empty();
        let bytes = place.bytes();
        let applied = apply(&place.context, &options(), planned, &mut Yes).map_err(|why| failed(&why))?;
        MINTED.set(minted);
        let (twin_applied, _) = apply_saved(&twin.context, &options(), &saved, &mut Yes).map_err(|why| failed(&why))?;
        prop_assert_eq!(applied.serial, twin_applied.serial);
        prop_assert_eq!((applied.summary, &applied.digest), (twin_applied.summary, &twin_applied.digest));
        prop_assert_eq!(place.snapshot(), twin.snapshot(), "the saved plan did something else\n{}", shown(&files));
        prop_assert_eq!(empty, applied.serial.is_none());
        prop_assert_eq!(empty, bytes == place.bytes());
        let Some(after) = place.snapshot() else { break };
        if empty {
            continue;
        }

        // A saved plan is applied once.
        let again = apply_saved(&twin.context, &options(), &saved, &mut Yes);
        prop_assert!(matches!(again, Err(Failure::Stale(_) | Failure::OtherStore(_))), "applied twice: {again:?}");

        // What the plan said has come to be, and nothing is left to do.
        let again = place.plan().map_err(|why| failed(&why))?;
        prop_assert_eq!(said(&again.state), said(&expected), "{}", shown(&files));
        prop_assert!(again.plan.is_empty(), "not empty after an apply: {:#?}\n{}", again.plan.changes, shown(&files));
        let (bytes, entries) = (place.bytes(), entries(&place));
        let nothing = apply(&place.context, &options(), again, &mut Yes).map_err(|why| failed(&why))?;
        prop_assert_eq!(nothing.serial, None);
        prop_assert_eq!(bytes, place.bytes());
        prop_assert_eq!(entries, crate::entries(&place));

        // An object keeps its id, whatever its name.
        if let Some(before) = before {
            for id in next.things.keys().filter(|id| world.things.contains_key(id)) {
                let (old, new) = (&before.tables.objects[&world.address(*id)], &after.tables.objects[&next.address(*id)]);
                let anew = expected.objects[&Address::parse(&new.address).unwrap()].id.starts_with("new-");
                prop_assert_eq!(old.id != new.id, anew, "{} became {}", old.address, new.address);
            }
        }
        remembered.push(after);
        world = next;
    }
    if !remembered.is_empty() {
        remembers(&place, &remembered)?;
    }
    Ok(())
}

/// Names, sizes and times of everything in a workspace.
fn entries(place: &Place) -> BTreeSet<(PathBuf, u64, std::time::SystemTime)> {
    let look = |path: &PathBuf| (path.clone(), fs::metadata(path).unwrap().len(), fs::metadata(path).unwrap().modified().unwrap());
    place.bytes().keys().map(look).chain([look(&place.directory.path().join(".writ"))]).collect()
}

/// The past is as it was, and the tables are what the events add up to.
fn remembers(place: &Place, remembered: &[Snapshot]) -> Told {
    let reader = Reader::open(&place.store()).unwrap();
    let verified = reader.verify();
    prop_assert!(verified.is_ok(), "{verified:?}");
    let latest = reader.snapshot().unwrap();
    prop_assert_eq!(&reader.at(latest.serial).unwrap(), &latest);
    prop_assert_eq!(latest.serial, remembered.last().unwrap().serial);
    for then in remembered {
        prop_assert_eq!(&reader.at(then.serial).unwrap(), then, "@{}", then.serial);
        let told = history::state_at(&place.context, history::Moment::Serial(then.serial)).map_err(|why| failed(&why))?;
        let rows: BTreeMap<String, (String, Option<String>)> =
            then.tables.objects.values().map(|row| (row.address.clone(), (row.attributes.clone(), row.workspace.clone()))).collect();
        prop_assert_eq!(said(&told), rows);
    }
    Ok(())
}

#[test]
fn in_every_world_stores_keep_every_law() {
    hold(cases(10), "stores", stores_keep_every_law);
}

#[test]
fn remembered() {
    stores_keep_every_law(8695347021775202101, 2, 1).unwrap();
    stores_keep_every_law(12437031515774118583, 8, 2).unwrap();
}
