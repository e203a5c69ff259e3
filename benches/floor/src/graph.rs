//! Which object comes before which.

use crate::model::Object;
use std::collections::HashMap;

/// The number of each address.
pub fn intern<'a>(objects: &'a [Object<'_>]) -> HashMap<&'a str, u32> {
    let mut ids = HashMap::with_capacity(objects.len());
    for (i, object) in objects.iter().enumerate() {
        assert!(ids.insert(object.address.as_str(), i as u32).is_none());
    }
    ids
}

/// What has to exist, and what needs it.
pub fn edges(objects: &[Object<'_>], ids: &HashMap<&str, u32>) -> Vec<(u32, u32)> {
    let mut edges = Vec::with_capacity(objects.len() * 3 / 2);
    for (i, object) in objects.iter().enumerate() {
        edges.extend(object.parent.map(|first| (first, i as u32)));
        edges.extend(object.needs.as_deref().map(|needed| (ids[needed], i as u32)));
    }
    edges
}

/// Kahn's algorithm over the edges sorted by their first ends.
pub fn order(nodes: usize, edges: &[(u32, u32)]) -> Vec<u32> {
    let (mut start, mut waits) = (vec![0u32; nodes + 1], vec![0u32; nodes]);
    for &(first, then) in edges {
        start[first as usize + 1] += 1;
        waits[then as usize] += 1;
    }
    for i in 0..nodes {
        start[i + 1] += start[i];
    }
    let (mut next, mut after) = (start.clone(), vec![0u32; edges.len()]);
    for &(first, then) in edges {
        after[next[first as usize] as usize] = then;
        next[first as usize] += 1;
    }
    let mut order: Vec<u32> = (0..nodes as u32).filter(|&i| waits[i as usize] == 0).collect();
    let mut done = 0;
    while done < order.len() {
        let first = order[done] as usize;
        for &then in &after[start[first] as usize..start[first + 1] as usize] {
            waits[then as usize] -= 1;
            if waits[then as usize] == 0 {
                order.push(then);
            }
        }
        done += 1;
    }
    assert_eq!(order.len(), nodes, "there is a ring");
    order
}
