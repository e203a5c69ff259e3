//! `writ doctor`.

use super::session::Session;
use super::{Exit, Format};
use crate::kinds::counted;
use crate::ops::Failure;
use crate::ops::doctor::doctor;
use crate::store::Health;
use crate::view::object::table;
use crate::view::paint::line;
use clap::Args as ClapArgs;
use serde_json::{Value as Json, json};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Put right what can be: the mode of the file, and what killed commands left
    #[arg(long)]
    fix: bool,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv])?;
    let (place, findings) = doctor(&session.context, args.fix)?;
    let word = |health: Health| match health {
        Health::Well => "ok",
        Health::Note => "note",
        Health::Fault => "FAULT",
    };
    let faults = findings.iter().filter(|f| f.health == Health::Fault).count();
    let all: Vec<Json> =
        findings.iter().map(|f| json!({ "what": f.what, "health": word(f.health).to_ascii_lowercase(), "told": f.told })).collect();
    session.document(json!({ "format_version": "1.0", "store": place.url, "faults": faults, "findings": all }));
    let rows = || findings.iter().map(|f| vec![f.what.to_owned(), word(f.health).to_owned(), f.told.clone()]).collect::<Vec<_>>();
    session.list(&["what", "health", "told"], rows, || table(&[place.url.as_str(), "", ""], &rows()));
    match faults {
        0 => Ok(Exit::Success),
        n => {
            session.mutter(&format!("Error: {} in the store `{}`\n", counted(n, "fault"), line(&place.url)));
            Ok(Exit::Store)
        }
    }
}
