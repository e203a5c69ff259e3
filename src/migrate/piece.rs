//! JSON that is read so that nothing of it is lost: what nobody took is told in the end.

use super::left::Leftovers;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

/// Bookkeeping of the other system, of which nothing is told: when and how an answer came to be. `docs/migrate.md` says so.
const BOOKKEEPING: &[&str] = &["id", "createdDateTime", "modifiedDateTime", "expiredDateTime", "deletedDateTime"];

/// Where something stood in a document.
#[derive(Debug, Clone)]
pub(super) struct Part<'a> {
    /// What stood there.
    pub map: &'a Map<String, Json>,
    /// The place: the document, `#`, and a JSON pointer.
    pub at: String,
    /// Its lists stood in a document of their own, as its `value`.
    pub grafted: bool,
}

/// An object of JSON; the same one may stand in several places, each of which tells a part of it.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    parts: Vec<(&'a Map<String, Json>, String, bool)>,
    taken: BTreeSet<String>,
}

impl<'a> Piece<'a> {
    /// What these parts say; the first that says something wins.
    pub fn new(parts: impl IntoIterator<Item = Part<'a>>) -> Piece<'a> {
        Piece { parts: parts.into_iter().map(|p| (p.map, p.at, p.grafted)).collect(), taken: BTreeSet::new() }
    }

    fn one(map: &'a Map<String, Json>, at: String) -> Piece<'a> {
        Piece { parts: vec![(map, at, false)], taken: BTreeSet::new() }
    }

    /// Where it stands first.
    pub fn at(&self) -> &str {
        self.parts.first().map_or("", |(_, at, _)| at)
    }

    /// Where a property stands.
    pub fn place(&self, name: &str) -> String {
        let found = self.parts.iter().find(|(map, ..)| map.get(name).is_some_and(|v| !v.is_null()));
        format!("{}/{name}", found.map_or_else(|| self.at(), |(_, at, _)| at))
    }

    /// What a property says, without taking it.
    pub fn peek(&self, name: &str) -> Option<&'a Json> {
        self.parts.iter().find_map(|(map, ..)| map.get(name).filter(|v| !v.is_null()))
    }

    /// Takes a property, whatever it says.
    pub fn take(&mut self, name: &str) -> Option<&'a Json> {
        self.taken.insert(name.to_owned());
        self.peek(name)
    }

    /// Takes a property if it is what is wanted; what is something else stays, and is told.
    fn take_if<T>(&mut self, name: &str, wanted: impl FnOnce(&'a Json) -> Option<T>) -> Option<T> {
        let value = self.peek(name).and_then(wanted)?;
        self.taken.insert(name.to_owned());
        Some(value)
    }

    /// A text that is not empty.
    pub fn text(&mut self, name: &str) -> Option<&'a str> {
        self.take_if(name, Json::as_str).filter(|t| !t.trim().is_empty())
    }

    /// A yes or no.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.take_if(name, Json::as_bool)
    }

    /// A whole number.
    pub fn number(&mut self, name: &str) -> Option<i64> {
        self.take_if(name, Json::as_i64)
    }

    /// An object in it.
    pub fn piece(&mut self, name: &str) -> Option<Piece<'a>> {
        let at = self.place(name);
        self.take_if(name, Json::as_object).map(|map| Piece::one(map, at))
    }

    /// The objects of a list in it, those of all parts; what is no object is told.
    pub fn pieces(&mut self, name: &str, left: &mut Leftovers) -> Vec<Piece<'a>> {
        let mut found = Vec::new();
        for (map, at, grafted) in &self.parts {
            let Some(Json::Array(all)) = map.get(name) else { continue };
            self.taken.insert(name.to_owned());
            for (i, value) in all.iter().enumerate() {
                let at = format!("{at}/{}/{i}", if *grafted { "value" } else { name });
                match value {
                    Json::Object(map) => found.push(Piece::one(map, at)),
                    _ => left.push(at, format!("a member of `{name}`"), "it is no object"),
                }
            }
        }
        found
    }

    /// The texts of a list in it.
    pub fn texts(&mut self, name: &str) -> Vec<&'a str> {
        let all = self.take_if(name, Json::as_array);
        all.into_iter().flatten().filter_map(Json::as_str).collect()
    }

    /// The id of an object in it that may be expanded.
    pub fn id_of(&mut self, name: &str) -> Option<&'a str> {
        self.take_if(name, |v| v.get("id").and_then(Json::as_str))
    }

    /// The last word of `@odata.type`.
    pub fn type_name(&self) -> &'a str {
        self.peek("@odata.type").and_then(Json::as_str).map_or("", |t| t.rsplit('.').next().unwrap_or(t).trim_start_matches('#'))
    }

    /// Tells what nobody took; `of` says what this is.
    pub fn rest(self, of: &str, left: &mut Leftovers) {
        let Piece { parts, taken } = self;
        for (map, at, _) in parts {
            for (name, value) in map {
                let known = taken.contains(name) || name.contains("@odata.") || BOOKKEEPING.contains(&name.as_str());
                if !known && says_something(value) {
                    left.push(format!("{at}/{}", escaped(name)), format!("`{}` of {of}", shown(name)), "there is nothing like it here");
                }
            }
        }
    }
}

/// A step of a JSON pointer.
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// A name of the document, short enough to be told.
pub(super) fn shown(name: &str) -> String {
    crate::diag::shown(name).into_owned()
}

/// Whether a value is more than nothing: what is absent, `false` or empty loses nothing.
pub(super) fn says_something(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::Bool(true) | Json::Number(_) => true,
        Json::String(text) => !text.is_empty(),
        Json::Array(all) => all.iter().any(says_something),
        Json::Object(map) => map.iter().any(|(name, value)| !name.contains("@odata.") && says_something(value)),
    }
}
