//! What an apply, a block or a return means for accounts and groups that people have elsewhere, through the real program.

use crate::faulty::{Fault, Plan, Server};
use crate::real;
use crate::support::Workspace;
use crate::through::{deliver, deliver_with, tick};
use serde_json::{Value as Json, json};

const ANN: &str = "ann@contoso.example";
const BO: &str = "bo@contoso.example";
const EVE: &str = "eve@fabrikam.example";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const RESOURCE: &str = "origin = \"application:brand\"\nconnector = \"crm\"\ndelivered_as = \"Brand\"\n";

/// Members can request `brand`, people of Fabrikam too; both give the group `Brand` of a connector.
fn workspace(url: &str) -> Workspace {
    let w = Workspace::of(&format!(
        "[user.\"{ANN}\"]\ndisplay_name = \"Ann Lee\"\n[user.\"{BO}\"]\n[connected_organization.fabrikam]\ndomains = [\"fabrikam.example\"]\n\
         [application.brand]\nroles = [\"User\"]\n[catalog.marketing]\nexternally_visible = true\n\
         [catalog.marketing.resource.brand]\n{RESOURCE}\
         [access_package.brand]\ncatalog = \"marketing\"\nresource_roles.brand = \"User\"\n\
         [access_package.brand.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"never\"\napproval = \"none\"\n\
         [access_package.brand.policy.fabrikam]\nrequestors = [\"connected_organization:fabrikam\"]\nexpiration = \"30d\"\napproval = \"none\"\n"
    ));
    declare(&w, &[("crm", url)]);
    w.apply();
    w
}

/// The connectors of `writ.toml`.
fn declare(w: &Workspace, connectors: &[(&str, &str)]) {
    let each = |(name, url): &(&str, &str)| format!("[connector.{name}]\ntype = \"scim\"\nurl = \"{url}\"\ntoken_env = \"CRM_TOKEN\"\n");
    w.write("writ.toml", &format!("[workspace]\nname = \"test\"\n\n{}", connectors.iter().map(each).collect::<String>()));
}

fn given(w: &Workspace, people: &[&str]) {
    for person in people {
        w.expect(0, &["request", "brand", "--as", person]);
    }
    deliver(w, 0);
}

fn edit(w: &Workspace, from: &str, to: &str) {
    w.replace("all.toml", from, to);
    w.apply();
}

/// The one account of a name.
fn user(server: &Server, name: &str) -> Json {
    let world = server.world();
    let found: Vec<&Json> = world.users.iter().filter(|u| u["userName"] == name).collect();
    assert_eq!(found.len(), 1, "{name}");
    found[0].clone()
}

/// How often somebody is in a group.
fn times(server: &Server, name: &str, group: &str) -> usize {
    let id = user(server, name)["id"].clone();
    let world = server.world();
    let (.., members) = world.groups.iter().find(|g| g.1 == group).unwrap();
    members.iter().filter(|m| id == **m).count()
}

fn in_two_hours() -> String {
    (chrono::Utc::now() + chrono::TimeDelta::hours(2)).to_rfc3339()
}

fn in_days(days: i64) -> String {
    (chrono::Utc::now() + chrono::TimeDelta::days(days)).to_rfc3339()
}

#[test]
fn what_an_apply_changes_of_a_person_is_told() {
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[ANN, BO]);
    deliver(&w, 0).says(&["Nothing waits"]);
    edit(&w, "display_name = \"Ann Lee\"", "display_name = \"Ann Sato\"\ndepartment = \"Sales\"");
    // Twice before anybody looks is one wish; a manager is nobody's business over there.
    edit(&w, "\"Ann Sato\"", "\"Ann Lee-Sato\"\nmanager = \"bo@contoso.example\"");
    let run = deliver(&w, 0);
    run.says(&["The account of ann@contoso.example on crm says what is known of them."]);
    assert_eq!(run.out.lines().count(), 1, "{}", run.out);
    let ann = user(&server, ANN);
    assert_eq!((&ann["displayName"], &ann[ENTERPRISE]["department"]), (&json!("Ann Lee-Sato"), &json!("Sales")));
    assert_eq!(user(&server, BO)["displayName"], json!(BO));
    // Nothing that is sent was changed.
    edit(&w, "manager = \"bo@contoso.example\"\n", "");
    deliver(&w, 0).says(&["Nothing waits"]);
    // Who is in no group any more has an account all the same.
    w.expect(0, &["remove", "brand", "--for", ANN]);
    deliver(&w, 0);
    edit(&w, "department = \"Sales\"", "department = \"Legal\"\nenabled = false");
    deliver(&w, 0).says(&["The account of ann@contoso.example on crm sleeps."]);
    assert_eq!((user(&server, ANN)["active"].clone(), times(&server, ANN, "Brand")), (json!(false), 0));
    edit(&w, "enabled = false\n", "");
    deliver(&w, 0);
    let ann = user(&server, ANN);
    assert_eq!((&ann["active"], &ann[ENTERPRISE]["department"]), (&json!(true), &json!("Legal")));
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn what_cannot_be_told_is_shown_and_told_later_or_once_more() {
    for fault in [Fault::Closed, Fault::Cut, Fault::Status(503, None), Fault::Status(429, Some("7")), Fault::Garbage, Fault::Lie] {
        let server = Server::start();
        let w = workspace(&server.url);
        given(&w, &[ANN]);
        server.plan(Some(Plan { fault: fault.clone(), step: "PATCH /Users/", after: 0, acts: false }));
        edit(&w, "\"Ann Lee\"", "\"Ann Sato\"");
        deliver(&w, 9).says(&["Not delivered: the account of ann@contoso.example on crm", "tried again at"]);
        deliver(&w, 0).says(&["Nothing waits"]);
        server.plan(None);
        // What changes meanwhile is told at once, and the rest with it.
        edit(&w, "\"Ann Sato\"", "\"Ann Lee-Sato\"");
        deliver(&w, 0);
        assert_eq!((user(&server, ANN)["displayName"].clone(), times(&server, ANN, "Brand")), (json!("Ann Lee-Sato"), 1), "{fault:?}");
    }
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[ANN]);
    server.plan(Some(Plan { fault: Fault::Status(400, None), step: "PATCH /Users/", after: 0, acts: false }));
    edit(&w, "\"Ann Lee\"", "\"Ann Sato\"");
    deliver(&w, 9).says(&["it is not tried again by itself"]);
    w.expect(0, &["doctor"]).says(&[
        "deliveries",
        "1 delivery given up, such as the account of ann@contoso.example on crm",
        "deliver --again",
    ]);
    server.plan(None);
    deliver(&w, 0).says(&["Nothing waits"]);
    deliver_with(&w, &["deliver", "--again"], 0).says(&["The account of ann@contoso.example on crm says what is known of them."]);
    assert_eq!(user(&server, ANN)["displayName"], json!("Ann Sato"));
    assert!(!w.expect(0, &["doctor"]).out.contains("deliveries"));
    // What was lost over there comes back with the rest of an assignment.
    server.world().users[0]["displayName"] = json!("Somebody");
    w.expect(0, &["reprocess", "brand", "--for", ANN]);
    deliver(&w, 0);
    assert_eq!((user(&server, ANN)["displayName"].clone(), times(&server, ANN, "Brand")), (json!("Ann Sato"), 1));
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn who_has_another_name_or_is_not_there_any_more() {
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[ANN, BO]);
    let renamed = "ann.sato@contoso.example";
    w.replace("all.toml", ANN, renamed);
    edit(&w, "[application.brand]", &format!("[[moved]]\nfrom = 'user.\"{ANN}\"'\nto = 'user.\"{renamed}\"'\n[application.brand]"));
    deliver(&w, 0);
    assert_eq!((server.count(ANN), server.count(renamed)), ((0, 0), (1, 1)));
    // By a repair of the store as well.
    w.expect(0, &["state", "mv", &format!("user.\"{renamed}\""), &format!("user.\"{ANN}\"")]);
    deliver(&w, 0);
    assert_eq!((server.count(ANN), server.count(renamed)), ((1, 1), (0, 0)));
    w.expect(0, &["state", "mv", &format!("user.\"{ANN}\""), &format!("user.\"{renamed}\"")]);
    edit(&w, &format!("[user.\"{BO}\"]\n"), "");
    deliver(&w, 0).says(&["bo@contoso.example is out of Brand on crm.", "The account of bo@contoso.example on crm sleeps."]);
    assert_eq!((server.count(BO), user(&server, BO)["active"].clone()), ((1, 0), json!(false)));
    // Who comes back under the same name is somebody else, and gets the account.
    edit(&w, "[application.brand]", &format!("[user.\"{BO}\"]\n[application.brand]"));
    given(&w, &[BO]);
    assert_eq!((server.count(BO), user(&server, BO)["active"].clone()), ((1, 1), json!(true)));
    edit(&w, &format!("[user.\"{BO}\"]\n"), &format!("[user.\"{BO}\"]\nenabled = false\n"));
    deliver(&w, 0);
    assert_eq!(user(&server, BO)["active"], json!(false));
}

#[test]
fn the_account_of_a_guest_sleeps_wakes_and_goes() {
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[EVE]);
    assert_eq!(server.count(EVE), (1, 1));
    w.expect(0, &["remove", "brand", "--as", EVE]);
    // Blocked while nobody answers: tried again, and not forgotten.
    server.plan(Some(Plan { fault: Fault::Status(503, None), step: "PATCH /Users/", after: 0, acts: false }));
    deliver(&w, 9).says(&["eve@fabrikam.example is out of Brand on crm.", "Not delivered: the account of eve@fabrikam.example on crm"]);
    server.plan(None);
    tick(&w, &in_two_hours(), 0).says(&["The account of eve@fabrikam.example on crm sleeps."]);
    assert_eq!((server.count(EVE), user(&server, EVE)["active"].clone()), ((1, 0), json!(false)));
    // The block is lifted: the account wakes, and with the next access it is in the group.
    let id = w.expect(0, &["show", &format!("user.\"{EVE}\""), "--json"]).json()["values"][0]["id"].as_str().unwrap().to_owned();
    let import = format!(
        "[[import]]\nto = 'user.\"{EVE}\"'\nid = \"{id}\"\n[user.\"{EVE}\"]\ntype = \"guest\"\norganization = \"fabrikam\"\n[application.brand]"
    );
    edit(&w, "[application.brand]", &import);
    deliver(&w, 0).says(&["The account of eve@fabrikam.example on crm says what is known of them."]);
    assert_eq!((server.count(EVE), user(&server, EVE)["active"].clone()), ((1, 0), json!(true)));
    given(&w, &[EVE]);
    assert_eq!(server.count(EVE), (1, 1));
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn the_account_of_a_guest_who_is_deleted_goes_and_begins_anew() {
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[EVE]);
    tick(&w, &in_days(31), 0).says(&["cannot sign in any more"]);
    assert_eq!((server.count(EVE), user(&server, EVE)["active"].clone()), ((1, 0), json!(false)));
    server.plan(Some(Plan { fault: Fault::Lie, step: "DELETE /Users/", after: 0, acts: false }));
    tick(&w, &in_days(61), 9).says(&["has left the directory", "Not delivered: the account of eve@fabrikam.example on crm"]);
    server.plan(None);
    tick(&w, &in_days(62), 0).says(&["The account of eve@fabrikam.example on crm is gone."]);
    assert_eq!(server.count(EVE), (0, 0));
    given(&w, &[EVE]);
    assert_eq!((server.count(EVE), user(&server, EVE)["active"].clone()), ((1, 1), json!(true)));
    // All of it once more, where nobody looked at the clock for long.
    tick(&w, "2099-01-01T00:00:00Z", 0).says(&["cannot sign in any more", "has left the directory", "on crm is gone."]);
    assert_eq!(server.count(EVE), (0, 0));
    w.expect(1, &["show", &format!("user.\"{EVE}\"")]);
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn a_guest_who_loses_the_last_access_by_an_apply_is_blocked_everywhere() {
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[EVE]);
    // The files give her something, too; what she asked for ends, and then what the files gave.
    let more = "[access_package.news]\ncatalog = \"marketing\"\nresource_roles.brand = \"User\"\n[access_package.news.policy.direct]\n\
                requestors = \"none\"\nexpiration = \"never\"\n";
    let eve = format!("[access_package.news.assignment.eve]\npolicy = \"direct\"\nusers = [\"{EVE}\"]\n");
    edit(&w, "[application.brand]", &format!("{more}{eve}[application.brand]"));
    w.expect(0, &["remove", "brand", "--as", EVE]);
    deliver(&w, 0).says(&["Nothing waits"]);
    edit(&w, &eve, "");
    w.expect(0, &["show", &format!("user.\"{EVE}\"")]).says(&["enabled = false"]);
    deliver(&w, 0).says(&["The account of eve@fabrikam.example on crm sleeps."]);
    assert_eq!((server.count(EVE), user(&server, EVE)["active"].clone()), ((1, 0), json!(false)));
    w.expect(5, &["request", "brand", "--as", EVE]);
    tick(&w, &in_days(31), 0).says(&["has left the directory", "on crm is gone."]);
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn who_is_only_blocked_keeps_a_sleeping_account() {
    let server = Server::start();
    let w = workspace(&server.url);
    edit(&w, "[application.brand]", "[settings.external_users]\non_last_assignment_lost = \"block\"\n[application.brand]");
    given(&w, &[EVE]);
    tick(&w, "2099-01-01T00:00:00Z", 0);
    tick(&w, "2199-01-01T00:00:00Z", 0);
    assert_eq!((server.count(EVE), user(&server, EVE)["active"].clone()), ((1, 0), json!(false)));
    edit(&w, "\"block\"", "\"none\"");
}

#[test]
fn a_resource_that_is_delivered_elsewhere_takes_its_holders_along() {
    let (server, other) = (Server::start(), Server::start());
    let w = workspace(&server.url);
    let group = |id: &str, name: &str| server.world().groups.push((id.to_owned(), name.to_owned(), Vec::new()));
    ["Sales", "brand", "brand-user", "site"].iter().enumerate().for_each(|(n, name)| group(&format!("g{}", n + 2), name));
    given(&w, &[ANN, BO]);
    let both = |group: &str| (times(&server, ANN, group), times(&server, BO, group));
    assert_eq!(both("Brand"), (1, 1));
    // By another group. One that cannot be left yet is left later.
    server.plan(Some(Plan { fault: Fault::Status(503, None), step: "PATCH /Groups/g1", after: 0, acts: false }));
    edit(&w, "delivered_as = \"Brand\"", "delivered_as = \"Sales\"");
    deliver(&w, 9).says(&["Not delivered: ann@contoso.example out of Brand on crm"]);
    assert_eq!((both("Brand"), both("Sales")), ((1, 1), (1, 1)));
    server.plan(None);
    tick(&w, &in_two_hours(), 0);
    assert_eq!((both("Brand"), both("Sales")), ((0, 0), (1, 1)));
    // By the same group under another name: nobody leaves it.
    edit(&w, "delivered_as = \"Sales\"", "delivered_as = \"g2\"");
    deliver(&w, 0);
    assert_eq!(both("Sales"), (1, 1));
    // By its key, by a role among several, and by another key.
    edit(&w, "delivered_as = \"g2\"\n", "");
    deliver(&w, 0);
    assert_eq!((both("Sales"), both("brand")), ((0, 0), (1, 1)));
    edit(&w, "roles = [\"User\"]", "roles = [\"User\", \"Admin\"]");
    deliver(&w, 0);
    assert_eq!((both("brand"), both("brand-user")), ((0, 0), (1, 1)));
    edit(&w, "roles = [\"User\", \"Admin\"]", "roles = [\"User\"]");
    w.replace("all.toml", "resource_roles.brand", "resource_roles.site");
    w.replace("all.toml", "[catalog.marketing.resource.brand]", "[catalog.marketing.resource.site]");
    edit(
        &w,
        "[application.brand]",
        "[[moved]]\nfrom = \"catalog.marketing.resource.brand\"\nto = \"catalog.marketing.resource.site\"\n[application.brand]",
    );
    deliver(&w, 0);
    assert_eq!((both("brand-user"), both("site")), ((0, 0), (1, 1)));
    // Into another system, and nowhere.
    other.world().groups.push(("g2".to_owned(), "site".to_owned(), Vec::new()));
    declare(&w, &[("crm", &server.url), ("erp", &other.url)]);
    edit(&w, "connector = \"crm\"", "connector = \"erp\"");
    deliver(&w, 0);
    assert_eq!((both("site"), times(&other, ANN, "site"), times(&other, BO, "site")), ((0, 0), 1, 1));
    edit(&w, "connector = \"erp\"\n", "");
    deliver(&w, 0);
    assert_eq!((times(&other, ANN, "site"), times(&other, BO, "site")), (0, 0));
    deliver(&w, 0).says(&["Nothing waits"]);
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn a_connector_by_another_name_leads_to_the_same_place() {
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[ANN]);
    declare(&w, &[("sales", &server.url)]);
    edit(&w, "connector = \"crm\"", "connector = \"sales\"");
    let run = deliver(&w, 0);
    run.says(&["ann@contoso.example is in Brand on sales."]);
    assert!(!run.out.contains("crm"), "{}", run.out);
    assert_eq!(server.count(ANN), (1, 1));
    edit(&w, "\"Ann Lee\"", "\"Ann Sato\"");
    w.expect(0, &["remove", "brand", "--for", ANN]);
    deliver(&w, 0).says(&["ann@contoso.example is out of Brand on sales."]);
    assert_eq!((server.count(ANN), user(&server, ANN)["displayName"].clone()), ((1, 0), json!("Ann Sato")));
    assert!(!w.expect(0, &["doctor"]).out.contains("deliveries"));
}

#[test]
fn two_connectors_to_one_place_do_not_take_what_the_other_gives() {
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[ANN]);
    declare(&w, &[("aaa", &server.url), ("crm", &server.url)]);
    edit(&w, "connector = \"crm\"", "connector = \"aaa\"");
    deliver(&w, 0);
    assert_eq!(server.count(ANN), (1, 1));
}

#[test]
fn a_connector_that_leads_elsewhere_takes_everybody_along() {
    let (server, other) = (Server::start(), Server::start());
    let w = workspace(&server.url);
    given(&w, &[ANN, BO]);
    declare(&w, &[("crm", &other.url)]);
    // Nobody would take them out where they are, so it is not done.
    let refused = [
        "`[connector.crm]` leads elsewhere, and 2 people are in groups at",
        "[E0511]",
        "such as `[connector.crm-old]`",
        &format!("formerly = \"{}\"", server.url),
    ];
    w.expect(5, &["apply", "--auto-approve"]).says(&refused);
    w.expect(5, &["plan"]).says(&refused);
    // Under another name it leads where it led: from there they are taken out.
    declare(&w, &[("crm", &other.url), ("crm-old", &server.url)]);
    w.apply();
    deliver(&w, 0).says(&[
        "ann@contoso.example is in Brand on crm.",
        "bo@contoso.example is in Brand on crm.",
        "ann@contoso.example is out of Brand on crm-old.",
        "bo@contoso.example is out of Brand on crm-old.",
    ]);
    assert_eq!((other.count(ANN), other.count(BO)), ((1, 1), (1, 1)));
    assert_eq!((server.count(ANN), server.count(BO)), ((1, 0), (1, 0)));
    deliver(&w, 0).says(&["Nothing waits"]);
    // And once that is done it can go, and is missed by nobody.
    declare(&w, &[("crm", &other.url)]);
    w.apply();
    edit(&w, "\"Ann Lee\"", "\"Ann Sato\"");
    deliver(&w, 0);
    assert_eq!(user(&other, ANN)["displayName"], "Ann Sato");
    assert!(!w.expect(0, &["doctor"]).out.contains("deliveries"));
    w.expect(0, &["audit", "verify"]);
}

/// Who is still to be taken out where it led is not forgotten either; and two connectors may change places.
#[test]
fn connectors_that_change_places_forget_nobody() {
    let (server, other) = (Server::start(), Server::start());
    let w = workspace(&server.url);
    declare(&w, &[("crm", &server.url), ("erp", &other.url)]);
    let more = "[catalog.marketing.resource.books]\ntype = \"application\"\norigin = \"books\"\nroles = [\"User\"]\nconnector = \"erp\"\n\
                delivered_as = \"Brand\"\n";
    edit(&w, "[access_package.brand]\n", &format!("{more}[access_package.brand]\n"));
    edit(&w, "resource_roles.brand = \"User\"\n", "resource_roles = { brand = \"User\", books = \"User\" }\n");
    given(&w, &[ANN, BO]);
    assert_eq!((server.count(ANN), other.count(ANN)), ((1, 1), (1, 1)));
    w.expect(0, &["remove", "brand", "--for", BO]);
    declare(&w, &[("crm", "https://elsewhere.example"), ("erp", &other.url)]);
    w.expect(5, &["plan"]).says(&["2 people are in groups at"]);
    declare(&w, &[("erp", &server.url), ("crm", &other.url)]);
    w.apply();
    deliver(&w, 0);
    assert_eq!((server.count(BO), other.count(BO)), ((1, 0), (1, 0)));
    assert_eq!((server.count(ANN), other.count(ANN)), ((1, 1), (1, 1)));
    w.expect(0, &["remove", "brand", "--for", ANN]);
    deliver(&w, 0);
    assert_eq!((server.count(ANN), other.count(ANN)), ((1, 0), (1, 0)));
    w.expect(0, &["audit", "verify"]);
}

/// The same system at another address, with all who are in it.
#[test]
fn a_connector_with_another_address_finds_everybody_there() {
    let (server, other) = (Server::start(), Server::start());
    let w = workspace(&server.url);
    given(&w, &[ANN, BO]);
    declare(&w, &[("crm", &other.url)]);
    let text = w.read("writ.toml");
    w.write("writ.toml", &format!("{text}formerly = \"{}/\"\n", server.url));
    w.apply();
    deliver(&w, 0).says(&["ann@contoso.example is in Brand on crm.", "bo@contoso.example is in Brand on crm."]);
    assert_eq!((other.count(ANN), other.count(BO), server.count(ANN)), ((1, 1), (1, 1), (1, 1)));
    // What is applied needs it no more, and a `/` more leads to the same place.
    declare(&w, &[("crm", &format!("{}/", other.url))]);
    w.apply();
    deliver(&w, 0).says(&["Nothing waits"]);
}

#[test]
fn a_connector_that_is_not_declared_any_more_loses_nothing() {
    let server = Server::start();
    let w = workspace(&server.url);
    given(&w, &[ANN, BO]);
    declare(&w, &[]);
    edit(&w, "connector = \"crm\"\ndelivered_as = \"Brand\"\n", "");
    let told = ["writ.toml has no `[connector.crm]`", "declared again"];
    deliver(&w, 9).says(&told);
    // However often it is tried, it is not given up.
    for month in 1..=12 {
        tick(&w, &format!("2098-{month:02}-01T00:00:00Z"), 9).says(&["Not delivered: ann@contoso.example out of Brand on crm", told[0]]);
    }
    w.expect(7, &["doctor"]).says(&["`[connector.crm]`, and 2 people are known there"]);
    assert_eq!((server.count(ANN), server.count(BO)), ((1, 1), (1, 1)));
    declare(&w, &[("crm", &server.url)]);
    w.apply();
    deliver_with(&w, &["deliver", "--again"], 0).says(&["ann@contoso.example is out of Brand on crm."]);
    assert_eq!((server.count(ANN), server.count(BO)), ((1, 0), (1, 0)));
    // And then it can go: nobody asks for it any more, whatever changes.
    declare(&w, &[]);
    w.apply();
    edit(&w, "\"Ann Lee\"", "\"Ann Sato\"");
    deliver(&w, 0).says(&["Nothing waits"]);
    assert!(!w.expect(0, &["doctor"]).out.contains("deliveries"));
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn in_a_real_server() {
    let Some(server) = real::start() else { return };
    let (brand, sales) = (server.group("Brand"), server.group("Sales"));
    let w = workspace(&server.url);
    given(&w, &[ANN, EVE]);
    assert_eq!((server.users().len(), server.members(&brand).len()), (2, 2));
    let of = |name: &str| server.users().into_iter().find(|u| u["userName"] == name).unwrap_or_default();
    edit(&w, "display_name = \"Ann Lee\"", "display_name = \"Ann Sato\"\ndepartment = \"Sales\"\nmail = \"sato@contoso.example\"");
    deliver(&w, 0).says(&["The account of ann@contoso.example on crm says what is known of them."]);
    let ann = of(ANN);
    assert_eq!((&ann["displayName"], &ann["name"]["formatted"]), (&json!("Ann Sato"), &json!("Ann Sato")));
    assert_eq!((&ann[ENTERPRISE]["department"], &ann["emails"][0]["value"]), (&json!("Sales"), &json!("sato@contoso.example")));
    edit(&w, "department = \"Sales\"\n", "");
    deliver(&w, 0);
    assert_eq!(of(ANN)[ENTERPRISE]["department"], json!(null));
    // Another name, the same account.
    let renamed = "ann.sato@contoso.example";
    w.replace("all.toml", ANN, renamed);
    edit(&w, "[application.brand]", &format!("[[moved]]\nfrom = 'user.\"{ANN}\"'\nto = 'user.\"{renamed}\"'\n[application.brand]"));
    deliver(&w, 0);
    assert_eq!((of(renamed)["id"].clone(), of(ANN)), (ann["id"].clone(), Json::Null));
    // Another group, with everybody in it.
    edit(&w, "delivered_as = \"Brand\"", "delivered_as = \"Sales\"");
    deliver(&w, 0);
    assert_eq!((server.members(&brand).len(), server.members(&sales).len()), (0, 2));
    // The same group by its id: nobody leaves it.
    edit(&w, "delivered_as = \"Sales\"", &format!("delivered_as = \"{sales}\""));
    deliver(&w, 0);
    assert_eq!(server.members(&sales).len(), 2);
    // Asleep, awake, asleep, gone.
    edit(&w, "display_name = \"Ann Sato\"", "display_name = \"Ann Sato\"\nenabled = false");
    tick(&w, &in_days(31), 0);
    assert_eq!((of(renamed)["active"].clone(), of(EVE)["active"].clone()), (json!(false), json!(false)));
    edit(&w, "enabled = false\n", "");
    tick(&w, &in_days(61), 0).says(&["The account of eve@fabrikam.example on crm is gone."]);
    assert_eq!((of(renamed)["active"].clone(), of(EVE), server.users().len()), (json!(true), Json::Null, 1));
    assert_eq!(server.members(&sales).len(), 1);
    w.expect(0, &["audit", "verify"]);
}
