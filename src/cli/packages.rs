//! `writ packages`.

use super::lifecycle::somebody;
use super::session::Session;
use super::{Exit, Format};
use crate::authority::Action;
use crate::engine::{Actor, offers};
use crate::kinds::access_package::Package;
use crate::ops::Failure;
use crate::ops::lifecycle;
use crate::view::lifecycle::{PACKAGE_COLUMNS, package_json, package_row, package_text};
use crate::view::object::table;
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Show this one, with the terms of every policy that admits you: its key, its address, or its link
    package: Option<String>,
    /// As this person would see it
    #[arg(long = "for", value_name = "USER")]
    person: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Csv])?;
    let person = somebody(args.person.as_ref())?;
    let (rows, documents, text, serial) = lifecycle::look(&session.context, |desk| {
        let found = match &args.package {
            Some(text) => {
                let address = lifecycle::package_seen(desk, text)?;
                let own = if let Actor::Person(name) = &desk.actor { Some(name.clone()) } else { None };
                let package = desk.facts.object(&address).and_then(Package::of);
                let manages = package.is_some_and(|p| desk.actor.may(&desk.facts, Action::ViewPackages, p).is_ok());
                if let Some(package) = package.filter(|_| person.is_some() && person != own) {
                    desk.actor.may(&desk.facts, Action::ViewPackages, package)?;
                }
                let offered = match person.or(own) {
                    Some(name) => match offers(&desk.facts, &address, &desk.facts.person(&name)) {
                        Err(refusal) if !manages => return Err(refusal.into()),
                        offered => offered.unwrap_or_default(),
                    },
                    None => Vec::new(),
                };
                package.map(|p| (p, offered)).into_iter().collect()
            }
            None => lifecycle::visible_packages(desk, person.as_deref()),
        };
        let rows: Vec<Vec<String>> = found.iter().map(|(p, o)| package_row(*p, o)).collect();
        let documents: Vec<_> = found.iter().map(|(p, o)| package_json(*p, o)).collect();
        let text = match (found.as_slice(), &args.package) {
            ([(package, offered)], Some(_)) => package_text(*package, offered),
            ([], _) => "No packages.\n".to_owned(),
            _ => table(&["PACKAGE", "NAME", "CATALOG", "POLICIES", "GIVES"], &rows),
        };
        Ok((rows, documents, text, desk.serial))
    })?;
    session.serial = Some(serial);
    session.document(json!({ "format_version": "1.0", "packages": documents }));
    session.list(&PACKAGE_COLUMNS, || rows, || text);
    Ok(Exit::Success)
}
