//! The ready-made checks, a file each. Their names, what they take and their pages stand in `config`'s list; a test holds the two
//! to each other.

mod apart;
mod approval;
mod approvers;
mod decidable;
mod ends;
mod guests;
mod mutual;
mod owners;
mod privileged;
mod reviewed;
mod rings;

use super::Found;
use super::bits::Bits;
use super::world::World;
use crate::config::Check;

/// A ready-made check: what does not keep to it.
pub type Ask = fn(&World<'_>, &Check) -> Vec<Found>;

/// All of them, by name.
static LIST: &[(&str, Ask)] = &[
    ("approvers-are-not-only-requestors", approvers::ask),
    ("every-request-can-be-decided", decidable::ask),
    ("every-grant-ends", ends::every),
    ("guests-have-a-sponsor", guests::ask),
    ("incompatibility-is-mutual", mutual::ask),
    ("long-access-is-reviewed", reviewed::ask),
    ("no-incompatible-packages-together", apart::ask),
    ("no-orphaned-owner", owners::ask),
    ("no-self-approving-path", rings::ask),
    ("outside-access-ends", ends::outside),
    ("privileged-resources-need-two-stages", privileged::ask),
    ("requests-need-approval", approval::ask),
];

/// The one of a name.
#[must_use]
pub fn find(name: &str) -> Option<Ask> {
    LIST.iter().find(|(known, _)| *known == name).map(|(_, ask)| *ask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::READY_MADE;

    #[test]
    fn every_name_does_something_and_has_a_page() {
        for made in READY_MADE {
            assert!(find(made.name).is_some(), "{}", made.name);
            let head = format!("# {}: {}\n", made.name, made.doc);
            assert!(made.page.starts_with(&head), "docs/checks/{}.md must begin with {head:?}", made.name);
            let said = |word: &str| made.page.contains(word);
            assert!(said(&format!("use = \"{}\"", made.name)), "docs/checks/{}.md shows no use of it", made.name);
            assert!(made.takes.iter().all(|key| said(&format!("`{key}`"))), "docs/checks/{}.md tells not what it takes", made.name);
            assert!(made.needs.iter().all(|key| made.takes.contains(key)));
        }
        assert_eq!(LIST.len(), READY_MADE.len());
    }
}
