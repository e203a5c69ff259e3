//! `writ history`.

use super::session::Session;
use super::{Exit, Format};
use crate::ops::{Failure, history};
use crate::view::object::table;
use clap::Args as ClapArgs;
use serde_json::{Value as Json, json};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let revisions = history::history(&session.context)?;
    let all: Vec<Json> = revisions
        .iter()
        .map(|r| {
            let summary: Json = serde_json::from_str(&r.revision.summary).unwrap_or(Json::Null);
            json!({
                "serial": r.serial, "at": r.revision.at, "actor": r.revision.actor, "command": r.revision.command,
                "workspace": r.revision.workspace, "commit": r.revision.commit, "changes_digest": r.revision.changes_digest,
                "summary": summary, "events": r.events, "hash": r.hash,
            })
        })
        .collect();
    session.document(json!({ "format_version": "1.0", "revisions": all }));
    session.serial = revisions.last().map(|r| r.serial);
    let short = |text: &Option<String>, n: usize| text.as_deref().map_or_else(|| "-".to_owned(), |t| t.chars().take(n).collect());
    let rows: Vec<Vec<String>> = revisions
        .iter()
        .map(|r| {
            vec![
                format!("@{}", r.serial),
                r.revision.at.clone(),
                r.revision.actor.clone(),
                r.revision.command.clone(),
                short(&r.revision.commit, 12),
                short(&r.revision.changes_digest, 12),
                summary(&r.revision.summary),
            ]
        })
        .collect();
    session.say(&table(&["", "AT", "WHO", "WHAT", "COMMIT", "CHANGES", "SUMMARY"], &rows));
    Ok(Exit::Success)
}

/// `2 add, 1 change`: what is not zero.
fn summary(text: &str) -> String {
    let Ok(Json::Object(map)) = serde_json::from_str(text) else { return String::new() };
    let told = map.iter().filter_map(|(word, n)| Some((word, n.as_u64().filter(|n| *n > 0)?)));
    told.map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", ")
}
