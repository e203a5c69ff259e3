//! `writ who`.

use super::session::Session;
use super::show::moment;
use super::{Exit, Format};
use crate::ops::history::Moment;
use crate::ops::{Failure, report};
use crate::report::who::COLUMNS;
use crate::view::lifecycle::instant;
use crate::view::report as view;
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The resource: its address, `CATALOG/RESOURCE`, or `group:KEY`
    resource: String,
    /// As it was: `@SERIAL` or an instant such as 2026-11-01T00:00:00Z
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv, Format::Markdown])?;
    let at = args.at.as_deref().map_or(Ok(Moment::Now), moment)?;
    let answer = report::who(&session.context, at, &args.resource)?;
    let (thing, rows) = &answer.of;
    session.serial = Some(answer.serial);
    let resource = thing.to_string();
    session.document(json!({
        "format_version": "1.0", "serial": answer.serial, "at": instant(answer.at), "resource": resource, "holders": view::json(COLUMNS, rows),
    }));
    let head: Vec<&str> = COLUMNS.iter().map(|c| c.name).collect();
    let page = session.format == Format::Markdown;
    session.list(
        &head,
        || view::cells(rows),
        || match (page, rows.is_empty()) {
            (true, _) => view::page(&resource, "Who holds which role, and why", answer.serial, answer.at, COLUMNS, rows),
            (false, true) => format!("Nobody holds a role on {resource}.\n"),
            (false, false) => view::text(COLUMNS, rows),
        },
    );
    Ok(Exit::Success)
}
