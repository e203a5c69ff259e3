//! Who is told what: the notices that wait to be sent (section 5 of the field's rules).
//!
//! In: the events of a draft. Out: a record for each notice, under a key that says what is told, of what, to whom: what was told under a
//! key is never told again.

use super::access::live_in;
use super::draft::Draft;
use super::event::Event;
use super::nouns::{Named, RequestState};
use super::outbox::{SendState, TRIES};
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::terms::later;
use crate::model::Address;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Somebody is to be told something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its key: what is told, of what, to whom. What was told under a key is never told again.
    pub id: String,
    /// What is told.
    pub kind: Tell,
    /// Who is told.
    pub to: Named,
    /// The request or the assignment that it is about.
    pub about: String,
    /// The stage of approval, from 1.
    pub stage: usize,
    /// Resource roles that a package gives from now on, and does not give any more.
    pub gained: Vec<String>,
    /// As `gained`.
    pub lost: Vec<String>,
    /// Where it stands.
    pub state: SendState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due: DateTime<Utc>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// What a notice tells (section 5 of the field's rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tell {
    /// N2, N4, N11, N13.
    ActionNeeded,
    /// N1, N15.
    Forwarded,
    /// N3, N5, N12, N14.
    Reminder,
    /// N6, N17.
    ExpiredToApprover,
    /// N7, N16.
    Approved,
    /// N8, N16.
    StageApproved,
    /// N9.
    Denied,
    /// N10.
    Expired,
    /// N18.
    Ready,
    /// N19, 14 days before.
    Extend14,
    /// N19, a day before.
    Extend1,
    /// N20.
    Ended,
    /// A package that somebody holds gives other roles (F48, F50).
    Changed,
    /// A review waits for somebody.
    ReviewOpened,
    /// It still does, at half of its time.
    ReviewReminder,
}

impl Tell {
    /// Its word.
    #[must_use]
    pub fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// Queues the notices that the events of a draft call for.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub(super) fn notify(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let mut notices: Vec<Notice> = Vec::new();
    {
        let facts = draft.facts();
        let request = |id: &str| if let Some(Record::Request(r)) = facts.records.get(Family::Request, id) { Some(*r) } else { None };
        let assignment =
            |id: &str| if let Some(Record::Assignment(a)) = facts.records.get(Family::Assignment, id) { Some(*a) } else { None };
        let mut tell = |kind: Tell, to: &Named, about: &str, stage: usize, mark: &str| {
            let id = format!("{}|{about}|{stage}{mark}|{}", kind.word(), to.id);
            let notice = Notice {
                id,
                kind,
                to: to.clone(),
                about: about.to_owned(),
                stage,
                gained: Vec::new(),
                lost: Vec::new(),
                state: SendState::Pending,
                attempts: 0,
                due: draft.now,
                error: None,
            };
            if !notices.iter().any(|n| n.id == notice.id) && facts.records.get(Family::Notice, &notice.id).is_none() {
                notices.push(notice);
            }
        };
        let approvers_of = |id: &str, stage: usize| -> Vec<Named> {
            request(id).map(|r| super::approval::approvers_then(&facts, &r, stage)).unwrap_or_default()
        };
        for event in draft.so_far_all() {
            match event {
                Event::StageStarted { request, stage, approvers } => {
                    approvers.iter().for_each(|a| tell(Tell::ActionNeeded, a, request, stage.number, ""));
                }
                Event::Escalated { request: id, approvers, .. } => {
                    let stage = request(id).and_then(|r| r.stage.map(|s| s.number)).unwrap_or(1);
                    let first = approvers_of(id, stage);
                    approvers.iter().filter(|a| !first.contains(a)).for_each(|a| tell(Tell::Forwarded, a, id, stage, ""));
                }
                Event::Reminded { request: id, .. } => {
                    if let Some(r) = request(id) {
                        let stage = r.stage.as_ref().map_or(1, |s| s.number);
                        super::deciders(&facts, &r).iter().for_each(|a| tell(Tell::Reminder, a, id, stage, ""));
                    }
                }
                Event::Decided { request: id, verdict } if verdict.approve => {
                    let last = request(id).is_none_or(|r| r.terms.stages.len() == verdict.stage);
                    let kind = if last { Tell::Approved } else { Tell::StageApproved };
                    approvers_of(id, verdict.stage).iter().for_each(|a| tell(kind, a, id, verdict.stage, ""));
                }
                Event::Closed { request: id, state, .. } => {
                    let Some(r) = request(id) else { continue };
                    // Who assigns directly asks nobody, and is told nothing (R164).
                    let asked = r.kind != super::RequestKind::AdminAdd;
                    match state {
                        RequestState::TimedOut => {
                            let stage = r.verdicts.len().saturating_add(1);
                            approvers_of(id, stage).iter().for_each(|a| tell(Tell::ExpiredToApprover, a, id, stage, ""));
                            if asked {
                                tell(Tell::Expired, &r.requestor, id, stage, "");
                            }
                        }
                        RequestState::Denied if asked => tell(Tell::Denied, &r.requestor, id, 1, ""),
                        _ => {}
                    }
                }
                Event::RequestDelivered { request: id, .. } => {
                    if let Some(r) = request(id).filter(|r| matches!(r.kind, super::RequestKind::Add | super::RequestKind::Extend)) {
                        tell(Tell::Ready, &r.target, id, 1, "");
                    }
                }
                Event::Expiring { assignment: id, reminder, told: true, .. } => {
                    let Some(a) = assignment(id) else { continue };
                    let kind = if *reminder >= 2 { Tell::Extend1 } else { Tell::Extend14 };
                    // An end that was moved is reminded of anew.
                    let mark = a.end.map(|e| format!("@{}", e.timestamp())).unwrap_or_default();
                    tell(kind, &a.target, id, 1, &mark);
                }
                Event::ReviewOpened { review } => {
                    review.items.iter().flat_map(|i| &i.reviewers).for_each(|r| tell(Tell::ReviewOpened, r, &review.id, 1, ""));
                }
                Event::ReviewReminded { review: id, .. } => {
                    if let Some(Record::Review(review)) = facts.records.get(Family::Review, id) {
                        review.items.iter().flat_map(|i| &i.reviewers).for_each(|r| tell(Tell::ReviewReminder, r, id, 1, ""));
                    }
                }
                Event::Ended { assignment: id, cause: super::Cause::Expired, .. } => {
                    if let Some(a) = assignment(id) {
                        tell(Tell::Ended, &a.target, id, 1, "");
                    }
                }
                _ => {}
            }
        }
    }
    for notice in notices {
        draft.push(Event::NoticeQueued { notice: Box::new(notice) })?;
    }
    Ok(())
}

/// Queues a notice for each holder of a package that gives other roles than before.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn notify_change(draft: &mut Draft<'_>, package: &str, gained: &[String], lost: &[String], mark: &str) -> Result<(), Refusal> {
    let held = live_in(&draft.facts(), package);
    for assignment in held {
        let notice = Notice {
            id: format!("{}|{}|{mark}|{}", Tell::Changed.word(), assignment.id, assignment.target.id),
            kind: Tell::Changed,
            to: assignment.target.clone(),
            about: assignment.id.clone(),
            stage: 1,
            gained: gained.to_vec(),
            lost: lost.to_vec(),
            state: SendState::Pending,
            attempts: 0,
            due: draft.now,
            error: None,
        };
        draft.push(Event::NoticeQueued { notice: Box::new(notice) })?;
    }
    Ok(())
}

/// What became of a try to send a notice.
///
/// # Errors
/// When it does not follow from what is so, which is a defect.
pub fn sent(draft: &mut Draft<'_>, tried: &Notice, outcome: Result<(), (String, bool)>) -> Result<(), Refusal> {
    let at = draft.now;
    match draft.record(Family::Notice, &tried.id) {
        Some(Record::Notice(now)) if now.state == SendState::Pending && now.attempts == tried.attempts => {}
        _ => return Ok(()),
    }
    let notice = tried.id.clone();
    draft.push(match outcome {
        Ok(()) => Event::NoticeSent { notice, at },
        Err((error, retry)) => {
            let wait = 5_i64.saturating_mul(1_i64.checked_shl(tried.attempts.min(8)).unwrap_or(256));
            let retry = (retry && tried.attempts.saturating_add(1) < TRIES).then(|| later(at, wait));
            Event::NoticeFailed { notice, at, error, retry }
        }
    })?;
    Ok(())
}

/// The roles of a package as people read them: `Reader on crm`.
#[must_use]
pub fn roles_in_words(package: crate::kinds::access_package::Package<'_>) -> BTreeSet<String> {
    package.roles().map(|(resource, role, _): (Address, &str, _)| format!("{role} on {}", resource.key())).collect()
}
