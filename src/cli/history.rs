//! `writ history`.

use super::session::Session;
use super::{Exit, Format};
use crate::ops::{Failure, history};
use crate::store::RevisionRow;
use crate::view::object::table;
use clap::Args as ClapArgs;
use serde_json::{Value as Json, json};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv])?;
    let revisions = history::history(&session.context)?;
    let all: Vec<Json> = revisions
        .iter()
        .map(|r| {
            let mut summary: Json = serde_json::from_str(&r.revision.summary).unwrap_or(Json::Null);
            // What an apply leaves to the plans that follow is nothing that it did.
            summary.as_object_mut().and_then(|summary| summary.remove("settled"));
            json!({
                "serial": r.serial, "at": r.revision.at, "actor": r.revision.actor, "command": r.revision.command,
                "workspace": r.revision.workspace, "commit": r.revision.commit, "changes_digest": r.revision.changes_digest,
                "summary": summary, "events": r.events, "hash": r.hash,
            })
        })
        .collect();
    session.document(json!({ "format_version": "1.0", "revisions": all }));
    session.serial = revisions.last().map(|r| r.serial);
    let head = ["serial", "at", "actor", "command", "workspace", "commit", "changes_digest", "summary", "events", "hash"];
    session.list(&head, || revisions.iter().map(cells).collect(), || text(&revisions));
    Ok(Exit::Success)
}

/// A row for people.
fn text(revisions: &[RevisionRow]) -> String {
    let short = |text: &Option<String>, n: usize| text.as_deref().map_or_else(|| "-".to_owned(), |t| t.chars().take(n).collect());
    let row = |r: &RevisionRow| {
        vec![
            format!("@{}", r.serial),
            r.revision.at.clone(),
            r.revision.actor.clone(),
            r.revision.command.clone(),
            short(&r.revision.commit, 12),
            short(&r.revision.changes_digest, 12),
            summary(&r.revision.summary),
        ]
    };
    let rows: Vec<Vec<String>> = revisions.iter().map(row).collect();
    table(&["", "AT", "WHO", "WHAT", "COMMIT", "CHANGES", "SUMMARY"], &rows)
}

/// A row for a spreadsheet: nothing is cut, and what is not there is empty.
fn cells(r: &RevisionRow) -> Vec<String> {
    let RevisionRow { serial, revision, events, hash } = r;
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        serial.to_string(),
        revision.at.clone(),
        revision.actor.clone(),
        revision.command.clone(),
        or_empty(&revision.workspace),
        or_empty(&revision.commit),
        or_empty(&revision.changes_digest),
        summary(&revision.summary),
        events.to_string(),
        hash.to_string(),
    ]
}

/// `2 add, 1 change`: what is not zero.
fn summary(text: &str) -> String {
    let Ok(Json::Object(map)) = serde_json::from_str(text) else { return String::new() };
    if let Some(about) = map.get("about").and_then(Json::as_str) {
        return about.to_owned();
    }
    let told = map.iter().filter_map(|(word, n)| Some((word, n.as_u64().filter(|n| *n > 0)?)));
    told.map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", ")
}
