//! `writ requests`.

use super::lifecycle::somebody;
use super::session::Session;
use super::{Exit, Format};
use crate::engine::{Named, Request, deciders};
use crate::ops::Failure;
use crate::ops::lifecycle::{self, Which};
use crate::view::lifecycle::{REQUEST_COLUMNS, request_row, request_text, requests_text};
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Show this one
    request: Option<String>,
    /// Of this package
    #[arg(long, value_name = "PACKAGE")]
    package: Option<String>,
    /// By, or for, this person
    #[arg(long = "for", value_name = "USER")]
    person: Option<String>,
    /// In this state; without it those that are open
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Those that are over too
    #[arg(long)]
    all: bool,
    /// Your own
    #[arg(long)]
    mine: bool,
    /// Those that wait for you
    #[arg(long)]
    to_decide: bool,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv])?;
    let person = somebody(args.person.as_ref())?;
    let (found, serial) = lifecycle::look(&session.context, |desk| {
        let found = match &args.request {
            Some(text) => {
                let which = Which { all: true, ..Which::default() };
                let meant = |r: &Request| r.id == *text || (text.len() > 5 && r.id.ends_with(text));
                let known = lifecycle::requests(desk, &which)?.into_iter().filter(meant).collect::<Vec<_>>();
                if known.is_empty() { vec![lifecycle::request(desk, text, person.as_deref())?] } else { known }
            }
            None => {
                let package = args.package.as_ref().map(|p| lifecycle::package(desk, p)).transpose()?;
                let (states, all, mine, to_decide) = (args.state.clone(), args.all, args.mine, args.to_decide);
                lifecycle::requests(desk, &Which { package, person, states, all, mine, to_decide })?
            }
        };
        let with = |r: Request| {
            let deciders = deciders(&desk.facts, &r);
            (r, deciders)
        };
        Ok((found.into_iter().map(with).collect::<Vec<(Request, Vec<Named>)>>(), desk.serial))
    })?;
    session.serial = Some(serial);
    let all: Vec<_> = found.iter().map(|(r, deciders)| json!({ "request": r, "deciders": deciders })).collect();
    session.document(json!({ "format_version": "1.0", "requests": all }));
    let one = args.request.is_some();
    let text = || match found.as_slice() {
        [(r, deciders)] if one => request_text(r, deciders),
        _ => requests_text(&found),
    };
    session.list(&REQUEST_COLUMNS, || found.iter().map(|(r, _)| request_row(r)).collect(), text);
    Ok(Exit::Success)
}
