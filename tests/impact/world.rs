//! Small worlds and changes of them: objects as text, so that a name is changed everywhere by changing the text, and what people hold
//! and ask for as records.

use super::dice::Dice;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use writ::engine::{Assignment, AssignmentState, Ledger, Named, Record, Request, RequestKind, RequestState, Source, Stage, Terms};
use writ::kinds::{object_from_json, policy::Policy};
use writ::model::{Address, Holdings, Origin, Stored};

/// The instant of everything: the first of 2027.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_798_761_600, 0).unwrap()
}

fn days(n: i64) -> DateTime<Utc> {
    now() + TimeDelta::days(n)
}

/// What rules may say.
pub const RULES: [&str; 4] =
    ["user.department == 'Sales'", "user.enabled", "user.type == 'guest'", "user.department == 'Legal' && user.enabled"];

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    pub id: String,
    pub json: Json,
}

/// Objects by their addresses, as written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct World {
    pub things: BTreeMap<String, Thing>,
    made: usize,
}

/// The last key of an address, without quotes.
pub fn key(address: &str) -> &str {
    address.split_once('"').map_or_else(|| address.rsplit('.').next().unwrap(), |(_, upn)| upn.trim_end_matches('"'))
}

/// The kind of an address; only user keys have dots, and nothing stands below a user.
fn kind(address: &str) -> &str {
    let mut parts = address.split('.');
    let (first, third) = (parts.next().unwrap(), parts.nth(1));
    third.filter(|_| first != "user").unwrap_or(first)
}

pub fn user(name: &str) -> String {
    format!("user.\"{name}\"")
}

/// A text with a name in place of another; names are words of their own.
pub fn rename(text: &str, names: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let put = |word: &mut String, out: &mut String| {
        out.push_str(names.iter().find(|(from, _)| from == word).map_or(word, |(_, to)| to));
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
        } else {
            put(&mut word, &mut out);
            out.push(c);
        }
    }
    put(&mut word, &mut out);
    out
}

fn texts(json: &Json) -> Vec<String> {
    json.as_array().into_iter().flatten().filter_map(|v| v.as_str()).map(str::to_owned).collect()
}

/// Puts a text into a list, or takes it out.
fn flip(list: &mut Json, text: &str) {
    let mut all = texts(list);
    match all.iter().position(|t| t == text) {
        Some(at) => drop(all.remove(at)),
        None => all.push(text.to_owned()),
    }
    *list = json!(all);
}

impl World {
    fn id(&mut self) -> String {
        self.made += 1;
        format!("id{:04}", self.made)
    }

    fn put(&mut self, address: &str, mut json: Json) {
        let id = self.id();
        // A name of its own, so that who only gets another key is not another thing to read.
        if !matches!(kind(address), "assignment" | "delegation" | "settings") {
            json["display_name"] = json!(format!("Thing {id}"));
        }
        self.things.insert(address.to_owned(), Thing { id, json });
    }

    /// A key that nothing has or had.
    fn fresh(&mut self, letter: char) -> String {
        self.made += 1;
        format!("{letter}{}", self.made)
    }

    /// The addresses of a kind.
    pub fn of(&self, wanted: &str) -> Vec<String> {
        self.things.keys().filter(|a| kind(a) == wanted).cloned().collect()
    }

    pub fn names(&self) -> Vec<String> {
        self.of("user").iter().map(|a| key(a).to_owned()).collect()
    }

    fn groups(&self) -> Vec<String> {
        self.of("group").iter().map(|a| key(a).to_owned()).collect()
    }

    /// What stands right below an address, of a kind.
    pub fn below(&self, address: &str, wanted: &str) -> Vec<String> {
        let prefix = format!("{address}.{wanted}.");
        self.things.keys().filter(|a| a.starts_with(&prefix)).cloned().collect()
    }

    pub fn json(&self, address: &str) -> &Json {
        &self.things[address].json
    }

    fn at(&mut self, address: &str) -> &mut Json {
        &mut self.things.get_mut(address).unwrap().json
    }

    /// A user, or a group.
    fn principal(&self, dice: &mut Dice) -> String {
        let groups = self.groups();
        match dice.pick(&groups).filter(|_| dice.chance(45)) {
            Some(group) => format!("group:{group}"),
            None => dice.pick(&self.names()).unwrap(),
        }
    }

    fn principals(&self, dice: &mut Dice) -> Json {
        let mut all: Vec<String> = (0..1 + dice.below(2)).map(|_| self.principal(dice)).collect();
        all.sort();
        all.dedup();
        json!(all)
    }

    pub fn generate(dice: &mut Dice) -> World {
        let mut world = World::default();
        let members = 2 + dice.below(2);
        for n in 0..members + 1 + dice.below(2) {
            let user = world.person(dice, n, n >= members);
            world.things.extend([user]);
        }
        for n in 0..2 {
            world.put(&format!("connected_organization.o{n}"), json!({"domains": [(["fab.example", "tail.example"][n])]}));
            if dice.chance(30) {
                world.at(&format!("connected_organization.o{n}"))["state"] = json!("proposed");
            }
            if dice.chance(60) {
                let sponsors = world.principals_of_users(dice);
                world.at(&format!("connected_organization.o{n}"))["internal_sponsors"] = sponsors;
            }
        }
        for n in 0..1 + dice.below(3).min(2) {
            let json = world.group(dice);
            world.put(&format!("group.g{n}"), json);
        }
        for n in 0..2 {
            world.put(&format!("application.a{n}"), json!({"roles": ["Editor", "Reader"]}));
        }
        for n in 0..2 {
            let catalog = format!("catalog.c{n}");
            world.put(&catalog, json!({"enabled": dice.chance(92), "externally_visible": dice.chance(75)}));
            world.put(&format!("{catalog}.resource.ra{n}"), json!({"origin": format!("application:a{}", dice.below(2))}));
            for m in 0..1 + dice.below(2) {
                let group = dice.pick(&world.groups()).unwrap();
                let taken = world.below(&catalog, "resource").iter().any(|r| world.json(r)["origin"] == json!(format!("group:{group}")));
                if !taken {
                    world.put(&format!("{catalog}.resource.rg{n}{m}"), json!({"origin": format!("group:{group}")}));
                }
            }
        }
        for n in 0..2 {
            world.package(dice, &format!("p{n}"));
        }
        for n in 0..1 {
            world.delegation(dice, &format!("d{n}"));
        }
        if dice.chance(25) {
            world.put("settings.external_users", json!({"blocked_domains": ["tail.example"]}));
        }
        world
    }

    fn principals_of_users(&self, dice: &mut Dice) -> Json {
        json!([dice.pick(&self.names()).unwrap()])
    }

    fn person(&mut self, dice: &mut Dice, n: usize, guest: bool) -> (String, Thing) {
        let domain = if guest { ["fab.example", "tail.example", "lone.example"][dice.below(3)] } else { "contoso.example" };
        let mut json = json!({"type": if guest { "guest" } else { "member" }, "enabled": dice.chance(88)});
        if dice.chance(80) {
            json["department"] = json!(["Sales", "Legal"][dice.below(2)]);
        }
        if let Some(manager) = dice.pick(&self.names()).filter(|_| dice.chance(50)) {
            json["manager"] = json!(manager);
        }
        let id = self.id();
        json["display_name"] = json!(format!("Thing {id}"));
        json["mail"] = json!(format!("{id}@{domain}"));
        (user(&format!("u{n}@{domain}")), Thing { id, json })
    }

    fn group(&self, dice: &mut Dice) -> Json {
        if dice.chance(18) {
            return json!({"rule": dice.pick(&RULES).unwrap()});
        }
        let mut members: Vec<String> = (0..dice.below(4)).map(|_| dice.pick(&self.names()).unwrap()).collect();
        members.extend(dice.pick(&self.groups()).filter(|_| dice.chance(45)).map(|g| format!("group:{g}")));
        members.sort();
        members.dedup();
        let mut json = json!({"members": members});
        if dice.chance(35) {
            json["owners"] = self.principals_of_users(dice);
        }
        json
    }

    fn package(&mut self, dice: &mut Dice, name: &str) {
        let catalog = dice.pick(&self.of("catalog")).unwrap();
        let address = format!("access_package.{name}");
        self.put(&address, json!({"catalog": key(&catalog), "resource_roles": {}}));
        for resource in self.below(&catalog, "resource") {
            if dice.chance(65) {
                self.flip_role(dice, &address, &resource);
            }
        }
        if dice.chance(20) {
            self.flip_exclusion(dice, &address);
        }
        for n in 0..1 + dice.below(2) {
            self.policy(dice, &address, &format!("q{}{n}", name.trim_start_matches('p')));
        }
        if dice.chance(45) {
            let name = self.fresh('n');
            self.assignment(dice, &address, &name);
        }
    }

    fn flip_role(&mut self, dice: &mut Dice, package: &str, resource: &str) {
        let origin = self.json(resource)["origin"].as_str().unwrap().to_owned();
        let role = match origin.split_once(':').unwrap() {
            ("application", _) => ["Reader", "Editor"][dice.below(2)],
            (_, group) if self.json(&format!("group.{group}"))["rule"].is_string() => "Owner",
            _ => ["Member", "Member", "Owner"][dice.below(3)],
        };
        let roles = &mut self.at(package)["resource_roles"];
        flip(&mut roles[key(resource)], role);
        roles.as_object_mut().unwrap().retain(|_, r| *r != json!([]));
    }

    fn flip_exclusion(&mut self, dice: &mut Dice, package: &str) {
        let others: Vec<String> = self.of("access_package").into_iter().filter(|p| p != package).collect();
        let other = match dice.pick(&others).filter(|_| dice.chance(60)) {
            Some(other) => format!("access_package:{}", key(&other)),
            None => match dice.pick(&self.groups()) {
                Some(group) => format!("group:{group}"),
                None => return,
            },
        };
        flip(&mut self.at(package)["incompatible_with"], &other);
    }

    fn requestors(&self, dice: &mut Dice) -> Json {
        match dice.below(9) {
            0 => json!("all_members"),
            1 => json!("all_directory_users"),
            2 => json!("all_connected_organizations"),
            3 => json!("all_external_users"),
            4 => match dice.pick(&self.of("connected_organization")) {
                Some(o) => json!([format!("connected_organization:{}", key(&o))]),
                None => json!("none"),
            },
            5 => json!("none"),
            _ => self.principals(dice),
        }
    }

    fn policy(&mut self, dice: &mut Dice, package: &str, name: &str) {
        let mut json = json!({"expiration": (["never", "30d", "90d", "2027-06-30"][dice.below(4)])});
        let automatic = self.below(package, "policy").iter().any(|p| self.json(p)["automatic"].is_object());
        if !automatic && dice.chance(24) {
            let grace = if dice.chance(60) { json!(["2d", "7d"][dice.below(2)]) } else { json!("0d") };
            let rule = dice.pick(&RULES).unwrap();
            json["automatic"] = json!({"rule": rule, "grace": grace, "add": dice.chance(80), "remove": dice.chance(85)});
        } else {
            json["requestors"] = self.requestors(dice);
            if json["requestors"] != json!("none") {
                json["approval"] = self.approval(dice);
            }
        }
        if dice.chance(10) {
            json["enabled"] = json!(false);
        }
        self.put(&format!("{package}.policy.{name}"), json);
    }

    fn approval(&self, dice: &mut Dice) -> Json {
        if dice.chance(25) {
            return json!("none");
        }
        let approvers = match dice.below(4) {
            0 => json!(["manager"]),
            1 => json!(["internal_sponsors"]),
            2 => self.principals(dice),
            _ => self.principals_of_users(dice),
        };
        let mut json = json!({"approvers": approvers, "timeout": "14d"});
        if dice.chance(25) {
            json["fallback_approvers"] = self.principals(dice);
        }
        json
    }

    fn assignment(&mut self, dice: &mut Dice, package: &str, name: &str) {
        let taken: Vec<String> = self.below(package, "assignment").iter().flat_map(|a| texts(&self.json(a)["users"])).collect();
        let free: Vec<String> = self.names().into_iter().filter(|n| !taken.contains(n)).collect();
        let policies: Vec<String> = self.below(package, "policy").into_iter().filter(|p| !self.json(p)["automatic"].is_object()).collect();
        let (Some(policy), Some(first)) = (dice.pick(&policies), dice.pick(&free)) else { return };
        let mut users = vec![first];
        users.extend(dice.pick(&free).filter(|u| !users.contains(u)));
        let mut json = json!({"policy": key(&policy), "users": users});
        if dice.chance(30) {
            json["end"] = json!(["2027-05-01", "2027-08-01"][dice.below(2)]);
        }
        if dice.chance(25) {
            json["start"] = json!(["2027-02-01", "2027-03-01"][dice.below(2)]);
        }
        self.put(&format!("{package}.assignment.{name}"), json);
    }

    fn delegation(&mut self, dice: &mut Dice, name: &str) {
        let members = self.principals(dice);
        match dice.pick(&self.of("catalog")).filter(|_| dice.chance(70)) {
            Some(catalog) => {
                let role = ["catalog_owner", "access_package_manager", "assignment_manager"][dice.below(3)];
                self.put(&format!("{catalog}.delegation.{name}"), json!({"role": role, "members": members}));
            }
            None => self.put(&format!("delegation.{name}"), json!({"role": "administrator", "members": members})),
        }
    }

    /// What people hold and ask for.
    pub fn records(&self, dice: &mut Dice, objects: &Holdings) -> Ledger {
        let none = Ledger::default();
        let facts = super::naive::facts(objects, &none);
        let mut ledger = Ledger::default();
        let named = |address: &str| Named { id: self.things[address].id.clone(), name: address.to_owned() };
        let mut made = 0;
        let mut id = || {
            made += 1;
            format!("r{made:04}")
        };
        for package in self.of("access_package") {
            let policies = self.below(&package, "policy");
            let declared = self.below(&package, "assignment");
            for name in self.names() {
                let person = Named { id: self.things[&user(&name)].id.clone(), name: name.clone() };
                let mut assignment = |source: Source, policy: &str, state, end| Assignment {
                    id: id(),
                    package: named(&package),
                    policy: named(policy),
                    target: person.clone(),
                    source,
                    start: days(-10),
                    end,
                    extensible: false,
                    state,
                    reminded: 0,
                    grace: None,
                    ended: None,
                    cause: None,
                };
                let mut made = Vec::new();
                if let Some(given) = declared.iter().find(|a| texts(&self.json(a)["users"]).contains(&name)) {
                    let json = self.json(given);
                    let policy = format!("{package}.policy.{}", json["policy"].as_str().unwrap());
                    let source = Source::Declared(self.things[given].id.clone());
                    if json["start"].is_string() {
                        let governs = Policy::of(&objects.get(&Address::parse(&policy).unwrap()).unwrap().object).unwrap();
                        let terms = Terms::of(&facts, governs, false);
                        let request = Request {
                            declared: Some(self.things[given].id.clone()),
                            state: RequestState::Scheduled,
                            start: Some(days(40)),
                            ..Request::new(
                                format!("s{package}{name}"),
                                RequestKind::AdminAdd,
                                (named(&package), named(&policy)),
                                (person.clone(), person.clone()),
                                days(-1),
                                terms,
                            )
                        };
                        made.push(Record::Request(Box::new(request)));
                    } else {
                        let spent = dice.chance(25);
                        let state = if spent { AssignmentState::Expired } else { AssignmentState::Delivered };
                        made.push(Record::Assignment(Box::new(assignment(source, &policy, state, dice.chance(50).then(|| days(100))))));
                    }
                } else if let Some(policy) = dice.pick(&policies).filter(|_| dice.chance(28)) {
                    let automatic = self.json(&policy)["automatic"].is_object();
                    let source = match (automatic, dice.chance(70)) {
                        (true, _) => Source::Automatic,
                        (_, true) => Source::Request("of-old".to_owned()),
                        (_, false) => Source::Direct("operator".to_owned()),
                    };
                    let end = [None, Some(days(5)), Some(days(60)), Some(days(-1))][dice.below(4)];
                    let mut held = assignment(source, &policy, AssignmentState::Delivered, end);
                    held.grace = (automatic && dice.chance(20)).then(|| days(3));
                    made.push(Record::Assignment(Box::new(held)));
                } else if let Some(policy) = dice.pick(&policies).filter(|_| dice.chance(40)) {
                    let governs = Policy::of(&objects.get(&Address::parse(&policy).unwrap()).unwrap().object).unwrap();
                    let terms = Terms::of(&facts, governs, true);
                    let (state, stage) = match terms.stages.is_empty() {
                        true => (RequestState::Scheduled, None),
                        false => (
                            RequestState::PendingApproval,
                            Some(Stage {
                                number: 1,
                                began: days(-1),
                                deadline: days(13),
                                escalates: None,
                                escalated: false,
                                reminds: None,
                            }),
                        ),
                    };
                    let who = (person.clone(), person.clone());
                    let what = (named(&package), named(&policy));
                    let request = Request {
                        start: (state == RequestState::Scheduled).then(|| days(20)),
                        state,
                        stage,
                        ..Request::new(format!("w{package}{name}"), RequestKind::Add, what, who, days(-1), terms)
                    };
                    made.push(Record::Request(Box::new(request)));
                }
                for record in made {
                    ledger.0.insert((record.family(), record.id().to_owned()), record);
                }
            }
        }
        ledger
    }

    /// Every object, as a store would hold it.
    pub fn holdings(&self) -> Holdings {
        let stored = |(address, thing): (&String, &Thing)| Stored {
            object: object_from_json(Address::parse(address).unwrap(), &thing.json).unwrap(),
            id: thing.id.clone(),
            workspace: Some("test".into()),
            version: 1,
            origin: Origin::default(),
        };
        self.things.iter().map(stored).collect()
    }

    /// The same under other names.
    pub fn renamed(&self, names: &[(String, String)]) -> World {
        if names.is_empty() {
            return self.clone();
        }
        let things = self.things.iter().map(|(address, thing)| {
            let json = serde_json::from_str(&rename(&thing.json.to_string(), names)).unwrap();
            (rename(address, names), Thing { id: thing.id.clone(), json })
        });
        World { things: things.collect(), made: self.made }
    }

    /// A new name for something: the old one and the new one, and its address.
    pub fn new_name(&self, dice: &mut Dice) -> Option<(String, String, String)> {
        let movable = |a: &&String| !matches!(kind(a), "settings" | "delegation" | "assignment");
        let address = dice.pick(&self.things.keys().filter(movable).cloned().collect::<Vec<_>>())?;
        let word = key(&address).split('@').next().unwrap().to_owned();
        Some((word.clone(), format!("z{word}"), address))
    }

    /// Takes something out, what stands below it, and all that names it.
    fn take_out(&mut self, address: &str) {
        let inside = format!("{address}.");
        let gone: Vec<String> = self.things.keys().filter(|a| *a == address || a.starts_with(&inside)).cloned().collect();
        for one in &gone {
            self.things.remove(one);
            let (kind, key) = (kind(one), key(one).to_owned());
            let parent = one.rsplit_once(&format!(".{kind}.")).map(|(p, _)| p.to_owned());
            match kind {
                "policy" => {
                    let of = self.below(&parent.unwrap(), "assignment").into_iter().filter(|a| self.json(a)["policy"] == json!(key));
                    of.collect::<Vec<_>>().iter().for_each(|a| drop(self.things.remove(a)));
                }
                "resource" => {
                    let catalog = parent.unwrap().trim_start_matches("catalog.").to_owned();
                    for package in
                        self.of("access_package").into_iter().filter(|p| self.json(p)["catalog"] == json!(catalog)).collect::<Vec<_>>()
                    {
                        self.at(&package)["resource_roles"].as_object_mut().unwrap().remove(&key);
                    }
                }
                "user" | "group" | "access_package" | "connected_organization" => self.forget(kind, &key),
                _ => {}
            }
        }
    }

    fn forget(&mut self, kind: &str, key: &str) {
        let named = if kind == "user" { key.to_owned() } else { format!("{kind}:{key}") };
        let mut empty = Vec::new();
        for (address, thing) in &mut self.things {
            let json = thing.json.as_object_mut().unwrap();
            let mut strip = |json: &mut serde_json::Map<String, Json>| {
                for name in [
                    "members",
                    "owners",
                    "requestors",
                    "users",
                    "incompatible_with",
                    "internal_sponsors",
                    "approvers",
                    "fallback_approvers",
                ] {
                    let Some(list) = json.get_mut(name).filter(|l| l.is_array()) else { continue };
                    let left: Vec<String> = texts(list).into_iter().filter(|t| *t != named).collect();
                    match (left.is_empty(), name) {
                        (true, "requestors") => *list = json!("none"),
                        (true, "users") => empty.push(address.clone()),
                        (true, "approvers") => *list = json!(["manager"]),
                        (true, "internal_sponsors" | "fallback_approvers") => drop(json.remove(name)),
                        _ => *list = json!(left),
                    }
                }
                if json.get("manager") == Some(&json!(key)) {
                    json.remove("manager");
                }
            };
            strip(json);
            if let Some(Json::Object(approval)) = json.get_mut("approval") {
                strip(approval);
            }
            if json.get("requestors") == Some(&json!("none")) {
                json.remove("approval");
            }
        }
        empty.iter().for_each(|a| drop(self.things.remove(a)));
        if kind == "group" {
            let resources = self.of("resource").into_iter().filter(|r| self.json(r)["origin"] == json!(named));
            resources.collect::<Vec<_>>().iter().for_each(|r| self.take_out(r));
        }
    }

    /// One change, as somebody would write it; nothing, where there is nothing to change.
    pub fn edit(&mut self, dice: &mut Dice) {
        let groups = self.of("group");
        let statics: Vec<String> = groups.iter().filter(|g| self.json(g)["members"].is_array()).cloned().collect();
        let any = |dice: &mut Dice, world: &World, kind: &str| dice.pick(&world.of(kind));
        match dice.below(36) {
            0..=2 => {
                if let (Some(group), Some(name)) = (dice.pick(&statics), dice.pick(&self.names())) {
                    flip(&mut self.at(&group)["members"], &name);
                }
            }
            3 => {
                // Groups come in an order, so that they make no ring.
                if let (Some(outer), Some(inner)) = (dice.pick(&statics), dice.pick(&groups))
                    && self.things[&inner].id < self.things[&outer].id
                {
                    flip(&mut self.at(&outer)["members"], &format!("group:{}", key(&inner)));
                }
            }
            4 => {
                if let (Some(group), Some(name)) = (dice.pick(&statics), dice.pick(&self.names())) {
                    flip(&mut self.at(&group)["owners"], &name);
                }
            }
            5 => {
                let dynamic: Vec<String> = groups.iter().filter(|g| self.json(g)["rule"].is_string()).cloned().collect();
                if let Some(group) = dice.pick(&dynamic) {
                    self.at(&group)["rule"] = json!(dice.pick(&RULES).unwrap());
                }
            }
            6..=8 => {
                let Some(package) = any(dice, self, "access_package") else { return };
                let catalog = format!("catalog.{}", self.json(&package)["catalog"].as_str().unwrap());
                if let Some(resource) = dice.pick(&self.below(&catalog, "resource")) {
                    self.flip_role(dice, &package, &resource);
                }
            }
            9 => {
                let kind = ["access_package", "policy", "assignment", "group", "user"][dice.below(5)];
                if let Some(address) = any(dice, self, kind).filter(|_| kind != "user" || self.names().len() > 2) {
                    self.take_out(&address);
                }
            }
            10 | 11 => {
                let kind = ["policy", "assignment", "resource", "assignment"][dice.below(4)];
                if let Some(address) = any(dice, self, kind) {
                    self.take_out(&address);
                }
            }
            12 => {
                let n = 40 + self.made;
                let (address, thing) = self.person(dice, n, false);
                if let Some(group) = dice.pick(&statics) {
                    flip(&mut self.at(&group)["members"], key(&address));
                }
                self.things.insert(address, thing);
            }
            13 => {
                let (json, name) = (self.group(dice), self.fresh('g'));
                self.put(&format!("group.{name}"), json);
                let outside =
                    |p: &&String| self.json(p)["requestors"].is_array() && !self.json(p)["requestors"].to_string().contains("connected");
                let policies: Vec<String> = self.of("policy").iter().filter(outside).cloned().collect();
                if let Some(policy) = dice.pick(&policies) {
                    flip(&mut self.at(&policy)["requestors"], &format!("group:{name}"));
                }
            }
            14 => {
                let name = self.fresh('p');
                self.package(dice, &name);
            }
            15 => {
                if let Some(package) = any(dice, self, "access_package") {
                    let name = self.fresh('q');
                    self.policy(dice, &package, &name);
                }
            }
            16 | 17 => {
                if let Some(package) = any(dice, self, "access_package") {
                    let name = self.fresh('n');
                    self.assignment(dice, &package, &name);
                }
            }
            18..=21 => {
                let Some(policy) = any(dice, self, "policy") else { return };
                let json = self.json(&policy).clone();
                match dice.below(5) {
                    0 if json["requestors"].is_array() || json["requestors"].is_string() => {
                        let to = self.requestors(dice);
                        let approval = if to == json!("none") { None } else { Some(self.approval(dice)) };
                        self.at(&policy)["requestors"] = to;
                        match approval {
                            Some(approval) => self.at(&policy)["approval"] = approval,
                            None => drop(self.at(&policy).as_object_mut().unwrap().remove("approval")),
                        }
                    }
                    0 | 1 if json["automatic"].is_object() => self.at(&policy)["automatic"]["rule"] = json!(dice.pick(&RULES).unwrap()),
                    2 if json["enabled"] == json!(false) => drop(self.at(&policy).as_object_mut().unwrap().remove("enabled")),
                    2 => self.at(&policy)["enabled"] = json!(false),
                    3 if !json["approval"].is_null() => self.at(&policy)["approval"] = self.approval(dice),
                    _ => self.at(&policy)["expiration"] = json!(["never", "30d", "60d", "2027-07-31"][dice.below(4)]),
                }
            }
            22 | 23 => {
                let delegation = any(dice, self, "delegation");
                match (delegation, dice.below(6)) {
                    (Some(delegation), 0) => self.take_out(&delegation),
                    (Some(delegation), 1) if delegation.starts_with("catalog") => {
                        self.at(&delegation)["role"] = json!(["catalog_owner", "catalog_reader"][dice.below(2)]);
                    }
                    (Some(delegation), 2..) => {
                        let principal = self.principal(dice);
                        flip(&mut self.at(&delegation)["members"], &principal);
                    }
                    _ => {
                        let name = self.fresh('d');
                        self.delegation(dice, &name);
                    }
                }
            }
            24 | 25 | 34 | 35 => {
                let Some(assignment) = any(dice, self, "assignment") else { return };
                let package = assignment.split_once(".assignment").unwrap().0.to_owned();
                match dice.below(3) {
                    0 => {
                        let other = dice.pick(&self.below(&package, "policy")).unwrap();
                        if !self.json(&other)["automatic"].is_object() {
                            self.at(&assignment)["policy"] = json!(key(&other));
                        }
                    }
                    1 => self.at(&assignment)["end"] = json!(["2027-05-01", "2027-08-01", "2027-09-01"][dice.below(3)]),
                    _ => {
                        let others = self.below(&package, "assignment").into_iter().filter(|a| *a != assignment);
                        let taken: Vec<String> = others.flat_map(|a| texts(&self.json(&a)["users"])).collect();
                        let name = dice.pick(&self.names()).unwrap();
                        let only = texts(&self.json(&assignment)["users"]) == [name.clone()];
                        if !taken.contains(&name) && !only {
                            flip(&mut self.at(&assignment)["users"], &name);
                        }
                    }
                }
            }
            26..=28 => {
                let Some(address) = any(dice, self, "user") else { return };
                let others: Vec<String> = self.names().into_iter().filter(|n| n != key(&address)).collect();
                let json = self.at(&address);
                match dice.below(5) {
                    0 => json["enabled"] = json!(json["enabled"] == json!(false)),
                    1 => json["type"] = json!(if json["type"] == json!("guest") { "member" } else { "guest" }),
                    2 => json["manager"] = json!(dice.pick(&others).unwrap()),
                    _ => json["department"] = json!(["Sales", "Legal", "Other"][dice.below(3)]),
                }
            }
            29 => {
                if let Some(catalog) = any(dice, self, "catalog") {
                    let name = ["enabled", "externally_visible"][dice.below(2)];
                    let json = self.at(&catalog);
                    json[name] = json!(json[name] != json!(true));
                }
            }
            30 => {
                let Some(address) = any(dice, self, "connected_organization") else { return };
                let sponsors = self.principals_of_users(dice);
                let json = self.at(&address);
                match dice.below(3) {
                    0 => json["state"] = json!(if json["state"] == json!("proposed") { "configured" } else { "proposed" }),
                    1 => json["internal_sponsors"] = sponsors,
                    _ => flip(&mut json["domains"], "lone.example"),
                }
                if json["domains"] == json!([]) {
                    json["domains"] = json!(["other.example"]);
                }
            }
            31 => match self.things.contains_key("settings.external_users") {
                true => drop(self.things.remove("settings.external_users")),
                false => {
                    self.put("settings.external_users", json!({"blocked_domains": [(["tail.example", "fab.example"][dice.below(2)])]}))
                }
            },
            _ => {
                if let Some(package) = any(dice, self, "access_package") {
                    self.flip_exclusion(dice, &package);
                }
            }
        }
    }

    /// Whether the files give somebody two packages of which one excludes the other. Such a plan is refused (R137), and what would follow
    /// depends on which comes first.
    pub fn gives_what_excludes(&self) -> bool {
        let given = |package: &str| -> Vec<String> {
            let all = self.below(package, "assignment").into_iter();
            all.flat_map(|a| texts(&self.json(&a)["users"])).collect()
        };
        self.of("access_package").iter().any(|package| {
            let excluded = texts(&self.json(package)["incompatible_with"]);
            // Any other package may give what is a member of a group.
            let excludes =
                |other: &String| excluded.iter().any(|e| e.starts_with("group:") || *e == format!("access_package:{}", key(other)));
            let (users, others) = (given(package), self.of("access_package"));
            others.iter().filter(|o| *o != package && excludes(o)).flat_map(|o| given(o)).any(|user| users.contains(&user))
        })
    }

    /// For people: a table for each object.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (address, thing) in &self.things {
            writeln!(text, "{address} {} = {}", thing.id, thing.json).unwrap();
        }
        text
    }
}
