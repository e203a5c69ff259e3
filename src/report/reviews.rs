//! P10 and P11: where reviews stand, and what came of them.

use super::asked::{Asked, display, name_now};
use super::row::{full, row, shown};
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Family, Item, Record, Refusal, Review};

/// P10.
pub(super) static STATUS: Report = Report {
    name: "reviews",
    tells: "The reviews of a package, or of all: how far they are, and what was decided",
    takes: &[Takes::Package],
    columns: &[
        full("review"),
        shown("package"),
        shown("policy"),
        shown("state"),
        shown("opened"),
        shown("closes"),
        shown("reviewed"),
        shown("answered"),
        shown("taken_away"),
    ],
    made: Made::Facts(status),
};

/// P11.
pub(super) static HISTORY: Report = Report {
    name: "review-history",
    tells: "What reviewers decided of whose access, in a span of time",
    takes: &[Takes::Package, Takes::Person, Takes::Span],
    columns: &[
        full("review"),
        shown("package"),
        full("package_name"),
        shown("policy"),
        shown("opened"),
        full("closes"),
        shown("state"),
        shown("user"),
        shown("answer"),
        shown("by"),
        shown("answered"),
        shown("justification"),
        shown("result"),
    ],
    made: Made::Facts(history),
};

/// The reviews that are meant and may be seen, the newest last.
fn reviews(asked: &Asked<'_>) -> Result<Vec<Review>, Refusal> {
    let scope = asked.scope(Action::ViewAssignments)?;
    let all = asked.facts.records.all(Family::Review).into_iter();
    let reviews = all.filter_map(|r| if let Record::Review(review) = r { Some(*review) } else { None });
    Ok(reviews.filter(|r| scope.has(asked.facts, &r.package.id)).collect())
}

fn status(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let facts = asked.facts;
    let row = |r: &Review| {
        let gone = r.items.iter().filter(|i| i.removed == Some(true)).count();
        row![
            r.id.as_str(),
            name_now(facts, &r.package),
            name_now(facts, &r.policy),
            r.state.word(),
            r.opened,
            r.closes,
            r.items.len(),
            r.items.iter().filter(|i| i.answered.is_some()).count(),
            gone,
        ]
    };
    Ok(reviews(asked)?.iter().map(row).collect())
}

fn history(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let facts = asked.facts;
    let mut rows = Vec::new();
    for r in reviews(asked)?.iter().filter(|r| asked.in_span(r.opened)) {
        for item in r.items.iter().filter(|i| asked.is_meant(&[&i.target])) {
            let Item { target, answered, removed, .. } = item;
            let result = removed.map(|gone| if gone { "taken away" } else { "stays" });
            rows.push(row![
                r.id.as_str(),
                name_now(facts, &r.package),
                display(facts, &r.package),
                name_now(facts, &r.policy),
                r.opened,
                r.closes,
                r.state.word(),
                facts.person(&target.name).named.name.as_str(),
                answered.as_ref().map(|a| a.answer.word()),
                answered.as_ref().map(|a| a.by.name.as_str()),
                answered.as_ref().map(|a| a.at),
                answered.as_ref().and_then(|a| a.justification.as_deref()),
                result,
            ]);
        }
    }
    Ok(rows)
}
