//! Everything a rule may look at: the declared objects, what the store knows beside them, and the settings.

use super::{Known, Settings};
use crate::model::{Address, MANY_OBJECTS, Object, meanwhile};
use foldhash::{HashMap, HashMapExt};
use std::collections::BTreeMap;

/// Everything a cross-kind rule may look at.
#[derive(Debug)]
pub struct World<'a> {
    /// Declared objects.
    pub objects: &'a BTreeMap<Address, Object>,
    /// What the store knows beside them.
    pub known: &'a Known,
    /// What `writ.toml` says.
    pub settings: &'a Settings,
    /// Whatever there is by its address, since rules ask for it more often than for anything else. It is never walked, so its
    /// order means nothing.
    index: HashMap<&'a str, Entry<'a>>,
    /// The same by kind: a rule is about one or two of them, and most objects are of others.
    kinds: HashMap<&'a str, OfKind<'a>>,
}

/// What there is of a kind, in the order of addresses.
#[derive(Debug, Default)]
struct OfKind<'a> {
    declared: Vec<&'a Object>,
    /// Known, and not declared.
    known: Vec<&'a Object>,
}

#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    object: &'a Object,
    declared: bool,
}

impl<'a> World<'a> {
    /// These, with their index.
    #[must_use]
    pub fn new(objects: &'a BTreeMap<Address, Object>, known: &'a Known, settings: &'a Settings) -> World<'a> {
        let index = || {
            let mut index = HashMap::with_capacity(objects.len().saturating_add(known.objects.len()));
            // What is hidden is not found by its name; rules that walk over a kind, as for names that are taken, meet it.
            let told = known.objects.values().filter(|o| !known.hidden.contains(&o.address));
            index.extend(told.map(|object| (object.address.as_str(), Entry { object, declared: false })));
            index.extend(objects.values().map(|object| (object.address.as_str(), Entry { object, declared: true })));
            index
        };
        let kinds = || {
            let mut kinds = HashMap::<&str, OfKind<'_>>::default();
            for object in objects.values() {
                kinds.entry(object.address.kind()).or_default().declared.push(object);
            }
            for object in known.objects.values().filter(|o| !objects.contains_key(&o.address)) {
                kinds.entry(object.address.kind()).or_default().known.push(object);
            }
            kinds
        };
        let (index, kinds) = meanwhile(objects.len() >= MANY_OBJECTS, index, kinds);
        World { objects, known, settings, index, kinds }
    }

    /// An object, declared or known.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&'a Object> {
        self.find(address.as_str())
    }

    /// As [`World::get`], by the text of an address.
    #[must_use]
    pub fn find(&self, address: &str) -> Option<&'a Object> {
        self.index.get(address).map(|e| e.object)
    }

    /// What an object stands in, declared or known.
    #[must_use]
    pub fn parent(&self, object: &Object) -> Option<&'a Object> {
        self.find(object.address.parent_text())
    }

    /// Whether an object is declared: what stands wrong among known objects alone is not told here.
    #[must_use]
    pub fn declares(&self, address: &Address) -> bool {
        self.index.get(address.as_str()).is_some_and(|e| e.declared)
    }

    /// The declared objects of a kind.
    pub fn declared(&self, kind: &str) -> impl Iterator<Item = &'a Object> {
        self.kinds.get(kind).into_iter().flat_map(|k| &k.declared).copied()
    }

    /// Everything there is of a kind, the declared last, so that of two things one of which is wrong the declared one is told.
    pub fn known_first(&self, kind: &str) -> impl Iterator<Item = &'a Object> {
        self.only_known(kind).chain(self.declared(kind))
    }

    /// Everything there is of a kind, the declared first.
    pub fn all(&self, kind: &str) -> impl Iterator<Item = &'a Object> {
        self.declared(kind).chain(self.only_known(kind))
    }

    fn only_known(&self, kind: &str) -> impl Iterator<Item = &'a Object> {
        self.kinds.get(kind).into_iter().flat_map(|k| &k.known).copied()
    }
}
