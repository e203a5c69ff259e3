//! What other systems have to be told, once more as the rules say it: sections 2.1 and 2.2 of the field's rules, Q12 to Q17.
//!
//! In: what is given and ended, and what came of tries. Out: who is to be in which group over there, and where assignments and their
//! requests stand by that. Like `naive.rs`, none of it was taken from the engine.

use super::naive::{Against, By, Kind, Naive, State};
use super::world::{DAY, Gives, Id, Minute, OVER};

/// Tries until people have to look: several hours, with the waits of [`wait`].
pub const TRIES: u32 = 10;

/// How long to wait after a try in vain that had so many before it.
pub fn wait(before: u32) -> Minute {
    (1 << before.min(9)).min(360)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Waiting,
    Done,
    Failed,
}

/// Somebody is to be in a group of another system, or out of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    pub user: Id,
    /// A place in [`OVER`].
    pub over: usize,
    pub held: bool,
    pub stands: Stands,
    pub tries: u32,
    /// When it is tried next, or when it failed.
    pub due: Minute,
    /// Nobody refused it: the other system was away until the last try.
    pub outwaited: bool,
}

/// What comes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It may do another time.
    Away,
    Refused,
}

impl Naive {
    fn gives_over(&self, package: Id, over: usize) -> bool {
        !self.world.packages[package].gone && self.world.packages[package].gives.contains(&Gives::Over(over))
    }

    pub fn is_elsewhere(&self, package: Id) -> bool {
        (0..OVER.len()).any(|over| self.gives_over(package, over))
    }

    pub fn send_of(&self, user: Id, over: usize) -> Option<&Send> {
        self.sends.iter().find(|s| s.user == user && s.over == over)
    }

    /// Those of whom something was given or ended, and who hold a package that gives other roles, are looked at again.
    pub fn conclude(&mut self, changed: &[Id]) {
        for (id, user) in self.assignments.iter().enumerate().map(|(id, a)| (id, a.target)).collect::<Vec<_>>() {
            if changed.contains(&self.assignments[id].package) && self.is_live(&self.assignments[id]) {
                self.touched.push(user);
            }
        }
        for user in 0..self.world.users.len() {
            if self.touched.contains(&user) {
                self.tell(user);
                self.stand(user);
            }
        }
        self.touched.clear();
    }

    /// In what another live assignment gives somebody stays, and out of the rest they go (R111); who is to be in is told so once.
    fn tell(&mut self, user: Id) {
        for over in 0..OVER.len() {
            let gives = |a: &&super::naive::Assignment| a.target == user && self.is_live(a) && self.gives_over(a.package, over);
            let held = self.assignments.iter().any(|a| gives(&a));
            if held != self.send_of(user, over).is_some_and(|s| s.held) {
                self.want(user, over, held);
            }
        }
    }

    fn want(&mut self, user: Id, over: usize, held: bool) {
        self.sends.retain(|s| !(s.user == user && s.over == over));
        self.sends.push(Send { user, over, held, stands: Stands::Waiting, tries: 0, due: self.now, outwaited: false });
    }

    /// Section 2.2: all there, some, or none. What is kept here only is there at once.
    fn stand(&mut self, user: Id) {
        for id in 0..self.assignments.len() {
            let assignment = self.assignments[id].clone();
            if assignment.target != user || !self.is_live(&assignment) {
                continue;
            }
            let package = assignment.package;
            let sends: Vec<Send> = (0..OVER.len())
                .filter(|over| self.gives_over(package, *over))
                .filter_map(|over| self.send_of(user, over).filter(|s| s.held).cloned())
                .collect();
            let count = |stands| sends.iter().filter(|s| s.stands == stands).count();
            let here = self.world.packages[package].gives.iter().any(|g| !matches!(g, Gives::Over(_)));
            let state = if count(Stands::Waiting) > 0 {
                State::Delivering
            } else if count(Stands::Failed) == 0 {
                State::Delivered
            } else if here || count(Stands::Done) > 0 {
                State::Partly
            } else {
                State::Failed
            };
            self.assignments[id].stands = state;
            let outwaited = sends.iter().any(|s| s.stands == Stands::Failed && s.outwaited);
            let of_it = |r: &super::naive::Request| r.assignment == Some(id) && matches!(r.kind, Kind::Add | Kind::AdminAdd);
            let Some(request) = self.requests.iter().position(|r| of_it(r) && !r.purged) else { continue };
            let before = self.requests[request].state;
            // What was given once was given, whatever becomes of it later.
            if !matches!(before, State::Delivering | State::Partly | State::Failed) {
                continue;
            }
            self.requests[request].state = state;
            if before == State::Delivering {
                match state {
                    State::Delivered => self.edges[13] += 1,
                    State::Partly => self.edges[14] += 1,
                    State::Failed => self.edges[15] += 1,
                    _ => {}
                }
                self.edges[17] += u64::from(state != State::Delivering && outwaited);
            }
        }
    }

    /// What came of a try counts if that is what waits still.
    pub fn tried(&mut self, tried: &Send, outcome: Outcome) {
        let now = self.now;
        let same = |s: &&mut Send| s.user == tried.user && s.over == tried.over;
        let Some(send) = self.sends.iter_mut().find(same) else { return };
        if send.stands != Stands::Waiting || send.held != tried.held || send.tries != tried.tries {
            return;
        }
        send.tries += 1;
        match outcome {
            Outcome::Done => send.stands = Stands::Done,
            Outcome::Away if send.tries < TRIES => send.due = now + wait(tried.tries),
            Outcome::Away => (send.stands, send.due, send.outwaited) = (Stands::Failed, now, true),
            Outcome::Refused => (send.stands, send.due) = (Stands::Failed, now),
        }
        self.stand(tried.user);
        self.keep();
    }

    /// Q16, R146: all of it is tried again, from the beginning. Somebody who manages may have that while it is tried by itself, too:
    /// the pages say "at once".
    pub fn reprocess(&mut self, by: By, id: Id) -> Result<(), Against> {
        let Some(assignment) = self.assignments.get(id).cloned() else { return Err(vec!["R56"]) };
        let mut against = Vec::new();
        if !self.is_live(&assignment) {
            against.push("R56");
        }
        if !self.manages(by, assignment.package) {
            against.extend(["R55", "R56", "R57"]);
        }
        if !self.is_elsewhere(assignment.package) {
            against.push("R146");
        }
        if !against.is_empty() {
            return Err(against);
        }
        let of_it = |r: &&super::naive::Request| r.assignment == Some(id) && !r.purged;
        let failed = self.requests.iter().filter(of_it).any(|r| matches!(r.state, State::Partly | State::Failed));
        self.edges[16] += u64::from(failed);
        for over in 0..OVER.len() {
            if self.gives_over(assignment.package, over) {
                self.want(assignment.target, over, true);
            }
        }
        self.stand(assignment.target);
        Ok(())
    }

    /// Q16, R143: what of a request failed is tried again, within seven days after it did.
    pub fn again(&mut self, by: By, id: Id) -> Result<(), Against> {
        let Some(request) = self.requests.get(id).filter(|r| !r.purged).cloned() else { return Err(vec!["R143"]) };
        let mut against = Vec::new();
        if self.world.packages[request.package].gone || !matches!(request.state, State::Partly | State::Failed) {
            against.push("R143");
        }
        if !self.manages(by, request.package) {
            against.extend(["R55", "R56", "R57", "R143"]);
        }
        let Some(assignment) = request.assignment.filter(|a| self.is_live(&self.assignments[*a])) else {
            against.push("R143");
            return Err(against);
        };
        let failed = |over: &usize| {
            let send = self.send_of(request.target, *over);
            self.gives_over(self.assignments[assignment].package, *over) && send.is_some_and(|s| s.held && s.stands == Stands::Failed)
        };
        let failed: Vec<usize> = (0..OVER.len()).filter(failed).collect();
        let last = failed.iter().filter_map(|over| self.send_of(request.target, *over)).map(|s| s.due).max();
        if last.is_some_and(|at| at + 7 * DAY <= self.now) {
            against.push("R143");
        }
        if !against.is_empty() {
            return Err(against);
        }
        self.edges[16] += 1;
        failed.into_iter().for_each(|over| self.want(request.target, over, true));
        self.stand(request.target);
        Ok(())
    }
}
