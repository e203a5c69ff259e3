//! Mail, on its way out: the only room that speaks SMTP.
//!
//! In: `[mail]` of `writ.toml`, credentials from the environment, mails that `view` made. Out: one mail to one person, or [`Unsent`]
//! with why, and whether it is worth another try. It reads no clock and no store: what is sent when, and how often, is for the
//! caller to say, who also keeps what was sent.
//!
//! A mail is sent at least once. If the program ends between the server's yes and the caller's note of it, it is sent again, under the
//! same `Message-ID`, by which mail programs know it for the same.

mod mailer;
mod message;
mod secret;

pub use mailer::Mailer;
pub use secret::{Credentials, Secret};

use std::fmt;

/// Why a mail was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// What went wrong, on one line, without secrets.
    pub what: String,
    /// Whether it is worth another try later. A server that said no to this recipient or this mail for good is not.
    pub retry: bool,
    /// Whether the next mail would fare the same, since it is the server that fails, or that refuses us: a caller with many
    /// stops here.
    pub everyone: bool,
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Unsent {}
