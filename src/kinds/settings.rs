//! Settings of the tenant: what becomes of outside people, and which domains are welcome.

use super::{Acts, Alternative, Default, Emptiness, Field, Form, KeyForm, Kind, Shape, Text, Tone, nothing_more};
use crate::diag::Span;
use crate::model::{Address, Minutes, Object};

static DOMAINS: Shape = Shape::Set(&Shape::Text(Text::Domain), Emptiness::Allowed);

/// The kind.
pub static KIND: Kind = Kind {
    name: "settings",
    doc: "Settings of the tenant; `external_users` says what becomes of outside people (R151).",
    parents: &[None],
    key: KeyForm::Fixed(&["external_users"]),
    form: Form {
        fields: &[
            Field::new(
                "on_last_assignment_lost",
                Shape::Choice(&["block_and_delete", "block", "none"]),
                "What happens to a guest who loses the last assignment.",
            )
            .default(Default::Text("block_and_delete")),
            Field::new("delete_after", Shape::Duration(Minutes(0), Minutes::days(3660)), "How long after the block the guest is deleted.")
                .default(Default::Text("30d")),
            Field::new("blocked_domains", DOMAINS, "Domains that no policy or organization may use (R36); or `allowed_domains`."),
            Field::new("allowed_domains", DOMAINS, "The only domains that policies and organizations may use (R36); absent: every domain.").limits(),
        ],
        alternatives: &[Alternative { left: &["blocked_domains"], right: &["allowed_domains"] }],
    },
    tones: &[("allowed_domains", Tone::More), ("blocked_domains", Tone::Less), ("delete_after", Tone::More), ("on_last_assignment_lost", Tone::Order(&["block_and_delete", "block", "none"]))],
    schema: 1,
    builtin: &[],
    check: nothing_more,
    needs: |change| Acts::all("edit_tenant_settings").of(change),
    example: "[settings.external_users]\non_last_assignment_lost = \"block_and_delete\"\ndelete_after = \"30d\"\nblocked_domains = [\"competitor.example\"]\n",
};

/// The address of the settings for outside people.
#[must_use]
pub fn external_users() -> Address {
    Address::root(KIND.name, "external_users")
}

/// What becomes of a guest who loses the last assignment (R151): nothing, a block, or a block and the end of the account so long after.
#[must_use]
pub fn after_last_assignment(object: Option<&Object>) -> (bool, Option<Minutes>) {
    let said = |name: &str| object.and_then(|o| o.attributes.text(name));
    let wait = || said("delete_after").and_then(|t| Minutes::parse(t).ok()).unwrap_or(Minutes::days(30));
    match said("on_last_assignment_lost").unwrap_or("block_and_delete") {
        "none" => (false, None),
        "block" => (true, None),
        _ => (true, Some(wait())),
    }
}

/// Why a domain is not welcome: the place that says so. Sub-domains follow their domain.
#[must_use]
pub fn forbids(object: &Object, domain: &str) -> Option<Span> {
    let covers = |d: &str| domain == d || domain.strip_suffix(d).is_some_and(|rest| rest.ends_with('.'));
    let blocked = object.attributes.members("blocked_domains").iter();
    if let Some(value) = blocked.into_iter().find(|v| v.as_text().is_some_and(covers)) {
        return Some(value.at.or(object.at));
    }
    let allowed = object.attributes.get("allowed_domains")?;
    (!allowed.members().iter().any(|v| v.as_text().is_some_and(covers))).then_some(allowed.at.or(object.at))
}

/// The only domains that are welcome, where that is said.
pub fn allowed(object: &Object) -> impl Iterator<Item = &str> {
    object.attributes.texts("allowed_domains")
}
