//! How much a text asks the parser for, told from its bytes before anything is parsed.
//!
//! A parsed table costs five hundred times what two characters cost to write: `[],` or `a.` without end would fill the
//! memory long before a file is as large as it may be. So tables, keys and values are counted first, and a file that
//! has too many is refused with the line where it does.

use crate::diag::{Diagnostic, SourceFile, Span, codes};

/// The most that one file may ask for. A key or a value in a list counts one, a table or list [`TABLE`]: less than half a
/// gigabyte, as measured.
pub(super) const MOST: usize = 1_250_000;
/// What a table or list counts, however it is written: a header, a brace or bracket, a part of a dotted key.
const TABLE: usize = 4;

/// The finding about a file that asks for too much.
pub(super) fn check(number: u32, file: &SourceFile) -> Option<Diagnostic> {
    // Two bytes are the least that a table is written with.
    if file.text.len() <= MOST / TABLE * 2 {
        return None;
    }
    let at = exhausted(&file.text, MOST)?;
    let message = "the file has more tables, keys and values than one file may hold: 1,250,000, tables and lists counting as four";
    let span = Span::new(number, at..at.saturating_add(1));
    Some(Diagnostic::new(&codes::E0002, span, message).at(&file.name).help("split it into several files"))
}

/// What stands around the byte that is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    /// What counts.
    Plain,
    Comment,
    /// A string, with its quote, whether it has three of them, and so many lines.
    Text(u8, bool),
}

/// The offset at which a text has asked for more than `most`.
fn exhausted(text: &str, most: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let three = |i: usize, quote: u8| at(i.saturating_add(1)) == quote && at(i.saturating_add(2)) == quote;
    let (mut spent, mut i, mut state) = (0usize, 0usize, In::Plain);
    // Whether anything stands on this line, and whether anything of it was counted: a line counts one at least.
    let (mut any, mut counted) = (false, false);
    // The kind that the header before named: its table is there already.
    let (mut first_of_line, mut kind): (bool, &[u8]) = (true, &[]);
    while i < bytes.len() {
        let byte = at(i);
        let mut step = 1usize;
        let mut cost = 0usize;
        match (state, byte) {
            (In::Plain, b'#') => state = In::Comment,
            (In::Plain, quote @ (b'"' | b'\'')) => {
                let long = three(i, quote);
                step = if long { 3 } else { 1 };
                (state, any) = (In::Text(quote, long), true);
            }
            (In::Plain, b'[') if first_of_line => {
                let header = bytes.get(i..).unwrap_or(&[]);
                let end = header.iter().take(64).position(|b| matches!(b, b'.' | b']' | b'\n')).unwrap_or(0);
                let named = header.get(..end).unwrap_or(&[]);
                cost = if end > 1 && header.get(end) == Some(&b'.') && named == kind { 0 } else { TABLE };
                kind = named;
            }
            (In::Plain, b'[' | b'{' | b'.') => cost = TABLE,
            (In::Plain, b'=' | b',') => cost = 1,
            (In::Plain, b'\n') => (cost, any) = (usize::from(any && !counted), false),
            (In::Plain, byte) => any |= !byte.is_ascii_whitespace(),
            (In::Comment, b'\n') => (state, cost, any) = (In::Plain, usize::from(any && !counted), false),
            (In::Text(b'"', _), b'\\') => step = 2,
            (In::Text(_, false), b'\n') => (state, cost, any) = (In::Plain, usize::from(!counted), false),
            (In::Text(quote, false), byte) if byte == quote => state = In::Plain,
            (In::Text(quote, true), byte) if byte == quote && three(i, quote) => (state, step) = (In::Plain, 3),
            _ => {}
        }
        first_of_line = byte == b'\n' || (first_of_line && byte.is_ascii_whitespace());
        spent = spent.saturating_add(cost);
        counted = !(byte == b'\n' && state == In::Plain) && (counted || cost > 0);
        if spent > most {
            return Some(i);
        }
        i = i.saturating_add(step);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a text asks for.
    fn asked(text: &str) -> usize {
        (0..10_000).find(|most| exhausted(text, *most).is_none()).unwrap()
    }

    #[test]
    fn tables_keys_and_values_count_and_texts_and_comments_do_not() {
        for (text, count) in [
            ("", 0),
            ("# [[a.b]] = 1, 2\n\n", 0),
            ("[group.a]\n", 8),
            ("[group.a]\n [group.b]\n[user.b]\n[user]\n[user]\n", 8 + 4 + 8 + 4 + 4),
            ("a = \"[.,=\\\" # x\"\n", 1),
            ("a = '''\n[.,=\n'''\n", 1),
            ("a = \"\"\"\n[\\\"\"\"\n\"\"\"\n", 1),
            ("a = [1, 2, []]\n", 1 + 4 + 2 + 4),
            ("a.b.c = {}\n", 8 + 1 + 4),
            ("x\nx\n", 2),
            // A text that was not closed ends with its line.
            ("a = \"x\n[b.c]\n\"x\n", 1 + 8 + 1),
        ] {
            assert_eq!(asked(text), count, "{text:?}");
        }
    }

    #[test]
    fn the_limit_is_the_last_that_is_taken() {
        let file = |n: usize| SourceFile::new("x.toml", format!("a = [{}]\n", "1,".repeat(n)));
        let most = MOST - TABLE - 1;
        assert!(check(0, &file(most)).is_none());
        assert_eq!(check(0, &file(most + 1)).unwrap().code.id, "E0002");
    }
}
