//! What the files declare otherwise than at a revision of git.
//!
//! In: the configuration of today, and the name of a revision. Out: the objects that were edited since: by what they say once templates
//! and `[defaults]` have spoken, not by lines, so that an edit of a template counts for each object that names it, and a file that
//! moved counts for none.

use super::{Context, Failure};
use crate::config::{Config, read_files};
use crate::diag::{SourceFile, Sources};
use crate::model::{Address, Object};
use crate::plan::Since;
use crate::reconcile::State;
use crate::source;
use std::collections::BTreeMap;

/// The objects that are declared otherwise since a revision, newly, or no longer.
///
/// # Errors
/// When there is no such revision, or its files cannot be read as declarations; whether they kept every rule does not matter.
pub(super) fn since(context: &Context, revision: &str, config: &Config, state: &State) -> Result<Since, Failure> {
    (context.tell)("reading the revision");
    let past = source::at_revision(&context.root, revision);
    let past = past.map_err(|e| Failure::Usage(e.to_string(), e.help().to_owned()))?;
    let then: BTreeMap<Address, Object> = match &past.sources {
        None => BTreeMap::new(),
        Some(sources) => {
            let (then, mut findings) = read_files(sources).unruled(&state.known_to(&config.settings.name));
            then.map(|then| then.objects).ok_or_else(|| {
                let sources = of_then(sources, &past.commit);
                findings.retain(|d| d.severity == crate::diag::Severity::Error);
                Failure::Findings(Box::new((findings, sources)))
            })?
        }
    };
    let now = &config.objects;
    let edited = now.values().filter(|o| then.get(&o.address).is_none_or(|before| before.attributes != o.attributes));
    let gone = then.keys().filter(|address| !now.contains_key(*address));
    let addresses = edited.map(|o| &o.address).chain(gone).cloned().collect();
    Ok(Since { commit: past.commit, addresses })
}

/// The texts of then, under names that say so: `4f2a9c1:catalogs/legal.toml`.
fn of_then(sources: &Sources, commit: &str) -> Sources {
    Sources::new(sources.iter().map(|(_, file)| SourceFile::new(format!("{commit}:{}", file.name), file.text.clone())).collect())
}
