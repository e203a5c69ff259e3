//! From text to [`Tree`].
//!
//! In: a text that is TOML, which the caller has made sure of. Out: its tree.
//! Invariants: no comment is lost; a comment belongs to what it stands behind, else to what it stands above, else, when
//! an empty line parts it from what follows and none from what it follows, to what it follows.

use super::tree::{Above, Behind, Block, Entry, Header, Key, Scalar, Section, Tree, Value};
use std::borrow::Cow;
use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, parse_document};
use unicode_width::UnicodeWidthStr;

/// The tree of a text.
pub(super) fn read(text: &str) -> Tree<'_> {
    let source = Source::new(text);
    let mut events: Vec<Event> = Vec::new();
    parse_document(&source.lex().into_vec(), &mut events, &mut ());
    Reader { source, events, next: 0 }.file()
}

struct Reader<'a> {
    source: Source<'a>,
    events: Vec<Event>,
    /// The event to come.
    next: usize,
}

/// Comments and empty lines, gathered until it is known what they stand above.
#[derive(Default)]
struct Gathered<'a> {
    above: Vec<Above<'a>>,
    /// Whether something stands on the current line.
    occupied: bool,
}

impl<'a> Gathered<'a> {
    fn newline(&mut self) {
        if !self.occupied && self.above.last() != Some(&Above::Blank) {
            self.above.push(Above::Blank);
        }
        self.occupied = false;
    }

    /// A comment: behind what stands on its line, if that has none yet, or on a line of its own.
    fn comment(&mut self, comment: Behind<'a>, slot: Option<&mut Option<Behind<'a>>>) {
        match slot {
            Some(slot) if self.occupied && slot.is_none() && self.above.is_empty() => *slot = Some(comment),
            _ => self.above.push(Above::Comment(comment.text)),
        }
        self.occupied = true;
    }

    /// What stands above something that begins now.
    fn take(&mut self) -> Vec<Above<'a>> {
        self.occupied = true;
        std::mem::take(&mut self.above)
    }

    /// The same, what belongs to `section` before it given to that.
    fn take_after(&mut self, section: &mut Section<'a>) -> Vec<Above<'a>> {
        let mut above = self.take();
        if section.header.is_some() || !section.entries.is_empty() {
            let blank = above.iter().position(|l| *l == Above::Blank);
            section.tail = above.drain(..blank.unwrap_or(0)).collect();
        }
        above
    }
}

impl<'a> Reader<'a> {
    fn event(&mut self) -> Option<Event> {
        let event = self.events.get(self.next).copied();
        self.next = self.next.saturating_add(1);
        event
    }

    fn raw(&self, event: Event) -> &'a str {
        self.source.get(event).map_or("", |raw| raw.as_str())
    }

    fn file(mut self) -> Tree<'a> {
        let mut sections = Vec::new();
        let mut section = Section::default();
        let mut gathered = Gathered::default();
        while let Some(event) = self.event() {
            match event.kind() {
                EventKind::Newline => gathered.newline(),
                EventKind::Comment => {
                    let comment = self.comment(event);
                    let slot = match section.entries.last_mut() {
                        Some(entry) => Some(&mut entry.behind),
                        None => section.header.as_mut().map(|h| &mut h.behind),
                    };
                    gathered.comment(comment, slot);
                }
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    let mut above = gathered.take_after(&mut section);
                    let path = self.path(&mut above);
                    let header = Header { list: event.kind() == EventKind::ArrayTableOpen, path, behind: None };
                    let begun = Section { above, header: Some(header), ..Section::default() };
                    sections.push(std::mem::replace(&mut section, begun));
                }
                EventKind::SimpleKey => {
                    let above = gathered.take();
                    section.entries.push(self.entry(event, above));
                }
                _ => {}
            }
        }
        let mut end = gathered.take_after(&mut section);
        let ended = section.header.is_some() || !section.entries.is_empty();
        if ended && !end.contains(&Above::Blank) {
            // Without an empty line, the last comments of a file follow on what stands above them.
            section.tail = std::mem::take(&mut end);
        }
        sections.push(section);
        Tree { sections, end }
    }

    /// The keys up to the bracket or sign that closes them; in braces the parser lets comments stand between.
    fn path(&mut self, above: &mut Vec<Above<'a>>) -> Vec<Key<'a>> {
        let mut path = Vec::new();
        while let Some(event) = self.event() {
            match event.kind() {
                EventKind::SimpleKey => path.push(self.key(event)),
                EventKind::StdTableClose | EventKind::ArrayTableClose | EventKind::KeyValSep => break,
                EventKind::Comment => above.push(Above::Comment(self.comment(event).text)),
                _ => {}
            }
        }
        path
    }

    fn key(&self, event: Event) -> Key<'a> {
        let mut text = String::new();
        if let Some(raw) = self.source.get(event) {
            raw.decode_key(&mut text, &mut ());
        }
        Key { raw: self.raw(event), text, at: event.span().start()..event.span().end() }
    }

    /// `path = value` whose first key was read.
    fn entry(&mut self, first: Event, mut above: Vec<Above<'a>>) -> Entry<'a> {
        let mut path = vec![self.key(first)];
        path.extend(self.path(&mut above));
        loop {
            match self.event() {
                // Nor has the value to begin on the same line.
                Some(e) if matches!(e.kind(), EventKind::Whitespace | EventKind::Newline) => {}
                Some(e) if e.kind() == EventKind::Comment => above.push(Above::Comment(self.comment(e).text)),
                Some(e) => return Entry { above, path, value: self.value(e), behind: None },
                None => {
                    return Entry {
                        above,
                        path,
                        value: Value::Scalar(Scalar { raw: Cow::Borrowed(""), text: None, at: 0..0 }),
                        behind: None,
                    };
                }
            }
        }
    }

    fn value(&mut self, event: Event) -> Value<'a> {
        match event.kind() {
            EventKind::ArrayOpen => Value::Block(self.block(false)),
            EventKind::InlineTableOpen => Value::Block(self.block(true)),
            _ => {
                let mut text = String::new();
                let is_text = event.encoding().is_some();
                if let Some(raw) = self.source.get(event).filter(|_| is_text) {
                    let _ = raw.decode_scalar(&mut text, &mut ());
                }
                let at = event.span().start()..event.span().end();
                Value::Scalar(Scalar { raw: Cow::Borrowed(self.raw(event)), text: is_text.then_some(text), at })
            }
        }
    }

    /// What stands between brackets of which the first was read.
    fn block(&mut self, table: bool) -> Block<'a> {
        let mut block = Block { table, open: None, entries: Vec::new(), end: Vec::new(), broken: false };
        let mut gathered = Gathered { occupied: true, ..Gathered::default() };
        while let Some(event) = self.event() {
            match event.kind() {
                EventKind::ArrayClose | EventKind::InlineTableClose => break,
                EventKind::Newline => {
                    block.broken = true;
                    gathered.newline();
                }
                EventKind::Comment => {
                    let comment = self.comment(event);
                    let slot = block.entries.last_mut().map_or(&mut block.open, |e| &mut e.behind);
                    gathered.comment(comment, Some(slot));
                }
                EventKind::ValueSep => gathered.occupied = true,
                EventKind::SimpleKey => {
                    let above = gathered.take();
                    block.entries.push(self.entry(event, above));
                }
                EventKind::Scalar | EventKind::ArrayOpen | EventKind::InlineTableOpen => {
                    let above = gathered.take();
                    let value = self.value(event);
                    block.entries.push(Entry { above, path: Vec::new(), value, behind: None });
                }
                _ => {}
            }
        }
        block.end = gathered.above;
        block
    }

    fn comment(&self, event: Event) -> Behind<'a> {
        let start = event.span().start();
        let before = self.source.input().get(..start).unwrap_or("");
        let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
        let gap = line.get(line.trim_end_matches([' ', '\t']).len()..).unwrap_or("");
        Behind { gap, text: self.raw(event).trim_end(), column: line.width() }
    }
}
