//! What happened, as it is handed to reports.

use crate::engine::Event;
use crate::model::{Address, Object};
use chrono::{DateTime, Utc};

/// One thing that happened, with when, by whom and by which command.
#[derive(Debug, Clone)]
pub struct Told {
    /// The revision that tells it.
    pub serial: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// By which command.
    pub command: String,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum What {
    /// Something in the lifecycle.
    Life(Box<Event>),
    /// Something to an object.
    Object(Box<ObjectChange>),
}

/// What happened to an object.
#[derive(Debug, Clone)]
pub struct ObjectChange {
    /// As the history spells it, such as `object.updated`.
    pub word: &'static str,
    /// The address of the object afterwards.
    pub address: String,
    /// What it, or that in which it stands, is called now; nothing, where another has its name.
    pub root: Option<Address>,
    /// What it said, where that is known and was something.
    pub before: Option<Object>,
    /// What it says, where that is known and is something.
    pub after: Option<Object>,
}

impl Told {
    /// The event of the lifecycle, if it is one.
    #[must_use]
    pub fn life(&self) -> Option<&Event> {
        if let What::Life(event) = &self.what { Some(event) } else { None }
    }

    /// What happened, such as `request.submitted`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.what {
            What::Life(event) => event.kind(),
            What::Object(change) => change.word,
        }
    }
}
