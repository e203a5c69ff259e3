//! Why somebody holds roles on a resource: every chain of reasons, each link with the line or the event that says it; and what would
//! give it, where nothing does.

use super::asked::{Asked, Scope, key};
use super::thing::Thing;
use crate::authority::Action;
use crate::engine::{
    Assignment, Cause, Event, Facts, Family, Giving, Joined, Offer, Person, Record, Refusal, Request, RequestKind, Rule, Source,
};
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
    /// Where nothing gives it, what did.
    pub past: Vec<Link>,
    /// Where nothing gives it, what would.
    pub openings: Vec<Opening>,
}

/// The records whose history an answer about a person needs: their requests and assignments, over or not.
#[must_use]
pub fn records(facts: &Facts<'_>, name: &str) -> Vec<String> {
    let person = facts.person(name);
    let theirs = |r: &Record| match r {
        Record::Request(r) => person.is(&r.target),
        Record::Assignment(a) => person.is(&a.target),
        _ => false,
    };
    let all = [Family::Request, Family::Assignment].into_iter().flat_map(|family| facts.records.all(family));
    all.filter(theirs).map(|r| r.id().to_owned()).collect()
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
    let (past, openings) = match chains.is_empty() && unseen == 0 {
        true => (past(asked, &person, &given, &scope), openings(asked, &person, &given)),
        false => Default::default(),
    };
    Ok(Why { user: person.named.name.clone(), thing, chains, unseen, past, openings })
}

/// What gave it, as far as the packages that did still would, and why that is over.
fn past(asked: &Asked<'_>, person: &Person<'_>, given: &[Giving<'_>], scope: &Scope) -> Vec<Link> {
    let over = |a: &Assignment| {
        let is_theirs = person.is(&a.target) && !a.is_live(asked.facts.now);
        is_theirs && given.iter().any(|g| g.stored.id == a.package.id) && scope.has(asked.facts, &a.package.id)
    };
    let link = |a: Assignment| {
        let why = a.cause.as_ref().map_or_else(|| Cause::Expired.words(), Cause::words);
        let end = a.ended.or(a.end).map(stamp).unwrap_or_default();
        let proof = event(asked, &a.id, &|e| matches!(e, Event::Ended { .. }));
        Link { text: format!("held by {} until {end}: {why}", a.package.name), proof }
    };
    asked.assignments(&Scope::All).into_iter().filter(over).map(link).collect()
}

/// What would give it, and whether the person could have it.
fn openings(asked: &Asked<'_>, person: &Person<'_>, given: &[Giving<'_>]) -> Vec<Opening> {
    let mut roles: BTreeMap<&Address, BTreeSet<&str>> = BTreeMap::new();
    for gives in given {
        roles.entry(&gives.package.0.address).or_default().insert(gives.role);
    }
    let opening = |(package, roles): (&Address, BTreeSet<&str>)| {
        let offered = offers(asked.facts, package, person);
        // Who may not have it learns no more of a hidden package than of one that is not there.
        let hidden = offered.as_ref().is_err_and(|r| r.rule == Rule("R61")) && asked.over_tenant().is_err();
        let keys = |all: Vec<Offer<'_>>| all.iter().map(|o| o.policy.0.address.key().to_owned()).collect();
        let policies = hindrance(asked.facts, package, person).map_or_else(|| offered.map(keys), Err);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{World, person};
    use crate::report::thing;

    fn told(world: &World, actor: &str, of: &str, resource: &str) -> Result<Why, Refusal> {
        let name = |asked: &mut Asked<'_>| asked.person = Some(of.to_owned());
        world.ask_as(&person(actor), name, |asked| why(asked, thing(asked.facts, resource, &|_| true)?))
    }

    fn lines(why: &Why) -> Vec<String> {
        let line = |l: &Link| match &l.proof {
            Proof::Place(place) => format!("{} [{place}]", l.text),
            Proof::Event(serial) => format!("{} [@{serial}]", l.text),
            Proof::Nothing => l.text.clone(),
        };
        why.chains.iter().flat_map(|c| &c.links).chain(&why.past).map(line).collect()
    }

    #[test]
    fn a_request_is_told_down_to_its_events() {
        let mut world = World::new();
        world.request("ann", "sell", "please");
        world.approve("cy", "fine");
        let why = told(&world, "ann", "ann@contoso.example", "sales/crm").unwrap();
        let wanted = [
            "access_package.sell gives Writer on catalog.sales.resource.crm [all.toml:33]",
            "policy staff governs it [all.toml:38]",
            "request by ann@contoso.example at 2027-03-01T09:00:00Z: please [@2]",
            "approved by cy@contoso.example at 2027-03-01T09:00:00Z: fine [@3]",
            "held since 2027-03-01T09:00:00Z until 2027-03-31T09:00:00Z [@3]",
        ];
        assert_eq!(lines(&why), wanted);
        assert_eq!(told(&world, "bo", "ann@contoso.example", "crm").unwrap_err().rule, Rule("R55"));
        assert_eq!(told(&world, "cy", "ann@contoso.example", "application:crm").unwrap().chains.len(), 1);
        // Every link of every chain is proved.
        assert!(why.chains.iter().flat_map(|c| &c.links).all(|l| l.proof != Proof::Nothing));
    }

    #[test]
    fn groups_in_groups_are_named_one_by_one() {
        let world = World::new();
        let why = told(&world, "cy", "cy@contoso.example", "group:staff").unwrap();
        let wanted = ["group:staff has group:inner as a member [all.toml:13]", "declared member of group:inner [all.toml:15]"];
        assert_eq!(lines(&why), wanted);
    }

    #[test]
    fn what_nothing_gives_is_told_with_what_did_and_what_would() {
        let mut world = World::new();
        world.request("bo", "audit", "");
        let why = told(&world, "bo", "bo@contoso.example", "team").unwrap();
        assert!(why.chains.is_empty());
        let [sell] = why.openings.as_slice() else { panic!("{why:?}") };
        assert_eq!(sell.policies.as_ref().unwrap_err().rule, Rule("R137"));
        let ann = told(&world, "ann", "ann@contoso.example", "team").unwrap();
        assert_eq!(ann.openings[0].policies, Ok(vec!["staff".to_owned()]));
        world.now += chrono::TimeDelta::days(60);
        let past = told(&world, "bo", "bo@contoso.example", "crm").unwrap();
        assert_eq!(lines(&past), ["held by access_package.audit until 2027-03-31T09:00:00Z: its end came"]);
    }

    #[test]
    fn what_is_named_wrongly_is_told_with_what_is_near() {
        let world = World::new();
        let refusal = told(&world, "cy", "cy@contoso.example", "crn").unwrap_err();
        assert_eq!((refusal.message.as_str(), refusal.help.as_str()), ("there is no resource `crn`", "did you mean `crm`?"));
        assert!(told(&world, "root", "nobody@contoso.example", "crm").unwrap_err().message.contains("not in the directory"));
    }
}
