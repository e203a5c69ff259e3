//! TOML syntax: each table and key with its place.

use super::budget;
use crate::diag::{Diagnostic, Diagnostics, SourceFile, Span, codes, shown};
use foldhash::HashSet;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
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
    /// Whether all of it could be read; a table or key that stands twice was read once.
    pub whole: bool,
    /// The words that were taken out of it.
    words: RefCell<HashSet<Arc<str>>>,
}

/// Parses a file; every syntax error is reported, but for those that most often follow from the one before: on the next
/// line, or in a list that was not closed.
#[must_use]
pub fn parse<'a>(number: u32, file: &'a SourceFile, found: &mut Diagnostics) -> Document<'a> {
    if let Some(refused) = budget::check(number, file) {
        found.push(refused);
        return Document { file: number, text: "", root: Spanned::new(0..0, DeTable::new()), whole: false, words: RefCell::default() };
    }
    let (root, errors) = DeTable::parse_recoverable(&file.text);
    let hidden = hidden_characters(number, file, found);
    let mut whole = true;
    let mut last: Option<u32> = None;
    let mut open = false;
    for error in errors {
        let span = Span::new(number, error.span().unwrap_or(0..0));
        let (line, _) = file.position(span.start);
        let twice = error.message().starts_with("duplicate key");
        whole &= twice;
        let follows = open || last.is_some_and(|last| line <= last.saturating_add(1));
        if twice || !(follows || hidden.contains(&line)) {
            found.push(if twice { written_twice(file, span, line) } else { syntax_error(file, span, line, error.message()) });
        }
        last = if twice { last } else { Some(line) };
        // Keys in a list: it was not closed, and took the rest of the file in.
        open |= error.message().contains("in array");
    }
    Document { file: number, text: &file.text, root, whole, words: RefCell::default() }
}

/// Reports what hides or reorders text, the first of each line; the lines.
fn hidden_characters(number: u32, file: &SourceFile, found: &mut Diagnostics) -> BTreeSet<u32> {
    let mut lines = BTreeSet::new();
    if crate::kinds::text::is_plain(&file.text, true) {
        return lines;
    }
    for (offset, c) in file.text.char_indices().filter(|(_, c)| is_hidden(*c)) {
        let span = Span::new(number, offset..offset.saturating_add(c.len_utf8()));
        let (line, column) = file.position(span.start);
        if lines.insert(line) {
            let message = format!("character {column} of the line is U+{:04X}, which hides or reorders text", u32::from(c));
            found.push(Diagnostic::new(&codes::E0004, span, message).at(&file.name).help("take the character out"));
        }
    }
    lines
}

/// Whether a character may not stand in a file at all, whatever it is part of.
pub(super) fn is_hidden(c: char) -> bool {
    crate::kinds::text::is_hostile(c, true) && c != '\r'
}

fn syntax_error(file: &SourceFile, span: Span, line: u32, message: &str) -> Diagnostic {
    if message.contains("recursion") {
        let message = "tables and lists stand too deep in each other: 80 is the most";
        return Diagnostic::new(&codes::E0001, span, message).at(&file.name).help("nothing of Writ's stands deeper than eight");
    }
    let message = shown(message.lines().next().unwrap_or("not TOML")).into_owned();
    Diagnostic::new(&codes::E0001, span, message).at(&file.name).help(hint(file.line(line)))
}

/// A table or a key that stands in the file already: TOML has each once.
fn written_twice(file: &SourceFile, span: Span, line: u32) -> Diagnostic {
    let text = file.line(line).trim();
    let header = text.starts_with('[');
    let name = match header {
        true => text.split(']').next().unwrap_or(text).trim_start_matches('[').trim(),
        false => text.split('=').next().unwrap_or(text).trim(),
    };
    // The same words on an earlier line: for a key, in the same table.
    let starts = |other: u32| {
        let other = file.line(other).trim();
        let rest = other.trim_start_matches('[').strip_prefix(name).map(str::trim_start);
        rest.is_some_and(|r| r.starts_with(if header { ']' } else { '=' }))
    };
    let above = (1..line).rev().take_while(|n| header || !file.line(*n).trim_start().starts_with('['));
    let first = above.filter(|n| starts(*n)).last().map_or(Span::NONE, |n| file.line_span(span.file, n));
    let name = shown(name);
    let finding = if header {
        let help = "an object and its attribute tables stand once; only children have headers of their own";
        Diagnostic::new(&codes::E0011, span, format!("`{name}` is declared twice")).help(help)
    } else {
        Diagnostic::new(&codes::E0001, span, format!("the key `{name}` is there already")).help("keep one of the two")
    };
    finding.at(&file.name).related(first, "first here")
}

/// What people mean who write this line.
fn hint(line: &str) -> &'static str {
    let trimmed = line.trim();
    let (key, value) = trimmed.split_once('=').map_or((trimmed, ""), |(k, v)| (k.trim(), v.trim()));
    let value = value.split('#').next().unwrap_or(value).trim_end();
    if trimmed.starts_with("[user.") && !trimmed.contains('"') {
        "user keys hold an `@` and dots, so they are quoted: `[user.\"ann@contoso.example\"]`"
    } else if value.is_empty() && !key.starts_with('[') {
        "write `key = value`; texts stand in quotes"
    } else if value == "null" || value == "none" {
        "absent means the default; `\"none\"`, in quotes, is a word of some keys"
    } else if value.starts_with(|c: char| c.is_ascii_digit()) && value.ends_with(['d', 'h', 'm']) {
        "durations stand in quotes: `\"90d\"`"
    } else if value.starts_with(|c: char| c.is_ascii_digit()) && value.contains('-') {
        "a date is `2027-12-31`, a date-time `2027-12-31T18:00:00`; the day has to exist"
    } else if value.starts_with(char::is_alphabetic) {
        "texts stand in quotes: `key = \"value\"`"
    } else {
        "a quote, a comma or a bracket is missing, here or on the line before"
    }
}

impl Document<'_> {
    /// A short text, of which a file has one copy however often it says it: roles, groups, durations.
    #[must_use]
    pub fn word(&self, text: &str) -> Arc<str> {
        const LONGEST: usize = 48;
        if text.len() > LONGEST {
            return text.into();
        }
        let mut words = self.words.borrow_mut();
        if let Some(word) = words.get(text) {
            return Arc::clone(word);
        }
        let word: Arc<str> = text.into();
        words.insert(Arc::clone(&word));
        word
    }

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
