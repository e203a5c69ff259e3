//! What files mean for the lifecycle, once more as the rules say it: declared assignments, automatic policies, what vanishes.
//!
//! In: the world before and after an apply. Out: what is so then. Like `naive.rs`, none of it was taken from the engine.

use super::naive::{Cause, Kind, Naive, Request, Source, State};
use super::world::{Auto, Edit, Id, Policy, Scope, User, World};
use writ::model::Address;

impl Auto {
    pub fn takes(self, user: &User) -> bool {
        // Nobody says of what department somebody is who came in by an approval.
        let of = |department| user.ours && user.department == department;
        user.known && self.department.is_none_or(of) && (user.enabled || !self.enabled)
    }
}

impl Naive {
    /// The files change, and are applied.
    pub fn change(&mut self, edit: &Edit) -> Vec<Address> {
        let before = self.world.clone();
        let addresses = self.world.change(edit);
        // What means nothing to anybody is followed by nothing.
        if self.world.differs(&before) {
            self.follow(&before);
        }
        if let Edit::Gives(package, _) = edit {
            self.conclude(&[*package]);
        }
        self.keep();
        addresses
    }

    /// What follows from files that were others before. First everything ends that has to, then is given what is new; a guest who
    /// lost the last assignment is one who has none after all of it.
    pub fn follow(&mut self, before: &World) {
        let mut losers = self.vanished(before);
        losers.extend(self.undeclared(before));
        let mut declared: Vec<Id> = (0..self.world.declared.len()).collect();
        declared.sort_by_key(|id| self.world.declared[*id].package);
        for id in declared {
            for user in 0..self.world.users.len() {
                if listed(&self.world, id, user) && !was_listed(before, &self.world, id, user) {
                    self.declare(id, user);
                }
            }
        }
        for policy in 0..self.world.policies.len() {
            losers.extend(self.let_go(policy));
        }
        for policy in 0..self.world.policies.len() {
            self.take_in(policy);
        }
        for user in losers {
            self.lose(user);
        }
        self.conclude(&[]);
    }

    /// R63, R147: what hung on something that is gone ends.
    fn vanished(&mut self, before: &World) -> Vec<Id> {
        let mut losers = Vec::new();
        let left = |u: Id| self.world.users[u].gone && !before.users[u].gone;
        let users: Vec<Id> = (0..self.world.users.len()).filter(|u| left(*u)).collect();
        let policies: Vec<Id> = (0..before.policies.len()).filter(|p| self.world.policies[*p].gone && !before.policies[*p].gone).collect();
        for id in 0..self.requests.len() {
            let request = &self.requests[id];
            if matches!(request.state, State::Pending | State::Scheduled | State::Delivering)
                && (users.contains(&request.target) || policies.contains(&request.policy))
            {
                losers.push(request.target);
                self.requests[id].state = State::Canceled;
                self.requests[id].turn = None;
            }
        }
        for id in 0..self.assignments.len() {
            let assignment = &self.assignments[id];
            let person = users.contains(&assignment.target);
            if assignment.over.is_none() && (person || policies.contains(&assignment.policy)) {
                losers.push(assignment.target);
                self.close(id, if person { Cause::PersonGone } else { Cause::PackageGone });
            }
        }
        losers
    }

    /// What files do not give any more ends, given or still to come.
    fn undeclared(&mut self, before: &World) -> Vec<Id> {
        let mut losers = Vec::new();
        for id in 0..before.declared.len() {
            let version = before.declared[id].version;
            for user in before.declared[id].users.clone() {
                let same = self.world.declared[id].version == version;
                if !listed(before, id, user) || same && listed(&self.world, id, user) {
                    continue;
                }
                for request in &mut self.requests {
                    let waits = matches!(request.state, State::Pending | State::Scheduled | State::Delivering);
                    if request.declared == Some((id, version)) && request.target == user && waits {
                        request.state = State::Canceled;
                        losers.push(user);
                    }
                }
                for assignment in 0..self.assignments.len() {
                    let found = &self.assignments[assignment];
                    if found.source == Source::Declared(id, version) && found.target == user && found.over.is_none() {
                        losers.push(user);
                        self.close(assignment, Cause::Undeclared);
                    }
                }
            }
        }
        losers
    }

    /// Given once: not again what something else than the files took away, unless its dates or its key are others. Its apply is its
    /// approval.
    fn declare(&mut self, id: Id, user: Id) {
        let declared = self.world.declared[id].clone();
        let source = Source::Declared(id, declared.version);
        let spent =
            |a: &super::naive::Assignment| a.source == source && a.target == user && a.over.is_some_and(|o| o.1 != Cause::Undeclared);
        if self.assignments.iter().any(spent) {
            return;
        }
        let Policy { package, ends, extension, .. } = self.world.policies[declared.policy];
        let start = declared.start.filter(|start| *start > self.now);
        let from = start.unwrap_or(self.now);
        if declared.end.is_some_and(|end| end <= self.now) || self.ceiling(ends, from).is_some_and(|c| c <= self.now) {
            return;
        }
        self.edges[3] += 1;
        self.requests.push(Request {
            kind: Kind::AdminAdd,
            package,
            policy: declared.policy,
            target: user,
            requestor: super::naive::By::Operator,
            state: State::Pending,
            start,
            end: declared.end,
            ends,
            extension,
            stages: Vec::new(),
            turn: None,
            decided_by: Vec::new(),
            assignment: None,
            declared: Some((id, declared.version)),
            submitted: self.now,
            completed: None,
            kept: None,
            purged: false,
        });
        let request = self.requests.len() - 1;
        if self.holds(package, user) || !self.incompatible(package, user).is_empty() {
            self.requests[request].state = State::Canceled;
            return;
        }
        self.edges[5] += 1;
        self.approved(request);
    }

    /// R134 to R136: whom the rule takes in has it.
    fn take_in(&mut self, id: Id) {
        let policy = self.world.policies[id].clone();
        let Scope::Automatic(auto) = policy.scope else { return };
        if policy.gone || !policy.enabled || !auto.adds {
            return;
        }
        for user in 0..self.world.users.len() {
            let end = self.ceiling(policy.ends, self.now);
            let blocked = self.guests.iter().any(|g| g.user == user && g.stands == super::naive::Stands::Blocked);
            if auto.takes(&self.world.users[user])
                && !self.holds(policy.package, user)
                && !blocked
                && self.incompatible(policy.package, user).is_empty()
                && end.is_none_or(|end| end > self.now)
            {
                self.put(policy.package, id, user, end, Source::Automatic);
            }
        }
    }

    /// Whom the rule does not take in goes after the grace.
    fn let_go(&mut self, id: Id) -> Vec<Id> {
        let mut losers = Vec::new();
        let policy = self.world.policies[id].clone();
        let Scope::Automatic(auto) = policy.scope else { return losers };
        if policy.gone || !policy.enabled {
            return losers;
        }
        for user in 0..self.world.users.len() {
            if !self.world.users[user].known {
                continue;
            }
            let takes = auto.takes(&self.world.users[user]);
            let live = |a: &super::naive::Assignment| a.target == user && a.package == policy.package && self.is_live(a);
            let held = self.assignments.iter().position(live);
            match held {
                // What another rule gave before, this one keeps, and does not take.
                Some(held) if self.assignments[held].source == Source::Automatic => {
                    let runs = self.assignments[held].grace.is_some();
                    if takes || !auto.removes {
                        self.assignments[held].grace = None;
                    } else if self.assignments[held].policy == id && !runs && auto.grace == 0 {
                        losers.push(user);
                        self.edges[20] += 1;
                        self.close(held, Cause::Rule);
                    } else if self.assignments[held].policy == id && !runs {
                        self.assignments[held].grace = Some(self.now + auto.grace);
                    }
                }
                _ => {}
            }
        }
        losers
    }
}

/// Whether files list somebody in a declared assignment.
pub fn listed(world: &World, id: Id, user: Id) -> bool {
    world.declared.get(id).is_some_and(|d| d.there && d.users.contains(&user))
}

fn was_listed(before: &World, now: &World, id: Id, user: Id) -> bool {
    listed(before, id, user) && before.declared[id].version == now.declared[id].version
}
