//! What holds for every mail, whatever others wrote.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Every field that others fill, with the same text.
fn filled(kind: NoticeKind, text: &str) -> Notice {
    let given = Some(text.to_owned());
    Notice {
        to_name: given.clone(),
        user: given.clone(),
        package: given.clone(),
        requestor: given.clone(),
        on_behalf_of: given.clone(),
        organization: given.clone(),
        justification: given.clone(),
        answers: vec![(text.to_owned(), text.to_owned()), ("Which cost centre?".to_owned(), text.to_owned())],
        decided_by: given.clone(),
        reason: given.clone(),
        gained: vec![text.to_owned()],
        lost: vec![text.to_owned(), text.to_owned()],
        link: given.clone(),
        reference: given.clone(),
        tenant: given,
        deadline: "2027-03-15T08:00:00Z".parse().ok(),
        zone: Zone::parse("Europe/Amsterdam").unwrap(),
        ..Notice::new(kind, text)
    }
}

/// The tags of an HTML that are ours to the letter; whatever else begins with `<` is told.
fn tags(html: &str) -> Vec<String> {
    let ours = [
        "!DOCTYPE html",
        "html lang=\"en\"",
        "head",
        "title",
        "body",
        "p",
        "bdi",
        "dl",
        "dt",
        "dd",
        "ul",
        "li",
        "br",
        "hr",
        "small",
        "code",
        "a",
        "blockquote dir=\"auto\"",
        "meta charset=\"utf-8\"",
        "meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"",
        "meta name=\"color-scheme\" content=\"light dark\"",
    ];
    let mut found = Vec::new();
    for part in html.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').expect("a tag ends");
        assert!(!rest.contains('>'), "`>` outside of a tag: {part:?}");
        let bare = tag.split(" style=\"").next().unwrap().trim_start_matches('/');
        let bare = if bare.starts_with("a href=\"https://") { "a" } else { bare };
        let known = ours.iter().any(|o| *o == bare || o.split(' ').next() == Some(bare));
        assert!(known, "no tag of ours: {tag:?}");
        found.push(tag.split(' ').next().unwrap().to_owned());
    }
    found
}

fn holds(kind: NoticeKind, text: &str) {
    let made = mail(&filled(kind, text));
    let hostile = |c: char| crate::kinds::text::is_hostile(c, false);
    assert!(!made.subject.contains(hostile), "{:?}", made.subject);
    assert!(made.subject.chars().count() <= 300, "{:?}", made.subject);
    for body in [&made.text, &made.html] {
        assert!(!body.contains(|c| c != '\n' && hostile(c)), "{body:?}");
    }
    // Nobody else ends the mail.
    assert_eq!(made.text.lines().filter(|l| *l == "-- ").count(), 1, "{}", made.text);
    for (at, _) in made.html.match_indices('&') {
        let rest = &made.html[at..];
        assert!(["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"].iter().any(|e| rest.starts_with(e)), "{rest:?}");
    }
    // What is not plain in HTML changes no tag.
    let tame = text.replace(['<', '>', '&', '"', '\'', '`', '\\'], "x");
    assert_eq!(tags(&made.html), tags(&mail(&filled(kind, &tame)).html), "{text:?}");
}

/// Pieces that others have broken out with, and any character at all.
fn foreign() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("</blockquote><script>alert(1)</script>".to_owned()),
        Just("<bdi>".to_owned()),
        Just("</bdi></p>".to_owned()),
        Just("\" onmouseover=\"x".to_owned()),
        Just("&#60;&lt;&amp".to_owned()),
        Just("\r\nBcc: all@contoso.example\r\n\r\n".to_owned()),
        Just("\u{202e}gpj.exe\u{2066}".to_owned()),
        Just("\u{1b}[2J\u{9b}0m\u{7}".to_owned()),
        Just("\u{2028}\u{2029}\u{85}\u{b}\u{c}\u{0}".to_owned()),
        Just("https://evil.example/\"><img src=x>".to_owned()),
        Just("javascript:alert(1)".to_owned()),
        Just("\n-- \n> Approve\n".to_owned()),
        Just("شركة\u{200f} 営業 é̂".to_owned()),
        any::<String>(),
        proptest::collection::vec(any::<char>(), 0..40).prop_map(|cs| cs.into_iter().collect()),
        Just("x".repeat(5_000)),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_others_wrote_is_text(kind in proptest::sample::select(NoticeKind::ALL), text in foreign()) {
        holds(kind, &text);
    }
}

#[test]
fn codes_are_those_of_the_list() {
    let mut codes = BTreeSet::new();
    for kind in NoticeKind::ALL {
        for (stage, forwards) in [(1, false), (1, true), (2, false), (2, true), (3, true)] {
            codes.extend(kind.code(stage, forwards));
        }
    }
    let wanted: BTreeSet<String> = (1..=20).map(|n| format!("N{n}")).collect();
    assert_eq!(codes.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), wanted);
}

#[test]
fn kinds_are_named_as_they_are_stored() {
    let names: Vec<String> = NoticeKind::ALL.iter().map(|k| serde_json::to_string(k).unwrap()).collect();
    assert_eq!(names[1], "\"action_needed_forwarded\"");
    assert!(names.contains(&"\"extend_before_14_days\"".to_owned()) && names.contains(&"\"extend_before_1_day\"".to_owned()));
}

#[test]
fn links_are_of_the_portal_and_say_nothing_else() {
    let of = |kind, id| link("https://access.contoso.example/", kind, id);
    assert_eq!(of(NoticeKind::Reminder, "0192-a"), "https://access.contoso.example/requests/0192-a");
    assert_eq!(of(NoticeKind::AccessReady, "a/../b?x=1"), "https://access.contoso.example/assignments/a%2F%2E%2E%2Fb%3Fx%3D1");
    assert_eq!(of(NoticeKind::ReviewOpened, "ü"), "https://access.contoso.example/reviews/%C3%BC");
    for wrong in ["http://access.contoso.example/", "javascript:alert(1)", "https://a.example/\"x", "https://a.example/ x", ""] {
        let notice =
            Notice { link: Some(wrong.to_owned()), reference: Some("7".to_owned()), ..Notice::new(NoticeKind::Reminder, "m@c.example") };
        let made = mail(&notice);
        assert!(!made.html.contains("<a ") && made.text.contains("    writ approve 7 --as m@c.example\n    writ deny 7"), "{}", made.text);
    }
}

#[test]
fn what_is_empty_or_unseen_is_left_out() {
    let bare = |kind| mail(&Notice::new(kind, "m@c.example"));
    for kind in NoticeKind::ALL {
        assert_eq!(bare(*kind).text, mail(&filled_with_nothing(*kind)).text, "{kind:?}");
    }
}

fn filled_with_nothing(kind: NoticeKind) -> Notice {
    let blank = || Some(" \u{200f}\r\n\t".to_owned());
    Notice {
        to_name: blank(),
        package: blank(),
        requestor: blank(),
        organization: blank(),
        justification: blank(),
        reason: blank(),
        reference: blank(),
        tenant: blank(),
        link: blank(),
        ..Notice::new(kind, "m@c.example")
    }
}

#[test]
fn a_long_text_keeps_its_head_and_its_marks() {
    let long: String = (0..200).map(|n| format!("line {n}\r\n")).collect();
    let notice = Notice { justification: Some(long), ..Notice::new(NoticeKind::Reminder, "m@c.example") };
    let made = mail(&notice);
    assert!(made.text.contains("> line 59\n> … (140 more lines)\n"), "{}", made.text);
    assert!(made.html.contains("line 59<br>\n… (140 more lines)</blockquote>"), "{}", made.html);
}
