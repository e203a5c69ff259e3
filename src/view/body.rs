//! The lines of one change, for whatever medium shows them.

use super::paint::short;
use super::toml::{inline, key, pairs, push_inline, single};
use crate::kinds::{self, Shape};
use crate::model::{Action, Change, Delta, Members, Node, Table, Value};
use similar::{ChangeTag, TextDiff};

/// What a line says of what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Add,
    Remove,
    Alter,
    Note,
    Plain,
}

impl Mark {
    pub(super) fn symbol(self) -> char {
        match self {
            Mark::Add => '+',
            Mark::Remove => '-',
            Mark::Alter => '~',
            Mark::Note => '#',
            Mark::Plain => ' ',
        }
    }
}

/// One line: depth 0 are attributes, 1 what stands in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub mark: Mark,
    pub depth: usize,
    pub text: String,
}

/// No line is longer, in characters: what is left out is counted, and JSON has it all.
const LONGEST_LINE: usize = 200;

fn line(mark: Mark, depth: usize, text: impl Into<String>) -> Line {
    let text = text.into();
    Line { mark, depth, text: if text.len() <= LONGEST_LINE { text } else { short(&text, LONGEST_LINE) } }
}

/// `name = value`.
fn said(name: &str, value: &Value) -> String {
    let mut out = String::with_capacity(64);
    out.push_str(&key(name));
    out.push_str(" = ");
    push_inline(&mut out, value);
    out
}

/// Whether a line is as wide as may be, or less.
fn is_narrow(text: &str) -> bool {
    text.len() <= WIDTH || text.chars().count() <= WIDTH
}

/// No text is shown with more lines, nor are two compared line by line that have more.
const MOST_LINES: usize = 100;

/// The widest line of members.
const WIDTH: usize = 96;

/// What differs, attribute by attribute, in the order of the kind's fields.
pub(super) fn body(change: &Change) -> Vec<Line> {
    let mut out = Vec::new();
    if change.action == Action::Forget {
        return out;
    }
    let kind = kinds::kind(change.address.kind());
    let position = |name: &str| kind.and_then(|k| k.fields().position(|f| f.name == name));
    let comes_or_goes = match change.action {
        Action::Create => change.after.as_ref().map(|o| (Mark::Add, o)),
        Action::Delete => change.before.as_ref().map(|o| (Mark::Remove, o)),
        _ => None,
    };
    if let Some((mark, object)) = comes_or_goes {
        let mut attributes: Vec<(&str, &Value)> = object.attributes.iter().collect();
        attributes.sort_by_cached_key(|(name, _)| position(name));
        for (name, value) in attributes {
            let is_map = kind.and_then(|k| k.field(name)).is_some_and(|f| matches!(f.shape, Shape::Map(..)));
            whole(mark, 0, name, value, is_map, "", &mut out);
        }
        return out;
    }
    let mut deltas: Vec<&(String, Delta)> = change.deltas.iter().collect();
    deltas.sort_by_key(|(name, _)| position(name));
    for (name, delta) in deltas {
        let shape = kind.and_then(|k| k.field(name)).map(|f| f.shape);
        let forces = if change.replaced_by.contains(name) { "  # forces replacement" } else { "" };
        let before = change.before.as_ref().and_then(|o| o.attributes.get(name));
        attribute(name, delta, before, shape.as_ref(), forces, &mut out);
    }
    out
}

fn attribute(name: &str, delta: &Delta, before: Option<&Value>, shape: Option<&Shape>, forces: &str, out: &mut Vec<Line>) {
    let is_map = matches!(shape, Some(Shape::Map(..)));
    match delta {
        Delta::Added(value) => whole(Mark::Add, 0, name, value, is_map, forces, out),
        Delta::Removed(value) => whole(Mark::Remove, 0, name, value, is_map, forces, out),
        Delta::Changed(old, new) => changed(0, name, old, new, forces, out),
        Delta::Members(members) => set(0, name, members, forces, out),
        Delta::Table(inner) => {
            out.push(line(Mark::Alter, 0, format!("{}{forces}", key(name))));
            for (name, delta) in inner {
                nested(name, delta, is_map, out);
            }
            let same: Vec<&str> = before
                .and_then(Value::as_table)
                .into_iter()
                .flat_map(Table::iter)
                .map(|(n, _)| n)
                .filter(|n| !inner.iter().any(|(d, _)| d == n))
                .collect();
            if !same.is_empty() {
                let shown = same.iter().take(6).map(|n| key(n)).collect::<Vec<_>>().join(", ");
                let more = same.len().saturating_sub(6);
                let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
                out.push(line(Mark::Note, 1, format!("{} unchanged: {shown}{rest}", same.len())));
            }
        }
    }
}

/// What stands in a table of the object.
fn nested(name: &str, delta: &Delta, is_map: bool, out: &mut Vec<Line>) {
    let shown = |v: &Value| if is_map { single(v) } else { inline(v) };
    match delta {
        Delta::Added(value) => out.push(line(Mark::Add, 1, format!("{} = {}", key(name), shown(value)))),
        Delta::Removed(value) => out.push(line(Mark::Remove, 1, format!("{} = {}", key(name), shown(value)))),
        Delta::Changed(old, new) => changed(1, name, old, new, "", out),
        Delta::Members(members) => set(1, name, members, "", out),
        Delta::Table(inner) => {
            for (inner_name, delta) in inner {
                nested(&format!("{}.{}", key(name), key(inner_name)), delta, false, out);
            }
        }
    }
}

/// A value that comes or goes as a whole.
fn whole(mark: Mark, depth: usize, name: &str, value: &Value, is_map: bool, forces: &str, out: &mut Vec<Line>) {
    let below = depth.saturating_add(1);
    match &value.node {
        Node::Table(table) if is_map => {
            for (inner, value) in table.iter() {
                out.push(line(mark, depth, format!("{}.{} = {}", key(name), key(inner), single(value))));
            }
        }
        Node::Table(table) => {
            let text = said(name, value) + forces;
            if is_narrow(&text) {
                out.push(line(mark, depth, text));
            } else {
                out.push(line(mark, depth, format!("{}{forces}", key(name))));
                for (inner, value) in table.iter() {
                    whole(mark, below, inner, value, false, "", out);
                }
            }
        }
        Node::Set(members) | Node::List(members) => {
            let text = said(name, value) + forces;
            if is_narrow(&text) {
                out.push(line(mark, depth, text));
            } else if let Some(tables) = members.iter().map(Value::as_table).collect::<Option<Vec<&Table>>>() {
                for table in tables {
                    out.push(line(mark, depth, format!("[[{}]] {}", key(name), pairs(table))));
                }
            } else {
                out.push(line(mark, depth, format!("{} = [{forces}", key(name))));
                wrapped(members, |text| out.push(line(mark, below, text)));
                out.push(line(mark, depth, "]"));
            }
        }
        Node::Text(text) if text.contains('\n') => {
            out.push(line(mark, depth, format!("{}{forces}", key(name))));
            for part in text.lines().take(MOST_LINES) {
                out.push(line(mark, below, super::paint::line(part)));
            }
            match text.lines().count().saturating_sub(MOST_LINES) {
                0 => {}
                more => out.push(line(Mark::Note, below, format!("{more} more lines"))),
            }
        }
        _ => out.push(line(mark, depth, said(name, value) + forces)),
    }
}

/// Members on lines no wider than they should be.
fn wrapped(members: &[Value], mut push: impl FnMut(String)) {
    let mut row = String::new();
    for member in members {
        let text = format!("{},", inline(member));
        if !row.is_empty() && row.chars().count().saturating_add(text.chars().count()) > WIDTH {
            push(std::mem::take(&mut row));
        }
        if !row.is_empty() {
            row.push(' ');
        }
        row.push_str(&text);
    }
    if !row.is_empty() {
        push(row);
    }
}

/// Another value: old and new on one line, texts of several lines as a diff, tables and lists by what they hold.
fn changed(depth: usize, name: &str, old: &Value, new: &Value, forces: &str, out: &mut Vec<Line>) {
    let below = depth.saturating_add(1);
    let long = |v: &Value| v.as_text().is_some_and(|t| t.contains('\n') || t.chars().count() > WIDTH);
    if let (Some(a), Some(b)) = (old.as_text(), new.as_text())
        && (long(old) || long(new))
    {
        let (lines_a, lines_b) = (a.lines().count(), b.lines().count());
        if lines_a.max(lines_b) > MOST_LINES {
            out.push(line(Mark::Alter, depth, format!("{} = {lines_a} lines -> {lines_b} lines{forces}", key(name))));
            return;
        }
        out.push(line(Mark::Alter, depth, format!("{}{forces}", key(name))));
        let (a, b) = (format!("{a}\n"), format!("{b}\n"));
        for part in TextDiff::from_lines(&a, &b).iter_all_changes() {
            let mark = match part.tag() {
                ChangeTag::Delete => Mark::Remove,
                ChangeTag::Insert => Mark::Add,
                ChangeTag::Equal => Mark::Plain,
            };
            out.push(line(mark, below, super::paint::line(part.value().trim_end_matches('\n'))));
        }
        return;
    }
    match (&old.node, &new.node) {
        (Node::List(a), Node::List(b)) => {
            let count = |n: usize| format!("{n} {}", if n == 1 { "entry" } else { "entries" });
            out.push(line(Mark::Alter, depth, format!("{}  {} -> {}, in this order{forces}", key(name), count(a.len()), count(b.len()))));
            // By their places in the list, since order counts.
            let (a, b): (Vec<String>, Vec<String>) = (a.iter().map(entry).collect(), b.iter().map(entry).collect());
            let diff =
                TextDiff::from_slices(&a.iter().map(String::as_str).collect::<Vec<_>>(), &b.iter().map(String::as_str).collect::<Vec<_>>())
                    .iter_all_changes()
                    .map(|c| (c.tag(), c.value().to_owned()))
                    .collect::<Vec<_>>();
            for (tag, text) in diff {
                let mark = match tag {
                    ChangeTag::Delete => Mark::Remove,
                    ChangeTag::Insert => Mark::Add,
                    ChangeTag::Equal => Mark::Plain,
                };
                out.push(line(mark, below, text));
            }
        }
        (Node::Table(_), _) | (_, Node::Table(_)) => {
            out.push(line(Mark::Alter, depth, format!("{} = {} -> {}{forces}", key(name), brief(old), brief(new))));
            for (mark, value) in [(Mark::Remove, old), (Mark::Add, new)] {
                if let Node::Table(table) = &value.node {
                    out.push(line(mark, below, pairs(table)));
                }
            }
        }
        _ => out.push(line(Mark::Alter, depth, format!("{} = {} -> {}{forces}", key(name), inline(old), inline(new)))),
    }
}

fn entry(value: &Value) -> String {
    value.as_table().map_or_else(|| inline(value), pairs)
}

/// A table in a word, if its kind has one for it: how many stages an approval has.
fn brief(value: &Value) -> String {
    match value.as_table() {
        Some(table) => kinds::policy::stages_in(table).unwrap_or_else(|| "{ … }".to_owned()),
        None => inline(value),
    }
}

fn set(depth: usize, name: &str, members: &Members, forces: &str, out: &mut Vec<Line>) {
    let below = depth.saturating_add(1);
    let counts = [(members.added.len(), "added"), (members.removed.len(), "removed"), (members.unchanged.len(), "unchanged")];
    let told = counts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect::<Vec<_>>().join(", ");
    out.push(line(Mark::Alter, depth, format!("{}  {told}{forces}", key(name))));
    out.extend(members.added.iter().map(|m| line(Mark::Add, below, inline(m))));
    out.extend(members.removed.iter().map(|m| line(Mark::Remove, below, inline(m))));
}
