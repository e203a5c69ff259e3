//! Users and groups of a SCIM server: found, made, changed, taken away, and read back.

use super::http::{Answer, Session, encoded};
use super::retry::{Retry, Undelivered};
use super::{Delivered, Person, account};
use serde_json::{Value as Json, json};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// How many are asked for at a time.
const PAGE: &str = "100";
/// The most pages of one list. One name has few bearers: a server that shows more pays no heed to the filter.
const MOST_PAGES: usize = 50;

/// See [`super::Wish::Membership`].
pub(super) fn membership(
    session: &Session<'_>,
    person: &Person,
    group: &str,
    held: bool,
    stays: &[String],
) -> Result<Delivered, Undelivered> {
    let Some(found) = find_group(session, group)? else { return without_group(session, group, held) };
    if !held && is_one_of(session, &found, stays)? {
        return Ok(Delivered::Already);
    }
    let group_id = found.id;
    let user = find_user(session, person)?;
    let user_id = match (user, held) {
        (Some(user), _) => id_of(session, &user)?,
        (None, false) => return Ok(Delivered::Already),
        (None, true) => id_of(session, &create(session, person)?)?,
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
    let answer = patch(session, &doing, &format!("Groups/{}", encoded(&group_id)), vec![operation])?;
    match is_member(session, group, &group_id, &user_id)? {
        Some(is) if is == held => Ok(Delivered::Changed),
        None if !held => Ok(Delivered::Changed),
        None => without_group(session, group, held),
        Some(_) => Err(not_so(session, &doing, &answer)),
    }
}

/// See [`super::Wish::Account`].
pub(super) fn account(session: &Session<'_>, person: &Person, active: bool) -> Result<Delivered, Undelivered> {
    let Some(user) = find_user(session, person)? else { return Ok(Delivered::Already) };
    let wanting = account::differences(&user, person, active);
    if wanting.is_empty() || (!active && account::is_of_another(&user, person)) {
        return Ok(Delivered::Already);
    }
    let verb = match account::is_active(&user) == active {
        true => "updating",
        false if active => "activating",
        false => "deactivating",
    };
    let doing = format!("{verb} the account of {}", person.user_name);
    let operations = wanting.into_iter().map(|difference| difference.operation).collect();
    let answer = patch(session, &doing, &format!("Users/{}", encoded(&id_of(session, &user)?)), operations)?;
    let Some(user) = find_user(session, person)? else {
        return if active { Err(not_so(session, &doing, &answer)) } else { Ok(Delivered::Changed) };
    };
    // What is not shown at all is what the system has no place for.
    let still = account::differences(&user, person, active);
    let so = still.is_empty() || (answer.is_done() && still.iter().all(|difference| !difference.shown));
    if so { Ok(Delivered::Changed) } else { Err(not_so(session, &doing, &answer)) }
}

/// See [`super::Wish::NoAccount`].
pub(super) fn no_account(session: &Session<'_>, person: &Person) -> Result<Delivered, Undelivered> {
    let Some(user) = find_user(session, person)? else { return Ok(Delivered::Already) };
    // What is not ours is not ours to take away.
    if !account::is_ours(&user, person) {
        return account(session, person, false);
    }
    let doing = format!("deleting the account of {}", person.user_name);
    let answer = session.delete(&doing, &format!("Users/{}", encoded(&id_of(session, &user)?)))?;
    match find_user(session, person)? {
        None => Ok(Delivered::Changed),
        Some(_) => Err(not_so(session, &doing, &answer)),
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

fn patch<'a>(session: &Session<'a>, doing: &str, path: &str, operations: Vec<Json>) -> Result<Answer<'a>, Undelivered> {
    session.patch(doing, path, &json!({ "schemas": [PATCH], "Operations": operations }))
}

/// The one user of a name; or else the one whom we gave our id, who was renamed since.
fn find_user(session: &Session<'_>, person: &Person) -> Result<Option<Json>, Undelivered> {
    let name = &person.user_name;
    let doing = format!("finding {name}");
    let one_of = |found: Vec<Json>, is: &dyn Fn(&Json) -> bool| {
        // Some servers pay no heed to the filter, so it is not relied on.
        let mut found = found.into_iter().filter(is);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(session.fault(&doing, "several accounts have this name", Retry::Never)),
            (user, None) => Ok(user),
        }
    };
    let found = list(session, &doing, "Users", &format!("userName eq {}", literal(name)), &[])?;
    let named = one_of(found, &|user| text(user, "userName").is_some_and(|other| same(other, name)))?;
    if named.is_some() || person.id.is_empty() {
        return Ok(named);
    }
    match list(session, &doing, "Users", &format!("externalId eq {}", literal(&person.id)), &[]) {
        Ok(found) => one_of(found, &|user| account::is_ours(user, person)),
        // Not every system looks for it.
        Err(undelivered) if undelivered.retry == Retry::Never => Ok(None),
        Err(undelivered) => Err(undelivered),
    }
}

/// Makes an account, and reads it back. One that somebody else made in the meantime serves as well.
fn create(session: &Session<'_>, person: &Person) -> Result<Json, Undelivered> {
    let doing = format!("making an account for {}", person.user_name);
    let answer = session.post(&doing, "Users", &account::begins(person, person.active))?;
    if !answer.is_done() && answer.status != 409 {
        return Err(answer.refused());
    }
    find_user(session, person)?.ok_or_else(|| not_so(session, &doing, &answer))
}

/// A group as it was found.
#[derive(Debug, PartialEq)]
struct Group {
    id: String,
    name: Option<String>,
}

/// Whether a group is one of these, which may say it by another name.
fn is_one_of(session: &Session<'_>, group: &Group, others: &[String]) -> Result<bool, Undelivered> {
    let name = group.name.as_deref();
    if others.iter().any(|other| *other == group.id || name == Some(other)) {
        return Ok(true);
    }
    for other in others.iter().filter(|other| name.is_some_and(|name| same(name, other))) {
        if find_group(session, other)?.is_some_and(|other| other.id == group.id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A group, by its name as written, by its name in other letter case, or by its id.
fn find_group(session: &Session<'_>, group: &str) -> Result<Option<Group>, Undelivered> {
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
        [one] => Ok(Some(Group { id: id_of(session, one)?, name: text(one, "displayName").map(str::to_owned) })),
        [] => {
            let answer = session.get(&doing, &format!("Groups/{}", encoded(group)), &without_members)?;
            match answer.status {
                200..=299 => {
                    let shown = answer.object()?;
                    let id = text(&shown, "id").filter(|id| *id == group).map(str::to_owned);
                    Ok(id.map(|id| Group { id, name: text(&shown, "displayName").map(str::to_owned) }))
                }
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
pub(super) fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

pub(super) fn text<'j>(json: &'j Json, key: &str) -> Option<&'j str> {
    json.get(key).and_then(Json::as_str)
}

fn id_of(session: &Session<'_>, resource: &Json) -> Result<String, Undelivered> {
    let id = text(resource, "id").filter(|id| !id.is_empty()).map(str::to_owned);
    id.ok_or_else(|| session.fault("reading an id", "the server shows none", Retry::Later))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_a_filter_stays_a_text() {
        assert_eq!(literal("ann@contoso.example"), "\"ann@contoso.example\"");
        assert_eq!(literal("a\" or userName pr or \"\\"), "\"a\\\" or userName pr or \\\"\\\\\"");
    }
}
