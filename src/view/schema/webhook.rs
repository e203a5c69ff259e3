//! The schema of what webhooks are told.

use super::plan::{exact, list, or_null, text};
use serde_json::{Map, Value, json};

/// One of the three documents.
pub(super) fn body() -> Map<String, Value> {
    let count = || json!({ "type": "integer", "minimum": 0 });
    let digest = || json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    let summary = || exact(&["add", "change", "destroy", "import", "move", "forget"].map(|name| (name, count())), &[]);
    let one = |event: &str, more: Vec<(&str, Value)>| {
        let shared = [
            ("format_version", json!({ "const": "1.0" })),
            ("event", json!({ "const": event })),
            ("id", json!({ "type": "string", "pattern": "^[0-9a-f]{32}$", "description": "The same whenever the same is told." })),
            ("workspace", text()),
            ("serial", count()),
        ];
        exact(&shared.into_iter().chain(more).collect::<Vec<_>>(), &[])
    };
    let apply = one(
        "apply",
        vec![
            ("lineage", text()),
            ("at", json!({ "type": "string", "format": "date-time" })),
            ("actor", text()),
            ("command", text()),
            ("commit", or_null(text())),
            ("changes", digest()),
            ("summary", summary()),
        ],
    );
    let reason = exact(
        &[
            ("why", text()),
            ("code", text()),
            ("address", or_null(text())),
            ("message", or_null(text())),
            ("way_out", or_null(text())),
            ("override", or_null(text())),
        ],
        &[],
    );
    let refusal = one(
        "refusal",
        vec![
            ("lineage", or_null(text())),
            ("actor", text()),
            ("commit", or_null(text())),
            ("changes", digest()),
            ("summary", summary()),
            ("reasons", list(reason)),
            ("more", count()),
        ],
    );
    let deed = exact(&[("serial", count()), ("command", text())], &[]);
    let became = json!({ "enum": ["changed", "renamed", "deleted", "released", "adopted"] });
    let object = exact(&[("address", text()), ("became", became), ("deeds", list(deed))], &[]);
    let drift = one(
        "drift",
        vec![
            ("lineage", or_null(text())),
            ("settings", json!({ "type": "boolean" })),
            ("objects", list(object)),
            ("more", count()),
            ("people", count()),
            ("tolerated", count()),
            ("pending", count()),
        ],
    );
    let description = json!("What a webhook is told; a text that names a person is null.");
    [("description".to_owned(), description), ("oneOf".to_owned(), json!([apply, refusal, drift]))].into_iter().collect()
}
