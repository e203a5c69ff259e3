//! Mails of every kind, as they are read: `tests/mail/*.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use writ::model::Zone;
use writ::view::mail::{Mail, Notice, NoticeKind, link, mail};

const PORTAL: &str = "https://access.contoso.example";
const ID: &str = "0192f3a0-0000-7000-8000-00000000002a";

/// What is known of a request.
fn request(kind: NoticeKind, stage: u8, stages: u8) -> Notice {
    let text = |text: &str| Some(text.to_owned());
    let time = |text: &str| text.parse().ok();
    Notice {
        user: text("mamta@contoso.example"),
        to_name: text("Mamta"),
        package: text("Marketing campaign"),
        requestor: text("Joe"),
        organization: text("Contoso"),
        justification: text("I run the spring campaign.\n\nHana knows about it."),
        answers: vec![("Which cost centre pays?".to_owned(), "1234".to_owned()), ("Project".to_owned(), "Spring & summer".to_owned())],
        submitted: time("2027-03-01T08:00:00Z"),
        starts: time("2027-04-01T22:00:00Z"),
        ends: time("2027-06-30T22:00:00Z"),
        deadline: time("2027-03-15T08:00:00Z"),
        stage,
        stages,
        link: Some(link(PORTAL, kind, ID)),
        reference: text(ID),
        tenant: text("contoso"),
        zone: Zone::parse("Europe/Amsterdam").unwrap(),
        ..Notice::new(kind, "mamta@contoso.example")
    }
}

/// The same, with a time at which alternates may decide too.
fn forwarding(kind: NoticeKind, stage: u8, stages: u8) -> Notice {
    Notice { forward_at: "2027-03-08T08:00:00Z".parse().ok(), ..request(kind, stage, stages) }
}

/// What is known of access that somebody holds.
fn held(kind: NoticeKind) -> Notice {
    let whole = request(kind, 1, 1);
    Notice {
        user: Some("joe@contoso.example".to_owned()),
        to_name: Some("Joe".to_owned()),
        requestor: None,
        organization: None,
        justification: None,
        answers: Vec::new(),
        submitted: None,
        deadline: None,
        ..whole
    }
}

/// To the requestor, of a request.
fn asked(kind: NoticeKind) -> Notice {
    Notice { starts: None, ends: None, submitted: "2027-03-01T08:00:00Z".parse().ok(), ..held(kind) }
}

fn decided(notice: Notice, reason: &str) -> Notice {
    Notice { decided_by: Some("Hana".to_owned()), reason: Some(reason.to_owned()), ..notice }
}

fn without_portal(notice: Notice) -> Notice {
    Notice { link: None, ..notice }
}

fn review(kind: NoticeKind) -> Notice {
    Notice { deadline: "2027-03-15T08:00:00Z".parse().ok(), starts: None, ends: None, ..held(kind) }
}

fn hostile() -> Notice {
    let text = |text: &str| Some(text.to_owned());
    Notice {
        to_name: text("<b>Mamta</b>"),
        package: text("Campaign\r\nBcc: all@contoso.example"),
        requestor: text("Joe \u{202e}eoJ\u{202c}</bdi><script>alert(1)</script>"),
        organization: text("\u{1b}[2JContoso & \"Sons\""),
        justification: text("Fine.\r\n-- \r\nDecided by: Hana\u{2028}<a href=\"https://evil.example/\">approve</a>\u{0}"),
        answers: vec![("Why?\n- Approved: yes".to_owned(), "because\n\nof\tit".to_owned())],
        link: text("javascript:alert(1)"),
        reference: text("42; rm -rf 'x'"),
        ..request(NoticeKind::ActionNeeded, 1, 1)
    }
}

fn all() -> BTreeMap<&'static str, Notice> {
    use NoticeKind::*;
    let changed = Notice {
        gained: vec!["Reader of ad-manager".to_owned(), "Editor of ad-manager".to_owned()],
        lost: vec!["Member of brand-site".to_owned()],
        starts: None,
        ..held(PackageChanged)
    };
    let behalf = Notice { on_behalf_of: Some("Ann".to_owned()), ..request(ActionNeeded, 1, 1) };
    let longer = Notice { extension: true, ..request(ActionNeeded, 1, 1) };
    BTreeMap::from([
        ("n01-action-needed-forwarded", request(ActionNeededForwarded, 1, 1)),
        ("n02-action-needed", request(ActionNeeded, 1, 1)),
        ("n02-action-needed-hostile", hostile()),
        ("n02-action-needed-longer", longer),
        ("n02-action-needed-on-behalf", behalf),
        ("n02-action-needed-without-portal", without_portal(request(ActionNeeded, 1, 1))),
        ("n03-reminder", request(Reminder, 1, 2)),
        ("n04-action-needed-forwarding", forwarding(ActionNeeded, 1, 1)),
        ("n05-reminder-forwarding", forwarding(Reminder, 1, 1)),
        ("n06-request-expired-to-approver", request(RequestExpiredToApprover, 1, 1)),
        ("n07-approved", decided(request(Approved, 1, 1), "Hana said so.")),
        ("n08-stage-approved", decided(request(StageApproved, 1, 2), "Goes with the campaign.")),
        ("n09-denied", decided(asked(Denied), "Ask again in April,\nwhen the budget is there.")),
        ("n10-request-expired", asked(RequestExpired)),
        ("n11-action-needed-second-stage", request(ActionNeeded, 2, 2)),
        ("n12-reminder-second-stage", request(Reminder, 2, 2)),
        ("n13-action-needed-forwarding-second-stage", forwarding(ActionNeeded, 2, 3)),
        ("n14-reminder-forwarding-second-stage", forwarding(Reminder, 2, 2)),
        ("n15-action-needed-forwarded-second-stage", request(ActionNeededForwarded, 2, 2)),
        ("n16-approved-second-stage", decided(request(Approved, 2, 2), "Fine.")),
        ("n16-stage-approved-second-of-three", decided(request(StageApproved, 2, 3), "Fine.")),
        ("n17-request-expired-to-approver-second-stage", request(RequestExpiredToApprover, 2, 2)),
        ("n18-access-ready", held(AccessReady)),
        ("n18-access-ready-of-another", Notice { on_behalf_of: Some("Ann".to_owned()), ..held(AccessReady) }),
        ("n18-access-ready-without-portal", without_portal(held(AccessReady))),
        ("n19-extend-before-14-days", held(ExtendBefore14Days)),
        ("n19-extend-before-1-day", held(ExtendBefore1Day)),
        ("n19-extend-before-1-day-without-portal", without_portal(held(ExtendBefore1Day))),
        ("n20-access-ended", Notice { reason: Some("Its end came.".to_owned()), ..held(AccessEnded) }),
        ("package-changed", changed),
        ("review-opened", review(ReviewOpened)),
        ("review-reminder-without-portal", without_portal(review(ReviewReminder))),
    ])
}

fn told(mail: &Mail) -> String {
    format!("Subject: {}\n\n=== text\n{}\n=== html\n{}", mail.subject, mail.text, mail.html)
}

#[test]
fn mails_are_as_they_were_read() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail");
    let bless = std::env::var_os("WRIT_BLESS").is_some_and(|v| v == "1");
    let wanted: BTreeMap<String, String> = all().iter().map(|(name, notice)| (format!("{name}.txt"), told(&mail(notice)))).collect();
    let there = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name().to_str().unwrap().to_owned());
    let stale: Vec<String> = there.filter(|n| n.ends_with(".txt") && n != "requirements.txt" && !wanted.contains_key(n)).collect();
    let differs = |name: &str, text: &str| fs::read_to_string(dir.join(name)).ok().as_deref() != Some(text);
    let other: Vec<&String> = wanted.iter().filter(|(name, text)| differs(name, text)).map(|(name, _)| name).collect();
    if bless {
        other.iter().for_each(|name| fs::write(dir.join(name), &wanted[*name]).unwrap());
        stale.iter().for_each(|name| fs::remove_file(dir.join(name)).unwrap());
        return;
    }
    assert!(other.is_empty() && stale.is_empty(), "not as they were read: {other:?}, of no notice: {stale:?}; WRIT_BLESS=1 writes them");
}

#[test]
fn every_kind_and_code_is_read() {
    let all = all();
    for kind in NoticeKind::ALL {
        assert!(all.values().any(|notice| notice.kind == *kind), "{kind:?}");
    }
    for n in 1..=20 {
        let code = format!("N{n}");
        let name = format!("n{n:02}-");
        assert!(all.iter().any(|(k, notice)| k.starts_with(&name) && notice.code() == Some(&code)), "{code}");
    }
    for (name, notice) in &all {
        assert_eq!(
            notice.code().map(|c| format!("n{:0>2}", c.trim_start_matches('N'))).as_deref(),
            name.split('-').next().filter(|w| w.starts_with('n')),
            "{name}"
        );
    }
}

/// Text and HTML say the same words in the same order.
#[test]
fn both_bodies_say_the_same() {
    let unescaped =
        |t: &str| t.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
    let tag = regex_lite::Regex::new("<[^>]*>").unwrap();
    for (name, notice) in all() {
        let made = mail(&notice);
        let body = made.html.split_once("overflow-wrap:anywhere\">").unwrap().1;
        // A tag within a line stands between letters; one around a line stands at its end.
        let html = unescaped(&tag.replace_all(body, ""));
        let text: String = made
            .text
            .lines()
            .filter(|l| *l != "-- ")
            .map(|l| format!("{}\n", l.strip_prefix("> ").or_else(|| l.strip_prefix("- ")).unwrap_or(l.trim_start_matches('>'))))
            .collect();
        assert_eq!(words(&html), words(&text), "{name}");
    }
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
