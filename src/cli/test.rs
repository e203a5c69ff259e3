//! `writ test`.

use super::session::Session;
use super::{Exit, Format};
use crate::checks::trial::Ran;
use crate::ops::{Failure, check};
use crate::view::checks;
use clap::Args as ClapArgs;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Write the results here too, as JUnit has them
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let tested = check::test(&session.context)?;
    session.document(checks::tests_json(&tested.ran, &tested.sources));
    let paint = session.paint;
    session.say(&checks::tests(&tested.ran, &tested.sources, paint));
    if let Some(path) = &args.junit {
        let text = checks::junit(&tested.ran, &tested.sources);
        std::fs::write(path, text).map_err(|e| Failure::Io(format!("cannot write `{}`", path.display()), e))?;
    }
    Ok(if tested.ran.iter().all(Ran::is_passed) { Exit::Success } else { Exit::Refused })
}
