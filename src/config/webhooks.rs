//! `[webhook.NAME]` of `writ.toml`: who is told when something was applied, an apply was refused, or something drifted.
//!
//! In: the table as decoded. Out: what each webhook says, or findings. No secret is read here: only the name of the variable that
//! holds it.

use super::connectors::is_variable;
use super::urls::check_webhook_url;
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::{Emptiness, Field, Form, Keys, Shape, Text};
use crate::model::{Table, Value};
use std::collections::BTreeMap;

/// The table.
pub(super) const WEBHOOK: &str = "webhook";

/// What can be told, in the words of `on`.
static HAPPENING: Shape = Shape::Choice(&["apply", "refusal", "drift"]);

static FORM: Form = Form {
    fields: &[
        Field::new(
            "url",
            Shape::Text(Text::Line),
            "Where it is posted to: `https://`, or `http://` on this machine. No user, password or query.",
        )
        .required(),
        Field::new(
            "on",
            Shape::Set(&HAPPENING, Emptiness::Refused),
            "What is told: an apply, an apply that was refused, drift. Default: all three.",
        ),
        Field::new(
            "secret_env",
            Shape::Text(Text::Line),
            "The environment variable that holds the key of the signature. Default: WRIT_WEBHOOK_NAME_SECRET, with the name in capitals and `-` as `_`.",
        ),
    ],
    alternatives: &[],
};

/// All of them, by name.
pub(super) static WEBHOOKS: Shape = Shape::Map(Keys::Plain, &Shape::Table(&FORM));

/// What a webhook can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// Something was applied.
    Apply,
    /// An apply was refused.
    Refusal,
    /// Something drifted.
    Drift,
}

impl Happening {
    /// All of them.
    pub const ALL: [Happening; 3] = [Happening::Apply, Happening::Refusal, Happening::Drift];

    /// Its word in `on`, and in what is told.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Happening::Apply => "apply",
            Happening::Refusal => "refusal",
            Happening::Drift => "drift",
        }
    }
}

/// What `writ.toml` says of somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Its name.
    pub name: String,
    /// Where it is posted to, as [`check_webhook_url`] takes it.
    pub url: String,
    /// What is told.
    pub on: Vec<Happening>,
    /// The environment variable that holds the key of the signature.
    pub secret_env: String,
}

/// The webhooks of a decoded table. One with which something is wrong is told, and not among them.
pub(super) fn read(table: Option<&Value>, found: &mut Diagnostics) -> BTreeMap<String, WebhookSettings> {
    let all = table.and_then(Value::as_table).into_iter().flat_map(Table::iter);
    all.filter_map(|(name, value)| Some((name.to_owned(), one(name, value, found)?))).collect()
}

fn one(name: &str, value: &Value, found: &mut Diagnostics) -> Option<WebhookSettings> {
    let table = value.as_table()?;
    let mut wrong = |at: Span, message: String, help: &str| {
        found.push(Diagnostic::new(&codes::E0025, at.or(value.at), message).at(format!("{WEBHOOK}.{name}")).help(help));
    };
    if !table.contains("url") {
        wrong(value.at, format!("`[{WEBHOOK}.{name}]` needs a `url`"), "write `url = \"https://…\"`, where it is posted to");
    }
    let url = table.text("url").filter(|url| match check_webhook_url(url) {
        Ok(()) => true,
        Err((message, help)) => {
            wrong(table.at("url"), message, help);
            false
        }
    });
    let standard = || format!("WRIT_WEBHOOK_{}_SECRET", name.to_ascii_uppercase().replace('-', "_"));
    let secret_env = table.text("secret_env").map_or_else(standard, str::to_owned);
    if !is_variable(&secret_env) {
        // Somebody may have written the secret itself, so it is not repeated.
        let help = "write the name of the variable, such as `WRIT_WEBHOOK_SECRET`, and keep the secret out of the files";
        wrong(table.at("secret_env"), "`secret_env` is no name of an environment variable".to_owned(), help);
        return None;
    }
    let said: Option<Vec<&str>> = table.get("on").map(|on| on.members().iter().filter_map(Value::as_text).collect());
    let on = Happening::ALL.into_iter().filter(|h| said.as_ref().is_none_or(|said| said.contains(&h.word()))).collect();
    Some(WebhookSettings { name: name.to_owned(), url: url?.to_owned(), on, secret_env })
}
