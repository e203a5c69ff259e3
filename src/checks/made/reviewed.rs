//! Access that lasts longer than a time is reviewed.

use super::{Check, Found, World};
use crate::model::{Edge, Minutes, instant};

pub(super) fn ask(world: &World<'_>, check: &Check) -> Vec<Found> {
    let Some(Minutes(most)) = check.most() else { return Vec::new() };
    let (zone, now) = (world.facts.zone, world.facts.now);
    // A date is as long as it is away.
    let lasts = |written: &str| match Minutes::parse(written) {
        Ok(Minutes(n)) => n,
        Err(_) => instant(written, zone, Edge::End).map_or(i64::MAX, |end| end.signed_duration_since(now).num_minutes()),
    };
    let long = world.policies().filter(|(_, policy)| policy.review().is_none() && lasts(policy.expiration_text()) > most);
    long.map(|(_, policy)| {
        let address = &policy.0.address;
        let within = check.within.as_deref().unwrap_or("");
        let message = match policy.expiration_text() {
            "never" => format!("access through `{address}` never ends, and nobody reviews it"),
            written => format!("access through `{address}` lasts {written}, longer than {within}, and nobody reviews it"),
        };
        world.found(Some(address), message)
    })
    .collect()
}
