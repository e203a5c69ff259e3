//! Documents of another system: a folder of JSON files, or one file.
//!
//! In: a path that somebody names. Out: the values, by their names beneath it. Invariants: no link is followed inside the folder; what is
//! no JSON is an error that names file and line.

use super::{LARGEST_TREE, beneath::Beneath};
use crate::diag::shown;
use crate::kinds::text::spelled;
use serde_json::Value as Json;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How deep folders may be.
const DEEPEST: usize = 16;

/// Why documents cannot be read.
#[derive(Debug)]
pub enum AnswersError {
    /// The system refused.
    Io(PathBuf, io::Error),
    /// A file is not what it has to be: its name, and why.
    Unread(String, String),
    /// There is no file of JSON.
    None(PathBuf),
    /// More than [`LARGEST_TREE`].
    TooLarge(PathBuf),
}

impl fmt::Display for AnswersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnswersError::Io(path, _) => write!(f, "cannot read `{}`", spelled(&path.display().to_string())),
            AnswersError::Unread(name, why) => write!(f, "`{}`: {why}", shown(name)),
            AnswersError::None(path) => write!(f, "`{}` holds no file of JSON", spelled(&path.display().to_string())),
            AnswersError::TooLarge(path) => write!(f, "`{}` holds more than 1 GiB of JSON", spelled(&path.display().to_string())),
        }
    }
}

impl std::error::Error for AnswersError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let AnswersError::Io(_, e) = self { Some(e) } else { None }
    }
}

/// The documents of a folder, by their names beneath it.
///
/// # Errors
/// When one cannot be read, or there is none.
pub fn folder(path: &Path) -> Result<Vec<(String, Json)>, AnswersError> {
    let mut names = Vec::new();
    list(path, "", 0, &mut names)?;
    names.sort_unstable();
    if names.is_empty() {
        return Err(AnswersError::None(path.to_owned()));
    }
    let mut beneath = Beneath::new(path).map_err(|e| AnswersError::Io(path.to_owned(), e))?;
    let mut left = LARGEST_TREE;
    let mut documents = Vec::with_capacity(names.len());
    for name in names {
        let file = beneath.open(&name).map_err(|e| AnswersError::Io(path.join(&name), e))?;
        let bytes = read(file, left, &path.join(&name))?;
        left = left.saturating_sub(bytes.len() as u64);
        let value = parse(&name, &bytes)?;
        documents.push((name, value));
    }
    Ok(documents)
}

/// One document.
///
/// # Errors
/// When it cannot be read.
pub fn document(path: &Path) -> Result<Json, AnswersError> {
    let file = fs::File::open(path).map_err(|e| AnswersError::Io(path.to_owned(), e))?;
    let bytes = read(file, LARGEST_TREE, path)?;
    parse(&path.display().to_string(), &bytes)
}

fn read(file: fs::File, most: u64, path: &Path) -> Result<Vec<u8>, AnswersError> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| AnswersError::Io(path.to_owned(), e))?;
    if bytes.len() as u64 > most { Err(AnswersError::TooLarge(path.to_owned())) } else { Ok(bytes) }
}

fn list(root: &Path, within: &str, depth: usize, names: &mut Vec<String>) -> Result<(), AnswersError> {
    let directory = root.join(within);
    let fail = |e| AnswersError::Io(directory.clone(), e);
    for entry in fs::read_dir(&directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let inner = if within.is_empty() { name.clone() } else { format!("{within}/{name}") };
        let kind = entry.file_type().map_err(fail)?;
        if kind.is_symlink() {
            return Err(AnswersError::Unread(inner, "it is a link; put what it leads to in its place".to_owned()));
        }
        if kind.is_dir() && depth < DEEPEST {
            list(root, &inner, depth.saturating_add(1), names)?;
        } else if kind.is_file() && Path::new(&name).extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
            names.push(inner);
        }
    }
    Ok(())
}

/// JSON in UTF-8, with or without a mark before it.
fn parse(name: &str, bytes: &[u8]) -> Result<Json, AnswersError> {
    let unread = |why: String| AnswersError::Unread(name.to_owned(), why);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(unread("it is in UTF-16; save it as UTF-8 (in PowerShell: `Set-Content -Encoding utf8`)".to_owned()));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|e| unread(format!("it is no JSON: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_told_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
        assert!(matches!(folder(dir.path()), Err(AnswersError::None(_))));
        write("a.json", b"\xef\xbb\xbf{}");
        write("notes.txt", b"no JSON");
        assert_eq!(folder(dir.path()).unwrap().len(), 1);
        let deep = "[".repeat(100_000);
        for (bytes, why) in [
            (&b"\xff\xfe{\0}\0"[..], "it is in UTF-16"),
            (b"{\n\"a\": }", "line 2"),
            (b"{\"a\": \"\xff\"}", "it is no JSON"),
            (deep.as_bytes(), "recursion limit"),
            (b"", "EOF"),
        ] {
            write("b.json", bytes);
            let error = folder(dir.path()).unwrap_err().to_string();
            assert!(error.contains("`b.json`") && error.contains(why), "{error}");
        }
    }
}
