//! The state of a Terraform that managed the same with the azuread provider, as the answers that Microsoft Graph would have given.
//!
//! In: a state file of version 4. Out: documents, one for each resource, named by its address there. What the provider knows is less than
//! what the service has, so all goes on as with answers; what no answer is made of is told here.

use super::gather::Document;
use super::left::Leftovers;
use super::piece::{Part, Piece, shown};
use super::terraform_policy::policy;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// The version of state files that is read.
const VERSION: i64 = 4;

/// The documents of a state, and what is left of it.
///
/// # Errors
/// Why it is no such state.
pub(super) fn documents(state: &Json) -> Result<(Vec<Document>, Leftovers), String> {
    let version = state.get("version").and_then(Json::as_i64);
    let resources = state.get("resources").and_then(Json::as_array);
    let (Some(VERSION), Some(resources)) = (version, resources) else {
        let found = version.map_or_else(|| "of no version".to_owned(), |v| format!("of version {v}"));
        return Err(format!("it is a state {found}, and one of version {VERSION} is read: `terraform state pull` gives it"));
    };
    let mut left = Leftovers::default();
    let mut found = Found::default();
    for (i, resource) in resources.iter().enumerate() {
        let text = |name: &str| resource.get(name).and_then(Json::as_str).unwrap_or("");
        let (mode, kind, name) = (text("mode"), text("type"), text("name"));
        let data = if mode == "data" { "data." } else { "" };
        let module = resource.get("module").and_then(Json::as_str).map_or_else(String::new, |m| format!("{m}."));
        let address = format!("{module}{data}{kind}.{name}");
        let Some(instances) = resource.get("instances").and_then(Json::as_array) else {
            left.push(format!("resources/{i}"), "an entry of a state", "it has no instances");
            continue;
        };
        for instance in instances {
            let index = match instance.get("index_key") {
                Some(Json::String(key)) => format!("[\"{key}\"]"),
                Some(Json::Number(key)) => format!("[{key}]"),
                _ => String::new(),
            };
            let at = format!("{address}{index}");
            match instance.get("attributes").and_then(Json::as_object) {
                Some(attributes) => found.instance(kind, data.is_empty(), attributes, &at, &mut left),
                None => left.push(at, "an instance", "it has no attributes"),
            }
        }
    }
    Ok((found.into_documents(&mut left), left))
}

/// What was found, by where it stood.
#[derive(Default)]
struct Found {
    documents: Vec<Document>,
    /// Resources of catalogs, by the id of their association: where they stood, their catalog and origin.
    resources: BTreeMap<String, (String, String, Map<String, Json>)>,
    /// What packages give.
    given: Vec<(String, String, String, String)>,
    /// The ids of roles, by the ids that assignments use.
    roles: BTreeMap<String, String>,
    /// What is told is but a part, or only looked up: what is managed counts more.
    part: bool,
}

impl Found {
    fn instance(&mut self, kind: &str, managed: bool, attributes: &Map<String, Json>, at: &str, left: &mut Leftovers) {
        let mut piece = Piece::new([Part { map: attributes, at: format!("{at}#"), grafted: false }]);
        self.part = !managed;
        let known = match (kind, managed) {
            ("azuread_access_package_catalog", true) => self.catalog(&mut piece, at),
            ("azuread_access_package", true) => self.package(&mut piece, at),
            ("azuread_access_package_assignment_policy", true) => {
                policy(&mut piece, left).map(|value| self.push(at, "accessPackageAssignmentPolicy", value))
            }
            ("azuread_access_package_resource_catalog_association", true) => self.resource(&mut piece, at),
            ("azuread_access_package_resource_package_association", true) => self.role(&mut piece, at),
            ("azuread_access_package_catalog_role_assignment", true) => self.delegation(&mut piece, at),
            ("azuread_access_package_catalog_role", _) => self.role_of_catalogs(&mut piece),
            ("azuread_user", _) => self.user(&mut piece, at),
            ("azuread_group" | "azuread_group_without_members", _) => self.group(&mut piece, at),
            ("azuread_service_principal", _) => self.application(&mut piece, at),
            _ => {
                let what = format!("a resource of the type `{}`", shown(kind));
                return left.push(at, what, "it is no part of entitlement management, and no user, group or application");
            }
        };
        if known.is_none() {
            return left.push(at, format!("an instance of `{}`", shown(kind)), "what it needs is missing: its id, or what it is of");
        }
        // What the provider itself keeps, and what it would only read.
        for own in ["timeouts", "object_id", "published"] {
            let _ = piece.take(own);
        }
        if managed {
            piece.rest(&format!("`{kind}`"), left);
        }
    }

    fn push(&mut self, name: &str, sort: &str, mut value: Json) {
        if let Some(map) = value.as_object_mut() {
            map.insert("@odata.type".to_owned(), Json::String(format!("#microsoft.graph.{sort}")));
        }
        self.documents.push(Document { name: name.to_owned(), value, part: self.part });
    }

    fn catalog(&mut self, piece: &mut Piece<'_>, at: &str) -> Option<()> {
        let id = piece.text("id")?;
        let state = if piece.flag("published") == Some(false) { "unpublished" } else { "published" };
        let value = json!({
            "id": id, "displayName": piece.text("display_name"), "description": piece.text("description"),
            "isExternallyVisible": piece.flag("externally_visible"), "state": state,
        });
        self.push(at, "accessPackageCatalog", value);
        Some(())
    }

    fn package(&mut self, piece: &mut Piece<'_>, at: &str) -> Option<()> {
        let (id, catalog) = (piece.text("id")?, piece.text("catalog_id")?);
        let value = json!({
            "id": id, "displayName": piece.text("display_name"), "description": piece.text("description"),
            "isHidden": piece.flag("hidden"), "catalog": { "id": catalog },
        });
        self.push(at, "accessPackage", value);
        Some(())
    }

    fn resource(&mut self, piece: &mut Piece<'_>, at: &str) -> Option<()> {
        let (id, catalog) = (piece.text("id")?, piece.text("catalog_id")?);
        let (origin, system) = (piece.text("resource_origin_id")?, piece.text("resource_origin_system")?);
        // The association has an id of the provider's making; that of the resource itself is not told.
        let value = json!({ "id": id, "originId": origin, "originSystem": system });
        let Json::Object(map) = value else { return None };
        self.resources.insert(id.to_ascii_lowercase(), (at.to_owned(), catalog.to_owned(), map));
        Some(())
    }

    fn role(&mut self, piece: &mut Piece<'_>, at: &str) -> Option<()> {
        let _ = piece.take("id");
        let (package, resource) = (piece.text("access_package_id")?, piece.text("catalog_resource_association_id")?);
        let role = piece.text("access_type").unwrap_or("Member");
        self.given.push((package.to_owned(), resource.to_owned(), role.to_owned(), at.to_owned()));
        Some(())
    }

    fn delegation(&mut self, piece: &mut Piece<'_>, at: &str) -> Option<()> {
        let (id, catalog) = (piece.text("id")?, piece.text("catalog_id")?);
        let value = json!({
            "id": id, "roleDefinitionId": piece.text("role_id")?, "principalId": piece.text("principal_object_id")?,
            "appScopeId": format!("/AccessPackageCatalog/{catalog}"),
        });
        self.push(at, "unifiedRoleAssignment", value);
        Some(())
    }

    fn role_of_catalogs(&mut self, piece: &mut Piece<'_>) -> Option<()> {
        let (id, template) = (piece.text("object_id").or_else(|| piece.text("id"))?, piece.text("template_id")?);
        self.roles.insert(id.to_owned(), template.to_owned());
        for known in ["id", "display_name", "description"] {
            let _ = piece.take(known);
        }
        Some(())
    }

    fn user(&mut self, piece: &mut Piece<'_>, at: &str) -> Option<()> {
        let id = piece.text("object_id").or_else(|| piece.text("id"))?;
        let manager = piece.text("manager_id").map(|id| json!({ "id": id }));
        let value = json!({
            "id": id, "userPrincipalName": piece.text("user_principal_name")?, "displayName": piece.text("display_name"),
            "mail": piece.text("mail"), "department": piece.text("department"), "accountEnabled": piece.flag("account_enabled"),
            "userType": piece.text("user_type"), "manager": manager,
        });
        self.push(at, "user", value);
        Some(())
    }

    fn group(&mut self, piece: &mut Piece<'_>, at: &str) -> Option<()> {
        let id = piece.text("object_id").or_else(|| piece.text("id"))?;
        let mut people = |name: &str| piece.texts(name).into_iter().map(|id| json!({ "id": id })).collect::<Vec<Json>>();
        let (members, owners) = (people("members"), people("owners"));
        let rule = match piece.take("dynamic_membership").and_then(Json::as_array).and_then(|all| all.first()) {
            Some(block) if block.get("enabled") != Some(&Json::Bool(false)) => block.get("rule").cloned(),
            _ => None,
        };
        let value = json!({
            "id": id, "displayName": piece.text("display_name"), "description": piece.text("description"),
            "groupTypes": piece.texts("types"), "mailEnabled": piece.flag("mail_enabled"), "securityEnabled": piece.flag("security_enabled"),
            "onPremisesSyncEnabled": piece.flag("onpremises_sync_enabled"), "membershipRule": rule, "members": members, "owners": owners,
        });
        self.push(at, "group", value);
        Some(())
    }

    fn application(&mut self, piece: &mut Piece<'_>, at: &str) -> Option<()> {
        let id = piece.text("object_id").or_else(|| piece.text("id"))?;
        let roles: Vec<Json> = match piece.take("app_roles").and_then(Json::as_array) {
            Some(all) => all.iter().map(|r| json!({ "displayName": r.get("display_name"), "isEnabled": r.get("enabled") })).collect(),
            None => Vec::new(),
        };
        let value =
            json!({ "id": id, "displayName": piece.text("display_name"), "description": piece.text("description"), "appRoles": roles });
        self.push(at, "servicePrincipal", value);
        Some(())
    }

    /// The documents, resources within their catalogs and roles within their packages.
    fn into_documents(mut self, left: &mut Leftovers) -> Vec<Document> {
        for (package, resource, role, at) in std::mem::take(&mut self.given) {
            let Some((_, _, known)) = self.resources.get(&resource.to_ascii_lowercase()) else {
                left.push(at, "a role on a resource", "its association with a catalog is not in the state");
                continue;
            };
            let (origin, system) = (known.get("originId").cloned(), known.get("originSystem").cloned());
            let stub = json!({ "id": package, "resourceRoleScopes": [{
                "id": at, "role": { "displayName": role, "originSystem": system.clone(), "resource": known },
                "scope": { "originId": origin, "originSystem": system, "isRootScope": true },
            }] });
            self.part = true;
            self.push(&at, "accessPackage", stub);
        }
        for (at, catalog, map) in std::mem::take(&mut self.resources).into_values() {
            self.part = true;
            self.push(&at, "accessPackageCatalog", json!({ "id": catalog, "resources": [map] }));
        }
        for (id, template) in std::mem::take(&mut self.roles) {
            let value = json!({ "id": id, "templateId": template });
            self.push(&format!("data.azuread_access_package_catalog_role {id}"), "unifiedRoleDefinition", value);
        }
        self.documents
    }
}
