//! The language reference, `docs/reference.md`: every key there is, generated from the kinds.
//!
//! In: the kinds and the forms of `writ.toml`. Out: one page of Markdown, the same bytes every time.

use crate::config::{CHECK, CHECK_FORM, OWNERSHIP, READY_MADE, SETTINGS, TEST, TEST_FORM};
use crate::diag::Code;
use crate::kinds::{Alternative, COMMON, Default, Field, Form, KeyForm, Keys, Kind, LIST, OnChange, Shape, TEMPLATE, kind};
use std::fmt::Write as _;

const HEAD: &str = "# The language, key by key

<!-- Generated from `src/kinds` and `src/config`; `WRIT_BLESS=1 cargo test --test generated` writes it anew. -->

An object's address is its TOML path: `[access_package.campaign.policy.employees]` declares the policy `employees` of the
access package `campaign`. Settings stand in `writ.toml`, objects in the other `*.toml` files below it, cut up as you like; an
object's attributes and attribute tables stand in one file, its children may stand in others.

- **A list** is a set: its order means nothing, and one member may stand without brackets. Where the order counts it says so, and there are brackets.
- **Durations** are one number and unit, `\"14d\"`, `\"36h\"`, `\"90m\"`, or ISO 8601 with weeks, days, hours and minutes: `\"P2W\"`.
- **Dates** are TOML's, without quotes. A start is the first instant of its day, an end the first instant after its day.
- **Absent** means the default of the table below, `[]` means empty. Where that table says nothing, absent is simply not said.
- **A change** of a key is made *in place*; or the object is *replaced*, that is, deleted and made anew; or the plan is *refused*.
- Numbers such as R45 are rules of the field; `writ explain R45` tells more about those that Writ decides.

";

const TEMPLATES: &str = "## Templates

`[template.KIND.NAME]` says things once, for every kind. Objects name templates with the key `template`: one name, or several in
brackets, of which later ones win. A template may name others. It holds any part of its kind's attributes and has no children. The first that
says something wins: the object, its templates (last named first), their templates, for `expiration` the package and then `[defaults]`, the default.
Tables merge key by key, lists replace, and keys that exclude each other displace each other.

```toml
[template.policy.ninety-days]
expiration = \"90d\"
approval = { approvers = [\"manager\"], fallback_approvers = [\"group:helpdesk\"], timeout = \"14d\" }

[access_package.campaign.policy.employees]
template = \"ninety-days\"
requestors = [\"group:marketing\"]
```
";

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = Page(HEAD.to_owned());
    page.contents();
    page.every_object();
    for kind in LIST {
        page.kind(kind);
    }
    page.settings();
    page.ownership();
    page.checks();
    page.0.push_str(TEMPLATES);
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, text: impl AsRef<str>) {
        self.0.push_str(text.as_ref());
        self.0.push('\n');
    }

    /// A paragraph of its own.
    fn paragraph(&mut self, text: impl AsRef<str>) {
        self.line(text);
        self.line("");
    }

    fn contents(&mut self) {
        let link = |title: &str, anchor: &str| format!("[{title}](#{anchor})");
        let kinds: Vec<String> = LIST.iter().map(|k| link(&format!("`{}`", k.name), k.name)).collect();
        self.paragraph(format!("Kinds of objects: {}.", kinds.join(", ")));
        self.paragraph(format!(
            "Besides: {}, {}, {}, {}.",
            link("`writ.toml`", "writtoml"),
            link("names and ownership", "names-and-ownership"),
            link("checks and tests", "checks-and-tests"),
            link("templates", "templates")
        ));
    }

    fn every_object(&mut self) {
        self.paragraph("## Every object");
        self.paragraph("What an object of any kind may say, beside the keys of its kind.");
        self.keys(COMMON.iter(), &[], true);
        self.paragraph(format!("And `{TEMPLATE}`, which names its [templates](#templates)."));
    }

    fn kind(&mut self, kind: &'static Kind) {
        self.paragraph(format!("## `{}`", kind.name));
        self.paragraph(rules(kind.doc));
        let places = places(kind);
        let headers: Vec<String> = places.iter().map(|p| format!("`[{p}]`")).collect();
        self.paragraph(format!("Written {}. {}", headers.join(" or "), keys_of(kind)));
        if !kind.builtin.is_empty() {
            self.paragraph(format!("{} always there, unmanaged until declared.", are(kind.builtin)));
        }
        self.keys(kind.form.fields.iter(), kind.form.alternatives, true);
        let children: Vec<String> = kind.children().map(|c| format!("[`{0}`](#{0})", c.name)).collect();
        if !children.is_empty() {
            self.paragraph(format!("In it stand {}.", children.join(", ")));
        }
        let place = places.first().map_or(kind.name, String::as_str);
        self.nested(&kind.form, place, "###");
        self.paragraph(format!("```toml\n{}```", kind.example));
    }

    /// The tables inside a table, each with a heading that is its path.
    fn nested(&mut self, form: &Form, place: &str, level: &str) {
        for field in form.fields {
            let Some(inner) = field.shape.form() else { continue };
            let path = format!("{place}.{}", field.name);
            let header = if is_list(&field.shape) { format!("[[{path}]]") } else { format!("[{path}]") };
            self.paragraph(format!("{level} `{header}`"));
            self.paragraph(rules(field.doc));
            self.keys(inner.fields.iter(), inner.alternatives, false);
            self.nested(inner, &path, level);
        }
    }

    /// The table of keys; attributes of objects tell what a change does.
    fn keys<'f>(&mut self, fields: impl Iterator<Item = &'f Field>, alternatives: &[Alternative], changes: bool) {
        let tail = if changes { (" A change |", " --- |") } else { ("", "") };
        self.line(format!("| Key | Holds | Default | For |{}", tail.0));
        self.line(format!("| --- | --- | --- | --- |{}", tail.1));
        for field in fields {
            let change = if changes { format!(" {} |", change(field)) } else { String::new() };
            let (holds, default, doc) = (cell(&holds(&field.shape)), cell(&default(field, alternatives)), cell(&rules(field.doc)));
            self.line(format!("| `{}` | {holds} | {default} | {doc} |{change}", field.name));
        }
        self.line("");
        for Alternative { left, right } in alternatives {
            self.paragraph(match (left, right) {
                ([left], [right]) => format!("`{left}` and `{right}` exclude each other."),
                _ => format!("Either {}, or {}: one side excludes the other.", names(left), names(right)),
            });
        }
    }

    fn settings(&mut self) {
        self.paragraph("## `writ.toml`");
        self.paragraph("The settings of a workspace, and the mark of its directory. It holds no objects.");
        for section in SETTINGS.fields {
            let (form, key) = match &section.shape {
                Shape::Map(_, each) => (each.form(), ".KEY"),
                one => (one.form(), ""),
            };
            let Some(form) = form else { continue };
            self.paragraph(format!("### `[{}{key}]`", section.name));
            self.paragraph(section.doc);
            self.keys(form.fields.iter(), form.alternatives, false);
        }
    }

    fn ownership(&mut self) {
        self.paragraph("## Names and ownership");
        self.paragraph(
            "These tables may stand in any file but `writ.toml`. An address is written as plans print it: `\"catalog.marketing\"`.",
        );
        for (word, doc, form) in OWNERSHIP {
            self.paragraph(format!("### `[[{word}]]`"));
            self.paragraph(*doc);
            self.keys(form.fields.iter(), form.alternatives, false);
        }
    }

    fn checks(&mut self) {
        self.paragraph("## Checks and tests");
        self.paragraph("These tables may stand in any file but `writ.toml`. [Checks](checks.md) tells what they mean, with examples.");
        self.paragraph(format!("### `[{CHECK}.NAME]`"));
        self.paragraph("A rule about the rules: a plan that fails it is refused.");
        self.keys(CHECK_FORM.fields.iter(), CHECK_FORM.alternatives, false);
        self.paragraph("The ready-made checks:");
        self.line("| `use` | For |");
        self.line("| --- | --- |");
        for made in READY_MADE {
            self.line(format!("| [`{0}`](checks/{0}.md) | {1} |", made.name, made.doc));
        }
        self.line("");
        self.paragraph(format!("### `[[{TEST}]]`"));
        self.paragraph("The policy, tried out by `writ test`: a request, and what has to come of it.");
        self.keys(TEST_FORM.fields.iter(), TEST_FORM.alternatives, false);
        self.nested(&TEST_FORM, TEST, "####");
    }
}

/// The headers under which a kind's objects stand.
fn places(of: &Kind) -> Vec<String> {
    let key = match of.key {
        KeyForm::Plain => "KEY".to_owned(),
        KeyForm::User => "\"USER\"".to_owned(),
        KeyForm::Fixed(keys) => keys.join("|"),
    };
    let own = format!("{}.{key}", of.name);
    let mut all = Vec::new();
    for parent in of.parents {
        match parent.and_then(kind) {
            None => all.push(own.clone()),
            Some(parent) => all.extend(places(parent).iter().map(|p| format!("{p}.{own}"))),
        }
    }
    all
}

fn keys_of(kind: &Kind) -> String {
    match kind.key {
        KeyForm::Plain => "Keys are lower-case letters, digits, `-` and `_`, starting with a letter or digit, 64 at most.".to_owned(),
        KeyForm::User => "Keys are user principal names with one `@`, in quotes.".to_owned(),
        KeyForm::Fixed(keys) => format!("{} the only key.", are(keys)),
    }
}

fn are(words: &[&str]) -> String {
    format!("{} {}", names(words), if words.len() == 1 { "is" } else { "are" })
}

fn names(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        Some((last, head)) if !head.is_empty() => format!("{} and {last}", head.join(", ")),
        _ => quoted.concat(),
    }
}

fn is_list(shape: &Shape) -> bool {
    matches!(shape, Shape::List(_))
}

/// What a key may hold, in words.
fn holds(shape: &Shape) -> String {
    match shape {
        Shape::Duration(least, most) => format!("a duration, {least} to {most}"),
        Shape::Expiration => "a duration, 1h to 3660d; a date or date-time; or `\"never\"`".to_owned(),
        Shape::List(item) if item.form().is_some() => "tables, whose order counts".to_owned(),
        Shape::List(item) => format!("a list, whose order counts, of: {}", holds(item)),
        Shape::Set(item, _) => format!("a list of: {}", holds(item)),
        Shape::Map(keys, item) => {
            let key = match keys {
                Keys::Plain => "key".to_owned(),
                Keys::Language => "language tag".to_owned(),
                Keys::Principal => "user principal name or `group:KEY`".to_owned(),
                Keys::Reference(r) => format!("{} key", r.kind.replace('_', " ")),
            };
            format!("a table: for each {key}, {}", holds(item))
        }
        Shape::Either(a, b) => format!("{}; or {}", holds(a), holds(b)),
        other => other.describe(),
    }
}

fn default(field: &Field, alternatives: &[Alternative]) -> String {
    let others: Vec<&str> = alternatives.iter().filter(|a| a.left.contains(&field.name)).flat_map(|a| a.right.iter().copied()).collect();
    match field.default {
        Default::Nothing if field.required && others.is_empty() => "*required*".to_owned(),
        Default::Nothing if field.required => format!("*required*, or {}", names(&others)),
        Default::Nothing => String::new(),
        Default::Bool(b) => format!("`{b}`"),
        Default::Text(t) => format!("`\"{t}\"`"),
        Default::Set(members) => format!("`[{}]`", members.iter().map(|m| format!("\"{m}\"")).collect::<Vec<_>>().join(", ")),
        Default::Key => "the key".to_owned(),
        Default::Inherited => "what the package says, then `[defaults]`; one of them must".to_owned(),
    }
}

fn change(field: &Field) -> String {
    match field.change {
        OnChange::InPlace => "in place".to_owned(),
        OnChange::Replace => "replaced".to_owned(),
        OnChange::Forbidden(code) => format!("refused ({})", rules(code.id)),
    }
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The text with a link for each rule that has a page.
fn rules(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('R') {
        let (before, from) = rest.split_at(at);
        let end = from.char_indices().skip(1).find(|(_, c)| !c.is_ascii_alphanumeric()).map_or(from.len(), |(i, _)| i);
        let (word, after) = from.split_at(end);
        out.push_str(before);
        let apart = !before.ends_with(|c: char| c.is_ascii_alphanumeric());
        match Code::find(word).filter(|code| apart && code.id == word) {
            Some(code) => drop(write!(out, "[{0}](codes/{0}.md)", code.id)),
            None => out.push_str(word),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
