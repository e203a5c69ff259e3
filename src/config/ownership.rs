//! Changing names and ownership: `[[moved]]`, `[[removed]]`, `[[import]]` and `manages`.

use super::declared::Declared;
use super::decode::Decoder;
use super::keys::{known_address, no_address};
use super::tolerance::{self, TOLERATE, TOLERATE_WORD};
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

/// These, and what is left alone, for the schema and the reference page: the word, what it says, its keys.
pub static OWNERSHIP: &[(&str, &str, &Form)] = &[
    ("moved", "An object has a new name: state follows, and nothing is deleted or made anew. Safe to delete once applied.", &MOVED),
    ("removed", "An object is no longer declared, and this says what becomes of it.", &REMOVED),
    ("import", "An unmanaged object of the store becomes the declared one.", &IMPORT),
    (TOLERATE_WORD, "What the store says of an object is known, and left alone until a date: a plan does not put it back.", &TOLERATE),
];

/// Reads one table of `[[moved]]`, `[[removed]]`, `[[import]]` or `[[tolerate]]`.
pub(super) fn read(word: &str, table: &DeTable<'_>, at: Span, decoder: &mut Decoder<'_, '_>, declared: &mut Declared) {
    let form: &'static Form = match word {
        "moved" => &MOVED,
        "removed" => &REMOVED,
        TOLERATE_WORD => &TOLERATE,
        _ => &IMPORT,
    };
    let fields: Vec<&'static Field> = form.fields.iter().collect();
    let values = decoder.table(word, form, &fields, table, at, &[]);
    for field in form.fields.iter().filter(|f| f.required && !values.contains(f.name)) {
        let finding = Diagnostic::new(&codes::E0018, at, format!("`{}` is missing", field.name));
        decoder.found.push(finding.at(word).help(format!(
            "`[[{word}]]` has {}",
            form.fields.iter().filter(|f| f.required).map(|f| format!("`{}`", f.name)).collect::<Vec<_>>().join(" and ")
        )));
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
        TOLERATE_WORD => tolerance::read(address("address"), &values, at, declared),
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
    tolerance::check(&declared.tolerances, found);
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
    let mut pairs: BTreeSet<(&Address, &Address)> = BTreeSet::new();
    for moved in moves {
        from.entry(&moved.from).or_insert(moved);
        pairs.insert((&moved.from, &moved.to));
    }
    let in_ring: BTreeSet<&Address> = check_rings(&from, found);
    for moved in moves {
        let wrong = |message: String, help: &str| Diagnostic::new(&codes::E0301, moved.at, message).at(&moved.from).help(help);
        let first = from.get(&moved.from).filter(|first| first.at != moved.at);
        let twice = to.insert(&moved.to, moved).filter(|_| first.is_none());
        if let Some(finding) = misfit(moved, &pairs, &wrong) {
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
fn misfit(moved: &Moved, pairs: &BTreeSet<(&Address, &Address)>, wrong: &dyn Fn(String, &str) -> Diagnostic) -> Option<Diagnostic> {
    let with_parent = || {
        let (old, new) = (moved.from.parent()?, moved.to.parent()?);
        pairs.get(&(&old, &new)).map(|_| ())
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
fn check_rings<'m>(from: &BTreeMap<&'m Address, &'m Moved>, found: &mut Diagnostics) -> BTreeSet<&'m Address> {
    let mut in_ring = BTreeSet::new();
    let mut walked: BTreeSet<&Address> = BTreeSet::new();
    for start in from.keys() {
        let mut path: Vec<&Moved> = Vec::new();
        let mut here: &Address = start;
        while let Some(moved) = from.get(here).filter(|m| m.from != m.to && walked.insert(&m.from)) {
            path.push(moved);
            here = &moved.to;
        }
        // Where the way came back to itself, what follows is a ring; it is told from its smallest name.
        let Some(ring) = path.iter().position(|m| m.from == *here).and_then(|first| path.get(first..)) else { continue };
        in_ring.extend(ring.iter().map(|m| &m.from));
        let least = ring.iter().enumerate().min_by_key(|(_, m)| &m.from).map_or(0, |(i, _)| i);
        let (before, after) = ring.split_at(least);
        let Some(moved) = after.first() else { continue };
        let names = after.iter().chain(before).chain([moved]).map(|m| m.from.as_str());
        let story = names.collect::<Vec<_>>().join(" -> ");
        let finding = Diagnostic::new(&codes::E0302, moved.at, format!("moves form a ring: {story}")).at(&moved.from);
        found.push(finding.help("to swap two names, apply one move by way of a third name first"));
    }
    in_ring
}

/// The new addresses of what is there, by its old one, where moves or imports rename it. An import renames what it is
/// about, from old to new address, with all below it; a child's own comes before its parent's.
pub fn renames<'a>(
    there: impl Iterator<Item = &'a Address> + Clone,
    moves: &[Moved],
    imports: &BTreeMap<Address, Address>,
) -> BTreeMap<Address, Address> {
    let moves = Moves::new(moves);
    let imported = |address: &Address| {
        let mut lineage = address.lineage().filter(|_| !imports.is_empty());
        let (from, to) = lineage.find_map(|a| imports.get_key_value(&a).filter(|(from, to)| from != to))?;
        address.rebase(from, to)
    };
    there.filter_map(|a| Some((a.clone(), imported(a).or_else(|| moves.applied(a))?))).collect()
}

/// Moves, found by what they move.
pub(super) struct Moves<'m> {
    /// By the old address.
    from: BTreeMap<&'m str, &'m Moved>,
    /// Where old addresses are in the end; those on a way that does not end lead nowhere.
    ends: BTreeMap<Address, Option<Address>>,
}

impl<'m> Moves<'m> {
    pub(super) fn new(moves: &'m [Moved]) -> Moves<'m> {
        // What would make a thing of another kind, or put it into itself, is no move; that has been told.
        let sound = moves.iter().filter(|m| m.from.kind() == m.to.kind() && !m.to.is_within(&m.from));
        let mut all = Moves { from: sound.map(|m| (m.from.as_str(), m)).collect(), ends: BTreeMap::new() };
        for moved in moves {
            let mut path: BTreeSet<Address> = BTreeSet::new();
            let mut here = moved.from.clone();
            let end = loop {
                if let Some(end) = all.ends.get(&here) {
                    break end.clone();
                }
                let Some(next) = all.next(&here) else { break Some(here) };
                if !path.insert(std::mem::replace(&mut here, next)) {
                    break None;
                }
            };
            all.ends.extend(path.into_iter().map(|a| (a, end.clone())));
        }
        all
    }

    /// Where an address is after the moves, which may form chains; `None` when no move concerns it, or a ring does.
    pub(super) fn applied(&self, address: &Address) -> Option<Address> {
        let mut here = address.clone();
        for _ in 0..=self.from.len() {
            if let Some(end) = self.ends.get(&here) {
                return end.clone().filter(|end| end != address);
            }
            match self.next(&here) {
                Some(next) => here = next,
                None => return Some(here).filter(|here| here != address),
            }
        }
        None
    }

    /// One move further: by the innermost, since a child's own move is written with the parent's old or new name.
    fn next(&self, address: &Address) -> Option<Address> {
        let text = address.as_str();
        let ends = std::iter::once(text.len()).chain(text.rmatch_indices('.').map(|(at, _)| at));
        let moved = ends.into_iter().find_map(|end| self.from.get(text.get(..end)?))?;
        address.rebase(&moved.from, &moved.to)
    }
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
        let moves = Moves::new(&moves);
        let at = |t: &str| moves.applied(&Address::parse(t).unwrap()).map(|a| a.to_string());
        assert_eq!(at("catalog.a.resource.x").as_deref(), Some("catalog.c.resource.x"));
        assert_eq!(at("catalog.a").as_deref(), Some("catalog.c"));
        assert_eq!(at("catalog.z"), None);
        assert_eq!(at("catalog.ab"), None);
    }

    #[test]
    fn a_child_moves_under_the_old_or_the_new_name_of_its_parent() {
        for parent in ["a", "b"] {
            let own = moved(&format!("catalog.{parent}.resource.x"), &format!("catalog.{parent}.resource.y"));
            let moves = [moved("catalog.a", "catalog.b"), own];
            let at = Moves::new(&moves).applied(&Address::parse("catalog.a.resource.x").unwrap());
            assert_eq!(at, Some(Address::parse("catalog.b.resource.y").unwrap()), "{parent}");
        }
    }

    #[test]
    fn rings_lead_nowhere_and_are_told_once() {
        let ring = [moved("group.c", "group.b"), moved("group.b", "group.a"), moved("group.a", "group.b"), moved("group.z", "group.y")];
        let moves = Moves::new(&ring);
        assert_eq!(moves.applied(&Address::parse("group.c").unwrap()), None);
        assert_eq!(moves.applied(&Address::parse("group.z").unwrap()), Some(Address::parse("group.y").unwrap()));
        let mut found = Diagnostics::new();
        let from = ring.iter().map(|m| (&m.from, m)).collect();
        assert_eq!(check_rings(&from, &mut found).len(), 2);
        let told: Vec<_> = found.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(told, ["moves form a ring: group.a -> group.b -> group.a"]);
    }

    /// Many moves are no slower each than few.
    #[test]
    fn a_long_chain() {
        let chain: Vec<Moved> = (0..4_000).map(|i| moved(&format!("group.g{i}"), &format!("group.g{}", i + 1))).collect();
        let last = Address::parse("group.g4000").unwrap();
        let moves = Moves::new(&chain);
        assert!(chain.iter().all(|m| moves.applied(&m.from).as_ref() == Some(&last)));
        let from = chain.iter().map(|m| (&m.from, m)).collect();
        assert!(check_rings(&from, &mut Diagnostics::new()).is_empty());
    }
}
