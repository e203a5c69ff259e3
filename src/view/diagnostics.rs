//! Findings in rustc's form for people, in Terraform's shape for programs.

use super::secret::{hidden, in_urls};
use crate::diag::{Diagnostic, Diagnostics, Severity, Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value as Json, json};

/// The longest line of source that is shown, in bytes.
const LONGEST_LINE: usize = 160;

/// The longest line of source in a document for programs, in characters.
const LONGEST_SNIPPET: usize = 1_000;

/// All findings, one after the other, each with its snippet.
#[must_use]
pub fn text(findings: &Diagnostics, sources: &Sources, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    findings.iter().map(|d| format!("{}\n\n", one(d, sources, &renderer))).collect()
}

fn one(finding: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    if sources.get(finding.span).is_none() {
        return placeless(finding);
    }
    let level = match finding.severity {
        Severity::Error => Level::ERROR.with_name("Error"),
        Severity::Warning => Level::WARNING.with_name("Warning"),
        Severity::Note => Level::NOTE.with_name("Note"),
    };
    let message = told(&finding.message);
    let mut group = Group::with_title(level.primary_title(&message).id(finding.code.id));
    let label = told(&finding.label);
    let primary = excerpt(finding.span, sources);
    let mut related: Vec<(Excerpt, String)> =
        finding.related.iter().filter_map(|l| Some((excerpt(l.span, sources)?, told(&l.text)))).collect();
    if let Some(primary) = &primary {
        let mut snippet = primary
            .snippet()
            .annotation(AnnotationKind::Primary.span(primary.range.clone()).label(Some(label.as_str()).filter(|l| !l.is_empty())));
        // Places on the same line are underlined in the same snippet, if it shows the same part of it.
        let (same, others): (Vec<_>, Vec<_>) =
            related.into_iter().partition(|(e, _)| (&e.name, e.line, &e.text) == (&primary.name, primary.line, &primary.text));
        for (excerpt, text) in &same {
            snippet = snippet.annotation(AnnotationKind::Context.span(excerpt.range.clone()).label(text.clone()));
        }
        group = group.element(snippet);
        related = others;
    }
    for (excerpt, text) in &related {
        group = group.element(excerpt.snippet().annotation(AnnotationKind::Context.span(excerpt.range.clone()).label(text.clone())));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(told(help)));
    }
    renderer.render(&[group])
}

/// A finding that stands in no text, such as one about the command line.
fn placeless(finding: &Diagnostic) -> String {
    let word = match finding.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
        Severity::Note => "Note",
    };
    let mut out = format!("{word}[{}]: {}", finding.code.id, told(&finding.message));
    if let Some(address) = finding.address.as_ref().filter(|a| !finding.message.contains(a.as_str())) {
        out.push_str(&format!("\n  in {}", super::paint::line(address)));
    }
    if let Some(help) = &finding.help {
        out.push_str(&format!("\n  help: {}", told(help)));
    }
    out
}

/// A text of a finding, made harmless.
fn told(text: &str) -> String {
    super::paint::line(&in_urls(text))
}

/// One line of a source, shortened and made harmless.
struct Excerpt {
    name: String,
    line: u32,
    text: String,
    range: std::ops::Range<usize>,
}

impl Excerpt {
    fn snippet<'a>(&'a self) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
        Snippet::source(self.text.as_str()).line_start(self.line as usize).path(self.name.as_str())
    }
}

fn excerpt(span: Span, sources: &Sources) -> Option<Excerpt> {
    let file = sources.get(span)?;
    let (line, column) = file.position(span.start);
    let full = hidden(file.line(line));
    let full = full.as_str();
    let before = full.char_indices().nth((column as usize).saturating_sub(1)).map_or(full.len(), |(i, _)| i);
    let length = (span.end.saturating_sub(span.start) as usize).min(full.len().saturating_sub(before));
    // A long line is shown around its fault.
    let from = floor(full, before.saturating_sub(LONGEST_LINE / 3));
    let to = floor(full, from.saturating_add(LONGEST_LINE).min(full.len()));
    let start = floor(full, before.max(from));
    let end = floor(full, before.saturating_add(length).min(to).max(start));
    let shown = |a: usize, b: usize| full.get(a..b).map(super::paint::line).unwrap_or_default();
    let (head, marked, tail) = (shown(from, start), shown(start, end), shown(end, to));
    let range = head.len()..head.len().saturating_add(marked.len());
    Some(Excerpt { name: super::paint::line(&file.name), line, text: format!("{head}{marked}{tail}"), range })
}

/// The nearest boundary of a character at or below an offset.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// Terraform's shape, with `code`, `related` and `help` beside it.
#[must_use]
pub fn json(findings: &Diagnostics, sources: &Sources) -> Vec<Json> {
    findings.iter().map(|d| one_json(d, sources)).collect()
}

fn one_json(finding: &Diagnostic, sources: &Sources) -> Json {
    json!({
        "severity": finding.severity.word(),
        "summary": in_urls(&finding.message),
        "detail": finding.help.as_deref().map(in_urls).unwrap_or_default(),
        "code": finding.code.id,
        "address": finding.address,
        "range": range(finding.span, sources),
        "snippet": sources.line(finding.span).map(|(_, line)| json!({
            "context": finding.address,
            "code": sources.get(finding.span).map(|f| super::paint::short(&hidden(f.line(line)), LONGEST_SNIPPET)),
            "start_line": line,
        })),
        "label": Some(&finding.label).filter(|l| !l.is_empty()),
        "related": finding.related.iter().map(|l| json!({ "message": l.text, "range": range(l.span, sources) })).collect::<Vec<_>>(),
        "help": finding.help.as_deref().map(in_urls),
    })
}

fn range(span: Span, sources: &Sources) -> Json {
    let Some(file) = sources.get(span) else { return Json::Null };
    let point = |offset: u32| {
        let (line, column) = file.position(offset);
        json!({ "line": line, "column": column, "byte": offset })
    };
    json!({ "filename": file.name, "start": point(span.start), "end": point(span.end) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{SourceFile, codes};

    #[test]
    fn places_far_apart_on_one_line_have_an_excerpt_each() {
        for (length, related, excerpts) in [(2, 1..3, 1), (1_000, 5..7, 2), (1_000, 0..0, 2)] {
            let text = format!("\u{1b}{}", "é".repeat(length));
            let last = Span::new(0, text.len() - 2..text.len());
            let sources = Sources::new(vec![SourceFile::new("a.toml", text)]);
            let finding = Diagnostic::new(&codes::E0001, last, "x").related(Span::new(0, related), "here");
            let told = one(&finding, &sources, &Renderer::plain());
            assert_eq!(told.lines().filter(|l| l.starts_with("1 | ")).count(), excerpts, "{told}");
        }
    }

    #[test]
    fn the_name_of_a_file_stays_in_its_line() {
        let sources = Sources::new(vec![SourceFile::new("a\u{1b}[2J\n/b.toml", "x")]);
        let told = one(&Diagnostic::new(&codes::E0001, Span::new(0, 0..1), "x"), &sources, &Renderer::plain());
        assert!(told.contains(" --> a\\u{1b}[2J\\u{a}/b.toml:1:1\n"), "{told}");
    }
}
