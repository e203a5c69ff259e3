//! `writ rollback @N`.

use super::apply::{Agreement, apply_shown};
use super::plan::{Scope, save, show};
use super::session::Session;
use super::show::moment;
use super::{Exit, Format};
use crate::model::canonical;
use crate::ops::history::Moment;
use crate::ops::plan::Options;
use crate::ops::{Failure, plan};
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The revision to go back to
    #[arg(value_name = "@N")]
    serial: String,
    /// Save the plan for `writ apply FILE`, and apply nothing
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    agreement: Agreement,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Markdown])?;
    let Moment::Serial(serial) = moment(&args.serial)? else {
        let help = "`writ history` lists the revisions; write one such as `@41`";
        return Err(Failure::Usage(format!("`{}` is no revision", args.serial), help.to_owned()));
    };
    let scope = Scope { detailed_exitcode: args.detailed_exitcode, ..Scope::default() };
    let mut options = args.agreement.options(&scope)?;
    options.plan = Options { rollback: Some(serial), ..Options::default() };
    let planned = plan::plan(&session.context, &options.plan)?;
    let saved = match &args.out {
        Some(path) => {
            save(path, &canonical(&planned.document(false)))?;
            Some(path.display().to_string())
        }
        None => None,
    };
    if planned.plan.is_empty() && session.format == Format::Text {
        session.serial = Some(planned.plan.base.serial);
        session.say(&format!("No changes. The store holds what it held at @{serial}.\n"));
        return Ok(Exit::Success);
    }
    show(session, &planned, &scope, saved.as_deref(), saved.is_some());
    if !planned.plan.is_empty() {
        (session.context.note)(&format!(
            "the files still say otherwise: the next plan undoes this, until they say what the store held at @{serial}"
        ));
    }
    if saved.is_some() {
        return Ok(scope.exit(&planned.plan));
    }
    apply_shown(planned, &options, &args.agreement, &scope, session)
}
