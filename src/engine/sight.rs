//! What of the configuration somebody sees: catalogs in which they hold a role, with all that is in them (R6).
//!
//! In: who looks, and the [`Facts`] of today. Out: whether they see a catalog, or an object.
//! Invariants: what belongs to no catalog, everybody sees; the operator and administrators see everything; what somebody holds or could
//! request is not asked here, since that shows a package and not how it is kept.

use super::actor::{Actor, roles};
use super::facts::Facts;
use crate::authority::{Action, Roles, may};
use crate::kinds::catalog;
use crate::model::{Address, Object};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Who looks, by the delegations of today.
pub struct Sight<'a> {
    actor: &'a Actor,
    facts: &'a Facts<'a>,
    /// What they are, by catalog, as far as it was asked for.
    roles: RefCell<BTreeMap<Option<Address>, Rc<Roles>>>,
}

impl<'a> Sight<'a> {
    /// Of somebody.
    #[must_use]
    pub fn new(actor: &'a Actor, facts: &'a Facts<'a>) -> Sight<'a> {
        Sight { actor, facts, roles: RefCell::default() }
    }

    /// What they are over the tenant and in a catalog.
    #[must_use]
    pub fn roles(&self, catalog: Option<&Address>) -> Rc<Roles> {
        let key = catalog.cloned();
        if let Some(known) = self.roles.borrow().get(&key) {
            return Rc::clone(known);
        }
        let found = Rc::new(match self.actor {
            Actor::Operator(_) | Actor::System => Roles::operator(),
            Actor::Person(name) => roles(self.facts, &self.facts.person(name), catalog),
        });
        self.roles.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    /// Whether nothing is hidden from them.
    #[must_use]
    pub fn sees_everything(&self) -> bool {
        may(&self.roles(None), Action::ViewCatalog, None).is_ok()
    }

    /// Whether they see a catalog.
    #[must_use]
    pub fn sees_catalog(&self, catalog: &Address) -> bool {
        may(&self.roles(Some(catalog)), Action::ViewCatalog, Some(catalog)).is_ok()
    }

    /// Whether they see an object; `find` knows the packages that there are with it.
    #[must_use]
    pub fn sees<'o>(&self, address: &Address, find: impl FnOnce(&Address) -> Option<&'o Object>) -> bool {
        catalog::of(address, find).is_none_or(|catalog| self.sees_catalog(&catalog))
    }
}
