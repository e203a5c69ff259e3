//! `writ graph`.

use super::session::Session;
use super::{Exit, Format};
use crate::ops::Failure;
use crate::ops::graph::graph as of_files;
use crate::view::graph;
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Dot, Format::Mermaid, Format::Csv])?;
    let (all, findings, sources) = of_files(&session.context)?;
    session.findings(&findings, &sources);
    match session.format {
        Format::Json => session.document(graph::json(&all)),
        Format::Csv => session.print(&graph::csv(&all)),
        Format::Mermaid => session.print(&graph::mermaid(&all)),
        _ => session.print(&graph::dot(&all)),
    }
    Ok(Exit::Success)
}
