//! `writ link`.

use super::session::Session;
use super::{Exit, Format};
use crate::authority::Action;
use crate::kinds::access_package::Package;
use crate::ops::{Failure, lifecycle};
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The package: its key or its address
    package: String,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let link = lifecycle::look(&session.context, |desk| {
        let address = lifecycle::package(desk, &args.package)?;
        // Whoever may copy the link has it for hidden packages too; others for what they find anyway.
        let found = lifecycle::visible_packages(desk, None).iter().any(|(p, _)| p.0.address == address);
        if let (false, Some(package)) = (found, desk.facts.object(&address).and_then(Package::of)) {
            desk.actor.may(&desk.facts, Action::CopyLink, package)?;
        }
        // By the id, which outlives every move; whoever has the link finds a hidden package by it (R62, R65).
        let id = desk.facts.named(&address).map(|n| n.id).unwrap_or_default();
        Ok(format!("writ:{}/access-packages/{id}", desk.workspace))
    })?;
    session.document(json!({ "format_version": "1.0", "link": link }));
    session.say(&format!("{link}\n"));
    Ok(Exit::Success)
}
