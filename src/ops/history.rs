//! Every apply: who, when, from which commit; and what lies between two of them.

use super::{Context, Failure, decode, load, sight};
use crate::diag::Diagnostics;
use crate::plan::Plan;
use crate::reconcile::State;
use crate::store::{Reader, Revision, RevisionRow};
use chrono::{DateTime, Utc};

/// A moment of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The latest revision.
    Now,
    /// `@N`.
    Serial(u64),
    /// The last revision at or before an instant.
    Instant(DateTime<Utc>),
}

/// Opens the store that must be there.
///
/// # Errors
/// When there is none (exit 7), or it is another workspace's.
pub(super) fn reader(context: &Context) -> Result<(Reader, crate::config::Settings), Failure> {
    let (settings, place) = load::settings_and_place(context)?;
    if !crate::store::exists(&place.path) {
        return Err(Failure::WrongStore(
            format!("there is no store at `{}`", place.url),
            "apply something first, or point WRIT_STORE to the store".to_owned(),
        ));
    }
    let reader = Reader::open(&place.path)?;
    load::check_store(&reader.head()?, &place, &settings)?;
    Ok((reader, settings))
}

/// All revisions, the oldest first. What those of the lifecycle are about is told to who sees everything.
///
/// # Errors
/// When there is no store.
pub fn history(context: &Context) -> Result<Vec<RevisionRow>, Failure> {
    let all = reader(context)?.0.revisions()?;
    if sight::sees_everything(context)? {
        return Ok(all);
    }
    let untold = |row: RevisionRow| {
        let about = row.revision.summary.contains("\"about\"");
        let summary = if about { "{}".to_owned() } else { row.revision.summary };
        RevisionRow { revision: Revision { summary, ..row.revision }, ..row }
    };
    Ok(all.into_iter().map(untold).collect())
}

/// What the store held at a moment.
///
/// # Errors
/// When there is no store, or it has no such revision.
pub fn state_at(context: &Context, moment: Moment) -> Result<State, Failure> {
    let (reader, _) = reader(context)?;
    let snapshot = match moment {
        Moment::Now => reader.snapshot()?,
        Moment::Serial(serial) => reader.at(serial)?,
        Moment::Instant(instant) => match reader.serial_at(instant)? {
            Some(serial) => reader.at(serial)?,
            None => return Err(Failure::Usage("the store did not exist then".to_owned(), "`writ history` shows when it began".to_owned())),
        },
    };
    decode::snapshot(&snapshot)
}

/// What changed from one moment to another, as a plan would tell it.
///
/// # Errors
/// As [`state_at`].
pub fn diff(context: &Context, from: Moment, to: Moment) -> Result<Plan, Failure> {
    let (before, after) = (sight::seen(context, state_at(context, from)?)?, sight::seen(context, state_at(context, to)?)?);
    let (settings, _) = load::settings_and_place(context)?;
    Ok(crate::plan::between(&before, &after, &settings.name, context.now, &mut Diagnostics::new()))
}
