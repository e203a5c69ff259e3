//! A catalog: what a department or project owns.

use super::{Default, Field, Form, KeyForm, Kind, Shape, Text, nothing_more, Tone};
use crate::diag::Span;
use crate::model::Object;

/// The catalog that always exists.
pub const GENERAL: &str = "general";

/// The kind.
pub static KIND: Kind = Kind {
    name: "catalog",
    doc: "A container of resources and packages that one can delegate. `general` always exists (R14).",
    parents: &[None],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("display_name", Shape::Text(Text::Name), "Unique among catalogs (R102).").default(Default::Key),
            Field::new("description", Shape::Text(Text::Block), "What is in it."),
            Field::new("enabled", Shape::Bool, "While `false`, nothing in it can be discovered or requested (R103).")
                .default(Default::Bool(true)),
            Field::new("externally_visible", Shape::Bool, "Whether policies for outside people may stand in it (R104).")
                .default(Default::Bool(false)),
        ],
        alternatives: &[],
    },
    tones: &[("enabled", Tone::More), ("externally_visible", Tone::More)],
    schema: 1,
    builtin: &[GENERAL],
    check: nothing_more,
    example: "[catalog.marketing]\ndisplay_name = \"Marketing\"\ndescription = \"What the marketing department owns\"\n",
};

/// Whether policies for outside people may stand in it.
#[must_use]
pub fn is_externally_visible(object: &Object) -> bool {
    // What could not be read is an error already, and none of its policies.
    object.attributes.get("externally_visible").is_some_and(|v| v.is_unread() || v.as_bool() == Some(true))
}

/// Whether anything in it can be discovered or requested (R103).
#[must_use]
pub fn is_enabled(object: &Object) -> bool {
    object.attributes.flag("enabled", true)
}

/// Where it says whether they may.
#[must_use]
pub fn visibility_place(object: &Object) -> Span {
    object.attributes.at("externally_visible")
}
