//! After any edits of the files, the plan that an apply's memory makes short is the same, to the byte, as the plan of all files and
//! all of the store: what it says in every form, what it finds, and what stands in its way.
//!
//! 2,000 edits in every run; `WRIT_EDITS=100000 cargo test --release --test edits -- --nocapture` tries more.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod edits {
    pub mod model;
    pub mod place;
}

use edits::model::{Dice, World};
use edits::place::Place;
use std::fs;
use std::time::Duration;

/// How many edits are tried in all.
fn edits() -> usize {
    std::env::var("WRIT_EDITS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// A walk of edits, each followed by both plans. Returns how many were planned in part, and of how many.
fn walk(seed: u64, steps: usize) -> (usize, usize) {
    let mut dice = Dice(seed);
    let mut world = World::new(&mut dice);
    let place = Place::new();
    place.write(&world);
    // What was just written is not trusted; from here on most of it is.
    std::thread::sleep(Duration::from_millis(2_200));
    assert!(place.apply(), "{}", place.told(true).0);
    let (mut sound, mut kept) = (world.clone(), fs::read(place.memory()).unwrap());
    let mut short = 0;
    for step in 0..steps {
        let mut what = String::new();
        match dice.below(20) {
            0 => {
                what.push_str("apply");
                if place.apply() {
                    sound = world.clone();
                }
            }
            1 => what = place.damage(&mut dice, &mut kept),
            2..=4 => {
                what.push_str("back to what was applied");
                world = sound.clone();
            }
            _ => (0..=dice.below(8) / 6).for_each(|_| what.push_str(&format!("{}; ", world.edit(&mut dice)))),
        }
        place.write(&world);
        if dice.below(10) == 0 {
            place.touch(&mut dice);
        }
        let (fast, parsed) = place.told(false);
        let (whole, all) = place.told(true);
        assert!(fast == whole, "seed {seed}, step {step}: {what}\n--- in part\n{fast}\n--- whole\n{whole}");
        short += usize::from(parsed.is_some_and(|n| Some(n) != all && n > 0));
        // What cannot be planned is seldom left so.
        if whole.contains("Error") && dice.below(3) > 0 {
            world = sound.clone();
        }
    }
    (short, steps)
}

fn walks(first: u64) {
    let (mut short, mut all) = (0, 0);
    let mut seed = first;
    while all < edits() / 2 {
        let (some, of) = walk(seed, 125);
        short += some;
        all += of;
        seed += 2;
    }
    eprintln!("{all} edits, {short} of them planned in part");
    assert!(short * 4 > all, "{short} of {all} were planned in part");
}

#[test]
fn a_plan_after_edits_is_the_same_in_part_and_whole() {
    walks(0);
}

#[test]
fn and_after_others() {
    walks(1);
}
