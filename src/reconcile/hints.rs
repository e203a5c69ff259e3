//! A create and a destroy that look like one object under another name: the `[[moved]]` that was probably meant.

use crate::kinds::{self, Default};
use crate::model::{Action, Address, Change, Table};
use std::collections::BTreeMap;

/// A rename that was probably meant.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Hint {
    /// What would be destroyed.
    pub from: String,
    /// What would be created.
    pub to: String,
}

/// Pairs of a destroy and a create that differ only in key, display name or a renamed parent; parents first, and
/// nothing below a pair that is told already.
#[must_use]
pub fn move_hints(changes: &[Change]) -> Vec<Hint> {
    let mut pairs: BTreeMap<Address, Address> = BTreeMap::new();
    if !changes.iter().any(|c| c.action == Action::Delete) {
        return Vec::new();
    }
    loop {
        let gone = || changes.iter().filter(|c| c.action == Action::Delete && !pairs.contains_key(&c.address));
        let made = |c: &&Change| c.action == Action::Create && !pairs.values().any(|to| *to == c.address);
        let mut candidates: BTreeMap<(String, Option<Address>, Table), (Vec<&Address>, Vec<&Address>)> = BTreeMap::new();
        for change in gone() {
            if let Some(print) = fingerprint(change, &pairs) {
                candidates.entry(print).or_default().0.push(&change.address);
            }
        }
        for change in changes.iter().filter(made) {
            if let Some(print) = fingerprint(change, &BTreeMap::new()) {
                candidates.entry(print).or_default().1.push(&change.address);
            }
        }
        // Two that look the same could be either: no hint then.
        let found: Vec<(Address, Address)> = candidates
            .into_values()
            .filter_map(|(from, to)| match (from.as_slice(), to.as_slice()) {
                ([from], [to]) => Some(((*from).clone(), (*to).clone())),
                _ => None,
            })
            .collect();
        if found.is_empty() {
            break;
        }
        pairs.extend(found);
    }
    let follows = |from: &Address, to: &Address| {
        let (Some(old), Some(new)) = (from.parent(), to.parent()) else { return false };
        pairs.get(&old) == Some(&new) && from.key() == to.key()
    };
    let told = pairs.iter().filter(|(from, to)| !follows(from, to));
    told.map(|(from, to)| Hint { from: from.to_string(), to: to.to_string() }).collect()
}

/// What two objects share that differ only in key, display name and parent's name.
fn fingerprint(change: &Change, renamed: &BTreeMap<Address, Address>) -> Option<(String, Option<Address>, Table)> {
    let object = change.before.as_ref().or(change.after.as_ref())?;
    let kind = kinds::kind(object.address.kind())?;
    let parent = object.address.parent().map(|p| renamed.get(&p).cloned().unwrap_or(p));
    let mut table = kinds::rewrite_references(object, &|a| renamed.get(a).cloned()).unwrap_or_else(|| object.attributes.clone());
    for field in kind.form.fields.iter().filter(|f| f.default == Default::Key) {
        table.remove(field.name);
    }
    Some((kind.name.to_owned(), parent, table.without_places()))
}
