//! `examples/complete` is what its name says: every key of the language stands in it, and it is sound.
#![expect(clippy::panic, reason = "a test")]

use std::collections::BTreeSet;
use std::path::Path;
use toml::{Table, Value};
use writ::config::{CHECK, CHECK_FORM, Known, OWNERSHIP, SETTINGS, TEST, TEST_FORM, WRIT_TOML, configure};
use writ::diag::Severity;
use writ::kinds::{COMMON, Field, Form, Kind, LIST, Shape, TEMPLATE, kind};
use writ::source::{self, Workspace};

/// Keys that cannot stand there, and why. A comment in the example speaks of each.
const EXEMPT: &[(&str, &str)] = &[
    ("writ.toml store.url", "the default serves, and a path would be somebody's own"),
    ("writ.toml store.lineage", "pins the store of one machine, and the example has none"),
    ("writ.toml workspace.manages", "all else in the example would be an error"),
    ("import.to", "needs an unmanaged object in a store"),
    ("import.id", "needs an unmanaged object in a store"),
];

fn workspace() -> Workspace {
    match source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/complete")) {
        Ok(workspace) => workspace,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn it_is_sound() {
    let workspace = workspace();
    let (config, found) = configure(&workspace.sources, &Known::default());
    let said: Vec<String> = workspace
        .findings
        .iter()
        .chain(found.iter())
        .filter(|d| d.code.severity != Severity::Note)
        .map(|d| format!("{} {:?}: {}", d.code.id, workspace.sources.place(d.span), d.message))
        .collect();
    assert!(said.is_empty(), "{}", said.join("\n"));
    assert!(config.is_some());
}

#[test]
fn every_key_stands_in_it() {
    let used = used(&workspace());
    let wanted = wanted();
    let exempt: BTreeSet<String> = EXEMPT.iter().map(|(place, _)| (*place).to_owned()).collect();
    let missing: Vec<&String> = wanted.difference(&used).filter(|p| !exempt.contains(*p)).collect();
    assert!(missing.is_empty(), "examples/complete lacks: {missing:#?}");
    let idle: Vec<&String> = exempt.iter().filter(|p| used.contains(*p) || !wanted.contains(*p)).collect();
    assert!(idle.is_empty(), "exempt without need: {idle:#?}");
}

/// Every place that a key can stand in, however it is reached: `policy.approval.stage.timeout`. What any object may say
/// of itself needs one object that says it.
fn wanted() -> BTreeSet<String> {
    let mut all = BTreeSet::from([format!("any object.{TEMPLATE}")]);
    all.extend(COMMON.iter().map(|f| format!("any object.{}", f.name)));
    for kind in LIST {
        places(&kind.form, kind.name, &mut all);
    }
    for (word, _, form) in OWNERSHIP {
        places(form, word, &mut all);
    }
    places(&CHECK_FORM, CHECK, &mut all);
    places(&TEST_FORM, TEST, &mut all);
    for section in SETTINGS.fields {
        let form = if let Shape::Map(_, each) = &section.shape { each.form() } else { section.shape.form() };
        if let Some(form) = form {
            places(form, &format!("{WRIT_TOML} {}", section.name), &mut all);
        }
    }
    all
}

fn places(form: &Form, at: &str, all: &mut BTreeSet<String>) {
    for field in form.fields {
        let place = format!("{at}.{}", field.name);
        if let Some(inner) = field.shape.form() {
            places(inner, &place, all);
        }
        all.insert(place);
    }
}

/// Every place in which the files of the workspace have a key. What a template says stands at its kind's places.
fn used(workspace: &Workspace) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (_, file) in workspace.sources.iter() {
        let table: Table = match file.text.parse() {
            Ok(table) => table,
            Err(error) => panic!("{}: {error}", file.name),
        };
        if file.name == WRIT_TOML {
            for (section, value) in &table {
                let place = format!("{WRIT_TOML} {section}");
                match SETTINGS.field(section).map(|f| &f.shape) {
                    Some(Shape::Map(_, each)) => {
                        let (form, bodies) = (each.form(), value.as_table().into_iter().flat_map(Table::values));
                        bodies.for_each(|body| keys(form.map_or(&[], |f| f.fields), body, &place, &mut all));
                    }
                    Some(shape) => keys(shape.form().map_or(&[], |f| f.fields), value, &place, &mut all),
                    None => {}
                }
            }
            continue;
        }
        objects(&table, &mut all);
        for (word, _, form) in OWNERSHIP {
            if let Some(value) = table.get(*word) {
                keys(form.fields, value, word, &mut all);
            }
        }
        for check in table.get(CHECK).and_then(Value::as_table).into_iter().flat_map(Table::values) {
            keys(CHECK_FORM.fields, check, CHECK, &mut all);
        }
        if let Some(tests) = table.get(TEST) {
            keys(TEST_FORM.fields, tests, TEST, &mut all);
        }
        if let Some(templates) = table.get(TEMPLATE).and_then(Value::as_table) {
            objects(templates, &mut all);
        }
    }
    all
}

/// The objects in a table: kinds, then keys, then attributes and children.
fn objects(table: &Table, all: &mut BTreeSet<String>) {
    let kinds = table.iter().filter_map(|(word, value)| Some((kind(word)?, value.as_table()?)));
    for (kind, bodies) in kinds {
        for body in bodies.values() {
            object(kind, body, all);
        }
    }
}

fn object(kind: &Kind, body: &Value, all: &mut BTreeSet<String>) {
    keys(kind.form.fields, body, kind.name, all);
    keys(COMMON, body, "any object", all);
    if let Some(table) = body.as_table() {
        all.extend(table.contains_key(TEMPLATE).then(|| format!("any object.{TEMPLATE}")));
        let is_child = |word: &str| kind.children().any(|c| c.name == word);
        objects(&table.iter().filter(|(word, _)| is_child(word)).map(|(w, v)| (w.clone(), v.clone())).collect(), all);
    }
}

fn keys(fields: &[Field], value: &Value, at: &str, all: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| keys(fields, item, at, all)),
        Value::Table(table) => {
            for (field, value) in fields.iter().filter_map(|f| Some((f, table.get(f.name)?))) {
                let place = format!("{at}.{}", field.name);
                if let Some(inner) = field.shape.form() {
                    keys(inner.fields, value, &place, all);
                }
                all.insert(place);
            }
        }
        _ => {}
    }
}
