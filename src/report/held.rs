//! P3: the packages that a person holds, with what they give (R70).

use super::asked::{Asked, came_by, name_now};
use super::requestable::roles;
use super::row::{full, row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Refusal, live_of};
use crate::kinds::display_name;

/// The report.
pub(super) static REPORT: Report = Report {
    name: "held",
    tells: "The packages that a person holds, and what they give",
    takes: &[Takes::Person, Takes::Package],
    columns: &[
        full("user"),
        full("assignment"),
        full("package_id"),
        shown("package"),
        shown("package_name"),
        shown("policy"),
        full("source"),
        shown("start"),
        shown("end"),
        shown("resource_roles"),
    ],
    made: Made::Facts(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let (person, scope) = asked.about(Action::ViewAssignments)?;
    let facts = asked.facts;
    let held = live_of(facts, &person.named.id).into_iter().filter(|a| scope.has(facts, &a.package.id));
    let row = |a: crate::engine::Assignment| {
        let package = facts.package(&a.package.id);
        row![
            person.named.name.as_str(),
            a.id.as_str(),
            a.package.id.as_str(),
            name_now(facts, &a.package),
            package.map(|p| display_name(p.0).0),
            name_now(facts, &a.policy),
            came_by(&a.source),
            a.start,
            a.end,
            package.map(roles),
        ]
    };
    Ok(held.map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::World;

    #[test]
    fn one_sees_ones_own_and_others_by_delegation() {
        let mut world = World::new();
        world.request("ann", "audit", "");
        world.request("ann", "alone", "");
        let columns = ["package", "policy", "source", "end", "resource_roles"];
        let (audit, alone) = ("audit | staff | request | 03-31 | [Reader on crm]", "alone | staff | request | 03-31 | []");
        assert_eq!(world.rows(&REPORT, &columns, "ann", |_| {}), [audit, alone]);
        let ann = |asked: &mut Asked<'_>| asked.person = Some("ann@contoso.example".to_owned());
        assert_eq!(world.rows(&REPORT, &columns, "cy", ann), [audit]);
        assert_eq!(world.rows(&REPORT, &columns, "bo", ann), ["R55 root@contoso.example can"]);
    }
}
