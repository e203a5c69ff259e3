//! Why a use case did not do what was asked.

use crate::diag::{Diagnostics, Sources};
use crate::engine::Refusal;
use crate::kinds::counted;
use crate::plan::{BadPlan, Stale};
use crate::source::SourceError;
use crate::source::answers::AnswersError;
use crate::store::{Exposure, StoreError};
use crate::view::how::word;
use std::fmt;
use std::path::PathBuf;

/// Sorted by what the person can do about it; the exit code follows from the variant (`cli::exit`).
#[derive(Debug)]
pub enum Failure {
    /// The author's fault: findings about texts.
    Findings(Box<(Diagnostics, Sources)>),
    /// The person's fault: a wrong argument. Message and help.
    Usage(String, String),
    /// The workspace cannot be read.
    Source(SourceError),
    /// The store cannot be used.
    Store(StoreError),
    /// There is no store where one is expected, or it is another's. Message and help.
    WrongStore(String, String),
    /// The actor is missing, unknown or disabled. Message and help.
    Actor(String, String),
    /// A rule of the lifecycle refuses it.
    Rule(Box<Refusal>),
    /// The plan is refused, or a brake is not lifted; it was shown with its reasons.
    Refused(usize),
    /// What the plan relied on is no longer so.
    Stale(Vec<Stale>),
    /// The plan is not the one that was agreed to.
    Digest {
        /// As given with `--expect`.
        expected: String,
        /// As planned now.
        found: String,
    },
    /// The state moved while somebody decided, and the plan is another one now.
    Moved,
    /// A plan for another store or workspace.
    OtherStore(String),
    /// A state of another lineage, or one that is not newer than the store. Message and help.
    Behind(String, String),
    /// A plan file that cannot be taken.
    Plan(PathBuf, BadPlan),
    /// The person said no, or nobody was there to ask.
    Declined(&'static str),
    /// A signal came; nothing was committed.
    Interrupted,
    /// The system refused. What was being done.
    Io(String, std::io::Error),
    /// It was done, and telling of it failed.
    AfterCommit(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Findings(both) => {
                write!(f, "{} found in the configuration", counted(both.0.count(crate::diag::Severity::Error), "error"))
            }
            Failure::Usage(message, _) | Failure::WrongStore(message, _) | Failure::Actor(message, _) | Failure::Behind(message, _) => {
                f.write_str(message)
            }
            Failure::Source(e) => e.fmt(f),
            Failure::Store(e) => e.fmt(f),
            Failure::Rule(e) => e.fmt(f),
            Failure::Refused(n) => write!(f, "refused, {}", counted(*n, "reason")),
            Failure::Stale(stale) => {
                write!(f, "the plan is stale: {}", stale.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
            }
            Failure::Digest { expected, found } => write!(f, "the changes are not those of {expected}, but of {found}"),
            Failure::Moved => f.write_str("the state moved while the plan was agreed to, and the plan is another one now"),
            Failure::OtherStore(what) => f.write_str(what),
            Failure::Plan(path, e) => write!(f, "`{}`: {e}", path.display()),
            Failure::Declined(why) => f.write_str(why),
            Failure::Interrupted => f.write_str("interrupted; nothing was committed"),
            Failure::Io(doing, _) => f.write_str(doing),
            Failure::AfterCommit(what) => write!(f, "committed, but {what}"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Failure::Source(e) => e.source(),
            Failure::Store(e) => e.source(),
            Failure::Io(_, e) => Some(e),
            _ => None,
        }
    }
}

impl Failure {
    /// The way forward, where there is one to name.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Failure::Usage(_, help) | Failure::WrongStore(_, help) | Failure::Actor(_, help) | Failure::Behind(_, help) => help.clone(),
            Failure::Rule(refusal) => refusal.help.clone(),
            Failure::Stale(_) | Failure::Moved => "plan again, and review what it says now".to_owned(),
            Failure::Digest { .. } => "plan again; `--expect` takes the digest of its apply line".to_owned(),
            Failure::OtherStore(_) => "apply it where it was made, or plan again here".to_owned(),
            Failure::Plan(..) => "make it again with `writ plan -o FILE`".to_owned(),
            Failure::Declined(_) => "nothing was changed; `--auto-approve` agrees without asking".to_owned(),
            Failure::Source(SourceError::NoWorkspace(_)) => "`writ init` starts one; `--chdir DIR` goes to one".to_owned(),
            Failure::Source(SourceError::Irregular(..)) => "put a copy of what was meant in its place".to_owned(),
            Failure::Store(StoreError::Locked(_)) => {
                "wait for it; a command that has `--lock-timeout` waits by itself: `--lock-timeout 60s`".to_owned()
            }
            Failure::Store(StoreError::Unsynced { .. }) => "see to the disk: a loss of power may still undo it".to_owned(),
            Failure::Store(StoreError::Unknown(_)) => "see to the disk; `writ history` then shows whether it was".to_owned(),
            Failure::Store(StoreError::Exposed { path, how: Exposure::Readable(_) }) => {
                format!("`chmod 600 {}`: a store is its owner's alone", word(&path.display().to_string()))
            }
            Failure::Store(StoreError::Exposed { path, how: Exposure::Writable(_) }) => {
                format!("if nobody did: `chmod 600 {}`, then `writ audit verify`", word(&path.display().to_string()))
            }
            Failure::Store(StoreError::Exposed { how: Exposure::Foreign { .. }, .. }) => {
                "run this as that user; what its group may read can be looked at".to_owned()
            }
            Failure::Store(StoreError::Newer { .. }) => "use the version of Writ that wrote it, or a newer one".to_owned(),
            Failure::Store(StoreError::Corrupt(_) | StoreError::NotAStore(_)) => {
                "`writ state restore FILE` brings a backup back; nothing was changed".to_owned()
            }
            _ => return None,
        };
        Some(text)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::Store(error)
    }
}

impl From<AnswersError> for Failure {
    fn from(error: AnswersError) -> Failure {
        let doing = error.to_string();
        match error {
            AnswersError::Io(_, e) => Failure::Io(doing, e),
            _ => Failure::Usage(doing, "`docs/migrate.md` says which answers to keep, and how".to_owned()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Rule(Box::new(refusal))
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Failure {
        Failure::Source(error)
    }
}
