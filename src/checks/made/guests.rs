//! Somebody who is there answers for each guest: the sponsor of the guest, or one of the organization.

use super::{Check, Found, World};
use crate::engine::people_of;
use crate::kinds::connected_organization as organization;
use crate::kinds::user::User;
use crate::model::Address;

pub(super) fn ask(world: &World<'_>, _: &Check) -> Vec<Found> {
    let facts = world.facts;
    let there = |name: &str| facts.object(&Address::root("user", name)).and_then(User::of).is_some_and(User::is_enabled);
    let answers = |user: User<'_>| {
        let person = facts.person(user.0.address.key());
        let of = person.organization(facts).map(|o| organization::internal_sponsors(o).collect::<Vec<_>>()).unwrap_or_default();
        user.sponsor().is_some_and(there) || people_of(facts, of).iter().any(|name| there(name))
    };
    let users = facts.objects.within_kind("user").iter().filter_map(|s| User::of(&s.object));
    let alone = users.filter(|u| u.is_guest() && u.is_enabled() && !answers(*u));
    alone.map(|u| world.found(Some(&u.0.address), format!("nobody who can sign in answers for `{}`", u.0.address))).collect()
}
