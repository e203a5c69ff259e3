//! Entries of a directory, one by one: users, groups, applications and sites as they are loaded without files of their own.
//!
//! In: what an entry says, and who is known by which id. Out: the object, or why it cannot be one. Names are those of Microsoft Graph, or
//! those of the language.

use super::gather::fold;
use super::left::Leftovers;
use super::names;
use crate::kinds::{self, Text, object_from_json, text};
use crate::model::{Address, Object, is_key, is_user_key};
use serde_json::{Map, Value as Json};

/// The kinds of a directory.
pub const DIRECTORY: &[&str] = &["user", "group", "application", "sharepoint_site"];

/// What is read of an entry, in both sorts of names.
const READ: &[&str] = &[
    "id",
    "objectId",
    "object_id",
    "key",
    "name",
    "displayName",
    "display_name",
    "description",
    "userPrincipalName",
    "user_principal_name",
    "mail",
    "department",
    "accountEnabled",
    "enabled",
    "userType",
    "type",
    "manager",
    "organization",
    "sponsor",
    "sponsors",
    "groupTypes",
    "mailEnabled",
    "securityEnabled",
    "onPremisesSyncEnabled",
    "synced",
    "membershipRule",
    "members",
    "owners",
    "appRoles",
    "roles",
    "webUrl",
    "url",
];

/// The properties of an entry that say something and are not read.
pub fn unread(said: &Map<String, Json>) -> impl Iterator<Item = &str> {
    let says = |(name, value): &(&String, &Json)| {
        !name.contains("@odata.") && !READ.contains(&name.as_str()) && super::piece::says_something(value)
    };
    said.iter().filter(says).map(|(name, _)| name.as_str())
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its kind: one of [`DIRECTORY`].
    pub kind: &'static str,
    /// The id that it has over there, in lower case, if it has one.
    pub id: Option<String>,
    /// Its key, where it says one; that of the others is made of their name.
    pub key: Option<String>,
    /// What a key is made of.
    pub name: String,
}

/// The first property of these names that says something.
fn get<'a>(said: &'a Map<String, Json>, names: &[&str]) -> Option<&'a Json> {
    names.iter().find_map(|name| said.get(*name)).filter(|v| !v.is_null())
}

fn word<'a>(said: &'a Map<String, Json>, names: &[&str]) -> Option<&'a str> {
    get(said, names).and_then(Json::as_str).map(str::trim).filter(|t| !t.is_empty())
}

/// What an entry is, by its own type, by what the file says that it holds, or by what it says.
///
/// # Errors
/// Why it cannot be told, or has no key.
pub fn named(said: &Map<String, Json>, holds: &str) -> Result<Named, String> {
    let typed = word(said, &["@odata.type"]).map(|t| t.rsplit('.').next().unwrap_or(t).trim_start_matches('#'));
    let has = |names: &[&str]| names.iter().any(|name| said.contains_key(*name));
    let kind = match typed.unwrap_or(holds) {
        "user" | "users" => "user",
        "group" | "groups" => "group",
        "servicePrincipal" | "servicePrincipals" | "application" | "applications" => "application",
        "site" | "sites" => "sharepoint_site",
        _ if has(&["userPrincipalName", "user_principal_name"]) => "user",
        _ if has(&["webUrl", "url"]) => "sharepoint_site",
        _ if has(&["appRoles", "appId", "roles"]) => "application",
        _ if has(&["groupTypes", "members", "securityEnabled", "type"]) => "group",
        _ => return Err(
            "it is not told what it is: a user has `userPrincipalName`, a group `members` or `type`, an application `roles`, a site `url`"
                .to_owned(),
        ),
    };
    let id = word(said, &["id", "objectId", "object_id"]).map(fold);
    let name = word(said, &["displayName", "display_name", "name"]).unwrap_or("").to_owned();
    let key = match kind {
        "user" => {
            let key = word(said, &["userPrincipalName", "user_principal_name", "key"]).map(str::to_ascii_lowercase);
            let key = key.ok_or("a user without a user principal name")?;
            if !is_user_key(&key) {
                return Err(format!("`{}` is no user principal name that can be a key", super::piece::shown(&key)));
            }
            Some(key)
        }
        _ => match word(said, &["key"]) {
            Some(key) if is_key(key) => Some(key.to_owned()),
            Some(key) => return Err(format!("`{}` is no key of lower-case letters, digits, `-` and `_`", super::piece::shown(key))),
            None if name.is_empty() && id.is_none() => return Err("it has neither a name nor an id".to_owned()),
            None => None,
        },
    };
    Ok(Named { kind, id, key, name })
}

/// Who is known by an id or a name: the reference of a user or group.
pub type Who<'w> = dyn Fn(&str) -> Option<String> + 'w;

/// The object of an entry at an address.
///
/// # Errors
/// Why it cannot be one.
pub fn object(said: &Map<String, Json>, address: Address, at: &str, who: &Who<'_>, left: &mut Leftovers) -> Result<Object, String> {
    let mut out = Map::new();
    let mut say = |name: &str, value: Option<Json>| drop(value.map(|value| out.insert(name.to_owned(), value)));
    let display = word(said, &["displayName", "display_name"]);
    say("display_name", display.and_then(|n| names::name(n, at, left)).map(Json::String));
    let described = word(said, &["description"]).and_then(|d| names::block(d, at, left)).map(Json::String);
    match address.kind() {
        "user" => {
            say("mail", word(said, &["mail"]).map(str::to_ascii_lowercase).filter(|m| is_user_key(m)).map(Json::String));
            say("department", word(said, &["department"]).and_then(|d| names::line(d, at, left)).map(Json::String));
            say("enabled", flag(said, &["accountEnabled", "enabled"])?.map(Json::Bool));
            let guest =
                word(said, &["userType", "type"]).is_some_and(|t| t.eq_ignore_ascii_case("guest")) || address.key().contains("#ext#");
            say("type", guest.then(|| Json::from("guest")));
            say("manager", one(get(said, &["manager"]), at, "a manager", who, left).map(Json::String));
            if guest {
                say("organization", word(said, &["organization"]).filter(|o| is_key(o)).map(Json::from));
                let sponsors = get(said, &["sponsor"]).or_else(|| get(said, &["sponsors"]).and_then(|s| s.get(0)));
                say("sponsor", one(sponsors, at, "a sponsor", who, left).map(Json::String));
            }
        }
        "group" => {
            say("description", described);
            let types = get(said, &["groupTypes"]).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
            let unified = types.into_iter().any(|t| t.eq_ignore_ascii_case("unified"));
            let mailed = flag(said, &["mailEnabled"])? == Some(true) && flag(said, &["securityEnabled"])? == Some(false);
            let own = word(said, &["type"]).filter(|t| matches!(*t, "security" | "microsoft_365" | "distribution"));
            let kind = if unified { Some("microsoft_365") } else { own.or(mailed.then_some("distribution")) };
            say("type", kind.map(Json::from));
            say("synced", flag(said, &["onPremisesSyncEnabled", "synced"])?.map(Json::Bool));
            let rule = word(said, &["membershipRule"]).and_then(super::rule::cel);
            let members = many(get(said, &["members"]), at, "a member", who, left);
            match rule {
                Some(rule) => say("rule", Some(Json::String(rule))),
                None => say("members", Some(members).filter(|m| !m.is_empty()).map(Json::from)),
            }
            say("owners", users(many(get(said, &["owners"]), at, "an owner", who, left)));
        }
        "application" => {
            say("description", described);
            say("owners", users(many(get(said, &["owners"]), at, "an owner", who, left)));
            say("roles", roles(said, at, left));
        }
        _ => {
            say("description", described);
            let url = word(said, &["webUrl", "url"]).map(super::directory::same_url).ok_or("a site without an address")?;
            if text::check(Text::Url, &url).is_err() {
                return Err(format!("`{}` is no `https://` address", super::piece::shown(&url)));
            }
            say("url", Some(Json::String(url)));
            say("owners", users(many(get(said, &["owners"]), at, "an owner", who, left)));
            say("roles", roles(said, at, left));
        }
    }
    let object = object_from_json(address, &Json::Object(out)).map_err(|e| e.to_string())?;
    let mut found = crate::diag::Diagnostics::new();
    if let Some(kind) = kinds::kind(object.address.kind()) {
        (kind.check)(&object, &mut found);
    }
    found.iter().next().map_or(Ok(object), |finding| Err(finding.message.clone()))
}

/// A yes or no, or the word for it.
fn flag(said: &Map<String, Json>, names: &[&str]) -> Result<Option<bool>, String> {
    match get(said, names) {
        None => Ok(None),
        Some(Json::Bool(b)) => Ok(Some(*b)),
        Some(Json::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(Some(true)),
            "false" | "no" | "0" => Ok(Some(false)),
            "" => Ok(None),
            other => Err(format!("`{}` of `{}` is neither true nor false", super::piece::shown(other), names.join("` or `"))),
        },
        Some(_) => Err(format!("`{}` is neither true nor false", names.join("` or `"))),
    }
}

/// Somebody, named by an id, a user principal name, or an object with one of them.
fn one(value: Option<&Json>, at: &str, what: &str, who: &Who<'_>, left: &mut Leftovers) -> Option<String> {
    let value = value?;
    let said = match value {
        Json::String(text) => Some(text.trim()).filter(|t| !t.is_empty()),
        Json::Object(map) => word(map, &["id", "userPrincipalName"]),
        _ => None,
    }?;
    let found = who(&said.to_ascii_lowercase());
    if found.is_none() {
        left.push(at, format!("{what} who is not known"), "they are in none of the files, and not in the store");
    }
    found
}

/// Several, in a list, or in one text with `;` between them.
fn many(value: Option<&Json>, at: &str, what: &str, who: &Who<'_>, left: &mut Leftovers) -> Vec<String> {
    let mut all: Vec<String> = match value {
        Some(Json::Array(all)) => all.iter().filter_map(|v| one(Some(v), at, what, who, left)).collect(),
        Some(Json::String(text)) => {
            text.split(';').map(|part| Json::from(part.trim())).filter_map(|v| one(Some(&v), at, what, who, left)).collect()
        }
        _ => Vec::new(),
    };
    all.sort();
    all.dedup();
    all
}

/// Those of them who are users, since nobody else owns anything.
fn users(all: Vec<String>) -> Option<Json> {
    let users: Vec<String> = all.into_iter().filter(|one| one.contains('@')).collect();
    Some(users).filter(|u| !u.is_empty()).map(Json::from)
}

fn roles(said: &Map<String, Json>, at: &str, left: &mut Leftovers) -> Option<Json> {
    let mut all: Vec<String> = match get(said, &["appRoles", "roles"]) {
        Some(Json::Array(all)) => {
            let enabled = |v: &&Json| v.get("isEnabled") != Some(&Json::Bool(false));
            let name = |v: &Json| v.get("displayName").or(Some(v)).and_then(Json::as_str).map(str::to_owned);
            all.iter().filter(enabled).filter_map(name).collect()
        }
        Some(Json::String(text)) => text.split(';').map(|part| part.trim().to_owned()).filter(|p| !p.is_empty()).collect(),
        _ => Vec::new(),
    };
    all = all.iter().filter_map(|role| names::name(role, at, left)).collect();
    all.sort();
    all.dedup();
    Some(all).filter(|r| !r.is_empty()).map(Json::from)
}
