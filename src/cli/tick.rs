//! `writ tick`.

use super::deliver::{outgoing, told, verdict};
use super::lifecycle::{finish, moment};
use super::session::Session;
use super::signals::on_signals;
use super::{Exit, Format};
use crate::model::{Edge, Zone};
use crate::ops::lifecycle::outbox::Sent;
use crate::ops::lifecycle::{self, Done};
use crate::ops::{Context, Failure};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// As if it were this instant; never earlier than what was recorded last
    #[arg(long, value_name = "INSTANT")]
    now: Option<String>,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let now = moment(args.now.as_deref(), Zone::UTC, Edge::Start)?;
    let (done, sent) = on_signals(|| {
        let done = lifecycle::tick(&session.context, now)?;
        session.committed = done.serial.is_some();
        match outgoing(&Context { now: now.unwrap_or(session.context.now), ..session.context.clone() }, false) {
            // What was due is done; what waits to be sent waits for the next time.
            Err(Failure::Interrupted) if session.committed => Ok((done, Sent::default())),
            Err(failure) if session.committed => Err(Failure::AfterCommit(failure.to_string())),
            sent => Ok((done, sent?)),
        }
    })?;
    if done.events.is_empty() && sent.done.events.is_empty() && sent.told == 0 {
        session.say("Nothing is due.\n");
    }
    let serial = sent.done.serial.or(done.serial);
    let (mut events, mut records) = (done.events, done.records);
    events.extend(sent.done.events.iter().cloned());
    records.extend(sent.done.records.iter().cloned());
    finish(session, &Done { events, records, serial });
    told(session, &sent);
    verdict(&sent)
}
