//! Drift: found, and the three ways out of it.
//!
//! ```text
//!  store ─► history ─► what the last apply left ─┐
//!  store ─► state ───► what the store says ──────┼─► plan::drift ─► Drift ─► revert    an apply of these objects
//!  files ─► config ──► what the files say ───────┘                       ├─► adopt     edits files, and nothing else
//!                                                                        └─► tolerate  writes a date into them
//! ```
//!
//! In: a [`Context`]. Out: what drifted, or texts to write. Invariants: looking takes no lock and writes nothing; adopting and tolerating write no
//! store; what they would write was read again and held against every rule before a byte of it is written.

mod adopt;
mod edit;
mod history;
mod tolerate;

pub use adopt::adopt;
pub use tolerate::tolerate;

use super::lifecycle::look_at;
use super::plan::{Amend, Options};
use super::{Context, Failure, Loaded, history::Moment, load, sight};
use crate::authority::Action;
use crate::config::{Config, Known, Settings, read_files};
use crate::diag::{Diagnostics, Sources};
use crate::engine::{Assignment, Cause, Family, Record, Source};
use crate::kinds::access_package::Package;
use crate::kinds::assignment::Assignment as Declared;
use crate::model::Address;
use crate::plan::drift::{Became, Drift, Drifted, Sides, TakenAway, drift as compare};
use crate::reconcile::State;
use crate::store::Reader;
use std::collections::BTreeSet;

/// What drifted, with what it was made of.
#[derive(Debug)]
pub struct Found {
    /// What drifted.
    pub drift: Drift,
    /// What the files say.
    config: Config,
    /// Their texts.
    pub sources: Sources,
    /// What the store says.
    state: State,
    /// What else is wrong with the files: errors, too, since what drifted may be their cause.
    pub findings: Diagnostics,
}

/// Finds what drifted.
///
/// # Errors
/// Files that cannot be read, a store that cannot be used, an actor that will not do.
pub fn find(context: &Context) -> Result<Found, Failure> {
    let Loaded { workspace, place, state, config, settings, findings } = load::load(context)?;
    let sources = workspace.sources;
    // What drifted may be what keeps the files from being sound: somebody else renamed what they refer to.
    let unruled = |settings: &Settings| read_files(&sources).unruled(&state.known_to(&settings.name)).0;
    let Some(config) = config.or_else(|| unruled(&settings)) else { return Err(Failure::Findings(Box::new((findings, sources)))) };
    (context.tell)("reading the history");
    let mut history = match state.lineage {
        Some(_) => history::history(&Reader::open(&place.path)?, &config.settings.name, state.serial)?,
        None => history::History::default(),
    };
    let touched = history.all()?;
    let left = history.settings.as_ref();
    let mut drift = compare(touched, &Sides { config: &config, sources: &sources, state: &state, settings: left, now: context.now });
    if let Some(seen) = sight::addresses(context, &place, &state, &config.objects)? {
        // What is gone is seen where the files declare it.
        drift.objects.retain(|d| d.addresses().all(|a| seen.contains(a)));
    }
    drift.taken_away = taken_away(context, &state, &config)?;
    (context.tell)("");
    Ok(Found { drift, config, sources, state, findings })
}

/// From whom declared assignments were taken by something else than an end, or the files.
fn taken_away(context: &Context, state: &State, config: &Config) -> Result<Vec<TakenAway>, Failure> {
    let name = config.settings.name.as_str();
    let is_assignment = |a: &Address| a.kind() == crate::kinds::assignment::KIND.name && config.objects.contains_key(a);
    if !state.managed_by(name).any(|s| is_assignment(&s.object.address)) {
        return Ok(Vec::new());
    }
    let looked = look_at(context, Moment::Now, |desk| {
        let assignment = |r| if let Record::Assignment(a) = r { Some(*a) } else { None };
        let given: Vec<Assignment> = desk.records.all(Family::Assignment).into_iter().filter_map(assignment).collect();
        let mut all = Vec::new();
        for stored in state.managed_by(name).filter(|s| is_assignment(&s.object.address)) {
            let address = &stored.object.address;
            let package = address.parent().and_then(|p| desk.facts.object(&p)).and_then(Package::of);
            if package.is_none_or(|p| desk.actor.may(&desk.today, Action::ViewAssignments, p).is_err()) {
                continue;
            }
            for user in Declared::of(&stored.object).into_iter().flat_map(|d| d.holders().collect::<Vec<_>>()) {
                let person = desk.facts.person(user.key());
                let mine = |a: &&Assignment| a.source == Source::Declared(stored.id.clone()) && person.is(&a.target);
                let Some(last) = given.iter().rfind(mine).filter(|a| !a.is_live(desk.facts.now)) else { continue };
                let Some(cause @ (Cause::Removed(_) | Cause::GivenUp | Cause::Review(_))) = &last.cause else { continue };
                let (user, cause) = (user.key().to_owned(), cause.words());
                all.push(TakenAway { address: address.clone(), user, cause, since: last.ended });
            }
        }
        Ok(all)
    });
    match looked {
        Err(Failure::Actor(..)) => Ok(Vec::new()),
        looked => looked,
    }
}

impl Found {
    /// The identity of the store.
    #[must_use]
    pub fn lineage(&self) -> Option<&str> {
        self.state.lineage.as_deref()
    }

    /// The objects that somebody means, all of them for no address. One that is tolerated has to be named.
    ///
    /// # Errors
    /// When nothing drifted at an address.
    pub fn chosen(&self, addresses: &[Address]) -> Result<Vec<&Drifted>, Failure> {
        if addresses.is_empty() {
            return Ok(self.drift.objects.iter().filter(|d| d.tolerated.is_none()).collect());
        }
        let is_meant = |d: &Drifted, meant: &Address| d.addresses().any(|a| a.is_within(meant));
        if let Some(idle) = addresses.iter().find(|meant| !self.drift.objects.iter().any(|d| is_meant(d, meant))) {
            let message = format!("nothing drifted at `{idle}`");
            return Err(Failure::Usage(message, "`writ drift` shows what did; `writ plan` shows what the files ask for".to_owned()));
        }
        Ok(self.drift.objects.iter().filter(|d| addresses.iter().any(|meant| is_meant(d, meant))).collect())
    }

    /// The plan that puts objects back to what the files say: names and ownership first, so that each stays the object that it is.
    ///
    /// # Errors
    /// As [`Found::chosen`], and where one is tolerated.
    pub fn back(&self, addresses: &[Address]) -> Result<Options, Failure> {
        let chosen = self.chosen(addresses)?;
        if let Some((address, t)) = chosen.iter().find_map(|d| Some((&d.address, d.tolerated.as_ref()?))) {
            let help = format!("take the `[[tolerate]]` out first: {}:{}", t.file, t.line);
            return Err(Failure::Usage(format!("`{address}` is tolerated until {}", t.until), help));
        }
        let mut only: BTreeSet<Address> = BTreeSet::new();
        let mut amend = Amend::default();
        for drifted in &chosen {
            only.extend(drifted.addresses().cloned());
            match (drifted.became, drifted.previous()) {
                (Became::Renamed, Some(previous)) if own_name(drifted, previous, &chosen) => {
                    amend.moves.push((drifted.address.clone(), previous.clone()));
                }
                (Became::Released, _) => amend.imports.push((drifted.address.clone(), drifted.id.clone())),
                (Became::Adopted, _) if drifted.lived => amend.releases.push(drifted.address.clone()),
                _ => {}
            }
        }
        Ok(Options { only: Some(only), amend, ..Options::default() })
    }

    /// What files may refer to beside what they declare.
    fn known(&self) -> Known {
        self.state.known_to(&self.config.settings.name)
    }
}

/// Whether an object has another name of its own, rather than that of what it stands in.
fn own_name(drifted: &Drifted, previous: &Address, all: &[&Drifted]) -> bool {
    let followed = |d: &&Drifted| {
        let moved = d.previous().and_then(|from| previous.rebase(from, &d.address));
        d.address != drifted.address && moved.as_ref() == Some(&drifted.address)
    };
    !all.iter().any(followed)
}
