//! The lifecycle twice: the engine, and the rules written down once more with lists and loops, on random worlds and what happens in
//! them: what people do, what time brings, what files say, what other systems answer. Whatever is asked, both say the same.
//!
//! After every step, apart from the model: nobody decided on a request of their own or for themselves; nothing outlives its end by more
//! than a look at the clock; what was denied, timed out or canceled gives nothing; what is held, here or over there, has a reason that
//! lives; nobody holds a package twice; nothing declared is given twice. After every apply: a second one has nothing to do; a rule gives
//! exactly to those whom it takes in, but for a grace. Records are here what their events make of them, one by one; that a store's
//! tables are the fold of its events, and that every event is in its chain, is looked at for some of the worlds, in `stored.rs`, since
//! a file for each of them would take hours (`WRIT_STORED` says for how many).
//!
//! Q17 is about callouts, and Writ has none (R166): what is waited for here is another system that is away, until the last try.
//!
//! There are 100,000 worlds in a release build and in `.ci/run`, and a few thousand otherwise. `WRIT_WORLDS` says how
//! many there are to be; `WRIT_SEED` tries one of them, and says with how few steps both differ; what the comparison found
//! once is in `found.rs`. `cargo test --test lifecycle -- --nocapture` prints how often each edge of the request machine was taken.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test"
)]

mod compare;
#[path = "../support/dice.rs"]
mod dice;
mod files;
mod found;
mod invariants;
mod naive;
mod sends;
mod steps;
mod stored;
mod world;

use compare::Engine;
use naive::{Edges, Naive};
use std::fmt::Write;
use steps::Step;
use world::{Dice, World};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|n| n.parse().unwrap())
}

/// What came of one world.
struct Ran {
    edges: Edges,
    steps: usize,
    accepted: usize,
    different: usize,
}

/// One world, and what happens in it; where both differ: the steps so far, and how.
fn run(seed: u64) -> Result<Ran, (Vec<Step>, String)> {
    let mut dice = Dice::new(seed);
    let world = World::generate(&mut dice);
    let mut engine = Engine::new(&world);
    let mut model = Naive::new(world);
    let mut steps = Vec::new();
    let mut accepted = 0;
    for _ in 0..5 + dice.below(21).min(dice.below(21)) {
        let step = steps::next(&mut dice, &model);
        if found::is_left_out(&model, &step) {
            continue;
        }
        steps.push(step.clone());
        match compare::step(&mut model, &mut engine, &step) {
            Ok(done) => accepted += usize::from(done),
            Err(how) => return Err((steps, how)),
        }
    }
    if let Err(how) = compare::all(&model, &engine) {
        return Err((steps, how));
    }
    Ok(Ran { edges: model.edges, steps: steps.len(), accepted, different: 0 })
}

/// Whether these steps make a difference, and which.
fn differs(world: &World, steps: &[Step]) -> Option<String> {
    let mut engine = Engine::new(world);
    let mut model = Naive::new(world.clone());
    let step = steps.iter().find_map(|step| compare::step(&mut model, &mut engine, step).err());
    step.or_else(|| compare::all(&model, &engine).err())
}

/// Fewer steps that still make a difference: each is left out once, as long as that helps.
fn shrink(world: &World, mut steps: Vec<Step>) -> Vec<Step> {
    loop {
        let fewer = (0..steps.len()).rev().find_map(|at| {
            let mut fewer = steps.clone();
            fewer.remove(at);
            differs(world, &fewer).map(|_| fewer)
        });
        match fewer {
            Some(fewer) => steps = fewer,
            None => return steps,
        }
    }
}

fn report(seed: u64, steps: Vec<Step>) -> String {
    let world = World::generate(&mut Dice::new(seed));
    let steps = shrink(&world, steps);
    let mut text = format!("WRIT_SEED={seed}\n{}", world.to_text());
    for step in &steps {
        writeln!(text, "{step:?}").unwrap();
    }
    text.push_str(&differs(&world, &steps).unwrap_or_default());
    text
}

#[test]
fn the_engine_does_what_the_rules_say() {
    if let Some(seed) = number("WRIT_SEED") {
        match run(seed) {
            Ok(ran) => println!("world {seed}: {} steps, no difference", ran.steps),
            Err((steps, _)) => panic!("{}", report(seed, steps)),
        }
        return;
    }
    let worlds = number("WRIT_WORLDS").unwrap_or(if cfg!(debug_assertions) { 4_000 } else { 100_000 });
    let began = std::time::Instant::now();
    let halves: Vec<Ran> = std::thread::scope(|scope| {
        let half = |first: u64| {
            scope.spawn(move || {
                let mut all = Ran { edges: [0; 21], steps: 0, accepted: 0, different: 0 };
                for seed in (first..worlds).step_by(2) {
                    match run(seed) {
                        Ok(ran) => {
                            all.steps += ran.steps;
                            all.accepted += ran.accepted;
                            all.edges.iter_mut().zip(ran.edges).for_each(|(sum, n)| *sum += n);
                        }
                        Err((steps, _)) => {
                            println!("{}", report(seed, steps));
                            all.different += 1;
                            if all.different > 4 {
                                break;
                            }
                        }
                    }
                }
                all
            })
        };
        let threads = [half(0), half(1)];
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let steps: usize = halves.iter().map(|h| h.steps).sum();
    let accepted: usize = halves.iter().map(|h| h.accepted).sum();
    println!("{worlds} worlds, {steps} steps, {accepted} of them taken, {:.1} s", began.elapsed().as_secs_f64());
    let different: usize = halves.iter().map(|h| h.different).sum();
    let mut rare = Vec::new();
    for edge in 1..21 {
        let times: u64 = halves.iter().map(|h| h.edges[edge]).sum();
        let what = if edge == 17 { "the wait for another system ends with the last try" } else { "" };
        println!("{}", format!("Q{edge:<3} {times:<8}{what}").trim_end());
        if times < worlds / 100 {
            rare.push(edge);
        }
    }
    assert_eq!(different, 0, "worlds in which they differ");
    assert!(rare.is_empty(), "too rarely taken: {rare:?}");
}
