//! Users, groups, applications and sites: those of the folder, and those that are only spoken of.

use super::gather::{Gathered, Prepared, Sort, Thing, fold};
use super::names;
use super::toml::{Declaration, Toml};
use super::world::{World, known_first};
use crate::kinds::{Text, text};
use crate::model::{Address, is_user_key};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Directory objects that are spoken of, with what is said of them.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Groups by id: their names, where they stood.
    groups: BTreeMap<String, (String, String)>,
    /// Users by id: user principal name, display name, where they stood.
    users: BTreeMap<String, (String, String, String)>,
}

impl Mentions {
    /// Everybody who is spoken of anywhere in the documents.
    pub fn of(prepared: &Prepared) -> Mentions {
        let mut found = Mentions::default();
        for (name, value) in prepared.texts() {
            found.walk(value, &format!("{name}#"));
        }
        found
    }

    fn walk(&mut self, value: &Json, at: &str) {
        match value {
            Json::Array(all) => all.iter().enumerate().for_each(|(i, v)| self.walk(v, &format!("{at}/{i}"))),
            Json::Object(map) => {
                let text = |name: &str| map.get(name).and_then(Json::as_str).map(str::trim).filter(|t| !t.is_empty());
                if let Some(id) = text("groupId") {
                    let name = text("description").unwrap_or("");
                    let entry = self.groups.entry(fold(id)).or_insert_with(|| (String::new(), at.to_owned()));
                    // Of several names the first in the alphabet, whichever stood first.
                    if !name.is_empty() && (entry.0.is_empty() || name < entry.0.as_str()) {
                        *entry = (name.to_owned(), at.to_owned());
                    }
                }
                if let (Some(id), Some(upn)) = (text("objectId"), text("principalName")) {
                    let display = text("displayName").unwrap_or("").to_owned();
                    let said = (upn.to_ascii_lowercase(), display, at.to_owned());
                    let entry = self.users.entry(fold(id)).or_insert_with(|| said.clone());
                    if (&said.0, &said.1) < (&entry.0, &entry.1) {
                        *entry = said;
                    }
                }
                map.iter().for_each(|(name, v)| self.walk(v, &format!("{at}/{}", super::piece::escaped(name))));
            }
            _ => {}
        }
    }
}

/// Gives everybody an address, before anybody refers to them.
pub(super) fn settle(world: &mut World<'_>, users: &mut Vec<Thing<'_>>, groups: &mut [Thing<'_>], mentions: &Mentions) {
    let mut keys: BTreeSet<String> = BTreeSet::new();
    let mut settled = Vec::new();
    for mut thing in std::mem::take(users) {
        let at = thing.piece.at().to_owned();
        let upn = thing.piece.text("userPrincipalName").map(str::to_ascii_lowercase);
        let stored = world.stored("user", &thing.id).map(|a| a.key().to_owned());
        match stored.or_else(|| upn.filter(|u| is_user_key(u))) {
            Some(key) if keys.insert(key.clone()) => {
                world.addresses.insert((Sort::User, thing.id.clone()), Address::root("user", &key));
                settled.push(thing);
            }
            Some(key) => {
                world.left.push(&at, "a user whose user principal name another has", format!("`{key}` is the first of them"));
            }
            None => world.left.push(&at, "a user without a user principal name that can be a key", "nobody can refer to them"),
        }
    }
    *users = settled;
    for (id, (upn, name, at)) in &mentions.users {
        if world.of(Sort::User, id).is_some() {
            continue;
        }
        let stored = world.stored("user", id).map(|a| a.key().to_owned());
        let key = stored.unwrap_or_else(|| upn.clone());
        if !is_user_key(&key) || !keys.insert(key.clone()) {
            continue; // whoever refers to them tells it
        }
        let address = Address::root("user", &key);
        world.addresses.insert((Sort::User, id.clone()), address.clone());
        let mut declaration = user_declaration(address.clone(), id, at);
        let name = world.display_name(Some(name.as_str()).filter(|n| !n.is_empty()), &address, "", at);
        declaration.say("display_name", name);
        if key.contains("#ext#") {
            declaration.say("type", Some(Toml::text("guest")));
        }
        if !world.known.taken.contains(&address) {
            world.left.push(at, "a user who is only spoken of", "nothing but the name is declared");
            world.declare(declaration);
        }
    }
    // Those whom the store knows and the folder does not.
    let known = world.known;
    for (id, address) in &known.ids {
        let sort = match address.kind() {
            "user" => Sort::User,
            "group" => Sort::Group,
            _ => continue,
        };
        world.addresses.entry((sort, id.clone())).or_insert_with(|| address.clone());
    }
    for thing in groups.iter_mut() {
        let name = thing.piece.peek("displayName").and_then(Json::as_str).unwrap_or("").to_owned();
        world.settle(Sort::Group, None, "group", &name, &thing.id);
    }
    for (id, (name, at)) in &mentions.groups {
        if world.of(Sort::Group, id).is_none() {
            spoken_of(world, id, name, at);
        }
    }
}

const ONLY_SPOKEN_OF: &str = "a group that is only spoken of";

/// A group of which only the name is told.
pub(super) fn spoken_of(world: &mut World<'_>, id: &str, name: &str, at: &str) -> Address {
    let address = world.settle(Sort::Group, None, "group", name, id);
    let mut declaration = directory_declaration(address.clone(), "directory/groups.toml", Some(id), at);
    let name = world.display_name(Some(name).filter(|n| !n.is_empty()), &address, "", at);
    declaration.say("display_name", name);
    world.left.push(at, ONLY_SPOKEN_OF, "nothing but the name is declared, so that it has no members here");
    world.declare(declaration);
    address
}

fn directory_declaration(address: Address, file: &str, id: Option<&str>, at: &str) -> Declaration {
    Declaration { address, id: id.map(str::to_owned), at: at.to_owned(), file: file.to_owned(), body: Vec::new() }
}

fn user_declaration(address: Address, id: &str, at: &str) -> Declaration {
    directory_declaration(address, "directory/users.toml", Some(id), at)
}

/// Declares the users of the folder.
pub(super) fn users(world: &mut World<'_>, users: Vec<Thing<'_>>) {
    for Thing { id, mut piece, .. } in users {
        let Some(address) = world.of(Sort::User, &id).cloned() else { continue };
        let at = piece.at().to_owned();
        let mut user = user_declaration(address.clone(), &id, &at);
        let place = piece.place("displayName");
        let name = piece.text("displayName");
        user.say("display_name", world.display_name(name, &address, "", &place));
        let mail = piece.text("mail").map(str::to_ascii_lowercase).filter(|m| m != address.key());
        match mail {
            Some(mail) if is_user_key(&mail) => user.say("mail", Some(Toml::Text(mail))),
            Some(_) => world.left.push(
                piece.place("mail"),
                "a mail address that the language does not take",
                "the user principal name stands for it",
            ),
            None => {}
        }
        let place = piece.place("department");
        if let Some(text) = piece.text("department") {
            user.say("department", names::line(text, &place, &mut world.left).map(Toml::Text));
        }
        let guest = piece.text("userType").is_some_and(|t| t.eq_ignore_ascii_case("guest")) || address.key().contains("#ext#");
        if guest {
            user.say("type", Some(Toml::text("guest")));
        }
        if piece.flag("accountEnabled") == Some(false) {
            user.say("enabled", Some(Toml::Flag(false)));
        }
        let place = piece.place("manager");
        if let Some(manager) = piece.id_of("manager") {
            match world.principal(Sort::User, manager) {
                Some(key) => user.say("manager", Some(Toml::Text(key))),
                None => world.left.push(place, "a manager who is not in the folder", "none is declared"),
            }
        }
        let sponsors = piece.pieces("sponsors", &mut world.left);
        for (i, mut sponsor) in sponsors.into_iter().enumerate() {
            let at = sponsor.at().to_owned();
            let found = sponsor.text("id").and_then(|id| world.principal(Sort::User, id));
            match found {
                Some(key) if guest && i == 0 => user.say("sponsor", Some(Toml::Text(key))),
                _ => world.left.push(at, "a sponsor of a user", "one user stands for a guest, who has to be in the folder"),
            }
        }
        if world.known.taken.contains(&address) {
            world.left.push(at, "a user who is declared here already", "what is declared stays");
        } else {
            world.declare(user);
        }
        piece.rest("a user", &mut world.left);
    }
}

/// Declares the groups of the folder.
pub(super) fn groups(world: &mut World<'_>, groups: Vec<Thing<'_>>) {
    for Thing { id, mut piece, whole, .. } in groups {
        let Some(address) = world.of(Sort::Group, &id).cloned() else { continue };
        let at = piece.at().to_owned();
        if !whole && piece.peek("members").is_none() {
            world.left.push(&at, ONLY_SPOKEN_OF, "nothing but the name is declared, so that it has no members here");
        }
        let mut group = directory_declaration(address.clone(), "directory/groups.toml", Some(&id), &at);
        let place = piece.place("displayName");
        let name = piece.text("displayName");
        group.say("display_name", world.display_name(name, &address, "", &place));
        group.say("description", world.description(&mut piece));
        let types = piece.texts("groupTypes");
        let (mailed, secure) = (piece.flag("mailEnabled"), piece.flag("securityEnabled"));
        let word = match () {
            () if types.iter().any(|t| t.eq_ignore_ascii_case("unified")) => Some("microsoft_365"),
            () if mailed == Some(true) && secure == Some(false) => Some("distribution"),
            () => None,
        };
        group.say("type", word.map(Toml::text));
        if piece.flag("onPremisesSyncEnabled") == Some(true) {
            group.say("synced", Some(Toml::Flag(true)));
        }
        let place = piece.place("membershipRule");
        let rule = piece.text("membershipRule");
        let cel = rule.and_then(super::rule::cel);
        if let (Some(_), None) = (rule, &cel) {
            world.left.push(
                place,
                "a membership rule that has no words here",
                "the members that it has now are declared, if they are told",
            );
        }
        let _ = piece.take("membershipRuleProcessingState");
        let mut members = Vec::new();
        for mut member in piece.pieces("members", &mut world.left) {
            let (at, word) = (member.at().to_owned(), member.type_name().to_owned());
            let Some(id) = member.text("id").map(fold) else { continue };
            if world.delivered.contains(&(group.id.clone().unwrap_or_default(), id.clone())) {
                world.left.push(at, "a member of a group by a package", "the assignment makes them one, and no declaration");
                continue;
            }
            match world.somebody(&id) {
                Some(principal) => members.push(principal),
                None if matches!(word.as_str(), "user" | "group" | "") => {
                    world.left.push(at, "a member of a group who is not in the folder", "they are not declared");
                }
                None => world.left.push(
                    at,
                    format!("a member of a group of the type `{}`", super::piece::shown(&word)),
                    "members are users and groups",
                ),
            }
        }
        match cel {
            Some(rule) => group.say("rule", Some(Toml::Text(rule))),
            None if !members.is_empty() => group.say("members", Some(Toml::set(members))),
            None => {}
        }
        let owners = owners(world, &mut piece);
        group.say("owners", owners);
        if world.known.taken.contains(&address) {
            world.left.push(at, "a group that is declared here already", "what is declared stays");
        } else {
            world.declare(group);
        }
        piece.rest("a group", &mut world.left);
    }
}

fn owners(world: &mut World<'_>, piece: &mut super::piece::Piece<'_>) -> Option<Toml> {
    let mut owners = Vec::new();
    for mut owner in piece.pieces("owners", &mut world.left) {
        let at = owner.at().to_owned();
        match owner.text("id").and_then(|id| world.principal(Sort::User, id)) {
            Some(key) => owners.push(key),
            None => world.left.push(at, "an owner who is no user of the folder", "they are not declared"),
        }
    }
    Some(owners).filter(|all| !all.is_empty()).map(Toml::set)
}

/// An application or site behind resources: its name, its roles, where it stood.
#[derive(Debug, Default, Clone)]
pub(super) struct Origin {
    pub name: String,
    pub at: String,
    pub roles: BTreeSet<String>,
}

/// Declares applications: those of the folder, and those behind resources.
pub(super) fn applications(world: &mut World<'_>, gathered: &mut Gathered<'_>, mut behind: BTreeMap<String, Origin>) {
    for Thing { id, mut piece, .. } in known_first(world, gathered, Sort::Application, "application") {
        let place = piece.place("displayName");
        let name = piece.text("displayName").unwrap_or("").to_owned();
        let address = world.settle(Sort::Application, None, "application", &name, &id);
        let mut roles = behind.remove(&id).map(|o| o.roles).unwrap_or_default();
        for mut role in piece.pieces("appRoles", &mut world.left) {
            let (at, enabled) = (role.at().to_owned(), role.flag("isEnabled").unwrap_or(true));
            match role.text("displayName").and_then(|n| names::name(n, &at, &mut world.left)) {
                Some(name) if enabled => drop(roles.insert(name)),
                _ => world.left.push(at, "a role of an application", "it is not enabled, or has no name"),
            }
        }
        let mut application = directory_declaration(address.clone(), "directory/applications.toml", Some(&id), piece.at());
        application
            .say("display_name", world.display_name(Some(&name).filter(|n| !n.is_empty()).map(String::as_str), &address, "", &place));
        application.say("description", world.description(&mut piece));
        application.say("owners", owners(world, &mut piece));
        application.say("roles", Some(roles).filter(|r| !r.is_empty()).map(Toml::set));
        world.declare(application);
        piece.rest("an application", &mut world.left);
    }
    let mut behind: Vec<(String, Origin)> = behind.into_iter().collect();
    behind.sort_by_key(|(id, _)| world.stored("application", id).is_none());
    for (id, Origin { name, at, roles }) in behind {
        world.left.push(&at, "an application that is only spoken of", "its name and roles are those of its resources");
        let address = world.settle(Sort::Application, None, "application", &name, &id);
        let mut application = directory_declaration(address.clone(), "directory/applications.toml", Some(&id), &at);
        let display = world.display_name(Some(&name).filter(|n| !n.is_empty()).map(String::as_str), &address, "", &at);
        application.say("display_name", display);
        application.say("roles", Some(roles).filter(|r| !r.is_empty()).map(Toml::set));
        world.declare(application);
    }
}

/// Declares sites, which are told apart by their addresses.
pub(super) fn sites(world: &mut World<'_>, gathered: &mut Gathered<'_>, mut behind: BTreeMap<String, Origin>) {
    let things = known_first(world, gathered, Sort::Site, "sharepoint_site");
    let mut told: Vec<(Option<String>, String, Origin)> = Vec::new();
    for Thing { id, mut piece, .. } in things {
        let at = piece.at().to_owned();
        let name = piece.text("displayName").or_else(|| piece.text("name")).unwrap_or("").to_owned();
        match piece.text("webUrl").map(same_url) {
            Some(url) => {
                let roles = behind.remove(&url).map(|o| o.roles).unwrap_or_default();
                told.push((Some(id), url, Origin { name, at, roles }));
            }
            None => world.left.push(&at, "a site without an address", "nothing could refer to it"),
        }
        piece.rest("a site", &mut world.left);
    }
    told.extend(behind.into_iter().map(|(url, origin)| (None, url, origin)));
    for (id, url, Origin { name, at, roles }) in told {
        let ok = text::check(Text::Url, &url).is_ok();
        if !ok {
            world.left.push(&at, "a site whose address the language does not take", "it is left out, with what refers to it");
            continue;
        }
        let tail = url.rsplit('/').next().unwrap_or("").to_owned();
        let named = if name.is_empty() { tail } else { name.clone() };
        let key_id = id.clone().unwrap_or_else(|| url.clone());
        let address = match world.known.sites.get(&url) {
            Some(stored) => stored.clone(),
            None => world.settle(Sort::Site, None, "sharepoint_site", &named, &key_id),
        };
        world.addresses.insert((Sort::Site, url.clone()), address.clone());
        let mut site = directory_declaration(address.clone(), "directory/sites.toml", id.as_deref(), &at);
        let display = world.display_name(Some(&name).filter(|n| !n.is_empty()).map(String::as_str), &address, "", &at);
        site.say("display_name", display);
        site.say("url", Some(Toml::Text(url)));
        site.say("roles", Some(roles).filter(|r| !r.is_empty()).map(Toml::set));
        world.declare(site);
    }
}

/// An address of a site in one spelling.
pub(super) fn same_url(url: &str) -> String {
    url.trim().trim_end_matches('/').to_owned()
}
