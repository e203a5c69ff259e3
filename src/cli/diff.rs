//! `writ diff @A @B`.

use super::session::Session;
use super::show::moment;
use super::{Exit, Format};
use crate::ops::history::Moment;
use crate::ops::{Failure, history};
use crate::plan;
use crate::reconcile::State;
use crate::view::impact::Names;
use crate::view::{html, markdown, plan as text};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The earlier moment: @SERIAL or an instant
    from: String,
    /// The later one; default: now
    to: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json, Format::Markdown, Format::Html])?;
    let to = args.to.as_deref().map_or(Ok(Moment::Now), moment)?;
    let between = history::diff(&session.context, moment(&args.from)?, to)?;
    match session.format {
        Format::Json => session.document(plan::document(&between, &State::empty(), false)),
        Format::Markdown => session.print(&markdown::text(&between, None)),
        Format::Html => html::write(&between, None, Names::default(), &mut |part| session.print(part)),
        _ => {
            let text = text::difference(&between, session.paint);
            session.print(&text);
        }
    }
    Ok(Exit::Success)
}
