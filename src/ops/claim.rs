//! The sole right to write the store of a workspace, and the store as it is under that right.

use super::{Context, Failure, Place, interrupt, load};
use crate::config::Settings;
use crate::store::{self, Holder, Lock, Snapshot, Writer};
use std::fs;
use std::time::Duration;

/// Waits for the right to write.
///
/// # Errors
/// When somebody holds it for too long, or the store's directory cannot be made.
pub(super) fn claim(context: &Context, place: &Place, actor: &str, command: &str, timeout: Duration) -> Result<Lock, Failure> {
    if let Some(directory) = place.path.parent().filter(|d| !d.as_os_str().is_empty()) {
        fs::create_dir_all(directory).map_err(|e| Failure::Io(format!("cannot make `{}`", directory.display()), e))?;
    }
    Ok(Lock::acquire(&place.path, timeout, &holder(context, actor, command), &interrupt::interrupted)?)
}

/// Who holds the lock, for those who wait.
pub(super) fn holder(context: &Context, actor: &str, command: &str) -> Holder {
    Holder {
        actor: actor.to_owned(),
        command: command.to_owned(),
        pid: std::process::id(),
        host: context.operator.rsplit_once('@').map_or_else(String::new, |(_, host)| host.to_owned()),
        since: store::stamp(context.now),
    }
}

/// The store as only the holder of the lock may change it. One of an older schema is brought to that of today; whoever
/// runs the program is told.
///
/// # Errors
/// When it cannot be opened, or may not be written.
pub(super) fn writer<'lock>(context: &Context, place: &Place, lock: &'lock Lock) -> Result<Writer<'lock>, Failure> {
    let writer = Writer::open(&place.path, lock)?;
    if let Some(store::Upgraded { from, to, copy }) = &writer.upgraded {
        let copy = copy.strip_prefix(".").unwrap_or(copy).display();
        (context.note)(&format!("the store had schema {from} and has schema {to} now; as it was, it is kept at `{copy}`"));
    }
    Ok(writer)
}

/// The store of a workspace under the lock, with what it is but for its objects; `None` where there is none.
///
/// # Errors
/// As [`writer`], and when the store is not this workspace's.
pub(super) fn store<'lock>(
    context: &Context,
    place: &Place,
    settings: &Settings,
    lock: &'lock Lock,
) -> Result<Option<(Writer<'lock>, Snapshot)>, Failure> {
    if !store::exists(&place.path) {
        return Ok(None);
    }
    let writer = writer(context, place, lock)?;
    let head = writer.head()?;
    load::check_store(&head, place, settings)?;
    Ok(Some((writer, head)))
}
