//! No self-approving path: no ring of packages, each of which makes its holders approvers of the next. Whoever got into one of them could
//! see to it that those who get in have their own requests decided by people whom they let in.
//!
//! That a package gives the very group that approves it is an error of its own (E0403).

use super::{Check, Found, World};
use crate::kinds::access_package::Package;
use crate::kinds::group::Group;
use crate::kinds::resource::Resource;
use crate::model::Address;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub(super) fn ask(world: &World<'_>, _: &Check) -> Vec<Found> {
    let packages: Vec<Package<'_>> = world.packages().collect();
    let mut giving: BTreeMap<Address, BTreeSet<usize>> = BTreeMap::new();
    for (number, package) in packages.iter().enumerate() {
        let members = package.roles().filter(|(_, role, _)| *role == "Member");
        let origins = members.filter_map(|(address, ..)| world.facts.object(&address).and_then(Resource::of)?.origin());
        origins.filter(|o| o.kind() == "group").for_each(|group| giving.entry(group).or_default().extend([number]));
    }
    if giving.is_empty() {
        return Vec::new();
    }
    let mut graph: DiGraph<usize, (Address, Address)> = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..packages.len()).map(|n| graph.add_node(n)).collect();
    for (number, package) in packages.iter().enumerate() {
        for (policy, _) in world.facts.policies(&package.0.address) {
            let named = policy.stages().into_iter().flat_map(|s| s.named_approvers().map(|(a, _)| a).collect::<Vec<_>>());
            for approver in named.filter(|a| a.kind() == "group").collect::<BTreeSet<_>>() {
                for group in inside(world, &approver) {
                    for from in giving.get(&group).into_iter().flatten() {
                        if let (Some(from), Some(to)) = (nodes.get(*from), nodes.get(number)) {
                            graph.update_edge(*from, *to, (group.clone(), policy.0.address.clone()));
                        }
                    }
                }
            }
        }
    }
    let rings = kosaraju_scc(&graph).into_iter().filter(|ring| ring.len() > 1);
    let mut found: Vec<Found> = rings.filter_map(|ring| told(world, &packages, &graph, &ring)).collect();
    found.sort_by(|a, b| a.address.cmp(&b.address));
    found
}

/// A group, and the groups in it.
fn inside(world: &World<'_>, group: &Address) -> BTreeSet<Address> {
    let mut all = BTreeSet::from([group.clone()]);
    let mut queue = vec![group.clone()];
    while let Some(here) = queue.pop() {
        let members = world.facts.object(&here).and_then(Group::of).into_iter().flat_map(Group::members);
        queue.extend(members.filter(|m| m.kind() == "group").filter(|m| all.insert(m.clone())));
    }
    all
}

/// A shortest ring through the first of its packages.
fn told(world: &World<'_>, packages: &[Package<'_>], graph: &DiGraph<usize, (Address, Address)>, ring: &[NodeIndex]) -> Option<Found> {
    let first = *ring.iter().min()?;
    let within: BTreeSet<NodeIndex> = ring.iter().copied().collect();
    let mut came: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut queue = VecDeque::from([first]);
    while let Some(here) = queue.pop_front() {
        for next in graph.neighbors(here).filter(|n| within.contains(n)) {
            if let Entry::Vacant(slot) = came.entry(next) {
                slot.insert(here);
                queue.push_back(next);
            }
        }
    }
    let mut way = vec![first];
    let mut here = *came.get(&first)?;
    while here != first {
        way.push(here);
        here = *came.get(&here)?;
    }
    way.push(first);
    way.reverse();
    let key = |node: &NodeIndex| graph.node_weight(*node).and_then(|n| packages.get(*n)).map_or("", |p| p.0.address.key());
    let step = |pair: &[NodeIndex]| {
        let [from, to] = pair else { return None };
        let (group, policy) = graph.edge_weight(graph.find_edge(*from, *to)?)?;
        Some(format!("who holds `{}` is of `{}`, which decides {}", key(from), group.reference(), world.told(policy)))
    };
    let steps: Vec<String> = way.windows(2).filter_map(step).collect();
    let address = graph.node_weight(first).and_then(|n| packages.get(*n)).map(|p| &p.0.address);
    Some(world.found(address, steps.join("; ")))
}
