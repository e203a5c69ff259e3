//! Which files are the workspace's, by their names alone.
//!
//! In: a directory. Out: names, and findings about what could not be one. No file is opened, and no link is followed.

use super::{DEEPEST, Reason, SourceError};
use crate::config::{Settings, WRIT_TOML};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::text::is_hostile;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use unicode_normalization::UnicodeNormalization;

/// Which files belong to the workspace.
pub(super) struct Filter {
    include: GlobSet,
    exclude: GlobSet,
}

impl Filter {
    pub(super) fn new(settings: Option<&Settings>) -> Filter {
        let set = |globs: &[String]| {
            let mut builder = GlobSetBuilder::new();
            for glob in globs.iter().filter_map(|g| GlobBuilder::new(g).literal_separator(true).build().ok()) {
                builder.add(glob);
            }
            builder.build().unwrap_or_default()
        };
        let everything = [String::from("**/*.toml")];
        Filter { include: set(settings.map_or(&everything[..], |s| &s.include)), exclude: set(settings.map_or(&[], |s| &s.exclude)) }
    }

    /// Whether `exclude` leaves out a directory, or any configuration in it.
    fn leaves_out(&self, name: &str) -> bool {
        self.exclude.is_match(name) || self.exclude.is_match(format!("{name}/x.toml"))
    }

    pub(super) fn takes(&self, name: &str) -> bool {
        name.ends_with(".toml") && self.include.is_match(name) && !self.exclude.is_match(name)
    }
}

/// The names of the files of a directory and of those below it, each behind `prefix`; what may have been meant and cannot be read is told.
pub(super) fn list(
    dir: &Path,
    prefix: &str,
    depth: usize,
    filter: &Filter,
    names: &mut Vec<String>,
    findings: &mut Diagnostics,
) -> Result<(), SourceError> {
    let fail = |e| SourceError::Io(dir.to_owned(), e);
    for entry in fs::read_dir(dir).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let raw = entry.file_name();
        let leaf = raw.to_string_lossy();
        // What is hidden is an editor's or a tool's.
        if leaf.starts_with('.') {
            continue;
        }
        let name = format!("{prefix}{leaf}");
        let kind = entry.file_type().map_err(fail)?;
        let mut refuse = |why: &str| {
            let help = "rename it or put a copy in its place, or leave it out by `exclude` in `[workspace]` of writ.toml";
            let message = format!("`{}` {why}", name.escape_debug());
            findings.push(Diagnostic::new(&codes::E0002, Span::NONE, message).at("workspace").help(help));
        };
        // What a link leads to is not read, but may have been meant: nothing in it vanishes unsaid.
        let links_to_dir = kind.is_symlink() && fs::metadata(entry.path()).is_ok_and(|m| m.is_dir());
        if raw.to_str().is_none() {
            let may_hold = kind.is_dir() || links_to_dir || leaf.ends_with(".toml");
            if may_hold && !filter.leaves_out(&name) {
                refuse("has a name that is not UTF-8");
            }
        } else if links_to_dir {
            if !filter.leaves_out(&name) {
                refuse("is a link to a directory, and links are not followed");
            }
        } else if kind.is_dir() {
            if entry.path().join(WRIT_TOML).symlink_metadata().is_ok() {
                continue;
            }
            if depth >= DEEPEST {
                refuse("lies deeper than 64 directories");
                continue;
            }
            list(&entry.path(), &format!("{name}/"), depth.saturating_add(1), filter, names, findings)?;
        } else if leaf == WRIT_TOML || !filter.takes(&name) {
        } else if kind.is_symlink() {
            refuse("is a link, and links are not followed");
        } else if !kind.is_file() {
            refuse("is no regular file");
        } else if name.chars().any(|c| is_hostile(c, false)) {
            refuse("has a character in its name that controls a terminal or reorders text");
        } else {
            names.push(name);
        }
    }
    Ok(())
}

/// Names that are one name where case, or the composition of letters, makes no difference: what is read would depend on
/// the machine.
pub(super) fn collisions(names: &[String], refused: &mut Vec<(String, Reason)>) {
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    // Only names with something to fold can collide.
    if names.iter().all(|n| plain(n)) {
        return;
    }
    let mut seen: HashMap<String, &str> = HashMap::with_capacity(names.len());
    for name in names {
        let folded = if plain(name) { name.clone() } else { name.nfc().collect::<String>().to_lowercase().nfc().collect() };
        if let Some(first) = seen.insert(folded, name) {
            refused.push((name.clone(), Reason::Collides(first.to_owned())));
        }
    }
}
