//! A SharePoint site of the directory and its roles.

use super::{Acts, Default, Emptiness, Field, Form, KeyForm, Kind, Reference, Shape, Text, Tone, nothing_more};
use crate::diag::Span;
use crate::model::Object;

/// The roles of a site that names none.
const ROLES: &[&str] = &["Member", "Owner", "Visitor"];

/// The kind.
pub static KIND: Kind = Kind {
    name: "sharepoint_site",
    doc: "A SharePoint site.",
    parents: &[None],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("display_name", Shape::Text(Text::Name), "The name people see.").default(Default::Key),
            Field::new("description", Shape::Text(Text::Block), "What it is for."),
            Field::new("url", Shape::Text(Text::Url), "Its `https://` address.").required(),
            Field::new("owners", Shape::Set(&Shape::Reference(Reference::to("user")), Emptiness::Allowed), "Users who answer for it."),
            Field::new("roles", Shape::Set(&Shape::Text(Text::Name), Emptiness::Refused), "The roles that it has.")
                .default(Default::Set(ROLES)),
        ],
        alternatives: &[],
    },
    tones: &[("owners", Tone::Authority)],
    schema: 1,
    builtin: &[],
    check: nothing_more,
    needs: |change| Acts::all("change_directory").of(change),
    example: "[sharepoint_site.brand]\nurl = \"https://contoso.example/sites/brand\"\nowners = [\"mamta@contoso.example\"]\n",
};

/// The roles it offers; none when they could not be read.
#[must_use]
pub fn roles(object: &Object) -> Vec<&str> {
    if object.attributes.contains("roles") { object.attributes.texts("roles").collect() } else { ROLES.to_vec() }
}

/// Where its roles are written.
#[must_use]
pub fn roles_place(object: &Object) -> Span {
    object.attributes.at("roles")
}
