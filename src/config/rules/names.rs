//! Display names that people choose by are unique: among catalogs (R102), among the packages of a catalog, among the
//! policies of a package.

use crate::config::{World, finding};
use crate::diag::{Code, Diagnostics, codes};
use crate::kinds::{self, access_package::Package, display_name};
use crate::model::{Address, Object};
use std::collections::BTreeMap;

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let mut taken: BTreeMap<(Option<Address>, String), &Object> = BTreeMap::new();
    let builtins: Vec<Object> = kinds::builtins().into_iter().filter(|b| world.get(&b.address).is_none()).collect();
    for object in builtins.iter().chain(world.known_first()) {
        let Some((scope, code, place)) = scope(object) else { continue };
        let (name, at) = display_name(object);
        let folded = name.to_lowercase();
        match taken.get(&(scope.clone(), folded.clone())) {
            Some(first) if world.objects.contains_key(&object.address) => {
                let message = format!("the display name `{name}` is taken {place} by `{}`", first.address);
                let (_, at_first) = display_name(first);
                found.push(
                    finding(code, object, at, message)
                        .related(at_first, "taken here")
                        .help("people tell them apart by their names: choose another"),
                );
            }
            Some(_) => {}
            None => {
                taken.insert((scope, folded), object);
            }
        }
    }
}

/// Within what a display name is unique.
fn scope(object: &Object) -> Option<(Option<Address>, &'static Code, &'static str)> {
    match object.address.kind() {
        "catalog" => Some((None, &codes::R102, "among catalogs")),
        "policy" => Some((object.address.parent(), &codes::E0401, "in the package")),
        _ => Package::of(object).map(|p| (Some(p.catalog()), &codes::E0401, "in the catalog")),
    }
}
