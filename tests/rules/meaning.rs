//! What the rules permit and what they say by default: accepted, and meaning what the rule says.

use crate::files::{AUDIT, CAMPAIGN, MONTH_END, NEW, ORGANIZATIONS};
use crate::{Edit, accepted, check, row};
use writ::config::Config;
use writ::kinds::access_package::Package;
use writ::kinds::assignment::Assignment;
use writ::kinds::policy::{Policy, Population};
use writ::kinds::with_defaults;
use writ::model::{Address, Object};

fn object<'c>(config: &'c Config, address: &str) -> &'c Object {
    &config.objects[&Address::parse(address).unwrap()]
}

/// R14: a package that names no catalog goes to `general`, which always exists and is not declared by that.
#[test]
fn r14_a_package_without_a_catalog_is_in_general() {
    let config = accepted(&[(NEW, "", "[access_package.badge]\n[access_package.badge.policy.direct]\nrequestors = \"none\"")]);
    let package = Package::of(object(&config, "access_package.badge")).unwrap();
    assert_eq!(package.catalog(), Address::root("catalog", "general"));
    assert!(!config.objects.contains_key(&Address::root("catalog", "general")));
}

/// R29: a package without a policy is legal; it cannot be requested, and a warning says so.
#[test]
fn r29_a_package_without_a_policy_is_a_warning() {
    check(&[row(
        "R29",
        &[(NEW, "", "[access_package.badge] #~ R29")],
        "`badge` has no policy, so nobody can request it | `[access_package.badge.policy.KEY]`",
    )]);
    accepted(&[(NEW, "", "[access_package.badge] #~ R29")]);
}

/// R32: a package may carry several policies with different approval and expiration.
#[test]
fn r32_several_policies() {
    let config = accepted(&[]);
    let of_campaign = |o: &&Object| o.address.parent() == Some(Address::root("access_package", "campaign"));
    let policies: Vec<Policy<'_>> = config.objects.values().filter(of_campaign).filter_map(Policy::of).collect();
    let populations: Vec<Population> = policies.iter().map(|p| p.population()).collect();
    assert_eq!(populations, [Population::Direct, Population::Inside, Population::Outside]);
    let expirations: Vec<_> = policies.iter().filter_map(|p| p.expiration()?.as_text()).collect();
    assert_eq!(expirations, ["2027-12-31", "180d", "90d"]);
}

/// R48: a policy is enabled unless it says otherwise.
#[test]
fn r48_a_policy_is_enabled_or_disabled() {
    let disabled: &[Edit] = &[(CAMPAIGN, "display_name = \"Fabrikam\"", "display_name = \"Fabrikam\"\nenabled = false")];
    let enabled = |config: &Config| with_defaults(object(config, "access_package.campaign.policy.fabrikam")).flag("enabled", false);
    assert!(enabled(&accepted(&[])));
    assert!(!enabled(&accepted(disabled)));
}

/// R51: a direct assignment can cover several users.
#[test]
fn r51_several_users_in_one_assignment() {
    let config = accepted(&[]);
    let assignment = Assignment::of(object(&config, "access_package.month-end.assignment.leave-cover")).unwrap();
    let holders: Vec<String> = assignment.holders().map(|a| a.key().to_owned()).collect();
    assert_eq!(holders, ["ivy@contoso.example", "tom@contoso.example"]);
}

/// R53: a justification is kept with the assignment, and optional.
#[test]
fn r53_a_justification_is_kept() {
    let config = accepted(&[(CAMPAIGN, "justification = \"Summer intern on the autumn campaign\"", "")]);
    let said = |address: &str| object(&config, address).attributes.text("justification");
    assert_eq!(said("access_package.month-end.assignment.leave-cover"), Some("Cover for the first quarter's close"));
    assert_eq!(said("access_package.campaign.assignment.interns"), None);
}

/// R138: incompatibility is one-directional: what one package says, the other does not say.
#[test]
fn r138_incompatibility_has_a_direction() {
    let config = accepted(&[
        (MONTH_END, "incompatible_with = [\"access_package:audit\"]", ""),
        (AUDIT, "incompatible_with = [\"access_package:month-end\"]", "incompatible_with = [\"access_package:month-end\"] #~ W0412"),
    ]);
    let excluded =
        |key: &str| Package::of(object(&config, key)).unwrap().incompatible_with().map(|(a, _)| a.to_string()).collect::<Vec<_>>();
    assert_eq!(excluded("access_package.audit"), ["access_package.month-end"]);
    assert_eq!(excluded("access_package.month-end"), Vec::<String>::new());
}

/// R156: a declared organization starts configured.
#[test]
fn r156_an_organization_starts_configured() {
    let state = |edits: &[Edit]| with_defaults(object(&accepted(edits), "connected_organization.litware")).text("state").map(str::to_owned);
    assert_eq!(state(&[]).as_deref(), Some("configured"));
    let proposed: &[Edit] = &[(ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [\"litware.example\"]\nstate = \"proposed\"")];
    assert_eq!(state(proposed).as_deref(), Some("proposed"));
}

/// Absent means the documented default, and what says the default says nothing.
#[test]
fn what_says_the_default_says_nothing() {
    let plain = accepted(&[]);
    let said = accepted(&[
        (
            CAMPAIGN,
            "display_name = \"Fabrikam\"",
            "display_name = \"Fabrikam\"\nenabled = true\non_behalf = \"none\"\ncustom_schedule = false",
        ),
        (ORGANIZATIONS, "domains = [\"litware.example\"]", "domains = [\"litware.example\"]\nstate = \"configured\""),
    ]);
    assert_eq!(
        plain.objects.values().map(|o| (&o.address, &o.attributes)).collect::<Vec<_>>(),
        said.objects.values().map(|o| (&o.address, &o.attributes)).collect::<Vec<_>>()
    );
}

/// The two spellings of a duration, of one member and of a user are one.
#[test]
fn spellings_of_the_same() {
    let plain = accepted(&[]);
    let spelt = accepted(&[
        (CAMPAIGN, "timeout = \"14d\"", "timeout = \"P2W\""),
        (CAMPAIGN, "approvers = [\"group:marketing-leads\"]", "approvers = \"group:marketing-leads\""),
        (CAMPAIGN, "users = [\"pia@contoso.example\"]", "users = [\"user:PIA@contoso.example\"]"),
        (CAMPAIGN, "[\"Editor\", \"Reader\"]", "[\"Reader\", \"Editor\"]"),
    ]);
    let attributes = |c: &Config| c.objects.values().map(|o| o.attributes.without_places()).collect::<Vec<_>>();
    assert_eq!(attributes(&plain), attributes(&spelt));
}
