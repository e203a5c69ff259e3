//! What happened, posted to somebody who asked for it, and signed.
//!
//! In: a [`Webhook`], an event, its id and its body. Out: nothing once the other side took it with a status of 2xx, or [`Undelivered`].
//!
//! Invariants: the key of the signature signs and is sent nowhere. Nothing is followed elsewhere, nothing of the answer is read but its status.
//! The same body under the same id may be posted any number of times: who is told drops what it has by `Writ-Delivery`.

use super::http::{agent, why_broken};
use super::retry::{Retry, Undelivered};
use super::{BadConnector, Secret};
use crate::config::check_webhook_url;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::time::Duration;

/// Somebody who is told.
#[derive(Clone)]
pub struct Webhook {
    name: String,
    url: String,
    secret: Secret,
    timeout: Duration,
    agent: ureq::Agent,
}

impl Webhook {
    /// One that posts to `url`. Nothing is sent yet. `timeout` is what one try may take in all.
    ///
    /// # Errors
    /// [`BadConnector`] if what happened may not be posted to the URL, or the secret is none.
    pub fn new(name: &str, url: &str, secret: Secret, timeout: Duration) -> Result<Webhook, BadConnector> {
        check_webhook_url(url).map_err(|(why, _)| BadConnector::Url(why))?;
        if secret.reveal().is_empty() {
            return Err(BadConnector::Secret);
        }
        Ok(Webhook { name: name.to_owned(), url: url.to_owned(), secret, timeout, agent: agent(url) })
    }

    /// Posts once. `id` is the same for the same thing; `at` is when it is sent, for who takes nothing old.
    ///
    /// # Errors
    /// [`Undelivered`]: no answer in time, another status than 2xx, one that leads elsewhere included.
    pub fn post(&self, event: &str, id: &str, body: &str, at: DateTime<Utc>) -> Result<(), Undelivered> {
        let timestamp = at.timestamp().to_string();
        let signature = format!("v1={}", signature(&self.secret, &timestamp, body));
        let request = self.agent.post(&self.url).config().timeout_global(Some(self.timeout)).build();
        let request = request.content_type("application/json").header("Writ-Event", event).header("Writ-Delivery", id);
        let sent = request.header("Writ-Timestamp", &timestamp).header("Writ-Signature", &signature).send(body);
        let fault = |why: &str| Err(Undelivered::new(&format!("webhook {}: {why}", self.name), Retry::Later));
        match sent {
            Ok(answer) => match answer.status().as_u16() {
                200..=299 => Ok(()),
                status @ 300..=399 => fault(&format!("the server sends us elsewhere ({status}), where nothing is posted")),
                status => fault(&format!("the server answers {status}")),
            },
            Err(error) => fault(&why_broken(&error, self.timeout)),
        }
    }
}

/// HMAC-SHA256 over the timestamp, a dot and the body, in hexadecimal digits.
fn signature(secret: &Secret, timestamp: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else { return String::new() };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Webhook { name, url, secret, timeout, agent: _ } = self;
        f.debug_struct("Webhook").field("name", name).field("url", url).field("secret", secret).field("timeout", timeout).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second test case of RFC 4231, whose data is cut at its only blank by our dot.
    #[test]
    fn the_signature_is_hmac_sha256() {
        let mac = |key: &str, data: &str| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
            mac.update(data.as_bytes());
            mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect::<String>()
        };
        let told = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(mac("Jefe", "what do ya want for nothing?"), told);
        assert_eq!(signature(&Secret::new("Jefe"), "1", "{}"), mac("Jefe", "1.{}"));
    }

    #[test]
    fn a_webhook_does_not_show_its_secret_and_needs_one() {
        let hook = |url: &str, secret: &str| Webhook::new("ops", url, Secret::new(secret), Duration::from_secs(1));
        let shown = format!("{:?}", hook("https://hooks.contoso.example/writ", "s3cret").unwrap());
        assert!(!shown.contains("s3cret") && shown.contains("hooks.contoso.example"), "{shown}");
        assert_eq!(hook("https://hooks.contoso.example/writ", " ").unwrap_err(), BadConnector::Secret);
        assert!(matches!(hook("http://hooks.contoso.example/writ", "s"), Err(BadConnector::Url(_))));
    }
}
