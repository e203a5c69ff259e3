//! The URLs of `writ.toml`, without looking whether anything is there: of stores, and of connectors.
//!
//! What may hold a password is not repeated in what is told.

use crate::diag::shown;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Whether a store's URL is one that Writ takes.
///
/// # Errors
/// What is wrong with it, and the way forward.
pub fn check_store_url(url: &str) -> Result<&str, (String, &'static str)> {
    if let Some((scheme, rest)) = url.split_once("://") {
        if rest.split('/').next().unwrap_or("").split('@').next().is_some_and(|user| user.contains(':') && rest.contains('@')) {
            return Err((
                "a store's URL holds no password".to_owned(),
                "leave the password to the environment of the program that applies",
            ));
        }
        if matches!(scheme, "postgres" | "postgresql") {
            return Err(("`postgres://` stores are not supported yet".to_owned(), "write `sqlite:PATH`"));
        }
    }
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.is_empty() && !path.starts_with("//") => Ok(path),
        // What stands behind the scheme of another URL may be a secret.
        _ => Err((
            format!("`{}` is no store", url.split_once(':').map_or(url, |(scheme, _)| scheme)),
            "write `sqlite:PATH`, relative to the workspace",
        )),
    }
}

/// Whether a URL is one that a token may be sent to: `https://`, or `http://` to this machine only; a host, perhaps a port and a path;
/// no user, password, query or fragment.
///
/// # Errors
/// What is wrong with it, and the way forward. A URL that may hold a password is not repeated.
pub fn check_connector_url(url: &str) -> Result<(), (String, &'static str)> {
    let form = "write one such as `https://crm.contoso.example/scim/v2`";
    check_private(url, "connector", "the token", form, "leave the token to the variable that `token_env` names")
}

/// Whether a URL is one that a webhook may have, in the same words.
///
/// # Errors
/// What is wrong with it, and the way forward. A URL that may hold a password is not repeated.
pub fn check_webhook_url(url: &str) -> Result<(), (String, &'static str)> {
    let form = "write one such as `https://hooks.contoso.example/writ`";
    check_private(url, "webhook", "what happened", form, "leave them out: what is posted is signed, with what `secret_env` names")
}

/// Whether what is sent to a URL is read by nobody else.
fn check_private(url: &str, whose: &str, what: &str, form: &'static str, without: &'static str) -> Result<(), (String, &'static str)> {
    let Some((scheme, rest)) = url.split_once("://") else { return Err((format!("a {whose}'s `url` is no URL"), form)) };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err((format!("a {whose}'s URL holds no user or password"), without));
    }
    if path.contains(['?', '#', '\\', '@']) || !url.bytes().all(|b| b.is_ascii_graphic()) {
        return Err((format!("a {whose}'s URL is a host and a path, without a query, a fragment or blanks"), form));
    }
    let Some(host) = host(authority) else { return Err((format!("`{}` names no host", shown(url)), form)) };
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(host) => Ok(()),
        "http" => Err((format!("`{}` would send {what} where anybody can read it", shown(url)), "write `https://`")),
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
}
