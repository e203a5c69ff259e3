//! A few files of a workspace by themselves: what they declare, whole, without the rest of it having been read.
//!
//! In: files, and what their objects stand in. Out: their objects, or nothing where they say more than objects of their own or
//! something is to be told: then all of the workspace has to be looked at. No rule that objects decide together was applied.

use super::{Known, Parsed, declare, sound, templates};
use crate::diag::Span;
use crate::model::{Address, Object};
use std::collections::{BTreeMap, BTreeSet};

/// What a few files declare.
#[derive(Debug)]
pub struct Alone {
    /// By address, as written once templates have spoken.
    pub objects: BTreeMap<Address, Object>,
    /// The template in which a value stands, by the place of the value.
    pub templates: BTreeMap<Span, String>,
}

impl Parsed<'_> {
    /// Whether there is nothing to tell yet, and they say nothing of ownership, tolerate nothing, and check or test nothing.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.found.is_empty() && self.read.torn.is_empty() && self.read.declared.is_plain()
    }

    /// Whether they write templates.
    #[must_use]
    pub fn writes_templates(&self) -> bool {
        !self.read.declared.templates.is_empty()
    }

    /// Whether their objects name templates.
    #[must_use]
    pub fn names_templates(&self) -> bool {
        self.read.declared.objects.values().any(|declaration| !declaration.templates.is_empty())
    }

    /// What their objects stand in that they do not declare.
    #[must_use]
    pub fn outer(&self) -> BTreeSet<Address> {
        let objects = &self.read.declared.objects;
        objects.keys().filter_map(Address::parent).filter(|parent| !objects.contains_key(parent)).collect()
    }

    /// Their objects, those of the files `without` left out. `known` holds what they stand in.
    #[must_use]
    pub fn alone(mut self, without: &BTreeSet<u32>, known: &Known) -> Option<Alone> {
        let plain = self.is_plain();
        self.read.declared.objects.retain(|_, declaration| !without.contains(&declaration.at.file));
        let settings = self.settings.filter(|_| plain)?;
        declare::parents(&self.read.declared.objects, |declaration| declaration.at, &[], known, &mut self.found);
        let (objects, templates) = templates::expand(&mut self.read.declared, known, &settings, &mut self.found);
        self.found.is_empty().then_some(Alone { objects, templates })
    }
}

/// An object without what says the same as absence.
#[must_use]
pub fn normal(object: &Object) -> Object {
    let mut object = object.clone();
    sound::normalise(&mut object);
    object
}
