//! Values as TOML spells them, so that a line of output can be searched for in the files.

use crate::kinds::text::is_hostile;
use crate::model::{Node, Table, Value};
use std::borrow::Cow;

/// A value on one line.
#[must_use]
pub fn inline(value: &Value) -> String {
    let mut out = String::new();
    push_inline(&mut out, value);
    out
}

/// As [`inline`], behind what `out` holds.
pub fn push_inline(out: &mut String, value: &Value) {
    match &value.node {
        Node::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Node::Int(n) => out.push_str(&n.to_string()),
        Node::Time(t) => out.push_str(&crate::view::paint::line(t)),
        Node::Text(t) => push_quoted(out, t),
        Node::Set(members) | Node::List(members) => {
            out.push('[');
            for (i, member) in members.iter().enumerate() {
                out.push_str(if i == 0 { "" } else { ", " });
                push_inline(out, member);
            }
            out.push(']');
        }
        Node::Table(table) => {
            out.push_str("{ ");
            push_pairs(out, table);
            out.push_str(" }");
        }
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
    let mut out = String::new();
    push_pairs(&mut out, table);
    out
}

fn push_pairs(out: &mut String, table: &Table) {
    for (i, (name, value)) in table.iter().enumerate() {
        out.push_str(if i == 0 { "" } else { ", " });
        out.push_str(&key(name));
        out.push_str(" = ");
        push_inline(out, value);
    }
}

/// A bare key, or a quoted one.
#[must_use]
pub fn key(text: &str) -> Cow<'_, str> {
    let bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !text.is_empty() && text.bytes().all(bare) { text.into() } else { quoted(text).into() }
}

/// A basic string; what could move the cursor or reorder text is escaped.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_add(2));
    push_quoted(&mut out, text);
    out
}

/// As [`quoted`], behind what `out` holds.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    // Most texts have nothing to escape.
    let plain = |b: u8| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\');
    let (plain, rest) = if text.bytes().all(plain) { (text, "") } else { ("", text) };
    out.push_str(plain);
    for c in rest.chars() {
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
