//! Formatting: twice is once, every comment stays, and the text means the same.

use super::plans::SETTINGS;
use std::collections::BTreeMap;
use toml_parser::parser::{Event, EventKind, parse_document};
use writ::config::{Config, Known, WRIT_TOML, configure, format};
use writ::diag::{SourceFile, Sources};

pub fn run(data: &[u8]) {
    let Ok(file) = writ::source::text("all.toml", data.to_vec()) else { return };
    let name = if file.text.contains("[workspace]") { WRIT_TOML } else { "all.toml" };
    let file = SourceFile::new(name, file.text);
    let Ok(once) = format::format(0, &file) else { return };
    let again = SourceFile::new(name, once.as_str());
    let twice = format::format(0, &again).unwrap_or_else(|found| panic!("what was formatted is no TOML: {found:?}\n{once}"));
    assert_eq!(twice, once, "formatting twice is not formatting once");
    // Lines end in LF afterwards, in texts of several lines too.
    let file = SourceFile::new(name, file.text.replace("\r\n", "\n"));
    assert_eq!(comments(&once), comments(&file.text), "comments, in\n{once}");
    assert_eq!(said(&once), said(&file.text), "what it says, in\n{once}");
    if name == WRIT_TOML {
        return;
    }
    let (before, after) = (Sources::new(vec![file, settings()]), Sources::new(vec![again, settings()]));
    let (old, new) = (configure(&before, &Known::default()).0, configure(&after, &Known::default()).0);
    assert_eq!(old.as_ref().map(meaning), new.as_ref().map(meaning), "the configuration, in\n{once}");
    if old.is_some_and(|c| !c.moves.is_empty()) {
        let renamed = format::with_moves(&before).expect("what is TOML can be renamed");
        for (number, file) in renamed.iter() {
            format::format(number, file).expect("what was renamed is TOML");
        }
    }
}

fn settings() -> SourceFile {
    SourceFile::new(WRIT_TOML, SETTINGS)
}

/// Everything that a configuration means.
fn meaning(config: &Config) -> impl PartialEq + std::fmt::Debug + use<> {
    let objects: Vec<_> = config.objects.iter().map(|(a, o)| (a.clone(), o.attributes.without_places())).collect();
    let moves: Vec<_> = config.moves.iter().map(|m| (m.from.clone(), m.to.clone())).collect();
    let removals: Vec<_> = config.removals.iter().map(|r| (r.from.clone(), r.destroy)).collect();
    let imports: Vec<_> = config.imports.iter().map(|i| (i.to.clone(), i.id.clone())).collect();
    (objects, moves, removals, imports)
}

/// The comments of a text, sorted.
fn comments(text: &str) -> Vec<String> {
    let source = toml_parser::Source::new(text);
    let mut events: Vec<Event> = Vec::new();
    parse_document(&source.lex().into_vec(), &mut events, &mut ());
    let comment = |e: &Event| source.get(e).filter(|_| e.kind() == EventKind::Comment).map(|raw| raw.as_str().trim_end().to_owned());
    let mut all: Vec<String> = events.iter().filter_map(comment).collect();
    all.sort();
    all
}

/// What a text says as TOML, where the order of a list, the case of letters and the prefix of a user mean nothing: more than
/// that no formatting may change.
fn said(text: &str) -> String {
    // A number out of range is read as TOML, and is a finding of what comes later.
    text.parse().map_or_else(|_| String::new(), |table| of_table(&table))
}

fn of_table(table: &toml::Table) -> String {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in table {
        all.entry(key.to_ascii_lowercase()).or_default().push(of_value(value));
    }
    all.values_mut().for_each(|v| v.sort());
    format!("{all:?}")
}

fn of_value(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => {
            let text = text.to_ascii_lowercase();
            format!("{:?}", text.strip_prefix("user:").unwrap_or(&text))
        }
        toml::Value::Array(items) => {
            let mut all: Vec<String> = items.iter().map(of_value).collect();
            all.sort();
            format!("{all:?}")
        }
        toml::Value::Table(table) => of_table(table),
        other => other.to_string(),
    }
}
