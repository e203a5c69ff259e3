//! What an import leaves out.

use super::paint::line;
use crate::kinds::counted;
use std::collections::BTreeMap;

/// So many places of a sort are shown.
const MOST: usize = 5;

/// What has no counterpart: each sort, what it is and why nothing comes of it, with the first of its places, or with all.
#[must_use]
pub fn left(sorts: &BTreeMap<(String, String), Vec<String>>, all: bool) -> String {
    if sorts.is_empty() {
        return "Everything has its counterpart here.\n".to_owned();
    }
    let total = sorts.values().map(Vec::len).fold(0, usize::saturating_add);
    let mut out = format!("\nNot carried over as it was, {}:\n", counted(total, "place"));
    for ((what, why), places) in sorts {
        out.push_str(&format!("  {}: {}\n", line(what), line(why)));
        let shown = if all { places.len() } else { MOST };
        for place in places.iter().take(shown) {
            out.push_str(&format!("    {}\n", line(place)));
        }
        match places.len().saturating_sub(shown) {
            0 => {}
            n => out.push_str(&format!("    and {n} more: -v shows all\n")),
        }
    }
    out
}
