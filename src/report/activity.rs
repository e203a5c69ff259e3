//! P8: all that happened to a package in a span of time, and to what people ask for and hold of it.

use super::asked::{Asked, key};
use super::request_trail::details;
use super::row::{full, row, shown};
use super::told::What;
use super::{Made, Report, Row, Takes};
use crate::authority::Action;
use crate::engine::{Event, Family, Named, Record, Refusal};
use crate::kinds::display_name;
use std::collections::BTreeMap;

/// The report.
pub(super) static REPORT: Report = Report {
    name: "activity",
    tells: "What happened to a package, and to what people ask for and hold of it",
    takes: &[Takes::Package, Takes::Person, Takes::Span],
    columns: &[
        shown("time"),
        shown("serial"),
        full("package_id"),
        shown("package"),
        shown("operation"),
        shown("user"),
        full("actor_id"),
        shown("actor"),
        full("actor_name"),
        shown("details"),
        full("event"),
    ],
    made: Made::History(rows),
};

/// Whom and what an event of the lifecycle is about.
type About = (Named, Named);

fn rows(asked: &Asked<'_>) -> Result<Vec<Row>, Refusal> {
    let scope = asked.scope(Action::ViewRequests)?;
    let facts = asked.facts;
    let mut known: BTreeMap<(Family, String), About> = BTreeMap::new();
    let mut rows = Vec::new();
    for told in &asked.told {
        let (package, user, details, event) = match &told.what {
            What::Life(event) => {
                let Some((package, user)) = about(asked, event, &mut known) else { continue };
                (package, Some(user), details(event), serde_json::to_string(event).unwrap_or_default())
            }
            What::Object(change) => {
                let Some(package) = asked.package.as_ref().and_then(|p| facts.named(p)) else { continue };
                (package, None, change.address.clone(), String::new())
            }
        };
        if !scope.has(facts, &package.id) || user.as_ref().is_some_and(|u| !asked.is_meant(&[u])) {
            continue;
        }
        if user.is_none() && asked.person.is_some() {
            continue;
        }
        let actor = facts.person(&told.actor);
        rows.push(row![
            told.at,
            told.serial,
            package.id.as_str(),
            key(&package.name),
            told.word(),
            user.map(|u| u.name),
            actor.named.id.as_str(),
            told.actor.as_str(),
            actor.object.map(|o| display_name(o).0),
            details,
            event,
        ]);
    }
    Ok(rows)
}

fn about(asked: &Asked<'_>, event: &Event, known: &mut BTreeMap<(Family, String), About>) -> Option<About> {
    let (family, id) = event.record();
    let place = (family, id.to_owned());
    let found = match event {
        Event::RequestSubmitted { request } => Some((request.package.clone(), request.target.clone())),
        Event::Given { assignment } => Some((assignment.package.clone(), assignment.target.clone())),
        _ => known.get(&place).cloned().or_else(|| match asked.facts.records.get(family, id)? {
            Record::Request(r) => Some((r.package.clone(), r.target.clone())),
            Record::Assignment(a) => Some((a.package.clone(), a.target.clone())),
            Record::Guest(_) => None,
        }),
    }?;
    known.insert(place, found.clone());
    Some(found)
}
