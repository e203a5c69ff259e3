//! Both implementations, side by side.
//!
//! In: a world and steps. Out: nothing, or where they differ. What the engine minted is matched by the order of its making.

use super::invariants;
use super::naive::{self, Act, By, Kind, Naive, State, Want};
use super::sends::{Outcome, Send, Stands, TRIES, wait};
use super::steps::Step;
use super::world::{Edit, Gives, Id, Minute, OVER, World, package_address, policy_key};
use chrono::{DateTime, Utc};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use writ::engine::{
    Actor, Ask, Assignment, AssignmentState, Cause, Changed, Command, Delivery, Draft, Event, Facts, Family, GuestState, Ledger, Reach,
    Record, Refusal, Request, RequestKind, RequestState, SendState, Vain, Wanted, catch_up, conclude, decide, deciders, delivered, fold,
    held_by, settle,
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
    /// What happened so far, and what was so after each of it; kept where somebody asks for it.
    pub history: Vec<(Vec<Event>, Ledger)>,
    pub keeps: bool,
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
        Engine::of(world, false)
    }

    pub fn of(world: &World, keeps: bool) -> Engine {
        let mut engine = Engine {
            objects: Holdings::default(),
            ledger: Ledger::default(),
            now: 0,
            zone: Zone::parse(if world.amsterdam { "Europe/Amsterdam" } else { "UTC" }).unwrap(),
            narrowest: world.narrowest,
            minted: Cell::new(0),
            requests: Vec::new(),
            assignments: Vec::new(),
            history: Vec::new(),
            keeps,
        };
        let all: Vec<Address> = world.holdings().values().map(|s| s.object.address.clone()).collect();
        engine.change(world, &all, &[]).unwrap();
        engine
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
        if self.keeps && !events.is_empty() {
            self.history.push((events.clone(), self.ledger.clone()));
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
            let is_due = |r: &&Record| r.family().is_timed() && r.due().is_some_and(|at| at <= instant(until));
            let due: Vec<Record> = self.ledger.0.values().filter(is_due).cloned().collect();
            if due.is_empty() {
                return Ok(events);
            }
            events.extend(self.run(|draft| {
                catch_up(draft, due, instant(until))?;
                conclude(draft, &Reach::default(), false)
            })?);
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
            Act::Reprocess { assignment } => Command::Reprocess { assignment: id_of(&self.assignments, *assignment) },
            Act::Again { request } => Command::ReprocessRequest { request: id_of(&self.requests, *request) },
        };
        self.run(|draft| {
            decide(draft, &actor, &command)?;
            conclude(draft, &Reach::default(), false)
        })
    }

    /// An apply: the objects are as the world has them, and what follows. Another right after it changes nothing, whether it names
    /// the same objects once more, or none.
    pub fn change(&mut self, world: &World, addresses: &[Address], packages: &[Id]) -> Result<Vec<Event>, String> {
        let mut pairs: Vec<(Option<Stored>, Option<Stored>)> = Vec::new();
        let mut objects: BTreeMap<Address, Stored> = self.objects.values().map(|s| (s.object.address.clone(), s.clone())).collect();
        let mut anew: BTreeMap<Address, Stored> = world.those(addresses).into_iter().map(|s| (s.object.address.clone(), s)).collect();
        for address in addresses.iter().collect::<BTreeSet<_>>() {
            let before = objects.remove(address);
            let mut after = anew.remove(address);
            match (&before, &mut after) {
                // Declared assignments are replaced; the others are who they were.
                (Some(before), Some(after)) if address.kind() != "assignment" => after.id.clone_from(&before.id),
                _ => {}
            }
            objects.extend(after.clone().map(|after| (address.clone(), after)));
            match (before, after) {
                (Some(before), Some(after)) if before.id != after.id => pairs.extend([(Some(before), None), (None, Some(after))]),
                (None, None) => {}
                pair => pairs.push(pair),
            }
        }
        self.objects = objects.into_values().collect();
        let changed: Vec<Changed<'_>> = pairs.iter().map(|(b, a)| Changed { before: b.as_ref(), after: a.as_ref() }).collect();
        let packages = packages.iter().map(|p| package_address(*p).to_string()).collect();
        let reach = Reach { packages, ..Reach::default() };
        let apply = |changed: &[Changed<'_>], draft: &mut Draft<'_>| {
            settle(draft, &Actor::Operator("operator:root@here".to_owned()), changed)?;
            conclude(draft, &reach, false)
        };
        let events = self.run(|draft| apply(&changed, draft)).map_err(|r| format!("the apply is refused: {r}"))?;
        let same: Vec<Changed<'_>> =
            pairs.iter().filter(|(_, a)| a.is_some()).map(|(_, a)| Changed { before: a.as_ref(), after: a.as_ref() }).collect();
        for changed in [&same[..], &[]] {
            let facts = self.facts();
            let mint = || "none".to_owned();
            let mut draft = Draft::new(&facts, &mint);
            apply(changed, &mut draft).map_err(|r| format!("the second apply is refused: {r}"))?;
            let events = draft.events();
            if !events.is_empty() {
                return Err(format!("a second apply still has to do: {}", words(&events)));
            }
        }
        Ok(events)
    }

    /// Objects get other names, references included, and stay who they are; nothing follows from that.
    pub fn renamed(&mut self, world: &World) -> Vec<Event> {
        let groups: BTreeSet<String> = self.objects.within_kind("group").iter().map(|s| s.object.address.reference()).collect();
        let now: BTreeSet<Address> = (0..world.groups.len()).map(|g| world.group_address(g)).collect();
        let old = |address: &Address| !now.contains(address) && groups.contains(&address.reference());
        // Who came in as a guest is known by the id of then.
        let ids: BTreeMap<Address, String> = self.objects.values().map(|s| (s.object.address.clone(), s.id.clone())).collect();
        assert!(ids.keys().any(old), "no group has another name");
        let all = world.holdings();
        self.objects = all
            .values()
            .cloned()
            .map(|s| Stored {
                id: ids.get(&s.object.address).cloned().unwrap_or(s.id),
                object: s.object,
                workspace: s.workspace,
                version: s.version,
                origin: s.origin,
            })
            .collect();
        Vec::new()
    }

    /// What became of tries to deliver, recorded together.
    pub fn sent(&mut self, world: &World, tries: &[(Send, Outcome)]) -> Result<Vec<Event>, Refusal> {
        let tries: Vec<(Delivery, Outcome)> = tries
            .iter()
            .filter_map(|(send, outcome)| {
                let mut tried = self.delivery(world, send.user, send.over)?.clone();
                if let Wanted::Membership { held, .. } = &mut tried.wanted {
                    *held = send.held;
                }
                tried.attempts = send.tries;
                Some((tried, *outcome))
            })
            .collect();
        let now = self.now;
        self.run(|draft| {
            for (tried, outcome) in &tries {
                let later = instant(now + wait(tried.attempts));
                let outcome = match outcome {
                    Outcome::Done => Ok(()),
                    Outcome::Away => Err(Vain { why: "away".to_owned(), retry: Some(later), untried: false }),
                    Outcome::Refused => Err(Vain { why: "refused".to_owned(), retry: None, untried: false }),
                };
                delivered(draft, tried, outcome)?;
            }
            conclude(draft, &Reach::default(), false)
        })
    }

    fn delivery(&self, world: &World, user: Id, over: usize) -> Option<&Delivery> {
        let (name, (.., connector, group)) = (&world.users[user].name, OVER[over]);
        self.ledger.0.values().find_map(|r| match r {
            Record::Delivery(d) if d.person.name == *name && d.connector == connector => {
                matches!(&d.wanted, Wanted::Membership { group: found, .. } if found == group).then_some(&**d)
            }
            _ => None,
        })
    }

    /// An administrator lets somebody sign in again.
    pub fn lift(&mut self, name: &str) {
        let stored = self.objects.values_mut().find(|s| s.object.address.key() == name).unwrap();
        stored.object.attributes = user::with_sign_in(&stored.object.attributes, true);
    }

    /// Nothing, where its record was taken away.
    pub fn known_request(&self, id: &str) -> Option<&Request> {
        match self.ledger.0.get(&(Family::Request, id.to_owned()))? {
            Record::Request(request) => Some(request),
            _ => panic!("{id} is no request"),
        }
    }

    pub fn request(&self, id: &str) -> &Request {
        self.known_request(id).unwrap()
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
    let before = matches!(step, Step::Change(_)).then(|| model.world.clone());
    let events = match step {
        Step::Change(edit @ Edit::Renamed(_)) => {
            model.change(edit);
            engine.renamed(&model.world)
        }
        Step::Change(edit) => {
            let addresses = model.change(edit);
            let packages: &[Id] = if let Edit::Gives(package, _) = edit { &[*package] } else { &[] };
            engine.change(&model.world, &addresses, packages)?
        }
        Step::Send(outcomes) => send(model, engine, outcomes)?,
        Step::Away(over) => {
            let mut events = Vec::new();
            for _ in 0..TRIES {
                let due = model.sends.iter().filter(|s| s.over == *over && s.stands == Stands::Waiting).map(|s| s.due).min();
                let Some(due) = due else { break };
                let due = due.max(model.now);
                model.tick(due);
                events.extend(engine.tick(due).map_err(|r| format!("the clock is refused: {r}"))?);
                let mut outcomes = [Outcome::Done; OVER.len()];
                outcomes[*over] = Outcome::Away;
                events.extend(send(model, engine, &outcomes)?);
            }
            events
        }
        Step::Try(tried, outcome) => {
            model.tried(tried, *outcome);
            engine.sent(&model.world, &[(tried.clone(), *outcome)]).map_err(|r| format!("the outbox is refused: {r}"))?
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
        Step::Do(_, Act::Reprocess { assignment }) => vec![model.assignments[*assignment].target],
        Step::Do(_, Act::Again { request }) => vec![model.requests[*request].target],
        Step::Do(..) | Step::Tick(_) => assignments.iter().map(|a| model.assignments[*a].target).collect(),
        Step::Pass(_) | Step::Change(_) | Step::Send(_) | Step::Away(_) => (0..model.world.users.len()).collect(),
        Step::Try(tried, _) => vec![tried.user],
    };
    invariants::records(engine, matches!(step, Step::Tick(_)))?;
    if before.is_some_and(|before| model.world.differs(&before)) {
        invariants::applied(model, engine)?;
    }
    agree(model, engine, &Part { requests, assignments, people }).map(|()| true)
}

/// The sender goes once through what is due.
fn send(model: &mut Naive, engine: &mut Engine, outcomes: &[Outcome; OVER.len()]) -> Result<Vec<Event>, String> {
    let due = model.sends.iter().filter(|s| s.stands == Stands::Waiting && s.due <= model.now);
    let tries: Vec<(Send, Outcome)> = due.map(|s| (s.clone(), outcomes[s.over])).collect();
    tries.iter().for_each(|(tried, outcome)| model.tried(tried, *outcome));
    engine.sent(&model.world, &tries).map_err(|r| format!("the outbox is refused: {r}"))
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
        if r.purged {
            writeln!(text, "  request {id} is not kept").unwrap();
            continue;
        }
        let kind = match r.kind {
            Kind::Add => "add",
            Kind::AdminAdd => "admin_add",
            Kind::Extend => "extend",
            Kind::Remove => "remove",
        };
        let state = word(r.state);
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
                naive::Cause::Rule => "its rule does not match any more",
                naive::Cause::Undeclared => "the files do not give it any more",
                naive::Cause::PackageGone => "the package is gone",
                naive::Cause::PersonGone => "the holder is not in the directory any more",
            };
            (at, cause)
        });
        let live = model.is_live(a);
        let stands = if over.is_some() { "expired" } else { word(a.stands) };
        let grace = a.grace.filter(|_| over.is_none());
        let times = (a.start, a.end);
        writeln!(text, "  assignment {id} p{} q{} {} {times:?} {over:?} {live} {stands} {grace:?}", a.package, a.policy, name(a.target))
            .unwrap();
    }
    let mut guests: Vec<String> =
        model.guests.iter().map(|g| format!("  guest {} {:?} {:?}\n", name(g.user), g.stands, g.deletes)).collect();
    guests.sort_unstable();
    text.extend(guests);
    for user in &part.people {
        for (over, (.., group)) in OVER.iter().enumerate() {
            let Some(s) = model.send_of(*user, over) else { continue };
            let stands = match s.stands {
                Stands::Waiting => "waits",
                Stands::Done => "done",
                Stands::Failed => "failed",
            };
            let later = Some(s.due).filter(|due| s.stands == Stands::Waiting && *due > model.now);
            writeln!(text, "  {} in {group}: {} {stands} {} {later:?}", name(*user), s.held, s.tries).unwrap();
        }
    }
    for user in part.people.iter().filter(|u| model.world.users[**u].known) {
        let held: Vec<String> = model.holdings(*user).into_iter().map(|gives| role(&model.world, gives)).collect();
        writeln!(text, "  {} holds {}", name(*user), held.join(", ")).unwrap();
    }
    text
}

fn word(state: State) -> &'static str {
    match state {
        State::Pending => "pending_approval",
        State::Scheduled => "scheduled",
        State::Delivering => "delivering",
        State::Delivered => "delivered",
        State::Partly => "partially_delivered",
        State::Failed => "delivery_failed",
        State::Denied => "denied",
        State::TimedOut => "timed_out",
        State::Canceled => "canceled",
    }
}

fn role(world: &World, gives: Gives) -> String {
    match gives {
        Gives::Group(g, role) => format!("group {} {role}", world.group_address(g).key()),
        Gives::Application(role) => format!("application app {role}"),
        Gives::Over(over) => {
            let (resource, role, ..) = OVER[over];
            format!("application {} {role}", if resource == "crm" { "crm/prod" } else { resource })
        }
    }
}

/// What the engine says is so, in the same words.
fn seen(model: &Naive, engine: &Engine, part: &Part) -> Result<String, String> {
    let mut text = String::new();
    let facts = engine.facts();
    let key = |named: &str| named.rsplit('.').next().unwrap_or_default().to_owned();
    for id in &part.requests {
        let Some(r) = engine.known_request(&engine.requests[*id]) else {
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
                Cause::Rule => "its rule does not match any more",
                Cause::Undeclared => "the files do not give it any more",
                Cause::PackageGone => "the package is gone",
                Cause::PersonGone => "the holder is not in the directory any more",
                Cause::Review(_) => "a review took it away",
            };
            (minute(a.ended.unwrap()), cause)
        });
        let times = (minute(a.start), a.end.map(minute));
        let live = a.is_live(facts.now);
        let stands = a.state.word();
        let grace = a.grace.map(minute).filter(|_| over.is_none());
        let (package, policy) = (key(&a.package.name), key(&a.policy.name));
        writeln!(text, "  assignment {id} {package} {policy} {} {times:?} {over:?} {live} {stands} {grace:?}", a.target.name).unwrap();
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
    for user in &part.people {
        for (over, (.., group)) in OVER.iter().enumerate() {
            let Some(d) = engine.delivery(&model.world, *user, over) else { continue };
            let stands = match d.state {
                SendState::Pending => "waits",
                SendState::Done => "done",
                SendState::Failed => "failed",
            };
            let later = Some(d.due).filter(|due| d.state == SendState::Pending && *due > facts.now).map(minute);
            writeln!(text, "  {} in {group}: {} {stands} {} {later:?}", d.person.name, d.is_held(), d.attempts).unwrap();
        }
    }
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
