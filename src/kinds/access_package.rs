//! An access package: resource roles that are requested, given and taken away together.

use super::catalog::GENERAL;
use super::{Acts, Default, Emptiness, Field, Form, KeyForm, Keys, Kind, Principal, Reference, Shape, Strength, Text, Tone, Within};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::model::{Address, Object, Value};

/// What excludes a package.
static EXCLUDES: Principal = Principal::of(&["access_package", "group"]).weak();
/// Resources of the package's own catalog (R26).
const RESOURCE: Reference = Reference {
    kind: "resource",
    within: Within::Named { attribute: "catalog", kind: "catalog" },
    strength: Strength::Strong,
    rule: Some(&codes::R26),
};

/// The kind.
pub static KIND: Kind = Kind {
    name: "access_package",
    doc: "Resource roles that are requested, given and taken away together.",
    parents: &[None],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("catalog", Shape::Reference(Reference::to("catalog")), "The one catalog it belongs to (R13); cannot change afterwards (R15).")
                .default(Default::Text(GENERAL))
                .rule(&codes::R13)
                .forbidden(&codes::R15),
            Field::new("display_name", Shape::Text(Text::Name), "Unique in its catalog.").default(Default::Key),
            Field::new("description", Shape::Text(Text::Block), "Shown to those who may request it (R19)."),
            Field::new("hidden", Shape::Bool, "Not listed; its link still works (R62).").default(Default::Bool(false)),
            Field::new("expiration", Shape::Expiration, "For its policies that say nothing; before `[defaults]`.").rule(&codes::R45),
            Field::new(
                "incompatible_with",
                Shape::Set(&Shape::Principal(&EXCLUDES), Emptiness::Allowed),
                "Holders of these cannot get this one (R137); one-directional (R138).",
            )
            .needs("change_incompatibilities"),
            Field::new(
                "resource_roles",
                Shape::Map(Keys::Reference(RESOURCE), &Shape::Set(&Shape::Text(Text::Name), Emptiness::Refused)),
                "Resources of its own catalog (R26), each with the roles that it gives (R21).",
            )
            .rule(&codes::R21)
            .needs("change_resource_roles"),
        ],
        alternatives: &[],
    },
    // How long access lasts is a policy's, which has this one where it says none: then it is the policy that says something else.
    tones: &[("hidden", Tone::Less), ("incompatible_with", Tone::Less), ("resource_roles", Tone::Access)],
    schema: 1,
    builtin: &[],
    check,
    needs: |change| Acts { create: "create_package", change: "edit_package", delete: "delete_package" }.of(change),
    example: "[access_package.campaign]\ncatalog = \"marketing\"\ndisplay_name = \"Marketing campaign\"\nresource_roles.brand-site = \"Member\"\nresource_roles.ad-manager = [\"Editor\", \"Reader\"]\n",
};

/// What the other rooms read of a package.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a>(pub &'a Object);

impl<'a> Package<'a> {
    /// The object as a package, if it is one.
    #[must_use]
    pub fn of(object: &'a Object) -> Option<Package<'a>> {
        (object.address.kind() == KIND.name).then_some(Package(object))
    }

    /// Its catalog.
    #[must_use]
    pub fn catalog(self) -> Address {
        Address::root("catalog", self.catalog_key())
    }

    /// The key of its catalog.
    #[must_use]
    pub fn catalog_key(self) -> &'a str {
        // A catalog that could not be read is none that exists, and not `general`.
        self.0.attributes.get("catalog").map_or(GENERAL, |v| v.as_text().unwrap_or(""))
    }

    /// Where its catalog is written.
    #[must_use]
    pub fn catalog_place(self) -> Span {
        self.0.attributes.at("catalog")
    }

    /// Whether it says in which catalog it is, rather than being in `general` by saying nothing.
    #[must_use]
    pub fn names_catalog(self) -> bool {
        self.0.attributes.contains("catalog")
    }

    /// Whether only those who have its link find it (R61, R62).
    #[must_use]
    pub fn is_hidden(self) -> bool {
        self.0.attributes.flag("hidden", false)
    }

    /// What its policies inherit.
    #[must_use]
    pub fn expiration(self) -> Option<&'a Value> {
        self.0.attributes.get("expiration")
    }

    /// Resource, role and the role's place, for each role that it gives.
    pub fn roles(self) -> impl Iterator<Item = (Address, &'a str, Span)> {
        let catalog = self.catalog();
        let map = self.0.attributes.get("resource_roles").and_then(Value::as_table);
        map.into_iter().flat_map(|m| m.iter()).flat_map(move |(key, roles)| {
            let resource = catalog.child("resource", key);
            roles.members().iter().filter_map(move |r| Some((resource.clone(), r.as_text()?, r.at)))
        })
    }

    /// Packages and groups whose holders cannot get it, with their places.
    pub fn incompatible_with(self) -> impl Iterator<Item = (Address, Span)> + 'a {
        let members = self.0.attributes.members("incompatible_with").iter();
        members.filter_map(|v| Some((super::group::principal(v.as_text()?)?, v.at)))
    }
}

/// A package does not exclude itself.
fn check(object: &Object, found: &mut Diagnostics) {
    for (address, at) in Package(object).incompatible_with().filter(|(a, _)| *a == object.address) {
        let message = format!("`{}` is incompatible with itself, so nobody could hold it", address.key());
        found.push(Diagnostic::new(&codes::E0411, at, message).at(&object.address).help("take it out of the list"));
    }
}

/// The path at which a package says which roles it gives on a resource of its catalog.
#[must_use]
pub fn roles_path(resource: &Address) -> String {
    format!("resource_roles.{}", resource.key())
}
