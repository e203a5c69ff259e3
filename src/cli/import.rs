//! `writ import ADDR ID`, `writ import graph` and `writ import terraform`.

use super::apply::{agreed, apply_agreed, timeout};
use super::plan::{Scope, show};
use super::session::Session;
use super::signals::on_signals;
use super::state::change;
use super::{Exit, Format, address};
use crate::kinds::counted;
use crate::migrate::{self, Document};
use crate::ops::apply::{ApplyOptions, permit};
use crate::ops::migrate::{Import, Reading, carried, carry, prepare, write};
use crate::ops::state::Edit;
use crate::ops::{Failure, plan};
use crate::source::answers;
use crate::view::migration;
use crate::view::toml::quoted;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Args {
    #[command(subcommand)]
    from: Option<From>,
    /// The declared address that the object gets
    #[arg(required = true)]
    address: Option<String>,
    /// Its id: `writ state list --unmanaged -v`
    #[arg(required = true)]
    id: Option<String>,
    /// How long to wait for the lock
    #[arg(long, value_name = "D", default_value = "0s")]
    lock_timeout: String,
}

#[derive(Debug, Subcommand)]
enum From {
    /// Make a workspace of answers of Microsoft Graph v1.0
    Graph {
        /// A folder of JSON files, each an answer: `catalogs.json`, `accessPackages.json`, …
        dir: PathBuf,
        #[command(flatten)]
        agreement: Agree,
    },
    /// Make a workspace of a Terraform state with resources of the azuread provider
    Terraform {
        /// The state, of version 4: a file, or what `terraform state pull` prints
        statefile: PathBuf,
        #[command(flatten)]
        agreement: Agree,
    },
}

/// What an import of a whole system takes.
#[derive(Debug, ClapArgs)]
struct Agree {
    /// Agree without being asked
    #[arg(long)]
    auto_approve: bool,
    /// How long to wait for the lock
    #[arg(long, value_name = "D", default_value = "0s")]
    lock_timeout: String,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    match &args.from {
        Some(From::Graph { dir, agreement }) => {
            (session.context.tell)("reading the folder");
            let documents = answers::folder(dir)?.into_iter().map(|(name, value)| Document { name, value, part: false }).collect();
            migrate_from("import graph", documents, migrate::graph, agreement, session)
        }
        Some(From::Terraform { statefile, agreement }) => {
            let (name, value) = (statefile.display().to_string(), answers::document(statefile)?);
            let documents = vec![Document { name, value, part: false }];
            migrate_from("import terraform", documents, migrate::terraform, agreement, session)
        }
        None => by_hand(args, session),
    }
}

fn by_hand(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let (Some(to), Some(id)) = (&args.address, &args.id) else {
        return Err(Failure::Usage("an address and an id are needed".to_owned(), "`writ import ADDRESS ID`".to_owned()));
    };
    let to = address(to)?;
    let said = format!("[[import]]\nto = {}\nid = {}\n", quoted(to.as_str()), quoted(id));
    change(&Edit::Import(to, id.clone()), &args.lock_timeout, &said, "imported", session)
}

/// Makes the import, shows what would come of it, asks, and does it.
fn migrate_from(verb: &str, documents: Vec<Document>, reading: Reading, agree: &Agree, session: &mut Session) -> Result<Exit, Failure> {
    let read = documents.len();
    let mut import = prepare(&session.context, documents, reading)?;
    let holders = format!("{} to carry over", counted(import.held.len(), "assignment"));
    session.say(&format!("Read {}: {} and {}.\n", counted(read, "document"), counted(import.declared, "object"), holders));
    session.say(&migration::left(&import.left.by_sort(), session.verbose));
    let outcome = match import.planned.take() {
        Some(planned) => done(verb, planned, &mut import, agree, session),
        None => {
            let here = if import.declared == 0 { "There is no object to declare" } else { "All objects are here already" };
            session.say(&format!("\n{here}: no file is written.\n"));
            Ok(())
        }
    };
    if outcome.is_ok() && !import.held.is_empty() {
        let told = import.left.sorted().len();
        let (given, serial) = on_signals(|| carry(&session.context, verb, &mut import))?;
        session.committed |= serial.is_some();
        session.serial = serial.or(session.serial);
        session.say(&format!("Carried over {}.\n", counted(given, "assignment")));
        if import.left.sorted().len() > told {
            session.say(&migration::left(&import.left.by_sort(), session.verbose));
        }
    }
    let left: Vec<_> = import.left.sorted().into_iter().map(|l| json!({ "at": l.at, "what": l.what, "why": l.why })).collect();
    session.add("import", json!({ "files": import.files.keys().collect::<Vec<_>>(), "left": left }));
    outcome.map(|()| Exit::Success)
}

fn done(verb: &str, planned: plan::Planned, import: &mut Import, agree: &Agree, session: &mut Session) -> Result<(), Failure> {
    for name in import.files.keys() {
        session.say(&format!("would write {name}\n"));
    }
    session.say("\n");
    let scope = Scope::default();
    show(session, &planned, &scope, None, false);
    let digest = planned.plan.changes_digest.to_string();
    let options = ApplyOptions {
        expect: Some(digest),
        lock_timeout: timeout(&agree.lock_timeout)?,
        ids: import.ids.clone(),
        carried: carried(import),
        verb: Some(verb.to_owned()),
        ..ApplyOptions::default()
    };
    permit(&planned.plan, &options)?;
    agreed(session, agree.auto_approve, "\nWrite these files and apply this plan? Only `yes` is taken: ")?;
    let mut written = on_signals(|| write(&session.context, import))?;
    let applied = plan::plan_whole(&session.context, &options.plan).and_then(|planned| apply_agreed(planned, &options, session));
    if applied.is_err() && !session.committed {
        written.take_back();
    }
    applied
}
