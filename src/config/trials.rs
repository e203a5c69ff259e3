//! `[[test]]`: the policy, tried out, as it is written.
//!
//! In: the tables of files. Out: [`Trial`]s. What comes of them is the room `checks`.

use super::World;
use super::declared::Declared;
use super::decode::Decoder;
use crate::diag::{Diagnostic, Diagnostics, Span, codes, did_you_mean};
use crate::kinds::{Emptiness, Field, Form, Keys, Reference, Shape, Text};
use crate::model::{Address, Table, Value};
use std::collections::BTreeMap;
use toml::de::DeTable;

/// The word of the tables.
pub const TEST: &str = "test";

const PACKAGE: Shape = Shape::Reference(Reference::to("access_package"));
const PEOPLE: Shape = Shape::Set(&Shape::Text(Text::Mail), Emptiness::Allowed);

static EXPECT: Form = Form {
    fields: &[
        Field::new("outcome", Shape::Choice(&["granted", "pending", "refused"]), "What comes of the request at once."),
        Field::new("policy", Shape::Text(Text::Key), "The policy through which it goes."),
        Field::new("approvers", PEOPLE, "Who may decide the first stage: all of them, and nobody else."),
        Field::new("stages", Shape::Count, "How many stages it has to pass."),
        Field::new("ends", Shape::Expiration, "When access would end: the expiration of the policy, or the day."),
        Field::new("rule", Shape::Text(Text::Line), "The rule that refuses it, such as `R137`."),
    ],
    alternatives: &[],
};

/// The keys of `[[test]]`.
pub static TEST_FORM: Form = Form {
    fields: &[
        Field::new("name", Shape::Text(Text::Line), "What it shows.").required(),
        Field::new("user", Shape::Text(Text::Mail), "Who is to have access: somebody of the directory, or from outside.").required(),
        Field::new("package", PACKAGE, "What is asked for.").required(),
        Field::new("policy", Shape::Text(Text::Key), "Through which policy. Absent: the one that admits the user."),
        Field::new("requestor", Shape::Text(Text::Mail), "Who asks. Absent: the user."),
        Field::new("holds", Shape::Set(&PACKAGE, Emptiness::Allowed), "Packages that the user holds when the request is made."),
        Field::new("at", Shape::Instant, "When it is made. Absent: now."),
        Field::new("start", Shape::Instant, "The start that is asked for."),
        Field::new("end", Shape::Instant, "The end that is asked for."),
        Field::new("justification", Shape::Text(Text::Line), "The reason that is given. Absent: one is given where it is needed."),
        Field::new("answers", Shape::Map(Keys::Plain, &Shape::Set(&Shape::Text(Text::Line), Emptiness::Refused)), "Answers, by question."),
        Field::new("expect", Shape::Table(&EXPECT), "What has to come of it.").required(),
    ],
    alternatives: &[],
};

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Its header.
    pub at: Span,
    table: Table,
}

impl Trial {
    /// What it shows.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// Who is to have access.
    #[must_use]
    pub fn user(&self) -> &str {
        self.text("user")
    }

    /// What is asked for.
    #[must_use]
    pub fn package(&self) -> Address {
        Address::root("access_package", self.text("package"))
    }

    /// Through which policy.
    #[must_use]
    pub fn policy(&self) -> Option<&str> {
        self.table.text("policy")
    }

    /// Who asks, if not the user.
    #[must_use]
    pub fn requestor(&self) -> Option<&str> {
        self.table.text("requestor")
    }

    /// What the user holds.
    pub fn holds(&self) -> impl Iterator<Item = Address> {
        self.table.texts("holds").map(|key| Address::root("access_package", key))
    }

    /// An instant, as written: `at`, `start` or `end`.
    #[must_use]
    pub fn instant(&self, name: &str) -> Option<&str> {
        self.table.text(name)
    }

    /// The reason that is given.
    #[must_use]
    pub fn justification(&self) -> Option<&str> {
        self.table.text("justification")
    }

    /// The answers, by question.
    #[must_use]
    pub fn answers(&self) -> BTreeMap<String, Vec<String>> {
        let all = self.table.get("answers").and_then(Value::as_table).into_iter().flat_map(Table::iter);
        let texts = |v: &Value| v.members().iter().filter_map(Value::as_text).map(str::to_owned).collect();
        all.map(|(key, value)| (key.to_owned(), texts(value))).collect()
    }

    /// A text that is expected.
    #[must_use]
    pub fn expected(&self, name: &str) -> Option<&str> {
        self.expect()?.text(name)
    }

    /// The approvers that are expected.
    #[must_use]
    pub fn expected_approvers(&self) -> Option<Vec<&str>> {
        let expect = self.expect()?;
        expect.contains("approvers").then(|| expect.texts("approvers").collect())
    }

    /// The number of stages that is expected.
    #[must_use]
    pub fn expected_stages(&self) -> Option<usize> {
        match self.expect()?.get("stages")?.node {
            crate::model::Node::Int(n) => usize::try_from(n).ok(),
            _ => None,
        }
    }

    fn expect(&self) -> Option<&Table> {
        self.table.get("expect").and_then(Value::as_table)
    }

    fn text(&self, name: &str) -> &str {
        self.table.text(name).unwrap_or("")
    }
}

/// Reads one table.
pub(super) fn read(table: &DeTable<'_>, at: Span, decoder: &mut Decoder<'_, '_>, declared: &mut Declared) {
    let fields: Vec<&'static Field> = TEST_FORM.fields.iter().collect();
    let values = decoder.table(TEST, &TEST_FORM, &fields, table, at, &[]);
    for field in fields.iter().filter(|f| f.required && !values.contains(f.name)) {
        let help = format!("`{}` is {}", field.name, field.shape.describe());
        decoder.report_help(&codes::E0018, at, format!("`{}` is missing", field.name), Some(help));
    }
    if values.get("expect").and_then(Value::as_table).is_some_and(Table::is_empty) {
        let help = "write `expect = { outcome = \"pending\" }`";
        decoder.report_help(&codes::E0018, values.at("expect"), "`expect` expects nothing", Some(help.to_owned()));
    }
    declared.tests.push(Trial { at, table: values });
}

/// What tests name is there.
pub(super) fn check(tests: &[Trial], world: &World<'_>, found: &mut Diagnostics) {
    for test in tests {
        let named =
            [("package", test.table.get("package"))].into_iter().chain(test.table.members("holds").iter().map(|v| ("holds", Some(v))));
        for (key, value) in named {
            let Some((text, at)) = value.and_then(|v| Some((v.as_text()?, v.at))) else { continue };
            if world.get(&Address::root("access_package", text)).is_some() {
                continue;
            }
            let code = if world.known.unread { &codes::W0105 } else { &codes::E0101 };
            let near = did_you_mean(text, world.all("access_package").map(|o| o.address.key()));
            let help = near.unwrap_or_else(|| format!("`{key}` is the key of an access package"));
            found.push(Diagnostic::new(code, at.or(test.at), format!("there is no access package `{text}`")).at(TEST).help(help));
        }
    }
}
