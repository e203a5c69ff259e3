//! `writ deliver`.

use super::lifecycle::finish;
use super::session::Session;
use super::signals::on_signals;
use super::{Exit, Format};
use crate::kinds::counted;
use crate::ops::lifecycle::outbox::{Sent, send};
use crate::ops::{Context, Failure};
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// At once what waits for its next try, too, and what was given up of deliveries
    #[arg(long)]
    again: bool,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let sent = on_signals(|| outgoing(&session.context, args.again))?;
    if sent.busy {
        session.say("Somebody else is delivering.\n");
    } else if sent.done.events.is_empty() && sent.told == 0 && sent.failures == 0 {
        session.say("Nothing waits to be delivered.\n");
    }
    finish(session, &sent.done);
    told(session, &sent);
    verdict(&sent)
}

/// What webhooks were told.
pub(super) fn told(session: &mut Session, sent: &Sent) {
    if sent.told > 0 {
        session.add("told", sent.told.into());
        session.say(&format!(
            "Webhooks were told of {}.\n",
            if sent.told == 1 { "1 apply".to_owned() } else { format!("{} applies", sent.told) }
        ));
    }
}

/// Sends what waits.
pub(super) fn outgoing(context: &Context, again: bool) -> Result<Sent, Failure> {
    send(context, &variable, again)
}

/// What a variable holds, if anything.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// What could not be sent waits for its next try, and whoever runs this is told (exit 9).
pub(super) fn verdict(sent: &Sent) -> Result<Exit, Failure> {
    match sent.failures {
        0 => Ok(Exit::Success),
        n => Err(Failure::AfterCommit(format!("{} could not be sent", counted(n, "thing")))),
    }
}
