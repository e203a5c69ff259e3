//! Both implementations, side by side.
//!
//! In: a world and steps. Out: nothing, or where they differ. What the engine minted is matched by the order of its making.

use super::invariants;
use super::naive::{self, Act, By, Kind, Naive, State, Want};
use super::steps::Step;
use super::world::{Edit, Gives, Id, Minute, World, package_address, policy_key};
use chrono::{DateTime, Utc};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;
use writ::engine::{
    Actor, Ask, Assignment, AssignmentState, Cause, Command, Draft, Event, Facts, Family, GuestState, Ledger, Record, Refusal, Request,
    RequestKind, RequestState, catch_up, decide, deciders, fold, held_by,
};
use writ::kinds::{connected_organization, user};
use writ::model::{Address, Holdings, Object, Origin, Stored, Zone};

/// The engine, with what its surroundings do for it: events are folded, and what happens to guests happens to their objects too.
pub struct Engine {
    pub objects: Holdings,
    pub ledger: Ledger,
    pub now: Minute,
    pub zone: Zone,
    pub narrowest: bool,
    minted: Cell<u32>,
    /// Ids in the order of their making.
    pub requests: Vec<String>,
    pub assignments: Vec<String>,
}

fn instant(at: Minute) -> DateTime<Utc> {
    DateTime::from_timestamp(1_798_761_600 + at * 60, 0).unwrap()
}

pub fn minute(at: DateTime<Utc>) -> Minute {
    (at - instant(0)).num_minutes()
}

/// Those that a world has not are nobody's.
fn id_of(all: &[String], place: Id) -> String {
    all.get(place).cloned().unwrap_or_else(|| "no such id".to_owned())
}

impl Engine {
    pub fn new(world: &World) -> Engine {
        Engine {
            objects: world.holdings(),
            ledger: Ledger::default(),
            now: 0,
            zone: Zone::parse(if world.amsterdam { "Europe/Amsterdam" } else { "UTC" }).unwrap(),
            narrowest: world.narrowest,
            minted: Cell::new(0),
            requests: Vec::new(),
            assignments: Vec::new(),
        }
    }

    pub fn facts(&self) -> Facts<'_> {
        Facts::new(&self.objects, &self.ledger, instant(self.now), self.zone, self.narrowest)
    }

    /// What comes of a command or of the clock; folded, unless it is refused.
    fn run(&mut self, what: impl FnOnce(&mut Draft<'_>) -> Result<(), Refusal>) -> Result<Vec<Event>, Refusal> {
        let events = {
            let facts = self.facts();
            let mint = || {
                self.minted.set(self.minted.get() + 1);
                format!("{:06}", self.minted.get())
            };
            let mut draft = Draft::new(&facts, &mint);
            what(&mut draft)?;
            draft.events()
        };
        for event in &events {
            self.happens(event);
        }
        Ok(events)
    }

    fn happens(&mut self, event: &Event) {
        let (family, id) = event.record();
        let key = (family, id.to_owned());
        match fold(self.ledger.0.get(&key).cloned(), event).unwrap() {
            Some(record) => drop(self.ledger.0.insert(key, record)),
            None => drop(self.ledger.0.remove(&key)),
        }
        match event {
            Event::RequestSubmitted { request } => self.requests.push(request.id.clone()),
            Event::Given { assignment } => self.assignments.push(assignment.id.clone()),
            Event::GuestInvited { guest, organization, proposes } => {
                if let (Some(key), Some(domain)) = (organization, proposes) {
                    let address = Address::root("connected_organization", key);
                    let attributes = connected_organization::proposed(domain);
                    let object = Object { address: address.clone(), attributes, at: writ::diag::Span::NONE };
                    let stored = Stored { object, id: address.to_string(), workspace: None, version: 1, origin: Origin::default() };
                    self.objects = self.objects.values().cloned().chain([stored]).collect();
                }
                let attributes = user::guest(organization.as_deref());
                let object = Object { address: Address::root("user", &guest.name), attributes, at: writ::diag::Span::NONE };
                let stored = Stored { object, id: guest.id.clone(), workspace: None, version: 1, origin: Origin::default() };
                self.objects = self.objects.values().cloned().chain([stored]).collect();
            }
            Event::GuestBlocked { guest, .. } => {
                let stored = self.objects.values_mut().find(|s| s.id == *guest).unwrap();
                stored.object.attributes = user::with_sign_in(&stored.object.attributes, false);
            }
            Event::GuestDeleted { guest, .. } => {
                self.objects = self.objects.values().filter(|s| s.id != *guest).cloned().collect();
            }
            _ => {}
        }
    }

    pub fn tick(&mut self, until: Minute) -> Result<Vec<Event>, Refusal> {
        self.now = until;
        let mut events = Vec::new();
        loop {
            let due: Vec<Record> = self.ledger.0.values().filter(|r| r.due().is_some_and(|at| at <= instant(until))).cloned().collect();
            if due.is_empty() {
                return Ok(events);
            }
            events.extend(self.run(|draft| catch_up(draft, due, instant(until)))?);
        }
    }

    pub fn act(&mut self, world: &World, by: By, act: &Act) -> Result<Vec<Event>, Refusal> {
        let actor = match by {
            By::Operator => Actor::Operator("operator:root@here".to_owned()),
            By::User(u) => Actor::Person(world.users[u].name.clone()),
        };
        let reason = |given: &bool| given.then(|| "it is needed".to_owned());
        let ask = |want: &Want| Ask {
            package: package_address(want.package),
            policy: want.policy.map(policy_key),
            target: want.target.map(|u| world.users[u].name.clone()),
            justification: reason(&want.reason),
            answers: want
                .answers
                .iter()
                .map(|(key, values)| ((*key).to_owned(), values.iter().map(|v| (*v).to_owned()).collect()))
                .collect::<BTreeMap<_, _>>(),
            start: want.start.map(instant),
            end: want.end.map(instant),
        };
        let command = match act {
            Act::Request(want) => Command::Request(ask(want)),
            Act::Assign(want) => Command::Assign(ask(want)),
            Act::Decide { request, yes, reason: given } => {
                Command::Decide { request: id_of(&self.requests, *request), approve: *yes, justification: reason(given) }
            }
            Act::Cancel { request } => Command::Cancel { request: id_of(&self.requests, *request), justification: None },
            Act::Extend { assignment, end, reason: given } => {
                Command::Extend { assignment: id_of(&self.assignments, *assignment), end: end.map(instant), justification: reason(given) }
            }
            Act::Reschedule { assignment, end } => {
                Command::Reschedule { assignment: id_of(&self.assignments, *assignment), end: instant(*end) }
            }
            Act::Remove { assignment } => Command::Remove { assignment: id_of(&self.assignments, *assignment), justification: None },
        };
        self.run(|draft| decide(draft, &actor, &command))
    }

    pub fn change(&mut self, world: &World, address: &Address) {
        let anew = world.object(address);
        let stored = self.objects.values_mut().find(|s| s.object.address == *address).unwrap();
        stored.object = anew.object;
    }

    /// An administrator lets somebody sign in again.
    pub fn lift(&mut self, name: &str) {
        let stored = self.objects.values_mut().find(|s| s.object.address.key() == name).unwrap();
        stored.object.attributes = user::with_sign_in(&stored.object.attributes, true);
    }

    pub fn request(&self, id: &str) -> &Request {
        self.request_of(id).unwrap()
    }

    /// A request, if it is kept still.
    pub fn request_of(&self, id: &str) -> Option<&Request> {
        match self.ledger.0.get(&(Family::Request, id.to_owned()))? {
            Record::Request(request) => Some(request),
            _ => panic!("{id} is no request"),
        }
    }

    pub fn assignment(&self, id: &str) -> &Assignment {
        match &self.ledger.0[&(Family::Assignment, id.to_owned())] {
            Record::Assignment(assignment) => assignment,
            _ => panic!("{id} is no assignment"),
        }
    }
}

/// Takes one step on both, and says where they differ; otherwise whether it was taken, and not refused alike.
pub fn step(model: &mut Naive, engine: &mut Engine, step: &Step) -> Result<bool, String> {
    let events = match step {
        Step::Change(edit) => {
            let address = model.world.change(edit);
            engine.change(&model.world, &address);
            Vec::new()
        }
        Step::Pass(to) => {
            model.now = (*to).max(model.now);
            engine.now = model.now;
            Vec::new()
        }
        Step::Tick(to) => {
            let to = (*to).max(model.now);
            model.tick(to);
            engine.tick(to).map_err(|r| format!("the clock is refused: {r}"))?
        }
        Step::Do(by, act) => {
            let said = engine.act(&model.world, *by, act);
            match (model.act(*by, act), said) {
                (Ok(()), Ok(events)) => events,
                (Err(against), Err(refusal)) if against.contains(&refusal.rule.0) => return Ok(false),
                (Err(against), Err(refusal)) => return Err(format!("rules: {against:?}\nengine: {refusal}\n")),
                (Ok(()), Err(refusal)) => return Err(format!("rules: accepted\nengine: {refusal}\n")),
                (Err(against), Ok(events)) => return Err(format!("rules: {against:?}\nengine: accepted, {}\n", words(&events))),
            }
        }
    };
    let touched: Vec<&str> = events.iter().map(|e| e.record().1).collect();
    let request = |id: Id| model.requests[id].turn.is_some() || engine.requests.get(id).is_some_and(|r| touched.contains(&r.as_str()));
    let assignment = |id: Id| engine.assignments.get(id).is_some_and(|a| touched.contains(&a.as_str()));
    let requests = (0..model.requests.len()).filter(|id| request(*id)).collect();
    let assignments: Vec<Id> = (0..model.assignments.len()).filter(|id| assignment(*id)).collect();
    let people = match step {
        Step::Do(..) | Step::Tick(_) => assignments.iter().map(|a| model.assignments[*a].target).collect(),
        Step::Pass(_) | Step::Change(Edit::Member(..) | Edit::Gives(..)) => (0..model.world.users.len()).collect(),
        Step::Change(_) => Vec::new(),
    };
    invariants::records(engine, matches!(step, Step::Tick(_)))?;
    agree(model, engine, &Part { requests, assignments, people }).map(|()| true)
}

/// The records and people that are compared: those that something came to, after every step.
struct Part {
    requests: Vec<Id>,
    assignments: Vec<Id>,
    people: Vec<Id>,
}

/// Everything that is so, at the end of a history.
pub fn all(model: &Naive, engine: &Engine) -> Result<(), String> {
    let requests = (0..model.requests.len()).collect();
    let assignments = (0..model.assignments.len()).collect();
    agree(model, engine, &Part { requests, assignments, people: (0..model.world.users.len()).collect() })
}

fn agree(model: &Naive, engine: &Engine, part: &Part) -> Result<(), String> {
    let many = (model.requests.len(), model.assignments.len());
    if many != (engine.requests.len(), engine.assignments.len()) {
        return Err(format!(
            "rules:\n{many:?} requests and assignments\nengine:\n{:?}\n",
            (engine.requests.len(), engine.assignments.len())
        ));
    }
    let (ours, theirs) = (told(model, part), seen(model, engine, part)?);
    if ours == theirs { Ok(()) } else { Err(apart(&ours, &theirs)) }
}

/// The lines that only one of them has.
fn apart(ours: &str, theirs: &str) -> String {
    let only = |text: &str, other: &str| {
        let lines = text.lines().filter(|line| !other.lines().any(|l| l == *line));
        lines.fold(String::new(), |all, line| all + line + "\n")
    };
    format!("rules:\n{}engine:\n{}", only(ours, theirs), only(theirs, ours))
}

fn words(events: &[Event]) -> String {
    events.iter().map(Event::kind).collect::<Vec<_>>().join(", ")
}

/// What the model says is so.
fn told(model: &Naive, part: &Part) -> String {
    let mut text = String::new();
    let name = |u: Id| model.world.users[u].name.as_str();
    for id in &part.requests {
        let r = &model.requests[*id];
        if model.kept[*id] == naive::Kept::Gone {
            writeln!(text, "  request {id} is not kept").unwrap();
            continue;
        }
        let kind = match r.kind {
            Kind::Add => "add",
            Kind::AdminAdd => "admin_add",
            Kind::Extend => "extend",
            Kind::Remove => "remove",
        };
        let state = match r.state {
            State::Pending => "pending_approval",
            State::Scheduled => "scheduled",
            State::Delivered => "delivered",
            State::Denied => "denied",
            State::TimedOut => "timed_out",
            State::Canceled => "canceled",
        };
        let mut able: Vec<&str> = model.deciders(r).into_iter().map(name).collect();
        able.sort_unstable();
        let times = if r.state == State::Scheduled { format!(" {:?}", (r.start, r.end)) } else { String::new() };
        let turn = r.turn.map(|t| (t.number, t.deadline, t.escalated));
        writeln!(text, "  request {id} {kind} p{} q{} {} {state}{times} {turn:?} {able:?}", r.package, r.policy, name(r.target)).unwrap();
    }
    for id in &part.assignments {
        let a = &model.assignments[*id];
        let over = a.over.map(|(at, cause)| {
            let cause = match cause {
                naive::Cause::Expired => "its end came",
                naive::Cause::GivenUp => "the holder gave it up",
                naive::Cause::Removed => "somebody took it away",
            };
            (at, cause)
        });
        let live = model.is_live(a);
        writeln!(text, "  assignment {id} p{} q{} {} {:?} {over:?} {live}", a.package, a.policy, name(a.target), (a.start, a.end)).unwrap();
    }
    let mut guests: Vec<String> =
        model.guests.iter().map(|g| format!("  guest {} {:?} {:?}\n", name(g.user), g.stands, g.deletes)).collect();
    guests.sort_unstable();
    text.extend(guests);
    for user in part.people.iter().filter(|u| model.world.users[**u].known) {
        let held: Vec<String> = model.holdings(*user).into_iter().map(role).collect();
        writeln!(text, "  {} holds {}", name(*user), held.join(", ")).unwrap();
    }
    text
}

fn role(gives: Gives) -> String {
    match gives {
        Gives::Group(g, role) => format!("group g{g} {role}"),
        Gives::Application(role) => format!("application app {role}"),
    }
}

/// What the engine says is so, in the same words.
fn seen(model: &Naive, engine: &Engine, part: &Part) -> Result<String, String> {
    let mut text = String::new();
    let facts = engine.facts();
    let key = |named: &str| named.rsplit('.').next().unwrap_or_default().to_owned();
    for id in &part.requests {
        let Some(r) = engine.request_of(&engine.requests[*id]) else {
            writeln!(text, "  request {id} is not kept").unwrap();
            continue;
        };
        let kind = match r.kind {
            RequestKind::Add => "add",
            RequestKind::AdminAdd => "admin_add",
            RequestKind::Extend => "extend",
            RequestKind::Remove => "remove",
        };
        let mut able: Vec<String> = if r.state.is_open() { deciders(&facts, r).into_iter().map(|n| n.name).collect() } else { Vec::new() };
        able.sort_unstable();
        let times =
            if r.state == RequestState::Scheduled { format!(" {:?}", (r.start.map(minute), r.end.map(minute))) } else { String::new() };
        let turn = r.stage.as_ref().map(|s| (s.number, minute(s.deadline), s.escalated));
        let (package, policy) = (key(&r.package.name), key(&r.policy.name));
        writeln!(text, "  request {id} {kind} {package} {policy} {} {}{times} {turn:?} {able:?}", r.target.name, r.state.word()).unwrap();
    }
    for id in &part.assignments {
        let a = engine.assignment(&engine.assignments[*id]);
        let over = (a.state == AssignmentState::Expired).then(|| {
            let cause = match a.cause.as_ref().unwrap() {
                Cause::Expired => "its end came",
                Cause::GivenUp => "the holder gave it up",
                Cause::Removed(_) => "somebody took it away",
                _ => "something is gone",
            };
            (minute(a.ended.unwrap()), cause)
        });
        let times = (minute(a.start), a.end.map(minute));
        let live = a.is_live(facts.now);
        writeln!(text, "  assignment {id} {} {} {} {times:?} {over:?} {live}", key(&a.package.name), key(&a.policy.name), a.target.name)
            .unwrap();
    }
    let mut guests: Vec<String> = Vec::new();
    for record in engine.ledger.0.values() {
        if let Record::Guest(g) = record {
            let stands = match g.state {
                GuestState::Active => "Active",
                GuestState::Blocked => "Blocked",
                GuestState::Deleted => "Deleted",
            };
            guests.push(format!("  guest {} {stands} {:?}\n", g.name, g.deletes.map(minute)));
        }
    }
    guests.sort_unstable();
    text.extend(guests);
    for user in part.people.iter().map(|u| &model.world.users[*u]) {
        let held = held_by(&facts, &facts.person(&user.name));
        invariants::reasons(&held, &user.name, facts.now)?;
        if !engine.objects.contains_key(&Address::root("user", &user.name)) {
            continue;
        }
        let mut held: Vec<(bool, String)> = held
            .into_iter()
            .map(|h| (h.kind != "group", format!("{} {} {}", h.kind, h.key.trim_start_matches("group."), h.role)))
            .collect();
        held.sort_unstable();
        let held: Vec<String> = held.into_iter().map(|(_, h)| h).collect();
        writeln!(text, "  {} holds {}", user.name, held.join(", ")).unwrap();
    }
    Ok(text)
}
