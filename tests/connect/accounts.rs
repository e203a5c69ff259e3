//! Accounts are told what is known, sleep, wake and go, whatever a server does; and nobody gets one for nothing.

use crate::faulty::{Fault, Plan, Server};
use crate::{TOKEN, account, connector, membership, person};
use serde_json::json;
use std::time::Duration;
use writ::connect::{Delivered, Person, Retry, Wish, deliver};

const ANN: &str = "ann@contoso.example";
const PATIENCE: Duration = Duration::from_secs(30);
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Ann, as she is known by now.
fn ann() -> Person {
    let attributes = [("department", "Sales"), ("title", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    Person { display_name: "Ann Lee-Sato".to_owned(), attributes: attributes.into(), ..person(ANN) }
}

fn known() -> Wish {
    Wish::Account { person: ann(), active: true }
}

/// A server on which Ann has an account, as she was known then.
fn server() -> Server {
    let server = Server::start();
    deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", true)).unwrap();
    server
}

#[test]
fn accounts_sleep_and_wake() {
    let server = Server::start();
    let to = connector(&server.url, PATIENCE);
    for active in [false, true] {
        assert_eq!(deliver(&to, &account(ANN, active)), Ok(Delivered::Already));
        assert_eq!(server.count(ANN), (0, 0), "nobody gets an account for nothing");
    }
    deliver(&to, &membership(ANN, "Brand", true)).unwrap();
    for (active, so) in [
        (true, Delivered::Already),
        (false, Delivered::Changed),
        (false, Delivered::Already),
        (true, Delivered::Changed),
        (true, Delivered::Already),
    ] {
        assert_eq!(deliver(&to, &account(ANN, active)), Ok(so));
        assert_eq!(server.count(ANN), (1, 1));
        assert_eq!(server.world().users[0]["active"], json!(active));
    }
    // A membership wakes nobody up.
    deliver(&to, &account(ANN, false)).unwrap();
    deliver(&to, &membership(ANN, "Brand", false)).unwrap();
    assert_eq!(deliver(&to, &membership(ANN, "Brand", true)), Ok(Delivered::Changed));
    assert_eq!(server.world().users[0]["active"], json!(false));
}

#[test]
fn an_account_is_told_what_is_known() {
    let server = server();
    let to = connector(&server.url, PATIENCE);
    assert_eq!((deliver(&to, &known()), deliver(&to, &known())), (Ok(Delivered::Changed), Ok(Delivered::Already)));
    let user = server.world().users[0].clone();
    assert_eq!((&user["displayName"], &user["name"]["formatted"]), (&json!("Ann Lee-Sato"), &json!("Ann Lee-Sato")));
    assert_eq!((&user[ENTERPRISE]["department"], &user["title"]), (&json!("Sales"), &json!(null)));
    assert_eq!(server.count(ANN), (1, 1));
    // Who has another name by now is the same person, by the id that we gave them.
    let renamed = Person { user_name: "ann.sato@contoso.example".to_owned(), ..ann() };
    assert_eq!(deliver(&to, &Wish::Account { person: renamed.clone(), active: true }), Ok(Delivered::Changed));
    assert_eq!((server.count(ANN), server.count(&renamed.user_name)), ((0, 0), (1, 1)));
    let person = Person { user_name: "a.sato@contoso.example".to_owned(), ..renamed.clone() };
    let out = Wish::Membership { person, group: "Brand".to_owned(), held: false, stays: Vec::new() };
    assert_eq!(deliver(&to, &out), Ok(Delivered::Changed));
    assert_eq!(server.count(&renamed.user_name), (1, 0));
}

#[test]
fn whatever_goes_wrong_an_account_ends_as_it_is_wished() {
    let faults = [
        Fault::Closed,
        Fault::Cut,
        Fault::Status(503, None),
        Fault::Status(429, Some("7")),
        Fault::Status(400, None),
        Fault::Garbage,
        Fault::Lie,
        Fault::Echo,
    ];
    let gone = Wish::NoAccount { person: ann() };
    let asleep = account(ANN, false);
    for (wish, steps, left) in [
        (known(), [("GET /Users", 0), ("PATCH /Users/", 0), ("GET /Users", 1)], 1),
        (asleep, [("GET /Users", 0), ("PATCH /Users/", 0), ("GET /Users", 1)], 1),
        (gone, [("GET /Users", 0), ("DELETE /Users/", 0), ("GET /Users", 1)], 0),
    ] {
        for fault in &faults {
            for ((step, after), acts) in steps.into_iter().flat_map(|step| [(step, false), (step, true)]) {
                let server = server();
                server.plan(Some(Plan { fault: fault.clone(), step, after, acts }));
                let first = deliver(&connector(&server.url, PATIENCE), &wish);
                let place = format!("{wish:?} with {fault:?} at {step}, after {after}, done: {acts}: {first:?}");
                match first {
                    Ok(_) => assert!(acts || !step.starts_with("GET"), "{place}"),
                    Err(told) => assert!(told.what.starts_with("crm: ") && !told.what.contains(TOKEN), "{place}"),
                }
                server.plan(None);
                deliver(&connector(&server.url, PATIENCE), &wish).unwrap();
                assert_eq!(deliver(&connector(&server.url, PATIENCE), &wish), Ok(Delivered::Already), "{place}");
                assert_eq!(server.world().users.len(), left, "{place}");
            }
        }
    }
}

#[test]
fn a_server_that_keeps_what_it_had_is_not_believed() {
    let server = server();
    server.plan(Some(Plan { fault: Fault::Lie, step: "PATCH /Users/", after: 0, acts: false }));
    let told = deliver(&connector(&server.url, PATIENCE), &known()).unwrap_err();
    assert_eq!(told.retry, Retry::Later);
    assert_eq!(told.what, "crm: updating the account of ann@contoso.example: the server answers 204, and does not show it");
}

#[test]
fn what_a_system_has_no_place_for_is_left_out() {
    let server = server();
    server.world().users[0].as_object_mut().unwrap().retain(|key, _| key != ENTERPRISE);
    server.plan(Some(Plan { fault: Fault::Lie, step: "PATCH /Users/", after: 0, acts: false }));
    let only = Person { attributes: [("department".to_owned(), "Sales".to_owned())].into(), ..person(ANN) };
    let wish = Wish::Account { person: only, active: true };
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &wish), Ok(Delivered::Changed));
    // But not, where it says that it will not.
    server.plan(Some(Plan { fault: Fault::Status(400, None), step: "PATCH /Users/", after: 0, acts: false }));
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &wish).unwrap_err().retry, Retry::Never);
}

#[test]
fn only_an_account_of_ours_is_deleted() {
    let server = server();
    let to = connector(&server.url, PATIENCE);
    let gone = Wish::NoAccount { person: ann() };
    // Made by somebody else: it sleeps.
    server.world().users[0]["externalId"] = json!(null);
    assert_eq!((deliver(&to, &gone), deliver(&to, &gone)), (Ok(Delivered::Changed), Ok(Delivered::Already)));
    assert_eq!((server.count(ANN).0, server.world().users[0]["active"].clone()), (1, json!(false)));
    // That of somebody who has the name by now is left alone.
    server.world().users[0]["externalId"] = json!("somebody-else");
    server.world().users[0]["active"] = json!(true);
    assert_eq!((deliver(&to, &gone), deliver(&to, &account(ANN, false))), (Ok(Delivered::Already), Ok(Delivered::Already)));
    assert_eq!(server.world().users[0]["active"], json!(true));
    // Who comes back has it again, and then it is theirs.
    assert_eq!(deliver(&to, &known()), Ok(Delivered::Changed));
    assert_eq!((deliver(&to, &gone), server.count(ANN)), (Ok(Delivered::Changed), (0, 0)));
}

#[test]
fn nobody_leaves_a_group_in_which_they_are_to_stay_by_another_name() {
    let out = |group: &str, stays: &str| Wish::Membership {
        person: person(ANN),
        group: group.to_owned(),
        held: false,
        stays: vec![stays.to_owned()],
    };
    for (group, stays) in [("Brand", "g1"), ("g1", "Brand"), ("brand", "Brand"), ("Brand", "BRAND"), ("g1", "brand")] {
        let server = server();
        assert_eq!(deliver(&connector(&server.url, PATIENCE), &out(group, stays)), Ok(Delivered::Already), "{group}, {stays}");
        assert_eq!(server.count(ANN), (1, 1), "{group}, {stays}");
    }
    // Another group of nearly that name is another group.
    let server = server();
    server.world().groups.push(("g2".to_owned(), "brand".to_owned(), Vec::new()));
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &out("Brand", "brand")), Ok(Delivered::Changed));
    assert_eq!(server.count(ANN), (1, 0));
}
