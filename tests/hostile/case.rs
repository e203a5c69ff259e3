//! What a case is, and how it is compared.

use crate::support::{Run, Workspace};
use std::fmt::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Outputs that are longer stand in `expected.txt` by their head only, and are bounded.
const SHOWN: usize = 4_000;

/// One hostile input.
pub struct Case {
    /// The numbers of the list that it stands for.
    pub rows: &'static [usize],
    pub name: &'static str,
    /// The exit code.
    pub code: i32,
    /// What one of the outputs holds; what it is held to before anybody looks at the rest.
    pub says: &'static str,
    /// No output is longer, in bytes.
    pub longest: usize,
    run: Box<dyn Fn() -> Run + Send + Sync>,
}

impl Case {
    pub fn longest(mut self, longest: usize) -> Case {
        self.longest = longest;
        self
    }
}

/// A case that makes its own tree and runs what it wants in it.
pub fn case(
    rows: &'static [usize],
    name: &'static str,
    code: i32,
    says: &'static str,
    run: impl Fn(&Workspace) -> Run + Send + Sync + 'static,
) -> Case {
    let run = Box::new(move || {
        let workspace = Workspace::empty();
        workspace.write("writ.toml", "[workspace]\nname = \"test\"\n");
        run(&workspace)
    });
    Case { rows, name, code, says, longest: SHOWN, run }
}

/// `writ validate` on a tree of one text.
pub fn text(rows: &'static [usize], name: &'static str, code: i32, says: &'static str, text: impl Into<Vec<u8>>) -> Case {
    let text = text.into();
    case(rows, name, code, says, move |w| {
        std::fs::write(w.path("x.toml"), &text).unwrap();
        w.run(&["validate"])
    })
}

/// The same with so much memory only, in MiB.
pub fn within(mib: u64, rows: &'static [usize], name: &'static str, code: i32, says: &'static str, text: String) -> Case {
    case(rows, name, code, says, move |w| {
        w.write("x.toml", &text);
        bounded(w, mib, &["validate"])
    })
}

/// Runs the program with so many MiB of data; its own text, which without optimisation grows with every feature, is not counted.
pub fn bounded(workspace: &Workspace, mib: u64, arguments: &[&str]) -> Run {
    shell(workspace, &format!("ulimit -d {}; exec \"$@\"", mib * 1024), arguments)
}

/// Runs a line of shell in which `"$@"` is the program with its arguments.
pub fn shell(workspace: &Workspace, line: &str, arguments: &[&str]) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", line, "sh", env!("CARGO_BIN_EXE_writ")]).args(arguments).current_dir(workspace.dir.path()).env_clear();
    command.env("USER", "olga").env("PATH", std::env::var_os("PATH").unwrap()).stdin(std::process::Stdio::null());
    command.process_group(0);
    Run::of(command.output().unwrap())
}

/// What a case did, as it stands in `expected.txt`, and what is wrong with it at once.
fn told(case: &Case) -> (String, Option<String>) {
    let run = (case.run)();
    let mut out = format!("## {}: {}\nexit {}\n", numbers(case.rows), case.name, run.code);
    let mut faults = Vec::new();
    if run.code != case.code {
        faults.push(format!("exit {} instead of {}", run.code, case.code));
    }
    if !run.out.contains(case.says) && !run.err.contains(case.says) {
        faults.push(format!("nothing says {:?}", case.says));
    }
    for (name, text) in [("stdout", &run.out), ("stderr", &run.err)] {
        if let Some(c) = text.chars().find(|c| *c != '\n' && writ::kinds::text::is_hostile(*c, false)) {
            faults.push(format!("{name} holds a raw U+{:04X}", u32::from(c)));
        }
        if text.len() > case.longest {
            faults.push(format!("{name} has {} bytes", text.len()));
        }
        let shown: String = text.chars().take(SHOWN).collect();
        let cut = if shown.len() < text.len() { "…\n" } else { "" };
        let _ = write!(out, "--- {name}\n{}{cut}", without_ids(&shown));
        if !out.ends_with('\n') {
            out.push_str("%\n");
        }
    }
    if !faults.is_empty() {
        faults.push(out.clone());
    }
    (out, (!faults.is_empty()).then(|| format!("{}: {}", case.name, faults.join("\n  "))))
}

fn numbers(rows: &[usize]) -> String {
    rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What differs from run to run, and from machine to machine.
fn without_ids(text: &str) -> String {
    let pattern = |p: &str| regex_lite::Regex::new(p).unwrap();
    let text = pattern("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").replace_all(text, "ID").into_owned();
    let text = pattern("olga@[^ ,\"]+").replace_all(&text, "olga@HOST").into_owned();
    pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").replace_all(&text, "TIME").into_owned()
}

/// Runs all cases, on two threads, and compares; every one that fails is told.
pub fn check(cases: &[Case], expected: &str) {
    let next = AtomicUsize::new(0);
    let mut told: Vec<(usize, (String, Option<String>))> = std::thread::scope(|scope| {
        let work = || {
            let mut mine = Vec::new();
            while let Some((i, case)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, cases.get(i)?))) {
                mine.push((i, self::told(case)));
            }
            mine
        };
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    told.sort_by_key(|(i, _)| *i);
    let faults: Vec<String> = told.iter().filter_map(|(_, (_, fault))| fault.clone()).collect();
    let text: String = told.into_iter().map(|(_, (text, _))| format!("{text}\n")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(expected);
    if std::env::var_os("WRIT_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(faults.is_empty(), "{} cases fail\n\n{}", faults.len(), faults.join("\n\n"));
    let written = std::fs::read_to_string(&path).unwrap();
    let differs = written.lines().zip(text.lines()).zip(1..).find(|((a, b), _)| a != b);
    if let Some(((a, b), n)) = differs {
        panic!("{expected}:{n}\n  expected {a:?}\n  found    {b:?}");
    }
    assert_eq!(written.lines().count(), text.lines().count());
}
