//! After any edits of the files, the plan that an apply's memory makes short is the same, to the byte, as the plan of all files and
//! all of the store: what it says in every form, what it finds, and what stands in its way.
//!
//! 2,000 edits in every run; `WRIT_STEPS=100000 cargo test --release --test edits -- --nocapture` tries more.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod edits {
    pub mod model;
    pub mod place;
}

use edits::model::{Dice, World};
use edits::place::{Place, Way};
use std::fs;
use std::time::Duration;

/// How long it takes until a file that was written is known by its stamp.
const SETTLED: Duration = Duration::from_millis(200);

/// How many edits are tried in all.
fn edits() -> usize {
    std::env::var("WRIT_STEPS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000)
}

/// A walk of edits, each followed by the plan in all ways. Returns how many were planned in part, how many while files passed by, and of
/// how many.
fn walk(seed: u64, steps: usize) -> (usize, usize, usize) {
    let mut dice = Dice(seed);
    let mut world = World::new(&mut dice);
    let place = Place::new();
    place.write(&world);
    // What was just written is not trusted; from here on most of it is.
    std::thread::sleep(SETTLED);
    assert!(place.apply(), "{}", place.told(Way::Whole).0);
    let (mut sound, mut kept) = (world.clone(), fs::read(place.memory()).unwrap());
    let (mut short, mut passed, mut damaged_before) = (0, 0, false);
    for step in 0..steps {
        let mut what = String::new();
        // What cannot be recalled is remembered anew soon.
        let damaged = std::mem::take(&mut damaged_before);
        match if damaged { 0 } else { dice.below(20) } {
            0 => {
                what.push_str("apply");
                if place.apply() {
                    sound = world.clone();
                }
            }
            1 => {
                what = place.damage(&mut dice, &mut kept);
                world = if dice.below(2) == 0 { sound.clone() } else { world };
                damaged_before = dice.below(3) > 0;
            }
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
        let (fast, parsed) = place.told(Way::Memory);
        let (whole, all) = place.told(Way::Whole);
        assert!(fast == whole, "seed {seed}, step {step}: {what}\n--- in part\n{fast}\n--- whole\n{whole}");
        let (passing, read) = place.told(Way::Stream);
        assert!(passing == whole && read == all, "seed {seed}, step {step}: {what}\n--- passing\n{passing}\n--- whole\n{whole}");
        passed += usize::from(place.planned(Way::Stream).is_ok_and(|planned| planned.lay.is_none()));
        short += usize::from(parsed.is_some_and(|n| Some(n) != all && n > 0));
        // What cannot be planned is seldom left so.
        if whole.contains("Error") && dice.below(3) > 0 {
            world = sound.clone();
        }
    }
    (short, passed, steps)
}

fn walks(first: u64) {
    let (mut short, mut passed, mut all) = (0, 0, 0);
    let mut seed = first;
    while all < edits() / 2 {
        let (some, others, of) = walk(seed, 125);
        short += some;
        passed += others;
        all += of;
        seed += 2;
    }
    eprintln!("{all} edits, {short} of them planned in part, {passed} while files passed by");
    // Where an edit could name somebody (whom a policy admits, who is of a group, who holds a package), the whole directory is looked at.
    assert!(short * 10 > all, "{short} of {all} were planned in part");
    // Nothing changed, or only what says nothing.
    assert!(passed * 20 > all, "{passed} of {all} were planned while files passed by");
}

#[test]
fn a_plan_after_edits_is_the_same_in_part_and_whole() {
    walks(0);
}

#[test]
fn and_after_others() {
    walks(1);
}

/// A workspace that was applied once its files had settled.
fn applied(catalogs: usize) -> (World, Place) {
    let world = World::of(&mut Dice(7), catalogs).plain();
    let place = Place::new();
    place.write(&world);
    std::thread::sleep(SETTLED);
    assert!(place.apply());
    (world, place)
}

/// What a plan after an edit costs, in what can be counted: files parsed, and objects read of the store.
fn costs(place: &Place) -> (usize, usize) {
    let planned = place.plan();
    assert!(planned.lay.is_none(), "all files were planned");
    (planned.parsed, planned.state.objects.len())
}

#[test]
fn a_plan_after_an_edit_costs_the_same_in_a_workspace_of_any_size() {
    let of = |catalogs: usize| {
        let (mut world, place) = applied(catalogs);
        assert_eq!(costs(&place), (0, 0));
        world.say("templates.toml", "template.policy.wide", "description", "\"wide\"");
        place.write(&world);
        assert!(place.apply());
        let mut edit = |file: &str, header: &str, key: &str, value: &str| {
            world.say(file, header, key, value);
            place.write(&world);
            let costs = costs(&place);
            assert_eq!(place.plan().plan.changes.len(), 1, "{header}");
            assert!(place.apply());
            costs
        };
        [
            edit("c1.toml", "access_package.c1-p1.policy.open", "description", "\"edited\""),
            edit("c1.toml", "access_package.c1-p1", "hidden", "true"),
            edit("c1.toml", "catalog.c1.resource.r2", "roles", "[\"Admin\", \"Reader\", \"User\"]"),
            edit("c1.toml", "catalog.c1", "description", "\"edited\""),
            edit("more.toml", "access_package.c0-p0.policy.more", "template", "\"wide\""),
        ]
    };
    let (few, many) = (of(2), of(40));
    assert_eq!(few, many);
    let parsed = few.map(|(parsed, _)| parsed);
    assert_eq!(parsed, [1, 1, 1, 1, 2], "the file, and that of the template");
    assert!(few.iter().all(|(_, read)| *read < 40), "{few:?}");
}

#[test]
fn an_apply_parses_all_files_whatever_was_remembered() {
    let (mut world, place) = applied(3);
    let all = world.texts().len() - 1;
    let applied = |parsed: usize| {
        let mut planned = place.plan();
        assert_eq!((planned.parsed, planned.lay.is_none()), (parsed, true));
        place.apply_planned(&mut planned).unwrap();
        assert_eq!((planned.parsed, planned.lay.is_some()), (all, true));
        assert!(planned.config.is_some());
    };
    applied(0);
    world.say("c1.toml", "access_package.c1-p1", "hidden", "true");
    place.write(&world);
    applied(1);
    applied(0);
}

#[test]
fn an_edit_is_seen_whatever_its_size_and_time() {
    let (mut world, place) = applied(3);
    let path = place.path("c1.toml");
    for (value, other) in [("\"one\"", "\"two\""), ("\"two\"", "\"six\"")] {
        world.say("c1.toml", "access_package.c1-p1", "description", value);
        place.write(&world);
        std::thread::sleep(SETTLED);
        assert!(place.apply());
        assert_eq!(costs(&place).0, 0);
        // As many bytes, written when the others were as far as anybody can tell.
        let before = fs::metadata(&path).unwrap();
        fs::write(&path, fs::read_to_string(&path).unwrap().replace(value, other)).unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(before.modified().unwrap()).unwrap();
        let after = fs::metadata(&path).unwrap();
        assert_eq!((after.len(), after.modified().unwrap()), (before.len(), before.modified().unwrap()));
        assert_eq!(place.plan().plan.changes.len(), 1);
    }
}

/// Written, applied and written again, all of it at what a coarse clock takes for one moment.
#[test]
fn an_edit_just_after_an_apply_is_seen() {
    let (mut world, place) = applied(2);
    for n in 10..40 {
        world.say("c1.toml", "access_package.c1-p1", "description", &format!("\"{n}\""));
        place.write(&world);
        assert!(place.apply());
        world.say("c1.toml", "access_package.c1-p1", "description", &format!("\"{}\"", n + 50));
        place.write(&world);
        assert_eq!(place.plan().plan.changes.len(), 1);
    }
}
