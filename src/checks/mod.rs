//! Rules about the rules: what the checks of a workspace come to, and what its tests do.
//!
//! In: the objects as an apply would leave them, what changes, the time, and the checks as they are written ([`Check`]) or as they
//! were applied. Out: for each check what does not keep to it ([`Outcome`]).
//! Invariants: nothing is read or written here; what is judged follows from the objects and the time alone, never from what people
//! asked for meanwhile, so that the same files give the same answer everywhere; who may request and who decides is asked of
//! the engine itself; an expression that cannot be told is a finding, and no answer.
//!
//! ```text
//! Check ──► judge ──► custom     CEL over objects, changes and the figures of the plan
//!                 └─► made       a file for each ready-made check; two of them are proofs, and tell a story
//! Trial ──► trial                 one request, by the engine, on a clock of its own
//!   all of them ask ──► world     who there is, who stands in which group, whom a policy admits
//! ```

mod bits;
mod custom;
pub mod made;
mod standing;
#[cfg(test)]
mod testing;
pub mod trial;
mod world;

pub use world::World;

use crate::config::Check;
use crate::diag::{Code, codes};
use crate::engine::Facts;
use crate::expr::Fuel;
use crate::model::{Address, Change, Holdings, Zone};
use chrono::{DateTime, Utc};
use standing::Standing;

/// What checks look at.
pub struct Judged<'a> {
    /// The objects as an apply would leave them.
    pub objects: &'a Holdings,
    /// What it would change.
    pub changes: &'a [Change],
    /// How many people would lose access.
    pub people_losing_access: usize,
    /// When the apply would be.
    pub now: DateTime<Utc>,
    /// The workspace's zone.
    pub zone: Zone,
    /// Of several policies that admit somebody only those of the narrowest class are offered (R115).
    pub narrowest_only: bool,
    /// The file and line of an object.
    pub place: &'a dyn Fn(&Address) -> Option<(String, u32)>,
}

/// Something that does not keep to a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// E0507, W0508 or E0509.
    pub code: &'static Code,
    /// The object it is about, if it is about one.
    pub address: Option<Address>,
    /// Where that stands.
    pub place: Option<(String, u32)>,
    /// One line: what is so, with names.
    pub message: String,
    /// The way out, where the check knows one.
    pub help: Option<String>,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The check.
    pub check: Check,
    /// What does not keep to it; the first [`MOST`] of all.
    pub found: Vec<Found>,
    /// How many there are beyond these.
    pub more: usize,
}

/// So much is told of one check.
pub const MOST: usize = 1_000;

/// Steps for all expressions of all checks together.
const STEPS: u64 = 100_000_000;

impl Outcome {
    /// Whether everything keeps to it.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.found.is_empty()
    }
}

/// What the checks come to, in their order.
#[must_use]
pub fn judge(judged: &Judged<'_>, checks: &[Check]) -> Vec<Outcome> {
    if checks.is_empty() {
        return Vec::new();
    }
    let Judged { objects, now, zone, narrowest_only, .. } = *judged;
    let standing = Standing::of(objects, zone, now);
    let facts = Facts::new(objects, &standing, now, zone, narrowest_only);
    let world = World::new(judged, &facts, &standing);
    let mut fuel = Fuel::new(STEPS);
    let one = |check: &Check| {
        let mut found = match check.ready_made.as_deref() {
            Some(name) => made::find(name).map(|ask| ask(&world, check)).unwrap_or_default(),
            None => custom::ask(&world, check, &mut fuel),
        };
        found.retain(|f| f.address.as_ref().is_none_or(|a| !check.spares(a)));
        let more = found.len().saturating_sub(MOST);
        found.truncate(MOST);
        for one in &mut found {
            if let Some(message) = check.message.as_ref().filter(|_| check.ready_made.is_some()) {
                one.message = format!("{message}: {}", one.message);
            }
            if check.is_warning() {
                one.code = &codes::W0508;
            }
            one.help = check.help.clone().or_else(|| one.help.take());
        }
        Outcome { check: check.clone(), found, more }
    };
    checks.iter().map(one).collect()
}
