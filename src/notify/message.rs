//! A mail as bytes: headers, and both bodies.
//!
//! Out: what any mail server takes: ASCII lines. The same input gives the same bytes, the `Message-ID` and the boundary between the
//! parts included. No header holds more than its own text: a name or a subject with a line break in it shows it.

use super::Unsent;
use crate::config::{MailSettings, Mailbox};
use crate::model::{Digest, is_user_key};
use crate::view::mail::Mail;
use crate::view::paint::line;
use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Message, MultiPart, SinglePart};
use std::time::{Duration, SystemTime};

/// The last instant that a header can hold: the end of the year 9999.
const LATEST: u64 = 253_402_300_799;

/// A mail with its envelope.
#[derive(Debug)]
pub(super) struct Letter {
    pub from: Address,
    pub to: Address,
    pub bytes: Vec<u8>,
}

/// That no person wrote it, so that no machine answers it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The bytes of a mail.
///
/// # Errors
/// An address that is none, which no later try mends.
pub(super) fn letter(settings: &MailSettings, mail: &Mail, to: &Mailbox, key: &str, date: DateTime<Utc>) -> Result<Letter, Unsent> {
    let (from, to) = (mailbox(&settings.from)?, mailbox(to)?);
    let id = identity(&[key, to.email.as_ref()]);
    let mut message = Message::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(line(&mail.subject))
        .date(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds(date))).unwrap_or(SystemTime::UNIX_EPOCH))
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .header(AutoSubmitted);
    if let Some(reply_to) = &settings.reply_to {
        message = message.reply_to(mailbox(reply_to)?);
    }
    // Nobody can write a text that holds the digest of itself.
    let boundary = format!("writ-{}", identity(&[&id, &mail.subject, &mail.text, &mail.html]));
    let parts = MultiPart::alternative()
        .boundary(boundary)
        .singlepart(part(ContentType::TEXT_PLAIN, &mail.text)?)
        .singlepart(part(ContentType::TEXT_HTML, &mail.html)?);
    let message = message.multipart(parts).map_err(|e| malformed(&format!("the mail cannot be built: {e}")))?;
    Ok(Letter { from: from.email, to: to.email, bytes: message.formatted() })
}

fn part(kind: ContentType, text: &str) -> Result<SinglePart, Unsent> {
    // One encoding for all: lines stay short, and no relay has a reason to change them.
    let body = Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable);
    let body = body.map_err(|_| malformed("the mail cannot be encoded"))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

fn mailbox(of: &Mailbox) -> Result<lettre::message::Mailbox, Unsent> {
    // What stands in a directory may be anything; what goes to a server is ASCII without spaces, quotes and controls.
    let sound = is_user_key(&of.address.to_ascii_lowercase());
    let address = of.address.parse::<Address>().ok().filter(|_| sound);
    let address = address.ok_or_else(|| malformed(&format!("`{}` is no mail address", line(&of.address))))?;
    let name = of.name.as_deref().map(|name| line(name.trim())).filter(|name| !name.is_empty());
    Ok(lettre::message::Mailbox::new(name, address))
}

fn malformed(what: &str) -> Unsent {
    Unsent { what: what.to_owned(), retry: false, everyone: false }
}

/// Texts in few letters, by which they are known again.
fn identity(texts: &[&str]) -> String {
    let all: String = texts.iter().map(|text| format!("{}:{text}", text.len())).collect();
    Digest::of(all.as_bytes()).as_str().chars().take(40).collect()
}

fn seconds(date: DateTime<Utc>) -> u64 {
    u64::try_from(date.timestamp()).unwrap_or(0).min(LATEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Encryption, Server};
    use proptest::prelude::*;

    fn settings() -> MailSettings {
        MailSettings {
            from: Mailbox { name: Some("Writ, access".to_owned()), address: "writ@contoso.example".to_owned() },
            reply_to: Some(Mailbox { name: None, address: "help@contoso.example".to_owned() }),
            server: Server { host: "localhost".to_owned(), port: 25, encryption: Encryption::Loopback },
            username_env: String::new(),
            password_env: String::new(),
            portal: None,
        }
    }

    fn made(subject: &str, name: &str, key: &str) -> String {
        let mail = Mail { subject: subject.to_owned(), text: "é\n.\nFrom me\n".to_owned(), html: "<p>é</p>\n".to_owned() };
        let to = Mailbox { name: Some(name.to_owned()), address: "ann@contoso.example".to_owned() };
        let date = "2027-03-01T08:00:00Z".parse().unwrap();
        String::from_utf8(letter(&settings(), &mail, &to, key, date).unwrap().bytes).unwrap()
    }

    fn headers(text: &str) -> Vec<&str> {
        let head = text.split("\r\n\r\n").next().unwrap();
        head.split("\r\n").filter(|l| !l.starts_with(' ')).map(|l| l.split(": ").next().unwrap()).collect()
    }

    const HEADERS: [&str; 9] =
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Reply-To", "MIME-Version", "Content-Type"];

    #[test]
    fn the_same_notice_is_the_same_mail() {
        let text = made("Ready", "Ann", "key-1");
        assert_eq!(text, made("Ready", "Ann", "key-1"));
        let id = |text: &str| text.lines().find(|l| l.starts_with("Message-ID: ")).unwrap().to_owned();
        assert_eq!(id(&text), id(&made("Another", "Ann Other", "key-1")));
        assert_ne!(id(&text), id(&made("Ready", "Ann", "key-2")));
        assert!(id(&text).ends_with("@contoso.example>"), "{text}");
        assert!(text.contains("\r\nDate: Mon, 01 Mar 2027 08:00:00 +0000\r\n"), "{text}");
        assert!(text.contains("\r\nAuto-Submitted: auto-generated\r\n"), "{text}");
        assert!(text.contains("multipart/alternative"), "{text}");
        assert!(text.is_ascii() && text.lines().all(|l| l.len() <= 200));
    }

    #[test]
    fn what_is_no_address_gets_no_mail() {
        let mail = Mail { subject: String::new(), text: String::new(), html: String::new() };
        let long = format!("{}@contoso.example", "a".repeat(300));
        for wrong in [
            "",
            "ann",
            "a@b@c.example",
            "ann@contoso.example\r\nRCPT TO:<x@y.example>",
            "a b@c.example",
            "\"x\"@y.example",
            "a@b.example, c@d.example",
            "<a@b.example>",
            "ä@b.example",
            &long,
        ] {
            let to = Mailbox { name: None, address: wrong.to_owned() };
            let unsent = letter(&settings(), &mail, &to, "key", DateTime::UNIX_EPOCH).unwrap_err();
            assert!(!unsent.retry && !unsent.everyone && unsent.what.ends_with("is no mail address"), "{unsent:?}");
            assert!(!unsent.what.contains(['\r', '\n']), "{unsent:?}");
        }
    }

    #[test]
    fn dates_beyond_what_a_header_holds_are_its_last() {
        assert_eq!(seconds(DateTime::<Utc>::MAX_UTC), LATEST);
        assert_eq!(seconds(DateTime::<Utc>::MIN_UTC), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_text_is_a_header(subject in any::<String>(), name in any::<String>(), key in any::<String>()) {
            for tail in ["", "\r\nBcc: all@contoso.example", "\nX: y\n\nbody", "\r\n.\r\nMAIL FROM:<x@y.example>"] {
                let text = made(&format!("{subject}{tail}"), &format!("{name}{tail}"), &format!("{key}{tail}"));
                let found = headers(&text);
                prop_assert_eq!(found.len(), HEADERS.len(), "{}", text);
                for header in HEADERS {
                    prop_assert!(found.contains(&header), "{}", text);
                }
                prop_assert!(text.bytes().all(|b| b == b'\r' || b == b'\n' || b == b'\t' || (b' '..=b'~').contains(&b)), "{}", text);
                prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{}", text);
            }
        }
    }
}
