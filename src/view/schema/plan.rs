//! The schema of a plan: the document of `--format json`, and of a plan file, which lacks its last two members.

use crate::authority::Action;
use crate::kinds::LIST;
use serde_json::{Map, Value, json};

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn or_null(mut schema: Value) -> Value {
    if let Some(kind) = schema.get("type").and_then(Value::as_str).map(str::to_owned)
        && let Value::Object(map) = &mut schema
    {
        map.insert("type".to_owned(), json!([kind, "null"]));
        return schema;
    }
    json!({ "anyOf": [schema, { "type": "null" }] })
}

/// A table that has exactly these members, all of them but the `optional`.
pub(super) fn exact(members: &[(&str, Value)], optional: &[&str]) -> Value {
    let properties: Map<String, Value> = members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).filter(|n| !optional.contains(n)).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

pub(super) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// Who may make the changes, and who could instead.
fn authority() -> Value {
    let maybe = || or_null(text());
    let line = or_null(json!({ "type": "integer", "minimum": 0 }));
    let through = exact(
        &[
            ("role", maybe()),
            ("catalog", maybe()),
            ("delegation", maybe()),
            ("group", maybe()),
            ("founder", json!({ "type": "boolean" })),
            ("owner_of", maybe()),
            ("file", maybe()),
            ("line", line),
        ],
        &[],
    );
    let decision = exact(
        &[
            ("action", json!({ "enum": Action::ALL.iter().map(|a| a.word()).collect::<Vec<_>>() })),
            ("catalog", maybe()),
            ("owned", maybe()),
            ("needs", list(text())),
            ("steps", list(text())),
            ("through", or_null(through)),
            ("instead", list(text())),
            ("administrators", list(text())),
        ],
        &[],
    );
    exact(&[("operator", json!({ "type": "boolean" })), ("beyond", json!({ "type": "boolean" })), ("decisions", list(decision))], &[])
}

/// What a plan leaves out on purpose.
fn left_out() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    let tolerated =
        exact(&[("address", text()), ("until", text()), ("reason", or_null(text())), ("file", text()), ("line", count.clone())], &[]);
    let members = [("asked", json!({ "type": "boolean" })), ("changes", count), ("since", or_null(text())), ("tolerated", list(tolerated))];
    exact(&members, &[])
}

/// Members, required all but `diagnostics` and `result`, which a plan file does not have.
pub(super) fn body() -> Map<String, Value> {
    let count = json!({ "type": "integer", "minimum": 0 });
    let digest = json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    let place = exact(&[("file", text()), ("line", count.clone())], &[]);
    let attributes = json!({ "type": "object", "description": "Attributes, documented defaults included." });
    let refusal = exact(
        &[
            ("code", text()),
            ("kind", json!({ "enum": ["rule", "protection", "limit", "check", "authority"] })),
            ("address", or_null(text())),
            ("message", text()),
            ("way_out", text()),
            ("override", or_null(exact(&[("flag", text()), ("value", count.clone())], &[]))),
            ("source", or_null(place.clone())),
        ],
        &[],
    );
    let members = json!({ "type": "object", "additionalProperties": exact(&[("added", json!({"type": "array"})), ("removed", json!({"type": "array"}))], &[]) });
    let change = exact(
        &[
            ("actions", list(json!({ "enum": ["create", "update", "delete", "no-op", "forget"] }))),
            ("before", or_null(attributes.clone())),
            ("after", or_null(attributes.clone())),
            ("members", members),
            ("replace_paths", list(list(text()))),
            ("importing", or_null(exact(&[("id", text())], &[]))),
        ],
        &[],
    );
    let kinds: Vec<&str> = LIST.iter().map(|k| k.name).collect();
    let resource_change = exact(
        &[
            ("address", text()),
            ("previous_address", or_null(text())),
            ("type", json!({ "enum": kinds })),
            ("name", text()),
            ("parent", or_null(text())),
            ("action_reason", or_null(text())),
            ("change", change),
            ("source", or_null(place)),
            ("stood", json!({ "type": "array" })),
            ("template", or_null(text())),
            ("origin", json!({ "type": "object" })),
        ],
        &[],
    );
    let step = exact(&[("kind", json!({ "enum": ["move", "adopt", "create", "update", "delete", "release"] })), ("address", text())], &[]);
    let values = json!({ "type": "object", "additionalProperties": attributes });
    let summary: Vec<(&str, Value)> =
        ["add", "change", "destroy", "import", "move", "forget"].into_iter().map(|w| (w, count.clone())).collect();
    let members = [
        ("format_version", json!({ "type": "string", "pattern": "^1\\." })),
        ("writ_version", text()),
        ("workspace", text()),
        ("base", exact(&[("lineage", or_null(text())), ("serial", count.clone()), ("config_digest", text())], &[])),
        ("commit", or_null(text())),
        ("actor", text()),
        ("destroy", json!({ "type": "boolean" })),
        ("resource_changes", list(resource_change)),
        ("settings_change", or_null(exact(&[("before", or_null(json!({"type": "object"}))), ("after", json!({"type": "object"}))], &[]))),
        ("settings", json!({ "type": "object" })),
        ("steps", list(step)),
        ("relied", json!({ "type": "object", "required": ["versions", "referrers", "workspace"] })),
        ("left_out", left_out()),
        ("prior_state", values.clone()),
        ("planned_values", values),
        ("summary", exact(&summary, &[])),
        ("impact", json!({ "type": "object", "required": ["people_losing_access"] })),
        ("authority", authority()),
        ("verdict", exact(&[("refused", list(refusal.clone())), ("brakes", list(refusal))], &[])),
        ("hints", list(exact(&[("from", text()), ("to", text())], &[]))),
        ("unmanaged", count.clone()),
        ("complete", json!({ "type": "boolean" })),
        ("applyable", json!({ "type": "boolean" })),
        ("errored", json!({ "type": "boolean" })),
        ("digests", exact(&[("plan", digest.clone()), ("changes", digest.clone()), ("people", digest.clone())], &[])),
        ("diagnostics", list(json!({ "type": "object", "required": ["severity", "summary", "detail", "code"] }))),
        ("result", exact(&[("exit_code", count.clone()), ("serial", or_null(count)), ("digest", or_null(digest))], &[])),
    ];
    let Value::Object(mut body) = exact(&members, &["diagnostics", "result"]) else { return Map::new() };
    body.insert("title".to_owned(), json!("A plan of Writ"));
    body.insert("description".to_owned(), json!("What an apply would do; names follow Terraform's plan JSON where they mean the same."));
    body
}
