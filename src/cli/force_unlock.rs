//! `writ force-unlock`: tells who holds the lock. The kernel frees it with its holder; nothing else has to.

use super::session::Session;
use super::{Exit, Format};
use crate::ops::{Failure, load_place};
use crate::store::{Held, Lock, StoreError};
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let place = load_place(&session.context)?;
    match Lock::holder(&place.path)? {
        Held::Free => {
            session.document(json!({ "format_version": "1.0", "held": false, "holder": null }));
            session.say("No lock is held.\n");
            Ok(Exit::Success)
        }
        Held::By(holder) => {
            session.document(json!({ "format_version": "1.0", "held": true, "holder": holder }));
            Err(Failure::Store(StoreError::Locked(Some(Box::new(holder)))))
        }
        Held::ByUnknown => {
            session.document(json!({ "format_version": "1.0", "held": true, "holder": null }));
            Err(Failure::Store(StoreError::Locked(None)))
        }
    }
}
