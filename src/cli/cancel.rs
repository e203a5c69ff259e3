//! `writ cancel`.

use super::lifecycle::{act, finish, somebody};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::Command;
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The requests: ids, the last letters of ids, or a package
    #[arg(required = true)]
    requests: Vec<String>,
    /// Why
    #[arg(long, short, value_name = "TEXT")]
    justification: Option<String>,
    /// Of a package, the request for this person
    #[arg(long = "for", value_name = "USER")]
    target: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let target = somebody(args.target.as_ref())?;
    let done = act(session, "cancel", |desk| {
        let cancel = |text: &String| {
            let request = lifecycle::request(desk, text, target.as_deref())?.id;
            Ok(Command::Cancel { request, justification: args.justification.clone() })
        };
        args.requests.iter().map(cancel).collect()
    })?;
    finish(session, &done);
    Ok(Exit::Success)
}
