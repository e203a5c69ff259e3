//! `writ report`.

use super::lifecycle::{moment as instant, somebody, zone};
use super::session::Session;
use super::show::moment;
use super::{Exit, Format};
use crate::diag::did_you_mean;
use crate::model::Edge;
use crate::ops::Failure;
use crate::ops::history::Moment;
use crate::ops::report::{Wanted, report};
use crate::report::{self, LIST, Report, Takes};
use crate::view::lifecycle::instant as stamp;
use crate::view::object::table;
use crate::view::report as view;
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The report; without it, the list of reports
    name: Option<String>,
    /// Of this package
    #[arg(long, value_name = "PACKAGE")]
    package: Option<String>,
    /// Of this person
    #[arg(long = "for", value_name = "USER")]
    person: Option<String>,
    /// In this state; `all`: whatever the state
    #[arg(long, value_name = "STATE")]
    state: Vec<String>,
    /// Of this request
    #[arg(long, value_name = "REQUEST")]
    request: Option<String>,
    /// What happened from then on: a date, or an instant
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// What happened before: an instant, or a date, with that day
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
    /// As it was: `@SERIAL` or an instant such as 2026-11-01T00:00:00Z
    #[arg(long, value_name = "MOMENT")]
    at: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv, Format::Markdown])?;
    let Some(name) = &args.name else {
        session.document(json!({ "format_version": "1.0", "reports": view::list_json() }));
        session.list(&view::LIST_COLUMNS, view::list, || table(&["REPORT", "TELLS", "TAKES"], &view::list()));
        return Ok(Exit::Success);
    };
    let found = report::of(name).ok_or_else(|| {
        let near = did_you_mean(name, LIST.iter().map(|r| r.name));
        Failure::Usage(format!("there is no report `{name}`"), near.unwrap_or_else(|| "`writ report` lists them".to_owned()))
    })?;
    narrowed(args, found)?;
    let person = somebody(args.person.as_ref())?;
    let at = args.at.as_deref().map_or(Ok(Moment::Now), moment)?;
    let answer = report(&session.context, at, found, |desk| {
        Ok(Wanted {
            package: args.package.clone(),
            person,
            states: args.state.clone(),
            request: args.request.clone(),
            from: instant(args.from.as_deref(), zone(desk), Edge::Start)?,
            to: instant(args.to.as_deref(), zone(desk), Edge::End)?,
        })
    })?;
    session.serial = Some(answer.serial);
    let (columns, rows) = (found.columns, &answer.of);
    session.document(json!({
        "format_version": "1.0", "report": found.name, "tells": found.tells, "serial": answer.serial, "at": stamp(answer.at),
        "columns": columns.iter().map(|c| c.name).collect::<Vec<_>>(), "rows": view::json(columns, rows),
    }));
    let head: Vec<&str> = columns.iter().map(|c| c.name).collect();
    let page = session.format == Format::Markdown;
    session.list(
        &head,
        || view::cells(rows),
        || match page {
            true => view::page(found.name, found.tells, answer.serial, answer.at, columns, rows),
            false => view::text(columns, rows),
        },
    );
    Ok(Exit::Success)
}

/// What a report is not narrowed by is not passed over in silence.
fn narrowed(args: &Args, report: &Report) -> Result<(), Failure> {
    let given = [
        ("--package", args.package.is_some()),
        ("--for", args.person.is_some()),
        ("--state", !args.state.is_empty()),
        ("--request", args.request.is_some()),
        ("--from", args.from.is_some()),
        ("--to", args.to.is_some()),
    ];
    let takes: Vec<&str> = report.takes.iter().flat_map(|t| t.flags().split(", ")).collect();
    if let Some((flag, _)) = given.iter().find(|(flag, is)| *is && !takes.contains(flag)) {
        let help = if takes.is_empty() { "it takes nothing".to_owned() } else { format!("it takes {}", takes.join(", ")) };
        return Err(Failure::Usage(format!("the report `{}` takes no `{flag}`", report.name), help));
    }
    let words = report.takes.iter().find_map(|t| if let Takes::State(words) = t { Some(*words) } else { None }).unwrap_or_default();
    match args.state.iter().find(|s| !words.contains(&s.as_str())) {
        Some(state) => Err(Failure::Usage(format!("there is no state `{state}`"), format!("the states are {}", words.join(", ")))),
        None => Ok(()),
    }
}
