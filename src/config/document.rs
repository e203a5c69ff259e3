//! TOML syntax: each table and key with its place.

use crate::diag::{Diagnostic, Diagnostics, SourceFile, Span, codes};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One parsed file.
#[derive(Debug)]
pub struct Document<'a> {
    /// Its number in the sources.
    pub file: u32,
    /// Its text.
    pub text: &'a str,
    /// What could be read of it.
    pub root: Spanned<DeTable<'a>>,
}

/// Parses a file; every syntax error is reported, the first of each line.
#[must_use]
pub fn parse<'a>(number: u32, file: &'a SourceFile, found: &mut Diagnostics) -> Document<'a> {
    let (root, errors) = DeTable::parse_recoverable(&file.text);
    let mut last_line = 0;
    for error in errors {
        let span = Span::new(number, error.span().unwrap_or(0..0));
        let (line, _) = file.position(span.start);
        if line != last_line {
            last_line = line;
            let message = first_line(error.message());
            found.push(Diagnostic::new(&codes::E0001, span, message).at(&file.name).maybe_help(hint(file.line(line))));
        }
    }
    if let Some((offset, c)) = file.text.char_indices().find(|(_, c)| crate::kinds::text::is_hostile(*c, true) && *c != '\r') {
        let span = Span::new(number, offset..offset.saturating_add(c.len_utf8()));
        let message = format!("the file holds U+{:04X}, which hides or reorders text", u32::from(c));
        found.push(Diagnostic::new(&codes::E0004, span, message).at(&file.name).help("take the character out"));
    }
    Document { file: number, text: &file.text, root }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or("not TOML").to_owned()
}

/// What people mean who write this line.
fn hint(line: &str) -> Option<String> {
    let trimmed = line.trim();
    let (key, value) = trimmed.split_once('=').map_or((trimmed, ""), |(k, v)| (k.trim(), v.trim()));
    let text = if trimmed.starts_with("[user.") && !trimmed.contains('"') {
        "user keys hold an `@` and dots, so they are quoted: `[user.\"ann@contoso.example\"]`"
    } else if value.is_empty() && !key.starts_with('[') {
        "write `key = value`; texts stand in quotes"
    } else if value == "null" || value == "none" {
        "absent means the default; `\"none\"`, in quotes, is a word of some keys"
    } else if value.starts_with(|c: char| c.is_ascii_digit()) && value.ends_with(['d', 'h', 'm']) {
        "durations stand in quotes: `\"90d\"`"
    } else {
        return None;
    };
    Some(text.to_owned())
}

impl Document<'_> {
    /// A place in this file.
    #[must_use]
    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, range)
    }

    /// Whether a table has a header or braces of its own, rather than being made by the keys of others.
    #[must_use]
    pub fn is_explicit(&self, value: &Spanned<DeValue<'_>>) -> bool {
        self.text.as_bytes().get(value.span().start).is_some_and(|b| matches!(b, b'[' | b'{'))
    }
}
