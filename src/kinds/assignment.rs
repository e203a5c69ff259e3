//! A direct assignment: given once, then spent.

use super::policy::Policy;
use super::{Acts, Emptiness, Field, Form, KeyForm, Keys, Kind, Reference, Shape, Text, Tone, nothing_more};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::{Address, Edge, Expiration, Object, Value, Zone, instant};
use chrono::{DateTime, Utc};

/// An answer: one text, or several where the question allows several choices.
static ANSWER: Shape = Shape::Set(&Shape::Text(Text::Block), Emptiness::Refused);

/// The kind.
pub static KIND: Kind = Kind {
    name: "assignment",
    doc: "Gives a package to users (R51), without a request of theirs (R54), through a policy that governs it (R50).",
    parents: &[Some("access_package")],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("policy", Shape::Reference(Reference::to("policy").sibling().rule(&codes::R50)), "A policy of the same package (R50).")
                .required()
                .rule(&codes::R50)
                .replaces(),
            Field::new(
                "users",
                Shape::Set(&Shape::Reference(Reference::to("user")), Emptiness::Refused),
                "Who gets it; a person stands in at most one assignment of a package.",
            )
            .required(),
            Field::new("start", Shape::Instant, "When access begins; default: at the apply (R52).").rule(&codes::R52).replaces(),
            Field::new("end", Shape::Instant, "When it ends, at the latest when the policy says, which is the default (R52).")
                .rule(&codes::R52)
                .replaces(),
            Field::new("justification", Shape::Text(Text::Block), "Kept for the record (R53)."),
            Field::new("answers", Shape::Map(Keys::Plain, &ANSWER), "Answers to the policy's questions, by their keys."),
        ],
        alternatives: &[],
    },
    tones: &[("end", Tone::More), ("policy", Tone::Either), ("start", Tone::Either), ("users", Tone::Access)],
    schema: 1,
    builtin: &[],
    check: nothing_more,
    needs: |change| Acts { create: "assign_directly", change: "assign_directly", delete: "remove_assignment" }.of(change),
    example: "[access_package.campaign.assignment.interns]\npolicy = \"direct\"\nusers = [\"ann@contoso.example\"]\nstart = 2027-06-01\nend = 2027-09-01\n",
};

/// What the other rooms read of an assignment.
#[derive(Debug, Clone, Copy)]
pub struct Assignment<'a>(pub &'a Object);

impl<'a> Assignment<'a> {
    /// The object as an assignment, if it is one.
    #[must_use]
    pub fn of(object: &'a Object) -> Option<Assignment<'a>> {
        (object.address.kind() == KIND.name).then_some(Assignment(object))
    }

    /// The package that it gives.
    #[must_use]
    pub fn package(self) -> Option<Address> {
        self.0.address.parent()
    }

    /// The policy that governs it.
    #[must_use]
    pub fn policy(self) -> Option<Address> {
        Some(self.package()?.child("policy", self.0.attributes.text("policy")?))
    }

    /// Who gets it, with the places.
    pub fn users(self) -> impl Iterator<Item = &'a Value> {
        self.0.attributes.members("users").iter()
    }

    /// The addresses of those who get it.
    pub fn holders(self) -> impl Iterator<Item = Address> + 'a {
        self.0.attributes.texts("users").map(|u| Address::root("user", u))
    }

    /// The written start.
    #[must_use]
    pub fn start(self) -> Option<&'a Value> {
        self.0.attributes.get("start")
    }

    /// The written end.
    #[must_use]
    pub fn end(self) -> Option<&'a Value> {
        self.0.attributes.get("end")
    }

    /// The written answers, by question.
    #[must_use]
    pub fn answers(self) -> Option<&'a Value> {
        self.0.attributes.get("answers")
    }

    /// When it begins, if that is written.
    #[must_use]
    pub fn starts(self, zone: Zone) -> Option<DateTime<Utc>> {
        instant(self.start()?.as_text()?, zone, Edge::Start).ok()
    }

    /// When it ends, if that is written: an exclusive instant.
    #[must_use]
    pub fn ends(self, zone: Zone) -> Option<DateTime<Utc>> {
        instant(self.end()?.as_text()?, zone, Edge::End).ok()
    }

    /// The latest end that its policy leaves it (R52). What lasts so long counts from its start, else from `begins`, the apply that gives
    /// it; `None`: there is no latest, or it takes the apply to know.
    #[must_use]
    pub fn latest_end(self, policy: Policy<'_>, zone: Zone, begins: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        match policy.lasts() {
            Expiration::Never => None,
            lasts @ Expiration::After(_) => lasts.end(zone, self.starts(zone).or(begins)?).ok()?,
            Expiration::At(text) => instant(text, zone, Edge::End).ok(),
        }
    }

    /// Whether it has ended by its own written end.
    #[must_use]
    pub fn is_over(self, zone: Zone, now: DateTime<Utc>) -> bool {
        self.ends(zone).is_some_and(|end| end <= now)
    }
}

/// A start before the end (R52).
pub fn check_span(object: &Object, zone: Zone, found: &mut Diagnostics) {
    let assignment = Assignment(object);
    let (Some(start), Some(end)) = (assignment.starts(zone), assignment.ends(zone)) else { return };
    if start >= end {
        let at = assignment.end().map_or(object.at, |v| v.at);
        let from = assignment.start().map_or(object.at, |v| v.at);
        let finding = Diagnostic::new(&codes::R52, at, "the end is not after the start").at(&object.address);
        found.push(finding.related(from, "the start").help("an end is the first instant without access: write a later one"));
    }
}
