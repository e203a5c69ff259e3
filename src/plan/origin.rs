//! Where an object and its attributes stand in the files, as state remembers it.

use crate::diag::{Sources, Span};
use crate::model::{Node, Object, Origin, Places, Value};

/// The places of an object and of its attributes, those inside tables of one level included.
pub(super) fn of(object: &Object, sources: &Sources, commit: Option<&str>) -> Origin {
    let Some((file, line)) = sources.line(object.at) else { return Origin::default() };
    let mut origin = Places { file: file.to_owned(), line, commit: commit.unwrap_or("").to_owned(), ..Places::default() };
    for (name, value) in object.attributes.iter() {
        if let Some(place) = place(value, sources, file) {
            origin.attributes.insert(name.to_owned(), place);
        }
        if let Node::Table(inner) = &value.node {
            for (key, value) in inner.iter() {
                if let Some(place) = place(value, sources, file) {
                    origin.attributes.insert(format!("{name}.{key}"), place);
                }
            }
        }
    }
    Origin::of(&origin)
}

/// `8`, `38-42`, or `house/templates.toml:3` in another file than the object's.
fn place(value: &Value, sources: &Sources, home: &str) -> Option<String> {
    let (file, first) = sources.line(value.at)?;
    let last = last_line(value, sources, value.at.file).max(first);
    let lines = if first == last { first.to_string() } else { format!("{first}-{last}") };
    Some(if file == home { lines } else { format!("{file}:{lines}") })
}

fn last_line(value: &Value, sources: &Sources, file: u32) -> u32 {
    let end = Span { start: value.at.end.saturating_sub(1).max(value.at.start), ..value.at };
    let own = if value.at.file == file { sources.line(end).map_or(0, |(_, l)| l) } else { 0 };
    let inner = |values: &mut dyn Iterator<Item = &Value>| values.map(|v| last_line(v, sources, file)).max().unwrap_or(0);
    match &value.node {
        Node::Table(t) => own.max(inner(&mut t.iter().map(|(_, v)| v))),
        Node::Set(m) | Node::List(m) => own.max(inner(&mut m.iter())),
        _ => own,
    }
}
