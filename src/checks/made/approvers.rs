//! No approver group holds only people who may request: they would decide for each other, and nobody else would look.

use super::{Check, Found, World};
use crate::kinds::policy::Population;
use std::collections::BTreeSet;

pub(super) fn ask(world: &World<'_>, _: &Check) -> Vec<Found> {
    let mut found = Vec::new();
    for (package, policy) in world.policies() {
        let asked = matches!(policy.population(), Population::Inside | Population::Outside) && policy.approval().is_some();
        if !asked {
            continue;
        }
        let groups: BTreeSet<String> = policy
            .stages()
            .into_iter()
            .flat_map(|stage| stage.named_approvers().map(|(address, _)| address).collect::<Vec<_>>())
            .filter(|address| address.kind() == "group")
            .map(|group| group.reference())
            .collect();
        if groups.is_empty() {
            continue;
        }
        let requestors = world.admitted(package, policy);
        for group in groups {
            let mut members = (*world.named(&group)).clone();
            members.keep(&world.people().enabled);
            let count = members.count();
            members.drop_all(&requestors);
            if count > 0 && members.is_empty() {
                let address = &policy.0.address;
                let of = if count == 1 { "the only member".to_owned() } else { format!("all {count} members") };
                let message = format!("{of} of the approver `{group}` may request through `{address}` too");
                found.push(world.found(Some(address), message));
            }
        }
    }
    found
}
