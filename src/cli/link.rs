//! `writ link`.

use super::session::Session;
use super::{Exit, Format};
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The package: its key or its address
    package: String,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let link = lifecycle::look(&session.context, |desk| {
        let address = lifecycle::package(desk, &args.package)?;
        // By the id, which outlives every move; whoever has the link finds a hidden package by it (R62, R65).
        let id = desk.facts.named(&address).map(|n| n.id).unwrap_or_default();
        Ok(format!("writ:{}/access-packages/{id}", desk.workspace))
    })?;
    session.document(json!({ "format_version": "1.0", "link": link }));
    session.say(&format!("{link}\n"));
    Ok(Exit::Success)
}
