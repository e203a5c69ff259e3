//! Whom an apply reaches in other systems, though its events give them nothing and take nothing from them.

use super::access::live_in;
use super::draft::Draft;
use super::event::Event;
use super::nouns::Named;
use super::outbox::{Delivery, Wanted, deliveries_of, delivery};
use super::record::{Family, Record};
use super::refusal::Refusal;
use std::collections::{BTreeMap, BTreeSet};

/// Whom an apply reaches in other systems, beside those who get or lose something by its events.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// The ids of packages that put their holders elsewhere than before.
    pub packages: BTreeSet<String>,
    /// People of whom something else is known than before.
    pub people: Vec<Named>,
    /// Connectors that have another name, but lead to where they led: the old name, and the new one.
    pub renamed: BTreeMap<String, String>,
    /// Connectors that lead elsewhere than before: what was delivered there has to be delivered anew.
    pub anew: BTreeSet<String>,
    /// Connectors that are declared no more.
    pub undeclared: BTreeSet<String>,
}

impl Reach {
    /// Whether a connector is not what it was.
    fn touches(&self, connector: &str) -> bool {
        self.renamed.contains_key(connector) || self.anew.contains(connector) || self.undeclared.contains(connector)
    }
}

/// Those for whom something may have to be otherwise in another system, by their ids.
pub(super) fn concerned(draft: &Draft<'_>, reach: &Reach) -> BTreeMap<String, Named> {
    let facts = draft.facts();
    let holder = |assignment: &str| match facts.records.get(Family::Assignment, assignment) {
        Some(Record::Assignment(a)) => Some(a.target),
        _ => None,
    };
    let guest = |guest: &str| match facts.records.get(Family::Guest, guest) {
        Some(Record::Guest(g)) => Some(Named { id: g.id, name: g.name }),
        _ => None,
    };
    let by_events = draft.so_far_all().iter().filter_map(|event| match event {
        Event::Given { assignment } => Some(assignment.target.clone()),
        Event::Ended { assignment, .. } => holder(assignment),
        Event::GuestInvited { guest: g, .. } => guest(&g.id),
        Event::GuestBlocked { guest: id, .. } | Event::GuestRestored { guest: id, .. } | Event::GuestDeleted { guest: id, .. } => guest(id),
        _ => None,
    });
    let mut people: BTreeMap<String, Named> = by_events.map(|named| (named.id.clone(), named)).collect();
    let holders = reach.packages.iter().flat_map(|id| live_in(&facts, id)).map(|a| a.target);
    people.extend(holders.chain(reach.people.iter().cloned()).map(|named| (named.id.clone(), named)));
    // Looking at everybody is for those rare applies alone.
    if !reach.renamed.is_empty() || !reach.anew.is_empty() || !reach.undeclared.is_empty() {
        let all = facts.records.all(Family::Delivery).into_iter().filter_map(delivery);
        let touched = all.filter(|d| !d.is_over() && reach.touches(&d.connector));
        people.extend(touched.map(|d| (d.person.id.clone(), d.person)));
    }
    people
}

/// What a person has by way of a connector that has another name, or leads elsewhere, is delivered once more: under the new name, and
/// to where the connector leads now. An account behind a connector that is declared no more is left as it is, once no membership is.
pub(super) fn lead_elsewhere(draft: &mut Draft<'_>, person: &Named, reach: &Reach) -> Result<(), Refusal> {
    let at = draft.now;
    let all = deliveries_of(&draft.facts(), &person.id);
    let is_account = |d: &Delivery| matches!(d.wanted, Wanted::Account { .. });
    let alone = |d: &Delivery| is_account(d) && !all.iter().any(|other| other.connector == d.connector && !is_account(other));
    let (mut left, mut taken) = (Vec::new(), Vec::new());
    for known in all.iter().filter(|d| reach.touches(&d.connector)) {
        let to = reach.renamed.get(&known.connector).unwrap_or(&known.connector);
        let new = match &known.wanted {
            Wanted::Membership { group, held } => Delivery::membership(person, (to.clone(), group.clone()), *held, at),
            account @ Wanted::Account { .. } => {
                Delivery::new(format!("{}|{to}", person.id), person.clone(), to.clone(), account.clone(), at)
            }
        };
        let undeclared = reach.undeclared.contains(&known.connector);
        // Under the old name nothing is to be done any more: it leads to the same place.
        left.extend((*to != known.connector || (undeclared && alone(known))).then(|| known.clone().let_go()));
        taken.extend((!undeclared).then_some(new));
    }
    // Two connectors may have changed places: what the one leaves is not to end what the other takes over.
    for delivery in left.into_iter().chain(taken) {
        draft.push(Event::DeliveryWanted { delivery: Box::new(delivery) })?;
    }
    Ok(())
}
