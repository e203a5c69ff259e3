//! Delivery of resource roles into real systems, over SCIM 2.0 (RFC 7643, RFC 7644); and what happened, posted to webhooks: `webhook.rs`.
//!
//! In: a [`Connector`], and a [`Wish`] that somebody else decided on: that a person is in a group or not, that an account says what is
//! known of its person, that it sleeps, that it is gone. Out: [`Delivered`] once the other system shows that it is so, or [`Undelivered`] with the reason and when to try again.
//!
//! Invariants: nothing is decided here about who gets what. A wish may be delivered any number of times: what is so already is left
//! as it is. What the server says that it did is read back; a server that lies is an error. The token goes to the host of the
//! connector alone, in one header, and into no text. No delivery takes longer than the connector's time, and no answer of more than
//! [`MOST_BYTES`] is read.

mod account;
mod http;
mod retry;
mod scim;
mod secret;
mod webhook;

pub use http::MOST_BYTES;
pub use retry::{Retry, Undelivered, backoff};
pub use secret::Secret;
pub use webhook::Webhook;

use crate::config::check_connector_url;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A system to deliver into: the base of its SCIM addresses, and what opens it.
#[derive(Clone)]
pub struct Connector {
    name: String,
    url: String,
    token: Secret,
    timeout: Duration,
    agent: ureq::Agent,
}

/// Why there can be no such connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadConnector {
    /// Its URL is none that a token may be sent to: why, in words, without the URL.
    Url(String),
    /// Its token is empty, or holds what no header can: a blank, a control character, a letter beyond ASCII.
    Token,
    /// The key of its signatures is empty.
    Secret,
}

/// A person, as the other system is to know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// SCIM's `userName`, by which the person is found; letter case means nothing.
    pub user_name: String,
    /// The name that people see.
    pub display_name: String,
    /// Where they are written to; `None`: nothing is said of it.
    pub mail: Option<String>,
    /// Whether an account that a membership makes begins active.
    pub active: bool,
    /// SCIM's `externalId`: the person's lasting id on our side; empty: nothing is said of it.
    pub id: String,
    /// More that an account is told, by SCIM's names: `givenName`, `familyName`, texts of the core schema such as `title`, and of the
    /// enterprise schema such as `department`; an empty text: they have none. Other names are left out. A membership changes nothing
    /// of an account that there is already.
    pub attributes: BTreeMap<String, String>,
}

/// What shall be so in the other system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The person is in a group, or is not.
    Membership {
        /// Who. Somebody without an account gets one if the membership is held.
        person: Person,
        /// The group: its `displayName`, or its `id`.
        group: String,
        /// Whether they are in it.
        held: bool,
        /// Groups of the same system that they are to stay in: if one of these is the same group by another name, nothing is taken.
        stays: Vec<String>,
    },
    /// The person's account is active and says what is known of them, or is not active. None is made: memberships do that.
    Account {
        /// Whose.
        person: Person,
        /// Whether it is active.
        active: bool,
    },
    /// The person has no account any more: one that we made is deleted, another one is not active.
    NoAccount {
        /// Whose.
        person: Person,
    },
}

/// It is so in the other system, as read there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It was so before; nothing was written.
    Already,
    /// Something was written, and read back.
    Changed,
}

impl Connector {
    /// A connector. Nothing is sent yet. `url` is what stands before `/Users` and `/Groups`; `timeout` is what one delivery may take
    /// in all.
    ///
    /// # Errors
    /// [`BadConnector`] if the URL is none that a token may be sent to, or the token is none.
    pub fn new(name: &str, url: &str, token: Secret, timeout: Duration) -> Result<Connector, BadConnector> {
        check_connector_url(url).map_err(|(why, _)| BadConnector::Url(why))?;
        if token.reveal().is_empty() || !token.reveal().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(BadConnector::Token);
        }
        let url = url.trim_end_matches('/').to_owned();
        let agent = http::agent(&url);
        Ok(Connector { name: name.to_owned(), url, token, timeout, agent })
    }

    /// Its name in `writ.toml`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The base of its SCIM addresses, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Connector { name, url, token, timeout, agent: _ } = self;
        let mut shown = f.debug_struct("Connector");
        shown.field("name", name).field("url", url).field("token", token).field("timeout", timeout).finish()
    }
}

impl fmt::Display for BadConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadConnector::Url(why) => f.write_str(why),
            BadConnector::Secret => f.write_str("the secret is empty"),
            BadConnector::Token => f.write_str("the token is empty, or holds a character that no header can"),
        }
    }
}

impl std::error::Error for BadConnector {}

/// Makes a wish true in the other system, and sees that it is.
///
/// Taking out of a group that is not there, or somebody who is not there, is done already. Putting into a group that is not there is
/// refused: groups are the other system's own.
///
/// # Errors
/// [`Undelivered`]: why not, and when to try again. Some of it may have been written; trying again goes on from there.
pub fn deliver(connector: &Connector, wish: &Wish) -> Result<Delivered, Undelivered> {
    let session = http::Session::begin(connector);
    match wish {
        Wish::Membership { person, group, held, stays } => scim::membership(&session, person, group, *held, stays),
        Wish::Account { person, active } => scim::account(&session, person, *active),
        Wish::NoAccount { person } => scim::no_account(&session, person),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector(url: &str, token: &str) -> Result<Connector, BadConnector> {
        Connector::new("crm", url, Secret::new(token), Duration::from_secs(5))
    }

    #[test]
    fn a_token_goes_only_where_it_may() {
        for url in ["https://crm.contoso.example/scim/v2/", "http://127.0.0.1:8080", "http://[::1]:1/v2", "http://localhost/scim"] {
            assert!(connector(url, "t").is_ok(), "{url}");
        }
        for url in ["http://crm.contoso.example", "https://ann:pw@crm.contoso.example", "ftp://localhost", "https://", ""] {
            assert!(matches!(connector(url, "t"), Err(BadConnector::Url(_))), "{url}");
        }
        for token in ["", "  ", "a b", "a\nb", "tökén"] {
            assert!(matches!(connector("https://crm.contoso.example", token), Err(BadConnector::Token)), "{token:?}");
        }
    }

    #[test]
    fn a_connector_does_not_show_its_token() {
        let connector = connector("https://crm.contoso.example/scim/v2/", "s3cret").unwrap();
        let shown = format!("{connector:?}");
        assert!(!shown.contains("s3cret") && shown.contains("crm.contoso.example"), "{shown}");
        assert_eq!(connector.url(), "https://crm.contoso.example/scim/v2");
    }
}
