//! P14: the catalogs that are open to people from outside.

use super::asked::Asked;
use super::row::{full, row, shown};
use super::{Made, Report, Row};
use crate::authority::Action;
use crate::engine::Refusal;
use crate::kinds::policy::Population;
use crate::kinds::{catalog, display_name};

/// The report.
pub(super) static REPORT: Report = Report {
    name: "external-catalogs",
    tells: "The catalogs that are open to people from outside, with their packages",
    takes: &[],
    columns: &[
        full("id"),
        shown("catalog"),
        shown("name"),
        shown("enabled"),
        shown("packages"),
        shown("packages_for_outside"),
        full("policies_for_outside"),
    ],
    made: Made::Facts(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let seen: Vec<_> = asked.catalogs().filter(|c| asked.may(Action::ViewCatalog, &c.object.address)).collect();
    if seen.is_empty() {
        asked.over_tenant()?;
    }
    let outside = |address: &crate::model::Address| {
        let policies = asked.facts.policies(address).map(|(policy, _)| policy);
        policies.filter(|p| p.population() == Population::Outside).map(|p| p.0.address.to_string()).collect::<Vec<_>>()
    };
    let row = |stored: &&crate::model::Stored| {
        let object = &stored.object;
        let packages: Vec<_> = asked.packages().filter(|(p, _)| p.catalog() == object.address).collect();
        let policies: Vec<Vec<String>> = packages.iter().map(|(p, _)| outside(&p.0.address)).collect();
        row![
            stored.id.as_str(),
            object.address.key(),
            display_name(object).0,
            catalog::is_enabled(object),
            packages.len(),
            policies.iter().filter(|p| !p.is_empty()).count(),
            policies.concat(),
        ]
    };
    Ok(seen.iter().filter(|c| catalog::is_externally_visible(&c.object)).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::World;

    #[test]
    fn only_those_that_are_open_with_what_is_in_them() {
        let world = World::new();
        let columns = ["catalog", "enabled", "packages", "packages_for_outside", "policies_for_outside"];
        let sales = "sales | true | 2 | 1 | [access_package.sell.policy.fabrikam]";
        assert_eq!(world.rows(&REPORT, &columns, "root", |_| {}), [sales]);
        assert_eq!(world.rows(&REPORT, &columns, "cy", |_| {}), [sales]);
        assert_eq!(world.rows(&REPORT, &columns, "ann", |_| {}), ["R55 root@contoso.example can"]);
    }
}
