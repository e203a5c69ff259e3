//! Starts a workspace: files where there are none, and the store of their lineage at serial 0.

use super::{Context, Failure, apply, commit};
use crate::config::WRIT_TOML;
use crate::kinds;
use crate::model::{Origin, canonical, is_key, is_user_key};
use crate::store::{self, Lock, Revision, Snapshot, Tables, fold};
use std::fs;
use std::io::Write;
use std::path::Path;
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
    let lineage = (context.mint)();
    let had_settings = root.join("writ.toml").symlink_metadata().is_ok();
    let mut done = Initialized { bare: !had_settings && holds_toml(root, 0)?, ..Initialized::default() };
    let files = [
        ("writ.toml", settings_file(&name, &lineage)),
        ("directory.toml", directory_file(&admin)),
        ("catalog.toml", catalog_file(&admin)),
        (".gitignore", ".writ/\n".to_owned()),
    ];
    // The store first: a `writ.toml` that names a lineage without a store would be an error to every later command.
    if !had_settings {
        make_store(context, &name, &lineage)?;
        done.lineage = Some(lineage);
    }
    for (file, text) in files {
        // Somebody's workspace gets no example objects beside its own.
        let example = file.ends_with(".toml") && (had_settings || (done.bare && file != WRIT_TOML));
        if example || !write_new(&root.join(file), &text)? {
            if root.join(file).symlink_metadata().is_ok() {
                done.kept.push(file.to_owned());
            }
        } else {
            done.written.push(file.to_owned());
        }
    }
    Ok(done)
}

/// Whether a file of TOML is there that the workspace would read.
fn holds_toml(directory: &Path, depth: usize) -> Result<bool, Failure> {
    let fail = |e| Failure::Io(format!("cannot read `{}`", directory.display()), e);
    for entry in fs::read_dir(directory).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let (path, name) = (entry.path(), entry.file_name());
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let is_directory = entry.file_type().map_err(fail)?.is_dir();
        if !is_directory && path.extension().is_some_and(|e| e == "toml") {
            return Ok(true);
        }
        // A directory with a `writ.toml` is a workspace of its own.
        let other = path.join(WRIT_TOML).symlink_metadata().is_ok();
        if is_directory && !other && depth < DEEPEST && holds_toml(&path, depth.saturating_add(1))? {
            return Ok(true);
        }
    }
    Ok(false)
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

fn write_new(path: &Path, text: &str) -> Result<bool, Failure> {
    let fail = |e| Failure::Io(format!("cannot write `{}`", path.display()), e);
    match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map(|()| true).map_err(fail),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(fail(e)),
    }
}

fn make_store(context: &Context, name: &str, lineage: &str) -> Result<(), Failure> {
    let path = context.root.join(".writ").join(format!("{name}.db"));
    let directory = context.root.join(".writ");
    fs::create_dir_all(&directory).map_err(|e| Failure::Io(format!("cannot make `{}`", directory.display()), e))?;
    if store::exists(&path) {
        return Err(Failure::WrongStore(
            format!("there is a store at `{}`, and no `writ.toml` that names it", path.display()),
            "restore the `writ.toml` of that store, or move the store away".to_owned(),
        ));
    }
    let _lock = Lock::acquire(&path, Duration::ZERO, &apply::holder(context, &context.operator, "init"), &apply::interrupted)?;
    let (first, _) = first_revision(context, &context.operator)?;
    store::create(&path, lineage, &[first])?;
    Ok(())
}

/// Revision 0: the objects that always exist, unmanaged.
pub(super) fn first_revision(context: &Context, actor: &str) -> Result<apply::First, Failure> {
    let empty = Snapshot { lineage: String::new(), serial: 0, link: None, tables: Tables::default() };
    let mut recorder = commit::Recorder::new(&empty, &context.mint);
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
