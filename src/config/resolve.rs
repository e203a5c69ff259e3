//! Every reference names something that exists.

use super::ownership::{Moved, applied_moves};
use super::{World, finding};
use crate::diag::{Diagnostics, codes, did_you_mean};
use crate::kinds::{self, FoundReference, access_package::Package};
use crate::model::{Address, Object};

/// Reports names that nothing has, with the nearest that something has.
pub(super) fn check(world: &World<'_>, moves: &[Moved], found: &mut Diagnostics) {
    let builtins: Vec<Address> = kinds::builtins().into_iter().map(|o| o.address).collect();
    for object in world.objects.values() {
        for reference in kinds::references(object) {
            if world.get(&reference.target).is_none() && !builtins.contains(&reference.target) {
                report(world, object, &reference, moves, found);
            }
        }
    }
}

fn report(world: &World<'_>, object: &Object, reference: &FoundReference, moves: &[Moved], found: &mut Diagnostics) {
    let target = &reference.target;
    if let Some(new) = applied_moves(moves, target) {
        let message = format!("`{}` was renamed to `{}`", reference.text, new.key());
        let help = "write the new name; `writ fmt --moves` does it everywhere";
        found.push(finding(&codes::E0303, object, reference.at, message).help(help));
        return;
    }
    // A resource that is missing because its whole catalog is has been told with the catalog.
    if reference.rule == Some(&codes::R26) && target.parent().is_some_and(|p| world.get(&p).is_none() && p.key() != kinds::catalog::GENERAL)
    {
        return;
    }
    if reference.rule == Some(&codes::R26)
        && let Some(package) = Package::of(object).filter(|p| !p.names_catalog())
    {
        // Told once for all its resources, in the same words at the same place.
        let elsewhere = world.objects.keys().find(|a| a.kind() == target.kind() && a.key() == target.key()).and_then(Address::parent);
        let meant = elsewhere.as_ref().map_or("KEY", Address::key);
        let message = format!("`{}` names no catalog, so it is in `general`, which has none of these resources", package.0.address.key());
        found.push(finding(&codes::R26, object, object.at, message).help(format!("write `catalog = \"{meant}\"`")));
        return;
    }
    let siblings = |a: &&Address| a.kind() == target.kind() && a.parent() == target.parent();
    let candidates = world.objects.keys().chain(world.known.objects.keys()).filter(siblings).map(Address::key);
    let near = did_you_mean(target.key(), candidates);
    let elsewhere = world.objects.keys().find(|a| a.kind() == target.kind() && a.key() == target.key() && a.parent() != target.parent());
    let message = match (target.parent(), elsewhere) {
        (Some(parent), Some(other)) => {
            format!("`{}` is not in `{parent}`; it is in `{}`", target.key(), other.parent().unwrap_or_else(|| other.clone()))
        }
        (Some(parent), None) => format!("there is no {} `{}` in `{parent}`", target.kind().replace('_', " "), target.key()),
        (None, _) => format!("there is no {} `{}`", target.kind().replace('_', " "), target.key()),
    };
    let other_kind = || {
        let same_key = world.objects.keys().find(|a| a.key() == target.key() && a.parent().is_none() && a.kind() != target.kind());
        same_key.map(|a| format!("`{}` is {}", a.key(), kinds::article(a.kind())))
    };
    let declare = || match target.parent() {
        None => format!("declare it: `[{target}]`"),
        Some(parent) => format!("declare it: `[{parent}.{}.{}]`", target.kind(), target.key()),
    };
    let code = match reference.rule {
        _ if world.known.unread => &codes::W0105,
        Some(rule) => rule,
        None => &codes::E0101,
    };
    let help = near.or_else(other_kind).unwrap_or_else(declare);
    found.push(finding(code, object, reference.at, message).help(help));
}
