//! `writ remove`.

use super::lifecycle::{act, finish, somebody};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::Command;
use crate::ops::Failure;
use crate::ops::lifecycle::{self, Which};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The assignments: ids, the last letters of ids, or packages
    #[arg(required = true)]
    assignments: Vec<String>,
    /// Take it away from this person
    #[arg(long = "for", value_name = "USER")]
    target: Option<String>,
    /// Of a package, take it away from everybody
    #[arg(long, conflicts_with = "target")]
    all: bool,
    /// Why
    #[arg(long, short, value_name = "TEXT")]
    justification: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let target = somebody(args.target.as_ref())?;
    let done = act(session, "remove", |desk| {
        let mut ids = Vec::new();
        for text in &args.assignments {
            if args.all {
                let which = Which { package: Some(lifecycle::package(desk, text)?), ..Which::default() };
                ids.extend(lifecycle::assignments(desk, &which)?.into_iter().map(|a| a.id));
            } else {
                ids.push(lifecycle::assignment(desk, text, target.as_deref())?.id);
            }
        }
        Ok(ids.into_iter().map(|assignment| Command::Remove { assignment, justification: args.justification.clone() }).collect())
    })?;
    finish(session, &done);
    Ok(Exit::Success)
}
