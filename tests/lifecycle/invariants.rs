//! What always holds, looked at apart from the model.

use super::compare::{Engine, minute};
use super::naive::Naive;
use std::collections::BTreeSet;
use writ::engine::{AssignmentState, Event, Reason, Record, RequestState, Source, held_by};

/// After every step.
pub fn hold(model: &Naive, engine: &Engine, events: &[Event], ticked: bool) -> Result<(), String> {
    let now = engine.facts().now;
    let mut delivered = BTreeSet::new();
    for record in engine.ledger.0.values() {
        match record {
            Record::Request(r) => {
                for verdict in &r.verdicts {
                    if verdict.by.name == r.requestor.name || verdict.by.name == r.target.name {
                        return Err(format!("{} decided on a request of their own, or for themselves", verdict.by.name));
                    }
                }
                if r.state == RequestState::Delivered {
                    delivered.insert(r.id.as_str());
                }
                // A look at the clock leaves nothing behind that was due.
                if ticked && record.due().is_some_and(|at| at <= now) {
                    return Err(format!("request {} was due at {:?}", r.id, record.due().map(minute)));
                }
            }
            Record::Assignment(a) => {
                if ticked && a.state != AssignmentState::Expired && a.end.is_some_and(|end| end <= now) {
                    return Err(format!("assignment {} outlives its end", a.id));
                }
                if a.end.is_some_and(|end| end <= a.start) {
                    return Err(format!("assignment {} ends before it begins", a.id));
                }
            }
            Record::Guest(_) => {}
        }
    }
    // What was denied, timed out or taken back gives nothing.
    for record in engine.ledger.0.values() {
        if let Record::Assignment(a) = record
            && let Source::Request(id) | Source::Direct(id) = &a.source
            && !delivered.contains(id.as_str())
            && matches!(&a.source, Source::Request(_))
        {
            return Err(format!("assignment {} comes of request {id}, which was not delivered", a.id));
        }
    }
    for event in events {
        if let Event::Decided { verdict, request } = event
            && verdict.approve
            && !model.world.users.iter().any(|u| u.name == verdict.by.name)
        {
            return Err(format!("nobody knows who approved {request}"));
        }
    }
    let facts = engine.facts();
    for user in &model.world.users {
        for held in held_by(&facts, &facts.person(&user.name)) {
            if held.reasons.is_empty() {
                return Err(format!("{} holds {} {} for no reason", user.name, held.key, held.role));
            }
            for reason in &held.reasons {
                if let Reason::Assignment(a) = reason
                    && !(a.is_live(now) && a.target.name == user.name)
                {
                    return Err(format!("{} holds {} {} by what is over", user.name, held.key, held.role));
                }
            }
        }
    }
    Ok(())
}
