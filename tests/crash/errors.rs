//! A disk that fails or is full, at each call, once and from then on: no run says that it was done when it was not.

use super::table::{sweep, wanted};
use super::tool::{self, Fault};
use super::world::{honest, worlds};

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
        let at = |why: String| format!("at {}: {why}", ran.hit.as_deref().unwrap_or("no call"));
        let outcome = world.judge(&root, world.deed.is_told(&ran.out)).map_err(at)?;
        honest(world.deed, &ran, outcome).map_err(at)?;
        world.recover(&root, outcome).map_err(at)?;
        Ok(outcome)
    };
    sweep(&points, tell, judge).conclude("A failing disk", points.len().min(wanted));
}
