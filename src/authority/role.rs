//! The roles, and where each counts.
//!
//! In: nothing. Out: [`Role`], its word, its [`Scope`], and the action that hands it out.
//! Invariants: roles are ordered from the least to the most powerful; each role of one catalog may all that the one before it
//! may there.

use super::Action;
use std::fmt;

/// What somebody can be, from the least to the most powerful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Whom a policy admits, and whose request, assignment or review item it is.
    Requestor,
    /// Whom a policy names to decide a request.
    Approver,
    /// Makes catalogs, and owns what it made (R4, R5).
    CatalogCreator,
    /// Keeps the connected organizations and their sponsors.
    ConnectedOrganizationAdministrator,
    /// Sees a catalog and its packages.
    CatalogReader,
    /// Assigns the packages of a catalog, and sees who has them.
    AssignmentManager,
    /// Makes and keeps the packages of a catalog (R9).
    AccessPackageManager,
    /// Keeps a catalog: its resources, its packages and its roles (R7).
    CatalogOwner,
    /// May all that a person does not do for themselves (R1).
    Administrator,
}

/// Where a role counts, and what gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// For what is a person's own: a policy, a request or a review gives it.
    Policy,
    /// In one catalog: a delegation in that catalog gives it.
    Catalog,
    /// Everywhere: a delegation at the top gives it.
    Tenant,
}

impl Role {
    /// All of them, from the least to the most powerful.
    pub const ALL: &[Role] = &[
        Role::Requestor,
        Role::Approver,
        Role::CatalogCreator,
        Role::ConnectedOrganizationAdministrator,
        Role::CatalogReader,
        Role::AssignmentManager,
        Role::AccessPackageManager,
        Role::CatalogOwner,
        Role::Administrator,
    ];

    /// Its word, as delegations write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Role::Requestor => "requestor",
            Role::Approver => "approver",
            Role::CatalogCreator => "catalog_creator",
            Role::ConnectedOrganizationAdministrator => "connected_organization_administrator",
            Role::CatalogReader => "catalog_reader",
            Role::AssignmentManager => "assignment_manager",
            Role::AccessPackageManager => "access_package_manager",
            Role::CatalogOwner => "catalog_owner",
            Role::Administrator => "administrator",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Role> {
        Role::ALL.iter().copied().find(|r| r.word() == word)
    }

    /// Where it counts, and what gives it.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self {
            Role::Requestor | Role::Approver => Scope::Policy,
            Role::CatalogReader | Role::AssignmentManager | Role::AccessPackageManager | Role::CatalogOwner => Scope::Catalog,
            Role::CatalogCreator | Role::ConnectedOrganizationAdministrator | Role::Administrator => Scope::Tenant,
        }
    }

    /// What it takes to write, change or delete a delegation of it; `None` for a role that no delegation gives. Roles over
    /// the tenant are handed out by administrators, as R2 says of catalog creators.
    #[must_use]
    pub fn handed_out_by(self) -> Option<Action> {
        match (self.scope(), self) {
            (Scope::Policy, _) => None,
            (Scope::Tenant, _) => Some(Action::ChangeCatalogCreators),
            (Scope::Catalog, Role::CatalogOwner) => Some(Action::ChangeCatalogOwners),
            (Scope::Catalog, _) => Some(Action::ChangeCatalogRoles),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Right;

    #[test]
    fn the_list_holds_every_role_in_order() {
        assert!(Role::ALL.is_sorted());
        assert_eq!(Role::ALL.len(), 9);
        for role in Role::ALL {
            assert_eq!(Role::of_word(role.word()), Some(*role));
        }
        assert_eq!(Role::of_word("owner"), None);
    }

    #[test]
    fn a_stronger_role_of_a_catalog_may_all_that_a_weaker_one_may() {
        let nested = Role::ALL.iter().filter(|r| r.scope() == Scope::Catalog || **r == Role::Administrator);
        for (weak, strong) in nested.clone().zip(nested.skip(1)) {
            for action in Action::ALL.iter().filter(|a| a.right(*weak) == Right::Yes) {
                assert_eq!(action.right(*strong), Right::Yes, "{weak} may {}, {strong} may not", action.word());
            }
        }
    }

    #[test]
    fn what_hands_out_a_role_is_the_business_of_owners_or_administrators() {
        for role in Role::ALL {
            let may = |other: Role| role.handed_out_by().map(|a| a.right(other) == Right::Yes);
            let (owners, administrators) = match role.scope() {
                Scope::Policy => (None, None),
                Scope::Catalog => (Some(true), Some(true)),
                Scope::Tenant => (Some(false), Some(true)),
            };
            assert_eq!((may(Role::CatalogOwner), may(Role::Administrator)), (owners, administrators), "{role}");
        }
    }
}
