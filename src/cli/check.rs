//! `writ check`.

use super::annotations::and_annotations;
use super::session::Session;
use super::{Exit, Format};
use crate::ops::{Failure, check};
use crate::view::annotations::of_checks;
use crate::view::checks;
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&and_annotations(&[Format::Text, Format::Json]))?;
    let checked = check::check(&session.context)?;
    session.document(checks::checks_json(&checked.outcomes, &checked.sources));
    session.annotate(of_checks(&checked.outcomes, &checked.sources));
    let paint = session.paint;
    session.say(&checks::checks(&checked.outcomes, &checked.sources, paint));
    let failed = checked.outcomes.iter().any(|o| !o.is_passed() && !o.check.is_warning());
    Ok(if failed { Exit::Refused } else { Exit::Success })
}
