//! Stored and planned attributes as JSON: reading them back by their shapes, and filling in documented defaults.

use super::{Alternative, Default, Field, Form, Shape, kind};
use crate::diag::Span;
use crate::model::{Address, Edge, Expiration, Minutes, Node, Object, Table, Value, Zone, instant};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;
use std::fmt;

/// Stored JSON that does not have its kind's shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadJson(pub String);

impl fmt::Display for BadJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadJson {}

/// An object from the JSON of its attributes. Values equal to their documented default are left out, as in memory.
///
/// # Errors
/// [`BadJson`] names the attribute that is not of its kind's shape.
pub fn object_from_json(address: Address, json: &Json) -> Result<Object, BadJson> {
    let kind = kind(address.kind()).ok_or_else(|| BadJson(format!("`{address}` is of no known kind")))?;
    let Json::Object(map) = json else { return Err(BadJson(format!("`{address}`: attributes are no table"))) };
    let mut attributes = Table::new();
    for (name, value) in map {
        let bad = || BadJson(format!("`{address}`: `{name}` is not as its kind says"));
        let field = kind.field(name).ok_or_else(bad)?;
        let value = read(&field.shape, value).ok_or_else(bad)?;
        if !is_default(field, &value, address.key()) {
            attributes.insert(field.name, value);
        }
    }
    Ok(Object { address, attributes, at: Span::NONE })
}

fn read(shape: &Shape, json: &Json) -> Option<Value> {
    let at = Span::NONE;
    let node = match (shape, json) {
        (Shape::Bool, Json::Bool(b)) => Node::Bool(*b),
        (Shape::Count | Shape::Share, Json::Number(n)) => Node::Int(n.as_i64()?),
        (Shape::Instant | Shape::Date, Json::String(s)) => time(s)?,
        (Shape::Expiration, Json::String(s)) if looks_like_time(s) => time(s)?,
        (Shape::Set(item, _), Json::Array(members)) => {
            return Some(Value::set(members.iter().map(|m| read(item, m)).collect::<Option<_>>()?, at));
        }
        (Shape::List(item), Json::Array(members)) => Node::List(members.iter().map(|m| read(item, m)).collect::<Option<_>>()?),
        (Shape::Table(form), Json::Object(map)) => Node::Table(read_table(form, map)?),
        (Shape::Map(_, item), Json::Object(map)) => {
            Node::Table(map.iter().map(|(k, v)| Some((k.clone().into(), read(item, v)?))).collect::<Option<_>>()?)
        }
        (Shape::Either(a, b), _) => return read(a, json).or_else(|| read(b, json)),
        (Shape::Choice(words), Json::String(s)) if !words.contains(&s.as_str()) => return None,
        // What lasts for no time that there is would end at once for some who read it, and never for others.
        (Shape::Expiration, Json::String(s)) if matches!(Expiration::of(s), Expiration::At(_)) => return None,
        (Shape::Duration(..), Json::String(s)) if Minutes::parse(s).is_err() => return None,
        (
            Shape::Text(_)
            | Shape::Choice(_)
            | Shape::Duration(..)
            | Shape::Expiration
            | Shape::Reference(_)
            | Shape::Principal(_)
            | Shape::Rule
            | Shape::Share,
            Json::String(s),
        ) => Node::Text(s.as_str().into()),
        _ => return None,
    };
    Some(Value::new(node, at))
}

/// What a file said, if it means an instant in some zone.
fn time(text: &str) -> Option<Node> {
    instant(text, Zone::default(), Edge::Start).is_ok().then(|| Node::Time(text.into()))
}

fn read_table(form: &Form, map: &serde_json::Map<String, Json>) -> Option<Table> {
    let mut table = Table::new();
    for (name, value) in map {
        let field = form.field(name)?;
        let value = read(&field.shape, value)?;
        if !is_default(field, &value, "") {
            table.insert(field.name, value);
        }
    }
    Some(table)
}

/// `2027-12-31…` rather than a duration or `never`.
fn looks_like_time(text: &str) -> bool {
    text.as_bytes().get(4) == Some(&b'-')
}

/// Whether a value says what its absence would say.
#[must_use]
pub fn is_default(field: &Field, value: &Value, key: &str) -> bool {
    match (field.default, &value.node) {
        (Default::Bool(d), Node::Bool(b)) => d == *b,
        (Default::Text(d), Node::Text(t)) => d == &**t,
        (Default::Key, Node::Text(t)) => key == &**t,
        (Default::Set(d), Node::Set(m)) => d.len() == m.len() && m.iter().all(|v| v.as_text().is_some_and(|t| d.contains(&t))),
        // An empty table or set says no more than an absent one, where absence means nothing.
        (Default::Nothing, Node::Set(m) | Node::List(m)) => m.is_empty() && !field.required && !field.limits,
        (Default::Nothing, Node::Table(t)) => t.is_empty() && matches!(field.shape, Shape::Map(..)),
        _ => false,
    }
}

/// The value that the absence of a field means.
#[must_use]
pub fn default_of(field: &Field, key: &str) -> Option<Value> {
    let text = |t: &str| Value::text(t, Span::NONE);
    match field.default {
        Default::Nothing | Default::Inherited => None,
        Default::Bool(b) => Some(Value::new(Node::Bool(b), Span::NONE)),
        Default::Text(t) => Some(text(t)),
        Default::Key => Some(text(key)),
        Default::Set(members) => Some(Value::set(members.iter().map(|m| text(m)).collect(), Span::NONE)),
    }
}

/// The attributes with every documented default filled in: what machine formats show.
#[must_use]
pub fn with_defaults(object: &Object) -> Table {
    let Some(kind) = kind(object.address.kind()) else { return object.attributes.clone() };
    let mut all = object.attributes.clone();
    fill(&mut all, &kind.fields().collect::<Vec<_>>(), &[], object.address.key());
    all
}

fn fill(table: &mut Table, fields: &[&'static Field], alternatives: &[Alternative], key: &str) {
    for (name, value) in unsaid(table, fields, alternatives, key) {
        table.insert(name, value);
    }
    for (name, value) in table.iter_mut() {
        if let Some(form) = form_of(name, fields) {
            fill_nested(value, form);
        }
    }
}

fn fill_nested(value: &mut Value, form: &Form) {
    match &mut value.node {
        Node::List(items) => items.iter_mut().for_each(|item| fill_nested(item, form)),
        Node::Table(table) => fill(table, &form.fields.iter().collect::<Vec<_>>(), form.alternatives, ""),
        _ => {}
    }
}

/// The defaults of what a table does not say, in the order of their names. Of two alternatives there is only the one that is said,
/// or the first that has a default.
fn unsaid(table: &Table, fields: &[&'static Field], alternatives: &[Alternative], key: &str) -> Vec<(&'static str, Value)> {
    let mut defaults: Vec<(&'static str, Value)> = Vec::with_capacity(fields.len());
    for field in fields.iter().filter(|f| !table.contains(f.name)) {
        let said = |keys: &[&str]| keys.iter().any(|k| table.contains(k) || defaults.iter().any(|(name, _)| name == k));
        let displaced =
            |a: &Alternative| (a.left.contains(&field.name) && said(a.right)) || (a.right.contains(&field.name) && said(a.left));
        if !alternatives.iter().any(displaced) {
            defaults.extend(default_of(field, key).map(|value| (field.name, value)));
        }
    }
    defaults.sort_unstable_by_key(|(name, _)| *name);
    defaults
}

fn form_of(name: &str, fields: &[&'static Field]) -> Option<&'static Form> {
    fields.iter().find(|f| f.name == name).and_then(|f| f.shape.form())
}

/// An object's attributes as [`with_defaults`] has them, for who only writes them: no table of them is made.
#[derive(Debug, Clone, Copy)]
pub struct WithDefaults<'a>(pub &'a Object);

impl Serialize for WithDefaults<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Object { address, attributes, .. } = self.0;
        match kind(address.kind()) {
            Some(kind) => write(serializer, attributes, &kind.fields().collect::<Vec<_>>(), &[], address.key()),
            None => attributes.serialize(serializer),
        }
    }
}

/// A value inside of them, with the form of the tables that it is or holds.
struct Nested<'a>(&'a Value, &'static Form);

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Nested(value, form) = *self;
        match &value.node {
            Node::List(items) => serializer.collect_seq(items.iter().map(|item| Nested(item, form))),
            Node::Table(table) => write(serializer, table, &form.fields.iter().collect::<Vec<_>>(), form.alternatives, ""),
            _ => value.serialize(serializer),
        }
    }
}

fn write<S: Serializer>(
    serializer: S,
    table: &Table,
    fields: &[&'static Field],
    alternatives: &[Alternative],
    key: &str,
) -> Result<S::Ok, S::Error> {
    let defaults = unsaid(table, fields, alternatives, key);
    let mut defaults = defaults.iter().peekable();
    let mut map = serializer.serialize_map(None)?;
    for (name, value) in table.iter() {
        while let Some((name, value)) = defaults.next_if(|(default, _)| *default < name) {
            map.serialize_entry(name, value)?;
        }
        match form_of(name, fields) {
            Some(form) => map.serialize_entry(name, &Nested(value, form))?,
            None => map.serialize_entry(name, value)?,
        }
    }
    defaults.try_for_each(|(name, value)| map.serialize_entry(name, value))?;
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_for_no_time_that_there_is_is_no_expiration() {
        let address = Address::parse("access_package.p.policy.q").unwrap();
        let read = |text: &str| object_from_json(address.clone(), &serde_json::json!({ "expiration": text })).is_ok();
        assert!(["30d", "PT36H", "never", "2027-12-31"].into_iter().all(read));
        assert!(!["30 days", "", "soon", "2027"].into_iter().any(read));
    }
}
