//! A resource of a catalog: a group, application or site, known to the directory or not.

use super::{Default, Emptiness, Field, Form, KeyForm, Kind, Principal, Shape, Strength, Text};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::group::principal;
use crate::model::{Address, Object};

/// A directory object, unless `type` says that the directory does not know it.
static ORIGIN: Principal = Principal {
    kinds: &["group", "application", "sharepoint_site"],
    words: &[],
    strength: Strength::Strong,
    unless: Some("type"),
    rules: &[],
};

/// The kind.
pub static KIND: Kind = Kind {
    name: "resource",
    doc: "Something a package can give roles on. With an origin in the directory, type, roles and owners follow from it.",
    parents: &[Some("catalog")],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("display_name", Shape::Text(Text::Name), "The name people see.").default(Default::Key),
            Field::new("description", Shape::Text(Text::Block), "What it is for."),
            Field::new(
                "type",
                Shape::Choice(&["group", "application", "sharepoint_site"]),
                "For what the directory does not know: what it is (R20).",
            )
            .rule(&codes::R20)
            .replaces(),
            Field::new(
                "origin",
                Shape::Principal(&ORIGIN),
                "`group:KEY`, `application:KEY` or `sharepoint_site:KEY`; with `type`, any text. Unique in the catalog.",
            )
            .rule(&codes::R20)
            .required()
            .replaces(),
            Field::new("roles", Shape::Set(&Shape::Text(Text::Name), Emptiness::Refused), "With `type`: the roles that it has."),
        ],
        alternatives: &[],
    },
    schema: 1,
    builtin: &[],
    check,
    example: "[catalog.marketing.resource.brand-site]\norigin = \"sharepoint_site:brand\"\n\n[catalog.marketing.resource.old-crm]\ntype = \"application\"\norigin = \"crm/prod\"\nroles = [\"Admin\", \"User\"]\n",
};

/// What the other rooms read of a resource.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'a>(pub &'a Object);

impl<'a> Resource<'a> {
    /// The object as a resource, if it is one.
    #[must_use]
    pub fn of(object: &'a Object) -> Option<Resource<'a>> {
        (object.address.kind() == KIND.name).then_some(Resource(object))
    }

    /// As written: what tells two resources of a catalog apart, and what people hold roles on.
    #[must_use]
    pub fn origin_text(self) -> &'a str {
        self.0.attributes.text("origin").unwrap_or("")
    }

    /// Where its origin is written.
    #[must_use]
    pub fn place(self) -> Span {
        self.0.attributes.at("origin").or(self.0.at)
    }

    /// The directory object behind it, if the directory knows it.
    #[must_use]
    pub fn origin(self) -> Option<Address> {
        let named = principal(self.origin_text()).filter(|a| ORIGIN.kinds.contains(&a.kind()));
        named.filter(|_| !self.0.attributes.contains("type"))
    }

    /// `group`, `application` or `sharepoint_site`.
    #[must_use]
    pub fn type_name(self) -> &'a str {
        let named = || self.origin_text().split_once(':').map_or("", |(kind, _)| kind);
        self.0.attributes.text("type").unwrap_or_else(named)
    }

    /// What tells the thing itself from all others: type and origin.
    #[must_use]
    pub fn identity(self) -> (&'a str, &'a str) {
        let text = self.origin_text();
        let own = self.0.attributes.contains("type");
        let key = if own { text } else { text.split_once(':').map_or(text, |(_, key)| key) };
        (self.type_name(), key)
    }

    /// Where its roles are written, or else the origin from which they follow.
    #[must_use]
    pub fn roles_place(self) -> Span {
        self.0.attributes.at("roles").or(self.place())
    }

    /// The roles that it says itself to have.
    #[must_use]
    pub fn own_roles(self) -> Vec<&'a str> {
        self.0.attributes.texts("roles").collect()
    }
}

/// With `type` come `roles`; without it they follow from the directory (R20).
fn check(object: &Object, found: &mut Diagnostics) {
    let attributes = &object.attributes;
    match (attributes.get("type"), attributes.get("roles")) {
        (Some(kind), None) => {
            let message = format!("`{}` has `type`, so it needs its `roles`", object.address.key());
            let help = "write `roles = [\"User\"]`, or take `type` out where the directory knows the origin";
            found.push(Diagnostic::new(&codes::E0018, kind.at, message).at(&object.address).help(help));
        }
        (None, Some(roles)) if !roles.is_unread() => {
            let message = "`roles` follow from the directory unless `type` is written";
            let help = "take `roles` out, or write `type` for what the directory does not know";
            found.push(Diagnostic::new(&codes::E0023, roles.at, message).at(&object.address).help(help));
        }
        _ => {}
    }
}
