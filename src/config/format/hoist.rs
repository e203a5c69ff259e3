//! Tables whose keys name objects stand in their object's own table, as dotted keys, above the headers of its children.
//!
//! In: `[access_package.campaign.resource_roles]` and its keys. Out: `resource_roles.ad-manager = …` at the end of
//! `[access_package.campaign]`, wherever that stands in the file, or under that header, made of the old one.
//! Invariants: comments go with what they stand at; what TOML would not take is left as it is.

use super::print::trimmed;
use super::tree::{Above, Block, Entry, Key, Section, Tree, Value};
use super::walk::Place;

/// Moves every such table.
pub(super) fn hoist(tree: &mut Tree<'_>, root: &Place) {
    let mut next = 0;
    while let Some(section) = tree.sections.get(next) {
        let path = section.path();
        let (inside, outside) = (root.descend(path.iter().copied()), path.split_last().map_or(&[][..], |(_, outside)| outside));
        let is_list = section.header.as_ref().is_some_and(|h| h.list);
        if is_list || !inside.names_objects() || !root.descend(outside.iter().copied()).is_object() || has_below(tree, &path) {
            next = next.saturating_add(1);
            continue;
        }
        let owner = tree.sections.iter().position(|s| s.header.as_ref().is_some_and(|h| !h.list) && s.path() == outside);
        match owner {
            Some(owner) => {
                let moved = tree.sections.remove(next);
                // Removing what stands above the owner moves it up by one, and what follows moves to `next`.
                let owner = if owner > next { owner.saturating_sub(1) } else { owner };
                if let Some(owner) = tree.sections.get_mut(owner) {
                    append(owner, moved);
                }
            }
            None => {
                let free = !is_dotted(tree, outside);
                if let Some(section) = tree.sections.get_mut(next).filter(|_| free) {
                    become_owner(section);
                }
                next = next.saturating_add(1);
            }
        }
    }
}

/// Whether a header goes on where this path ends.
fn has_below(tree: &Tree<'_>, path: &[&str]) -> bool {
    tree.sections.iter().any(|s| s.path().len() > path.len() && s.path().starts_with(path))
}

/// Whether dotted keys of an outer table make the table of this path, so that it can have no header.
fn is_dotted(tree: &Tree<'_>, path: &[&str]) -> bool {
    tree.sections.iter().filter(|s| s.path().len() < path.len()).any(|section| {
        section.entries.iter().any(|entry| {
            let mut whole = section.path();
            whole.extend(entry.path.iter().map(|k| k.text.as_str()));
            whole.len() > path.len() && whole.starts_with(path)
        })
    })
}

/// Puts the keys of a table at the end of its owner's.
fn append<'a>(owner: &mut Section<'a>, moved: Section<'a>) {
    let Section { above, header, entries, tail } = moved;
    let Some(header) = header else { return };
    let mut gathered = std::mem::replace(&mut owner.tail, tail);
    if !gathered.is_empty() && !trimmed(&above).is_empty() {
        gathered.push(Above::Blank);
    }
    gathered.extend_from_slice(trimmed(&above));
    gathered.extend(header.behind.map(|b| Above::Comment(b.text)));
    owner.entries.extend(prefixed(entries, header.path.last().cloned(), gathered));
}

/// Makes the header that of the owner, whose keys the table's then are.
fn become_owner(section: &mut Section<'_>) {
    let Some(header) = &mut section.header else { return };
    let key = header.path.pop();
    section.entries = prefixed(std::mem::take(&mut section.entries), key, Vec::new());
}

/// The entries below `key`; `above` comes to stand above the first.
fn prefixed<'a>(mut entries: Vec<Entry<'a>>, key: Option<Key<'a>>, mut above: Vec<Above<'a>>) -> Vec<Entry<'a>> {
    if entries.is_empty() {
        // Said to be empty, which is not the same as not said.
        let block = Block { table: true, open: None, entries: Vec::new(), end: Vec::new(), broken: false };
        entries.push(Entry { above: Vec::new(), path: Vec::new(), value: Value::Block(block), behind: None });
    }
    for (i, entry) in entries.iter_mut().enumerate() {
        entry.path.splice(0..0, key.clone());
        if i == 0 {
            above.extend_from_slice(trimmed(&entry.above));
            entry.above = std::mem::take(&mut above);
        }
    }
    entries
}
