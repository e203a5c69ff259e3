//! Stored objects as TOML, with where each value comes from; lists for people.

use super::paint::{Paint, line};
use super::toml::{inline, key, single};
use crate::kinds::{self, Field, Shape};
use crate::model::{Node, Places, Stored, Value};

/// One object as a block of TOML: its header, its attributes, and behind each the place that said it.
#[must_use]
pub fn block(stored: &Stored, paint: Paint) -> String {
    let mut out = String::new();
    let owner = stored.workspace.as_ref().map_or_else(|| "managed by nobody".to_owned(), |w| format!("managed by {}", line(w)));
    let origin = stored.origin.places();
    let place = if origin.file.is_empty() { String::new() } else { format!(", {}:{}", line(&origin.file), origin.line) };
    let commit = if origin.commit.is_empty() { String::new() } else { format!(" in {}", line(&origin.commit)) };
    out.push_str(&paint.dim(format!("# id {}, {owner}, written by @{}{place}{commit}", line(&stored.id), stored.version)));
    out.push_str(&format!("\n{}\n", paint.bold(format!("[{}]", stored.object.address))));
    let Some(kind) = kinds::kind(stored.object.address.kind()) else { return out };
    for field in kind.fields() {
        let Some(value) = stored.object.attributes.get(field.name) else { continue };
        attribute(field, value, &origin, paint, &mut out);
    }
    out
}

fn attribute(field: &Field, value: &Value, origin: &Places, paint: Paint, out: &mut String) {
    let name = field.name;
    let is_map = matches!(field.shape, Shape::Map(..));
    let mut push = |path: &str, text: String| {
        let place = origin.attributes.get(path).map(|p| if p.contains(':') { p.clone() } else { format!("{}:{p}", origin.file) });
        let comment = place.map(|p| paint.dim(format!("  # {}", line(&p)))).unwrap_or_default();
        out.push_str(&format!("{text}{comment}\n"));
    };
    match &value.node {
        Node::Table(table) if is_map || inline(value).chars().count() > 60 => {
            for (member, value) in table.iter() {
                let shown = if is_map { single(value) } else { inline(value) };
                push(&format!("{name}.{member}"), format!("{}.{} = {shown}", key(name), key(member)));
            }
        }
        _ => push(name, format!("{} = {}", key(name), inline(value))),
    }
}

/// Columns with as much room as their widest cell; a cell is one line.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    use unicode_width::UnicodeWidthStr;
    let rows: Vec<Vec<String>> = rows.iter().map(|cells| cells.iter().map(|c| line(c)).collect()).collect();
    let mut widths: Vec<usize> = head.iter().map(|h| h.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let row = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> =
            cells.zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut out = row(&mut head.iter().copied());
    for cells in rows {
        out.push_str(&row(&mut cells.iter().map(String::as_str)));
    }
    out
}
