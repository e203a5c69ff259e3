//! `writ assignments`.

use super::lifecycle::somebody;
use super::session::Session;
use super::{Exit, Format};
use crate::ops::Failure;
use crate::ops::lifecycle::{self, Which};
use crate::view::lifecycle::{ASSIGNMENT_COLUMNS, assignment_row, assignments_text};
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Of this package
    #[arg(long, value_name = "PACKAGE")]
    package: Option<String>,
    /// Of this person
    #[arg(long = "for", value_name = "USER")]
    person: Option<String>,
    /// In this state; without it those that live
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Those that are over too
    #[arg(long)]
    all: bool,
    /// Your own
    #[arg(long)]
    mine: bool,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv])?;
    let person = somebody(args.person.as_ref())?;
    let (mut found, serial) = lifecycle::look(&session.context, |desk| {
        let package = args.package.as_ref().map(|p| lifecycle::package(desk, p)).transpose()?;
        let which = Which { package, person, states: args.state.clone(), all: args.all, mine: args.mine, to_decide: false };
        Ok((lifecycle::assignments(desk, &which)?, desk.serial))
    })?;
    // Those that live come first (R56).
    found.sort_by_key(|a| a.ended.is_some());
    session.serial = Some(serial);
    session.document(json!({ "format_version": "1.0", "assignments": found }));
    session.list(&ASSIGNMENT_COLUMNS, || found.iter().map(assignment_row).collect(), || assignments_text(&found));
    Ok(Exit::Success)
}
