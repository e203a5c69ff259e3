//! Where each person of a declared assignment stands: it is given once, and then spent.

use crate::engine::{Assignment, Facts, Request, RequestState, Source, spent};
use crate::kinds::assignment::Assignment as Declared;
use crate::model::Stored;
use chrono::{DateTime, Utc};

/// One person's part of a declared assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The person.
    pub user: String,
    /// `live`, `spent`, `scheduled`, or `not given`.
    pub state: &'static str,
    /// Why, where there is something to say.
    pub why: Option<String>,
    /// Since when it is so, or from when on it will be.
    pub since: Option<DateTime<Utc>>,
    /// When it ends, or ended.
    pub until: Option<DateTime<Utc>>,
    /// The id of the assignment that came of it.
    pub assignment: Option<String>,
}

/// Where the people of a declared assignment stand; nobody, where the object is none.
#[must_use]
pub fn standing(facts: &Facts<'_>, declared: &Stored, assignments: &[Assignment], requests: &[Request]) -> Vec<Standing> {
    let people = Declared::of(&declared.object).into_iter().flat_map(|d| d.holders().collect::<Vec<_>>());
    people.map(|user| one(facts, declared, user.key(), assignments, requests)).collect()
}

fn one(facts: &Facts<'_>, declared: &Stored, user: &str, assignments: &[Assignment], requests: &[Request]) -> Standing {
    let person = facts.person(user);
    let nothing = Standing { user: user.to_owned(), state: "not given", why: None, since: None, until: None, assignment: None };
    let mine = |a: &&Assignment| a.source == Source::Declared(declared.id.clone()) && person.is(&a.target);
    if let Some(given) = assignments.iter().rfind(mine) {
        let why = spent(facts, declared, user, assignments);
        let state = if why.is_some() { "spent" } else { "live" };
        let until = given.ended.or(given.end);
        return Standing { state, why, since: Some(given.start), until, assignment: Some(given.id.clone()), ..nothing };
    }
    let asked = requests.iter().rfind(|r| r.declared.as_ref() == Some(&declared.id) && person.is(&r.target));
    match asked {
        Some(r) if r.state == RequestState::Scheduled => Standing { state: "scheduled", since: r.start, until: r.end, ..nothing },
        Some(r) => Standing { why: r.cause.clone(), since: r.completed, ..nothing },
        None => nothing,
    }
}
