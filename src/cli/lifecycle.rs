//! What the verbs of the lifecycle share: how times, answers and people are given, and how what came of it is told.

use super::session::Session;
use super::signals::on_signals;
use crate::model::{Address, Edge, Zone, instant};
use crate::ops::Failure;
use crate::ops::lifecycle::{self, Desk, Done};
use crate::view::lifecycle::told;
use chrono::{DateTime, Utc};
use clap::Args as ClapArgs;
use serde_json::json;
use std::collections::BTreeMap;

/// What whoever asks for access may say.
#[derive(Debug, Clone, ClapArgs)]
pub(super) struct Wish {
    /// The policy to ask through, where several admit you
    #[arg(long, value_name = "POLICY")]
    pub policy: Option<String>,
    /// Why
    #[arg(long, short, value_name = "TEXT")]
    pub justification: Option<String>,
    /// An answer to a question of the policy; several with the same key, where several may be chosen
    #[arg(long, value_name = "KEY=TEXT")]
    pub answer: Vec<String>,
    /// When access is to begin: a date, or an instant
    #[arg(long, value_name = "INSTANT")]
    pub start: Option<String>,
    /// When it is to end: a date, which is kept through that day, or an instant
    #[arg(long, value_name = "INSTANT")]
    pub end: Option<String>,
}

impl Wish {
    /// The answers, by the key of their question.
    ///
    /// # Errors
    /// When one has no key.
    pub(super) fn answers(&self) -> Result<BTreeMap<String, Vec<String>>, Failure> {
        let mut answers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for text in &self.answer {
            let Some((key, answer)) = text.split_once('=') else {
                return Err(Failure::Usage(format!("`{text}` is no answer"), "write `--answer KEY=TEXT`".to_owned()));
            };
            answers.entry(key.to_owned()).or_default().push(answer.to_owned());
        }
        Ok(answers)
    }
}

/// A moment as people give it: a date in the workspace's zone, or an instant.
///
/// # Errors
/// When it is neither.
pub(super) fn moment(text: Option<&str>, zone: Zone, edge: Edge) -> Result<Option<DateTime<Utc>>, Failure> {
    let bad = |text: &str, why: String| {
        Failure::Usage(format!("`{text}`: {why}"), "write a date such as 2027-06-30, or an instant such as 2027-06-30T18:00:00Z".to_owned())
    };
    text.map(|text| instant(text, zone, edge).map_err(|e| bad(text, e.to_string()))).transpose()
}

/// The user principal name of a person of the command line.
///
/// # Errors
/// When it is none.
pub(super) fn person(text: &str) -> Result<String, Failure> {
    match Address::parse(text) {
        Ok(address) if address.kind() == "user" => Ok(address.key().to_owned()),
        _ => Err(Failure::Usage(format!("`{text}` is no user principal name"), "write one such as `ann@contoso.example`".to_owned())),
    }
}

/// As [`person`], if somebody was named.
///
/// # Errors
/// As [`person`].
pub(super) fn somebody(text: Option<&String>) -> Result<Option<String>, Failure> {
    text.map(|t| person(t)).transpose()
}

/// Does what people ask for, with signals in hand: one that comes before the commit ends it with nothing done.
///
/// # Errors
/// Those of [`lifecycle::act`].
pub(super) fn act(
    session: &Session,
    verb: &str,
    ask: impl FnOnce(&Desk<'_>) -> Result<Vec<crate::engine::Command>, Failure>,
) -> Result<Done, Failure> {
    on_signals(|| lifecycle::act(&session.context, verb, ask))
}

/// Tells what came of it.
pub(super) fn finish(session: &mut Session, done: &Done) {
    session.committed = done.serial.is_some();
    session.serial = done.serial;
    let events: Vec<_> = done.events.iter().filter_map(|e| serde_json::to_value(e).ok()).collect();
    let records: Vec<_> = done.records.iter().filter_map(|r| serde_json::to_value(r).ok()).collect();
    session.document(json!({ "format_version": "1.0", "events": events, "records": records }));
    session.say(&told(&done.events, &done.records));
}

/// The zone in which dates are days.
pub(super) fn zone(desk: &Desk<'_>) -> Zone {
    desk.facts.zone
}
