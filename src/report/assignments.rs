//! P1: the assignments of a package, or of all (R56, R70).

use super::asked::{Asked, came_by, display, name_now};
use super::row::{full, row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Cause, Person, Refusal};

/// Its states; `all` is each of them.
const STATES: &[&str] = &["delivering", "delivered", "partially_delivered", "delivery_failed", "expired", "all"];

/// The report.
pub(super) static REPORT: Report = Report {
    name: "assignments",
    tells: "Who holds a package, by which policy, until when; those that live first",
    takes: &[Takes::Package, Takes::Person, Takes::State(STATES)],
    columns: &[
        full("assignment"),
        full("package_id"),
        shown("package"),
        full("package_name"),
        full("policy_id"),
        shown("policy"),
        full("policy_name"),
        full("user_id"),
        shown("user"),
        shown("user_name"),
        full("user_mail"),
        shown("state"),
        full("source"),
        shown("start"),
        shown("end"),
        shown("ended"),
        shown("cause"),
    ],
    made: Made::Facts(rows),
};

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let scope = asked.scope(Action::ViewAssignments)?;
    let facts = asked.facts;
    let mut all = asked.assignments(&scope);
    all.retain(|a| asked.is_meant(&[&a.target]));
    let mut rows: Vec<(bool, Row)> = Vec::new();
    for a in all {
        let live = a.is_live(facts.now);
        // One whose end came is over, whether or not somebody looked at the clock since.
        let state = if live { a.state.word() } else { "expired" };
        if !asked.in_state(state, live) {
            continue;
        }
        let person = Person::of_named(facts, &a.target);
        let (name, mail) = asked.seen(&person);
        let cause = a.cause.as_ref().map(Cause::words).or_else(|| (!live).then(|| Cause::Expired.words()));
        let ended = a.ended.or(if live { None } else { a.end });
        let cells = row![
            a.id.as_str(),
            a.package.id.as_str(),
            name_now(facts, &a.package),
            display(facts, &a.package),
            a.policy.id.as_str(),
            name_now(facts, &a.policy),
            display(facts, &a.policy),
            person.named.id.as_str(),
            person.named.name.as_str(),
            name,
            mail,
            state,
            came_by(&a.source),
            a.start,
            a.end,
            ended,
            cause,
        ];
        rows.push((!live, cells));
    }
    rows.sort_by_key(|(over, _)| *over);
    Ok(rows.into_iter().map(|(_, cells)| cells).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;
    use crate::report::testing::World;
    use chrono::TimeDelta;

    const COLUMNS: &[&str] = &["package", "policy", "user", "user_name", "state", "source", "start", "end"];

    #[test]
    fn those_that_live_and_those_that_are_over_by_state_and_authority() {
        let mut world = World::new();
        world.request("ann", "sell", "please");
        world.approve("cy", "fine");
        world.request("bo", "alone", "");
        let all = world.rows(&REPORT, COLUMNS, "root", |_| {});
        let ann = "sell | staff | ann@contoso.example | Ann Dubois | delivered | request | 03-01 | 03-31";
        let bo = "alone | staff | bo@contoso.example | bo@contoso.example | delivered | request | 03-01 | 03-31";
        assert_eq!(all, [ann, bo]);
        // Who manages one catalog sees that one.
        assert_eq!(world.rows(&REPORT, COLUMNS, "cy", |_| {}), [ann]);
        let alone = |asked: &mut crate::report::Asked<'_>| asked.package = Some(Address::root("access_package", "alone"));
        assert_eq!(world.rows(&REPORT, COLUMNS, "cy", alone), ["R55 root@contoso.example can"]);
        assert_eq!(world.rows(&REPORT, COLUMNS, "root", alone), [bo]);
        assert_eq!(world.rows(&REPORT, COLUMNS, "ann", |_| {}), ["R55 root@contoso.example can"]);
        // Its end came, whether or not anybody looked at the clock.
        world.now += TimeDelta::days(40);
        assert_eq!(world.rows(&REPORT, COLUMNS, "root", |_| {}), [""; 0]);
        let states = |asked: &mut crate::report::Asked<'_>| asked.states = vec!["expired".to_owned()];
        assert_eq!(
            world.rows(&REPORT, &["user", "state", "cause", "ended"], "cy", states),
            ["ann@contoso.example | expired | its end came | 03-31"]
        );
    }
}
