//! The events that lead from what the tables hold to what they should hold.
//!
//! In: two sets of tables. Out: events; folded over the first, they give the second, but for the serials that wrote it.

use super::{Event, FoldError, ObjectRow, Tables, fold};
use std::collections::BTreeMap;

/// The events from one to the other. An object is known by its id: one with another address moves.
///
/// # Errors
/// When the tables are none that a store could hold, such as with one id at two addresses.
pub fn difference(from: &Tables, to: &Tables) -> Result<Vec<Event>, FoldError> {
    let mut done = Done { tables: from.clone(), events: Vec::new() };
    let wanted: BTreeMap<&str, &ObjectRow> = to.objects.values().map(|row| (row.id.as_str(), row)).collect();
    if let Some(row) = to.objects.values().find(|row| wanted.get(row.id.as_str()).is_some_and(|other| other.address != row.address)) {
        return Err(FoldError::SameId(row.id.clone()));
    }
    let mut moving: BTreeMap<&str, &str> = BTreeMap::new();
    for row in from.objects.values() {
        match wanted.get(row.id.as_str()) {
            Some(there) if there.kind == row.kind => {
                if there.address != row.address {
                    moving.insert(&row.address, &there.address);
                }
            }
            _ => done.push(Event::ObjectDeleted { last: row.clone() })?,
        }
    }
    while let Some((&first, _)) = moving.first_key_value() {
        let free = moving.iter().find(|(_, to)| !done.tables.objects.contains_key(**to)).map(|(from, to)| (*from, *to));
        match free {
            Some((from, to)) => {
                moving.remove(from);
                done.push(Event::ObjectMoved { from: from.to_owned(), to: to.to_owned() })?;
            }
            // A ring: one of it goes, and is made again with its id.
            None => {
                moving.remove(first);
                let last = done.tables.objects.get(first).cloned().ok_or_else(|| FoldError::Absent(first.to_owned()))?;
                done.push(Event::ObjectDeleted { last })?;
            }
        }
    }
    to.objects.values().try_for_each(|row| done.object(row))?;
    for row in to.workspaces.values().filter(|row| from.workspaces.get(&row.name).is_none_or(|w| w.settings != row.settings)) {
        done.push(Event::WorkspaceConfigured { name: row.name.clone(), settings: row.settings.clone() })?;
    }
    for name in from.workspaces.keys().filter(|name| !to.workspaces.contains_key(*name)) {
        done.push(Event::WorkspaceRemoved { name: name.clone() })?;
    }
    Ok(done.events)
}

/// The events so far, and the tables after them.
struct Done {
    tables: Tables,
    events: Vec<Event>,
}

impl Done {
    fn push(&mut self, event: Event) -> Result<(), FoldError> {
        fold(&mut self.tables, 0, &event)?;
        self.events.push(event);
        Ok(())
    }

    /// Makes or changes one object, whatever stands at its address now.
    fn object(&mut self, row: &ObjectRow) -> Result<(), FoldError> {
        let address = row.address.clone();
        let ObjectRow { schema, attributes, origin, .. } = row.clone();
        let Some(now) = self.tables.objects.get(&address).cloned() else {
            let ObjectRow { kind, id, workspace, .. } = row.clone();
            return self.push(Event::ObjectCreated { address, kind, id, schema, attributes, workspace, origin });
        };
        if (now.schema, &now.attributes, &now.origin) != (schema, &attributes, &origin) {
            self.push(Event::ObjectUpdated { address: address.clone(), schema, attributes, origin, before: now.attributes })?;
        }
        match &row.workspace {
            same if *same == now.workspace => Ok(()),
            Some(workspace) => self.push(Event::ObjectAdopted { address, workspace: workspace.clone() }),
            None => self.push(Event::ObjectReleased { address }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{WorkspaceRow, testing};
    use proptest::prelude::*;

    /// At each of a few addresses perhaps an object, with one of a few ids, each once.
    fn tables() -> impl Strategy<Value = Tables> {
        let ids = Just((0..6_u8).collect::<Vec<u8>>()).prop_shuffle();
        let rest = prop::collection::vec((any::<bool>(), 0..3_u8, 0..3_u8), 6);
        (ids, rest, prop::collection::vec((0..3_u8, 0..2_u8), 0..3)).prop_map(|(ids, rest, workspaces)| {
            let mut tables = Tables::default();
            for (n, (id, (there, attributes, workspace))) in ids.into_iter().zip(rest).enumerate() {
                let address = format!("catalog.c{n}");
                let row = testing::row(&address, &format!("id-{id}"), &format!("{{\"n\":{attributes}}}"));
                let row = ObjectRow { workspace: (workspace > 0).then(|| format!("w{workspace}")), version: 0, ..row };
                if there {
                    tables.objects.insert(address, row);
                }
            }
            for (name, settings) in workspaces {
                let row = WorkspaceRow { name: format!("w{name}"), settings: format!("{{\"n\":{settings}}}"), version: 0 };
                tables.workspaces.insert(row.name.clone(), row);
            }
            tables
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn folded_over_the_one_it_gives_the_other(from in tables(), to in tables()) {
            let mut folded = from.clone();
            for event in difference(&from, &to).unwrap() {
                fold(&mut folded, 0, &event).unwrap();
            }
            prop_assert_eq!(&folded, &to);
            prop_assert_eq!(difference(&to, &to).unwrap(), vec![]);
        }
    }

    #[test]
    fn one_id_at_two_addresses_is_no_state() {
        let mut to = Tables::default();
        for address in ["catalog.a", "catalog.b"] {
            to.objects.insert(address.into(), testing::row(address, "1", "{}"));
        }
        assert_eq!(difference(&Tables::default(), &to), Err(FoldError::SameId("1".into())));
    }
}
