//! What loosens and what tightens, by the tables of the kinds.

use crate::kinds::{self, Verdict, verdicts};
use crate::model::{Action, Address, Change};
use serde::{Deserialize, Serialize};

/// What a change of an attribute means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Meaning {
    /// The object.
    pub address: Address,
    /// The attribute.
    pub attribute: String,
    /// What it means.
    pub verdict: Verdict,
}

/// What the changes mean, in their order.
#[must_use]
pub fn meanings(changes: &[Change]) -> Vec<Meaning> {
    let mut found = Vec::new();
    for change in changes.iter().filter(|c| matches!(c.action, Action::Update | Action::Import)) {
        let Some(kind) = kinds::kind(change.address.kind()) else { continue };
        for (attribute, delta) in &change.deltas {
            let Some(field) = kind.field(attribute) else { continue };
            for verdict in verdicts(kind.tone(attribute), field, delta) {
                found.push(Meaning { address: change.address.clone(), attribute: attribute.clone(), verdict });
            }
        }
    }
    found
}
