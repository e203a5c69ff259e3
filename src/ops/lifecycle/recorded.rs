//! What happens in the lifecycle, as the store takes it: to people from outside it happens in the directory, too.

use super::Failure;
use crate::engine::{Event, Family, Record, Records};
use crate::kinds::{Kind, connected_organization, user};
use crate::model::{Address, Table, canonical};
use crate::ops::decode;
use crate::store::{self, ObjectRow, StoreError, Tables};
use std::collections::BTreeSet;

/// The events as the store takes them: what happens to guests happens to their objects in the directory too. `rows` and `records` are
/// those of the store, and `before` is what happens to them first.
pub(in crate::ops) fn recorded(
    rows: &dyn Fn(&str) -> Result<Option<ObjectRow>, StoreError>,
    records: &dyn Records,
    before: &[store::Event],
    events: Vec<Event>,
    mint: fn() -> String,
) -> Result<Vec<store::Event>, Failure> {
    let mut recorded = Vec::with_capacity(events.len());
    let misfit = |e| Failure::Store(StoreError::Misfit(e));
    // The objects of guests as the events so far leave them: much may happen to one at once, where nobody looked at the clock for long.
    let (mut left, mut asked) = (Tables::default(), BTreeSet::new());
    for event in events {
        let name = match &event {
            Event::GuestInvited { guest, organization, proposes } => {
                if let (Some(key), Some(domain)) = (organization, proposes) {
                    recorded.push(created(&connected_organization::KIND, key, mint(), &connected_organization::proposed(domain)));
                }
                Some(guest.name.clone())
            }
            Event::GuestBlocked { guest, .. } | Event::GuestDeleted { guest, .. } => Some(name_of(records, guest)),
            _ => None,
        };
        if let Some(address) = name.map(|name| Address::root(user::KIND.name, &name).to_string()) {
            if asked.insert(address.clone()) {
                left.objects.extend(rows(&address)?.map(|row| (address.clone(), row)));
                let about = before.iter().filter(|e| e.address() == Some(&address) && !matches!(e, store::Event::ObjectMoved { .. }));
                about.into_iter().try_for_each(|e| store::fold(&mut left, 0, e).map_err(misfit))?;
            }
            let row = left.objects.get(&address).cloned();
            if let Some(about) = about_guest(&event, address, row)? {
                store::fold(&mut left, 0, &about).map_err(misfit)?;
                recorded.push(about);
            }
        }
        recorded.push(store::Event::Life(Box::new(event)));
    }
    Ok(recorded)
}

/// What happens to the object of a guest.
fn about_guest(event: &Event, address: String, row: Option<ObjectRow>) -> Result<Option<store::Event>, Failure> {
    Ok(match (event, row) {
        (Event::GuestInvited { guest, organization, .. }, _) => {
            Some(created(&user::KIND, &guest.name, guest.id.clone(), &user::guest(organization.as_deref())))
        }
        (Event::GuestBlocked { .. }, Some(row)) => {
            let attributes = canonical(&user::with_sign_in(&decode::one(&row.view())?.object.attributes, false));
            let (schema, origin, before) = (row.schema, row.origin, row.attributes);
            (attributes != before).then_some(store::Event::ObjectUpdated { address, schema, attributes, origin, before })
        }
        (Event::GuestDeleted { .. }, Some(last)) => Some(store::Event::ObjectDeleted { last }),
        _ => None,
    })
}

/// An object that comes into the directory by itself, and that no workspace manages.
fn created(kind: &Kind, key: &str, id: String, attributes: &Table) -> store::Event {
    store::Event::ObjectCreated {
        address: Address::root(kind.name, key).to_string(),
        kind: kind.name.to_owned(),
        id,
        schema: kind.schema,
        attributes: canonical(attributes),
        workspace: None,
        origin: "{}".to_owned(),
    }
}

/// The user principal name of a guest.
fn name_of(records: &dyn Records, guest: &str) -> String {
    if let Some(Record::Guest(guest)) = records.get(Family::Guest, guest) { guest.name } else { guest.to_owned() }
}
