//! Notices to mails: a subject, a plain text and an HTML that say the same.
//!
//! In: what a notice is about, with what others wrote as they wrote it. Out: a [`Mail`] in which none of it is more than text:
//! it stays in its line or behind its mark, reorders nothing, and is no tag. What it says stands in `words`, how it is set in
//! `page`.
//!
//! A mail decides nothing, and neither does its link: programs that look through mail follow links, so a link opens a page where one
//! signs in and decides. Where there is no portal the mail names the command instead.

mod page;
mod words;

use crate::model::Zone;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a notice tells. N11 to N17 are those of the first stage in a later one: [`Notice::code`] tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// To approvers: a request reached their stage (N2, with a time to forward N4; N11, N13).
    ActionNeeded,
    /// To alternates: the approvers did not decide in time (N1, N15).
    ActionNeededForwarded,
    /// To approvers: still undecided (N3, with a time to forward N5; N12, N14).
    Reminder,
    /// To approvers and alternates: nobody decided in time (N6, N17).
    RequestExpiredToApprover,
    /// To approvers and alternates: all who had to agree did (N7, N16).
    Approved,
    /// To approvers and alternates of a stage that another follows: it is approved (N8, N16).
    StageApproved,
    /// To the requestor: denied (N9).
    Denied,
    /// To the requestor: nobody decided in time (N10).
    RequestExpired,
    /// To the requestor: all of it is delivered (N18).
    AccessReady,
    /// To the holder, 14 days before the end, where it can be extended (N19).
    #[serde(rename = "extend_before_14_days")]
    ExtendBefore14Days,
    /// To the holder, a day before the end, where it can be extended (N19).
    #[serde(rename = "extend_before_1_day")]
    ExtendBefore1Day,
    /// To the holder: it is over (N20).
    AccessEnded,
    /// To a reviewer: a review began.
    ReviewOpened,
    /// To a reviewer, at half of its time: it still waits.
    ReviewReminder,
    /// To the holder of a package that gained or lost a resource role.
    PackageChanged,
}

impl NoticeKind {
    /// All of them, in the order of the table in `docs/mail.md`.
    pub const ALL: &[NoticeKind] = &[
        NoticeKind::ActionNeeded,
        NoticeKind::ActionNeededForwarded,
        NoticeKind::Reminder,
        NoticeKind::RequestExpiredToApprover,
        NoticeKind::Approved,
        NoticeKind::StageApproved,
        NoticeKind::Denied,
        NoticeKind::RequestExpired,
        NoticeKind::AccessReady,
        NoticeKind::ExtendBefore14Days,
        NoticeKind::ExtendBefore1Day,
        NoticeKind::AccessEnded,
        NoticeKind::ReviewOpened,
        NoticeKind::ReviewReminder,
        NoticeKind::PackageChanged,
    ];

    /// Its code in a stage, counted from 1, that forwards to alternates or does not; `None` for those without a code.
    #[must_use]
    pub fn code(self, stage: u8, forwards: bool) -> Option<&'static str> {
        let first = stage <= 1;
        Some(match self {
            NoticeKind::ActionNeeded => match (first, forwards) {
                (true, false) => "N2",
                (true, true) => "N4",
                (false, false) => "N11",
                (false, true) => "N13",
            },
            NoticeKind::Reminder => match (first, forwards) {
                (true, false) => "N3",
                (true, true) => "N5",
                (false, false) => "N12",
                (false, true) => "N14",
            },
            NoticeKind::ActionNeededForwarded => either(first, "N1", "N15"),
            NoticeKind::RequestExpiredToApprover => either(first, "N6", "N17"),
            NoticeKind::Approved => either(first, "N7", "N16"),
            NoticeKind::StageApproved => either(first, "N8", "N16"),
            NoticeKind::Denied => "N9",
            NoticeKind::RequestExpired => "N10",
            NoticeKind::AccessReady => "N18",
            NoticeKind::ExtendBefore14Days | NoticeKind::ExtendBefore1Day => "N19",
            NoticeKind::AccessEnded => "N20",
            NoticeKind::ReviewOpened | NoticeKind::ReviewReminder | NoticeKind::PackageChanged => return None,
        })
    }

    /// Whether the recipient is asked to decide on a request.
    #[must_use]
    pub fn decides(self) -> bool {
        matches!(self, NoticeKind::ActionNeeded | NoticeKind::ActionNeededForwarded | NoticeKind::Reminder)
    }

    /// Whether the recipient is asked what becomes of access under review.
    #[must_use]
    pub fn reviews(self) -> bool {
        matches!(self, NoticeKind::ReviewOpened | NoticeKind::ReviewReminder)
    }

    /// Whether the recipient can extend what ends.
    #[must_use]
    pub fn extends(self) -> bool {
        matches!(self, NoticeKind::ExtendBefore14Days | NoticeKind::ExtendBefore1Day)
    }

    /// Whether it is about access that somebody holds or held, and not about a request or a review.
    #[must_use]
    pub fn is_of_access(self) -> bool {
        self.extends() || matches!(self, NoticeKind::AccessReady | NoticeKind::AccessEnded | NoticeKind::PackageChanged)
    }
}

fn either(first: bool, one: &'static str, later: &'static str) -> &'static str {
    if first { one } else { later }
}

/// What a mail is made of. What people wrote stands here as they wrote it; what is not known is left out of the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it tells.
    pub kind: NoticeKind,
    /// The recipient's mail address.
    pub to: String,
    /// The recipient's key in the directory, for `--as`; the address, where it is not known.
    pub user: Option<String>,
    /// The recipient's name.
    pub to_name: Option<String>,
    /// The display name of the package.
    pub package: Option<String>,
    /// The name of who asked.
    pub requestor: Option<String>,
    /// The name of whose access it is, where that is neither who asked nor who reads.
    pub on_behalf_of: Option<String>,
    /// Where the requestor belongs.
    pub organization: Option<String>,
    /// Why the requestor wants it.
    pub justification: Option<String>,
    /// Questions with what was answered.
    pub answers: Vec<(String, String)>,
    /// Whether access that is there is asked for longer.
    pub extension: bool,
    /// The first instant with access.
    pub starts: Option<DateTime<Utc>>,
    /// The first instant without it.
    pub ends: Option<DateTime<Utc>>,
    /// When it was asked for.
    pub submitted: Option<DateTime<Utc>>,
    /// Undecided by then it ends, or the rule of the review decides.
    pub deadline: Option<DateTime<Utc>>,
    /// Undecided by then alternates may decide too; `None` without them, or once they may.
    pub forward_at: Option<DateTime<Utc>>,
    /// Which stage of approval, from 1.
    pub stage: u8,
    /// How many there are.
    pub stages: u8,
    /// The name of who decided.
    pub decided_by: Option<String>,
    /// Why it was decided or ended so.
    pub reason: Option<String>,
    /// Resource roles that the package gives from now on.
    pub gained: Vec<String>,
    /// Resource roles that it gave.
    pub lost: Vec<String>,
    /// The page to open, as [`link`] makes it. What does not begin with `https://` is left out.
    pub link: Option<String>,
    /// The id of the request, the assignment or the review.
    pub reference: Option<String>,
    /// The name of the workspace.
    pub tenant: Option<String>,
    /// The workspace's zone, in which times are shown.
    pub zone: Zone,
}

impl Notice {
    /// A notice of which nothing else is known, in the first of one stage.
    #[must_use]
    pub fn new(kind: NoticeKind, to: impl Into<String>) -> Notice {
        Notice {
            kind,
            to: to.into(),
            user: None,
            to_name: None,
            package: None,
            requestor: None,
            on_behalf_of: None,
            organization: None,
            justification: None,
            answers: Vec::new(),
            extension: false,
            starts: None,
            ends: None,
            submitted: None,
            deadline: None,
            forward_at: None,
            stage: 1,
            stages: 1,
            decided_by: None,
            reason: None,
            gained: Vec::new(),
            lost: Vec::new(),
            link: None,
            reference: None,
            tenant: None,
            zone: Zone::UTC,
        }
    }

    /// Its code, such as `N2`: going by its kind, its stage, and whether it will be forwarded.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.kind.code(self.stage, self.forward_at.is_some())
    }
}

/// What is sent: one line, and two bodies that say the same. Lines end in LF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// One line without control characters, of 300 characters at most.
    pub subject: String,
    /// For those who read plain text.
    pub text: String,
    /// A whole document that fetches nothing.
    pub html: String,
}

/// The mail of a notice.
#[must_use]
pub fn mail(notice: &Notice) -> Mail {
    let subject = words::subject(notice);
    let blocks = words::body(notice);
    Mail { text: page::text(&blocks), html: page::html(&subject, &blocks), subject }
}

/// The page that a notice of this kind leads to: below `portal`, by the id of what it is about.
#[must_use]
pub fn link(portal: &str, kind: NoticeKind, reference: &str) -> String {
    let place = if kind.reviews() {
        "reviews"
    } else if kind.is_of_access() {
        "assignments"
    } else {
        "requests"
    };
    let mut out = format!("{}/{place}/", portal.trim_end_matches('/'));
    for byte in reference.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
