//! The kinds of objects: what a person may write of each, and what it means.
//!
//! In: nothing. Out: [`LIST`], and for each kind a file with its form, its own rules and a typed view of its attributes.
//! Invariants: a kind is one file and one word in the list below; outside a kind's file nobody spells its attribute
//! names, except through the view that the file exports; everything else (parsing, suggestions, graph, diff, plan,
//! JSON, state, schema, reference page) is derived from [`Kind`].

mod json;
mod needs;
mod references;
mod seen;
mod shape;
pub mod text;
mod tone;
mod words;

pub use json::{BadJson, WithDefaults, default_of, is_default, object_from_json, with_defaults};
pub use needs::{Acts, Need, concerns};
pub use references::{FoundReference, Target, each_reference, references, rewrite_references, strong_targets};
pub use seen::{names, seen};
pub use shape::{
    Alternative, Default, Emptiness, Field, Form, Keys, OnChange, Principal, Reference, Shape, Strength, Text, Within, describe_principal,
};
pub use tone::{Tone, Verdict, verdicts};
pub use words::{article, counted};

use crate::diag::Diagnostics;
use crate::model::{Address, Change, Object, is_key, is_user_key};
use std::fmt;
use std::sync::LazyLock;

/// One kind of object.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its word in addresses.
    pub name: &'static str,
    /// What it is, for the reference page and editors.
    pub doc: &'static str,
    /// Where it may stand: `None` at the top, or in an object of a kind.
    pub parents: &'static [Option<&'static str>],
    /// What its keys look like.
    pub key: KeyForm,
    /// Its attributes.
    pub form: Form,
    /// What its attributes are to people, by name; those that are nothing to them are left out.
    pub tones: &'static [(&'static str, Tone)],
    /// Version of the attributes as stored; a change of meaning raises it.
    pub schema: u32,
    /// Keys of objects that always exist, unmanaged and uncounted until declared.
    pub builtin: &'static [&'static str],
    /// The rules that one object decides alone.
    pub check: fn(&Object, &mut Diagnostics),
    /// What it takes to make, change or delete one.
    pub needs: fn(&Change) -> Vec<Need>,
    /// A whole declaration, for the reference page; valid in the context that the page gives.
    pub example: &'static str,
}

/// What the keys of a kind look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// Lower-case letters, digits, `-` and `_`.
    Plain,
    /// A user principal name.
    User,
    /// One of these.
    Fixed(&'static [&'static str]),
}

impl KeyForm {
    /// Whether a text is such a key.
    #[must_use]
    pub fn takes(self, key: &str) -> bool {
        match self {
            KeyForm::Plain => is_key(key),
            KeyForm::User => is_user_key(key),
            KeyForm::Fixed(known) => known.contains(&key),
        }
    }
}

impl fmt::Display for KeyForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyForm::Plain => write!(f, "lower-case letters, digits, `-` and `_`, starting with a letter or digit, 64 at most"),
            KeyForm::User => write!(f, "a user principal name with one `@`, in quotes"),
            KeyForm::Fixed(known) => write!(f, "one of {}", known.join(", ")),
        }
    }
}

impl Kind {
    /// The kinds that stand in it.
    pub fn children(&self) -> impl Iterator<Item = &'static Kind> + '_ {
        LIST.iter().copied().filter(|k| k.parents.contains(&Some(self.name)))
    }

    /// Whether it may stand at the top.
    #[must_use]
    pub fn at_top(&self) -> bool {
        self.parents.contains(&None)
    }

    /// The field of a name, those that every kind has included.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.form.fields.iter().chain(COMMON).find(|f| f.name == name)
    }

    /// What an attribute is to people.
    #[must_use]
    pub fn tone(&self, name: &str) -> Tone {
        self.tones.iter().find(|(field, _)| *field == name).map_or(Tone::Neutral, |(_, tone)| *tone)
    }

    /// All its fields, those that every kind has at the end.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> {
        self.form.fields.iter().chain(COMMON)
    }
}

/// What every object may say of itself.
pub static COMMON: &[Field] = &[Field::new(
    "prevent_destroy",
    Shape::Bool,
    "Deleting it, replacing it or deleting what it stands in fails; lifted by applying `false` first.",
)
.default(Default::Bool(false))];

/// The key that names an object's templates; it is gone once they are expanded.
pub const TEMPLATE: &str = "template";

/// Whether it is something else to people that an object says one and not the other: another description is not, nor is another name.
#[must_use]
pub fn matters(before: &Object, after: &Object) -> bool {
    let Some(kind) = kind(after.address.kind()) else { return false };
    kind.tones.iter().any(|(name, tone)| *tone != Tone::Neutral && before.attributes.get(name) != after.attributes.get(name))
}

/// Whether an object is protected against deletion.
#[must_use]
pub fn is_protected(object: &Object) -> bool {
    object.attributes.flag("prevent_destroy", false)
}

/// The name that people see, and where it was written; its own key where nothing is said.
#[must_use]
pub fn display_name(object: &Object) -> (&str, crate::diag::Span) {
    let written = object.attributes.get("display_name");
    (written.and_then(|v| v.as_text()).unwrap_or_else(|| object.address.key()), written.map_or(object.at, |v| v.at.or(object.at)))
}

/// The users who own an object of the directory; other objects nobody owns.
pub fn owners(object: &Object) -> impl Iterator<Item = &str> {
    object.attributes.texts(group::OWNERS)
}

/// The kind of a word.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    LIST.iter().copied().find(|k| k.name == name)
}

/// Whether there can be an object of an address: every kind in it exists and stands in what is before it, and every key
/// has its kind's form.
///
/// # Errors
/// Why there cannot, in one line.
pub fn check_address(address: &Address) -> Result<(), String> {
    for part in address.lineage() {
        let Some(found) = kind(part.kind()) else { return Err(format!("there is no kind `{}`", part.kind())) };
        let parent = part.parent();
        let within = parent.as_ref().map(Address::kind);
        if !found.parents.contains(&within) {
            let place = match within {
                Some(word) if kind(word).is_some() => format!("in {}", article(word)),
                Some(word) => return Err(format!("there is no kind `{word}`")),
                None => "at the top".to_owned(),
            };
            return Err(format!("{} does not stand {place}", article(found.name)));
        }
        if !found.key.takes(part.key()) {
            return Err(format!("the key of {} is {}", article(found.name), found.key));
        }
    }
    Ok(())
}

/// Whether an object's name is given: it always exists, or its kind has fixed keys.
#[must_use]
pub fn is_fixed(address: &Address) -> bool {
    let fixed = |k: &Kind| matches!(k.key, KeyForm::Fixed(_)) || k.builtin.contains(&address.key());
    address.parent().is_none() && kind(address.kind()).is_some_and(fixed)
}

/// The objects that always exist, as they are before anybody declares them.
#[must_use]
pub fn builtins() -> Vec<Object> {
    let object = |kind: &Kind, key: &str| Object {
        address: Address::root(kind.name, key),
        attributes: crate::model::Table::new(),
        at: crate::diag::Span::NONE,
    };
    LIST.iter().flat_map(|k| k.builtin.iter().map(|key| object(k, key))).collect()
}

/// Whether an object always exists: it lives on by itself when nobody declares it any more.
#[must_use]
pub fn is_builtin(address: &Address) -> bool {
    static ALL: LazyLock<Vec<Address>> = LazyLock::new(|| builtins().into_iter().map(|object| object.address).collect());
    ALL.contains(address)
}

/// A rule-free kind's check.
pub(crate) fn nothing_more(_: &Object, _: &mut Diagnostics) {}

macro_rules! kinds {
    ($($name:ident)*) => {
        $(pub mod $name;)*
        /// Every kind there is, in the order of the reference page.
        pub static LIST: &[&Kind] = &[$(&$name::KIND),*];
    };
}

kinds! {
    user group application sharepoint_site connected_organization
    catalog resource delegation access_package policy settings assignment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sound() {
        for kind in LIST {
            assert!(!kind.parents.is_empty(), "{} stands nowhere", kind.name);
            for parent in kind.parents.iter().flatten() {
                assert!(super::kind(parent).is_some(), "{} stands in an unknown kind", kind.name);
            }
            let mut names: Vec<_> = kind.fields().map(|f| f.name).collect();
            let children: Vec<_> = kind.children().map(|k| k.name).collect();
            assert!(!names.iter().any(|n| children.contains(n) || *n == TEMPLATE), "{}: a key is a child kind", kind.name);
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), kind.fields().count(), "{} has a key twice", kind.name);
        }
    }

    #[test]
    fn addresses_that_there_can_be() {
        let check = |text: &str| check_address(&Address::parse(text).unwrap());
        for good in ["catalog.a", "user.\"a@b.example\"", "access_package.x.policy.y", "settings.external_users", "a@b.example"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("user.bo", "the key of a user is a user principal name"),
            ("group.\"x@y.z\"", "the key of a group is lower-case letters"),
            ("catalog.a.catalog.b", "a catalog does not stand in a catalog"),
            ("catalog.\"a@b.c\".resource.x", "the key of a catalog is"),
            ("policy.x", "a policy does not stand at the top"),
            ("grup.x.policy.y", "there is no kind `grup`"),
            ("catalog.x.polcy.y", "there is no kind `polcy`"),
            ("settings.mail", "the key of settings is one of external_users"),
        ] {
            assert!(check(bad).is_err_and(|e| e.contains(why)), "{bad}: {:?}", check(bad));
        }
    }
}
