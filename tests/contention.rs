//! Two who want to write at once: one waits or gives up, and nobody overwrites what another did.

#![expect(clippy::unwrap_used, reason = "a test")]

mod house;

use house::{House, Ran, objects_file};
use std::process::Child;
use std::thread;
use std::time::Duration;
use writ::store::{Holder, Lock, Reader};

const APPLY: &[&str] = &["apply", "--auto-approve"];
const PATIENT: &[&str] = &["apply", "--auto-approve", "--lock-timeout", "30s"];

fn holder() -> Holder {
    Holder {
        actor: "mamta@contoso.example".to_owned(),
        command: "apply".to_owned(),
        pid: std::process::id(),
        host: "build".to_owned(),
        since: "2027-01-01T08:00:00.000Z".to_owned(),
    }
}

fn serial(house: &House) -> u64 {
    Reader::open(&house.store()).unwrap().snapshot().unwrap().serial
}

#[test]
fn who_does_not_wait_is_told_who_holds_the_lock() {
    let house = House::new(8, "one");
    assert_eq!(house.writ(APPLY).code, Some(0));
    house.write("objects.toml", &objects_file(8, "two"));
    let lock = Lock::acquire(&house.store(), Duration::ZERO, &holder(), &|| false).unwrap();
    let refused = house.writ(APPLY);
    assert_eq!(refused.code, Some(6), "{refused:?}");
    let pid = format!("process {}", std::process::id());
    for word in [pid.as_str(), "mamta@contoso.example", "since 2027-01-01", "--lock-timeout"] {
        assert!(refused.err.contains(word), "{word}: {refused:?}");
    }
    let told = house.writ(&["force-unlock"]);
    assert_eq!(told.code, Some(6), "{told:?}");
    assert_eq!(house.writ(&["plan"]).code, Some(0), "a plan takes no lock");
    assert_eq!(serial(&house), 1);
    drop(lock);
    assert_eq!(house.writ(APPLY).code, Some(0));
    assert_eq!(serial(&house), 2);
}

#[test]
fn who_waits_gets_its_turn() {
    let house = House::new(8, "one");
    assert_eq!(house.writ(APPLY).code, Some(0));
    house.write("objects.toml", &objects_file(8, "two"));
    let lock = Lock::acquire(&house.store(), Duration::ZERO, &holder(), &|| false).unwrap();
    let waiting = house.command(PATIENT).spawn().unwrap();
    thread::sleep(Duration::from_millis(700));
    assert_eq!(serial(&house), 1);
    drop(lock);
    let done = Ran::of(waiting.wait_with_output().unwrap());
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(serial(&house), 2);
    assert!(house.writ(&["plan"]).out.contains("No changes."));
}

#[test]
fn of_eight_at_once_one_does_it_and_the_others_find_nothing_to_do() {
    for there in [false, true] {
        let house = House::new(80, "one");
        if there {
            assert_eq!(house.writ(APPLY).code, Some(0));
            house.write("objects.toml", &objects_file(80, "two"));
        }
        let before = if there { serial(&house) } else { 0 };
        let all: Vec<Child> = (0..8).map(|_| house.command(PATIENT).spawn().unwrap()).collect();
        for child in all {
            let ran = Ran::of(child.wait_with_output().unwrap());
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
        assert_eq!(serial(&house), before + 1);
        assert_eq!(house.writ(&["audit", "verify"]).code, Some(0));
        assert!(house.writ(&["plan"]).out.contains("No changes."));
    }
}

/// Workspaces that share a store and want to write to it all at once, each something of its own. `WRIT_CONTENDERS` says how
/// many.
#[test]
fn of_a_hundred_at_once_each_is_done_once_or_told_that_it_was_not() {
    let wanted: usize = std::env::var("WRIT_CONTENDERS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let shared = House::new(8, "one");
    assert_eq!(shared.writ(&["init", "shared", "--admin", "ann@contoso.example"]).code, Some(0));
    let store = shared.root().join("shared/.writ/shared.db");
    let houses: Vec<House> = (0..wanted)
        .map(|n| {
            let house = House::new(0, "one");
            house.write("writ.toml", &format!("[workspace]\nname = \"house{n}\"\nmanages = [\"catalog.c{n}\"]\n"));
            house.write("objects.toml", &format!("[catalog.c{n}]\ndescription = \"{n}\"\n"));
            house
        })
        .collect();
    let begin = |(n, house): (usize, &House)| {
        // Every fourth one does not wait.
        let mut command = house.command(if n % 4 == 3 { APPLY } else { &["apply", "--auto-approve", "--lock-timeout", "1h"] });
        (n, command.env("WRIT_STORE", format!("sqlite:{}", store.display())).spawn().unwrap())
    };
    let all: Vec<(usize, Child)> = houses.iter().enumerate().map(begin).collect();
    let mut serials = Vec::new();
    let mut done = Vec::new();
    for (n, child) in all {
        let ran = Ran::of(child.wait_with_output().unwrap());
        match ran.code {
            Some(0) => {
                let told = ran.out.rsplit_once("is at @").unwrap().1;
                let serial: u64 = told.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();
                serials.push(serial);
                done.push(format!("catalog.c{n}"));
            }
            Some(6) if n % 4 == 3 => {}
            _ => panic!("{n}: {ran:?}"),
        }
    }
    let reader = Reader::open(&store).unwrap();
    assert!(reader.verify().is_ok());
    let now = reader.snapshot().unwrap();
    serials.sort_unstable();
    assert_eq!(serials, (1..=serials.len() as u64).collect::<Vec<_>>(), "each has a serial of its own");
    assert_eq!(now.serial, serials.len() as u64);
    let mut there: Vec<&str> = now.tables.objects.keys().filter(|a| a.starts_with("catalog.c")).map(String::as_str).collect();
    there.sort_unstable();
    done.sort_unstable();
    assert_eq!(there, done, "who was told so has its object, and nobody else");
    println!("{wanted} at once: {} done, {} told that the lock is held", done.len(), wanted - done.len());
}

#[test]
fn an_agreed_plan_that_became_another_one_is_not_applied() {
    let house = House::new(8, "one");
    assert_eq!(house.writ(APPLY).code, Some(0));
    house.write("objects.toml", &objects_file(8, "two"));
    let lock = Lock::acquire(&house.store(), Duration::ZERO, &holder(), &|| false).unwrap();
    // Both plan the same update; while they wait, the files come to say something else, and one of them will see that.
    let both: Vec<Child> = (0..2).map(|_| house.command(PATIENT).spawn().unwrap()).collect();
    thread::sleep(Duration::from_millis(1_500));
    house.write("objects.toml", &objects_file(8, "three"));
    drop(lock);
    let mut codes: Vec<Option<i32>> = both.into_iter().map(|c| Ran::of(c.wait_with_output().unwrap()).code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(4)]);
    assert_eq!(serial(&house), 2);
}

/// A plan saved in `house`, with the files that it was made of.
fn saved(house: &House, name: &str) -> String {
    let file = house.root().join(name).display().to_string();
    let ran = house.writ(&["plan", "-o", &file]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    file
}

#[test]
fn a_saved_plan_is_stale_once_somebody_changed_what_it_touches() {
    let house = House::new(8, "one");
    assert_eq!(house.writ(APPLY).code, Some(0));
    house.write("objects.toml", &objects_file(8, "two"));
    let plan = saved(&house, "two.plan");
    house.write("objects.toml", &objects_file(8, "one").replacen("\"one\"", "\"three\"", 1));
    assert_eq!(house.writ(APPLY).code, Some(0));
    let stale = house.writ(&["apply", &plan]);
    assert_eq!(stale.code, Some(4), "{stale:?}");
    assert!(stale.err.contains("`user.\"u0@contoso.example\"` was changed since, by @2"), "{stale:?}");
    assert!(!stale.err.contains("u1@contoso.example"), "{stale:?}");
    assert_eq!(serial(&house), 2);
}

#[test]
fn an_unrelated_apply_in_between_spoils_nothing() {
    let house = House::new(8, "one");
    assert_eq!(house.writ(APPLY).code, Some(0));
    let (one, two) = (objects_file(8, "one"), objects_file(8, "one").replacen("\"one\"", "\"two\"", 1));
    house.write("objects.toml", &two);
    let plan = saved(&house, "two.plan");
    house.write("objects.toml", &format!("{one}[group.new]\nmembers = [\"u3@contoso.example\"]\n"));
    assert_eq!(house.writ(APPLY).code, Some(0));
    let done = house.writ(&["apply", &plan]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("0 added, 1 changed, 0 destroyed"), "{done:?}");
    house.write("objects.toml", &format!("{two}[group.new]\nmembers = [\"u3@contoso.example\"]\n"));
    assert!(house.writ(&["plan"]).out.contains("No changes."));
    assert_eq!(house.writ(&["audit", "verify"]).code, Some(0));
}

#[test]
fn a_saved_plan_is_applied_once() {
    let house = House::new(8, "one");
    let first = saved(&house, "one.plan");
    let nothing = |ran: Ran| assert_eq!(ran.code, Some(4), "{ran:?}");
    assert_eq!(house.writ(&["apply", &first]).code, Some(0));
    nothing(house.writ(&["apply", &first]));
    house.write("objects.toml", &objects_file(8, "two"));
    let second = saved(&house, "two.plan");
    let both: Vec<Child> = (0..2).map(|_| house.command(&["apply", &second, "--lock-timeout", "30s"]).spawn().unwrap()).collect();
    let mut codes: Vec<Option<i32>> = both.into_iter().map(|c| Ran::of(c.wait_with_output().unwrap()).code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(4)]);
    nothing(house.writ(&["apply", &second]));
    nothing(house.writ(&["apply", &first]));
    assert_eq!(serial(&house), 2);
}

#[test]
fn a_plan_of_nothing_stays_one() {
    let house = House::new(8, "one");
    assert_eq!(house.writ(APPLY).code, Some(0));
    let plan = saved(&house, "nothing.plan");
    let bytes = std::fs::read(house.store()).unwrap();
    for _ in 0..2 {
        assert_eq!(house.writ(&["apply", &plan]).code, Some(0));
        assert_eq!(std::fs::read(house.store()).unwrap(), bytes);
    }
}
