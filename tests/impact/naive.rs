//! What a change does to people, worked out the long way: every person, every role, every package, before and after.
//!
//! What people hold is asked of the engine, person by person; who may request, who is of a group and who has authority is worked out
//! from the texts of the objects once more. Everything is told in lines, under the names that things have afterwards.

use super::world::{World, key, now, rename, user};
use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use writ::engine::{
    Actor, Assignment, Changed, Draft, Event, Facts, Family, Ledger, Reason, Record, Records, Request, RequestState, deciders, held_by,
    settle,
};
use writ::model::{Holdings, Stored, Zone};

/// What happens, by category.
pub type Lines = BTreeMap<&'static str, BTreeSet<String>>;

/// Who holds which role, and by what: a package and its policy, or a group.
pub type Held = BTreeMap<(String, String), BTreeSet<String>>;

pub struct Naive<'a> {
    /// Before, under the old names.
    pub before: &'a World,
    /// Afterwards.
    pub after: &'a World,
    /// Old names and new names.
    pub names: &'a [(String, String)],
    pub ledger: &'a Ledger,
    /// The objects of both worlds.
    pub objects: (&'a Holdings, &'a Holdings),
}

/// What was found, and what everybody holds before and afterwards.
pub struct Found {
    pub lines: Lines,
    pub had: Held,
    pub has: Held,
}

pub fn facts<'a>(objects: &'a Holdings, records: &'a dyn Records) -> Facts<'a> {
    Facts::new(objects, records, now(), Zone::UTC, false)
}

fn assignments(records: &dyn Records) -> Vec<Assignment> {
    let all = records.all(Family::Assignment).into_iter();
    all.filter_map(|r| if let Record::Assignment(a) = r { Some(*a) } else { None }).collect()
}

fn requests(records: &dyn Records) -> Vec<Request> {
    let all = records.all(Family::Request).into_iter();
    all.filter_map(|r| if let Record::Request(r) = r { Some(*r) } else { None }).collect()
}

/// The records as a ledger.
fn ledger(records: &dyn Records) -> Ledger {
    let all = Family::ALL.into_iter().flat_map(|f| records.all(f));
    Ledger(all.map(|r| ((r.family(), r.id().to_owned()), r)).collect())
}

/// A giver as a line: the policy is named as it is called.
fn giver(facts: &Facts<'_>, reason: &Reason) -> String {
    match reason {
        Reason::Assignment(a) => {
            let policy = facts.of_id(&a.policy.id).map_or_else(|| a.policy.name.clone(), |s| s.object.address.to_string());
            format!("{} {}", facts.of_id(&a.package.id).unwrap().object.address, key(&policy))
        }
        Reason::Declared(groups) => groups.last().unwrap().to_string(),
    }
}

/// What everybody holds, by the engine.
pub fn held(objects: &Holdings, records: &dyn Records) -> Held {
    let facts = facts(objects, records);
    let mut all = Held::new();
    for stored in objects.values().filter(|s| s.object.address.kind() == "user") {
        let name = stored.object.address.key();
        for held in held_by(&facts, &facts.person(name)) {
            let role = format!("{}:{} {}", held.kind, held.key, held.role);
            all.insert((role, name.to_owned()), held.reasons.iter().map(|r| giver(&facts, r)).collect());
        }
    }
    all
}

fn strings(json: &Json) -> Vec<&str> {
    json.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

/// A world with the records of its people: who is of which group.
struct Directory<'a> {
    world: &'a World,
    names: Vec<String>,
    packages: Vec<String>,
    /// Package and person, by their ids.
    live: BTreeSet<(String, String)>,
    /// Groups and names of their members.
    members: BTreeSet<(String, String)>,
}

impl<'a> Directory<'a> {
    fn new(world: &'a World, records: &dyn Records) -> Directory<'a> {
        let live = assignments(records).into_iter().filter(|a| a.is_live(now()));
        let live = live.map(|a| (a.package.id, a.target.id)).collect();
        let (names, packages) = (world.names(), world.of("access_package"));
        let mut all = Directory { world, names, packages, live, members: BTreeSet::new() };
        let groups: Vec<String> = world.of("group").iter().map(|g| key(g).to_owned()).collect();
        let both = groups.iter().flat_map(|g| all.names.iter().map(move |n| (g.clone(), n.clone())));
        all.members = both.filter(|(group, name)| all.belongs(name, group)).collect();
        all
    }

    fn is_member(&self, name: &str, group: &str) -> bool {
        self.members.contains(&(group.to_owned(), name.to_owned()))
    }

    fn field(&self, name: &str, field: &str) -> &'a str {
        self.world.json(&user(name))[field].as_str().unwrap_or("")
    }

    fn is_guest(&self, name: &str) -> bool {
        self.field(name, "type") == "guest"
    }

    fn is_enabled(&self, name: &str) -> bool {
        self.world.json(&user(name))["enabled"] != json!(false)
    }

    fn matches(&self, rule: &str, name: &str) -> bool {
        match rule {
            "user.department == 'Sales'" => self.field(name, "department") == "Sales",
            "user.enabled" => self.is_enabled(name),
            "user.type == 'guest'" => self.is_guest(name),
            "user.department == 'Legal' && user.enabled" => self.field(name, "department") == "Legal" && self.is_enabled(name),
            _ => panic!("{rule}"),
        }
    }

    /// Whether a package that somebody holds gives them a static group.
    fn is_given(&self, name: &str, group: &str) -> bool {
        let person = &self.world.things[&user(name)].id;
        self.packages.iter().any(|package| {
            let json = self.world.json(package);
            let catalog = format!("catalog.{}", json["catalog"].as_str().unwrap());
            let gives = |(resource, roles): (&String, &Json)| {
                let origin = &self.world.json(&format!("{catalog}.resource.{resource}"))["origin"];
                *origin == json!(format!("group:{group}")) && strings(roles).contains(&"Member")
            };
            let held = self.live.contains(&(self.world.things[package].id.clone(), person.clone()));
            held && json["resource_roles"].as_object().unwrap().iter().any(gives)
        })
    }

    fn belongs(&self, name: &str, group: &str) -> bool {
        let json = self.world.json(&format!("group.{group}"));
        if let Some(rule) = json["rule"].as_str() {
            return self.matches(rule, name);
        }
        let nested = |member: &str| member.strip_prefix("group:").is_some_and(|inner| self.belongs(name, inner));
        strings(&json["members"]).into_iter().any(|m| m == name || nested(m)) || self.is_given(name, group)
    }

    /// Those whom a list of principals names.
    fn people(&self, principals: &Json) -> BTreeSet<String> {
        let all = strings(principals);
        let named = |name: &String| all.iter().any(|p| p == name || p.strip_prefix("group:").is_some_and(|g| self.is_member(name, g)));
        self.names.iter().filter(|name| named(name)).cloned().collect()
    }

    fn organization(&self, name: &str) -> Option<String> {
        let domain = name.split_once('@').unwrap().1;
        let of = |o: &String| strings(&self.world.json(o)["domains"]).contains(&domain);
        self.world.of("connected_organization").into_iter().find(of).filter(|_| self.is_guest(name))
    }

    fn is_configured(&self, organization: &str) -> bool {
        self.world.json(organization)["state"] != json!("proposed")
    }

    fn is_open(&self, package: &str, outside: bool) -> bool {
        let catalog = self.world.json(&format!("catalog.{}", self.world.json(package)["catalog"].as_str().unwrap()));
        catalog["enabled"] == json!(true) && (!outside || catalog["externally_visible"] == json!(true))
    }

    /// The policies through which a package can be asked for.
    fn policies(&self, package: &str) -> Vec<&'a Json> {
        let all = self.world.below(package, "policy").into_iter().map(|p| self.world.json(&p));
        all.filter(|p| p["enabled"] != json!(false) && !p["requestors"].is_null()).collect()
    }

    fn can_request(&self, name: &str, package: &str) -> bool {
        let guest = self.is_guest(name);
        let settings = self.world.things.get("settings.external_users");
        let blocked = settings.is_some_and(|s| strings(&s.json["blocked_domains"]).contains(&name.split_once('@').unwrap().1));
        if !self.is_open(package, guest) || !self.is_enabled(name) || (guest && blocked) {
            return false;
        }
        self.policies(package).into_iter().any(|policy| match policy["requestors"].as_str() {
            Some("none") => false,
            Some("all_members") => !guest,
            Some("all_directory_users") => true,
            Some("all_external_users") => guest,
            Some("all_connected_organizations") => self.organization(name).is_some_and(|o| self.is_configured(&o)),
            Some(word) => panic!("{word}"),
            None => {
                let listed = strings(&policy["requestors"]);
                let own = self.organization(name).map(|o| format!("connected_organization:{}", key(&o)));
                self.people(&policy["requestors"]).contains(name) || own.is_some_and(|o| listed.contains(&o.as_str()))
            }
        })
    }

    /// By whom a package can be asked for: those whom nobody has counted, or everybody.
    fn populations(&self, package: &str, all: bool) -> BTreeSet<String> {
        let meant = |p: &&Json| {
            let outside = match p["requestors"].as_str() {
                Some(word) => matches!(word, "all_connected_organizations" | "all_external_users"),
                None => strings(&p["requestors"]).iter().any(|t| t.starts_with("connected_organization:")),
            };
            (outside || all) && p["requestors"] != json!("none") && self.is_open(package, outside)
        };
        let words = |p: &Json| match p["requestors"].as_str() {
            Some(word) => vec![word.to_owned()],
            None => strings(&p["requestors"]).into_iter().map(str::to_owned).collect(),
        };
        self.policies(package).into_iter().filter(meant).flat_map(words).collect()
    }

    /// Who holds a package, or is of a group, that another excludes.
    fn breaches(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for package in &self.packages {
            for other in strings(&self.world.json(package)["incompatible_with"]) {
                for name in &self.names {
                    let id = self.world.things[&user(name)].id.clone();
                    let holds = |p: &str| self.live.contains(&(self.world.things[p].id.clone(), id.clone()));
                    let (kind, key) = other.split_once(':').unwrap();
                    let both = if kind == "group" { self.is_member(name, key) } else { holds(&format!("access_package.{key}")) };
                    if both && holds(package) {
                        found.insert(format!("{package} and {kind}.{key} {name}"));
                    }
                }
            }
        }
        found
    }
}

impl Naive<'_> {
    /// The world before under the names of afterwards.
    fn moved(&self) -> World {
        self.before.renamed(self.names)
    }

    /// Everything that happens.
    pub fn find(&self) -> Found {
        let (before, moved) = (self.objects.0, self.moved());
        let moved_objects = if self.names.is_empty() { before.clone() } else { moved.holdings() };
        let after = self.anew(&moved);
        let minted = Cell::new(0);
        let mint = || {
            minted.set(minted.get() + 1);
            format!("new{:04}", minted.get())
        };
        let planned = facts(&after, self.ledger);
        let mut draft = Draft::new(&planned, &mint);
        let ids: BTreeSet<&str> = moved_objects.values().chain(after.values()).map(|s| s.id.as_str()).collect();
        fn by_id(all: &Holdings) -> BTreeMap<&str, &Stored> {
            all.values().map(|s| (s.id.as_str(), s)).collect()
        }
        let (old, new) = (by_id(&moved_objects), by_id(&after));
        let changed: Vec<Changed<'_>> = ids
            .iter()
            .map(|id| Changed { before: old.get(id).copied(), after: new.get(id).copied() })
            .filter(|c| c.before.map(|s| &s.object) != c.after.map(|s| &s.object))
            .collect();
        // Automatic policies look again whenever something was changed that is anything to people: not what things are called.
        let matters = |c: &Changed<'_>| {
            let (Some(before), Some(after)) = (c.before, c.after) else { return true };
            let said = |s: &Stored| {
                let called = |name: &str| name == "description" || name == "display_name" && s.object.address.kind() != "user";
                let said = s.object.attributes.iter().filter(|(name, _)| !called(name));
                said.map(|(name, value)| (name.to_owned(), value.clone())).collect::<Vec<_>>()
            };
            said(before) != said(after)
        };
        if changed.iter().any(matters) {
            settle(&mut draft, &Actor::Operator("operator:root@here".to_owned()), &changed).unwrap();
        }
        let left = draft.facts();

        let mut lines = Lines::new();
        let rename = |text: &str| rename(text, self.names);
        let had: Held = held(before, self.ledger)
            .into_iter()
            .map(|((role, name), by)| ((rename(&role), rename(&name)), by.iter().map(|g| rename(g)).collect()))
            .collect();
        let has = held(&after, left.records);
        let mut say = |category: &'static str, line: String| {
            lines.entry(category).or_default().insert(line);
        };
        for (what @ (role, name), by) in &had {
            match has.get(what) {
                None => say("lose", format!("{role} {name}")),
                Some(still) if !by.is_subset(still) => say("keep", format!("{role} {name}")),
                Some(_) => {}
            }
        }
        has.keys().filter(|what| !had.contains_key(*what)).for_each(|(role, name)| say("gain", format!("{role} {name}")));
        self.later(&after, left.records, draft.so_far_all(), &has, &mut say);
        self.ends(&after, left.records, &mut say);

        let (then, today) = (Directory::new(&moved, self.ledger), Directory::new(self.after, left.records));
        self.reach(&then, &today, &mut say);
        self.control(&then, &today, &mut say);
        self.waiting(&moved_objects, &after, left.records, &mut say);
        today.breaches().difference(&then.breaches()).for_each(|b| say("breach", b.clone()));
        self.same(&moved, left.records, &mut say);
        Found { lines, had, has }
    }

    /// The objects afterwards; what is replaced is another thing.
    fn anew(&self, moved: &World) -> Holdings {
        let mut objects = self.objects.1.clone();
        for (address, thing) in &self.after.things {
            let Some(old) = moved.things.get(address).filter(|old| old.id == thing.id) else { continue };
            let differ = |names: &[&str]| names.iter().any(|n| old.json[*n] != thing.json[*n]);
            let assignment = address.contains(".assignment.") && differ(&["policy", "start", "end"]);
            let delegation = address.contains("delegation.") && differ(&["role"]);
            if assignment || delegation {
                objects.values_mut().find(|s| s.id == thing.id).unwrap().id = format!("anew-{}", thing.id);
            }
        }
        objects
    }

    /// What people gain when an approved start comes, and lose when a grace that begins with this is over.
    fn later(&self, after: &Holdings, records: &dyn Records, events: &[Event], has: &Held, say: &mut impl FnMut(&'static str, String)) {
        let known = ledger(records);
        let scheduled = requests(records).into_iter().filter(|r| r.state == RequestState::Scheduled);
        let fresh = scheduled.filter(|r| self.ledger.get(Family::Request, &r.id).is_none());
        let mut gains: BTreeMap<(String, String), DateTime<Utc>> = BTreeMap::new();
        for request in fresh {
            let start = request.start.unwrap();
            let held_then = Assignment {
                id: format!("then-{}", request.id),
                package: request.package.clone(),
                policy: request.policy.clone(),
                target: request.target.clone(),
                source: writ::engine::Source::Direct("then".to_owned()),
                start,
                end: None,
                extensible: false,
                state: writ::engine::AssignmentState::Delivered,
                reminded: 0,
                grace: None,
                ended: None,
                cause: None,
            };
            let mut then = known.clone();
            then.0.insert((Family::Assignment, held_then.id.clone()), Record::Assignment(Box::new(held_then)));
            for what in held(after, &then).into_keys().filter(|what| !has.contains_key(what)) {
                let first = gains.entry(what).or_insert(start);
                *first = start.min(*first);
            }
        }
        gains.into_iter().for_each(|((role, name), at)| say("gain later", format!("{role} {name} {at}")));

        let begun = |a: &Assignment| {
            let begins = events.iter().any(|e| matches!(e, Event::Grace { assignment, until: Some(_) } if *assignment == a.id));
            a.grace.filter(|until| begins && a.end.is_none_or(|end| *until < end))
        };
        let graces: Vec<(String, DateTime<Utc>)> = assignments(records).iter().filter_map(|a| Some((a.id.clone(), begun(a)?))).collect();
        let mut standing = has.clone();
        for at in graces.iter().map(|(_, at)| *at).collect::<BTreeSet<_>>() {
            let mut then = known.clone();
            graces.iter().filter(|(_, until)| *until <= at).for_each(|(id, _)| drop(then.0.remove(&(Family::Assignment, id.clone()))));
            let left = held(after, &then);
            standing.keys().filter(|w| !left.contains_key(*w)).for_each(|(role, name)| say("lose later", format!("{role} {name} {at}")));
            standing = left;
        }
    }

    /// Access that somebody has before and afterwards, until another time.
    fn ends(&self, after: &Holdings, records: &dyn Records, say: &mut impl FnMut(&'static str, String)) {
        let latest = |records: &dyn Records| {
            let mut ends: BTreeMap<(String, String), Vec<Option<DateTime<Utc>>>> = BTreeMap::new();
            for a in assignments(records).into_iter().filter(|a| a.is_live(now())) {
                ends.entry((a.package.id, a.target.id)).or_default().push(a.end);
            }
            let last = |all: Vec<Option<DateTime<Utc>>>| if all.contains(&None) { None } else { all.into_iter().flatten().max() };
            ends.into_iter().map(|(who, all)| (who, last(all))).collect::<BTreeMap<_, _>>()
        };
        let (old, new) = (latest(self.ledger), latest(records));
        let name = |id: &str| after.values().find(|s| s.id == id).map(|s| s.object.address.clone());
        for (who @ (package, person), end) in &new {
            let (Some(was), Some(package), Some(person)) = (old.get(who), name(package), name(person)) else { continue };
            if was != end {
                let earlier = end.is_some_and(|end| was.is_none_or(|was| end < was));
                let word = if earlier { "earlier" } else { "later" };
                say(word, format!("{package} {} {was:?} {end:?}", person.key()));
            }
        }
    }

    fn reach(&self, then: &Directory<'_>, today: &Directory<'_>, say: &mut impl FnMut(&'static str, String)) {
        let packages: BTreeSet<&String> = then.packages.iter().chain(&today.packages).collect();
        let both = |address: &str| {
            let id = |w: &World| w.things.get(address).map(|t| t.id.clone());
            id(then.world).is_some() && id(then.world) == id(today.world)
        };
        for package in packages {
            let there = |d: &Directory<'_>| d.world.things.contains_key(package);
            // Of a package that comes or goes it is told for whom it was meant.
            let whole = there(then) != there(today);
            for name in then.names.iter().filter(|n| both(&user(n)) && !whole) {
                let (could, can) = (then.can_request(name, package), today.can_request(name, package));
                match (could, can) {
                    (false, true) => say("open", format!("{package} {name}")),
                    (true, false) => say("close", format!("{package} {name}")),
                    _ => {}
                }
            }
            let populations = |d: &Directory<'_>| if there(d) { d.populations(package, whole) } else { BTreeSet::new() };
            let (was, is) = (populations(then), populations(today));
            is.difference(&was).for_each(|w| say("open to all", format!("{package} {w}")));
            was.difference(&is).for_each(|w| say("close to all", format!("{package} {w}")));
        }
    }

    fn control(&self, then: &Directory<'_>, today: &Directory<'_>, say: &mut impl FnMut(&'static str, String)) {
        let all: BTreeSet<String> = then.world.of("delegation").into_iter().chain(today.world.of("delegation")).collect();
        for address in all {
            let people = |d: &Directory<'_>| -> BTreeSet<(String, String)> {
                let Some(thing) = d.world.things.get(&address) else { return BTreeSet::new() };
                let role = thing.json["role"].as_str().unwrap().to_owned();
                d.people(&thing.json["members"]).into_iter().map(|name| (role.clone(), name)).collect()
            };
            let (had, has) = (people(then), people(today));
            has.difference(&had).for_each(|(_, name)| say("control gain", format!("{address} {name}")));
            had.difference(&has).for_each(|(_, name)| say("control lose", format!("{address} {name}")));
        }
    }

    fn waiting(&self, moved: &Holdings, after: &Holdings, records: &dyn Records, say: &mut impl FnMut(&'static str, String)) {
        // Who could decide is asked under the names of then: a name that moves takes nobody's say.
        let (before, then, today) = (facts(self.objects.0, self.ledger), facts(moved, self.ledger), facts(after, records));
        for was in requests(self.ledger).into_iter().filter(|r| r.state.is_open()) {
            let Some(Record::Request(is)) = records.get(Family::Request, &was.id) else { continue };
            let name = |facts: &Facts<'_>, id: &str| facts.of_id(id).map(|s| s.object.address.clone());
            let package = name(&today, &was.package.id).or_else(|| name(&then, &was.package.id)).unwrap();
            let person = name(&today, &was.target.id).or_else(|| name(&then, &was.target.id)).unwrap();
            let line = format!("{} {package} {}", was.id, person.key());
            if !is.state.is_open() {
                say("closed", line);
            } else if !deciders(&before, &was).is_empty() && deciders(&today, &is).is_empty() {
                say("undecided", line);
            }
        }
    }

    /// What a policy whose terms change leaves alone.
    fn same(&self, moved: &World, records: &dyn Records, say: &mut impl FnMut(&'static str, String)) {
        for address in self.after.of("policy") {
            let (Some(old), new) = (moved.things.get(&address), &self.after.things[&address]) else { continue };
            if old.json == new.json || old.id != new.id {
                continue;
            }
            let both: Vec<Assignment> = assignments(records)
                .into_iter()
                .filter(|a| a.policy.id == new.id && a.is_live(now()))
                .filter(|a| matches!(self.ledger.get(Family::Assignment, &a.id), Some(Record::Assignment(was)) if was.is_live(now())))
                .collect();
            let pending = requests(records).into_iter().filter(|r| r.policy.id == new.id && r.state == RequestState::PendingApproval);
            let pending = pending.filter(|r| self.ledger.get(Family::Request, &r.id).is_some()).count();
            let last = if both.iter().any(|a| a.end.is_none()) { None } else { both.iter().filter_map(|a| a.end).max() };
            if both.len() + pending > 0 {
                say("same", format!("{address} {} {last:?} {pending}", both.len()));
            }
        }
    }
}
