//! Mail, sent to a real server on loopback, and read as it is written.
//!
//! The server is Python's `aiosmtpd`, as `tests/mail/requirements.txt` names it, in `target/venv` or in the Python on the path.
//! Where it is not to be had the tests say so and pass; with `CI=true` they fail.
//!
//! `WRIT_BLESS=1 cargo test --test mail` writes `tests/mail/*.txt` anew: read what changed.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod golden;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod through;

use server::{Server, certificate, settings};
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};
use writ::config::{Encryption, MailSettings, Mailbox};
use writ::notify::{Credentials, Mailer, Secret, Unsent};
use writ::view::mail::{Mail, Notice, NoticeKind, mail};

fn to(address: &str) -> Mailbox {
    Mailbox { name: Some("Ann".to_owned()), address: address.to_owned() }
}

fn ready() -> Mail {
    let package = Some("Kampagne Frühling".to_owned());
    mail(&Notice { package, tenant: Some("contoso".to_owned()), ..Notice::new(NoticeKind::AccessReady, "ann@contoso.example") })
}

fn mailer(settings: MailSettings) -> Mailer {
    Mailer::open(settings, None).unwrap().with_timeout(Duration::from_secs(20))
}

fn send(mailer: &mut Mailer, address: &str, key: &str) -> Result<(), Unsent> {
    mailer.send(&ready(), &to(address), key, "2027-03-01T08:00:00Z".parse().unwrap())
}

fn login(username: &str, password: &str) -> Option<Credentials> {
    Some(Credentials { username: Secret::new(username), password: Secret::new(password) })
}

#[test]
fn a_mail_arrives_once_with_both_parts() {
    let Some(server) = Server::start(&[]) else { return };
    send(&mut mailer(server.settings()), "ann@contoso.example", "key-1").unwrap();
    let kept = server.kept();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0]["from"].as_str(), kept[0]["to"][0].as_str()), (Some("access@contoso.example"), Some("ann@contoso.example")));
    let read = server.read(&kept[0]);
    let header = |name: &str| read["headers"][name].as_str().unwrap().to_owned();
    assert_eq!(header("Subject"), ready().subject);
    assert_eq!(header("From"), "Writ <access@contoso.example>");
    assert_eq!(header("To"), "Ann <ann@contoso.example>");
    assert_eq!(header("Reply-To"), "help@contoso.example");
    assert_eq!(header("Date"), "Mon, 01 Mar 2027 08:00:00 +0000");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert!(header("Message-ID").ends_with("@contoso.example>"));
    assert_eq!(read["type"], "multipart/alternative");
    assert_eq!(read["parts"].as_array().unwrap().len(), 2);
    // Lines of mail end in CRLF on their way.
    let part = |n: usize| {
        let [kind, content] = [0, 1].map(|i| read["parts"][n][i].as_str().unwrap());
        (kind.to_owned(), content.replace("\r\n", "\n"))
    };
    assert_eq!(part(0), ("text/plain".to_owned(), ready().text));
    assert_eq!(part(1), ("text/html".to_owned(), ready().html));
}

#[test]
fn a_mail_sent_again_is_known_for_the_same() {
    let Some(server) = Server::start(&[]) else { return };
    for _ in 0..2 {
        send(&mut mailer(server.settings()), "ann@contoso.example", "key-1").unwrap();
    }
    send(&mut mailer(server.settings()), "ann@contoso.example", "key-2").unwrap();
    let kept = server.kept();
    assert_eq!(kept[0]["content"], kept[1]["content"]);
    let ids: Vec<_> = kept.iter().map(|k| server.read(k)["headers"]["Message-ID"].as_str().unwrap().to_owned()).collect();
    assert_ne!(ids[0], ids[2]);
}

#[test]
fn many_go_over_one_connection() {
    let Some(server) = Server::start(&[]) else { return };
    let mut mailer = mailer(server.settings());
    for n in 0..50 {
        send(&mut mailer, &format!("person-{n}@contoso.example"), "key").unwrap();
    }
    let kept = server.kept();
    assert_eq!(kept.len(), 50);
    assert!(kept.iter().all(|k| k["connection"] == 1));
}

#[test]
fn a_recipient_who_is_refused_costs_nobody_else_a_mail() {
    let Some(server) = Server::start(&[]) else { return };
    let mut mailer = mailer(server.settings());
    send(&mut mailer, "ann@contoso.example", "key").unwrap();
    let nobody = send(&mut mailer, "nobody@contoso.example", "key").unwrap_err();
    assert!(!nobody.retry && !nobody.everyone, "{nobody:?}");
    assert!(nobody.what.contains("refused the recipient nobody@contoso.example (550): 5.1.1 no such"), "{nobody}");
    // The server's words are foreign, too.
    assert!(!nobody.what.contains(['\u{1b}', '\t']), "{nobody:?}");
    let later = send(&mut mailer, "later@contoso.example", "key").unwrap_err();
    assert!(later.retry && !later.everyone, "{later:?}");
    assert!(later.what.contains("(451): 4.7.1 come back later"), "{later}");
    let disliked = Mail { text: "REFUSE-CONTENT".to_owned(), ..ready() };
    let disliked = mailer.send(&disliked, &to("bo@contoso.example"), "key", chrono::DateTime::UNIX_EPOCH).unwrap_err();
    assert!(
        !disliked.retry && !disliked.everyone && disliked.what.contains("refused the mail to bo@contoso.example (554)"),
        "{disliked:?}"
    );
    send(&mut mailer, "cid@contoso.example", "key").unwrap();
    let kept = server.kept();
    assert_eq!(kept.iter().map(|k| k["to"][0].as_str().unwrap()).collect::<Vec<_>>(), ["ann@contoso.example", "cid@contoso.example"]);
    assert!(kept.iter().all(|k| k["connection"] == 1));
}

#[test]
fn a_server_that_hung_up_is_called_again() {
    let Some(server) = Server::start(&[]) else { return };
    let mut mailer = mailer(server.settings());
    send(&mut mailer, "last@contoso.example", "key").unwrap();
    std::thread::sleep(Duration::from_millis(300));
    send(&mut mailer, "ann@contoso.example", "key").unwrap();
    let connections: Vec<_> = server.kept().iter().map(|k| k["connection"].as_u64().unwrap()).collect();
    assert_eq!(connections, [1, 2]);
}

#[test]
fn no_answer_after_the_content_leaves_it_open() {
    let Some(server) = Server::start(&[]) else { return };
    let mut mailer = mailer(server.settings()).with_timeout(Duration::from_millis(800));
    let silent = send(&mut mailer, "silent@contoso.example", "key").unwrap_err();
    assert!(silent.retry && silent.what.contains("left open whether it took the mail to silent@contoso.example"), "{silent:?}");
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let away = send(&mut mailer(settings(port)), "ann@contoso.example", "key").unwrap_err();
    assert!(away.retry && away.everyone, "{away:?}");
    assert!(away.what.starts_with(&format!("127.0.0.1:{port} cannot be reached: ")), "{away}");
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut mailer = mailer(settings(listener.local_addr().unwrap().port())).with_timeout(Duration::from_millis(300));
    let began = Instant::now();
    let silent = send(&mut mailer, "ann@contoso.example", "key").unwrap_err();
    assert!(silent.retry && silent.everyone && silent.what.ends_with("cannot be reached: no answer within 300ms"), "{silent:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn nothing_is_said_to_a_server_that_does_not_encrypt() {
    let Some(server) = Server::start(&[]) else { return };
    let refused = send(&mut mailer(server.encrypted(Encryption::StartTls)), "ann@contoso.example", "key").unwrap_err();
    assert!(refused.retry && refused.everyone && refused.what.contains("does not encrypt"), "{refused:?}");
    assert!(server.kept().is_empty());
}

#[test]
fn nothing_is_said_to_a_server_that_nobody_vouches_for() {
    let Some(pair) = certificate() else { return };
    for (encryption, flags) in [(Encryption::StartTls, [].as_slice()), (Encryption::Tls, ["--implicit"].as_slice())] {
        let Some(server) = Server::start(&[&pair.flags()[..], flags].concat()) else { return };
        let refused = send(&mut mailer(server.encrypted(encryption)), "ann@contoso.example", "key").unwrap_err();
        assert!(refused.retry && refused.everyone && refused.what.contains("certificate"), "{refused:?}");
        assert!(server.kept().is_empty());
    }
}

/// A machine that trusts the server is a process of its own, since the list of whom it trusts is a variable.
#[test]
fn a_server_that_is_trusted_gets_the_login() {
    let Some(pair) = certificate() else { return };
    for (encryption, flags) in [("starttls", [].as_slice()), ("tls", ["--implicit"].as_slice())] {
        let login = ["--login", "writ", "s3cret"];
        let Some(server) = Server::start(&[&pair.flags()[..], flags, &login].concat()) else { return };
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "on_a_machine_that_trusts_it", "--ignored", "--nocapture"])
            .env("SSL_CERT_FILE", &pair.certificate)
            .env("WRIT_TEST_MAIL", format!("{encryption} {}", server.port()))
            .output()
            .unwrap();
        assert!(child.status.success(), "{}{}", String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
        let kept = server.kept();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0]["encrypted"], true);
        assert!(kept[0]["login"].as_bool().unwrap());
    }
}

#[test]
#[ignore = "run by `a_server_that_is_trusted_gets_the_login`"]
fn on_a_machine_that_trusts_it() {
    let Ok(told) = std::env::var("WRIT_TEST_MAIL") else { return };
    let (encryption, port) = told.split_once(' ').unwrap();
    let mut settings = settings(port.parse().unwrap());
    settings.server.host = "localhost".to_owned();
    settings.server.encryption = if encryption == "tls" { Encryption::Tls } else { Encryption::StartTls };
    let open = |credentials| Mailer::open(settings.clone(), credentials).unwrap().with_timeout(Duration::from_secs(20));
    let wrong = send(&mut open(login("writ", "wr0ng-pass")), "ann@contoso.example", "key").unwrap_err();
    assert!(wrong.retry && wrong.everyone && wrong.what.contains("refused the login (535)"), "{wrong:?}");
    assert!(!wrong.what.contains("wr0ng"), "{wrong:?}");
    let none = send(&mut open(None), "ann@contoso.example", "key").unwrap_err();
    assert!(none.retry && none.everyone && none.what.contains("(530)"), "{none:?}");
    send(&mut open(login("writ", "s3cret")), "ann@contoso.example", "key").unwrap();
}
