//! `[connector.NAME]` of `writ.toml`: the systems into which resource roles are delivered.
//!
//! In: the table as decoded. Out: what each connector says, or findings. No token is read here: only the name of the variable that
//! holds it.

use crate::diag::{Diagnostic, Diagnostics, Span, codes, shown};
use crate::kinds::{Default, Field, Form, Keys, Shape, Text};
use crate::model::{Minutes, Table, Value};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// The table.
pub(super) const CONNECTOR: &str = "connector";

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
fn is_variable(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && (1..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a URL is one that a token may be sent to: `https://`, or `http://` to this machine only; a host, perhaps a port and a path;
/// no user, password, query or fragment.
///
/// # Errors
/// What is wrong with it, and the way forward. A URL that may hold a password is not repeated.
pub fn check_connector_url(url: &str) -> Result<(), (String, &'static str)> {
    let form = "write one such as `https://crm.contoso.example/scim/v2`";
    let Some((scheme, rest)) = url.split_once("://") else { return Err(("a connector's `url` is no URL".to_owned(), form)) };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(("a connector's URL holds no user or password".to_owned(), "leave the token to the variable that `token_env` names"));
    }
    if path.contains(['?', '#', '\\', '@']) || !url.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(("a connector's URL is a host and a path, without a query, a fragment or blanks".to_owned(), form));
    }
    let Some(host) = host(authority) else { return Err((format!("`{}` names no host", shown(url)), form)) };
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(host) => Ok(()),
        "http" => Err((format!("`{}` would send the token where anybody can read it", shown(url)), "write `https://`")),
        _ => Err((format!("`{}` is no `https://` address", shown(url)), form)),
    }
}

/// The host of `host:port` or `[v6]:port`, if both have their form.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    let sound = !host.is_empty() && host.chars().all(letters) && !host.starts_with(['-', '.']);
    let port_sound = port.is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0));
    (sound && port_sound).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_that_a_token_may_be_sent_to() {
        for url in [
            "https://crm.contoso.example",
            "https://crm.contoso.example:8443/scim/v2/",
            "https://[2001:db8::1]/scim",
            "https://10.0.0.7/scim/v2/tenant%20a",
            "http://localhost:8080",
            "http://127.0.0.1:1/v2",
            "http://[::1]:8080/v2",
        ] {
            assert_eq!(check_connector_url(url), Ok(()), "{url}");
        }
        for url in [
            "",
            "crm.contoso.example",
            "https://",
            "https:///scim",
            "https://crm.contoso.example:0",
            "https://crm.contoso.example:99999",
            "https://crm.contoso.example:+80",
            "https://-x/",
            "https://crm.contoso.example/a?b=c",
            "https://crm.contoso.example/a#b",
            "https://crm.contoso.example/a b",
            "https://crm.contoso.example\\@evil.example/",
            "https://crm contoso.example/",
            "https://tökén.example/",
            "http://crm.contoso.example",
            "http://127.0.0.1.evil.example",
            "http://localhost.evil.example",
            "http://[::2]/",
            "ftp://localhost",
        ] {
            assert!(check_connector_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_password_is_not_repeated() {
        for url in ["https://ann:s3cret@crm.contoso.example/", "https://s3cret@crm.contoso.example", "http://a:s3cret@localhost/x"] {
            let (message, help) = check_connector_url(url).unwrap_err();
            assert!(!message.contains("s3cret") && !help.contains("s3cret"), "{message}");
        }
    }

    #[test]
    fn names_of_variables() {
        for (text, sound) in
            [("WRIT_SCIM_TOKEN", true), ("a1", true), ("_X", true), ("1A", false), ("A-B", false), ("", false), ("é", false)]
        {
            assert_eq!(is_variable(text), sound, "{text}");
        }
    }
}
