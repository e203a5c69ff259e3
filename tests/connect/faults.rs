//! Everything that a server can do wrong: what is told, and that once it is over all is as wished, and nothing twice.

use crate::faulty::{Fault, Plan, Server};
use crate::{TOKEN, account, connector, membership};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};
use writ::connect::{Delivered, Retry, Undelivered, deliver};

const ANN: &str = "ann@contoso.example";
const PATIENCE: Duration = Duration::from_secs(30);

/// The steps of putting somebody new into a group, and how many requests like it come before.
const ADDING: [(&str, usize); 8] = [
    ("GET /Groups", 0),
    ("GET /Users", 0),
    ("GET /Users", 1), // by our id
    ("POST /Users", 0),
    ("GET /Users", 2), // the account, read back
    ("GET /Groups/", 0),
    ("PATCH /Groups/", 0),
    ("GET /Groups/", 1), // the membership, read back
];
/// And of taking them out.
const REMOVING: [(&str, usize); 5] =
    [("GET /Groups", 0), ("GET /Users", 0), ("GET /Groups/", 0), ("PATCH /Groups/", 0), ("GET /Groups/", 1)];

/// What is told of a fault, `None` where it does no harm.
fn expected(fault: &Fault, step: &str, acts: bool) -> Option<Retry> {
    let writes = !step.starts_with("GET");
    match fault {
        Fault::Status(429, Some("7")) => Some(Retry::After(Duration::from_secs(7))),
        Fault::Status(503, Some(_)) => Some(Retry::After(Duration::from_secs(24 * 60 * 60))),
        // Somebody else was faster, or the server says so.
        Fault::Status(409, _) if writes && acts => None,
        Fault::Status(409, _) => Some(Retry::Later),
        Fault::Status(400, _) | Fault::Echo if acts && step.starts_with("PATCH") => None,
        Fault::Status(400, _) | Fault::Echo => Some(Retry::Never),
        // What a write answers is not relied on: what it did is looked at.
        Fault::Garbage | Fault::Nothing | Fault::Lie if writes && acts => None,
        _ => Some(Retry::Later),
    }
}

fn told(server: &Server, fault: &Fault, step: &'static str, after: usize, acts: bool, held: bool) {
    server.plan(Some(Plan { fault: fault.clone(), step, after, acts }));
    let patience = if *fault == Fault::Hangs { Duration::from_millis(400) } else { PATIENCE };
    let began = Instant::now();
    let first = deliver(&connector(&server.url, patience), &membership(ANN, "Brand", held));
    assert!(began.elapsed() < PATIENCE, "{fault:?} at {step}: {:?}", began.elapsed());
    let place = format!("{fault:?} at {step}, after {after}, done: {acts}, held: {held}: {first:?}");
    match (&first, expected(fault, step, acts)) {
        (Ok(Delivered::Changed), None) => {}
        (Err(Undelivered { what, retry }), Some(wanted)) => {
            assert_eq!(*retry, wanted, "{place}");
            assert!(what.starts_with("crm: ") && !what.contains(TOKEN) && !what.contains(['\n', '\r', '\u{202e}']), "{place}");
        }
        _ => panic!("{place}"),
    }
    // It is over: what is not yet so becomes so, once.
    server.plan(None);
    let again = deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", held));
    assert!(again.is_ok(), "{place}, then {again:?}");
    assert_eq!(server.count(ANN), (1, usize::from(held)), "{place}");
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", held)), Ok(Delivered::Already), "{place}");
    assert_eq!(server.count(ANN), (1, usize::from(held)), "{place}");
}

fn every_step(fault: &Fault) {
    for (step, after) in ADDING {
        for acts in [false, true] {
            if !acts || !step.starts_with("GET") {
                told(&Server::start(), fault, step, after, acts, true);
            }
        }
    }
    for (step, after) in REMOVING {
        for acts in [false, true] {
            if !acts || !step.starts_with("GET") {
                let server = Server::start();
                assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", true)), Ok(Delivered::Changed));
                told(&server, fault, step, after, acts, false);
            }
        }
    }
}

#[test]
fn a_server_that_does_not_answer() {
    every_step(&Fault::Hangs);
}

#[test]
fn connections_that_are_cut() {
    every_step(&Fault::Cut);
    every_step(&Fault::Closed);
}

#[test]
fn servers_that_want_to_be_left_alone() {
    every_step(&Fault::Status(429, Some("7")));
    every_step(&Fault::Status(429, None));
    every_step(&Fault::Status(500, None));
    every_step(&Fault::Status(502, Some("in a while")));
    // A date beyond all patience is a day.
    every_step(&Fault::Status(503, Some("Tue, 31 Dec 2999 23:59:59 GMT")));
}

#[test]
fn servers_that_refuse() {
    every_step(&Fault::Status(400, None));
    every_step(&Fault::Status(401, None));
    every_step(&Fault::Status(403, None));
    every_step(&Fault::Status(409, None));
    every_step(&Fault::Echo);
}

#[test]
fn servers_that_talk_nonsense() {
    every_step(&Fault::Garbage);
    every_step(&Fault::Nothing);
}

#[test]
fn servers_that_do_not_stop_talking() {
    every_step(&Fault::Huge);
    every_step(&Fault::Endless);
}

#[test]
fn servers_that_say_that_they_did_it() {
    for (step, held) in [("POST /Users", true), ("PATCH /Groups/", true), ("PATCH /Groups/", false)] {
        let server = Server::start();
        if !held {
            deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", true)).unwrap();
        }
        told(&server, &Fault::Lie, step, 0, false, held);
    }
    let server = Server::start();
    deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", true)).unwrap();
    server.plan(Some(Plan { fault: Fault::Lie, step: "PATCH /Users/", after: 0, acts: false }));
    let first = deliver(&connector(&server.url, PATIENCE), &account(ANN, false)).unwrap_err();
    assert_eq!(first.retry, Retry::Later);
    assert_eq!(first.what, "crm: deactivating the account of ann@contoso.example: the server answers 204, and does not show it");
    server.plan(None);
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &account(ANN, false)), Ok(Delivered::Changed));
    assert_eq!(server.world().users[0]["active"], json!(false));
}

/// The token goes nowhere else: nobody even calls there.
#[test]
fn servers_that_send_us_elsewhere() {
    let thief = TcpListener::bind("127.0.0.1:0").unwrap();
    thief.set_nonblocking(true).unwrap();
    every_step(&Fault::Redirect(format!("http://localhost:{}/v2/Users", thief.local_addr().unwrap().port())));
    assert_eq!(thief.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn nobody_listens() {
    let url = { format!("http://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()) };
    let told = deliver(&connector(&url, PATIENCE), &membership(ANN, "Brand", true)).unwrap_err();
    assert_eq!(told.retry, Retry::Later);
}

/// The token is not sent before the other side has shown who it is.
#[test]
fn a_server_that_does_not_speak_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let heard = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut heard = vec![0; 4096];
        let count = stream.read(&mut heard).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        heard.truncate(count);
        // Whatever else comes, until the other side goes.
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    let told = deliver(&connector(&url, PATIENCE), &membership(ANN, "Brand", true)).unwrap_err();
    assert_eq!(told.retry, Retry::Later);
    assert!(told.what.contains("no secure connection"), "{told}");
    let heard = heard.join().unwrap();
    assert!(!heard.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes()));
}

#[test]
fn a_group_that_is_not_there() {
    let server = Server::start();
    let told = deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Sales", true)).unwrap_err();
    assert_eq!(told, Undelivered { what: "crm: finding group Sales: there is none".to_owned(), retry: Retry::Never });
    // Nobody gets an account for nothing.
    assert_eq!(server.count(ANN), (0, 0));
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Sales", false)), Ok(Delivered::Already));
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", false)), Ok(Delivered::Already));
    assert!(server.world().log.iter().all(|line| line.starts_with("GET ")));
}

#[test]
fn groups_by_name_in_any_case_or_by_id() {
    for group in ["Brand", "brand", "g1"] {
        let server = Server::start();
        assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership(ANN, group, true)), Ok(Delivered::Changed), "{group}");
        assert_eq!(server.count(ANN), (1, 1));
    }
    let server = Server::start();
    server.world().groups.push(("g2".to_owned(), "brand".to_owned(), Vec::new()));
    // The one that is written exactly so.
    deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", true)).unwrap();
    assert_eq!(server.count(ANN), (1, 1));
    server.world().groups.push(("g3".to_owned(), "Brand".to_owned(), Vec::new()));
    let told = deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", false)).unwrap_err();
    assert_eq!(told.retry, Retry::Never);
    assert!(told.what.contains("several groups"), "{told}");
}

#[test]
fn lists_of_several_pages() {
    let server = Server::start();
    let many = |count: usize| (0..count).map(|n| json!({ "id": format!("x{n}"), "userName": format!("x{n}@contoso.example") })).collect();
    {
        let mut world = server.world();
        (world.users, world.page, world.heedless) = (many(7), 2, true);
    }
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership("x6@contoso.example", "Brand", true)), Ok(Delivered::Changed));
    assert_eq!(server.count("x6@contoso.example"), (1, 1));
    // Who stands on no page is made, and then found behind all others.
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", true)), Ok(Delivered::Changed));
    assert_eq!(server.count(ANN), (1, 1));
    // A server that shows everything is not asked for ever.
    server.world().users = many(1000);
    let told = deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", true)).unwrap_err();
    assert_eq!(told.retry, Retry::Later);
}

/// Silence is not absence.
#[test]
fn a_list_that_hides_what_it_counts() {
    let server = Server::start();
    server.world().hides = true;
    assert_eq!(deliver(&connector(&server.url, PATIENCE), &account(ANN, true)).unwrap_err().retry, Retry::Later);
    assert_eq!(server.count(ANN), (0, 0));
}

#[test]
fn two_accounts_of_one_name() {
    let server = Server::start();
    let user = |id: &str| json!({ "id": id, "userName": "Ann@contoso.example" });
    server.world().users = vec![user("a"), user("b")];
    let told = deliver(&connector(&server.url, PATIENCE), &membership(ANN, "Brand", true)).unwrap_err();
    assert_eq!(told.retry, Retry::Never);
    assert!(told.what.contains("several accounts"), "{told}");
}

#[test]
fn names_with_quotes_stay_names() {
    let server = Server::start();
    for name in ["o'brien@contoso.example", "a\"b\\c@contoso.example", "x\" or userName pr or \"", "é+&=#/?%@contoso.example"] {
        assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership(name, "Brand", true)), Ok(Delivered::Changed), "{name}");
        assert_eq!(server.count(name), (1, 1), "{name}");
        assert_eq!(deliver(&connector(&server.url, PATIENCE), &membership(name, "Brand", false)), Ok(Delivered::Changed), "{name}");
        assert_eq!(server.count(name), (1, 0), "{name}");
    }
}
