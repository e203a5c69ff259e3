//! Small worlds: a directory, what there is to have, and on which terms.
//!
//! In: [`Dice`]. Out: a [`World`], in which everything is a number in a list, and its objects as a store would hold them. Nothing in
//! here is the engine's: what it says is written out once more, so that both implementations read it in their own way. Past 400 lines,
//! since it is every noun that the lifecycle reads, each with its chances and its form.

pub use super::dice::Dice;
use serde_json::{Value as Json, json};
use std::fmt::Write;
use writ::kinds::object_from_json;
use writ::model::{Address, Holdings, Origin, Stored};

/// Minutes since the first instant of 2027.
pub type Minute = i64;
/// A place in a list of the world.
pub type Id = usize;

pub const HOUR: Minute = 60;
pub const DAY: Minute = 24 * HOUR;

/// The domains that people come from; the first is ours, and no organization has the last.
pub const DOMAINS: [&str; 5] = ["contoso.example", "fabrikam.example", "fabrikam.example.org", "tailspin.example", "stranger.example"];

/// Days and instants at which access ends: as written, in UTC, and as read in Amsterdam, whose clocks go forward on 28 March.
pub const DATES: [(&str, Minute, Minute); 5] = [
    ("2027-01-20", 20 * DAY, 20 * DAY - HOUR),
    ("2027-03-27", 86 * DAY, 86 * DAY - HOUR),
    ("2027-03-28", 87 * DAY, 87 * DAY - 2 * HOUR),
    ("2027-02-10T12:00:00Z", 40 * DAY + 12 * HOUR, 40 * DAY + 12 * HOUR),
    ("2027-02-10T12:00:00", 40 * DAY + 12 * HOUR, 40 * DAY + 11 * HOUR),
];

/// The departments that people are of, and that rules name.
pub const DEPARTMENTS: [&str; 2] = ["Sales", "Legal"];

/// Roles on what other systems have: resource, role, connector, and the group over there. The first two are of one resource.
pub const OVER: [(&str, &str, &str, &str); 3] =
    [("crm", "Admin", "sales", "crm-admin"), ("crm", "User", "sales", "crm-user"), ("hr", "User", "people", "hr")];

#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub name: String,
    /// In the directory; otherwise somebody from outside whom nobody knows yet.
    pub known: bool,
    /// Was in the directory, and never comes back.
    pub gone: bool,
    /// The files have them; others come in by an approval.
    pub ours: bool,
    /// A place in [`DEPARTMENTS`].
    pub department: usize,
    pub guest: bool,
    pub enabled: bool,
    /// Of the mail address.
    pub domain: Id,
    pub organization: Option<Id>,
    pub manager: Option<Id>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Group {
    pub users: Vec<Id>,
    pub groups: Vec<Id>,
    pub owner: Option<Id>,
    /// How often it got another name.
    pub renamed: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Organization {
    pub domains: Vec<Id>,
    pub proposed: bool,
    pub internal: Vec<Who>,
    pub external: Vec<Who>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Catalog {
    pub enabled: bool,
    pub external: bool,
}

/// A resource role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gives {
    Group(Id, &'static str),
    Application(&'static str),
    /// A place in [`OVER`].
    Over(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// Taken out of the files, with its policies and what it declares.
    pub gone: bool,
    pub catalog: Id,
    pub hidden: bool,
    pub gives: Vec<Gives>,
    pub not_with_packages: Vec<Id>,
    pub not_with_groups: Vec<Id>,
}

/// Who decides, or who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    User(Id),
    Group(Id),
    Manager,
    SecondManager,
    InternalSponsors,
    ExternalSponsors,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    Nobody,
    Listed(Vec<Who>),
    Members,
    Directory,
    Organizations(Vec<Id>),
    Configured,
    Outside,
    Automatic(Auto),
}

/// The rule of an automatic policy: who is of a department, or everybody, and perhaps only who can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Auto {
    pub department: Option<usize>,
    pub enabled: bool,
    pub grace: Minute,
    pub adds: bool,
    pub removes: bool,
}

/// A declared assignment.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    pub there: bool,
    pub package: Id,
    pub policy: Id,
    pub users: Vec<Id>,
    pub start: Option<Minute>,
    pub end: Option<Minute>,
    /// Goes up where it is replaced, or comes back.
    pub version: usize,
    /// Of its text; means nothing.
    pub note: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    Never,
    After(Minute),
    Date(Id),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extension {
    No,
    Allowed,
    Approval,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    pub approvers: Vec<Who>,
    pub fallback: Vec<Who>,
    pub timeout: Minute,
    pub reason: bool,
    pub escalation: Option<(Minute, Vec<Who>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Four digits.
    Digits { required: bool },
    /// `A` or `B`.
    Choice { required: bool, several: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub package: Id,
    pub gone: bool,
    pub enabled: bool,
    pub scope: Scope,
    pub ends: Ends,
    pub extension: Extension,
    pub stages: Vec<Stage>,
    /// Not only extensions need the approval.
    pub requests: bool,
    pub reason: bool,
    pub schedule: bool,
    pub self_removal: bool,
    pub on_behalf: bool,
    pub question: Option<Question>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Delegation {
    /// None: over the tenant.
    pub catalog: Option<Id>,
    pub role: &'static str,
    pub members: Vec<Who>,
}

/// What becomes of a guest who loses the last assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    Nothing,
    Block,
    Delete(Minute),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct World {
    pub users: Vec<User>,
    pub groups: Vec<Group>,
    pub organizations: Vec<Organization>,
    pub catalogs: Vec<Catalog>,
    pub packages: Vec<Package>,
    pub policies: Vec<Policy>,
    pub declared: Vec<Declared>,
    pub delegations: Vec<Delegation>,
    pub lost: Option<Lost>,
    pub blocked: Vec<Id>,
    pub allowed: Option<Vec<Id>>,
    pub narrowest: bool,
    pub amsterdam: bool,
}

/// A change of the files, or of the directory, between two steps.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Somebody comes into a group, or leaves it.
    Member(Id, Id),
    /// A group gets another name, and stays the one that it is.
    Renamed(Id),
    /// Somebody may sign in, or not any more.
    Enabled(Id),
    /// A policy is enabled, or disabled.
    Policy(Id),
    /// A policy has other terms.
    Terms(Id, Box<Policy>),
    /// A catalog is enabled, or disabled.
    Catalog(Id),
    /// A catalog is open to people from outside, or not any more.
    External(Id),
    /// Somebody has another manager.
    Manager(Id, Option<Id>),
    /// A package does not go with a group any more, or does (R139).
    Incompatible(Id, Id),
    /// A package gives a role, or does not any more (R27, R28).
    Gives(Id, Gives),
    /// An organization is proposed, or configured.
    Proposed(Id),
    /// Another thing becomes of guests (R152).
    Lost(Lost),
    /// Somebody is of another department.
    Department(Id),
    /// Somebody is taken out of the directory, and out of all that names them.
    Gone(Id),
    /// A policy is taken out, with what is declared through it.
    PolicyGone(Id),
    /// A package is taken out, with all that is in it.
    PackageGone(Id),
    /// Somebody is put into a declared assignment, or taken out of it; with the last one it goes, with the first one it comes.
    Listed(Id, Id),
    /// A declared assignment has other dates.
    Dates(Id, Option<Minute>, Option<Minute>),
    /// It is taken out, or comes back as another one.
    Declared(Id),
    /// Its text is another one, which means nothing; a nightly apply.
    Noted(Id),
}

impl World {
    pub fn generate(dice: &mut Dice) -> World {
        let mut world = World { narrowest: dice.chance(15), amsterdam: dice.chance(50), ..World::default() };
        world.people(dice);
        for _ in 0..1 + dice.below(2) {
            world.catalogs.push(Catalog { enabled: dice.chance(92), external: dice.chance(80) });
        }
        for id in 0..2 + dice.below(2) {
            let package = world.package(dice, id);
            world.packages.push(package);
        }
        let packages = world.packages.len();
        world.packages.iter_mut().for_each(|p| p.not_with_packages.retain(|other| *other < packages));
        for package in 0..packages {
            for _ in 0..1 + dice.below(2) {
                let policy = world.policy(dice, package);
                world.policies.push(policy);
            }
        }
        for _ in 0..1 + dice.below(3) {
            let role = dice.pick(&["administrator", "catalog_owner", "access_package_manager", "assignment_manager", "catalog_reader"]);
            let role = role.unwrap();
            let catalog = (role != "administrator").then(|| dice.below(world.catalogs.len()));
            let members = world.some(dice, 1);
            world.delegations.push(Delegation { catalog, role, members });
        }
        if dice.chance(45) {
            for _ in 0..1 + dice.below(2) {
                world.declare(dice);
            }
        }
        world
    }

    /// One more declared assignment, where something can be declared.
    fn declare(&mut self, dice: &mut Dice) {
        let takes = |p: &Policy| !is_outside(&p.scope) && !matches!(p.scope, Scope::Automatic(_));
        let policies: Vec<Id> = (0..self.policies.len()).filter(|p| takes(&self.policies[*p])).collect();
        let Some(policy) = dice.pick(&policies) else { return };
        let package = self.policies[policy].package;
        let mut users: Vec<Id> = (0..self.users.len()).filter(|u| self.is_free(package, *u)).collect();
        users.retain(|_| dice.chance(40));
        let (start, end) = self.dates(dice, 0);
        let there = !users.is_empty() && dice.chance(80);
        self.declared.push(Declared { there, package, policy, users, start, end, version: 0, note: 0 });
    }

    /// A person stands in at most one declared assignment of a package.
    fn is_free(&self, package: Id, user: Id) -> bool {
        let user_is_there = self.users[user].known && self.users[user].ours;
        user_is_there && !self.declared.iter().any(|d| d.package == package && d.users.contains(&user))
    }

    fn dates(&self, dice: &mut Dice, now: Minute) -> (Option<Minute>, Option<Minute>) {
        let start = dice.chance(35).then(|| now + [HOUR, DAY, 4 * DAY, -DAY][dice.below(4)]);
        let end = dice.chance(50).then(|| now + [5 * DAY, 10 * DAY, 40 * DAY, 6 * DAY][dice.below(4)]);
        (start, end)
    }

    fn people(&mut self, dice: &mut Dice) {
        for n in 0..3 + dice.below(3) {
            let enabled = dice.chance(90);
            self.users.push(User {
                name: format!("m{n}@{}", DOMAINS[0]),
                known: true,
                gone: false,
                ours: true,
                department: dice.below(2),
                guest: false,
                enabled,
                domain: 0,
                organization: None,
                manager: None,
            });
        }
        let members = self.users.len();
        let organizations = 1 + dice.below(2);
        for n in 0..1 + dice.below(2) {
            let domain = 1 + dice.below(4);
            let known = dice.chance(40);
            let organization = (known && dice.chance(20)).then(|| dice.below(organizations));
            let enabled = !known || dice.chance(90);
            self.users.push(User {
                name: format!("x{n}@{}", DOMAINS[domain]),
                known,
                gone: false,
                ours: known,
                department: dice.below(2),
                guest: true,
                enabled,
                domain,
                organization,
                manager: None,
            });
        }
        for user in 0..self.users.len() {
            if self.users[user].known && dice.chance(65) {
                self.users[user].manager = Some(dice.below(members)).filter(|m| *m != user || dice.chance(10));
            }
        }
        for id in 0..1 + dice.below(3) {
            let mut group = Group::default();
            for _ in 0..1 + dice.below(2) {
                let user = dice.below(self.users.len());
                if self.users[user].known && !group.users.contains(&user) {
                    group.users.push(user);
                }
            }
            if id > 0 && dice.chance(50) {
                group.groups.push(dice.below(id));
            }
            group.owner = dice.chance(10).then(|| dice.below(members));
            self.groups.push(group);
        }
        for id in 0..organizations {
            let domains = if id == 0 { vec![1, 2] } else { vec![3] };
            let internal = if dice.chance(75) { self.some(dice, 1) } else { Vec::new() };
            let guests: Vec<Id> = (members..self.users.len()).filter(|u| self.users[*u].known).collect();
            let external = guests.into_iter().filter(|_| dice.chance(50)).map(Who::User).collect();
            self.organizations.push(Organization { domains, proposed: dice.chance(25), internal, external });
        }
        if dice.chance(60) {
            self.lost = dice.pick(&[Lost::Nothing, Lost::Block, Lost::Delete(0), Lost::Delete(DAY), Lost::Delete(30 * DAY)]);
        }
        if dice.chance(15) {
            self.blocked.push(1 + dice.below(4));
        } else if dice.chance(8) {
            self.allowed = Some(vec![0, 1, 1 + dice.below(4)]);
        }
    }

    fn package(&self, dice: &mut Dice, id: Id) -> Package {
        let mut gives = Vec::new();
        for _ in 0..1 + dice.below(2) {
            let role = if dice.chance(45) {
                Gives::Over(dice.below(OVER.len()))
            } else if dice.chance(50) {
                Gives::Group(dice.below(self.groups.len()), if dice.chance(85) { "Member" } else { "Owner" })
            } else {
                Gives::Application(if dice.chance(50) { "Reader" } else { "Editor" })
            };
            if !gives.contains(&role) {
                gives.push(role);
            }
        }
        let other = dice.below(3);
        let not_with_packages = if other != id && dice.chance(30) { vec![other] } else { Vec::new() };
        let not_with_groups = if dice.chance(15) { vec![dice.below(self.groups.len())] } else { Vec::new() };
        Package {
            gone: false,
            catalog: dice.below(self.catalogs.len()),
            hidden: dice.chance(15),
            gives,
            not_with_packages,
            not_with_groups,
        }
    }

    /// Users and groups of the directory, `least` of them or one more.
    fn some(&self, dice: &mut Dice, least: usize) -> Vec<Who> {
        let known: Vec<Id> = (0..self.users.len()).filter(|u| self.users[*u].known).collect();
        let mut all = Vec::new();
        for _ in 0..least + dice.below(2) {
            let who = if dice.chance(35) { Who::Group(dice.below(self.groups.len())) } else { Who::User(dice.pick(&known).unwrap()) };
            if !all.contains(&who) {
                all.push(who);
            }
        }
        all
    }

    /// A policy of a package.
    pub fn policy(&self, dice: &mut Dice, package: Id) -> Policy {
        let scope = match dice.below(22) {
            0 | 1 => Scope::Nobody,
            2..7 => Scope::Listed(self.some(dice, 1)),
            7 | 8 => Scope::Members,
            9..12 => Scope::Directory,
            12 | 13 => Scope::Organizations(vec![dice.below(self.organizations.len())]),
            14 | 15 => Scope::Configured,
            16..19 => Scope::Outside,
            _ => Scope::Automatic(Auto {
                department: dice.chance(80).then(|| dice.below(2)),
                enabled: dice.chance(30),
                grace: [0, DAY, 7 * DAY][dice.below(3)],
                adds: dice.chance(90),
                removes: dice.chance(85),
            }),
        };
        // At most one of them in a package (R134).
        let automatic = |p: &Policy| p.package == package && matches!(p.scope, Scope::Automatic(_));
        let taken = matches!(scope, Scope::Automatic(_)) && self.policies.iter().any(automatic);
        let scope = if taken { Scope::Directory } else { scope };
        // A policy for people from outside stands only where these may look (R104).
        let scope = if is_outside(&scope) && !self.catalogs[self.packages[package].catalog].external { Scope::Directory } else { scope };
        let asked = !matches!(scope, Scope::Nobody | Scope::Automatic(_));
        let outside = is_outside(&scope);
        let ends = match dice.below(20) {
            0..3 => Ends::Never,
            3..6 => Ends::Date(dice.below(DATES.len())),
            n => Ends::After([HOUR, DAY, 5 * DAY, 20 * DAY, 90 * DAY][n % 5]),
        };
        let mut stages = Vec::new();
        if asked && dice.chance(65) {
            for number in 0..[1, 1, 2, 3][dice.below(4)] {
                stages.push(self.stage(dice, package, outside, number));
            }
        }
        let extension = match dice.below(10) {
            _ if !asked => Extension::No,
            0 => Extension::No,
            1..4 => Extension::Allowed,
            _ if stages.is_empty() => Extension::Allowed,
            _ => Extension::Approval,
        };
        let question = (asked && dice.chance(15)).then(|| {
            let required = dice.chance(60);
            if dice.chance(50) { Question::Digits { required } } else { Question::Choice { required, several: dice.chance(50) } }
        });
        Policy {
            package,
            gone: false,
            enabled: dice.chance(93),
            scope,
            ends,
            extension,
            requests: stages.is_empty() || dice.chance(85),
            stages,
            reason: asked && dice.chance(15),
            schedule: asked && dice.chance(50),
            self_removal: dice.chance(70),
            on_behalf: asked && dice.chance(45),
            question,
        }
    }

    fn stage(&self, dice: &mut Dice, package: Id, outside: bool, number: usize) -> Stage {
        // A group that the package gives may not approve it, not even through another group.
        let given = |who: &Who| match who {
            Who::Group(g) => !self.packages.get(package).is_some_and(|p| self.reaches(*g, &p.gives)),
            _ => true,
        };
        let people = |dice: &mut Dice| {
            let some: Vec<Who> = self.some(dice, 1).into_iter().filter(given).collect();
            if some.is_empty() { vec![Who::User(0)] } else { some }
        };
        let mut approvers = people(dice);
        let mut fallback = Vec::new();
        // At most one stage for each of them.
        let relation = match (outside, number) {
            (false, 0) => Some(Who::Manager),
            (true, 0) => Some(Who::InternalSponsors),
            (true, 1) => Some(Who::ExternalSponsors),
            _ => None,
        };
        if let Some(relation) = relation.filter(|_| dice.chance(50)) {
            if dice.chance(75) {
                approvers = vec![relation];
            } else {
                approvers.push(relation);
            }
            fallback = people(dice);
        }
        let escalation = dice.chance(35).then(|| {
            let mut alternates = people(dice);
            if approvers.contains(&Who::Manager) && dice.chance(50) {
                alternates = vec![Who::SecondManager];
            }
            (DAY * (1 + dice.below(3) as Minute), alternates)
        });
        let timeout =
            if escalation.is_some() { DAY * (4 + dice.below(10) as Minute) } else { [HOUR, DAY, 5 * DAY, 14 * DAY][dice.below(4)] };
        Stage { approvers, fallback, timeout, reason: dice.chance(20), escalation }
    }

    fn reaches(&self, group: Id, gives: &[Gives]) -> bool {
        let given = gives.iter().any(|g| matches!(g, Gives::Group(given, _) if *given == group));
        given || self.groups[group].groups.iter().any(|g| self.reaches(*g, gives))
    }

    /// A change of what is declared or automatic, or something that vanishes.
    pub fn files(&self, dice: &mut Dice, now: Minute) -> Option<Edit> {
        let declared: Vec<Id> = (0..self.declared.len()).filter(|d| !self.policies[self.declared[*d].policy].gone).collect();
        Some(match dice.below(20) {
            0..5 => {
                let it = dice.pick(&declared)?;
                let Declared { package, users, .. } = &self.declared[it];
                let fits = |u: &Id| users.contains(u) || self.is_free(*package, *u);
                let fitting: Vec<Id> = (0..self.users.len()).filter(fits).collect();
                Edit::Listed(it, dice.pick(&fitting)?)
            }
            5..7 => {
                let (start, end) = self.dates(dice, now);
                Edit::Dates(dice.pick(&declared)?, start, end)
            }
            7 => Edit::Declared(dice.pick(&declared).filter(|d| !self.declared[*d].users.is_empty())?),
            8..10 => Edit::Noted(dice.pick(&declared).filter(|d| self.declared[*d].there)?),
            10..16 => {
                let known: Vec<Id> = (0..self.users.len()).filter(|u| self.users[*u].known && self.users[*u].ours).collect();
                Edit::Department(dice.pick(&known)?)
            }
            16..18 => {
                let goes = |u: &Id| self.users[*u].known && self.users[*u].ours && !self.is_named(*u);
                let going: Vec<Id> = (0..self.users.len()).filter(goes).collect();
                Edit::Gone(dice.pick(&going)?)
            }
            18 => {
                let there: Vec<Id> = (0..self.policies.len()).filter(|p| !self.policies[*p].gone).collect();
                Edit::PolicyGone(dice.pick(&there)?)
            }
            _ => {
                let there: Vec<Id> = (0..self.packages.len()).filter(|p| !self.packages[*p].gone).collect();
                Edit::PackageGone(dice.pick(&there)?)
            }
        })
    }

    /// Whether something names somebody that cannot do without.
    fn is_named(&self, user: Id) -> bool {
        let has = |all: &[Who]| all.contains(&Who::User(user));
        let stage = |s: &Stage| has(&s.approvers) || has(&s.fallback) || s.escalation.as_ref().is_some_and(|(_, all)| has(all));
        let policy = |p: &Policy| p.stages.iter().any(stage) || matches!(&p.scope, Scope::Listed(all) if has(all));
        self.policies.iter().any(policy)
            || self.delegations.iter().any(|d| has(&d.members))
            || self.organizations.iter().any(|o| has(&o.internal) || has(&o.external))
            || self.groups.iter().any(|g| g.owner == Some(user))
    }

    /// A change.
    pub fn edit(&self, dice: &mut Dice) -> Edit {
        let known: Vec<Id> = (0..self.users.len()).filter(|u| self.users[*u].known && !self.users[*u].guest).collect();
        match dice.below(18) {
            0..3 => Edit::Member(dice.below(self.groups.len()), dice.pick(&known).unwrap()),
            3..5 => Edit::Enabled(dice.pick(&known).unwrap()),
            5 => Edit::Policy(dice.below(self.policies.len())),
            6 => Edit::Catalog(dice.below(self.catalogs.len())),
            7 | 8 => Edit::Manager(dice.pick(&known).unwrap(), dice.pick(&known).filter(|_| dice.chance(70))),
            9 => Edit::Incompatible(dice.below(self.packages.len()), dice.below(self.groups.len())),
            10 => {
                let roles = [Gives::Application("Reader"), Gives::Application("Editor"), Gives::Over(0), Gives::Over(1), Gives::Over(2)];
                Edit::Gives(dice.below(self.packages.len()), dice.pick(&roles).unwrap())
            }
            14 => Edit::Renamed(dice.below(self.groups.len())),
            11 => Edit::Proposed(dice.below(self.organizations.len())),
            12 if self.lost.is_some() => Edit::Lost(dice.pick(&[Lost::Nothing, Lost::Block, Lost::Delete(0), Lost::Delete(DAY)]).unwrap()),
            13 => {
                let catalog = dice.below(self.catalogs.len());
                let outside = |p: &Policy| self.packages[p.package].catalog == catalog && is_outside(&p.scope);
                if self.policies.iter().any(outside) { Edit::Catalog(catalog) } else { Edit::External(catalog) }
            }
            _ => {
                let id = dice.below(self.policies.len());
                let mut terms = self.policies[id].clone();
                match dice.below(3) {
                    0 => {
                        let declares = self.declared.iter().any(|d| d.policy == id);
                        let other = self.policy(dice, terms.package);
                        // What is declared through it has to go on to be so.
                        if !(declares && (is_outside(&other.scope) || matches!(other.scope, Scope::Automatic(_)))) {
                            terms = Policy { gone: terms.gone, ..other };
                        }
                    }
                    1 => terms.ends = Ends::After([HOUR, DAY, 10 * DAY, 60 * DAY][dice.below(4)]),
                    _ => terms.stages.iter_mut().for_each(|s| s.reason = !s.reason),
                }
                Edit::Terms(id, Box::new(terms))
            }
        }
    }

    /// Does it, and says whose objects are other ones, or gone.
    pub fn change(&mut self, edit: &Edit) -> Vec<Address> {
        let flip = |all: &mut Vec<Id>, one: Id| match all.iter().position(|u| *u == one) {
            Some(at) => drop(all.remove(at)),
            None => all.push(one),
        };
        match edit {
            Edit::Member(group, user) => {
                flip(&mut self.groups[*group].users, *user);
                vec![self.group_address(*group)]
            }
            Edit::Renamed(group) => {
                self.groups[*group].renamed += 1;
                Vec::new()
            }
            Edit::Enabled(user) => {
                self.users[*user].enabled = !self.users[*user].enabled;
                vec![self.user_address(*user)]
            }
            Edit::Policy(id) => {
                self.policies[*id].enabled = !self.policies[*id].enabled;
                vec![self.policy_address(*id)]
            }
            Edit::Terms(id, policy) => {
                self.policies[*id] = (**policy).clone();
                vec![self.policy_address(*id)]
            }
            Edit::Catalog(id) => {
                self.catalogs[*id].enabled = !self.catalogs[*id].enabled;
                vec![catalog_address(*id)]
            }
            Edit::External(id) => {
                self.catalogs[*id].external = !self.catalogs[*id].external;
                vec![catalog_address(*id)]
            }
            Edit::Manager(user, manager) => {
                self.users[*user].manager = *manager;
                vec![self.user_address(*user)]
            }
            Edit::Incompatible(package, group) => {
                flip(&mut self.packages[*package].not_with_groups, *group);
                vec![package_address(*package)]
            }
            Edit::Gives(package, role) => {
                let gives = &mut self.packages[*package].gives;
                match gives.iter().position(|g| g == role) {
                    Some(at) => drop(gives.remove(at)),
                    None => gives.push(*role),
                }
                vec![package_address(*package)]
            }
            Edit::Proposed(id) => {
                self.organizations[*id].proposed = !self.organizations[*id].proposed;
                vec![organization_address(*id)]
            }
            Edit::Lost(lost) => {
                self.lost = Some(*lost);
                vec![Address::root("settings", "external_users")]
            }
            Edit::Department(user) => {
                self.users[*user].department = 1 - self.users[*user].department;
                vec![self.user_address(*user)]
            }
            Edit::Gone(user) => {
                self.users[*user].gone = true;
                self.users[*user].known = false;
                let mut touched = vec![self.user_address(*user)];
                for id in (0..self.groups.len()).filter(|g| self.groups[*g].users.contains(user)).collect::<Vec<_>>() {
                    self.groups[id].users.retain(|u| u != user);
                    touched.push(self.group_address(id));
                }
                for id in (0..self.users.len()).filter(|u| self.users[*u].manager == Some(*user)).collect::<Vec<_>>() {
                    self.users[id].manager = None;
                    touched.push(self.user_address(id));
                }
                for (id, declared) in self.declared.iter_mut().enumerate().filter(|(_, d)| d.users.contains(user)) {
                    declared.users.retain(|u| u != user);
                    declared.there &= !declared.users.is_empty();
                    touched.push(declared_address(declared.package, id));
                }
                touched
            }
            Edit::PolicyGone(policy) => {
                self.policies[*policy].gone = true;
                let mut touched = vec![self.policy_address(*policy)];
                for (id, declared) in self.declared.iter_mut().enumerate().filter(|(_, d)| d.policy == *policy) {
                    declared.there = false;
                    touched.push(declared_address(declared.package, id));
                }
                touched
            }
            Edit::PackageGone(package) => {
                self.packages[*package].gone = true;
                let mut touched = vec![package_address(*package)];
                for id in (0..self.policies.len()).filter(|p| self.policies[*p].package == *package).collect::<Vec<_>>() {
                    touched.extend(self.change(&Edit::PolicyGone(id)));
                }
                for (id, other) in self.packages.iter_mut().enumerate().filter(|(_, p)| p.not_with_packages.contains(package)) {
                    other.not_with_packages.retain(|p| p != package);
                    touched.push(package_address(id));
                }
                touched
            }
            Edit::Listed(id, user) => {
                let declared = &mut self.declared[*id];
                flip(&mut declared.users, *user);
                declared.version += usize::from(!declared.there);
                declared.there = !declared.users.is_empty();
                vec![declared_address(declared.package, *id)]
            }
            Edit::Dates(id, start, end) => {
                let declared = &mut self.declared[*id];
                if (declared.start, declared.end) != (*start, *end) {
                    (declared.start, declared.end) = (*start, *end);
                    declared.version += 1;
                }
                vec![declared_address(declared.package, *id)]
            }
            Edit::Declared(id) => {
                let declared = &mut self.declared[*id];
                declared.there = !declared.there;
                declared.version += usize::from(declared.there);
                vec![declared_address(declared.package, *id)]
            }
            Edit::Noted(id) => {
                self.declared[*id].note += 1;
                vec![declared_address(self.declared[*id].package, *id)]
            }
        }
    }

    /// The first instant after a day, or an instant, in the zone of the world.
    pub fn date(&self, id: Id) -> Minute {
        if self.amsterdam { DATES[id].2 } else { DATES[id].1 }
    }

    pub fn user_address(&self, id: Id) -> Address {
        Address::root("user", &self.users[id].name)
    }

    pub fn group_address(&self, id: Id) -> Address {
        let key = match self.groups[id].renamed {
            0 => format!("g{id}"),
            n => format!("g{id}-{n}"),
        };
        Address::root("group", &key)
    }

    /// Whether the files say something else that means anything to people: not a note, nor what a group is called.
    pub fn differs(&self, other: &World) -> bool {
        let said = |world: &World| {
            let mut world = world.clone();
            world.declared.iter_mut().for_each(|d| d.note = 0);
            world.groups.iter_mut().for_each(|g| g.renamed = 0);
            let declared: Vec<usize> = world.declared.iter().filter(|d| d.there).map(|d| d.version).collect();
            (world.objects(), declared)
        };
        said(self) != said(other)
    }

    pub fn policy_address(&self, id: Id) -> Address {
        package_address(self.policies[id].package).child("policy", &policy_key(id))
    }

    /// Every object, as a store would hold it. The ids are the addresses, but for those of people and groups.
    pub fn holdings(&self) -> Holdings {
        self.objects().into_iter().map(|(address, json)| self.stored(address, &json)).collect()
    }

    /// The objects of these addresses, those that are there.
    pub fn those(&self, addresses: &[Address]) -> Vec<Stored> {
        let all = self.objects().into_iter().filter(|(address, _)| addresses.contains(address));
        all.map(|(address, json)| self.stored(address, &json)).collect()
    }

    fn stored(&self, address: Address, json: &Json) -> Stored {
        let id = match address.kind() {
            "user" => format!("id-{}", address.key()),
            "group" => format!("id-{}", address.key().split('-').next().unwrap()),
            "assignment" => {
                let place: usize = address.key().trim_start_matches('a').parse().unwrap();
                format!("{address}#{}", self.declared[place].version)
            }
            _ => address.to_string(),
        };
        let object = object_from_json(address, json).unwrap();
        Stored { object, id, workspace: None, version: 1, origin: Origin::default() }
    }

    fn principals(&self, all: &[Who]) -> Json {
        let word = |who: &Who| match who {
            Who::User(u) => self.users[*u].name.clone(),
            Who::Group(g) => self.group_address(*g).reference(),
            Who::Manager => "manager".to_owned(),
            Who::SecondManager => "manager:2".to_owned(),
            Who::InternalSponsors => "internal_sponsors".to_owned(),
            Who::ExternalSponsors => "external_sponsors".to_owned(),
        };
        all.iter().map(word).collect()
    }

    /// In the order of their addresses, so that nothing is left to sort.
    fn objects(&self) -> Vec<(Address, Json)> {
        let mut all = Vec::new();
        for (id, package) in self.packages.iter().enumerate().filter(|(_, p)| !p.gone) {
            let mut roles = json!({});
            for gives in &package.gives {
                let (key, role) = match gives {
                    Gives::Group(g, role) => (format!("g{g}"), *role),
                    Gives::Application(role) => ("app".to_owned(), *role),
                    Gives::Over(over) => (OVER[*over].0.to_owned(), OVER[*over].1),
                };
                match &mut roles[&key] {
                    Json::Array(some) => some.push(json!(role)),
                    none => *none = json!([role]),
                }
            }
            let packages = package.not_with_packages.iter().map(|p| format!("access_package:p{p}"));
            let against: Vec<String> = packages.chain(package.not_with_groups.iter().map(|g| self.group_address(*g).reference())).collect();
            let catalog = format!("c{}", package.catalog);
            let json = json!({"catalog": catalog, "hidden": package.hidden, "resource_roles": roles, "incompatible_with": against});
            all.push((package_address(id), json));
            for (key, declared) in self.declared.iter().enumerate().filter(|(_, d)| d.there && d.package == id) {
                all.push((declared_address(id, key), self.declared_json(declared)));
            }
            for (policy, terms) in self.policies.iter().enumerate().filter(|(_, p)| p.package == id && !p.gone) {
                all.push((self.policy_address(policy), self.policy_json(terms)));
            }
        }
        all.push((Address::root("application", "app"), json!({"roles": ["Editor", "Reader"]})));
        for (id, catalog) in self.catalogs.iter().enumerate() {
            all.push((catalog_address(id), json!({"enabled": catalog.enabled, "externally_visible": catalog.external})));
            for (key, delegation) in self.delegations.iter().enumerate().filter(|(_, d)| d.catalog == Some(id)) {
                all.push((catalog_address(id).child("delegation", &format!("d{key}")), self.delegation_json(delegation)));
            }
            all.push((catalog_address(id).child("resource", "app"), json!({"origin": "application:app"})));
            let over = |role| json!({"type": "application", "origin": "crm/prod", "roles": role, "connector": "sales"});
            all.push((catalog_address(id).child("resource", "crm"), over(json!(["Admin", "User"]))));
            let given = |group| {
                let gives = |g: &Gives| matches!(g, Gives::Group(given, _) if *given == group);
                self.packages.iter().any(|p| p.catalog == id && p.gives.iter().any(gives))
            };
            for group in (0..self.groups.len()).filter(|group| given(*group)) {
                all.push((
                    catalog_address(id).child("resource", &format!("g{group}")),
                    json!({"origin": self.group_address(group).reference()}),
                ));
            }
            let json = json!({"type": "application", "origin": "hr", "roles": ["User"], "connector": "people"});
            all.push((catalog_address(id).child("resource", "hr"), json));
        }
        for (id, organization) in self.organizations.iter().enumerate() {
            let json = json!({
                "domains": organization.domains.iter().map(|d| DOMAINS[*d]).collect::<Vec<_>>(),
                "state": if organization.proposed { "proposed" } else { "configured" },
                "internal_sponsors": self.principals(&organization.internal),
                "external_sponsors": self.principals(&organization.external),
            });
            all.push((organization_address(id), json));
        }
        for (key, delegation) in self.delegations.iter().enumerate().filter(|(_, d)| d.catalog.is_none()) {
            all.push((Address::root("delegation", &format!("d{key}")), self.delegation_json(delegation)));
        }
        for (id, group) in self.groups.iter().enumerate() {
            let mut members: Vec<Who> = group.users.iter().copied().map(Who::User).collect();
            members.extend(group.groups.iter().copied().map(Who::Group));
            let mut json = json!({"members": self.principals(&members)});
            if let Some(owner) = group.owner {
                json["owners"] = json!([self.users[owner].name]);
            }
            all.push((self.group_address(id), json));
        }
        if self.lost.is_some() || !self.blocked.is_empty() || self.allowed.is_some() {
            let mut json = json!({});
            match self.lost {
                None => {}
                Some(Lost::Nothing) => json["on_last_assignment_lost"] = json!("none"),
                Some(Lost::Block) => json["on_last_assignment_lost"] = json!("block"),
                Some(Lost::Delete(after)) => json["delete_after"] = json!(duration(after)),
            }
            let names = |ids: &[Id]| ids.iter().map(|d| DOMAINS[*d]).collect::<Vec<_>>();
            if !self.blocked.is_empty() {
                json["blocked_domains"] = json!(names(&self.blocked));
            }
            if let Some(allowed) = &self.allowed {
                json["allowed_domains"] = json!(names(allowed));
            }
            all.push((Address::root("settings", "external_users"), json));
        }
        for (id, user) in self.users.iter().enumerate().filter(|(_, u)| u.known) {
            all.push((self.user_address(id), self.user_json(user)));
        }
        all
    }

    fn delegation_json(&self, delegation: &Delegation) -> Json {
        json!({"role": delegation.role, "members": self.principals(&delegation.members)})
    }

    fn declared_json(&self, declared: &Declared) -> Json {
        let mut json = json!({
            "policy": policy_key(declared.policy),
            "users": declared.users.iter().map(|u| self.users[*u].name.clone()).collect::<Vec<_>>(),
            "justification": format!("note {}", declared.note),
        });
        if let Some(start) = declared.start {
            json["start"] = json!(written(start));
        }
        if let Some(end) = declared.end {
            json["end"] = json!(written(end));
        }
        json
    }

    fn user_json(&self, user: &User) -> Json {
        let mut json = json!({"type": if user.guest { "guest" } else { "member" }, "enabled": user.enabled});
        if user.ours {
            json["department"] = json!(DEPARTMENTS[user.department]);
        }
        if let Some(manager) = user.manager {
            json["manager"] = json!(self.users[manager].name);
        }
        if let Some(organization) = user.organization {
            json["organization"] = json!(format!("o{organization}"));
        }
        json
    }

    fn policy_json(&self, policy: &Policy) -> Json {
        let mut json = json!({
            "enabled": policy.enabled,
            "expiration": match policy.ends {
                Ends::Never => "never".to_owned(),
                Ends::After(minutes) => duration(minutes),
                Ends::Date(id) => DATES[id].0.to_owned(),
            },
            "extension": match policy.extension {
                Extension::No => "none",
                Extension::Allowed => "allowed",
                Extension::Approval => "approval",
            },
            "requestor_justification": policy.reason,
            "custom_schedule": policy.schedule,
            "self_removal": policy.self_removal,
            "on_behalf": if policy.on_behalf { "manager" } else { "none" },
        });
        match &policy.scope {
            Scope::Automatic(auto) => {
                let mut rule = match auto.department {
                    Some(department) => format!("user.department == '{}'", DEPARTMENTS[department]),
                    None => "user.department != 'Nobody'".to_owned(),
                };
                if auto.enabled {
                    rule.push_str(" && user.enabled");
                }
                json["automatic"] = json!({"rule": rule, "grace": duration(auto.grace), "add": auto.adds, "remove": auto.removes});
            }
            Scope::Listed(some) => json["requestors"] = self.principals(some),
            Scope::Organizations(some) => {
                json["requestors"] = some.iter().map(|o| format!("connected_organization:o{o}")).collect();
            }
            Scope::Nobody => json["requestors"] = json!("none"),
            Scope::Members => json["requestors"] = json!("all_members"),
            Scope::Directory => json["requestors"] = json!("all_directory_users"),
            Scope::Configured => json["requestors"] = json!("all_connected_organizations"),
            Scope::Outside => json["requestors"] = json!("all_external_users"),
        }
        let stage = |stage: &Stage| {
            let mut json = json!({
                "approvers": self.principals(&stage.approvers),
                "timeout": duration(stage.timeout),
                "approver_justification": stage.reason,
            });
            if !stage.fallback.is_empty() {
                json["fallback_approvers"] = self.principals(&stage.fallback);
            }
            if let Some((after, alternates)) = &stage.escalation {
                json["escalation"] = json!({"after": duration(*after), "approvers": self.principals(alternates)});
            }
            json
        };
        let approval = match policy.stages.as_slice() {
            [] => json!("none"),
            [one] => stage(one),
            several => json!({"stage": several.iter().map(stage).collect::<Vec<_>>()}),
        };
        json["approval"] = approval;
        if !policy.requests {
            json["approval"]["requests"] = json!(false);
        }
        match policy.question {
            None => {}
            Some(Question::Digits { required }) => {
                json["question"] = json!([{"key": "q", "text": "Which one?", "required": required, "pattern": "[0-9]{4}"}]);
            }
            Some(Question::Choice { required, several }) => {
                json["question"] =
                    json!([{"key": "q", "text": "Which?", "required": required, "choices": ["A", "B"], "multiple": several}]);
            }
        }
        json
    }

    /// For people: a table for each object.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        writeln!(text, "# zone {}, narrowest only: {}", if self.amsterdam { "Europe/Amsterdam" } else { "UTC" }, self.narrowest).unwrap();
        for user in self.users.iter().filter(|u| !u.known) {
            writeln!(text, "# {} is not in the directory", user.name).unwrap();
        }
        for (address, json) in self.objects().iter().filter(|(a, _)| a.kind() != "resource") {
            writeln!(text, "[{address}]").unwrap();
            for (name, value) in json.as_object().unwrap() {
                writeln!(text, "{name} = {value}").unwrap();
            }
        }
        text
    }
}

/// Whether a population is of other organizations.
pub fn is_outside(scope: &Scope) -> bool {
    matches!(scope, Scope::Organizations(_) | Scope::Configured | Scope::Outside)
}

/// An instant as the files write it.
fn written(at: Minute) -> String {
    chrono::DateTime::from_timestamp(1_798_761_600 + at * 60, 0).unwrap().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

pub fn declared_address(package: Id, id: Id) -> Address {
    package_address(package).child("assignment", &format!("a{id}"))
}

pub fn duration(minutes: Minute) -> String {
    if minutes % DAY == 0 { format!("{}d", minutes / DAY) } else { format!("{minutes}m") }
}

pub fn policy_key(id: Id) -> String {
    format!("q{id}")
}

pub fn package_address(id: Id) -> Address {
    Address::root("access_package", &format!("p{id}"))
}

fn organization_address(id: Id) -> Address {
    Address::root("connected_organization", &format!("o{id}"))
}

fn catalog_address(id: Id) -> Address {
    Address::root("catalog", &format!("c{id}"))
}
