//! What a sweep tried and what came of it: one line for each deed, and every violation by name.

use super::world::{Deed, Outcome, deeds};
use proptest::test_runner::{Config, RngSeed, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::{env, thread};

/// What a point came to, or why it may not have.
pub type Verdict = Result<Outcome, String>;

/// All points of one sweep.
#[derive(Debug, Default)]
pub struct Table {
    rows: BTreeMap<Deed, BTreeMap<Outcome, usize>>,
    violations: Vec<String>,
}

impl Table {
    pub fn add(&mut self, deed: Deed, point: &str, verdict: Verdict) {
        match verdict {
            Ok(outcome) => *self.rows.entry(deed).or_default().entry(outcome).or_default() += 1,
            Err(why) => self.violations.push(format!("{deed:?}, {point}: {why}")),
        }
    }

    pub fn tried(&self) -> usize {
        self.rows.values().flat_map(BTreeMap::values).sum::<usize>() + self.violations.len()
    }

    pub fn violations(&self) -> &[String] {
        &self.violations
    }

    /// Prints it, and fails if there is a violation or less was tried than was wanted.
    pub fn conclude(&self, title: &str, wanted: usize) {
        let mut text = format!("\n{title}\n{:<10}{:>8}{:>10}{:>8}{:>8}{:>12}\n", "", "points", "no store", "old", "new", "violations");
        for (deed, row) in &self.rows {
            let count = |o| row.get(&o).copied().unwrap_or(0);
            let name = format!("{deed:?}");
            let wrong = self.violations.iter().filter(|v| v.starts_with(&format!("{name},"))).count();
            let [absent, old, new] = [Outcome::Absent, Outcome::Old, Outcome::New].map(count);
            text.push_str(&format!("{name:<10}{:>8}{absent:>10}{old:>8}{new:>8}{wrong:>12}\n", absent + old + new + wrong));
        }
        println!("{text}");
        let shown = self.violations.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
        assert!(self.violations.is_empty(), "{} violations:\n{shown}", self.violations.len());
        assert!(self.tried() >= wanted, "only {} points of {wanted}", self.tried());
    }
}

/// How many points to try: as the environment says, or as many as suit every run of the tests.
pub fn wanted(variable: &str, usual: usize) -> usize {
    let all = env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    // Where there is one deed instead of many.
    if deeds().len() == 1 { all / 5 } else { all }
}

/// Dice that fall the same way each time.
pub fn dice(seed: u64) -> TestRng {
    TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..Config::default() }).new_rng()
}

/// Does all of it on two threads; each is told its number, to have a place of its own.
pub fn sweep<T: Sync>(points: &[T], tell: impl Fn(&T) -> (Deed, String) + Sync, judge: impl Fn(&T, usize) -> Verdict + Sync) -> Table {
    let halves: Vec<Table> = thread::scope(|scope| {
        let half = |n: usize| {
            let (tell, judge) = (&tell, &judge);
            scope.spawn(move || {
                let mut table = Table::default();
                for point in points.iter().skip(n).step_by(2) {
                    let (deed, name) = tell(point);
                    table.add(deed, &name, judge(point, n));
                }
                table
            })
        };
        let both = [half(0), half(1)];
        both.into_iter().map(|half| half.join().unwrap()).collect()
    });
    let mut all = Table::default();
    for half in halves {
        for (deed, row) in half.rows {
            for (outcome, count) in row {
                *all.rows.entry(deed).or_default().entry(outcome).or_default() += count;
            }
        }
        all.violations.extend(half.violations);
    }
    all
}
