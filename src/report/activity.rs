//! P8: all that happened to a package in a span of time, and to what people ask for and hold of it.

use super::asked::{Asked, key};
use super::request_trail::details;
use super::row::{full, row, shown};
use super::told::{ObjectChange, What};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Event, Family, Named, Record, Refusal};
use crate::kinds::display_name;
use crate::model::{Address, canonical};
use std::collections::{BTreeMap, BTreeSet};

/// The report.
pub(super) static REPORT: Report = Report {
    name: "activity",
    tells: "What happened to a package, and to what people ask for and hold of it",
    takes: &[Takes::Package, Takes::Person, Takes::Span],
    columns: &[
        shown("time"),
        shown("serial"),
        full("package_id"),
        shown("package"),
        shown("operation"),
        shown("user"),
        full("actor_id"),
        shown("actor"),
        full("actor_name"),
        shown("details"),
        full("event"),
    ],
    made: Made::History(rows),
};

/// Whom and what an event of the lifecycle is about.
type About = (Named, Named);

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let scope = asked.scope(Action::ViewRequests)?;
    let facts = asked.facts;
    let mut known: BTreeMap<(Family, String), About> = BTreeMap::new();
    let mut rows = Vec::new();
    for told in &asked.told {
        let (package, user, details, event) = match &told.what {
            What::Life(event) => {
                let Some((package, user)) = about(asked, event, &mut known) else { continue };
                (package, Some(user), details(event), serde_json::to_string(event).unwrap_or_default())
            }
            What::Object(change) => {
                let Some(then) = Address::parse(&change.address).ok().and_then(|a| a.lineage().find(|a| a.parent().is_none())) else {
                    continue;
                };
                // One that is gone has no id that could be asked for.
                let known = change.root.as_ref().and_then(|root| facts.named(root));
                let package = known.unwrap_or_else(|| Named { id: String::new(), name: then.to_string() });
                (package, None, changed(change), String::new())
            }
        };
        if !scope.has(facts, &package.id) || user.as_ref().is_some_and(|u| !asked.is_meant(&[u])) {
            continue;
        }
        if user.is_none() && asked.person.is_some() {
            continue;
        }
        let actor = facts.person(&told.actor);
        rows.push(row![
            told.at,
            told.serial,
            package.id.as_str(),
            key(&package.name),
            told.word(),
            user.map(|u| u.name),
            actor.named.id.as_str(),
            told.actor.as_str(),
            actor.object.map(|o| display_name(o).0),
            details,
            event,
        ]);
    }
    Ok(rows)
}

/// The object, and the names of what it says otherwise now.
fn changed(change: &ObjectChange) -> String {
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return change.address.clone() };
    let (before, after) = (&before.attributes, &after.attributes);
    let names: BTreeSet<&str> = before.iter().chain(after.iter()).map(|(name, _)| name).collect();
    let says = |table: &crate::model::Table, name: &str| table.get(name).map(canonical);
    let other: Vec<&str> = names.into_iter().filter(|n| says(before, n) != says(after, n)).collect();
    if other.is_empty() { change.address.clone() } else { format!("{}: {}", change.address, other.join(", ")) }
}

fn about(asked: &Asked<'_>, event: &Event, known: &mut BTreeMap<(Family, String), About>) -> Option<About> {
    let (family, id) = event.record();
    let place = (family, id.to_owned());
    let found = match event {
        Event::RequestSubmitted { request } => Some((request.package.clone(), request.target.clone())),
        Event::Given { assignment } => Some((assignment.package.clone(), assignment.target.clone())),
        _ => known.get(&place).cloned().or_else(|| match asked.facts.records.get(family, id)? {
            Record::Request(r) => Some((r.package.clone(), r.target.clone())),
            Record::Assignment(a) => Some((a.package.clone(), a.target.clone())),
            _ => None,
        }),
    }?;
    known.insert(place, found.clone());
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Told;
    use crate::report::testing::World;

    #[test]
    fn what_happened_to_packages_and_to_what_is_held_of_them() {
        let mut world = World::new();
        world.request("bo", "alone", "");
        world.assign("ann", "sell");
        let object = |text: &str| world.objects.get(&Address::parse(text).unwrap()).unwrap().object.clone();
        let before = object("access_package.sell");
        let mut after = before.clone();
        after.attributes.remove("incompatible_with");
        let (address, root) = (before.address.to_string(), Some(before.address.clone()));
        let change = ObjectChange { word: "object.updated", address, root, before: Some(before), after: Some(after) };
        let told = Told {
            serial: 9,
            at: world.now,
            actor: "root@contoso.example".into(),
            command: "apply".into(),
            what: What::Object(Box::new(change)),
        };
        world.told.push(told);
        let columns = ["serial", "package", "operation", "user", "actor", "details"];
        let told = world.rows(&REPORT, &columns, "cy", |_| {});
        let wanted = [
            "3 | sell | request.submitted | ann@contoso.example | operator:olga@host | through direct",
            "3 | sell | request.approved | ann@contoso.example | operator:olga@host | approved by all who had to",
            "3 | sell | assignment.given | ann@contoso.example | operator:olga@host | ann@contoso.example through direct",
            "3 | sell | request.delivered | ann@contoso.example | operator:olga@host | assignment r004",
            "9 | sell | object.updated | - | root@contoso.example | access_package.sell: incompatible_with",
        ];
        assert_eq!(told, wanted);
        assert_eq!(world.rows(&REPORT, &columns, "root", |_| {}).len(), 9);
        assert_eq!(world.rows(&REPORT, &columns, "ann", |_| {}), ["R55 root@contoso.example can"]);
    }
}
