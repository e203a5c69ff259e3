//! `writ show`.

use super::plan::open;
use super::session::Session;
use super::{Exit, Format, address};
use crate::kinds::with_defaults;
use crate::model::Stored;
use crate::ops::Failure;
use crate::ops::history::Moment;
use crate::ops::{report, show};
use crate::view::answers::{standing_json, standing_text};
use crate::view::impact::Names;
use crate::view::{html, markdown, object, plan as text};
use chrono::{DateTime, Utc};
use clap::Args as ClapArgs;
use serde_json::{Value as Json, json};
use std::path::Path;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A saved plan (if it contains `/` or exists), or an address; default: everything
    what: Option<String>,
    /// As it was: `@SERIAL` or an instant such as 2026-11-01T00:00:00Z
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,
    /// Of a saved plan, how many names of the people who are affected to tell
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    names: Names,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Markdown, Format::Html])?;
    let file = args.what.as_deref().filter(|w| w.contains('/') || Path::new(w).exists());
    if let Some(path) = file {
        let saved = open(Path::new(path))?;
        let plan = saved.as_saved();
        match session.format {
            Format::Markdown => session.print(&markdown::text(&plan, Some(&session.how.saved(path)))),
            Format::Html => html::write(&plan, Some(&session.how.saved(path)), args.names, &mut |part| session.print(part)),
            _ => {
                let mut text = String::new();
                text::write(&plan, session.paint, args.names, &mut |part| text.push_str(part));
                session.say(&text);
            }
        }
        session.document(saved.document);
        return Ok(Exit::Success);
    }
    session.only(&[Format::Text, Format::Json, Format::Markdown])?;
    let what = args.what.as_deref().map(address).transpose()?;
    let moment = args.at.as_deref().map_or(Ok(Moment::Now), moment)?;
    let (serial, objects) = show::show(&session.context, what.as_ref(), moment)?;
    session.serial = Some(serial);
    let mut values: Vec<Json> = objects.iter().map(as_json).collect();
    let mut text = objects.iter().map(|o| object::block(o, session.paint)).collect::<Vec<_>>().join("\n");
    // A declared assignment is given once: whom it still gives something is the first question.
    if let Some(address) = what.filter(|a| a.kind() == "assignment") {
        let people = report::declared(&session.context, moment, &address)?;
        if let Some(Json::Object(value)) = values.first_mut() {
            value.insert("people".to_owned(), Json::Array(standing_json(&people)));
        }
        if !people.is_empty() {
            text.push_str(&format!("\n{}", standing_text(&people)));
        }
    }
    session.document(json!({ "format_version": "1.0", "serial": serial, "values": values }));
    session.say(&text);
    Ok(Exit::Success)
}

/// `@41`, or an instant.
pub(super) fn moment(text: &str) -> Result<Moment, Failure> {
    if let Some(number) = text.strip_prefix('@') {
        return number.parse().map(Moment::Serial).map_err(|_| bad(text));
    }
    DateTime::parse_from_rfc3339(text).map(|t| Moment::Instant(t.with_timezone(&Utc))).map_err(|_| bad(text))
}

fn bad(text: &str) -> Failure {
    Failure::Usage(format!("`{text}` is no moment of the store"), "write `@41`, or an instant such as `2026-11-01T00:00:00Z`".to_owned())
}

pub(super) fn as_json(stored: &Stored) -> Json {
    json!({
        "address": stored.object.address.as_str(),
        "type": stored.object.address.kind(),
        "name": stored.object.address.key(),
        "id": stored.id,
        "workspace": stored.workspace.as_deref(),
        "version": stored.version,
        "origin": stored.origin,
        "values": with_defaults(&stored.object),
    })
}
