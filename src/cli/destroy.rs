//! `writ destroy`: `apply --destroy`.

use super::apply::{Agreement, run_planned};
use super::plan::Scope;
use super::session::Session;
use super::{Exit, Format};
use crate::ops::Failure;
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    scope: Scope,
    #[command(flatten)]
    agreement: Agreement,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Markdown])?;
    run_planned(&Scope { destroy: true, ..args.scope.clone() }, &args.agreement, session)
}
