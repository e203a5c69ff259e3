//! `writ directory import`.

use super::apply::timeout;
use super::session::Session;
use super::signals::on_signals;
use super::{Exit, Format};
use crate::diag::shown;
use crate::kinds::counted;
use crate::ops::Failure;
use crate::ops::directory::{self, Imported};
use crate::view::migration;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Load users, groups, applications and sites into the store, for files to refer to
    Import {
        /// CSV with a header, or answers of Microsoft Graph in JSON
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// How long to wait for the lock
        #[arg(long, value_name = "D", default_value = "0s")]
        lock_timeout: String,
    },
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let What::Import { files, lock_timeout } = &args.what;
    let wait = timeout(lock_timeout)?;
    let done = on_signals(|| directory::import(&session.context, files, wait))?;
    session.committed = done.serial.is_some();
    session.serial = done.serial;
    let Imported { entries, new, changed, same, managed, unread, left, uncounted, serial } = &done;
    let list: Vec<_> = left.sorted().into_iter().map(|l| json!({ "at": l.at, "what": l.what, "why": l.why })).collect();
    session.document(json!({
        "format_version": "1.0",
        "directory": { "entries": entries, "new": new, "changed": changed, "same": same, "managed": managed, "unread": unread, "left": list, "left_untold": uncounted },
    }));
    let read = if entries.is_empty() { "nothing".to_owned() } else { directory::counted(entries) };
    session.say(&format!("Read {}: {read}.\n", counted(files.len(), "file")));
    session.say(&format!("{new} new, {changed} changed, {same} as they were, {managed} left to the files that declare them.\n"));
    if !unread.is_empty() {
        let names: Vec<String> = unread.iter().map(|(name, n)| format!("`{}` ({n})", shown(name))).collect();
        session.say(&format!("Not read, since there is nothing like it here: {}.\n", names.join(", ")));
    }
    if !left.is_empty() {
        session.say(&migration::left(&left.by_sort(), session.verbose));
    }
    if *uncounted > 0 {
        session.say(&format!("  and {uncounted} places more.\n"));
    }
    if let Some(serial) = serial {
        session.say(&format!("The store is at @{serial}.\n"));
    }
    Ok(Exit::Success)
}
