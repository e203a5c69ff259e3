//! From texts to a sound configuration, or to all that is wrong with it.
//!
//! In: [`Sources`] that somebody else read, and the objects of the store that may be referred to. Out: a [`Config`]
//! whose templates are expanded, whose references exist and are of the right kind, and which passed every rule; or
//! every diagnostic of every phase at once, sorted.
//! Invariants: no file is opened here, no clock read; the order of files and tables means nothing.

mod budget;
mod declare;
mod decode;
mod document;
pub mod format;
mod keys;
mod ownership;
mod resolve;
mod ring;
mod rules;
mod settings;
mod slips;
mod sound;
mod templates;

pub use document::parse;
pub use ownership::{Import, Moved, OWNERSHIP, Removed, renames};
pub use settings::{AppliedSettings, Deletes, Limits, SETTINGS, Settings, WRIT_TOML, check_store_url, read_settings};

use crate::diag::{Code, Diagnostic, Diagnostics, Sources, Span, codes};
use crate::kinds::{access_package::Package, rewrite_references};
use crate::model::{Address, Object};
use std::collections::{BTreeMap, BTreeSet};

/// Objects of the store that files may refer to without declaring them.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Unmanaged objects, and those of other workspaces.
    pub objects: BTreeMap<Address, Object>,
    /// What this workspace manages already; it can be referred to only if it is declared, or released.
    pub own: BTreeMap<Address, Object>,
    /// The addresses of ids, for imports.
    pub ids: BTreeMap<String, Address>,
    /// There is a store, and it was not read: what resolves nowhere may be there.
    pub unread: bool,
}

/// A sound configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// What `writ.toml` says.
    pub settings: Settings,
    /// Every declared object, whole.
    pub objects: BTreeMap<Address, Object>,
    /// `[[moved]]`, in the order of files.
    pub moves: Vec<Moved>,
    /// `[[removed]]`.
    pub removals: Vec<Removed>,
    /// `[[import]]`.
    pub imports: Vec<Import>,
    /// The template in which a value stands, by the place of the value.
    pub templates: BTreeMap<Span, String>,
}

/// Everything a cross-kind rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// Declared objects.
    pub objects: &'a BTreeMap<Address, Object>,
    /// What the store knows beside them.
    pub known: &'a Known,
    /// What `writ.toml` says.
    pub settings: &'a Settings,
}

impl Known {
    /// What can be referred to once the files are applied: everything under its new name, what is released too (by
    /// `[[removed]]`, or because `manages` covers it no longer), and what is imported only as it is declared.
    fn after(&self, declared: &declare::Declared, settings: Option<&Settings>) -> Known {
        let declare::Declared { moves, removals, imports, .. } = declared;
        let imported: BTreeMap<Address, Address> =
            imports.iter().filter_map(|i| Some((self.ids.get(&i.id)?.clone(), i.to.clone()))).collect();
        let renamed = renames(self.objects.keys().chain(self.own.keys()), moves, &imported);
        let rename = |(address, object): (&Address, &Object)| {
            let attributes = rewrite_references(object, &|a| renamed.get(a).cloned()).unwrap_or_else(|| object.attributes.clone());
            let address = renamed.get(address).unwrap_or(address).clone();
            (address.clone(), Object { address, attributes, at: object.at })
        };
        let own: BTreeMap<Address, Object> = self.own.iter().map(rename).collect();
        let mut objects: BTreeMap<Address, Object> = self.objects.iter().filter(|(a, _)| !imported.contains_key(a)).map(rename).collect();
        let removed: BTreeSet<&Address> = removals.iter().filter(|r| !r.destroy).map(|r| &r.from).collect();
        let catalog_of = |root: &Address| own.get(root).and_then(Package::of).map(|p| p.catalog());
        let released = |address: &Address| {
            let covered = || settings.is_none_or(|s| s.manages(address, &catalog_of));
            (!removed.is_empty() && address.lineage().any(|a| removed.contains(&a)))
                || (!declared.objects.contains_key(address) && !covered())
        };
        objects.extend(own.iter().filter(|(a, _)| released(a)).map(|(a, o)| (a.clone(), o.clone())));
        Known { objects, own, ids: self.ids.clone(), unread: self.unread }
    }
}

impl<'a> World<'a> {
    /// An object, declared or known.
    #[must_use]
    pub fn get(&self, address: &Address) -> Option<&'a Object> {
        self.objects.get(address).or_else(|| self.known.objects.get(address))
    }

    /// Everything there is, the declared last, so that of two things one of which is wrong the declared one is told.
    pub fn known_first(&self) -> impl Iterator<Item = &'a Object> {
        let objects = self.objects;
        self.known.objects.values().filter(move |o| !objects.contains_key(&o.address)).chain(objects.values())
    }

    /// Whether an object is declared: what stands wrong among known objects alone is not told here.
    #[must_use]
    pub fn declares(&self, address: &Address) -> bool {
        self.objects.contains_key(address)
    }

    /// Everything there is, the declared first.
    pub fn all(&self) -> impl Iterator<Item = &'a Object> {
        let objects = self.objects;
        objects.values().chain(self.known.objects.values().filter(move |o| !objects.contains_key(&o.address)))
    }
}

/// The most objects that a workspace declares.
pub const MOST_OBJECTS: usize = 2_000_000;

/// Reads a whole workspace.
///
/// Diagnostics are sorted; the configuration is there exactly when none of them is an error.
#[must_use]
pub fn configure(sources: &Sources, known: &Known) -> (Option<Config>, Diagnostics) {
    let mut found = Diagnostics::new();
    let settings = read_settings(sources, &mut found);
    let zone = settings.as_ref().map_or(chrono_tz::UTC, |s| s.zone);
    let mut declared = declare::Declared::default();
    let mut any = false;
    let mut torn: BTreeSet<u32> = BTreeSet::new();
    for (number, file) in sources.iter().filter(|(_, f)| f.name != WRIT_TOML) {
        any = true;
        let document = document::parse(number, file, &mut found);
        if !document.whole {
            torn.insert(number);
        }
        declare::file(&document, zone, &mut declared, &mut found);
    }
    if !any {
        let at = sources.iter().find(|(_, f)| f.name == WRIT_TOML).map_or(Span::NONE, |(n, _)| Span::new(n, 0..0));
        let help = "add a file such as `directory.toml`; `writ destroy` is the way to empty a workspace";
        found.push(Diagnostic::new(&codes::E0017, at, "there is no file beside `writ.toml`").at("workspace").help(help));
    }
    if declared.objects.len() > MOST_OBJECTS {
        let message = "the workspace declares more than 2 million objects";
        found.push(
            Diagnostic::new(&codes::E0002, Span::NONE, message)
                .at("workspace")
                .help("divide it into several, each of which `manages` a part"),
        );
    }
    let changed;
    let narrowed = !known.own.is_empty() && settings.as_ref().is_some_and(|s| s.manages.is_some());
    let known = if !narrowed && declared.moves.is_empty() && declared.removals.is_empty() && declared.imports.is_empty() {
        known
    } else {
        changed = known.after(&declared, settings.as_ref());
        &changed
    };
    declare::parents(&declared, known, &mut found);
    let Some(settings) = settings else {
        return (None, told(found, &torn, sources));
    };
    let (objects, template_spans) = templates::expand(&declared, known, &settings, &mut found);
    let world = World { objects: &objects, known, settings: &settings };
    ownership::check(&declared, &world, &mut found);
    check_rules(&world, &declared.moves, &mut found);
    let found = told(found, &torn, sources);
    if found.has_errors() {
        return (None, found);
    }
    let objects = objects.into_iter().map(|(a, o)| (a, sound::normalise(o))).collect();
    let declare::Declared { moves, removals, imports, .. } = declared;
    (Some(Config { settings, objects, moves, removals, imports, templates: template_spans }), found)
}

/// Every rule about objects, whether they come from files or from a saved plan.
pub fn check_rules(world: &World<'_>, moves: &[Moved], found: &mut Diagnostics) {
    for object in world.objects.values() {
        sound::check(object, world.settings.zone, found);
    }
    resolve::check(world, moves, found);
    ring::check(world, found);
    for rule in rules::LIST {
        rule(world, found);
    }
}

/// The findings worth telling, sorted. Of a file that is not TOML only that is told, since what else seems wrong with it
/// may follow from it; nor is any name missed, since it may stand in such a file.
fn told(mut found: Diagnostics, torn: &BTreeSet<u32>, sources: &Sources) -> Diagnostics {
    let by_name: &[&Code] =
        &[&codes::E0012, &codes::E0101, &codes::E0201, &codes::E0305, &codes::R26, &codes::R29, &codes::R50, &codes::R64];
    let syntax: &[&Code] = &[&codes::E0001, &codes::E0002, &codes::E0004, &codes::E0011];
    found.retain(|finding| {
        let follows = if torn.contains(&finding.span.file) { !syntax.contains(&finding.code) } else { by_name.contains(&finding.code) };
        torn.is_empty() || !follows
    });
    found.sort(sources);
    found
}

/// A finding about a named object.
pub(crate) fn finding(code: &'static Code, object: &Object, at: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, at.or(object.at), message).at(&object.address)
}
