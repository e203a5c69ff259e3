//! JSON Schemas of what a person may write, for editors and for validators that are not ours.
//!
//! In: the kinds and the forms of `writ.toml`. Out: schemas of draft-07, the newest that Taplo reads in full: it passes
//! over the `dependentSchemas` of later ones.
//! Invariants: a schema refuses nothing that Writ accepts; what one file cannot tell (whether a name exists, what a
//! template says, the rules) it leaves to `writ validate`. Dates are strings here, as every validator of TOML has it.

mod plan;
mod shape;
mod webhook;

use crate::config::{CHECK, CHECK_FORM, OWNERSHIP, SETTINGS, TEST, TEST_FORM};
use crate::kinds::{Field, KeyForm, Kind, LIST, TEMPLATE};
use serde_json::{Map, Value, json};
use shape::{KEY, USER};

/// The draft of all schemas.
pub const DRAFT: &str = "http://json-schema.org/draft-07/schema#";
/// Where their names begin; a name, and no place to fetch anything from.
const BASE: &str = "https://writ.example/schemas";

/// Every schema: its file below `schemas/`, and its text.
#[must_use]
pub fn all() -> Vec<(String, String)> {
    let kinds = LIST.iter().map(|kind| (kind_file(kind), kind_schema(kind)));
    let files = [
        ("file.schema.json".to_owned(), workspace_schema()),
        ("writ.schema.json".to_owned(), settings_schema()),
        ("plan.schema.json".to_owned(), plan_schema()),
        ("webhook.schema.json".to_owned(), document("webhook.schema.json", webhook::body(), Map::new())),
    ];
    files.into_iter().chain(kinds).map(|(name, schema)| (name, format!("{schema:#}\n"))).collect()
}

fn kind_file(kind: &Kind) -> String {
    format!("kinds/{}.schema.json", kind.name)
}

/// One object of a kind: the table below its header, children included.
#[must_use]
pub fn kind_schema(kind: &Kind) -> Value {
    let mut below = Vec::new();
    descendants(kind, &mut below);
    let defs = below.iter().map(|k| (k.name.to_owned(), Value::Object(object(k)))).collect();
    document(&kind_file(kind), object(kind), defs)
}

fn descendants(kind: &Kind, found: &mut Vec<&'static Kind>) {
    for child in kind.children() {
        found.push(child);
        descendants(child, found);
    }
}

/// A file of a workspace, other than `writ.toml`.
#[must_use]
pub fn workspace_schema() -> Value {
    let mut properties = Map::new();
    for kind in LIST.iter().filter(|k| k.at_top()) {
        properties.insert(kind.name.to_owned(), objects(kind));
    }
    let templates: Map<String, Value> = LIST.iter().map(|kind| (kind.name.to_owned(), templates(kind))).collect();
    properties.insert(
        TEMPLATE.to_owned(),
        json!({
            "type": "object",
            "description": "Things said once: `[template.KIND.NAME]`, for every kind.",
            "properties": templates,
            "additionalProperties": false,
        }),
    );
    for (word, doc, form) in OWNERSHIP {
        let items = shape::complete_table(form);
        properties.insert((*word).to_owned(), json!({ "type": "array", "description": doc, "items": items }));
    }
    let check = shape::complete_table(&CHECK_FORM);
    properties.insert(
        CHECK.to_owned(),
        json!({
            "type": "object",
            "description": "Rules about the rules: a plan that fails one is refused.",
            "patternProperties": { format!("^{KEY}$"): check },
            "additionalProperties": false,
        }),
    );
    let test = shape::complete_table(&TEST_FORM);
    properties.insert(TEST.to_owned(), json!({ "type": "array", "description": "The policy, tried out by `writ test`.", "items": test }));
    let mut body = Map::new();
    body.insert("title".to_owned(), json!("A file of a Writ workspace"));
    body.insert(
        "description".to_owned(),
        json!("Objects, templates, checks, tests, and changes of names and ownership. Settings stand in `writ.toml`."),
    );
    body.insert("type".to_owned(), json!("object"));
    body.insert("properties".to_owned(), Value::Object(properties));
    body.insert("additionalProperties".to_owned(), json!(false));
    let mut defs = Map::new();
    for kind in LIST {
        defs.insert(kind.name.to_owned(), Value::Object(object(kind)));
        defs.insert(template_name(kind), Value::Object(template(kind)));
    }
    document("file.schema.json", body, defs)
}

/// `writ.toml`.
#[must_use]
pub fn settings_schema() -> Value {
    let mut body = shape::complete_table(&SETTINGS);
    body.insert("title".to_owned(), json!("writ.toml"));
    body.insert("description".to_owned(), json!("The settings of a Writ workspace. Objects stand in the other files."));
    document("writ.schema.json", body, Map::new())
}

/// A plan, as `--format json` prints it and as a plan file holds it.
#[must_use]
pub fn plan_schema() -> Value {
    document("plan.schema.json", plan::body(), Map::new())
}

fn document(file: &str, mut body: Map<String, Value>, defs: Map<String, Value>) -> Value {
    body.insert("$schema".to_owned(), json!(DRAFT));
    body.insert("$id".to_owned(), json!(format!("{BASE}/{file}")));
    if !defs.is_empty() {
        body.insert("definitions".to_owned(), Value::Object(defs));
    }
    Value::Object(body)
}

/// The keys of a kind below its word, each with an object: `[catalog.KEY]`.
fn objects(kind: &Kind) -> Value {
    let mut table = Map::new();
    table.insert("type".to_owned(), json!("object"));
    table.insert("description".to_owned(), json!(kind.doc));
    let object = json!({ "$ref": format!("#/definitions/{}", kind.name) });
    match kind.key {
        KeyForm::Plain => table.insert("patternProperties".to_owned(), json!({ format!("^{KEY}$"): object })),
        KeyForm::User => table.insert("patternProperties".to_owned(), json!({ format!("^{USER}$"): object })),
        KeyForm::Fixed(keys) => {
            let keys: Map<String, Value> = keys.iter().map(|k| ((*k).to_owned(), object.clone())).collect();
            table.insert("properties".to_owned(), Value::Object(keys))
        }
    };
    table.insert("additionalProperties".to_owned(), json!(false));
    Value::Object(table)
}

/// An object: attributes, children, templates. What is required is required where no template may say it.
///
/// Here as below, `additionalProperties` says in partial schemas what it means anyway: Tombi takes silence for `false`.
fn object(kind: &Kind) -> Map<String, Value> {
    let fields: Vec<&Field> = kind.fields().collect();
    let mut table = attributes(kind, &fields);
    if let Some(Value::Object(properties)) = table.get_mut("properties") {
        for child in kind.children() {
            properties.insert(child.name.to_owned(), objects(child));
        }
    }
    if let Some(complete) = shape::requirements(&fields, kind.form.alternatives) {
        table.insert("if".to_owned(), json!({ "required": [TEMPLATE], "additionalProperties": true }));
        table.insert("then".to_owned(), json!({ "additionalProperties": true }));
        table.insert("else".to_owned(), Value::Object(complete));
    }
    table
}

/// The names of a kind's templates, each with what it says.
fn templates(kind: &Kind) -> Value {
    let template = json!({ "$ref": format!("#/definitions/{}", template_name(kind)) });
    json!({
        "type": "object",
        "description": format!("Templates for {}.", article(kind)),
        "patternProperties": { format!("^{KEY}$"): template },
        "additionalProperties": false,
    })
}

fn template_name(kind: &Kind) -> String {
    format!("{TEMPLATE}.{}", kind.name)
}

/// A template: any part of an object's attributes, and no children.
fn template(kind: &Kind) -> Map<String, Value> {
    let fields: Vec<&Field> = kind.fields().collect();
    let mut table = attributes(kind, &fields);
    table.insert("title".to_owned(), json!(format!("template for {}", article(kind))));
    table
}

fn attributes(kind: &Kind, fields: &[&Field]) -> Map<String, Value> {
    let mut table = shape::table(fields, kind.form.alternatives);
    table.insert("title".to_owned(), json!(kind.name.replace('_', " ")));
    table.insert("description".to_owned(), json!(kind.doc));
    if let Some(Value::Object(properties)) = table.get_mut("properties") {
        properties.insert(TEMPLATE.to_owned(), shape::template_names());
    }
    table
}

fn article(kind: &Kind) -> String {
    let article = if kind.name.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {}", kind.name.replace('_', " "))
}
