//! What a plan tells of people, against a computation that looks at every person, every role and every package before and after, on
//! generated worlds and changes of them; and how the program tells it.
//!
//! There are 10,000 worlds in a release build and in `.ci/run`, and fewer otherwise. `WRIT_WORLDS` says how many there
//! are to be; `WRIT_SEED` tries one of them, and says with how few changes both differ.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

#[path = "../support/dice.rs"]
mod dice;
mod naive;
#[path = "../support/mod.rs"]
mod support;
mod told;
mod world;

use dice::Dice;
use naive::{Found, Held, Lines, Naive, facts};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;
use world::{World, key};
use writ::config::Moved;
use writ::diag::{Diagnostics, Span};
use writ::engine::{Actor, Ledger};
use writ::model::{Address, Holdings, Object};
use writ::plan::impact::{Before, Impact, Someone, measure};
use writ::plan::{afterwards, renamed};
use writ::reconcile::{Reconciled, State, Wanted, reconcile};

/// What has to come up again and again, and how often in a thousand worlds at least.
const CATEGORIES: [(&str, usize); 18] = [
    ("gain", 500),
    ("lose", 150),
    ("keep", 40),
    ("gain later", 20),
    ("lose later", 15),
    ("earlier", 12),
    ("later", 5),
    ("open", 80),
    ("close", 80),
    ("open to all", 15),
    ("close to all", 15),
    ("control gain", 80),
    ("control lose", 60),
    ("closed", 30),
    ("undecided", 5),
    ("breach", 40),
    ("same", 60),
    ("moved", 100),
];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|n| n.parse().unwrap())
}

/// A world, what is held and asked for in it, and what is changed.
struct Case {
    before: World,
    objects: Arc<Holdings>,
    ledger: Ledger,
    names: Vec<(String, String)>,
    moves: Vec<Moved>,
    /// Each edit by its own dice, so that any of them can be left out.
    edits: Vec<u64>,
}

impl Case {
    fn of(seed: u64) -> Case {
        let mut dice = Dice::new(seed);
        let before = World::generate(&mut dice);
        let objects = Arc::new(before.holdings());
        let ledger = before.records(&mut dice, &objects);
        let mut case = Case { before, objects, ledger, names: Vec::new(), moves: Vec::new(), edits: Vec::new() };
        if dice.chance(25)
            && let Some((from, to, address)) = case.before.new_name(&mut dice)
        {
            case.names.push((from, to));
            let (from, to) = (Address::parse(&address).unwrap(), Address::parse(&world::rename(&address, &case.names)).unwrap());
            case.moves.push(Moved { from, to, at: Span::NONE });
        }
        case.edits = (0..1 + dice.below(4)).map(|n| seed.wrapping_mul(64).wrapping_add(n as u64)).collect();
        case
    }

    fn after(&self) -> World {
        let mut after = self.before.renamed(&self.names);
        self.edits.iter().for_each(|edit| after.edit(&mut Dice::new(*edit)));
        after
    }
}

/// What the plan tells, in the words of the naive computation.
fn told(impact: &Impact) -> Lines {
    let mut lines = Lines::new();
    let mut say = |category: &'static str, line: String| assert!(lines.entry(category).or_default().insert(line), "told twice");
    for shift in &impact.roles {
        let role = format!("{}:{} {}", shift.kind, shift.key, shift.role);
        for (all, now, later) in [(&shift.gain, "gain", "gain later"), (&shift.lose, "lose", "lose later"), (&shift.keep, "keep", "")] {
            for Someone { person, from, .. } in all {
                match from {
                    None => say(now, format!("{role} {person}")),
                    Some(at) => say(later, format!("{role} {person} {at}")),
                }
            }
        }
    }
    for e in &impact.ends {
        let word = if e.is_earlier() { "earlier" } else { "later" };
        say(word, format!("{} {} {:?} {:?}", e.package, e.person, e.before, e.after));
    }
    for reach in &impact.requestable {
        let all = [("open", &reach.gain), ("close", &reach.lose), ("open to all", &reach.opens), ("close to all", &reach.closes)];
        all.into_iter().for_each(|(word, people)| people.iter().for_each(|p| say(word, format!("{} {p}", reach.package))));
    }
    for control in &impact.control {
        control.gain.iter().for_each(|p| say("control gain", format!("{} {p}", control.delegation)));
        control.lose.iter().for_each(|p| say("control lose", format!("{} {p}", control.delegation)));
    }
    for w in &impact.waiting {
        say(if w.closed.is_some() { "closed" } else { "undecided" }, format!("{} {} {}", w.request, w.package, w.person));
    }
    impact.breaches.iter().for_each(|b| say("breach", format!("{} and {} {}", b.package, b.other, b.person)));
    impact.same.iter().for_each(|s| say("same", format!("{} {} {:?} {}", s.policy, s.running, s.last, s.pending)));
    lines
}

/// By what people are told to gain, lose and keep is something that gives, gave or still gives it.
fn is_by_what_gives(impact: &Impact, found: &Found) -> Result<(), String> {
    for shift in &impact.roles {
        let role = format!("{}:{} {}", shift.kind, shift.key, shift.role);
        for (all, held) in [(&shift.gain, &found.has), (&shift.lose, &found.had), (&shift.keep, &found.has)] {
            let wrong = |s: &&Someone| {
                let through = s.through.as_ref().unwrap();
                let giver = s.policy.as_ref().map_or_else(|| through.to_string(), |policy| format!("{through} {policy}"));
                let held: &Held = held;
                s.from.is_none() && !held.get(&(role.clone(), s.person.clone())).is_some_and(|by| by.contains(&giver))
            };
            if let Some(wrong) = all.iter().find(wrong) {
                return Err(format!("not by that: {role} {wrong:?}\n"));
            }
        }
    }
    Ok(())
}

/// How often each category came up; or where both differ.
fn run(case: &Case) -> Result<BTreeMap<&'static str, usize>, String> {
    let after = case.after();
    if after.gives_what_excludes() {
        return Ok(BTreeMap::new());
    }
    let after_objects = after.holdings();
    let objects: BTreeMap<Address, Object> = after_objects.values().map(|s| (s.object.address.clone(), s.object.clone())).collect();
    let state = State { lineage: Some("l".to_owned()), serial: 1, objects: Arc::clone(&case.objects), ..State::default() };
    let templates = BTreeMap::new();
    let wanted = Wanted {
        workspace: "test",
        objects: &objects,
        moves: &case.moves,
        removals: &[],
        imports: &[],
        manages: &|_| true,
        templates: &templates,
    };
    let Reconciled { changes, .. } = reconcile(&wanted, &state, &mut Diagnostics::new());
    let actor = Actor::Operator("operator:root@here".to_owned());
    let objects = renamed(&state, &changes);
    let before = facts(&objects, &case.ledger);
    let impact = measure(&Before { facts: &before, changes: &changes, actor: &actor }, &afterwards(&state, &changes));
    let found =
        Naive { before: &case.before, after: &after, names: &case.names, ledger: &case.ledger, objects: (&state.objects, &after_objects) };
    let found = found.find();
    let told = told(&impact);
    if told != found.lines {
        let mut text = String::new();
        for (all, other, word) in [(&found.lines, &told, "naive"), (&told, &found.lines, "plan")] {
            for (category, line) in all.iter().flat_map(|(c, lines)| lines.iter().map(move |l| (c, l))) {
                if !other.get(category).is_some_and(|lines| lines.contains(line)) {
                    writeln!(text, "only {word}: {category} {line}").unwrap();
                }
            }
        }
        return Err(text);
    }
    is_by_what_gives(&impact, &found)?;
    let mut times: BTreeMap<&'static str, usize> = found.lines.iter().map(|(category, lines)| (*category, lines.len())).collect();
    times.insert("moved", case.moves.len());
    Ok(times)
}

/// Fewer edits, and fewer records, that still make a difference.
fn report(seed: u64) -> String {
    let mut case = Case::of(seed);
    let differs = |case: &Case| run(case).is_err();
    loop {
        let fewer = (0..case.edits.len()).find_map(|at| {
            let edits = case.edits.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, e)| *e).collect();
            let fewer = Case { edits, ..Case::of(seed) };
            differs(&fewer).then_some(fewer.edits)
        });
        match fewer {
            Some(edits) => case.edits = edits,
            None => break,
        }
    }
    for record in case.ledger.0.keys().cloned().collect::<Vec<_>>() {
        let kept = case.ledger.0.remove(&record);
        if !differs(&case) {
            case.ledger.0.extend(kept.map(|kept| (record, kept)));
        }
    }
    let mut text = format!("WRIT_SEED={seed}, names {:?}\n{}", case.names, case.before.to_text());
    case.ledger.0.values().for_each(|record| writeln!(text, "{record:?}").unwrap());
    let (before, after) = (case.before.renamed(&case.names), case.after());
    for address in before.things.keys().chain(after.things.keys()).collect::<BTreeSet<_>>() {
        let (old, new) = (before.things.get(address), after.things.get(address));
        if old != new {
            let json = |t: Option<&world::Thing>| t.map_or_else(|| "nothing".to_owned(), |t| t.json.to_string());
            writeln!(text, "change of {address} ({}): {} -> {}", key(address), json(old), json(new)).unwrap();
        }
    }
    text + &run(&case).err().unwrap_or_default()
}

#[test]
fn a_plan_tells_of_people_what_looking_at_everybody_tells() {
    if let Some(seed) = number("WRIT_SEED") {
        match run(&Case::of(seed)) {
            Ok(times) => println!("world {seed}: {times:?}, no difference"),
            Err(_) => panic!("{}", report(seed)),
        }
        return;
    }
    let worlds = number("WRIT_WORLDS").unwrap_or(if cfg!(debug_assertions) { 2_000 } else { 10_000 });
    let began = std::time::Instant::now();
    let halves: Vec<(BTreeMap<&str, usize>, usize)> = std::thread::scope(|scope| {
        let half = |first: u64| {
            scope.spawn(move || {
                let (mut all, mut different) = (BTreeMap::new(), 0);
                for seed in (first..worlds).step_by(2) {
                    match run(&Case::of(seed)) {
                        Ok(times) => times.into_iter().for_each(|(category, n)| *all.entry(category).or_default() += n),
                        Err(_) => {
                            println!("{}", report(seed));
                            different += 1;
                            if different > 4 {
                                break;
                            }
                        }
                    }
                }
                (all, different)
            })
        };
        let threads = [half(0), half(1)];
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    println!("{worlds} worlds, {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!(halves.iter().map(|(_, different)| different).sum::<usize>(), 0, "worlds in which they differ");
    let times = |category: &str| halves.iter().map(|(all, _)| all.get(category).copied().unwrap_or(0)).sum::<usize>();
    let mut rare = Vec::new();
    for (category, least) in CATEGORIES {
        println!("{category:<14}{}", times(category));
        rare.extend((times(category) * 1_000 < worlds as usize * least).then_some(category));
    }
    assert!(rare.is_empty(), "too rarely: {rare:?}");
}
