//! Nobody gets in by request without a decision.

use super::{Check, Found, World};
use crate::kinds::policy::Population;

pub(super) fn ask(world: &World<'_>, _: &Check) -> Vec<Found> {
    let open = world.policies().filter(|(_, policy)| {
        matches!(policy.population(), Population::Inside | Population::Outside) && policy.is_enabled() && !policy.approves_requests()
    });
    open.map(|(_, policy)| {
        let address = &policy.0.address;
        world.found(Some(address), format!("whoever `{address}` admits gets in with no decision"))
    })
    .collect()
}
