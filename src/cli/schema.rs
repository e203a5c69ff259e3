//! `writ schema [KIND]`: JSON Schemas for editors and for those who write files by program.

use super::session::Session;
use super::{Exit, Format};
use crate::diag::did_you_mean;
use crate::kinds;
use crate::ops::Failure;
use crate::view::schema;
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// A kind, `writ` for writ.toml, or `plan` for a plan; default: a whole file
    kind: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text])?;
    let schema = match args.kind.as_deref() {
        None => schema::workspace_schema(),
        Some("writ") => schema::settings_schema(),
        Some("plan") => schema::plan_schema(),
        Some(name) => match kinds::kind(name) {
            Some(kind) => schema::kind_schema(kind),
            None => {
                let near = did_you_mean(name, kinds::LIST.iter().map(|k| k.name));
                let all = || format!("the kinds are {}", kinds::LIST.iter().map(|k| k.name).collect::<Vec<_>>().join(", "));
                return Err(Failure::Usage(format!("there is no kind `{}`", crate::view::paint::line(name)), near.unwrap_or_else(all)));
            }
        },
    };
    session.print(&format!("{schema:#}\n"));
    Ok(Exit::Success)
}
