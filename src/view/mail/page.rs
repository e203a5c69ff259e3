//! How a mail is set: blocks to plain text and to HTML. What others wrote passes [`one_line`] or [`lines`] on its way here, and
//! [`escaped`] on its way into HTML; there is no other way in.

use crate::kinds::text::is_hostile;
use crate::view::paint::short;

/// No name and no answer is longer, in characters.
const LONGEST_LINE: usize = 300;
/// No justification or reason is longer, in characters.
const LONGEST_TEXT: usize = 4_000;
/// Nor has more lines.
const MOST_LINES: usize = 60;
/// No list has more items.
const MOST_ITEMS: usize = 50;

/// A part of a line.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    /// Words of ours.
    Ours(String),
    /// Words of others, on one line.
    Theirs(String),
}

/// Words of ours.
pub(super) fn ours(text: impl Into<String>) -> Piece {
    Piece::Ours(text.into())
}

/// Words of others.
pub(super) fn theirs(text: &str) -> Piece {
    Piece::Theirs(one_line(text))
}

/// Several pieces, one after the other.
pub(super) type Line = Vec<Piece>;

/// A part of a mail.
#[derive(Debug)]
pub(super) enum Block {
    /// A paragraph.
    Paragraph(Line),
    /// Names with their values.
    Facts(Vec<(&'static str, Line)>),
    /// A text of others, below who says it.
    Quote(Line, Vec<String>),
    /// Items below their name.
    List(&'static str, Vec<Line>),
    /// An address to open.
    Link(String),
    /// Commands to run.
    Commands(Vec<String>),
    /// What is said last.
    Small(Line),
}

/// A text of others on one line: white space is folded, what controls or reorders is shown as what it is, marks of direction are
/// left out, and of a long text its head is kept.
pub(super) fn one_line(text: &str) -> String {
    short(&plain(text).split_whitespace().collect::<Vec<_>>().join(" "), LONGEST_LINE)
}

/// A text of others by its lines; empty, where there is nothing to see.
pub(super) fn lines(text: &str) -> Vec<String> {
    let text = short(text.trim(), LONGEST_TEXT).replace("\r\n", "\n");
    let breaks = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];
    let mut all: Vec<String> = text.split(breaks).map(|line| plain(line).trim_end().to_owned()).collect();
    if all.iter().all(String::is_empty) {
        return Vec::new();
    }
    let left_out = all.len().saturating_sub(MOST_LINES);
    if left_out > 0 {
        all.truncate(MOST_LINES);
        all.push(format!("… ({left_out} more lines)"));
    }
    all
}

/// What a text of others says, without what would move or reorder anything around it.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // They show nothing themselves, and in Arabic and Hebrew they are common.
            '\u{200e}' | '\u{200f}' | '\u{61c}' => {}
            c if c.is_whitespace() => out.push(' '),
            c if is_hostile(c, false) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// So many items as are shown, and a word about the rest.
pub(super) fn some(items: impl ExactSizeIterator<Item = Line>) -> Vec<Line> {
    let left_out = items.len().saturating_sub(MOST_ITEMS);
    let mut shown: Vec<Line> = items.take(MOST_ITEMS).collect();
    if left_out > 0 {
        shown.push(vec![ours(format!("and {left_out} more"))]);
    }
    shown
}

/// A line as plain text.
pub(super) fn said(line: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Ours(text) | Piece::Theirs(text) => text.clone(),
    };
    line.iter().map(text).collect()
}

/// The plain text. A text of others stands behind marks, a name or an answer in the line that says what it is.
pub(super) fn text(blocks: &[Block]) -> String {
    let set = |block: &Block| -> String {
        match block {
            Block::Paragraph(line) => format!("{}\n", said(line)),
            Block::Facts(facts) => {
                let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0).saturating_add(2);
                facts.iter().map(|(name, line)| format!("{:width$}{}\n", format!("{name}:"), said(line))).collect()
            }
            Block::Quote(who, lines) => {
                let quoted: String = lines.iter().map(|l| format!("{}\n", format!("> {l}").trim_end())).collect();
                format!("{}\n{quoted}", said(who))
            }
            Block::List(name, items) => {
                let items: String = items.iter().map(|line| format!("- {}\n", said(line))).collect();
                format!("{name}:\n{items}")
            }
            Block::Link(url) => format!("{url}\n"),
            Block::Commands(commands) => commands.iter().map(|c| format!("    {c}\n")).collect(),
            Block::Small(line) => format!("-- \n{}\n", said(line)),
        }
    };
    blocks.iter().map(set).collect::<Vec<_>>().join("\n")
}

/// The HTML: one column, no colours of its own, so that light and dark are the reader's, and nothing that is fetched.
pub(super) fn html(subject: &str, blocks: &[Block]) -> String {
    let body: String = blocks.iter().map(set).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n</head>\n\
         <body style=\"margin:0 auto;padding:1em;max-width:38em;font-family:sans-serif;line-height:1.5;overflow-wrap:anywhere\">\n\
         {body}</body>\n</html>\n",
        escaped(subject)
    )
}

fn set(block: &Block) -> String {
    match block {
        Block::Paragraph(line) => format!("<p>{}</p>\n", marked(line)),
        Block::Facts(facts) => {
            let fact = |(name, line): &(&str, Line)| {
                format!("<dt style=\"font-weight:bold\">{name}:</dt>\n<dd style=\"margin:0 0 0.5em\">{}</dd>\n", marked(line))
            };
            format!("<dl>\n{}</dl>\n", facts.iter().map(fact).collect::<String>())
        }
        Block::Quote(who, lines) => {
            let lines: Vec<String> = lines.iter().map(|l| escaped(l)).collect();
            format!(
                "<p style=\"font-weight:bold;margin-bottom:0\">{}</p>\n\
                 <blockquote dir=\"auto\" style=\"margin:0 0 1em;padding-left:1em;border-left:3px solid\">{}</blockquote>\n",
                marked(who),
                lines.join("<br>\n")
            )
        }
        Block::List(name, items) => {
            let items: String = items.iter().map(|line| format!("<li>{}</li>\n", marked(line))).collect();
            format!("<p style=\"font-weight:bold;margin-bottom:0\">{name}:</p>\n<ul style=\"margin-top:0\">\n{items}</ul>\n")
        }
        Block::Link(url) => format!("<p><a href=\"{0}\">{0}</a></p>\n", escaped(url)),
        Block::Commands(commands) => {
            let commands: Vec<String> = commands.iter().map(|c| format!("<code>{}</code>", escaped(c))).collect();
            format!("<p>{}</p>\n", commands.join("<br>\n"))
        }
        Block::Small(line) => format!("<hr>\n<p><small>{}</small></p>\n", marked(line)),
    }
}

/// A line as HTML. Words of others keep their direction to themselves.
fn marked(line: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Ours(text) => escaped(text),
        Piece::Theirs(text) => format!("<bdi>{}</bdi>", escaped(text)),
    };
    line.iter().map(piece).collect()
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
