//! From texts to a sound configuration, or to all that is wrong with it.
//!
//! In: [`Sources`] that somebody else read, and the objects of the store that may be referred to. Out: a [`Config`]
//! whose templates are expanded, whose references exist and are of the right kind, and which passed every rule; or
//! every diagnostic of every phase at once, sorted.
//!
//! In two strides: [`read_files`] takes each file by itself, and [`Parsed::configure`] holds everything against everything. Between them
//! whoever has a store can ask what of it the files speak of ([`Parsed::asks_for_own`]).
//!
//! Invariants: no file is opened here, no clock read; the order of files and tables means nothing, nor does the number of processors.

mod alone;
mod applied;
mod budget;
mod checks;
mod codeowners;
mod connectors;
mod declare;
mod declared;
mod decode;
mod document;
pub mod format;
mod keys;
mod mail;
mod ownership;
mod passing;
mod ready_made;
mod resolve;
mod ring;
mod rules;
mod settings;
mod slips;
mod sound;
mod templates;
mod tolerance;
mod trials;
mod urls;
mod webhooks;
mod world;

pub use alone::{Alone, normal};
pub use checks::{CHECK, CHECK_FORM, Check, FIGURES, around, resource, variables};
pub use codeowners::CodeownersSettings;
pub use connectors::ConnectorSettings;
pub use document::parse;
pub use mail::{Encryption, MailSettings, Mailbox, Server};
pub use ownership::{Import, Moved, OWNERSHIP, Removed, renames};
pub use passing::Passing;
pub use ready_made::{READY_MADE, ReadyMade};
pub use rules::resource_roles;
pub use settings::{AppliedSettings, Deletes, Limits, SETTINGS, Settings, WRIT_TOML, read_settings};
pub use tolerance::{TOLERATE_WORD, Tolerance, over as tolerated_no_more};
pub use trials::{TEST, TEST_FORM, Trial};
pub use urls::{check_connector_url, check_store_url, check_webhook_url};
pub use webhooks::{Happening, WebhookSettings};
pub use world::World;

use crate::diag::{Code, Diagnostic, Diagnostics, SourceFile, Sources, Span, codes};
use crate::kinds::{access_package::Package, rewrite_references};
use crate::model::{Address, MANY_OBJECTS, Object, Raw, Zone, meanwhile, on_all, on_each, to_all};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

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
    /// Those of the objects that who asks does not see (R6): rules heed them, and files cannot name them.
    pub hidden: BTreeSet<Address>,
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
    /// `[[tolerate]]`.
    pub tolerances: Vec<Tolerance>,
    /// `[[test]]`, in the order of files.
    pub tests: Vec<Trial>,
    /// The template in which a value stands, by the place of the value.
    pub templates: BTreeMap<Span, String>,
    /// See [`Config::digests`].
    digested: OnceLock<Vec<Raw>>,
}

impl Config {
    /// These objects, of which nothing is moved, removed or imported.
    #[must_use]
    pub fn of(settings: Settings, objects: BTreeMap<Address, Object>, templates: BTreeMap<Span, String>) -> Config {
        let (moves, removals, imports, tolerances, tests) = Default::default();
        Config { settings, objects, moves, removals, imports, tolerances, tests, templates, digested: OnceLock::new() }
    }

    /// The digest of each object, in their order; made when somebody first asks, since who only validates never does.
    #[must_use]
    pub fn digests(&self) -> &[Raw] {
        self.digested.get_or_init(|| digests(&self.objects))
    }
}

/// The digest of each of these, in their order; made on all processors where there are many.
#[must_use]
pub fn digests(objects: &BTreeMap<Address, Object>) -> Vec<Raw> {
    const PART: usize = 512;
    let objects: Vec<&Object> = objects.values().collect();
    let parts: Vec<&[&Object]> = objects.chunks(PART).collect();
    let digested = |part: &&[&Object]| {
        let mut text = String::new();
        part.iter().map(|object| object.digest(&mut text)).collect::<Vec<Raw>>()
    };
    on_all(&parts, 2, digested).concat()
}

impl Known {
    /// Whether files may speak of an object that they do not declare.
    #[must_use]
    pub fn tells(&self, address: &Address) -> bool {
        self.objects.contains_key(address) && !self.hidden.contains(address)
    }

    /// What can be referred to once the files are applied: everything under its new name, what is released too (by
    /// `[[removed]]`, or because `manages` covers it no longer), and what is imported only as it is declared.
    fn after(&self, declared: &declared::Declared, settings: Option<&Settings>) -> Known {
        let declared::Declared { moves, removals, imports, .. } = declared;
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
        let hidden = self.hidden.iter().map(|a| renamed.get(a).unwrap_or(a).clone()).collect();
        Known { objects, own, ids: self.ids.clone(), unread: self.unread, hidden }
    }
}

/// What the files of a workspace say, each by itself: nothing in it was held against another yet, nor against the store.
pub struct Parsed<'s> {
    sources: &'s Sources,
    settings: Option<Settings>,
    read: Read,
    found: Diagnostics,
}

/// The most objects that a workspace declares.
pub const MOST_OBJECTS: usize = 2_000_000;

/// Reads a whole workspace.
///
/// Diagnostics are sorted; the configuration is there exactly when none of them is an error.
#[must_use]
pub fn configure(sources: &Sources, known: &Known) -> (Option<Config>, Diagnostics) {
    read_files(sources).configure(known)
}

/// Reads what stands in the files.
#[must_use]
pub fn read_files(sources: &Sources) -> Parsed<'_> {
    let mut found = Diagnostics::new();
    let settings = read_settings(sources, &mut found);
    let zone = settings.as_ref().map_or(Zone::UTC, |s| s.zone);
    let read = read(sources, zone, &mut found);
    Parsed { sources, settings, read, found }
}

impl Parsed<'_> {
    /// Whether it speaks of what the workspace has in the store already, so that [`Known::own`] and [`Known::ids`] count:
    /// there are moves, removals or imports, or not everything is managed.
    #[must_use]
    pub fn asks_for_own(&self) -> bool {
        let declared::Declared { moves, removals, imports, .. } = &self.read.declared;
        let narrowed = self.settings.as_ref().is_some_and(|s| s.manages.is_some());
        narrowed || !(moves.is_empty() && removals.is_empty() && imports.is_empty())
    }

    /// The addresses of the objects that the files declare.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.read.declared.objects.keys()
    }

    /// What the files say, held against no rule: to be compared with another state of the files or of the store, which may be the one
    /// that mends them. None where a file cannot be read, or says what no file may.
    #[must_use]
    pub fn unruled(self, known: &Known) -> (Option<Config>, Diagnostics) {
        let Parsed { sources, settings, read: Read { mut declared, torn, .. }, mut found } = self;
        let Some(settings) = settings else { return (None, told(found, &torn, sources)) };
        let (mut objects, templates) = templates::expand(&mut declared, known, &settings, &mut found);
        let found = told(found, &torn, sources);
        objects.values_mut().for_each(sound::normalise);
        let declared::Declared { moves, removals, imports, tolerances, .. } = declared;
        let config = Config { moves, removals, imports, tolerances, ..Config::of(settings, objects, templates) };
        ((!found.has_errors()).then_some(config), found)
    }

    /// Holds everything against everything.
    #[must_use]
    pub fn configure(self, known: &Known) -> (Option<Config>, Diagnostics) {
        let asks_for_own = self.asks_for_own();
        let Parsed { sources, settings, read: Read { mut declared, torn, any }, mut found } = self;
        if !any {
            let at = sources.iter().find(|(_, f)| f.name == WRIT_TOML).map_or(Span::NONE, |(n, _)| Span::new(n, 0..0));
            let (message, help) = if settings.as_ref().is_some_and(Settings::picks_files) {
                let help = "see `include` and `exclude` of `[workspace]`: they say which files belong to it";
                ("there is no file that `[workspace]` lets in", help)
            } else {
                let help = "add a file such as `directory.toml`; `writ destroy` is the way to empty a workspace";
                ("there is no file beside `writ.toml`", help)
            };
            found.push(Diagnostic::new(&codes::E0017, at, message).at("workspace").help(help));
        }
        if declared.objects.len() > MOST_OBJECTS {
            let message = "the workspace declares more than 2 million objects";
            let finding = Diagnostic::new(&codes::E0002, Span::NONE, message).at("workspace");
            found.push(finding.help("divide it into several, each of which `manages` a part"));
        }
        let changed;
        let known = if asks_for_own {
            changed = known.after(&declared, settings.as_ref());
            &changed
        } else {
            known
        };
        let Some(mut settings) = settings else {
            declare::parents(&declared.objects, |declaration| declaration.at, &declared.moves, known, &mut found);
            return (None, told(found, &torn, sources));
        };
        let (mut objects, template_spans) = templates::expand(&mut declared, known, &settings, &mut found);
        let mut astray = Diagnostics::new();
        let parents = || declare::parents(&objects, |object| object.at, &declared.moves, known, &mut astray);
        let ((), world) = meanwhile(objects.len() >= MANY_OBJECTS, parents, || World::new(&objects, known, &settings));
        found.extend(astray);
        ownership::check(&declared, &world, &mut found);
        let declared::Declared { moves, removals, imports, tolerances, checks, tests, .. } = declared;
        check_rules(&world, &moves, &mut found);
        let checks = checks::settled(checks, &world, &mut found);
        trials::check(&tests, &world, &mut found);
        let found = told(found, &torn, sources);
        if found.has_errors() {
            return (None, found);
        }
        let mut all: Vec<&mut Object> = objects.values_mut().collect();
        to_all(&mut all, MANY_OBJECTS, |object| sound::normalise(object));
        settings.checks = checks;
        (Some(Config { moves, removals, imports, tolerances, tests, ..Config::of(settings, objects, template_spans) }), found)
    }
}

/// What the files say, before anybody looks at more than one table of it.
struct Read {
    declared: declared::Declared,
    /// The files of which not all could be read.
    torn: BTreeSet<u32>,
    /// There is a file beside `writ.toml`.
    any: bool,
}

/// From so many files on it pays to read them on all processors.
const MANY_FILES: usize = 16;

/// So many files are read before what they say is put together.
const PORTION: usize = 16_384;

/// Reads each file by itself; what they say stands in the order of the files, whoever was done first.
fn read(sources: &Sources, zone: Zone, found: &mut Diagnostics) -> Read {
    let files: Vec<(u32, &SourceFile)> = sources.iter().filter(|(_, f)| f.name != WRIT_TOML).collect();
    let one = |(number, file): &(u32, &SourceFile)| {
        let mut found = Diagnostics::new();
        let document = document::parse(*number, file, &mut found);
        let declared = declare::file(&document, zone, &mut found);
        ((!document.whole).then_some(*number), declared, found)
    };
    let mut torn = BTreeSet::new();
    let mut parts = Vec::with_capacity(files.len());
    // What is wrong with each of a million files is not kept until all are read, since so much is not told.
    for portion in files.chunks(PORTION) {
        for (unread, declared, theirs) in on_all(portion, MANY_FILES, one) {
            torn.extend(unread);
            parts.push(declared);
            found.extend(theirs);
        }
    }
    Read { declared: declared::Declared::join(parts, found), torn, any: !files.is_empty() }
}

/// Every rule about objects, whether they come from files or from a saved plan; on all processors where there are many objects.
pub fn check_rules(world: &World<'_>, moves: &[Moved], found: &mut Diagnostics) {
    let objects: Vec<&Object> = world.objects.values().collect();
    let parts = objects.chunks(MANY_OBJECTS / 4).map(Task::Sound);
    let rules = [&(ring::check as rules::Rule)].into_iter().chain(rules::LIST);
    let tasks: Vec<Task<'_>> = rules.map(Task::Rule).chain(parts).collect();
    let told = on_each(&tasks, objects.len() >= MANY_OBJECTS, |task| {
        let mut found = Diagnostics::new();
        match task {
            Task::Rule(rule) => rule(world, &mut found),
            Task::Sound(part) => part.iter().for_each(|object| sound::check(object, world.settings.zone, &mut found)),
        }
        found
    });
    told.into_iter().for_each(|theirs| found.extend(theirs));
    resolve::check(world, moves, found);
}

/// What can be looked at by itself.
enum Task<'a> {
    /// A rule about several objects.
    Rule(&'a rules::Rule),
    /// What each of these says.
    Sound(&'a [&'a Object]),
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
