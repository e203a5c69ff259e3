//! `[check.NAME]`: rules about the rules, as they are written and as a store remembers them.
//!
//! In: the tables of files. Out: [`Check`]s whose expressions compile. What they come to is the room `checks`.

use super::declared::Declared;
use super::decode::Decoder;
use super::keys::known_address;
use super::ready_made::{NAMES, ReadyMade};
use super::{AppliedSettings, World};
use crate::diag::{Diagnostic, Diagnostics, Span, codes, did_you_mean, shown};
use crate::expr::{Expression, Variables};
use crate::kinds::{self, Alternative, Default, Emptiness, Field, Form, Shape, Text, group};
use crate::model::{Address, Minutes, Value, is_key};
use serde::{Deserialize, Serialize};
use toml::de::DeTable;

/// The word of the tables.
pub const CHECK: &str = "check";

/// What a check can be asked of: every kind, and two words more.
const EACH: &[&str] = &[
    "user",
    "group",
    "application",
    "sharepoint_site",
    "connected_organization",
    "catalog",
    "resource",
    "delegation",
    "access_package",
    "policy",
    "settings",
    "assignment",
    "change",
    "plan",
];

/// The figures of a plan that an expression can ask for.
pub const FIGURES: [&str; 9] =
    ["creates", "deletes", "forgets", "imports", "moves", "objects", "people_losing_access", "replaces", "updates"];

const LINES: Shape = Shape::Set(&Shape::Text(Text::Line), Emptiness::Refused);

/// The keys of `[check.NAME]`.
pub static CHECK_FORM: Form = Form {
    fields: &[
        Field::new("for_each", Shape::Choice(EACH), "What it is asked of: every object of a kind, every `change`, or once of the `plan`.")
            .default(Default::Text("plan")),
        Field::new("when", Shape::Text(Text::Block), "A CEL expression: only of these it is asked. Absent: of all."),
        Field::new("assert", Shape::Text(Text::Block), "A CEL expression that has to hold."),
        Field::new("message", Shape::Text(Text::Line), "What is told where it does not hold; required with `assert`."),
        Field::new("use", Shape::Choice(NAMES), "A ready-made check, in place of `assert`."),
        Field::new("within", Shape::Duration(Minutes(Minutes::HOUR), Minutes::days(3660)), "For some ready-made ones: how long at most."),
        Field::new("resources", LINES, "For some ready-made ones: resources, as `group:KEY` or as addresses."),
        Field::new("except", LINES, "Addresses: of these, and of all below them, it is not asked."),
        Field::new("severity", Shape::Choice(&["error", "warning"]), "Whether a plan that fails it is refused, or only told.")
            .default(Default::Text("error")),
        Field::new("help", Shape::Text(Text::Line), "The way out, as a plan tells it."),
    ],
    alternatives: &[Alternative { left: &["for_each", "when", "assert"], right: &["use", "within", "resources"] }],
};

/// A check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// What it is asked of; `None`: the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_each: Option<String>,
    /// Of which of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What has to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assert: Option<String>,
    /// What is told where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The ready-made one that it is.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub ready_made: Option<String>,
    /// How long at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// The resources that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// Of what it is not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// `warning`, or an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Its header.
    #[serde(skip)]
    pub at: Span,
    /// Where its parts stand.
    #[serde(skip)]
    pub(super) parts: Vec<(&'static str, Span)>,
}

impl Check {
    /// Whether a plan that fails it is only told.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.severity.as_deref() == Some("warning")
    }

    /// How long at most, if it says so.
    #[must_use]
    pub fn most(&self) -> Option<Minutes> {
        Minutes::parse(self.within.as_deref()?).ok()
    }

    /// What it is asked of.
    #[must_use]
    pub fn each(&self) -> &str {
        self.for_each.as_deref().unwrap_or("plan")
    }

    /// Whether it is not asked of an object.
    #[must_use]
    pub fn spares(&self, address: &Address) -> bool {
        self.except.iter().filter_map(|e| Address::parse(e).ok()).any(|e| address.is_within(&e))
    }

    fn at(&self, part: &str) -> Span {
        self.parts.iter().find(|(name, _)| *name == part).map_or(Span::NONE, |(_, at)| *at).or(self.at)
    }
}

impl AppliedSettings {
    /// The checks that were applied, in the order of their names.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        let all = self.0.get(CHECK).and_then(serde_json::Value::as_object);
        let read = |(name, said): (&String, &serde_json::Value)| {
            Some(Check { name: name.clone(), at: Span::NONE, ..serde_json::from_value::<Check>(said.clone()).ok()? })
        };
        all.into_iter().flatten().filter_map(read).collect()
    }

    /// These, with checks.
    pub(super) fn with_checks(mut self, checks: &[Check]) -> AppliedSettings {
        if let (false, Some(all)) = (checks.is_empty(), self.0.as_object_mut()) {
            let said = checks.iter().map(|c| (c.name.clone(), serde_json::to_value(c).unwrap_or_default()));
            all.insert(CHECK.to_owned(), serde_json::Value::Object(said.collect()));
        }
        self
    }
}

/// What the expressions of a check may speak of.
#[must_use]
pub fn variables(each: &str) -> Variables {
    let plan = ("plan", Some(FIGURES.to_vec()));
    let mut all = Variables::from([plan]);
    if each == "change" {
        all.insert("change", Some(vec!["action", "address", "attributes", "key", "kind"]));
        all.extend([("before", None), ("after", None)]);
    } else if let Some(kind) = kinds::kind(each) {
        all.insert("change", Some(vec!["action", "attributes"]));
        all.insert("before", Some(kinds::names(kind)));
        let around = around(kind.name).iter().filter_map(|name| kinds::kind(name));
        all.extend(around.chain([kind]).map(|k| (k.name, Some(kinds::names(k)))));
    }
    all
}

/// The objects that stand around one of a kind, or govern it.
#[must_use]
pub fn around(kind: &str) -> &'static [&'static str] {
    match kind {
        "resource" | "delegation" | "access_package" => &["catalog"],
        "policy" => &["access_package", "catalog"],
        "assignment" => &["access_package", "catalog", "policy"],
        _ => &[],
    }
}

/// Reads one table.
pub(super) fn read(name: &str, key_at: Span, table: &DeTable<'_>, at: Span, decoder: &mut Decoder<'_, '_>, declared: &mut Declared) {
    let address = format!("{CHECK}.{name}");
    if !is_key(name) {
        let finding = Diagnostic::new(&codes::E0010, key_at, format!("`{}` is not the name of a check", shown(name)));
        decoder.found.push(finding.at(CHECK).help("names are lower-case letters, digits, `-` and `_`"));
        return;
    }
    decoder.address.clone_from(&address);
    let fields: Vec<&'static Field> = CHECK_FORM.fields.iter().collect();
    let values = decoder.table(&address, &CHECK_FORM, &fields, table, at, &[]);
    let mut check: Check = serde_json::to_value(&values).ok().and_then(|said| serde_json::from_value(said).ok()).unwrap_or_default();
    name.clone_into(&mut check.name);
    check.at = at;
    check.parts = fields.iter().filter(|f| values.contains(f.name)).map(|f| (f.name, values.at(f.name))).collect();
    let unread = values.iter().any(|(_, v)| v.is_unread());
    if !unread {
        complete(&check, decoder);
    }
    for part in ["when", "assert"] {
        let Some((text, at)) = values.get(part).and_then(|v: &Value| Some((v.as_text()?, v.at))) else { continue };
        if let Err(bad) = Expression::compile(text, &variables(check.each())) {
            let place = within(decoder.document.text, at, text, bad.column);
            let message = format!("not an expression, at character {}: {}", bad.column, bad.message);
            let help = format!("`{part}` is CEL: `policy.expiration.kind != 'never'`; `docs/checks.md` lists what it may ask");
            decoder.report_help(&codes::E0024, place, message, Some(help));
        }
    }
    declared.checks.push(check);
}

/// What a check needs and does not take.
fn complete(check: &Check, decoder: &mut Decoder<'_, '_>) {
    let mut wrong = |at: Span, message: String, help: &str| decoder.report_help(&codes::E0018, at, message, Some(help.to_owned()));
    let said = |key: &str| check.parts.iter().any(|(name, _)| *name == key);
    match check.ready_made.as_deref().and_then(ReadyMade::find) {
        None if !said("assert") => {
            wrong(check.at, "`assert` (or `use`) is missing".to_owned(), "`assert` is a CEL expression that has to hold")
        }
        None if !said("message") => wrong(check.at, "`message` is missing".to_owned(), "say what is wrong where it does not hold"),
        None => {
            for key in ["within", "resources"].into_iter().filter(|key| said(key)) {
                wrong(check.at(key), format!("`{key}` belongs to a ready-made check"), "name one: `use = \"outside-access-ends\"`");
            }
        }
        Some(made) => {
            for key in made.needs.iter().filter(|key| !said(key)) {
                wrong(check.at, format!("`{}` needs `{key}`", made.name), "`writ explain NAME` tells what a ready-made check takes");
            }
            for key in ["within", "resources"].into_iter().filter(|key| said(key) && !made.takes.contains(key)) {
                wrong(check.at(key), format!("`{}` takes no `{key}`", made.name), "take it out");
            }
        }
    }
}

/// The place of a character of a text, where the file has the text as it is; else that of the whole value.
fn within(file: &str, at: Span, text: &str, column: usize) -> Span {
    let raw = file.get(at.start as usize..at.end as usize).unwrap_or("");
    let offset = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(i, _)| i);
    match raw.find(text) {
        Some(start) if raw.len() <= text.len().saturating_add(8) => {
            let from = (at.start as usize).saturating_add(start).saturating_add(offset);
            let one = text.get(offset..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
            Span::new(at.file, from..from.saturating_add(one))
        }
        _ => at,
    }
}

/// Every check once, in the order of their names; what they name is there.
pub(super) fn settled(mut checks: Vec<Check>, world: &World<'_>, found: &mut Diagnostics) -> Vec<Check> {
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    checks.dedup_by(|again, first| {
        let same = again.name == first.name;
        if same {
            let finding = Diagnostic::new(&codes::E0011, again.at, format!("`{CHECK}.{}` is declared twice", again.name));
            found.push(
                finding.at(format!("{CHECK}.{}", again.name)).related(first.at, "declared here").help("give one of them another name"),
            );
        }
        same
    });
    for check in &checks {
        let mut missing = |part: &str, named: &str, address: Option<Address>| {
            let help = match &address {
                Some(address) if world.get(address).is_some() => return,
                Some(address) => did_you_mean(address.as_str(), world.all(address.kind()).map(|o| o.address.as_str())),
                None => None,
            };
            let code = if world.known.unread && address.is_some() { &codes::W0105 } else { &codes::E0101 };
            let finding = Diagnostic::new(code, check.at(part), format!("there is no `{}`", shown(named)));
            let help = help.unwrap_or_else(|| "write `group:KEY`, or an address such as `catalog.marketing`".to_owned());
            found.push(finding.at(format!("{CHECK}.{}", check.name)).help(help));
        };
        for named in &check.except {
            missing("except", named, known_address(named).ok());
        }
        for named in &check.resources {
            missing("resources", named, resource(named));
        }
    }
    checks
}

/// What `resources` names: a thing of the directory, or a resource by its address.
#[must_use]
pub fn resource(named: &str) -> Option<Address> {
    match named.split_once(':') {
        Some((kind, _)) if ["group", "application", "sharepoint_site"].contains(&kind) => group::principal(named),
        Some(_) => None,
        None => known_address(named).ok().filter(|a| a.kind() == kinds::resource::KIND.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_asked() {
        let kinds = kinds::LIST.iter().map(|k| k.name);
        assert_eq!(EACH, kinds.chain(["change", "plan"]).collect::<Vec<_>>());
        for each in EACH {
            assert!(variables(each).contains_key("plan"), "{each}");
        }
    }

    #[test]
    fn what_a_store_remembers_is_what_was_written() {
        let check = Check { name: "a".into(), assert: Some("true".into()), message: Some("m".into()), ..Check::default() };
        let ready =
            Check { name: "b".into(), ready_made: Some("every-grant-ends".into()), except: vec!["catalog.x".into()], ..Check::default() };
        let applied = AppliedSettings(serde_json::json!({ "workspace": { "name": "x" } })).with_checks(&[check.clone(), ready.clone()]);
        assert_eq!(applied.checks(), [check, ready]);
    }
}
