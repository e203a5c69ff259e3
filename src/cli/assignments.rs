//! `writ assignments`.

use super::lifecycle::{moment as instant, somebody, zone};
use super::session::Session;
use super::{Exit, Format};
use crate::model::Edge;
use crate::ops::lifecycle::{self, Which};
use crate::ops::{Failure, report};
use crate::report::changes::COLUMNS;
use crate::view::lifecycle::{ASSIGNMENT_COLUMNS, assignment_row, assignments_text};
use crate::view::report as view;
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
    /// What changed in them since each began: what their packages give, and their ends
    #[arg(long)]
    changes: bool,
    /// What changed since then, and what began and ended: a date, or an instant
    #[arg(long, value_name = "INSTANT", requires = "changes")]
    since: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv])?;
    if args.changes {
        return changes(args, session);
    }
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

/// What changed in what somebody holds (R72).
fn changes(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let person = somebody(args.person.as_ref())?;
    let context = session.context.clone();
    let (rows, serial) = lifecycle::look(&session.context, |desk| {
        let package = args.package.as_ref().map(|p| lifecycle::package(desk, p)).transpose()?;
        let since = instant(args.since.as_deref(), zone(desk), Edge::Start)?;
        let all = args.all || since.is_some();
        let which = Which { package, person, states: args.state.clone(), all, mine: args.mine, to_decide: false };
        let mut found = lifecycle::assignments(desk, &which)?;
        // What was over by then did not change since.
        found.retain(|a| since.is_none_or(|since| a.ended.or(a.end).is_none_or(|end| end > since)));
        Ok((report::changed(&context, desk, &found, since)?, desk.serial))
    })?;
    session.serial = Some(serial);
    session.document(json!({ "format_version": "1.0", "changes": view::json(COLUMNS, &rows) }));
    let head: Vec<&str> = COLUMNS.iter().map(|c| c.name).collect();
    session.list(
        &head,
        || view::cells(&rows),
        || match rows.is_empty() {
            true => "Nothing changed.\n".to_owned(),
            false => view::text(COLUMNS, &rows),
        },
    );
    Ok(Exit::Success)
}
