//! Packages that nobody can get (R29), and incompatibilities that only one side says (R138).

use crate::config::{World, finding};
use crate::diag::{Diagnostics, codes};
use crate::kinds::access_package::{self, Package};
use crate::kinds::policy::{self, Policy};
use foldhash::HashSet;

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let with_policy: HashSet<&str> = world.all(policy::KIND.name).filter_map(Policy::of).map(|p| p.0.address.parent_text()).collect();
    for package in world.declared(access_package::KIND.name).filter_map(Package::of) {
        let address = &package.0.address;
        if !with_policy.contains(address.as_str()) {
            let message = format!("`{}` has no policy, so nobody can request it or be assigned to it", address.key());
            found.push(
                finding(&codes::R29, package.0, package.0.at, message).help(format!("add one when it is ready: `[{address}.policy.KEY]`")),
            );
        }
        for (other, at) in package.incompatible_with().filter(|(o, _)| o != address) {
            let Some(counterpart) = world.get(&other).and_then(Package::of) else { continue };
            if !counterpart.incompatible_with().any(|(back, _)| back == *address) {
                let message = format!("holders of `{}` cannot get `{}`, but not the other way round", other.key(), address.key());
                let help = format!("add `\"{}\"` to `incompatible_with` of `{other}`, if both are meant", address.reference());
                found.push(finding(&codes::W0412, package.0, at, message).related(counterpart.0.at, "says nothing of it").help(help));
            }
        }
    }
}
