//! Catalogs, their resources and delegations, and access packages.

use super::directory::{self, Origin, same_url};
use super::gather::{Gathered, Sort, Thing, fold};
use super::names;
use super::piece::Piece;
use super::toml::{Declaration, Toml};
use super::world::{World, known_first};
use crate::kinds::catalog::GENERAL;
use crate::model::Address;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// The file of a catalog.
fn file_of(catalog: &Address) -> String {
    format!("catalogs/{}.toml", catalog.key())
}

fn declaration(address: Address, catalog: &Address, id: Option<&str>, at: &str) -> Declaration {
    Declaration { address, id: id.map(str::to_owned), at: at.to_owned(), file: file_of(catalog), body: Vec::new() }
}

/// Declares the catalogs.
pub(super) fn catalogs(world: &mut World<'_>, gathered: &mut Gathered<'_>) {
    for Thing { id, mut piece, .. } in known_first(world, gathered, Sort::Catalog, "catalog") {
        let at = piece.at().to_owned();
        let place = piece.place("displayName");
        let name = piece.text("displayName");
        // There is one that always is there, here as over there.
        let general = piece.text("catalogType").is_some_and(|t| t.eq_ignore_ascii_case("serviceDefault"));
        let address = match general {
            true => {
                let address = Address::root("catalog", GENERAL);
                world.addresses.insert((Sort::Catalog, id.clone()), address.clone());
                world.left.push(format!("{at}/id"), "the id of the catalog that is always there", "it has one of its own here");
                address
            }
            false => world.settle(Sort::Catalog, None, "catalog", name.unwrap_or(""), &id),
        };
        let mut catalog = declaration(address.clone(), &address, Some(&id).filter(|_| !general).map(String::as_str), &at);
        catalog.say("display_name", world.display_name(name, &address, "catalog", &place));
        catalog.say("description", world.description(&mut piece));
        if piece.text("state").is_some_and(|s| s.eq_ignore_ascii_case("unpublished")) {
            catalog.say("enabled", Some(Toml::Flag(false)));
        }
        if piece.flag("isExternallyVisible") == Some(true) {
            catalog.say("externally_visible", Some(Toml::Flag(true)));
        }
        // What stands in it is read by itself.
        let _ = (piece.take("accessPackages"), piece.take("resources"));
        for mut extension in piece.pieces("customWorkflowExtensions", &mut world.left) {
            let _ = extension.take("displayName");
            world.left.push(extension.at(), "a custom extension of a catalog", "nothing is called while a request is under way");
        }
        world.declare(catalog);
        piece.rest("a catalog", &mut world.left);
    }
}

/// Resources of catalogs, as packages refer to them.
#[derive(Debug, Default)]
pub(super) struct Resources {
    /// The resource of an id: its address, what it is.
    by_id: BTreeMap<String, (Address, Sort, String)>,
    /// The same by catalog and origin.
    by_origin: BTreeMap<(Address, String), String>,
}

/// A resource as it is found.
struct Found<'a> {
    id: String,
    catalog: Address,
    sort: Sort,
    origin: String,
    name: String,
    piece: Piece<'a>,
}

/// Declares the resources, and what is behind them in the directory. `scopes` tell roles that resources do not.
pub(super) fn resources(world: &mut World<'_>, gathered: &mut Gathered<'_>, scopes: &[RoleScope]) -> Resources {
    let mut found = Vec::new();
    for mut thing in known_first(world, gathered, Sort::Resource, "resource") {
        let at = thing.piece.at().to_owned();
        let catalog = thing.of("catalog").and_then(|id| world.of(Sort::Catalog, &id).cloned());
        let Some(catalog) = catalog else {
            let why = "it is not told in which catalog of the folder it is: keep it as `catalogs/ID/resources.json`, or expand `resources` of the catalogs";
            world.left.push(at, "a resource", why);
            continue;
        };
        let Thing { id, mut piece, .. } = thing;
        let (system, origin) = (piece.text("originSystem").unwrap_or(""), piece.text("originId").unwrap_or(""));
        let Some((sort, origin)) = origin_of(system, origin) else {
            world.left.push(
                at,
                format!("a resource of the origin `{}`", super::piece::shown(system)),
                "resources are groups, applications and sites",
            );
            continue;
        };
        let name = piece.text("displayName").unwrap_or("").to_owned();
        found.push(Found { id, catalog, sort, origin, name, piece });
    }
    let behind = behind(world, &mut found, scopes);
    let [applications, sites] = behind;
    directory::applications(world, gathered, applications);
    directory::sites(world, gathered, sites);
    let mut all = Resources::default();
    for Found { id, catalog, sort, origin, name, mut piece } in found {
        let at = piece.at().to_owned();
        let Some(target) = world.of(sort, &origin).cloned() else {
            world.left.push(at, "a resource whose origin is left out", "there is nothing that it could be");
            continue;
        };
        if let Some(first) = all.by_origin.get(&(catalog.clone(), origin.clone())) {
            let first = all.by_id.get(first).map_or_else(String::new, |(a, ..)| a.key().to_owned());
            world.left.push(at, "a resource that its catalog has twice", format!("`{first}` stands for both"));
            continue;
        }
        let named = if name.is_empty() { target.key().to_owned() } else { name.clone() };
        let address = world.settle(Sort::Resource, Some(&catalog), "resource", &named, &id);
        let mut resource = declaration(address.clone(), &catalog, Some(&id), &at);
        let place = piece.place("displayName");
        resource.say("display_name", world.display_name(Some(&name).filter(|n| !n.is_empty()).map(String::as_str), &address, "", &place));
        resource.say("description", world.description(&mut piece));
        resource.say("origin", Some(Toml::Text(format!("{}:{}", target.kind(), target.key()))));
        world.declare(resource);
        let _ = piece.take("scopes");
        piece.rest("a resource", &mut world.left);
        all.by_origin.insert((catalog, origin.clone()), id.clone());
        all.by_id.insert(id, (address, sort, origin));
    }
    all
}

/// What a resource is, and how its origin is looked for.
fn origin_of(system: &str, origin: &str) -> Option<(Sort, String)> {
    let sort = match system.to_ascii_lowercase().as_str() {
        "aadgroup" => Sort::Group,
        "aadapplication" => Sort::Application,
        "sharepointonline" => return Some((Sort::Site, same_url(origin))).filter(|(_, o)| !o.is_empty()),
        _ => return None,
    };
    Some((sort, fold(origin))).filter(|(_, o)| !o.is_empty())
}

/// Groups that are only known as resources are declared; of applications and sites all is collected that is told of their roles.
fn behind(world: &mut World<'_>, found: &mut [Found<'_>], scopes: &[RoleScope]) -> [BTreeMap<String, Origin>; 2] {
    let [mut applications, mut sites] = [BTreeMap::<String, Origin>::new(), BTreeMap::new()];
    let mut given: BTreeMap<&String, BTreeSet<&str>> = BTreeMap::new();
    for scope in scopes {
        for key in [&scope.origin, &scope.resource].into_iter().flatten() {
            given.entry(key).or_default().insert(&scope.role);
        }
    }
    for resource in found {
        let at = resource.piece.at().to_owned();
        if resource.sort == Sort::Group {
            if world.of(Sort::Group, &resource.origin).is_none() {
                directory::spoken_of(world, &resource.origin, &resource.name, &at);
            }
            let _ = resource.piece.take("roles");
            continue;
        }
        let all = if resource.sort == Sort::Site { &mut sites } else { &mut applications };
        let entry = all.entry(resource.origin.clone()).or_default();
        if entry.name.is_empty() || (!resource.name.is_empty() && resource.name < entry.name) {
            (entry.name, entry.at) = (resource.name.clone(), at);
        }
        for mut role in resource.piece.pieces("roles", &mut world.left) {
            let at = role.at().to_owned();
            entry.roles.extend(role.text("displayName").and_then(|n| names::name(n, &at, &mut world.left)));
        }
        let mine = [given.get(&resource.origin), given.get(&resource.id)].into_iter().flatten().flatten();
        entry.roles.extend(mine.map(|role| (*role).to_owned()));
    }
    [applications, sites]
}

/// A role that a package gives.
#[derive(Debug)]
pub(super) struct RoleScope {
    package: String,
    role: String,
    /// The id of the resource, if it is told.
    resource: Option<String>,
    /// Its origin, if that is told.
    origin: Option<String>,
    at: String,
}

/// Reads the roles that packages give.
pub(super) fn role_scopes(world: &mut World<'_>, gathered: &mut Gathered<'_>) -> Vec<RoleScope> {
    let mut all = Vec::new();
    for mut thing in gathered.all(Sort::RoleScope) {
        let at = thing.piece.at().to_owned();
        let package = thing.of("accessPackage");
        let Thing { mut piece, .. } = thing;
        let role = piece.piece("role").or_else(|| piece.piece("accessPackageResourceRole"));
        let scope = piece.piece("scope").or_else(|| piece.piece("accessPackageResourceScope"));
        let (Some(package), Some(mut role)) = (package, role) else {
            world.left.push(
                at,
                "a role that a package gives",
                "package and role are not told: ask with `$expand=resourceRoleScopes($expand=role,scope)`",
            );
            continue;
        };
        let role_origin = role.text("originId").unwrap_or("");
        let said = role.text("displayName").or_else(|| role_origin.split_once('_').map(|(word, _)| word));
        let Some(name) = said.and_then(|n| names::name(n, &at, &mut world.left)) else {
            world.left.push(at, "a role without a name", "nothing comes of it");
            continue;
        };
        let mut resource = role.piece("resource").or_else(|| role.piece("accessPackageResource"));
        let mut scope_piece = scope;
        let mut scoped = scope_piece.as_mut().and_then(|s| s.piece("resource"));
        let id = [&mut resource, &mut scoped].into_iter().flatten().find_map(|r| r.text("id")).map(fold);
        let root = scope_piece.as_mut().and_then(|s| s.flag("isRootScope"));
        let scope_origin = scope_piece.as_mut().and_then(|s| s.text("originId"));
        if root == Some(false) {
            world.left.push(&at, "a role on a part of a resource", "a role is on the whole of it here");
            continue;
        }
        let origins = [&mut resource, &mut scoped].into_iter().flatten().find_map(|r| r.text("originId"));
        let behind = role_origin.split_once('_').map(|(_, origin)| origin);
        let origin = origins.or(scope_origin).or(behind);
        let system = role.text("originSystem").unwrap_or("");
        let origin = origin.map(|o| origin_of(system, o).map_or_else(|| fold(o), |(_, o)| o));
        all.push(RoleScope { package, role: name, resource: id, origin, at });
    }
    all
}

/// Declares the packages with the roles that they give.
pub(super) fn packages(world: &mut World<'_>, things: Vec<Thing<'_>>, scopes: &[RoleScope], resources: &Resources) {
    let excluded = settle(world, things);
    let mut inverse: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (package, piece) in &excluded {
        for other in piece.peek("accessPackagesIncompatibleWith").and_then(Json::as_array).into_iter().flatten() {
            if let Some(other) = other.get("id").and_then(Json::as_str) {
                inverse.entry(fold(other)).or_default().insert(package.id.clone());
            }
        }
    }
    let mut by_package: BTreeMap<&str, Vec<&RoleScope>> = BTreeMap::new();
    scopes.iter().for_each(|s| by_package.entry(&s.package).or_default().push(s));
    for (Settled { id, address, catalog }, mut piece) in excluded {
        let at = piece.at().to_owned();
        let mut package = declaration(address.clone(), &catalog, Some(&id), &at);
        package.say("catalog", Some(Toml::text(catalog.key())));
        let place = piece.place("displayName");
        let name = piece.text("displayName");
        package.say("display_name", world.display_name(name, &address, catalog.as_str(), &place));
        package.say("description", world.description(&mut piece));
        if piece.flag("isHidden") == Some(true) {
            package.say("hidden", Some(Toml::Flag(true)));
        }
        let excludes = excludes(world, &mut piece, inverse.get(&id));
        package.say("incompatible_with", Some(excludes).filter(|e| !e.is_empty()).map(Toml::set));
        let mut given: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for scope in by_package.remove(id.as_str()).into_iter().flatten() {
            if let Some((resource, role)) = given_by(world, scope, &catalog, resources) {
                given.entry(resource).or_default().insert(role);
            }
        }
        for (resource, roles) in given {
            package.say(&format!("resource_roles.{resource}"), Some(Toml::set(roles)));
        }
        for taken in ["resourceRoleScopes", "assignmentPolicies", "accessPackagesIncompatibleWith", "catalog"] {
            let _ = piece.take(taken);
        }
        world.declare(package);
        piece.rest("a package", &mut world.left);
    }
}

/// A package that has its address.
struct Settled {
    id: String,
    address: Address,
    catalog: Address,
}

fn settle<'a>(world: &mut World<'_>, things: Vec<Thing<'a>>) -> Vec<(Settled, Piece<'a>)> {
    let mut all = Vec::new();
    for mut thing in things {
        let at = thing.piece.at().to_owned();
        let catalog = thing.of("catalog").and_then(|id| world.of(Sort::Catalog, &id).cloned());
        let Some(catalog) = catalog else {
            world.left.push(at, "a package", "it is not told in which catalog of the folder it is: ask with `$expand=catalog`");
            continue;
        };
        let name = thing.piece.peek("displayName").and_then(Json::as_str).unwrap_or("").to_owned();
        let address = world.settle(Sort::Package, None, "access_package", &name, &thing.id);
        all.push((Settled { id: thing.id, address, catalog }, thing.piece));
    }
    all
}

fn excludes(world: &mut World<'_>, piece: &mut Piece<'_>, inverse: Option<&BTreeSet<String>>) -> Vec<String> {
    let mut all = Vec::new();
    for (list, sort, kind) in
        [("incompatibleAccessPackages", Sort::Package, "access_package"), ("incompatibleGroups", Sort::Group, "group")]
    {
        for mut other in piece.pieces(list, &mut world.left) {
            let at = other.at().to_owned();
            match other.text("id").and_then(|id| world.of(sort, id)) {
                Some(address) => all.push(format!("{kind}:{}", address.key())),
                None => world.left.push(at, "a package or group that excludes a package", "it is not in the folder"),
            }
        }
    }
    all.extend(inverse.into_iter().flatten().filter_map(|id| world.of(Sort::Package, id)).map(|a| format!("access_package:{}", a.key())));
    all
}

/// The key of the resource and the role that a role scope gives.
fn given_by(world: &mut World<'_>, scope: &RoleScope, catalog: &Address, resources: &Resources) -> Option<(String, String)> {
    let by_origin = || resources.by_origin.get(&(catalog.clone(), scope.origin.clone()?));
    let found = scope.resource.as_ref().filter(|id| resources.by_id.contains_key(*id)).or_else(by_origin);
    let Some((address, sort, origin)) = found.and_then(|id| resources.by_id.get(id)) else {
        world.left.push(&scope.at, "a role on a resource that is not in the folder", "the package does not give it");
        return None;
    };
    if address.parent().as_ref() != Some(catalog) {
        world.left.push(&scope.at, "a role on a resource of another catalog", "a package gives roles of its own catalog only (R26)");
        return None;
    }
    let offered = match sort {
        Sort::Group => matches!(scope.role.as_str(), "Member" | "Owner"),
        // What the store knows beside this workspace has the roles that it has.
        sort => {
            let target = world.of(*sort, origin);
            target.and_then(|t| world.known.roles.get(t).filter(|_| world.known.beside.contains(t))).is_none_or(|r| r.contains(&scope.role))
        }
    };
    if !offered {
        world.left.push(&scope.at, format!("the role `{}`", scope.role), "what it is on has no such role here");
        return None;
    }
    Some((address.key().to_owned(), scope.role.clone()))
}

/// Whom packages make members of which groups: pairs of package and group, by id.
pub(super) fn memberships(scopes: &[RoleScope], things: &Resources) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scope in scopes.iter().filter(|s| s.role == "Member") {
        let by_id = scope.resource.as_ref().and_then(|id| things.by_id.get(id)).map(|(_, _, origin)| origin.clone());
        if let Some(origin) = by_id.or_else(|| scope.origin.clone()) {
            all.entry(scope.package.clone()).or_default().insert(origin);
        }
    }
    all
}
