//! What has which address: keys for what is new, and those that it has for what was here before.

use super::gather::{Gathered, Sort, Thing, fold};
use super::left::Leftovers;
use super::names::{self, short, unique};
use super::toml::{Declaration, Toml};
use crate::model::Address;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// What is here already.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The addresses of the objects of the store, by their ids in lower case.
    pub ids: BTreeMap<String, Address>,
    /// Of these, those that this workspace does not manage: they are referred to, and not declared.
    pub beside: BTreeSet<Address>,
    /// What is declared by hand, or is in the store and did not come from there: no new key may be one of these.
    pub taken: BTreeSet<Address>,
    /// The sites of the store, by their addresses in the web.
    pub sites: BTreeMap<String, Address>,
    /// The roles that applications and sites of the store have.
    pub roles: BTreeMap<Address, Vec<String>>,
    /// The ids of assignments that the store knows, over or not, in lower case.
    pub assignments: BTreeSet<String>,
    /// The instant of the import.
    pub now: DateTime<Utc>,
}

/// Who holds what, as it was over there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The id that it has over there and keeps here.
    pub id: String,
    /// Where it stood.
    pub at: String,
    /// The package.
    pub package: Address,
    /// The policy that governs it.
    pub policy: Address,
    /// The user principal name of who holds it.
    pub user: String,
    /// When it began.
    pub start: DateTime<Utc>,
    /// When it ends, if that is told.
    pub end: End,
}

/// When what somebody holds ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At an instant.
    At(DateTime<Utc>),
    /// Never by itself.
    Never,
    /// As the policy says, from its start on.
    Policy,
}

/// The workspace in the making.
pub(super) struct World<'a> {
    pub known: &'a Known,
    pub left: Leftovers,
    pub out: Vec<Declaration>,
    pub held: Vec<Held>,
    /// The addresses of things, by sort and id.
    pub addresses: BTreeMap<(Sort, String), Address>,
    /// The keys that are taken, by what they stand in and their kind.
    keys: BTreeMap<(String, String), BTreeSet<String>>,
    /// The names that are taken, by what they stand in.
    names: BTreeSet<(String, String)>,
    /// Who may be in a group only because a package gives it to them: pairs of group and user, by id.
    pub delivered: BTreeSet<(String, String)>,
}

impl<'a> World<'a> {
    pub fn new(known: &'a Known, left: Leftovers) -> World<'a> {
        let mut keys: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for address in known.taken.iter().chain(known.ids.values()) {
            let scope = (address.parent_text().to_owned(), address.kind().to_owned());
            keys.entry(scope).or_default().insert(address.key().to_owned());
        }
        World {
            known,
            left,
            out: Vec::new(),
            held: Vec::new(),
            addresses: BTreeMap::new(),
            keys,
            names: BTreeSet::new(),
            delivered: BTreeSet::new(),
        }
    }

    /// The address that the store has for an id, if it is of a kind.
    pub fn stored(&self, kind: &str, id: &str) -> Option<&'a Address> {
        self.known.ids.get(&fold(id)).filter(|address| address.kind() == kind)
    }

    /// The address of something new, made of its name: at the top, or in something.
    pub fn fresh(&mut self, within: Option<&Address>, kind: &str, name: &str, id: &str) -> Address {
        let scope = (within.map_or_else(String::new, ToString::to_string), kind.to_owned());
        let key = unique(name, &format!("{}-{}", kind.replace('_', "-"), short(id)), self.keys.entry(scope).or_default());
        address(within, kind, &key)
    }

    /// The address of a thing: the one that it has, or one made of its name.
    pub fn settle(&mut self, sort: Sort, within: Option<&Address>, kind: &str, name: &str, id: &str) -> Address {
        let found = self.addresses.get(&(sort, id.to_owned())).cloned();
        let made = found.unwrap_or_else(|| match self.stored(kind, id) {
            Some(stored) => address(within, kind, stored.key()),
            None => self.fresh(within, kind, name, id),
        });
        self.addresses.insert((sort, id.to_owned()), made.clone());
        made
    }

    /// The address of a thing that was settled.
    pub fn of(&self, sort: Sort, id: &str) -> Option<&Address> {
        self.addresses.get(&(sort, fold(id)))
    }

    /// The display name of an object, cleaned, and unlike that of every other in a scope.
    pub fn display_name(&mut self, given: Option<&str>, address: &Address, scope: &str, at: &str) -> Option<Toml> {
        let name = given.and_then(|given| names::name(given, at, &mut self.left));
        let wanted = name.clone().unwrap_or_else(|| address.key().to_owned());
        let mut free = wanted.clone();
        let mut number = 2u32;
        while !scope.is_empty() && !self.names.insert((scope.to_owned(), free.to_lowercase())) {
            free = format!("{wanted} ({number})");
            number = number.saturating_add(1);
        }
        if free != wanted {
            self.left.push(at, "a name that another has too", format!("it is written `{free}`"));
            return Some(Toml::Text(free));
        }
        name.filter(|name| name != address.key()).map(Toml::Text)
    }

    /// A description.
    pub fn description(&mut self, thing: &mut super::piece::Piece<'_>) -> Option<Toml> {
        let at = thing.place("description");
        let text = thing.text("description")?;
        names::block(text, &at, &mut self.left).map(Toml::Text)
    }

    /// Declares an object, unless the store has it and this workspace does not manage it.
    pub fn declare(&mut self, declaration: Declaration) {
        if !self.known.beside.contains(&declaration.address) {
            self.out.push(declaration);
        }
    }

    /// How an object of the directory is named in a list of principals.
    pub fn principal(&self, sort: Sort, id: &str) -> Option<String> {
        let address = self.of(sort, id)?;
        Some(if sort == Sort::User { address.key().to_owned() } else { format!("{}:{}", address.kind(), address.key()) })
    }

    /// A user or group of which only the id is told.
    pub fn somebody(&self, id: &str) -> Option<String> {
        self.principal(Sort::User, id).or_else(|| self.principal(Sort::Group, id))
    }
}

/// An address at the top, or in something.
fn address(within: Option<&Address>, kind: &str, key: &str) -> Address {
    match within {
        Some(parent) => parent.child(kind, key),
        None => Address::root(kind, key),
    }
}

/// Things with the known ones first, so that these have their keys before others take them; each by its id.
pub(super) fn known_first<'a>(world: &World<'_>, gathered: &mut Gathered<'a>, sort: Sort, kind: &str) -> Vec<Thing<'a>> {
    let mut all = gathered.all(sort);
    all.sort_by_key(|thing| world.stored(kind, &thing.id).is_none());
    all
}
