//! A group of the directory: declared members, or a rule.

use super::{Acts, Alternative, Default, Emptiness, Field, Form, KeyForm, Kind, Need, Principal, Reference, Shape, Text, Tone, nothing_more};
use crate::diag::Span;
use crate::model::{Action, Address, Change, Object};

/// Who may be a member.
static MEMBER: Principal = Principal::of(&["user", "group"]);

/// The kind.
pub static KIND: Kind = Kind {
    name: "group",
    doc: "A group of the directory. `members` are the declared ones; what packages deliver is kept apart.",
    parents: &[None],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("display_name", Shape::Text(Text::Name), "The name people see.").default(Default::Key),
            Field::new("description", Shape::Text(Text::Block), "What it is for."),
            Field::new("type", Shape::Choice(&["security", "microsoft_365", "distribution"]), "A Team is its `microsoft_365` group.")
                .default(Default::Text("security")),
            Field::new("members", Shape::Set(&Shape::Principal(&MEMBER), Emptiness::Allowed), "Users and groups; groups nest.")
                .needs(CHANGE_MEMBERS),
            Field::new("rule", Shape::Rule, "Makes a dynamic group: a CEL expression over one user, instead of `members`."),
            Field::new(
                "owners",
                Shape::Set(&Shape::Reference(Reference::to("user")), Emptiness::Allowed),
                "Users who may change the declared members.",
            ),
            Field::new("synced", Shape::Bool, "It comes from an on-premises directory and cannot be a resource (R107).")
                .default(Default::Bool(false)),
        ],
        alternatives: &[Alternative { left: &["members"], right: &["rule"] }],
    },
    tones: &[("members", Tone::Access), ("owners", Tone::Access), ("rule", Tone::Either), ("type", Tone::Either)],
    schema: 1,
    builtin: &[],
    check: nothing_more,
    needs,
    example: "[group.marketing-leads]\nmembers = [\"mamta@contoso.example\", \"group:deputies\"]\nowners = [\"hana@contoso.example\"]\n",
};

/// The directory is changed by administrators, the declared members of a group by its owners, too.
fn needs(change: &Change) -> Vec<Need> {
    let members = Need::ActOrOwn(CHANGE_MEMBERS, change.address.clone());
    let rest = Acts::all("change_directory").of(change).into_iter().filter(|need| *need != Need::Act(CHANGE_MEMBERS));
    let changes_members = change.action == Action::Update && super::concerns(change, &[MEMBERS]);
    rest.chain(changes_members.then_some(members)).collect()
}

/// The word of what changes the declared members.
const CHANGE_MEMBERS: &str = "change_group_members";

/// The attribute that names the declared members: who tells where one stands asks for its place.
pub const MEMBERS: &str = "members";

/// The attribute that names the owners.
pub const OWNERS: &str = "owners";

/// What the other rooms read of a group.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a>(pub &'a Object);

impl<'a> Group<'a> {
    /// The object as a group, if it is one.
    #[must_use]
    pub fn of(object: &'a Object) -> Option<Group<'a>> {
        (object.address.kind() == KIND.name).then_some(Group(object))
    }

    /// The declared members, users and groups.
    pub fn members(self) -> impl Iterator<Item = Address> + 'a {
        self.0.attributes.texts("members").filter_map(principal)
    }

    /// The declared owners.
    pub fn owners(self) -> impl Iterator<Item = &'a str> {
        self.0.attributes.texts("owners")
    }

    /// Whether a rule makes its members.
    #[must_use]
    pub fn is_dynamic(self) -> bool {
        self.rule().is_some()
    }

    /// The rule that makes its members, if one does.
    #[must_use]
    pub fn rule(self) -> Option<&'a str> {
        self.0.attributes.text("rule")
    }

    /// Where its rule is written.
    #[must_use]
    pub fn rule_place(self) -> Span {
        self.0.attributes.at("rule")
    }

    /// Why it cannot be a resource of a catalog (R107), if so.
    #[must_use]
    pub fn unfit_as_resource(self) -> Option<&'static str> {
        if self.0.attributes.flag("synced", false) {
            Some("it is synchronised from an on-premises directory")
        } else if self.0.attributes.text("type") == Some("distribution") {
            Some("it is a distribution group")
        } else {
            None
        }
    }

    /// Where that is written.
    #[must_use]
    pub fn unfit_place(self) -> Span {
        self.0.attributes.at(if self.0.attributes.flag("synced", false) { "synced" } else { "type" })
    }

    /// The roles it offers: a dynamic group's only Owner (R108).
    #[must_use]
    pub fn roles(self) -> &'static [&'static str] {
        if self.is_dynamic() { &["Owner"] } else { &["Member", "Owner"] }
    }
}

/// The address that a principal's text names; `None` for words such as `manager`.
#[must_use]
pub fn principal(text: &str) -> Option<Address> {
    if text.contains('@') {
        return Some(Address::root("user", text));
    }
    text.split_once(':').map(|(kind, key)| Address::root(kind, key))
}
