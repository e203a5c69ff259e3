//! `writ catalogs`.

use super::session::Session;
use super::{Exit, Format};
use crate::authority::{Action, Right, Role, Scope};
use crate::diag::did_you_mean;
use crate::ops::Failure;
use crate::ops::catalogs::{Listed, catalogs};
use crate::view::object::table;
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Only those in which you may do this, such as create-package
    #[arg(long, value_name = "ACTION")]
    can: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv])?;
    let can = args.can.as_deref().map(action).transpose()?;
    let (all, serial) = catalogs(&session.context, can)?;
    session.serial = Some(serial);
    let document = |c: &Listed| {
        json!({
            "address": c.address.as_str(),
            "display_name": c.name,
            "enabled": c.enabled,
            "externally_visible": c.external,
            "packages": c.packages,
            "roles": c.roles,
        })
    };
    session.document(json!({ "format_version": "1.0", "catalogs": all.iter().map(document).collect::<Vec<_>>() }));
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let row = |c: &Listed| {
        vec![c.address.key().to_owned(), c.name.clone(), yes(c.enabled), yes(c.external), c.packages.to_string(), c.roles.join(", ")]
    };
    let rows: Vec<Vec<String>> = all.iter().map(row).collect();
    let text = if rows.is_empty() {
        "No catalogs.\n".to_owned()
    } else {
        table(&["CATALOG", "NAME", "ENABLED", "EXTERNAL", "PACKAGES", "YOU ARE"], &rows)
    };
    session.list(&["catalog", "name", "enabled", "externally_visible", "packages", "roles"], || rows, || text);
    Ok(Exit::Success)
}

/// The action that somebody names, with `-` or `_`, if a role of a catalog allows it.
fn action(text: &str) -> Result<Action, Failure> {
    let within = |a: &Action| Role::ALL.iter().any(|r| r.scope() == Scope::Catalog && a.right(*r) == Right::Yes);
    let known = || Action::ALL.iter().copied().filter(within);
    let word = text.replace('-', "_");
    let words: Vec<String> = known().map(|a| a.word().replace('_', "-")).collect();
    known().find(|a| a.word() == word).ok_or_else(|| {
        let help = did_you_mean(text, words.iter().map(String::as_str)).unwrap_or_else(|| format!("one of {}", words.join(", ")));
        Failure::Usage(format!("nobody does `{text}` in a catalog"), help)
    })
}
