//! `[mail]` of `writ.toml`: who sends, through which server, and where its links lead. It holds no secrets, only the names of the
//! variables that do.

use crate::diag::{Span, shown};
use crate::kinds::text::check;
use crate::kinds::{Default, Field, Form, Shape, Text};
use crate::model::{Table, Value};
use core::net::{IpAddr, Ipv6Addr};
use std::fmt;

/// The table.
pub(super) const MAIL: &str = "mail";

/// The variable that holds the user's name, unless another is named.
const USERNAME: &str = "WRIT_SMTP_USERNAME";
/// The variable that holds the password, unless another is named.
const PASSWORD: &str = "WRIT_SMTP_PASSWORD";

pub(super) static FORM: Form = Form {
    fields: &[
        Field::new("enabled", Shape::Bool, "Whether mail is sent.").default(Default::Bool(true)),
        Field::new("from", Shape::Text(Text::Line), "Who sends: an address, or `NAME <ADDRESS>`.").required(),
        Field::new("reply_to", Shape::Text(Text::Line), "Where answers go; absent: to `from`."),
        Field::new(
            "smtp",
            Shape::Text(Text::Line),
            "`smtps://HOST:PORT` (465 without one), or `smtp://HOST:PORT` (587), where the server has to take STARTTLS unless it is this machine.",
        )
        .required(),
        Field::new("username_env", Shape::Text(Text::Line), "The variable that holds the user's name; without it nobody logs in.")
            .default(Default::Text(USERNAME)),
        Field::new("password_env", Shape::Text(Text::Line), "The variable that holds the password.").default(Default::Text(PASSWORD)),
        Field::new("portal", Shape::Text(Text::Url), "Where links lead; absent: mails name commands instead."),
    ],
    alternatives: &[],
};

/// Somebody with a mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name before the address.
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

impl Mailbox {
    /// Reads an address, or `NAME <ADDRESS>`; `None` where it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Mailbox> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>') {
            Some(rest) => rest.rsplit_once('<')?,
            None => ("", text),
        };
        let name = name.trim();
        let name = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')).unwrap_or(name);
        if name.contains(['"', '<', '>', '\\']) || address.contains(['<', '>', ',', ';', '(', ')', ':', '[', ']']) {
            return None;
        }
        let address = check(Text::Mail, address).ok()?.into_owned();
        let name = (!name.is_empty()).then(|| check(Text::Line, name)).transpose().ok()?;
        Some(Mailbox { name: name.map(std::borrow::Cow::into_owned), address })
    }
}

/// How a server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte on.
    Tls,
    /// TLS before anything is said; without it nothing is sent.
    StartTls,
    /// None: the server is this machine.
    Loopback,
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A name or an IP address, an IPv6 one without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to.
    pub encryption: Encryption,
}

impl Server {
    /// Reads `smtp://HOST:PORT` or `smtps://HOST:PORT`.
    ///
    /// # Errors
    /// What is wrong with it, and the way forward. Neither repeats it: it may hold a secret.
    pub fn parse(url: &str) -> Result<Server, (&'static str, &'static str)> {
        const FORM: &str = "write `smtps://HOST:PORT`, or `smtp://HOST:PORT` for a server that takes STARTTLS";
        let (scheme, rest) = url.split_once("://").ok_or(("`smtp` is no mail server", FORM))?;
        if rest.contains('@') {
            let help =
                "leave them to the environment: WRIT_SMTP_USERNAME and WRIT_SMTP_PASSWORD, or what `username_env` and `password_env` name";
            return Err(("a mail server's URL holds no user and no password", help));
        }
        let secure = match scheme {
            "smtps" => true,
            "smtp" => false,
            _ => return Err(("`smtp` is no mail server", FORM)),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(("`smtp` has no host", FORM))?;
                host.parse::<Ipv6Addr>().map_err(|_| ("`smtp` has no host", FORM))?;
                (host, port)
            }
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let label = |l: &str| !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if host.parse::<IpAddr>().is_err() && (host.len() > 253 || !host.split('.').all(label)) {
            return Err(("`smtp` has no host", FORM));
        }
        let port = match port.strip_prefix(':') {
            Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => port.parse().ok().filter(|p| *p > 0),
            None if port.is_empty() => Some(if secure { 465 } else { 587 }),
            _ => None,
        };
        let port = port.ok_or(("`smtp` has no port of 1 to 65535", FORM))?;
        let encryption = match secure {
            true => Encryption::Tls,
            false if is_loopback(host) => Encryption::Loopback,
            false => Encryption::StartTls,
        };
        Ok(Server { host: host.to_owned(), port, encryption })
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') { write!(f, "[{}]:{}", self.host, self.port) } else { write!(f, "{}:{}", self.host, self.port) }
    }
}

/// What `[mail]` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSettings {
    /// Who sends.
    pub from: Mailbox,
    /// Where answers go, if not there.
    pub reply_to: Option<Mailbox>,
    /// Through which server.
    pub server: Server,
    /// The variable that holds the user's name.
    pub username_env: String,
    /// The variable that holds the password.
    pub password_env: String,
    /// Where links lead, without a slash at its end; `None`: there is no portal.
    pub portal: Option<String>,
}

/// Reads the table; `None` where it says that no mail is sent, or something in it is wrong, which is then told.
pub(super) fn read(table: &Table, at: Span, wrong: &mut dyn FnMut(Span, String, &str)) -> Option<MailSettings> {
    let text = |key: &str| table.get(key).and_then(|v: &Value| Some((v.at, v.as_text()?)));
    let mut sound = true;
    let mut tell = |at: Span, message: String, help: &str| {
        sound = false;
        wrong(at, message, help);
    };
    for (key, help) in
        [("from", "write `from = \"Writ <writ@contoso.example>\"`"), ("smtp", "write `smtp = \"smtps://mail.contoso.example\"`")]
    {
        if !table.contains(key) {
            tell(at, format!("`[mail]` needs `{key}`"), help);
        }
    }
    let mut mailbox = |key: &str| {
        let (at, text) = text(key)?;
        let read = Mailbox::parse(text);
        if read.is_none() {
            let help = "write `\"writ@contoso.example\"` or `\"Writ <writ@contoso.example>\"`";
            tell(at, format!("`{}` is no sender of mail", shown(text)), help);
        }
        read
    };
    let (from, reply_to) = (mailbox("from"), mailbox("reply_to"));
    let server = text("smtp").and_then(|(at, url)| Server::parse(url).map_err(|(message, help)| tell(at, message.to_owned(), help)).ok());
    let mut variable = |key: &str, default: &str| {
        let Some((at, name)) = text(key) else { return default.to_owned() };
        let starts = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        if !starts || !name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
            // It may be what the variable should hold.
            let help = format!("write the name of one, in capitals, such as `{default}`, and put into it what it is to hold");
            tell(at, format!("`{key}` names no variable of the environment"), &help);
        }
        name.to_owned()
    };
    let (username_env, password_env) = (variable("username_env", USERNAME), variable("password_env", PASSWORD));
    let portal = text("portal").map(|(at, url)| {
        if url.contains(['?', '#']) {
            tell(at, format!("`{}` is no address to put paths behind", shown(url)), "write one such as `https://access.contoso.example`");
        }
        url.trim_end_matches('/').to_owned()
    });
    let settings = MailSettings { from: from?, reply_to, server: server?, username_env, password_env, portal };
    (sound && table.flag("enabled", true)).then_some(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Diagnostics, SourceFile, Sources};

    fn settings(mail: &str) -> (Option<crate::config::Settings>, Vec<String>) {
        let text = format!("[workspace]\nname = \"contoso\"\n\n{mail}");
        let sources = Sources::new(vec![SourceFile::new("writ.toml", &text)]);
        let mut found = Diagnostics::new();
        let settings = crate::config::read_settings(&sources, &mut found);
        (settings, found.iter().map(|d| d.message.clone()).collect())
    }

    const WHOLE: &str = "[mail]\nfrom = \"Writ <writ@contoso.example>\"\nsmtp = \"smtp://mail.contoso.example\"\n";

    #[test]
    fn what_is_not_said_is_the_default() {
        let (read, found) = settings(WHOLE);
        assert_eq!(found, Vec::<String>::new());
        let read = read.unwrap();
        let mail = read.mail().unwrap();
        assert_eq!((mail.username_env.as_str(), mail.password_env.as_str()), ("WRIT_SMTP_USERNAME", "WRIT_SMTP_PASSWORD"));
        assert_eq!((&mail.reply_to, &mail.portal), (&None, &None));
        // How mail is sent is no part of what was applied.
        assert_eq!(read.applied(), settings("").0.unwrap().applied());
    }

    #[test]
    fn without_a_section_or_switched_off_no_mail_is_sent() {
        assert!(settings("").0.unwrap().mail().is_none());
        assert!(settings(&format!("{WHOLE}enabled = false\n")).0.unwrap().mail().is_none());
        let (read, found) = settings(&format!("{WHOLE}enabled = false\nportal = \"https://a.example/?x\"\n"));
        assert!(read.unwrap().mail().is_none() && found.len() == 1, "{found:?}");
    }

    #[test]
    fn what_is_misread_is_told_once() {
        let (read, found) = settings("[mail]\nfrom = 3\nsmtp = true\nenabled = \"yes\"\n");
        assert!(read.unwrap().mail().is_none() && found.len() == 3, "{found:?}");
        let (read, found) = settings("mail = 3\n");
        assert!(read.is_none_or(|r| r.mail().is_none()) && !found.is_empty(), "{found:?}");
        // A password where none belongs is not said again.
        let (_, found) = settings(&format!("{WHOLE}password_env = \"s3cret\"\n"));
        assert!(!found[0].contains("s3cret"), "{found:?}");
    }

    #[test]
    fn senders() {
        let read = |text| Mailbox::parse(text).map(|m| (m.name.unwrap_or_default(), m.address));
        let writ = |name: &str| Some((name.to_owned(), "writ@contoso.example".to_owned()));
        assert_eq!(read("Writ <writ@contoso.example>"), writ("Writ"));
        assert_eq!(read("\"Writ, access\" <Writ@Contoso.example>"), writ("Writ, access"));
        assert_eq!(read("writ@contoso.example"), writ(""));
        assert_eq!(read("<writ@contoso.example>"), writ(""));
        for wrong in [
            "",
            "Writ",
            "Writ <>",
            "a@b.example, c@d.example",
            "Writ <a@b.example",
            "a@b@c.example",
            "W\r\nBcc: x@y.example <a@b.example>",
            "<a@b.example> <c@d.example>",
            "a b@c.example",
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn servers() {
        let read = |url| Server::parse(url).map(|s| (s.to_string(), s.encryption));
        let is = |text: &str, encryption| Ok((text.to_owned(), encryption));
        assert_eq!(read("smtps://mail.contoso.example"), is("mail.contoso.example:465", Encryption::Tls));
        assert_eq!(read("smtp://mail.contoso.example/"), is("mail.contoso.example:587", Encryption::StartTls));
        assert_eq!(read("smtp://10.1.2.3:25"), is("10.1.2.3:25", Encryption::StartTls));
        assert_eq!(read("smtp://127.0.0.1:2525"), is("127.0.0.1:2525", Encryption::Loopback));
        assert_eq!(read("smtp://[::1]:2525"), is("[::1]:2525", Encryption::Loopback));
        assert_eq!(read("smtp://localhost"), is("localhost:587", Encryption::Loopback));
        assert_eq!(read("smtps://localhost"), is("localhost:465", Encryption::Tls));
        // What only begins like this machine is another.
        assert_eq!(read("smtp://127.0.0.1.evil.example"), is("127.0.0.1.evil.example:587", Encryption::StartTls));
        assert_eq!(read("smtp://localhost.evil.example"), is("localhost.evil.example:587", Encryption::StartTls));
        for wrong in [
            "mail",
            "http://mail.example",
            "smtp://",
            "smtp://a b",
            "smtp://h:0",
            "smtp://h:70000",
            "smtp://h:+25",
            "smtp://h:",
            "smtp://[::1",
            "smtp://h/path",
            "smtp://h?tls=no",
            "smtp://h\r\n",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
        let (message, _) = Server::parse("smtp://ann:s3cret@mail.example").unwrap_err();
        assert_eq!(message, "a mail server's URL holds no user and no password");
    }
}
