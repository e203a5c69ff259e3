//! From [`Tree`] to text.
//!
//! In: a tree whose blocks know whether they are broken. Out: its one layout.
//! Invariants: no line ends in white space, no two empty lines follow each other (but inside texts of several lines,
//! which are never touched), lines end in LF; comments that stood below each other behind their lines still do.

use super::tree::{Above, Behind, Block, Entry, Key, Section, Tree, Value};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// One level of a broken block.
const STEP: &str = "  ";

/// The text of a tree.
pub(super) fn print(tree: &Tree<'_>) -> String {
    let mut printer = Printer::default();
    for section in tree.sections.iter().filter(|s| !s.is_empty()) {
        printer.section(section);
    }
    printer.blank();
    printer.above(trimmed(&tree.end), "");
    align(&mut printer.lines);
    let mut out = String::new();
    for line in &printer.lines {
        out.push_str(&line.text);
        if let Some(behind) = line.behind {
            let _ = write!(out, "{:pad$}{}", "", behind.text, pad = line.pad);
        }
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len());
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// A line to be: several, if a text in it has several.
#[derive(Default)]
struct Line<'a> {
    text: String,
    behind: Option<Behind<'a>>,
    /// Whether its comment may be moved to stand below another.
    aligned: bool,
    /// Spaces before the comment.
    pad: usize,
}

#[derive(Default)]
struct Printer<'a> {
    lines: Vec<Line<'a>>,
    /// The line at work.
    text: String,
}

impl<'a> Printer<'a> {
    /// An empty line, unless there is one, or nothing above it.
    fn blank(&mut self) {
        if self.lines.last().is_some_and(|l| !l.text.is_empty() || l.behind.is_some()) {
            self.lines.push(Line::default());
        }
    }

    fn end_line(&mut self, behind: Option<Behind<'a>>, aligned: bool) {
        let text = std::mem::take(&mut self.text);
        let pad = behind.map_or(0, |b| b.gap.width().max(1));
        self.lines.push(Line { text, behind, aligned, pad });
    }

    fn above(&mut self, above: &[Above<'a>], indent: &str) {
        for line in above {
            match line {
                Above::Blank => self.blank(),
                Above::Comment(text) => {
                    self.text = format!("{indent}{text}");
                    self.end_line(None, false);
                }
            }
        }
    }

    fn section(&mut self, section: &Section<'a>) {
        if let Some(header) = &section.header {
            self.blank();
            self.above(begun(&section.above), "");
            let (open, close) = if header.list { ("[[", "]]") } else { ("[", "]") };
            self.text.push_str(open);
            self.path(&header.path);
            self.text.push_str(close);
            self.end_line(header.behind, true);
        }
        for (i, entry) in section.entries.iter().enumerate() {
            self.above(if i == 0 { begun(&entry.above) } else { &entry.above }, "");
            self.entry(entry, "", "");
        }
        self.above(&section.tail, "");
    }

    fn path(&mut self, path: &[Key<'_>]) {
        for (i, key) in path.iter().enumerate() {
            if i > 0 {
                self.text.push('.');
            }
            self.text.push_str(&key.spelled());
        }
    }

    /// A whole line, or several; `sign` stands behind the value.
    fn entry(&mut self, entry: &Entry<'a>, indent: &str, sign: &str) {
        let begin = self.lines.len();
        self.text.push_str(indent);
        self.inline(entry, indent);
        self.text.push_str(sign);
        let aligned = self.lines.len() == begin && !self.text.contains('\n');
        self.end_line(entry.behind, aligned);
    }

    fn inline(&mut self, entry: &Entry<'a>, indent: &str) {
        if !entry.path.is_empty() {
            self.path(&entry.path);
            self.text.push_str(" = ");
        }
        match &entry.value {
            Value::Scalar(scalar) => self.text.push_str(&scalar.raw.replace("\r\n", "\n")),
            Value::Block(block) => self.block(block, indent),
        }
    }

    fn block(&mut self, block: &Block<'a>, indent: &str) {
        let (open, close) = if block.table { ('{', '}') } else { ('[', ']') };
        self.text.push(open);
        if block.has_comments() || (block.broken && !block.entries.is_empty()) {
            self.end_line(block.open, true);
            let inner = format!("{indent}{STEP}");
            for (i, entry) in block.entries.iter().enumerate() {
                self.above(if i == 0 { begun(&entry.above) } else { &entry.above }, &inner);
                self.entry(entry, &inner, ",");
            }
            self.above(if block.entries.is_empty() { trimmed(&block.end) } else { ended(&block.end) }, &inner);
            self.text.push_str(indent);
        } else {
            let space = if block.table && !block.entries.is_empty() { " " } else { "" };
            self.text.push_str(space);
            for (i, entry) in block.entries.iter().enumerate() {
                if i > 0 {
                    self.text.push_str(", ");
                }
                self.inline(entry, indent);
            }
            self.text.push_str(space);
        }
        self.text.push(close);
    }
}

/// Without empty lines at the head.
fn begun<'l, 'a>(above: &'l [Above<'a>]) -> &'l [Above<'a>] {
    match above {
        [Above::Blank, rest @ ..] => begun(rest),
        all => all,
    }
}

/// Without empty lines at the foot.
fn ended<'l, 'a>(above: &'l [Above<'a>]) -> &'l [Above<'a>] {
    match above {
        [rest @ .., Above::Blank] => ended(rest),
        all => all,
    }
}

/// Without empty lines at either side.
pub(super) fn trimmed<'l, 'a>(above: &'l [Above<'a>]) -> &'l [Above<'a>] {
    begun(ended(above))
}

/// Keeps comments below each other that stood below each other, where lines got longer or shorter.
fn align(lines: &mut [Line<'_>]) {
    let column = |l: &Line<'_>| l.behind.filter(|b| l.aligned && !b.gap.is_empty() && !b.gap.contains('\t')).map(|b| b.column);
    for run in lines.chunk_by_mut(|a, b| column(a).is_some() && column(a) == column(b)) {
        // The longest line keeps its distance, which is the shortest of all.
        let (widths, pads) = (run.iter().map(|l| l.text.width()), run.iter().map(|l| l.pad));
        let place = widths.max().unwrap_or(0).saturating_add(pads.min().unwrap_or(0));
        for line in run.iter_mut().filter(|l| column(l).is_some()) {
            line.pad = place.saturating_sub(line.text.width());
        }
    }
}
