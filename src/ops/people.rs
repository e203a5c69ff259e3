//! What a plan does to people, and what of theirs stands in its way: what they hold by request, because somebody assigned it, or by a
//! rule.
//!
//! In: a plan, and the records of the store. Out: its impact, and more refusals. What files declare is judged with the plan itself, so
//! refusals look past it here. A plan that touches nothing of it opens no store.

use super::{Failure, Place};
use crate::config::{AppliedSettings, Limits};
use crate::engine::{Actor, Facts, Family, Person, Record, Records, Sight, incompatible};
use crate::kinds::access_package::Package;
use crate::kinds::assignment::Assignment;
use crate::kinds::catalog;
use crate::model::{Address, Change, Zone};
use crate::plan::{Flag, Plan, afterwards, guards, impact, renamed};
use crate::reconcile::State;
use crate::store::Reader;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Records without the assignments that files declare.
struct Undeclared<'a>(&'a dyn Records);

fn undeclared(record: &Record) -> bool {
    !matches!(record, Record::Assignment(a) if a.is_declared())
}

impl Records for Undeclared<'_> {
    fn get(&self, family: Family, id: &str) -> Option<Record> {
        self.0.get(family, id).filter(undeclared)
    }

    fn of_person(&self, family: Family, person: &str) -> Vec<Record> {
        self.0.of_person(family, person).into_iter().filter(undeclared).collect()
    }

    fn of_package(&self, family: Family, package: &str) -> Vec<Record> {
        self.0.of_package(family, package).into_iter().filter(undeclared).collect()
    }

    fn all(&self, family: Family) -> Vec<Record> {
        self.0.all(family).into_iter().filter(undeclared).collect()
    }
}

/// Whether what people hold may stand in the way of a change.
pub(super) fn concerns(change: &Change) -> bool {
    gives(change) || impact::concerns(change)
}

fn gives(change: &Change) -> bool {
    change.after.as_ref().and_then(Assignment::of).is_some()
}

/// Whether anybody holds a package that a plan changes, which is found out much faster than what that does to them.
///
/// # Errors
/// When the records cannot be read.
pub(super) fn is_held(plan: &Plan, state: &State, place: &Place, now: DateTime<Utc>) -> Result<bool, Failure> {
    if state.lineage.is_none() {
        return Ok(false);
    }
    let reader = Reader::open(&place.path)?;
    let records = reader.records();
    let held = impact::is_held(&Facts::new(&state.objects, &records, now, Zone::default(), false), &plan.changes);
    records.sound()?;
    Ok(held)
}

/// Adds to what stands in the way of a plan that somebody holds what it would delete (R63), or what forbids them what it would give
/// them (R137, R140).
///
/// # Errors
/// When the records cannot be read.
pub(super) fn judge(plan: &mut Plan, state: &State, place: &Place, now: DateTime<Utc>) -> Result<(), Failure> {
    plan.refusals.extend(forgotten(plan, state, place, now)?);
    if state.lineage.is_none() || !plan.changes.iter().any(concerns) {
        return Ok(());
    }
    let reader = Reader::open(&place.path)?;
    let records = reader.records();
    let zone = state.workspaces.get(&plan.workspace).map_or(Zone::default(), |w| AppliedSettings::zone(&w.settings));
    let after = afterwards(state, &plan.changes);
    if plan.changes.iter().any(impact::concerns) {
        let before = renamed(state, &plan.changes);
        let facts = Facts::new(&before, &records, now, zone, plan.settings.narrowest_only());
        let actor = actor(plan);
        plan.impact = impact::measure(&impact::Before { facts: &facts, changes: &plan.changes, actor: &actor }, &after);
        let sight = Sight::new(&actor, &facts);
        // Who loses what nothing declared gives may keep it for what is held by request, and the other way round.
        plan.people_losing_access = plan.impact.losing().len();
        if !sight.sees_everything() {
            let find = |address: &Address| after.get(address).or_else(|| before.get(address)).map(|s| &s.object);
            // A catalog that comes with the plan is its maker's.
            let sees = |address: &Address| catalog::of(address, find).is_none_or(|c| sight.sees_catalog(&c) || !before.contains_key(&c));
            plan.impact = std::mem::take(&mut plan.impact).seen(&sees);
        }
        let stood = |r: &guards::Refusal| r.lift.is_some_and(|lift| lift.flag == Flag::AccessLost);
        let place = plan.refusals.iter().find(|r| stood(r)).and_then(|r| r.place.clone());
        plan.refusals.retain(|r| !stood(r));
        let limits: Vec<Limits> = [&plan.settings].into_iter().chain(state.applied(&plan.workspace)).map(AppliedSettings::limits).collect();
        let brake = guards::access_lost(&limits, plan.people_losing_access).filter(|_| !plan.destroy);
        plan.refusals.extend(brake.map(|brake| guards::Refusal { place, ..brake }));
    }
    if !records.any()? {
        return Ok(());
    }
    let records_left = Undeclared(&records);
    let mut refusals = held(plan, state, &records_left, now)?;
    if plan.changes.iter().any(gives) {
        let facts = Facts::new(&after, &records_left, now, zone, false);
        let forbids = |package: &Address, person: &Address| {
            let package = facts.object(package).and_then(Package::of)?;
            incompatible(&facts, package, &Person::of(&facts, person.key()), false)
        };
        refusals.extend(guards::excluded(&plan.changes, |package, person| forbids(package, person).map(|r| (r.message, r.help))));
    }
    records.sound()?;
    // Of what somebody may not do anyway it is not told who holds it.
    refusals.retain(|r| !r.address.as_ref().is_some_and(|a| plan.authority.denies(a)));
    plan.refusals.extend(refusals);
    Ok(())
}

/// Whose plan it is.
fn actor(plan: &Plan) -> Actor {
    match plan.actor.starts_with("operator:") {
        true => Actor::Operator(plan.actor.clone()),
        false => Actor::Person(plan.actor.clone()),
    }
}

/// Who would be left in the groups of a system where a connector led.
fn forgotten(plan: &Plan, state: &State, place: &Place, now: DateTime<Utc>) -> Result<Vec<guards::Refusal>, Failure> {
    let Some(before) = state.applied(&plan.workspace).filter(|before| before.connectors() != plan.settings.connectors()) else {
        return Ok(Vec::new());
    };
    let reader = Reader::open(&place.path)?;
    let records = reader.records();
    // Who does not see everybody is told nothing of them, and may not change settings anyway.
    if !Sight::new(&actor(plan), &Facts::new(&state.objects, &records, now, Zone::default(), false)).sees_everything() {
        return Ok(Vec::new());
    }
    let refusals = guards::forgotten(before, &plan.settings, |connector| {
        let is_in = |r: Record| match r {
            Record::Delivery(d) if d.connector == connector && d.is_inside() => Some(d.person.id),
            _ => None,
        };
        let people: BTreeSet<String> = records.all(Family::Delivery).into_iter().filter_map(is_in).collect();
        Ok::<_, Failure>(people.len())
    })?;
    records.sound()?;
    Ok(refusals)
}

/// Who holds what goes.
fn held(plan: &Plan, state: &State, records: &dyn Records, now: DateTime<Utc>) -> Result<Vec<guards::Refusal>, Failure> {
    let id = |address: &Address| state.objects.get(address).map(|s| s.id.as_str());
    guards::held(&plan.changes, |change| {
        let Some(own) = id(&change.address) else { return Ok(Vec::new()) };
        let parent = change.address.parent();
        let of_policy = change.address.kind() == "policy";
        let package = if of_policy { parent.as_ref().and_then(id) } else { Some(own) };
        let holds = |record: Record| match record {
            Record::Assignment(a) if a.is_live(now) && (!of_policy || a.policy.id == own) => Some(a.target.name),
            _ => None,
        };
        let all = package.map(|package| records.of_package(Family::Assignment, package)).unwrap_or_default();
        Ok::<_, Failure>(all.into_iter().filter_map(holds).collect())
    })
}
