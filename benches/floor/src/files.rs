//! The files of a workspace, all but `writ.toml`.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// In the order of names.
pub fn list(workspace: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(workspace).join("catalogs")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|x| x == "toml")).collect();
    paths.push(Path::new(workspace).join("directory.toml"));
    paths.sort_unstable();
    paths
}

/// Unique among them.
pub fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// When it was written, in nanoseconds, and its size.
pub fn stat(path: &Path) -> (i64, i64) {
    let found = fs::metadata(path).unwrap();
    (found.mtime() * 1_000_000_000 + found.mtime_nsec(), found.size() as i64)
}

/// Its text, in a buffer that is used again.
pub fn read<'b>(path: &Path, buffer: &'b mut Vec<u8>) -> &'b str {
    buffer.clear();
    fs::File::open(path).unwrap().read_to_end(buffer).unwrap();
    std::str::from_utf8(buffer).unwrap()
}
