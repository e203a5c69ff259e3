//! Drift: what the store says otherwise than the last apply left it, though the files did not ask for it.
//!
//! In: three sides of each object that something else than an apply of these files has touched: as the last apply left it, as the store
//! has it, and as the files declare it. Out: [`Drift`].
//!
//! ```text
//!  left   store   files
//!   a       a       a     nothing
//!   a       a       b     an edit that is not applied yet: a plan's, and no drift
//!   a       b       a     drift
//!   a       b       b     nothing any more: the files say it too
//!   a       b       c     drift, and an edit beside it
//! ```
//!
//! Invariants: nothing is read and nothing is changed; an edit of the files alone is never drift.

use super::Tolerated;
use crate::config::{AppliedSettings, Config};
use crate::diag::{Diagnostics, Sources};
use crate::kinds::access_package::Package;
use crate::model::{Action, Address, Cause, Change, Object, Origin, Stored};
use crate::reconcile::{State, Wanted, deltas, reconcile};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A revision that something else than an apply of these files made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Deed {
    /// The revision.
    pub serial: u64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// By which command.
    pub command: String,
}

/// An object that such revisions have touched.
#[derive(Debug, Clone)]
pub struct Touched {
    /// As the last apply left it; `None`: it was not the workspace's then.
    pub left: Option<Stored>,
    /// It lived in the store before the workspace managed it.
    pub lived: bool,
    /// Its id.
    pub id: String,
    /// What was done since, the oldest first.
    pub deeds: Vec<Deed>,
}

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Became {
    /// It says something else.
    Changed,
    /// It has another name, and may say something else, too.
    Renamed,
    /// It is not in the store any more.
    Deleted,
    /// It lives on, and the workspace does not manage it.
    Released,
    /// The workspace manages it, and no apply made that so.
    Adopted,
}

impl Became {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Became::Changed => "was changed",
            Became::Renamed => "was renamed",
            Became::Deleted => "was deleted",
            Became::Released => "is no longer managed, and lives on",
            Became::Adopted => "became managed",
        }
    }
}

/// One object that drifted.
#[derive(Debug, Clone)]
pub struct Drifted {
    /// Where it is, or was.
    pub address: Address,
    /// What became of it.
    pub became: Became,
    /// From what the last apply left to what the store says.
    pub change: Change,
    /// It lived in the store before.
    pub lived: bool,
    /// Its id.
    pub id: String,
    /// Who did it, when, by what.
    pub deeds: Vec<Deed>,
    /// The files say something else too than what was applied.
    pub edited: bool,
    /// It is known, and left alone until a date.
    pub tolerated: Option<Tolerated>,
    /// Where it is declared.
    pub place: Option<(String, u32)>,
}

impl Drifted {
    /// Where it was, if it has another name.
    #[must_use]
    pub fn previous(&self) -> Option<&Address> {
        self.change.previous.as_ref()
    }

    /// Its addresses, then and now.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.previous().into_iter().chain([&self.address])
    }
}

/// Settings of the workspace that something else than an apply has changed.
#[derive(Debug, Clone)]
pub struct SettingsDrift {
    /// As last applied.
    pub left: AppliedSettings,
    /// As the store has them.
    pub now: AppliedSettings,
    /// Who did it.
    pub deeds: Vec<Deed>,
}

/// A person of a declared assignment from whom it was taken: the files declare it still, and no apply gives it anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenAway {
    /// The declared assignment.
    pub address: Address,
    /// The person.
    pub user: String,
    /// By what.
    pub cause: String,
    /// Since when.
    pub since: Option<DateTime<Utc>>,
}

/// All that drifted.
#[derive(Debug, Clone)]
pub struct Drift {
    /// The workspace.
    pub workspace: String,
    /// The serial that the store stands at.
    pub serial: u64,
    /// Objects, by address.
    pub objects: Vec<Drifted>,
    /// Settings, if they did.
    pub settings: Option<SettingsDrift>,
    /// How many changes of the files are not applied yet.
    pub pending: usize,
    /// From whom declared assignments were taken. Nothing has to be done about it.
    pub taken_away: Vec<TakenAway>,
}

impl Drift {
    /// Whether there is any that nobody tolerates.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_none() && self.objects.iter().all(|d| d.tolerated.is_some())
    }
}

/// The three sides.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// What the files say.
    pub config: &'a Config,
    /// Their texts.
    pub sources: &'a Sources,
    /// What the store says.
    pub state: &'a State,
    /// The settings as the last apply left them, and what was done to them since.
    pub settings: Option<&'a (AppliedSettings, Vec<Deed>)>,
    /// When.
    pub now: DateTime<Utc>,
}

/// Works out what drifted of what was touched.
#[must_use]
pub fn drift(touched: Vec<Touched>, sides: &Sides<'_>) -> Drift {
    let Sides { config, state, .. } = *sides;
    let name = config.settings.name.as_str();
    let ids: BTreeSet<&str> = touched.iter().map(|t| t.id.as_str()).collect();
    let live: BTreeMap<&str, &Stored> =
        state.objects.values().filter(|s| ids.contains(s.id.as_str())).map(|s| (s.id.as_str(), s)).collect();
    let (made, others): (Vec<Touched>, Vec<Touched>) = touched.iter().cloned().partition(|t| t.left.is_none());
    // What was deleted and is there again under its name is one object that was changed.
    let mut anew: BTreeMap<Address, (&Stored, Touched)> = BTreeMap::new();
    for new in made {
        if let Some(stored) = live.get(new.id.as_str()).filter(|s| s.workspace.as_deref() == Some(name)) {
            anew.insert(stored.object.address.clone(), (stored, new));
        }
    }
    let mut objects = Vec::new();
    for Touched { left, lived, id, mut deeds } in others {
        let Some(left) = left else { continue };
        let mut now = live.get(id.as_str()).copied();
        if now.is_none()
            && let Some((stored, new)) = anew.remove(&left.object.address)
        {
            now = Some(stored);
            deeds.extend(new.deeds);
        }
        objects.extend(of_one(Some(&left), now, Touched { left: None, lived, id, deeds }, sides));
    }
    objects.extend(anew.into_values().filter_map(|(stored, new)| of_one(None, Some(stored), new, sides)));
    objects.sort_by(|a, b| a.address.cmp(&b.address));
    let applied = state.applied(name);
    let written = config.settings.applied();
    let settings = sides.settings.zip(applied).filter(|((left, _), now)| left != *now && **now != written);
    let settings = settings.map(|((left, deeds), now)| SettingsDrift { left: left.clone(), now: now.clone(), deeds: deeds.clone() });
    let pending = pending(&objects, sides).saturating_add(usize::from(settings.is_none() && applied.is_some_and(|a| *a != written)));
    Drift { workspace: name.to_owned(), serial: state.serial, objects, settings, pending, taken_away: Vec::new() }
}

/// What became of one object, if it drifted.
fn of_one(left: Option<&Stored>, live: Option<&Stored>, touched: Touched, sides: &Sides<'_>) -> Option<Drifted> {
    let Sides { config, sources, now, .. } = *sides;
    let Touched { lived, id, mut deeds, .. } = touched;
    let managed = live.filter(|s| s.workspace.as_deref() == Some(config.settings.name.as_str()));
    let said = |stored: &Stored| config.objects.get(&stored.object.address).is_some_and(|o| o.attributes == stored.object.attributes);
    let declared = |stored: &Stored| config.objects.contains_key(&stored.object.address);
    let (became, agreed) = match (left, live, managed) {
        (Some(left), _, Some(now)) if left.object.address != now.object.address => (Became::Renamed, said(now) && !declared(left)),
        (Some(left), _, Some(now)) if left.object.attributes == now.object.attributes => return None,
        (Some(_), _, Some(now)) => (Became::Changed, said(now)),
        (Some(left), Some(_), None) => (Became::Released, !declared(left)),
        (Some(left), None, None) => (Became::Deleted, !declared(left)),
        (None, _, Some(now)) => (Became::Adopted, said(now)),
        (None, _, None) => return None,
    };
    if agreed {
        return None;
    }
    deeds.sort();
    deeds.dedup();
    let change = change(became, left, live)?;
    let address = change.address.clone();
    let home = left.map_or(&address, |l| &l.object.address);
    let tolerated = [home, &address].into_iter().find_map(|a| {
        let holds = |t: &&crate::config::Tolerance| t.address == *a && t.holds(config.settings.zone, now);
        config.tolerances.iter().find(holds).map(|t| Tolerated::of(t, sources))
    });
    let stands = config.objects.get(home).or_else(|| config.objects.get(&address));
    let place = stands.and_then(|o| sources.line(o.at)).map(|(file, line)| (file.to_owned(), line));
    let edited = left.is_some_and(|l| !said(l));
    Some(Drifted { address, became, change, lived, id, deeds, edited, tolerated, place })
}

/// From what was left to what is, as plans tell changes.
fn change(became: Became, left: Option<&Stored>, live: Option<&Stored>) -> Option<Change> {
    let object = |stored: Option<&Stored>| stored.map(|s| s.object.clone());
    let (action, before, after): (Action, Option<Object>, Option<Object>) = match became {
        Became::Changed | Became::Renamed => (Action::Update, object(left), object(live)),
        Became::Deleted => (Action::Delete, object(left), None),
        Became::Released => (Action::Forget, object(left), None),
        Became::Adopted => (Action::Create, None, object(live)),
    };
    let (old, new) = (before.as_ref(), after.as_ref());
    let address = new.or(old)?.address.clone();
    let differs = old.zip(new).map(|(old, new)| deltas(&old.attributes, &new.attributes)).unwrap_or_default();
    Some(Change {
        previous: old.map(|o| o.address.clone()).filter(|old| *old != address),
        address,
        action,
        deltas: differs,
        before,
        after,
        replaced_by: Vec::new(),
        cause: Cause { at: crate::diag::Span::NONE, place: None, stood: Vec::new(), template: None },
        import_id: None,
        origin: Origin::default(),
    })
}

/// How many changes a plan would make for the sake of edits, and not of drift.
fn pending(drifted: &[Drifted], sides: &Sides<'_>) -> usize {
    let Sides { config, state, .. } = *sides;
    let about: BTreeSet<&Address> = drifted.iter().flat_map(Drifted::addresses).collect();
    let catalog_of = |root: &Address| {
        let stored = || state.objects.get(root).map(|s| &s.object);
        config.objects.get(root).or_else(stored).and_then(Package::of).map(|p| p.catalog())
    };
    let manages = |address: &Address| config.settings.manages(address, &catalog_of);
    let wanted = Wanted {
        workspace: config.settings.name.as_str(),
        objects: &config.objects,
        moves: &config.moves,
        removals: &config.removals,
        imports: &config.imports,
        manages: &manages,
        templates: &config.templates,
    };
    // What cannot be planned is told by a plan.
    let changes = reconcile(&wanted, state, &mut Diagnostics::new()).changes;
    changes.iter().filter(|c| !about.contains(&c.address) && c.previous.as_ref().is_none_or(|p| !about.contains(p))).count()
}
