//! Which other objects an object names, found by walking its attributes along their shapes.

use super::{Form, Keys, Kind, Principal, Reference, Shape, Strength, Within, kind};
use crate::diag::{Code, Span};
use crate::model::{Address, Node, Object, Table, Value};
use std::borrow::Cow;

/// One reference of an object.
#[derive(Debug, Clone)]
pub struct FoundReference {
    /// The object that it names.
    pub target: Address,
    /// As written.
    pub text: String,
    /// Where it was written.
    pub at: Span,
    /// The attribute at the top of the object in which it stands.
    pub attribute: &'static str,
    /// Whether it orders steps.
    pub strength: Strength,
    /// The rule that it breaks when what it names does not exist.
    pub rule: Option<&'static Code>,
}

/// All references of an object, defaults included, its parent not.
#[must_use]
pub fn references(object: &Object) -> Vec<FoundReference> {
    let Some(kind) = kind(object.address.kind()) else { return Vec::new() };
    let mut found = Vec::new();
    visit_object(kind, object, &mut |r, _| {
        found.push(r);
        None
    });
    for field in kind.fields().filter(|f| !object.attributes.contains(f.name)) {
        if let (Shape::Reference(reference), super::Default::Text(key)) = (&field.shape, field.default)
            && let Some(target) = target_of(reference, key, &object.address, &object.attributes)
        {
            let (text, attribute) = (key.to_owned(), field.name);
            found.push(FoundReference { target, text, at: object.at, attribute, strength: reference.strength, rule: reference.rule });
        }
    }
    found
}

/// The attributes with references to moved objects rewritten, or `None` when there are none to rewrite.
///
/// `address` is the object's own address before any move; `moved` gives an object's new address.
#[must_use]
pub fn rewrite_references(object: &Object, moved: &dyn Fn(&Address) -> Option<Address>) -> Option<Table> {
    let kind = kind(object.address.kind())?;
    visit_object(kind, object, &mut |r, spelling| {
        let new = spelling(&moved(&r.target)?);
        (new != r.text).then_some(new)
    })
}

/// Called with each reference and the way its place spells an address; a returned text replaces it.
type Visitor<'v> = dyn FnMut(FoundReference, &dyn Fn(&Address) -> String) -> Option<String> + 'v;

/// Visits the references of an object; its new attributes, if one of them was replaced. What a reference means is read
/// from the attributes as they were, whatever was replaced before it.
fn visit_object(kind: &'static Kind, object: &Object, visitor: &mut Visitor<'_>) -> Option<Table> {
    let Object { address, attributes, .. } = object;
    let mut new = Cow::Borrowed(attributes);
    for field in kind.fields() {
        let Some(value) = attributes.get(field.name) else { continue };
        let place = Place { address, top: attributes, table: attributes, attribute: field.name };
        if let Some(changed) = visit(&field.shape, value, &place, visitor) {
            new.to_mut().insert(field.name, changed);
        }
    }
    match new {
        Cow::Borrowed(_) => None,
        Cow::Owned(table) => Some(table),
    }
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    address: &'a Address,
    /// The object's attributes.
    top: &'a Table,
    /// The table in which the value stands.
    table: &'a Table,
    attribute: &'static str,
}

/// Visits the references of a value; the new value, if one of them was replaced.
fn visit(shape: &Shape, value: &Value, place: &Place<'_>, visitor: &mut Visitor<'_>) -> Option<Value> {
    match shape {
        Shape::Reference(reference) => {
            let text = value.as_text()?;
            let target = target_of(reference, text, place.address, place.top)?;
            let found = place.found(target, value, reference.strength, reference.rule);
            visitor(found, &|a| a.key().to_owned()).map(|t| Value::text(t, value.at))
        }
        Shape::Principal(principal) => {
            let text = value.as_text()?;
            let target = principal_target(principal, text, place.table)?;
            let rule = principal.rules.iter().find(|(k, _)| *k == target.kind()).map(|(_, rule)| *rule);
            let found = place.found(target, value, principal.strength, rule);
            visitor(found, &Address::reference).map(|t| Value::text(t, value.at))
        }
        Shape::Set(item, _) | Shape::List(item) => {
            let mut changed = false;
            let mut each = |v: &Value| {
                let new = visit(item, v, place, visitor);
                changed |= new.is_some();
                new.unwrap_or_else(|| v.clone())
            };
            let members: Vec<Value> = value.members().iter().map(&mut each).collect();
            let node =
                if matches!(shape, Shape::Set(..)) { Value::set(members, value.at) } else { Value::new(Node::List(members), value.at) };
            changed.then_some(node)
        }
        Shape::Table(form) => visit_table(form, value, place, visitor),
        Shape::Map(keys, item) => {
            let table = value.as_table()?;
            let mut changed = false;
            let mut new = Table::new();
            for (name, v) in table.iter() {
                let mut name = Cow::<'static, str>::Owned(name.to_owned());
                if let Keys::Reference(reference) = keys
                    && let Some(target) = target_of(reference, &name, place.address, place.top)
                {
                    let mut found = place.found(target, v, reference.strength, reference.rule);
                    found.text = name.to_string();
                    if let Some(renamed) = visitor(found, &|a| a.key().to_owned()) {
                        name = renamed.into();
                        changed = true;
                    }
                }
                let inner = visit(item, v, place, visitor);
                changed |= inner.is_some();
                new.insert(name, inner.unwrap_or_else(|| v.clone()));
            }
            changed.then(|| Value::new(Node::Table(new), value.at))
        }
        Shape::Either(a, b) => visit(a, value, place, visitor).or_else(|| visit(b, value, place, visitor)),
        Shape::Bool
        | Shape::Text(_)
        | Shape::Choice(_)
        | Shape::Duration(..)
        | Shape::Expiration
        | Shape::Instant
        | Shape::Date
        | Shape::Rule
        | Shape::Count
        | Shape::Share => None,
    }
}

fn visit_table(form: &'static Form, value: &Value, place: &Place<'_>, visitor: &mut Visitor<'_>) -> Option<Value> {
    let table = value.as_table()?;
    let mut new = Cow::Borrowed(table);
    for field in form.fields {
        let Some(inner) = table.get(field.name) else { continue };
        if let Some(changed) = visit(&field.shape, inner, &Place { table, ..*place }, visitor) {
            new.to_mut().insert(field.name, changed);
        }
    }
    match new {
        Cow::Borrowed(_) => None,
        Cow::Owned(table) => Some(Value::new(Node::Table(table), value.at)),
    }
}

impl Place<'_> {
    fn found(&self, target: Address, value: &Value, strength: Strength, rule: Option<&'static Code>) -> FoundReference {
        let text = value.as_text().unwrap_or("").to_owned();
        FoundReference { target, text, at: value.at, attribute: self.attribute, strength, rule }
    }
}

/// The address that the key of a fixed kind names.
fn target_of(reference: &Reference, key: &str, address: &Address, top: &Table) -> Option<Address> {
    let parent = match reference.within {
        Within::Root => return Some(Address::root(reference.kind, key)),
        Within::Parent => address.parent()?,
        Within::Named { attribute, kind: named } => {
            let default = || match kind(address.kind())?.field(attribute)?.default {
                super::Default::Text(text) => Some(text),
                _ => None,
            };
            let key = match top.get(attribute) {
                Some(value) => value.as_text(),
                None => default(),
            };
            Address::root(named, key?)
        }
    };
    Some(parent.child(reference.kind, key))
}

/// The address that `group:leads` or `ann@contoso.example` names; `None` for words.
fn principal_target(principal: &Principal, text: &str, table: &Table) -> Option<Address> {
    if principal.words.contains(&text) || principal.unless.is_some_and(|key| table.contains(key)) {
        return None;
    }
    if text.contains('@') {
        return Some(Address::root("user", text));
    }
    let (kind, key) = text.split_once(':').filter(|(kind, _)| principal.kinds.contains(kind))?;
    Some(Address::root(kind, key))
}
