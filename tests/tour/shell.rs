//! Where pages run: a directory of their own, and as little environment as will do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A shell that remembers its directory and the status of its last command.
pub struct Shell {
    /// Gone with the shell.
    place: tempfile::TempDir,
    cwd: PathBuf,
    status: i32,
}

impl Shell {
    /// A place that holds `repository/examples` and an empty home.
    pub fn new(repository: &Path) -> Shell {
        let place = tempfile::tempdir().unwrap();
        let cwd = place.path().join("repository");
        fs::create_dir_all(place.path().join("home")).unwrap();
        copy(&repository.join("examples"), &cwd.join("examples"));
        Shell { place, cwd, status: 0 }
    }

    /// What a command says on both streams, and how it ends.
    pub fn run(&mut self, command: &str) -> (String, i32) {
        let after = self.place.path().join("cwd");
        let script = format!("exec 2>&1\ntrap 'pwd > \"$0\"' EXIT\n(exit {})\n{command}\n", self.status);
        let writ = Path::new(env!("CARGO_BIN_EXE_writ")).parent().unwrap();
        let path = std::env::join_paths(
            std::iter::once(writ.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        );
        let output = Command::new("sh")
            .args(["-c", &script])
            .arg(&after)
            .current_dir(&self.cwd)
            .env_clear()
            .env("PATH", path.unwrap())
            .env("HOME", self.place.path().join("home"))
            .env("USER", "reader")
            .env("LC_ALL", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env("GIT_CEILING_DIRECTORIES", self.place.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        self.cwd = PathBuf::from(fs::read_to_string(&after).unwrap().trim_end());
        self.status = output.status.code().unwrap_or(-1);
        (String::from_utf8(output.stdout).unwrap(), self.status)
    }

    /// Whether there is a program of this name.
    pub fn has(&mut self, program: &str) -> bool {
        let status = self.status;
        let (_, missing) = self.run(&format!("command -v {program}"));
        self.status = status;
        missing == 0
    }

    /// Replaces the one place in a file that reads `before`.
    pub fn edit(&self, file: &str, before: &str, after: &str) -> Result<(), String> {
        let path = self.cwd.join(file);
        let text = fs::read_to_string(&path).map_err(|e| format!("`{file}`: {e}"))?;
        match text.matches(before).count() {
            1 => fs::write(&path, text.replacen(before, after, 1)).map_err(|e| format!("`{file}`: {e}")),
            n => Err(format!("`{file}` holds this {n} times, and not once:\n{before}")),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        // Somebody's store is no part of the examples.
        match entry.file_type().unwrap().is_dir() {
            true if entry.file_name() == ".writ" => {}
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
