//! A resource of a catalog: a group, application or site, known to the directory or not.

use super::{Acts, Default, Emptiness, Field, Form, KeyForm, Kind, Need, Principal, Shape, Strength, Text, Tone};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::group::principal;
use crate::model::{Action, Address, Change, Object};

/// A directory object, unless `type` says that the directory does not know it.
static ORIGIN: Principal = Principal {
    kinds: &["group", "application", "sharepoint_site"],
    words: &[],
    strength: Strength::Strong,
    unless: Some("type"),
    rules: &[],
};

/// What stands for the role in `delivered_as`.
const ROLE: &str = "{role}";

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
            Field::new(
                "connector",
                Shape::Text(Text::Key),
                "The `[connector.KEY]` of `writ.toml` through which its roles are delivered. Absent: they are only kept here.",
            ),
            Field::new(
                "delivered_as",
                Shape::Text(Text::Name),
                "The group over there, by name or id; `{role}` stands for the role. Without it, of several roles each has the group `TEXT-ROLE`. \
                 Absent: the key.",
            ),
        ],
        alternatives: &[],
    },
    tones: &[("connector", Tone::Either), ("delivered_as", Tone::Either), ("origin", Tone::Either), ("type", Tone::Either)],
    schema: 1,
    builtin: &[],
    check,
    needs,
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

    /// The connector through which its roles are delivered, if they are.
    #[must_use]
    pub fn connector(self) -> Option<&'a str> {
        self.0.attributes.text("connector")
    }

    /// Where its connector is written.
    #[must_use]
    pub fn connector_place(self) -> Span {
        self.0.attributes.at("connector").or(self.0.at)
    }

    /// The group over there, by name or id, that stands for one of its `roles`: what `delivered_as` says, or else the key. Two roles
    /// never share a group that way: `{role}` is the role as written; where that is not said and there are several roles, the role
    /// follows in lower case, with `-` for blanks.
    #[must_use]
    pub fn delivered_as(self, role: &str, roles: &[&str]) -> String {
        let text = self.0.attributes.text("delivered_as").unwrap_or(self.0.address.key());
        match roles {
            _ if text.contains(ROLE) => text.replace(ROLE, role),
            [] | [_] => text.to_owned(),
            _ => format!("{text}-{}", role.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")),
        }
    }

    /// The roles that it says itself to have.
    #[must_use]
    pub fn own_roles(self) -> Vec<&'a str> {
        self.0.attributes.texts("roles").collect()
    }
}

/// Who brings a resource into a catalog, or takes it out, has rights on the thing itself (R22, R24): owns it in the directory. What the
/// directory does not know nobody owns, nor what a connector calls by a name.
fn needs(change: &Change) -> Vec<Need> {
    const CHANGE: &str = "change_resources";
    // By its key the group over there is found where nothing else is said.
    let renames = change.previous.as_ref().is_some_and(|p| p.key() != change.address.key());
    let sides = || change.before.iter().chain(&change.after).map(Resource);
    let connected = sides().any(|r| r.connector().is_some())
        && (renames || matches!(change.action, Action::Create | Action::Replace) || super::concerns(change, &["connector", "delivered_as"]));
    let stays = !matches!(change.action, Action::Create | Action::Replace | Action::Delete) && !super::concerns(change, &["roles"]);
    if connected {
        return vec![Need::ActAndOwn(CHANGE, None)];
    }
    if stays {
        return Acts::all(CHANGE).of(change);
    }
    let mut things: Vec<Need> = sides().map(|r| Need::ActAndOwn(CHANGE, r.origin())).collect();
    things.dedup();
    things
}

/// With `type` come `roles`; without it they follow from the directory (R20). With `delivered_as` comes `connector`.
fn check(object: &Object, found: &mut Diagnostics) {
    let attributes = &object.attributes;
    if let Some(group) = attributes.get("delivered_as").filter(|_| !attributes.contains("connector")) {
        let message = format!("`{}` has `delivered_as`, so it needs its `connector`", object.address.key());
        let help = "write `connector = \"NAME\"`, one of writ.toml, or take `delivered_as` out";
        found.push(Diagnostic::new(&codes::E0018, group.at, message).at(&object.address).help(help));
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Table, Value};

    #[test]
    fn roles_have_groups_of_their_own() {
        let group = |said: Option<&'static str>, role: &str, roles: &[&str]| {
            let mut attributes = Table::new();
            said.map(|text| attributes.insert("delivered_as", Value::text(text, Span::NONE)));
            let address = Address::parse("catalog.sales.resource.crm").unwrap();
            Resource(&Object { address, attributes, at: Span::NONE }).delivered_as(role, roles)
        };
        let several = ["Default Access", "Admin"];
        assert_eq!(group(None, "Member", &["Member"]), "crm");
        assert_eq!(group(None, "Default Access", &several), "crm-default-access");
        assert_eq!(group(Some("CRM"), "Member", &["Member"]), "CRM");
        assert_eq!(group(Some("CRM"), "Admin", &several), "CRM-admin");
        assert_eq!(group(Some("CRM {role}s"), "Admin", &several), "CRM Admins");
        assert_eq!(group(Some("CRM {role}s"), "Admin", &["Admin"]), "CRM Admins");
    }
}
