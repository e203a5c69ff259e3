//! Requests, assignments, packages and what happened to them: as text for people, as rows, as JSON.

use crate::engine::{Assignment, Cause, Delivery, Event, Named, Notice, Offer, Record, Request, SendState, Source, Standing, Wanted};
use crate::kinds::access_package::Package;
use crate::kinds::{counted, display_name};
use crate::model::Expiration;
use crate::view::object::table;
use crate::view::paint::line;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value as Json, json};

/// An instant, for people and programs alike.
#[must_use]
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// When something ends; `None`: it does not.
pub(super) fn or_never(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| Expiration::NEVER.to_owned(), instant)
}

fn key(package: &Named) -> &str {
    package.name.strip_prefix("access_package.").unwrap_or(&package.name)
}

fn last(address: &str) -> &str {
    address.rsplit('.').next().unwrap_or(address)
}

/// What happened, a line for each thing that people want to know.
#[must_use]
pub fn told(events: &[Event], records: &[Record]) -> String {
    let request = |id: &str| records.iter().find_map(|r| if let Record::Request(r) = r { (r.id == id).then_some(&**r) } else { None });
    let assignment =
        |id: &str| records.iter().find_map(|r| if let Record::Assignment(a) = r { (a.id == id).then_some(&**a) } else { None });
    let delivery_of = |id: &str| records.iter().find_map(|r| if let Record::Delivery(d) = r { (d.id == id).then_some(&**d) } else { None });
    let notice_of = |id: &str| records.iter().find_map(|r| if let Record::Notice(n) = r { (n.id == id).then_some(&**n) } else { None });
    let review_item = |assignment: &str| {
        let items = records.iter().filter_map(|r| if let Record::Review(r) = r { Some(&r.items) } else { None }).flatten();
        items.into_iter().find(|i| i.assignment == assignment)
    };
    let said = |n: &Notice| n.kind.word().replace('_', " ");
    let of = |id: &str| request(id).map_or_else(String::new, |r| format!("{} for {}", key(&r.package), r.target.name));
    let held = |id: &str| assignment(id).map_or_else(String::new, |a| format!("{} of {}", key(&a.package), a.target.name));
    let names = |all: &[Named]| all.iter().map(|n| n.name.clone()).collect::<Vec<_>>().join(", ");
    let (mut text, mut purged) = (String::new(), 0_usize);
    for event in events {
        let said = match event {
            Event::RequestSubmitted { request } => {
                format!("Request {} for {} by {}.", request.id, key(&request.package), request.target.name)
            }
            Event::StageStarted { stage, approvers, .. } => {
                format!("  Waits for a decision until {}: any one of {}.", instant(stage.deadline), names(approvers))
            }
            Event::Escalated { request, approvers, .. } => {
                format!("{} ({request}): may be decided by {} now.", of(request), names(approvers))
            }
            Event::Reminded { request, .. } => format!("{} ({request}): half of the time to decide is over.", of(request)),
            Event::Decided { request, verdict } => {
                let word = if verdict.approve { "approved" } else { "denied" };
                format!("Request {request} for {}: {word} by {}.", of(request), verdict.by.name)
            }
            Event::Approved { start: Some(start), .. } => format!("  Approved; access begins at {}.", instant(*start)),
            Event::Approved { .. } => "  Approved.".to_owned(),
            Event::Closed { request, state, cause, .. } => format!("Request {request} for {}: {} ({cause}).", of(request), state.word()),
            Event::RequestDelivered { .. } => continue,
            Event::Given { assignment } => {
                format!(
                    "  {} holds {} until {}: assignment {}.",
                    assignment.target.name,
                    key(&assignment.package),
                    or_never(assignment.end),
                    assignment.id
                )
            }
            Event::Rescheduled { assignment, end, .. } => format!("Access to {} ends at {}.", held(assignment), or_never(*end)),
            Event::Expiring { assignment: id, told: true, .. } => match assignment(id) {
                Some(a) => format!("{}: it ends at {}.", held(id), or_never(a.end)),
                None => continue,
            },
            Event::Expiring { .. } => continue,
            Event::Grace { assignment, until } => format!("Access to {} is let go at {}.", held(assignment), or_never(*until)),
            Event::Ended { assignment, cause, .. } => format!("Access to {} is over: {}.", held(assignment), cause.words()),
            Event::GuestInvited { guest, organization: Some(key), proposes: Some(domain) } => format!(
                "  {} is a guest of the directory from now on; their organization, {domain}, is there as connected_organization.{key}, proposed.",
                guest.name
            ),
            Event::GuestInvited { guest, .. } => format!("  {} is a guest of the directory from now on.", guest.name),
            Event::GuestBlocked { guest, deletes, .. } => match deletes {
                Some(at) => format!("{guest} cannot sign in any more, and leaves the directory at {}.", instant(*at)),
                None => format!("{guest} cannot sign in any more."),
            },
            Event::GuestRestored { guest, .. } => format!("  {guest} stays."),
            Event::GuestDeleted { guest, .. } => format!("{guest} has left the directory."),
            Event::RequestSettled { request, state, errors, .. } => match errors.len() {
                0 => format!("Request {request} for {}: {}.", of(request), state.word()),
                n => format!("Request {request} for {}: {}, {}: {}.", of(request), state.word(), counted(n, "error"), errors.join("; ")),
            },
            Event::ReviewOpened { review } => {
                let n = counted(review.items.len(), "holder");
                format!("Review {} of {} is open until {}: {n} to look at.", review.id, review.policy.name, instant(review.closes))
            }
            Event::ReviewReminded { review, .. } => format!("Review {review}: half of the time to answer is over."),
            Event::ReviewAnswered { assignment, answered, .. } => {
                let target = review_item(assignment).map_or_else(String::new, |i| i.target.name.clone());
                format!("Access of {target}: {} by {}.", answered.answer.word(), answered.by.name)
            }
            Event::ReviewApplied { review, removed, .. } => format!("Review {review} is over: {} taken away.", removed.len()),
            Event::SeriesPlanned { .. } | Event::Settled { .. } | Event::NoticeQueued { .. } | Event::Kept { .. } => continue,
            // What is let go of is looked after under another connector.
            Event::DeliveryWanted { delivery: d } if d.state != SendState::Pending => continue,
            Event::DeliveryWanted { delivery: d } => format!("  {}", wanted(d)),
            Event::DeliveryDone { delivery, .. } => match delivery_of(delivery) {
                Some(d) => done(d),
                None => continue,
            },
            Event::DeliveryFailed { delivery, error, retry, .. } => {
                let what = delivery_of(delivery).map_or_else(String::new, in_vain);
                let next =
                    retry.map_or_else(|| "it is not tried again by itself".to_owned(), |at| format!("tried again at {}", instant(at)));
                format!("Not delivered: {what}: {error}; {next}.")
            }
            Event::NoticeSent { notice, .. } => match notice_of(notice) {
                Some(n) => format!("{} was told: {}.", n.to.name, said(n)),
                None => continue,
            },
            Event::NoticeFailed { notice, error, .. } => match notice_of(notice) {
                Some(n) => format!("{} could not be told: {}: {error}.", n.to.name, said(n)),
                None => continue,
            },
            Event::Purged { .. } => {
                purged = purged.saturating_add(1);
                continue;
            }
        };
        text.push_str(&said.lines().map(line).collect::<Vec<_>>().join(" "));
        text.push('\n');
    }
    if purged > 0 {
        let verb = if purged == 1 { "is" } else { "are" };
        text.push_str(&format!("{} {verb} not kept any longer.\n", counted(purged, "request")));
    }
    text
}

/// What is to be so elsewhere.
fn wanted(d: &Delivery) -> String {
    let (name, connector) = (&d.person.name, &d.connector);
    match &d.wanted {
        Wanted::Membership { group, held: true } => format!("{name} is to be in {group} on {connector}."),
        Wanted::Membership { group, held: false } => format!("{name} is to leave {group} on {connector}."),
        Wanted::Account { account } => match account.standing {
            Standing::Awake => format!("The account of {name} on {connector} is to say what is known of them."),
            Standing::Asleep => format!("The account of {name} on {connector} is to sleep."),
            Standing::Gone => format!("The account of {name} on {connector} is to go."),
        },
    }
}

/// What is so elsewhere.
fn done(d: &Delivery) -> String {
    let (name, connector) = (&d.person.name, &d.connector);
    match &d.wanted {
        Wanted::Membership { group, held: true } => format!("{name} is in {group} on {connector}."),
        Wanted::Membership { group, held: false } => format!("{name} is out of {group} on {connector}."),
        Wanted::Account { account } => match account.standing {
            Standing::Awake => format!("The account of {name} on {connector} says what is known of them."),
            Standing::Asleep => format!("The account of {name} on {connector} sleeps."),
            Standing::Gone => format!("The account of {name} on {connector} is gone."),
        },
    }
}

/// What could not be made so elsewhere, in a few words.
#[must_use]
pub fn in_vain(d: &Delivery) -> String {
    let (name, connector) = (&d.person.name, &d.connector);
    match &d.wanted {
        Wanted::Membership { group, held: true } => format!("{name} in {group} on {connector}"),
        Wanted::Membership { group, held: false } => format!("{name} out of {group} on {connector}"),
        Wanted::Account { .. } => format!("the account of {name} on {connector}"),
    }
}

/// How an assignment came to be.
#[must_use]
pub fn source(source: &Source) -> String {
    match source {
        Source::Request(id) => format!("request {id}"),
        Source::Direct(by) => format!("assigned by {by}"),
        Source::Declared(id) => format!("declared, {id}"),
        Source::Automatic => "automatic".to_owned(),
    }
}

/// The names of the columns of a list of requests.
pub const REQUEST_COLUMNS: [&str; 10] =
    ["id", "kind", "package", "policy", "target", "requestor", "state", "submitted", "deadline", "justification"];

/// A row of a list of requests.
#[must_use]
pub fn request_row(r: &Request) -> Vec<String> {
    let kind = serde_json::to_value(r.kind).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    vec![
        r.id.clone(),
        kind,
        key(&r.package).to_owned(),
        last(&r.policy.name).to_owned(),
        r.target.name.clone(),
        r.requestor.name.clone(),
        r.state.word().to_owned(),
        instant(r.submitted),
        r.stage.as_ref().map(|s| instant(s.deadline)).unwrap_or_default(),
        r.justification.clone().unwrap_or_default(),
    ]
}

/// Requests for people.
#[must_use]
pub fn requests_text(requests: &[(Request, Vec<Named>)]) -> String {
    if requests.is_empty() {
        return "No requests.\n".to_owned();
    }
    let row = |(r, deciders): &(Request, Vec<Named>)| {
        let waits = deciders.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", ");
        let until = r.stage.as_ref().map_or_else(|| "-".to_owned(), |s| instant(s.deadline));
        vec![r.id.clone(), key(&r.package).to_owned(), r.target.name.clone(), r.state.word().to_owned(), until, waits]
    };
    table(&["REQUEST", "PACKAGE", "FOR", "STATE", "UNTIL", "WAITS FOR"], &requests.iter().map(row).collect::<Vec<_>>())
}

/// One request with all that happened to it.
#[must_use]
pub fn request_text(r: &Request, deciders: &[Named]) -> String {
    let mut text = format!("Request {}\n", r.id);
    let mut add = |name: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("  {name:<14} {}\n", line(&value)));
        }
    };
    add("package", r.package.name.clone());
    add("policy", r.policy.name.clone());
    add("for", r.target.name.clone());
    add("by", r.requestor.name.clone());
    add("submitted", instant(r.submitted));
    add("justification", r.justification.clone().unwrap_or_default());
    for (question, answer) in &r.answers {
        add(question, answer.join(", "));
    }
    add("start", r.start.map(instant).unwrap_or_default());
    add("end", r.end.map(instant).unwrap_or_default());
    for verdict in &r.verdicts {
        let word = if verdict.approve { "approved" } else { "denied" };
        let reason = verdict.justification.as_ref().map_or_else(String::new, |j| format!(": {j}"));
        add(&format!("stage {}", verdict.stage), format!("{word} by {} at {}{reason}", verdict.by.name, instant(verdict.at)));
    }
    if let Some(stage) = &r.stage {
        let who = deciders.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", ");
        add(&format!("stage {}", stage.number), format!("waits until {} for {who}", instant(stage.deadline)));
    }
    add("state", r.state.word().to_owned());
    add("cause", r.cause.clone().unwrap_or_default());
    add("completed", r.completed.map(instant).unwrap_or_default());
    add("assignment", r.assignment.clone().unwrap_or_default());
    if !r.errors.is_empty() {
        add("errors", format!("{}", r.errors.len()));
        r.errors.iter().for_each(|e| add("", e.clone()));
    }
    text
}

/// The names of the columns of a list of assignments.
pub const ASSIGNMENT_COLUMNS: [&str; 10] = ["id", "package", "policy", "target", "state", "start", "end", "source", "ended", "cause"];

/// A row of a list of assignments.
#[must_use]
pub fn assignment_row(a: &Assignment) -> Vec<String> {
    vec![
        a.id.clone(),
        key(&a.package).to_owned(),
        last(&a.policy.name).to_owned(),
        a.target.name.clone(),
        a.state.word().to_owned(),
        instant(a.start),
        a.end.map(instant).unwrap_or_default(),
        source(&a.source),
        a.ended.map(instant).unwrap_or_default(),
        a.cause.as_ref().map(Cause::words).unwrap_or_default(),
    ]
}

/// Assignments for people: those that live first (R56).
#[must_use]
pub fn assignments_text(assignments: &[Assignment]) -> String {
    if assignments.is_empty() {
        return "No assignments.\n".to_owned();
    }
    let row = |a: &Assignment| {
        let end = a.ended.map_or_else(|| or_never(a.end), instant);
        let state = a.cause.as_ref().map_or_else(|| a.state.word().to_owned(), |c| format!("{}: {}", a.state.word(), c.words()));
        vec![a.id.clone(), key(&a.package).to_owned(), a.target.name.clone(), last(&a.policy.name).to_owned(), instant(a.start), end, state]
    };
    table(&["ASSIGNMENT", "PACKAGE", "HOLDER", "POLICY", "SINCE", "UNTIL", "STATE"], &assignments.iter().map(row).collect::<Vec<_>>())
}

/// A package with the policies through which somebody may request it.
#[must_use]
pub fn package_json(package: Package<'_>, offers: &[Offer<'_>]) -> Json {
    let roles: Vec<Json> = package.roles().map(|(resource, role, _)| json!({ "resource": resource.as_str(), "role": role })).collect();
    let offered: Vec<Json> = offers
        .iter()
        .map(|o| {
            json!({
                "policy": o.policy.0.address.as_str(), "display_name": display_name(o.policy.0).0, "approval": o.policy.approves_requests(),
                "stages": if o.policy.approves_requests() { o.policy.stages().len() } else { 0 },
                "expiration": o.policy.expiration_text(), "ends": o.ends.map(instant), "extension": o.policy.extension(),
                "requestor_justification": o.policy.needs_justification(), "custom_schedule": o.policy.has_custom_schedule(),
                "questions": o.policy.questions().iter().map(|q| json!({ "key": q.key(), "text": q.text(), "required": q.is_required() })).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "address": package.0.address.as_str(), "display_name": display_name(package.0).0, "description": package.0.attributes.text("description"),
        "catalog": package.catalog().as_str(), "hidden": package.is_hidden(), "resource_roles": roles, "policies": offered,
    })
}

/// The columns of a list of packages.
pub const PACKAGE_COLUMNS: [&str; 5] = ["package", "display_name", "catalog", "policies", "gives"];

/// A row of a list of packages.
#[must_use]
pub fn package_row(package: Package<'_>, offers: &[Offer<'_>]) -> Vec<String> {
    let gives: Vec<String> = package.roles().map(|(resource, role, _)| format!("{role} on {}", resource.key())).collect();
    let policies: Vec<&str> = offers.iter().map(|o| o.policy.0.address.key()).collect();
    vec![
        package.0.address.key().to_owned(),
        display_name(package.0).0.to_owned(),
        package.catalog_key().to_owned(),
        policies.join(", "),
        gives.join(", "),
    ]
}

/// One package for people: what it gives, and the terms of every policy that admits them, beside each other (R33).
#[must_use]
pub fn package_text(package: Package<'_>, offers: &[Offer<'_>]) -> String {
    let mut text = format!("{}: {}\n", package.0.address, line(display_name(package.0).0));
    if let Some(description) = package.0.attributes.text("description") {
        description.lines().for_each(|l| text.push_str(&format!("  {}\n", line(l))));
    }
    for (resource, role, _) in package.roles() {
        text.push_str(&format!("  gives {} on {}\n", line(role), resource.key()));
    }
    let row = |o: &Offer<'_>| {
        let stages = o.policy.stages().len();
        let approval = match (o.policy.approves_requests(), stages) {
            (false, _) => "none".to_owned(),
            (true, 1) => "1 stage".to_owned(),
            (true, n) => format!("{n} stages"),
        };
        let asks: Vec<&str> = o.policy.questions().iter().map(|q| q.key()).collect();
        let reason = if o.policy.needs_justification() { "required" } else { "-" };
        vec![
            o.policy.0.address.key().to_owned(),
            approval,
            o.policy.expiration_text().to_owned(),
            or_never(o.ends),
            o.policy.extension().to_owned(),
            reason.to_owned(),
            asks.join(", "),
        ]
    };
    if offers.is_empty() {
        text.push_str("  No policy of it takes a request from you.\n");
    } else {
        let rows: Vec<_> = offers.iter().map(row).collect();
        text.push_str(&table(&["POLICY", "APPROVAL", "EXPIRATION", "ENDS, IF APPROVED NOW", "EXTENSION", "REASON", "QUESTIONS"], &rows));
    }
    text
}
