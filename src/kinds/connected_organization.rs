//! An organization outside whose people may request.

use super::text::check as spelled;
use super::{Acts, Default, Emptiness, Field, Form, KeyForm, Kind, Principal, Shape, Text, Tone};
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::model::{Node, Object, Table, Value};

/// Who may sponsor.
static SPONSOR: Principal = Principal::of(&["user", "group"]).weak();
static DOMAINS: Shape = Shape::Set(&Shape::Text(Text::Domain), Emptiness::Refused);

/// The kind.
pub static KIND: Kind = Kind {
    name: "connected_organization",
    doc: "An organization outside whose people may request; users of every domain of it match (R38).",
    parents: &[None],
    key: KeyForm::Plain,
    form: Form {
        fields: &[
            Field::new("display_name", Shape::Text(Text::Name), "The name people see.").default(Default::Key),
            Field::new("description", Shape::Text(Text::Block), "Who they are."),
            Field::new("tenant_id", Shape::Text(Text::Guid), "The GUID of its tenant; this, `domains`, or both."),
            Field::new("domains", DOMAINS, "Its domains; a guest's mail tells to which of them the person belongs."),
            Field::new("initial_domain", Shape::Text(Text::Domain), "Shown beside the name, for confirmation (R37)."),
            Field::new("internal_sponsors", Shape::Set(&Shape::Principal(&SPONSOR), Emptiness::Allowed), "Our people who answer for it."),
            Field::new("external_sponsors", Shape::Set(&Shape::Principal(&SPONSOR), Emptiness::Allowed), "Their people who answer for it."),
            Field::new("state", Shape::Choice(&["configured", "proposed"]), "A declared organization starts configured (R156).")
                .default(Default::Text("configured")),
        ],
        alternatives: &[],
    },
    tones: &[("domains", Tone::More), ("external_sponsors", Tone::Either), ("internal_sponsors", Tone::Either), ("state", Tone::Order(&["proposed", "configured"])), ("tenant_id", Tone::Either)],
    schema: 1,
    builtin: &[],
    check,
    needs: |change| Acts::all("change_connected_organizations").of(change),
    example: "[connected_organization.fabrikam]\ndomains = [\"fabrikam.example\"]\ninternal_sponsors = [\"hana@contoso.example\"]\n",
};

/// An organization that names neither tenant nor domain has no users who could request (R35).
fn check(object: &Object, found: &mut Diagnostics) {
    if !object.attributes.contains("tenant_id") && !object.attributes.contains("domains") {
        let message = format!("`{}` names no users: neither `tenant_id` nor `domains`", object.address.key());
        let help = "write `domains = [\"fabrikam.example\"]`, or the GUID of its tenant as `tenant_id`";
        found.push(Diagnostic::new(&codes::R35, object.at, message).at(&object.address).help(help));
    }
}

/// Every domain that it names, with its place.
pub fn domains(object: &Object) -> impl Iterator<Item = (&str, Span)> {
    let initial = object.attributes.get("initial_domain");
    object.attributes.members("domains").iter().chain(initial).filter_map(|v| Some((v.as_text()?, v.at)))
}

/// Whether it is not vetted yet, so that only policies which name it admit its people.
#[must_use]
pub fn is_proposed(object: &Object) -> bool {
    object.attributes.text("state") == Some("proposed")
}

/// Whether a guest with this mail domain belongs to it.
#[must_use]
pub fn has_domain(object: &Object, domain: &str) -> bool {
    object.attributes.texts("domains").any(|d| d.eq_ignore_ascii_case(domain))
}

/// What is known of an organization that comes in by a request of somebody unknown: its domain, and that nobody vetted it (R150).
#[must_use]
pub fn proposed(domain: &str) -> Table {
    let text = |text: &str| Value::text(text, Span::NONE);
    let mut table = Table::new();
    table.insert("display_name", text(domain));
    table.insert("domains", Value::new(Node::Set([text(domain)].into()), Span::NONE));
    table.insert("state", text("proposed"));
    table
}

/// The keys that an organization of a domain may have, the best first; nothing where that is no domain.
pub fn keys(domain: &str) -> Option<impl Iterator<Item = String>> {
    let domain = spelled(Text::Domain, domain).ok()?;
    let key: String = domain.replace('.', "-").chars().take(56).collect();
    Some((1_u32..).map(move |n| if n == 1 { key.clone() } else { format!("{key}-{n}") }))
}

/// Our people who answer for it, as written.
pub fn internal_sponsors(object: &Object) -> impl Iterator<Item = &str> {
    object.attributes.texts("internal_sponsors")
}

/// Their people who answer for it, as written.
pub fn external_sponsors(object: &Object) -> impl Iterator<Item = &str> {
    object.attributes.texts("external_sponsors")
}

/// The GUID of its tenant, if it names one.
#[must_use]
pub fn tenant(object: &Object) -> Option<&str> {
    object.attributes.text("tenant_id")
}
