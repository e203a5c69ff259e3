//! The program, killed in the midst of applies: the store is the old one or the new one, and never anything between.
//!
//! `WRIT_KILLS` raises how many times it is killed.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test")]

mod house;

use house::{House, objects_file};
use proptest::prelude::Rng;
use proptest::test_runner::{Config, RngSeed, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use writ::store::{Held, Lock, Reader, Snapshot};

/// Enough for an apply to last a while.
const OBJECTS: usize = 200;

/// What a killed apply was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    /// The first apply, which makes the store.
    First,
    /// Every object changes.
    Update,
    /// Every object goes.
    Destroy,
    /// They come back, in a store that is there.
    Again,
}

const DEEDS: [Deed; 8] = [Deed::First, Deed::Update, Deed::Update, Deed::Destroy, Deed::Again, Deed::Update, Deed::Destroy, Deed::Again];

impl Deed {
    fn arguments(self) -> &'static [&'static str] {
        if self == Deed::Destroy { &["destroy", "--confirm", "house"] } else { &["apply", "--auto-approve"] }
    }
}

/// How long an apply lasts, and how long it holds the lock: as measured first, and then as the kills find it.
#[derive(Debug, Clone, Copy)]
struct Length {
    whole: Duration,
    locked: Duration,
}

/// What was found after the kills of one deed.
#[derive(Debug, Default)]
struct Found {
    kills: usize,
    /// It held the lock.
    inside: usize,
    /// There was no store, and there is none.
    none: usize,
    old: usize,
    new: usize,
    /// A transaction was open, and its journal was left.
    journals: usize,
    /// A store was being made, and its draft was left.
    drafts: usize,
}

fn begin(house: &House, deed: Deed) -> Child {
    house.command(deed.arguments()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn holds_lock(house: &House) -> bool {
    !matches!(Lock::holder(&house.store()), Ok(Held::Free))
}

/// Does a deed to its end.
fn measure(house: &House, deed: Deed) -> Length {
    let start = Instant::now();
    let mut child = begin(house, deed);
    let mut locked = None;
    loop {
        if locked.is_none() && holds_lock(house) {
            locked = Some(start.elapsed());
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{deed:?}: {status}");
            let whole = start.elapsed();
            return Length { whole, locked: locked.map_or(whole / 2, |at| whole - at) };
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn snapshot(house: &House) -> Option<Snapshot> {
    house.store().exists().then(|| Reader::open(&house.store()).unwrap().snapshot().unwrap())
}

/// Kills a deed at a random moment: of its whole run, or of the time that it holds the lock.
fn kill(house: &House, deed: Deed, length: &mut Length, dice: &mut TestRng) {
    let mut child = begin(house, deed);
    let length = if dice.next_u32().is_multiple_of(3) {
        &mut length.whole
    } else {
        while child.try_wait().unwrap().is_none() && !holds_lock(house) {
            thread::sleep(Duration::from_micros(300));
        }
        &mut length.locked
    };
    thread::sleep(length.mul_f64(f64::from(dice.next_u32()) / f64::from(u32::MAX)));
    // Who came too late waits less the next time.
    let late = child.try_wait().unwrap().is_some();
    *length = length.mul_f64(if late { 0.85 } else { 1.12 }).max(Duration::from_millis(5));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What every managed object says, when all of a deed was done.
fn assert_whole(deed: Deed, word: &str, now: &Snapshot) {
    let managed: Vec<_> = now.tables.objects.values().filter(|row| row.workspace.is_some()).collect();
    if deed == Deed::Destroy {
        assert!(managed.is_empty(), "half destroyed: {} are left", managed.len());
        return;
    }
    assert_eq!(managed.len(), OBJECTS + 1);
    let told = managed.iter().filter(|row| matches!(row.kind.as_str(), "user" | "access_package"));
    let old: Vec<_> = told.filter(|row| !row.attributes.contains(&format!("\"{word}\""))).collect();
    assert!(old.is_empty(), "half applied: {old:?}");
}

/// Looks at what a kill left, then lets the same deed go through.
fn look(house: &House, deed: Deed, word: &str, before: Option<&Snapshot>, found: &mut Found) {
    let beside: Vec<String> = fs::read_dir(house.root().join(".writ"))
        .map_or_else(|_| Vec::new(), |all| all.map(|e| e.unwrap().file_name().into_string().unwrap()).collect());
    found.kills += 1;
    found.journals += usize::from(beside.iter().any(|n| n.ends_with("-journal")));
    found.drafts += usize::from(deed == Deed::First && beside.iter().any(|n| n.starts_with(".writ-")));
    found.inside += usize::from(fs::read(house.root().join(".writ/house.db.lock")).is_ok_and(|text| !text.is_empty()));
    assert!(!holds_lock(house), "the dead hold no lock");

    let now = snapshot(house);
    let expected = before.map_or(1, |b| b.serial + 1);
    match &now {
        None => {
            assert!(before.is_none(), "the store is gone");
            found.none += 1;
        }
        Some(now) if Some(now) == before => found.old += 1,
        Some(now) => {
            assert_eq!(now.serial, expected, "neither the old store nor the new one");
            assert_whole(deed, word, now);
            found.new += 1;
        }
    }
    if now.is_some() {
        let reader = Reader::open(&house.store()).unwrap();
        assert!(reader.verify().is_ok(), "{:?}", reader.verify());
    }
    let ran = house.writ(&[deed.arguments(), &["--quiet"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "the next apply does not converge");
    let after = snapshot(house).unwrap();
    assert_eq!(after.serial, expected, "done once");
    assert_whole(deed, word, &after);
    if deed != Deed::Destroy {
        let plan = house.writ(&["plan"]);
        assert!(plan.out.contains("No changes."), "{plan:?}");
    }
}

/// Kills in one workspace after another, `kills` in all.
fn kills(kills: usize, seed: u64, mut lengths: BTreeMap<Deed, Length>) -> BTreeMap<Deed, Found> {
    let mut dice = TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() }).new_rng();
    let mut found: BTreeMap<Deed, Found> = BTreeMap::new();
    let mut house = House::new(OBJECTS, "word0");
    for n in 0..kills {
        let (word, deed) = (format!("word{n}"), DEEDS[n % DEEDS.len()]);
        if deed == Deed::First {
            house = House::new(OBJECTS, &word);
        }
        house.write("objects.toml", &objects_file(OBJECTS, &word));
        let before = snapshot(&house);
        kill(&house, deed, lengths.get_mut(&deed).unwrap(), &mut dice);
        look(&house, deed, &word, before.as_ref(), found.entry(deed).or_default());
    }
    found
}

#[test]
fn a_killed_apply_is_done_or_undone() {
    let wanted = std::env::var("WRIT_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let house = House::new(OBJECTS, "one");
    let mut lengths = BTreeMap::new();
    for (deed, word) in [(Deed::First, "one"), (Deed::Update, "two"), (Deed::Destroy, "two"), (Deed::Again, "two")] {
        house.write("objects.toml", &objects_file(OBJECTS, word));
        lengths.insert(deed, measure(&house, deed));
    }
    let halves: Vec<BTreeMap<Deed, Found>> = thread::scope(|scope| {
        let half = |seed| {
            scope.spawn({
                let lengths = lengths.clone();
                move || kills(wanted / 2, seed, lengths)
            })
        };
        let both: Vec<_> = [1, 2].map(half).into();
        both.into_iter().map(|half| half.join().unwrap()).collect()
    });
    let mut inside = 0;
    println!(
        "{:<9}{:>10}{:>8}{:>8}{:>10}{:>8}{:>8}{:>10}{:>8}",
        "", "lasts", "kills", "locked", "no store", "old", "new", "journals", "drafts"
    );
    for (deed, length) in &lengths {
        let sum = |of: fn(&Found) -> usize| halves.iter().filter_map(|half| half.get(deed)).map(of).sum::<usize>();
        inside += sum(|f| f.inside);
        println!(
            "{:<9}{:>7} ms{:>8}{:>8}{:>10}{:>8}{:>8}{:>10}{:>8}",
            format!("{deed:?}"),
            length.whole.as_millis(),
            sum(|f| f.kills),
            sum(|f| f.inside),
            sum(|f| f.none),
            sum(|f| f.old),
            sum(|f| f.new),
            sum(|f| f.journals),
            sum(|f| f.drafts)
        );
    }
    assert!(inside * 4 >= wanted, "too few of the kills hit an apply that held the lock");
}
