//! Reads the workspace: names and bytes, from beneath its root only.
//!
//! In: a directory. Out: [`Workspace`], or a finding for each file that cannot be a configuration.
//! Invariants: no link is followed, no file outside the root is opened, nothing but regular files is read, nothing is
//! started but `git` (and that never by `validate`); files come sorted by name.

pub mod answers;
mod beneath;
pub mod directory;
mod git;
mod list;
mod revision;
pub mod stamp;

pub use git::{commit, may_be_in_repository, repository, way_from_top};
pub use revision::{Past, RevisionError, at_revision};

use crate::config::{WRIT_TOML, read_settings};
use crate::diag::{Diagnostic, Diagnostics, SourceFile, Sources, Span, codes};
use crate::model::on_all;
use beneath::Beneath;
use list::{Filter, collisions, list};
use stamp::Stamp;
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest file, in bytes.
pub const LARGEST_FILE: u64 = 16 * 1024 * 1024;
/// The largest tree, in bytes.
pub const LARGEST_TREE: u64 = 1024 * 1024 * 1024;
/// How deep directories may be.
const DEEPEST: usize = 64;
/// The most files: one without an object in it is an error, and so many objects are the most.
pub const MOST_FILES: usize = 2_000_000;

/// How much a tree may hold.
#[derive(Debug, Clone, Copy)]
struct Limits {
    files: usize,
    bytes: u64,
}

const LIMITS: Limits = Limits { files: MOST_FILES, bytes: LARGEST_TREE };

/// A workspace as read.
#[derive(Debug)]
pub struct Workspace {
    /// Its directory.
    pub root: PathBuf,
    /// `writ.toml` and every file that belongs to it.
    pub sources: Sources,
    /// How each of them lay when it was read, in the same order; none where there are findings.
    pub stamps: Vec<Stamp>,
    /// When reading began, as stamps tell it.
    pub began: i64,
    /// Files that could not be taken as text.
    pub findings: Diagnostics,
}

/// A workspace that cannot be read at all.
#[derive(Debug)]
pub enum SourceError {
    /// There is no `writ.toml`.
    NoWorkspace(PathBuf),
    /// What stands in its place is not read: the directory, and what it is.
    Irregular(PathBuf, &'static str),
    /// The system refused.
    Io(PathBuf, std::io::Error),
    /// More than [`LARGEST_TREE`].
    TooLarge,
    /// More than [`MOST_FILES`].
    TooMany,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceError::NoWorkspace(dir) => write!(f, "`{}` is no workspace: it has no `writ.toml`", dir.display()),
            SourceError::Irregular(dir, what) => write!(f, "`writ.toml` of `{}` is {what}", dir.display()),
            SourceError::Io(path, _) => write!(f, "cannot read `{}`", path.display()),
            SourceError::TooLarge => write!(f, "the workspace holds more than 1 GiB"),
            SourceError::TooMany => write!(f, "the workspace holds more than 2 million files"),
        }
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let SourceError::Io(_, e) = self { Some(e) } else { None }
    }
}

/// Reads the workspace in `root`.
///
/// # Errors
/// When there is no `writ.toml`, or a directory cannot be listed. Files that are no text are findings, not errors.
pub fn read(root: &Path) -> Result<Workspace, SourceError> {
    read_within(root, LIMITS)
}

fn read_within(root: &Path, limits: Limits) -> Result<Workspace, SourceError> {
    let began = stamp::now();
    let mut findings = Diagnostics::new();
    let mut refused = Vec::new();
    is_workspace(root)?;
    let mut beneath = Beneath::new(root).map_err(|e| SourceError::Io(root.to_owned(), e))?;
    let Some(settings_file) = read_file(root, &mut beneath, WRIT_TOML, &mut refused)? else {
        return Ok(refuse(root, Vec::new(), began, refused, findings));
    };
    // Read here only for its globs: what is wrong with it is told by `config`.
    let settings = read_settings(&Sources::new(vec![settings_file.0.clone()]), &mut Diagnostics::new());
    let filter = Filter::new(settings.as_ref());
    let mut names = Vec::new();
    list(root, "", 0, &filter, &mut names, &mut findings)?;
    if names.len() > limits.files {
        return Err(SourceError::TooMany);
    }
    names.sort_unstable();
    collisions(&names, &mut refused);
    let mut files = vec![settings_file];
    let mut total = 0u64;
    // On all processors, but no more at a time than may be too much.
    for many in names.chunks(AT_ONCE) {
        let parts: Vec<&[String]> = many.chunks(AT_ONCE / 4).collect();
        for part in on_all(&parts, 2, |part| read_files(root, part)) {
            let (read, theirs) = part?;
            total = read.iter().fold(total, |total, (file, _)| total.saturating_add(file.text.len() as u64));
            files.extend(read);
            refused.extend(theirs);
        }
        if total > limits.bytes {
            return Err(SourceError::TooLarge);
        }
    }
    Ok(refuse(root, files, began, refused, findings))
}

/// So many files are read before it is looked at how much they are.
const AT_ONCE: usize = 32;

/// What is read of some files: those that can be, and those that are refused.
type Part = (Vec<(SourceFile, Stamp)>, Vec<(String, Reason)>);

fn read_files(root: &Path, names: &[String]) -> Result<Part, SourceError> {
    let mut beneath = Beneath::new(root).map_err(|e| SourceError::Io(root.to_owned(), e))?;
    let mut refused = Vec::new();
    let read = names.iter().filter_map(|name| read_file(root, &mut beneath, name, &mut refused).transpose());
    let read = read.collect::<Result<_, _>>()?;
    Ok((read, refused))
}

/// Whether a regular `writ.toml` stands there.
fn is_workspace(root: &Path) -> Result<(), SourceError> {
    match fs::symlink_metadata(root.join(WRIT_TOML)) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(found) if found.is_symlink() => Err(SourceError::Irregular(root.to_owned(), "a link, and links are not followed")),
        Ok(_) => Err(SourceError::Irregular(root.to_owned(), "no regular file")),
        Err(_) => Err(SourceError::NoWorkspace(root.to_owned())),
    }
}

/// Reads `writ.toml` alone.
///
/// # Errors
/// When there is none, or it is no text.
pub fn read_settings_file(root: &Path) -> Result<Sources, SourceError> {
    is_workspace(root)?;
    let mut refused = Vec::new();
    let mut beneath = Beneath::new(root).map_err(|e| SourceError::Io(root.to_owned(), e))?;
    let file = read_file(root, &mut beneath, WRIT_TOML, &mut refused)?;
    Ok(Sources::new(file.into_iter().map(|(file, _)| file).collect()))
}

/// Why a file is not read.
#[derive(Debug)]
pub enum Reason {
    /// A directory, a pipe, a device.
    Irregular,
    /// Beyond 16 MiB.
    Large,
    /// It begins with a byte order mark.
    ByteOrderMark,
    /// The first byte that is none of UTF-8's, from 0.
    Bytes(usize),
    /// With the other file.
    Collides(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Irregular => f.write_str("is no regular file"),
            Reason::Large => f.write_str("is larger than 16 MiB"),
            Reason::ByteOrderMark => f.write_str("begins with a byte order mark: save it as plain UTF-8"),
            Reason::Bytes(at) => write!(f, "is not UTF-8, at byte {at}"),
            Reason::Collides(other) => write!(f, "and `{}` are one file on some machines", other.escape_default()),
        }
    }
}

/// Findings about files need the numbers that files get once all are there.
fn refuse(
    root: &Path,
    mut read: Vec<(SourceFile, Stamp)>,
    began: i64,
    refused: Vec<(String, Reason)>,
    mut findings: Diagnostics,
) -> Workspace {
    // As sources are sorted.
    read.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let (mut files, stamps): (Vec<SourceFile>, Vec<Stamp>) = read.into_iter().unzip();
    // One that collides is read all the same, or refused for something else too.
    let unread = refused.iter().filter(|(_, why)| !matches!(why, Reason::Collides(_)));
    files.extend(unread.map(|(name, _)| SourceFile::new(name, "")));
    let sources = Sources::new(files);
    let numbers: HashMap<&str, u32> =
        if refused.is_empty() { HashMap::new() } else { sources.iter().map(|(n, f)| (f.name.as_str(), n)).collect() };
    for (name, why) in refused {
        let at = numbers.get(name.as_str()).map_or(Span::NONE, |n| Span::new(*n, 0..0));
        // Of names that look the same, every letter is told.
        let (name, help) = match why {
            Reason::Collides(_) => (name.escape_default().to_string(), "rename one of the two"),
            _ => {
                (name.escape_debug().to_string(), "a file that is no configuration is left out by `exclude` in `[workspace]` of writ.toml")
            }
        };
        findings.push(Diagnostic::new(&codes::E0002, at, format!("`{name}` {why}")).at("workspace").help(help));
    }
    let stamps = if findings.is_empty() { stamps } else { Vec::new() };
    Workspace { root: root.to_owned(), sources, stamps, began, findings }
}

/// The text of a regular file, and how it lay before it was read; `None`, with the reason, when it is none.
fn read_file(
    root: &Path,
    beneath: &mut Beneath,
    name: &str,
    refused: &mut Vec<(String, Reason)>,
) -> Result<Option<(SourceFile, Stamp)>, SourceError> {
    let fail = |e| SourceError::Io(root.join(name), e);
    let mut refuse = |why| {
        refused.push((name.to_owned(), why));
        Ok(None)
    };
    let mut file = beneath.open(name).map_err(fail)?;
    let there = file.metadata().map_err(fail)?;
    if !there.is_file() {
        return refuse(Reason::Irregular);
    }
    // Just as much as there is, since it is kept.
    let most = LARGEST_FILE.saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(there.len().min(most)).unwrap_or_default());
    file.by_ref().take(most).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return refuse(Reason::Large);
    }
    match text(name, bytes) {
        Ok(file) => Ok(Some((file, Stamp::of(&there)))),
        Err(why) => refuse(why),
    }
}

/// Bytes as the text of a file.
///
/// # Errors
/// Why they are none.
pub fn text(name: &str, bytes: Vec<u8>) -> Result<SourceFile, Reason> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Reason::ByteOrderMark);
    }
    String::from_utf8(bytes).map(|text| SourceFile::new(name, text)).map_err(|error| Reason::Bytes(error.utf8_error().valid_up_to()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_vanishes_unsaid() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("workspace");
        let away = place.path().join("away");
        for dir in [&root, &away, &root.join("own")] {
            fs::create_dir(dir).unwrap();
        }
        fs::write(away.join("groups.toml"), "[group.a]\n").unwrap();
        fs::write(root.join("own/groups.toml"), "[group.b]\n").unwrap();
        for link in ["linked", "legacy", "also-out", ".hidden"] {
            symlink(&away, root.join(link)).unwrap();
        }
        symlink(place.path().join("nowhere"), root.join("dangling")).unwrap();
        let odd = |bytes: &[u8]| root.join(std::ffi::OsStr::from_bytes(bytes));
        fs::write(odd(b"caf\xe9.toml"), "").unwrap();
        fs::write(odd(b"caf\xe9.txt"), "").unwrap();
        fs::create_dir(odd(b"dir\xe9")).unwrap();
        let told = |exclude: &str| {
            fs::write(root.join(WRIT_TOML), format!("[workspace]\nname = \"x\"\nexclude = [{exclude}]\n")).unwrap();
            let workspace = read(&root).unwrap();
            let names: Vec<String> = workspace.sources.iter().map(|(_, f)| f.name.clone()).collect();
            assert_eq!(names, ["own/groups.toml", WRIT_TOML]);
            let mut all: Vec<String> = workspace.findings.iter().map(|f| f.message.clone()).collect();
            assert!(workspace.findings.iter().all(|f| f.code.id == "E0002" && f.help.is_some()));
            all.sort();
            all
        };
        assert_eq!(
            told("\"legacy/**\", \"also-out\""),
            [
                "`caf\u{fffd}.toml` has a name that is not UTF-8",
                "`dir\u{fffd}` has a name that is not UTF-8",
                "`linked` is a link to a directory, and links are not followed",
            ]
        );
        assert_eq!(told("\"legacy/**\", \"also-out\", \"linked/*.toml\", \"caf*.toml\", \"dir*/**\""), Vec::<String>::new());
    }

    #[test]
    fn a_tree_is_bounded() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        fs::write(root.join(WRIT_TOML), "[workspace]\nname = \"x\"\n").unwrap();
        for name in ["a.toml", "b.toml"] {
            fs::write(root.join(name), "# 10 bytes").unwrap();
        }
        let refused = |files, bytes| read_within(root, Limits { files, bytes }).err().map(|e| e.to_string());
        assert_eq!(refused(2, 20), None);
        assert_eq!(refused(1, 20).as_deref(), Some("the workspace holds more than 2 million files"));
        assert_eq!(refused(2, 19).as_deref(), Some("the workspace holds more than 1 GiB"));
        assert_eq!((LIMITS.files, LIMITS.bytes), (2_000_000, 1 << 30));
    }
}
