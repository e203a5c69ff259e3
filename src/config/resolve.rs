//! Every reference names something that exists.

use super::ownership::{Moved, Moves};
use super::{World, finding};
use crate::diag::{Diagnostics, codes, did_you_mean};
use crate::kinds::{self, FoundReference, access_package::Package};
use crate::model::{Address, MANY_OBJECTS, Object, on_all};
use std::cell::LazyCell;
use std::collections::BTreeMap;

/// After so many findings no nearest names are looked for: somebody who left out a whole file knows by then.
pub(super) const SUGGESTIONS: usize = 50;

/// Where names stand.
#[derive(Default)]
struct Names<'a> {
    /// Keys by parent and kind, known ones too.
    siblings: BTreeMap<(Option<Address>, &'a str), Vec<&'a str>>,
    /// Declared addresses by key.
    declared: BTreeMap<&'a str, Vec<&'a Address>>,
}

impl<'a> Names<'a> {
    fn new(world: &World<'a>) -> Names<'a> {
        let mut names = Names::default();
        let told = world.known.objects.keys().filter(|a| !world.known.hidden.contains(a));
        for address in world.objects.keys().chain(told) {
            names.siblings.entry((address.parent(), address.kind())).or_default().push(address.key());
        }
        for address in world.objects.keys() {
            names.declared.entry(address.key()).or_default().push(address);
        }
        names
    }

    /// The declared objects with a key, in order.
    fn with_key(&self, key: &str) -> impl Iterator<Item = &'a Address> {
        self.declared.get(key).into_iter().flatten().copied()
    }

    fn nearest(&self, target: &Address) -> Option<String> {
        let siblings = self.siblings.get(&(target.parent(), target.kind()))?;
        did_you_mean(target.key(), siblings.iter().copied())
    }
}

/// Reports names that nothing has, with the nearest that something has.
pub(super) fn check(world: &World<'_>, moves: &[Moved], found: &mut Diagnostics) {
    let moves = Moves::new(moves);
    let names = LazyCell::new(|| Names::new(world));
    let mut told = 0usize;
    for object in dangling(world) {
        for reference in kinds::references(object) {
            let target = reference.target.address();
            if world.get(&target).is_none() && !kinds::is_builtin(&target) {
                let near = if told < SUGGESTIONS { names.nearest(&target) } else { None };
                if let Some(new) = moves.applied(&target) {
                    let message = format!("`{}` was renamed to `{}`", reference.text, new.key());
                    let help = "write the new name; `writ fmt --moves` does it everywhere";
                    found.push(finding(&codes::E0303, object, reference.at, message).help(help));
                } else {
                    report(world, object, &reference, &names, near, found);
                }
                told = told.saturating_add(1);
            }
        }
    }
}

/// The declared objects that name something that is not there, in order; looked for on all cores, as nearly all do not.
fn dangling<'a>(world: &World<'a>) -> Vec<&'a Object> {
    let objects: Vec<&Object> = world.objects.values().collect();
    let any = |object: &&Object| {
        let (mut text, mut missing) = (String::new(), false);
        kinds::each_reference(object, &mut |reference| {
            reference.target.write(&mut text);
            missing |= world.find(&text).is_none();
        });
        missing
    };
    let missing = on_all(&objects, MANY_OBJECTS, any);
    objects.into_iter().zip(missing).filter(|(_, missing)| *missing).map(|(object, _)| object).collect()
}

fn report(
    world: &World<'_>,
    object: &Object,
    reference: &FoundReference<'_>,
    names: &Names<'_>,
    near: Option<String>,
    found: &mut Diagnostics,
) {
    let target = &reference.target.address();
    // A resource that is missing because its whole catalog is has been told with the catalog.
    if reference.rule == Some(&codes::R26) && target.parent().is_some_and(|p| world.get(&p).is_none() && p.key() != kinds::catalog::GENERAL)
    {
        return;
    }
    if reference.rule == Some(&codes::R26)
        && let Some(package) = Package::of(object).filter(|p| !p.names_catalog())
    {
        // Told once for all its resources, in the same words at the same place.
        let elsewhere = names.with_key(target.key()).find(|a| a.kind() == target.kind()).and_then(Address::parent);
        let meant = elsewhere.as_ref().map_or("KEY", Address::key);
        let message = format!("`{}` names no catalog, so it is in `general`, which has none of these resources", package.0.address.key());
        found.push(finding(&codes::R26, object, object.at, message).help(format!("write `catalog = \"{meant}\"`")));
        return;
    }
    let elsewhere = names.with_key(target.key()).find(|a| a.kind() == target.kind() && a.parent() != target.parent());
    let message = match (target.parent(), elsewhere) {
        (Some(parent), Some(other)) => {
            format!("`{}` is not in `{parent}`; it is in `{}`", target.key(), other.parent().unwrap_or_else(|| other.clone()))
        }
        (Some(parent), None) => format!("there is no {} `{}` in `{parent}`", target.kind().replace('_', " "), target.key()),
        (None, _) => format!("there is no {} `{}`", target.kind().replace('_', " "), target.key()),
    };
    let other_kind = || {
        let same_key = names.with_key(target.key()).find(|a| a.parent().is_none() && a.kind() != target.kind());
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
