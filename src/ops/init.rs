//! Starts a workspace: the store of its lineage at serial 0, and files where there are none, `writ.toml` last. An init that
//! was stopped on the way is gone on with by the next one.

use super::{Context, Failure, claim, commit, interrupt};
use crate::config::{WRIT_TOML, check_store_url};
use crate::kinds;
use crate::model::{Origin, canonical, is_key, is_user_key};
use crate::store::{self, Event, Lock, Reader, Revision, Tables, fold};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How deep directories are looked into.
const DEEPEST: usize = 64;

/// What an init did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Initialized {
    /// Files that it wrote.
    pub written: Vec<String>,
    /// Files that were there and were left alone.
    pub kept: Vec<String>,
    /// There were files of TOML and no `writ.toml`, so that it wrote no example objects beside them.
    pub bare: bool,
    /// The lineage of the store that it made.
    pub lineage: Option<String>,
}

/// Starts a workspace in the context's directory. Idempotent: what is there is left alone, and a `writ.toml` that was
/// there before gets no store.
///
/// # Errors
/// When a name cannot be made of the directory's, or the system refuses.
pub fn init(context: &Context, admin: Option<&str>) -> Result<Initialized, Failure> {
    let root = &context.root;
    fs::create_dir_all(root).map_err(|e| Failure::Io(format!("cannot make `{}`", root.display()), e))?;
    let name = name_of(root)?;
    let admin = admin.map_or_else(|| format!("admin@{name}.example"), str::to_ascii_lowercase);
    if !is_user_key(&admin) {
        return Err(Failure::Usage(
            format!("`{admin}` is no user principal name"),
            "give one such as `--admin hana@contoso.example`".to_owned(),
        ));
    }
    let had_settings = root.join(WRIT_TOML).symlink_metadata().is_ok();
    let mut files =
        vec![("directory.toml", directory_file(&admin)), ("catalog.toml", catalog_file(&admin)), (".gitignore", ".writ/\n".to_owned())];
    let bare = !had_settings && holds_toml(root, &files, 0)?;
    let mut done = Initialized { bare, ..Initialized::default() };
    let store = store_path(context, &name)?;
    // The store first: a `writ.toml` that names a lineage without a store would be an error to every later command. And
    // `writ.toml` last: with it the workspace is there, and an init leaves it alone.
    let claim = if had_settings { None } else { Some(make_store(context, &store)?) };
    done.lineage = claim.as_ref().map(|(_, lineage)| lineage.clone());
    files.push((WRIT_TOML, settings_file(&name, done.lineage.as_deref().unwrap_or_default())));
    for (file, text) in files {
        let path = root.join(file);
        let fail = |e| Failure::Io(format!("cannot write `{}`", path.display()), e);
        if file == WRIT_TOML {
            // A loss of power must not keep it and lose what came before it.
            store::sync_names(root).map_err(fail)?;
        }
        // Somebody's workspace gets no example objects beside its own.
        let example = file.ends_with(".toml") && (had_settings || (bare && file != WRIT_TOML));
        if !example && store::write_new(&path, &text, &store).map_err(fail)? {
            done.written.push(file.to_owned());
        } else if path.symlink_metadata().is_ok() {
            done.kept.push(file.to_owned());
        }
    }
    store::sync_names(root).map_err(|e| Failure::Io(format!("cannot write `{}`", root.display()), e))?;
    // Told in the order in which they are read.
    done.written.sort_by_key(|file| file != WRIT_TOML);
    done.kept.sort_by_key(|file| file != WRIT_TOML);
    Ok(done)
}

/// Whether a file of TOML is there that the workspace would read, other than those which an init that was stopped left.
fn holds_toml(directory: &Path, ours: &[(&str, String)], depth: usize) -> Result<bool, Failure> {
    let fail = |e| Failure::Io(format!("cannot read `{}`", directory.display()), e);
    for entry in fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let (path, name) = (entry.path(), entry.file_name());
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let is_directory = entry.file_type().map_err(fail)?.is_dir();
        let left = ours.iter().any(|(file, text)| name == **file && fs::read_to_string(&path).is_ok_and(|found| found == *text));
        if !is_directory && !left && path.extension().is_some_and(|e| e == "toml") {
            return Ok(true);
        }
        // A directory with a `writ.toml` is a workspace of its own.
        let other = path.join(WRIT_TOML).symlink_metadata().is_ok();
        if is_directory && !other && depth < DEEPEST && holds_toml(&path, &[], depth.saturating_add(1))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the store is to be: where WRIT_STORE says, as every later command will have it.
fn store_path(context: &Context, name: &str) -> Result<PathBuf, Failure> {
    let standard = context.root.join(".writ").join(format!("{name}.db"));
    let Some(url) = &context.environment.store else { return Ok(standard) };
    let path = check_store_url(url).map_err(|(message, help)| Failure::Usage(message, help.to_owned()))?;
    Ok(context.root.join(path))
}

fn name_of(root: &Path) -> Result<String, Failure> {
    let full = root.canonicalize().map_err(|e| Failure::Io(format!("cannot read `{}`", root.display()), e))?;
    let leaf = full.file_name().and_then(|n| n.to_str()).unwrap_or("").to_ascii_lowercase();
    let name: String = leaf.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect();
    let name = name.trim_matches(|c| c == '-' || c == '_').to_owned();
    if is_key(&name) {
        Ok(name)
    } else {
        Err(Failure::Usage(
            format!("no name can be made of the directory `{leaf}`"),
            "init in a directory whose name has letters".to_owned(),
        ))
    }
}

/// Makes the store at serial 0 and returns its lineage, with the lock under which the files are written too.
fn make_store(context: &Context, path: &Path) -> Result<(Lock, String), Failure> {
    let directory = path.parent().unwrap_or(&context.root);
    fs::create_dir_all(directory).map_err(|e| Failure::Io(format!("cannot make `{}`", directory.display()), e))?;
    let lock = Lock::acquire(path, Duration::ZERO, &claim::holder(context, &context.operator, "init"), &interrupt::interrupted)?;
    if interrupt::interrupted() {
        return Err(Failure::Interrupted);
    }
    store::clear_drafts(&context.root, path);
    if store::exists(path) {
        let found = Reader::open(path)?.snapshot()?;
        if found.serial == 0 && found.tables.objects.values().all(|object| object.workspace.is_none()) {
            // An init was stopped between the store and `writ.toml`.
            return Ok((lock, found.lineage));
        }
        return Err(Failure::WrongStore(
            format!("there is a store at `{}`, and no `writ.toml` that names it", path.display()),
            "restore the `writ.toml` of that store, or move the store away".to_owned(),
        ));
    }
    let lineage = (context.mint)();
    let (first, _) = first_revision(context, &context.operator)?;
    store::create(path, &lineage, &[first])?;
    Ok((lock, lineage))
}

/// The events of a store's first revision and what they make, for those who build it in one go.
pub(super) type First = ((Revision, Vec<Event>), Tables);

/// Revision 0: the objects that always exist, unmanaged.
pub(super) fn first_revision(context: &Context, actor: &str) -> Result<First, Failure> {
    let nothing = BTreeMap::new();
    let mut recorder = commit::Recorder::new(&|_| Ok(None), &nothing, &context.mint);
    for object in kinds::builtins() {
        recorder.create(&object.address, &object.attributes, None, &Origin::default())?;
    }
    let events = recorder.events();
    let mut tables = Tables::default();
    for event in &events {
        fold(&mut tables, 0, event).map_err(|e| Failure::Store(store::StoreError::Misfit(e)))?;
    }
    let revision = Revision {
        at: store::stamp(context.now),
        actor: actor.to_owned(),
        command: "init".to_owned(),
        workspace: None,
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: canonical(&serde_json::json!({})),
    };
    Ok(((revision, events), tables))
}

fn settings_file(name: &str, lineage: &str) -> String {
    format!("[workspace]\nname = \"{name}\"\n\n[store]\nlineage = \"{lineage}\"\n")
}

fn directory_file(admin: &str) -> String {
    format!(
        "# The people, groups and applications that you want to speak of.\n[user.\"{admin}\"]\ndisplay_name = \"Administrator\"\n\n[delegation.administrators]\nrole = \"administrator\"\nmembers = [\"{admin}\"]\n"
    )
}

fn catalog_file(admin: &str) -> String {
    format!(
        "# A catalog holds resources and the packages that give roles on them.\n[catalog.first]\ndisplay_name = \"First catalog\"\n\n[catalog.first.delegation.owners]\nrole = \"catalog_owner\"\nmembers = [\"{admin}\"]\n"
    )
}
