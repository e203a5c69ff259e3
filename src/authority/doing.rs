//! Actions in the words of a sentence: "ann may not delegate in `catalog.sales`", "ann may not edit `catalog.sales`".

use super::Action;

impl Action {
    /// What somebody does who does it, after "may not": `delegate`. Actions of the lifecycle go by their word.
    #[must_use]
    pub fn doing(self) -> &'static str {
        match self {
            Action::ChangeCatalogCreators => "hand out roles over the tenant",
            Action::EditTenantSettings => "change the settings of the tenant",
            Action::ChangeConnectedOrganizations => "change connected organizations",
            Action::CreateCatalog => "make",
            Action::EditCatalog => "edit",
            Action::DeleteCatalog => "delete",
            Action::ChangeResources | Action::BringResource => "change resources",
            Action::ChangeCatalogOwners => "name owners",
            Action::ChangeCatalogRoles => "delegate",
            Action::CreatePackage => "make packages",
            Action::EditPackage => "change packages",
            Action::ChangeResourceRoles => "change what packages give",
            Action::ChangePolicies => "change policies",
            Action::CreateAutomaticPolicy => "assign by a rule",
            Action::ChangeIncompatibilities => "change what excludes packages",
            Action::DeletePackage => "delete packages",
            Action::AssignDirectly => "assign directly",
            Action::RemoveAssignment => "take assignments away",
            Action::ConfigureReview => "change reviews",
            Action::ChangeDirectory => "change the directory, settings, limits, checks or defaults",
            Action::ChangeGroupMembers => "change the members of the group",
            other => other.word(),
        }
    }
}
