//! Generated workspaces: sound ones, edits of them, and the many ways of writing the same down.
//!
//! In: [`Dice`]. Out: a [`World`], whose references are numbers and not names, so that renaming is one word; and its
//! texts. [`World::mend`] is what makes every world sound: whatever an edit left dangling is taken out or filled in.
//! Past 400 lines, since it is every noun of the language once more, each with its chances.

mod edits;
mod mending;
mod texts;

pub use texts::Files;

pub use crate::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};

/// The roles that a package gives, by resource.
type Roles = BTreeMap<Id, BTreeSet<&'static str>>;

/// A thing of a world, whatever its name is today.
pub type Id = usize;

impl Dice {
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
        roles: Roles,
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

    fn roles(&self, catalog: Option<Id>, dice: &mut Dice) -> Roles {
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
