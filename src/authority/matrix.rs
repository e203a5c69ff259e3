//! The matrix: which role may which action. Nothing else says so.
//!
//! In: nothing. Out: [`Action`], a row each, and the [`Right`] that a role has to it.
//! Invariants: a row has a cell for every role. `Y` of a catalog's role speaks of that catalog only; that is so for all of its
//! cells, and thus stands in none. `own` speaks of what is the person's own. Where a right needs more than a role, a comment
//! above the row says what, and who performs the action looks at it.

use super::Role;

/// What a role allows of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Nothing.
    No,
    /// It, for what is the person's own: a request, an assignment, a review that names them. A catalog creator's own are the
    /// catalogs that the person owns, where the owner's cell speaks (R6).
    Own,
    /// It; a catalog's role in that catalog.
    Yes,
}

/// One row.
struct Row {
    word: &'static str,
    text: &'static str,
    cells: [Right; 9],
}

macro_rules! right {
    (-) => {
        Right::No
    };
    (own) => {
        Right::Own
    };
    (Y) => {
        Right::Yes
    };
}

macro_rules! matrix {
    (
        $($column:ident)*;
        $($cell0:tt $cell1:tt $cell2:tt $cell3:tt $cell4:tt $cell5:tt $cell6:tt $cell7:tt $cell8:tt
            $action:ident $word:literal $text:literal)*
    ) => {
        /// The roles of a row's cells.
        const COLUMNS: [Role; 9] = [$(Role::$column),*];

        /// What somebody can do, in the order of the matrix.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action {
            $(
                #[doc = concat!($text, ".")]
                $action,
            )*
        }

        impl Action {
            /// All of them, in the order of the matrix.
            pub const ALL: &[Action] = &[$(Action::$action),*];

            fn row(self) -> &'static Row {
                match self {
                    $(Action::$action => {
                        static ROW: Row = Row {
                            word: $word,
                            text: $text,
                            cells: [
                                right!($cell0), right!($cell1), right!($cell2), right!($cell3), right!($cell4),
                                right!($cell5), right!($cell6), right!($cell7), right!($cell8),
                            ],
                        };
                        &ROW
                    })*
                }
            }
        }
    };
}

// The columns: administrator, connected organization administrator, catalog creator, catalog owner, catalog reader, access
// package manager, assignment manager, approver, requestor.
matrix! {
    Administrator ConnectedOrganizationAdministrator CatalogCreator
    CatalogOwner CatalogReader AccessPackageManager AssignmentManager Approver Requestor;

    // Adm COA CC  CO CR APM AAM Apr Req
    //
    // The tenant. Over the tenant, other roles are handed out as catalog creators are (R2).
    Y   -   -   -  -  -   -   -   -   ChangeCatalogCreators "change_catalog_creators" "Add / remove catalog creators"
    Y   -   -   -  -  -   -   -   -   EditTenantSettings "edit_tenant_settings" "Edit tenant settings (external lifecycle)"
    Y   Y   -   -  -  -   -   -   -   ChangeConnectedOrganizations "change_connected_organizations"
                                      "Add / edit / delete connected organization, sponsors"

    // Catalogs. Who creates one becomes its owner (R5).
    Y   -   Y   -  -  -   -   -   -   CreateCatalog "create_catalog" "Create catalog"
    Y   -   own Y  Y  Y   Y   -   -   ViewCatalog "view_catalog" "View catalog"
    Y   -   -   Y  -  -   -   -   -   EditCatalog "edit_catalog" "Edit catalog (name, enabled, external flag)"
    Y   -   -   Y  -  -   -   -   -   DeleteCatalog "delete_catalog" "Delete catalog"
    // It needs rights on the resource itself, too.
    Y   -   -   Y  -  -   -   -   -   ChangeResources "change_resources" "Add / remove resource in catalog"
    Y   -   -   Y  -  -   -   -   -   RequireAttributes "require_attributes" "Require attributes on resource"
    Y   -   -   Y  -  -   -   -   -   ChangeCatalogOwners "change_catalog_owners" "Add / remove catalog owner"
    Y   -   -   Y  -  -   -   -   -   ChangeCatalogRoles "change_catalog_roles"
                                      "Add / remove access package manager, catalog reader, assignment manager"
    // An owner of a catalog needs to own the extension's resource group, too.
    Y   -   -   Y  -  -   -   -   -   AddExtension "add_extension" "Add custom extension to catalog"

    // Packages. In `general`, creating one is for administrators (R16), whatever this row says.
    Y   -   own Y  -  Y   -   -   -   CreatePackage "create_package" "Create access package"
    Y   -   -   Y  Y  Y   Y   -   own ViewPackages "view_packages" "View packages"
    Y   -   -   Y  -  Y   -   -   -   EditPackage "edit_package" "Edit package name / description / hidden"
    Y   -   -   Y  -  Y   -   -   -   ChangeResourceRoles "change_resource_roles" "Add / remove resource roles in package"
    // An owner of a catalog owns or administers the resource, too (R24); a manager takes what is in the catalog (R23, R25).
    Y   -   own Y  -  -   -   -   -   BringResource "bring_resource" "Add a directory resource while building a package"
    Y   -   -   Y  -  Y   -   -   -   ChangePolicies "change_policies" "Create / edit / delete request policy"
    Y   -   -   -  -  -   -   -   -   CreateAutomaticPolicy "create_automatic_policy" "Create automatic assignment policy"
    Y   -   -   Y  -  Y   -   -   -   AttachExtension "attach_extension" "Attach extension to policy stage"
    Y   -   -   Y  -  Y   -   -   -   ChangeIncompatibilities "change_incompatibilities" "Configure incompatibilities"
    Y   -   -   Y  -  Y   -   -   -   CopyLink "copy_link" "Copy request link"
    Y   -   -   Y  -  Y   -   -   -   DeletePackage "delete_package" "Delete package"

    // Assignments and requests.
    Y   -   -   Y  -  Y   Y   -   -   AssignDirectly "assign_directly" "Directly assign a user"
    Y   -   -   Y  -  Y   Y   -   -   RemoveAssignment "remove_assignment" "Directly remove an assignment"
    Y   -   -   Y  -  Y   Y   -   -   ViewAssignments "view_assignments" "View assignments, export CSV"
    Y   -   -   Y  -  Y   Y   -   -   ReprocessAssignment "reprocess_assignment" "Reprocess assignment"
    // An approver's own are those that wait for the person or were decided by them.
    Y   -   -   Y  -  Y   Y   own own ViewRequests "view_requests" "View requests and details"
    Y   -   -   Y  -  Y   Y   -   -   ViewDeliveryErrors "view_delivery_errors" "View delivery errors"
    Y   -   -   Y  -  Y   Y   -   -   ReprocessRequest "reprocess_request" "Reprocess request"
    // A requestor only while it waits for approval.
    Y   -   -   Y  -  Y   Y   -   own CancelRequest "cancel_request" "Cancel pending request"
    Y   -   -   Y  -  Y   Y   -   -   RemoveRequest "remove_request" "Remove completed request record"

    // What people do for themselves. Nobody decides their own request.
    -   -   -   -  -  -   -   Y   -   DecideRequest "decide_request" "Approve / deny"
    -   -   -   -  -  -   -   Y   -   RevokeApproval "revoke_approval" "Revoke own earlier approval"
    -   -   -   -  -  -   -   -   Y   RequestAccess "request_access" "Request / resubmit / extend / give up access"
    // The manager of that person.
    -   -   -   -  -  -   -   -   own RequestForReport "request_for_report" "Request for a direct report"

    // Reviews.
    Y   -   -   Y  -  Y   -   -   -   ConfigureReview "configure_review" "Configure access review in policy"
    Y   -   -   -  -  -   -   -   -   FinishReview "finish_review" "Stop review, apply results"
    // Those that name the person as reviewer, or in which everybody reviews themselves.
    own -   -   -  -  -   -   -   own DecideReview "decide_review" "Decide review items"

    // What the whole tenant shows.
    Y   -   -   -  -  -   -   -   -   ViewTenantReports "view_tenant_reports" "Tenant-wide reports"
    Y   -   -   -  -  -   -   -   -   ViewAuditLog "view_audit_log" "Audit log"

    // What Writ keeps beside catalogs and packages.
    Y   -   -   -  -  -   -   -   -   ChangeDirectory "change_directory"
                                      "Declare or change users, groups, applications, sites, settings, limits, checks, defaults"
    // To own a group is no role: whoever asks looks at the group first.
    Y   -   -   -  -  -   -   -   -   ChangeGroupMembers "change_group_members" "Change the declared members of a group (its owners may, too)"
}

impl Action {
    /// Its word: `assign_directly`.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.row().word
    }

    /// The action of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Action> {
        Action::ALL.iter().copied().find(|a| a.word() == word)
    }

    /// What it is, in the words of the matrix.
    #[must_use]
    pub fn doc(self) -> &'static str {
        self.row().text
    }

    /// What a role allows of it: the cell of the matrix.
    #[must_use]
    pub fn right(self, role: Role) -> Right {
        let cell = COLUMNS.iter().zip(&self.row().cells).find(|(column, _)| **column == role);
        cell.map_or(Right::No, |(_, right)| *right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::is_key;
    use std::collections::BTreeSet;

    #[test]
    fn every_role_is_a_column() {
        assert_eq!(COLUMNS.into_iter().collect::<BTreeSet<_>>(), Role::ALL.iter().copied().collect());
    }

    #[test]
    fn every_row_has_a_word_and_a_text_of_its_own() {
        let words: BTreeSet<_> = Action::ALL.iter().map(|a| a.word()).collect();
        let texts: BTreeSet<_> = Action::ALL.iter().map(|a| a.doc()).collect();
        assert_eq!((words.len(), texts.len()), (Action::ALL.len(), Action::ALL.len()));
        assert!(words.into_iter().all(|w| is_key(w) && !w.contains('-')));
    }

    #[test]
    fn what_is_a_creators_own_is_an_owners() {
        for action in Action::ALL.iter().filter(|a| a.right(Role::CatalogCreator) == Right::Own) {
            assert_eq!(action.right(Role::CatalogOwner), Right::Yes, "{}", action.word());
        }
    }

    #[test]
    fn somebody_may_do_everything() {
        for action in Action::ALL {
            assert!(Role::ALL.iter().any(|r| action.right(*r) != Right::No), "{}", action.word());
        }
    }
}
