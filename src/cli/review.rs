//! `writ review`.

use super::lifecycle::{act, finish, person};
use super::session::Session;
use super::{Exit, Format};
use crate::engine::{Answer, Command, Item, Review};
use crate::ops::{Failure, lifecycle};
use crate::view::review::{HISTORY, history, list, text};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the reviews in which you are asked, or that you may see
    List(List),
    /// Show one, with every answer
    Show(Show),
    /// Answer for the access of people
    Decide(Decide),
    /// End a review before its time, and apply what came of it
    Complete(Complete),
    /// Open a review of a package now
    Start(Start),
}

#[derive(Debug, ClapArgs)]
struct List {
    /// Those that are over too
    #[arg(long)]
    all: bool,
}

#[derive(Debug, ClapArgs)]
struct Show {
    /// The review: its id, the last letters of it, or its package
    review: String,
}

#[derive(Debug, ClapArgs)]
struct Decide {
    /// The review: its id, the last letters of it, or its package
    review: String,
    /// What becomes of the access
    #[arg(value_enum)]
    answer: Word,
    /// For these people; without it for all whom you are asked about
    #[arg(long = "for", value_name = "USER")]
    targets: Vec<String>,
    /// Why
    #[arg(long, short, value_name = "TEXT")]
    justification: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    /// It stays
    Approve,
    /// It goes, once the review is over
    Deny,
    /// It stays, and that you did not know is on record
    DontKnow,
}

#[derive(Debug, ClapArgs)]
struct Complete {
    /// The review: its id, the last letters of it, or its package
    review: String,
}

#[derive(Debug, ClapArgs)]
struct Start {
    /// The package
    package: String,
    /// Only what is held through this policy
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv])?;
    match &args.what {
        What::List(args) => {
            let found = lifecycle::look(&session.context, |desk| lifecycle::reviews(desk, args.all))?;
            show(session, &found, list)
        }
        What::Show(args) => {
            let found = lifecycle::look(&session.context, |desk| Ok(vec![lifecycle::review(desk, &args.review)?]))?;
            show(session, &found, |found| found.iter().map(|(r, mine)| text(r, mine)).collect())
        }
        What::Decide(args) => {
            let targets = args.targets.iter().map(|t| person(t)).collect::<Result<Vec<_>, _>>()?;
            let answer = match args.answer {
                Word::Approve => Answer::Approve,
                Word::Deny => Answer::Deny,
                Word::DontKnow => Answer::DontKnow,
            };
            doing(session, |desk| {
                let review = lifecycle::review(desk, &args.review)?.0.id;
                Ok(Command::Review { review, targets, answer, justification: args.justification.clone() })
            })
        }
        What::Complete(args) => doing(session, |desk| {
            let review = lifecycle::review(desk, &args.review)?.0.id;
            Ok(Command::CompleteReview { review })
        }),
        What::Start(args) => doing(session, |desk| {
            let package = lifecycle::package(desk, &args.package)?;
            Ok(Command::StartReview { package, policy: args.policy.clone() })
        }),
    }
}

fn doing(session: &mut Session, ask: impl FnOnce(&lifecycle::Desk<'_>) -> Result<Command, Failure>) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let done = act(session, "review", |desk| Ok(vec![ask(desk)?]))?;
    finish(session, &done);
    Ok(Exit::Success)
}

fn show(
    session: &mut Session,
    found: &[(Review, Vec<Item>)],
    words: impl FnOnce(&[(Review, Vec<Item>)]) -> String,
) -> Result<Exit, Failure> {
    let all: Vec<_> = found.iter().map(|(r, mine)| json!({ "review": r, "asked": mine })).collect();
    session.document(json!({ "format_version": "1.0", "reviews": all }));
    session.list(&HISTORY, || found.iter().flat_map(|(r, _)| history(r)).collect(), || words(found));
    Ok(Exit::Success)
}
