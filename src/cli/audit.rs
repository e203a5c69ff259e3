//! `writ audit verify`.

use super::session::Session;
use super::{Exit, Format};
use crate::ops::{Failure, history};
use crate::view::paint::line;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value as Json, json};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Recompute the whole chain, and compare the tables with what the events say
    Verify,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let Args { verb: Verb::Verify } = args;
    session.only(&[Format::Text, Format::Json])?;
    match history::verify(&session.context)? {
        Ok(verified) => {
            session.serial = Some(verified.serial);
            session.document(json!({
                "format_version": "1.0", "valid": true, "lineage": verified.lineage, "serial": verified.serial,
                "hash": verified.hash, "events": verified.events, "erased": verified.erased, "faults": [],
            }));
            session.say(&format!("The chain holds: {} events up to @{}, link {}.\n", verified.events, verified.serial, verified.hash));
            if verified.erased > 0 {
                session.say(&format!(
                    "{} bodies are erased; {} objects could not be compared.\n",
                    verified.erased,
                    verified.unchecked.len()
                ));
            }
            Ok(Exit::Success)
        }
        Err(faults) => {
            let all: Vec<Json> = faults.iter().map(|f| json!({ "serial": f.serial, "seq": f.seq, "what": f.what })).collect();
            session.document(json!({ "format_version": "1.0", "valid": false, "faults": all }));
            for fault in &faults {
                session.mutter(&format!("Error: {}\n", line(&fault.to_string())));
            }
            session.mutter(&format!("The chain does not hold: {} faults.\n", faults.len()));
            Ok(Exit::Store)
        }
    }
}
