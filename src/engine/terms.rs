//! The terms of a policy as a request takes them along (R31), and the ends that follow from them.

use crate::kinds::policy::{Policy, Stage};
use crate::model::{Edge, Minutes, Zone, instant};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What a policy said when a request was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// When access ends, as written: a duration, a date, an instant or `never`.
    pub expiration: String,
    /// In which zone a date is a day.
    pub zone: String,
    /// `none`, `allowed` or `approval`.
    pub extension: String,
    /// Who has to agree, one stage after the other; none: nobody.
    pub stages: Vec<StageTerms>,
}

/// What a stage of approval said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTerms {
    /// Who decides, as written.
    pub approvers: Vec<String>,
    /// Who decides when those cannot be resolved.
    pub fallback: Vec<String>,
    /// How many minutes they have.
    pub timeout: i64,
    /// Whether a decision needs a reason (R43).
    pub justification: bool,
    /// After how many minutes the alternates may decide too.
    pub escalates: Option<i64>,
    /// The alternates.
    pub alternates: Vec<String>,
}

impl StageTerms {
    fn of(stage: Stage<'_>) -> StageTerms {
        let texts = |all: &mut dyn Iterator<Item = &str>| all.map(str::to_owned).collect();
        let (escalates, alternates) = match stage.alternates() {
            Some((Minutes(after), alternates)) => (Some(after), alternates),
            None => (None, Vec::new()),
        };
        StageTerms {
            approvers: texts(&mut stage.approvers()),
            fallback: texts(&mut stage.fallback()),
            timeout: stage.timeout().0,
            justification: stage.needs_justification(),
            escalates,
            alternates: texts(&mut alternates.into_iter()),
        }
    }
}

impl Terms {
    /// The terms of today; with its stages, if these have to agree.
    #[must_use]
    pub fn of(policy: Policy<'_>, zone: Zone, approval: bool) -> Terms {
        let stages = if approval { policy.stages().into_iter().map(StageTerms::of).collect() } else { Vec::new() };
        Terms {
            expiration: policy.expiration_text().to_owned(),
            zone: zone.name().to_owned(),
            extension: policy.extension().to_owned(),
            stages,
        }
    }

    /// The first instant without access that begins, or is approved, at `from`; `None`: it does not end (R45, R129).
    #[must_use]
    pub fn ceiling(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        end_of(&self.expiration, Zone::parse(&self.zone).unwrap_or(Zone::UTC), from)
    }

    /// Whether holders may extend.
    #[must_use]
    pub fn is_extensible(&self) -> bool {
        self.extension != "none"
    }
}

/// When access ends by an expiration as written.
pub(super) fn end_of(expiration: &str, zone: Zone, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if expiration == "never" {
        return None;
    }
    match Minutes::parse(expiration) {
        Ok(Minutes(n)) => from.checked_add_signed(TimeDelta::minutes(n)),
        // What is neither was refused when it was written; should it stand here all the same, it gives nothing.
        Err(_) => Some(instant(expiration, zone, Edge::End).unwrap_or(from)),
    }
}

/// So many minutes later.
pub(super) fn later(at: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    at.checked_add_signed(TimeDelta::minutes(minutes)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
