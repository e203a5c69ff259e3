//! Puts files into canonical form, or says which are not.

use super::{Context, Failure};
use crate::config::format;
use crate::diag::{Diagnostics, SourceFile, Sources};
use crate::source::{self, SourceError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file whose canonical form is another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reformatted {
    /// Relative to the workspace.
    pub name: String,
    /// As it is.
    pub before: String,
    /// As it should be.
    pub after: String,
}

/// The files that are not in canonical form: those of the workspace, or those that `paths` names. With `moves`, old names
/// are replaced too. Nothing is written.
///
/// # Errors
/// When a file is no TOML: none is formatted then.
pub fn format(context: &Context, paths: &[PathBuf], moves: bool) -> Result<Vec<Reformatted>, Failure> {
    let workspace = source::read(&context.root)?;
    if workspace.findings.has_errors() {
        return Err(Failure::Findings(Box::new((workspace.findings, workspace.sources))));
    }
    let before = workspace.sources;
    let renamed = if moves { format::with_moves(&before).map_err(|found| findings(found, &before))? } else { before.clone() };
    let mut out = Vec::new();
    let mut found = Diagnostics::new();
    let mut any = paths.is_empty();
    let wanted: Vec<PathBuf> = paths.iter().map(|p| relative(&context.root, p)).collect();
    for ((number, old), (_, new)) in before.iter().zip(renamed.iter()) {
        if !paths.is_empty() && !wanted.iter().any(|p| is_within(&old.name, p)) {
            continue;
        }
        any = true;
        match format::format(number, new) {
            Ok(after) if after != old.text => out.push(Reformatted { name: old.name.clone(), before: old.text.clone(), after }),
            Ok(_) => {}
            Err(errors) => found.extend(errors),
        }
    }
    if !any {
        let names = paths.iter().map(|p| format!("`{}`", p.display())).collect::<Vec<_>>().join(", ");
        return Err(Failure::Usage(
            format!("{names}: no such file in the workspace"),
            "a path is absolute, or relative to the workspace".to_owned(),
        ));
    }
    if found.has_errors() { Err(findings(found, &before)) } else { Ok(out) }
}

/// The canonical form of one text that is no file of the workspace.
///
/// # Errors
/// When it is no TOML.
pub fn format_text(name: &str, text: String) -> Result<String, Failure> {
    let file = SourceFile::new(name, text);
    format::format(0, &file).map_err(|found| findings(found, &Sources::new(vec![file])))
}

/// Writes the texts, each file whole or not at all; none, where one is not as it was read.
///
/// # Errors
/// When somebody edited a file meanwhile, or the system refuses.
pub fn write(context: &Context, files: &[Reformatted]) -> Result<(), Failure> {
    let moved = |file: &&Reformatted| {
        std::fs::read(context.root.join(&file.name)).map_or(!file.before.is_empty(), |now| now != file.before.as_bytes())
    };
    if let Some(file) = files.iter().find(moved) {
        let message = format!("`{}` was edited meanwhile; nothing was written", file.name);
        return Err(Failure::Usage(message, "run the command again".to_owned()));
    }
    for file in files {
        let path = context.root.join(&file.name);
        let fail = |e: std::io::Error| Failure::Io(format!("cannot write `{}`", path.display()), e);
        let directory = path.parent().unwrap_or(Path::new("."));
        let mut draft = tempfile::Builder::new().prefix(".writ-fmt-").tempfile_in(directory).map_err(fail)?;
        draft.write_all(file.after.as_bytes()).map_err(fail)?;
        if let Ok(metadata) = std::fs::metadata(&path) {
            draft.as_file().set_permissions(metadata.permissions()).map_err(fail)?;
        }
        draft.as_file().sync_all().map_err(fail)?;
        draft.persist(&path).map_err(|e| fail(e.error))?;
    }
    Ok(())
}

fn findings(found: Diagnostics, sources: &Sources) -> Failure {
    Failure::Findings(Box::new((found, sources.clone())))
}

/// A path as the workspace has it: an absolute one that leads into the workspace without the way there.
fn relative(root: &Path, path: &Path) -> PathBuf {
    if !path.is_absolute() {
        return path.to_owned();
    }
    let inside = || Some(path.canonicalize().ok()?.strip_prefix(root.canonicalize().ok()?).ok()?.to_owned());
    inside().unwrap_or_else(|| path.to_owned())
}

fn is_within(name: &str, path: &Path) -> bool {
    let path = path.strip_prefix("./").unwrap_or(path);
    Path::new(name).starts_with(path)
}

/// What was read of a text that came by another way than the workspace.
///
/// # Errors
/// When it is not UTF-8 or too large.
pub fn read_text(bytes: Vec<u8>) -> Result<String, Failure> {
    if bytes.len() as u64 > source::LARGEST_FILE {
        return Err(Failure::Source(SourceError::TooLarge));
    }
    String::from_utf8(bytes).map_err(|_| Failure::Usage("the input is not UTF-8".to_owned(), "save it as plain UTF-8".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Environment;

    #[test]
    fn what_somebody_edited_meanwhile_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let context = Context {
            root: dir.path().to_owned(),
            environment: Environment::default(),
            acting: None,
            operator: "operator:olga@host".to_owned(),
            now: chrono::DateTime::UNIX_EPOCH,
            mint: String::new,
            tell: |_| (),
            note: |_| (),
        };
        let file = |name: &str, before: &str| Reformatted { name: name.to_owned(), before: before.to_owned(), after: "new".to_owned() };
        std::fs::write(dir.path().join("a.toml"), "old").unwrap();
        std::fs::write(dir.path().join("b.toml"), "edited").unwrap();
        assert!(write(&context, &[file("a.toml", "old"), file("b.toml", "old")]).is_err());
        assert!(write(&context, &[file("b.toml", "")]).is_err());
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!((read("a.toml"), read("b.toml")), ("old".to_owned(), "edited".to_owned()));
        write(&context, &[file("a.toml", "old"), file("c.toml", "")]).unwrap();
        assert_eq!((read("a.toml"), read("c.toml")), ("new".to_owned(), "new".to_owned()));
    }
}
