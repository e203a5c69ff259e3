//! The real binary in a directory of its own.
#![allow(dead_code, clippy::allow_attributes, clippy::unwrap_used, clippy::panic, reason = "each test binary uses what it needs")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A workspace in a temporary directory, and the program to run in it.
pub struct Workspace {
    /// Removed with it.
    pub dir: TempDir,
}

/// What a run did.
pub struct Run {
    /// Its exit code; -1 when a signal ended it.
    pub code: i32,
    /// What it printed to stdout.
    pub out: String,
    /// What it printed to stderr.
    pub err: String,
}

impl Workspace {
    /// An empty directory.
    pub fn empty() -> Workspace {
        Workspace { dir: tempfile::tempdir().unwrap() }
    }

    /// A workspace of one file beside `writ.toml`.
    pub fn of(text: &str) -> Workspace {
        let workspace = Workspace::empty();
        workspace.write("writ.toml", "[workspace]\nname = \"test\"\n");
        workspace.write("all.toml", text);
        workspace
    }

    /// A copy of a directory.
    pub fn copy(of: &Path) -> Workspace {
        let workspace = Workspace::empty();
        copy(of, workspace.dir.path());
        workspace
    }

    /// An example of the repository.
    pub fn example(name: &str) -> Workspace {
        Workspace::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name))
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces a text in a file; it must be there.
    pub fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// The program, in a clean environment, in this directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
        command.args(arguments).current_dir(self.dir.path()).env_clear();
        command.env("USER", "olga").env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null());
        command
    }

    /// Runs it.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Runs it, expecting an exit code.
    pub fn expect(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, code, "writ {arguments:?}\n--- stdout\n{}\n--- stderr\n{}", run.out, run.err);
        run
    }

    /// Applies whatever it says.
    pub fn apply(&self) -> Run {
        self.expect(0, &["apply", "--auto-approve"])
    }
}

impl Run {
    /// What a finished process did.
    pub fn of(output: Output) -> Run {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// stdout as the one JSON document.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}", self.out))
    }

    /// Both outputs hold each of these texts.
    pub fn says(&self, texts: &[&str]) -> &Run {
        for text in texts {
            assert!(
                self.out.contains(text) || self.err.contains(text),
                "missing {text:?}\n--- stdout\n{}\n--- stderr\n{}",
                self.out,
                self.err
            );
        }
        self
    }
}

/// Copies a tree without what Writ keeps in it.
pub fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_name() == ".writ" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
