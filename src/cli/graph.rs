//! `writ graph`.

use super::session::Session;
use super::{Exit, Format};
use crate::ops::{Failure, load};
use crate::reconcile::edges;
use crate::view::graph;
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Dot, Format::Mermaid, Format::Csv])?;
    let loaded = load(&session.context)?;
    let Some(config) = loaded.config else {
        return Err(Failure::Findings(Box::new((loaded.findings, loaded.workspace.sources))));
    };
    session.findings(&loaded.findings, &loaded.workspace.sources);
    let all: Vec<_> = config.objects.values().flat_map(edges).collect();
    match session.format {
        Format::Json => session.document(graph::json(&all)),
        Format::Csv => session.print(&graph::csv(&all)),
        Format::Mermaid => session.print(&graph::mermaid(&all)),
        _ => session.print(&graph::dot(&all)),
    }
    Ok(Exit::Success)
}
