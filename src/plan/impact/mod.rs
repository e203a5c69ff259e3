//! What a plan does to people: who gains and loses which role, by what and from when; whose access ends at another time; who could
//! request and no longer can; whose requests nobody could decide any more; who gains or loses authority; and what does not happen.
//!
//! In: the facts before, the objects afterwards, the changes. Out: an [`Impact`]. Invariants: nothing is written, since what the apply
//! would be followed by is decided in a draft that is thrown away, by the very engine that the apply asks; people are distinct, and a
//! loss is net of every other reason to hold the role. Only those are looked at whom the changes can touch (`touched`).

mod access;
mod control;
mod held;
mod meaning;
mod reach;
mod seen;
mod shifts;
mod touched;
mod waiting;

use crate::engine::{Actor, Changed, Draft, Event, Facts, settle};
use crate::kinds::Verdict;
use crate::model::{Action, Address, Change, Holdings, Stored};
use access::{Access, Role, Sources};
use chrono::{DateTime, Utc};
use foldhash::HashMap;
use held::Held;
pub use meaning::{Meaning, meanings};
use serde::{Deserialize, Serialize};
use shifts::{Moved, later, shift};
use std::cell::Cell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// What a plan does to people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impact {
    /// Roles that people gain or lose, in order.
    pub roles: Vec<Shift>,
    /// Access to packages that ends at another time.
    pub ends: Vec<Ends>,
    /// Packages that others can request than before.
    pub requestable: Vec<Reach>,
    /// Requests that wait for a decision and that the plan closes, or that nobody could decide any more.
    pub waiting: Vec<Waiting>,
    /// People who hold two packages that the plan makes incompatible.
    pub breaches: Vec<Breach>,
    /// Authority that people gain or lose.
    pub control: Vec<Control>,
    /// What does not happen.
    pub same: Vec<Same>,
    /// What loosens, what tightens, what gives and takes, attribute by attribute.
    pub meanings: Vec<Meaning>,
}

/// A role that people gain or lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// The sort of thing: `group`, `application`, `sharepoint_site`.
    pub kind: String,
    /// The thing.
    pub key: String,
    /// The role.
    pub role: String,
    /// Who gains it.
    pub gain: Vec<Someone>,
    /// Who loses it.
    pub lose: Vec<Someone>,
    /// Who loses one reason to hold it, and keeps it for others.
    pub keep: Vec<Someone>,
}

/// A person, and by what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Someone {
    /// The user principal name.
    pub person: String,
    /// The package or group that gives it, gave it, or still does; nothing, where it is not there for who looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Address>,
    /// The policy of that package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// From when; nothing: at the apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime<Utc>>,
}

/// Access to a package that ends at another time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ends {
    /// The package.
    pub package: Address,
    /// Whose access.
    pub person: String,
    /// Until when they have it now; nothing: it does not end by itself.
    pub before: Option<DateTime<Utc>>,
    /// Until when afterwards.
    pub after: Option<DateTime<Utc>>,
}

impl Ends {
    /// Whether it ends sooner than before.
    #[must_use]
    pub fn is_earlier(&self) -> bool {
        match (self.before, self.after) {
            (Some(before), Some(after)) => after < before,
            (before, _) => before.is_none(),
        }
    }
}

/// A package that others can request than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The package.
    pub package: Address,
    /// Known people who newly can.
    pub gain: Vec<String>,
    /// Known people who no longer can.
    pub lose: Vec<String>,
    /// Populations without an upper bound that newly can, as policies name them.
    pub opens: Vec<String>,
    /// And those that no longer can.
    pub closes: Vec<String>,
}

/// A request that waits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Waiting {
    /// The package.
    pub package: Address,
    /// Who is to have it.
    pub person: String,
    /// The request.
    pub request: String,
    /// Why nothing comes of it; nothing: nobody could decide it any more.
    pub closed: Option<String>,
}

/// Somebody who holds two packages that the plan makes incompatible, and keeps both (R139).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Breach {
    /// The package whose holders may not hold the other.
    pub package: Address,
    /// The other: a package or a group.
    pub other: Address,
    /// Who is in breach.
    pub person: String,
}

/// Authority by a delegation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Control {
    /// The delegation.
    pub delegation: Address,
    /// Its role.
    pub role: String,
    /// Who gains it.
    pub gain: Vec<String>,
    /// Who loses it.
    pub lose: Vec<String>,
}

/// What a change of a policy leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Same {
    /// The policy.
    pub policy: Address,
    /// Assignments that run, and keep their ends.
    pub running: usize,
    /// The last of these ends; nothing: some do not end by themselves.
    pub last: Option<DateTime<Utc>>,
    /// Requests that wait, and keep the terms of the day when they were made.
    pub pending: usize,
}

impl Impact {
    /// Whether nothing is told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Impact::default()
    }

    /// Whether nobody is named in it.
    #[must_use]
    pub fn names_nobody(&self) -> bool {
        let nobody = |r: &Reach| r.gain.is_empty() && r.lose.is_empty();
        let told =
            [self.roles.is_empty(), self.ends.is_empty(), self.waiting.is_empty(), self.breaches.is_empty(), self.control.is_empty()];
        told.into_iter().all(|empty| empty) && self.requestable.iter().all(nobody)
    }

    /// How many attributes loosen.
    #[must_use]
    pub fn loosenings(&self) -> usize {
        self.meanings.iter().filter(|m| m.verdict == Verdict::Loosens).count()
    }

    /// Distinct people who lose a role.
    #[must_use]
    pub fn losing(&self) -> BTreeSet<&str> {
        self.roles.iter().flat_map(|s| &s.lose).map(|s| s.person.as_str()).collect()
    }

    /// Distinct people who gain a role.
    #[must_use]
    pub fn gaining(&self) -> BTreeSet<&str> {
        self.roles.iter().flat_map(|s| &s.gain).map(|s| s.person.as_str()).collect()
    }
}

/// What is known before a plan is applied.
pub struct Before<'a> {
    /// The facts as they are, under the names that things have afterwards: what only moves is nobody's loss.
    pub facts: &'a Facts<'a>,
    /// The changes.
    pub changes: &'a [Change],
    /// Who would apply.
    pub actor: &'a Actor,
}

/// Whether a change can do anything to people: one of a description, or that of a name, does not.
#[must_use]
pub fn concerns(change: &Change) -> bool {
    touched::concerns(change)
}

/// Whether what a change does to people can be told only by whoever sees the whole directory, though nobody holds anything by a record.
#[must_use]
pub fn needs_directory(change: &Change) -> bool {
    touched::needs_directory(change)
}

/// Whether anybody holds a package that one of the changes is of, so that they do something to somebody.
#[must_use]
pub fn is_held(facts: &Facts<'_>, changes: &[Change]) -> bool {
    touched::is_held(facts, changes)
}

/// What the changes do to people, given the objects afterwards.
#[must_use]
pub fn measure(before: &Before<'_>, after: &Holdings) -> Impact {
    let Before { facts, changes, actor } = *before;
    let minted = Cell::new(0_usize);
    // What comes to be is never written, so any name will do.
    let mint = || {
        minted.set(minted.get().saturating_add(1));
        format!("planned-{}", minted.get())
    };
    let planned = Facts::new(after, facts.records, facts.now, facts.zone, facts.narrowest_only);
    let mut draft = Draft::new(&planned, &mint);
    let pairs = pairs(facts, &planned, changes);
    let changed: Vec<Changed<'_>> = pairs.iter().map(|(before, after)| Changed { before: *before, after: *after }).collect();
    // What cannot follow is told by the apply; until then it is shown as if nothing followed.
    let followed = (changes.iter().any(touched::is_followed) || touched::is_looked_at_again(after, changes))
        && settle(&mut draft, actor, &changed).is_ok();
    let nothing = Draft::new(&planned, &mint);
    let draft = if followed { draft } else { nothing };
    let afterwards = draft.facts();
    let events = draft.so_far_all();

    let (packages, mut people) = touched::touched(facts, &afterwards, changes, events);
    let held_then = Held::read(facts, &packages, &mut people);
    // Where nothing follows, everybody holds the same packages afterwards, whatever those give. Who is given one is told of already.
    let held_afterwards = (!events.is_empty()).then(|| Held::read(&afterwards, &packages, &mut people));
    let held_now = held_afterwards.as_ref().unwrap_or(&held_then);
    let (then, now) = (Access::new(facts), Access::new(&afterwards));
    let mut alike: HashMap<(Sources, Sources), Moved> = HashMap::default();
    let mut shifts: BTreeMap<Role, Shift> = BTreeMap::new();
    let mut ends = Vec::new();
    for id in &people {
        let (old, new) = (facts.of_id(id), afterwards.of_id(id));
        let name = new.or(old).map_or(id.as_str(), |s| s.object.address.key());
        let (had, has) = (then.sources(id, old, &held_then), now.sources(id, new, held_now));
        let moved = match alike.entry((had, has)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let (had, has) = new.key();
                let moved = Moved::between(&then.holding(had, &held_then), &now.holding(has, held_now));
                new.insert(moved)
            }
        };
        shift(&mut shifts, name, moved);
        if held_afterwards.is_some() {
            ends.extend(moved_ends(&afterwards, (&held_then, held_now), id, name));
        }
    }
    let groups: BTreeSet<Address> = alike.into_values().flat_map(|moved| moved.groups).collect();
    later(&mut shifts, &now, &afterwards, events);
    let mut roles: Vec<Shift> = shifts.into_values().collect();
    for shift in &mut roles {
        [&mut shift.gain, &mut shift.lose, &mut shift.keep].into_iter().for_each(|all| all.sort());
    }
    ends.sort();
    Impact {
        roles,
        ends,
        requestable: reach::reach(facts, &afterwards, changes, &groups),
        waiting: waiting::waiting(facts, &afterwards, changes, events, !people.is_empty()),
        breaches: waiting::breaches(facts, &afterwards, changes, &people),
        control: control::control(facts, &afterwards, changes, events),
        same: waiting::same(facts, &afterwards, changes),
        meanings: meanings(changes),
    }
}

/// The objects that change, as they are and as they will be.
fn pairs<'a>(before: &Facts<'a>, after: &Facts<'a>, changes: &[Change]) -> Vec<(Option<&'a Stored>, Option<&'a Stored>)> {
    let mut pairs = Vec::new();
    for change in changes {
        let old = before.objects.get(&change.address);
        let new = after.objects.get(&change.address).filter(|_| change.action != Action::Delete);
        match change.action {
            Action::Replace => pairs.extend([(old, None), (None, new)]),
            Action::Forget => {}
            // What lives in the store already was there for everybody.
            _ => pairs.push((old, new)),
        }
    }
    pairs
}

/// Whether anybody is given a package, or has it no longer.
fn moves_access(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Given { .. } | Event::Ended { .. }))
}

/// Access to packages that somebody has before and afterwards, until another time.
fn moved_ends(after: &Facts<'_>, (then, now): (&Held, &Held), id: &str, name: &str) -> Vec<Ends> {
    /// The latest end of each package; of one that does not end, nothing.
    fn latest<'h>(held: &'h Held, person: &str) -> BTreeMap<&'h str, Option<DateTime<Utc>>> {
        let mut ends: BTreeMap<&str, Option<DateTime<Utc>>> = BTreeMap::new();
        for holds in held.of(person) {
            let Some(way) = held.way(holds.way) else { continue };
            let end = ends.entry(&way.package).or_insert(holds.end);
            *end = end.zip(holds.end).map(|(a, b)| a.max(b));
        }
        ends
    }
    let (old, new) = (latest(then, id), latest(now, id));
    let moved = new.into_iter().filter_map(|(package, after_end)| {
        let before_end = *old.get(package)?;
        let address = after.package(package)?.0.address.clone();
        (before_end != after_end).then(|| Ends { package: address, person: name.to_owned(), before: before_end, after: after_end })
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Assignment, AssignmentState, Ledger, Named, Record, Request, RequestKind, RequestState, Source, Stage, Terms};
    use crate::kinds::{object_from_json, policy::Policy};
    use crate::model::{Cause, Origin, Zone};
    use crate::reconcile::deltas;
    use serde_json::{Value as Json, json};

    type Things = BTreeMap<&'static str, Json>;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_798_761_600, 0).unwrap()
    }

    fn things(all: &[(&'static str, Json)]) -> Things {
        all.iter().cloned().collect()
    }

    /// Ann and Bo; a package that makes its holders members of a team, and one that the team can ask for.
    fn base() -> Things {
        things(&[
            ("user.\"ann@x.example\"", json!({"department": "Sales"})),
            ("user.\"bo@x.example\"", json!({})),
            ("group.team", json!({"members": []})),
            ("group.all", json!({"members": ["group:team"]})),
            ("catalog.c", json!({})),
            ("catalog.c.resource.team", json!({"origin": "group:team"})),
            ("access_package.a", json!({"catalog": "c", "resource_roles": {"team": ["Member"]}})),
            ("access_package.a.policy.direct", json!({"requestors": "none", "expiration": "never"})),
            ("access_package.b", json!({"catalog": "c"})),
            (
                "access_package.b.policy.team",
                json!({
                    "requestors": ["group:all"], "expiration": "never", "approval": {"approvers": ["group:all"], "timeout": "14d"}
                }),
            ),
        ])
    }

    fn stored(things: &Things) -> Holdings {
        let stored = |(address, json): (&&str, &Json)| Stored {
            object: object_from_json(Address::parse(address).unwrap(), json).unwrap(),
            id: (*address).to_owned(),
            workspace: None,
            version: 1,
            origin: Origin::default(),
        };
        things.iter().map(stored).collect()
    }

    fn named(address: &str) -> Named {
        let name = Address::parse(address).unwrap();
        Named { id: address.to_owned(), name: if name.kind() == "user" { name.key().to_owned() } else { address.to_owned() } }
    }

    fn held(person: &str, package: &str, policy: &str, source: Source) -> Record {
        Record::Assignment(Box::new(Assignment {
            id: format!("{person} {package}"),
            package: named(package),
            policy: named(policy),
            target: named(person),
            source,
            start: now(),
            end: None,
            extensible: false,
            state: AssignmentState::Delivered,
            reminded: 0,
            grace: None,
            ended: None,
            cause: None,
        }))
    }

    /// Somebody has asked for the second package.
    fn asked(person: &str, objects: &Holdings) -> Record {
        let policy = objects.get(&Address::parse("access_package.b.policy.team").unwrap()).unwrap();
        let none = Ledger::default();
        let terms = Terms::of(&Facts::new(objects, &none, now(), Zone::UTC, false), Policy::of(&policy.object).unwrap(), true);
        let (what, who) = ((named("access_package.b"), named("access_package.b.policy.team")), (named(person), named(person)));
        let stage = Stage { number: 1, began: now(), deadline: now(), escalates: None, escalated: false, reminds: None };
        let request = Request::new(format!("{person} asks"), RequestKind::Add, what, who, now(), terms);
        Record::Request(Box::new(Request { stage: Some(stage), state: RequestState::PendingApproval, ..request }))
    }

    /// What it does to make the one the other.
    fn impact(before: &Things, after: &Things, records: Vec<Record>) -> Impact {
        let (old, new) = (stored(before), stored(after));
        let ledger = Ledger(records.into_iter().map(|r| ((r.family(), r.id().to_owned()), r)).collect());
        let mut changes = Vec::new();
        for address in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let address = Address::parse(address).unwrap();
            let side = |all: &Holdings| all.get(&address).map(|s| s.object.clone());
            let (before, after) = (side(&old), side(&new));
            let (action, deltas) = match (&before, &after) {
                (Some(before), Some(after)) if before.attributes == after.attributes => continue,
                (Some(before), Some(after)) => (Action::Update, deltas(&before.attributes, &after.attributes)),
                (Some(_), None) => (Action::Delete, Vec::new()),
                (None, _) => (Action::Create, Vec::new()),
            };
            let cause = Cause { at: crate::diag::Span::NONE, place: None, stood: Vec::new(), template: None };
            let (previous, replaced_by, import_id, origin) = (None, Vec::new(), None, Origin::default());
            changes.push(Change { address, previous, action, before, after, deltas, replaced_by, cause, import_id, origin });
        }
        let facts = Facts::new(&old, &ledger, now(), Zone::UTC, false);
        let actor = Actor::Operator("operator:o@h".to_owned());
        measure(&Before { facts: &facts, changes: &changes, actor: &actor }, &new)
    }

    const ANN: &str = "user.\"ann@x.example\"";
    const BO: &str = "user.\"bo@x.example\"";

    fn direct(person: &str) -> Record {
        held(person, "access_package.a", "access_package.a.policy.direct", Source::Direct("o".to_owned()))
    }

    #[test]
    fn who_may_ask_and_decide_changes_with_what_packages_give_of_groups() {
        let before = base();
        let mut after = base();
        after.insert("access_package.a", json!({"catalog": "c"}));
        after.remove("catalog.c.resource.team");
        let told = impact(&before, &after, vec![direct(ANN), asked(BO, &stored(&before))]);
        let told_of = |reach: &Reach| (reach.package.to_string(), reach.lose.clone());
        assert_eq!(
            told.requestable.iter().map(told_of).collect::<Vec<_>>(),
            [("access_package.b".to_owned(), vec!["ann@x.example".to_owned()])]
        );
        assert_eq!(told.waiting.iter().map(|w| (w.person.as_str(), w.closed.as_deref())).collect::<Vec<_>>(), [("bo@x.example", None)]);
    }

    #[test]
    fn who_is_blocked_can_request_nothing() {
        let mut before = base();
        before.insert("access_package.b.policy.team", json!({"requestors": "all_members", "expiration": "never", "approval": "none"}));
        let mut after = before.clone();
        after.insert(BO, json!({"enabled": false}));
        let told = impact(&before, &after, Vec::new());
        assert_eq!(told.requestable.iter().map(|r| r.lose.clone()).collect::<Vec<_>>(), [["bo@x.example"]]);
    }

    #[test]
    fn a_delegation_follows_the_group_that_a_package_gives() {
        let mut before = base();
        before.insert("delegation.d", json!({"role": "administrator", "members": ["group:all"]}));
        before.insert("access_package.a.assignment.one", json!({"policy": "direct", "users": ["ann@x.example"]}));
        let mut after = before.clone();
        after.remove("access_package.a.assignment.one");
        let given =
            held(ANN, "access_package.a", "access_package.a.policy.direct", Source::Declared("access_package.a.assignment.one".to_owned()));
        let told = impact(&before, &after, vec![given]);
        assert_eq!(told.control.iter().map(|c| c.lose.clone()).collect::<Vec<_>>(), [["ann@x.example"]]);
    }

    #[test]
    fn a_breach_appears_with_a_membership_too() {
        let mut before = base();
        before.insert("access_package.b", json!({"catalog": "c", "incompatible_with": ["group:team"]}));
        let mut after = before.clone();
        after.insert("group.team", json!({"members": ["bo@x.example"]}));
        let holds = |person| held(person, "access_package.b", "access_package.b.policy.team", Source::Direct("o".to_owned()));
        let told = impact(&before, &after, vec![holds(BO), holds(ANN), direct(ANN)]);
        assert_eq!(told.breaches.iter().map(|b| b.person.as_str()).collect::<Vec<_>>(), ["bo@x.example"]);
    }

    #[test]
    fn of_several_graces_the_last_takes_a_role_and_a_later_start_gives_the_groups_around_it() {
        let automatic = |grace: &str| json!({"expiration": "never", "automatic": {"rule": "user.department == 'Sales'", "grace": grace, "add": true, "remove": true}});
        let mut before = base();
        before.insert("access_package.a.policy.direct", automatic("2d"));
        before.insert("access_package.b", json!({"catalog": "c", "resource_roles": {"team": ["Member"]}}));
        before.insert("access_package.b.policy.team", automatic("7d"));
        let mut after = before.clone();
        after.insert(ANN, json!({"department": "Legal"}));
        let given = |package: &str, policy: &str| held(ANN, package, policy, Source::Automatic);
        let both =
            vec![given("access_package.a", "access_package.a.policy.direct"), given("access_package.b", "access_package.b.policy.team")];
        let later = impact(&before, &after, both);
        let from = |shift: &Shift| (shift.key.clone(), shift.lose.iter().map(|s| (now() - s.from.unwrap()).num_days()).collect::<Vec<_>>());
        let groups: Vec<(String, Vec<i64>)> = later.roles.iter().map(from).collect();
        assert_eq!(groups, [("all".to_owned(), vec![-7]), ("team".to_owned(), vec![-7])]);

        let mut after = base();
        let users = json!({"policy": "direct", "users": ["bo@x.example"], "start": "2027-03-01"});
        after.insert("access_package.a.assignment.one", users);
        let told = impact(&base(), &after, Vec::new());
        let gain = |shift: &Shift| (shift.key.clone(), shift.gain.iter().filter(|s| s.from.is_some()).count());
        assert_eq!(told.roles.iter().map(gain).collect::<Vec<_>>(), [("all".to_owned(), 1), ("team".to_owned(), 1)]);
    }

    #[test]
    fn what_is_closed_or_given_by_the_plan_does_not_stay_the_same() {
        let before = base();
        let mut after = base();
        after.remove(BO);
        after.insert("access_package.b.policy.team", json!({"requestors": ["group:all"], "expiration": "30d", "approval": "none"}));
        let ann = held(ANN, "access_package.b", "access_package.b.policy.team", Source::Direct("o".to_owned()));
        let told = impact(&before, &after, vec![ann, asked(BO, &stored(&before))]);
        assert_eq!(told.same.iter().map(|s| (s.running, s.pending)).collect::<Vec<_>>(), [(1, 0)]);
        assert_eq!(told.waiting.iter().filter(|w| w.closed.is_some()).count(), 1);
    }
}
