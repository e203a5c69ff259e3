//! Every code that a finding may carry, with its page.
//!
//! A rule of the field keeps the number it has there (`R45`); what the language itself demands is `E…`, what is legal
//! and probably not meant is `W…`, what is only worth knowing is `N…`. A code is never reused.

use super::Severity;

/// What a finding is about, for people and for programs.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `E0007`, `R45`.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// What `writ explain` prints: what it means, an example, the way out.
    pub page: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $severity:ident $title:literal;)*) => {
        $($(#[$doc])*
        #[doc = $title]
        pub static $name: Code = Code {
            id: stringify!($name),
            severity: Severity::$severity,
            title: $title,
            page: include_str!(concat!("../../docs/codes/", stringify!($name), ".md")),
        };)*
        /// All of them, in the order of the list below.
        pub static CODES: &[&Code] = &[$(&$name),*];
    };
}

impl Code {
    /// The code of an id, whatever its case.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Code> {
        CODES.iter().copied().find(|c| c.id.eq_ignore_ascii_case(id))
    }
}

codes! {
    // Texts and tables.
    E0001 Error "a file is not TOML";
    E0002 Error "a file cannot be read as a configuration";
    E0003 Error "a file has no table of Writ's";
    E0004 Error "a text holds a control character or a bidirectional override";
    E0005 Error "a word mixes scripts";
    E0006 Error "no such kind or table";
    E0007 Error "no such key";
    E0008 Error "a key stands under the wrong header";
    E0009 Error "a value of the wrong type";
    E0010 Error "not a key";
    E0011 Error "declared twice";
    E0012 Error "the parent is declared nowhere";
    E0013 Error "a table in the wrong file";
    E0015 Error "not one of the known words";
    E0016 Error "a text of the wrong form";
    E0017 Error "the workspace declares nothing";
    E0018 Error "a required key is missing";
    E0019 Error "not a duration";
    E0020 Error "a duration out of range";
    E0021 Error "not an instant";
    E0022 Error "an empty list";
    E0023 Error "two keys that exclude each other";
    E0024 Error "not a CEL expression";
    E0025 Error "a setting of `writ.toml` is wrong";
    W0026 Warning "a member stands twice";
    // References.
    E0101 Error "a name that nothing has";
    E0102 Error "a reference of the wrong form";
    E0103 Error "a ring of groups";
    E0104 Error "a ring of references";
    W0105 Warning "a name that only the store can confirm";
    // Templates.
    E0201 Error "no such template";
    E0202 Error "a ring of templates";
    E0203 Error "a template has children";
    // Names and ownership.
    E0301 Error "a move that cannot be";
    E0302 Error "a ring of moves";
    E0303 Error "an old name is still used";
    E0304 Error "what is removed is still declared";
    E0305 Error "an import that cannot be";
    E0306 Error "declared outside what this workspace manages";
    N0307 Note "a move is done";
    N0308 Note "a removal or import is done";
    E0309 Error "tolerated twice";
    N0310 Note "a tolerance is over";
    // What objects say together.
    E0401 Error "a display name is taken";
    E0402 Error "the resource does not have this role";
    E0403 Error "a group that a package gives approves that package";
    E0404 Error "a person stands in two assignments of a package";
    E0405 Error "an answer is missing or wrong";
    E0406 Error "a role that does not exist there";
    E0407 Error "only guests belong to organizations";
    E0408 Error "approval is not said";
    E0409 Error "an origin is in the catalog twice";
    E0410 Error "a question that cannot be asked";
    E0411 Error "a package excludes itself";
    W0412 Warning "an incompatibility that only one side says";
    W0413 Warning "an end in the past";
    E0414 Error "a review without a fallback";
    E0415 Error "a display name looks like another in other letters";
    W0416 Warning "display names that are easily taken for each other";
    E0417 Error "no such connector";
    // Rules of the field.
    R13 Error "a package belongs to exactly one catalog";
    R20 Error "resources are groups, applications and sites";
    R21 Error "a role is chosen for each resource in a package";
    R26 Error "the catalog bounds the package";
    R29 Warning "a package without a policy cannot be requested";
    R34 Error "an in-directory policy names users or groups";
    R35 Error "an outside policy names organizations, and an organization has users";
    R36 Error "a forbidden domain cannot be used";
    R39 Error "approval names at least one approver";
    R45 Error "an expiration is a duration, a date or never";
    R47 Error "an approved extension needs approvers";
    R49 Error "a direct-only or automatic policy has no request settings";
    R50 Error "a direct assignment names a policy of its package";
    R52 Error "an assignment's start and end";
    R64 Error "an organization is set up before a policy uses it";
    R102 Error "catalog names are unique";
    R104 Error "an outside policy needs an externally visible catalog";
    R107 Error "this group cannot be a resource";
    R108 Error "a dynamic group has only its Owner role";
    R109 Error "an application without roles offers Default Access";
    R114 Error "in-directory and outside populations never mix";
    R116 Error "at most three approval stages";
    R118 Error "a manager or sponsor needs a fallback";
    R119 Error "manager and sponsors in one stage each";
    R120 Error "managers decide inside, sponsors outside";
    R122 Error "when an escalation may happen";
    R123 Error "a second-level manager stands behind a manager";
    R126 Error "an outside policy takes only whom it admits";
    R129 Error "an expiration between one hour and 3,660 days";
    R134 Error "at most one automatic policy in a package";
    // Defaults and permissions, for `writ explain`.
    R14 Note "a package that names no catalog goes to `general`";
    R32 Note "a package may carry several policies";
    R48 Note "a policy is enabled or disabled";
    R51 Note "a direct assignment can cover several users";
    R53 Note "a direct assignment may carry a justification";
    R138 Note "incompatibility is one-directional";
    R156 Note "a declared organization starts configured";
    // Refused in a plan.
    R5 Error "who makes a catalog owns it";
    R15 Error "a package cannot be moved to another catalog";
    R63 Error "a package with a live assignment cannot be deleted";
    R101 Error "a catalog with packages cannot be deleted";
    R106 Error "a resource in use cannot be removed";
    R137 Error "an incompatible assignment is refused";
    R139 Warning "who held both before keeps both";
    E0501 Error "the object is protected";
    E0502 Error "the last administrator";
    E0503 Error "a brake";
    E0504 Error "the actor";
    E0505 Error "a target that matches nothing";
    E0506 Error "something that this plan does not manage needs the object";
    E0507 Error "a check is not passed";
    W0508 Warning "a check that only warns is not passed";
    E0509 Error "a check cannot be evaluated";
    E0510 Error "somebody else has to apply it";
    E0511 Error "somebody would be forgotten in another system";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_explains_its_own_code() {
        for code in CODES {
            let head = format!("# {}: {}\n", code.id, code.title);
            assert!(code.page.starts_with(&head), "docs/codes/{}.md must begin with {head:?}", code.id);
            assert!(code.page.len() > head.len() + 80, "docs/codes/{}.md explains nothing", code.id);
        }
    }

    #[test]
    fn ids_are_unique() {
        let mut ids: Vec<_> = CODES.iter().map(|c| c.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), CODES.len());
    }
}
