//! `writ explain CODE|ADDR`: every answer ends in file and line, or in a revision.

use super::session::Session;
use super::{Exit, Format, address};
use crate::config::ReadyMade;
use crate::diag::{CODES, Code, did_you_mean};
use crate::ops::{Failure, explain};
use crate::view::paint::line;
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A code such as R45 or E0007, a ready-made check, or an address; without it, all codes
    what: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let Some(what) = &args.what else {
        let all: Vec<_> = CODES.iter().map(|c| json!({ "code": c.id, "severity": c.severity.word(), "title": c.title })).collect();
        session.document(json!({ "format_version": "1.0", "codes": all }));
        let text: String = CODES.iter().map(|c| format!("{:<6} {}\n", c.id, c.title)).collect();
        session.say(&text);
        return Ok(Exit::Success);
    };
    if let Some(code) = Code::find(what) {
        session.document(
            json!({ "format_version": "1.0", "code": code.id, "severity": code.severity.word(), "title": code.title, "page": code.page }),
        );
        session.say(code.page);
        return Ok(Exit::Success);
    }
    if let Some(made) = ReadyMade::find(what) {
        session.document(json!({ "format_version": "1.0", "check": made.name, "title": made.doc, "page": made.page }));
        session.say(made.page);
        return Ok(Exit::Success);
    }
    if !what.contains(['.', '@']) {
        let near = did_you_mean(&what.to_ascii_uppercase(), CODES.iter().map(|c| c.id));
        return Err(Failure::Usage(
            format!("there is no code `{}`", line(what)),
            near.unwrap_or_else(|| "`writ explain` lists the codes".to_owned()),
        ));
    }
    let told = explain::explain(&session.context, &address(what)?)?;
    session.document(json!({
        "format_version": "1.0",
        "address": told.address.as_str(),
        "declared": told.declared,
        "stored": told.stored.as_ref().map(super::show::as_json),
        "needs": told.needs.iter().map(|a| a.as_str()).collect::<Vec<_>>(),
        "needed_by": told.needed_by.iter().map(|a| a.as_str()).collect::<Vec<_>>(),
    }));
    let mut text = format!("{}: {}\n", told.address, told.doc);
    match &told.declared {
        Some((file, number)) => text.push_str(&format!("declared at {}:{number}\n", line(file))),
        None => text.push_str("declared nowhere in this workspace\n"),
    }
    match &told.stored {
        Some(stored) => {
            text.push_str(&format!(
                "in the store as {}, {}\n",
                stored.id,
                told.written.as_deref().unwrap_or("written by nobody that is known")
            ));
        }
        None => text.push_str("not in the store\n"),
    }
    for (word, list) in [("needs", &told.needs), ("needed by", &told.needed_by)] {
        for address in list {
            text.push_str(&format!("{word} {address}\n"));
        }
    }
    session.say(&text);
    Ok(Exit::Success)
}
