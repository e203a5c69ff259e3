//! A workspace on disk and the program that works on it, for the tests that run the program.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A workspace in a directory of its own.
pub struct House {
    directory: tempfile::TempDir,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl House {
    /// A workspace of so many users and packages, half as many of each as objects in all; `word` stands in every one.
    pub fn new(objects: usize, word: &str) -> House {
        let house = House { directory: tempfile::tempdir().unwrap() };
        house.write("writ.toml", "[workspace]\nname = \"house\"\n\n[limits]\nmax_deletes = \"100%\"\n");
        house.write("objects.toml", &objects_file(objects, word));
        house
    }

    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    pub fn store(&self) -> PathBuf {
        self.root().join(".writ/house.db")
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.root().join(name), text).unwrap();
    }

    /// The program, about to run in the workspace.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
        command.arg("--chdir").arg(self.root()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in ["WRIT_STORE", "WRIT_ACTOR", "WRIT_LOG"] {
            command.env_remove(name);
        }
        command.env("WRIT_INPUT", "0").env("USER", "ann").env("GIT_CEILING_DIRECTORIES", self.root());
        command
    }

    pub fn writ(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// Users, and a package with a policy for every third of them.
pub fn objects_file(objects: usize, word: &str) -> String {
    let mut text = String::from("[catalog.house]\ndescription = \"Rooms\"\n\n");
    for n in 0..objects / 2 {
        let _ = writeln!(text, "[user.\"u{n}@contoso.example\"]\ndepartment = \"{word}\"\n");
    }
    for n in 0..objects / 4 {
        let _ = writeln!(text, "[access_package.p{n}]\ncatalog = \"house\"\ndescription = \"{word}\"\n");
        let _ = writeln!(text, "[access_package.p{n}.policy.direct]\nrequestors = \"none\"\nexpiration = \"30d\"\n");
    }
    text
}
