//! Why somebody holds roles on a resource: every chain of reasons, each link with the line or the event that says it; and what would
//! give it, where nothing does.

use super::asked::{Asked, Scope, key};
use super::thing::Thing;
use crate::authority::Action;
use crate::engine::{Assignment, Event, Facts, Family, Giving, Joined, Person, Record, Refusal, Request, RequestKind, Rule, Source};
use crate::engine::{giving, hindrance, live_of, offers, ways_into};
use crate::kinds::access_package::roles_path;
use crate::kinds::group::{Group, MEMBERS, OWNERS};
use crate::model::{Address, Stored};
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A line of a file: `catalogs/marketing/campaign.toml:7`.
    Place(String),
    /// An event, by the serial of its revision.
    Event(u64),
    /// Nothing that is still there.
    Nothing,
}

/// One link of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What is so.
    pub text: String,
    /// What says so.
    pub proof: Proof,
}

/// One reason to hold a role, from the role down to what began it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The role.
    pub role: String,
    /// What it comes down to.
    pub links: Vec<Link>,
    /// When this reason ends, if it does by itself.
    pub until: Option<DateTime<Utc>>,
}

/// A package that would give a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The package.
    pub package: Address,
    /// The roles on the resource that it gives.
    pub roles: Vec<String>,
    /// The policies through which the person could request it, or why they cannot.
    pub policies: Result<Vec<String>, Refusal>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The person.
    pub user: String,
    /// On what.
    pub thing: Thing,
    /// Every reason that lives.
    pub chains: Vec<Chain>,
    /// So many reasons more are not for the asker to see.
    pub unseen: usize,
    /// Where nothing gives it, what would.
    pub openings: Vec<Opening>,
}

/// The records whose history an answer about a person needs.
#[must_use]
pub fn records(facts: &Facts<'_>, people: &[String]) -> Vec<String> {
    let mut ids = Vec::new();
    for assignment in people.iter().flat_map(|p| live_of(facts, &facts.person(p).named.id)) {
        ids.extend(if let Source::Request(id) = &assignment.source { Some(id.clone()) } else { None });
        ids.push(assignment.id);
    }
    ids
}

/// Whether the asker may see who holds a thing: because they see all, or one of its catalogs is theirs.
///
/// # Errors
/// Which role it takes.
pub(super) fn sees(asked: &Asked<'_>, thing: &Thing, scope: &Scope) -> Result<(), Refusal> {
    let Scope::Catalogs(catalogs) = scope else { return Ok(()) };
    let own = thing.resources(asked.facts).iter().filter_map(|r| r.0.address.parent()).any(|c| catalogs.contains(&c));
    if own { Ok(()) } else { asked.over_tenant() }
}

/// Answers why a person, whom `asked` names, holds roles on a thing.
///
/// # Errors
/// When the asker may not know.
pub fn why(asked: &Asked<'_>, thing: Thing) -> Result<Why, Refusal> {
    let (person, scope) = asked.about(Action::ViewAssignments)?;
    if person.object.is_none() && live_of(asked.facts, &person.named.id).is_empty() {
        let message = format!("{} is not in the directory at that moment, and holds nothing", person.named.name);
        return Err(Refusal { rule: Rule("R70"), message, help: "`writ state list user` lists who is".to_owned() });
    }
    sees(asked, &thing, &scope)?;
    let facts = asked.facts;
    let (mut chains, mut unseen) = (Vec::new(), 0usize);
    let mut add = |package: Option<&str>, chain: Chain| match package.is_none_or(|id| scope.has(facts, id)) {
        true => chains.push(chain),
        false => unseen = unseen.saturating_add(1),
    };
    let held = live_of(facts, &person.named.id);
    let given = giving(facts, &thing.kind, &thing.key);
    for (assignment, gives) in held.iter().flat_map(|a| given.iter().filter(|g| g.stored.id == a.package.id).map(move |g| (a, g))) {
        let chain = Chain { role: gives.role.to_owned(), links: by_package(asked, assignment, gives), until: assignment.end };
        add(Some(&assignment.package.id), chain);
    }
    if let Some(group) = thing.object(facts).and_then(Group::of) {
        for (_, way) in ways_into(facts, &group.0.address, Some(&person)) {
            let mut links = nesting(facts, &way.groups);
            let last = way.groups.last();
            let at = |path| last.and_then(|g| facts.objects.get(g)).map_or(Proof::Nothing, |s| place_of(s, path));
            let name = last.map(Address::reference).unwrap_or_default();
            match &way.joined {
                Joined::Declared => links.push(Link { text: format!("declared member of {name}"), proof: at(MEMBERS) }),
                Joined::Rule => links.push(Link { text: format!("the rule of {name} matches"), proof: at("rule") }),
                Joined::Package(_) if way.groups.len() == 1 => continue,
                Joined::Package(assignment) => {
                    let inner = giving(facts, "group", last.map_or("", Address::key));
                    let gives = inner.iter().find(|g| g.stored.id == assignment.package.id && g.role == "Member");
                    links.extend(gives.into_iter().flat_map(|g| by_package(asked, assignment, g)));
                    add(Some(&assignment.package.id), Chain { role: "Member".to_owned(), links, until: assignment.end });
                    continue;
                }
            }
            add(None, Chain { role: "Member".to_owned(), links, until: None });
        }
        if group.owners().any(|o| o == person.named.name) {
            let proof = facts.objects.get(&group.0.address).map_or(Proof::Nothing, |s| place_of(s, OWNERS));
            let link = Link { text: format!("declared owner of {thing}"), proof };
            add(None, Chain { role: "Owner".to_owned(), links: vec![link], until: None });
        }
    }
    chains.sort_by(|a, b| a.role.cmp(&b.role));
    let openings = if chains.is_empty() && unseen == 0 { openings(asked, &person, &given) } else { Vec::new() };
    Ok(Why { user: person.named.name.clone(), thing, chains, unseen, openings })
}

/// What would give it, and whether the person could have it.
fn openings(asked: &Asked<'_>, person: &Person<'_>, given: &[Giving<'_>]) -> Vec<Opening> {
    let mut roles: BTreeMap<&Address, BTreeSet<&str>> = BTreeMap::new();
    for gives in given {
        roles.entry(&gives.package.0.address).or_default().insert(gives.role);
    }
    let opening = |(package, roles): (&Address, BTreeSet<&str>)| {
        let policies = match hindrance(asked.facts, package, person) {
            Some(refusal) => Err(refusal),
            None => offers(asked.facts, package, person).map(|all| all.iter().map(|o| o.policy.0.address.key().to_owned()).collect()),
        };
        // Who may not have it learns no more of a hidden package than of one that is not there.
        let hidden = matches!(&policies, Err(r) if r.rule == Rule("R61")) && asked.over_tenant().is_err();
        (!hidden).then(|| Opening { package: package.clone(), roles: roles.into_iter().map(str::to_owned).collect(), policies })
    };
    roles.into_iter().filter_map(opening).collect()
}

/// Which group stands in which.
fn nesting(facts: &Facts<'_>, groups: &[Address]) -> Vec<Link> {
    let link = |pair: &[Address]| {
        let [outer, inner] = pair else { return None };
        let proof = facts.objects.get(outer).map_or(Proof::Nothing, |s| place_of(s, MEMBERS));
        Some(Link { text: format!("{} has {} as a member", outer.reference(), inner.reference()), proof })
    };
    groups.windows(2).filter_map(link).collect()
}

/// Everything that stands behind a role that a package gives.
fn by_package(asked: &Asked<'_>, assignment: &Assignment, gives: &Giving<'_>) -> Vec<Link> {
    let facts = asked.facts;
    let mut links = Vec::new();
    let mut add = |text: String, proof| links.push(Link { text, proof });
    let path = roles_path(&gives.resource);
    add(format!("{} gives {} on {}", gives.package.0.address, gives.role, gives.resource), place_of(gives.stored, &path));
    let policy = facts.of_id(&assignment.policy.id);
    add(format!("policy {} governs it", key(&assignment.policy.name)), policy.map_or(Proof::Nothing, header));
    let request = request_of(asked, assignment);
    match (&assignment.source, &request) {
        (Source::Request(id), Some(request)) => {
            let by = if request.requestor.id == request.target.id { String::new() } else { format!(" for {}", request.target.name) };
            let text =
                format!("request by {}{by} at {}{}", request.requestor.name, stamp(request.submitted), reason(&request.justification));
            add(text, event(asked, id, &|e| matches!(e, Event::RequestSubmitted { .. })));
        }
        (Source::Request(id), None) => add(format!("request {id}, which is not kept any longer"), Proof::Nothing),
        (Source::Direct(by), _) => {
            let why = request.as_ref().map_or_else(String::new, |r| reason(&r.justification));
            add(format!("assigned by {by}{why}"), event(asked, &assignment.id, &|e| matches!(e, Event::Given { .. })));
        }
        (Source::Declared(id), _) => match facts.of_id(id) {
            Some(stored) => {
                let why = request.as_ref().map_or_else(String::new, |r| reason(&r.justification));
                add(format!("declared by {}{why}", stored.object.address), header(stored));
            }
            None => add("declared by an assignment that is gone".to_owned(), Proof::Nothing),
        },
        (Source::Automatic, _) => add("the rule of that policy matches".to_owned(), policy.map_or(Proof::Nothing, header)),
    }
    for verdict in request.iter().flat_map(|r| &r.verdicts) {
        let text = format!("approved by {} at {}{}", verdict.by.name, stamp(verdict.at), reason(&verdict.justification));
        let id = request.as_ref().map_or("", |r| r.id.as_str());
        add(text, event(asked, id, &|e| matches!(e, Event::Decided { verdict: v, .. } if v == verdict)));
    }
    if let (Source::Request(id), Some(true)) = (&assignment.source, request.as_ref().map(|r| r.verdicts.is_empty())) {
        add("nobody had to approve".to_owned(), event(asked, id, &|e| matches!(e, Event::Approved { .. })));
    }
    let given = event(asked, &assignment.id, &|e| matches!(e, Event::Given { .. }));
    add(
        format!("held since {} until {}", stamp(assignment.start), assignment.end.map_or_else(|| "it is taken away".to_owned(), stamp)),
        given,
    );
    let moved = event(asked, &assignment.id, &|e| matches!(e, Event::Rescheduled { end, .. } if *end == assignment.end));
    if moved != Proof::Nothing {
        add("that end was set later".to_owned(), moved);
    }
    links
}

/// The request that an assignment came of, by whomever it was made.
fn request_of(asked: &Asked<'_>, assignment: &Assignment) -> Option<Request> {
    let of = |record| if let Record::Request(r) = record { Some(*r) } else { None };
    if let Source::Request(id) = &assignment.source {
        return asked.facts.records.get(Family::Request, id).and_then(of);
    }
    let made = |r: &Request| r.assignment.as_ref() == Some(&assignment.id) && r.kind == RequestKind::AdminAdd;
    asked.facts.records.all(Family::Request).into_iter().filter_map(of).find(made)
}

/// The event of a record that fits, the last of several.
fn event(asked: &Asked<'_>, record: &str, fits: &dyn Fn(&Event) -> bool) -> Proof {
    let found = asked.told.iter().rev().find(|t| t.life().is_some_and(|e| e.record().1 == record && fits(e)));
    found.map_or(Proof::Nothing, |t| Proof::Event(t.serial))
}

/// Where an attribute stands, or else the header of the object.
pub(super) fn place_of(stored: &Stored, path: &str) -> Proof {
    let places = stored.origin.places();
    match places.attributes.get(path) {
        Some(place) if place.contains(':') => Proof::Place(place.clone()),
        Some(place) if !places.file.is_empty() => Proof::Place(format!("{}:{place}", places.file)),
        _ => header(stored),
    }
}

/// Where an object stands; what no file says was said by a revision.
pub(super) fn header(stored: &Stored) -> Proof {
    super::roles::place(stored).map_or(Proof::Event(stored.version), Proof::Place)
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn reason(text: &Option<String>) -> String {
    text.as_ref().map_or_else(String::new, |t| format!(": {t}"))
}
