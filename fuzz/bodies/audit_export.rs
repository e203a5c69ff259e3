//! An exported history that somebody edited: the verifier never panics, and takes it for the one it was only if all that its
//! lines say is what they said, but for bodies that were erased. With the checkpoint of the whole, nothing shorter passes.
//!
//! The input is whether there is a checkpoint, and edits of lines and of parts of them.

use super::{Choices, audit_verifier};
use serde_json::Value as Json;
use std::sync::LazyLock;
use writ::store::{Checkpoint, Reader, Verified, create, export, verify_export};

/// So many edits are made at most.
const EDITS: usize = 6;

/// An export, its lines, and what is known of it.
struct Honest {
    lines: Vec<String>,
    said: Vec<Json>,
    checkpoint: Checkpoint,
    verified: Verified,
}

static HONEST: LazyLock<Honest> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("writ.db");
    create(&path, "L", &audit_verifier::history()).expect("a store");
    let mut bytes = Vec::new();
    let checkpoint = export(&Reader::open(&path).expect("the store"), &mut bytes).expect("an export");
    let text = String::from_utf8(bytes).expect("text");
    let verified = verify_export(text.as_bytes(), Some(&checkpoint)).expect("an honest export");
    let lines = text.lines().map(str::to_owned).collect();
    Honest { lines, said: said(&text, false).expect("lines of JSON"), checkpoint, verified }
});

pub fn run(data: &[u8]) {
    let mut choices = Choices::new(data);
    let witness = choices.one_in(2).then_some(&HONEST.checkpoint);
    let mut lines = HONEST.lines.clone();
    for _ in 0..EDITS {
        if choices.is_empty() || lines.is_empty() {
            break;
        }
        edit(&mut lines, &mut choices);
    }
    let text = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
    match verify_export(text.as_bytes(), witness) {
        // The head stands for all that was ever told, and a checkpoint of the whole leaves no other.
        Ok(found) if found.hash == HONEST.verified.hash || witness.is_some() => {
            let erased = found.erased > 0;
            assert_eq!(Verified { erased: 0, ..found }, HONEST.verified);
            let expected = if erased { bodiless(HONEST.said.clone()) } else { HONEST.said.clone() };
            assert_eq!(said(&text, erased), Some(expected), "an edited history is taken for what it was:\n{text}");
        }
        Ok(_) => {}
        Err(faults) => {
            assert!(lines != HONEST.lines && !faults.is_empty());
            faults.iter().for_each(|fault| assert!(!fault.to_string().is_empty()));
        }
    }
}

/// What the lines say, as JSON, in which null is as good as nothing; without the bodies of events, where some were erased.
fn said(text: &str, erased: bool) -> Option<Vec<Json>> {
    let lines: Option<Vec<Json>> = text.lines().map(|line| serde_json::from_str(line).ok()).collect();
    let mut lines = if erased { lines.map(bodiless) } else { lines }?;
    for inner in lines.iter_mut().filter_map(Json::as_object_mut).flat_map(|line| line.values_mut()).filter_map(Json::as_object_mut) {
        inner.retain(|_, value| !value.is_null());
    }
    Some(lines)
}

fn bodiless(mut lines: Vec<Json>) -> Vec<Json> {
    for event in lines.iter_mut().filter_map(|line| line.get_mut("event")?.as_object_mut()) {
        event.remove("body");
    }
    lines
}

fn edit(lines: &mut Vec<String>, choices: &mut Choices<'_>) {
    let what = choices.byte();
    let (at, other) = (choices.below(lines.len()), choices.below(lines.len()));
    match what % 8 {
        0 => drop(lines.remove(at)),
        1 => lines.insert(other, lines[at].clone()),
        2 => lines.swap(at, other),
        3 => lines.truncate(at),
        4 => lines[at] = choices.text(),
        5 => erase(&mut lines[at]),
        _ => replace(&mut lines[at], choices),
    }
}

/// Takes the body of an event away.
fn erase(line: &mut String) {
    let Ok(mut said) = serde_json::from_str::<Json>(line) else { return };
    if let Some(event) = said.get_mut("event").and_then(Json::as_object_mut) {
        event.insert("body".to_owned(), Json::Null);
        *line = said.to_string();
    }
}

/// Puts another text in place of a part of a line.
fn replace(line: &mut String, choices: &mut Choices<'_>) {
    let from = choices.below(line.len() + 1);
    let to = (from + choices.below(32)).min(line.len());
    if line.is_char_boundary(from) && line.is_char_boundary(to) {
        line.replace_range(from..to, &choices.text());
    }
}
