//! The lifecycle once more, as the rules say it and as plainly as it can be said: lists, and loops over them.
//!
//! In: a [`World`], and what somebody does or when it is. Out: what is so afterwards, or every rule that stands against it. Nothing of
//! it was taken from the engine; where a comment names a rule, the rule is why it is so. Where the rules leave a choice, the comment
//! says which one was made. Past 400 lines, since it is every rule of the lifecycle in one piece.

use super::sends::Send;
use super::world::{DAY, Ends, Extension, Gives, Id, Lost, Minute, Policy, Question, Scope, Stage, Who, World, is_outside};

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Operator,
    User(Id),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    pub package: Id,
    pub policy: Option<Id>,
    pub target: Option<Id>,
    pub reason: bool,
    pub answers: Vec<(&'static str, Vec<&'static str>)>,
    pub start: Option<Minute>,
    pub end: Option<Minute>,
}

/// What somebody does.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    Request(Want),
    Assign(Want),
    Decide {
        request: Id,
        yes: bool,
        reason: bool,
    },
    Cancel {
        request: Id,
    },
    Extend {
        assignment: Id,
        end: Option<Minute>,
        reason: bool,
    },
    Reschedule {
        assignment: Id,
        end: Minute,
    },
    Remove {
        assignment: Id,
    },
    Reprocess {
        assignment: Id,
    },
    /// The same, of what of a request failed.
    Again {
        request: Id,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Add,
    AdminAdd,
    Extend,
    Remove,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Pending,
    Scheduled,
    Delivering,
    Delivered,
    Partly,
    Failed,
    Denied,
    TimedOut,
    Canceled,
}

/// The stage that somebody has to decide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    pub number: usize,
    pub deadline: Minute,
    pub escalates: Option<Minute>,
    pub escalated: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub kind: Kind,
    pub package: Id,
    pub policy: Id,
    pub target: Id,
    pub requestor: By,
    pub state: State,
    pub start: Option<Minute>,
    pub end: Option<Minute>,
    /// The terms of the policy when it was asked (R31): later changes of the policy are not for it.
    pub ends: Ends,
    pub extension: Extension,
    pub stages: Vec<Stage>,
    pub turn: Option<Turn>,
    pub decided_by: Vec<Id>,
    pub assignment: Option<Id>,
    /// The declared assignment that asks, and which of its lives.
    pub declared: Option<(Id, usize)>,
    pub submitted: Minute,
    pub completed: Option<Minute>,
    /// When it is looked at again, since what it gave was held still when its time came.
    pub kept: Option<Minute>,
    /// The record was taken away.
    pub purged: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Expired,
    GivenUp,
    Removed,
    Rule,
    Undeclared,
    PackageGone,
    PersonGone,
}

/// Where an assignment came from, as far as it matters later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Asked,
    Declared(Id, usize),
    Automatic,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    pub package: Id,
    pub policy: Id,
    pub target: Id,
    pub start: Minute,
    pub end: Option<Minute>,
    pub over: Option<(Minute, Cause)>,
    pub source: Source,
    /// When it goes, since its rule does not match any more.
    pub grace: Option<Minute>,
    /// One of the four that something given can be in.
    pub stands: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    Active,
    Blocked,
    Deleted,
}

/// Somebody from outside whom an approval brought in.
#[derive(Debug, Clone, PartialEq)]
pub struct Guest {
    pub user: Id,
    pub stands: Stands,
    pub deletes: Option<Minute>,
}

/// How often each edge of section 2.1 was taken; the place is the number.
pub type Edges = [u64; 21];

/// Every rule that stands against what was asked.
pub type Against = Vec<&'static str>;

#[derive(Debug, Clone)]
pub struct Naive {
    pub world: World,
    pub now: Minute,
    pub requests: Vec<Request>,
    pub assignments: Vec<Assignment>,
    pub guests: Vec<Guest>,
    pub sends: Vec<Send>,
    pub edges: Edges,
    /// Of whom something was given or ended, and who is to be told elsewhere.
    pub touched: Vec<Id>,
}

impl Naive {
    pub fn new(world: World) -> Naive {
        let nothing = World { users: world.users.clone(), ..World::default() };
        let mut naive = Naive {
            world,
            now: 0,
            requests: Vec::new(),
            assignments: Vec::new(),
            guests: Vec::new(),
            sends: Vec::new(),
            edges: [0; 21],
            touched: Vec::new(),
        };
        naive.follow(&nothing);
        naive.keep();
        naive
    }

    /// Does it, or says what stands against it; then nothing is done.
    pub fn act(&mut self, by: By, act: &Act) -> Result<(), Against> {
        let done = self.does(by, act);
        self.conclude(&[]);
        self.keep();
        done
    }

    /// Of those that have just ended it is noted when.
    pub fn keep(&mut self) {
        let over = |state| matches!(state, State::Delivered | State::Denied | State::TimedOut | State::Canceled);
        for request in self.requests.iter_mut().filter(|r| r.completed.is_none() && over(r.state)) {
            request.completed = Some(self.now);
        }
    }

    /// A request is kept three months after it is over (2.6, Q18). One whose delivery failed never came to an end: it counts from when
    /// it was asked.
    pub fn looked_at(&self, request: &Request) -> Option<Minute> {
        let over = !request.purged && !self.is_open(request);
        let first = request.completed.unwrap_or(request.submitted) + 90 * DAY;
        over.then(|| request.kept.unwrap_or(first))
    }

    /// The time of a request has come: it goes, but stays while what somebody asked for is held.
    fn forget(&mut self, id: Id) {
        let request = &self.requests[id];
        let held = request.assignment.map(|a| &self.assignments[a]).filter(|a| a.over.is_none_or(|(at, _)| at > self.now));
        match (request.kind, held) {
            (Kind::Add | Kind::Extend, Some(held)) => {
                let year = self.now + 365 * DAY;
                self.requests[id].kept = Some(held.end.map_or(year, |end| end.min(year)) + 90 * DAY);
            }
            _ => {
                self.edges[18] += 1;
                self.requests[id].purged = true;
            }
        }
    }

    fn does(&mut self, by: By, act: &Act) -> Result<(), Against> {
        match act {
            Act::Request(want) => self.request(by, want),
            Act::Assign(want) => self.assign(by, want),
            Act::Decide { request, yes, reason } => self.decide(by, *request, *yes, *reason),
            Act::Cancel { request } => self.cancel(by, *request),
            Act::Extend { assignment, end, reason } => self.extend(by, *assignment, *end, *reason),
            Act::Reschedule { assignment, end } => self.reschedule(by, *assignment, *end),
            Act::Remove { assignment } => self.remove(by, *assignment),
            Act::Reprocess { assignment } => self.reprocess(by, *assignment),
            Act::Again { request } => self.again(by, *request),
        }
    }

    // Who somebody is.

    /// Not a member of the directory.
    pub fn is_outside(&self, user: Id) -> bool {
        !self.world.users[user].known || self.world.users[user].guest
    }

    /// Who is not in the directory signs in at home.
    pub fn signs_in(&self, user: Id) -> bool {
        !self.world.users[user].known || self.world.users[user].enabled
    }

    pub fn signs_in_here(&self, user: Id) -> bool {
        self.world.users[user].known && self.world.users[user].enabled
    }

    /// The one that the directory names, else that of the mail's domain; members belong to none.
    pub fn organization(&self, user: Id) -> Option<Id> {
        if !self.is_outside(user) {
            return None;
        }
        if let Some(named) = self.world.users[user].organization {
            return Some(named);
        }
        for (id, organization) in self.world.organizations.iter().enumerate() {
            if organization.domains.contains(&self.world.users[user].domain) {
                return Some(id);
            }
        }
        None
    }

    /// Declared, or delivered by a package, directly or through groups in the group.
    pub fn is_member(&self, user: Id, group: Id) -> bool {
        if !self.world.users[user].known {
            return false;
        }
        if self.world.groups[group].users.contains(&user) {
            return true;
        }
        for assignment in &self.assignments {
            let gives = &self.world.packages[assignment.package].gives;
            if assignment.target == user && self.is_live(assignment) && gives.contains(&Gives::Group(group, "Member")) {
                return true;
            }
        }
        self.world.groups[group].groups.iter().any(|g| self.is_member(user, *g))
    }

    fn is_listed(&self, user: Id, all: &[Who]) -> bool {
        for who in all {
            match who {
                Who::User(u) if *u == user && self.world.users[user].known => return true,
                Who::Group(g) if self.is_member(user, *g) => return true,
                _ => {}
            }
        }
        false
    }

    pub fn manager(&self, user: Id) -> Option<Id> {
        if self.world.users[user].known { self.world.users[user].manager } else { None }
    }

    /// Whether they manage the assignments of a package (section 3.1).
    pub fn manages(&self, by: By, package: Id) -> bool {
        let By::User(user) = by else { return true };
        if !self.signs_in_here(user) {
            return false;
        }
        for delegation in &self.world.delegations {
            let here = match delegation.role {
                "administrator" => delegation.catalog.is_none(),
                "catalog_owner" | "access_package_manager" | "assignment_manager" => {
                    delegation.catalog == Some(self.world.packages[package].catalog)
                }
                _ => false,
            };
            if here && self.is_listed(user, &delegation.members) {
                return true;
            }
        }
        false
    }

    // What admits whom.

    /// Ends are exclusive: at its end it is over.
    pub fn is_live(&self, assignment: &Assignment) -> bool {
        assignment.over.is_none() && assignment.end.is_none_or(|end| end > self.now)
    }

    pub fn is_open(&self, request: &Request) -> bool {
        matches!(request.state, State::Pending | State::Scheduled | State::Delivering)
    }

    /// Whether the population of a policy has somebody.
    pub fn admits(&self, policy: &Policy, user: Id) -> bool {
        let known = self.world.users[user].known;
        match &policy.scope {
            Scope::Nobody | Scope::Automatic(_) => false,
            Scope::Listed(all) => self.is_listed(user, all),
            Scope::Members => known && !self.is_outside(user),
            Scope::Directory => known,
            Scope::Organizations(all) => self.organization(user).is_some_and(|o| all.contains(&o)),
            Scope::Configured => self.organization(user).is_some_and(|o| !self.world.organizations[o].proposed),
            Scope::Outside => self.is_outside(user),
        }
    }

    /// Section 1.7: 1 is the narrowest.
    fn class(policy: &Policy) -> usize {
        match policy.scope {
            Scope::Listed(_) | Scope::Organizations(_) => 1,
            Scope::Members => 2,
            Scope::Directory => 3,
            _ => 4,
        }
    }

    /// Those that somebody may ask through, by scope alone.
    fn candidates(&self, package: Id, user: Id) -> Vec<Id> {
        let mut all = Vec::new();
        for (id, policy) in self.world.policies.iter().enumerate() {
            if policy.package == package && !policy.gone && policy.enabled && self.admits(policy, user) {
                all.push(id);
            }
        }
        if self.world.narrowest {
            let best = all.iter().map(|id| Naive::class(&self.world.policies[*id])).min();
            all.retain(|id| Some(Naive::class(&self.world.policies[*id])) == best);
        }
        all
    }

    /// The list of domains beats every policy (R149).
    fn is_forbidden(&self, user: Id) -> bool {
        let domain = self.world.users[user].domain;
        self.is_outside(user)
            && (self.world.blocked.iter().any(|d| covers(*d, domain))
                || self.world.allowed.as_ref().is_some_and(|all| !all.iter().any(|d| covers(*d, domain))))
    }

    /// V1, V2, V6, V7 of section 3.4.
    fn shut(&self, package: Id, user: Id) -> Against {
        let mut against = Vec::new();
        let catalog = &self.world.catalogs[self.world.packages[package].catalog];
        if !catalog.enabled {
            against.push("R103");
        }
        if !self.signs_in(user) {
            against.push(if self.is_outside(user) { "R154" } else { "V6" });
        }
        if self.is_outside(user) && !catalog.external {
            against.push("R104");
        }
        if self.is_forbidden(user) {
            against.push("R149");
        }
        against
    }

    /// What somebody holds, and of which group they are, that the package does not go with (R137, R138, R140).
    pub fn incompatible(&self, package: Id, user: Id) -> Against {
        let mut against = Vec::new();
        for assignment in &self.assignments {
            if assignment.target == user
                && self.is_live(assignment)
                && self.world.packages[package].not_with_packages.contains(&assignment.package)
            {
                against.push("R137");
            }
        }
        if self.world.packages[package].not_with_groups.iter().any(|g| self.is_member(user, *g)) {
            against.push("R140");
        }
        against
    }

    /// More than R137 says: what is only asked for, and may be given yet, counts too.
    fn asked_for_incompatible(&self, package: Id, user: Id) -> Against {
        let not_with = &self.world.packages[package].not_with_packages;
        let asked = self.requests.iter().any(|r| r.target == user && self.is_open(r) && not_with.contains(&r.package));
        if asked { vec!["R137"] } else { Vec::new() }
    }

    pub fn holds(&self, package: Id, user: Id) -> bool {
        self.assignments.iter().any(|a| a.package == package && a.target == user && self.is_live(a))
    }

    fn has_asked(&self, package: Id, user: Id) -> bool {
        self.requests.iter().any(|r| r.package == package && r.target == user && self.is_open(r))
    }

    // When it ends.

    pub fn ceiling(&self, ends: Ends, from: Minute) -> Option<Minute> {
        match ends {
            Ends::Never => None,
            Ends::After(minutes) => Some(from + minutes),
            Ends::Date(id) => Some(self.world.date(id)),
        }
    }

    // Who decides.

    fn resolve(&self, all: &[Who], target: Id) -> Vec<Id> {
        let mut people = Vec::new();
        for user in 0..self.world.users.len() {
            for who in all {
                let is = match who {
                    Who::User(u) => *u == user,
                    Who::Group(g) => self.is_member(user, *g),
                    Who::Manager => self.manager(target) == Some(user),
                    // A manager who cannot sign in still has a manager.
                    Who::SecondManager => self.manager(target).and_then(|m| self.manager(m)) == Some(user),
                    Who::InternalSponsors => {
                        self.organization(target).is_some_and(|o| self.is_listed(user, &self.world.organizations[o].internal))
                    }
                    Who::ExternalSponsors => {
                        self.organization(target).is_some_and(|o| self.is_listed(user, &self.world.organizations[o].external))
                    }
                };
                if is && !people.contains(&user) {
                    people.push(user);
                }
            }
        }
        people
    }

    /// Whoever of these can: in the directory, not asking, not asked for (R117), and not having decided before.
    fn able(&self, request: &Request, all: &[Who]) -> Vec<Id> {
        let mut people = self.resolve(all, request.target);
        people.retain(|u| {
            self.signs_in_here(*u) && *u != request.target && request.requestor != By::User(*u) && !request.decided_by.contains(u)
        });
        people
    }

    /// The approvers; where a manager or sponsor is missing, or nobody is left, the fallback too (R118); when escalated, or where still
    /// nobody is left, the alternates too (R121).
    fn eligible(&self, request: &Request, number: usize, escalated: bool) -> Vec<Id> {
        let stage = &request.stages[number - 1];
        let mut people = self.able(request, &stage.approvers);
        let missing =
            stage.approvers.iter().any(|who| !matches!(who, Who::User(_) | Who::Group(_)) && self.able(request, &[*who]).is_empty());
        if missing || people.is_empty() {
            for user in self.able(request, &stage.fallback) {
                if !people.contains(&user) {
                    people.push(user);
                }
            }
        }
        if let Some((_, alternates)) = &stage.escalation
            && (escalated || people.is_empty())
        {
            for user in self.able(request, alternates) {
                if !people.contains(&user) {
                    people.push(user);
                }
            }
        }
        people
    }

    /// Who could decide now.
    pub fn deciders(&self, request: &Request) -> Vec<Id> {
        match request.turn {
            Some(turn) => self.eligible(request, turn.number, turn.escalated || turn.escalates.is_some_and(|at| at <= self.now)),
            None => Vec::new(),
        }
    }

    // What people do.

    /// Answers, start and end: R112, R52, R131.
    fn terms_against(&self, want: &Want, policy: &Policy) -> Against {
        let mut against = Vec::new();
        against.extend(answers_against(policy.question, &want.answers));
        if want.start.is_some_and(|start| start < self.now) {
            against.push("R52");
        }
        let from = want.start.unwrap_or(self.now).max(self.now);
        let ceiling = self.ceiling(policy.ends, from);
        if ceiling.is_some_and(|c| c <= from) {
            against.push("R131");
        }
        if let Some(end) = want.end {
            if end <= from {
                against.push("R52");
            }
            if ceiling.is_some_and(|c| end > c) {
                against.push("R131");
            }
        }
        against
    }

    fn request(&mut self, by: By, want: &Want) -> Result<(), Against> {
        let By::User(actor) = by else { return Err(vec!["R66"]) };
        let user = want.target.unwrap_or(actor);
        let mut against = self.shut(want.package, user);
        if !self.signs_in(actor) {
            against.extend(["V6", "R154", "R167"]);
        }
        let mut candidates = self.candidates(want.package, user);
        if candidates.is_empty() {
            // What somebody may not see is not there.
            against.extend(["R29", "R34", "R35", "R48", "R61"]);
        }
        if user != actor {
            // R167: for a direct report, where the policy lets managers ask.
            if self.manager(user) != Some(actor) {
                against.push("R167");
            }
            candidates.retain(|id| self.world.policies[*id].on_behalf);
            if candidates.is_empty() {
                against.push("R167");
            }
        }
        let chosen = match want.policy {
            Some(named) if candidates.contains(&named) => Some(named),
            Some(_) => {
                against.extend(["R34", "R35", "R48"]);
                None
            }
            None if candidates.len() > 1 => {
                against.push("R33");
                None
            }
            None => candidates.first().copied(),
        };
        if self.holds(want.package, user) || self.has_asked(want.package, user) {
            against.extend(["R68", "C13"]);
        }
        against.extend(self.incompatible(want.package, user));
        against.extend(self.asked_for_incompatible(want.package, user));
        let Some(chosen) = chosen else { return Err(against) };
        let policy = self.world.policies[chosen].clone();
        if policy.reason && !want.reason {
            against.push("R42");
        }
        if !policy.schedule && (want.start.is_some() || want.end.is_some()) {
            against.push("R132");
        }
        against.extend(self.terms_against(want, &policy));
        let stages = if policy.requests { policy.stages.clone() } else { Vec::new() };
        self.submit(against, if user == actor { 1 } else { 2 }, Kind::Add, by, user, chosen, stages, want.start, want.end, None)
    }

    fn assign(&mut self, by: By, want: &Want) -> Result<(), Against> {
        let mut against = Vec::new();
        if !self.manages(by, want.package) {
            against.push("R55");
        }
        if self.world.packages[want.package].gone {
            against.push("R61");
        }
        let Some(user) = want.target else {
            against.push("R50");
            return Err(against);
        };
        let of_package = |id: &Id| self.world.policies[*id].package == want.package && !self.world.policies[*id].gone;
        let scope = |id: &Id| &self.world.policies[*id].scope;
        let assignable: Vec<Id> =
            (0..self.world.policies.len()).filter(of_package).filter(|id| !matches!(scope(id), Scope::Automatic(_))).collect();
        let direct: Vec<Id> = assignable.iter().copied().filter(|id| *scope(id) == Scope::Nobody).collect();
        let chosen = match want.policy {
            Some(named) if assignable.contains(&named) => Some(named),
            // Without a name the only one for direct assignment, else the only one.
            None if direct.len() == 1 => direct.first().copied(),
            None if direct.is_empty() && assignable.len() == 1 => assignable.first().copied(),
            _ => None,
        };
        if self.holds(want.package, user) || self.has_asked(want.package, user) {
            against.extend(["R68", "C13"]);
        }
        against.extend(self.incompatible(want.package, user));
        against.extend(self.asked_for_incompatible(want.package, user));
        if !self.signs_in(user) {
            against.push("R154");
        }
        let Some(chosen) = chosen else {
            against.push("R50");
            if !self.world.users[user].known {
                against.push("R126");
            }
            return Err(against);
        };
        let policy = self.world.policies[chosen].clone();
        if !policy.enabled {
            against.push("R124");
        }
        let outside = is_outside(&policy.scope);
        if outside && !self.admits(&policy, user) || !outside && !self.world.users[user].known {
            against.push("R126");
        }
        // Who is to be invited comes from a domain that is welcome (V7); others are in already.
        if self.is_forbidden(user) && !self.world.users[user].known {
            against.push("R149");
        }
        against.extend(self.terms_against(want, &policy));
        let stages = if policy.requests { policy.stages.clone() } else { Vec::new() };
        self.submit(against, 3, Kind::AdminAdd, by, user, chosen, stages, want.start, want.end, None)
    }

    #[expect(clippy::too_many_arguments, reason = "what a request says")]
    fn submit(
        &mut self,
        mut against: Against,
        edge: usize,
        kind: Kind,
        requestor: By,
        target: Id,
        policy: Id,
        stages: Vec<Stage>,
        start: Option<Minute>,
        end: Option<Minute>,
        assignment: Option<Id>,
    ) -> Result<(), Against> {
        let Policy { package, ends, extension, .. } = self.world.policies[policy];
        let state = State::Pending;
        let (turn, decided_by) = (None, Vec::new());
        let request = Request {
            kind,
            package,
            policy,
            target,
            requestor,
            state,
            start,
            end,
            ends,
            extension,
            stages,
            turn,
            decided_by,
            assignment,
            declared: None,
            submitted: self.now,
            completed: None,
            kept: None,
            purged: false,
        };
        let asks = !request.stages.is_empty();
        // An empty list never means yes.
        if asks && self.eligible(&request, 1, false).is_empty() {
            against.push("R39");
        }
        if !against.is_empty() {
            return Err(against);
        }
        self.edges[edge] += 1;
        self.requests.push(request);
        let id = self.requests.len() - 1;
        if asks {
            self.edges[4] += 1;
            self.begin(id, 1);
        } else {
            self.edges[5] += 1;
            self.approved(id);
        }
        Ok(())
    }

    /// A stage begins; where nobody could decide, the request is denied.
    fn begin(&mut self, id: Id, number: usize) {
        let request = &self.requests[id];
        let stage = request.stages[number - 1].clone();
        if self.eligible(request, number, false).is_empty() {
            self.requests[id].state = State::Denied;
            self.requests[id].turn = None;
            return;
        }
        self.requests[id].turn = Some(Turn {
            number,
            deadline: self.now + stage.timeout,
            escalates: stage.escalation.map(|(after, _)| self.now + after),
            escalated: false,
        });
    }

    /// All who had to agree did.
    pub fn approved(&mut self, id: Id) {
        self.requests[id].turn = None;
        let request = self.requests[id].clone();
        match request.kind {
            Kind::Extend => {
                let assignment = request.assignment.unwrap();
                // What is over is not extended, also where nobody looked at the clock since.
                if !self.is_live(&self.assignments[assignment]) {
                    self.requests[id].state = State::Canceled;
                    return;
                }
                let ceiling = self.ceiling(request.ends, self.now);
                let end = least(request.end, ceiling);
                let old = self.assignments[assignment].end;
                let later = end.is_none_or(|end| old.is_some_and(|old| end > old));
                let policy = &self.world.policies[request.policy];
                if !self.admits(policy, request.target)
                    || !self.signs_in(request.target)
                    || !self.incompatible(request.package, request.target).is_empty()
                {
                    self.requests[id].state = State::Denied;
                    return;
                }
                self.requests[id].state = State::Delivered;
                self.requests[id].end = end;
                // Access that was moved further meanwhile keeps its end: nobody loses by an extension.
                if later {
                    self.assignments[assignment].end = end;
                }
            }
            _ => {
                // What came in between stands in the way as it did before: R137, a block (section 2.5, R154), and what is held (R68).
                if self.holds(request.package, request.target)
                    || !self.incompatible(request.package, request.target).is_empty()
                    || !self.signs_in(request.target)
                {
                    self.requests[id].state = State::Denied;
                    return;
                }
                let from = request.start.unwrap_or(self.now).max(self.now);
                let end = least(request.end, self.ceiling(request.ends, from));
                if end.is_some_and(|end| end <= from) {
                    self.requests[id].state = State::Denied;
                    return;
                }
                self.requests[id].end = end;
                self.invite(request.target);
                if from > self.now {
                    self.edges[11] += 1;
                    self.requests[id].state = State::Scheduled;
                } else {
                    self.give(id);
                }
            }
        }
    }

    /// R148: somebody from outside is in the directory from the approval on.
    fn invite(&mut self, user: Id) {
        if self.world.users[user].known {
            return;
        }
        let organization = self.organization(user);
        let person = &mut self.world.users[user];
        (person.known, person.guest, person.enabled, person.organization) = (true, true, true, organization);
        self.guests.retain(|g| g.user != user);
        self.guests.push(Guest { user, stands: Stands::Active, deletes: None });
    }

    fn give(&mut self, id: Id) {
        let request = self.requests[id].clone();
        self.edges[12] += 1;
        let source = request.declared.map_or(Source::Asked, |(declared, version)| Source::Declared(declared, version));
        let assignment = self.put(request.package, request.policy, request.target, request.end, source);
        self.requests[id].state = self.assignments[assignment].stands;
        self.requests[id].assignment = Some(assignment);
        self.edges[13] += u64::from(self.requests[id].state == State::Delivered);
    }

    /// Somebody holds it from now on; what other systems have to be told makes it wait.
    pub fn put(&mut self, package: Id, policy: Id, target: Id, end: Option<Minute>, source: Source) -> Id {
        let stands = if self.is_elsewhere(package) { State::Delivering } else { State::Delivered };
        let (start, over, grace) = (self.now, None, None);
        self.assignments.push(Assignment { package, policy, target, start, end, over, source, grace, stands });
        self.touched.push(target);
        self.assignments.len() - 1
    }

    fn decide(&mut self, by: By, id: Id, yes: bool, reason: bool) -> Result<(), Against> {
        let By::User(actor) = by else { return Err(vec!["R66", "R57"]) };
        let Some(request) = self.requests.get(id).filter(|r| !r.purged).cloned() else { return Err(vec!["R57"]) };
        let mut against = Vec::new();
        if request.target == actor || request.requestor == by {
            against.push("R117");
        }
        if request.state != State::Pending {
            against.extend(["R40", "R57"]);
            return Err(against);
        }
        let turn = request.turn.unwrap();
        if turn.deadline <= self.now {
            against.push("R44");
        }
        if !self.deciders(&request).contains(&actor) {
            against.push("R57");
        }
        if request.stages[turn.number - 1].reason && !reason {
            against.push("R43");
        }
        if !against.is_empty() {
            return Err(against);
        }
        self.requests[id].decided_by.push(actor);
        if !yes {
            self.edges[8] += 1;
            self.requests[id].state = State::Denied;
            self.requests[id].turn = None;
            return Ok(());
        }
        self.edges[7] += 1;
        if turn.number < request.stages.len() {
            self.begin(id, turn.number + 1);
        } else {
            self.approved(id);
        }
        Ok(())
    }

    fn cancel(&mut self, by: By, id: Id) -> Result<(), Against> {
        let Some(request) = self.requests.get(id).filter(|r| !r.purged).cloned() else { return Err(vec!["R57"]) };
        if self.world.packages[request.package].gone {
            // What hung on it is over, and nobody manages it any more.
            return Err(vec!["R142", "R141", "R57"]);
        }
        if self.manages(by, request.package) {
            // What is given in part is given: it ends as what is held does.
            if !self.is_open(&request) && request.state != State::Failed {
                return Err(vec!["R142"]);
            }
        } else if request.requestor == by || By::User(request.target) == by {
            // Their own: asked by them, or for them.
            if request.state != State::Pending {
                return Err(vec!["R141"]);
            }
        } else {
            return Err(vec!["R57"]);
        }
        self.edges[10] += 1;
        self.requests[id].state = State::Canceled;
        self.requests[id].turn = None;
        // A canceled request gives nothing: what was on its way ends.
        let on_its_way = matches!(request.state, State::Delivering | State::Failed);
        if let Some(assignment) = request.assignment.filter(|a| on_its_way && self.is_live(&self.assignments[*a])) {
            self.end(assignment, Cause::Removed);
        }
        // A guest who came in for this may have nothing to come any more.
        if request.state == State::Scheduled {
            self.lose(request.target);
        }
        Ok(())
    }

    fn extend(&mut self, by: By, id: Id, end: Option<Minute>, reason: bool) -> Result<(), Against> {
        let By::User(actor) = by else { return Err(vec!["R66", "R56"]) };
        let Some(assignment) = self.assignments.get(id).cloned() else { return Err(vec!["R56"]) };
        if assignment.target != actor || !self.is_live(&assignment) {
            return Err(vec!["R56"]);
        }
        // The guards of Q19, and those of a request.
        let mut against = self.shut(assignment.package, actor);
        let policy = self.world.policies[assignment.policy].clone();
        if policy.extension == Extension::No {
            against.push("R46");
        }
        if !policy.enabled {
            against.push("R48");
        }
        if !self.admits(&policy, actor) {
            against.push("R130");
        }
        against.extend(self.incompatible(assignment.package, actor));
        // One at a time, of this assignment: what else is to come of the package, and is held by now, does not keep anybody from it.
        if self.requests.iter().any(|r| r.assignment == Some(id) && self.is_open(r)) {
            against.extend(["R68", "C13"]);
        }
        if policy.reason && !reason {
            against.push("R42");
        }
        let ceiling = self.ceiling(policy.ends, self.now);
        match (assignment.end, end) {
            (None, _) => against.push("R131"),
            (Some(old), Some(new)) if new <= old || ceiling.is_some_and(|c| new > c) => against.push("R131"),
            (Some(old), None) if ceiling.is_some_and(|c| c <= old) => against.push("R131"),
            _ => {}
        }
        let stages = if policy.extension == Extension::Approval { policy.stages.clone() } else { Vec::new() };
        self.submit(against, 19, Kind::Extend, by, actor, assignment.policy, stages, None, end, Some(id))
    }

    fn reschedule(&mut self, by: By, id: Id, end: Minute) -> Result<(), Against> {
        let Some(assignment) = self.assignments.get(id).cloned() else { return Err(vec!["R56"]) };
        let mut against = Vec::new();
        if !self.manages(by, assignment.package) {
            against.extend(["R55", "R56"]);
        }
        if !self.is_live(&assignment) {
            against.push("R56");
        }
        let policy = self.world.policies[assignment.policy].clone();
        if end <= self.now {
            against.push("R52");
        }
        if self.ceiling(policy.ends, self.now).is_some_and(|c| end > c) || assignment.end == Some(end) {
            against.push("R131");
        }
        if !against.is_empty() {
            return Err(against);
        }
        // The end moves at once, and nobody is asked: there is no request of it.
        self.edges[19] += 1;
        self.assignments[id].end = Some(end);
        Ok(())
    }

    fn remove(&mut self, by: By, id: Id) -> Result<(), Against> {
        let Some(assignment) = self.assignments.get(id).cloned() else { return Err(vec!["R56"]) };
        let own = by == By::User(assignment.target);
        let mut against = Vec::new();
        let lets = self.world.policies[assignment.policy].self_removal;
        if !self.manages(by, assignment.package) {
            if !own {
                against.extend(["R55", "R56"]);
            } else if !lets {
                against.push("R141");
            }
        }
        if !self.is_live(&assignment) {
            against.push("R56");
        }
        if !against.is_empty() {
            return Err(against);
        }
        self.edges[20] += 1;
        let policy = &self.world.policies[assignment.policy];
        self.requests.push(Request {
            kind: Kind::Remove,
            package: assignment.package,
            policy: assignment.policy,
            target: assignment.target,
            requestor: by,
            state: State::Delivered,
            start: None,
            end: None,
            ends: policy.ends,
            extension: policy.extension,
            stages: Vec::new(),
            turn: None,
            decided_by: Vec::new(),
            assignment: Some(id),
            declared: None,
            submitted: self.now,
            completed: None,
            kept: None,
            purged: false,
        });
        self.end(id, if own { Cause::GivenUp } else { Cause::Removed });
        Ok(())
    }

    /// It is over; what hung on it is closed, and a guest who lost the last one goes (R151).
    fn end(&mut self, id: Id, cause: Cause) {
        self.close(id, cause);
        self.lose(self.assignments[id].target);
    }

    /// It is over, with what hung on it: what asked to extend it, and what was still giving it.
    pub fn close(&mut self, id: Id, cause: Cause) {
        self.assignments[id].over = Some((self.now, cause));
        for request in &mut self.requests {
            if request.assignment == Some(id) && matches!(request.state, State::Pending | State::Delivering) {
                request.state = State::Canceled;
                request.turn = None;
            }
        }
        self.touched.push(self.assignments[id].target);
    }

    pub fn lose(&mut self, user: Id) {
        // What is approved and to come counts, and what ran out unseen, which is dealt with at the next look at the clock.
        let to_come = self.requests.iter().any(|r| r.target == user && r.state == State::Scheduled);
        if to_come || self.assignments.iter().any(|a| a.target == user && a.over.is_none()) {
            return;
        }
        let now = self.now;
        let lost = self.world.lost.unwrap_or(Lost::Delete(30 * DAY));
        for guest in &mut self.guests {
            if guest.user == user && guest.stands == Stands::Active && lost != Lost::Nothing {
                guest.stands = Stands::Blocked;
                guest.deletes = match lost {
                    Lost::Delete(after) => Some(now + after),
                    _ => None,
                };
                self.world.users[user].enabled = false;
            }
        }
    }

    // What time brings.

    /// Does what is due until an instant, in the order in which it became so. A request that comes to its end in one look is taken away
    /// by the next one, which follows at once.
    pub fn tick(&mut self, until: Minute) {
        loop {
            let over: Vec<Id> = (0..self.requests.len()).filter(|r| self.looked_at(&self.requests[*r]).is_some()).collect();
            let any = self.look(until, &over);
            self.conclude(&[]);
            self.keep();
            if !any {
                break;
            }
        }
        self.now = until;
    }

    fn look(&mut self, until: Minute, over: &[Id]) -> bool {
        let mut any = false;
        loop {
            // What is first: at one instant ends before accounts, accounts before requests, older before younger.
            let mut first: Option<(Minute, usize, Id)> = None;
            let mut see = |at: Option<Minute>, family: usize, id: Id| {
                if let Some(at) = at.filter(|at| *at <= until)
                    && first.is_none_or(|f| (at, family, id) < f)
                {
                    first = Some((at, family, id));
                }
            };
            for (id, assignment) in self.assignments.iter().enumerate().filter(|(_, a)| a.over.is_none()) {
                see(assignment.end, 0, id);
                see(assignment.grace, 0, id);
            }
            for (id, guest) in self.guests.iter().enumerate().filter(|(_, g)| g.stands == Stands::Blocked) {
                see(guest.deletes, 1, id);
            }
            for (id, request) in self.requests.iter().enumerate() {
                if over.contains(&id) {
                    see(self.looked_at(request), 2, id);
                }
                if let Some(turn) = request.turn {
                    see(Some(turn.deadline), 2, id);
                    see(turn.escalates, 2, id);
                } else if request.state == State::Scheduled {
                    see(request.start, 2, id);
                }
            }
            let Some((at, family, id)) = first else { return any };
            any = true;
            self.now = at;
            match family {
                0 => {
                    self.edges[20] += 1;
                    let ends = self.assignments[id].end == Some(at);
                    self.end(id, if ends { Cause::Expired } else { Cause::Rule });
                }
                1 => {
                    self.guests[id].stands = Stands::Deleted;
                    self.guests[id].deletes = None;
                    let user = self.guests[id].user;
                    self.world.users[user].known = false;
                    self.world.users[user].enabled = true;
                }
                _ if self.looked_at(&self.requests[id]).is_some() => self.forget(id),
                _ => self.come(id),
            }
            self.keep();
        }
    }

    fn come(&mut self, id: Id) {
        match self.requests[id].turn {
            Some(turn) if turn.deadline <= self.now => {
                self.edges[9] += 1;
                self.requests[id].state = State::TimedOut;
                self.requests[id].turn = None;
            }
            Some(turn) => {
                self.edges[6] += 1;
                self.requests[id].turn = Some(Turn { escalates: None, escalated: true, ..turn });
            }
            None => {
                let request = self.requests[id].clone();
                if self.holds(request.package, request.target)
                    || !self.incompatible(request.package, request.target).is_empty()
                    || !self.signs_in_here(request.target)
                {
                    self.requests[id].state = State::Canceled;
                    self.lose(request.target);
                    return;
                }
                self.give(id);
            }
        }
    }

    // Who holds what.

    /// The resource roles that somebody holds.
    pub fn holdings(&self, user: Id) -> Vec<Gives> {
        let mut all = Vec::new();
        for (id, group) in self.world.groups.iter().enumerate() {
            if self.is_member(user, id) {
                all.push(Gives::Group(id, "Member"));
            }
            if group.owner == Some(user) {
                all.push(Gives::Group(id, "Owner"));
            }
        }
        for assignment in &self.assignments {
            if assignment.target == user && self.is_live(assignment) {
                all.extend(self.world.packages[assignment.package].gives.iter().copied());
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Whether a listed domain has another: `fabrikam.example` not `fabrikam.example.org`, which is another one.
fn covers(listed: Id, domain: Id) -> bool {
    listed == domain
}

fn least(a: Option<Minute>, b: Option<Minute>) -> Option<Minute> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// R112: what must be answered is, and as the question wants it; nothing else is.
fn answers_against(question: Option<Question>, answers: &[(&'static str, Vec<&'static str>)]) -> Against {
    let mut against = Vec::new();
    if answers.iter().any(|(key, _)| *key != "q" || question.is_none()) {
        against.push("R112");
    }
    let given: Vec<&str> = answers.iter().filter(|(key, _)| *key == "q").flat_map(|(_, values)| values.iter().copied()).collect();
    let (required, good) = match question {
        None => return against,
        Some(Question::Digits { required }) => {
            (required, given.len() <= 1 && given.iter().all(|v| v.len() == 4 && v.bytes().all(|b| b.is_ascii_digit())))
        }
        Some(Question::Choice { required, several }) => {
            (required, (several || given.len() <= 1) && given.iter().all(|v| *v == "A" || *v == "B"))
        }
    };
    if !good || required && given.is_empty() {
        against.push("R112");
    }
    against
}
