//! A report of code quality, as GitLab reads it from a job's artifacts: one JSON list.

use super::{Annotation, fingerprints, place_or_workspace};
use crate::diag::Severity;
use crate::view::paint::line;
use serde_json::{Value as Json, json};

/// All that is said of the workspace; what is only worth knowing, and has no place, is no matter of its quality.
pub(super) fn text(all: &[Annotation], top: &str) -> String {
    let marks = fingerprints(all, top);
    let told = all.iter().zip(marks).filter(|(a, _)| a.code.is_some() || a.severity != Severity::Note);
    let one = |(annotation, mark): (&Annotation, crate::model::Digest)| {
        let severity = match annotation.severity {
            Severity::Error => "major",
            Severity::Warning => "minor",
            Severity::Note => "info",
        };
        let (path, place) = place_or_workspace(annotation, top);
        json!({
            "description": annotation.message_and_help("; "),
            "check_name": annotation.code.map_or("writ", |code| code.id),
            "fingerprint": mark,
            "severity": severity,
            "location": { "path": line(&path), "lines": { "begin": place.line } },
        })
    };
    format!("{}\n", Json::Array(told.map(one).collect()))
}
