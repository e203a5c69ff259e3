//! Exit codes, the same in every command, decided here and nowhere else.

use crate::ops::Failure;
use crate::store::StoreError;

/// What a run ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done; with `--detailed-exitcode`, no changes.
    Success = 0,
    /// Configuration, usage, I/O.
    Error = 1,
    /// With `--detailed-exitcode`: there are changes.
    Changes = 2,
    /// `fmt --check` found differences.
    Unformatted = 3,
    /// A stale plan, another digest, a plan made for another store.
    Stale = 4,
    /// A rule, a right, a brake or a protection refused it.
    Refused = 5,
    /// The lock was not obtained in time.
    Locked = 6,
    /// No store where one is expected, or not one to use.
    Store = 7,
    /// Declined at the prompt.
    Declined = 8,
    /// Committed, and something after it failed.
    AfterCommit = 9,
    /// Ours.
    Internal = 11,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The code of a failure.
    #[must_use]
    pub fn of(failure: &Failure) -> Exit {
        match failure {
            Failure::Findings(_) | Failure::Usage(..) | Failure::Source(_) | Failure::Io(..) => Exit::Error,
            Failure::Plan(_, crate::plan::BadPlan::Refused) | Failure::Actor(..) | Failure::Rule(_) | Failure::Refused(_) => Exit::Refused,
            Failure::Plan(..) => Exit::Error,
            Failure::WrongStore(..) => Exit::Store,
            Failure::Stale(_) | Failure::Digest { .. } | Failure::Moved | Failure::OtherStore(_) | Failure::Behind(..) => Exit::Stale,
            Failure::Declined(_) => Exit::Declined,
            Failure::Interrupted => Exit::Interrupted,
            Failure::AfterCommit(_) => Exit::AfterCommit,
            Failure::Store(error) => match error {
                StoreError::Locked(_) => Exit::Locked,
                StoreError::Stale { .. } => Exit::Stale,
                StoreError::Interrupted => Exit::Interrupted,
                StoreError::Unsynced { .. } => Exit::AfterCommit,
                StoreError::NoRevision { .. }
                | StoreError::Io { .. }
                | StoreError::Sql { .. }
                | StoreError::Unknown(_)
                | StoreError::Misfit(_) => Exit::Error,
                StoreError::Missing(_)
                | StoreError::Unreadable { .. }
                | StoreError::Exposed { .. }
                | StoreError::NotAStore(_)
                | StoreError::Corrupt(_)
                | StoreError::Newer { .. }
                | StoreError::Taken(_)
                | StoreError::Erased { .. } => Exit::Store,
            },
        }
    }

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}
