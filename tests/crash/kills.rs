//! Killed before, after and in the midst of each storage call, and killed again while the next run clears up.

use super::table::{Verdict, dice, sweep, wanted};
use super::tool::{self, Fault};
use super::world::{Outcome, World, worlds};
use proptest::prelude::Rng;
use std::path::Path;

/// Where the run is killed, and where the one after it.
struct Point {
    world: usize,
    first: Fault,
    second: Option<Fault>,
}

/// The places where a run can be killed.
fn places(world: &World) -> Vec<Fault> {
    let calls = world.watch(false, true);
    let at = |(n, call): (usize, &tool::Record)| {
        let torn = (matches!(call.name.as_str(), "write" | "tell") && call.one.len() > 1).then_some("torn");
        ["before", "after"].into_iter().chain(torn).map(move |does| Fault::once(does, n + 1)).collect::<Vec<_>>()
    };
    calls.iter().enumerate().flat_map(at).collect()
}

fn judge(world: &World, point: &Point, thread: usize) -> Verdict {
    let root = world.fresh(&format!("killed{thread}"));
    let killed = |fault: Fault, root: &Path, sure: bool| {
        let ran = tool::run_with(root, world.deed.command(root), fault);
        let told = world.deed.is_told(&ran.out);
        // A second run may have less to do than the first, and end before its turn comes.
        let died = ran.signal == Some(9) || (!sure && ran.code == Some(0));
        if died { Ok(told) } else { Err(format!("not killed: {ran:?}")) }
    };
    let mut told = killed(point.first, &root, true)?;
    let mut outcome = world.judge(&root, told)?;
    // What was done and cannot be done again is left at that.
    if let Some(second) = point.second.filter(|_| world.deed.repeats() || outcome != Outcome::New) {
        told |= killed(second, &root, false)?;
        let again = world.judge(&root, told)?;
        if outcome == Outcome::New && again != Outcome::New {
            return Err("undone by the next run".to_owned());
        }
        outcome = again;
    }
    world.recover(&root, outcome)?;
    Ok(outcome)
}

#[test]
fn killed_at_any_storage_call_a_run_is_done_or_undone() {
    let wanted = wanted("WRIT_CRASHES", 1_000);
    let worlds = worlds();
    let places: Vec<_> = worlds.iter().map(places).collect();
    let mut points = Vec::new();
    for (world, places) in places.iter().enumerate() {
        points.extend(places.iter().map(|first| Point { world, first: *first, second: None }));
    }
    // Of all places as many as are wanted, evenly; the rest is killed twice.
    let (all, first) = (points.len(), wanted * 4 / 5);
    if all > first {
        points = points.into_iter().enumerate().filter(|(n, _)| n * first % all < first).map(|(_, point)| point).collect();
    }
    let mut dice = dice(1);
    let enough = wanted;
    while points.len() < enough {
        let world = points.len() % worlds.len();
        let mut any = || places[world][dice.next_u32() as usize % places[world].len()];
        points.push(Point { world, first: any(), second: Some(any()) });
    }
    let tell = |p: &Point| (worlds[p.world].deed, format!("{:?} then {:?}", p.first, p.second));
    sweep(&points, tell, |p, n| judge(&worlds[p.world], p, n)).conclude("Killed at storage calls", wanted);
}

#[test]
fn without_memory_a_run_is_done_or_undone() {
    let wanted = wanted("WRIT_STARVED", 150);
    let worlds = worlds();
    let mut points = Vec::new();
    for (w, world) in worlds.iter().enumerate() {
        let counted = world.fresh("counted");
        let all = tool::allocations(&counted, world.deed.command(&counted));
        let some = wanted / worlds.len();
        println!("{:?} asks {all} times for memory", world.deed);
        points.extend((0..some).map(|n| (w, 1 + all * n / some, n % 2 == 0)));
    }
    let tell = |(w, at, on): &(usize, usize, bool)| (worlds[*w].deed, format!("allocation {at}, and on: {on}"));
    let judge = |(w, at, on): &(usize, usize, bool), n: usize| {
        let world = &worlds[*w];
        let root = world.fresh(&format!("starved{n}"));
        let ran = tool::run_starved(world.deed.command(&root), *at, *on);
        let outcome = world.judge(&root, world.deed.is_told(&ran.out))?;
        if ran.code == Some(0) && outcome != Outcome::New {
            return Err("exit 0, and nothing was done".to_owned());
        }
        world.recover(&root, outcome)?;
        Ok(outcome)
    };
    sweep(&points, tell, judge).conclude("Without memory", points.len());
}
