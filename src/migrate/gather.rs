//! From documents to things: what each document holds, and all that is told of one thing put together.
//!
//! A document is an answer of Microsoft Graph: one object, or a page with many in `value`. What it holds is told by `@odata.type`, by
//! `@odata.context`, or by its path, which may be that of the question: `catalogs/GUID/resources.json`.

use super::left::Leftovers;
use super::piece::{Part, Piece, shown};
pub(super) use super::sorts::Sort;
use super::sorts::{EXPANDED, LISTS, WITHOUT, sort};
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// A document of the other system.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its name, with `/` between its parts.
    pub name: String,
    /// What stands in it.
    pub value: Json,
    /// It tells a part of a thing, and what another one tells counts more.
    pub part: bool,
}

/// One place at which something is told of a thing.
#[derive(Debug, Clone)]
pub(super) struct Told<'a> {
    map: &'a Map<String, Json>,
    at: String,
    grafted: bool,
    /// It stood in another thing, or is but a list of this one.
    aside: bool,
    /// What it is of, by where it stood: a property and an id.
    within: Option<(&'static str, String)>,
}

/// Things by sort and id.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    things: BTreeMap<Sort, BTreeMap<String, Vec<Told<'a>>>>,
    /// Why the documents cannot be what they say they are.
    pub troubles: Vec<String>,
}

/// Documents in the form in which they are gathered.
#[derive(Debug)]
pub(super) struct Prepared {
    documents: Vec<(Document, Vec<Step>, bool)>,
}

/// A step of a path: a name and the id behind it.
type Step = (String, Option<String>);

impl Prepared {
    /// Each document by its name.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.documents.iter().map(|(document, ..)| (document.name.as_str(), &document.value))
    }
}

/// The documents, sorted by name; a list of one thing that stands in a document of its own is put into a thing that says nothing else.
pub(super) fn prepare(mut documents: Vec<Document>) -> Prepared {
    documents.sort_by(|a, b| a.name.cmp(&b.name));
    let one = |mut document: Document| {
        let context = document.value.get("@odata.context").and_then(Json::as_str).and_then(|c| c.split_once('#')).map(|(_, c)| steps(c));
        let path = steps(document.name.strip_suffix(".json").unwrap_or(&document.name));
        // An answer about members says neither whose they are nor that they are members: then its path does.
        let steps = context.filter(|steps| known(steps)).unwrap_or(path);
        let grafts = match steps.as_slice() {
            [.., (thing, Some(id)), (list, None)] if LISTS.contains(&list.as_str()) && sort(thing).is_some() => {
                Some((id.clone(), list.clone(), thing.clone()))
            }
            _ => None,
        };
        let value = std::mem::take(&mut document.value);
        match (grafts, value) {
            (Some((id, list, thing)), Json::Object(mut page)) if page.get("value").is_some_and(Json::is_array) => {
                let members = page.remove("value").unwrap_or_default();
                let mut stub = page;
                stub.insert("id".to_owned(), Json::String(id));
                stub.insert(list, members);
                (Document { name: document.name, value: Json::Object(stub), part: true }, vec![(thing, None)], true)
            }
            (_, value) => (Document { value, ..document }, steps, false),
        }
    };
    Prepared { documents: documents.into_iter().map(one).collect() }
}

/// Whether a path ends in something that is known.
fn known(steps: &[Step]) -> bool {
    matches!(steps.last(), Some((name, _)) if sort(name).is_some() || (LISTS.contains(&name.as_str()) && steps.len() > 1))
}

/// `accessPackages('GUID')/resourceRoleScopes(role())` and `accessPackages/GUID/resourceRoleScopes` alike.
fn steps(path: &str) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    for part in split(path) {
        let (name, inner) = part.split_once('(').map_or((part, ""), |(name, rest)| (name, rest.strip_suffix(')').unwrap_or(rest)));
        let id = inner.strip_prefix('\'').and_then(|i| i.strip_suffix('\'')).map(fold);
        match out.last_mut() {
            Some((_, none @ None)) if is_guid(name) => *none = Some(fold(name)),
            _ if name.is_empty() || name.starts_with('$') => {}
            _ => out.push((name.to_owned(), id)),
        }
    }
    out
}

/// The parts between slashes that are in no parentheses.
fn split(path: &str) -> Vec<&str> {
    let mut depth = 0i32;
    path.split(|c| {
        depth = match c {
            '(' => depth.saturating_add(1),
            ')' => depth.saturating_sub(1),
            _ => depth,
        };
        c == '/' && depth == 0
    })
    .collect()
}

fn is_guid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// Ids are compared in lower case.
pub(super) fn fold(id: &str) -> String {
    id.to_ascii_lowercase()
}

/// How a document is to be taken.
#[derive(Debug, Clone, Copy)]
struct Sense<'s> {
    /// The name of what it holds.
    word: &'s str,
    /// Its list was put into a thing.
    grafted: bool,
    /// It tells a part of things.
    part: bool,
}

/// Puts together what is told of each thing.
pub(super) fn gather<'a>(prepared: &'a Prepared, left: &mut Leftovers) -> Gathered<'a> {
    let mut all = Gathered::default();
    for (document, steps, grafted) in &prepared.documents {
        let root = format!("{}#", document.name);
        let word = steps.last().map_or("", |(name, _)| name.as_str());
        all.page(&document.value, &root, Sense { word, grafted: *grafted, part: document.part }, left);
    }
    for things in all.things.values_mut() {
        for told in things.values_mut() {
            // The whole before the parts; what then comes first does not hang on the order of the documents.
            told.sort_by_cached_key(|t| (t.aside, serde_json::to_string(t.map).unwrap_or_default()));
        }
    }
    all
}

impl<'a> Gathered<'a> {
    fn page(&mut self, value: &'a Json, at: &str, sense: Sense<'_>, left: &mut Leftovers) {
        match value {
            Json::Array(all) => {
                for (i, value) in all.iter().enumerate() {
                    self.page(value, &pointer(at, &i.to_string()), sense, left);
                }
            }
            Json::Object(map) => {
                if map.get("@odata.nextLink").is_some_and(Json::is_string) {
                    left.push(at, "an answer with a next page", "see that the next page is in the folder too");
                }
                match map.get("value") {
                    Some(Json::Array(all)) => {
                        for (i, value) in all.iter().enumerate() {
                            self.page(value, &pointer(at, &format!("value/{i}")), sense, left);
                        }
                    }
                    _ => self.thing(map, at, sense, left),
                }
            }
            _ => left.push(at, "an entry", "it is no object"),
        }
    }

    fn thing(&mut self, map: &'a Map<String, Json>, at: &str, Sense { word, grafted, part }: Sense<'_>, left: &mut Leftovers) {
        let typed = map.get("@odata.type").and_then(Json::as_str);
        let own = typed.and_then(|t| sort(t.rsplit('.').next().unwrap_or(t)));
        let Some(sort) = own.or_else(|| sort(word)) else {
            let last = typed.map_or(word, |t| t.rsplit('.').next().unwrap_or(t));
            if let Some((_, what, why)) = WITHOUT.iter().find(|(name, ..)| name.eq_ignore_ascii_case(last)) {
                return left.push(at, *what, *why);
            }
            let what =
                typed.map_or_else(|| "an entry of a sort that is not known".to_owned(), |t| format!("an entry of the type `{}`", shown(t)));
            return left.push(at, what, "there is nothing like it here; a file is named for what it holds, such as `catalogs.json`");
        };
        // There is one of these, and not every answer names it.
        let id = map.get("id").and_then(Json::as_str).or((sort == Sort::Settings).then_some("settings"));
        let Some(id) = id.filter(|id| !id.is_empty()) else {
            return left.push(at, "an entry without an id", "nothing could refer to it");
        };
        let told = Told { map, at: at.to_owned(), grafted, aside: part, within: None };
        self.add(sort, id, told, 0);
    }

    /// Adds what is told of a thing, and of the things that stand in it.
    fn add(&mut self, sort: Sort, id: &str, told: Told<'a>, depth: usize) {
        let (map, at, grafted) = (told.map, told.at.clone(), told.grafted);
        // The same role of the same resource is given by many packages.
        let id = match &told.within {
            Some((_, package)) if sort == Sort::RoleScope => format!("{package}/{}", fold(id)),
            _ => fold(id),
        };
        for (_, property, inner, back) in EXPANDED.iter().filter(|(of, ..)| *of == sort && depth < 4) {
            let Some(value) = map.get(*property) else { continue };
            let listed = value.is_array();
            let many = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
            for (i, value) in many.iter().enumerate() {
                let Some(map) = value.as_object() else { continue };
                let Some(own) = map.get("id").and_then(Json::as_str) else { continue };
                let typed = map.get("@odata.type").and_then(Json::as_str).map(|t| t.rsplit('.').next().unwrap_or(t));
                // Of principals the type tells what they are.
                let Some(inner) = typed.map_or(Some(*inner), super::sorts::sort) else { continue };
                // What says no more than its id is only referred to.
                let naming = if inner == Sort::User { "userPrincipalName" } else { "displayName" };
                if !matches!(inner, Sort::RoleScope | Sort::Policy | Sort::Resource | Sort::Package) && !map.contains_key(naming) {
                    continue;
                }
                let name = if grafted { "value" } else { property };
                let at = if listed { pointer(&at, &format!("{name}/{i}")) } else { pointer(&at, name) };
                let within = back.map(|back| (back, id.clone()));
                self.add(inner, own, Told { map, at, grafted: false, aside: true, within }, depth.saturating_add(1));
            }
        }
        self.things.entry(sort).or_default().entry(id).or_default().push(told);
    }

    /// The things of a sort, in the order of their ids; what is told of one in full twice, and not the same, is a trouble.
    pub fn all(&mut self, sort: Sort) -> Vec<Thing<'a>> {
        let things = self.things.remove(&sort).unwrap_or_default();
        let thing = |(id, told): (String, Vec<Told<'a>>)| Thing {
            within: told.iter().find_map(|t| t.within.clone()),
            whole: told.iter().any(|t| !t.aside),
            piece: Piece::new(told.iter().map(|t| Part { map: t.map, at: t.at.clone(), grafted: t.grafted })),
            id,
        };
        let differing: Vec<String> = things.iter().filter_map(|(id, told)| differ(sort, id, told)).collect();
        self.troubles.extend(differing);
        things.into_iter().map(thing).collect()
    }
}

/// One thing of the other system, with all that is told of it.
#[derive(Debug)]
pub(super) struct Thing<'a> {
    /// Its id, in lower case.
    pub id: String,
    /// What is told.
    pub piece: Piece<'a>,
    /// It was told by itself, and not only within others.
    pub whole: bool,
    within: Option<(&'static str, String)>,
}

impl Thing<'_> {
    /// The id of the thing that it is of.
    pub fn of(&mut self, property: &str) -> Option<String> {
        let said = self.piece.id_of(property).map(fold);
        said.or_else(|| self.within.as_ref().filter(|(name, _)| *name == property).map(|(_, id)| id.clone()))
    }
}

/// Why two answers cannot both be about the same thing.
fn differ(sort: Sort, id: &str, told: &[Told<'_>]) -> Option<String> {
    let whole: Vec<&Told<'_>> = told.iter().filter(|t| !t.aside).collect();
    let first = whole.first()?;
    for other in whole.iter().skip(1) {
        for (name, value) in first.map {
            let theirs = other.map.get(name);
            if !name.contains("@odata.") && !value.is_null() && theirs.is_some_and(|t| !t.is_null() && t != value) {
                let sort = format!("{sort:?}").to_lowercase();
                return Some(format!(
                    "two answers about the {sort} `{}` differ in `{}`: {} and {}",
                    shown(id),
                    shown(name),
                    first.at,
                    other.at
                ));
            }
        }
    }
    None
}

fn pointer(at: &str, step: &str) -> String {
    format!("{at}/{step}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_contexts_say_the_same() {
        let id = "0e6d4f1c-0000-4000-8000-000000000001";
        let context =
            format!("identityGovernance/entitlementManagement/accessPackages('{id}')/resourceRoleScopes(role(),scope(resource()))");
        let last = |text: &str| steps(text).into_iter().rev().take(2).collect::<Vec<_>>();
        assert_eq!(last(&context), last(&format!("accessPackages/{id}/resourceRoleScopes")));
        assert_eq!(steps("users/$entity"), [("users".to_owned(), None)]);
        assert_eq!(sort("users-2"), Some(Sort::User));
        assert_eq!(sort("Catalogs"), Some(Sort::Catalog));
        assert_eq!(sort("recipes"), None);
    }
}
