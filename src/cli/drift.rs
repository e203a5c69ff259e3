//! `writ drift`.

use super::apply::{Agreement, apply_shown};
use super::deliver::variable;
use super::fmt::unified;
use super::plan::{Scope, show};
use super::session::Session;
use super::{Exit, Format, address};
use crate::config::Happening;
use crate::kinds::counted;
use crate::model::Address;
use crate::ops::drift::{Found, adopt, find, tolerate};
use crate::ops::format::{Reformatted, write};
use crate::ops::{Failure, plan, settings_and_place, webhooks};
use crate::view::drift as view;
use crate::view::webhook::drifted;
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
#[command(group = clap::ArgGroup::new("way").args(["revert", "adopt", "tolerate_until"]))]
pub(super) struct Args {
    /// Only these objects, and what stands in them; default: all that drifted
    #[arg(value_name = "ADDR")]
    addresses: Vec<String>,
    /// Exit with 2 when something drifted that is not tolerated
    #[arg(long)]
    detailed_exitcode: bool,
    /// Tell the webhooks that ask for drift
    #[arg(long, conflicts_with = "way")]
    notify: bool,
    /// Apply what the files say of them
    #[arg(long)]
    revert: bool,
    /// Make the files say what the store says of them; comments survive
    #[arg(long)]
    adopt: bool,
    /// Write into the files that they are left alone until the end of this day
    #[arg(long, value_name = "DATE")]
    tolerate_until: Option<String>,
    /// Why they are left alone
    #[arg(long, value_name = "TEXT", requires = "tolerate_until")]
    reason: Option<String>,
    /// Write nothing; show what would be written into the files
    #[arg(long, conflicts_with = "revert")]
    diff: bool,
    #[command(flatten)]
    agreement: Agreement,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Markdown])?;
    let addresses = args.addresses.iter().map(|text| address(text)).collect::<Result<Vec<_>, _>>()?;
    let mut found = find(&session.context)?;
    if args.revert {
        return revert(args, &found, &addresses, session);
    }
    let files = match &args.tolerate_until {
        _ if args.adopt => adopt(&found, &addresses)?,
        Some(until) => tolerate(&session.context, &found, until, args.reason.as_deref(), &addresses)?,
        None => return show_all(args, &mut found, &addresses, session),
    };
    if !args.diff {
        write(&session.context, &files)?;
    }
    tell(&files, args, session);
    Ok(Exit::Success)
}

/// Shows what drifted.
fn show_all(args: &Args, found: &mut Found, addresses: &[Address], session: &mut Session) -> Result<Exit, Failure> {
    let sound = !found.findings.has_errors();
    if sound {
        session.findings(&found.findings, &found.sources);
    }
    session.serial = Some(found.drift.serial);
    let drift = &mut found.drift;
    if !addresses.is_empty() {
        drift.objects.retain(|d| d.addresses().any(|a| addresses.iter().any(|meant| a.is_within(meant))));
        drift.taken_away.retain(|t| addresses.iter().any(|meant| t.address.is_within(meant)));
        drift.settings = None;
    }
    match session.format {
        Format::Json => session.document(view::json(drift)),
        Format::Markdown => session.print(&view::markdown(drift, &session.how.clone())),
        _ => session.print(&view::text(drift, &session.how.clone(), session.paint)),
    }
    if !sound {
        return Err(Failure::Findings(Box::new((std::mem::take(&mut found.findings), found.sources.clone()))));
    }
    let code = if args.detailed_exitcode && !drift.is_empty() { Exit::Changes } else { Exit::Success };
    if args.notify {
        let untold = notify(found, session)?;
        if untold > 0 && code == Exit::Success {
            let what = format!("{} could not be told", counted(untold, "webhook"));
            return Err(Failure::Usage(what, "the notes say why; `writ drift --notify` tries again".to_owned()));
        }
    }
    Ok(code)
}

/// Tells the webhooks what drifted, if anything did. Gives how many could not be told.
fn notify(found: &Found, session: &Session) -> Result<usize, Failure> {
    let settings = settings_and_place(&session.context)?.0;
    if !settings.webhooks().values().any(|w| w.on.contains(&Happening::Drift)) {
        let help = "add `[webhook.NAME]` to writ.toml, with `drift` in its `on`".to_owned();
        return Err(Failure::Usage("no webhook asks for drift".to_owned(), help));
    }
    if found.drift.is_empty() {
        return Ok(0);
    }
    Ok(webhooks::tell(&session.context, &settings, &drifted(&found.drift, found.lineage()), &variable).1)
}

/// An apply of these objects alone.
fn revert(args: &Args, found: &Found, addresses: &[Address], session: &mut Session) -> Result<Exit, Failure> {
    let scope = Scope { detailed_exitcode: args.detailed_exitcode, ..Scope::default() };
    let mut options = args.agreement.options(&scope)?;
    options.plan = found.back(addresses)?;
    let planned = plan::plan_whole(&session.context, &options.plan)?;
    show(session, &planned, &scope, None, false);
    apply_shown(planned, &options, &args.agreement, &scope, session)
}

/// The files that were written, or would be.
fn tell(files: &[Reformatted], args: &Args, session: &mut Session) {
    session.document(json!({ "format_version": "1.0", "files": files.iter().map(|f| &f.name).collect::<Vec<_>>() }));
    if files.is_empty() {
        session.say("Nothing drifted that the files do not say.\n");
    }
    for file in files {
        let text = if args.diff { unified(&file.name, &file.before, &file.after) } else { format!("{}\n", file.name) };
        session.say(&text);
    }
}
