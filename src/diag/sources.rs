//! The texts that spans point into.

use super::Span;
use std::sync::OnceLock;

/// One file of the workspace, as read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Relative to the workspace, with `/`.
    pub name: String,
    /// Its whole text.
    pub text: String,
    /// Offset of the first byte of each line, counted when somebody first asks: of most files nobody does.
    lines: OnceLock<Vec<u32>>,
}

impl SourceFile {
    /// A file with its text.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> SourceFile {
        SourceFile { name: name.into(), text: text.into(), lines: OnceLock::new() }
    }

    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| starts(&self.text))
    }

    /// Line and column, both from 1, of a byte; columns count characters.
    #[must_use]
    pub fn position(&self, offset: u32) -> (u32, u32) {
        let line = self.line_of(offset);
        let start = self.lines().get((line as usize).saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start as usize..offset as usize).unwrap_or("");
        let column = before.chars().count().saturating_add(1);
        (line, u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// The line of a byte, from 1.
    #[must_use]
    pub fn line_of(&self, offset: u32) -> u32 {
        let line = self.lines().partition_point(|start| *start <= offset).max(1);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// The whole of one line, from 1, in the file of this number.
    #[must_use]
    pub fn line_span(&self, file: u32, line: u32) -> Span {
        let index = (line as usize).saturating_sub(1);
        let start = self.lines().get(index).map_or(self.text.len(), |s| *s as usize);
        Span::new(file, start..start.saturating_add(self.line(line).len()))
    }

    /// The text of one line, from 1, without its end.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let index = (line as usize).saturating_sub(1);
        let start = self.lines().get(index).map_or(self.text.len(), |s| *s as usize);
        self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("")
    }
}

/// Where the lines of a text begin.
fn starts(text: &str) -> Vec<u32> {
    let after = text.match_indices('\n').map(|(i, _)| i.saturating_add(1));
    std::iter::once(0).chain(after).map(|i| u32::try_from(i).unwrap_or(u32::MAX)).collect()
}

/// Names and texts, in the order of names; what [`Span::file`] counts.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Sorted by name, so that the order of reading means nothing.
    #[must_use]
    pub fn new(mut files: Vec<SourceFile>) -> Sources {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Sources { files }
    }

    /// The files with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &SourceFile)> {
        (0u32..).zip(&self.files)
    }

    /// The file a span points into.
    #[must_use]
    pub fn get(&self, span: Span) -> Option<&SourceFile> {
        self.files.get(span.file as usize)
    }

    /// The text a span covers.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.get(span).and_then(|f| f.text.get(span.start as usize..span.end as usize)).unwrap_or("")
    }

    /// `marketing/campaign.toml:7`.
    #[must_use]
    pub fn place(&self, span: Span) -> Option<String> {
        self.get(span).map(|f| format!("{}:{}", f.name, f.line_of(span.start)))
    }

    /// File name and line, from 1.
    #[must_use]
    pub fn line(&self, span: Span) -> Option<(&str, u32)> {
        self.get(span).map(|f| (f.name.as_str(), f.line_of(span.start)))
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one_and_in_characters() {
        let f = SourceFile::new("a.toml", "ab\nçd\n");
        assert_eq!(f.position(0), (1, 1));
        assert_eq!(f.position(3), (2, 1));
        assert_eq!(f.position(5), (2, 2));
        assert_eq!(f.line(2), "çd");
    }
}
