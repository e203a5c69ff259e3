//! What of the store is there for who asks with `--as`: what is in catalogs in which they hold no role is not (R6).
//!
//! Invariants: without `--as` the operator asks, who sees everything; what somebody sees follows from the delegations of today, of
//! whatever moment they ask; what a file of theirs named already when it was last applied, it may go on naming.

use super::{Context, Failure, Place, decode, load};
use crate::authority::{Action, may};
use crate::config::{Known, Settings};
use crate::engine::{Actor, Facts, Ledger, Records, Sight};
use crate::kinds::{self, catalog, user};
use crate::model::{Address, Object, Zone};
use crate::reconcile::State;
use crate::store::{self, Reader};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who asks, and the state of today by which it is decided what they see.
struct Looking<'a> {
    sight: Sight<'a>,
    today: &'a State,
}

impl Looking<'_> {
    /// Whether they see an object of today, or one that files would make.
    fn sees(&self, address: &Address, declared: &BTreeMap<Address, Object>) -> bool {
        let find = |a: &Address| declared.get(a).or_else(|| self.today.objects.get(a).map(|s| &s.object));
        let Some(catalog) = catalog::of(address, find) else { return true };
        // A new catalog is its maker's, where they may make one.
        let makes = || may(&self.sight.roles(None), Action::CreateCatalog, None).is_ok();
        self.sight.sees_catalog(&catalog) || (!self.today.objects.contains_key(&catalog) && makes())
    }
}

/// Looks with the eyes of who asks; nothing is asked where they see everything.
fn looking<T>(context: &Context, place: &Place, today: &State, look: impl FnOnce(&Looking<'_>) -> T) -> Result<Option<T>, Failure> {
    // Before anybody is in it, a store is its operator's.
    let first = today.objects.within_kind(user::KIND.name).is_empty();
    let Some(name) = context.acting.as_ref().filter(|_| !first) else { return Ok(None) };
    let name = Address::parse(name).map_or_else(|_| name.clone(), |a| a.key().to_owned());
    let seen = |records: &dyn Records| {
        let facts = Facts::new(&today.objects, records, context.now, Zone::UTC, false);
        let actor = Actor::Person(name);
        let sight = Sight::new(&actor, &facts);
        if sight.sees_everything() { None } else { Some(look(&Looking { sight, today })) }
    };
    if !store::exists(&place.path) {
        return Ok(seen(&Ledger::default()));
    }
    let reader = Reader::open(&place.path)?;
    let records = reader.records();
    let done = seen(&records);
    records.sound()?;
    Ok(done)
}

/// A state without what who asks does not see today.
///
/// # Errors
/// When the store cannot be read, or who asks is no enabled user of it.
pub(super) fn seen(context: &Context, state: State) -> Result<State, Failure> {
    if context.acting.is_none() {
        return Ok(state);
    }
    let (settings, place) = load::settings_and_place(context)?;
    let today = load::read_state(&place, &settings)?;
    context.actor(false, |a| today.objects.get(a).map(|s| s.object.clone()))?;
    // What was called otherwise then is known by its id.
    let now: BTreeMap<&str, &Address> = today.objects.values().map(|s| (s.id.as_str(), &s.object.address)).collect();
    let kept = looking(context, &place, &today, |who| {
        let find = |a: &Address| state.objects.get(a).map(|s| &s.object);
        let catalog_now = |c: &Address| state.objects.get(c).and_then(|s| now.get(s.id.as_str()).copied());
        let sees = |a: &Address| catalog::of(a, find).is_none_or(|c| catalog_now(&c).is_some_and(|c| who.sight.sees_catalog(c)));
        state.objects.values().filter(|s| sees(&s.object.address)).cloned().collect()
    })?;
    Ok(match kept {
        Some(objects) => State { objects: Arc::new(objects), ..state },
        None => state,
    })
}

/// Whether who asks sees everything, as it takes for what is about the whole store.
///
/// # Errors
/// As [`seen`].
pub(super) fn sees_everything(context: &Context) -> Result<bool, Failure> {
    if context.acting.is_none() {
        return Ok(true);
    }
    let (settings, place) = load::settings_and_place(context)?;
    let today = load::read_state(&place, &settings)?;
    let first = today.objects.within_kind(user::KIND.name).is_empty();
    if !first {
        context.actor(false, |a| today.objects.get(a).map(|s| s.object.clone()))?;
    }
    Ok(looking(context, &place, &today, |_| ())?.is_none())
}

/// Refuses what is about the whole store to who does not see all of it.
///
/// # Errors
/// [`Failure::Actor`] (exit 5), and as [`seen`].
pub(super) fn of_all(context: &Context, doing: &str) -> Result<(), Failure> {
    if sees_everything(context)? {
        return Ok(());
    }
    let name = context.acting.as_deref().unwrap_or_default();
    Err(Failure::Actor(format!("`{name}` may not {doing}"), "an administrator can, or the operator, without `--as`".to_owned()))
}

/// The addresses, declared or stored, that are there for who asks; `None`: all of them.
///
/// # Errors
/// As [`seen`].
pub(super) fn addresses(
    context: &Context,
    place: &Place,
    today: &State,
    declared: &BTreeMap<Address, Object>,
) -> Result<Option<BTreeSet<Address>>, Failure> {
    if context.acting.is_some() {
        context.actor(false, |a| today.objects.get(a).map(|s| &s.object).or_else(|| declared.get(a)).cloned())?;
    }
    looking(context, place, today, |who| {
        let all = declared.keys().chain(today.objects.keys());
        all.filter(|a| who.sees(a, declared)).cloned().collect()
    })
}

/// Hides what who asks does not see from the files: they cannot name it, and it is not suggested to them.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn hide(context: &Context, settings: &Settings, place: &Place, reader: &Reader, known: &mut Known) -> Result<(), Failure> {
    if context.acting.is_none() {
        return Ok(());
    }
    let (_, today) = decode::state(reader, &settings.name, None)?;
    let hidden = looking(context, place, &today, |who| {
        let find = |a: &Address| today.objects.get(a).map(|s| &s.object);
        let unseen = |a: &&Address| !kinds::is_builtin(a) && !who.sight.sees(a, find);
        let hidden: BTreeSet<Address> = known.objects.keys().filter(unseen).cloned().collect();
        let own = today.managed_by(&settings.name).filter(|_| !hidden.is_empty()).map(|s| &s.object);
        let named: BTreeSet<Address> =
            own.filter(|o| who.sight.sees(&o.address, find)).flat_map(kinds::references).map(|r| r.target.address()).collect();
        hidden.into_iter().filter(|a| !named.contains(a)).collect()
    })?;
    known.hidden = hidden.unwrap_or_default();
    Ok(())
}
