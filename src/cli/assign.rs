//! `writ assign`.

use super::lifecycle::{Wish, act, finish, moment, person, zone};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::{Ask, Command};
use crate::model::Edge;
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The package: its key or its address
    package: String,
    /// Who is to have it: all of them, or nobody
    #[arg(required = true, value_name = "USER")]
    users: Vec<String>,
    #[command(flatten)]
    wish: Wish,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let answers = args.wish.answers()?;
    if args.users.len() > 1 && !answers.is_empty() {
        return Err(Failure::Usage("answers are those of one person (R127)".to_owned(), "assign one person at a time".to_owned()));
    }
    let users = args.users.iter().map(|u| person(u)).collect::<Result<Vec<_>, _>>()?;
    let done = act(session, "assign", |desk| {
        let package = lifecycle::package(desk, &args.package)?;
        let start = moment(args.wish.start.as_deref(), zone(desk), Edge::Start)?;
        let end = moment(args.wish.end.as_deref(), zone(desk), Edge::End)?;
        let ask = |user: String| {
            Command::Assign(Ask {
                package: package.clone(),
                policy: args.wish.policy.clone(),
                target: Some(user),
                justification: args.wish.justification.clone(),
                answers: answers.clone(),
                start,
                end,
            })
        };
        Ok(users.into_iter().map(ask).collect())
    })?;
    finish(session, &done);
    Ok(Exit::Success)
}
