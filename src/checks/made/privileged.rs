//! A request for a privileged resource passes two stages at least, so that one person alone lets nobody in.

use super::{Check, Found, World};
use crate::config::resource;
use crate::kinds::access_package::Package;
use crate::kinds::policy::Population;
use crate::kinds::resource::Resource;
use crate::model::Address;
use std::collections::BTreeSet;

pub(super) fn ask(world: &World<'_>, check: &Check) -> Vec<Found> {
    let privileged: BTreeSet<Address> = check.resources.iter().filter_map(|named| resource(named)).collect();
    let is_meant = |address: &Address| {
        let origin = || world.facts.object(address).and_then(Resource::of).and_then(Resource::origin);
        privileged.contains(address) || origin().is_some_and(|origin| privileged.contains(&origin))
    };
    let gives = |package: Package<'_>| package.roles().map(|(address, role, _)| (address, role.to_owned())).find(|(a, _)| is_meant(a));
    let mut found = Vec::new();
    for package in world.packages() {
        let Some((resource, role)) = gives(package) else { continue };
        for (policy, _) in world.facts.policies(&package.0.address) {
            let stages = if policy.approves_requests() { policy.stages().len() } else { 0 };
            let asked = matches!(policy.population(), Population::Inside | Population::Outside) && policy.is_enabled();
            if asked && stages < 2 {
                let address = &policy.0.address;
                let pass = if stages == 0 { "no decision" } else { "one stage only" };
                let message = format!("`{address}` gives {role} on `{resource}` with {pass}");
                found.push(world.found(Some(address), message));
            }
        }
    }
    found
}
