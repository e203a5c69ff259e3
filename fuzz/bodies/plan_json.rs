//! Plans that somebody edited with care, digests and all: whatever is taken is shown in every form and harms nobody, is the
//! same when it is saved again, and is judged without a panic on the state that it was made on and on none.
//!
//! The input is which plan, how it is shown and judged, and edits: where, what, and with what.

use super::{Choices, plans};
use serde_json::{Map, Value as Json, json};
use writ::diag::{Diagnostics, Sources};
use writ::plan::{By, judge_again, read, sealed};
use writ::reconcile::State;

/// So many edits are made at most.
const EDITS: usize = 8;

pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let how = choices.byte();
    let made = &plans::PLANS[choices.below(plans::PLANS.len())];
    let mut document = made.document.clone();
    for _ in 0..EDITS {
        if choices.is_empty() {
            break;
        }
        edit(&mut document, &mut choices);
    }
    let Ok(document) = sealed(document) else { return };
    let Ok(saved) = read(&document.to_string()) else { return };
    assert_eq!(saved.document, document);
    plans::assert_rendered(&saved.as_saved(), how);
    let nothing = State::empty();
    let state = if how & 0x80 == 0 { &made.state } else { &nothing };
    let mut found = Diagnostics::new();
    if let Some(plan) = judge_again(&saved, &made.config.settings, state, plans::now(), By::Operator("operator:ann@build"), &mut found) {
        plans::assert_rendered(&plan, how >> 2);
    }
    super::toml_to_model::assert_told(&found, &Sources::default());
}

fn edit(document: &mut Json, choices: &mut Choices<'_>) {
    let count = size(document);
    let at = choices.below(count);
    let what = choices.byte();
    let new = match what % 8 {
        0..=3 => value(choices),
        4 | 5 => nth(document, choices.below(count)).cloned().unwrap_or_default(),
        _ => Json::Null,
    };
    let name = if what & 0x40 == 0 { String::new() } else { choices.text() };
    let Some(node) = nth_mut(document, &mut { at }) else { return };
    match node {
        // The whole is never replaced, and a table gets another member rather than be lost.
        Json::Object(map) if at == 0 || what & 0x80 != 0 => member(map, what, name, new, choices),
        Json::Array(items) if what & 0x80 != 0 => {
            let index = choices.below(items.len() + 1);
            if what % 8 == 6 && index < items.len() { drop(items.remove(index)) } else { items.insert(index, new) }
        }
        _ => *node = new,
    }
}

/// Adds a member, takes one away, or gives it another name.
fn member(map: &mut Map<String, Json>, what: u8, name: String, new: Json, choices: &mut Choices<'_>) {
    let old = map.keys().nth(choices.below(map.len().max(1))).cloned();
    match (what % 8, old) {
        (6, Some(old)) => {
            map.remove(&old);
        }
        (7, Some(old)) => {
            let value = map.remove(&old).unwrap_or_default();
            map.insert(name, value);
        }
        (_, old) => {
            map.insert(if name.is_empty() { old.unwrap_or_default() } else { name }, new);
        }
    }
}

fn value(choices: &mut Choices<'_>) -> Json {
    match choices.byte() % 16 {
        0 => json!(true),
        1 => json!(0),
        2 => json!(u64::MAX),
        3 => json!(-1),
        4 => json!(1.5),
        5 => json!(""),
        6 => json!([]),
        7 => json!({}),
        8 => json!("2027-12-31"),
        9 => json!("access_package.old.policy.p"),
        10 => json!("user:ann@contoso.example"),
        11 => json!("\u{1b}[2J\u{202e}\n```\n</details><img src=x>"),
        12 => json!(i64::MIN),
        _ => Json::String(choices.text()),
    }
}

/// How many nodes there are, tables and lists included.
fn size(json: &Json) -> usize {
    match json {
        Json::Array(items) => items.iter().map(size).sum::<usize>() + 1,
        Json::Object(map) => map.values().map(size).sum::<usize>() + 1,
        _ => 1,
    }
}

fn nth(json: &Json, mut n: usize) -> Option<&Json> {
    fn walk<'j>(json: &'j Json, n: &mut usize) -> Option<&'j Json> {
        if *n == 0 {
            return Some(json);
        }
        *n -= 1;
        match json {
            Json::Array(items) => items.iter().find_map(|item| walk(item, n)),
            Json::Object(map) => map.values().find_map(|item| walk(item, n)),
            _ => None,
        }
    }
    walk(json, &mut n)
}

fn nth_mut<'j>(json: &'j mut Json, n: &mut usize) -> Option<&'j mut Json> {
    if *n == 0 {
        return Some(json);
    }
    *n -= 1;
    match json {
        Json::Array(items) => items.iter_mut().find_map(|item| nth_mut(item, n)),
        Json::Object(map) => map.values_mut().find_map(|item| nth_mut(item, n)),
        _ => None,
    }
}
