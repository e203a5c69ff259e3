//! `writ extend`.

use super::lifecycle::{act, finish, moment, zone};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::Command;
use crate::model::Edge;
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The assignment: its id, the last letters of it, or its package
    assignment: String,
    /// The end that you want; without it the latest that the policy allows
    #[arg(long, value_name = "INSTANT")]
    end: Option<String>,
    /// Why
    #[arg(long, short, value_name = "TEXT")]
    justification: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let done = act(session, "extend", |desk| {
        let assignment = lifecycle::assignment(desk, &args.assignment, None)?.id;
        let end = moment(args.end.as_deref(), zone(desk), Edge::End)?;
        Ok(vec![Command::Extend { assignment, end, justification: args.justification.clone() }])
    })?;
    finish(session, &done);
    Ok(Exit::Success)
}
