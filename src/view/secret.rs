//! Secrets that somebody wrote where none belongs, on their way into a log: stars stand in their place.
//!
//! Every byte that is hidden becomes a star, so that places in a line stay what they are.

/// Names of keys that hold secrets, at their ends.
const NAMES: &[&str] = &[
    "password",
    // Where the name of a variable belongs, and somebody wrote what it holds.
    "password_env",
    "passwd",
    "passphrase",
    "secret",
    "secret_env",
    "token",
    "token_env",
    "credential",
    "credentials",
    "api_key",
    "api-key",
    "apikey",
    "private_key",
    "private-key",
];

/// A line of a file, without the password of a URL in it and without the value of a key that is named for a secret.
#[must_use]
pub fn hidden(line: &str) -> String {
    let lower = line.to_ascii_lowercase();
    let values = NAMES.iter().flat_map(|name| lower.match_indices(name).map(|(at, name)| at.saturating_add(name.len())));
    let from = values.filter_map(|end| value(&lower, end)).min().unwrap_or(line.len());
    let (head, tail) = line.split_at(from);
    format!("{}{}", in_urls(head), stars(tail))
}

/// A text, without the passwords of URLs in it.
#[must_use]
pub fn in_urls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, after)) = rest.split_once("://") {
        out.push_str(head);
        out.push_str("://");
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`')).unwrap_or(after.len());
        let (url, next) = after.split_at(end);
        match url.rsplit_once('@') {
            Some((user, host)) => {
                let (name, password) = user.split_at(user.find(':').map_or(0, |colon| colon.saturating_add(1)));
                out.push_str(&format!("{name}{}@{host}", stars(password)));
            }
            None => out.push_str(url),
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

/// Where the value of a key begins whose name ends here; `None` if it is no key that ends here.
fn value(line: &str, end: usize) -> Option<usize> {
    let rest = line.get(end..)?.trim_start_matches(['"', '\'']).trim_start();
    let value = rest.strip_prefix(['=', ':'])?;
    Some(line.len().saturating_sub(value.len()))
}

fn stars(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() || matches!(c, '"' | '\'') { c.to_string() } else { "*".repeat(c.len_utf8()) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_stars_and_all_else_stays() {
        for (line, shown) in [
            ("url = \"postgres://writ:s3c/r@t@db.example/x\"", "url = \"postgres://writ:*******@db.example/x\""),
            ("https://abc@x.example and https://x.example/", "https://***@x.example and https://x.example/"),
            ("auth = { Api-Key = \"é1\", x = 2 }", "auth = { Api-Key = \"***\"* * * * *"),
            ("\"client_secret\" : abc", "\"client_secret\" : ***"),
            ("url = \"x?password=abc\"", "url = \"x?password=***\""),
            ("[group.token-admins] # the token", "[group.token-admins] # the token"),
            ("token_env = \"ab-c\"", "token_env = \"****\""),
            ("password_env = \"s3cret\"", "password_env = \"******\""),
            ("tokens = 1", "tokens = 1"),
            ("mail = \"ann@contoso.example\"", "mail = \"ann@contoso.example\""),
        ] {
            assert_eq!(hidden(line), shown);
            assert_eq!(hidden(line).len(), line.len());
        }
    }
}
