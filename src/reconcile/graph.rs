//! What needs what.

use crate::kinds::{self, Strength};
use crate::model::{Address, Object};
use std::collections::{BTreeMap, BTreeSet};

/// One object needs another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who needs.
    pub from: Address,
    /// What is needed.
    pub to: Address,
    /// The attribute that says so; `None`: it stands in it.
    pub attribute: Option<&'static str>,
    /// Whether it orders steps.
    pub strong: bool,
}

/// The references of a set of objects.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// What each object needs, strongly.
    needs: BTreeMap<Address, BTreeSet<Address>>,
    /// Who needs an object, strongly.
    needed_by: BTreeMap<Address, BTreeSet<Address>>,
}

impl Graph {
    /// The strong references and parents among these objects; what lies outside them is not in it.
    #[must_use]
    pub fn of<'a>(objects: impl Iterator<Item = &'a Object> + Clone) -> Graph {
        let known: BTreeSet<&Address> = objects.clone().map(|o| &o.address).collect();
        let mut graph = Graph::default();
        for object in objects {
            for edge in edges(object).into_iter().filter(|e| e.strong && known.contains(&e.to)) {
                graph.needed_by.entry(edge.to.clone()).or_default().insert(edge.from.clone());
                graph.needs.entry(edge.from).or_default().insert(edge.to);
            }
        }
        graph
    }

    /// What an object needs.
    pub fn needs(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.needs.get(address).into_iter().flatten()
    }

    /// Who needs an object.
    pub fn needed_by(&self, address: &Address) -> impl Iterator<Item = &Address> {
        self.needed_by.get(address).into_iter().flatten()
    }
}

/// All edges of one object, weak ones too, its parent included; each target once an attribute.
#[must_use]
pub fn edges(object: &Object) -> Vec<Edge> {
    let from = &object.address;
    let parent = from.parent().map(|to| Edge { from: from.clone(), to, attribute: None, strong: true });
    let references = kinds::references(object).into_iter().map(|r| Edge {
        from: from.clone(),
        to: r.target.address(),
        attribute: Some(r.attribute),
        strong: r.strength == Strength::Strong,
    });
    let all: BTreeSet<Edge> = parent.into_iter().chain(references).collect();
    all.into_iter().collect()
}
