//! What a person is told about their text: places, codes, findings.
//!
//! In: byte offsets into named sources. Out: [`Diagnostic`]s, collected and never thrown one at a time.
//! Invariants: a diagnostic has a span or an address; messages are lower case, one line, user text in backticks;
//! nothing here prints (that is `view`).

pub mod codes;
mod sources;

pub use codes::{CODES, Code};
pub use sources::{SourceFile, Sources};

use std::borrow::Cow;

/// A range of bytes in one source. [`Span::NONE`] is the place of values that come from the store or from a default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Index into [`Sources`].
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// No place in any text.
    pub const NONE: Span = Span { file: u32::MAX, start: 0, end: 0 };

    /// A span in `file`; offsets beyond 4 GiB cannot occur, since a file is 16 MiB at most.
    #[must_use]
    pub fn new(file: u32, range: std::ops::Range<usize>) -> Span {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { file, start: clamp(range.start), end: clamp(range.end) }
    }

    /// Whether the value stands in a text.
    #[must_use]
    pub fn is_some(self) -> bool {
        self != Span::NONE
    }

    /// This span, or `other` when this one is nowhere.
    #[must_use]
    pub fn or(self, other: Span) -> Span {
        if self.is_some() { self } else { other }
    }
}

impl Default for Span {
    fn default() -> Span {
        Span::NONE
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing can be planned.
    Error,
    /// Legal, and probably not meant.
    Warning,
    /// Worth knowing; `--warnings-as-errors` leaves it alone.
    Note,
}

impl Severity {
    /// `error`, `warning`, `note`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A further place that belongs to a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub text: String,
}

/// One finding about what somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// Its stable code, explained by `writ explain CODE`.
    pub code: &'static Code,
    /// One line, lower case, user text in backticks.
    pub message: String,
    /// The place it is about.
    pub span: Span,
    /// What to write beside the underlined text.
    pub label: String,
    /// The object it is about, when known.
    pub address: Option<String>,
    /// Other places that explain it.
    pub related: Vec<Label>,
    /// The way forward.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding with `code`, whose severity is the code's own. The message is one line, whatever was quoted in it.
    #[must_use]
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Diagnostic {
        let mut message: String = message.into();
        for (end, escaped) in [("\n", "\\u{a}"), ("\r", "\\u{d}")] {
            if message.contains(end) {
                message = message.replace(end, escaped);
            }
        }
        Diagnostic { severity: code.severity, code, message, span, label: String::new(), address: None, related: Vec::new(), help: None }
    }

    /// Writes beside the underlined text.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.label = text.into();
        self
    }

    /// Names the object.
    #[must_use]
    pub fn at(mut self, address: impl ToString) -> Diagnostic {
        self.address = Some(address.to_string());
        self
    }

    /// Adds a further place; one without a place is dropped.
    #[must_use]
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        if span.is_some() {
            self.related.push(Label { span, text: text.into() });
        }
        self
    }

    /// Says the way forward.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// Says the way forward, if there is one to say.
    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Diagnostic {
        if text.is_some() {
            self.help = text;
        }
        self
    }

    /// Whether `other` says the same at the same place, of whatever object.
    fn repeats(&self, other: &Diagnostic) -> bool {
        let same_place = self.span == other.span && (self.span.is_some() || self.address == other.address);
        same_place && self.code == other.code && self.message == other.message
    }
}

/// All findings of a run; of each severity [`MOST_FINDINGS`] at most, since nobody reads more, and a hostile text could
/// ask for one with every second byte.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics(Vec<Diagnostic>, [usize; 3]);

/// So many findings of one severity are kept; the first ones, in the order of files.
pub const MOST_FINDINGS: usize = 10_000;

impl Diagnostics {
    /// None yet.
    #[must_use]
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Adds one.
    pub fn push(&mut self, finding: Diagnostic) {
        let Some(count) = self.1.get_mut(finding.severity as usize) else { return };
        if *count < MOST_FINDINGS {
            *count = count.saturating_add(1);
            self.0.push(finding);
        }
    }

    /// Adds those of `other`.
    pub fn extend(&mut self, other: Diagnostics) {
        other.0.into_iter().for_each(|finding| self.push(finding));
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many there are of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|d| d.severity == severity).count()
    }

    /// Whether so many of a severity were found that more may have been left out.
    #[must_use]
    pub fn is_full(&self, severity: Severity) -> bool {
        self.1.get(severity as usize) == Some(&MOST_FINDINGS)
    }

    /// In the order in which they were found; [`Diagnostics::sort`] first for output.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves those that `keep` wants.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.0.retain(keep);
    }

    /// Orders by file name, position, code and message, so that the same faults print the same bytes whatever the
    /// order of files. What is said of several objects in the same words at the same place (in a template) is said once.
    pub fn sort(&mut self, sources: &Sources) {
        let key = |d: &Diagnostic| {
            let name = sources.get(d.span).map(|f| f.name.clone());
            (name.is_none(), name, d.span.start, d.severity, d.code.id, d.message.clone(), d.address.clone())
        };
        self.0.sort_by_cached_key(key);
        let mut told: Vec<Diagnostic> = Vec::with_capacity(self.0.len());
        let mut more = 0usize;
        for finding in std::mem::take(&mut self.0) {
            match told.last_mut().filter(|last| last.repeats(&finding)) {
                Some(last) if last.address != finding.address => {
                    more = more.saturating_add(1);
                    last.label = format!("for `{}` and {more} more", last.address.as_deref().unwrap_or(""));
                }
                Some(_) => {}
                None => {
                    more = 0;
                    told.push(finding);
                }
            }
        }
        self.0 = told;
    }
}

/// The known name nearest to what was written, if it is near enough to have been meant.
#[must_use]
pub fn suggest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match written.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        n => n.div_ceil(3),
    };
    // What is much longer or shorter is not near: told without comparing, since what is written may be huge.
    let length = written.chars().count();
    known
        .into_iter()
        .filter(|k| *k != written && k.chars().count().abs_diff(length) <= limit)
        .map(|k| (strsim::damerau_levenshtein(written, k), k))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, k)| k)
}

/// What somebody wrote, short enough for a message of one line.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST_SHOWN) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or(""))),
    }
}

/// The longest text that a message shows whole, in characters.
const LONGEST_SHOWN: usize = 80;

/// ``did you mean `x`?`` for the nearest known name.
#[must_use]
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    suggest(written, known).map(|k| format!("did you mean `{k}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(Diagnostic::new(&codes::E0001, Span::NONE, "`a\r\nb`").message, "`a\\u{d}\\u{a}b`");
    }

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(suggest("aproval", ["approval", "expiration"]), Some("approval"));
        assert_eq!(suggest("colour", ["approval", "expiration"]), None);
        assert_eq!(suggest("approval", ["approval"]), None);
    }
}
