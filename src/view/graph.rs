//! The dependency graph for Graphviz, Mermaid and programs.

use crate::reconcile::Edge;
use serde_json::{Value as Json, json};

/// Graphviz: strong references solid, weak ones dashed.
#[must_use]
pub fn dot(edges: &[Edge]) -> String {
    let mut out = String::from("digraph writ {\n  rankdir = \"LR\";\n  node [shape = \"box\"];\n");
    for edge in edges {
        let style = if edge.strong { "" } else { ", style = \"dashed\"" };
        let label = edge.attribute.unwrap_or("in");
        out.push_str(&format!("  {} -> {} [label = \"{label}\"{style}];\n", quoted(edge.from.as_str()), quoted(edge.to.as_str())));
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Mermaid, for Markdown.
#[must_use]
pub fn mermaid(edges: &[Edge]) -> String {
    let mut names: Vec<&str> = edges.iter().flat_map(|e| [e.from.as_str(), e.to.as_str()]).collect();
    names.sort_unstable();
    names.dedup();
    let number = |name: &str| names.binary_search(&name).unwrap_or(0);
    let mut out = String::from("flowchart LR\n");
    for (i, name) in names.iter().enumerate() {
        out.push_str(&format!("  n{i}[\"{}\"]\n", escaped(name)));
    }
    for edge in edges {
        let arrow = if edge.strong { "-->" } else { "-.->" };
        out.push_str(&format!(
            "  n{} {arrow}|{}| n{}\n",
            number(edge.from.as_str()),
            edge.attribute.unwrap_or("in"),
            number(edge.to.as_str())
        ));
    }
    out
}

/// A name in a label: what Mermaid or a browser would take for more stands there by its number.
fn escaped(name: &str) -> String {
    let plain = |c: char| !matches!(c, '"' | '#' | '<' | '>' | '&' | '`');
    name.chars().map(|c| if plain(c) { c.to_string() } else { format!("#{};", u32::from(c)) }).collect()
}

/// Edges as a list for a spreadsheet.
#[must_use]
pub fn csv(edges: &[Edge]) -> String {
    let cells = |e: &Edge| {
        let strength = if e.strong { "strong" } else { "weak" };
        [e.from.as_str(), e.to.as_str(), e.attribute.unwrap_or_default(), strength].map(str::to_owned).to_vec()
    };
    super::csv::text(&["from", "to", "attribute", "strength"], &edges.iter().map(cells).collect::<Vec<_>>())
}

/// Edges as a list.
#[must_use]
pub fn json(edges: &[Edge]) -> Json {
    let all: Vec<Json> = edges
        .iter()
        .map(|e| json!({ "from": e.from.as_str(), "to": e.to.as_str(), "attribute": e.attribute, "strong": e.strong }))
        .collect();
    json!({ "format_version": "1.0", "edges": all })
}
