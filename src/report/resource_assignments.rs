//! P4: the resource roles that a person holds, a row for each reason (R70).

use super::asked::{Asked, Scope, name_now};
use super::row::{full, row, shown};
use super::thing::Thing;
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Joined, Refusal, live_of, ways_into};
use crate::kinds::group::Group;
use crate::kinds::resource::Resource;
use crate::model::Address;

/// The report.
pub(super) static REPORT: Report = Report {
    name: "resource-assignments",
    tells: "The resource roles that a person holds, a row for each reason",
    takes: &[Takes::Person, Takes::Package],
    columns: &[
        full("user_id"),
        full("user"),
        shown("resource"),
        full("resource_type"),
        full("origin"),
        shown("role"),
        shown("by"),
        shown("package"),
        shown("policy"),
        shown("start"),
        shown("end"),
        full("through"),
    ],
    made: Made::Facts(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let (person, scope) = asked.about(Action::ViewAssignments)?;
    let facts = asked.facts;
    let mut rows: Vec<(String, String, Row)> = Vec::new();
    for a in live_of(facts, &person.named.id).into_iter().filter(|a| scope.has(facts, &a.package.id)) {
        for (resource, role, _) in facts.package(&a.package.id).into_iter().flat_map(|p| p.roles().collect::<Vec<_>>()) {
            let Some((kind, key)) = facts.object(&resource).and_then(Resource::of).map(Resource::identity) else { continue };
            let cells = row![
                person.named.id.as_str(),
                person.named.name.as_str(),
                resource.as_str(),
                kind,
                key,
                role,
                "package",
                name_now(facts, &a.package),
                name_now(facts, &a.policy),
                a.start,
                a.end,
                Vec::new(),
            ];
            rows.push((format!("{kind}:{key}"), role.to_owned(), cells));
        }
    }
    // Who sees one catalog only sees what its packages give, and not what else somebody is.
    if scope == Scope::All {
        for group in facts.groups() {
            declared(asked, &person, group, &mut rows);
        }
    }
    rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    Ok(rows.into_iter().map(|(.., cells)| cells).collect())
}

/// What the files or a rule make of somebody in a group.
fn declared(asked: &Asked<'_>, person: &crate::engine::Person<'_>, group: Group<'_>, rows: &mut Vec<(String, String, Row)>) {
    let address = &group.0.address;
    let thing = Thing { kind: address.kind().to_owned(), key: address.key().to_owned() };
    let mut add = |role: &str, by: &str, through: Vec<String>| {
        let resource = thing.resources(asked.facts).first().map_or_else(|| thing.to_string(), |r| r.0.address.to_string());
        let nothing: Option<&str> = None;
        let cells = row![
            person.named.id.as_str(),
            person.named.name.as_str(),
            resource,
            address.kind(),
            address.key(),
            role,
            by,
            nothing,
            nothing,
            nothing,
            nothing,
            through,
        ];
        rows.push((thing.to_string(), role.to_owned(), cells));
    };
    for (_, way) in ways_into(asked.facts, address, Some(person)) {
        let by = match way.joined {
            Joined::Declared => "declared",
            Joined::Rule => "rule",
            // Told already where the package gives it; through another group it is what the nesting declares.
            Joined::Package(_) if way.groups.len() == 1 => continue,
            Joined::Package(_) => "nested",
        };
        add("Member", by, way.groups.iter().skip(1).map(Address::reference).collect());
    }
    if group.owners().any(|o| o == person.named.name) {
        add("Owner", "declared", Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::World;

    #[test]
    fn a_row_for_each_reason_and_what_is_declared_is_marked() {
        let mut world = World::new();
        world.request("bo", "audit", "");
        world.assign("cy", "sell");
        let columns = ["resource", "role", "by", "package", "end", "through"];
        let cy = [
            "catalog.sales.resource.crm | Writer | package | sell | 03-31 | []",
            "group:inner | Member | declared | - | - | []",
            "group:staff | Member | declared | - | - | [group:inner]",
            "catalog.sales.resource.team | Member | package | sell | 03-31 | []",
        ];
        assert_eq!(world.rows(&REPORT, &columns, "cy", |_| {}), cy);
        let bo = |asked: &mut Asked<'_>| asked.person = Some("bo@contoso.example".to_owned());
        assert_eq!(world.rows(&REPORT, &columns, "cy", bo), ["catalog.sales.resource.crm | Reader | package | audit | 03-31 | []"]);
    }
}
