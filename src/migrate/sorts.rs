//! The sorts of things that there are over there, by the names of their collections and types.

/// What a thing is, over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Sort {
    Catalog,
    Package,
    Policy,
    Resource,
    RoleScope,
    Organization,
    Assignment,
    User,
    Group,
    Application,
    Site,
    Settings,
    RoleAssignment,
    RoleDefinition,
}

/// The sorts by the names of their collections and types.
pub(super) const NAMES: &[(&str, Sort)] = &[
    ("catalogs", Sort::Catalog),
    ("accessPackageCatalogs", Sort::Catalog),
    ("accessPackageCatalog", Sort::Catalog),
    ("accessPackages", Sort::Package),
    ("accessPackage", Sort::Package),
    ("assignmentPolicies", Sort::Policy),
    ("accessPackageAssignmentPolicies", Sort::Policy),
    ("accessPackageAssignmentPolicy", Sort::Policy),
    ("resources", Sort::Resource),
    ("accessPackageResources", Sort::Resource),
    ("accessPackageResource", Sort::Resource),
    ("resourceRoleScopes", Sort::RoleScope),
    ("accessPackageResourceRoleScopes", Sort::RoleScope),
    ("accessPackageResourceRoleScope", Sort::RoleScope),
    ("connectedOrganizations", Sort::Organization),
    ("connectedOrganization", Sort::Organization),
    ("assignments", Sort::Assignment),
    ("accessPackageAssignments", Sort::Assignment),
    ("accessPackageAssignment", Sort::Assignment),
    ("users", Sort::User),
    ("user", Sort::User),
    ("groups", Sort::Group),
    ("group", Sort::Group),
    ("servicePrincipals", Sort::Application),
    ("servicePrincipal", Sort::Application),
    ("sites", Sort::Site),
    ("site", Sort::Site),
    ("settings", Sort::Settings),
    ("entitlementManagementSettings", Sort::Settings),
    ("roleAssignments", Sort::RoleAssignment),
    ("unifiedRoleAssignment", Sort::RoleAssignment),
    ("roleDefinitions", Sort::RoleDefinition),
    ("unifiedRoleDefinition", Sort::RoleDefinition),
];

/// What is known and has no counterpart, by the names of its collections and types: what it is, and why.
pub(super) const WITHOUT: &[(&str, &str, &str)] = &[
    ("assignmentRequests", "a request", "what is under way ends over there; ask for it anew here"),
    ("accessPackageAssignmentRequest", "a request", "what is under way ends over there; ask for it anew here"),
    ("customWorkflowExtensions", "a custom extension", "nothing is called while a request is under way"),
    ("accessPackageAssignmentRequestWorkflowExtension", "a custom extension", "nothing is called while a request is under way"),
    ("accessPackageAssignmentWorkflowExtension", "a custom extension", "nothing is called while a request is under way"),
    ("resourceRequests", "a request to add a resource to a catalog", "whoever may changes the files"),
    ("resourceEnvironments", "an environment of resources", "a resource is known by its origin alone"),
    ("accessReviewScheduleDefinition", "an access review", "reviews follow from policies"),
    ("definitions", "an access review", "reviews follow from policies"),
];

/// Lists of a thing that may stand in a document of their own.
pub(super) const LISTS: &[&str] = &[
    "resources",
    "resourceRoleScopes",
    "incompatibleAccessPackages",
    "incompatibleGroups",
    "internalSponsors",
    "externalSponsors",
    "members",
    "owners",
    "sponsors",
    "accessPackages",
    "assignmentPolicies",
    "questions",
];

/// What may stand in a thing in full: the thing, its property, what stands there, and the property by which that is of the thing.
pub(super) const EXPANDED: &[(Sort, &str, Sort, Option<&str>)] = &[
    (Sort::Package, "catalog", Sort::Catalog, None),
    (Sort::Package, "assignmentPolicies", Sort::Policy, Some("accessPackage")),
    (Sort::Catalog, "accessPackages", Sort::Package, Some("catalog")),
    (Sort::Catalog, "resources", Sort::Resource, Some("catalog")),
    (Sort::Package, "resourceRoleScopes", Sort::RoleScope, Some("accessPackage")),
    (Sort::Policy, "catalog", Sort::Catalog, None),
    (Sort::Package, "incompatibleGroups", Sort::Group, None),
    (Sort::Group, "members", Sort::User, None),
    (Sort::Group, "owners", Sort::User, None),
    (Sort::Organization, "internalSponsors", Sort::User, None),
    (Sort::Organization, "externalSponsors", Sort::User, None),
    (Sort::User, "manager", Sort::User, None),
    (Sort::User, "sponsors", Sort::User, None),
    (Sort::RoleAssignment, "principal", Sort::User, None),
];

/// The sort of a name.
pub(super) fn sort(name: &str) -> Option<Sort> {
    // A page may be one of several: `users-2.json`.
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.'));
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(plain)).map(|(_, sort)| *sort)
}
