//! `writ reschedule`.

use super::lifecycle::{act, finish, moment, somebody, zone};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::Command;
use crate::model::Edge;
use crate::ops::Failure;
use crate::ops::lifecycle::{self, Which};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The assignment: its id, the last letters of it, or its package
    #[arg(required_unless_present = "package")]
    assignment: Option<String>,
    /// Move the ends of all who hold this package
    #[arg(long, value_name = "PACKAGE", conflicts_with = "assignment")]
    package: Option<String>,
    /// Of a package, the access of this person
    #[arg(long = "for", value_name = "USER", conflicts_with = "package")]
    target: Option<String>,
    /// The new end: a date, which is kept through that day, or an instant
    #[arg(long, value_name = "INSTANT")]
    end: String,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let target = somebody(args.target.as_ref())?;
    let done = act(session, "reschedule", |desk| {
        let end = moment(Some(&args.end), zone(desk), Edge::End)?.unwrap_or(desk.facts.now);
        let ids: Vec<String> = match (&args.package, &args.assignment) {
            (Some(package), _) => {
                let which = Which { package: Some(lifecycle::package(desk, package)?), ..Which::default() };
                let all = lifecycle::assignments(desk, &which)?.into_iter().filter(|a| a.end != Some(end));
                all.map(|a| a.id).collect()
            }
            (None, Some(text)) => vec![lifecycle::assignment(desk, text, target.as_deref())?.id],
            (None, None) => Vec::new(),
        };
        Ok(ids.into_iter().map(|assignment| Command::Reschedule { assignment, end }).collect())
    })?;
    finish(session, &done);
    Ok(Exit::Success)
}
