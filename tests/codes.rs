//! The page of every code: its wrong example is told by that code alone, its right one by none.
//!
//! An example stands in the workspace of `codes/base.toml`, unless its fence says `alone`; a comment that is a file name
//! (`# settings.toml`) begins a file.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};
use writ::config::{Known, configure};
use writ::diag::{CODES, Code, Severity, SourceFile, Sources};
use writ::kinds::{self, Kind};

const BASE: &str = include_str!("codes/base.toml");
const WRIT: &str = "[workspace]\nname = \"contoso\"\ntimezone = \"Europe/Amsterdam\"\n";

/// Codes that no example can bring about, and why.
const WITHOUT_WRONG: &[(&str, &str)] = &[
    ("E0002", "speaks of bytes and links, not of TOML"),
    ("E0104", "only groups can form a ring of strong references, and theirs is E0103"),
    ("W0105", "needs a store that cannot be read"),
    ("W0413", "needs a clock"),
    ("N0307", "needs a store"),
    ("N0308", "needs a store"),
    ("N0310", "needs a clock"),
    ("R14", "a default"),
    ("R32", "a permission"),
    ("R48", "a permission"),
    ("R51", "a permission"),
    ("R53", "a permission"),
    ("R138", "a permission"),
    ("R156", "a default"),
    ("R15", "is told by a plan"),
    ("R63", "is told by a plan"),
    ("R101", "is told by a plan"),
    ("R106", "is told by a plan"),
    ("R137", "is told by a plan"),
    ("R139", "is told by a plan"),
    ("E0501", "is told by a plan"),
    ("E0502", "is told by a plan"),
    ("E0503", "is told by a plan"),
    ("E0504", "is told by a plan"),
    ("E0505", "is told by a plan"),
    ("E0506", "is told by a plan"),
    ("E0507", "is told by a plan"),
    ("W0508", "is told by a plan"),
    ("E0509", "is told by a plan"),
    ("E0510", "is told by a plan"),
    ("E0511", "is told by a plan"),
    ("R5", "is told by a plan"),
];

/// One fenced block.
struct Block {
    /// What follows the three backticks: `toml wrong`.
    fence: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(fence), false) => found.push(Block { fence: fence.to_owned(), text: String::new() }),
            (None, true) => {
                let text = &mut found.last_mut().unwrap().text;
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
        open ^= line.starts_with("```");
    }
    found
}

/// The files of an example: what stands before the first file name is `example.toml`.
fn files(text: &str) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut name = "example.toml".to_owned();
    for line in text.lines() {
        match line.strip_prefix("# ").filter(|rest| rest.ends_with(".toml") && !rest.contains(' ')) {
            Some(next) => {
                next.clone_into(&mut name);
                files.entry(name.clone()).or_default();
            }
            None => {
                let file = files.entry(name.clone()).or_default();
                file.push_str(line);
                file.push('\n');
            }
        }
    }
    files
}

/// The attributes of an object that are not its children.
fn own<'t>(kind: &Kind, table: &'t Table) -> impl Iterator<Item = &'t String> {
    let children: BTreeSet<&str> = kind.children().map(|k| k.name).collect();
    table.keys().filter(move |k| !children.contains(k.as_str()))
}

/// Takes from `base` the attributes of every object that `example` declares, and objects that become empty by that.
fn give_way(base: &mut Table, example: &Table, kinds: &[&'static Kind]) {
    for kind in kinds {
        let (Some(Value::Table(below)), Some(Value::Table(said))) = (base.get_mut(kind.name), example.get(kind.name)) else { continue };
        for (key, object) in said.iter().filter_map(|(k, v)| Some((k, v.as_table()?))) {
            let Some(Value::Table(old)) = below.get_mut(key) else { continue };
            if own(kind, object).next().is_some() || object.is_empty() {
                let gone: Vec<String> = own(kind, old).cloned().collect();
                gone.iter().for_each(|k| drop(old.remove(k)));
            }
            give_way(old, object, &kind.children().collect::<Vec<_>>());
            if old.is_empty() {
                below.remove(key);
            }
        }
    }
}

/// The codes, and in which words, of the errors and warnings in an example.
fn told(block: &Block) -> BTreeMap<&'static str, String> {
    let mut all = files(&block.text);
    all.entry("writ.toml".to_owned()).or_insert_with(|| WRIT.to_owned());
    if !block.fence.ends_with(" alone") {
        let mut base: Table = BASE.parse().unwrap();
        for text in all.values() {
            let example: Table = text.parse().unwrap_or_default();
            give_way(&mut base, &example, &kinds::LIST.iter().copied().filter(|k| k.at_top()).collect::<Vec<_>>());
        }
        all.insert("base.toml".to_owned(), toml::to_string(&base).unwrap());
    }
    let sources = Sources::new(all.iter().map(|(name, text)| SourceFile::new(name, text)).collect());
    let (_, found) = configure(&sources, &Known::default());
    let told = found.iter().filter(|d| d.severity != Severity::Note);
    told.map(|d| (d.code.id, format!("{} {}", sources.place(d.span).unwrap_or_default(), d.message))).collect()
}

fn faults(code: &Code) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = code.page.lines().count();
    if !(8..=25).contains(&lines) {
        faults.push(format!("{lines} lines"));
    }
    let blocks = blocks(code.page);
    let exempt = WITHOUT_WRONG.iter().any(|(id, _)| *id == code.id);
    if exempt == blocks.iter().any(|b| b.fence.starts_with("toml wrong")) {
        faults.push("an example that is wrong, or a reason why there is none: one of the two".to_owned());
    }
    if !exempt && !blocks.iter().any(|b| b.fence.starts_with("toml right")) {
        faults.push("no mended example".to_owned());
    }
    for block in blocks {
        let told = told(&block);
        match block.fence.as_str() {
            "text" => {}
            "toml wrong" | "toml wrong alone" if told.keys().eq([&code.id]) => {}
            "toml right" | "toml right alone" if told.is_empty() => {}
            fence => faults.push(format!("`{fence}` is told: {told:?}")),
        }
    }
    faults
}

#[test]
fn the_base_is_sound() {
    let told = told(&Block { fence: "toml".to_owned(), text: String::new() });
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn every_example_does_what_its_page_says() {
    let failures: Vec<String> = CODES.iter().flat_map(|code| faults(code).into_iter().map(|f| format!("{}: {f}", code.id))).collect();
    assert!(failures.is_empty(), "{} faults\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn only_codes_that_exist_are_exempt() {
    for (id, why) in WITHOUT_WRONG {
        assert!(Code::find(id).is_some(), "{id}, which {why}");
    }
}
