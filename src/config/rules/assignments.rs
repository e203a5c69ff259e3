//! Direct assignments: whom an outside policy admits (R126), ends (R52), answers, and one assignment a person.

use crate::config::{World, finding};
use crate::diag::{Diagnostics, Span, codes, suggest};
use crate::kinds::{
    assignment::{self, Assignment},
    connected_organization,
    policy::{Policy, Population},
    user::User,
};
use crate::model::{Address, Object, Value, Zone};
use std::collections::BTreeMap;

pub(super) fn check(world: &World<'_>, found: &mut Diagnostics) {
    let mut holders: BTreeMap<(Option<Address>, &str), (&Object, Span)> = BTreeMap::new();
    for assignment in world.known_first(assignment::KIND.name).filter_map(Assignment::of) {
        let declared = world.declares(&assignment.0.address);
        for user in assignment.users() {
            let name = user.as_text().unwrap_or("");
            let first = holders.insert((assignment.package(), name), (assignment.0, user.at));
            if let Some((first, at)) = first.filter(|_| declared) {
                let message = format!("`{name}` stands in `{}` of this package already", first.address.key());
                let help = "a person stands in at most one assignment of a package";
                found.push(finding(&codes::E0404, assignment.0, user.at, message).related(at, "first here").help(help));
            }
        }
        let policy = assignment.policy().and_then(|p| world.get(&p)).and_then(Policy::of);
        let Some(policy) = policy.filter(|_| declared) else { continue };
        check_end(world, assignment, policy, found);
        check_answers(assignment, policy, found);
        if policy.population() == Population::Outside {
            check_admitted(world, assignment, policy, found);
        }
    }
}

/// An end later than the policy allows (R52); a duration without `start` counts from the apply and is judged there.
fn check_end(world: &World<'_>, assignment: Assignment<'_>, policy: Policy<'_>, found: &mut Diagnostics) {
    let zone = world.settings.zone;
    let Some(expiration) = policy.expiration() else { return };
    let Some(end) = assignment.ends(zone) else { return check_start(assignment, policy, zone, found) };
    if assignment.latest_end(policy, zone, None).is_some_and(|latest| end > latest) {
        let at = assignment.end().map_or(Span::NONE, |v| v.at);
        let text = policy.expiration_text();
        let message = format!("the end is later than the policy `{}` allows ({text})", policy.0.address.key());
        found.push(
            finding(&codes::R52, assignment.0, at, message)
                .related(expiration.at, "the policy's expiration")
                .help("choose an earlier end, or another policy"),
        );
    }
}

/// Without an end of its own it ends with the policy, so it starts before the policy's date (R52).
fn check_start(assignment: Assignment<'_>, policy: Policy<'_>, zone: Zone, found: &mut Diagnostics) {
    let (Some(start), Some(last)) = (assignment.starts(zone), assignment.latest_end(policy, zone, None)) else { return };
    if start >= last {
        let at = assignment.start().map_or(Span::NONE, |v| v.at);
        let message = format!("it starts when the policy `{}` has ended ({})", policy.0.address.key(), policy.expiration_text());
        let at_policy = policy.expiration().map_or(Span::NONE, |v| v.at);
        found.push(
            finding(&codes::R52, assignment.0, at, message)
                .related(at_policy, "the policy's expiration")
                .help("choose an earlier start, or another policy"),
        );
    }
}

fn check_answers(assignment: Assignment<'_>, policy: Policy<'_>, found: &mut Diagnostics) {
    let questions = policy.questions();
    let answers = assignment.answers().and_then(Value::as_table);
    let mut meant: Vec<&str> = Vec::new();
    for (key, answer) in answers.into_iter().flat_map(|t| t.iter()) {
        let Some(question) = questions.iter().find(|q| q.key() == key) else {
            let near = suggest(key, questions.iter().map(|q| q.key()));
            meant.extend(near);
            let help = near.map_or_else(|| "take the answer out".to_owned(), |near| format!("did you mean `{near}`?"));
            let message = format!("the policy `{}` has no question `{key}`", policy.0.address.key());
            found.push(finding(&codes::E0405, assignment.0, answer.at, message).help(help));
            continue;
        };
        let texts: Vec<&str> = answer.members().iter().filter_map(Value::as_text).collect();
        if let Some(why) = question.refuses(&texts) {
            let message = format!("the answer to `{key}` does not do: {why}");
            let help = "write an answer that the question takes";
            found.push(finding(&codes::E0405, assignment.0, answer.at, message).related(question.at, "the question").help(help));
        }
    }
    let answered = |key: &str| answers.is_some_and(|t| t.contains(key)) || meant.contains(&key);
    for question in questions.iter().filter(|q| q.is_required() && !answered(q.key())) {
        let message = format!("the policy `{}` asks `{}`, and there is no answer", policy.0.address.key(), question.key());
        let help = format!("add `answers.{} = \"…\"`", question.key());
        found.push(finding(&codes::E0405, assignment.0, assignment.0.at, message).related(question.at, "asked here").help(help));
    }
}

fn check_admitted(world: &World<'_>, assignment: Assignment<'_>, policy: Policy<'_>, found: &mut Diagnostics) {
    for value in assignment.users() {
        let user = value.as_text().map(|u| Address::root("user", u)).and_then(|a| world.get(&a)).and_then(User::of);
        let Some(user) = user else { continue };
        let organization = organization_of(world, user);
        if !user.is_guest() && user.organization().is_some() {
            continue; // of the directory and of an organization: that has been told
        }
        if organization.as_ref().is_some_and(|o| world.get(o).is_none()) {
            continue; // it exists nowhere, and has been told
        }
        let admitted = match policy.population_word() {
            Some("all_external_users") => user.is_guest(),
            Some(_) => organization.as_ref().and_then(|o| world.get(o)).is_some_and(|o| !connected_organization::is_proposed(o)),
            None => organization.as_ref().is_some_and(|o| policy.organizations().any(|(named, _)| named == *o)),
        };
        if !admitted {
            let who = match (&organization, user.is_guest()) {
                (_, false) => "a member of the directory".to_owned(),
                (Some(o), true) => format!("of `{}`", o.key()),
                (None, true) => "of no connected organization".to_owned(),
            };
            let message =
                format!("`{}` is {who}, whom the outside policy `{}` does not admit", user.0.address.key(), policy.0.address.key());
            found.push(
                finding(&codes::R126, assignment.0, value.at, message)
                    .help("assign through a policy that admits the person; direct policies take any user"),
            );
        }
    }
}

/// The organization that a guest names, or whose domains hold the domain of the mail; members belong to none.
fn organization_of(world: &World<'_>, user: User<'_>) -> Option<Address> {
    if !user.is_guest() {
        return None;
    }
    if let Some(key) = user.organization() {
        return Some(Address::root(connected_organization::KIND.name, key));
    }
    let organizations = world.all(connected_organization::KIND.name);
    organizations.into_iter().find(|o| connected_organization::has_domain(o, user.mail_domain())).map(|o| o.address.clone())
}
