//! An application of the directory and its roles.

use super::{Acts, Default, Emptiness, Field, Form, KeyForm, Kind, Reference, Shape, Text, Tone, nothing_more};
use crate::diag::Span;
use crate::model::Object;

/// What an application without roles offers (R109).
pub const DEFAULT_ACCESS: &str = "Default Access";

/// The kind.
pub static KIND: Kind = Kind {
    name: "application",
    doc: "An application of the directory.",
    parents: &[None],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("display_name", Shape::Text(Text::Name), "The name people see.").default(Default::Key),
            Field::new("description", Shape::Text(Text::Block), "What it is for."),
            Field::new("owners", Shape::Set(&Shape::Reference(Reference::to("user")), Emptiness::Allowed), "Users who answer for it."),
            Field::new("roles", Shape::Set(&Shape::Text(Text::Name), Emptiness::Refused), "The roles that it has (R109).")
                .default(Default::Set(&[DEFAULT_ACCESS])),
        ],
        alternatives: &[],
    },
    tones: &[("owners", Tone::Authority)],
    schema: 1,
    builtin: &[],
    check: nothing_more,
    needs: |change| Acts::all("change_directory").of(change),
    example: "[application.ad-manager]\nowners = [\"mamta@contoso.example\"]\nroles = [\"Editor\", \"Reader\"]\n",
};

/// The roles it offers; none when they could not be read.
#[must_use]
pub fn roles(object: &Object) -> Vec<&str> {
    if object.attributes.contains("roles") { object.attributes.texts("roles").collect() } else { vec![DEFAULT_ACCESS] }
}

/// Where its roles are written.
#[must_use]
pub fn roles_place(object: &Object) -> Span {
    object.attributes.at("roles")
}
