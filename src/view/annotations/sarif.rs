//! SARIF 2.1.0: one document with a rule for each code that is used, its page for help, and a result for each finding.
//!
//! What went wrong around the files is no result, but a notification of the run.

use super::{Annotation, Place, fingerprints, place_or_workspace, told};
use crate::diag::{Code, Severity};
use crate::model::VERSION;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// From where paths are told.
const TOP: &str = "%SRCROOT%";

/// The one document.
pub(super) fn text(all: &[Annotation], top: &str, exit: u8) -> String {
    let used: BTreeMap<&str, &Code> = all.iter().filter_map(|a| a.code).map(|code| (code.id, code)).collect();
    let marks = fingerprints(all, top);
    let results = all.iter().zip(marks).filter_map(|(a, mark)| {
        let code = a.code?;
        let (uri, place) = place_or_workspace(a, top);
        let related = a.related.iter().enumerate().map(|(id, (place, said))| {
            let mut related = location(&format!("{top}{}", place.file), place, None);
            related.insert("id".to_owned(), json!(id));
            related.insert("message".to_owned(), json!({ "text": told(said) }));
            related
        });
        Some(json!({
            "ruleId": code.id,
            "ruleIndex": used.keys().position(|id| *id == code.id),
            "level": level(a.severity),
            "message": { "text": a.message_and_help("\n") },
            "locations": [location(&uri, &place, a.address.as_deref())],
            "relatedLocations": related.collect::<Vec<_>>(),
            "partialFingerprints": { "writ/v1": mark },
        }))
    });
    let results: Vec<Json> = results.collect();
    let notifications = all
        .iter()
        .filter(|a| a.code.is_none())
        .map(|a| json!({ "level": level(a.severity), "message": { "text": a.message_and_help("\n") } }));
    let notifications: Vec<Json> = notifications.collect();
    let failed = all.iter().any(|a| a.code.is_none() && a.severity == Severity::Error);
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Writ",
                "semanticVersion": VERSION,
                "rules": used.values().map(|code| rule(code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { TOP: { "description": { "text": "The top of the repository." } } },
            "invocations": [{ "executionSuccessful": !failed, "exitCode": exit, "toolExecutionNotifications": notifications }],
            "results": results,
        }],
    });
    format!("{document}\n")
}

fn level(severity: Severity) -> &'static str {
    severity.word()
}

/// A code with its page, as `writ explain` prints it.
fn rule(code: &Code) -> Json {
    json!({
        "id": code.id,
        "shortDescription": { "text": code.title },
        "fullDescription": { "text": meaning(code) },
        "help": { "text": code.page, "markdown": code.page },
        "defaultConfiguration": { "level": level(code.severity) },
    })
}

/// The first paragraph of a page.
fn meaning(code: &Code) -> String {
    let paragraph: Vec<&str> = code
        .page
        .lines()
        .skip_while(|l| l.is_empty() || l.starts_with('#'))
        .take_while(|l| !l.is_empty() && !l.starts_with("```"))
        .collect();
    if paragraph.is_empty() { code.title.to_owned() } else { paragraph.join(" ") }
}

fn location(path: &str, place: &Place, address: Option<&str>) -> Map<String, Json> {
    let mut region = Map::from_iter([("startLine".to_owned(), json!(place.line.max(1)))]);
    region.extend(place.column.map(|column| ("startColumn".to_owned(), json!(column.max(1)))));
    if let Some((line, column)) = place.end {
        region.extend([("endLine".to_owned(), json!(line)), ("endColumn".to_owned(), json!(column.max(1)))]);
    }
    let physical = json!({ "artifactLocation": { "uri": uri(path), "uriBaseId": TOP }, "region": region });
    let mut location = Map::from_iter([("physicalLocation".to_owned(), physical)]);
    location.extend(address.map(|a| ("logicalLocations".to_owned(), json!([{ "fullyQualifiedName": told(a), "kind": "object" }]))));
    location
}

/// A path as a URI has it: what is not plain is told by its bytes.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
