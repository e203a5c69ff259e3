//! What a file says, said in the one canonical way.
//!
//! In: a tree. Out: the same tree with user keys folded, sets sorted, and every block knowing its layout.
//! Invariants: no meaning changes; two keys that the file tells apart by their case stay apart, since folding them would
//! make one object of two.

use super::tree::{Above, Block, Scalar, Tree, Value};
use super::walk::{Place, Seen, walk};
use crate::config::keys::{fold_principal, principal_form};
use crate::kinds::{KeyForm, Shape, text};
use crate::model::is_user_key;
use std::collections::{BTreeMap, BTreeSet};

/// How many members of a list stand on one line.
const ON_ONE_LINE: usize = 3;

/// Makes a tree canonical, but for the places of tables.
pub(super) fn canonical(tree: &mut Tree<'_>, root: &Place) {
    for entry in tree.sections.iter_mut().flat_map(|s| &mut s.entries) {
        join_tables(&mut entry.value);
    }
    let mut spellings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    walk(tree, root, &mut |seen| {
        if let Seen::ObjectKey(key, kind, _) = seen
            && kind.key == KeyForm::User
        {
            spellings.entry(key.text.to_ascii_lowercase()).or_default().insert(key.text.clone());
        }
    });
    walk(tree, root, &mut |seen| match seen {
        Seen::ObjectKey(key, kind, _) if kind.key == KeyForm::User => {
            let folded = key.text.to_ascii_lowercase();
            if is_user_key(&folded) && spellings.get(&folded).is_some_and(|s| s.len() == 1) {
                key.text = folded;
            }
        }
        Seen::Text(text, shape, _) => fold(text, shape),
        Seen::List(block, set_of) => arrange(block, set_of),
        Seen::ObjectKey(..) | Seen::MapKey(..) | Seen::Address(_) => {}
    });
}

/// Tables in braces stand on one line, as TOML 1.0 wants it, unless a comment needs more.
fn join_tables(value: &mut Value<'_>) {
    if let Value::Block(block) = value {
        block.broken &= !block.table;
        block.entries.iter_mut().for_each(|e| join_tables(&mut e.value));
    }
}

/// Folds a reference to a user.
fn fold(text: &mut Scalar<'_>, shape: &Shape) {
    let Some(written) = &text.text else { return };
    let folded = fold_principal(written);
    let names_a_user = match shape {
        Shape::Reference(reference) => reference.kind == "user" && is_user_key(&folded),
        Shape::Principal(principal) => principal_form(principal, written).is_ok(),
        _ => false,
    };
    // `user:user:a@b.example` loses one prefix when it is read, and would lose the other when it is read again.
    if names_a_user && folded != *written && fold_principal(&folded) == folded {
        text.say(folded);
    }
}

/// Sorts a set, and lays a list out by the number of its members.
fn arrange(block: &mut Block<'_>, set_of: Option<&Shape>) {
    let tables = block.entries.iter().any(|e| matches!(&e.value, Value::Block(_)));
    if !tables {
        block.broken = block.entries.len() > ON_ONE_LINE;
    }
    let Some(item) = set_of else { return };
    // Groups that empty lines part do not outlive the sorting.
    for lines in block.entries.iter_mut().map(|e| &mut e.above).chain([&mut block.end]) {
        lines.retain(|l| *l != Above::Blank);
    }
    let said = |value: &Value<'_>| {
        let Value::Scalar(Scalar { text: Some(text), .. }) = value else { return None };
        match item {
            Shape::Text(class) => Some(text::check(*class, text).map_or_else(|_| text.clone(), String::from)),
            _ => Some(text.clone()),
        }
    };
    if block.entries.iter().all(|e| said(&e.value).is_some()) {
        block.entries.sort_by_cached_key(|e| said(&e.value));
    }
}
