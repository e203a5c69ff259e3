//! The rooms of `src` keep to their places: who may import whom, what pure rooms may not touch, how long a file may be.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "a test")]

use regex_lite::Regex;
use std::fs;
use std::path::{Path, PathBuf};
use writ::kinds;

/// The layers, the first at the bottom. A room imports rooms of lower layers only. Rooms that are still to come stand in
/// their places.
const LAYERS: &[&[&str]] = &[
    &["diag"],
    &["model"],
    &["expr"],
    &["kinds"],
    &["config", "authority"],
    &["reconcile", "engine"],
    &["checks"],
    &["plan"],
    &["report"],
    &["view"],
    &["source", "store", "target", "migrate", "connect", "notify"],
    &["ops"],
    &["cli", "portal"],
];

/// Rooms that read no clock, no file, no environment, and start no program.
const PURE: &[&str] =
    &["diag", "model", "expr", "kinds", "config", "authority", "reconcile", "engine", "checks", "plan", "report", "view", "migrate"];

/// Rooms that treat all kinds alike.
const KINDLESS: &[&str] = &["reconcile", "store"];

/// Longer files say at their head why, in the words `Past 400 lines`.
const LONG: usize = 400;

/// No file is longer.
const LONGEST: usize = 600;

/// One file of `src`, without its tests and comments.
struct Source {
    name: String,
    room: String,
    head: String,
    lines: Vec<String>,
}

impl Source {
    /// The lines that match, as `src/room/file.rs:7: line`.
    fn find<'s>(&'s self, pattern: &'s Regex) -> impl Iterator<Item = String> + 's {
        let numbered = self.lines.iter().enumerate();
        numbered.filter(|(_, line)| pattern.is_match(line)).map(|(i, line)| format!("{}:{}: {}", self.name, i + 1, line.trim()))
    }
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    list(&src, &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let inner = path.strip_prefix(&src).unwrap();
        let code = ["\n#[cfg(test)]\nmod tests {", "\n#[cfg(test)]\n#[cfg(unix)]\nmod tests {"]
            .iter()
            .find_map(|t| text.find(t))
            .and_then(|end| text.get(..end))
            .unwrap_or(&text);
        Source {
            name: format!("src/{}", inner.display()),
            room: inner.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned(),
            head: text.lines().take_while(|l| l.starts_with("//!")).collect(),
            lines: code.lines().map(|l| l.split("//").next().unwrap_or("").to_owned()).collect(),
        }
    };
    paths.iter().map(read).collect()
}

fn list(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.extension() {
            _ if path.is_dir() => list(&path, found),
            // What only tests use is as free as tests are.
            Some(extension) if extension == "rs" && path.file_name().unwrap() != "testing.rs" => found.push(path),
            _ => {}
        }
    }
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&room))
}

#[track_caller]
fn none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n  {}", wrong.join("\n  "));
}

#[test]
fn every_room_has_a_place() {
    let rooms = sources().into_iter().map(|s| s.room).filter(|r| r != "lib" && r != "main");
    let homeless: Vec<String> = rooms.filter(|r| layer(r).is_none()).collect();
    none(&homeless, "rooms that stand in no layer of this test");
}

#[test]
fn a_room_imports_rooms_of_lower_layers_only() {
    let import = Regex::new(r"\bcrate::(\w+)").unwrap();
    let several = Regex::new(r"\bcrate::\{").unwrap();
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| s.room != "lib" && s.room != "main") {
        wrong.extend(source.find(&several).map(|line| format!("{line} (one `use` for each room)")));
        // From a room's `mod.rs`, `super` is the house.
        if source.name == format!("src/{}/mod.rs", source.room) {
            wrong.extend(source.find(&Regex::new(r"\bsuper::").unwrap()).filter(|l| !l.contains("pub(in super")));
        }
        for (number, line) in source.lines.iter().enumerate() {
            for found in import.captures_iter(line).filter_map(|c| c.get(1)) {
                let room = found.as_str();
                let lower = room == source.room || matches!((layer(room), layer(&source.room)), (Some(a), Some(b)) if a < b);
                if layer(room).is_some() && !lower {
                    wrong.push(format!("{}:{}: {} imports {room}", source.name, number + 1, source.room));
                }
            }
        }
    }
    none(&wrong, "imports that go up or sideways");
}

#[test]
fn pure_rooms_touch_nothing() {
    let world = Regex::new(concat!(
        r"\bstd::(fs|env|net|process)\b|\bstd::\{[^}]*\b(fs|env|net|process)\b|",
        r"\bSystemTime\b|\b(Utc|Local|Instant)::now\b|\brusqlite\b|\bprintln!|\beprintln!"
    ));
    let world = world.unwrap();
    let wrong: Vec<String> =
        sources().iter().filter(|s| PURE.contains(&s.room.as_str())).flat_map(|s| s.find(&world).collect::<Vec<_>>()).collect();
    none(&wrong, "pure rooms that touch the world");
}

#[test]
fn only_the_store_speaks_sql() {
    let sql = Regex::new(r"\brusqlite\b").unwrap();
    let wrong: Vec<String> = sources().iter().filter(|s| s.room != "store").flat_map(|s| s.find(&sql).collect::<Vec<_>>()).collect();
    none(&wrong, "rooms beside `store` that know its database");
}

#[test]
fn only_notify_speaks_smtp() {
    let smtp = Regex::new(r"\blettre\b").unwrap();
    let wrong: Vec<String> = sources().iter().filter(|s| s.room != "notify").flat_map(|s| s.find(&smtp).collect::<Vec<_>>()).collect();
    none(&wrong, "rooms beside `notify` that know how mail is sent");
}

#[test]
fn rooms_that_treat_all_kinds_alike_name_none() {
    let words: Vec<&str> = kinds::LIST.iter().map(|k| k.name).collect();
    let named = Regex::new(&format!("\"({})\"|kinds::({})\\b", words.join("|"), words.join("|"))).unwrap();
    let wrong: Vec<String> =
        sources().iter().filter(|s| KINDLESS.contains(&s.room.as_str())).flat_map(|s| s.find(&named).collect::<Vec<_>>()).collect();
    none(&wrong, "kinds that are named where all are alike");
}

#[test]
fn files_are_short_or_say_why_not() {
    let mut wrong = Vec::new();
    for source in sources() {
        let lines = source.lines.len();
        if lines > LONGEST {
            wrong.push(format!("{}: {lines} lines, and {LONGEST} is the most", source.name));
        } else if lines > LONG && !source.head.contains("Past 400 lines") {
            wrong.push(format!("{}: {lines} lines, and no `Past 400 lines` at its head says why", source.name));
        }
    }
    none(&wrong, "long files");
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = sources().into_iter().filter(|s| s.head.is_empty()).map(|s| s.name).collect();
    none(&silent, "files without `//!` at their head");
}
