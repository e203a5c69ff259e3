//! The decision: may they, by what, and if not, who may.
//!
//! In: [`Roles`], an [`Action`], the catalog in which it takes place. Out: [`Given`] or [`Denied`]; [`holders`].
//! Invariants: what is allowed without a condition is named before what is allowed for own items only, and a weaker role before
//! a stronger one; a refusal names every role that would do, and no other.

use super::roles::given_by;
use super::{Action, Right, Role, Roles, Scope};
use crate::kinds::{catalog as catalogs, delegation};
use crate::model::{Address, Object};
use std::collections::BTreeSet;
use std::fmt;

/// What allows an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The weakest role of the person that allows it.
    pub role: Role,
    /// The delegation that gives the role; `None` for the operator, and for a role that a policy or a request gives.
    pub delegation: Option<Address>,
    /// Whether it is allowed for the person's own items only, which the caller has to look at.
    pub own: bool,
}

/// Why an action is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// What was to be done.
    pub action: Action,
    /// Where.
    pub catalog: Option<Address>,
    /// The roles that would be allowed, from the least to the most powerful.
    pub roles: Vec<Role>,
    /// Whether the operator asked for what only a person does.
    pub operator: bool,
}

/// Whether somebody may do something, in a catalog if it takes place in one: that of the package for what is done to a package,
/// its policies, assignments and requests, and the catalog itself for what is done to it. For a catalog that is to be created,
/// ask for [`Action::CreateCatalog`], and for what is put into it with [`Roles::founding`].
///
/// # Errors
/// The roles that would be allowed.
pub fn may(roles: &Roles, action: Action, catalog: Option<&Address>) -> Result<Given, Denied> {
    let own_counts = !roles.is_operator();
    let rights = roles.counting_in(catalog).filter_map(|(role, delegation)| match right(action, role, catalog) {
        Right::Yes => Some((false, role, delegation)),
        Right::Own if own_counts => Some((true, role, delegation)),
        Right::Own | Right::No => None,
    });
    match rights.min() {
        Some((own, role, delegation)) => Ok(Given { role, delegation: delegation.cloned(), own }),
        None => {
            let allowed = Role::ALL.iter().copied().filter(|r| right(action, *r, catalog) != Right::No);
            Err(Denied { action, catalog: catalog.cloned(), roles: allowed.collect(), operator: roles.is_operator() })
        }
    }
}

/// The users and groups who may do something through a delegation, sorted, each once: who can help where somebody may not. Who
/// may do it for their own items only is not among them.
pub fn holders<'a>(delegations: impl Iterator<Item = &'a Object>, action: Action, catalog: Option<&Address>) -> Vec<Address> {
    let helps = |object: &&Object| {
        given_by(object)
            .is_some_and(|(role, within)| (within.is_none() || within.as_ref() == catalog) && right(action, role, catalog) == Right::Yes)
    };
    let all: BTreeSet<Address> = delegations.filter(helps).flat_map(delegation::members).collect();
    all.into_iter().collect()
}

/// What a role allows there: the matrix, and the two things that it leaves to this function. A package in `general`, where those
/// land that name no catalog, is made by administrators, even if somebody is made owner of `general` (R16). What is a creator's
/// own is theirs as its owner, and by being a creator alone they see nothing (R6).
fn right(action: Action, role: Role, catalog: Option<&Address>) -> Right {
    let is_general = |c: &Address| c.kind() == catalogs::KIND.name && c.key() == catalogs::GENERAL;
    match action.right(role) {
        Right::Yes if action == Action::CreatePackage && role != Role::Administrator && catalog.is_some_and(is_general) => Right::No,
        Right::Own if role == Role::CatalogCreator => Right::No,
        right => right,
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |scope: Scope| either(self.roles.iter().filter(|r| r.scope() == scope));
        let within = self.catalog.as_ref().map_or_else(|| "its catalog".to_owned(), |c| format!("`{c}`"));
        let parts = [of(Scope::Policy), of(Scope::Catalog).map(|roles| format!("{roles} of {within}")), of(Scope::Tenant)];
        let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(", or ");
        if self.operator {
            write!(f, "needs a person who is {parts}; the operator of the store is none")
        } else {
            write!(f, "needs {parts}")
        }
    }
}

impl std::error::Error for Denied {}

/// `a`, `a or b`, `a, b or c`.
fn either<'a>(roles: impl Iterator<Item = &'a Role>) -> Option<String> {
    let words: Vec<&str> = roles.map(|r| r.word()).collect();
    let (last, first) = words.split_last()?;
    Some(if first.is_empty() { (*last).to_owned() } else { format!("{} or {last}", first.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::testing::{catalog, delegation, person};
    use Action::*;

    /// People named for what they are; those of a catalog are it in `marketing`. `cleo` is a creator through a group.
    fn delegations() -> Vec<Object> {
        vec![
            delegation("", "administrators", "administrator", &["ada@contoso.example"]),
            delegation("", "creators", "catalog_creator", &["group:creators"]),
            delegation("", "partners", "connected_organization_administrator", &["coa@contoso.example"]),
            delegation("marketing", "owners", "catalog_owner", &["olga@contoso.example", "otto@contoso.example"]),
            delegation("marketing", "managers", "access_package_manager", &["mia@contoso.example", "max@contoso.example"]),
            delegation("marketing", "assigners", "assignment_manager", &["amy@contoso.example"]),
            delegation("marketing", "readers", "catalog_reader", &["rob@contoso.example", "mia@contoso.example"]),
            delegation("general", "owners", "catalog_owner", &["olga@contoso.example"]),
        ]
    }

    fn roles(name: &str) -> Roles {
        let is_member = |group: &Address| name == "cleo" && group.key() == "creators";
        match name {
            "operator" => Roles::operator(),
            _ => Roles::of(&person(name), delegations().iter(), &is_member),
        }
    }

    /// Whether a person may all of these in a catalog, or none of them: anything between is a mistake of the test.
    #[track_caller]
    fn all_or_none(who: &Roles, actions: &[Action], place: &str) -> bool {
        let place = catalog(place);
        let allowed = actions.iter().filter(|a| may(who, **a, Some(&place)).is_ok()).count();
        assert!(allowed == 0 || allowed == actions.len(), "{allowed} of {} are allowed", actions.len());
        allowed > 0
    }

    #[test]
    fn the_rules_hold() {
        let for_oneself = [DecideRequest, RevokeApproval, RequestAccess, RequestForReport];
        let administration: Vec<Action> = Action::ALL.iter().copied().filter(|a| !for_oneself.contains(a)).collect();
        let catalogs = &[EditCatalog, DeleteCatalog, ChangeResources, ChangeCatalogOwners, ChangeCatalogRoles][..];
        let packages = &[CreatePackage, EditPackage, ChangeResourceRoles, ChangePolicies, DeletePackage][..];
        let s4 = &[
            ChangeResourceRoles,
            ChangePolicies,
            AssignDirectly,
            ViewAssignments,
            ViewRequests,
            CancelRequest,
            EditPackage,
            DeletePackage,
        ][..];
        let lists = &[ViewAssignments, ViewTenantReports][..];
        for (rule, who, actions, place, wanted) in [
            ("R1: administrators may everything, without another role", "ada", &administration[..], "marketing", true),
            ("R2: administrators change catalog creators", "ada", &[ChangeCatalogCreators], "marketing", true),
            ("R2: a catalog creator does not", "cleo", &[ChangeCatalogCreators], "marketing", false),
            ("R2: an owner does not", "olga", &[ChangeCatalogCreators], "marketing", false),
            ("R3: a member of a group of creators creates", "cleo", &[CreateCatalog], "new", true),
            ("R3: who left the group does not", "clea", &[CreateCatalog], "new", false),
            ("R4: a plain person creates no catalog", "paul", &[CreateCatalog], "new", false),
            ("R6: a creator does not see the catalogs of others", "cleo", &[ViewCatalog, ViewPackages], "marketing", false),
            ("R7: administrators add owners", "ada", &[ChangeCatalogOwners], "marketing", true),
            ("R7: an owner adds owners", "olga", &[ChangeCatalogOwners], "marketing", true),
            ("R7: and so does every other owner", "otto", catalogs, "marketing", true),
            ("R8: an owner adds managers", "otto", &[ChangeCatalogRoles], "marketing", true),
            ("R8: a manager adds none", "mia", &[ChangeCatalogRoles], "marketing", false),
            ("R8: an assignment manager adds none", "amy", &[ChangeCatalogRoles], "marketing", false),
            ("R9: a manager keeps packages", "mia", packages, "marketing", true),
            ("R9: in no other catalog", "mia", packages, "finance", false),
            ("R10: a manager does not touch the catalog", "mia", catalogs, "marketing", false),
            ("R10: a reader reads", "rob", &[ViewCatalog, ViewPackages], "marketing", true),
            ("R10: and nothing more", "rob", &[ViewAssignments, ViewRequests, EditPackage], "marketing", false),
            ("R11: the administrator chooses resource managers", "ada", &[ChangeCatalogCreators], "marketing", true),
            ("R11: the creator makes the catalog", "cleo", &[CreateCatalog], "new", true),
            ("R11: the owner fills it and chooses managers", "olga", catalogs, "marketing", true),
            ("R11: the manager makes packages", "max", packages, "marketing", true),
            ("R16: administrators make packages in `general`", "ada", &[CreatePackage], "general", true),
            ("R16: nobody else does", "olga", &[CreatePackage], "general", false),
            ("R17: an owner makes packages in their catalog", "olga", &[CreatePackage], "marketing", true),
            ("R17: not in another", "olga", &[CreatePackage], "finance", false),
            ("R17: a creator does not make packages there", "cleo", &[CreatePackage], "marketing", false),
            ("R18: administrators make a catalog on the way", "ada", &[CreateCatalog, CreatePackage], "new", true),
            ("R18: an owner of another does not", "olga", &[CreateCatalog, CreatePackage], "new", false),
            ("R22: administrators bring any resource", "ada", &[BringResource], "general", true),
            ("R23: a manager uses what is in the catalog", "mia", &[ChangeResourceRoles], "marketing", true),
            ("R24: an owner brings resources", "olga", &[BringResource, ChangeResources], "marketing", true),
            ("R25: a manager brings none", "mia", &[BringResource, ChangeResources], "marketing", false),
            ("R55: administrators", "ada", s4, "marketing", true),
            ("R55: owners", "olga", s4, "marketing", true),
            ("R55: managers", "mia", s4, "marketing", true),
            ("R55: nobody else", "paul", s4, "marketing", false),
            ("R70: administrators list what there is", "ada", lists, "marketing", true),
            ("R134: automatic policies are for administrators", "ada", &[CreateAutomaticPolicy], "marketing", true),
            ("R134: not for owners", "olga", &[CreateAutomaticPolicy], "marketing", false),
            ("sponsors are kept by their administrator", "coa", &[ChangeConnectedOrganizations], "marketing", true),
        ] {
            assert_eq!(all_or_none(&roles(who), actions, place), wanted, "{rule}");
        }
    }

    #[test]
    fn a_creator_fills_the_catalog_that_they_made() {
        let cleo = roles("cleo").founding(&catalog("new"));
        let filling = &[ViewCatalog, CreatePackage, BringResource, ChangeResources, ChangePolicies, ChangeCatalogRoles];
        assert!(all_or_none(&cleo, filling, "new"), "R5, R18, R22: the founder is the first owner");
        assert!(!all_or_none(&cleo, filling, "marketing"), "R6: of this catalog only");
        let by = may(&cleo, CreatePackage, Some(&catalog("new"))).unwrap();
        assert_eq!(by, Given { role: Role::CatalogOwner, delegation: Some(Address::root("delegation", "creators")), own: false });
    }

    #[test]
    fn employees_request_and_approvers_decide() {
        let requestor = roles("paul").requesting();
        assert!(all_or_none(&requestor, &[RequestAccess, CancelRequest], "marketing"), "R11: request and extend");
        assert!(!all_or_none(&requestor, &[DecideRequest], "marketing"));
        assert!(all_or_none(&roles("paul").approving(), &[DecideRequest, RevokeApproval, ViewRequests], "marketing"));
        for name in ["ada", "olga", "mia", "amy", "rob", "cleo", "coa", "paul", "operator"] {
            assert!(!all_or_none(&roles(name), &[DecideRequest, RevokeApproval, RequestAccess], "marketing"), "{name}");
        }
    }

    #[test]
    fn the_operator_may_what_an_administrator_may_and_is_no_person() {
        let (operator, administrator) = (roles("operator"), roles("ada"));
        for action in Action::ALL {
            let (by, other) = (may(&operator, *action, None), may(&administrator, *action, None));
            let personal = action.right(Role::Administrator) != Right::Yes;
            assert_eq!(by.is_ok(), !personal && other.is_ok(), "{}", action.word());
            if let Ok(given) = by {
                assert_eq!(given, Given { role: Role::Administrator, delegation: None, own: false });
            }
        }
        assert!(may(&administrator, DecideReview, None).unwrap().own);
    }

    #[test]
    fn the_weakest_role_without_a_condition_is_named() {
        let given = |who: &Roles, action| may(who, action, Some(&catalog("marketing"))).map(|g| (g.role, g.own));
        assert_eq!(given(&roles("mia"), ViewCatalog), Ok((Role::CatalogReader, false)));
        assert_eq!(given(&roles("mia"), EditPackage), Ok((Role::AccessPackageManager, false)));
        assert_eq!(given(&roles("mia").requesting(), CancelRequest), Ok((Role::AccessPackageManager, false)));
        assert_eq!(given(&roles("paul").requesting(), CancelRequest), Ok((Role::Requestor, true)));
    }

    #[test]
    fn a_refusal_says_which_roles_would_do() {
        let (marketing, general) = (catalog("marketing"), catalog("general"));
        let told = |who: &str, action, place| may(&roles(who), action, place).unwrap_err().to_string();
        for (action, place, wanted) in [
            (
                AssignDirectly,
                Some(&marketing),
                "needs assignment_manager, access_package_manager or catalog_owner of `catalog.marketing`, or administrator",
            ),
            (CreatePackage, Some(&marketing), "needs access_package_manager or catalog_owner of `catalog.marketing`, or administrator"),
            (CreatePackage, Some(&general), "needs administrator"),
            (EditCatalog, None, "needs catalog_owner of its catalog, or administrator"),
            (CreateCatalog, None, "needs catalog_creator or administrator"),
            (EditTenantSettings, None, "needs administrator"),
            (DecideRequest, Some(&marketing), "needs approver"),
            (
                CancelRequest,
                Some(&marketing),
                "needs requestor, or assignment_manager, access_package_manager or catalog_owner of `catalog.marketing`, or administrator",
            ),
        ] {
            assert_eq!(told("paul", action, place), wanted);
        }
        assert_eq!(told("operator", RequestAccess, None), "needs a person who is requestor; the operator of the store is none");
    }

    #[test]
    fn who_can_help_is_named_once_and_in_order() {
        let mut all = delegations();
        all.push(delegation("marketing", "more", "catalog_owner", &["mia@contoso.example", "group:leads"]));
        let told = |action, place: Option<&Address>| holders(all.iter(), action, place).iter().map(Address::reference).collect::<Vec<_>>();
        let (marketing, general) = (catalog("marketing"), catalog("general"));
        let names = |names: &[&str]| names.iter().map(|n| format!("{n}@contoso.example")).collect::<Vec<_>>();
        let owners = [vec!["group:leads".to_owned()], names(&["ada", "mia", "olga", "otto"])].concat();
        assert_eq!(told(ChangeCatalogRoles, Some(&marketing)), owners);
        assert_eq!(told(CreatePackage, Some(&general)), names(&["ada"]));
        assert_eq!(told(CreateCatalog, None), [vec!["group:creators".to_owned()], names(&["ada"])].concat());
        assert_eq!(told(DecideReview, Some(&marketing)), [""; 0]);
        assert_eq!(told(RequestAccess, Some(&marketing)), [""; 0]);
    }
}
