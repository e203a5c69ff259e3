//! What may be a resource, and which roles it has: R107, R108, R109, one origin once in a catalog; a connector that there is.

use crate::config::{World, finding};
use crate::diag::{Diagnostics, Span, codes, did_you_mean};
use crate::kinds::access_package::{self, Package};
use crate::kinds::resource::{self, Resource};
use crate::kinds::{application, group::Group, sharepoint_site};
use crate::model::{Address, Object};
use foldhash::HashMap;

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let mut origins: HashMap<(&str, &str, &str), &Object> = HashMap::default();
    for resource in world.known_first(resource::KIND.name).filter_map(Resource::of) {
        let declared = world.declares(&resource.0.address);
        let (kind, origin) = resource.identity();
        if origin.is_empty() {
            continue; // missing or misread, and told so
        }
        let at = resource.place();
        if let Some(first) = origins.insert((resource.0.address.parent_text(), kind, origin), resource.0).filter(|_| declared) {
            let message = format!("`{}` is in the catalog already, as `{}`", resource.origin_text(), first.address.key());
            let at_first = Resource(first).place();
            found.push(
                finding(&codes::E0409, resource.0, at, message)
                    .related(at_first, "first here")
                    .help("use that resource, or take this one out"),
            );
        }
        let group = resource.origin().and_then(|o| world.get(&o)).and_then(Group::of);
        let Some((group, why)) = group.and_then(|g| Some((g, g.unfit_as_resource()?))) else { continue };
        if declared {
            let message = format!("`{}` cannot be a resource: {why}", resource.origin_text());
            found.push(finding(&codes::R107, resource.0, at, message).help("use a security or microsoft_365 group of the cloud directory"));
        } else if world.declares(&group.0.address) {
            let message = format!("{why}, and `{}` is about it", resource.0.address);
            let help = "a resource is a security or microsoft_365 group of the cloud directory: leave it one";
            found.push(finding(&codes::R107, group.0, group.unfit_place(), message).help(help));
        }
    }
    world.declared(resource::KIND.name).filter_map(Resource::of).for_each(|resource| check_connector(world, resource, found));
    for package in world.all(access_package::KIND.name).filter_map(Package::of) {
        for given in package.roles() {
            check_role(world, package, given, found);
        }
    }
}

/// A resource is delivered through a connector of `writ.toml`.
fn check_connector(world: &World<'_>, resource: Resource<'_>, found: &mut Diagnostics) {
    let Some(name) = resource.connector().filter(|name| !world.settings.declares_connector(name)) else { return };
    let help = did_you_mean(name, world.settings.connector_names());
    let help = help.unwrap_or_else(|| format!("declare it in writ.toml: `[connector.{name}]`, with `type` and `url`"));
    let message = format!("`writ.toml` has no connector `{name}`");
    found.push(finding(&codes::E0417, resource.0, resource.connector_place(), message).help(help));
}

/// A package gives a role that there is; told at the package, or, when only the store knows that, at what lost the role.
fn check_role(world: &World<'_>, package: Package<'_>, (address, role, at): (Address, &str, Span), found: &mut Diagnostics) {
    let Some(resource) = world.get(&address).and_then(Resource::of) else { return };
    let origin = resource.origin().and_then(|o| world.get(&o));
    let offered = resource_roles(resource, origin);
    if offered.is_empty() || offered.contains(&role) {
        return;
    }
    let (code, message) = match origin {
        Some(o) if Group::of(o).is_some_and(Group::is_dynamic) => {
            (&codes::R108, format!("`{}` is a dynamic group, so `{role}` cannot be given", o.address.key()))
        }
        Some(o) if o.address.kind() == application::KIND.name && offered == [application::DEFAULT_ACCESS] => {
            (&codes::R109, format!("`{}` names no roles, so it offers `{}` and no `{role}`", o.address.key(), application::DEFAULT_ACCESS))
        }
        _ => (&codes::E0402, format!("`{}` has no role `{role}`", address.key())),
    };
    if world.declares(&package.0.address) {
        let list = offered.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ");
        let help = did_you_mean(role, offered.iter().copied()).unwrap_or_else(|| format!("its roles are {list}"));
        found.push(finding(code, package.0, at, message).help(help));
    } else if let Some(object) = origin.into_iter().chain([resource.0]).find(|o| world.declares(&o.address)) {
        let message = format!("{message}, and `{}` gives it", package.0.address);
        found.push(finding(code, object, roles_place(object), message).help("keep the role until no package gives it"));
    }
}

/// The roles that a resource has: its own, or those of its origin.
#[must_use]
pub fn resource_roles<'a>(resource: Resource<'a>, origin: Option<&'a Object>) -> Vec<&'a str> {
    match origin {
        None => resource.own_roles(),
        Some(o) => match o.address.kind() {
            "group" => Group(o).roles().to_vec(),
            "application" => application::roles(o),
            _ => sharepoint_site::roles(o),
        },
    }
}

/// Where something says which roles it has.
fn roles_place(object: &Object) -> Span {
    match object.address.kind() {
        "group" => Group(object).rule_place(),
        "application" => application::roles_place(object),
        "sharepoint_site" => sharepoint_site::roles_place(object),
        _ => Resource(object).roles_place(),
    }
}
