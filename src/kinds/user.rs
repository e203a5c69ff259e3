//! A person of the directory.

use super::{Acts, Default, Field as Attribute, Form, KeyForm, Kind, Reference, Shape, Text, Tone};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::expr::Field;
use crate::model::{Node, Object, Table, Value};

/// The kind.
pub static KIND: Kind = Kind {
    name: "user",
    doc: "A person of the directory. The key is the user principal name, kept in lower case.",
    parents: &[None],
    key: KeyForm::User,
    form: Form {
        fields: &[
            Attribute::new("display_name", Shape::Text(Text::Name), "The name people see.").default(Default::Key),
            Attribute::new("mail", Shape::Text(Text::Mail), "Where mail goes; its domain tells which organization a guest belongs to.")
                .default(Default::Key),
            Attribute::new("department", Shape::Text(Text::Line), "As automatic rules read it: `user.department`."),
            Attribute::new("manager", Shape::Reference(Reference::to("user").weak()), "Decides where a policy says `\"manager\"`."),
            Attribute::new("enabled", Shape::Bool, "Whether the person can sign in.").default(Default::Bool(true)),
            Attribute::new("type", Shape::Choice(&["member", "guest"]), "A member of the directory, or a guest from outside.")
                .default(Default::Text("member")),
            Attribute::new(
                "organization",
                Shape::Reference(Reference::to("connected_organization").weak()),
                "The organization a guest belongs to; without it, the one whose domains hold the domain of `mail`.",
            ),
            Attribute::new("sponsor", Shape::Reference(Reference::to("user").weak()), "Who answers for a guest."),
        ],
        alternatives: &[],
    },
    tones: &[("department", Tone::Either), ("display_name", Tone::Either), ("enabled", Tone::More), ("mail", Tone::Either), ("manager", Tone::Either), ("organization", Tone::Either), ("sponsor", Tone::Either), ("type", Tone::Either)],
    schema: 1,
    builtin: &[],
    check,
    needs: |change| Acts::all("change_directory").of(change),
    example: "[user.\"mamta@contoso.example\"]\ndisplay_name = \"Mamta\"\ndepartment = \"Marketing\"\nmanager = \"hana@contoso.example\"\n",
};

/// What the other rooms read of a user.
#[derive(Debug, Clone, Copy)]
pub struct User<'a>(pub &'a Object);

impl<'a> User<'a> {
    /// The object as a user, if it is one.
    #[must_use]
    pub fn of(object: &'a Object) -> Option<User<'a>> {
        (object.address.kind() == KIND.name).then_some(User(object))
    }

    /// Whether the person comes from outside.
    #[must_use]
    pub fn is_guest(self) -> bool {
        self.0.attributes.text("type") == Some("guest")
    }

    /// Whether the person can sign in.
    #[must_use]
    pub fn is_enabled(self) -> bool {
        self.0.attributes.flag("enabled", true)
    }

    /// The organization that is named, not the one that the mail domain tells.
    #[must_use]
    pub fn organization(self) -> Option<&'a str> {
        self.0.attributes.text("organization")
    }

    /// Who leads the person, if somebody is named.
    #[must_use]
    pub fn manager(self) -> Option<&'a str> {
        self.0.attributes.text("manager")
    }

    /// Who answers for a guest.
    #[must_use]
    pub fn sponsor(self) -> Option<&'a str> {
        self.0.attributes.text("sponsor")
    }

    /// Where mail goes.
    #[must_use]
    pub fn mail(self) -> &'a str {
        self.0.attributes.text("mail").unwrap_or_else(|| self.0.address.key())
    }

    /// The department, empty where nothing is said.
    #[must_use]
    pub fn department(self) -> &'a str {
        self.0.attributes.text("department").unwrap_or("")
    }

    /// What a rule can ask of a person: every field, absent texts empty.
    pub fn fields(self) -> impl Iterator<Item = (&'static str, Field<'a>)> {
        let text = |name: &'static str| (name, Field::Text(self.0.attributes.text(name).unwrap_or("")));
        let own = self.0.address.key();
        let or_own = |name: &'static str| (name, Field::Text(self.0.attributes.text(name).unwrap_or(own)));
        let kind = if self.is_guest() { "guest" } else { "member" };
        [or_own("display_name"), ("mail", Field::Text(self.mail())), text("department"), text("manager"), text("organization"), text("sponsor")]
            .into_iter()
            .chain([("enabled", Field::Flag(self.is_enabled())), ("type", Field::Text(kind)), ("user_principal_name", Field::Text(own))])
    }

    /// The domain of the mail address.
    #[must_use]
    pub fn mail_domain(self) -> &'a str {
        self.mail().rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Only guests belong to organizations and have sponsors; members belong to none.
fn check(object: &Object, found: &mut Diagnostics) {
    let unknown = object.attributes.get("type").is_some_and(Value::is_unread);
    if unknown || User(object).is_guest() {
        return;
    }
    let mut keys = ["organization", "sponsor"].into_iter().filter_map(|name| Some((name, object.attributes.get(name)?.at)));
    if let Some((name, at)) = keys.next() {
        let message = format!("`{}` is a member of the directory, and `{name}` is for guests", object.address.key());
        let help = "write `type = \"guest\"`, or take the key out";
        let finding = Diagnostic::new(&codes::E0407, at, message).at(&object.address).help(help);
        found.push(keys.fold(finding, |f, (name, at)| f.related(at, format!("and so is `{name}`"))));
    }
}

/// What a user from outside says of themselves who comes in by a request (R148).
#[must_use]
pub fn guest(organization: Option<&str>) -> Table {
    let mut table = Table::new();
    if let Some(key) = organization {
        table.insert("organization", Value::text(key, Span::NONE));
    }
    table.insert("type", Value::text("guest", Span::NONE));
    table
}

/// What a user says of themselves once their sign-in is blocked, or not any more.
#[must_use]
pub fn with_sign_in(attributes: &Table, enabled: bool) -> Table {
    let mut table = attributes.clone();
    match enabled {
        true => drop(table.remove("enabled")),
        false => drop(table.insert("enabled", Value::new(Node::Bool(false), Span::NONE))),
    }
    table
}
