//! `writ why`.

use super::lifecycle::person;
use super::session::Session;
use super::show::moment;
use super::{Exit, Format};
use crate::ops::history::Moment;
use crate::ops::{Failure, report};
use crate::view::answers::{why_json, why_text};
use crate::view::lifecycle::instant;
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The person
    user: String,
    /// The resource: its address, `CATALOG/RESOURCE`, or `group:KEY`
    resource: String,
    /// As it was: `@SERIAL` or an instant such as 2026-11-01T00:00:00Z
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let at = args.at.as_deref().map_or(Ok(Moment::Now), moment)?;
    let answer = report::why(&session.context, at, &person(&args.user)?, &args.resource)?;
    session.serial = Some(answer.serial);
    session.document(json!({ "format_version": "1.0", "serial": answer.serial, "at": instant(answer.at), "why": why_json(&answer.of) }));
    session.say(&why_text(&answer.of));
    Ok(Exit::Success)
}
