//! Rings: groups that hold each other, and any other ring of references that order steps.

use super::{World, finding};
use crate::diag::{Diagnostics, Span, codes};
use crate::kinds::{self, Strength};
use crate::model::Address;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Links of a ring that are told, but for the last.
const LONGEST_TOLD: usize = 10;

/// Reports each ring in which something declared takes part, once, with its whole chain.
pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let kinds = ringed_kinds();
    let candidates = || kinds.iter().flat_map(|kind| world.all(kind));
    let mut graph: DiGraph<&Address, Span> = DiGraph::new();
    let nodes: BTreeMap<&Address, NodeIndex> = candidates().map(|o| (&o.address, graph.add_node(&o.address))).collect();
    for object in candidates() {
        let Some(from) = nodes.get(&object.address) else { continue };
        for reference in kinds::references(object).into_iter().filter(|r| r.strength == Strength::Strong) {
            if let Some(to) = nodes.get(&reference.target.address()) {
                graph.add_edge(*from, *to, reference.at);
            }
        }
    }
    for component in kosaraju_scc(&graph) {
        let declared = component.iter().copied().filter_map(|n| Some((n, world.objects.get(graph[n])?)));
        let Some((start, object)) = declared.min_by_key(|(_, o)| &o.address) else { continue };
        let Some(chain) = shortest_ring(&graph, start) else { continue };
        let story = told(&chain.iter().map(|n| graph[*n].reference()).collect::<Vec<_>>());
        let next = chain.get(1).copied().unwrap_or(start);
        let at = graph.find_edge(start, next).map_or(Span::NONE, |e| graph[e]);
        let groups = component.iter().all(|n| graph[*n].kind() == "group");
        let (code, message) = if groups {
            (&codes::E0103, format!("groups hold each other in a ring: {story}"))
        } else {
            (&codes::E0104, format!("objects need each other in a ring: {story}"))
        };
        found.push(finding(code, object, at, message).help("take one of the links out"));
    }
}

/// A chain as a message has room for it: a long one by both its ends.
fn told(chain: &[String]) -> String {
    match (chain.get(..LONGEST_TOLD), chain.last()) {
        (Some(head), Some(last)) if chain.len() > LONGEST_TOLD.saturating_add(2) => {
            let more = chain.len().saturating_sub(head.len()).saturating_sub(1);
            format!("{} -> {more} more -> {last}", head.join(" -> "))
        }
        _ => chain.join(" -> "),
    }
}

/// The kinds whose objects can be on a ring: those that lead back to themselves. Nearly all objects are of others.
fn ringed_kinds() -> BTreeSet<&'static str> {
    let mut graph: DiGraph<&'static str, ()> = DiGraph::new();
    let nodes: BTreeMap<&str, NodeIndex> = kinds::LIST.iter().map(|k| (k.name, graph.add_node(k.name))).collect();
    for kind in kinds::LIST {
        for target in kinds::strong_targets(kind) {
            if let (Some(from), Some(to)) = (nodes.get(kind.name), nodes.get(target)) {
                graph.update_edge(*from, *to, ());
            }
        }
    }
    let on_ring = |c: &Vec<NodeIndex>| c.len() > 1 || c.iter().any(|n| graph.contains_edge(*n, *n));
    kosaraju_scc(&graph).into_iter().filter(on_ring).flatten().map(|n| graph[n]).collect()
}

/// The shortest way from a node back to itself, closed, if there is one; breadth first, neighbours in their order.
pub(super) fn shortest_ring<N: Ord, E>(graph: &DiGraph<N, E>, start: NodeIndex) -> Option<Vec<NodeIndex>> {
    let mut came: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let mut next: Vec<NodeIndex> = graph.neighbors(node).collect();
        next.sort_by_key(|n| &graph[*n]);
        for n in next {
            if n == start {
                // From `node` back along `came` to the start, then turned round and closed.
                let back = std::iter::successors(Some(node), |at| came.get(at).copied().filter(|_| *at != start));
                let mut chain: Vec<NodeIndex> = back.collect();
                chain.reverse();
                chain.push(start);
                return Some(chain);
            }
            if let std::collections::btree_map::Entry::Vacant(e) = came.entry(n) {
                e.insert(node);
                queue.push_back(n);
            }
        }
    }
    None
}
