//! Changing names and ownership: `[[moved]]`, `[[removed]]`, `[[import]]` and `manages`.

use super::declare::Declared;
use super::decode::Decoder;
use super::keys::{known_address, no_address};
use super::{Known, World, finding};
use crate::diag::{Diagnostic, Diagnostics, Span, codes, shown};
use crate::kinds::{self, Default, Field, Form, Shape, Text, article};
use crate::model::Address;
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeTable;

/// An object got another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The old address.
    pub from: Address,
    /// The new one.
    pub to: Address,
    /// Where that is written.
    pub at: Span,
}

/// An object is no longer managed, or no longer there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// Its address.
    pub from: Address,
    /// `false`: it lives on unmanaged.
    pub destroy: bool,
    /// Where that is written.
    pub at: Span,
}

/// An unmanaged object of the store becomes managed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The declared address that it gets.
    pub to: Address,
    /// Its id in the store.
    pub id: String,
    /// Where that is written.
    pub at: Span,
}

const fn addresses(name: &'static str, doc: &'static str) -> Field {
    Field::new(name, Shape::Text(Text::Line), doc).required()
}

/// The keys of `[[moved]]`.
pub static MOVED: Form = Form { fields: &[addresses("from", "The old address."), addresses("to", "The new address.")], alternatives: &[] };
/// The keys of `[[removed]]`.
pub static REMOVED: Form = Form {
    fields: &[
        addresses("from", "The address of what is no longer declared."),
        Field::new("destroy", Shape::Bool, "`false`: it lives on unmanaged and keeps its name; `true`: it is deleted.")
            .required()
            .default(Default::Nothing),
    ],
    alternatives: &[],
};
/// The keys of `[[import]]`.
pub static IMPORT: Form =
    Form { fields: &[addresses("to", "The declared address."), addresses("id", "The id of the object in the store.")], alternatives: &[] };

/// All three, for the schema and the reference page: the word, what it says, its keys.
pub static OWNERSHIP: &[(&str, &str, &Form)] = &[
    ("moved", "An object has a new name: state follows, and nothing is deleted or made anew. Safe to delete once applied.", &MOVED),
    ("removed", "An object is no longer declared, and this says what becomes of it.", &REMOVED),
    ("import", "An unmanaged object of the store becomes the declared one.", &IMPORT),
];

/// Reads one table of `[[moved]]`, `[[removed]]` or `[[import]]`.
pub(super) fn read(word: &str, table: &DeTable<'_>, at: Span, decoder: &mut Decoder<'_, '_>, declared: &mut Declared) {
    let form: &'static Form = match word {
        "moved" => &MOVED,
        "removed" => &REMOVED,
        _ => &IMPORT,
    };
    let fields: Vec<&'static Field> = form.fields.iter().collect();
    let values = decoder.table(word, form, &fields, table, at, &[]);
    for field in form.fields.iter().filter(|f| !values.contains(f.name)) {
        let finding = Diagnostic::new(&codes::E0018, at, format!("`{}` is missing", field.name));
        decoder.found.push(
            finding.at(word).help(format!(
                "`[[{word}]]` has {}",
                form.fields.iter().map(|f| format!("`{}`", f.name)).collect::<Vec<_>>().join(" and ")
            )),
        );
    }
    let mut address = |name: &str| {
        let value = values.get(name)?;
        let text = value.as_text()?;
        let refuse = |why| {
            let help = format!("`{name}` is an address such as `\"catalog.marketing\"`");
            decoder.found.push(Diagnostic::new(&codes::E0102, value.at, no_address(text, why)).at(word).help(help));
        };
        known_address(text).map_err(refuse).ok()
    };
    match word {
        "moved" => {
            if let (Some(from), Some(to)) = (address("from"), address("to")) {
                declared.moves.push(Moved { from, to, at });
            }
        }
        "removed" => {
            if let (Some(from), Some(destroy)) = (address("from"), values.get("destroy").and_then(|v| v.as_bool())) {
                declared.removals.push(Removed { from, destroy, at });
            }
        }
        _ => {
            if let (Some(to), Some(id)) = (address("to"), values.text("id")) {
                declared.imports.push(Import { to, id: id.to_owned(), at });
            }
        }
    }
}

/// What the ownership tables may say, and what this workspace may declare.
pub(super) fn check(declared: &Declared, world: &World<'_>, found: &mut Diagnostics) {
    check_moves(&declared.moves, world, found);
    let mut removed: BTreeMap<&Address, Span> = BTreeMap::new();
    for removal in &declared.removals {
        let wrong = |why: &str| Diagnostic::new(&codes::E0304, removal.at, format!("`{}` is {why}", removal.from)).at(&removal.from);
        if let Some(first) = removed.insert(&removal.from, removal.at) {
            found.push(wrong("removed twice").related(first, "first here").help("keep one of the two"));
        } else if let Some(object) = world.objects.get(&removal.from) {
            let help = "take the declaration out, or the `[[removed]]`";
            found.push(wrong("still declared").related(object.at, "declared here").help(help));
        }
    }
    let mut ids: BTreeMap<&str, Span> = BTreeMap::new();
    let mut addresses: BTreeMap<&Address, Span> = BTreeMap::new();
    for import in &declared.imports {
        let wrong = |message: String| Diagnostic::new(&codes::E0305, import.at, message).at(&import.to);
        if let Some(first) = ids.insert(&import.id, import.at) {
            let finding = wrong(format!("the id `{}` is imported twice", shown(&import.id)));
            found.push(finding.related(first, "first here").help("one object has one address"));
        } else if let Some(first) = addresses.insert(&import.to, import.at) {
            let finding = wrong(format!("`{}` is imported twice", import.to));
            found.push(finding.related(first, "first here").help("one address is one object"));
        } else if let Some(fixed) = fixed_by(import, world.known) {
            let finding = wrong(format!("`{fixed}` has its name for good, and no other object takes it"));
            found.push(finding.help(format!("declare it under that name: `[{fixed}]`; it needs no import")));
        } else if !world.objects.contains_key(&import.to) {
            let finding = wrong(format!("`{}` is declared nowhere", import.to));
            found.push(finding.help(format!("declare what the object is to be: `[{}]`", import.to)));
        }
    }
    for object in world.objects.values().filter(|o| !world.settings.manages_object(&o.address, world)) {
        let help = "declare it in the workspace that manages it, or add it to `manages` in writ.toml";
        let message = format!("this workspace does not manage `{}`", object.address);
        found.push(finding(&codes::E0306, object, object.at, message).help(help));
    }
}

/// The address that does not change, of those that an import would make one.
fn fixed_by<'a>(import: &'a Import, known: &'a Known) -> Option<&'a Address> {
    let there = known.ids.get(&import.id).filter(|there| **there != import.to)?;
    [there, &import.to].into_iter().find(|a| kinds::is_fixed(a))
}

fn check_moves(moves: &[Moved], world: &World<'_>, found: &mut Diagnostics) {
    let mut from: BTreeMap<&Address, &Moved> = BTreeMap::new();
    let mut to: BTreeMap<&Address, &Moved> = BTreeMap::new();
    for moved in moves {
        from.entry(&moved.from).or_insert(moved);
    }
    let in_ring: BTreeSet<&Address> = check_rings(moves, &from, found);
    for moved in moves {
        let wrong = |message: String, help: &str| Diagnostic::new(&codes::E0301, moved.at, message).at(&moved.from).help(help);
        let first = from.get(&moved.from).filter(|first| first.at != moved.at);
        let twice = to.insert(&moved.to, moved).filter(|_| first.is_none());
        if let Some(finding) = misfit(moved, moves, &wrong) {
            found.push(finding);
        } else if let Some(first) = first {
            found.push(wrong(format!("`{}` moves twice", moved.from), "one move for each address").related(first.at, "first here"));
        } else if let Some(first) = twice {
            let message = format!("`{}` and `{}` cannot both become `{}`", first.from, moved.from, moved.to);
            found.push(wrong(message, "give one of them another name").related(first.at, "first here"));
        } else if let Some(object) = world.objects.get(&moved.from).filter(|_| !in_ring.contains(&moved.from)) {
            let help = "declare it under its new name, or take the move out";
            found.push(wrong(format!("`{}` is still declared", moved.from), help).related(object.at, "declared here"));
        }
    }
}

/// What is wrong with one move, whatever the others are; but for that of its parent.
fn misfit(moved: &Moved, moves: &[Moved], wrong: &dyn Fn(String, &str) -> Diagnostic) -> Option<Diagnostic> {
    let with_parent = || {
        let (old, new) = (moved.from.parent()?, moved.to.parent()?);
        moves.iter().find(|m| m.from == old && m.to == new)
    };
    let fixed = [&moved.from, &moved.to].into_iter().find(|a| kinds::is_fixed(a));
    if moved.from == moved.to {
        Some(wrong(format!("`{}` moves to itself", moved.from), "take the table out"))
    } else if moved.from.kind() != moved.to.kind() {
        let message = format!("{} cannot become {}", article(moved.from.kind()), article(moved.to.kind()));
        Some(wrong(message, "a move changes a key, not a kind"))
    } else if let Some(fixed) = fixed {
        let help = "take the table out; `display_name` says another name to people";
        Some(wrong(format!("`{fixed}` has its name for good, and no other object takes it"), help))
    } else if moved.from.parent() != moved.to.parent() && with_parent().is_none() {
        let help = "a move changes the last key only; the parent has a move of its own";
        Some(wrong(format!("`{}` cannot move into another parent", moved.from), help))
    } else {
        None
    }
}

/// Reports each ring once; the old names that take part in one.
fn check_rings<'m>(moves: &'m [Moved], from: &BTreeMap<&'m Address, &'m Moved>, found: &mut Diagnostics) -> BTreeSet<&'m Address> {
    let mut in_ring = BTreeSet::new();
    for moved in moves.iter().filter(|m| m.from != m.to) {
        let mut chain = vec![&moved.from];
        let mut next = &moved.to;
        while let Some(further) = from.get(next) {
            if chain.contains(&next) {
                break;
            }
            chain.push(next);
            next = &further.to;
        }
        if next != &moved.from {
            continue;
        }
        in_ring.insert(&moved.from);
        if chain.iter().min() == Some(&&moved.from) {
            let story = chain.iter().map(|a| a.as_str()).chain([next.as_str()]).collect::<Vec<_>>().join(" -> ");
            let finding = Diagnostic::new(&codes::E0302, moved.at, format!("moves form a ring: {story}")).at(&moved.from);
            found.push(finding.help("to swap two names, apply one move by way of a third name first"));
        }
    }
    in_ring
}

/// The new addresses of what is there, by its old one, where moves or imports rename it. An import renames what it is
/// about, from old to new address, with all below it; a parent's comes before its children's.
pub fn renames<'a>(
    there: impl Iterator<Item = &'a Address> + Clone,
    moves: &[Moved],
    imports: &BTreeMap<Address, Address>,
) -> BTreeMap<Address, Address> {
    let mut renamed: BTreeMap<Address, Address> = there.clone().filter_map(|a| Some((a.clone(), applied_moves(moves, a)?))).collect();
    for (from, to) in imports.iter().filter(|(from, to)| from != to) {
        renamed.extend(there.clone().filter_map(|below| Some((below.clone(), below.rebase(from, to)?))));
    }
    renamed
}

/// Where an address is after the moves, which may form chains; `None` when no move concerns it.
#[must_use]
pub fn applied_moves(moves: &[Moved], address: &Address) -> Option<Address> {
    let mut current: Option<Address> = None;
    for _ in 0..=moves.len() {
        let here = current.as_ref().unwrap_or(address);
        // The innermost move first: a child's own move is written with the parent's old or new name.
        let next = moves.iter().filter_map(|m| Some((m, here.rebase(&m.from, &m.to)?))).max_by_key(|(m, _)| m.from.as_str().len());
        match next {
            Some((_, to)) => current = Some(to),
            None => break,
        }
    }
    current.filter(|c| c != address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(from: &str, to: &str) -> Moved {
        Moved { from: Address::parse(from).unwrap(), to: Address::parse(to).unwrap(), at: Span::NONE }
    }

    #[test]
    fn moves_chain_and_take_children_along() {
        let moves = [moved("catalog.a", "catalog.b"), moved("catalog.b", "catalog.c")];
        let at = |t: &str| applied_moves(&moves, &Address::parse(t).unwrap()).map(|a| a.to_string());
        assert_eq!(at("catalog.a.resource.x").as_deref(), Some("catalog.c.resource.x"));
        assert_eq!(at("catalog.z"), None);
    }
}
