//! What changed in what somebody holds: what its packages give now and did not, or gave and do not any more (R72).

use super::Row;
use super::asked::{Asked, key};
use super::row::{Column, full, row, shown};
use super::told::{Told, What};
use crate::engine::{Assignment, Event, Person, held_by};
use crate::kinds::access_package::Package;
use crate::kinds::resource::Resource;
use crate::model::{Address, Object};
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::BTreeSet;

/// The columns.
pub const COLUMNS: &[Column] = &[
    shown("time"),
    shown("serial"),
    shown("package"),
    shown("user"),
    shown("change"),
    shown("what"),
    shown("held_on"),
    shown("by"),
    full("assignment"),
];

/// What changed in these assignments, the oldest first: since an instant, or else since each of them began. `asked.told` holds what
/// happened to them and to their packages.
#[must_use]
pub fn changes(asked: &Asked<'_>, assignments: &[Assignment], since: Option<DateTime<Utc>>) -> Vec<Row> {
    let mut rows: Vec<(u64, Row)> = Vec::new();
    for assignment in assignments {
        let from = since.map_or(assignment.start, |s| s.max(assignment.start));
        let until = assignment.ended.or(assignment.end).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let package = asked.facts.of_id(&assignment.package.id).map(|s| s.object.address.clone());
        for told in &asked.told {
            match &told.what {
                What::Life(event) if event.record().1 == assignment.id && since.is_none_or(|s| told.at >= s) => {
                    rows.extend(of_life(event).map(|(change, what)| line(asked, told, assignment, change, what, None)));
                }
                What::Object(change) if told.at > from && told.at < until && package.is_some() && package == change.root => {
                    let (before, after) = (roles(change.before.as_ref()), roles(change.after.as_ref()));
                    for (sign, (resource, role)) in difference(&before, &after) {
                        let on = if sign == "gained" { None } else { Some(held_on(asked, assignment, resource, role)) };
                        rows.push(line(asked, told, assignment, sign, format!("{role} on {}", resource.key()), on));
                    }
                }
                _ => {}
            }
        }
    }
    rows.sort_by_key(|(serial, _)| *serial);
    rows.into_iter().map(|(_, cells)| cells).collect()
}

fn line(asked: &Asked<'_>, told: &Told, a: &Assignment, change: &str, what: String, held_on: Option<bool>) -> (u64, Row) {
    let person = Person::of_named(asked.facts, &a.target).named.name;
    let by = told.actor.as_str();
    (told.serial, row![told.at, told.serial, key(&a.package.name), person, change, what, held_on, by, a.id.as_str()])
}

/// What an event of the assignment itself changes for who holds it.
fn of_life(event: &Event) -> Option<(&'static str, String)> {
    let at = |end: Option<DateTime<Utc>>| end.map_or_else(|| "never".to_owned(), |e| e.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    match event {
        Event::Given { assignment } => Some(("given", format!("until {}", at(assignment.end)))),
        Event::Rescheduled { end, .. } => Some(("end moved", format!("until {}", at(*end)))),
        Event::Grace { until: Some(until), .. } => Some(("let go", format!("at {}", at(Some(*until))))),
        Event::Ended { cause, .. } => Some(("over", cause.words())),
        _ => None,
    }
}

/// The roles that a package gave.
fn roles(object: Option<&Object>) -> BTreeSet<(Address, String)> {
    let package = object.and_then(Package::of);
    package.into_iter().flat_map(|p| p.roles().map(|(resource, role, _)| (resource, role.to_owned())).collect::<Vec<_>>()).collect()
}

fn difference<'s>(
    before: &'s BTreeSet<(Address, String)>,
    after: &'s BTreeSet<(Address, String)>,
) -> impl Iterator<Item = (&'static str, (&'s Address, &'s str))> {
    let of = |pair: &'s (Address, String)| (&pair.0, pair.1.as_str());
    let lost = before.difference(after).map(move |p| ("lost", of(p)));
    lost.chain(after.difference(before).map(move |p| ("gained", of(p))))
}

/// Whether something else that they hold still gives the role.
fn held_on(asked: &Asked<'_>, assignment: &Assignment, resource: &Address, role: &str) -> bool {
    let Some((kind, thing)) = asked.facts.object(resource).and_then(Resource::of).map(Resource::identity) else { return false };
    let person = Person::of_named(asked.facts, &assignment.target);
    held_by(asked.facts, &person).iter().any(|h| h.kind == kind && h.key == thing && h.role == role)
}

#[cfg(test)]
mod tests {
    use super::super::told::ObjectChange;
    use super::*;
    use crate::engine::{Family, Record};
    use crate::report::Cell;
    use crate::report::testing::{World, person};
    use chrono::TimeDelta;

    #[test]
    fn what_a_package_gained_and_lost_since_it_is_held() {
        let mut world = World::new();
        world.assign("ann", "sell");
        let given = world.now;
        let before = world.objects.get(&Address::root("access_package", "sell")).unwrap().object.clone();
        let after = world.objects.get(&Address::root("access_package", "audit")).unwrap().object.clone();
        let mut change = |serial, days| {
            let change = ObjectChange {
                word: "object.updated",
                address: before.address.to_string(),
                root: Some(before.address.clone()),
                before: Some(before.clone()),
                after: Some(Object { address: before.address.clone(), ..after.clone() }),
            };
            let what = What::Object(Box::new(change));
            world.told.push(Told { serial, at: given + TimeDelta::days(days), actor: "root".into(), command: "apply".into(), what });
        };
        change(1, -1);
        change(9, 1);
        let of = |since| {
            let all = world.ledger.0.range((Family::Assignment, String::new())..);
            let all: Vec<Assignment> =
                all.filter_map(|(_, r)| if let Record::Assignment(a) = r { Some((**a).clone()) } else { None }).collect();
            let rows = world.ask_as(&person("ann"), |_| {}, |asked| changes(asked, &all, since));
            let text = |cell: &Cell| if let Cell::Text(text) = cell { text.clone() } else { "-".to_owned() };
            rows.iter().map(|r| format!("{} {}", text(&r[4]), text(&r[5]))).collect::<Vec<_>>()
        };
        let wanted = ["given until 2027-03-31T09:00:00Z", "lost Writer on crm", "lost Member on team", "gained Reader on crm"];
        assert_eq!(of(None), wanted);
        assert_eq!(of(Some(given + TimeDelta::hours(1))), wanted[1..]);
        assert_eq!(of(Some(given + TimeDelta::days(2))), [""; 0]);
    }
}
