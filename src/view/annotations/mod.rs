//! What is said of lines of files, as forges and pipelines show it beside these lines: as SARIF, and as GitHub, GitLab and Azure DevOps
//! take it.
//!
//! In: findings, what stands in a plan's way, what checks came to. Out: one text. Invariants: each says the same in all notations; what others
//! wrote stays in its field, whatever they wrote; a path is told from the top of the repository.

mod azure;
mod github;
mod gitlab;
mod sarif;

use super::paint::{line, short};
use super::secret::in_urls;
use crate::checks::Outcome;
use crate::config::WRIT_TOML;
use crate::diag::{Code, Diagnostics, Severity, Sources, Span, codes};
use crate::model::Digest;
use crate::plan::{Plan, Why};
use std::collections::BTreeMap;

/// No message is longer, in characters.
const LONGEST: usize = 4_000;

/// How annotations are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// One document, for code scanning and for editors.
    Sarif,
    /// Commands of a workflow, a line each.
    Github,
    /// One report of code quality.
    Gitlab,
    /// Commands of a pipeline, a line each.
    Azure,
}

/// One thing that is said of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How bad.
    pub severity: Severity,
    /// Its code; what went wrong around the files has none.
    pub code: Option<&'static Code>,
    /// The object it is about.
    pub address: Option<String>,
    /// One line.
    pub message: String,
    /// The way forward.
    pub help: Option<String>,
    /// Where.
    pub place: Option<Place>,
    /// Other places that explain it, and what is there.
    pub related: Vec<(Place, String)>,
}

/// A place in a file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Relative to the workspace.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters; nothing: all of the line.
    pub column: Option<u32>,
    /// Line and column of what comes behind it.
    pub end: Option<(u32, u32)>,
}

impl Place {
    fn of(span: Span, sources: &Sources) -> Option<Place> {
        let file = sources.get(span)?;
        let ((line, column), end) = (file.position(span.start), file.position(span.end));
        Some(Place { file: file.name.clone(), line, column: Some(column), end: Some(end).filter(|end| *end > (line, column)) })
    }

    fn of_line(place: &(String, u32)) -> Place {
        Place { file: place.0.clone(), line: place.1.max(1), column: None, end: None }
    }
}

impl Annotation {
    /// Something that went wrong, or is worth knowing, of no line in particular.
    #[must_use]
    pub fn of_the_run(severity: Severity, message: String, help: Option<String>) -> Annotation {
        Annotation { severity, code: None, address: None, message, help, place: None, related: Vec::new() }
    }

    /// What is said, without a character that would move or reorder anything.
    fn message(&self) -> String {
        let told = told(&self.message);
        match self.address.as_ref().filter(|a| self.place.is_none() && !self.message.contains(a.as_str())) {
            Some(address) => format!("{told} (in `{}`)", self::told(address)),
            None => told,
        }
    }

    /// The way forward behind what is said.
    fn message_and_help(&self, between: &str) -> String {
        // What lifts a brake says so itself.
        let word = |help: &str| if help.starts_with("override: ") { "" } else { "help: " };
        let help = self.help.as_ref().map(|help| format!("{between}{}{}", word(help), told(help)));
        format!("{}{}", self.message(), help.unwrap_or_default())
    }
}

fn told(text: &str) -> String {
    short(&line(&in_urls(text)), LONGEST)
}

/// Findings, each with its place.
#[must_use]
pub fn of_findings(findings: &Diagnostics, sources: &Sources) -> Vec<Annotation> {
    let one = |d: &crate::diag::Diagnostic| Annotation {
        severity: d.severity,
        code: Some(d.code),
        address: d.address.clone(),
        message: d.message.clone(),
        help: d.help.clone(),
        place: Place::of(d.span, sources),
        related: d.related.iter().filter_map(|l| Some((Place::of(l.span, sources)?, l.text.clone()))).collect(),
    };
    findings.iter().map(one).collect()
}

/// What was found while planning, what stands in the plan's way, and what checks came to, at the objects that do not keep to them.
#[must_use]
pub fn of_plan(plan: &Plan, findings: &Diagnostics, sources: &Sources) -> Vec<Annotation> {
    let mut others = findings.clone();
    // Both speak of checks at the checks' own lines, and only of the first few objects.
    others.retain(|d| d.code.id != codes::W0508.id);
    let mut all = of_findings(&others, sources);
    for refusal in plan.refused().chain(plan.brakes()).filter(|r| r.why != Why::Check) {
        let exactly = Place::of(refusal.at, sources);
        let roughly = refusal.place.as_ref().map(Place::of_line);
        let same = exactly.as_ref().zip(roughly.as_ref()).is_none_or(|(a, b)| (&a.file, a.line) == (&b.file, b.line));
        all.push(Annotation {
            severity: if refusal.lift.is_some() { Severity::Warning } else { Severity::Error },
            code: Some(refusal.code),
            address: refusal.address.as_ref().map(ToString::to_string),
            message: refusal.message.clone(),
            help: Some(refusal.way_out.clone()),
            place: exactly.filter(|_| same).or(roughly),
            related: Vec::new(),
        });
    }
    all.extend(of_checks(plan.checked(), sources));
    all
}

/// What does not keep to checks, where it stands; what is about no object in particular, at the check.
#[must_use]
pub fn of_checks(outcomes: &[Outcome], sources: &Sources) -> Vec<Annotation> {
    let mut all = Vec::new();
    for Outcome { check, found, more } in outcomes {
        let severity = if check.is_warning() { Severity::Warning } else { Severity::Error };
        let own = Place::of(check.at, sources).map(|place| Place { end: None, ..place });
        let older = if own.is_some() { "" } else { " (as it was last applied)" };
        for one in found {
            let there = one.place.as_ref().map(Place::of_line);
            let related = own.clone().filter(|_| there.is_some()).map(|own| (own, "the check".to_owned()));
            all.push(Annotation {
                severity,
                code: Some(one.code),
                address: one.address.as_ref().map(ToString::to_string),
                message: format!("`{}`{older}: {}", check.name, one.message),
                help: one.help.clone(),
                place: there.or_else(|| own.clone()),
                related: related.into_iter().collect(),
            });
        }
        if let (1.., Some(first)) = (*more, found.first()) {
            all.push(Annotation {
                severity,
                code: Some(first.code),
                address: None,
                message: format!("`{}`{older}: and {more} more", check.name),
                help: Some("`writ check --json` has what is told of each check".to_owned()),
                place: own,
                related: Vec::new(),
            });
        }
    }
    all
}

/// All of a run in a notation. `top` leads from the top of the repository to the workspace: empty, or with `/` at its end.
#[must_use]
pub fn text(notation: Notation, all: &[Annotation], top: &str, exit: u8) -> String {
    match notation {
        Notation::Sarif => sarif::text(all, top, exit),
        Notation::Github => github::text(all, top),
        Notation::Gitlab => gitlab::text(all, top),
        Notation::Azure => azure::text(all, top),
    }
}

/// The file and line of those that must have one: where nothing is named, it is of the workspace as a whole.
fn place_or_workspace(annotation: &Annotation, top: &str) -> (String, Place) {
    let whole = || Place { file: WRIT_TOML.to_owned(), line: 1, column: None, end: None };
    let place = annotation.place.clone().unwrap_or_else(whole);
    (format!("{top}{}", place.file), place)
}

/// What tells the same finding again in another run, wherever it stands in its file by then; each is another one.
fn fingerprints(all: &[Annotation], top: &str) -> Vec<Digest> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let one = |a: &Annotation| {
        let code = a.code.map_or("", |c| c.id);
        let key = [code, &place_or_workspace(a, top).0, a.address.as_deref().unwrap_or(""), &a.message].join("\n");
        let count = seen.entry(key.clone()).or_default();
        *count = count.saturating_add(1);
        Digest::of(format!("{count}\n{key}").as_bytes())
    };
    all.iter().map(one).collect()
}

#[cfg(test)]
mod tests;
