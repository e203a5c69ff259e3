//! Who owns which file, written down for a forge.

use super::{Context, Failure, Loaded, load};
use crate::config::WRIT_TOML;
use crate::model::Object;
use crate::report::codeowners::{Owners, owners};
use crate::source;
use crate::view::codeowners::{block, replaced};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file of owners, as it is and as it should be.
#[derive(Debug, Clone)]
pub struct Codeowners {
    /// From the top of the repository.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// As it is; empty where there is none.
    pub before: String,
    /// As the delegations have it.
    pub after: String,
    /// Who owns what.
    pub owners: Owners,
}

/// Works out the owners by the delegations that the files declare.
///
/// # Errors
/// Findings that are errors, no administrator whom the forge knows, a file that cannot be read.
pub fn codeowners(context: &Context) -> Result<Codeowners, Failure> {
    let Loaded { workspace, state, config, findings, settings, .. } = load::load(context)?;
    let Some(config) = config else {
        return Err(Failure::Findings(Box::new((findings, workspace.sources))));
    };
    let mut files: BTreeMap<String, Vec<&Object>> = workspace.sources.iter().map(|(_, file)| (file.name.clone(), Vec::new())).collect();
    for object in config.objects.values() {
        if let Some(declared) = workspace.sources.line(object.at).and_then(|(file, _)| files.get_mut(file)) {
            declared.push(object);
        }
    }
    files.remove(WRIT_TOML);
    // What a template says is said of all that use it, and may be of any catalog.
    for file in config.templates.keys().filter_map(|at| workspace.sources.get(*at)) {
        files.insert(file.name.clone(), Vec::new());
    }
    // A department's files count on delegations that others declare.
    let beside = state.objects.values().map(|s| (s.object.address.clone(), s.object.clone()));
    let mut all: BTreeMap<_, _> = beside.filter(|(a, _)| !config.settings.manages(a, &|_| None)).collect();
    all.extend(config.objects.iter().map(|(a, o)| (a.clone(), o.clone())));
    let settings = settings.codeowners();
    let owners = owners(&all, &files, &settings.handles);
    if owners.all.iter().any(|o| o.owners.is_empty()) {
        let message = "no administrator has a handle, so what nobody else may change would have no owner".to_owned();
        let help = "name one in writ.toml: `[codeowners.handles]`, `\"ann@contoso.example\" = \"@ann\"`".to_owned();
        return Err(Failure::Usage(message, help));
    }
    let (top, prefix) = source::repository(&context.root).unwrap_or_else(|| (context.root.clone(), String::new()));
    let path = top.join(&settings.file);
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failure::Io(format!("cannot read `{}`", settings.file), error)),
    };
    let after = replaced(&before, &block(&owners, &prefix));
    Ok(Codeowners { name: settings.file.clone(), path, before, after, owners })
}
