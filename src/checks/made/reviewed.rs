//! Access that lasts longer than a time is reviewed.

use super::{Check, Found, World};
use crate::model::{Expiration, Minutes};

pub(super) fn ask(world: &World<'_>, check: &Check) -> Vec<Found> {
    let Some(Minutes(most)) = check.most() else { return Vec::new() };
    let (zone, now) = (world.facts.zone, world.facts.now);
    // A date is as long as it is away.
    let minutes = |lasts: Expiration<'_>| match lasts.end(zone, now) {
        Ok(Some(end)) => end.signed_duration_since(now).num_minutes(),
        Ok(None) | Err(_) => i64::MAX,
    };
    let long = world.policies().filter(|(_, policy)| policy.review().is_none() && minutes(policy.lasts()) > most);
    long.map(|(_, policy)| {
        let address = &policy.0.address;
        let within = check.within.as_deref().unwrap_or("");
        let message = match policy.lasts() {
            Expiration::Never => format!("access through `{address}` never ends, and nobody reviews it"),
            _ => format!("access through `{address}` lasts {}, longer than {within}, and nobody reviews it", policy.expiration_text()),
        };
        world.found(Some(address), message)
    })
    .collect()
}
