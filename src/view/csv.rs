//! Lists as CSV, for spreadsheets: RFC 4180, in UTF-8.
//!
//! In: a head and rows of texts. Out: a line for each, ended by CRLF, the head first.
//! Invariants: every reader of CSV finds the same cells, but for what could do harm: a cell that a spreadsheet would take for a
//! formula has an apostrophe before it, and control characters but line feeds and tabs are escaped, as in every text of ours.
//!
//! Reading the rules of quoting takes a library; keeping them is one line, so there is none.

use crate::kinds::text::is_hostile;

/// The list. Every row has as many cells as the head.
#[must_use]
pub fn text(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = String::new();
    line(head.iter().copied(), &mut out);
    for row in rows {
        line(row.iter().map(String::as_str), &mut out);
    }
    out
}

fn line<'c>(cells: impl Iterator<Item = &'c str>, out: &mut String) {
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            out.push(',');
        }
        let cell = guarded(cell);
        match cell.contains([',', '"', '\n']) {
            true => out.push_str(&format!("\"{}\"", cell.replace('"', "\"\""))),
            false => out.push_str(&cell),
        }
    }
    out.push_str("\r\n");
}

/// A cell that no spreadsheet evaluates and no terminal obeys.
fn guarded(cell: &str) -> String {
    let mut out = String::with_capacity(cell.len().saturating_add(1));
    if is_formula(cell) {
        out.push('\'');
    }
    for c in cell.chars() {
        if is_hostile(c, true) { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

/// Whether a spreadsheet might compute a cell, or take it for several. Some pass over what stands before the sign: blanks, a
/// quote, or a semicolon, which parts the cells of a line where a comma stands within numbers.
fn is_formula(cell: &str) -> bool {
    let inner = cell.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ';' | ','));
    let signs = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    inner.starts_with(signs) || cell.starts_with(['\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be_and_formulas_are_texts() {
        let all = |cells: &[&str]| text(&["a"], &[cells.iter().map(ToString::to_string).collect()]);
        assert_eq!(all(&["x y", "1, 2", "say \"x\"", "a\nb", "", "é"]), "a\r\nx y,\"1, 2\",\"say \"\"x\"\"\",\"a\nb\",,é\r\n");
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", " =1", ";=1", "=cmd|' /C calc'!A0"] {
            assert_eq!(all(&[formula]), format!("a\r\n'{formula}\r\n"));
        }
        assert_eq!(all(&["\r=1", "\"=1", "a\u{1b}[2J\u{202e}"]), "a\r\n'\\u{d}=1,\"'\"\"=1\",a\\u{1b}[2J\\u{202e}\r\n");
        assert_eq!(all(&["a=1", "2026-01-01", "group.a-b"]), "a\r\na=1,2026-01-01,group.a-b\r\n");
        assert_eq!(text(&["a", "b"], &[]), "a,b\r\n");
    }
}
