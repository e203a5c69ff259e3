//! Outside people: catalogs that they may see (R104), domains that are not welcome (R36).

use crate::config::{World, finding};
use crate::diag::{Diagnostics, codes};
use crate::kinds::{access_package::Package, catalog, connected_organization, policy, settings};
use crate::model::Address;

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let rules = world.get(&settings::external_users());
    for organization in world.declared(connected_organization::KIND.name) {
        for (domain, at) in connected_organization::domains(organization) {
            if let Some(why) = rules.and_then(|r| settings::forbids(r, domain)) {
                let message = format!("`{domain}` is not welcome, by the settings for external users");
                found.push(
                    finding(&codes::R36, organization, at, message)
                        .related(why, "said here")
                        .help("change the settings, or leave the domain out"),
                );
            }
        }
    }
    for policy in world.all(policy::KIND.name).filter_map(policy::Policy::of) {
        if policy.population() != policy::Population::Outside {
            continue;
        }
        let package = world.parent(policy.0).and_then(Package::of);
        let Some(catalog_address) = package.map(|p| p.catalog()) else { continue };
        let stray = |p: Package<'_>| !p.names_catalog() && p.roles().any(|(resource, ..)| world.get(&resource).is_none());
        if package.is_some_and(stray) {
            continue; // it lacks its catalog, and that has been told
        }
        let visible = match world.get(&catalog_address) {
            Some(object) => catalog::is_externally_visible(object),
            None if catalog_address.key() == catalog::GENERAL => false,
            None => continue,
        };
        let declared = world.declares(&policy.0.address);
        if !visible && !declared {
            blame_catalog(world, policy, package, &catalog_address, found);
        } else if !visible {
            let at = policy.requestors().map_or(policy.0.at, |v| v.at);
            let message = format!("people from outside do not see `{catalog_address}`, so they cannot request");
            let at_catalog = world.get(&catalog_address).map_or(crate::diag::Span::NONE, |c| c.at);
            let help = format!("write `externally_visible = true` in `[{catalog_address}]`");
            found.push(finding(&codes::R104, policy.0, at, message).related(at_catalog, "the catalog").help(help));
        }
        for (organization, at) in policy.organizations().filter(|_| declared) {
            // One that is declared here has been told itself.
            let Some(object) = world.known.objects.get(&organization).filter(|_| !world.declares(&organization)) else {
                continue;
            };
            let forbidden = connected_organization::domains(object).find_map(|(d, _)| Some((d, settings::forbids(rules?, d)?)));
            if let Some((domain, why)) = forbidden {
                let message = format!("`{}` uses `{domain}`, which is not welcome", organization.key());
                found.push(
                    finding(&codes::R36, policy.0, at, message)
                        .related(why, "said here")
                        .help("change the settings, or leave the organization out"),
                );
            }
        }
    }
}

/// A policy for outside people that only the store knows: told at the catalog that hides itself, or at the package that
/// is in a hidden one, whichever is declared (R104).
fn blame_catalog(
    world: &World<'_>,
    policy: policy::Policy<'_>,
    package: Option<Package<'_>>,
    catalog_address: &Address,
    found: &mut Diagnostics,
) {
    let package = package.filter(|p| world.declares(&p.0.address)).map(|p| (p.0, p.catalog_place()));
    let catalog = world.objects.get(catalog_address).map(|c| (c, catalog::visibility_place(c)));
    let Some((object, at)) = catalog.or(package) else { return };
    let message = format!("people from outside do not see `{catalog_address}`, and `{}` is for them", policy.0.address);
    let help = format!("write `externally_visible = true` in `[{catalog_address}]`");
    found.push(finding(&codes::R104, object, at, message).help(help));
}
