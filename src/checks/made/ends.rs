//! Access ends: all of it, or that of people from outside; within a time, if one is named.

use super::{Check, Found, World};
use crate::kinds::policy::{Policy, Population};
use crate::model::Expiration;

/// No access lasts for ever.
pub(super) fn every(world: &World<'_>, check: &Check) -> Vec<Found> {
    ask(world, check, &|_| true)
}

/// Access of people from outside ends.
pub(super) fn outside(world: &World<'_>, check: &Check) -> Vec<Found> {
    ask(world, check, &|policy| policy.population() == Population::Outside)
}

fn ask(world: &World<'_>, check: &Check, asked: &dyn Fn(Policy<'_>) -> bool) -> Vec<Found> {
    let too_long = |policy: Policy<'_>| -> Option<String> {
        let (address, written) = (format!("`{}`", policy.0.address), policy.expiration_text());
        match (policy.lasts(), check.most()) {
            (Expiration::Never, _) => Some(format!("access through {address} never ends")),
            (Expiration::After(length), Some(most)) if length > most => {
                Some(format!("access through {address} lasts {written}, and {} is the most", check.within.as_deref().unwrap_or("")))
            }
            _ => None,
        }
    };
    let policies = world.policies().map(|(_, policy)| policy).filter(|p| asked(*p));
    policies.filter_map(|p| Some(world.found(Some(&p.0.address), too_long(p)?))).collect()
}
