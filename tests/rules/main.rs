//! Every rule is broken once: each row takes a good workspace, `examples/contoso`, and spoils just one thing in it.
//!
//! A row quotes the sentence it stands for, of the language or of the field (`R45`), and edits files of the workspace.
//! A comment `#~ CODE` in what it writes says that the finding of that code stands on this line, and nothing else is
//! found anywhere; a row without such comments is legal. Phrases are looked for in messages and helps.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod assignments;
mod catalogs;
mod directory;
mod meaning;
mod ownership;
mod policies;
mod runs;
mod settings;
mod templates;
mod writing;

use std::collections::BTreeMap;
use std::path::Path;
use writ::config::{Config, Known, configure};
use writ::diag::{Diagnostic, Diagnostics, Severity, SourceFile, Sources, Span};
use writ::model::{Address, Object};

/// File, text to replace, text to put there. Nothing to replace: the text is added at the end of the file, which is made
/// if need be.
pub type Edit = (&'static str, &'static str, &'static str);

/// One way to spoil the example, or to vary it.
pub struct Row {
    /// The sentence it stands for.
    pub rule: &'static str,
    /// What is changed.
    pub edits: &'static [Edit],
    /// What the findings say somewhere; separated by ` | `.
    pub says: &'static str,
}

/// Files of the example that rows edit.
pub(crate) mod files {
    pub(crate) const WRIT: &str = "writ.toml";
    pub(crate) const SETTINGS: &str = "settings.toml";
    pub(crate) const ORGANIZATIONS: &str = "organizations.toml";
    pub(crate) const DELEGATIONS: &str = "delegations.toml";
    pub(crate) const TEMPLATES: &str = "templates.toml";
    pub(crate) const USERS: &str = "directory/users.toml";
    pub(crate) const GUESTS: &str = "directory/guests.toml";
    pub(crate) const GROUPS: &str = "directory/groups.toml";
    pub(crate) const APPLICATIONS: &str = "directory/applications.toml";
    pub(crate) const SITES: &str = "directory/sites.toml";
    pub(crate) const MARKETING: &str = "catalogs/marketing/catalog.toml";
    pub(crate) const CAMPAIGN: &str = "catalogs/marketing/campaign.toml";
    pub(crate) const FINANCE: &str = "catalogs/finance/catalog.toml";
    pub(crate) const MONTH_END: &str = "catalogs/finance/month-end.toml";
    pub(crate) const AUDIT: &str = "catalogs/finance/audit.toml";
    pub(crate) const CONTRACTS: &str = "catalogs/legal/contract-review.toml";
    /// A file that the example does not have.
    pub(crate) const NEW: &str = "new.toml";
}

/// A row.
pub const fn row(rule: &'static str, edits: &'static [Edit], says: &'static str) -> Row {
    Row { rule, edits, says }
}

/// The files of an example, by name.
pub fn example(name: &str) -> BTreeMap<String, String> {
    let workspace = writ::source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)).unwrap();
    assert!(workspace.findings.is_empty());
    workspace.sources.iter().map(|(_, f)| (f.name.clone(), f.text.clone())).collect()
}

/// Files in memory as sources.
pub fn sources(files: &BTreeMap<String, String>) -> Sources {
    Sources::new(files.iter().map(|(name, text)| SourceFile::new(name, text)).collect())
}

/// Contoso with edits.
pub fn edited(edits: &[Edit]) -> BTreeMap<String, String> {
    let mut files = example("contoso");
    for (file, this, that) in edits {
        let text = files.entry((*file).to_owned()).or_default();
        match *this {
            "" if text.is_empty() => text.push_str(that),
            "" => *text = format!("{text}\n{that}\n"),
            this => {
                assert!(text.contains(this), "{file} does not hold {this:?} any more");
                *text = text.replacen(this, that, 1);
            }
        }
    }
    files
}

/// Errors and warnings as `CODE file:line`, sorted.
pub fn places(found: &Diagnostics, sources: &Sources) -> Vec<String> {
    let told = found.iter().filter(|d| d.severity != Severity::Note);
    let mut all: Vec<String> =
        told.map(|d| format!("{} {}", d.code.id, sources.place(d.span).unwrap_or_else(|| "nowhere".to_owned()))).collect();
    all.sort();
    all
}

/// What the `#~` comments of the files expect.
pub fn marks(files: &BTreeMap<String, String>) -> Vec<String> {
    let mut all = Vec::new();
    for (name, text) in files {
        for (line, number) in text.lines().zip(1..) {
            let marked = line.split_once("#~").map_or("", |(_, codes)| codes);
            let codes = marked.split_whitespace().take_while(|word| word.is_ascii());
            all.extend(codes.map(|code| format!("{code} {name}:{number}")));
        }
    }
    all.sort();
    all
}

/// Everything a finding says.
pub fn story(finding: &Diagnostic) -> String {
    let more = finding.related.iter().map(|l| l.text.as_str()).chain([finding.label.as_str()]).chain(finding.help.as_deref());
    more.filter(|text| !text.is_empty()).fold(finding.message.clone(), |story, text| format!("{story}\n    {text}"))
}

/// Runs the rows; every one that fails is told.
pub fn check(rows: &[Row]) {
    let failures: Vec<String> = rows.iter().filter_map(|row| fault(row, &Known::default())).collect();
    assert!(failures.is_empty(), "{} of {} rows fail\n\n{}", failures.len(), rows.len(), failures.join("\n\n"));
}

/// Why a row fails, if it does.
pub fn fault(row: &Row, known: &Known) -> Option<String> {
    let files = edited(row.edits);
    let sources = sources(&files);
    let (config, found) = configure(&sources, known);
    let (expected, seen) = (marks(&files), places(&found, &sources));
    let stories: Vec<String> = found.iter().map(|d| format!("{}: {}", d.code.id, story(d))).collect();
    let tell = |why: String| Some(format!("{}\n  {why}\n  {}", row.rule, stories.join("\n  ")));
    if expected != seen {
        return tell(format!("expected {expected:?}\n  found    {seen:?}"));
    }
    if config.is_some() == found.has_errors() {
        return tell("a configuration is there exactly when there is no error".to_owned());
    }
    if let Some(phrase) = row.says.split(" | ").find(|phrase| !phrase.is_empty() && !stories.iter().any(|s| s.contains(phrase))) {
        return tell(format!("nothing says {phrase:?}"));
    }
    let helpless = found.iter().find(|d| d.help.is_none());
    helpless.and_then(|d| tell(format!("{} says no way forward", d.code.id)))
}

/// What a store knows beside the files: the objects of a text that is sound beside Contoso's files.
pub fn known(text: &str) -> Known {
    let mut files = example("contoso");
    let own = accepted(&[]).objects;
    files.insert("known.toml".to_owned(), text.to_owned());
    let sources = sources(&files);
    let (config, found) = configure(&sources, &Known::default());
    let config = config.unwrap_or_else(|| panic!("{:?}", places(&found, &sources)));
    let objects: BTreeMap<Address, Object> = config.objects.into_iter().filter(|(a, _)| !own.contains_key(a)).collect();
    let stored = |o: &Object| Object { address: o.address.clone(), attributes: o.attributes.without_places(), at: Span::NONE };
    Known { objects: objects.iter().map(|(a, o)| (a.clone(), stored(o))).collect(), ..Known::default() }
}

/// The configuration that an accepted row makes.
pub fn accepted(edits: &[Edit]) -> Config {
    let files = edited(edits);
    let sources = sources(&files);
    let (config, found) = configure(&sources, &Known::default());
    assert_eq!(places(&found, &sources), marks(&files));
    config.unwrap_or_else(|| panic!("there are errors"))
}

#[test]
fn the_examples_are_sound() {
    for name in ["minimal", "contoso", "complete"] {
        let sources = sources(&example(name));
        let (config, found) = configure(&sources, &Known::default());
        assert_eq!(places(&found, &sources), Vec::<String>::new(), "{name}");
        assert!(config.is_some(), "{name}");
    }
}
