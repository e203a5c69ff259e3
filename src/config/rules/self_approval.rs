//! A group that a package gives may not approve that package, directly or through another group: whoever got in could
//! let others in.

use crate::config::{World, finding};
use crate::diag::{Diagnostics, codes};
use crate::kinds::policy::{self, Policy};
use crate::kinds::{access_package::Package, group::Group, resource::Resource};
use crate::model::{Address, Object};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    // The policies of a package follow each other, and it gives all of them the same.
    let mut last: Option<(&Object, BTreeSet<Address>)> = None;
    for policy in world.all(policy::KIND.name).filter_map(Policy::of) {
        let Some(package) = world.parent(policy.0).and_then(Package::of) else { continue };
        let (_, given) = match last.take().filter(|(of, _)| std::ptr::eq(*of, package.0)) {
            Some(same) => last.insert(same),
            None => last.insert((package.0, given(world, package))),
        };
        if given.is_empty() {
            continue;
        }
        for (approver, at) in policy.stages().into_iter().flat_map(|s| s.named_approvers().collect::<Vec<_>>()) {
            let Some(chain) = reaches(world, &approver, given) else { continue };
            let story = chain.iter().map(Address::reference).collect::<Vec<_>>().join(" -> ");
            if world.declares(&policy.0.address) {
                let message = format!("the package gives this group, so it may not approve it: {story}");
                found.push(finding(&codes::E0403, policy.0, at, message).help("name approvers who do not come from the package itself"));
            } else if let Some(object) = blamed(world, &chain, package.0) {
                let message = format!("`{}` is approved by people whom its package lets in: {story}", policy.0.address);
                let help = "keep what the package gives apart from who approves it";
                found.push(finding(&codes::E0403, object, object.at, message).help(help));
            }
        }
    }
}

/// The groups that a package gives.
fn given(world: &World<'_>, package: Package<'_>) -> BTreeSet<Address> {
    let origins = package.roles().filter_map(|(r, ..)| world.get(&r).and_then(Resource::of)?.origin());
    origins.filter(|o| o.kind() == "group").collect()
}

/// What is declared of a way that only the store's policy closes: a group that holds the next, or the package that gives
/// the last.
fn blamed<'a>(world: &World<'a>, chain: &[Address], package: &'a Object) -> Option<&'a Object> {
    let holders = chain.split_last().map_or(&[][..], |(_, holders)| holders);
    let group = holders.iter().find_map(|g| world.objects.get(g));
    group.or(Some(package).filter(|p| world.declares(&p.address)))
}

/// The way from a group along its members to one of `given`, if there is one.
fn reaches(world: &World<'_>, start: &Address, given: &BTreeSet<Address>) -> Option<Vec<Address>> {
    let mut came: BTreeMap<Address, Option<Address>> = BTreeMap::from([(start.clone(), None)]);
    let mut queue = vec![start.clone()];
    while let Some(group) = queue.pop() {
        if given.contains(&group) {
            let mut chain: Vec<Address> = std::iter::successors(Some(group), |g| came.get(g).cloned().flatten()).collect();
            chain.reverse();
            return Some(chain);
        }
        let members = world.get(&group).and_then(Group::of).into_iter().flat_map(Group::members);
        for member in members.filter(|m| m.kind() == "group") {
            if !came.contains_key(&member) {
                came.insert(member.clone(), Some(group.clone()));
                queue.push(member);
            }
        }
    }
    None
}
