//! What an attribute holds: one tree for what a person wrote and for what the store keeps.

use crate::diag::Span;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{borrow::Cow, cmp::Ordering, sync::Arc};

/// A value that knows where it was written. Two values are equal when they say the same, wherever they stand.
#[derive(Debug, Clone)]
pub struct Value {
    /// What it says.
    pub node: Node,
    /// Where it was written; [`Span::NONE`] for defaults and for stored values.
    pub at: Span,
}

/// What a value says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text, a reference, a choice, a duration in canonical form.
    Text(Arc<str>),
    /// A TOML date or date-time, as written (`2026-12-31`, `2026-12-31T08:00:00+01:00`).
    Time(Arc<str>),
    /// Members without order: sorted, each once.
    Set(Box<[Value]>),
    /// Members whose order counts.
    List(Box<[Value]>),
    /// Named members.
    Table(Table),
}

impl Value {
    /// A value at a place.
    #[must_use]
    pub fn new(node: Node, at: Span) -> Value {
        Value { node, at }
    }

    /// A text.
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>, at: Span) -> Value {
        Value::new(Node::Text(text.into()), at)
    }

    /// A set: sorted, each member once.
    #[must_use]
    pub fn set(mut members: Vec<Value>, at: Span) -> Value {
        members.sort();
        members.dedup();
        Value::new(Node::Set(members.into()), at)
    }

    /// Stands for what was written and could not be read, so that its key counts as said and no rule speaks of it: a set
    /// without members, which says nothing that a rule could find wrong.
    #[must_use]
    pub fn unread(at: Span) -> Value {
        Value::new(Node::Set(Box::default()), at)
    }

    /// Whether it is such a stand-in, or an empty set, which says as little.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        matches!(&self.node, Node::Set(members) if members.is_empty())
    }

    /// The text, of a text or a time.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.node {
            Node::Text(t) | Node::Time(t) => Some(t),
            _ => None,
        }
    }

    /// The truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Node::Bool(b) = self.node { Some(b) } else { None }
    }

    /// The named members.
    #[must_use]
    pub fn as_table(&self) -> Option<&Table> {
        if let Node::Table(t) = &self.node { Some(t) } else { None }
    }

    /// The members of a set or list; none for anything else.
    #[must_use]
    pub fn members(&self) -> &[Value] {
        match &self.node {
            Node::Set(m) | Node::List(m) => m,
            _ => &[],
        }
    }

    /// The same value, nowhere: what the store keeps.
    #[must_use]
    pub fn without_places(&self) -> Value {
        let all = |m: &[Value]| m.iter().map(Value::without_places).collect();
        let node = match &self.node {
            Node::Set(m) => Node::Set(all(m)),
            Node::List(m) => Node::List(all(m)),
            Node::Table(t) => Node::Table(t.without_places()),
            other => other.clone(),
        };
        Value::new(node, Span::NONE)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.node == other.node
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        self.node.cmp(&other.node)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.node {
            Node::Bool(b) => serializer.serialize_bool(*b),
            Node::Int(n) => serializer.serialize_i64(*n),
            Node::Text(t) | Node::Time(t) => serializer.serialize_str(t),
            Node::Set(m) | Node::List(m) => serializer.collect_seq(m),
            Node::Table(t) => t.serialize(serializer),
        }
    }
}

/// Named values in the order of their names. A copy shares them until one of the two is changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Table(Arc<Vec<(Cow<'static, str>, Value)>>);

impl Table {
    /// Empty.
    #[must_use]
    pub fn new() -> Table {
        Table::default()
    }

    /// Empty, with room for so many names.
    #[must_use]
    pub fn with_capacity(names: usize) -> Table {
        Table(Arc::new(Vec::with_capacity(names)))
    }

    /// Where a name stands, or where it would.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(n, _)| n.as_ref().cmp(name))
    }

    /// Where a name stands. Of a few names most are told apart by their lengths alone.
    fn place(&self, name: &str) -> Option<usize> {
        const FEW: usize = 16;
        if self.0.len() > FEW { self.find(name).ok() } else { self.0.iter().position(|(n, _)| **n == *name) }
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.place(name).and_then(|i| self.0.get(i)).map(|(_, v)| v)
    }

    /// The value of a name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.place(name).and_then(|i| Arc::make_mut(&mut self.0).get_mut(i)).map(|(_, v)| v)
    }

    /// Sets a name, returning what it held.
    pub fn insert(&mut self, name: impl Into<Cow<'static, str>>, value: Value) -> Option<Value> {
        let name = name.into();
        match self.find(&name) {
            Ok(i) => Arc::make_mut(&mut self.0).get_mut(i).map(|slot| std::mem::replace(&mut slot.1, value)),
            Err(i) => {
                Arc::make_mut(&mut self.0).insert(i, (name, value));
                None
            }
        }
    }

    /// Takes a name out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.place(name).map(|i| Arc::make_mut(&mut self.0).remove(i).1)
    }

    /// Whether a name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// In the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(n, v)| (n.as_ref(), v))
    }

    /// In the order of names, to change the values.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        Arc::make_mut(&mut self.0).iter_mut().map(|(n, v)| (&**n, v))
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text of a name.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_text)
    }

    /// The members of a name; none when it is absent.
    #[must_use]
    pub fn members(&self, name: &str) -> &[Value] {
        self.get(name).map_or(&[], Value::members)
    }

    /// The texts of the members of a name.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.members(name).iter().filter_map(Value::as_text)
    }

    /// The truth value of a name, `default` when it is absent.
    #[must_use]
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// Where a name was written; nowhere when it is absent.
    #[must_use]
    pub fn at(&self, name: &str) -> Span {
        self.get(name).map_or(Span::NONE, |v| v.at)
    }

    /// The same table, nowhere.
    #[must_use]
    pub fn without_places(&self) -> Table {
        Table(Arc::new(self.0.iter().map(|(n, v)| (n.clone(), v.without_places())).collect()))
    }
}

impl FromIterator<(Cow<'static, str>, Value)> for Table {
    fn from_iter<I: IntoIterator<Item = (Cow<'static, str>, Value)>>(iter: I) -> Table {
        let mut table = Table::new();
        for (name, value) in iter {
            table.insert(name, value);
        }
        table
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0.iter() {
            map.serialize_entry(name.as_ref(), value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_mean_nothing_to_equality() {
        let here = Value::text("a", Span::new(1, 2..3));
        assert_eq!(here, Value::text("a", Span::NONE));
        assert_eq!(here.without_places().at, Span::NONE);
    }

    #[test]
    fn sets_are_sorted_and_each_member_stands_once() {
        let t = |s: &str| Value::text(s, Span::NONE);
        assert_eq!(Value::set(vec![t("b"), t("a"), t("b")], Span::NONE).members(), [t("a"), t("b")]);
    }
}
