//! `[connector.NAME]` of `writ.toml`: the systems into which resource roles are delivered.
//!
//! In: the table as decoded. Out: what each connector says, or findings. No token is read here: only the name of the variable that
//! holds it.

use super::urls::check_connector_url;
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::{Default, Field, Form, Keys, Shape, Text};
use crate::model::{Minutes, Table, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The table.
pub(super) const CONNECTOR: &str = "connector";

/// The key that says where it led.
pub(super) const FORMERLY: &str = "formerly";

static FORM: Form = Form {
    fields: &[
        Field::new("type", Shape::Choice(&["scim"]), "What is spoken there: SCIM 2.0.").required(),
        Field::new(
            "url",
            Shape::Text(Text::Line),
            "What stands before `/Users` and `/Groups`: `https://`, or `http://` on this machine. No user or password.",
        )
        .required(),
        Field::new(
            FORMERLY,
            Shape::Text(Text::Line),
            "The `url` of before, where nobody has to leave what is there: it is the same system at another address, or gone.",
        ),
        Field::new(
            "token_env",
            Shape::Text(Text::Line),
            "The environment variable that holds the token. Default: WRIT_CONNECTOR_NAME_TOKEN, with the name in capitals and `-` as `_`.",
        ),
        Field::new("timeout", Shape::Duration(Minutes(1), Minutes(10)), "What one delivery may take in all.").default(Default::Text("1m")),
    ],
    alternatives: &[],
};

/// All of them, by name.
pub(super) static CONNECTORS: Shape = Shape::Map(Keys::Plain, &Shape::Table(&FORM));

/// What `writ.toml` says of a system into which roles are delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorSettings {
    /// Its name: resources say it.
    pub name: String,
    /// What stands before `/Users` and `/Groups`, as [`check_connector_url`] takes it.
    pub url: String,
    /// The environment variable that holds the token.
    pub token_env: String,
    /// What one delivery may take in all.
    pub timeout: Duration,
}

/// The connectors of a decoded table. One with which something is wrong is told, and not among them.
pub(super) fn read(table: Option<&Value>, found: &mut Diagnostics) -> BTreeMap<String, ConnectorSettings> {
    let all = table.and_then(Value::as_table).into_iter().flat_map(Table::iter);
    all.filter_map(|(name, value)| Some((name.to_owned(), one(name, value, found)?))).collect()
}

fn one(name: &str, value: &Value, found: &mut Diagnostics) -> Option<ConnectorSettings> {
    let table = value.as_table()?;
    let mut wrong = |at: Span, message: String, help: &str| {
        found.push(Diagnostic::new(&codes::E0025, at.or(value.at), message).at(format!("{CONNECTOR}.{name}")).help(help));
    };
    for (key, help) in [("type", "write `type = \"scim\"`"), ("url", "write `url = \"https://…\"`, what stands before `/Users`")] {
        if !table.contains(key) {
            wrong(value.at, format!("`[{CONNECTOR}.{name}]` needs a `{key}`"), help);
        }
    }
    let url = table.text("url").filter(|url| match check_connector_url(url) {
        Ok(()) => true,
        Err((message, help)) => {
            wrong(table.at("url"), message, help);
            false
        }
    });
    if let Some(Err((message, help))) = table.text(FORMERLY).map(check_connector_url) {
        wrong(table.at(FORMERLY), message, help);
    }
    let standard = || format!("WRIT_CONNECTOR_{}_TOKEN", name.to_ascii_uppercase().replace('-', "_"));
    let token_env = table.text("token_env").map_or_else(standard, str::to_owned);
    if !is_variable(&token_env) {
        // Somebody may have written the token itself, so it is not repeated.
        let help = "write the name of the variable, such as `WRIT_SCIM_TOKEN`, and keep the token out of the files";
        wrong(table.at("token_env"), "`token_env` is no name of an environment variable".to_owned(), help);
        return None;
    }
    let minutes = table.text("timeout").and_then(|text| Minutes::parse(text).ok()).unwrap_or(Minutes(1));
    let timeout = Duration::from_secs(u64::try_from(minutes.0).unwrap_or(1).saturating_mul(60));
    Some(ConnectorSettings { name: name.to_owned(), url: url?.to_owned(), token_env, timeout })
}

/// Capitals, digits and `_`, as shells want them; small letters are taken too.
pub(super) fn is_variable(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables() {
        for (text, sound) in
            [("WRIT_SCIM_TOKEN", true), ("a1", true), ("_X", true), ("1A", false), ("A-B", false), ("", false), ("é", false)]
        {
            assert_eq!(is_variable(text), sound, "{text}");
        }
    }
}
