//! `writ reprocess`.

use super::lifecycle::{act, finish, somebody};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::Command;
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The assignment: its id, the last letters of it, or its package
    assignment: String,
    /// Of a package, the access of this person
    #[arg(long = "for", value_name = "USER")]
    target: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let target = somebody(args.target.as_ref())?;
    let done = act(session, "reprocess", |desk| {
        let assignment = lifecycle::assignment(desk, &args.assignment, target.as_deref())?.id;
        Ok(vec![Command::Reprocess { assignment }])
    })?;
    finish(session, &done);
    Ok(Exit::Success)
}
