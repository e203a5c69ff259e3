//! The JSON Schemas are right: a validator that is not ours takes the examples, and refuses what is broken.
//!
//! The validator is Python's `jsonschema`, as `tests/schemas/requirements.txt` names it, in `target/venv` or in the
//! Python on the path. Where it is not to be had the test says so and passes; with `CI=true` it fails.
//! `../shared/data`, or the directory that `WRIT_DATA` names, must pass too, where it is there.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use writ::config::{Known, configure};
use writ::diag::{Severity, SourceFile, Sources};
use writ::kinds::LIST;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Python that has the validator.
fn python() -> Option<PathBuf> {
    let candidates = [root().join("target/venv/bin/python"), PathBuf::from("python3")];
    let has_it = |python: &PathBuf| {
        let tried = Command::new(python).args(["-c", "import jsonschema, tomllib"]).output();
        tried.is_ok_and(|o| o.status.success())
    };
    candidates.into_iter().find(has_it)
}

#[test]
fn another_validator_agrees() {
    let Some(python) = python() else {
        let how = "python3 -m venv target/venv && target/venv/bin/pip install -r tests/schemas/requirements.txt";
        assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "no Python with `jsonschema`: {how}");
        eprintln!("SKIPPED: the schemas were held against nothing, there is no Python with `jsonschema`: {how}");
        return;
    };
    // Each kind's example stands on the page, and whatever else it shows.
    let page = tempfile::tempdir().unwrap();
    let text = writ::view::reference::page();
    for (number, block) in text.split("```toml\n").skip(1).enumerate() {
        let block = block.split("```").next().unwrap();
        fs::write(page.path().join(format!("reference-{number}.toml")), block).unwrap();
    }
    let mut command = Command::new(python);
    command.arg(root().join("tests/schemas/validate.py")).arg(root().join("schemas"));
    command.arg("--good").arg(root().join("examples")).arg("--good").arg(root().join("tests/schemas/sound")).arg("--good").arg(page.path());
    command.arg("--good").arg(plans().path());
    command.arg("--bad").arg(root().join("tests/schemas/broken"));
    // A real organisation's files, where they stand beside the repository.
    let beside = root().join("../shared/data");
    match std::env::var_os("WRIT_DATA").map(PathBuf::from).or_else(|| beside.is_dir().then_some(beside)) {
        Some(data) => {
            command.arg("--good").arg(data);
        }
        None => println!("skipped: there is no ../shared/data beside the repository, and WRIT_DATA names none"),
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// Plans of every action, printed and saved by the real binary.
fn plans() -> &'static tempfile::TempDir {
    static DIR: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    DIR.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let workspace = dir.path().join("w");
        fs::create_dir(&workspace).unwrap();
        let write = |name: &str, text: &str| fs::write(workspace.join(name), text).unwrap();
        let writ = |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_writ")).args(arguments).current_dir(&workspace).env_remove("WRIT_STORE").output().unwrap();
        let base = "[user.\"ann@contoso.example\"]\n[delegation.a]\nrole = \"administrator\"\nmembers = [\"ann@contoso.example\"]\n[catalog.gone]\n[catalog.old]\ndescription = \"x\"\n";
        write("writ.toml", "[workspace]\nname = \"w\"\n");
        write("a.toml", base);
        fs::write(dir.path().join("first.json"), writ(&["plan", "--json"]).stdout).unwrap();
        writ(&["apply", "--auto-approve"]);
        let changed = base.replace("administrator", "catalog_creator").replace("[catalog.gone]\n", "").replace("catalog.old", "catalog.new").replace("\"x\"", "\"y\"");
        write("a.toml", &format!("{changed}[group.g]\nmembers = [\"ann@contoso.example\"]\n[catalog.general]\n[[moved]]\nfrom = \"catalog.old\"\nto = \"catalog.new\"\n"));
        write("writ.toml", "[workspace]\nname = \"w\"\n[limits]\nmax_access_lost = 1\n");
        fs::write(dir.path().join("second.json"), writ(&["plan", "--json", "--full"]).stdout).unwrap();
        writ(&["plan", "-o", "../saved.json"]);
        fs::remove_dir_all(workspace).unwrap();
        assert!(fs::read_to_string(dir.path().join("second.json")).unwrap().contains("\"previous_address\":\"catalog.old\""));
        dir
    })
}

/// Findings about one file beside a sound `writ.toml`, those about names that it does not declare left out.
fn findings(name: &str, text: &str) -> Vec<String> {
    let mut files = vec![SourceFile::new("writ.toml", "[workspace]\nname = \"w\"\n\n[defaults]\nexpiration = \"90d\"\n")];
    if name.starts_with("writ") {
        files = vec![SourceFile::new("writ.toml", text), SourceFile::new("a.toml", "[group.a]\n")];
    } else {
        files.push(SourceFile::new(name, text));
    }
    let (_, found) = configure(&Sources::new(files), &Known::default());
    let elsewhere = ["E0012", "E0101", "E0201", "R26", "R50", "R64"];
    let errors = found.iter().filter(|d| d.code.severity == Severity::Error && !elsewhere.contains(&d.code.id));
    errors.map(|d| format!("{} {}", d.code.id, d.message)).collect()
}

/// A schema refuses nothing that Writ accepts, as far as the broken files tell.
#[test]
fn writ_refuses_what_the_schemas_refuse() {
    for entry in fs::read_dir(root().join("tests/schemas/broken")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let found = findings(name, &fs::read_to_string(&path).unwrap());
        println!("{name}: {found:?}");
        assert!(!found.is_empty(), "{name} is broken, and Writ has nothing to say");
    }
}

/// And takes what the schemas take, in spellings that nobody would think of.
#[test]
fn writ_takes_the_unusual_spellings() {
    let text = fs::read_to_string(root().join("tests/schemas/sound/spellings.toml")).unwrap();
    assert_eq!(findings("spellings.toml", &text), Vec::<String>::new());
}

/// Each kind's example is sound but for the names that it takes from elsewhere.
#[test]
fn the_examples_of_the_kinds_are_sound() {
    for kind in LIST {
        assert_eq!(findings("example.toml", kind.example), Vec::<String>::new(), "{}", kind.name);
    }
}
