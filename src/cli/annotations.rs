//! What stands beside lines of files, in a forge or a pipeline: collected while a verb works, and printed at its end.

use super::session::Session;
use super::{Exit, Format, progress};
use crate::diag::Severity;
use crate::source::way_from_top;
use crate::view::annotations::{Annotation, Notation, text};
use std::path::{Component, Path};

/// These forms, and all those of annotations, which whatever finds something about files has.
pub(super) fn and_annotations(forms: &[Format]) -> Vec<Format> {
    [forms, &[Format::Sarif, Format::Github, Format::Gitlab, Format::Azure]].concat()
}

/// The notation of a form of annotations.
pub(super) fn notation(format: Format) -> Option<Notation> {
    match format {
        Format::Sarif => Some(Notation::Sarif),
        Format::Github => Some(Notation::Github),
        Format::Gitlab => Some(Notation::Gitlab),
        Format::Azure => Some(Notation::Azure),
        _ => None,
    }
}

impl Session {
    /// Whether annotations are wanted, and nothing else.
    pub(super) fn annotates(&self) -> bool {
        notation(self.format).is_some()
    }

    /// Keeps these for the end.
    pub(super) fn annotate(&mut self, all: Vec<Annotation>) {
        let quiet = self.quiet;
        self.annotations.extend(all.into_iter().filter(|a| a.severity == Severity::Error || !quiet));
    }

    /// Prints all of them, whatever happened.
    pub(super) fn print_annotations(&mut self, exit: Exit) {
        let Some(notation) = notation(self.format) else { return };
        self.annotate(progress::notes().into_iter().map(|note| Annotation::of_the_run(Severity::Note, note, None)).collect());
        let text = text(notation, &self.annotations, &self.top(), exit.code());
        self.print(&text);
    }

    /// The way from the top of the repository to the workspace; outside of one, from where the program was called.
    fn top(&self) -> String {
        let root = &self.context.root;
        let is_below = |root: &Path| root.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        way_from_top(root).unwrap_or_else(|| {
            let parts = root.components().filter(|c| matches!(c, Component::Normal(_)));
            let way = |c: Component<'_>| format!("{}/", c.as_os_str().to_string_lossy());
            if is_below(root) { parts.map(way).collect() } else { String::new() }
        })
    }
}
