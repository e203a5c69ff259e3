//! Connected organizations, delegations and settings.

use super::gather::{Gathered, Sort, Thing, fold};
use super::piece::Piece;
use super::time;
use super::toml::{Declaration, Toml};
use super::world::{World, known_first};
use crate::kinds::{Text, text};
use crate::model::{Address, Minutes};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The roles of entitlement management, by the ids that they have in every tenant: what they are here, and how a delegation is called.
const ROLES: &[(&str, &str, &str)] = &[
    ("ae79f266-94d4-4dab-b730-feca7e132178", "catalog_owner", "owner"),
    ("44272f93-9762-48e8-af59-1b5351b1d6b3", "catalog_reader", "reader"),
    ("7f480852-ebdc-47d4-87de-0d8498384a83", "access_package_manager", "package-manager"),
    ("e2182095-804a-4656-ae11-64734e9b7ae5", "assignment_manager", "assignment-manager"),
    ("ba92d953-d8e0-4e39-a797-0cbedb0a89e8", "catalog_creator", "creator"),
];

/// Declares the connected organizations.
pub(super) fn organizations(world: &mut World<'_>, gathered: &mut Gathered<'_>) {
    let things = known_first(world, gathered, Sort::Organization, "connected_organization");
    for Thing { id, mut piece, .. } in things {
        let at = piece.at().to_owned();
        let place = piece.place("displayName");
        let name = piece.text("displayName");
        let address = world.settle(Sort::Organization, None, "connected_organization", name.unwrap_or(""), &id);
        let mut organization = Declaration {
            address: address.clone(),
            id: Some(id.clone()),
            at: at.clone(),
            file: "connected-organizations.toml".to_owned(),
            body: Vec::new(),
        };
        organization.say("display_name", world.display_name(name, &address, "", &place));
        organization.say("description", world.description(&mut piece));
        let (tenant, domains) = sources(world, &mut piece);
        if tenant.is_none() && domains.is_empty() {
            world.addresses.remove(&(Sort::Organization, id));
            world.left.push(at, "a connected organization", "it has neither a tenant nor a domain, so that nobody belongs to it");
            continue;
        }
        organization.say("tenant_id", tenant.map(Toml::Text));
        organization.say("domains", Some(domains).filter(|d| !d.is_empty()).map(Toml::set));
        for (list, attribute) in [("internalSponsors", "internal_sponsors"), ("externalSponsors", "external_sponsors")] {
            let mut sponsors = Vec::new();
            for mut sponsor in piece.pieces(list, &mut world.left) {
                let at = sponsor.at().to_owned();
                match sponsor.text("id").and_then(|id| world.somebody(id)) {
                    Some(principal) => sponsors.push(principal),
                    None => world.left.push(at, "a sponsor of an organization who is not in the folder", "they are not declared"),
                }
            }
            organization.say(attribute, Some(sponsors).filter(|s| !s.is_empty()).map(Toml::set));
        }
        if piece.text("state").is_some_and(|s| s.eq_ignore_ascii_case("proposed")) {
            organization.say("state", Some(Toml::text("proposed")));
        }
        world.declare(organization);
        piece.rest("a connected organization", &mut world.left);
    }
}

/// Its tenant, and its domains.
fn sources(world: &mut World<'_>, piece: &mut Piece<'_>) -> (Option<String>, Vec<String>) {
    let (mut tenant, mut domains) = (None, Vec::new());
    for mut source in piece.pieces("identitySources", &mut world.left) {
        let at = source.at().to_owned();
        let _ = source.take("displayName");
        let (id, domain) = (source.text("tenantId"), source.text("domainName"));
        match (source.type_name(), id, domain) {
            ("azureActiveDirectoryTenant", Some(id), _) if tenant.is_none() && text::check(Text::Guid, id).is_ok() => {
                tenant = Some(fold(id))
            }
            ("domainIdentitySource" | "externalDomainFederation", _, Some(domain)) if text::check(Text::Domain, domain).is_ok() => {
                domains.push(domain.to_ascii_lowercase());
            }
            (other, ..) => {
                let what = format!("an identity source of the type `{}`", super::piece::shown(other));
                world.left.push(at, what, "an organization has one tenant, and domains");
                continue;
            }
        }
        source.rest("an identity source", &mut world.left);
    }
    (tenant, domains)
}

/// Declares what role assignments delegate.
pub(super) fn delegations(world: &mut World<'_>, gathered: &mut Gathered<'_>) {
    let mut templates: BTreeMap<String, String> = BTreeMap::new();
    for Thing { id, piece, .. } in gathered.all(Sort::RoleDefinition) {
        let template = piece.peek("templateId").and_then(Json::as_str).map_or_else(|| id.clone(), fold);
        if !ROLES.iter().any(|(role, ..)| *role == template) {
            world.left.push(piece.at(), "a role that nobody here has", "roles are those of the reference");
        }
        templates.insert(id, template);
    }
    for Thing { id, mut piece, .. } in known_first(world, gathered, Sort::RoleAssignment, "delegation") {
        let at = piece.at().to_owned();
        let role = piece.text("roleDefinitionId").map(fold).or_else(|| piece.id_of("roleDefinition").map(fold)).unwrap_or_default();
        let template = templates.get(&role).unwrap_or(&role);
        let Some((_, role, word)) = ROLES.iter().find(|(known, ..)| known == template) else {
            world.left.push(at, "a role assignment", "it is of a role that is not one of entitlement management's");
            continue;
        };
        let principal = piece.text("principalId").or_else(|| piece.id_of("principal"));
        let Some(member) = principal.and_then(|p| world.somebody(p)) else {
            world.left.push(at, "a role assignment", "who has it is no user or group of the folder");
            continue;
        };
        let scope = piece.text("appScopeId").unwrap_or("/").trim_matches('/').to_owned();
        let catalog = scope.rsplit_once('/').and_then(|(_, id)| world.of(Sort::Catalog, id).cloned());
        let creates = *role == "catalog_creator";
        if creates != scope.is_empty() || (!creates && catalog.is_none()) {
            world.left.push(at, "a role assignment", "its role is not for what it is on, or that is not in the folder");
            continue;
        }
        let local = member.rsplit(':').next().unwrap_or("").split('@').next().unwrap_or("").to_owned();
        let address = world.settle(Sort::RoleAssignment, catalog.as_ref(), "delegation", &format!("{word} {local}"), &id);
        let file = catalog.as_ref().map_or_else(|| "delegations.toml".to_owned(), |c: &Address| format!("catalogs/{}.toml", c.key()));
        let body = vec![("role".to_owned(), Toml::text(*role)), ("members".to_owned(), Toml::set([member]))];
        world.declare(Declaration { address, id: Some(id), at, file, body });
        for known in ["principal", "roleDefinition", "directoryScopeId", "principalOrganizationId"] {
            let _ = piece.take(known);
        }
        piece.rest("a role assignment", &mut world.left);
    }
}

/// Declares what becomes of people from outside.
pub(super) fn settings(world: &mut World<'_>, gathered: &mut Gathered<'_>) {
    for Thing { mut piece, .. } in gathered.all(Sort::Settings) {
        let at = piece.at().to_owned();
        let address = Address::root("settings", "external_users");
        let word = match piece.text("externalUserLifecycleAction").map(str::to_ascii_lowercase).as_deref() {
            Some("none") => Some("none"),
            Some("blocksignin") => Some("block"),
            Some("blocksigninanddelete") => Some("block_and_delete"),
            _ => None,
        };
        let mut body = Vec::new();
        body.extend(word.map(|word| ("on_last_assignment_lost".to_owned(), Toml::text(word))));
        let place = piece.place("durationUntilExternalUserDeletedAfterBlocked");
        if let Some(said) = piece.text("durationUntilExternalUserDeletedAfterBlocked") {
            // A span of nothing: at once.
            let nothing = matches!(said, "P0D" | "PT0S").then_some((0, false));
            match time::span(said).or(nothing) {
                Some((minutes, _)) if word == Some("block_and_delete") => {
                    body.push(("delete_after".to_owned(), Toml::Text(Minutes(minutes).to_string())))
                }
                Some(_) => {}
                None => world.left.push(place, "a span of time that cannot be read", "the default stands for it"),
            }
        }
        if !body.is_empty() && !world.known.taken.contains(&address) {
            world.declare(Declaration { address, id: None, at, file: "settings.toml".to_owned(), body });
        } else if !body.is_empty() {
            world.left.push(at, "the settings for people from outside", "they are declared here already, and stay");
        }
        piece.rest("the settings", &mut world.left);
    }
}
