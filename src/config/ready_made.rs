//! The ready-made checks: what `use` of a `[check.NAME]` may name, and what each takes. What they do is in the room `checks`.

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub struct ReadyMade {
    /// Its name.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    /// The keys that it takes beside those of every check.
    pub takes: &'static [&'static str],
    /// Those that it needs.
    pub needs: &'static [&'static str],
    /// What `writ explain` prints.
    pub page: &'static str,
}

impl ReadyMade {
    /// The one of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static ReadyMade> {
        READY_MADE.iter().find(|made| made.name == name)
    }
}

macro_rules! ready_made {
    ($($name:literal ($($takes:literal)*; $($needs:literal)*) $doc:literal;)*) => {
        /// All of them, in the order of their pages.
        pub static READY_MADE: &[ReadyMade] = &[$(ReadyMade {
            name: $name,
            doc: $doc,
            takes: &[$($takes),*],
            needs: &[$($needs),*],
            page: include_str!(concat!("../../docs/checks/", $name, ".md")),
        }),*];
        /// Their names.
        pub(super) const NAMES: &[&str] = &[$($name),*];
    };
}

ready_made! {
    "every-request-can-be-decided" (;) "every request can be decided by somebody who is not the requestor";
    "no-incompatible-packages-together" (;) "no person can reach two incompatible packages";
    "no-self-approving-path" (;) "no ring of packages lets their holders approve for each other";
    "approvers-are-not-only-requestors" (;) "no approver group holds only people who may request";
    "requests-need-approval" (;) "nobody gets in by request without a decision";
    "privileged-resources-need-two-stages" ("resources"; "resources") "a request for a privileged resource passes two stages";
    "every-grant-ends" ("within";) "no access lasts for ever";
    "outside-access-ends" ("within";) "access of people from outside ends";
    "long-access-is-reviewed" ("within"; "within") "access that lasts longer is reviewed";
    "incompatibility-is-mutual" (;) "an incompatibility is said on both sides";
    "no-orphaned-owner" (;) "whatever has owners has one who is there";
    "guests-have-a-sponsor" (;) "somebody who is there answers for each guest";
}
