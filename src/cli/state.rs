//! `writ state`: `list`, `show`, `mv` and `rm`; the others have files of their own.

use super::apply::timeout;
use super::backup::{BackupArgs, RestoreArgs, run_backup, run_restore};
use super::push::{PullArgs, PushArgs, run_pull, run_push};
use super::session::Session;
use super::show::as_json;
use super::signals::on_signals;
use super::{Exit, Format, address};
use crate::kinds::{counted, is_builtin};
use crate::model::Stored;
use crate::ops::Failure;
use crate::ops::history::Moment;
use crate::ops::show;
use crate::ops::state::{Edit, edit};
use crate::view::{object, toml::quoted};
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value as Json, json};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List what is managed; -v and --format csv with ids
    List {
        /// Only this object and what stands in it
        address: Option<String>,
        /// Only what no workspace manages
        #[arg(long)]
        unmanaged: bool,
    },
    /// Show one object
    Show {
        /// The object
        address: String,
    },
    /// Give an object another address; prints the [[moved]] that says the same
    Mv {
        /// The old address
        from: String,
        /// The new one
        to: String,
        /// How long to wait for the lock
        #[arg(long, value_name = "D", default_value = "0s")]
        lock_timeout: String,
    },
    /// Manage an object no longer; it lives on. Prints the [[removed]] that says the same
    Rm {
        /// The object, with all that stands in it
        address: String,
        /// How long to wait for the lock
        #[arg(long, value_name = "D", default_value = "0s")]
        lock_timeout: String,
    },
    /// Print the state as one JSON document
    Pull(PullArgs),
    /// Put such a document in the place of the state, if it is newer
    Push(PushArgs),
    /// Write a verified copy of the store to a new file
    Backup(BackupArgs),
    /// Put a backup in the store's place; what it replaces is kept
    Restore(RestoreArgs),
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    match &args.verb {
        Verb::List { .. } => session.only(&[Format::Text, Format::Json, Format::Csv])?,
        _ => session.only(&[Format::Text, Format::Json])?,
    }
    match &args.verb {
        Verb::Pull(args) => run_pull(args, session),
        Verb::Push(args) => run_push(args, session),
        Verb::Backup(args) => run_backup(args, session),
        Verb::Restore(args) => run_restore(args, session),
        Verb::List { address, unmanaged } => list(address.as_deref(), *unmanaged, session),
        Verb::Show { address: text } => {
            let target = address(text)?;
            let (serial, objects) = show::show(&session.context, Some(&target), Moment::Now)?;
            let Some(stored) = objects.iter().find(|s| s.object.address == target) else {
                return Err(Failure::Usage(
                    format!("there is no `{target}` in the store"),
                    "`writ state list` shows what there is".to_owned(),
                ));
            };
            session.serial = Some(serial);
            session.document(json!({ "format_version": "1.0", "serial": serial, "value": as_json(stored) }));
            session.say(&object::block(stored, session.paint));
            Ok(Exit::Success)
        }
        Verb::Mv { from, to, lock_timeout } => {
            let (from, to) = (address(from)?, address(to)?);
            let said = format!("[[moved]]\nfrom = {}\nto = {}\n", quoted(from.as_str()), quoted(to.as_str()));
            change(&Edit::Move(from, to), lock_timeout, &said, "moved", session)
        }
        Verb::Rm { address: text, lock_timeout } => {
            let target = address(text)?;
            let said = format!("[[removed]]\nfrom = {}\ndestroy = false\n", quoted(target.as_str()));
            change(&Edit::Remove(target), lock_timeout, &said, "no longer managed", session)
        }
    }
}

/// Makes an edit and prints what would have said the same in a file.
pub(super) fn change(what: &Edit, lock_timeout: &str, said: &str, word: &str, session: &mut Session) -> Result<Exit, Failure> {
    let lock_timeout = timeout(lock_timeout)?;
    let (count, serial) = on_signals(|| edit(&session.context, what, lock_timeout))?;
    session.committed = true;
    session.serial = Some(serial);
    session.document(json!({ "format_version": "1.0", "objects": count, "toml": said }));
    let objects = counted(count, "object");
    session.say(&format!("{objects} {word}, at @{serial}. In a file this says the same:\n\n{said}"));
    Ok(Exit::Success)
}

fn list(only: Option<&str>, unmanaged: bool, session: &mut Session) -> Result<Exit, Failure> {
    let only = only.map(address).transpose()?;
    let (serial, objects) = show::show(&session.context, only.as_ref(), Moment::Now)?;
    // What always exists is nobody's to manage or to miss.
    let wanted = |s: &&Stored| if unmanaged { s.workspace.is_none() && !is_builtin(&s.object.address) } else { s.workspace.is_some() };
    let objects: Vec<&Stored> = objects.iter().filter(wanted).collect();
    session.serial = Some(serial);
    let entry = |s: &&Stored| json!({ "address": s.object.address.as_str(), "type": s.object.address.kind(), "id": s.id, "workspace": s.workspace.as_deref(), "version": s.version });
    let all: Vec<Json> = objects.iter().map(entry).collect();
    session.document(json!({ "format_version": "1.0", "serial": serial, "objects": all }));
    let verbose = session.verbose;
    let row = |s: &&Stored, version: String| {
        [s.object.address.to_string(), s.id.clone(), version, s.workspace.as_deref().unwrap_or_default().to_owned()]
    };
    let cells = |s: &&Stored| {
        let [address, id, version, workspace] = row(s, s.version.to_string());
        vec![address, s.object.address.kind().to_owned(), id, workspace, version]
    };
    session.list(
        &["address", "type", "id", "workspace", "version"],
        || objects.iter().map(cells).collect(),
        || match verbose {
            true => {
                let rows: Vec<Vec<String>> = objects.iter().map(|s| row(s, format!("@{}", s.version)).to_vec()).collect();
                object::table(&["ADDRESS", "ID", "WRITTEN", "WORKSPACE"], &rows)
            }
            false => objects.iter().map(|s| format!("{}\n", s.object.address)).collect(),
        },
    );
    Ok(Exit::Success)
}
