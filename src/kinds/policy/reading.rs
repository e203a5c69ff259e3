//! What the lifecycle reads of a policy, beside what the rules about files do.

use super::{Policy, Question, Stage};
use crate::model::{Expiration, Minutes, Table, Value};

impl<'a> Policy<'a> {
    /// Whether it takes requests and direct assignments (R48, R124).
    #[must_use]
    pub fn is_enabled(self) -> bool {
        self.0.attributes.flag("enabled", true)
    }

    /// When access through it ends, as it is written: a duration, a date, an instant or `never`.
    #[must_use]
    pub fn expiration_text(self) -> &'a str {
        self.expiration().and_then(Value::as_text).unwrap_or(Expiration::NEVER)
    }

    /// When access through it ends (R45).
    #[must_use]
    pub fn lasts(self) -> Expiration<'a> {
        Expiration::of(self.expiration_text())
    }

    /// `none`, `allowed` or `approval` (R46, R47).
    #[must_use]
    pub fn extension(self) -> &'a str {
        self.0.attributes.text("extension").unwrap_or("none")
    }

    /// Whether a request needs a reason (R42).
    #[must_use]
    pub fn needs_justification(self) -> bool {
        self.0.attributes.flag("requestor_justification", false)
    }

    /// Whether the requestor may pick start and end (R132).
    #[must_use]
    pub fn has_custom_schedule(self) -> bool {
        self.0.attributes.flag("custom_schedule", false)
    }

    /// Whether holders may give the access up.
    #[must_use]
    pub fn lets_go(self) -> bool {
        self.0.attributes.flag("self_removal", true)
    }

    /// Whether a manager may request for a direct report (R167).
    #[must_use]
    pub fn serves_managers(self) -> bool {
        self.0.attributes.text("on_behalf") == Some("manager")
    }

    /// Whether new requests need its approval; extensions may need it where they do not.
    #[must_use]
    pub fn approves_requests(self) -> bool {
        self.approval().is_some_and(|a| a.flag("requests", true))
    }

    /// Of an automatic policy: rule, grace in minutes, whether it adds and removes by itself (R135).
    #[must_use]
    pub fn rule(self) -> Option<Automatic<'a>> {
        let table = self.automatic().and_then(Value::as_table)?;
        Some(Automatic {
            rule: table.text("rule")?,
            grace: table.text("grace").and_then(|t| Minutes::parse(t).ok()).unwrap_or(Minutes(0)),
            adds: table.flag("add", false),
            removes: table.flag("remove", false),
        })
    }
}

/// What an automatic policy says.
#[derive(Debug, Clone, Copy)]
pub struct Automatic<'a> {
    /// CEL over one user.
    pub rule: &'a str,
    /// How long access stays after the rule stopped matching.
    pub grace: Minutes,
    /// Whether people come in by themselves.
    pub adds: bool,
    /// Whether people go out by themselves.
    pub removes: bool,
}

impl<'a> Stage<'a> {
    /// Who decides, as written: users, groups, and words such as `manager`.
    pub fn approvers(self) -> impl Iterator<Item = &'a str> {
        self.table.texts("approvers")
    }

    /// Who decides when those cannot be resolved.
    pub fn fallback(self) -> impl Iterator<Item = &'a str> {
        self.table.texts("fallback_approvers")
    }

    /// How long they have.
    #[must_use]
    pub fn timeout(self) -> Minutes {
        minutes(self.table, "timeout").unwrap_or(Minutes::days(14))
    }

    /// Whether a decision needs a reason (R43).
    #[must_use]
    pub fn needs_justification(self) -> bool {
        self.table.flag("approver_justification", false)
    }

    /// How long after the stage began others may decide too, and who.
    #[must_use]
    pub fn alternates(self) -> Option<(Minutes, Vec<&'a str>)> {
        let escalation = self.escalation()?;
        Some((minutes(escalation, "after")?, escalation.texts("approvers").collect()))
    }
}

impl<'a> Question<'a> {
    /// What people are asked.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.table.text("text").unwrap_or("")
    }
}

fn minutes(table: &Table, name: &str) -> Option<Minutes> {
    table.text(name).and_then(|t| Minutes::parse(t).ok())
}

/// What a policy says of its reviews.
#[derive(Debug, Clone)]
pub struct ReviewTerms<'a> {
    /// `once`, `week`, `month`, `quarter`, `half_year` or `year`.
    pub every: &'a str,
    /// The first day of the first one.
    pub starts: &'a str,
    /// How long reviewers have.
    pub duration: Minutes,
    /// Who reviews, as written: `self`, `manager`, users and groups.
    pub reviewers: Vec<&'a str>,
    /// Who reviews where a manager cannot be found.
    pub fallback: Vec<&'a str>,
    /// `keep`, `remove` or `recommendation` (R160).
    pub if_no_answer: &'a str,
    /// Whether an answer needs a reason.
    pub justification: bool,
}

impl<'a> Policy<'a> {
    /// What it says of its reviews, if it has any (R162).
    #[must_use]
    pub fn review(self) -> Option<ReviewTerms<'a>> {
        let table = self.0.attributes.get("review").and_then(Value::as_table)?;
        let reviewers = table.get("reviewers")?;
        let words = reviewers.as_text().into_iter().chain(reviewers.members().iter().filter_map(Value::as_text));
        Some(ReviewTerms {
            every: table.text("every")?,
            starts: table.text("starts")?,
            duration: minutes(table, "duration")?,
            reviewers: words.collect(),
            fallback: table.texts("fallback_reviewers").collect(),
            if_no_answer: table.text("if_no_answer")?,
            justification: table.flag("justification", false),
        })
    }
}
