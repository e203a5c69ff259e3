//! What a person is: the roles they hold, where, and by which delegation.
//!
//! In: a person, the delegations, and who is a member of which group; what a policy or a request says of the person; or the
//! operator. Out: [`Roles`].
//! Invariants: a role comes from a delegation that stands where the role counts, or from what the caller says of a policy;
//! membership of a group counts while it lasts (R3); the operator is no person and holds nothing of a person's.

use super::{Action, Role, Scope, may};
use crate::kinds::{catalog, delegation, user};
use crate::model::{Address, Object};
use std::collections::BTreeSet;

/// One role of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held {
    /// Where it counts; `None`: over the tenant.
    pub catalog: Option<Address>,
    /// What the person is there.
    pub role: Role,
    /// What gives it.
    pub delegation: Address,
}

/// What somebody is who wants to do something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    held: BTreeSet<Held>,
    approving: bool,
    requesting: bool,
    operator: bool,
}

impl Roles {
    /// A person's roles. `is_member` says of a group whether the person is in it, through other groups too (R3). Whether the
    /// person can sign in is not asked here.
    #[must_use]
    pub fn of<'a>(person: &Address, delegations: impl Iterator<Item = &'a Object>, is_member: &dyn Fn(&Address) -> bool) -> Roles {
        let is_theirs = |member: Address| if member.kind() == user::KIND.name { member == *person } else { is_member(&member) };
        let held = |object: &Object| {
            let (role, catalog) = given_by(object)?;
            delegation::members(object).any(is_theirs).then(|| Held { catalog, role, delegation: object.address.clone() })
        };
        Roles { held: delegations.filter_map(held).collect(), ..Roles::default() }
    }

    /// Who runs the program on the store without naming a person: an administrator, but nobody.
    #[must_use]
    pub fn operator() -> Roles {
        Roles { operator: true, ..Roles::default() }
    }

    /// The same person, named by a policy to decide the request that this is about.
    #[must_use]
    pub fn approving(self) -> Roles {
        Roles { approving: !self.operator, ..self }
    }

    /// The same person, where a policy admits them, or where the request, assignment or review item that this is about is
    /// their own.
    #[must_use]
    pub fn requesting(self) -> Roles {
        Roles { requesting: !self.operator, ..self }
    }

    /// The same person, after they made a catalog: its first owner, by what let them make it (R5). Of somebody who may not make
    /// catalogs, nothing changes.
    #[must_use]
    pub fn founding(mut self, catalog: &Address) -> Roles {
        if let Some(delegation) = may(&self, Action::CreateCatalog, None).ok().and_then(|given| given.delegation) {
            self.held.insert(Held { catalog: Some(catalog.clone()), role: Role::CatalogOwner, delegation });
        }
        self
    }

    /// What delegations give the person: over the tenant first, then catalog by catalog, each time by role.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        self.held.iter()
    }

    /// Whether this is the operator, and so no person.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.operator
    }

    /// The roles that count in a catalog, each with what gives it.
    pub(super) fn counting_in(&self, catalog: Option<&Address>) -> impl Iterator<Item = (Role, Option<&Address>)> {
        let held = self.held.iter().filter(move |h| h.catalog.is_none() || h.catalog.as_ref() == catalog);
        let said = [(self.requesting, Role::Requestor), (self.approving, Role::Approver), (self.operator, Role::Administrator)];
        let said = said.into_iter().filter(|(is, _)| *is).map(|(_, role)| (role, None));
        said.chain(held.map(|h| (h.role, Some(&h.delegation))))
    }
}

/// The role that a delegation gives, and the catalog in which it counts; `None` for any other object, and for a role in a place
/// where it means nothing.
pub(super) fn given_by(object: &Object) -> Option<(Role, Option<Address>)> {
    let role = delegation::role(object).and_then(Role::of_word)?;
    let parent = object.address.parent();
    let scope = match &parent {
        None => Scope::Tenant,
        Some(parent) if parent.kind() == catalog::KIND.name => Scope::Catalog,
        Some(_) => return None,
    };
    (role.scope() == scope).then_some((role, parent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::testing::{catalog, delegation, person};

    fn told(roles: &Roles) -> Vec<String> {
        roles.held().map(|h| format!("{} {} {}", h.catalog.as_ref().map_or("tenant", |c| c.key()), h.role, h.delegation)).collect()
    }

    #[test]
    fn a_person_is_what_delegations_say_of_them_and_of_their_groups() {
        let all = [
            delegation("marketing", "owners", "catalog_owner", &["ann@contoso.example"]),
            delegation("marketing", "readers", "catalog_reader", &["group:sales", "group:staff"]),
            delegation("finance", "owners", "catalog_owner", &["bo@contoso.example", "group:board"]),
            delegation("", "creators", "catalog_creator", &["group:staff"]),
            delegation("", "more", "catalog_creator", &["ann@contoso.example", "group:staff"]),
        ];
        let roles = Roles::of(&person("ann"), all.iter(), &|group| group.key() == "staff");
        let wanted = [
            "tenant catalog_creator delegation.creators",
            "tenant catalog_creator delegation.more",
            "marketing catalog_reader catalog.marketing.delegation.readers",
            "marketing catalog_owner catalog.marketing.delegation.owners",
        ];
        assert_eq!(told(&roles), wanted);
    }

    #[test]
    fn a_role_out_of_place_gives_nothing() {
        let ann: &[&str] = &["ann@contoso.example"];
        let all = [
            delegation("marketing", "a", "administrator", ann),
            delegation("", "b", "catalog_owner", ann),
            delegation("", "c", "approver", ann),
            delegation("marketing", "d", "requestor", ann),
            delegation("marketing", "e", "king", ann),
        ];
        assert_eq!(told(&Roles::of(&person("ann"), all.iter(), &|_| true)), [""; 0]);
    }

    #[test]
    fn other_objects_give_nothing() {
        let mut group = delegation("", "x", "administrator", &["ann@contoso.example"]);
        group.address = Address::root("group", "x");
        assert_eq!(Roles::of(&person("ann"), [group].iter(), &|_| true), Roles::default());
    }

    #[test]
    fn a_founder_owns_the_catalog_by_what_let_them_found_it() {
        let all = [delegation("", "creators", "catalog_creator", &["ann@contoso.example"])];
        let ann = Roles::of(&person("ann"), all.iter(), &|_| false).founding(&catalog("new"));
        assert_eq!(told(&ann), ["tenant catalog_creator delegation.creators", "new catalog_owner delegation.creators"]);
        assert_eq!(Roles::default().founding(&catalog("new")), Roles::default());
        assert_eq!(Roles::operator().founding(&catalog("new")), Roles::operator());
    }

    #[test]
    fn the_operator_is_not_made_a_person() {
        assert_eq!(Roles::operator().approving().requesting(), Roles::operator());
    }
}
