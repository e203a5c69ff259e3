//! A disk that fails or is full, at each call, once and from then on: no run says that it was done when it was not.

use super::table::{sweep, wanted};
use super::tool::{self, Fault};
use super::world::{Deed, Outcome, World, honest, worlds};

#[test]
fn no_error_of_the_disk_is_silent() {
    let wanted = wanted("WRIT_DISK_FAULTS", 300);
    let worlds = worlds();
    let mut points = Vec::new();
    for (w, world) in worlds.iter().enumerate() {
        let calls = world.watch(true, true);
        for (n, call) in calls.iter().enumerate() {
            let looks = matches!(call.name.as_str(), "read" | "flock" | "lock" | "list" | "stat");
            let ways: &[&str] = match call.name.as_str() {
                "write" | "tell" => &["eio", "enospc", "short"],
                _ if looks => &["eio"],
                _ => &["eio", "enospc"],
            };
            for does in ways {
                for on in [false, true] {
                    points.push((w, Fault { does, at: n + 1, on, looks: true }));
                }
            }
        }
    }
    println!("{} points there are", points.len());
    let step = (points.len() / wanted).max(1);
    let points: Vec<_> = points.into_iter().step_by(step).collect();
    let tell = |(w, fault): &(usize, Fault)| (worlds[*w].deed, format!("{fault:?}"));
    let judge = |(w, fault): &(usize, Fault), n: usize| {
        let world = &worlds[*w];
        let root = world.fresh(&format!("failed{n}"));
        let ran = tool::run_with(&root, world.deed.command(&root), *fault);
        if ran.hit.is_none() {
            return Err("no such call came".to_owned());
        }
        let at = |why: String| format!("at {}: {why}", ran.hit.as_deref().unwrap_or("no call"));
        let outcome = world.judge(&root, world.deed.is_told(&ran.out)).map_err(at)?;
        honest(world.deed, &ran, outcome).map_err(at)?;
        world.recover(&root, outcome).map_err(at)?;
        Ok(outcome)
    };
    sweep(&points, tell, judge).conclude("A failing disk", points.len().min(wanted));
}

/// The judges themselves are tried: each finds what it is there for.
#[test]
fn a_store_that_is_not_whole_and_a_run_that_lies_are_found_out() {
    let world = World::new(Deed::Change);
    let ruined = |sql: &str| {
        let root = world.fresh("ruined");
        rusqlite::Connection::open(root.join(".writ/house.db")).unwrap().execute_batch(sql).unwrap();
        world.judge(&root, false).unwrap_err()
    };
    assert!(ruined("DELETE FROM object WHERE address = 'group.crew'").contains("does not verify"));
    assert!(ruined("DROP TABLE event").contains("does not open"));
    let root = world.fresh("gone");
    assert_eq!(world.judge(&root, false), Ok(Outcome::Old));
    assert_eq!(world.judge(&root, true).unwrap_err(), "told as done, and lost");
    std::fs::write(root.join(".writ/.writ-house.db-x1Y2z3.old"), "").unwrap();
    assert!(world.recover(&root, Outcome::Old).unwrap_err().contains("the files are"));
    std::fs::remove_file(root.join(".writ/house.db")).unwrap();
    assert_eq!(world.judge(&root, false).unwrap_err(), "the store is gone");

    let root = world.fresh("lied");
    let mut ran = tool::finish(tool::command(&root, &["plan"]));
    assert_eq!(honest(Deed::Change, &ran, Outcome::Old).unwrap_err(), "exit 0, and nothing was done");
    ran.code = Some(1);
    assert!(honest(Deed::Change, &ran, Outcome::Old).unwrap_err().starts_with("no message"));
    ran.err = "Error: no".to_owned();
    assert!(honest(Deed::Change, &ran, Outcome::New).unwrap_err().starts_with("done, and told as not done"));
    ran.code = Some(11);
    assert!(honest(Deed::Change, &ran, Outcome::Old).unwrap_err().starts_with("exit Some(11)"));
}
