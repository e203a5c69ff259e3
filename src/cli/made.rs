//! What is made from the command line itself: completions, the manual page, the version.

use super::session::Session;
use super::{Cli, Exit, Format};
use crate::ops::Failure;
use clap::{Args, CommandFactory};
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// One command's page; default: the program's
    command: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Version {}

pub(super) fn completions(args: &Completions, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text])?;
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "writ", &mut text);
    session.print(&String::from_utf8_lossy(&text));
    Ok(Exit::Success)
}

pub(super) fn man(args: &Man, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text])?;
    let mut all = Cli::command();
    all.build();
    let command = match &args.command {
        None => all,
        Some(name) => match all.find_subcommand(name) {
            Some(command) => command.clone().display_name(format!("writ-{name}")),
            None => return Err(Failure::Usage(format!("there is no command `{name}`"), "`writ --help` lists them".to_owned())),
        },
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text).map_err(|e| Failure::Io("cannot write the page".to_owned(), e))?;
    session.print(&String::from_utf8_lossy(&text));
    Ok(Exit::Success)
}

pub(super) fn version(_: &Version, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    session.document(json!({ "format_version": "1.0", "version": crate::model::VERSION, "plan_format": crate::plan::FORMAT, "store_schema": crate::store::schema() }));
    session.say(&format!("writ {}\n", crate::model::VERSION));
    Ok(Exit::Success)
}
