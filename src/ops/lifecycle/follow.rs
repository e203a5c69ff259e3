//! What an apply means for the lifecycle, told in the very transaction of the apply.
//!
//! In: the state before, the events of the apply, the records. Out: the events that follow from them. Most applies touch nothing that
//! anybody holds, and are told so before anything is looked at.

use super::Failure;
use super::reach::{leads_elsewhere, people_with_accounts, puts_elsewhere, reach};
use crate::diag::Diagnostics;
use crate::engine::{
    Actor, Carried, Changed, Draft, Event as Happening, Facts, Records, carry, conclude, notify_change, roles_in_words, settle,
};
use crate::kinds::access_package::Package;
use crate::kinds::policy::{self, Policy};
use crate::model::{Address, Change, Holdings, MANY_OBJECTS, Stored, Zone, discard};
use crate::ops::{Context, decode};
use crate::reconcile::{PriorMoves, State};
use crate::store::{self, Event, FoldError, ObjectView, StoreError};
use chrono::{DateTime, Utc};
use foldhash::HashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What an apply is followed by.
pub(in crate::ops) struct Following<'a> {
    /// What the store held before.
    pub state: &'a State,
    /// The changes as they were planned, where the events are those of a plan.
    pub planned: &'a [Change],
    /// What is so in the lifecycle.
    pub records: &'a dyn Records,
    /// Whether anything is.
    pub any_records: bool,
    /// Who applies.
    pub actor: Actor,
    /// Whether notices are sent.
    pub mail: bool,
    /// The zone that is applied.
    pub zone: Zone,
    /// The instant of the apply.
    pub now: DateTime<Utc>,
    /// What people held elsewhere, and go on to hold.
    pub carried: &'a [Carried],
}

/// The events that follow from those of an apply.
///
/// # Errors
/// When an object is not as its kind says, or nothing can follow from what is so, which is a defect.
pub(in crate::ops) fn follow(context: &Context, following: &Following<'_>, events: &[Event]) -> Result<Vec<Happening>, Failure> {
    let people = people_with_accounts(following, events);
    if following.carried.is_empty() && people.is_empty() && !concerns(following, events) {
        return Ok(Vec::new());
    }
    let Came { objects: after, places, touched } = after(following, events)?;
    // Moves come first: what the files call somebody by a new name is not taken from the old one.
    let before = renamed(following.state, events);
    let all = after.values().as_slice();
    let is = |slot: usize| places.get(slot).copied().flatten().and_then(|place| all.get(place));
    let changed = |Touch { before: was, after: left, .. }: &Touch<'_>| Changed {
        before: was.as_ref().and_then(|address| before.get(address)),
        after: left.and_then(is),
    };
    let changed: Vec<Changed<'_>> = touched.iter().map(changed).collect();
    let facts = Facts::new(&after, following.records, following.now, following.zone, false);
    let mut draft = Draft::new(&facts, &context.mint);
    // Before any rule gives it anew; what is left out is told when the rest is carried over.
    carry(&mut draft, &following.actor, following.carried)?;
    settle(&mut draft, &following.actor, &changed)?;
    let packages = packages_that_changed(&changed);
    let reach = reach(following, events, &facts, people);
    conclude(&mut draft, &reach, following.mail)?;
    if following.mail {
        let mark = store::stamp(following.now);
        for (id, gained, lost) in &packages {
            notify_change(&mut draft, id, gained, lost, &mark)?;
        }
    }
    let events = draft.events();
    discard(after.len() >= MANY_OBJECTS, (after, before));
    Ok(events)
}

/// What the store held, under the names that it has now, references included.
fn renamed(state: &State, events: &[Event]) -> Arc<Holdings> {
    let moved = events.iter().filter_map(|event| match event {
        Event::ObjectMoved { from, to } => Some((Address::parse(from).ok()?, Address::parse(to).ok()?)),
        _ => None,
    });
    let moved: Vec<(Address, Address)> = moved.collect();
    let asked = moved.iter().map(|(from, to)| (from, to)).collect();
    PriorMoves::of_map(state, &asked, BTreeMap::new(), &mut Diagnostics::new()).objects
}

/// Whether anything that somebody holds, or is to hold, is touched.
fn concerns(following: &Following<'_>, events: &[Event]) -> bool {
    let kind = |event: &Event| match event {
        Event::ObjectCreated { kind, .. } => kind.clone(),
        Event::ObjectDeleted { last } => last.kind.clone(),
        Event::ObjectUpdated { address, .. } => store_kind(address),
        _ => String::new(),
    };
    if following.any_records && (puts_elsewhere(following, events) || leads_elsewhere(following, events)) {
        return true;
    }
    let mut touches = false;
    for event in events {
        let kind = kind(event);
        if following.any_records
            && matches!(event, Event::ObjectUpdated { .. } | Event::ObjectDeleted { .. })
            && matches!(kind.as_str(), "access_package" | "resource" | "policy")
        {
            return true;
        }
        let gone = matches!(event, Event::ObjectDeleted { .. }) && matches!(kind.as_str(), "access_package" | "policy" | "user");
        if kind == "assignment" || (gone && following.any_records) {
            return true;
        }
        match event {
            Event::ObjectCreated { attributes, .. } | Event::ObjectUpdated { attributes, .. }
                if kind == "policy" && policy::acts_by_itself(attributes) =>
            {
                return true;
            }
            _ => touches |= !kind.is_empty(),
        }
    }
    // A rule looks again at everybody whatever it is that changed: what kept somebody from its package may be gone.
    touches && following.state.objects.values().any(|s| Policy::of(&s.object).is_some_and(|p| p.rule().is_some()))
}

/// The kind of an address as a store spells it.
pub(super) fn store_kind(address: &str) -> String {
    Address::parse(address).map(|a| a.kind().to_owned()).unwrap_or_default()
}

/// The packages that give other roles than before: id, roles gained, roles lost.
fn packages_that_changed(changed: &[Changed<'_>]) -> Vec<(String, Vec<String>, Vec<String>)> {
    let mut found = Vec::new();
    for change in changed {
        if let (Some(before), Some(after)) = (change.before, change.after)
            && after.object.address.kind() == "access_package"
        {
            let roles = |s: &Stored| Package::of(&s.object).map(roles_in_words).unwrap_or_default();
            let (old, new) = (roles(before), roles(after));
            if old != new {
                found.push((after.id.clone(), new.difference(&old).cloned().collect(), old.difference(&new).cloned().collect()));
            }
        }
    }
    found.sort();
    found
}

/// What these events make of objects.
struct Came<'e> {
    /// All of them afterwards.
    objects: Holdings,
    /// Where in their list stands what is left in each slot.
    places: Vec<Option<usize>>,
    /// Those that say something else, came to be or are gone, in the order of ids.
    touched: Vec<Touch<'e>>,
}

/// An object that an event is about.
struct Touch<'e> {
    id: Cow<'e, str>,
    /// Under which of today's names it was there before; none, where it came to be.
    before: Option<Address>,
    /// The slot of what is left of it; none, where it is gone.
    after: Option<usize>,
}

/// The objects as these events leave them. What was planned is not read again out of the event that tells it.
fn after<'e>(following: &Following<'_>, events: &'e [Event]) -> Result<Came<'e>, Failure> {
    let state = following.state;
    let planned: HashMap<&str, &Change> = following.planned.iter().map(|c| (c.address.as_str(), c)).collect();
    // An event of our own that does not fit is no fault of the store.
    let absent = |what: &str| Failure::Store(StoreError::Misfit(FoldError::Absent(what.to_owned())));
    let parsed = |address: &str| Address::parse(address).map_err(|_| absent(address));
    let mut changed = Slots::new(events.len());
    let mut touched: Vec<Touch<'_>> = Vec::with_capacity(events.len());
    let mut manager: Option<Arc<str>> = None;
    for event in events {
        match event {
            Event::ObjectCreated { address, id, attributes, workspace, origin, .. } => {
                let told = || decode::one(&ObjectView { address, id, attributes, workspace: workspace.as_deref(), version: 0, origin });
                let stored = match planned.get(address.as_str()).and_then(|c| Some((c, c.after.as_ref()?))) {
                    Some((change, object)) => {
                        if manager.as_deref() != workspace.as_deref() {
                            manager = workspace.as_deref().map(Arc::from);
                        }
                        debug_assert!(
                            told().is_ok_and(|told| told.object.attributes == object.attributes),
                            "`{address}` is as it was planned"
                        );
                        let (object, id, workspace) = (object.clone(), id.clone(), manager.clone());
                        Stored { object, id, workspace, version: 0, origin: change.origin.clone() }
                    }
                    None => told()?,
                };
                let slot = changed.put(address, Some(stored)).0;
                touched.push(Touch { id: id.into(), before: None, after: Some(slot) });
            }
            Event::ObjectUpdated { address, attributes, origin, .. } | Event::ObjectRereferenced { address, attributes, origin, .. } => {
                let place = parsed(address)?;
                let old = changed.get(address).map_or_else(|| state.objects.get(&place), Option::as_ref).ok_or_else(|| absent(address))?;
                let (id, workspace) = (old.id.clone(), old.workspace.clone());
                let view = ObjectView { address, id: &id, attributes, workspace: workspace.as_deref(), version: old.version, origin };
                let stored = decode::one(&view)?;
                let slot = changed.put(address, Some(stored)).0;
                if matches!(event, Event::ObjectUpdated { .. }) {
                    touched.push(Touch { id: id.into(), before: Some(place), after: Some(slot) });
                }
            }
            Event::ObjectMoved { from, to } => {
                let (place, there) = (parsed(from)?, parsed(to)?);
                let old = changed.put(from, None).1.unwrap_or_else(|| state.objects.get(&place).cloned());
                let mut moved = old.ok_or_else(|| absent(from))?;
                moved.object.address = there;
                changed.put(to, Some(moved));
            }
            Event::ObjectDeleted { last } => {
                touched.push(Touch { id: last.id.as_str().into(), before: Some(parsed(&last.address)?), after: None });
                changed.put(&last.address, None);
            }
            _ => {}
        }
    }
    touched.sort_by(|a, b| a.id.cmp(&b.id));
    let (objects, places) = changed.among(&state.objects);
    Ok(Came { objects, places, touched })
}

/// What is left of objects as events go by, each in a slot of its own; nothing, where one is gone.
struct Slots<'e> {
    of: HashMap<&'e str, usize>,
    left: Vec<Option<Stored>>,
}

impl<'e> Slots<'e> {
    fn new(most: usize) -> Slots<'e> {
        Slots { of: HashMap::with_capacity_and_hasher(most, Default::default()), left: Vec::with_capacity(most) }
    }

    fn get(&self, address: &str) -> Option<&Option<Stored>> {
        self.of.get(address).and_then(|slot| self.left.get(*slot))
    }

    /// Says what is left at an address; returns its slot, and what was left there before.
    fn put(&mut self, address: &'e str, left: Option<Stored>) -> (usize, Option<Option<Stored>>) {
        let slot = *self.of.entry(address).or_insert(self.left.len());
        match self.left.get_mut(slot) {
            Some(there) => (slot, Some(std::mem::replace(there, left))),
            None => {
                self.left.push(left);
                (slot, None)
            }
        }
    }

    /// All objects, these in place of what was there, and the place of each slot among them.
    fn among(mut self, before: &Holdings) -> (Holdings, Vec<Option<usize>>) {
        let address = |slot: usize| self.left.get(slot)?.as_ref().map(|stored| &stored.object.address);
        let mut order: Vec<usize> = (0..self.left.len()).filter(|slot| address(*slot).is_some()).collect();
        // They came in runs, each in order, of which this kind of sorting makes use.
        order.sort_by(|a, b| address(*a).cmp(&address(*b)));
        let mut places = vec![None; self.left.len()];
        let mut all = Vec::with_capacity(before.len().saturating_add(order.len()));
        let mut kept = before.values().filter(|s| !self.of.contains_key(s.object.address.as_str())).peekable();
        for slot in order {
            let Some(left) = self.left.get_mut(slot).and_then(Option::take) else { continue };
            while let Some(stored) = kept.next_if(|stored| stored.object.address < left.object.address) {
                all.push(stored.clone());
            }
            if let Some(place) = places.get_mut(slot) {
                *place = Some(all.len());
            }
            all.push(left);
        }
        all.extend(kept.cloned());
        (Holdings::in_order(all), places)
    }
}
