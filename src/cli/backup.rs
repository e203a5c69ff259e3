//! `writ state backup|restore`.

use super::apply::timeout;
use super::session::Session;
use super::signals::on_signals;
use super::{Exit, Format};
use crate::kinds::counted;
use crate::ops::Failure;
use crate::ops::backup::{Restored, backup, restore};
use crate::view::paint::line;
use clap::Args as ClapArgs;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct BackupArgs {
    /// The new file
    file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RestoreArgs {
    /// A file that `writ state backup` wrote; it is verified first
    file: PathBuf,
    /// How long to wait for the lock
    #[arg(long, value_name = "D", default_value = "0s")]
    lock_timeout: String,
}

pub(super) fn run_backup(args: &BackupArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let made = backup(&session.context, &args.file)?;
    let file = args.file.display().to_string();
    session.serial = Some(made.serial);
    session.document(json!({
        "format_version": "1.0", "file": file, "lineage": made.lineage, "serial": made.serial, "hash": made.hash, "events": made.events,
    }));
    session.say(&format!("The store at @{} is backed up and verified: {}\nlink {}\n", made.serial, line(&file), made.hash));
    Ok(Exit::Success)
}

pub(super) fn run_restore(args: &RestoreArgs, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let done = on_signals(|| restore(&session.context, &args.file, timeout(&args.lock_timeout)?))?;
    let Restored { kept, before, restored, serial, store } = &done;
    session.committed = true;
    session.serial = Some(*serial);
    let kept = kept.as_ref().map(|path| path.display().to_string());
    session.document(json!({ "format_version": "1.0", "before": before, "restored": restored, "kept": kept }));
    let was = match (before, &kept) {
        (Some(serial), _) => format!("@{serial}"),
        (None, Some(_)) => "unreadable".to_owned(),
        (None, None) => "none".to_owned(),
    };
    session.say(&format!("{}: {was} -> @{restored}, and @{serial} tells of it.\n", line(store)));
    if let Some(kept) = &kept {
        session.say(&format!("What it replaces is kept at {}\n", line(kept)));
    }
    if let Some(before) = before.filter(|before| before > restored) {
        let lost = counted(before.saturating_sub(*restored), "revision");
        session.say(&format!("This undoes {lost}: `writ plan` shows what the files say beyond the store.\n"));
    }
    Ok(Exit::Success)
}
