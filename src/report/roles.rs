//! P15: who holds which administrative role, directly or through groups, which are named one by one.

use super::asked::Asked;
use super::row::{full, row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::{Action, Role};
use crate::engine::{Joined, Refusal, Way, ways_into};
use crate::kinds::delegation;
use crate::model::{Address, Stored};

/// The report.
pub(super) static REPORT: Report = Report {
    name: "roles",
    tells: "Who holds which administrative role, directly or through which groups",
    takes: &[Takes::Person],
    columns: &[
        shown("role"),
        shown("catalog"),
        shown("user"),
        shown("user_name"),
        full("enabled"),
        shown("through"),
        full("joined"),
        full("until"),
        shown("delegation"),
        shown("place"),
    ],
    made: Made::Facts(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let own = matches!((&asked.person, asked.actor), (Some(name), crate::engine::Actor::Person(me)) if name == me);
    let tenant = asked.over_tenant();
    let all = tenant.is_ok() || own;
    let seen = |object: &Stored| all || object.object.address.parent().is_some_and(|c| asked.may(Action::ViewCatalog, &c));
    let facts = asked.facts;
    let everywhere = [delegation::KIND.name, "catalog"].into_iter().flat_map(|kind| facts.objects.within_kind(kind));
    let delegations: Vec<&Stored> = everywhere.filter(|s| delegation::role(&s.object).is_some() && seen(s)).collect();
    if delegations.is_empty() {
        tenant?;
    }
    let mut rows: Vec<(Role, Row)> = Vec::new();
    for stored in delegations {
        let object = &stored.object;
        let Some(role) = delegation::role(object).and_then(Role::of_word) else { continue };
        let mut add = |name: &str, way: Option<&Way>| {
            if asked.person.as_deref().is_some_and(|p| p != name) {
                return;
            }
            let person = facts.person(name);
            let (joined, until) = match way.map(|w| &w.joined) {
                None => ("delegation", None),
                Some(Joined::Declared) => ("declared", None),
                Some(Joined::Rule) => ("rule", None),
                Some(Joined::Package(a)) => ("package", a.end),
            };
            let through: Vec<String> = way.into_iter().flat_map(|w| &w.groups).map(Address::reference).collect();
            let cells = row![
                role.word(),
                object.address.parent().map(|c| c.key().to_owned()),
                name,
                asked.seen(&person).0,
                person.is_enabled(),
                through,
                joined,
                until,
                object.address.as_str(),
                place(stored),
            ];
            rows.push((role, cells));
        };
        for member in delegation::members(object) {
            match member.kind() {
                "group" => ways_into(facts, &member, None).iter().for_each(|(name, way)| add(name, Some(way))),
                _ => add(member.key(), None),
            }
        }
    }
    // The most powerful first: that is what somebody looks for.
    rows.sort_by_key(|(role, _)| std::cmp::Reverse(*role));
    Ok(rows.into_iter().map(|(_, cells)| cells).collect())
}

/// Where an object stands in the files, as it was last written; nothing, where no file says it.
pub(super) fn place(stored: &Stored) -> Option<String> {
    let places = stored.origin.places();
    (!places.file.is_empty()).then(|| format!("{}:{}", places.file, places.line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::World;

    #[test]
    fn roles_directly_and_through_groups_the_most_powerful_first() {
        let world = World::new();
        let columns = ["role", "catalog", "user", "through", "joined", "delegation"];
        let root = "administrator | - | root@contoso.example | [] | delegation | delegation.administrators";
        let cy = "access_package_manager | sales | cy@contoso.example | [group:inner] | declared | catalog.sales.delegation.managers";
        assert_eq!(world.rows(&REPORT, &columns, "root", |_| {}), [root, cy]);
        assert_eq!(world.rows(&REPORT, &columns, "cy", |_| {}), [cy]);
        assert_eq!(world.rows(&REPORT, &columns, "ann", |_| {}), ["R55 root@contoso.example can"]);
        let own = |asked: &mut Asked<'_>| asked.person = Some("ann@contoso.example".to_owned());
        assert_eq!(world.rows(&REPORT, &columns, "ann", own), [""; 0]);
    }

    #[test]
    fn a_package_that_makes_an_approver_of_roles_is_named() {
        let text = crate::report::testing::FILES.replace("members = [\"group:inner\"]", "members = [\"group:team\"]");
        let mut world = World::of(&text);
        world.assign("bo", "sell");
        let rows = world.rows(&REPORT, &["user", "through", "joined", "until"], "root", |_| {});
        assert_eq!(rows[1], "bo@contoso.example | [group:team] | package | 03-31");
    }
}
