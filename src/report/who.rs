//! Who holds which role on a resource, and why, in a line each.

use super::asked::{Asked, came_by, key};
use super::row::{Column, full, row, shown};
use super::thing::Thing;
use super::why::{Proof, header, place_of, sees};
use super::{Cell, Row};
use crate::authority::Action;
use crate::engine::{Event, Joined, Person, Refusal, giving, live_in, ways_into};
use crate::kinds::group::{Group, MEMBERS, OWNERS};
use crate::model::Address;

/// The columns of the answer.
pub const COLUMNS: &[Column] =
    &[shown("user"), shown("name"), shown("role"), shown("because"), full("package"), full("assignment"), shown("end"), shown("proof")];

/// Answers who holds a thing.
///
/// # Errors
/// When the asker may not know.
pub fn who(asked: &Asked<'_>, thing: &Thing) -> Result<Vec<Row>, Refusal> {
    let scope = asked.scope(Action::ViewAssignments)?;
    sees(asked, thing, &scope)?;
    let facts = asked.facts;
    let mut rows: Vec<(String, String, Row)> = Vec::new();
    let mut add =
        |name: &str, role: &str, because: String, package: Option<&str>, assignment: Option<&crate::engine::Assignment>, proof| {
            let person = facts.person(name);
            let id = assignment.map(|a| a.id.as_str());
            let cells = row![name, asked.seen(&person).0, role, because, package, id, assignment.and_then(|a| a.end), cell(&proof)];
            rows.push((name.to_owned(), role.to_owned(), cells));
        };
    for gives in giving(facts, &thing.kind, &thing.key).iter().filter(|g| scope.has(facts, &g.stored.id)) {
        for a in live_in(facts, &gives.stored.id) {
            let name = Person::of_named(facts, &a.target).named.name;
            let package = gives.package.0.address.key();
            let because = format!("package {package}, {} through {}", came_by(&a.source), key(&a.policy.name));
            add(&name, gives.role, because, Some(package), Some(&a), given(asked, &a.id));
        }
    }
    if let Some(group) = thing.object(facts).and_then(Group::of) {
        for (name, way) in ways_into(facts, &group.0.address, None) {
            let nested: Vec<String> = way.groups.iter().skip(1).map(Address::reference).collect();
            let through = if nested.is_empty() { String::new() } else { format!(" through {}", nested.join(", ")) };
            let last = way.groups.last().and_then(|g| facts.objects.get(g));
            let at = |path| last.map_or(Proof::Nothing, |s| place_of(s, path));
            match &way.joined {
                Joined::Declared => add(&name, "Member", format!("declared member{through}"), None, None, at(MEMBERS)),
                Joined::Rule => add(&name, "Member", format!("rule{through}"), None, None, last.map_or(Proof::Nothing, header)),
                Joined::Package(a) if way.groups.len() > 1 && scope.has(facts, &a.package.id) => {
                    let package = key(&a.package.name);
                    add(&name, "Member", format!("package {package}{through}"), Some(package), Some(a), given(asked, &a.id));
                }
                Joined::Package(_) => {}
            }
        }
        let proof = facts.objects.get(&group.0.address).map_or(Proof::Nothing, |s| place_of(s, OWNERS));
        group.owners().for_each(|o| add(o, "Owner", "declared owner".to_owned(), None, None, proof.clone()));
    }
    rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    Ok(rows.into_iter().map(|(.., cells)| cells).collect())
}

/// The records whose history the answer needs.
#[must_use]
pub fn records(asked: &Asked<'_>, thing: &Thing) -> Vec<String> {
    let all = giving(asked.facts, &thing.kind, &thing.key);
    let mut ids: Vec<String> = all.iter().flat_map(|g| live_in(asked.facts, &g.stored.id)).map(|a| a.id).collect();
    if let Some(group) = thing.object(asked.facts).and_then(Group::of) {
        let ways = ways_into(asked.facts, &group.0.address, None);
        ids.extend(ways.into_iter().filter_map(|(_, w)| if let Joined::Package(a) = w.joined { Some(a.id) } else { None }));
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn given(asked: &Asked<'_>, assignment: &str) -> Proof {
    let is = |e: &Event| matches!(e, Event::Given { assignment: a } if a.id == assignment);
    asked.told.iter().find(|t| t.life().is_some_and(is)).map_or(Proof::Nothing, |t| Proof::Event(t.serial))
}

fn cell(proof: &Proof) -> Cell {
    match proof {
        Proof::Place(place) => Cell::from(place.as_str()),
        Proof::Event(serial) => Cell::from(format!("@{serial}")),
        Proof::Nothing => Cell::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{World, person};
    use crate::report::thing;

    #[test]
    fn everybody_with_the_reason_and_its_proof() {
        let mut world = World::new();
        world.request("bo", "audit", "");
        world.assign("ann", "sell");
        let told = |actor: &str, resource: &str| {
            let text = |cell: &Cell| if let Cell::Text(text) = cell { text.clone() } else { "-".to_owned() };
            let rows = world.ask_as(&person(actor), |_| {}, |asked| who(asked, &thing(asked.facts, resource, &|_| true)?));
            rows.map(|all| all.iter().map(|r| [0, 2, 3, 7].map(|n| text(&r[n])).join(" | ")).collect::<Vec<_>>()).map_err(|r| r.rule.0)
        };
        let crm = [
            "ann@contoso.example | Writer | package sell, assigned through direct | @3",
            "bo@contoso.example | Reader | package audit, request through staff | @2",
        ];
        assert_eq!(told("cy", "crm").unwrap(), crm);
        assert_eq!(
            told("root", "group:staff").unwrap()[2],
            "cy@contoso.example | Member | declared member through group:inner | all.toml:15"
        );
        assert_eq!(told("cy", "group:staff"), Err("R55"));
        assert_eq!(told("ann", "crm"), Err("R55"));
    }
}
