//! What an account says of its person: in full, as it begins, and in what it differs later.

use super::Person;
use super::scim::{same, text};
use serde_json::{Map, Value as Json, json};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Texts of the core schema that an account may be told.
const CORE_TEXTS: &[&str] = &["locale", "nickName", "preferredLanguage", "profileUrl", "timezone", "title", "userType"];
/// Parts of its `name`.
const NAME_TEXTS: &[&str] = &["familyName", "givenName"];
/// Texts of the enterprise schema.
const ENTERPRISE_TEXTS: &[&str] = &["costCenter", "department", "division", "employeeNumber", "organization"];

/// What a new account is told.
pub(super) fn begins(person: &Person, active: bool) -> Json {
    let Person { user_name, display_name, mail, active: _, id, attributes } = person;
    let said = |names: &[&str]| -> Map<String, Json> {
        let of = |name: &str| attributes.get(name).filter(|text| !text.is_empty());
        let known = names.iter().filter_map(|name| Some(((*name).to_owned(), json!(of(name)?))));
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
        user.insert("emails".to_owned(), json!([email(mail)]));
    }
    let enterprise = said(ENTERPRISE_TEXTS);
    if !enterprise.is_empty() {
        schemas.push(ENTERPRISE);
        user.insert(ENTERPRISE.to_owned(), Json::Object(enterprise));
    }
    user.insert("schemas".to_owned(), json!(schemas));
    Json::Object(user)
}

fn email(mail: &str) -> Json {
    json!({ "value": mail, "type": "work", "primary": true })
}

/// Something that an account says otherwise.
#[derive(Debug, PartialEq)]
pub(super) struct Difference {
    /// What makes it right.
    pub operation: Json,
    /// Whether the account shows something else. What it shows nothing of may be what it has no place for.
    pub shown: bool,
}

/// In what an account differs. One that is to sleep is told that alone; the rest when it wakes.
pub(super) fn differences(user: &Json, person: &Person, active: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    if is_active(user) != active {
        found.push(Difference { operation: json!({ "op": "replace", "path": "active", "value": active }), shown: true });
    }
    if !active {
        return found;
    }
    let mut told = |path: String, shown: Option<&str>, wanted: &str| {
        let shown = shown.unwrap_or("");
        if shown != wanted {
            let operation = match wanted {
                "" => json!({ "op": "remove", "path": path }),
                _ => json!({ "op": "replace", "path": path, "value": wanted }),
            };
            found.push(Difference { operation, shown: !shown.is_empty() });
        }
    };
    if !text(user, "userName").is_some_and(|name| same(name, &person.user_name)) {
        told("userName".to_owned(), text(user, "userName"), &person.user_name);
    }
    if !person.id.is_empty() {
        told("externalId".to_owned(), text(user, "externalId"), &person.id);
    }
    told("displayName".to_owned(), text(user, "displayName"), &person.display_name);
    let name = user.get("name").unwrap_or(&Json::Null);
    told("name.formatted".to_owned(), text(name, "formatted"), &person.display_name);
    let enterprise = user.get(ENTERPRISE).unwrap_or(&Json::Null);
    for (names, inside, path) in [(CORE_TEXTS, user, ""), (NAME_TEXTS, name, "name."), (ENTERPRISE_TEXTS, enterprise, ENTERPRISE)] {
        for key in names {
            let Some(wanted) = person.attributes.get(*key) else { continue };
            let path = if path == ENTERPRISE { format!("{path}:{key}") } else { format!("{path}{key}") };
            told(path, text(inside, key), wanted);
        }
    }
    found.extend(person.mail.as_deref().and_then(|mail| mail_differs(user, mail)));
    found
}

/// The address at work, or else the first among all, is another one. Others are the other system's own.
fn mail_differs(user: &Json, mail: &str) -> Option<Difference> {
    let all = || user.get("emails").and_then(Json::as_array).into_iter().flatten();
    let work = all().find(|e| text(e, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("work")));
    let first = || all().find(|e| e.get("primary").and_then(Json::as_bool) == Some(true));
    let (path, shown) = match (work, first()) {
        (Some(work), _) => (Some("emails[type eq \"work\"].value"), text(work, "value")),
        (None, Some(first)) => (Some("emails[primary eq true].value"), text(first, "value")),
        (None, None) => (None, None),
    };
    if shown.is_some_and(|shown| same(shown, mail)) {
        return None;
    }
    let operation = match path {
        Some(path) => json!({ "op": "replace", "path": path, "value": mail }),
        None => json!({ "op": "add", "path": "emails", "value": [email(mail)] }),
    };
    Some(Difference { operation, shown: shown.is_some() })
}

/// Whether an account bears the id that we gave it.
pub(super) fn is_ours(user: &Json, person: &Person) -> bool {
    !person.id.is_empty() && text(user, "externalId") == Some(&person.id)
}

/// Whether it bears the id of somebody else, who has the name by now.
pub(super) fn is_of_another(user: &Json, person: &Person) -> bool {
    text(user, "externalId").is_some_and(|id| !id.is_empty() && !person.id.is_empty() && id != person.id)
}

/// An account of which nothing is said is active. Some servers say it in words.
pub(super) fn is_active(user: &Json) -> bool {
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
        assert_eq!(begins(&person, false), told);
        let bare = Person { mail: None, id: String::new(), attributes: BTreeMap::new(), ..person };
        let told = begins(&bare, true);
        assert!(told.get("emails").is_none() && told.get("externalId").is_none());
        assert_eq!(told["schemas"], json!([USER]));
    }

    #[test]
    fn an_account_is_told_in_what_it_differs_and_nothing_else() {
        let attributes = [("department", "Sales"), ("title", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let person = Person {
            user_name: "ann@contoso.example".to_owned(),
            display_name: "Ann Lee".to_owned(),
            mail: Some("ann@contoso.example".to_owned()),
            active: true,
            id: "u-1".to_owned(),
            attributes: attributes.into(),
        };
        let told = |user: &Json, active| -> Vec<Json> { differences(user, &person, active).into_iter().map(|d| d.operation).collect() };
        let mut user = begins(&person, true);
        assert_eq!(told(&user, true), [] as [Json; 0]);
        // Letter case of names and addresses means nothing; what we know nothing of is theirs.
        user["userName"] = json!("Ann@Contoso.example");
        user["emails"] = json!([{ "value": "ann@home.example", "type": "home" }, { "value": "ANN@contoso.example", "type": "work" }]);
        user["nickName"] = json!("Annie");
        assert_eq!(told(&user, true), [] as [Json; 0]);
        assert_eq!(told(&user, false), [json!({ "op": "replace", "path": "active", "value": false })]);
        user["emails"][1]["value"] = json!("ann@old.example");
        user["title"] = json!("Lead");
        user[ENTERPRISE] = json!({});
        assert_eq!(
            told(&user, true),
            [
                json!({ "op": "remove", "path": "title" }),
                json!({ "op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Sales" }),
                json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "ann@contoso.example" }),
            ]
        );
        // One that sleeps is told that alone.
        user["active"] = json!("False");
        assert_eq!(told(&user, false), [] as [Json; 0]);
        assert_eq!(differences(&user, &person, true).len(), 4);
        let bare = json!({ "userName": "a@contoso.example" });
        let found = differences(&bare, &person, true);
        let shown: Vec<bool> = found.iter().map(|d| d.shown).collect();
        assert_eq!(shown, [true, false, false, false, false, false], "{found:?}");
        assert_eq!(found[5].operation["op"], json!("add"));
    }
}
