//! P2: the packages that a person can request, through which policies, and what they give (R70).

use super::asked::Asked;
use super::row::{full, row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Refusal, offers};
use crate::kinds::access_package::Package;
use crate::kinds::display_name;

/// The report.
pub(super) static REPORT: Report = Report {
    name: "requestable",
    tells: "What a person can request, through which policy, on which terms",
    takes: &[Takes::Person, Takes::Package],
    columns: &[
        full("user"),
        full("package_id"),
        shown("package"),
        shown("package_name"),
        full("catalog"),
        full("hidden"),
        shown("policy"),
        full("policy_name"),
        shown("stages"),
        shown("expiration"),
        shown("ends_if_approved_now"),
        full("extension"),
        shown("resource_roles"),
    ],
    made: Made::Facts(rows),
};

/// What a package gives, in words.
pub(super) fn roles(package: Package<'_>) -> Vec<String> {
    package.roles().map(|(resource, role, _)| format!("{role} on {}", resource.key())).collect()
}

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let (person, scope) = asked.about(Action::ViewPackages)?;
    let mut rows = Vec::new();
    for (package, stored) in asked.packages().filter(|(_, s)| scope.has(asked.facts, &s.id)) {
        // A hidden package is found by its name or link only, but by who manages it (R62).
        if package.is_hidden() && asked.package.is_none() && !asked.may(Action::ViewPackages, &package.catalog()) {
            continue;
        }
        for offer in offers(asked.facts, &package.0.address, &person).unwrap_or_default() {
            let stages = if offer.policy.approves_requests() { offer.policy.stages().len() } else { 0 };
            rows.push(row![
                person.named.name.as_str(),
                stored.id.as_str(),
                package.0.address.key(),
                display_name(package.0).0,
                package.catalog_key(),
                package.is_hidden(),
                offer.policy.0.address.key(),
                display_name(offer.policy.0).0,
                stages,
                offer.policy.expiration_text(),
                offer.ends,
                offer.policy.extension(),
                roles(package),
            ]);
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::World;

    #[test]
    fn what_somebody_can_request_through_which_policy() {
        let world = World::new();
        let columns = ["package", "policy", "stages", "ends_if_approved_now", "resource_roles"];
        let sell = "sell | staff | 1 | 03-31 | [Writer on crm, Member on team]";
        let (alone, audit) = ("alone | staff | 0 | 03-31 | []", "audit | staff | 0 | 03-31 | [Reader on crm]");
        assert_eq!(world.rows(&REPORT, &columns, "ann", |_| {}), [alone, audit, sell]);
        let ann = |asked: &mut Asked<'_>| asked.person = Some("ann@contoso.example".to_owned());
        assert_eq!(world.rows(&REPORT, &columns, "cy", ann), [audit, sell]);
        assert_eq!(world.rows(&REPORT, &columns, "bo", ann), ["R55 root@contoso.example can"]);
        let eve = |asked: &mut Asked<'_>| asked.person = Some("eve@fabrikam.example".to_owned());
        assert_eq!(world.rows(&REPORT, &["package", "policy"], "root", eve), ["sell | fabrikam"]);
    }
}
