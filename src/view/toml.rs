//! Values as TOML spells them, so that a line of output can be searched for in the files.

use crate::kinds::text::is_hostile;
use crate::model::{Node, Table, Value};

/// A value on one line.
#[must_use]
pub fn inline(value: &Value) -> String {
    match &value.node {
        Node::Bool(b) => b.to_string(),
        Node::Int(n) => n.to_string(),
        Node::Time(t) => crate::view::paint::line(t),
        Node::Text(t) => quoted(t),
        Node::Set(m) | Node::List(m) => format!("[{}]", m.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Node::Table(t) => format!("{{ {} }}", pairs(t)),
    }
}

/// A set of one member without its brackets, as people write roles.
#[must_use]
pub fn single(value: &Value) -> String {
    match value.members() {
        [only] => inline(only),
        _ => inline(value),
    }
}

/// `a = 1, b = "x"`.
#[must_use]
pub fn pairs(table: &Table) -> String {
    table.iter().map(|(k, v)| format!("{} = {}", key(k), inline(v))).collect::<Vec<_>>().join(", ")
}

/// A bare key, or a quoted one.
#[must_use]
pub fn key(text: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !text.is_empty() && text.bytes().all(bare) { text.to_owned() } else { quoted(text) }
}

/// A basic string; what could move the cursor or reorder text is escaped.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_hostile(c, false) && u32::from(c) <= 0xffff => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if is_hostile(c, false) => out.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_reads_back() {
        for text in ["plain", "a \"b\" \\ c", "two\nlines\t", "esc \u{1b}[2J", "rlo \u{202e}x"] {
            let doc: ::toml::Table = format!("a = {}", quoted(text)).parse().unwrap();
            assert_eq!(doc["a"].as_str(), Some(text));
            assert!(!quoted(text).chars().any(char::is_control));
        }
        for text in ["", "a-b_1", "a b", "a.b"] {
            let doc: ::toml::Table = format!("{} = 1", key(text)).parse().unwrap();
            assert!(doc.contains_key(text));
        }
    }
}
