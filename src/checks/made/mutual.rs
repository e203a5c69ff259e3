//! An incompatibility is said on both sides: else who holds the one that says nothing of it can be given the other.

use super::{Check, Found, World};
use crate::kinds::access_package::Package;

pub(super) fn ask(world: &World<'_>, _: &Check) -> Vec<Found> {
    let mut found = Vec::new();
    for package in world.packages() {
        for (other, _) in package.incompatible_with().filter(|(other, _)| other.kind() == "access_package") {
            let Some(silent) = world.facts.object(&other).and_then(Package::of) else { continue };
            if !silent.incompatible_with().any(|(back, _)| back == package.0.address) {
                let message = format!("{} excludes `{}`, which says nothing of it", world.told(&package.0.address), other.key());
                let help = Some(format!("write `incompatible_with = [\"{}\"]` in `{other}` too", package.0.address.reference()));
                found.push(Found { help, ..world.found(Some(&other), message) });
            }
        }
    }
    found
}
