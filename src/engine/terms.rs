//! The terms of a policy as a request takes them along (R31), and the ends that follow from them.

use super::facts::Facts;
use super::nouns::Named;
use crate::kinds::group::principal;
use crate::kinds::policy::{Policy, Stage};
use crate::model::{Expiration, Minutes, Zone};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Who is named in terms that are kept: whoever is in the directory stays so under another name, and nobody comes to be it by taking the
/// old one (R31).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Who {
    /// Somebody or a group, by id; the name is as it was written.
    Known(Named),
    /// People who are looked up, such as `manager`; in the records of older versions also somebody or a group, by name.
    Word(String),
}

impl Who {
    /// Those of a text.
    pub(super) fn of(facts: &Facts<'_>, text: &str) -> Who {
        let known = principal(text).and_then(|address| facts.objects.get(&address));
        known.map_or_else(|| Who::Word(text.to_owned()), |s| Who::Known(Named { id: s.id.clone(), name: text.to_owned() }))
    }

    /// As it was written.
    #[must_use]
    pub fn written(&self) -> &str {
        match self {
            Who::Known(named) => &named.name,
            Who::Word(word) => word,
        }
    }

    /// As it would be written now; nothing of who is gone.
    pub(super) fn now(&self, facts: &Facts<'_>) -> Option<String> {
        match self {
            Who::Known(named) => facts.of_id(&named.id).map(|s| s.object.address.reference()),
            Who::Word(word) => Some(word.clone()),
        }
    }

    /// Of these all who are there, as they would be written now.
    pub(super) fn all_now(all: &[Who], facts: &Facts<'_>) -> Vec<String> {
        all.iter().filter_map(|who| who.now(facts)).collect()
    }
}

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
    /// Who decides.
    pub approvers: Vec<Who>,
    /// Who decides when those cannot be resolved.
    pub fallback: Vec<Who>,
    /// How many minutes they have.
    pub timeout: i64,
    /// Whether a decision needs a reason (R43).
    pub justification: bool,
    /// After how many minutes the alternates may decide too.
    pub escalates: Option<i64>,
    /// The alternates.
    pub alternates: Vec<Who>,
}

impl StageTerms {
    fn of(facts: &Facts<'_>, stage: Stage<'_>) -> StageTerms {
        let those = |all: &mut dyn Iterator<Item = &str>| all.map(|text| Who::of(facts, text)).collect();
        let (escalates, alternates) = match stage.alternates() {
            Some((Minutes(after), alternates)) => (Some(after), alternates),
            None => (None, Vec::new()),
        };
        StageTerms {
            approvers: those(&mut stage.approvers()),
            fallback: those(&mut stage.fallback()),
            timeout: stage.timeout().0,
            justification: stage.needs_justification(),
            escalates,
            alternates: those(&mut alternates.into_iter()),
        }
    }
}

impl Terms {
    /// The terms of today; with its stages, if these have to agree.
    #[must_use]
    pub fn of(facts: &Facts<'_>, policy: Policy<'_>, approval: bool) -> Terms {
        let stages = if approval { policy.stages().into_iter().map(|stage| StageTerms::of(facts, stage)).collect() } else { Vec::new() };
        Terms {
            expiration: policy.expiration_text().to_owned(),
            zone: facts.zone.name().to_owned(),
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
    // What is of no form was refused when it was written; should it stand here all the same, it gives nothing.
    Expiration::of(expiration).end(zone, from).unwrap_or(Some(from))
}

/// So many minutes later.
pub(super) fn later(at: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    TimeDelta::try_minutes(minutes).and_then(|length| at.checked_add_signed(length)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_than_the_calendar_ends_with_it() {
        let at: DateTime<Utc> = "2026-11-02T09:30:00Z".parse().unwrap();
        assert_eq!(later(at, 90), "2026-11-02T11:00:00Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(later(at, i64::MAX), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn terms_of_no_form_give_nothing() {
        let at: DateTime<Utc> = "2026-11-02T09:30:00Z".parse().unwrap();
        for text in ["30 days", "9223372036854775807m"] {
            assert_eq!(end_of(text, Zone::UTC, at), Some(at), "{text}");
        }
        assert_eq!(end_of("never", Zone::UTC, at), None);
    }
}
