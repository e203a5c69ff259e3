//! The commit that a workspace stands at, for the record.

use std::path::Path;
use std::process::{Command, Stdio};

/// The abbreviated commit of `root`'s repository, with `+` when files of the workspace differ from it; `None` outside a
/// repository or without git.
#[must_use]
pub fn commit(root: &Path) -> Option<String> {
    let head = git(root, &["rev-parse", "--short=7", "HEAD"])?;
    let dirty = git(root, &["status", "--porcelain", "--", "."])?;
    let ours = dirty.lines().any(|line| line.trim_end_matches('"').ends_with(".toml"));
    let head = head.trim();
    (!head.is_empty()).then(|| if ours { format!("{head}+") } else { head.to_owned() })
}

fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(["-c", "core.fsmonitor=false", "--no-optional-locks", "-C"])
        .arg(root)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
