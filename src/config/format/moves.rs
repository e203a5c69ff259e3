//! `writ fmt --moves`: old names made new, wherever `[[moved]]` says so.
//!
//! In: files as they stand, before or after their headers were renamed by hand. Out: the same files, every reference to
//! a moved object and every header of it or of its children renamed, and nothing else touched, not even by a space.
//! Invariants: names that depend on where they stand are renamed by what they mean there; `[[moved]]` and `[[removed]]`
//! keep what they say; what TOML would not take (the new name is there already) is left as it is.

use super::read::read;
use super::tree::{Key, quoted};
use super::walk::{Owner, Place, Seen, root, walk};
use crate::config::keys::fold_principal;
use crate::config::ownership::Moves;
use crate::config::{self, Known, Moved, document, read_settings, templates};
use crate::diag::{Diagnostics, SourceFile, Sources};
use crate::kinds::{self, Default, Reference, Shape, Within, group};
use crate::model::{Address, Value};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::DeTable;

/// What a text in place of another is to be.
type Edit = (Range<usize>, String);
/// What an object says of an attribute, its templates included; of its own texts in the same file it is not asked.
pub type Says<'s> = dyn Fn(&Address, &str) -> Option<String> + 's;

/// Every file of a workspace, with the names that its `[[moved]]` tables bring.
///
/// # Errors
/// What keeps the files from being read.
pub fn with_moves(sources: &Sources) -> Result<Sources, Diagnostics> {
    let mut found = Diagnostics::new();
    for (number, file) in sources.iter() {
        let _ = document::parse(number, file, &mut found);
    }
    if found.has_errors() {
        found.sort(sources);
        return Err(found);
    }
    let Some(settings) = read_settings(sources, &mut found) else { return Err(found) };
    // Whatever else is wrong with the files, old names first of all, is no hindrance.
    let mut ignored = Diagnostics::new();
    let mut declared = config::read(sources, settings.zone, &mut ignored).declared;
    let (objects, _) = templates::expand(&mut declared, &Known::default(), &settings, &mut ignored);
    // Two objects do not become one: which of them is meant is for a person to say.
    let both = |m: &Moved| objects.contains_key(&m.from) && objects.contains_key(&m.to);
    let moves: Vec<Moved> = declared.moves.iter().filter(|m| !both(m)).cloned().collect();
    let says = |address: &Address, name: &str| objects.get(address)?.attributes.get(name).and_then(Value::as_text).map(str::to_owned);
    let mut renamed = Vec::with_capacity(sources.len());
    for (number, file) in sources.iter() {
        renamed.push(SourceFile::new(&file.name, rename(number, file, &moves, &says)?));
    }
    Ok(Sources::new(renamed))
}

/// One file with the names that `moves` bring; `says` knows what its objects say in templates.
///
/// # Errors
/// What keeps the file from being read.
pub fn rename(number: u32, file: &SourceFile, moves: &[Moved], says: &Says<'_>) -> Result<String, Diagnostics> {
    super::check(number, file)?;
    let mut tree = read(&file.text);
    let root = root(&file.name);
    let mut own: BTreeMap<(String, String), String> = BTreeMap::new();
    walk(&mut tree, &root, &mut |seen| {
        if let Seen::Text(text, _, Place { owner: Some(owner), attribute: Some(attribute), .. }) = seen {
            own.insert((owner.id.clone(), (*attribute).to_owned()), text.text.clone().unwrap_or_default());
        }
    });
    let all = with_moved_parents(moves);
    let names = Names { moves: Moves::new(&all), own, says };
    let mut edits: Vec<Edit> = Vec::new();
    walk(&mut tree, &root, &mut |seen| edits.extend(names.edit(seen)));
    Ok(apply(&file.text, edits))
}

/// What is needed to know what a name means, and what it is now.
struct Names<'s> {
    moves: Moves<'s>,
    /// What the objects and templates of the file say themselves.
    own: BTreeMap<(String, String), String>,
    says: &'s Says<'s>,
}

impl Names<'_> {
    fn edit(&self, seen: Seen<'_, '_>) -> Option<Edit> {
        match seen {
            Seen::ObjectKey(key, _, place) => {
                let new = self.now(place.owner.as_ref()?.address.as_ref()?)?;
                spell(key, new.key())
            }
            Seen::MapKey(key, reference, place) => {
                let new = self.now(&self.target(reference, &key.text, place)?)?;
                spell(key, new.key())
            }
            Seen::Text(text, shape, place) => {
                let written = text.text.as_deref()?;
                let new = match shape {
                    Shape::Reference(reference) => self.now(&self.target(reference, written, place)?)?.key().to_owned(),
                    Shape::Principal(principal) => {
                        let free = principal.unless.is_some_and(|key| self.attribute(place.owner.as_ref(), key).is_some());
                        if free || principal.words.contains(&written) {
                            return None;
                        }
                        self.now(&group::principal(&fold_principal(written))?)?.reference()
                    }
                    _ => return None,
                };
                (new != written).then(|| (text.at.clone(), quoted(&new)))
            }
            Seen::Address(text) => {
                let new = self.now(&Address::parse(text.text.as_deref()?).ok()?)?;
                Some((text.at.clone(), quoted(new.as_str())))
            }
            Seen::List(..) => None,
        }
    }

    /// Where an object is now, if it moved.
    fn now(&self, address: &Address) -> Option<Address> {
        self.moves.applied(address)
    }

    /// What a bare key names; `None` where that depends on who uses a template.
    fn target(&self, reference: &Reference, key: &str, place: &Place) -> Option<Address> {
        let owner = place.owner.as_ref()?;
        let parent = match reference.within {
            Within::Root if reference.kind == "user" => {
                return Some(Address::root(reference.kind, &fold_principal(key)));
            }
            Within::Root => return Some(Address::root(reference.kind, key)),
            Within::Parent => owner.address.as_ref()?.parent()?,
            Within::Named { attribute, kind } => Address::root(kind, &self.attribute(Some(owner), attribute)?),
        };
        Some(parent.child(reference.kind, key))
    }

    /// What an object or template says of an attribute: itself, by its templates, or by saying nothing.
    fn attribute(&self, owner: Option<&Owner>, name: &str) -> Option<String> {
        let owner = owner?;
        let own = || self.own.get(&(owner.id.clone(), name.to_owned())).cloned();
        let documented = || match kinds::kind(owner.kind)?.field(name)?.default {
            Default::Text(text) => Some(text.to_owned()),
            _ => None,
        };
        match &owner.address {
            Some(address) => own().or_else(|| (self.says)(address, name)).or_else(documented),
            None => own(),
        }
    }
}

/// The moves, and once more with the names that parents have after theirs: a child's move may say either.
fn with_moved_parents(moves: &[Moved]) -> Vec<Moved> {
    let mut all = moves.to_vec();
    let index = Moves::new(moves);
    for moved in moves {
        if let Some(parent) = moved.from.parent().and_then(|p| index.applied(&p)) {
            all.push(Moved { from: parent.child(moved.from.kind(), moved.from.key()), ..moved.clone() });
        }
    }
    all
}

fn spell(key: &Key<'_>, new: &str) -> Option<Edit> {
    let renamed = Key { text: new.to_owned(), ..key.clone() };
    (key.text != new).then(|| (key.at.clone(), renamed.spelled().into_owned()))
}

/// The text with the edits that TOML takes: all of them, or, where a new name is there already, those that it takes.
fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|(at, _)| at.start);
    let all = edited(text, edits.iter());
    if is_toml(&all) {
        return all;
    }
    let mut kept: Vec<&Edit> = Vec::new();
    for edit in &edits {
        kept.push(edit);
        if !is_toml(&edited(text, kept.iter().copied())) {
            kept.pop();
        }
    }
    edited(text, kept.into_iter())
}

fn is_toml(text: &str) -> bool {
    DeTable::parse(text).is_ok()
}

fn edited<'e>(text: &str, edits: impl Iterator<Item = &'e Edit>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, new) in edits {
        out.push_str(text.get(done..at.start).unwrap_or(""));
        out.push_str(new);
        done = at.end;
    }
    out.push_str(text.get(done..).unwrap_or(""));
    out
}
