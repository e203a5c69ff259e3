//! `writ request`.

use super::lifecycle::{Wish, act, finish, moment, somebody, zone};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::{Ask, Command};
use crate::model::Edge;
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The package: its key, its address, or its link
    package: String,
    /// Ask for this person, who reports to you
    #[arg(long = "for", value_name = "USER")]
    target: Option<String>,
    #[command(flatten)]
    wish: Wish,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let (target, answers) = (somebody(args.target.as_ref())?, args.wish.answers()?);
    let done = act(session, "request", |desk| {
        Ok(vec![Command::Request(Ask {
            package: lifecycle::package(desk, &args.package)?,
            policy: args.wish.policy.clone(),
            target,
            justification: args.wish.justification.clone(),
            answers,
            start: moment(args.wish.start.as_deref(), zone(desk), Edge::Start)?,
            end: moment(args.wish.end.as_deref(), zone(desk), Edge::End)?,
        })])
    })?;
    finish(session, &done);
    Ok(Exit::Success)
}
