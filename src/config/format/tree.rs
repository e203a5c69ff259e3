//! A TOML file as a person sees it: lines, comments and blank lines included.
//!
//! In: nothing. Out: the nouns that reading makes, and that the rest of this room changes and prints.
//! Invariants: every comment of the text stands in exactly one place of the tree; keys and sections keep the order in
//! which they were written, which a tree of TOML's values would not (dotted keys may be interleaved).

use std::borrow::Cow;
use std::ops::Range;

/// What stands on lines of its own above something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Above<'a> {
    /// One or more empty lines.
    Blank,
    /// A comment, `#` included.
    Comment(&'a str),
}

/// A comment behind something, on the same line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind<'a> {
    /// The white space between the two, as written.
    pub gap: &'a str,
    /// The comment, `#` included.
    pub text: &'a str,
    /// Where the `#` stood, in columns from zero.
    pub column: usize,
}

/// A whole file.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    /// The keys before the first header, then the headers with their keys.
    pub sections: Vec<Section<'a>>,
    /// What follows the last of them after an empty line.
    pub end: Vec<Above<'a>>,
}

/// A header with the keys below it.
#[derive(Debug, Default)]
pub(super) struct Section<'a> {
    pub above: Vec<Above<'a>>,
    /// Absent for the keys before the first header.
    pub header: Option<Header<'a>>,
    pub entries: Vec<Entry<'a>>,
    /// Comments directly below the last line, without an empty line between: they belong to what they follow.
    pub tail: Vec<Above<'a>>,
}

/// `[path]`, or `[[path]]`.
#[derive(Debug)]
pub(super) struct Header<'a> {
    /// Whether it has double brackets.
    pub list: bool,
    pub path: Vec<Key<'a>>,
    pub behind: Option<Behind<'a>>,
}

/// `path = value`; the path of a list's member is empty.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub above: Vec<Above<'a>>,
    pub path: Vec<Key<'a>>,
    pub value: Value<'a>,
    pub behind: Option<Behind<'a>>,
}

/// One part of a dotted key.
#[derive(Debug, Clone)]
pub(super) struct Key<'a> {
    /// As written.
    pub raw: &'a str,
    /// What it says.
    pub text: String,
    /// Where it stands.
    pub at: Range<usize>,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    Scalar(Scalar<'a>),
    Block(Block<'a>),
}

/// A text, number, date or truth value.
#[derive(Debug)]
pub(super) struct Scalar<'a> {
    /// As written, or as it is to be written.
    pub raw: Cow<'a, str>,
    /// What a text says.
    pub text: Option<String>,
    /// Where it stands.
    pub at: Range<usize>,
}

/// What stands in brackets or braces.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Whether it is a table, in braces.
    pub table: bool,
    /// A comment behind the opening bracket.
    pub open: Option<Behind<'a>>,
    pub entries: Vec<Entry<'a>>,
    /// What stands above the closing bracket.
    pub end: Vec<Above<'a>>,
    /// Whether it is written over several lines.
    pub broken: bool,
}

impl Key<'_> {
    /// The shortest spelling: bare, or in quotes.
    pub fn spelled(&self) -> Cow<'_, str> {
        let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !self.text.is_empty() && self.text.bytes().all(bare) {
            Cow::Borrowed(&self.text)
        } else if self.text.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
            Cow::Borrowed(self.raw)
        } else {
            Cow::Owned(format!("\"{}\"", self.text))
        }
    }
}

impl Scalar<'_> {
    /// Makes it another text.
    pub fn say(&mut self, text: String) {
        self.raw = Cow::Owned(quoted(&text));
        self.text = Some(text);
    }
}

/// A text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Block<'_> {
    /// Whether a comment stands in it, outside the values of its members.
    pub fn has_comments(&self) -> bool {
        let comment = |lines: &[Above<'_>]| lines.iter().any(|l| matches!(l, Above::Comment(_)));
        let inside = |e: &Entry<'_>| e.behind.is_some() || comment(&e.above);
        self.open.is_some() || comment(&self.end) || self.entries.iter().any(inside)
    }
}

impl Section<'_> {
    /// What its header's path says; empty for the keys before the first header.
    pub fn path(&self) -> Vec<&str> {
        self.header.iter().flat_map(|h| &h.path).map(|k| k.text.as_str()).collect()
    }

    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        self.header.is_none() && self.entries.is_empty() && self.tail.is_empty()
    }
}
