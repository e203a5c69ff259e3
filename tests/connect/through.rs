//! From a request to the group of another system, through the real program: given once, taken away once, at the last reason.

use crate::faulty::{Fault, Plan, Server};
use crate::support::{Run, Workspace};
use crate::{TOKEN, real};
use serde_json::Value as Json;

const ANN: &str = "ann@contoso.example";

/// A workspace whose packages `brand` and `rebrand` both give Member on a site that a connector delivers as the group `Brand`.
fn workspace(url: &str) -> Workspace {
    let package = |name: &str| {
        format!(
            "[access_package.{name}]\ncatalog = \"marketing\"\nresource_roles.brand = \"User\"\n\
             [access_package.{name}.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"30d\"\napproval = \"none\"\n"
        )
    };
    let w = Workspace::of(&format!(
        "[user.\"{ANN}\"]\ndisplay_name = \"Ann Lee\"\n[user.\"bo@contoso.example\"]\n[application.brand]\nroles = [\"User\"]\n\
         [catalog.marketing]\n[catalog.marketing.resource.brand]\norigin = \"application:brand\"\nconnector = \"crm\"\ndelivered_as = \"Brand\"\n{}{}",
        package("brand"),
        package("rebrand")
    ));
    w.write(
        "writ.toml",
        &format!("[workspace]\nname = \"test\"\n\n[connector.crm]\ntype = \"scim\"\nurl = \"{url}\"\ntoken_env = \"CRM_TOKEN\"\n"),
    );
    w.apply();
    w
}

pub fn deliver(w: &Workspace, code: i32) -> Run {
    deliver_with(w, &["deliver"], code)
}

pub fn deliver_with(w: &Workspace, arguments: &[&str], code: i32) -> Run {
    let mut command = w.command(arguments);
    command.env("CRM_TOKEN", TOKEN);
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    assert!(!run.out.contains(TOKEN) && !run.err.contains(TOKEN));
    run
}

pub fn tick(w: &Workspace, now: &str, code: i32) -> Run {
    let mut command = w.command(&["tick", "--now", now]);
    command.env("CRM_TOKEN", TOKEN);
    let run = Run::of(command.output().unwrap());
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    run
}

fn request(w: &Workspace) -> Json {
    w.expect(0, &["requests", "--all", "--json"]).json()["requests"][0]["request"].clone()
}

fn state(w: &Workspace) -> String {
    w.expect(0, &["assignments", "--all", "--json"]).json()["assignments"][0]["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_role_is_given_once_and_taken_away_at_its_last_reason() {
    let server = Server::start();
    let w = workspace(&server.url);
    w.expect(0, &["request", "brand", "--as", ANN]);
    assert_eq!((state(&w).as_str(), request(&w)["state"].as_str()), ("delivering", Some("delivering")));
    deliver(&w, 0).says(&["ann@contoso.example is in Brand on crm."]);
    assert_eq!((state(&w).as_str(), request(&w)["state"].as_str()), ("delivered", Some("delivered")));
    assert_eq!(server.count(ANN), (1, 1));
    // A second reason adds nothing over there, and the first may go.
    w.expect(0, &["request", "rebrand", "--as", ANN]);
    deliver(&w, 0).says(&["Nothing waits"]);
    w.expect(0, &["remove", "brand", "--as", ANN]);
    deliver(&w, 0).says(&["Nothing waits"]);
    assert_eq!(server.count(ANN), (1, 1));
    w.expect(0, &["remove", "rebrand", "--as", ANN]);
    deliver(&w, 0).says(&["ann@contoso.example is out of Brand on crm."]);
    assert_eq!(server.count(ANN), (1, 0));
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn what_fails_is_shown_tried_again_and_ends_right() {
    let faults = [Fault::Closed, Fault::Cut, Fault::Status(503, None), Fault::Status(429, Some("7")), Fault::Garbage, Fault::Lie];
    for fault in faults {
        let server = Server::start();
        let w = workspace(&server.url);
        w.expect(0, &["request", "brand", "--as", ANN]);
        server.plan(Some(Plan { fault: fault.clone(), step: "PATCH /Groups/", after: 0, acts: false }));
        deliver(&w, 9).says(&["Not delivered: ann@contoso.example in Brand on crm", "tried again at"]);
        assert_eq!(state(&w), "delivering", "{fault:?}");
        // It is not hammered: before its time nothing is tried.
        deliver(&w, 0).says(&["Nothing waits"]);
        server.plan(None);
        let later = chrono::Utc::now() + chrono::TimeDelta::hours(2);
        tick(&w, &later.to_rfc3339(), 0);
        assert_eq!((state(&w).as_str(), server.count(ANN)), ("delivered", (1, 1)), "{fault:?}");
        tick(&w, "2099-01-01T00:00:00Z", 0);
        assert_eq!(server.count(ANN), (1, 0), "its end has come");
        w.expect(0, &["audit", "verify"]);
    }
}

#[test]
fn each_wait_is_twice_the_one_before() {
    let server = Server::start();
    let w = workspace(&server.url);
    w.expect(0, &["request", "brand", "--as", ANN]);
    server.plan(Some(Plan { fault: Fault::Status(503, None), step: "PATCH /Groups/", after: 0, acts: false }));
    let mut waits = Vec::new();
    let mut now = chrono::Utc::now();
    for _ in 0..3 {
        now += chrono::TimeDelta::hours(1);
        let mut command = w.command(&["tick", "--json", "--now", &now.to_rfc3339()]);
        command.env("CRM_TOKEN", TOKEN);
        let told = Run::of(command.output().unwrap()).json();
        let failed = told["events"].as_array().unwrap().iter().find(|e| e["event"] == "delivery.failed").unwrap_or(&Json::Null);
        let at = |name: &str| failed[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
        waits.push((at("retry") - at("at")).num_seconds());
    }
    assert_eq!(waits, [60, 120, 240], "a minute after the first, twice as long after each further one");
}

#[test]
fn a_delivery_that_is_given_up_is_told_of_and_can_be_tried_again() {
    let server = Server::start();
    let w = workspace(&server.url);
    w.expect(0, &["request", "brand", "--as", ANN]);
    server.plan(Some(Plan { fault: Fault::Status(400, None), step: "PATCH /Groups/", after: 0, acts: false }));
    deliver(&w, 9);
    let failed = request(&w);
    assert_eq!((state(&w).as_str(), failed["state"].as_str()), ("delivery_failed", Some("delivery_failed")));
    assert_eq!(failed["errors"].as_array().unwrap().len(), 1, "{failed}");
    let id = failed["id"].as_str().unwrap();
    w.expect(0, &["requests", id]).says(&["errors", "1", "Brand on crm"]);
    server.plan(None);
    w.expect(5, &["reprocess", "brand", "--for", ANN, "--as", "bo@contoso.example"]);
    w.expect(0, &["reprocess", "brand", "--for", ANN]);
    deliver(&w, 0);
    assert_eq!((state(&w).as_str(), request(&w)["state"].as_str()), ("delivered", Some("delivered")));
    assert_eq!(server.count(ANN), (1, 1));
}

#[test]
fn a_request_that_failed_can_be_tried_again_for_seven_days() {
    let server = Server::start();
    let w = workspace(&server.url);
    let brief = "[access_package.brief]\ncatalog = \"marketing\"\n[access_package.brief.policy.staff]\nrequestors = \"all_members\"\n\
                 expiration = \"8d\"\napproval = \"none\"\n";
    w.write("brief.toml", brief);
    w.apply();
    w.expect(0, &["request", "brand", "--as", ANN]);
    let id = request(&w)["id"].as_str().unwrap().to_owned();
    w.expect(5, &["reprocess", &id]).says(&["R143", "nothing of it failed"]);
    w.expect(0, &["request", "brief", "--as", "bo@contoso.example"]);
    server.plan(Some(Plan { fault: Fault::Status(400, None), step: "PATCH /Groups/", after: 0, acts: false }));
    deliver(&w, 9);
    w.expect(5, &["reprocess", &id, "--as", "bo@contoso.example"]);
    w.expect(0, &["reprocess", &id]);
    assert_eq!(request(&w)["state"].as_str(), Some("delivering"));
    deliver(&w, 9);
    assert_eq!(request(&w)["state"].as_str(), Some("delivery_failed"));
    server.plan(None);
    // A week later, as others' access ends.
    let later = chrono::Utc::now() + chrono::TimeDelta::days(8);
    w.expect(0, &["tick", "--now", &later.to_rfc3339()]).says(&["Access to brief of bo@contoso.example is over"]);
    w.expect(5, &["reprocess", &id]).says(&["R143", "more than 7 days ago", "writ reprocess"]);
    // What is held is tried again at any time.
    w.expect(0, &["reprocess", "brand", "--for", ANN]);
    deliver(&w, 0);
    assert_eq!((request(&w)["state"].as_str(), server.count(ANN)), (Some("delivered"), (1, 1)));
    w.expect(5, &["reprocess", &id]).says(&["R143"]);
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn what_arrives_in_part_says_what_is_missing() {
    let server = Server::start();
    let w = workspace(&server.url);
    w.replace(
        "all.toml",
        "[access_package.brand]\ncatalog = \"marketing\"\n",
        "[application.news]\nroles = [\"User\"]\n[catalog.marketing.resource.news]\norigin = \"application:news\"\nconnector = \"crm\"\n\
         delivered_as = \"News\"\n[access_package.brand]\ncatalog = \"marketing\"\nresource_roles.news = \"User\"\n",
    );
    w.apply();
    w.expect(0, &["request", "brand", "--as", ANN]);
    deliver(&w, 9).says(&["ann@contoso.example is in Brand on crm.", "Not delivered: ann@contoso.example in News on crm"]);
    let part = request(&w);
    assert_eq!((state(&w).as_str(), part["state"].as_str()), ("partially_delivered", Some("partially_delivered")));
    assert_eq!(part["errors"].as_array().unwrap().len(), 1, "{part}");
    for list in [&["assignments", "--state", "partially_delivered"][..], &["report", "assignments", "--state", "partially_delivered"]] {
        w.expect(0, list).says(&[ANN, "partially_delivered"]);
    }
    // Somebody makes the group, and it is tried once more.
    server.world().groups.push(("g2".to_owned(), "News".to_owned(), Vec::new()));
    w.expect(0, &["reprocess", "brand", "--for", ANN]);
    deliver(&w, 0);
    assert_eq!((state(&w).as_str(), request(&w)["state"].as_str()), ("delivered", Some("delivered")));
    assert_eq!((server.count(ANN), server.world().groups[1].2.len()), ((1, 1), 1));
    assert_eq!(request(&w)["errors"].as_array().unwrap().len(), 0);
}

#[test]
fn a_role_that_a_package_gains_or_loses_reaches_all_who_hold_it() {
    let server = Server::start();
    let w = workspace(&server.url);
    w.replace(
        "all.toml",
        "[access_package.brand]\ncatalog = \"marketing\"\nresource_roles.brand = \"User\"\n",
        "[access_package.brand]\ncatalog = \"marketing\"\n",
    );
    w.apply();
    w.expect(0, &["request", "brand", "--as", ANN]);
    w.expect(0, &["request", "brand", "--as", "bo@contoso.example"]);
    deliver(&w, 0).says(&["Nothing waits"]);
    w.replace(
        "all.toml",
        "[access_package.brand]\ncatalog = \"marketing\"\n",
        "[access_package.brand]\ncatalog = \"marketing\"\nresource_roles.brand = \"User\"\n",
    );
    w.apply();
    deliver(&w, 0);
    assert_eq!((server.count(ANN), server.count("bo@contoso.example")), ((1, 1), (1, 1)));
    w.replace(
        "all.toml",
        "[access_package.brand]\ncatalog = \"marketing\"\nresource_roles.brand = \"User\"\n",
        "[access_package.brand]\ncatalog = \"marketing\"\n",
    );
    w.apply();
    deliver(&w, 0);
    assert_eq!((server.count(ANN), server.count("bo@contoso.example")), ((1, 0), (1, 0)));
    assert_eq!(state(&w), "delivered");
}

#[test]
fn into_a_real_server() {
    let Some(server) = real::start() else { return };
    let group = server.group("Brand");
    let w = workspace(&server.url);
    w.expect(0, &["request", "brand", "--as", ANN]);
    deliver(&w, 0);
    assert_eq!((server.users().len(), server.members(&group).len()), (1, 1));
    w.expect(0, &["remove", "brand", "--for", ANN]);
    deliver(&w, 0);
    assert_eq!((server.users().len(), server.members(&group).len()), (1, 0));
}
