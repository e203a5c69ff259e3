//! One connection to a mail server, for as many mails as there are.

use super::message::{Letter, letter};
use super::{Credentials, Unsent};
use crate::config::{Encryption, MailSettings, Mailbox};
use crate::view::mail::Mail;
use crate::view::paint::{line, short};
use chrono::{DateTime, Utc};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{self, Mechanism};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands;
use lettre::transport::smtp::extension::ClientId;
use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::time::Duration;
use std::{fmt, mem};

/// How long a server may take to answer one command, unless said otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take over a goodbye.
const GOODBYE: Duration = Duration::from_secs(2);
/// No answer of a server is shown at greater length, in characters.
const LONGEST_ANSWER: usize = 200;

/// Sends mails, one after the other, over one connection that it opens when it needs one.
pub struct Mailer {
    settings: MailSettings,
    credentials: Option<Credentials>,
    timeout: Duration,
    tls: Option<TlsParameters>,
    connection: Option<SmtpConnection>,
}

/// How far a mail came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Who sends.
    Sender,
    /// To whom.
    Recipient,
    /// What.
    Content,
}

impl Mailer {
    /// One that will send through the server of `settings`. It connects to nothing yet.
    ///
    /// # Errors
    /// The machine's own certificates, by which a server is trusted, cannot be read.
    pub fn open(settings: MailSettings, credentials: Option<Credentials>) -> Result<Mailer, Unsent> {
        let tls = match settings.server.encryption {
            Encryption::Loopback => None,
            Encryption::Tls | Encryption::StartTls => {
                let tls = TlsParameters::new_rustls(settings.server.host.clone());
                Some(tls.map_err(|e| ours(format!("no server can be trusted: {}", line(&e.to_string()))))?)
            }
        };
        Ok(Mailer { settings, credentials, timeout: TIMEOUT, tls, connection: None })
    }

    /// The same, with another time in which the server has to answer each command; 30 seconds, unless this is called.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Mailer {
        // Zero would be no limit.
        self.timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// Sends one mail to one person. `key` is the notice's own: the same key and recipient give the same `Message-ID`. `date` is
    /// when it is sent.
    ///
    /// # Errors
    /// [`Unsent`]: no answer, no connection and answers that begin with 4 are worth another try; a no for good, to this recipient or
    /// this mail, is not. A refusal of the sender or the credentials is: it is for an operator to mend, and the mail waits.
    pub fn send(&mut self, mail: &Mail, to: &Mailbox, key: &str, date: DateTime<Utc>) -> Result<(), Unsent> {
        let letter = letter(&self.settings, mail, to, key, date)?;
        // Kept since the last mail: the server may have hung up meanwhile, which says nothing about this one.
        if let Some(mut kept) = self.connection.take()
            && sender(&mut kept, &letter).is_ok()
        {
            return self.deliver(kept, &letter);
        }
        let mut connection = self.connect()?;
        match sender(&mut connection, &letter) {
            Ok(()) => self.deliver(connection, &letter),
            Err(error) => Err(self.refused(connection, Stage::Sender, &error, &letter)),
        }
    }

    /// The recipient and the content, once the server has taken the sender.
    fn deliver(&mut self, mut connection: SmtpConnection, letter: &Letter) -> Result<(), Unsent> {
        let recipient = commands::Rcpt::new(letter.to.clone(), Vec::new());
        if let Err(error) = connection.command(recipient) {
            return Err(self.refused(connection, Stage::Recipient, &error, letter));
        }
        let content = connection.command(commands::Data).and_then(|_| connection.message(&letter.bytes));
        if let Err(error) = content {
            return Err(self.refused(connection, Stage::Content, &error, letter));
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// A connection that is as safe as the settings ask for, and logged in.
    fn connect(&self) -> Result<SmtpConnection, Unsent> {
        let (server, tls) = (&self.settings.server, self.tls.as_ref());
        let failed = |doing: &str, error: &Error| {
            let what = format!("{server} {doing}: {}", self.said(error));
            Unsent { what, retry: true, everyone: true }
        };
        let wrapped = tls.filter(|_| server.encryption == Encryption::Tls);
        let name = ClientId::default();
        let mut connection = SmtpConnection::connect((server.host.as_str(), server.port), Some(self.timeout), &name, wrapped, None)
            .map_err(|e| failed("cannot be reached", &e))?;
        if let Some(tls) = tls.filter(|_| server.encryption == Encryption::StartTls) {
            connection.starttls(tls, &name).map_err(|e| failed("does not encrypt", &e))?;
        }
        if let Some(credentials) = &self.credentials {
            let (username, password) = (credentials.username.reveal(), credentials.password.reveal());
            let login = authentication::Credentials::new(username.to_owned(), password.to_owned());
            if let Err(error) = connection.auth(&[Mechanism::Plain, Mechanism::Login], &login) {
                // What a server says to a login may repeat it.
                let what = match error.status() {
                    Some(code) => format!("{server} refused the login ({code})"),
                    None => format!("{server} takes no login: {}", self.said(&error)),
                };
                return Err(ours(what));
            }
        }
        Ok(connection)
    }

    /// What a failure means for this mail and for others; the connection is kept if the server still listens.
    fn refused(&mut self, mut connection: SmtpConnection, stage: Stage, error: &Error, letter: &Letter) -> Unsent {
        let code = error.status().map(|code| code.to_string()).unwrap_or_default();
        // It is closing, or wants a login first.
        let of_us = matches!(code.as_str(), "421" | "530" | "535");
        let everyone = of_us || stage == Stage::Sender || code.is_empty();
        if !code.is_empty() && code != "421" && connection.command(commands::Rset).is_ok() {
            self.connection = Some(connection);
        }
        let server = &self.settings.server;
        let said = self.said(error);
        let what = match (code.is_empty(), stage) {
            (true, Stage::Content) => format!("{server} left open whether it took the mail to {}: {said}", letter.to),
            (true, _) => format!("{server} broke off: {said}"),
            (false, Stage::Sender) => format!("{server} refused the sender {} ({code}): {said}", letter.from),
            (false, Stage::Recipient) => format!("{server} refused the recipient {} ({code}): {said}", letter.to),
            (false, Stage::Content) => format!("{server} refused the mail to {} ({code}): {said}", letter.to),
        };
        Unsent { what, retry: everyone || !error.is_permanent(), everyone }
    }

    /// An error in few words, on one line, without secrets.
    fn said(&self, error: &Error) -> String {
        let cause = error.source();
        let io = cause.and_then(|cause| cause.downcast_ref::<io::Error>());
        if io.is_some_and(|io| matches!(io.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)) {
            return format!("no answer within {:?}", self.timeout);
        }
        let text = cause.map_or_else(|| error.to_string(), ToString::to_string);
        let text = self.credentials.as_ref().map_or_else(|| text.clone(), |credentials| credentials.hidden(&text));
        short(&line(text.trim()), LONGEST_ANSWER)
    }
}

/// Something that is for an operator to mend.
fn ours(what: String) -> Unsent {
    Unsent { what, retry: true, everyone: true }
}

fn sender(connection: &mut SmtpConnection, letter: &Letter) -> Result<(), Error> {
    connection.command(commands::Mail::new(Some(letter.from.clone()), Vec::new())).map(mem::drop)
}

impl Drop for Mailer {
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.take()
            && connection.set_timeout(Some(GOODBYE.min(self.timeout))).is_ok()
        {
            // Nothing hangs on it: all mails were answered for.
            connection.quit().ok();
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Mailer");
        shown.field("settings", &self.settings).field("credentials", &self.credentials).field("connected", &self.connection.is_some());
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Server;

    fn mailer(encryption: Encryption) -> Mailer {
        let settings = MailSettings {
            from: Mailbox { name: None, address: "writ@contoso.example".to_owned() },
            reply_to: None,
            server: Server { host: "localhost".to_owned(), port: 1, encryption },
            username_env: String::new(),
            password_env: String::new(),
            portal: None,
        };
        let credentials = Credentials { username: crate::notify::Secret::new("ann"), password: crate::notify::Secret::new("s3cret") };
        Mailer::open(settings, Some(credentials)).unwrap()
    }

    #[test]
    fn a_mailer_shows_no_secret() {
        let shown = format!("{:?}", mailer(Encryption::Loopback));
        assert!(!shown.contains("s3cret") && shown.contains("connected: false"), "{shown}");
    }

    #[test]
    fn tls_is_left_out_for_this_machine_only() {
        assert!(mailer(Encryption::Loopback).tls.is_none());
        assert!(mailer(Encryption::StartTls).tls.is_some() && mailer(Encryption::Tls).tls.is_some());
    }
}
