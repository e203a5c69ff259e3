//! Moves and imports, applied to the prior state first, references in it included: renaming a catalog changes no
//! package.

use super::State;
use crate::config::{Import, Moved, renames};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::kinds;
use crate::model::{Action, Address, Change, Holdings, Object, Stored, Table};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The prior state under its new names.
#[derive(Debug, Clone)]
pub struct PriorMoves {
    /// By new address.
    pub objects: Arc<Holdings>,
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
        let (imported, from) = take_imports(state, workspace, moves, imports, found);
        let mut renamed = if moves.is_empty() && from.is_empty() { BTreeMap::new() } else { renames(state.objects.keys(), moves, &from) };
        report(state, workspace, moves, &mut renamed, found);
        let place = |to: &Address| moves.iter().find(|m| m.to == *to).map_or(crate::diag::Span::NONE, |m| m.at);
        PriorMoves::renamed(state, &renamed, imported, &place, found)
    }

    /// The prior state as changes that were planned already rename it: each object once, with all below it.
    #[must_use]
    pub fn of_changes(state: &State, changes: &[Change], found: &mut Diagnostics) -> PriorMoves {
        let asked: BTreeMap<&Address, &Address> = changes.iter().filter_map(|c| Some((c.previous.as_ref()?, &c.address))).collect();
        let imported =
            changes.iter().filter(|c| c.action == Action::Import).filter_map(|c| Some((c.address.clone(), c.import_id.clone()?)));
        PriorMoves::of_map(state, &asked, imported.collect(), found)
    }

    /// The prior state under a map of old to new addresses; what stands below an address goes with it.
    #[must_use]
    pub fn of_map(
        state: &State,
        asked: &BTreeMap<&Address, &Address>,
        imported: BTreeMap<Address, String>,
        found: &mut Diagnostics,
    ) -> PriorMoves {
        let new = |address: &Address| {
            let (from, to) = address.lineage().find_map(|a| asked.get_key_value(&a).map(|(from, to)| (*from, *to)))?;
            address.rebase(from, to).filter(|to| to != address)
        };
        let renamed: BTreeMap<Address, Address> =
            if asked.is_empty() { BTreeMap::new() } else { state.objects.keys().filter_map(|a| Some((a.clone(), new(a)?))).collect() };
        PriorMoves::renamed(state, &renamed, imported, &|_| crate::diag::Span::NONE, found)
    }

    fn renamed(
        state: &State,
        renamed: &BTreeMap<Address, Address>,
        imported: BTreeMap<Address, String>,
        place: &dyn Fn(&Address) -> crate::diag::Span,
        found: &mut Diagnostics,
    ) -> PriorMoves {
        if renamed.is_empty() {
            return PriorMoves { objects: Arc::clone(&state.objects), previous: BTreeMap::new(), rewritten: BTreeMap::new(), imported };
        }
        let new = |a: &Address| renamed.get(a).cloned();
        let mut objects: BTreeMap<Address, Stored> = BTreeMap::new();
        let mut previous = BTreeMap::new();
        let mut rewritten = BTreeMap::new();
        for (address, stored) in state.objects.iter() {
            let to = new(address).unwrap_or_else(|| address.clone());
            let mut attributes = stored.object.attributes.clone();
            if let Some(table) = kinds::rewrite_references(&stored.object, &new) {
                rewritten.insert(to.clone(), std::mem::replace(&mut attributes, table));
            }
            if to != *address {
                keep_key_defaults(address, &to, &mut attributes);
                previous.insert(to.clone(), address.clone());
            }
            let object = Object { address: to.clone(), attributes, at: stored.object.at };
            if let Some(other) = objects.insert(to.clone(), Stored { object, ..stored.clone() }) {
                let at = place(&to);
                let from = previous.get(&to).unwrap_or(&other.object.address);
                let message = format!("`{from}` cannot become `{to}`: there is one already");
                found.push(
                    Diagnostic::new(&codes::E0301, at, message).at(&to).help("choose another name, or delete the other object first"),
                );
            }
        }
        PriorMoves { objects: Arc::new(objects.into_values().collect()), previous, rewritten, imported }
    }
}

/// What defaulted to the old key says so from now on, so that the difference to the new default is seen; what says the
/// new key already is the default now.
fn keep_key_defaults(old: &Address, new: &Address, attributes: &mut Table) {
    let Some(kind) = kinds::kind(old.kind()).filter(|_| old.key() != new.key()) else { return };
    for field in kind.form.fields.iter().filter(|f| f.default == kinds::Default::Key) {
        match attributes.get(field.name) {
            Some(value) if kinds::is_default(field, value, new.key()) => {
                attributes.remove(field.name);
            }
            Some(_) => {}
            None => {
                let said = kinds::default_of(field, old.key());
                said.and_then(|value| attributes.insert(field.name, value));
            }
        }
    }
}

/// Objects that become managed, those that `[[import]]` names: their ids by new address, and their new by old address.
fn take_imports(
    state: &State,
    workspace: &str,
    moves: &[Moved],
    imports: &[Import],
    found: &mut Diagnostics,
) -> (BTreeMap<Address, String>, BTreeMap<Address, Address>) {
    if imports.is_empty() {
        return Default::default();
    }
    let by_id: BTreeMap<&str, &Stored> = state.objects.values().map(|s| (s.id.as_str(), s)).collect();
    let asked: BTreeMap<Address, Address> =
        imports.iter().filter_map(|i| Some((by_id.get(i.id.as_str())?.object.address.clone(), i.to.clone()))).collect();
    // What it stands in may get another name by the same files.
    let renamed = renames(state.objects.keys(), moves, &asked);
    let parent = |a: &Address| a.parent().map(|p| renamed.get(&p).unwrap_or(&p).clone());
    let (mut imported, mut taken) = (BTreeMap::new(), BTreeMap::new());
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
            Some(owner) if **owner == *workspace && *address == import.to => {
                let message = format!("`{address}` is imported; the `[[import]]` can be deleted");
                found.push(Diagnostic::new(&codes::N0308, import.at, message).at(address));
            }
            Some(owner) => refuse(format!("`{address}` is managed by the workspace `{owner}`"), "only unmanaged objects are imported"),
            None if address.kind() != import.to.kind() || parent(address) != import.to.parent() => {
                refuse(format!("`{address}` cannot become `{}`", import.to), "an import may give another key, not another kind or parent");
            }
            None => {
                imported.insert(import.to.clone(), import.id.clone());
                taken.insert(address.clone(), import.to.clone());
            }
        }
    }
    (imported, taken)
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
