//! Generated workspaces: sound ones, edits of them, and the many ways of writing the same down.
//!
//! In: [`Dice`]. Out: a [`World`], whose references are numbers and not names, so that renaming is one word; and its
//! texts. [`World::mend`] is what makes every world sound: whatever an edit left dangling is taken out or filled in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A thing of a world, whatever its name is today.
pub type Id = usize;

/// Everything random comes from here: SplitMix64.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `n`; 0 when that is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.roll() >> 16) as usize % n.max(1)
    }

    /// Yes in so many of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        (!all.is_empty()).then(|| all[self.below(all.len())].clone())
    }

    /// Up to `most` of them.
    fn some<T: Clone + Ord>(&mut self, all: &[T], most: usize) -> BTreeSet<T> {
        (0..self.below(most + 1)).filter_map(|_| self.pick(all)).collect()
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            all.swap(i, self.below(i + 1));
        }
    }
}

/// One declared object.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    pub key: String,
    pub parent: Option<Id>,
    pub body: Body,
    /// Declared; otherwise it lives on in the store.
    pub managed: bool,
    protected: bool,
    display: Option<String>,
    description: Option<String>,
}

/// What a thing says.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    User {
        department: bool,
        mail: bool,
        manager: Option<Id>,
        enabled: bool,
        organization: Option<Id>,
        sponsor: Option<Id>,
    },
    /// `closed`: users only, and never a resource, so that it may approve anything.
    Group {
        closed: bool,
        form: usize,
        members: BTreeSet<Id>,
        owners: BTreeSet<Id>,
        rule: bool,
        synced: bool,
    },
    Application {
        owners: BTreeSet<Id>,
        roles: BTreeSet<&'static str>,
    },
    Site {
        owners: BTreeSet<Id>,
        roles: BTreeSet<&'static str>,
    },
    Organization {
        domain: usize,
        tenant: bool,
        sponsors: BTreeSet<Id>,
        proposed: bool,
    },
    Settings {
        blocks: bool,
        after: usize,
        what: usize,
    },
    Catalog {
        enabled: bool,
        external: bool,
    },
    Resource {
        origin: Origin,
    },
    Delegation {
        role: usize,
        members: BTreeSet<Id>,
    },
    Package {
        catalog: Option<Id>,
        expiration: Option<End>,
        hidden: bool,
        excludes: BTreeSet<Id>,
        roles: BTreeMap<Id, BTreeSet<&'static str>>,
    },
    Policy(Policy),
    Assignment {
        policy: Id,
        users: BTreeSet<Id>,
        start: Option<usize>,
        end: Option<usize>,
        reason: bool,
    },
}

/// What stands behind a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    Known(Id),
    Own(usize),
}

/// When access ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum End {
    Days(usize),
    Date(usize),
    Never,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    serves: Serves,
    enabled: bool,
    expiration: Option<End>,
    extension: usize,
    flags: [bool; 4],
    stages: Vec<Stage>,
    review: Option<BTreeSet<Id>>,
    questions: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Serves {
    Nobody,
    Rule,
    These(BTreeSet<Id>),
    Word(&'static str),
    Organizations(BTreeSet<Id>),
}

#[derive(Debug, Clone, PartialEq)]
struct Stage {
    /// `manager` or a sponsor decides; then the approvers are the fallback.
    word: bool,
    approvers: BTreeSet<Id>,
    days: usize,
    escalates: bool,
    justified: bool,
}

/// What stands in `writ.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    zone: bool,
    defaults: Option<End>,
    limit: bool,
    entra: bool,
}

/// A sound workspace.
#[derive(Debug, Clone)]
pub struct World {
    pub things: BTreeMap<Id, Thing>,
    pub settings: Settings,
    /// `[[moved]]`: from and to.
    pub moved: Vec<(String, String)>,
    /// `[[removed]]`: from and `destroy`.
    removed: Vec<(String, bool)>,
    /// `[[import]]`: the thing and its id in the store.
    imports: Vec<(Id, String)>,
    /// Things that this edit lets live on.
    released: Vec<Id>,
    next: usize,
}

const ROLES: &[&str] = &["Reader", "Editor", "Admin"];
const SITE_ROLES: &[&str] = &["Member", "Owner", "Visitor"];
const CATALOG_ROLES: &[&str] = &["catalog_owner", "catalog_reader", "access_package_manager", "assignment_manager"];
const TENANT_ROLES: &[&str] = &["administrator", "catalog_creator", "connected_organization_administrator"];
const KINDS: &[&str] = &[
    "user",
    "group",
    "application",
    "sharepoint_site",
    "connected_organization",
    "settings",
    "catalog",
    "resource",
    "delegation",
    "access_package",
    "policy",
    "assignment",
];

impl Body {
    pub fn kind(&self) -> &'static str {
        match self {
            Body::User { .. } => "user",
            Body::Group { .. } => "group",
            Body::Application { .. } => "application",
            Body::Site { .. } => "sharepoint_site",
            Body::Organization { .. } => "connected_organization",
            Body::Settings { .. } => "settings",
            Body::Catalog { .. } => "catalog",
            Body::Resource { .. } => "resource",
            Body::Delegation { .. } => "delegation",
            Body::Package { .. } => "access_package",
            Body::Policy(_) => "policy",
            Body::Assignment { .. } => "assignment",
        }
    }
}

impl World {
    /// A world of about five things for each step of `size`.
    pub fn new(size: usize, dice: &mut Dice) -> World {
        let settings = Settings { zone: dice.chance(30), defaults: None, limit: dice.chance(20), entra: dice.chance(10) };
        let mut world = World {
            things: BTreeMap::new(),
            settings,
            moved: Vec::new(),
            removed: Vec::new(),
            imports: Vec::new(),
            released: Vec::new(),
            next: 0,
        };
        if dice.chance(30) {
            world.settings.defaults = Some(End::Days(365));
        }
        world.add("user", dice);
        for kind in ["user", "group", "application", "sharepoint_site", "connected_organization", "catalog", "resource", "delegation"] {
            for _ in 0..dice.below(size / 2 + 2) {
                world.add(kind, dice);
            }
        }
        for kind in ["access_package", "policy", "policy", "assignment", "settings"] {
            for _ in 0..dice.below(size / 2 + 2) {
                world.add(kind, dice);
            }
        }
        world.mend();
        world
    }

    fn all(&self, kind: &str) -> Vec<Id> {
        self.things.iter().filter(|(_, t)| t.body.kind() == kind).map(|(id, _)| *id).collect()
    }

    fn groups(&self, only_closed: bool) -> Vec<Id> {
        let fits = |id: &Id| !only_closed || matches!(self.things[id].body, Body::Group { closed: true, .. });
        self.all("group").into_iter().filter(fits).collect()
    }

    fn managed(&self, kind: &str) -> Vec<Id> {
        self.all(kind).into_iter().filter(|id| self.things[id].managed).collect()
    }

    pub fn children(&self, id: Id) -> Vec<Id> {
        self.things.iter().filter(|(_, t)| t.parent == Some(id)).map(|(id, _)| *id).collect()
    }

    /// The address of a thing.
    pub fn address(&self, id: Id) -> String {
        let thing = &self.things[&id];
        let key = if thing.key.contains('@') { format!("\"{}\"", thing.key) } else { thing.key.clone() };
        match thing.parent {
            Some(parent) => format!("{}.{}.{key}", self.address(parent), thing.body.kind()),
            None => format!("{}.{key}", thing.body.kind()),
        }
    }

    /// `group:leads`, or a bare user.
    fn reference(&self, id: Id) -> String {
        let thing = &self.things[&id];
        if thing.key.contains('@') { thing.key.clone() } else { format!("{}:{}", thing.body.kind(), thing.key) }
    }

    fn fresh(&mut self, kind: &str, dice: &mut Dice) -> String {
        self.next += 1;
        let n = self.next;
        match kind {
            "user" => format!("u{n}@contoso.example"),
            _ if dice.chance(20) => format!("{n}_{}", &kind[..1]),
            _ => format!("{}{n}", &kind[..1]),
        }
    }

    /// Adds a thing of a kind, if there is what it needs.
    fn add(&mut self, kind: &'static str, dice: &mut Dice) -> Option<Id> {
        let parent = match kind {
            "resource" => Some(dice.pick(&self.all("catalog"))?),
            "delegation" if dice.chance(60) => Some(dice.pick(&self.all("catalog"))?),
            "policy" | "assignment" => Some(dice.pick(&self.all("access_package"))?),
            _ => None,
        };
        let mut key = self.fresh(kind, dice);
        if kind == "settings" {
            key = "external_users".to_owned();
        } else if kind == "catalog" && dice.chance(15) {
            key = "general".to_owned();
        }
        if self.things.values().any(|t| t.parent == parent && t.body.kind() == kind && t.key == key) {
            return None;
        }
        let display = match dice.below(20) {
            0..8 => None,
            8 => Some(key.clone()),
            _ => Some(format!("Name {}", self.next)),
        };
        let description = dice.chance(30).then(|| format!("What is in {}\n\"it\" \\ all", dice.below(9)));
        let body = self.body(kind, parent, dice)?;
        let id = self.things.keys().next_back().map_or(0, |last| last + 1).max(self.next);
        self.next = id + 1;
        self.things.insert(id, Thing { key, parent, body, managed: true, protected: dice.chance(3), display, description });
        Some(id)
    }

    fn body(&self, kind: &str, parent: Option<Id>, dice: &mut Dice) -> Option<Body> {
        let users = self.all("user");
        let principals: Vec<Id> = users.iter().copied().chain(self.groups(false)).collect();
        Some(match kind {
            "user" => {
                let organization = if dice.chance(25) { dice.pick(&self.all("connected_organization")) } else { None };
                Body::User {
                    department: dice.chance(50),
                    mail: dice.chance(30),
                    manager: if dice.chance(40) { dice.pick(&users) } else { None },
                    enabled: dice.chance(95),
                    organization,
                    sponsor: organization.and_then(|_| dice.pick(&users)),
                }
            }
            "group" => {
                let closed = dice.chance(40);
                Body::Group {
                    closed,
                    form: dice.below(6),
                    members: dice.some(if closed { &users } else { &principals }, 4),
                    owners: dice.some(&users, 2),
                    rule: dice.chance(10),
                    synced: dice.chance(10),
                }
            }
            "application" => Body::Application { owners: dice.some(&users, 2), roles: dice.some(ROLES, 3) },
            "sharepoint_site" => Body::Site { owners: dice.some(&users, 2), roles: dice.some(SITE_ROLES, 3) },
            "connected_organization" => Body::Organization {
                domain: self.next,
                tenant: dice.chance(30),
                sponsors: dice.some(&principals, 2),
                proposed: dice.chance(20),
            },
            "settings" => Body::Settings { blocks: dice.chance(50), after: dice.below(40), what: dice.below(3) },
            "catalog" => Body::Catalog { enabled: dice.chance(90), external: dice.chance(60) },
            "resource" => {
                let known: Vec<Id> = ["group", "application", "sharepoint_site"].iter().flat_map(|k| self.all(k)).collect();
                let own = Origin::Own(dice.below(50));
                Body::Resource { origin: if dice.chance(80) { dice.pick(&known).map_or(own, Origin::Known) } else { own } }
            }
            "delegation" => Body::Delegation { role: dice.below(12), members: dice.some(&principals, 3) },
            "access_package" => {
                let catalog = if dice.chance(85) { dice.pick(&self.all("catalog")) } else { None };
                let excludable: Vec<Id> = self.all("access_package").into_iter().chain(self.groups(false)).collect();
                Body::Package {
                    catalog,
                    expiration: dice.chance(30).then(|| End::any(dice)),
                    hidden: dice.chance(10),
                    excludes: if dice.chance(10) { dice.some(&excludable, 1) } else { BTreeSet::new() },
                    roles: self.roles(catalog, dice),
                }
            }
            "policy" => Body::Policy(self.policy(dice)),
            "assignment" => Body::Assignment {
                policy: dice
                    .pick(&self.children(parent?).into_iter().filter(|c| self.things[c].body.kind() == "policy").collect::<Vec<_>>())?,
                users: dice.some(&users, 4),
                start: dice.chance(30).then(|| dice.below(90)),
                end: dice.chance(30).then(|| 100 + dice.below(90)),
                reason: dice.chance(40),
            },
            other => unreachable!("there is no kind {other}"),
        })
    }

    fn roles(&self, catalog: Option<Id>, dice: &mut Dice) -> BTreeMap<Id, BTreeSet<&'static str>> {
        let catalog = catalog.or_else(|| self.general());
        let here: Vec<Id> = self.all("resource").into_iter().filter(|r| catalog.is_some() && self.things[r].parent == catalog).collect();
        dice.some(&here, 3).into_iter().map(|r| (r, dice.some(&self.offered(r), 2))).collect()
    }

    fn general(&self) -> Option<Id> {
        self.all("catalog").into_iter().find(|c| self.things[c].key == "general")
    }

    fn policy(&self, dice: &mut Dice) -> Policy {
        let users = self.all("user");
        let principals: Vec<Id> = users.iter().copied().chain(self.groups(false)).collect();
        let deciders: Vec<Id> = users.iter().copied().chain(self.groups(true)).collect();
        let organizations = self.all("connected_organization");
        let serves = match dice.below(10) {
            0 | 1 => Serves::Nobody,
            2 => Serves::Rule,
            3 => Serves::Word("all_members"),
            4 => Serves::Word("all_directory_users"),
            5 => Serves::Word("all_connected_organizations"),
            6 => Serves::Word("all_external_users"),
            7 => Serves::Organizations(dice.some(&organizations, 2)),
            _ => Serves::These(dice.some(&principals, 3)),
        };
        let stage = |dice: &mut Dice| Stage {
            word: dice.chance(30),
            approvers: dice.some(&deciders, 3),
            days: 4 + dice.below(20),
            escalates: dice.chance(30),
            justified: dice.chance(30),
        };
        Policy {
            serves,
            enabled: dice.chance(90),
            expiration: dice.chance(60).then(|| End::any(dice)),
            extension: dice.below(3),
            flags: std::array::from_fn(|_| dice.chance(25)),
            stages: (0..dice.below(3)).map(|_| stage(dice)).collect(),
            review: dice.chance(25).then(|| dice.some(&deciders, 2)),
            questions: dice.below(8).saturating_sub(4),
        }
    }

    /// The roles that a resource has.
    fn offered(&self, resource: Id) -> Vec<&'static str> {
        let standard = |roles: &BTreeSet<&'static str>, none: &[&'static str]| {
            if roles.is_empty() { none.to_vec() } else { roles.iter().copied().collect() }
        };
        let Body::Resource { origin } = &self.things[&resource].body else { return Vec::new() };
        match origin {
            Origin::Own(_) => vec!["Reader", "User"],
            Origin::Known(id) => match self.things.get(id).map(|t| &t.body) {
                Some(Body::Group { rule: true, .. }) => vec!["Owner"],
                Some(Body::Group { .. }) => vec!["Member", "Owner"],
                Some(Body::Application { roles, .. }) => standard(roles, &["Default Access"]),
                Some(Body::Site { roles, .. }) => standard(roles, SITE_ROLES),
                _ => Vec::new(),
            },
        }
    }
}

impl End {
    fn any(dice: &mut Dice) -> End {
        match dice.below(4) {
            0 => End::Date(dice.below(28)),
            1 => End::Never,
            _ => End::Days(1 + dice.below(300)),
        }
    }
}

// ---------------------------------------------------------------------------------------------------------- soundness

impl World {
    /// Takes out what dangles and fills in what is missing, until nothing is left to do.
    pub fn mend(&mut self) {
        loop {
            let before = self.things.clone();
            for id in self.managed_ids() {
                if !self.mend_one(id) {
                    self.things.remove(&id);
                }
            }
            if self.things == before {
                break;
            }
        }
    }

    fn managed_ids(&self) -> Vec<Id> {
        self.things.iter().filter(|(_, t)| t.managed).map(|(id, _)| *id).collect()
    }

    /// Makes one thing sound; `false`: it cannot be.
    fn mend_one(&mut self, id: Id) -> bool {
        let Some(thing) = self.things.get(&id).cloned() else { return true };
        if thing.parent.is_some_and(|p| !self.things.contains_key(&p)) {
            return false;
        }
        let mut body = thing.body.clone();
        let there = |ids: &mut BTreeSet<Id>| ids.retain(|i| self.things.contains_key(i));
        let body_of = |i: &Id| self.things.get(i).map(|t| &t.body);
        match &mut body {
            Body::User { manager, organization, sponsor, .. } => {
                for slot in [manager, organization, sponsor] {
                    *slot = slot.filter(|i| self.things.contains_key(i));
                }
                if let Body::User { organization: None, sponsor, .. } = &mut body {
                    *sponsor = None;
                }
            }
            Body::Group { closed, members, owners, rule, .. } => {
                there(members);
                there(owners);
                // Members are older than their group, so that there are no rings.
                members.retain(|m| match body_of(m) {
                    Some(Body::User { .. }) => true,
                    _ => !*closed && *m < id,
                });
                if *rule {
                    members.clear();
                }
            }
            Body::Application { owners, .. } | Body::Site { owners, .. } => there(owners),
            Body::Organization { sponsors, .. } => there(sponsors),
            Body::Settings { .. } | Body::Catalog { .. } => {}
            Body::Resource { origin } => {
                let unfit = |i: &Id| match body_of(i) {
                    Some(Body::Group { closed, form, synced, .. }) => *closed || *form == 5 || *synced,
                    Some(_) => false,
                    None => true,
                };
                let same = |(other, t): (&Id, &Thing)| {
                    let twin = t.parent == thing.parent && matches!(&t.body, Body::Resource { origin: o } if *o == *origin);
                    twin && *other != id && (*other < id || !t.managed)
                };
                if matches!(&*origin, Origin::Known(i) if unfit(i)) || self.things.iter().any(same) {
                    return false;
                }
            }
            Body::Delegation { members, .. } => there(members),
            Body::Package { catalog, excludes, roles, .. } => {
                // A package never changes its catalog.
                if catalog.is_some_and(|c| !self.things.contains_key(&c)) {
                    return false;
                }
                there(excludes);
                excludes.remove(&id);
                let home = catalog.or_else(|| self.general());
                roles.retain(|r, _| home.is_some() && self.things.get(r).is_some_and(|t| t.parent == home));
                for (resource, given) in roles.iter_mut() {
                    let offered = self.offered(*resource);
                    given.retain(|r| offered.contains(r));
                }
                roles.retain(|_, given| !given.is_empty());
            }
            Body::Policy(policy) => self.mend_policy(id, thing.parent, policy),
            Body::Assignment { policy, users, start, end, .. } => {
                let governing = match self.things.get(policy) {
                    Some(Thing { body: Body::Policy(p), parent, .. }) if *parent == thing.parent => p,
                    _ => return false,
                };
                let taken: BTreeSet<Id> = self
                    .things
                    .iter()
                    .filter(|(other, t)| t.parent == thing.parent && **other != id && (**other < id || !t.managed))
                    .flat_map(|(_, t)| match &t.body {
                        Body::Assignment { users, .. } => users.clone(),
                        _ => BTreeSet::new(),
                    })
                    .collect();
                users.retain(|u| !taken.contains(u) && self.admits(governing, *u));
                if !matches!(self.effective_end(thing.parent, governing), Some(End::Never)) {
                    *end = None;
                }
                if start.is_some() && matches!(self.effective_end(thing.parent, governing), Some(End::Date(_))) {
                    *start = None;
                }
                if users.is_empty() {
                    return false;
                }
            }
        }
        if let Some(thing) = self.things.get_mut(&id) {
            thing.body = body;
        }
        true
    }

    fn mend_policy(&self, id: Id, package: Option<Id>, policy: &mut Policy) {
        let there = |ids: &mut BTreeSet<Id>| ids.retain(|i| self.things.contains_key(i));
        match &mut policy.serves {
            Serves::These(ids) | Serves::Organizations(ids) => there(ids),
            _ => {}
        }
        let empty = matches!(&policy.serves, Serves::These(ids) | Serves::Organizations(ids) if ids.is_empty());
        let first = |(other, t): (&Id, &Thing)| {
            let rules = matches!(&t.body, Body::Policy(Policy { serves: Serves::Rule, .. }));
            rules && t.parent == package && *other != id && (*other < id || !t.managed)
        };
        let second_rule = policy.serves == Serves::Rule && self.things.iter().any(first);
        if empty || second_rule || (policy.serves.is_outside() && !self.is_visible(package)) {
            policy.serves = Serves::Nobody;
        }
        for stage in &mut policy.stages {
            there(&mut stage.approvers);
            stage.approvers.retain(|a| !matches!(self.things[a].body, Body::Group { closed: false, .. }));
        }
        policy.stages.retain(|s| !s.approvers.is_empty());
        let mut worded = false;
        for stage in &mut policy.stages {
            stage.word &= !worded;
            worded |= stage.word;
        }
        if matches!(policy.serves, Serves::Nobody | Serves::Rule) {
            policy.stages.clear();
            policy.extension = 0;
            policy.questions = 0;
            policy.flags[0] = false;
            policy.flags[1] = false;
            policy.flags[2] = false;
        }
        if policy.stages.is_empty() && policy.extension == 2 {
            policy.extension = 1;
        }
        if let Some(reviewers) = &mut policy.review {
            there(reviewers);
            if reviewers.is_empty() {
                policy.review = None;
            }
        }
        if self.effective_end(package, policy).is_none() {
            policy.expiration = Some(End::Never);
        }
    }

    fn is_visible(&self, package: Option<Id>) -> bool {
        let Some(Body::Package { catalog, .. }) = package.and_then(|p| self.things.get(&p)).map(|t| &t.body) else { return false };
        let home = catalog.or_else(|| self.general());
        matches!(home.and_then(|c| self.things.get(&c)).map(|t| &t.body), Some(Body::Catalog { external: true, .. }))
    }

    fn effective_end(&self, package: Option<Id>, policy: &Policy) -> Option<End> {
        let inherited = match package.and_then(|p| self.things.get(&p)).map(|t| &t.body) {
            Some(Body::Package { expiration, .. }) => *expiration,
            _ => None,
        };
        policy.expiration.or(inherited).or(self.settings.defaults)
    }

    fn admits(&self, policy: &Policy, user: Id) -> bool {
        let Some(Body::User { organization, .. }) = self.things.get(&user).map(|t| &t.body) else { return false };
        match &policy.serves {
            Serves::Organizations(ids) => organization.is_some_and(|o| ids.contains(&o)),
            serves => !serves.is_outside() || organization.is_some(),
        }
    }

    /// Everybody whom a thing names, its parent included.
    fn needs(&self, id: Id) -> BTreeSet<Id> {
        let thing = &self.things[&id];
        let mut all: BTreeSet<Id> = thing.parent.into_iter().collect();
        match &thing.body {
            Body::User { manager, organization, sponsor, .. } => all.extend([manager, organization, sponsor].into_iter().flatten()),
            Body::Group { members, owners, .. } => all.extend(members.iter().chain(owners)),
            Body::Application { owners, .. } | Body::Site { owners, .. } => all.extend(owners),
            Body::Organization { sponsors, .. } => all.extend(sponsors),
            Body::Settings { .. } | Body::Catalog { .. } | Body::Resource { origin: Origin::Own(_) } => {}
            Body::Resource { origin: Origin::Known(origin) } => all.extend([origin]),
            Body::Delegation { members, .. } => all.extend(members),
            Body::Package { catalog, excludes, roles, .. } => all.extend(catalog.iter().chain(excludes).chain(roles.keys())),
            Body::Policy(policy) => {
                if let Serves::These(ids) | Serves::Organizations(ids) = &policy.serves {
                    all.extend(ids);
                }
                all.extend(policy.stages.iter().flat_map(|s| &s.approvers).chain(policy.review.iter().flatten()));
            }
            Body::Assignment { policy, users, .. } => all.extend(users.iter().chain([policy])),
        }
        all
    }
}

impl Serves {
    fn is_outside(&self) -> bool {
        matches!(self, Serves::Organizations(_) | Serves::Word("all_connected_organizations" | "all_external_users"))
    }
}

// -------------------------------------------------------------------------------------------------------------- edits

impl World {
    /// A thing and all that stands in it.
    fn within(&self, id: Id) -> Vec<Id> {
        let mut all = vec![id];
        all.extend(self.children(id));
        all
    }

    /// The next version of the workspace. `ids` tells the id of an address in the store.
    pub fn edited(&self, dice: &mut Dice, ids: &dyn Fn(&str) -> Option<String>) -> World {
        let mut next = self.clone();
        let keep = dice.chance(30);
        next.moved.retain(|_| keep);
        next.removed.clear();
        next.imports.clear();
        next.released.clear();
        // What is released takes along what stands in it, so one edit either releases or deletes.
        let deletes = dice.chance(50);
        let mut renamed = BTreeSet::new();
        for _ in 0..1 + dice.below(5) {
            match dice.below(20) {
                0..3 => {
                    let kind = dice.pick(KINDS).unwrap_or("user");
                    next.add(kind, dice);
                }
                3..7 if deletes => next.delete(dice),
                3..7 => next.release(self, dice),
                7..9 => next.adopt(self, dice, ids),
                9..11 => next.rename(self, &mut renamed, dice),
                11..14 => next.shift(self, dice),
                14 => next.settings = Settings { zone: dice.chance(30), limit: dice.chance(20), entra: dice.chance(10), ..next.settings },
                15 => next.settings.defaults = dice.chance(50).then(|| End::Days(100 + dice.below(100))),
                _ => next.change(dice),
            }
            next.mend();
        }
        // What lives on in the store cannot be thought away.
        let lives_on = |id: &Id| !self.things[id].managed || next.released.contains(id);
        if !self.things.keys().filter(|id| lives_on(id)).all(|id| next.things.contains_key(id)) {
            return self.clone();
        }
        next.tell(self, dice);
        next
    }

    /// Only other names: up to three of them.
    pub fn renamed(&self, dice: &mut Dice) -> (World, BTreeSet<Id>) {
        let mut next = self.clone();
        let mut renamed = BTreeSet::new();
        for _ in 0..1 + dice.below(3) {
            next.rename(self, &mut renamed, dice);
        }
        next.tell(self, dice);
        (next, renamed)
    }

    /// Says every name that would follow from a key.
    pub fn pinned(mut self) -> World {
        for (id, thing) in &mut self.things {
            thing.display = Some(format!("Pinned {id}"));
            if let Body::User { mail, .. } = &mut thing.body {
                *mail = true;
            }
        }
        self
    }

    /// `[[moved]]` for what has another key than before.
    fn tell(&mut self, before: &World, dice: &mut Dice) {
        let mut told = Vec::new();
        for (id, thing) in self.things.iter().filter(|(_, t)| t.managed) {
            let Some(old) = before.things.get(id).filter(|old| old.managed && old.key != thing.key) else { continue };
            let (from, to) = (before.address(*id), self.address(*id));
            let word = |parent: &str, key: &str| match parent {
                "" => format!("{}.{key}", thing.body.kind()),
                _ => format!("{parent}.{}.{key}", thing.body.kind()),
            };
            let quoted = |key: &str| if key.contains('@') { format!("\"{key}\"") } else { key.to_owned() };
            let parents = thing.parent.map(|p| (before.address(p), self.address(p)));
            let chained = |id: Id| id.is_multiple_of(4);
            match parents {
                // A child of a renamed parent is told by the old names, by the new ones, or from old to new.
                Some((old_parent, new_parent)) if old_parent != new_parent => told.push(match dice.below(3) {
                    0 => (from, word(&old_parent, &thing.key)),
                    1 if !thing.parent.is_some_and(chained) => (from, to),
                    _ => (word(&new_parent, &old.key), to),
                }),
                _ if chained(*id) => {
                    let middle = word(&parents.map_or(String::new(), |(_, p)| p), &quoted(&format!("mid-{}", thing.key)));
                    told.push((from, middle.clone()));
                    told.push((middle, to));
                }
                _ => told.push((from, to)),
            }
        }
        let released: Vec<String> = self.released.iter().map(|id| self.address(*id)).collect();
        self.removed.extend(released.into_iter().map(|from| (from, false)));
        self.moved.extend(told);
        dice.shuffle(&mut self.moved);
        let declared: BTreeSet<String> = self.managed_ids().into_iter().map(|id| self.address(id)).collect();
        self.moved.retain(|(from, _)| !declared.contains(from));
    }

    /// What is never taken away, since a workspace without a single table is none.
    fn is_first(&self, id: Id) -> bool {
        self.things.keys().next() == Some(&id)
    }

    fn delete(&mut self, dice: &mut Dice) {
        let Some(id) = dice.pick(&self.managed_ids()) else { return };
        let gone = self.within(id);
        let kept = |t: &Thing| !t.managed || t.protected;
        let needed = |other: &Id| !self.things[other].managed && self.needs(*other).iter().any(|n| gone.contains(n));
        if self.is_first(id)
            || gone.iter().any(|g| kept(&self.things[g]))
            || self.things.keys().any(needed)
            || self.things[&id].key == "general"
        {
            return;
        }
        if dice.chance(10) {
            self.removed.push((self.address(id), true));
        }
        gone.iter().for_each(|g| {
            self.things.remove(g);
        });
    }

    fn release(&mut self, before: &World, dice: &mut Dice) {
        let known: Vec<Id> = self.managed_ids().into_iter().filter(|id| before.things.get(id).is_some_and(|t| t.managed)).collect();
        let Some(id) = dice.pick(&known).filter(|id| !self.is_first(*id)) else { return };
        // What lives on says what it said, so whatever else this edit did to it is undone; so is what it needs.
        let all: Vec<Id> = before.within(id);
        let needed = |n: Id| all.contains(&n) || self.things.contains_key(&n);
        if all.iter().any(|a| !self.things.contains_key(a) || before.needs(*a).into_iter().any(|n| !needed(n))) || self.within(id) != all {
            return;
        }
        for a in all {
            let mut thing = before.things[&a].clone();
            thing.managed = false;
            self.things.insert(a, thing);
        }
        // `general` lives on in any case, and what stands in it only when that is said.
        if self.things[&id].key != "general" || !self.children(id).is_empty() {
            self.released.push(id);
        }
    }

    fn adopt(&mut self, before: &World, dice: &mut Dice, ids: &dyn Fn(&str) -> Option<String>) {
        let unmanaged: Vec<Id> = self.things.iter().filter(|(_, t)| !t.managed).map(|(id, _)| *id).collect();
        let Some(id) = dice.pick(&unmanaged) else { return };
        let Some(store_id) = before.things.get(&id).filter(|t| !t.managed).and_then(|_| ids(&before.address(id))) else { return };
        let general = self.things[&id].key == "general" || self.things[&id].key == "external_users";
        let fresh = self.fresh(self.things[&id].body.kind(), dice);
        let Some(thing) = self.things.get_mut(&id) else { return };
        thing.managed = true;
        if !general && dice.chance(40) {
            thing.key = fresh;
        }
        if thing.key != "general" {
            self.imports.push((id, store_id));
        }
    }

    fn rename(&mut self, before: &World, renamed: &mut BTreeSet<Id>, dice: &mut Dice) {
        let fit = |id: &Id| {
            let fixed = matches!(self.things[id].key.as_str(), "general" | "external_users");
            !fixed && !renamed.contains(id) && before.things.get(id).is_some_and(|t| t.managed)
        };
        let all: Vec<Id> = self.managed_ids().into_iter().filter(fit).collect();
        let parents: Vec<Id> = all.iter().copied().filter(|id| !self.children(*id).is_empty()).collect();
        let from = if dice.chance(50) && !parents.is_empty() { &parents } else { &all };
        let Some(id) = dice.pick(from) else { return };
        let fresh = self.fresh(self.things[&id].body.kind(), dice);
        let Some(thing) = self.things.get_mut(&id) else { return };
        let old = std::mem::replace(&mut thing.key, fresh);
        // A name that followed from the key: mostly it does so again, now and then it stays or was the new one before.
        if thing.display.is_none() && dice.chance(20) {
            thing.display = Some(old);
        }
        renamed.insert(id);
    }

    /// Something says one thing differently.
    fn change(&mut self, dice: &mut Dice) {
        let Some(id) = dice.pick(&self.managed_ids()) else { return };
        let (kind, parent) = (self.things[&id].body.kind(), self.things[&id].parent);
        let Some(mut other) = self.body(kind, parent, dice) else { return };
        match (&self.things[&id].body, &mut other) {
            (Body::Package { catalog, roles, .. }, Body::Package { catalog: home, roles: given, .. }) => {
                let others = self.roles(*catalog, dice);
                *home = *catalog;
                *given = if dice.chance(50) { roles.clone() } else { others };
            }
            (Body::Organization { domain, .. }, Body::Organization { domain: same, .. }) => *same = *domain,
            (Body::Group { closed, .. }, Body::Group { closed: same, .. }) => *same = *closed,
            _ => {}
        }
        let (named, next) = (dice.chance(40), self.next);
        let Some(thing) = self.things.get_mut(&id) else { return };
        thing.protected ^= dice.chance(4);
        if named && !matches!(thing.body, Body::Delegation { .. } | Body::Settings { .. } | Body::Assignment { .. }) {
            thing.display = dice.chance(50).then(|| format!("Other {next}"));
            self.next += 1;
        } else {
            thing.body = other;
        }
    }

    /// A resource stands for something else, and whoever used it lets go; or an assignment starts another day.
    fn shift(&mut self, before: &World, dice: &mut Dice) {
        let all: Vec<Id> =
            self.managed("resource").into_iter().chain(self.managed("assignment")).chain(self.managed("delegation")).collect();
        let Some(id) = dice.pick(&all) else { return };
        let (kind, parent) = (self.things[&id].body.kind(), self.things[&id].parent);
        let Some(other) = self.body(kind, parent, dice) else { return };
        if let Some(thing) = self.things.get_mut(&id) {
            thing.body = other;
        }
        let used = |t: &Thing| matches!(&t.body, Body::Package { roles, .. } if roles.contains_key(&id));
        for package in self.managed("access_package") {
            let was = before.things.get(&package).is_some_and(used);
            if let Some(Thing { body: Body::Package { roles, .. }, .. }) = self.things.get_mut(&package).filter(|_| was) {
                roles.remove(&id);
            }
        }
    }
}

// --------------------------------------------------------------------------------------------------------------- text

/// A value, before it is decided how to write it.
enum Text {
    Plain(String),
    Days(usize),
    Set(Vec<String>),
    List(Vec<Text>),
    Table(Vec<(String, Text)>),
}

fn string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn said(text: &str) -> Text {
    Text::Plain(string(text))
}

fn flag(b: bool) -> Text {
    Text::Plain(b.to_string())
}

impl End {
    fn text(self) -> Text {
        match self {
            End::Days(n) => Text::Days(n),
            End::Date(n) => Text::Plain(format!("2029-03-{:02}", n + 1)),
            End::Never => said("never"),
        }
    }
}

impl Text {
    fn inline(&self, dice: &mut Dice) -> String {
        match self {
            Text::Plain(text) => text.clone(),
            Text::Days(n) => match dice.below(3) {
                0 => format!("\"{n}d\""),
                1 => format!("\"P{n}D\""),
                _ => format!("\"{}h\"", n * 24),
            },
            Text::Set(members) => {
                let mut members = members.clone();
                dice.shuffle(&mut members);
                match members.as_slice() {
                    [one] if dice.chance(50) => one.clone(),
                    all => format!("[{}]", all.join(", ")),
                }
            }
            Text::List(items) => format!("[{}]", items.iter().map(|i| i.inline(dice)).collect::<Vec<_>>().join(", ")),
            Text::Table(rows) => {
                let rows: Vec<String> = rows.iter().map(|(k, v)| format!("{k} = {}", v.inline(dice))).collect();
                format!("{{ {} }}", rows.join(", "))
            }
        }
    }
}

/// Files by name.
pub type Files = Vec<(String, String)>;

const PLACES: &[&str] = &["a.toml", "b.toml", "catalogs/c.toml", "catalogs/deep/er/d.toml", "z-last.toml"];

impl World {
    /// The texts of the workspace: which table stands where, in which order and in which of its spellings, the dice say.
    pub fn files(&self, dice: &mut Dice) -> Files {
        let mut blocks: Vec<String> = Vec::new();
        for id in self.managed_ids() {
            self.block(id, &mut blocks, dice);
        }
        blocks.extend(self.moved.iter().map(|(from, to)| format!("[[moved]]\nfrom = {}\nto = {}\n", string(from), string(to))));
        blocks.extend(self.removed.iter().map(|(from, destroy)| format!("[[removed]]\nfrom = {}\ndestroy = {destroy}\n", string(from))));
        for (to, id) in &self.imports {
            blocks.push(format!("[[import]]\nto = {}\nid = {}\n", string(&self.address(*to)), string(id)));
        }
        dice.shuffle(&mut blocks);
        let places = 1 + dice.below(PLACES.len());
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        for block in blocks {
            let file = files.entry(PLACES[dice.below(places)]).or_default();
            file.push_str(&block);
            file.push('\n');
        }
        let mut files: Files = files.into_iter().map(|(n, t)| (n.to_owned(), t)).collect();
        files.push(("writ.toml".to_owned(), self.settings.text()));
        dice.shuffle(&mut files);
        files
    }

    /// The tables of one thing, and the template that says a part of it.
    fn block(&self, id: Id, blocks: &mut Vec<String>, dice: &mut Dice) {
        let address = self.address(id);
        let thing = &self.things[&id];
        let mut rows = self.rows(id);
        dice.shuffle(&mut rows);
        if !rows.is_empty() && dice.chance(10) {
            let hoisted = rows.split_off(dice.below(rows.len()));
            let name = format!("t{id}");
            rows.push(("template".to_owned(), Text::Set(vec![string(&name)])));
            blocks.push(written(&format!("template.{}.{name}", thing.body.kind()), hoisted, dice));
        }
        blocks.push(written(&address, rows, dice));
    }

    fn names(&self, ids: &BTreeSet<Id>) -> Text {
        Text::Set(ids.iter().map(|id| string(&self.reference(*id))).collect())
    }

    /// What a thing says, row by row; defaults now and then stand there in words.
    fn rows(&self, id: Id) -> Vec<(String, Text)> {
        let thing = &self.things[&id];
        let mut rows: Vec<(String, Text)> = Vec::new();
        let mut row = |name: &str, text: Text| rows.push((name.to_owned(), text));
        let key = |id: &Id| said(&self.things[id].key);
        let nameless = matches!(thing.body, Body::Delegation { .. } | Body::Settings { .. } | Body::Assignment { .. });
        if let Some(display) = thing.display.as_ref().filter(|_| !nameless) {
            row("display_name", said(display));
        }
        if let Some(text) = thing.description.as_ref().filter(|_| !nameless && thing.body.kind() != "user") {
            row("description", said(text));
        }
        if thing.protected || id.is_multiple_of(7) {
            row("prevent_destroy", flag(thing.protected));
        }
        match &thing.body {
            Body::User { department, mail, manager, enabled, organization, sponsor } => {
                if *department {
                    row("department", said("Sales"));
                }
                if *mail {
                    row("mail", said(&format!("mail{id}@contoso.example")));
                }
                if !enabled || id.is_multiple_of(3) {
                    row("enabled", flag(*enabled));
                }
                if let Some(manager) = manager {
                    row("manager", key(manager));
                }
                if let Some(organization) = organization {
                    row("type", said("guest"));
                    row("organization", key(organization));
                }
                if let Some(sponsor) = sponsor {
                    row("sponsor", key(sponsor));
                }
            }
            Body::Group { form, members, owners, rule, synced, .. } => {
                match form {
                    4 => row("type", said("microsoft_365")),
                    5 => row("type", said("distribution")),
                    3 => row("type", said("security")),
                    _ => {}
                }
                if *rule {
                    row("rule", said("user.department == 'Sales'"));
                } else if !members.is_empty() || id.is_multiple_of(2) {
                    row("members", self.names(members));
                }
                if !owners.is_empty() {
                    row("owners", self.names(owners));
                }
                if *synced {
                    row("synced", flag(true));
                }
            }
            Body::Application { owners, roles } | Body::Site { owners, roles } => {
                if thing.body.kind() == "sharepoint_site" {
                    row("url", said(&format!("https://contoso.example/{id}")));
                }
                if !owners.is_empty() {
                    row("owners", self.names(owners));
                }
                if !roles.is_empty() {
                    row("roles", Text::Set(roles.iter().map(|r| string(r)).collect()));
                }
            }
            Body::Organization { domain, tenant, sponsors, proposed } => {
                row("domains", Text::Set(vec![string(&format!("o{domain}.example"))]));
                if *tenant {
                    row("tenant_id", said(&format!("5f2c81d4-0a51-4c0e-9f0e-{domain:012}")));
                }
                if !sponsors.is_empty() {
                    row(if id.is_multiple_of(2) { "internal_sponsors" } else { "external_sponsors" }, self.names(sponsors));
                }
                if *proposed {
                    row("state", said("proposed"));
                }
            }
            Body::Settings { blocks, after, what } => {
                row("on_last_assignment_lost", said(["none", "block", "block_and_delete"][what % 3]));
                row("delete_after", Text::Days(*after));
                if *blocks {
                    row("blocked_domains", Text::Set(vec![string("competitor.example")]));
                }
            }
            Body::Catalog { enabled, external } => {
                if !enabled {
                    row("enabled", flag(false));
                }
                if *external || id.is_multiple_of(2) {
                    row("externally_visible", flag(*external));
                }
            }
            Body::Resource { origin: Origin::Known(origin) } => row("origin", said(&self.reference(*origin))),
            Body::Resource { origin: Origin::Own(n) } => {
                row("type", said("application"));
                row("origin", said(&format!("crm/{n}")));
                row("roles", Text::Set(vec![string("Reader"), string("User")]));
            }
            Body::Delegation { role, members } => {
                let roles = if thing.parent.is_some() { CATALOG_ROLES } else { TENANT_ROLES };
                row("role", said(roles[role % roles.len()]));
                row("members", self.names(members));
            }
            Body::Package { catalog, expiration, hidden, excludes, roles } => {
                if let Some(catalog) = catalog {
                    row("catalog", key(catalog));
                }
                if let Some(end) = expiration {
                    row("expiration", end.text());
                }
                if *hidden {
                    row("hidden", flag(true));
                }
                if !excludes.is_empty() {
                    row("incompatible_with", self.names(excludes));
                }
                if !roles.is_empty() {
                    let each = |(r, given): (&Id, &BTreeSet<&str>)| {
                        (self.things[r].key.clone(), Text::Set(given.iter().map(|g| string(g)).collect()))
                    };
                    row("resource_roles", Text::Table(roles.iter().map(each).collect()));
                }
            }
            Body::Policy(policy) => self.policy_rows(policy, &mut rows),
            Body::Assignment { policy, users, start, end, reason } => {
                row("policy", key(policy));
                row("users", self.names(users));
                let day = |n: &usize| Text::Plain(format!("2028-{:02}-{:02}", 1 + n / 28, 1 + n % 28));
                if let Some(start) = start {
                    row("start", day(start));
                }
                if let Some(end) = end {
                    row("end", day(end));
                }
                if *reason {
                    row("justification", said("for the season"));
                }
                if let Some(Body::Policy(Policy { questions: 1.., .. })) = self.things.get(policy).map(|t| &t.body) {
                    row("answers", Text::Table(vec![("q0".to_owned(), Text::Set(vec![string("1234")]))]));
                }
            }
        }
        rows
    }

    fn policy_rows(&self, policy: &Policy, rows: &mut Vec<(String, Text)>) {
        let mut row = |name: &str, text: Text| rows.push((name.to_owned(), text));
        match &policy.serves {
            Serves::Nobody => row("requestors", said("none")),
            Serves::Word(word) => row("requestors", said(word)),
            Serves::These(ids) | Serves::Organizations(ids) => row("requestors", self.names(ids)),
            Serves::Rule => {
                let rule = [
                    ("rule", said("user.enabled")),
                    ("add", flag(true)),
                    ("remove", flag(false)),
                    ("grace", Text::Days(policy.extension + 2)),
                ];
                row("automatic", Text::Table(rule.map(|(k, v)| (k.to_owned(), v)).into()));
            }
        }
        if !policy.enabled {
            row("enabled", flag(false));
        }
        if let Some(end) = policy.expiration {
            row("expiration", end.text());
        }
        if policy.extension > 0 {
            row("extension", said(["none", "allowed", "approval"][policy.extension]));
        }
        for (name, on) in ["requestor_justification", "custom_schedule", "on_behalf", "self_removal"].iter().zip(policy.flags) {
            match *name {
                "on_behalf" if on => row(name, said("manager")),
                "self_removal" if on => row(name, flag(false)),
                "on_behalf" | "self_removal" => {}
                _ if on => row(name, flag(true)),
                _ => {}
            }
        }
        let outside = policy.serves.is_outside();
        let stages: Vec<Vec<(String, Text)>> = policy.stages.iter().map(|s| self.stage_rows(s, outside)).collect();
        match stages.len() {
            0 if matches!(policy.serves, Serves::Nobody | Serves::Rule) => {}
            0 => row("approval", said("none")),
            1 => row("approval", Text::Table(stages.into_iter().flatten().collect())),
            _ => {
                let list = Text::List(stages.into_iter().map(Text::Table).collect());
                row("approval", Text::Table(vec![("requests".to_owned(), flag(policy.extension != 2)), ("stage".to_owned(), list)]));
            }
        }
        if let Some(reviewers) = &policy.review {
            let review = [
                ("every", said("quarter")),
                ("starts", Text::Plain("2028-01-31".to_owned())),
                ("duration", Text::Days(14)),
                ("reviewers", if policy.flags[3] { said("self") } else { self.names(reviewers) }),
                ("if_no_answer", said("remove")),
            ];
            row("review", Text::Table(review.map(|(k, v)| (k.to_owned(), v)).into()));
        }
        let question = |n: usize| {
            let mut question = vec![("key".to_owned(), said(&format!("q{n}"))), ("text".to_owned(), said("Why?"))];
            match n {
                0 => question.extend([("required".to_owned(), flag(true)), ("pattern".to_owned(), said("[0-9]{4}"))]),
                1 => question.push(("choices".to_owned(), Text::List(vec![said("B"), said("A")]))),
                _ => question.push(("long".to_owned(), flag(true))),
            }
            Text::Table(question)
        };
        if policy.questions > 0 {
            row("question", Text::List((0..policy.questions).map(question).collect()));
        }
    }

    fn stage_rows(&self, stage: &Stage, outside: bool) -> Vec<(String, Text)> {
        let mut rows: Vec<(String, Text)> = vec![("timeout".to_owned(), Text::Days(stage.days))];
        let mut row = |name: &str, text: Text| rows.push((name.to_owned(), text));
        if stage.word {
            row("approvers", Text::Set(vec![string(if outside { "internal_sponsors" } else { "manager" })]));
            row("fallback_approvers", self.names(&stage.approvers));
        } else {
            row("approvers", self.names(&stage.approvers));
        }
        if stage.escalates {
            let who = if stage.word && !outside { Text::Set(vec![string("manager:2")]) } else { self.names(&stage.approvers) };
            row("escalation", Text::Table(vec![("after".to_owned(), Text::Days(2)), ("approvers".to_owned(), who)]));
        }
        if stage.justified {
            row("approver_justification", flag(true));
        }
        rows
    }
}

/// A table with its rows: tables inside it in place, by dotted keys, or under headers of their own.
fn written(address: &str, rows: Vec<(String, Text)>, dice: &mut Dice) -> String {
    let mut head = format!("[{address}]\n");
    let mut tail = String::new();
    for (name, text) in &rows {
        match text {
            Text::Table(inner) if dice.chance(40) => {
                let plain = inner.iter().filter(|(_, v)| !matches!(v, Text::List(_)) || dice.chance(50)).map(|(k, _)| k.clone());
                let plain: BTreeSet<String> = plain.collect();
                let _ = writeln!(tail, "[{address}.{name}]");
                for (k, v) in inner.iter().filter(|(k, _)| plain.contains(k)) {
                    let _ = writeln!(tail, "{k} = {}", v.inline(dice));
                }
                for (k, v) in inner.iter().filter(|(k, _)| !plain.contains(k)) {
                    listed(&format!("{address}.{name}.{k}"), v, &mut tail, dice);
                }
            }
            Text::Table(inner) if dice.chance(40) => {
                for (k, v) in inner {
                    let _ = writeln!(head, "{name}.{k} = {}", v.inline(dice));
                }
            }
            Text::List(items) if items.iter().all(|i| matches!(i, Text::Table(_))) && dice.chance(50) => {
                listed(&format!("{address}.{name}"), text, &mut tail, dice);
            }
            other => {
                let _ = writeln!(head, "{name} = {}", other.inline(dice));
            }
        }
    }
    head + &tail
}

fn listed(path: &str, list: &Text, tail: &mut String, dice: &mut Dice) {
    let Text::List(items) = list else { return };
    for item in items {
        let Text::Table(rows) = item else { continue };
        let _ = writeln!(tail, "[[{path}]]");
        for (k, v) in rows {
            let _ = writeln!(tail, "{k} = {}", v.inline(dice));
        }
    }
}

impl Settings {
    fn text(&self) -> String {
        let mut text = String::from("[workspace]\nname = \"w\"\n");
        if self.zone {
            text.push_str("timezone = \"Europe/Amsterdam\"\n");
        }
        if self.entra {
            text.push_str("policy_priority = \"entra\"\n");
        }
        if self.limit {
            text.push_str("\n[limits]\nmax_deletes = 1\nmax_access_lost = 1\n");
        }
        if let Some(End::Days(days)) = self.defaults {
            let _ = write!(text, "\n[defaults]\nexpiration = \"{days}d\"\n");
        }
        text
    }
}
