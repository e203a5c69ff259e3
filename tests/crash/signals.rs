//! Ctrl-C and SIGTERM at every call of a run, at the prompt and while it waits: it says that it was interrupted, and nothing
//! was committed, or it finishes and says so.

use super::table::{Verdict, sweep, wanted};
use super::tool::{self, Fault, Ran};
use super::world::{Deed, Outcome, World, worlds};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use writ::store::{Holder, Lock};

/// The word of the shim, the signal's number, and the code of a program that was ended by it.
const SIGNALS: [(&str, i32, i32); 3] = [("int", 2, 130), ("term", 15, 143), ("intint", 2, 130)];

/// What a run says that was interrupted `twice` or once.
fn judge(world: &World, root: &Path, ran: &Ran, (does, number, code): (&str, i32, i32)) -> Verdict {
    let told = world.deed.is_told(&ran.out);
    let outcome = world.judge(root, told)?;
    let ended = ran.signal == Some(number) || ran.code == Some(code);
    match (ran.code, outcome) {
        (Some(0), Outcome::New) if told => {}
        (Some(0), _) => return Err(format!("exit 0, told: {told}, and the store is {outcome:?}")),
        _ if !ended => return Err(format!("{ran:?}")),
        (Some(_), _) if told => return Err("told as done, and as interrupted".to_owned()),
        // The second one does not wait for what the first one would have let finish.
        (None, Outcome::New) if world.deed == Deed::Backup => {}
        (_, Outcome::New) if does != "intint" => return Err(format!("interrupted, and done: {ran:?}")),
        (Some(_), _) if does != "intint" && !ran.err.contains("nothing was committed") => return Err(format!("not said: {ran:?}")),
        _ => {}
    }
    world.recover(root, outcome)?;
    Ok(outcome)
}

#[test]
fn a_signal_at_any_call_ends_a_run_before_its_commit_or_lets_it_finish() {
    let wanted = wanted("WRIT_SIGNALS", 300);
    let worlds = worlds();
    let mut points = Vec::new();
    for (w, world) in worlds.iter().enumerate() {
        let calls = world.watch(true, true).len();
        points.extend((1..=calls).flat_map(|at| SIGNALS.map(|signal| (w, at, signal))));
    }
    let step = (points.len() / wanted).max(1);
    // A step that three divides would always meet the same signal.
    let points: Vec<_> = points.into_iter().step_by(step + usize::from(step.is_multiple_of(3))).collect();
    let tell = |(w, at, (does, ..)): &(usize, usize, (&str, i32, i32))| (worlds[*w].deed, format!("{does} at call {at}"));
    let judge = |(w, at, signal): &(usize, usize, (&'static str, i32, i32)), n: usize| {
        let world = &worlds[*w];
        let root = world.fresh(&format!("signalled{n}"));
        let ran = tool::run_with(&root, world.deed.command(&root), Fault { does: signal.0, at: *at, on: false, looks: true });
        judge(world, &root, &ran, *signal)
    };
    sweep(&points, tell, judge).conclude("Signals", points.len().min(wanted * 9 / 10));
}

pub fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_signal_at_the_prompt_ends_it_with_nothing_done() {
    let world = World::new(Deed::Change);
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let root = world.fresh("asked");
        let mut command = tool::command(&root, &["apply"]);
        let mut child = command.env_remove("WRIT_INPUT").stdin(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut question = Vec::new();
        while !String::from_utf8_lossy(&question).contains("Only `yes` is taken:") {
            assert!(said.read_until(b':', &mut question).unwrap() > 0, "{}", String::from_utf8_lossy(&question));
        }
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let mut rest = String::new();
        child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(world.judge(&root, world.deed.is_told(&rest)), Ok(Outcome::Old));
    }
}

#[test]
fn a_signal_ends_the_waiting_for_the_lock() {
    for world in [Deed::Change, Deed::Move].map(World::new) {
        let calls = world.watch(true, true);
        let taken = calls.iter().position(|call| call.name == "flock").unwrap() + 1;
        for does in SIGNALS {
            let root = world.fresh("waiting");
            let holder = Holder {
                actor: "mamta@contoso.example".to_owned(),
                command: "apply".to_owned(),
                pid: std::process::id(),
                host: "build".to_owned(),
                since: "2027-01-01T08:00:00.000Z".to_owned(),
            };
            let lock = Lock::acquire(&root.join(".writ/house.db"), Duration::ZERO, &holder, &|| false).unwrap();
            // The third try: by then it is waiting.
            let fault = Fault { does: does.0, at: taken + 2, on: false, looks: true };
            let ran = tool::run_with(&root, tool::command(&root, &[world.deed.arguments(), &["--lock-timeout", "600s"]].concat()), fault);
            drop(lock);
            assert_eq!(ran.code, Some(does.2), "{ran:?}");
            assert_eq!(judge(&world, &root, &ran, does), Ok(Outcome::Old));
        }
    }
}
