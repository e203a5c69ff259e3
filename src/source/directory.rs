//! Files of people, groups, applications and sites, entry by entry: CSV with a header, or answers of Microsoft Graph.
//!
//! In: a file. Out: its entries, one after the other, each with its line or number. Invariants: no more of a file is in memory than one
//! entry; what cannot be read is an error that names file and line.

use super::answers::AnswersError;
use crate::diag::shown;
use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};
use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// The longest cell, in bytes.
const LONGEST_CELL: usize = 65_536;

/// One entry of a file.
#[derive(Debug)]
pub struct Entry<'f> {
    /// The file, as it was named.
    pub file: &'f str,
    /// The line of a CSV, or the number of the entry, from 1.
    pub number: u64,
    /// Whether `number` is a line.
    pub line: bool,
    /// What the whole file says that it holds: the name of a collection, or nothing.
    pub holds: &'f str,
    /// What it says, by name; a cell of a CSV is a text.
    pub said: Map<String, Json>,
}

impl Entry<'_> {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> String {
        if self.line {
            format!("{}:{}", shown(self.file), self.number)
        } else {
            format!("{}#/value/{}", shown(self.file), self.number.saturating_sub(1))
        }
    }
}

/// Gives each entry of a file to `each`, which may stop it with an error of its own.
///
/// # Errors
/// When the file cannot be read, or `each` says so.
pub fn entries<E: From<AnswersError>>(path: &Path, each: &mut dyn FnMut(Entry<'_>) -> Result<(), E>) -> Result<(), E> {
    let name = path.display().to_string();
    let open = || File::open(path).map_err(|e| AnswersError::Io(path.to_owned(), e));
    let mut start = [0u8; 3];
    let length = open()?.take(3).read(&mut start).map_err(|e| AnswersError::Io(path.to_owned(), e))?;
    let start = start.get(..length).unwrap_or_default();
    if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
        let why = "it is in UTF-16; save it as UTF-8 (in PowerShell: `Export-Csv -Encoding utf8`)".to_owned();
        return Err(AnswersError::Unread(name, why).into());
    }
    let mut file = BufReader::with_capacity(1 << 16, open()?);
    if start == [0xef, 0xbb, 0xbf] {
        file.read_exact(&mut [0; 3]).map_err(|e| AnswersError::Io(path.to_owned(), e))?;
    }
    match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => csv(&name, file, each),
        Some("json") => json(&name, file, each),
        _ => Err(AnswersError::Unread(name, "a file is `.csv` or `.json`".to_owned()).into()),
    }
}

fn csv<E: From<AnswersError>>(name: &str, file: impl Read, each: &mut dyn FnMut(Entry<'_>) -> Result<(), E>) -> Result<(), E> {
    let bad = |line: u64, why: String| AnswersError::Unread(name.to_owned(), format!("line {line}: {why}"));
    let told = |e: &csv::Error| match e.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            bad(pos.as_ref().map_or(0, csv::Position::line), format!("it has {len} cells, and the header {expected_len}"))
        }
        csv::ErrorKind::Utf8 { pos, .. } => bad(pos.as_ref().map_or(0, csv::Position::line), "it is not UTF-8".to_owned()),
        _ => AnswersError::Unread(name.to_owned(), e.to_string()),
    };
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let header: Vec<String> = reader.headers().map_err(|e| told(&e))?.iter().map(|h| h.trim().to_owned()).collect();
    if let Some(twice) = header.iter().enumerate().find(|(i, h)| header.iter().take(*i).any(|o| o.eq_ignore_ascii_case(h))) {
        return Err(bad(1, format!("the header names `{}` twice", shown(twice.1))).into());
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| told(&e))? {
        let line = record.position().map_or(0, csv::Position::line);
        let mut said = Map::new();
        for (column, cell) in header.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty()) {
            if cell.len() > LONGEST_CELL {
                return Err(bad(line, format!("the cell of `{}` is longer than 64 KiB: is a quote missing?", shown(column))).into());
            }
            // A program for tables would compute it, and nobody is called so.
            if cell.starts_with(['=', '+', '@']) {
                return Err(bad(line, format!("the cell of `{}` is a formula, `{}`; write its value", shown(column), shown(cell))).into());
            }
            said.insert(column.clone(), Json::String(cell.to_owned()));
        }
        each(Entry { file: name, number: line, line: true, holds: "", said })?;
    }
    Ok(())
}

fn json<E: From<AnswersError>>(name: &str, file: impl Read, each: &mut dyn FnMut(Entry<'_>) -> Result<(), E>) -> Result<(), E> {
    let stopped = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_reader(file);
    let page = Page { name, each: RefCell::new(each), stopped: &stopped, holds: RefCell::default(), number: RefCell::new(0) };
    let read = deserializer.deserialize_any(&page).and_then(|()| deserializer.end());
    if let Some(error) = stopped.into_inner() {
        return Err(error);
    }
    read.map_err(|e| AnswersError::Unread(name.to_owned(), format!("it is no answer of Microsoft Graph: {e}")).into())
}

/// How an entry is taken.
type Each<'e, E> = RefCell<&'e mut dyn FnMut(Entry<'_>) -> Result<(), E>>;

/// A page that is being read.
struct Page<'p, 'e, E> {
    name: &'p str,
    each: Each<'e, E>,
    /// Why it was stopped.
    stopped: &'p RefCell<Option<E>>,
    holds: RefCell<String>,
    number: RefCell<u64>,
}

impl<E> Page<'_, '_, E> {
    fn entry<F: serde::de::Error>(&self, value: Json) -> Result<(), F> {
        let number = self.number.borrow().saturating_add(1);
        *self.number.borrow_mut() = number;
        let Json::Object(said) = value else { return Err(F::custom(format!("entry {number} is no object"))) };
        let holds = self.holds.borrow();
        let done = (self.each.borrow_mut())(Entry { file: self.name, number, line: false, holds: &holds, said });
        done.map_err(|e| {
            *self.stopped.borrow_mut() = Some(e);
            F::custom("stopped")
        })
    }
}

impl<'de, E> Visitor<'de> for &Page<'_, '_, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `value`, or a list")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut any = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "@odata.context" => {
                    let context: String = map.next_value()?;
                    let word = context.rsplit('#').next().unwrap_or("").split(['(', '/']).next().unwrap_or("");
                    word.clone_into(&mut self.holds.borrow_mut());
                }
                "value" => {
                    any = true;
                    map.next_value_seed(Entries(self))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if any { Ok(()) } else { Err(M::Error::custom("it has no `value`")) }
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut all: S) -> Result<(), S::Error> {
        while let Some(value) = all.next_element::<Json>()? {
            self.entry(value)?;
        }
        Ok(())
    }
}

/// The entries of a page.
struct Entries<'a, 'p, 'e, E>(&'a Page<'p, 'e, E>);

impl<'de, E> DeserializeSeed<'de> for Entries<'_, '_, '_, E> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(name: &str, bytes: &[u8]) -> Result<Vec<(u64, String, Map<String, Json>)>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut all = Vec::new();
        let done: Result<(), AnswersError> = entries(&path, &mut |e: Entry<'_>| {
            all.push((e.number, e.holds.to_owned(), e.said));
            Ok(())
        });
        done.map(|()| all).map_err(|e| e.to_string())
    }

    #[test]
    fn entries_come_with_their_lines() {
        let all = read("a.csv", b"\xef\xbb\xbfid,name\n1,\"two\nlines\"\n2,\n").unwrap();
        assert_eq!(all.iter().map(|(n, ..)| *n).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(all[0].2["name"], "two\nlines");
        assert!(!all[1].2.contains_key("name"));
        let all = read("a.json", b"{\"@odata.context\":\"https://graph.example/v1.0/$metadata#users(id)\",\"value\":[{\"id\":\"1\"},{}]}")
            .unwrap();
        assert_eq!((all.len(), all[0].1.as_str()), (2, "users"));
        assert_eq!(read("b.json", b"[{\"id\":\"1\"}]").unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (name, bytes, why) in [
            ("a.csv", &b"id,name\n1\n"[..], "line 2: it has 1 cells, and the header 2"),
            ("a.csv", b"id,name\n1,a\n2,\xff\n", "line 3: it is not UTF-8"),
            ("a.csv", b"id,name\n1,=HYPERLINK(\"x\")\n", "line 2: the cell of `name` is a formula"),
            ("a.csv", b"id,ID\n", "line 1: the header names `ID` twice"),
            ("a.csv", b"\xff\xfei\0d\0", "it is in UTF-16"),
            ("a.txt", b"", "a file is `.csv` or `.json`"),
            ("a.json", b"{\"value\":[{\"id\":\"1\"},", "line 1"),
            ("a.json", b"{\"value\":[1]}", "entry 1 is no object"),
            ("a.json", b"{\"values\":[]}", "it has no `value`"),
            ("a.json", b"{\"value\":[]} x", "trailing characters"),
        ] {
            let error = read(name, bytes).unwrap_err();
            assert!(error.contains(why), "{name}: {error}");
        }
    }
}
