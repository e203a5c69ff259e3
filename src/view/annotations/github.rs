//! Commands of a GitHub workflow: `::error file=a.toml,line=3,col=5,title=E0007 no such key::message`.
//!
//! A command is a line that begins with two colons. Its values are escaped as the runner unescapes them.

use super::{Annotation, Place};
use crate::diag::Severity;
use crate::view::paint::line;

/// A line for each.
pub(super) fn text(all: &[Annotation], top: &str) -> String {
    all.iter().map(|annotation| one(annotation, top)).collect()
}

fn one(annotation: &Annotation, top: &str) -> String {
    let word = match annotation.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(Place { file, line: number, column, end }) = &annotation.place {
        properties.push(format!("file={}", property(&format!("{top}{file}"))));
        properties.push(format!("line={number}"));
        // Columns are told only where beginning and end are in one line.
        let end = end.filter(|(last, _)| last == number).map(|(_, column)| column);
        properties.extend(column.map(|column| format!("col={column}")));
        properties.extend(end.map(|column| format!("endColumn={column}")));
    }
    let title = annotation.code.map_or_else(|| "Writ".to_owned(), |code| format!("{} {}", code.id, code.title));
    properties.push(format!("title={}", property(&title)));
    format!("::{word} {}::{}\n", properties.join(","), data(&annotation.message_and_help("\n")))
}

/// A text behind the second pair of colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(&line(text)).replace(':', "%3A").replace(',', "%2C")
}
