//! `writ state pull|push`.

use super::apply::{agreed, timeout};
use super::session::Session;
use super::signals::on_signals;
use super::{Exit, Format};
use crate::kinds::counted;
use crate::model::canonical;
use crate::ops::Failure;
use crate::ops::push::{prepare, pull, push};
use crate::view::plan as text;
use clap::Args as ClapArgs;
use serde_json::json;
use std::io::Read;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct PullArgs {}

#[derive(Debug, ClapArgs)]
pub(super) struct PushArgs {
    /// A document that `writ state pull` printed; `-` for stdin
    file: PathBuf,
    /// Agree without being asked
    #[arg(long)]
    auto_approve: bool,
    /// How long to wait for the lock
    #[arg(long, value_name = "D", default_value = "0s")]
    lock_timeout: String,
}

pub(super) fn run_pull(_: &PullArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let (serial, document) = pull(&session.context)?;
    session.serial = Some(serial);
    session.say(&format!("{}\n", canonical(&document)));
    session.document(document);
    Ok(Exit::Success)
}

pub(super) fn run_push(args: &PushArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let fail = |e| Failure::Io(format!("cannot read `{}`", args.file.display()), e);
    let mut document = String::new();
    match args.file.as_os_str() == "-" {
        true => std::io::stdin().lock().read_to_string(&mut document).map_err(fail)?,
        false => std::fs::File::open(&args.file).and_then(|mut f| f.read_to_string(&mut document)).map_err(fail)?,
    };
    let prepared = prepare(&session.context, &document)?;
    let shown = text::difference(&prepared.plan, session.paint);
    session.say(&shown);
    let wait = timeout(&args.lock_timeout)?;
    let (serial, events) = on_signals(|| {
        if !prepared.empty {
            // What stands on stdout is for programs: whoever is asked has to be shown it.
            let unseen = if session.is_json() { shown.as_str() } else { "" };
            agreed(session, args.auto_approve, &format!("{unseen}\nPut this state in the place of the store's? Only `yes` is taken: "))?;
        }
        push(&session.context, &prepared, wait)
    })?;
    session.committed = true;
    session.serial = Some(serial);
    session.document(json!({ "format_version": "1.0", "pushed": prepared.serial, "events": events }));
    session.say(&format!("\nThe state of serial {} is pushed, by {}, at @{serial}.\n", prepared.serial, counted(events, "event")));
    Ok(Exit::Success)
}
