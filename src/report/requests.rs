//! P12: the requests of a package, with what became of them (R57).

use super::asked::{Asked, display, name_now};
use super::row::{full, row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Refusal, RequestKind, RequestState};

/// Its states; `all` is each of them.
const STATES: &[&str] = &[
    "pending_approval",
    "scheduled",
    "delivering",
    "delivered",
    "partially_delivered",
    "delivery_failed",
    "denied",
    "timed_out",
    "canceled",
    "all",
];

/// The report.
pub(super) static REPORT: Report = Report {
    name: "requests",
    tells: "The requests of a package: who asked, who decided what and why, what came of it",
    takes: &[Takes::Package, Takes::Person, Takes::State(STATES), Takes::Request, Takes::Span],
    columns: &[
        shown("request"),
        full("kind"),
        shown("package"),
        full("package_name"),
        full("policy"),
        shown("user"),
        full("requestor"),
        shown("state"),
        shown("submitted"),
        shown("justification"),
        full("answers"),
        shown("decided_by"),
        shown("decision_justification"),
        full("decided"),
        full("completed"),
        full("delivered"),
        full("cause"),
        full("assignment"),
        full("errors"),
    ],
    made: Made::Facts(rows),
};

fn kind(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Add => "add",
        RequestKind::AdminAdd => "admin_add",
        RequestKind::Extend => "extend",
        RequestKind::Remove => "remove",
    }
}

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let scope = match &asked.person {
        Some(_) => asked.about(Action::ViewRequests)?.1,
        None => asked.scope(Action::ViewRequests)?,
    };
    let facts = asked.facts;
    let meant = |r: &crate::engine::Request| {
        asked.is_meant(&[&r.target, &r.requestor])
            && asked.in_state(r.state.word(), true)
            && asked.in_span(r.submitted)
            && asked.request.as_ref().is_none_or(|id| *id == r.id)
    };
    let all = asked.requests(&scope).into_iter().filter(meant);
    let row = |r: crate::engine::Request| {
        let by = |v: &crate::engine::Verdict| format!("{} {}", v.by.name, if v.approve { "approved" } else { "denied" });
        let given = matches!(r.state, RequestState::Delivered | RequestState::PartiallyDelivered);
        row![
            r.id.as_str(),
            kind(r.kind),
            name_now(facts, &r.package),
            display(facts, &r.package),
            name_now(facts, &r.policy),
            r.target.name.as_str(),
            r.requestor.name.as_str(),
            r.state.word(),
            r.submitted,
            r.justification.as_deref(),
            r.answers.iter().map(|(question, answers)| format!("{question}: {}", answers.join(", "))).collect::<Vec<_>>(),
            r.verdicts.iter().map(by).collect::<Vec<_>>(),
            r.verdicts.iter().filter_map(|v| v.justification.clone()).collect::<Vec<_>>(),
            r.verdicts.last().map(|v| v.at),
            r.completed,
            r.completed.filter(|_| given),
            r.cause.as_deref(),
            r.assignment.as_deref(),
            r.errors.len(),
        ]
    };
    Ok(all.map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::World;

    #[test]
    fn who_asked_who_decided_and_what_came_of_it() {
        let mut world = World::new();
        world.request("ann", "sell", "please");
        world.approve("cy", "fine");
        world.request("bo", "sell", "me too");
        let columns = ["kind", "user", "state", "justification", "decided_by", "decision_justification", "delivered", "errors"];
        let ann = "add | ann@contoso.example | delivered | please | [cy@contoso.example approved] | [fine] | 03-01 | 0";
        let bo = "add | bo@contoso.example | pending_approval | me too | [] | [] | - | 0";
        assert_eq!(world.rows(&REPORT, &columns, "cy", |_| {}), [ann, bo]);
        let open = |asked: &mut Asked<'_>| asked.states = vec!["pending_approval".to_owned()];
        assert_eq!(world.rows(&REPORT, &columns, "cy", open), [bo]);
        let own = |asked: &mut Asked<'_>| asked.person = Some("bo@contoso.example".to_owned());
        assert_eq!(world.rows(&REPORT, &columns, "bo", own), [bo]);
        assert_eq!(world.rows(&REPORT, &columns, "ann", own), ["R55 root@contoso.example can"]);
    }
}
