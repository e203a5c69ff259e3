//! What people mean by a request, an assignment or a package; and what of them somebody may see.
//!
//! Invariant: what somebody may not see is, to them, not there.

use super::{Desk, Failure};
use crate::authority::Action;
use crate::engine::{
    Actor, Assignment, Family, Item, Offer, Record, Refusal, Request, Review, ReviewState, Rule, asked_of, deciders, offers,
};
use crate::kinds::access_package::Package;
use crate::model::Address;

/// Which requests or assignments are meant.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Of this package.
    pub package: Option<Address>,
    /// Of, or for, this person.
    pub person: Option<String>,
    /// In one of these states, by their words; open or live ones, where none is named.
    pub states: Vec<String>,
    /// Over or not.
    pub all: bool,
    /// One's own.
    pub mine: bool,
    /// Those that one can decide.
    pub to_decide: bool,
}

/// The package that somebody means: its key, its address, or its link.
///
/// # Errors
/// When there is none, or none that they may see.
pub fn package(desk: &Desk<'_>, text: &str) -> Result<Address, Failure> {
    // A link carries the id, and so outlives every move (R65).
    if let Some(id) = text.rsplit_once("access-packages/").map(|(_, id)| id)
        && let Some(found) = desk.facts.package(id)
    {
        return Ok(found.0.address.clone());
    }
    let address = match Address::parse(text) {
        Ok(address) if address.kind() == "access_package" && address.parent().is_none() => address,
        _ => Address::root("access_package", text),
    };
    if desk.facts.object(&address).is_some() { Ok(address) } else { Err(no_package(desk, text, &address)) }
}

/// As [`package`], of those that are there for who asks: what they may not see is told from what does not exist by nothing.
///
/// # Errors
/// As [`package`].
pub fn package_seen(desk: &Desk<'_>, text: &str) -> Result<Address, Failure> {
    let found = package(desk, text)?;
    let there = desk.facts.object(&found).and_then(Package::of).is_some_and(|p| is_there(desk, p));
    let named = if text.contains("access-packages/") { Address::root("access_package", text) } else { found.clone() };
    if there { Ok(found) } else { Err(no_package(desk, text, &named)) }
}

/// Whether a package is there for who asks: they see its catalog, could request it, hold or held it, asked for it, or decide on it.
#[must_use]
pub fn is_there(desk: &Desk<'_>, package: Package<'_>) -> bool {
    let Actor::Person(name) = &desk.actor else { return true };
    let Some(stored) = desk.facts.objects.get(&package.0.address) else { return false };
    let person = desk.facts.person(name);
    desk.actor.may(&desk.today, Action::ViewPackages, package).is_ok()
        || offers(&desk.facts, &package.0.address, &person).is_ok()
        || desk
            .records
            .all(Family::Assignment)
            .iter()
            .any(|r| matches!(r, Record::Assignment(a) if a.package.id == stored.id && person.is(&a.target)))
        || desk
            .records
            .all(Family::Request)
            .iter()
            .any(|r| matches!(r, Record::Request(r) if r.package.id == stored.id && may_see(desk, r)))
}

fn no_package(desk: &Desk<'_>, text: &str, address: &Address) -> Failure {
    let visible: Vec<Address> = visible_packages(desk, None).into_iter().map(|(p, _)| p.0.address.clone()).collect();
    let near = address.nearest(visible.iter()).map(|a| format!("did you mean `{}`?", a.key()));
    let help = near.unwrap_or_else(|| "`writ packages` lists those that there are".to_owned());
    Refusal { rule: Rule("R61"), message: format!("there is no package `{text}`"), help }.into()
}

/// The packages that a person sees: all of a catalog that one manages, and those that one could request and are not hidden (R61, R62).
#[must_use]
pub fn visible_packages<'a>(desk: &Desk<'a>, person: Option<&str>) -> Vec<(Package<'a>, Vec<Offer<'a>>)> {
    let all = desk.facts.objects.within_kind("access_package").iter().filter_map(|s| Package::of(&s.object));
    let name = person.map(str::to_owned).or_else(|| if let Actor::Person(name) = &desk.actor { Some(name.clone()) } else { None });
    let own = person.is_none_or(|person| matches!(&desk.actor, Actor::Person(name) if name == person));
    let seen = |package: Package<'a>| {
        // What others could request is for those who manage it.
        if !own && desk.actor.may(&desk.facts, Action::ViewPackages, package).is_err() {
            return None;
        }
        let offered = name.as_deref().and_then(|name| offers(&desk.facts, &package.0.address, &desk.facts.person(name)).ok());
        let manages = person.is_none() && desk.actor.may(&desk.facts, Action::ViewPackages, package).is_ok();
        let shown = manages || (offered.is_some() && !package.is_hidden());
        shown.then(|| (package, offered.unwrap_or_default()))
    };
    all.filter_map(seen).collect()
}

/// Whether somebody may see what is about a package: who manages its assignments, the person it is about, and who asked.
fn sees(desk: &Desk<'_>, action: Action, package: &str, people: &[&crate::engine::Named]) -> bool {
    let own = |name: &String| people.iter().any(|p| desk.facts.person(name).is(p));
    let manages = || match desk.facts.package(package) {
        Some(package) => desk.actor.may(&desk.facts, action, package).is_ok(),
        None => matches!(desk.actor, Actor::Operator(_)),
    };
    matches!(&desk.actor, Actor::Person(name) if own(name)) || manages()
}

/// The requests that are meant and may be seen, the newest last.
///
/// # Errors
/// When they cannot be read.
pub fn requests(desk: &Desk<'_>, which: &Which) -> Result<Vec<Request>, Failure> {
    let decides = |r: &Request| match &desk.actor {
        Actor::Person(name) => deciders(&desk.facts, r).iter().any(|d| desk.facts.person(name).is(d)),
        _ => false,
    };
    let mut found = Vec::new();
    for record in candidates(desk, Family::Request, which)? {
        let Record::Request(request) = record else { continue };
        let people = [&request.target, &request.requestor];
        let meant = matches(which, &request.package.id, &people, request.state.word(), request.state.is_open(), desk)
            && (!which.to_decide || decides(&request));
        if meant && may_see(desk, &request) {
            found.push(*request);
        }
    }
    Ok(found)
}

/// The assignments that are meant and may be seen, the newest last.
///
/// # Errors
/// When they cannot be read.
pub fn assignments(desk: &Desk<'_>, which: &Which) -> Result<Vec<Assignment>, Failure> {
    let mut found = Vec::new();
    for record in candidates(desk, Family::Assignment, which)? {
        let Record::Assignment(assignment) = record else { continue };
        let live = assignment.is_live(desk.facts.now);
        let meant = matches(which, &assignment.package.id, &[&assignment.target], assignment.state.word(), live, desk);
        if meant && sees(desk, Action::ViewAssignments, &assignment.package.id, &[&assignment.target]) {
            found.push(*assignment);
        }
    }
    Ok(found)
}

/// The records among which those that are meant are, as few as can be asked for.
fn candidates(desk: &Desk<'_>, family: Family, which: &Which) -> Result<Vec<Record>, Failure> {
    if which.all || !which.states.is_empty() {
        return Ok(desk.records.all(family));
    }
    if let Some(package) = which.package.as_ref().and_then(|p| desk.facts.objects.get(p)) {
        return Ok(desk.records.of_package(family, &package.id));
    }
    if let (Some(name), Family::Assignment) = (&which.person, family) {
        return Ok(desk.records.of_person(family, &desk.facts.person(name).named.id));
    }
    Ok(desk.records.all(family))
}

fn matches(which: &Which, package: &str, people: &[&crate::engine::Named], state: &str, open: bool, desk: &Desk<'_>) -> bool {
    let is = |name: &str| people.iter().any(|p| desk.facts.person(name).is(p));
    let of_package = |p: &Address| desk.facts.objects.get(p).is_some_and(|s| s.id == package);
    let stands = if which.states.is_empty() { which.all || open } else { which.states.iter().any(|s| s == state) };
    stands
        && which.package.as_ref().is_none_or(of_package)
        && which.person.as_deref().is_none_or(is)
        && (!which.mine || matches!(&desk.actor, Actor::Person(name) if is(name)))
}

/// The request that somebody means: its id, some of its last letters, or the package, where only one of those that are open fits.
///
/// # Errors
/// When none, or more than one, is meant.
pub fn request(desk: &Desk<'_>, text: &str, person: Option<&str>) -> Result<Request, Failure> {
    if let Some(Record::Request(found)) = desk.records.get(Family::Request, text).filter(|r| is_seen(desk, r)) {
        return Ok(*found);
    }
    let meant = |to_decide, mine| -> Result<Vec<Request>, Failure> {
        let which = Which { person: person.map(str::to_owned), to_decide, mine, ..Which::default() };
        Ok(requests(desk, &which)?.into_iter().filter(|r| means(text, &r.id, &r.package.name)).collect())
    };
    // Of several those that wait for whoever asks, or are their own.
    let mut found = meant(true, false)?;
    for mine in [true, false] {
        if found.is_empty() {
            found = meant(false, mine)?;
        }
    }
    one(found, "request", text, |r| format!("{} by {}", r.id, r.target.name))
}

/// The request of an id, or of the last letters of one, over or not; nothing, where there is none, or none that they may see.
#[must_use]
pub fn request_of_id(desk: &Desk<'_>, text: &str) -> Option<String> {
    // What cannot be of an id is not looked for among all that there are.
    if text.len() < LETTERS || !text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
        return None;
    }
    let one = desk.records.get(Family::Request, text).map(|r| vec![r]);
    let all = one.unwrap_or_else(|| desk.records.all(Family::Request));
    let mut found = all.into_iter().filter(|r| r.id().ends_with(text) && is_seen(desk, r)).map(|r| r.id().to_owned());
    found.next().filter(|_| found.next().is_none())
}

/// The assignment that somebody means, as [`request`]; of several of one package their own.
///
/// # Errors
/// When none, or more than one, is meant.
pub fn assignment(desk: &Desk<'_>, text: &str, person: Option<&str>) -> Result<Assignment, Failure> {
    if let Some(Record::Assignment(found)) = desk.records.get(Family::Assignment, text).filter(|r| is_seen(desk, r)) {
        return Ok(*found);
    }
    let own = if let Actor::Person(name) = &desk.actor { Some(name.as_str()) } else { None };
    let meant = |person: Option<&str>| -> Result<Vec<Assignment>, Failure> {
        let which = Which { person: person.map(str::to_owned), ..Which::default() };
        Ok(assignments(desk, &which)?.into_iter().filter(|a| means(text, &a.id, &a.package.name)).collect())
    };
    let mut found = meant(person.or(own))?;
    if found.is_empty() && person.is_none() {
        found = meant(None)?;
    }
    one(found, "assignment", text, |a| format!("{} of {}", a.id, a.target.name))
}

/// The reviews that somebody may see, each with what they are asked about in it; those that are open, or all.
///
/// # Errors
/// When they cannot be read.
pub fn reviews(desk: &Desk<'_>, all: bool) -> Result<Vec<(Review, Vec<Item>)>, Failure> {
    let mut found = Vec::new();
    for record in desk.records.all(Family::Review) {
        let Record::Review(review) = record else { continue };
        let mine: Vec<Item> = match &desk.actor {
            Actor::Person(name) => asked_of(&desk.facts, &review, name).into_iter().cloned().collect(),
            _ => Vec::new(),
        };
        let open = review.state == ReviewState::InProgress;
        if (all || open) && (!mine.is_empty() || sees(desk, Action::ViewAssignments, &review.package.id, &[])) {
            found.push((*review, mine));
        }
    }
    Ok(found)
}

/// The review that somebody means: its id, some of its last letters, or its package, where only one of those that are open fits.
///
/// # Errors
/// When none, or more than one, is meant.
pub fn review(desk: &Desk<'_>, text: &str) -> Result<(Review, Vec<Item>), Failure> {
    let all = reviews(desk, true)?;
    if let Some(found) = all.iter().find(|(r, _)| r.id == text || (text.len() >= LETTERS && r.id.ends_with(text))) {
        return Ok(found.clone());
    }
    let open = all.into_iter().filter(|(r, _)| r.state == ReviewState::InProgress && means(text, &r.id, &r.package.name)).collect();
    one(open, "review", text, |(r, _)| format!("{} of {}", r.id, r.policy.name))
}

/// Whether somebody may see a record: what they may not see is not there, whatever they know its id to be.
fn is_seen(desk: &Desk<'_>, record: &Record) -> bool {
    match record {
        Record::Request(r) => may_see(desk, r),
        Record::Assignment(a) => sees(desk, Action::ViewAssignments, &a.package.id, &[&a.target]),
        _ => false,
    }
}

/// Whether somebody may see a request: their own, one that they decide or decided, one of a package whose assignments they manage.
fn may_see(desk: &Desk<'_>, r: &Request) -> bool {
    let decides = || match &desk.actor {
        Actor::Person(name) => deciders(&desk.facts, r).iter().any(|d| desk.facts.person(name).is(d)),
        _ => false,
    };
    let decided = || matches!(&desk.actor, Actor::Person(name) if r.verdicts.iter().any(|v| desk.facts.person(name).is(&v.by)));
    sees(desk, Action::ViewRequests, &r.package.id, &[&r.target, &r.requestor]) || decides() || decided()
}

/// Few letters are no name: from so many on the end of an id is one.
const LETTERS: usize = 6;

fn means(text: &str, id: &str, package: &str) -> bool {
    let key = package.strip_prefix("access_package.").unwrap_or(package);
    text == package || text == key || (text.len() >= LETTERS && id.ends_with(text))
}

fn one<T>(mut found: Vec<T>, what: &str, text: &str, show: impl Fn(&T) -> String) -> Result<T, Failure> {
    match (found.pop(), found.as_slice()) {
        (Some(only), []) => Ok(only),
        (Some(last), others) => {
            let all: Vec<String> = others.iter().chain([&last]).take(5).map(show).collect();
            Err(Failure::Usage(
                format!("`{text}` means more than one {what}: {}", all.join("; ")),
                "name it by its id, or the person with `--for`".to_owned(),
            ))
        }
        (None, _) => {
            let message = format!("there is no {what} `{text}` that is open");
            Err(Refusal {
                rule: Rule("R57"),
                message,
                help: format!("`{}` lists them", if what == "review" { "writ review list".to_owned() } else { format!("writ {what}s") }),
            }
            .into())
        }
    }
}
