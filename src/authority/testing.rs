//! Objects for the tests of this room.

use crate::diag::Span;
use crate::model::{Address, Object, Table, Value};

/// A user of Contoso.
pub fn person(name: &str) -> Address {
    Address::root("user", &format!("{name}@contoso.example"))
}

/// A catalog.
pub fn catalog(key: &str) -> Address {
    Address::root("catalog", key)
}

/// A delegation in a catalog, or over the tenant where its key is empty.
pub fn delegation(within: &str, key: &str, role: &str, members: &[&str]) -> Object {
    let address = if within.is_empty() { Address::root("delegation", key) } else { catalog(within).child("delegation", key) };
    let mut attributes = Table::new();
    attributes.insert("role", Value::text(role, Span::NONE));
    let members = members.iter().map(|m| Value::text(*m, Span::NONE)).collect();
    attributes.insert("members", Value::set(members, Span::NONE));
    Object { address, attributes, at: Span::NONE }
}
