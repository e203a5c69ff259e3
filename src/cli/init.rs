//! `writ init`.

use super::session::Session;
use super::signals::on_signals;
use super::{Exit, Format};
use crate::ops::{Failure, init};
use clap::Args as ClapArgs;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Where; default: the current directory
    dir: Option<PathBuf>,
    /// The first administrator; default: admin@NAME.example
    #[arg(long, value_name = "USER")]
    admin: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    if let Some(dir) = &args.dir {
        session.context.root = session.context.root.join(dir);
    }
    let done = on_signals(|| init::init(&session.context, args.admin.as_deref()))?;
    session.committed = done.lineage.is_some() || !done.written.is_empty();
    session.document(json!({ "format_version": "1.0", "written": done.written, "kept": done.kept, "lineage": done.lineage }));
    for file in &done.written {
        session.say(&format!("wrote {file}\n"));
    }
    for file in &done.kept {
        session.say(&format!("left {file} as it is\n"));
    }
    if done.bare {
        session.say("left out an example directory and catalog, since there are files of TOML here already\n");
    }
    if let Some(lineage) = &done.lineage {
        session.say(&format!("made the store of lineage {lineage}, at @0\n"));
        session.say("Next: `writ plan` shows what an apply would do, `writ apply` does it.\n");
    }
    Ok(Exit::Success)
}
