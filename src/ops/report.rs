//! Reports and answers: reads what they are made of, as it was at a moment, and lets the pure room make them.
//!
//! Invariant: who asks, and what they may see, is that of today, of whatever moment they ask.

use super::history::Moment;
use super::lifecycle::{Desk, happened, is_there, look_at, package_seen};
use super::{Context, Failure};
use crate::authority::Action;
use crate::engine::{Actor, Assignment, Family, Record, Refusal, Request, Rule};
use crate::kinds::access_package::{self, Package};
use crate::kinds::resource::Resource;
use crate::model::Address;
use crate::report::can::Can;
use crate::report::standing::{Standing, standing};
use crate::report::why::{self, Why};
use crate::report::{Asked, Made, Report, Row, Thing, can, changes, thing, who};
use crate::store::Interest;
use chrono::{DateTime, Utc};

/// What a report is narrowed by, as people say it.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this package.
    pub package: Option<String>,
    /// Of this person.
    pub person: Option<String>,
    /// In these states.
    pub states: Vec<String>,
    /// Of this request, by its id or its last letters.
    pub request: Option<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
}

/// An answer, and of when it is.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// What was asked.
    pub of: T,
    /// The serial of the store that it is of.
    pub serial: u64,
    /// The instant that it is of.
    pub at: DateTime<Utc>,
}

fn asked<'d>(desk: &'d Desk<'d>) -> Asked<'d> {
    let Desk { facts, today, actor, .. } = desk;
    Asked { facts, today, actor, package: None, person: None, states: Vec::new(), from: None, to: None, request: None, told: Vec::new() }
}

fn answer<T>(desk: &Desk<'_>, of: T) -> Answer<T> {
    Answer { of, serial: desk.serial, at: desk.facts.now }
}

/// As `look_at`, of no moment that is still to come: nothing is so yet.
fn look_back<T>(context: &Context, moment: Moment, look: impl FnOnce(&Desk<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    match moment {
        Moment::Instant(at) if at > context.now => Err(Failure::Usage(
            "that moment is still to come".to_owned(),
            "leave `--at` out: what is so now has the ends that are known".to_owned(),
        )),
        moment => look_at(context, moment, look),
    }
}

/// The rows of a report. `wanted` may look at the desk, for its zone.
///
/// # Errors
/// When the store cannot be read, there is no such report, package or request, or the asker may not see it.
pub fn report(
    context: &Context,
    moment: Moment,
    report: &Report,
    wanted: impl FnOnce(&Desk<'_>) -> Result<Wanted, Failure>,
) -> Result<Answer<Vec<Row>>, Failure> {
    let (make, needs_history) = match report.made {
        Made::Facts(make) => (make, false),
        Made::History(make) => (make, true),
        Made::Not(why) => return Err(Failure::Usage(format!("there is no report `{}`: {why}", report.name), others())),
    };
    look_back(context, moment, |desk| {
        let wanted = wanted(desk)?;
        let mut asked = asked(desk);
        asked.package = wanted.package.as_deref().map(|p| package_seen(desk, p)).transpose()?;
        asked.request = wanted.request.as_deref().map(|r| request(desk, r)).transpose()?;
        (asked.person, asked.states, asked.from, asked.to) = (wanted.person, wanted.states, wanted.from, wanted.to);
        if needs_history {
            let records = asked.request.clone().map(|id| vec![id]);
            // Without a package all packages, with what stands in them.
            let object = Some(asked.package.as_ref().map_or(access_package::KIND.name, Address::as_str));
            let (from, to) = (asked.from, asked.to);
            let interest = Interest { last: desk.serial, from, to, records: records.as_deref(), object };
            asked.told = happened(context, &interest)?;
        }
        Ok(answer(desk, make(&asked)?))
    })
}

/// Where to look for what there is.
fn others() -> String {
    "`writ report` lists those that there are".to_owned()
}

/// The id of the request that somebody means, over or not.
fn request(desk: &Desk<'_>, text: &str) -> Result<String, Failure> {
    if desk.records.get(Family::Request, text).is_some() {
        return Ok(text.to_owned());
    }
    let all = desk.records.all(Family::Request);
    let mut found = all.iter().map(Record::id).filter(|id| text.len() >= 6 && id.ends_with(text));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id.to_owned()),
        (Some(_), Some(_)) => Err(Failure::Usage(format!("`{text}` means more than one request"), "give more of its id".to_owned())),
        (None, _) => {
            let message = format!("there is no request `{text}`");
            Err(Refusal { rule: Rule("R57"), message, help: "`writ report requests` lists them".to_owned() }.into())
        }
    }
}

/// Whether a resource is there for who asks: they see its catalog, or a package that gives roles on it.
fn sees_resource(desk: &Desk<'_>, resource: Resource<'_>) -> bool {
    let catalog = resource.0.address.parent();
    let gives = |package: &Package<'_>| package.roles().any(|(of, ..)| of == resource.0.address);
    let packages = || desk.facts.objects.within_kind(access_package::KIND.name).iter().filter_map(|s| Package::of(&s.object));
    desk.actor.may_in(&desk.today, Action::ViewCatalog, catalog.as_ref()).is_ok() || packages().filter(gives).any(|p| is_there(desk, p))
}

/// Why a person holds roles on a resource.
///
/// # Errors
/// When the store cannot be read, there is no such resource, or the asker may not know.
pub fn why(context: &Context, moment: Moment, person: &str, resource: &str) -> Result<Answer<Why>, Failure> {
    look_back(context, moment, |desk| {
        let mut asked = asked(desk);
        asked.person = Some(person.to_owned());
        let thing = thing(asked.facts, resource, &|r| sees_resource(desk, r))?;
        let records = why::records(asked.facts, person);
        asked.told = happened(context, &Interest { last: desk.serial, records: Some(&records), ..Interest::default() })?;
        Ok(answer(desk, why::why(&asked, thing)?))
    })
}

/// Who holds roles on a resource.
///
/// # Errors
/// As [`why()`].
pub fn who(context: &Context, moment: Moment, resource: &str) -> Result<Answer<(Thing, Vec<Row>)>, Failure> {
    look_back(context, moment, |desk| {
        let mut asked = asked(desk);
        let thing = thing(asked.facts, resource, &|r| sees_resource(desk, r))?;
        let records = who::records(&asked, &thing);
        asked.told = happened(context, &Interest { last: desk.serial, records: Some(&records), ..Interest::default() })?;
        let rows = who::who(&asked, &thing)?;
        Ok(answer(desk, (thing, rows)))
    })
}

/// Whether a person can have a package.
///
/// # Errors
/// When the store cannot be read, there is no such package, or the asker may not know.
pub fn can(context: &Context, moment: Moment, person: &str, text: &str) -> Result<Answer<Can>, Failure> {
    look_back(context, moment, |desk| {
        let mut asked = asked(desk);
        asked.person = Some(person.to_owned());
        let address = package_seen(desk, text)?;
        Ok(answer(desk, can::can(&asked, &address)?))
    })
}

/// What changed in assignments that somebody may see.
///
/// # Errors
/// When what happened cannot be read.
pub fn changed(context: &Context, desk: &Desk<'_>, assignments: &[Assignment], since: Option<DateTime<Utc>>) -> Result<Vec<Row>, Failure> {
    let mut asked = asked(desk);
    let ids: Vec<String> = assignments.iter().map(|a| a.id.clone()).collect();
    asked.told = happened(context, &Interest { last: desk.serial, records: Some(&ids), ..Interest::default() })?;
    let mut packages: Vec<&str> = assignments.iter().map(|a| a.package.id.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    for address in packages.iter().filter_map(|id| desk.facts.of_id(id)).map(|s| s.object.address.as_str()) {
        let interest = Interest { last: desk.serial, records: Some(&[]), object: Some(address), ..Interest::default() };
        asked.told.extend(happened(context, &interest)?);
    }
    Ok(changes::changes(&asked, assignments, since))
}

/// Where the people of a declared assignment stand: all of them for who sees the assignments of its package, and oneself for the others.
///
/// # Errors
/// When the store cannot be read.
pub fn declared(context: &Context, moment: Moment, address: &Address) -> Result<Vec<Standing>, Failure> {
    let looked = look_at(context, moment, |desk| {
        let Some(stored) = desk.facts.objects.get(address) else { return Ok(Vec::new()) };
        let assignment = |r| if let Record::Assignment(a) = r { Some(*a) } else { None };
        let request = |r| if let Record::Request(r) = r { Some(*r) } else { None };
        let assignments: Vec<Assignment> = desk.records.all(Family::Assignment).into_iter().filter_map(assignment).collect();
        let requests: Vec<Request> = desk.records.all(Family::Request).into_iter().filter_map(request).collect();
        let mut all = standing(&desk.facts, stored, &assignments, &requests);
        let package = address.parent().and_then(|p| desk.facts.object(&p)).and_then(Package::of);
        if package.is_none_or(|p| desk.actor.may(&desk.today, Action::ViewAssignments, p).is_err()) {
            all.retain(|s| matches!(&desk.actor, Actor::Person(me) if *me == s.user));
        }
        Ok(all)
    });
    // What the files say is shown to everybody, even where who asks has to be named and is not.
    match looked {
        Err(Failure::Actor(..)) => Ok(Vec::new()),
        looked => looked,
    }
}
