//! `writ reprocess`.

use super::lifecycle::{act, finish, somebody};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::Command;
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The assignment: its id, the last letters of it, or its package; or a request of which something could not be delivered: its id
    what: String,
    /// Of a package, the access of this person
    #[arg(long = "for", value_name = "USER")]
    target: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let target = somebody(args.target.as_ref())?;
    let done = act(session, "reprocess", |desk| {
        // An id that is no request's is left to whoever looks for an assignment, and says so.
        if let Some(request) = lifecycle::request_of_id(desk, &args.what) {
            return Ok(vec![Command::ReprocessRequest { request }]);
        }
        let assignment = lifecycle::assignment(desk, &args.what, target.as_deref())?.id;
        Ok(vec![Command::Reprocess { assignment }])
    })?;
    finish(session, &done);
    Ok(Exit::Success)
}
