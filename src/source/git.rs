//! The commit that a workspace stands at, for the record.
//!
//! A repository's configuration can name programs for git to run: filters, monitors, hooks, ways to fetch. None of them
//! runs: the workspace may be anybody's.

use super::{Filter, WRIT_TOML, read_settings, read_settings_file};
use crate::diag::Diagnostics;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The abbreviated commit of `root`'s repository, with `+` when files of the workspace differ from it, untracked and ignored
/// ones included; `None` outside a repository or without git.
#[must_use]
pub fn commit(root: &Path) -> Option<String> {
    if !may_be_in_repository(root) {
        return None;
    }
    let place = git(root, &["rev-parse", "--show-prefix", "--short=7", "HEAD"])?;
    let (prefix, head) = place.trim_end_matches('\n').rsplit_once('\n')?;
    // Each file by itself, as it is spelled: directories are not folded, renames are two entries.
    let filters = git(root, &["config", "--null", "--name-only", "--get-regexp", "^filter\\."]).unwrap_or_default();
    let without: Vec<String> = filters
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(|name| format!("{name}={}", if name.ends_with(".required") { "false" } else { "" }))
        .flat_map(|setting| ["-c".to_owned(), setting])
        .collect();
    let without: Vec<&str> = without.iter().map(String::as_str).collect();
    let status = git(
        root,
        &[
            &without[..],
            &[
                "status",
                "--porcelain=v1",
                "-z",
                "--untracked-files=all",
                "--ignored=traditional",
                "--no-renames",
                "--ignore-submodules=all",
                "--",
                ".",
            ],
        ]
        .concat(),
    )?;
    let settings = read_settings_file(root).ok().and_then(|sources| read_settings(&sources, &mut Diagnostics::new()));
    let filter = Filter::new(settings.as_ref());
    let named = status.split('\0').filter_map(|entry| entry.get(3..)?.strip_prefix(prefix));
    let differs = named.into_iter().any(|name| is_read(root, name, &filter));
    (!head.is_empty()).then(|| if differs { format!("{head}+") } else { head.to_owned() })
}

/// The top of `root`'s repository, and the way from there to `root`, with `/` at its end unless it is empty; `None` outside a
/// repository or without git.
#[must_use]
pub fn repository(root: &Path) -> Option<(PathBuf, String)> {
    if !may_be_in_repository(root) {
        return None;
    }
    let place = git(root, &["rev-parse", "--show-toplevel", "--show-prefix"])?;
    let (top, prefix) = place.strip_suffix('\n')?.split_once('\n')?;
    Some((PathBuf::from(top), prefix.to_owned()))
}

/// The way from the top of `root`'s repository to `root`, as [`repository`] tells it, without git being started or anything being opened:
/// the top is where `.git` stands.
#[must_use]
pub fn way_from_top(root: &Path) -> Option<String> {
    let root = root.canonicalize().ok()?;
    let top = root.ancestors().find(|above| above.join(".git").symlink_metadata().is_ok())?;
    let way = root.strip_prefix(top).ok()?.to_string_lossy().into_owned();
    Some(if way.is_empty() { way } else { format!("{way}/") })
}

/// Whether git could find a repository: starting it to be told that there is none takes as long as a small plan. Above the directory
/// it looks for `.git`, or a `HEAD` where the directory is a repository itself, unless `GIT_DIR` says where.
#[must_use]
pub fn may_be_in_repository(root: &Path) -> bool {
    let Ok(root) = root.canonicalize() else { return true };
    std::env::var_os("GIT_DIR").is_some()
        || root.ancestors().any(|above| [".git", "HEAD"].iter().any(|name| above.join(name).symlink_metadata().is_ok()))
}

/// Whether a file, there or gone, is one of the workspace: not hidden, not of a workspace within, and not left out.
fn is_read(root: &Path, name: &str, filter: &Filter) -> bool {
    if name == WRIT_TOML {
        return true;
    }
    let hidden = name.split('/').any(|part| part.starts_with('.'));
    let mut above = Path::new(name).ancestors().skip(1).filter(|dir| !dir.as_os_str().is_empty());
    filter.takes(name)
        && !hidden
        && !name.ends_with("/writ.toml")
        && !above.any(|dir| root.join(dir).join(WRIT_TOML).symlink_metadata().is_ok())
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    git_bytes(root, arguments).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// What git prints, if it can do what is asked of it.
pub(super) fn git_bytes(root: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = command(root, arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// A run of git that starts nothing else.
pub(super) fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never", "--no-optional-locks", "-C"])
        .arg(root)
        .env("GIT_NO_LAZY_FETCH", "1")
        .args(arguments)
        .stderr(Stdio::null());
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn run(root: &Path, arguments: &[&str]) {
        git(root, &[&["-c", "user.name=a", "-c", "user.email=a@example.com"], arguments].concat()).unwrap();
    }

    #[test]
    fn a_commit_is_marked_when_any_file_that_is_read_is_not_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("my team");
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let clean = || !commit(&root).unwrap().ends_with('+');
        write("writ.toml", "[workspace]\nname = \"x\"\nexclude = [\"tools/**\"]\n");
        write("a/\u{e9} one.toml", "");
        write(".gitignore", ".writ/\nlocal/\n");
        run(dir.path(), &["init", "-q"]);
        assert_eq!(commit(&root), None);
        run(dir.path(), &["add", "."]);
        run(dir.path(), &["commit", "-qm", "one"]);
        assert!(clean());
        assert_eq!(way_from_top(&root).as_deref(), Some("my team/"));
        assert_eq!(way_from_top(&root), repository(&root).map(|(_, way)| way));
        assert_eq!(way_from_top(dir.path()).as_deref(), Some(""));
        // What is not read does not count.
        for name in [".writ/a.toml", "tools/a.toml", "notes.txt", "inner/writ.toml", "inner/a.toml", "../beside.toml"] {
            write(name, "x = 1\n");
            assert!(clean(), "{name}");
        }
        // What is read does: new ones in a new directory, ignored ones, changed ones.
        for name in ["new/deep/a.toml", "local/a.toml", "two\nlines.toml"] {
            write(name, "");
            assert!(!clean(), "{name}");
            fs::remove_file(root.join(name)).unwrap();
            assert!(clean(), "{name}");
        }
        fs::rename(root.join("a"), root.join("b")).unwrap();
        assert!(!clean());
        fs::rename(root.join("b"), root.join("a")).unwrap();
        fs::remove_file(root.join("a/\u{e9} one.toml")).unwrap();
        assert!(!clean());
    }
}
