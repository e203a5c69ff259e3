//! Users and groups of a SCIM server: found, made, changed, and read back.

use super::http::{Answer, Session, encoded};
use super::retry::{Retry, Undelivered};
use super::{Delivered, Person};
use serde_json::{Map, Value as Json, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// Texts of the core schema that a new account may be told.
const CORE_TEXTS: &[&str] = &["locale", "nickName", "preferredLanguage", "profileUrl", "timezone", "title", "userType"];
/// Parts of its `name`.
const NAME_TEXTS: &[&str] = &["familyName", "givenName"];
/// Texts of the enterprise schema.
const ENTERPRISE_TEXTS: &[&str] = &["costCenter", "department", "division", "employeeNumber", "organization"];

/// How many are asked for at a time.
const PAGE: &str = "100";
/// The most pages of one list. One name has few bearers: a server that shows more pays no heed to the filter.
const MOST_PAGES: usize = 50;

/// See [`super::Wish::Membership`].
pub(super) fn membership(session: &Session<'_>, person: &Person, group: &str, held: bool) -> Result<Delivered, Undelivered> {
    let Some(group_id) = find_group(session, group)? else { return without_group(session, group, held) };
    let user = find_user(session, person)?;
    let user_id = match (user, held) {
        (Some(user), _) => id_of(session, &user)?,
        (None, false) => return Ok(Delivered::Already),
        (None, true) => id_of(session, &create(session, person, person.active)?)?,
    };
    match is_member(session, group, &group_id, &user_id)? {
        None => return without_group(session, group, held),
        Some(is) if is == held => return Ok(Delivered::Already),
        Some(_) => {}
    }
    let operation = if held {
        json!({ "op": "add", "path": "members", "value": [{ "value": user_id }] })
    } else {
        json!({ "op": "remove", "path": format!("members[value eq {}]", literal(&user_id)) })
    };
    let way = if held { "adding" } else { "removing" };
    let doing = format!("{way} {} in group {group}", person.user_name);
    let answer = patch(session, &doing, &format!("Groups/{}", encoded(&group_id)), operation)?;
    match is_member(session, group, &group_id, &user_id)? {
        Some(is) if is == held => Ok(Delivered::Changed),
        None if !held => Ok(Delivered::Changed),
        None => without_group(session, group, held),
        Some(_) => Err(not_so(session, &doing, &answer)),
    }
}

/// See [`super::Wish::Account`].
pub(super) fn account(session: &Session<'_>, person: &Person, active: bool) -> Result<Delivered, Undelivered> {
    let user = match find_user(session, person)? {
        Some(user) if is_active(&user) == active => return Ok(Delivered::Already),
        Some(user) => user,
        None if !active => return Ok(Delivered::Already),
        None => {
            let doing = format!("making an account for {}", person.user_name);
            let made = is_active(&create(session, person, true)?);
            let not_so = || session.fault(&doing, "the server made it, and shows it inactive", Retry::Later);
            return if made { Ok(Delivered::Changed) } else { Err(not_so()) };
        }
    };
    let doing = format!("{} the account of {}", if active { "activating" } else { "deactivating" }, person.user_name);
    let operation = json!({ "op": "replace", "path": "active", "value": active });
    let answer = patch(session, &doing, &format!("Users/{}", encoded(&id_of(session, &user)?)), operation)?;
    match find_user(session, person)? {
        Some(user) if is_active(&user) == active => Ok(Delivered::Changed),
        None if !active => Ok(Delivered::Changed),
        _ => Err(not_so(session, &doing, &answer)),
    }
}

/// A group that is not there: nobody is in it, and nobody can be put into it.
fn without_group(session: &Session<'_>, group: &str, held: bool) -> Result<Delivered, Undelivered> {
    if held { Err(session.fault(&format!("finding group {group}"), "there is none", Retry::Never)) } else { Ok(Delivered::Already) }
}

/// It was asked for, and is not so: because it was refused, or though it was said to be done.
fn not_so(session: &Session<'_>, doing: &str, answer: &Answer<'_>) -> Undelivered {
    if answer.is_done() {
        session.fault(doing, &format!("the server answers {}, and does not show it", answer.status), Retry::Later)
    } else {
        answer.refused()
    }
}

fn patch<'a>(session: &Session<'a>, doing: &str, path: &str, operation: Json) -> Result<Answer<'a>, Undelivered> {
    session.patch(doing, path, &json!({ "schemas": [PATCH], "Operations": [operation] }))
}

/// The one user of a name.
fn find_user(session: &Session<'_>, person: &Person) -> Result<Option<Json>, Undelivered> {
    let name = &person.user_name;
    let doing = format!("finding {name}");
    let found = list(session, &doing, "Users", &format!("userName eq {}", literal(name)), &[])?;
    // Some servers pay no heed to the filter, so it is not relied on.
    let mut named = found.into_iter().filter(|user| text(user, "userName").is_some_and(|other| same(other, name)));
    match (named.next(), named.next()) {
        (_, Some(_)) => Err(session.fault(&doing, "several accounts have this name", Retry::Never)),
        (user, None) => Ok(user),
    }
}

/// Makes an account, and reads it back. One that somebody else made in the meantime serves as well.
fn create(session: &Session<'_>, person: &Person, active: bool) -> Result<Json, Undelivered> {
    let doing = format!("making an account for {}", person.user_name);
    let answer = session.post(&doing, "Users", &user_json(person, active))?;
    if !answer.is_done() && answer.status != 409 {
        return Err(answer.refused());
    }
    find_user(session, person)?.ok_or_else(|| not_so(session, &doing, &answer))
}

/// What a new account is told.
fn user_json(person: &Person, active: bool) -> Json {
    let Person { user_name, display_name, mail, active: _, id, attributes } = person;
    let said = |names: &[&str]| -> Map<String, Json> {
        let known = names.iter().filter_map(|name| Some(((*name).to_owned(), json!(attributes.get(*name)?))));
        known.collect()
    };
    let mut user = said(CORE_TEXTS);
    let mut schemas = vec![USER];
    let mut name = said(NAME_TEXTS);
    name.insert("formatted".to_owned(), json!(display_name));
    user.insert("name".to_owned(), Json::Object(name));
    user.insert("userName".to_owned(), json!(user_name));
    user.insert("displayName".to_owned(), json!(display_name));
    user.insert("active".to_owned(), json!(active));
    if !id.is_empty() {
        user.insert("externalId".to_owned(), json!(id));
    }
    if let Some(mail) = mail {
        user.insert("emails".to_owned(), json!([{ "value": mail, "type": "work", "primary": true }]));
    }
    let enterprise = said(ENTERPRISE_TEXTS);
    if !enterprise.is_empty() {
        schemas.push(ENTERPRISE);
        user.insert(ENTERPRISE.to_owned(), Json::Object(enterprise));
    }
    user.insert("schemas".to_owned(), json!(schemas));
    Json::Object(user)
}

/// The id of a group, by its name as written, by its name in other letter case, or by its id.
fn find_group(session: &Session<'_>, group: &str) -> Result<Option<String>, Undelivered> {
    let doing = format!("finding group {group}");
    if group.is_empty() {
        return Err(session.fault("finding a group", "it has no name", Retry::Never));
    }
    let without_members = [("excludedAttributes", "members")];
    let found = list(session, &doing, "Groups", &format!("displayName eq {}", literal(group)), &without_members)?;
    let of = |named: &dyn Fn(&str) -> bool| -> Vec<&Json> { found.iter().filter(|g| text(g, "displayName").is_some_and(named)).collect() };
    let exactly = of(&|name| name == group);
    let named = if exactly.is_empty() { of(&|name| same(name, group)) } else { exactly };
    match named.as_slice() {
        [one] => id_of(session, one).map(Some),
        [] => {
            let answer = session.get(&doing, &format!("Groups/{}", encoded(group)), &without_members)?;
            match answer.status {
                200..=299 => Ok(text(&answer.object()?, "id").filter(|id| *id == group).map(str::to_owned)),
                // Servers whose ids have a form refuse what has another.
                400 | 404 => Ok(None),
                _ => Err(answer.refused()),
            }
        }
        _ => Err(session.fault(&doing, "several groups have this name: write the id of one", Retry::Never)),
    }
}

/// Whether somebody is in a group; `None`: there is no such group.
fn is_member(session: &Session<'_>, group: &str, group_id: &str, user_id: &str) -> Result<Option<bool>, Undelivered> {
    let doing = format!("reading the members of group {group}");
    let answer = session.get(&doing, &format!("Groups/{}", encoded(group_id)), &[("attributes", "members")])?;
    if answer.status == 404 {
        return Ok(None);
    }
    if !answer.is_done() {
        return Err(answer.refused());
    }
    let shown = answer.object()?;
    // Whatever has another id, or none, says nothing about this group.
    if text(&shown, "id") != Some(group_id) {
        return Err(session.fault(&doing, "the answer is not this group", Retry::Later));
    }
    let mut members = shown.get("members").and_then(Json::as_array).into_iter().flatten();
    Ok(Some(members.any(|member| text(member, "value") == Some(user_id))))
}

/// All that a filter finds, of however many pages.
fn list(session: &Session<'_>, doing: &str, kind: &str, filter: &str, more: &[(&str, &str)]) -> Result<Vec<Json>, Undelivered> {
    let mut found: Vec<Json> = Vec::new();
    for _ in 0..MOST_PAGES {
        let start = found.len().saturating_add(1).to_string();
        let page = [("filter", filter), ("startIndex", &start), ("count", PAGE)];
        let answer = session.get(doing, kind, &[&page, more].concat())?;
        if !answer.is_done() {
            return Err(answer.refused());
        }
        let mut shown = answer.object()?;
        let Some(total) = shown.get("totalResults").and_then(Json::as_u64) else {
            return Err(session.fault(doing, "the answer is no list", Retry::Later));
        };
        match shown.get_mut("Resources").map(Json::take) {
            Some(Json::Array(mut page)) if !page.is_empty() => found.append(&mut page),
            // Taking silence for absence would make somebody twice.
            _ if (found.len() as u64) < total => {
                let why = format!("the server says that there are {total}, and shows {}", found.len());
                return Err(session.fault(doing, &why, Retry::Later));
            }
            _ => return Ok(found),
        }
        if found.len() as u64 >= total {
            return Ok(found);
        }
    }
    Err(session.fault(doing, "the server shows everything, and not what was asked for", Retry::Later))
}

/// A text in a filter: JSON's, as RFC 7644 has it, so that no quote ends it early.
fn literal(text: &str) -> String {
    Json::from(text).to_string()
}

/// Names are told apart without regard to letter case.
fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn text<'j>(json: &'j Json, key: &str) -> Option<&'j str> {
    json.get(key).and_then(Json::as_str)
}

fn id_of(session: &Session<'_>, resource: &Json) -> Result<String, Undelivered> {
    let id = text(resource, "id").filter(|id| !id.is_empty()).map(str::to_owned);
    id.ok_or_else(|| session.fault("reading an id", "the server shows none", Retry::Later))
}

/// An account of which nothing is said is active. Some servers say it in words.
fn is_active(user: &Json) -> bool {
    match user.get("active") {
        Some(Json::Bool(active)) => *active,
        Some(Json::String(word)) => !word.eq_ignore_ascii_case("false"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_text_in_a_filter_stays_a_text() {
        assert_eq!(literal("ann@contoso.example"), "\"ann@contoso.example\"");
        assert_eq!(literal("a\" or userName pr or \"\\"), "\"a\\\" or userName pr or \\\"\\\\\"");
    }

    #[test]
    fn active_is_read_in_all_its_spellings() {
        for (user, active) in [
            (json!({}), true),
            (json!({ "active": null }), true),
            (json!({ "active": true }), true),
            (json!({ "active": "True" }), true),
            (json!({ "active": false }), false),
            (json!({ "active": "False" }), false),
        ] {
            assert_eq!(is_active(&user), active, "{user}");
        }
    }

    #[test]
    fn a_new_account_is_told_what_scim_has_a_place_for() {
        let attributes = [("department", "Sales"), ("givenName", "Ann"), ("title", "Lead"), ("password", "x"), ("id", "7")];
        let person = Person {
            user_name: "ann@contoso.example".to_owned(),
            display_name: "Ann Lee".to_owned(),
            mail: Some("ann@contoso.example".to_owned()),
            active: true,
            id: "u-1".to_owned(),
            attributes: attributes.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
        };
        let told = json!({
            "schemas": [USER, ENTERPRISE],
            "userName": "ann@contoso.example",
            "externalId": "u-1",
            "displayName": "Ann Lee",
            "name": { "formatted": "Ann Lee", "givenName": "Ann" },
            "emails": [{ "value": "ann@contoso.example", "type": "work", "primary": true }],
            "title": "Lead",
            "active": false,
            ENTERPRISE: { "department": "Sales" },
        });
        assert_eq!(user_json(&person, false), told);
        let bare = Person { mail: None, id: String::new(), attributes: BTreeMap::new(), ..person };
        let told = user_json(&bare, true);
        assert!(told.get("emails").is_none() && told.get("externalId").is_none());
        assert_eq!(told["schemas"], json!([USER]));
    }
}
