//! Changing names and ownership: `[[moved]]`, `[[removed]]`, `[[import]]` and `manages` (`language.md` section 5).

use super::declare::Declared;
use super::decode::{self, Decoder};
use super::{World, finding};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::{Default, Field, Form, Shape, Text};
use crate::model::Address;
use std::collections::BTreeMap;
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
    for field in form.fields.iter().filter(|f| !table.contains_key(f.name)) {
        let finding = Diagnostic::new(&codes::E0018, at, format!("`{}` is missing", field.name));
        decoder.found.push(
            finding.at(word).help(format!(
                "`[[{word}]]` has {}",
                form.fields.iter().map(|f| format!("`{}`", f.name)).collect::<Vec<_>>().join(" and ")
            )),
        );
    }
    let mut address =
        |name: &str| table.get(name).filter(|_| values.contains(name)).and_then(|v| decode::address(decoder, v, name)).map(|(a, _)| a);
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
    for removal in &declared.removals {
        if let Some(object) = world.objects.get(&removal.from) {
            let finding = Diagnostic::new(&codes::E0304, removal.at, format!("`{}` is still declared", removal.from)).at(&removal.from);
            found.push(finding.related(object.at, "declared here").help("take the declaration out, or the `[[removed]]`"));
        }
    }
    let mut ids: BTreeMap<&str, Span> = BTreeMap::new();
    for import in &declared.imports {
        if !world.objects.contains_key(&import.to) {
            let finding = Diagnostic::new(&codes::E0305, import.at, format!("`{}` is declared nowhere", import.to)).at(&import.to);
            found.push(finding.help(format!("declare what the object is to be: `[{}]`", import.to)));
        }
        if let Some(first) = ids.insert(&import.id, import.at) {
            let finding = Diagnostic::new(&codes::E0305, import.at, format!("the id `{}` is imported twice", import.id)).at(&import.to);
            found.push(finding.related(first, "first here").help("one object has one address"));
        }
    }
    for object in world.objects.values().filter(|o| !world.settings.manages_object(&o.address, world)) {
        let help = "declare it in the workspace that manages it, or add it to `manages` in writ.toml";
        let message = format!("this workspace does not manage `{}`", object.address);
        found.push(finding(&codes::E0306, object, object.at, message).help(help));
    }
}

fn check_moves(moves: &[Moved], world: &World<'_>, found: &mut Diagnostics) {
    let mut from: BTreeMap<&Address, &Moved> = BTreeMap::new();
    for moved in moves {
        let same_parent = moved.from.parent() == moved.to.parent();
        let with_parent = || {
            let (old, new) = (moved.from.parent()?, moved.to.parent()?);
            moves.iter().find(|m| m.from == old && m.to == new)
        };
        let mut wrong = |message: String, help: &str| {
            found.push(Diagnostic::new(&codes::E0301, moved.at, message).at(&moved.from).help(help));
        };
        if moved.from == moved.to {
            wrong(format!("`{}` moves to itself", moved.from), "take the table out");
        } else if moved.from.kind() != moved.to.kind() {
            wrong(format!("a {} cannot become a {}", moved.from.kind(), moved.to.kind()), "a move changes a key, not a kind");
        } else if !same_parent && with_parent().is_none() {
            wrong(
                format!("`{}` cannot move into another parent", moved.from),
                "a move changes the last key only; the parent has a move of its own",
            );
        } else if from.contains_key(&moved.from) {
            wrong(format!("`{}` moves twice", moved.from), "one move for each address");
        } else if let Some(object) = world.objects.get(&moved.from) {
            let finding = Diagnostic::new(&codes::E0301, moved.at, format!("`{}` is still declared", moved.from)).at(&moved.from);
            found.push(finding.related(object.at, "declared here").help("declare it under its new name, or take the move out"));
        }
        from.entry(&moved.from).or_insert(moved);
    }
    for moved in moves {
        let mut chain = vec![&moved.from];
        let mut next = &moved.to;
        while let Some(further) = from.get(next) {
            if chain.contains(&next) {
                break;
            }
            chain.push(next);
            next = &further.to;
        }
        if next == &moved.from && moved.to != moved.from && chain.iter().min() == Some(&&moved.from) {
            let story = chain.iter().map(|a| a.as_str()).chain([next.as_str()]).collect::<Vec<_>>().join(" -> ");
            let finding = Diagnostic::new(&codes::E0302, moved.at, format!("moves form a ring: {story}")).at(&moved.from);
            found.push(finding.help("to swap two names, apply one move by way of a third name first"));
        }
    }
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
