//! A delegation: who may act for a catalog, or for the whole tenant.

use super::{Emptiness, Field, Form, KeyForm, Kind, Need, Principal, Shape, Tone};
use crate::diag::{Diagnostic, Diagnostics, codes};
use crate::model::{Address, Change, Object};

/// Who may be delegated to (R3).
static MEMBER: Principal = Principal::of(&["user", "group"]);
/// Roles over one catalog.
const CATALOG: &[&str] = &["catalog_owner", "catalog_reader", "access_package_manager", "assignment_manager"];
/// Roles over the tenant.
const TENANT: &[&str] = &["administrator", "catalog_creator", "connected_organization_administrator"];
const ROLES: &[&str] = &[
    "catalog_owner",
    "catalog_reader",
    "access_package_manager",
    "assignment_manager",
    "administrator",
    "catalog_creator",
    "connected_organization_administrator",
];

/// The kind.
pub static KIND: Kind = Kind {
    name: "delegation",
    doc: "Hands a role to users and groups: at the top over the tenant, in a catalog over that catalog.",
    parents: &[None, Some("catalog")],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("role", Shape::Choice(ROLES), "What its members may do.").required().replaces(),
            Field::new("members", Shape::Set(&Shape::Principal(&MEMBER), Emptiness::Allowed), "Users and groups.").required(),
        ],
        alternatives: &[],
    },
    tones: &[("members", Tone::Authority), ("role", Tone::Either)],
    schema: 1,
    builtin: &[],
    check,
    needs,
    example: "[delegation.department-managers]\nrole = \"catalog_creator\"\nmembers = [\"group:department-managers\"]\n\n[catalog.marketing.delegation.owners]\nrole = \"catalog_owner\"\nmembers = [\"mamta@contoso.example\"]\n",
};

/// A role stands where it means something.
fn check(object: &Object, found: &mut Diagnostics) {
    let Some((at, text)) = object.attributes.get("role").and_then(|v| Some((v.at, v.as_text()?))) else { return };
    let (allowed, place) = match object.address.parent() {
        Some(_) => (CATALOG, "in a catalog"),
        None => (TENANT, "over the tenant"),
    };
    if !allowed.contains(&text) {
        let message = format!("there is no role `{text}` {place}");
        let help = format!("the roles {place} are {}", allowed.iter().map(|r| format!("`{r}`")).collect::<Vec<_>>().join(", "));
        found.push(Diagnostic::new(&codes::E0406, at, message).at(&object.address).help(help));
    }
}

/// Whoever makes, changes or deletes one hands out its role, and the role that it gave before.
fn needs(change: &Change) -> Vec<Need> {
    let mut roles: Vec<Need> = change.before.iter().chain(&change.after).filter_map(role).map(|r| Need::HandOut(r.to_owned())).collect();
    roles.dedup();
    roles
}

/// The word of the role that it gives, if it is a delegation.
#[must_use]
pub fn role(object: &Object) -> Option<&str> {
    if object.address.kind() == KIND.name { object.attributes.text("role") } else { None }
}

/// Whether it makes its members administrators.
#[must_use]
pub fn is_administrator(object: &Object) -> bool {
    role(object) == Some("administrator")
}

/// Its members, users and groups.
pub fn members(object: &Object) -> impl Iterator<Item = Address> + '_ {
    object.attributes.texts("members").filter_map(super::group::principal)
}
