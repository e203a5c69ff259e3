//! What always holds, looked at apart from the model.

use super::compare::{Engine, minute};
use chrono::{DateTime, Utc};
use writ::engine::{AssignmentState, GuestState, Held, Reason, Record, Request, RequestState, Source};

/// Of the records, after every step.
pub fn records(engine: &Engine, ticked: bool) -> Result<(), String> {
    let now = engine.facts().now;
    for record in engine.ledger.0.values() {
        // A look at the clock leaves nothing behind that was due: nothing outlives its end by more than one.
        if ticked && record.due().is_some_and(|at| at <= now) {
            return Err(format!("{} {} was due at {:?}", record.family().word(), record.id(), record.due().map(minute)));
        }
        match record {
            Record::Request(r) => {
                for verdict in &r.verdicts {
                    if verdict.by.name == r.requestor.name || verdict.by.name == r.target.name {
                        return Err(format!("{} decided on a request of their own, or for themselves", verdict.by.name));
                    }
                }
                let approved = r.verdicts.iter().filter(|v| v.approve).count();
                if r.state == RequestState::Delivered && approved != r.terms.stages.len() {
                    return Err(format!("request {} was delivered with {approved} approvals", r.id));
                }
            }
            Record::Assignment(a) => {
                if ticked && a.state != AssignmentState::Expired && a.end.is_some_and(|end| end <= now) {
                    return Err(format!("assignment {} outlives its end", a.id));
                }
                // Who holds something is somebody.
                if a.is_live(now) && !engine.objects.values().any(|s| s.id == a.target.id || s.object.address.key() == a.target.name) {
                    return Err(format!("{} holds assignment {}, and is not in the directory", a.target.name, a.id));
                }
                if a.end.is_some_and(|end| end <= a.start) && a.ended.is_none() {
                    return Err(format!("assignment {} ends before it begins", a.id));
                }
                // What was denied, timed out or taken back gives nothing; what was asked for is kept as long as it is held.
                let gave = |r: &&Request| r.assignment.as_ref() == Some(&a.id) && r.state == RequestState::Delivered;
                let asked = engine.requests.iter().filter_map(|id| engine.request_of(id)).find(gave);
                let gone = || engine.requests.iter().any(|id| engine.request_of(id).is_none());
                let explained = match a.source {
                    Source::Request(_) => asked.is_some() || (a.state == AssignmentState::Expired && gone()),
                    Source::Direct(_) => asked.is_some() || gone(),
                    _ => true,
                };
                if !explained {
                    return Err(format!("assignment {} comes of no request that was delivered", a.id));
                }
            }
            Record::Guest(g) => {
                let stays = g.state == GuestState::Active || g.state == GuestState::Blocked;
                if stays != engine.objects.values().any(|s| s.id == g.id) {
                    return Err(format!("guest {} is not in the directory, or still is", g.name));
                }
            }
            // Nothing here is delivered elsewhere, told or reviewed.
            Record::Delivery(_) | Record::Notice(_) | Record::Review(_) | Record::Series(_) => {}
        }
    }
    Ok(())
}

/// Of what somebody holds: all of it for a reason that lives.
pub fn reasons(held: &[Held], name: &str, now: DateTime<Utc>) -> Result<(), String> {
    for held in held {
        if held.reasons.is_empty() {
            return Err(format!("{name} holds {} {} for no reason", held.key, held.role));
        }
        for reason in &held.reasons {
            if let Reason::Assignment(a) = reason
                && !(a.is_live(now) && a.target.name == name)
            {
                return Err(format!("{name} holds {} {} by what is over", held.key, held.role));
            }
        }
    }
    Ok(())
}
