//! Whatever has owners has one who is there: catalogs with packages, and groups, applications and sites that are resources.

use super::{Check, Found, World};
use crate::kinds::user::User;
use crate::kinds::{delegation, is_builtin, resource::Resource};
use crate::model::{Address, Object};
use std::collections::BTreeSet;

pub(super) fn ask(world: &World<'_>, _: &Check) -> Vec<Found> {
    let facts = world.facts;
    let there = |name: &str| facts.object(&Address::root("user", name)).and_then(User::of).is_some_and(User::is_enabled);
    let anybody = |principal: &Address| {
        let mut people = (*world.named(&principal.reference())).clone();
        people.keep(&world.people().enabled);
        !people.is_empty()
    };
    let mut found = Vec::new();
    let used: BTreeSet<Address> = world.packages().map(|p| p.catalog()).filter(|c| !is_builtin(c)).collect();
    for catalog in &used {
        let inner = facts.objects.within(catalog).iter().map(|s| &s.object);
        let owners: Vec<&Object> = inner.filter(|o| delegation::role(o) == Some("catalog_owner")).collect();
        if !owners.iter().any(|o| delegation::members(o).any(|m| anybody(&m))) {
            let why = if owners.is_empty() { "has no owner" } else { "has no owner who can sign in" };
            found.push(world.found(Some(catalog), format!("`{catalog}` {why}")));
        }
    }
    let resources = facts.objects.within_kind("catalog").iter().filter_map(|s| Resource::of(&s.object)?.origin());
    let resources: BTreeSet<Address> = resources.collect();
    for address in &resources {
        let Some(object) = facts.object(address) else { continue };
        let owners: Vec<&str> = object.attributes.texts("owners").collect();
        if !owners.iter().any(|name| there(name)) {
            let why = if owners.is_empty() { "has no owner" } else { "has no owner who can sign in" };
            found.push(world.found(Some(address), format!("`{address}` {why}, and is a resource")));
        }
    }
    found
}
