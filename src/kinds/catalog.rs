//! A catalog: what a department or project owns.

use super::{Acts, Default, Field, Form, KeyForm, Kind, Shape, Text, Tone, nothing_more};
use crate::diag::Span;
use crate::kinds::access_package::Package;
use crate::model::{Address, Object};

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
    needs: |change| Acts { create: "create_catalog", change: "edit_catalog", delete: "delete_catalog" }.of(change),
    example: "[catalog.marketing]\ndisplay_name = \"Marketing\"\ndescription = \"What the marketing department owns\"\n",
};

/// The catalog that an object is, stands in, or whose package it is or stands in; `find` knows packages. Nothing, where an object
/// belongs to no catalog, or to a package that is not there.
#[must_use]
pub fn of<'a>(address: &Address, find: impl FnOnce(&Address) -> Option<&'a Object>) -> Option<Address> {
    let root = address.lineage().last()?;
    if root.kind() == KIND.name { Some(root) } else { find(&root).and_then(Package::of).map(Package::catalog) }
}

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
