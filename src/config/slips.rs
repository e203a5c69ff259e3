//! Keys that stand where no such key is: slid under another header, written outside their table, or misspelt.

use super::decode::Decoder;
use crate::diag::{Diagnostic, Severity, Span, codes, shown, suggest};
use crate::kinds::{self, COMMON, Field, Form, TEMPLATE};

/// A table that is being decoded, or that the current one stands in.
pub(super) struct Around {
    name: String,
    form: &'static Form,
    /// Whether it is an object's, with the keys that every kind has.
    whole: bool,
    /// Keys of it that were misspelt, or written under another header: said once, they are not missed too.
    strays: Vec<&'static str>,
}

impl Around {
    /// A table of this name; `whole` if it is an object's own.
    pub fn new(name: impl Into<String>, form: &'static Form, whole: bool) -> Around {
        Around { name: name.into(), form, whole, strays: Vec::new() }
    }

    /// The keys of it that were written, but not here or not so.
    pub fn strays(self) -> Vec<&'static str> {
        self.strays
    }

    /// Its own name for a key, if it has it.
    fn key(&self, name: &str) -> Option<&'static str> {
        let common = || COMMON.iter().find(|f| f.name == name).map(|f| f.name);
        let of_objects = || common().or((name == TEMPLATE).then_some(TEMPLATE));
        self.form.field(name).map(|f| f.name).or_else(|| if self.whole { of_objects() } else { None })
    }
}

impl Decoder<'_, '_> {
    /// A key that the table does not have: a slip under a header, a key of a table inside, or a misspelling.
    pub(super) fn unknown(&mut self, name: &str, at: Span, header: Span, fields: &[&'static Field], others: &[&str]) {
        // Nobody will be told what else it might be.
        if self.found.is_full(Severity::Error) {
            return;
        }
        let outer = self.around.iter_mut().rev().skip(1).find_map(|a| Some((a.key(name)?, a)));
        if let Some((key, around)) = outer {
            around.strays.push(key);
            let outer = &around.name;
            let message = format!("`{name}` is a key of `{outer}`, and slid under another header");
            let help = format!("TOML gives a key to the header above it: move `{name}` up, before that header");
            let finding = Diagnostic::new(&codes::E0008, at, message).at(&self.address).label(format!("belongs to `{outer}`"));
            self.found.push(finding.related(header, "this header takes all keys below it").help(help));
            return;
        }
        let inside = fields.iter().find(|f| f.shape.form().is_some_and(|form| form.field(name).is_some()));
        let child = others.iter().filter_map(|o| kinds::kind(o)).find(|k| k.form.field(name).is_some());
        let near = suggest(name, fields.iter().map(|f| f.name).chain(others.iter().copied()));
        let help = match (inside, child, near) {
            (Some(field), ..) => format!("`{name}` is a key of `{}`, a table inside", field.name),
            (None, Some(child), _) => {
                format!("`{name}` is a key of {}: its header `[….{}.KEY]` is missing", kinds::article(child.name), child.name)
            }
            (None, None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None, None) => format!("known here: {}", fields.iter().map(|f| f.name).collect::<Vec<_>>().join(", ")),
        };
        let meant = inside.or_else(|| fields.iter().find(|f| child.is_none() && Some(f.name) == near));
        if let (Some(field), Some(around)) = (meant, self.around.last_mut()) {
            around.strays.push(field.name);
        }
        self.report_help(&codes::E0007, at, format!("there is no key `{}` here", shown(name)), Some(help));
    }
}
