//! At most one automatic policy in a package (R134).

use crate::config::{World, finding};
use crate::diag::{Diagnostics, codes};
use crate::kinds::policy::{self, Policy, Population};
use crate::model::Object;
use foldhash::HashMap;

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let mut first = HashMap::<&str, &Object>::default();
    let policies = world.known_first(policy::KIND.name).filter_map(Policy::of);
    for policy in policies.filter(|p| p.automatic().is_some() && p.population() == Population::Automatic) {
        match first.get(policy.0.address.parent_text()) {
            Some(earlier) if world.declares(&policy.0.address) => {
                let at = policy.automatic().map_or(policy.0.at, |v| v.at);
                let message = format!("`{}` is automatic already, and a package has one such policy", earlier.address.key());
                found.push(
                    finding(&codes::R134, policy.0, at, message).related(earlier.at, "first here").help("join the two rules with `||`"),
                );
            }
            Some(_) => {}
            None => {
                first.insert(policy.0.address.parent_text(), policy.0);
            }
        }
    }
}
