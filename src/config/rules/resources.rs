//! What may be a resource, and which roles it has: R107, R108, R109, one origin once in a catalog.

use crate::config::{World, finding};
use crate::diag::{Diagnostics, codes, did_you_mean};
use crate::kinds::{access_package::Package, application, group::Group, resource::Resource, sharepoint_site};
use crate::model::{Address, Object};
use std::collections::BTreeMap;

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let mut origins: BTreeMap<(Option<Address>, &str, &str), &Object> = BTreeMap::new();
    for resource in world.all().filter_map(Resource::of) {
        let declared = world.objects.contains_key(&resource.0.address);
        let (kind, origin) = resource.identity();
        if origin.is_empty() {
            continue; // missing or misread, and told so
        }
        let at = resource.place();
        if let Some(first) = origins.insert((resource.0.address.parent(), kind, origin), resource.0).filter(|_| declared) {
            let message = format!("`{}` is in the catalog already, as `{}`", resource.origin_text(), first.address.key());
            let at_first = Resource(first).place();
            found.push(
                finding(&codes::E0409, resource.0, at, message)
                    .related(at_first, "first here")
                    .help("use that resource, or take this one out"),
            );
        }
        let group = resource.origin().and_then(|o| world.get(&o)).and_then(Group::of);
        if let Some(why) = group.filter(|_| declared).and_then(Group::unfit_as_resource) {
            let message = format!("`{}` cannot be a resource: {why}", resource.origin_text());
            found.push(finding(&codes::R107, resource.0, at, message).help("use a security or microsoft_365 group of the cloud directory"));
        }
    }
    for package in world.objects.values().filter_map(Package::of) {
        for (address, role, at) in package.roles() {
            let Some(resource) = world.get(&address).and_then(Resource::of) else { continue };
            let origin = resource.origin().and_then(|o| world.get(&o));
            let offered = roles(resource, origin);
            if offered.is_empty() || offered.contains(&role) {
                continue;
            }
            let list = offered.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", ");
            let help = did_you_mean(role, offered.iter().copied()).unwrap_or_else(|| format!("its roles are {list}"));
            let (code, message) = match origin {
                Some(o) if Group::of(o).is_some_and(Group::is_dynamic) => {
                    (&codes::R108, format!("`{}` is a dynamic group, so `{role}` cannot be given", o.address.key()))
                }
                Some(o) if o.address.kind() == application::KIND.name && offered == [application::DEFAULT_ACCESS] => (
                    &codes::R109,
                    format!("`{}` names no roles, so it offers `{}` and no `{role}`", o.address.key(), application::DEFAULT_ACCESS),
                ),
                _ => (&codes::E0402, format!("`{}` has no role `{role}`", address.key())),
            };
            found.push(finding(code, package.0, at, message).help(help));
        }
    }
}

/// The roles that a resource has: its own, or those of its origin.
fn roles<'a>(resource: Resource<'a>, origin: Option<&'a Object>) -> Vec<&'a str> {
    match origin {
        None => resource.own_roles(),
        Some(o) => match o.address.kind() {
            "group" => Group(o).roles().to_vec(),
            "application" => application::roles(o),
            _ => sharepoint_site::roles(o),
        },
    }
}
