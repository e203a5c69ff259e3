//! The workspace as a revision of git has it.
//!
//! In: a directory and what somebody calls a revision. Out: the texts of then, or why there are none.
//! Invariants: nothing is checked out and nothing is fetched; no filter and no hook of the repository runs; what is read is what the
//! workspace of then would have read: beneath its root, no links, nothing hidden, nothing of a workspace within.

use super::git::{command, git_bytes, may_be_in_repository};
use super::{Filter, LARGEST_FILE, LARGEST_TREE, MOST_FILES, WRIT_TOML, read_settings, text};
use crate::diag::{Diagnostics, SourceFile, Sources};
use std::collections::BTreeSet;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

/// A workspace as it was.
#[derive(Debug)]
pub struct Past {
    /// The abbreviated commit.
    pub commit: String,
    /// Its texts; `None`: there was no workspace then.
    pub sources: Option<Sources>,
}

/// Why a workspace cannot be read as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RevisionError {
    /// There is no repository, or no git.
    NoRepository,
    /// The repository has no such revision; it is a shallow clone, or not.
    Unknown(String, bool),
    /// A file of that revision cannot be read: its name, and why.
    Unreadable(String, String),
    /// Git did not say what it holds.
    Silent,
}

impl RevisionError {
    /// The way forward.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            RevisionError::NoRepository => {
                "`--since` compares with a commit of git: run it in a clone, with git on the PATH; `git status` says what git minds"
            }
            RevisionError::Unknown(_, true) => {
                "this clone is shallow: fetch the history (`git fetch --unshallow`; in CI, a checkout with `fetch-depth: 0`)"
            }
            RevisionError::Unknown(_, false) => {
                "name a commit, a branch or a tag, such as `origin/main`; `git fetch` brings those of others"
            }
            RevisionError::Unreadable(..) => "compare with a revision in which it is as it should be",
            RevisionError::Silent => "`git fsck` tells what is wrong with the repository; a partial clone lacks what it did not fetch",
        }
    }
}

impl fmt::Display for RevisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RevisionError::NoRepository => f.write_str("the workspace is in no git repository"),
            RevisionError::Unknown(name, _) => write!(f, "git knows no revision `{}`", name.escape_debug()),
            RevisionError::Unreadable(name, why) => write!(f, "`{}` {why}", name.escape_debug()),
            RevisionError::Silent => f.write_str("git cannot read the revision"),
        }
    }
}

impl std::error::Error for RevisionError {}

/// Reads the workspace in `root` as a revision has it: anything that `git rev-parse` takes for a commit.
///
/// # Errors
/// [`RevisionError`].
pub fn at_revision(root: &Path, revision: &str) -> Result<Past, RevisionError> {
    let line = |arguments: &[&str]| Some(String::from_utf8(git_bytes(root, arguments)?).ok()?.trim_end().to_owned());
    if !may_be_in_repository(root) {
        return Err(RevisionError::NoRepository);
    }
    let shallow = line(&["rev-parse", "--is-shallow-repository"]).ok_or(RevisionError::NoRepository)? == "true";
    let unknown = || RevisionError::Unknown(revision.to_owned(), shallow);
    // No name of git's begins like an option, so that none is taken for one.
    if revision.is_empty() || revision.starts_with('-') || revision.contains('\0') {
        return Err(unknown());
    }
    let named = line(&["rev-parse", "--verify", "--quiet", revision]).filter(|id| is_id(id)).ok_or_else(unknown)?;
    let commit = line(&["rev-parse", "--verify", "--quiet", &format!("{named}^{{commit}}")]).filter(|id| is_id(id)).ok_or_else(unknown)?;
    let short = line(&["rev-parse", "--short=7", &commit]).ok_or(RevisionError::Silent)?;
    // Of a directory only what is in it is listed, by its name from there.
    let listed = git_bytes(root, &["ls-tree", "-r", "-z", "--long", &commit]).ok_or(RevisionError::Silent)?;
    let entries: Vec<Entry<'_>> = listed.split(|b| *b == 0).filter_map(|e| Entry::read(std::str::from_utf8(e).ok()?)).collect();
    let Some(settings) = entries.iter().find(|e| e.name == WRIT_TOML) else { return Ok(Past { commit: short, sources: None }) };
    let mut files = read(root, &[settings])?;
    let known = read_settings(&Sources::new(files.clone()), &mut Diagnostics::new());
    let filter = Filter::new(known.as_ref());
    let others: BTreeSet<&str> = entries.iter().filter_map(|e| e.name.strip_suffix("/writ.toml")).collect();
    let is_read = |entry: &&Entry<'_>| {
        let hidden = entry.name.split('/').any(|part| part.starts_with('.'));
        let mut above = entry.name.match_indices('/').filter_map(|(i, _)| entry.name.get(..i));
        entry.name != WRIT_TOML && filter.takes(entry.name) && !hidden && !above.any(|dir| others.contains(dir))
    };
    let wanted: Vec<&Entry<'_>> = entries.iter().filter(is_read).collect();
    let total = wanted.iter().fold(0u64, |total, entry| total.saturating_add(entry.size));
    if total > LARGEST_TREE || wanted.len() > MOST_FILES {
        return Err(RevisionError::Unreadable(short, "holds more than a workspace may".to_owned()));
    }
    files.extend(read(root, &wanted)?);
    Ok(Past { commit: short, sources: Some(Sources::new(files)) })
}

/// A file of a tree.
struct Entry<'t> {
    id: &'t str,
    size: u64,
    name: &'t str,
}

impl<'t> Entry<'t> {
    /// `100644 blob ID SIZE<TAB>NAME`; links, and repositories within, are none.
    fn read(text: &'t str) -> Option<Entry<'t>> {
        let (head, name) = text.split_once('\t')?;
        let mut words = head.split_ascii_whitespace();
        let (mode, id) = (words.next()?, words.nth(1)?);
        let size = words.next()?.parse().ok()?;
        (mode.starts_with("100") && is_id(id)).then_some(Entry { id, size, name })
    }
}

/// Whether a text is the whole id of an object of git's.
fn is_id(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The texts of some files, in one run of git.
fn read(root: &Path, entries: &[&Entry<'_>]) -> Result<Vec<SourceFile>, RevisionError> {
    if let Some(large) = entries.iter().find(|e| e.size > LARGEST_FILE) {
        return Err(RevisionError::Unreadable(large.name.to_owned(), "is larger than 16 MiB".to_owned()));
    }
    let asked: String = entries.iter().map(|entry| format!("{}\n", entry.id)).collect();
    let told = ask(root, &asked).ok_or(RevisionError::Silent)?;
    let mut rest = told.as_slice();
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        let body = taken(&mut rest, entry).ok_or(RevisionError::Silent)?;
        let file = text(entry.name, body.to_vec());
        files.push(file.map_err(|why| RevisionError::Unreadable(entry.name.to_owned(), why.to_string()))?);
    }
    Ok(files)
}

/// What git says of the objects of these ids.
fn ask(root: &Path, asked: &str) -> Option<Vec<u8>> {
    let mut child = command(root, &["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    // Asked beside, since git answers while it is still being asked.
    std::thread::scope(|scope| {
        let asking = scope.spawn(move || stdin.write_all(asked.as_bytes()));
        let output = child.wait_with_output();
        asking.join().ok()?.ok()?;
        output.ok().filter(|output| output.status.success()).map(|output| output.stdout)
    })
}

/// The body of one answer: `ID blob SIZE`, the bytes, the end of a line.
fn taken<'a>(rest: &mut &'a [u8], entry: &Entry<'_>) -> Option<&'a [u8]> {
    let end = rest.iter().position(|b| *b == b'\n')?;
    let (head, after) = rest.split_at(end);
    let expected = format!("{} blob {}", entry.id, entry.size);
    let size = usize::try_from(entry.size).ok()?;
    let body = after.get(1..)?.get(..size).filter(|_| head == expected.as_bytes())?;
    *rest = after.get(size.checked_add(2)?..)?;
    Some(body)
}
