//! `writ tick`.

use super::lifecycle::{finish, moment};
use super::session::Session;
use super::{Exit, Format};
use crate::model::{Edge, Zone};
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// As if it were this instant; never earlier than what was recorded last
    #[arg(long, value_name = "INSTANT")]
    now: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let now = moment(args.now.as_deref(), Zone::UTC, Edge::Start)?;
    let done = lifecycle::tick(&session.context, now)?;
    if done.events.is_empty() {
        session.say("Nothing is due.\n");
    }
    finish(session, &done);
    Ok(Exit::Success)
}
