//! The catalogs that somebody sees, and what they may do in them.

use super::lifecycle::look;
use super::{Context, Failure};
use crate::authority::{Action, may};
use crate::engine::Sight;
use crate::kinds::access_package::Package;
use crate::kinds::{catalog, display_name};
use crate::model::Address;

/// A catalog, as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its address.
    pub address: Address,
    /// The name that people see.
    pub name: String,
    /// Whether anything in it can be discovered or requested.
    pub enabled: bool,
    /// Whether policies for outside people may stand in it.
    pub external: bool,
    /// How many packages are in it.
    pub packages: usize,
    /// What whoever asks is there, from the most powerful.
    pub roles: Vec<&'static str>,
}

/// The catalogs that whoever asks sees (R6), or those of them in which they may do something (R17); and the serial that it is of.
///
/// # Errors
/// When there is no store, or the actor may not sign in.
pub fn catalogs(context: &Context, can: Option<Action>) -> Result<(Vec<Listed>, u64), Failure> {
    look(context, |desk| {
        let sight = Sight::new(&desk.actor, &desk.facts);
        let objects = desk.facts.objects;
        let packages: Vec<Address> =
            objects.within_kind("access_package").iter().filter_map(|s| Package::of(&s.object)).map(Package::catalog).collect();
        let all = objects.within_kind(catalog::KIND.name).iter().map(|s| &s.object).filter(|o| o.address.kind() == catalog::KIND.name);
        let meant = |address: &Address| match can {
            Some(action) => may(&sight.roles(Some(address)), action, Some(address)).is_ok_and(|given| !given.own),
            None => true,
        };
        let listed = all.filter(|o| sight.sees_catalog(&o.address) && meant(&o.address)).map(|object| {
            let roles = sight.roles(Some(&object.address));
            let mut held: Vec<_> = roles.held().map(|h| h.role).collect();
            held.sort_unstable_by(|a, b| b.cmp(a));
            held.dedup();
            let operator = roles.is_operator().then_some("operator");
            Listed {
                address: object.address.clone(),
                name: display_name(object).0.to_owned(),
                enabled: catalog::is_enabled(object),
                external: catalog::is_externally_visible(object),
                packages: packages.iter().filter(|c| **c == object.address).count(),
                roles: operator.into_iter().chain(held.into_iter().map(crate::authority::Role::word)).collect(),
            }
        });
        Ok((listed.collect(), desk.serial))
    })
}
