//! The laws: what holds in every sound workspace, tried out on generated ones.
//!
//! `WRIT_WORLDS` raises how many worlds are tried, `PROPTEST_RNG_SEED` chooses others. A world is two numbers, so that a
//! failure is repeated by a line in `remembered`. Past 400 lines, since a law says little alone: how worlds are tried, then
//! the laws of plans one after the other; those of stores stand in `laws/stores.rs`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::panic, reason = "a test")]

#[path = "support/dice.rs"]
mod dice;
#[path = "laws/memory.rs"]
mod memory;
#[path = "laws/remembered.rs"]
mod remembered;
#[path = "laws/stores.rs"]
mod stores;
#[path = "laws/world.rs"]
mod world;

use memory::{kept, said, settled};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use world::{Dice, Files, Id, World};
use writ::config::{self, Config};
use writ::diag::{Diagnostics, Severity, SourceFile, Sources, Span};
use writ::kinds::{Strength, WithDefaults, references, with_defaults};
use writ::model::{Action, Address, Change, Node, Object, Table, Value, canonical};
use writ::plan::{self, Input, Plan, document};
use writ::reconcile::{PriorMoves, State, StepKind, deltas, patch};

type Told = Result<(), TestCaseError>;

/// So many cases of each hundred that are asked for. `PROPTEST_RNG_SEED` stands in for the first seed.
fn cases(percent: u32, seed: u64) -> ProptestConfig {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let worlds = number("WRIT_WORLDS").and_then(|n| u32::try_from(n).ok()).unwrap_or(2_000);
    let first = number("PROPTEST_RNG_SEED").unwrap_or(1);
    let rng_seed = RngSeed::Fixed(first.wrapping_add(seed.wrapping_mul(1 << 32)));
    ProptestConfig { cases: worlds.saturating_mul(percent) / 100, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
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
        actor: writ::plan::By::Operator("ann@contoso.example"),
        destroy: asked.destroy,
        targets: asked.targets,
        excludes: asked.excludes,
        since: None,
        only: None,
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
                    println!("{seed} {size} {edits}: {why:?}\n{}", shown(&files));
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
    prop_assert_eq!(&step.planned.plan.changes_digest, &again.plan.changes_digest, "{}", apart());
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
        for object in change.before.iter().chain(&change.after) {
            prop_assert_eq!(canonical(&WithDefaults(object)), canonical(&with_defaults(object)));
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
    let mut there: BTreeMap<Address, Object> = prior.objects.iter().map(|(a, s)| (a.clone(), s.object.clone())).collect();
    let needs = |object: &Object| -> Vec<Address> {
        let strong = references(object).into_iter().filter(|r| r.strength == Strength::Strong).map(|r| r.target.address());
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
    for step in plan.steps() {
        prop_assert!(done.insert(step.clone()), "{step:?} twice");
        let change = plan.changes.iter().find(|c| c.address == step.address).unwrap();
        match step.kind {
            StepKind::Move | StepKind::Adopt | StepKind::Release => {}
            StepKind::Create | StepKind::Update => {
                let object = change.after.clone().unwrap();
                for target in needs(&object) {
                    prop_assert!(there.contains_key(&target), "{step:?}: {target} is not there, in {:#?}", plan.steps());
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
                prop_assert_eq!(count.get(&step.address).copied().unwrap_or(0), 0, "{:?} is needed still, in {:#?}", step, plan.steps());
            }
        }
    }
    let after = settled(state, plan);
    let told: BTreeMap<Address, Object> = there.into_iter().map(|(a, o)| (a.clone(), kept(&a, &o.attributes))).collect();
    prop_assert_eq!(told, after.objects.iter().map(|(a, s)| (a.clone(), s.object.clone())).collect::<BTreeMap<_, _>>());
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
    let digest = plan.changes_digest.clone();
    prop_assert_eq!(&saved.digests.changes, &digest);
    prop_assert_eq!(&saved.as_saved().changes_digest, &digest);
    prop_assert!(saved.relied.stale(state, "w").is_empty());
    let mut found = Diagnostics::new();
    let again = plan::judge_again(&saved, &config.settings, state, now(), plan::By::Operator(&plan.actor), &mut found);
    let again = again.ok_or_else(|| TestCaseError::fail("a saved plan is not what follows from the state"))?;
    prop_assert!(!found.has_errors(), "{:?}", list(&found, Severity::Error, &Sources::default()));
    for (change, same) in plan.changes.iter().zip(&again.changes) {
        prop_assert_eq!(told(change), told(same));
    }
    prop_assert_eq!(&again.changes_digest, &digest);
    prop_assert_eq!(again.steps(), plan.steps());
    prop_assert_eq!(again.relied(), plan.relied());
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
        if dice.chance(25) {
            reading_order_means_nothing(step)?;
        }
        spelling_means_nothing(step, dice)?;
        differences_apply(step)?;
        nothing_ever_dangles(&step.planned.plan, step.state)?;
        saving_loses_nothing(step)?;
        if dice.chance(50) {
            parts_stand_alone(step, dice)?;
        }
        if dice.chance(50) { destroys(step) } else { Ok(()) }
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
        text().prop_map(|t| Node::Text(t.into())),
        text().prop_map(|t| Node::Time(t.into())),
    ];
    let tree = leaf.prop_map(|n| Value::new(n, Span::NONE)).prop_recursive(3, 24, 4, move |inner| {
        let all = || prop::collection::vec(inner.clone(), 0..4);
        let named = prop::collection::vec((text(), inner.clone()), 0..4);
        prop_oneof![
            all().prop_map(|m| Value::set(m, Span::NONE)),
            all().prop_map(|m| Value::new(Node::List(m.into()), Span::NONE)),
            named.prop_map(|rows| Value::new(Node::Table(table(rows)), Span::NONE)),
        ]
    });
    prop::collection::vec((text(), tree), 0..5).prop_map(table)
}

fn table(rows: Vec<(Box<str>, Value)>) -> Table {
    rows.into_iter().map(|(name, value)| (name.into_string().into(), value)).collect()
}

proptest! {
    #![proptest_config(cases(100, 1))]

    #[test]
    fn differences_and_patches_agree((before, after) in (tables(), tables())) {
        let found = deltas(&before, &after);
        prop_assert_eq!(patch(&before, &found), after.clone());
        prop_assert_eq!(found.is_empty(), before == after);
    }
}

#[test]
fn in_every_world_moves_are_only_moves() {
    hold(50, 1, "moves", |seed, size, _| moves_are_only_moves(seed, size));
}

#[test]
fn in_every_world_plans_keep_every_law() {
    hold(50, 1, "plans", plans_keep_every_law);
}

/// The same in other worlds, side by side with the first.
#[test]
fn in_every_other_world_too() {
    hold(50, 2, "plans", plans_keep_every_law);
}

/// Tries a law on so many worlds of each hundred that are asked for.
fn hold(percent: u32, seed: u64, name: &str, law: fn(u64, usize, usize) -> Told) {
    let told = TestRunner::new(cases(percent, seed)).run(&worlds(), |(seed, size, edits)| law(seed, size, edits));
    if let Err(why) = told {
        panic!("{why}");
    }
    tally(name);
}
