//! P6: the connected organizations.

use super::asked::Asked;
use super::row::{full, row, shown};
use super::{Made, Report, Row};
use crate::authority::Action;
use crate::engine::Refusal;
use crate::kinds::connected_organization::{self as organization, domains, external_sponsors, internal_sponsors, tenant};
use crate::kinds::display_name;
use crate::kinds::user::User;

/// The report.
pub(super) static REPORT: Report = Report {
    name: "organizations",
    tells: "The connected organizations, who answers for them, and how many of their people are guests",
    takes: &[],
    columns: &[
        full("id"),
        shown("organization"),
        shown("name"),
        shown("state"),
        full("tenant"),
        shown("domains"),
        shown("internal_sponsors"),
        shown("external_sponsors"),
        shown("guests"),
        full("written_by"),
    ],
    made: Made::Facts(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    // Who keeps them sees them.
    if let Err(refusal) = asked.over_tenant() {
        asked.actor.may_in(asked.today, Action::ChangeConnectedOrganizations, None).map_err(|_| refusal)?;
    }
    let facts = asked.facts;
    let texts = |all: &mut dyn Iterator<Item = &str>| -> Vec<String> { all.map(str::to_owned).collect() };
    let users = || facts.objects.within_kind("user").iter().filter_map(|s| User::of(&s.object)).filter(|u| u.is_guest());
    let homes: Vec<_> = users().filter_map(|u| facts.person(u.0.address.key()).organization(facts)).map(|o| &o.address).collect();
    let row = |stored: &crate::model::Stored| {
        let object = &stored.object;
        let guests = homes.iter().filter(|home| ***home == object.address).count();
        row![
            stored.id.as_str(),
            object.address.key(),
            display_name(object).0,
            if organization::is_proposed(object) { "proposed" } else { "configured" },
            tenant(object),
            texts(&mut domains(object).map(|(d, _)| d)),
            texts(&mut internal_sponsors(object)),
            texts(&mut external_sponsors(object)),
            guests,
            format!("@{}", stored.version),
        ]
    };
    Ok(facts.objects.within_kind(organization::KIND.name).iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::World;

    #[test]
    fn organizations_with_their_sponsors_and_guests() {
        let world = World::new();
        let columns = ["organization", "state", "domains", "internal_sponsors", "external_sponsors", "guests", "written_by"];
        let one = "fabrikam | configured | [fabrikam.example] | [cy@contoso.example] | [] | 1 | @1";
        assert_eq!(world.rows(&REPORT, &columns, "root", |_| {}), [one]);
        assert_eq!(world.rows(&REPORT, &columns, "cy", |_| {}), ["R55 root@contoso.example can"]);
    }
}
