//! `import graph` and `import terraform`: what another system holds becomes files, objects with the ids that they had, and assignments.
//!
//! In: documents that were read. Out: what would be written, planned and told; then that, done. Invariants: nothing is written before it
//! was agreed to; no file is changed, and all new ones are written or none; what is here under the same id keeps its address, so that a
//! second import finds all of it; what the rules refuse is left out and told, never forced.

use super::plan::{Options, Planned, plan_loaded};
use super::{Context, Failure, Loaded, lifecycle, load};
use crate::config::{self, WRIT_TOML};
use crate::diag::{Code, Diagnostics, Severity, SourceFile, Sources, codes};
use crate::engine::{Carried, Family, Record, Records as _, Until};
use crate::kinds::{self, application, sharepoint_site};
use crate::migrate::{self, Declaration, Document, End, HEAD, Held, Known, Leftovers, Migration, Toml};
use crate::model::Address;
use crate::reconcile::State;
use crate::source::{self, Workspace};
use crate::store::{self, Reader};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Who makes a workspace of documents.
pub type Reading = fn(Vec<Document>, &Known) -> Result<Migration, Vec<String>>;

/// An import that nothing was done of yet.
#[derive(Debug)]
pub struct Import {
    /// The files that are new, by name.
    pub files: BTreeMap<String, String>,
    /// The ids of what is new, by address.
    pub ids: BTreeMap<Address, String>,
    /// How many objects it declares, new or not.
    pub declared: usize,
    /// Who holds what, and is not known here yet.
    pub held: Vec<Held>,
    /// What has no counterpart.
    pub left: Leftovers,
    /// What an apply of the files would do; nothing, where all is here already.
    pub planned: Option<Planned>,
}

/// Findings by which a name is told off: the object can do without.
const OF_NAMES: &[&Code] = &[&codes::R102, &codes::E0401, &codes::E0415];

/// Makes an import of documents: nothing is written.
///
/// # Errors
/// When the documents are not what they say they are, the workspace is not sound by itself, or a file of another content stands where one
/// has to be written.
pub fn prepare(context: &Context, documents: Vec<Document>, reading: Reading) -> Result<Import, Failure> {
    let loaded = load::load(context)?;
    let known = known(context, &loaded)?;
    let Migration { mut declarations, held, mut left } = reading(documents, &known).map_err(|troubles| {
        let help = "ask for these answers once more, all at one time".to_owned();
        Failure::Usage(troubles.join("; "), help)
    })?;
    let mut held: Vec<Held> = held.into_iter().filter(|h| !known.assignments.contains(&h.id)).collect();
    let own = |address: &Address| loaded.state.objects.get(address).is_some_and(|s| s.workspace.as_deref() == Some(&loaded.settings.name));
    let all_here = declarations.iter().all(|d| own(&d.address));
    let declared = declarations.len();
    if all_here {
        return Ok(Import { files: BTreeMap::new(), ids: BTreeMap::new(), declared, held, left, planned: None });
    }
    let ids = ids(&declarations, &loaded.state, &mut left);
    let Sieved { sources, files } = sieve(&loaded, &mut declarations, &mut held, &mut left)?;
    let files = new_files(&context.root, files)?;
    let workspace = Workspace { sources, ..loaded.workspace };
    let (config, findings) = config::configure(&workspace.sources, &loaded.state.known_to(&loaded.settings.name));
    let loaded = Loaded { workspace, config, findings, ..loaded };
    let planned = plan_loaded(context, &Options::default(), loaded)?;
    let stays: BTreeSet<&Address> = declarations.iter().map(|d| &d.address).collect();
    let ids = ids.into_iter().filter(|(address, _)| stays.contains(address)).collect();
    Ok(Import { files, ids, declared: declarations.len(), held, left, planned: Some(planned) })
}

/// What is here, as an import has to know it.
fn known(context: &Context, loaded: &Loaded) -> Result<Known, Failure> {
    let name = &loaded.settings.name;
    let mut known = Known { now: context.now, ..Known::default() };
    for stored in loaded.state.objects.values() {
        let address = &stored.object.address;
        if kinds::is_builtin(address) {
            continue;
        }
        known.ids.insert(stored.id.to_ascii_lowercase(), address.clone());
        if stored.workspace.as_ref() != Some(&name.as_str().into()) {
            known.beside.insert(address.clone());
        }
        let roles = match address.kind() {
            "application" => application::roles(&stored.object),
            "sharepoint_site" => {
                let url = stored.object.attributes.text("url").unwrap_or("");
                known.sites.insert(url.trim_end_matches('/').to_owned(), address.clone());
                sharepoint_site::roles(&stored.object)
            }
            _ => continue,
        };
        known.roles.insert(address.clone(), roles.into_iter().map(str::to_owned).collect());
    }
    // Files that an import wrote say what it says again.
    let by_hand = |file: &&SourceFile| !file.text.starts_with(HEAD);
    let files: Vec<SourceFile> = loaded.workspace.sources.iter().map(|(_, f)| f).filter(by_hand).cloned().collect();
    let sources = Sources::new(files);
    known.taken = config::read_files(&sources).addresses().cloned().collect();
    if store::exists(&loaded.place.path) {
        let reader = Reader::open(&loaded.place.path)?;
        let records = reader.records();
        let assignments = records.all(Family::Assignment).into_iter();
        known.assignments = assignments.filter_map(|r| if let Record::Assignment(a) = r { Some(a.id) } else { None }).collect();
        records.sound()?;
    }
    Ok(known)
}

/// The longest id that is kept.
const LONGEST_ID: usize = 200;

/// The ids of what is declared, by address, but for those that cannot be kept: an id is one object's.
fn ids(declarations: &[Declaration], state: &State, left: &mut Leftovers) -> BTreeMap<Address, String> {
    let stored: BTreeMap<&str, &Address> = state.objects.values().map(|s| (s.id.as_str(), &s.object.address)).collect();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeMap::new();
    for declaration in declarations {
        let Some(id) = &declaration.id else { continue };
        if let Some(there) = state.objects.get(&declaration.address) {
            if there.id != *id {
                left.push(&declaration.at, "an id that is not kept", format!("`{}` has one already", declaration.address));
            }
            continue;
        }
        let fit = !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_graphic());
        if fit && !stored.contains_key(id.as_str()) && taken.insert(id) {
            ids.insert(declaration.address.clone(), id.clone());
        } else {
            left.push(&declaration.at, "an id that is not kept", "another object has it, or it is none; it gets one of ours");
        }
    }
    ids
}

/// What is left of an import after the rules judged it.
struct Sieved {
    /// All files as they will be.
    sources: Sources,
    /// Those of the import.
    files: BTreeMap<String, String>,
}

/// Leaves out what the rules refuse, with what stands in it, until they refuse nothing; first only a name, where that is at fault.
fn sieve(loaded: &Loaded, declarations: &mut Vec<Declaration>, held: &mut Vec<Held>, left: &mut Leftovers) -> Result<Sieved, Failure> {
    let known = loaded.state.known_to(&loaded.settings.name);
    loop {
        let files =
            migrate::files(declarations).map_err(|why| Failure::Usage(format!("what was read cannot be written: {why}"), String::new()))?;
        let there = loaded.workspace.sources.iter().map(|(_, f)| f).filter(|f| !files.contains_key(&f.name)).cloned();
        let new = files.iter().map(|(name, text)| SourceFile::new(name, text.as_str()));
        // `writ.toml` comes first, as `Sources` has it.
        let mut all: Vec<SourceFile> = there.chain(new).collect();
        all.sort_by(|a, b| (a.name != WRIT_TOML, &a.name).cmp(&(b.name != WRIT_TOML, &b.name)));
        let sources = Sources::new(all);
        let (_, findings) = config::configure(&sources, &known);
        if !findings.has_errors() {
            return Ok(Sieved { sources, files });
        }
        if !without(&findings, declarations, left) {
            return Err(Failure::Findings(Box::new((findings, sources))));
        }
        let stay: BTreeSet<&Address> = declarations.iter().map(|d| &d.address).collect();
        held.retain(|h| {
            let there = |a: &Address| stay.contains(a) || loaded.state.objects.contains_key(a);
            let stays = there(&h.package) && there(&h.policy);
            if !stays {
                left.push(&h.at, "an assignment", "its package or policy is left out");
            }
            stays
        });
    }
}

/// Takes out what errors are about; whether there was anything to take out.
fn without(findings: &Diagnostics, declarations: &mut Vec<Declaration>, left: &mut Leftovers) -> bool {
    let mut any = false;
    let errors = findings.iter().filter(|f| f.severity == Severity::Error);
    for finding in errors {
        let Some(address) = finding.address.as_deref().and_then(|a| Address::parse(a).ok()) else { continue };
        let Some(at) = declarations.iter().position(|d| d.address == address) else { continue };
        let named = OF_NAMES.contains(&finding.code);
        if let Some(declaration) = declarations.get_mut(at)
            && let Some(name) = declaration.body.iter().position(|(n, _)| named && n == "display_name")
        {
            declaration.body.remove(name);
            left.push(
                &declaration.at,
                "a name that the rules refuse",
                format!("{}: {}; its key stands for it", finding.code.id, finding.message),
            );
        } else {
            let (gone, stay): (Vec<Declaration>, Vec<Declaration>) =
                std::mem::take(declarations).into_iter().partition(|d| d.address.is_within(&address));
            *declarations = stay;
            for declaration in gone {
                forget(&declaration.address, declarations, left);
                let what = format!("{}, which the rules refuse", kinds::article(declaration.address.kind()));
                let within = if declaration.address == address { "" } else { "of what it stands in: " };
                left.push(&declaration.at, what, format!("{within}{}: {}", finding.code.id, finding.message));
            }
        }
        any = true;
    }
    any
}

/// Takes an object that is left out from the lists of others.
fn forget(gone: &Address, declarations: &mut [Declaration], left: &mut Leftovers) {
    let reference = if gone.kind() == "user" { gone.key().to_owned() } else { format!("{}:{}", gone.kind(), gone.key()) };
    let role = (gone.kind() == "resource").then(|| format!("resource_roles.{}", gone.key()));
    for declaration in declarations {
        let (before, at) = (declaration.body.len(), declaration.at.clone());
        let same_catalog = || gone.parent().map(|c| c.key().to_owned()) == text_of(&declaration.body, "catalog");
        let of_role = role.as_ref().filter(|_| same_catalog()).cloned();
        declaration.body.retain(|(name, _)| Some(name) != of_role.as_ref());
        let lost = without_text(&mut declaration.body, &reference) || declaration.body.len() != before;
        if lost {
            left.push(at, "a reference to what is left out", format!("`{gone}`"));
        }
    }
}

fn text_of(body: &[(String, Toml)], wanted: &str) -> Option<String> {
    body.iter().find_map(|(name, value)| if let Toml::Text(text) = value { (name == wanted).then(|| text.clone()) } else { None })
}

/// Takes a text out of all lists, and the attributes that say just it; whether it was there.
fn without_text(body: &mut Vec<(String, Toml)>, gone: &str) -> bool {
    let mut any = false;
    body.retain_mut(|(name, value)| {
        let mut within = |all: &mut Vec<(String, Toml)>| any |= without_text(all, gone);
        match value {
            Toml::Text(text) => {
                let same = text == gone && matches!(name.as_str(), "manager" | "sponsor" | "origin");
                any |= same;
                return !same;
            }
            Toml::List(all) => {
                let before = all.len();
                all.retain(|v| *v != Toml::Text(gone.to_owned()));
                any |= all.len() != before;
                return before == all.len() || !all.is_empty();
            }
            Toml::Inline(pairs) | Toml::Table(pairs) => within(pairs),
            Toml::Tables(all) => all.iter_mut().for_each(within),
            Toml::Flag(_) | Toml::Bare(_) => {}
        }
        true
    });
    any
}

/// The files that are not there yet.
///
/// # Errors
/// When one of another content stands where one has to be written, or its way leads through a link.
fn new_files(root: &Path, files: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Failure> {
    let mut new = BTreeMap::new();
    let mut others = Vec::new();
    for (name, text) in files {
        let path = root.join(&name);
        let mut step = root.to_owned();
        for part in Path::new(&name).parent().into_iter().flat_map(Path::components) {
            step.push(part);
            if step.symlink_metadata().is_ok_and(|m| !m.is_dir()) {
                others.push(format!("`{}`", step.strip_prefix(root).unwrap_or(&step).display()));
            }
        }
        match path.symlink_metadata() {
            Ok(m) if m.is_file() && fs::read(&path).is_ok_and(|there| there == text.as_bytes()) => {}
            Ok(_) => others.push(format!("`{name}`")),
            Err(_) => drop(new.insert(name, text)),
        }
    }
    others.dedup();
    if others.is_empty() {
        return Ok(new);
    }
    let help = "an import writes new files and changes none: move these away, or import into a workspace of its own".to_owned();
    Err(Failure::Usage(
        format!("{} would be written, and {} there with another content", others.join(", "), if others.len() == 1 { "is" } else { "are" }),
        help,
    ))
}

/// Files that were written, for who has to take them back.
#[derive(Debug, Default)]
pub struct Written(Vec<PathBuf>);

/// Writes the new files: all of them, or none.
///
/// # Errors
/// When the system refuses, somebody wrote one meanwhile, or the workspace does not read one.
pub fn write(context: &Context, import: &Import) -> Result<Written, Failure> {
    let store = load::place(context)?.path;
    let mut written = Written::default();
    for (name, text) in &import.files {
        let path = context.root.join(name);
        let fail = |e| Failure::Io(format!("cannot write `{name}`"), e);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| store::write_new(&path, text, &store)).map_err(fail);
        match made {
            Ok(true) => written.0.push(path),
            Ok(false) => {
                written.take_back();
                return Err(Failure::Usage(format!("somebody wrote `{name}` meanwhile"), "import again".to_owned()));
            }
            Err(failure) => {
                written.take_back();
                return Err(failure);
            }
        }
    }
    let directories: BTreeSet<&Path> = written.0.iter().filter_map(|p| p.parent()).collect();
    for directory in directories {
        store::sync_names(directory).map_err(|e| Failure::Io(format!("cannot write `{}`", directory.display()), e))?;
    }
    let read = source::read(&context.root)?.sources;
    let unread = import.files.keys().find(|name| !read.iter().any(|(_, f)| f.name == **name));
    if let Some(name) = unread {
        written.take_back();
        let help = "let `include` match it, and `exclude` not, or import into a workspace of its own".to_owned();
        return Err(Failure::Usage(format!("the workspace does not read `{name}`"), help));
    }
    Ok(written)
}

impl Written {
    /// Takes the files away again, and folders that are empty then.
    pub fn take_back(&mut self) {
        for path in self.0.drain(..) {
            let _ = fs::remove_file(&path);
            let _ = path.parent().map(fs::remove_dir);
        }
    }
}

/// What is carried over of who holds what.
#[must_use]
pub fn carried(import: &Import) -> Vec<Carried> {
    let carried = |h: &Held| Carried {
        id: h.id.clone(),
        package: h.package.clone(),
        policy: h.policy.clone(),
        user: h.user.clone(),
        start: h.start,
        until: match h.end {
            End::At(at) => Until::Told(Some(at)),
            End::Never => Until::Told(None),
            End::Policy => Until::Policy,
        },
    };
    import.held.iter().map(carried).collect()
}

/// Carries over what an apply did not, since there was nothing to apply, or since it was in the way. Tells how many people hold what they
/// held, and adds to what is left.
///
/// # Errors
/// As every command of the lifecycle.
pub fn carry(context: &Context, verb: &str, import: &mut Import) -> Result<(usize, Option<u64>), Failure> {
    if import.held.is_empty() {
        return Ok((0, None));
    }
    let (done, out) = lifecycle::carry_over(context, verb, &carried(import))?;
    for (id, why) in &out {
        let at = import.held.iter().find(|h| h.id == *id).map_or("", |h| h.at.as_str());
        import.left.push(at, "an assignment", why.as_str());
    }
    Ok((import.held.len().saturating_sub(out.len()), done.serial))
}
