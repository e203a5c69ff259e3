//! What the language says of each place in a file.
//!
//! In: a tree and the name of its file. Out: a call for every key, text and list whose place has a meaning, innermost
//! first. Invariants: what stands where the language knows nothing (unknown keys, `check`, `test`) is never seen;
//! no kind and no attribute is named here.

use super::tree::{Block, Entry, Key, Scalar, Tree, Value};
use crate::config::TOLERATE_WORD;
use crate::config::settings::{MANAGES, SETTINGS, WRIT_TOML};
use crate::kinds::{self, Form, KeyForm, Keys, Kind, Reference, Shape, TEMPLATE, Text};
use crate::model::Address;

/// `template = …`, which every object may have: ordered, one or several.
static TEMPLATES: Shape = Shape::List(&Shape::Text(Text::Key));
/// The addresses that other tables than objects hold.
static ADDRESSES: Shape = Shape::Set(&Shape::Text(Text::Line), kinds::Emptiness::Allowed);

/// What the language expects at a place.
#[derive(Debug, Clone, Copy)]
enum Scope {
    /// The kinds and the other tables.
    Root,
    /// Below `template`: the kinds.
    Templates,
    /// Below a kind's word: keys of objects, or names of templates.
    Keys { kind: &'static Kind, template: bool },
    /// An object or a template.
    Object { kind: &'static Kind, template: bool },
    /// A table of these keys.
    Form(&'static Form),
    /// A value of this shape.
    Value(&'static Shape),
    /// `[[import]]` and `[[tolerate]]`, whose `to` and `address` are addresses.
    Import,
    /// Addresses, one or several.
    Addresses,
    /// Nothing.
    Unknown,
}

/// An object or template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner {
    /// Its address; a template has none.
    pub address: Option<Address>,
    /// What tells it from all others of its file.
    pub id: String,
    /// The word of its kind.
    pub kind: &'static str,
}

/// A place in a file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    scope: Scope,
    /// In which object or template it stands.
    pub owner: Option<Owner>,
    /// The attribute of that in which it stands.
    pub attribute: Option<&'static str>,
}

/// Something whose place has a meaning.
pub(super) enum Seen<'t, 'a> {
    /// The key of an object, which `place` is the inside of.
    ObjectKey(&'t mut Key<'a>, &'static Kind, &'t Place),
    /// A key that names another object.
    MapKey(&'t mut Key<'a>, &'static Reference, &'t Place),
    /// A text of a shape.
    Text(&'t mut Scalar<'a>, &'static Shape, &'t Place),
    /// A text that is an address.
    Address(&'t mut Scalar<'a>),
    /// A list; a set if its members have no order, and then their shape.
    List(&'t mut Block<'a>, Option<&'static Shape>),
}

/// Who wants to see.
pub(super) type See<'s> = dyn FnMut(Seen<'_, '_>) + 's;

/// The outside of a file.
pub(super) fn root(name: &str) -> Place {
    let scope = if name == WRIT_TOML { Scope::Form(&SETTINGS) } else { Scope::Root };
    Place { scope, owner: None, attribute: None }
}

/// Shows everything whose place has a meaning.
pub(super) fn walk(tree: &mut Tree<'_>, root: &Place, see: &mut See<'_>) {
    for section in &mut tree.sections {
        let place = match &mut section.header {
            Some(header) => walk_path(&mut header.path, root.clone(), see),
            None => root.clone(),
        };
        for entry in &mut section.entries {
            walk_entry(entry, &place, see);
        }
    }
}

fn walk_entry(entry: &mut Entry<'_>, place: &Place, see: &mut See<'_>) {
    let place = walk_path(&mut entry.path, place.clone(), see);
    walk_value(&mut entry.value, &place, see);
}

fn walk_path(path: &mut [Key<'_>], mut place: Place, see: &mut See<'_>) -> Place {
    for key in path {
        let inside = place.step(&key.text);
        match place.scope {
            Scope::Keys { kind, .. } => see(Seen::ObjectKey(key, kind, &inside)),
            Scope::Value(shape) => {
                if let Some(reference) = names_objects(shape) {
                    see(Seen::MapKey(key, reference, &place));
                }
            }
            _ => {}
        }
        place = inside;
    }
    place
}

fn walk_value(value: &mut Value<'_>, place: &Place, see: &mut See<'_>) {
    match (value, place.scope) {
        (Value::Scalar(scalar), Scope::Value(shape)) => {
            if let Some(shape) = scalar.text.as_deref().and_then(|text| of_text(shape, text)) {
                see(Seen::Text(scalar, shape, place));
            }
        }
        (Value::Scalar(scalar), Scope::Addresses) => see(Seen::Address(scalar)),
        (Value::Scalar(_), _) => {}
        (Value::Block(block), scope) => {
            let members = match scope {
                _ if block.table => None,
                Scope::Value(shape) => of_list(shape),
                Scope::Addresses => of_list(&ADDRESSES),
                _ => None,
            };
            let inside = match (scope, members) {
                _ if block.table => place.clone(),
                (Scope::Addresses, _) => place.clone(),
                (_, Some((_, item))) => Place { scope: Scope::Value(item), ..place.clone() },
                (_, None) => Place { scope: Scope::Unknown, ..place.clone() },
            };
            for entry in &mut block.entries {
                walk_entry(entry, &inside, see);
            }
            if let Some((ordered, item)) = members {
                see(Seen::List(block, (!ordered).then_some(item)));
            }
        }
    }
}

impl Place {
    /// The place that a path leads to.
    pub fn descend<'p>(&self, path: impl IntoIterator<Item = &'p str>) -> Place {
        path.into_iter().fold(self.clone(), |place, key| place.step(key))
    }

    /// Whether it is an object or template.
    pub fn is_object(&self) -> bool {
        matches!(self.scope, Scope::Object { .. })
    }

    /// Whether it is a table whose keys name objects.
    pub fn names_objects(&self) -> bool {
        matches!(self.scope, Scope::Value(shape) if names_objects(shape).is_some())
    }

    fn step(&self, key: &str) -> Place {
        let same = |scope| Place { scope, ..self.clone() };
        match self.scope {
            Scope::Keys { kind, template } => {
                let owner = Some(self.owner_of(kind, template, key));
                Place { scope: Scope::Object { kind, template }, owner, attribute: None }
            }
            Scope::Object { kind, template } => match kind.field(key) {
                Some(field) => Place { scope: Scope::Value(&field.shape), attribute: Some(field.name), ..self.clone() },
                None if key == TEMPLATE => same(Scope::Value(&TEMPLATES)),
                None => match kind.children().find(|c| c.name == key && !template) {
                    Some(child) => same(Scope::Keys { kind: child, template }),
                    None => same(Scope::Unknown),
                },
            },
            Scope::Root => match kinds::kind(key).filter(|k| k.at_top()) {
                Some(kind) => same(Scope::Keys { kind, template: false }),
                None if key == "template" => same(Scope::Templates),
                None if key == "import" || key == TOLERATE_WORD => same(Scope::Import),
                None => same(Scope::Unknown),
            },
            Scope::Templates => same(kinds::kind(key).map_or(Scope::Unknown, |kind| Scope::Keys { kind, template: true })),
            Scope::Form(form) => match form.field(key) {
                Some(field) if field.name == MANAGES => same(Scope::Addresses),
                Some(field) => same(Scope::Value(&field.shape)),
                None => same(Scope::Unknown),
            },
            Scope::Value(shape) => match of_table(shape) {
                Some(Inside::Form(form)) => same(Scope::Form(form)).step(key),
                Some(Inside::Map(item)) => same(Scope::Value(item)),
                None => same(Scope::Unknown),
            },
            Scope::Import if matches!(key, "to" | "address") => same(Scope::Addresses),
            Scope::Import | Scope::Addresses | Scope::Unknown => same(Scope::Unknown),
        }
    }

    fn owner_of(&self, kind: &'static Kind, template: bool, key: &str) -> Owner {
        let folded = if kind.key == KeyForm::User { key.to_ascii_lowercase() } else { key.to_owned() };
        if template {
            return Owner { address: None, id: format!("template.{}.{key}", kind.name), kind: kind.name };
        }
        let address = match self.owner.as_ref().and_then(|o| o.address.as_ref()) {
            Some(parent) => parent.child(kind.name, &folded),
            None => Address::root(kind.name, &folded),
        };
        Owner { id: address.to_string(), address: Some(address), kind: kind.name }
    }
}

enum Inside {
    /// These keys.
    Form(&'static Form),
    /// Keys of the user's choice, with values of this shape.
    Map(&'static Shape),
}

/// What a table of this shape has inside.
fn of_table(shape: &'static Shape) -> Option<Inside> {
    match shape {
        Shape::Table(form) => Some(Inside::Form(form)),
        Shape::Map(_, item) => Some(Inside::Map(item)),
        Shape::List(item) => of_table(item),
        Shape::Either(a, b) => of_table(a).or_else(|| of_table(b)),
        _ => None,
    }
}

/// Whether a list of this shape is ordered, and the shape of its members.
fn of_list(shape: &'static Shape) -> Option<(bool, &'static Shape)> {
    match shape {
        Shape::Set(item, _) => Some((false, item)),
        Shape::List(item) => Some((true, item)),
        Shape::Either(a, b) => of_list(a).or_else(|| of_list(b)),
        _ => None,
    }
}

/// What a text of this shape is.
fn of_text(shape: &'static Shape, text: &str) -> Option<&'static Shape> {
    match shape {
        Shape::Set(item, _) => of_text(item, text),
        Shape::Either(Shape::Choice(words), _) if words.contains(&text) => None,
        Shape::Either(_, other) => of_text(other, text),
        Shape::List(_) | Shape::Table(_) | Shape::Map(..) => None,
        _ => Some(shape),
    }
}

/// What the keys of a table of this shape name.
fn names_objects(shape: &'static Shape) -> Option<&'static Reference> {
    if let Shape::Map(Keys::Reference(reference), _) = shape { Some(reference) } else { None }
}
