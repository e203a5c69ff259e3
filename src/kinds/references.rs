//! Which other objects an object names, found by walking its attributes along their shapes.

use super::{Form, Keys, Kind, Principal, Reference, Shape, Strength, Within, kind};
use crate::diag::{Code, Span};
use crate::model::{Address, Node, Object, Table, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// One reference of an object.
#[derive(Debug, Clone)]
pub struct FoundReference<'a> {
    /// The object that it names.
    pub target: Target<'a>,
    /// As written.
    pub text: &'a str,
    /// Where it was written.
    pub at: Span,
    /// The attribute at the top of the object in which it stands.
    pub attribute: &'static str,
    /// Whether it orders steps.
    pub strength: Strength,
    /// The rule that it breaks when what it names does not exist.
    pub rule: Option<&'static Code>,
}

/// What a reference names, as it stands in the object: put together to an address only by who needs one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target<'a> {
    parent: Parent<'a>,
    /// The word of its kind.
    pub kind: &'a str,
    /// Its key.
    pub key: &'a str,
}

/// What the target of a reference stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parent<'a> {
    /// Nothing.
    Top,
    /// What has this address.
    At(&'a str),
    /// The object of a kind and a key at the top.
    Root(&'a str, &'a str),
}

impl Target<'_> {
    /// The address.
    #[must_use]
    pub fn address(&self) -> Address {
        match self.parent {
            Parent::Top => Address::root(self.kind, self.key),
            Parent::At(text) => Address::below(text, self.kind, self.key),
            Parent::Root(kind, key) => Address::root(kind, key).child(self.kind, self.key),
        }
    }

    /// The text of the address, in place of what `out` held: for who only looks it up.
    pub fn write(&self, out: &mut String) {
        out.clear();
        match self.parent {
            Parent::Top => {}
            Parent::At(text) => out.push_str(text),
            Parent::Root(kind, key) => Address::push(out, kind, key),
        }
        Address::push(out, self.kind, self.key);
    }
}

/// Calls `each` with every reference of an object, defaults included, its parent not.
pub fn each_reference<'a>(object: &'a Object, each: &mut dyn FnMut(FoundReference<'a>)) {
    let Some(kind) = kind(object.address.kind()) else { return };
    visit_object(kind, object, &mut |r, _| {
        each(r);
        None
    });
    for field in kind.fields() {
        if let (Shape::Reference(reference), super::Default::Text(key)) = (&field.shape, field.default)
            && !object.attributes.contains(field.name)
            && let Some(target) = target_of(reference, key, &object.address, &object.attributes)
        {
            each(FoundReference {
                target,
                text: key,
                at: object.at,
                attribute: field.name,
                strength: reference.strength,
                rule: reference.rule,
            });
        }
    }
}

/// All references of an object, defaults included, its parent not.
#[must_use]
pub fn references(object: &Object) -> Vec<FoundReference<'_>> {
    let mut found = Vec::new();
    each_reference(object, &mut |r| found.push(r));
    found
}

/// The kinds that objects of a kind can refer to strongly.
#[must_use]
pub fn strong_targets(kind: &Kind) -> BTreeSet<&'static str> {
    fn collect(shape: &Shape, out: &mut BTreeSet<&'static str>) {
        match shape {
            Shape::Reference(r) if r.strength == Strength::Strong => out.extend([r.kind]),
            Shape::Principal(p) if p.strength == Strength::Strong => out.extend(p.kinds),
            Shape::Set(item, _) | Shape::List(item) => collect(item, out),
            Shape::Map(keys, item) => {
                if let Keys::Reference(r) = keys
                    && r.strength == Strength::Strong
                {
                    out.insert(r.kind);
                }
                collect(item, out);
            }
            Shape::Table(form) => form.fields.iter().for_each(|f| collect(&f.shape, out)),
            Shape::Either(a, b) => [a, b].into_iter().for_each(|s| collect(s, out)),
            _ => {}
        }
    }
    let mut out = BTreeSet::new();
    kind.fields().for_each(|field| collect(&field.shape, &mut out));
    out
}

/// The attributes with references to moved objects rewritten, or `None` when there are none to rewrite.
///
/// `address` is the object's own address before any move; `moved` gives an object's new address.
#[must_use]
pub fn rewrite_references(object: &Object, moved: &dyn Fn(&Address) -> Option<Address>) -> Option<Table> {
    let kind = kind(object.address.kind())?;
    visit_object(kind, object, &mut |r, spelling| {
        let new = spelling(&moved(&r.target.address())?);
        (new != r.text).then_some(new)
    })
}

/// Called with each reference and the way its place spells an address; a returned text replaces it.
type Visitor<'v, 'a> = dyn FnMut(FoundReference<'a>, &dyn Fn(&Address) -> String) -> Option<String> + 'v;

/// Visits the references of an object; its new attributes, if one of them was replaced. What a reference means is read
/// from the attributes as they were, whatever was replaced before it.
fn visit_object<'a>(kind: &'static Kind, object: &'a Object, visitor: &mut Visitor<'_, 'a>) -> Option<Table> {
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
fn visit<'a>(shape: &Shape, value: &'a Value, place: &Place<'a>, visitor: &mut Visitor<'_, 'a>) -> Option<Value> {
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
            let rule = principal.rules.iter().find(|(k, _)| *k == target.kind).map(|(_, rule)| *rule);
            let found = place.found(target, value, principal.strength, rule);
            visitor(found, &Address::reference).map(|t| Value::text(t, value.at))
        }
        Shape::Set(item, _) | Shape::List(item) => {
            let members = value.members();
            // The members so far, from the first one on that is replaced.
            let mut new: Option<Vec<Value>> = None;
            for (i, v) in members.iter().enumerate() {
                let changed = visit(item, v, place, visitor);
                if new.is_none() && changed.is_some() {
                    new = Some(members.iter().take(i).cloned().collect());
                }
                if let Some(new) = &mut new {
                    new.push(changed.unwrap_or_else(|| v.clone()));
                }
            }
            let is_set = matches!(shape, Shape::Set(..));
            new.map(|new| if is_set { Value::set(new, value.at) } else { Value::new(Node::List(new.into()), value.at) })
        }
        Shape::Table(form) => visit_table(form, value, place, visitor),
        Shape::Map(keys, item) => {
            let table = value.as_table()?;
            let mut changed: Vec<(&str, Option<String>, Option<Value>)> = Vec::new();
            for (name, v) in table.iter() {
                let mut renamed = None;
                if let Keys::Reference(reference) = keys
                    && let Some(target) = target_of(reference, name, place.address, place.top)
                {
                    let found = FoundReference { text: name, ..place.found(target, v, reference.strength, reference.rule) };
                    renamed = visitor(found, &|a| a.key().to_owned());
                }
                let inner = visit(item, v, place, visitor);
                if renamed.is_some() || inner.is_some() {
                    changed.push((name, renamed, inner));
                }
            }
            if changed.is_empty() {
                return None;
            }
            let mut new = table.clone();
            for (name, renamed, inner) in &changed {
                let old = new.remove(name);
                if renamed.is_none() {
                    new.insert((*name).to_owned(), inner.clone().or(old)?);
                }
            }
            // Under their new names only when all old ones are out, since two may swap theirs.
            for (name, renamed, inner) in changed {
                if let Some(renamed) = renamed {
                    new.insert(renamed, inner.or_else(|| table.get(name).cloned())?);
                }
            }
            Some(Value::new(Node::Table(new), value.at))
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

fn visit_table<'a>(form: &'static Form, value: &'a Value, place: &Place<'a>, visitor: &mut Visitor<'_, 'a>) -> Option<Value> {
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

impl<'a> Place<'a> {
    fn found(&self, target: Target<'a>, value: &'a Value, strength: Strength, rule: Option<&'static Code>) -> FoundReference<'a> {
        FoundReference { target, text: value.as_text().unwrap_or(""), at: value.at, attribute: self.attribute, strength, rule }
    }
}

/// What the key of a fixed kind names.
fn target_of<'a>(reference: &Reference, key: &'a str, address: &'a Address, top: &'a Table) -> Option<Target<'a>> {
    let parent = match reference.within {
        Within::Root => Parent::Top,
        Within::Parent => Some(Parent::At(address.parent_text())).filter(|_| !address.parent_text().is_empty())?,
        Within::Named { attribute, kind: named } => {
            let default = || match kind(address.kind())?.field(attribute)?.default {
                super::Default::Text(text) => Some(text),
                _ => None,
            };
            let key = match top.get(attribute) {
                Some(value) => value.as_text(),
                None => default(),
            };
            Parent::Root(named, key?)
        }
    };
    Some(Target { parent, kind: reference.kind, key })
}

/// What `group:leads` or `ann@contoso.example` names; `None` for words.
fn principal_target<'a>(principal: &Principal, text: &'a str, table: &Table) -> Option<Target<'a>> {
    if principal.words.contains(&text) || principal.unless.is_some_and(|key| table.contains(key)) {
        return None;
    }
    if text.contains('@') {
        return Some(Target { parent: Parent::Top, kind: "user", key: text });
    }
    let (kind, key) = text.split_once(':').filter(|(kind, _)| principal.kinds.contains(kind))?;
    Some(Target { parent: Parent::Top, kind, key })
}
