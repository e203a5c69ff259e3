//! Colour, where it is wanted.

use anstyle::{AnsiColor, Style};
use std::borrow::Cow;

/// Colours, or nothing at all.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    /// Whether to colour.
    pub on: bool,
}

impl Paint {
    /// A text in a style.
    #[must_use]
    pub fn with<'t>(self, style: Style, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        let text = text.into();
        if self.on { format!("{style}{text}{style:#}").into() } else { text }
    }

    /// Something good or added.
    #[must_use]
    pub fn green<'t>(self, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// Something bad or taken away.
    #[must_use]
    pub fn red<'t>(self, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        self.with(AnsiColor::Red.on_default(), text)
    }

    /// Something changed.
    #[must_use]
    pub fn yellow<'t>(self, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    /// Something that matters.
    #[must_use]
    pub fn bold<'t>(self, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        self.with(Style::new().bold(), text)
    }

    /// Something beside the point.
    #[must_use]
    pub fn dim<'t>(self, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        self.with(Style::new().dimmed(), text)
    }
}

/// Text from outside as it may stand on one line of a terminal: control characters and what reorders are escaped.
#[must_use]
pub fn line(text: &str) -> String {
    // Nearly all of it is plain.
    if text.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if crate::kinds::text::is_hostile(c, false) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// The head of a text, and how much of it was left out.
#[must_use]
pub fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => {
            let (head, rest) = text.split_at(end);
            format!("{head}… ({} more characters)", rest.chars().count())
        }
    }
}
