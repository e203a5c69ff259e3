//! Secrets that are used and never shown.

use super::Unsent;
use crate::config::MailSettings;
use std::fmt;

/// A text that shows itself to nobody but the server it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text, for who has to send it.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Who logs in to the mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub username: Secret,
    /// The password.
    pub password: Secret,
}

impl Credentials {
    /// What the variables that `settings` names hold, as `get` reads them; `None` if neither is set, or both are empty.
    ///
    /// # Errors
    /// One of them is set without the other.
    pub fn read(settings: &MailSettings, get: &dyn Fn(&str) -> Option<String>) -> Result<Option<Credentials>, Unsent> {
        let read = |name: &str| get(name).filter(|text| !text.is_empty()).map(Secret);
        let lacks = |lacking: &str, set: &str| Unsent {
            what: format!("{set} is set, and {lacking} is not: a mail server takes both or neither"),
            retry: true,
            everyone: true,
        };
        match (read(&settings.username_env), read(&settings.password_env)) {
            (Some(username), Some(password)) => Ok(Some(Credentials { username, password })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(lacks(&settings.password_env, &settings.username_env)),
            (None, Some(_)) => Err(lacks(&settings.username_env, &settings.password_env)),
        }
    }

    /// A text without the password, should it hold it.
    pub(super) fn hidden(&self, text: &str) -> String {
        text.replace(self.password.reveal(), "***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Encryption, Mailbox, Server};

    #[test]
    fn credentials_are_whole_or_none_and_show_nothing() {
        let settings = MailSettings {
            from: Mailbox { name: None, address: "writ@contoso.example".to_owned() },
            reply_to: None,
            server: Server { host: "localhost".to_owned(), port: 25, encryption: Encryption::Loopback },
            username_env: "U".to_owned(),
            password_env: "P".to_owned(),
            portal: None,
        };
        let read = |u: Option<&str>, p: Option<&str>| {
            Credentials::read(&settings, &|name| if name == "U" { u.map(str::to_owned) } else { p.map(str::to_owned) })
        };
        assert_eq!(read(None, Some("")), Ok(None));
        let why = read(None, Some("s3cret")).unwrap_err();
        assert_eq!(why.what, "P is set, and U is not: a mail server takes both or neither");
        let both = read(Some("ann"), Some("s3cret")).unwrap().unwrap();
        assert_eq!(format!("{both:?}"), "Credentials { username: Secret(***), password: Secret(***) }");
        assert_eq!(both.hidden("no s3cret of ann"), "no *** of ann");
    }
}
