//! `writ approve` and `writ deny`.

use super::lifecycle::{act, finish, somebody};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::Command;
use crate::ops::Failure;
use crate::ops::lifecycle::{self, Which};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The requests: ids, the last letters of ids, or a package with one request that waits for you
    #[arg(required_unless_present = "all")]
    requests: Vec<String>,
    /// Why
    #[arg(long, short, value_name = "TEXT")]
    justification: Option<String>,
    /// Of a package, the request for this person
    #[arg(long = "for", value_name = "USER")]
    target: Option<String>,
    /// Every request that waits for you: all of them, or none
    #[arg(long, conflicts_with = "requests")]
    all: bool,
}

pub(super) fn run(args: &Args, approve: bool, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let target = somebody(args.target.as_ref())?;
    let done = act(session, if approve { "approve" } else { "deny" }, |desk| {
        let ids: Vec<String> = if args.all {
            let waiting = Which { to_decide: true, person: target.clone(), ..Which::default() };
            lifecycle::requests(desk, &waiting)?.into_iter().map(|r| r.id).collect()
        } else {
            let found = args.requests.iter().map(|text| lifecycle::request(desk, text, target.as_deref()).map(|r| r.id));
            found.collect::<Result<_, _>>()?
        };
        let decide = |request| Command::Decide { request, approve, justification: args.justification.clone() };
        Ok(ids.into_iter().map(decide).collect())
    })?;
    if done.events.is_empty() {
        session.say("Nothing waits for a decision of yours.\n");
    }
    finish(session, &done);
    Ok(Exit::Success)
}
