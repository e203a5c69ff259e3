//! P5: what happened to requests, event by event.

use super::asked::{Asked, key};
use super::row::{full, row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Event, Family, Record, Refusal, Request, RequestKind};
use std::collections::BTreeMap;

/// The report.
pub(super) static REPORT: Report = Report {
    name: "request-trail",
    tells: "What happened to requests, event by event, with who did it",
    takes: &[Takes::Package, Takes::Person, Takes::Request, Takes::Span],
    columns: &[
        shown("time"),
        shown("serial"),
        shown("request"),
        full("package_id"),
        shown("package"),
        shown("user"),
        full("requestor"),
        shown("operation"),
        shown("actor"),
        shown("details"),
    ],
    made: Made::History(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let scope = match &asked.person {
        Some(_) => asked.about(Action::ViewRequests)?.1,
        None => asked.scope(Action::ViewRequests)?,
    };
    let mut known: BTreeMap<String, Request> = BTreeMap::new();
    let mut rows = Vec::new();
    for told in &asked.told {
        let Some(event) = told.life().filter(|e| e.record().0 == Family::Request) else { continue };
        let id = event.record().1;
        if asked.request.as_deref().is_some_and(|wanted| wanted != id) {
            continue;
        }
        let Some(request) = request_of(asked, event, &mut known) else { continue };
        let people = [&request.target, &request.requestor];
        if !scope.has(asked.facts, &request.package.id) || !asked.is_meant(&people) {
            continue;
        }
        rows.push(row![
            told.at,
            told.serial,
            id,
            request.package.id.as_str(),
            key(&request.package.name),
            request.target.name.as_str(),
            request.requestor.name.as_str(),
            told.word(),
            told.actor.as_str(),
            details(event),
        ]);
    }
    Ok(rows)
}

/// The request that an event is about: as it is recorded, or, where the record is gone, as it was submitted.
fn request_of(asked: &Asked<'_>, event: &Event, known: &mut BTreeMap<String, Request>) -> Option<Request> {
    let id = event.record().1;
    if let Event::RequestSubmitted { request } = event {
        known.insert(id.to_owned(), (**request).clone());
    }
    if let Some(request) = known.get(id) {
        return Some(request.clone());
    }
    let Some(Record::Request(request)) = asked.facts.records.get(Family::Request, id) else { return None };
    known.insert(id.to_owned(), (*request).clone());
    Some(*request)
}

/// What there is to say of an event, for people.
pub(super) fn details(event: &Event) -> String {
    let names = |all: &[crate::engine::Named]| all.iter().map(|n| n.name.as_str()).collect::<Vec<_>>().join(", ");
    let reason = |text: &Option<String>| text.as_ref().map_or_else(String::new, |t| format!(": {t}"));
    match event {
        Event::RequestSubmitted { request } => {
            let asks = match request.kind {
                RequestKind::Add | RequestKind::AdminAdd => "",
                RequestKind::Extend => "a later end, ",
                RequestKind::Remove => "to end it, ",
            };
            format!("{asks}through {}{}", key(&request.policy.name), reason(&request.justification))
        }
        Event::StageStarted { stage, approvers, .. } => format!("stage {} waits for {}", stage.number, names(approvers)),
        Event::Escalated { approvers, .. } => format!("{} may decide too", names(approvers)),
        Event::Reminded { .. } => "the approvers were reminded".to_owned(),
        Event::Decided { verdict, .. } => {
            let word = if verdict.approve { "approved" } else { "denied" };
            format!("stage {} {word} by {}{}", verdict.stage, verdict.by.name, reason(&verdict.justification))
        }
        Event::Approved { .. } => "approved by all who had to".to_owned(),
        Event::Closed { state, cause, .. } => format!("{}: {cause}", state.word()),
        Event::RequestSettled { state, errors, .. } if errors.is_empty() => state.word().to_owned(),
        Event::RequestSettled { state, errors, .. } => format!("{}: {}", state.word(), errors.join("; ")),
        Event::Settled { state, .. } => state.word().to_owned(),
        Event::RequestDelivered { assignment, .. } => format!("assignment {assignment}"),
        Event::Given { assignment } => format!("{} through {}", assignment.target.name, key(&assignment.policy.name)),
        Event::Rescheduled { end, .. } => end.map_or_else(|| "it does not end".to_owned(), |e| format!("ends at {}", e.to_rfc3339())),
        Event::Ended { cause, .. } => cause.words(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::World;

    #[test]
    fn every_event_of_a_request_with_who_did_it() {
        let mut world = World::new();
        world.request("ann", "sell", "please");
        world.approve("cy", "fine");
        world.request("bo", "alone", "");
        let columns = ["serial", "package", "user", "operation", "actor", "details"];
        let told = world.rows(&REPORT, &columns, "cy", |_| {});
        let wanted = [
            "2 | sell | ann@contoso.example | request.submitted | ann@contoso.example | through staff: please",
            "2 | sell | ann@contoso.example | request.stage_started | ann@contoso.example | stage 1 waits for cy@contoso.example",
            "3 | sell | ann@contoso.example | request.decided | cy@contoso.example | stage 1 approved by cy@contoso.example: fine",
            "3 | sell | ann@contoso.example | request.approved | cy@contoso.example | approved by all who had to",
            "3 | sell | ann@contoso.example | request.delivered | cy@contoso.example | assignment r002",
        ];
        assert_eq!(told, wanted);
        assert_eq!(world.rows(&REPORT, &columns, "root", |_| {}).len(), 8);
        let one = |asked: &mut Asked<'_>| asked.request = Some("r003".to_owned());
        assert_eq!(world.rows(&REPORT, &columns, "root", one).len(), 3);
        assert_eq!(world.rows(&REPORT, &columns, "bo", |_| {}), ["R55 root@contoso.example can"]);
        let own = |asked: &mut Asked<'_>| asked.person = Some("bo@contoso.example".to_owned());
        assert_eq!(world.rows(&REPORT, &columns, "bo", own).len(), 3);
    }
}
