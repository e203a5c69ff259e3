//! Moves and imports, applied to the prior state first, references in it included: renaming a catalog changes no
//! package.

use super::State;
use crate::config::{Import, Moved, applied_moves};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::kinds::{self, Default};
use crate::model::{Address, Object, Stored, Table};
use std::collections::BTreeMap;

/// The prior state under its new names.
#[derive(Debug, Clone)]
pub struct PriorMoves {
    /// By new address.
    pub objects: BTreeMap<Address, Stored>,
    /// New address to old address, for what moved.
    pub previous: BTreeMap<Address, Address>,
    /// What says the same of something that moved: address (new), and what it said.
    pub rewritten: BTreeMap<Address, Table>,
    /// Imported objects: address (new) to id.
    pub imported: BTreeMap<Address, String>,
}

impl PriorMoves {
    /// Applies the moves and imports of a workspace to a state.
    #[must_use]
    pub fn apply(state: &State, workspace: &str, moves: &[Moved], imports: &[Import], found: &mut Diagnostics) -> PriorMoves {
        let mut renamed: BTreeMap<Address, Address> = BTreeMap::new();
        for address in state.objects.keys() {
            if let Some(to) = applied_moves(moves, address) {
                renamed.insert(address.clone(), to);
            }
        }
        let imported = take_imports(state, workspace, imports, &mut renamed, found);
        report(state, workspace, moves, &mut renamed, found);
        let new = |a: &Address| renamed.get(a).cloned();
        let mut objects: BTreeMap<Address, Stored> = BTreeMap::new();
        let mut previous = BTreeMap::new();
        let mut rewritten = BTreeMap::new();
        for (address, stored) in &state.objects {
            let to = new(address).unwrap_or_else(|| address.clone());
            let mut attributes = stored.object.attributes.clone();
            if !renamed.is_empty()
                && let Some(table) = kinds::rewrite_references(&stored.object, &new)
            {
                rewritten.insert(to.clone(), std::mem::replace(&mut attributes, table));
            }
            if to != *address {
                keep_key_defaults(address, &mut attributes);
                previous.insert(to.clone(), address.clone());
            }
            let object = Object { address: to.clone(), attributes, at: stored.object.at };
            if let Some(other) = objects.insert(to.clone(), Stored { object, ..stored.clone() }) {
                let at = moves.iter().find(|m| m.to == to).map_or(crate::diag::Span::NONE, |m| m.at);
                let from = previous.get(&to).unwrap_or(&other.object.address);
                let message = format!("`{from}` cannot become `{to}`: there is one already");
                found.push(
                    Diagnostic::new(&codes::E0301, at, message).at(&to).help("choose another name, or delete the other object first"),
                );
            }
        }
        PriorMoves { objects, previous, rewritten, imported }
    }
}

/// What defaulted to the old key says so from now on, so that the difference to the new default is seen.
fn keep_key_defaults(old: &Address, attributes: &mut Table) {
    let Some(kind) = kinds::kind(old.kind()) else { return };
    for field in kind.form.fields.iter().filter(|f| f.default == Default::Key) {
        if let Some(value) = kinds::default_of(field, old.key()).filter(|_| !attributes.contains(field.name)) {
            attributes.insert(field.name, value);
        }
    }
}

/// Objects that become managed: those that `[[import]]` names.
fn take_imports(
    state: &State,
    workspace: &str,
    imports: &[Import],
    renamed: &mut BTreeMap<Address, Address>,
    found: &mut Diagnostics,
) -> BTreeMap<Address, String> {
    let by_id: BTreeMap<&str, &Stored> = state.objects.values().map(|s| (s.id.as_str(), s)).collect();
    let mut imported = BTreeMap::new();
    for import in imports {
        let mut refuse = |message: String, help: &str| {
            found.push(Diagnostic::new(&codes::E0305, import.at, message).at(&import.to).help(help));
        };
        let Some(stored) = by_id.get(import.id.as_str()) else {
            refuse(format!("the store has no object with the id `{}`", import.id), "`writ state list` shows ids with `-v`");
            continue;
        };
        let address = &stored.object.address;
        match &stored.workspace {
            Some(owner) if owner == workspace && *address == import.to => {
                let message = format!("`{address}` is imported; the `[[import]]` can be deleted");
                found.push(Diagnostic::new(&codes::N0308, import.at, message).at(address));
            }
            Some(owner) => refuse(format!("`{address}` is managed by the workspace `{owner}`"), "only unmanaged objects are imported"),
            None if address.kind() != import.to.kind() || address.parent() != import.to.parent() => {
                refuse(format!("`{address}` cannot become `{}`", import.to), "an import may give another key, not another kind or parent");
            }
            None => {
                if *address != import.to {
                    for below in state.objects.keys() {
                        if let Some(to) = below.rebase(address, &import.to) {
                            renamed.insert(below.clone(), to);
                        }
                    }
                }
                imported.insert(import.to.clone(), import.id.clone());
            }
        }
    }
    imported
}

/// Moves of what is not this workspace's are not its to make; those that are done can be deleted.
fn report(state: &State, workspace: &str, moves: &[Moved], renamed: &mut BTreeMap<Address, Address>, found: &mut Diagnostics) {
    for moved in moves {
        let owner = state.objects.get(&moved.from).map(|s| s.workspace.as_deref());
        match owner {
            Some(owner) if owner != Some(workspace) => {
                let whose = owner.map_or_else(|| "is unmanaged".to_owned(), |o| format!("is managed by the workspace `{o}`"));
                found.push(
                    Diagnostic::new(&codes::E0301, moved.at, format!("`{}` {whose}", moved.from))
                        .at(&moved.from)
                        .help("a workspace renames what it manages; `[[import]]` may give a new key"),
                );
                renamed.retain(|from, _| !from.is_within(&moved.from));
            }
            None if state.objects.contains_key(&moved.to) => {
                let message = format!("`{}` is `{}` already; the `[[moved]]` can be deleted", moved.from, moved.to);
                found.push(Diagnostic::new(&codes::N0307, moved.at, message).at(&moved.to));
            }
            _ => {}
        }
    }
}
