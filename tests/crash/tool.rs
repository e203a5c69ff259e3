//! The program under the shim: every storage call is seen, and one of them can be made to fail or to be the last.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::{env, fs};

/// The shim, compiled once, in a directory of memory where there is one.
static SHIM: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let directory = scratch();
    let library = directory.path().join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/shim.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status().unwrap();
    assert!(built.success(), "the shim needs a C compiler");
    (directory, library)
});

/// A directory that is gone with its value; in memory, since the page cache survives the death of a process anyway.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What the shim does, and at which call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The word of the shim.
    pub does: &'static str,
    /// The call, from 1.
    pub at: usize,
    /// At all later calls too.
    pub on: bool,
    /// Calls that only look count as well.
    pub looks: bool,
}

impl Fault {
    /// At one call among those that change something.
    pub fn once(does: &'static str, at: usize) -> Fault {
        Fault { does, at, on: false, looks: false }
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    /// The exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// That signal.
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
    /// The call that was hit, by name and path; none if the run had fewer.
    pub hit: Option<String>,
}

/// The program in a workspace, with nothing of the environment and no git.
pub fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_writ"));
    command.env_clear().env("USER", "ann").env("PATH", "/nowhere").env("WRIT_INPUT", "0");
    command.arg("--chdir").arg(root).args(arguments).current_dir(root);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The program with the shim in it.
pub fn shimmed(mut command: Command, fault: Fault, log: &Path) -> Command {
    command.env("LD_PRELOAD", &SHIM.1).env("SHIM_LOG", log).env("SHIM_DO", fault.does).env("SHIM_AT", fault.at.to_string());
    if fault.on {
        command.env("SHIM_ON", "1");
    }
    if fault.looks {
        command.env("SHIM_LOOK", "1");
    }
    command
}

/// Runs it to its end.
pub fn finish(mut command: Command) -> Ran {
    use std::os::unix::process::ExitStatusExt as _;
    let done = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (code, signal) = (done.status.code(), done.status.signal());
    assert_ne!(code, Some(99), "the shim cannot start: {}", String::from_utf8_lossy(&done.stderr));
    Ran { code, signal, out: text(done.stdout), err: text(done.stderr), hit: None }
}

/// Runs it with a fault.
pub fn run_with(root: &Path, command: Command, fault: Fault) -> Ran {
    let log = root.with_extension("hit");
    let _ = fs::remove_file(&log);
    let ran = finish(shimmed(command, fault, &log));
    let hit = records(&fs::read(&log).unwrap_or_default()).pop();
    Ran { hit: hit.map(|r| format!("{} {}", r.name, String::from_utf8_lossy(&r.one))), ..ran }
}

/// Runs it with no memory for one allocation, or from that one on.
pub fn run_starved(mut command: Command, at: usize, on: bool) -> Ran {
    command.env("LD_PRELOAD", &SHIM.1).env("SHIM_MEMORY", at.to_string());
    if on {
        command.env("SHIM_ON", "1");
    }
    finish(command)
}

/// How often a run asks for memory.
pub fn allocations(root: &Path, mut command: Command) -> usize {
    let log = root.with_extension("log");
    command.env("LD_PRELOAD", &SHIM.1).env("SHIM_LOG", &log).env("SHIM_MEMORY", "0");
    finish(command);
    let told = records(&fs::read(&log).unwrap()).into_iter().find(|record| record.name == "memory");
    told.unwrap().offset
}

/// All storage calls of a run, in order.
pub fn watch(root: &Path, command: Command, looks: bool, syncs: bool) -> Vec<Record> {
    let log = root.with_extension("log");
    let _ = fs::remove_file(&log);
    let ran = finish(shimmed(command, Fault { does: if syncs { "" } else { "nosync" }, at: 0, on: false, looks }, &log));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    records(&fs::read(&log).unwrap())
}

/// One storage call, as the shim wrote it down.
#[derive(Debug, Clone)]
pub struct Record {
    pub name: String,
    /// The file or directory that it was about.
    pub inode: u64,
    /// Where it wrote, or the new length.
    pub offset: usize,
    /// The bytes, or the path.
    pub one: Vec<u8>,
    /// The new path.
    pub two: Vec<u8>,
    /// Nothing stood at the path before.
    pub made: bool,
}

fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut all = Vec::new();
    while let Some(end) = bytes.iter().position(|b| *b == b'\n') {
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let words: Vec<&str> = head.split(' ').collect();
        let number = |n: usize| words[n].parse::<i64>().unwrap();
        let (one, two) = (number(4) as usize, number(5) as usize);
        let body = &bytes[end + 1..];
        all.push(Record {
            name: words[0].to_owned(),
            inode: words[2].parse().unwrap(),
            offset: number(3).max(0) as usize,
            one: body[..one].to_vec(),
            two: body[one..one + two].to_vec(),
            made: number(6) == 1,
        });
        bytes = &body[one + two..];
    }
    all
}
