//! Reports and answers of the real binary on `examples/contoso`: every report in every form, now and then, with foreign text, and by
//! whom.

mod support;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use support::Workspace;

/// Every report that is made, with what it has to be given.
const REPORTS: [(&str, &[&str]); 14] = [
    ("assignments", &[]),
    ("requestable", &["--for", "ann@contoso.example"]),
    ("held", &["--for", "joe@contoso.example"]),
    ("resource-assignments", &["--for", "joe@contoso.example"]),
    ("request-trail", &[]),
    ("organizations", &[]),
    ("incompatible", &[]),
    ("activity", &[]),
    ("reviews", &[]),
    ("review-history", &[]),
    ("requests", &[]),
    ("delivery-errors", &[]),
    ("external-catalogs", &[]),
    ("roles", &[]),
];

const REASON: &str = "=cmd|' /C calc'!A0\n| a | b |\n\u{1b}[2J\u{202e}<img src=x>[x](http://e.example) `` @everyone \\";

/// Contoso, where Joe got what he asked for, Lars was given it, and Zoe came and went. Joe's name and reason mean harm.
fn contoso() -> Workspace {
    let place = Workspace::example("contoso");
    place.replace("directory/users.toml", "\"Joe Keller\"", "\"=HYPERLINK(1)|`Joe` <b>\\\\|\"");
    place.apply();
    let ask = ["request", "campaign", "--as", "joe@contoso.example", "-j", REASON, "--answer", "cost-center=1234"];
    place.expect(0, &ask);
    place.expect(0, &["approve", "campaign", "--as", "mamta@contoso.example", "-j", REASON]);
    place.expect(0, &["assign", "campaign", "lars@contoso.example", "--as", "mamta@contoso.example"]);
    place.expect(0, &["request", "campaign", "--as", "zoe@fabrikam.example", "-j", "Agency"]);
    place.expect(0, &["approve", "campaign", "--for", "zoe@fabrikam.example", "--as", "mamta@contoso.example", "-j", "ok"]);
    place.expect(0, &["remove", "campaign", "--as", "zoe@fabrikam.example"]);
    place.expect(0, &["review", "start", "campaign", "--policy", "employees"]);
    place.expect(0, &["review", "decide", "campaign", "approve", "-j", REASON, "--as", "joe@contoso.example"]);
    place
}

fn report(place: &Workspace, name: &str, more: &[&str]) -> String {
    place.expect(0, &[&["report", name], more].concat()).out
}

/// The tables of a page, as cells, and whether anything in it is more than text.
fn tables(page: &str) -> (Vec<Vec<String>>, bool) {
    let (mut rows, mut row, mut cell, mut harm) = (Vec::new(), Vec::new(), String::new(), false);
    for event in Parser::new_ext(page, Options::ENABLE_TABLES) {
        match event {
            Event::End(TagEnd::TableCell) => row.push(std::mem::take(&mut cell)),
            Event::End(TagEnd::TableRow | TagEnd::TableHead) => rows.push(std::mem::take(&mut row)),
            Event::Start(Tag::TableCell) => cell.clear(),
            Event::Text(text) | Event::Code(text) => cell.push_str(&text),
            Event::InlineHtml(html) => harm |= !matches!(&*html, "<code>" | "</code>"),
            Event::Html(_) | Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock) => harm = true,
            _ => {}
        }
    }
    (rows, harm)
}

#[test]
fn every_report_in_every_form() {
    let place = contoso();
    let list = place.expect(0, &["report", "--json"]).json();
    let made: Vec<&str> =
        list["reports"].as_array().unwrap().iter().filter(|r| r["not_made"].is_null()).map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(made, REPORTS.map(|(name, _)| name));
    for (name, more) in REPORTS {
        let text = report(&place, name, more);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()) && !text.contains('\u{202e}'), "{name}: {text:?}");
        let json = place.expect(0, &[&["report", name, "--json"], more].concat()).json();
        let columns: Vec<&str> = json["columns"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        let rows = json["rows"].as_array().unwrap();
        assert!(rows.iter().all(|r| r.as_object().unwrap().len() == columns.len()), "{name}");
        assert_eq!(rows.is_empty(), name == "delivery-errors", "{name}: {json}");
        assert_eq!(text.lines().count(), rows.len() + 1, "{name}: {text}");

        let text = report(&place, name, &[more, &["--format", "csv"]].concat());
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(csv.headers().unwrap().iter().collect::<Vec<_>>(), columns, "{name}");
        let cells: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
        assert_eq!(cells.len(), rows.len(), "{name}");
        for cell in cells.iter().flatten() {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !cell.contains('\u{1b}'), "{name}: {cell:?}");
        }

        let page = report(&place, name, &[more, &["--format", "markdown"]].concat());
        let (table, harm) = tables(&page);
        assert!(!harm, "{name}: {page}");
        assert!(page.contains(&format!("as of @{}", json["serial"])), "{page}");
        assert_eq!(table.len(), if rows.is_empty() { 0 } else { rows.len() + 1 }, "{name}: {page}");
        // A row that is broken has other cells than its head: the parser fills up and cuts off, so the last line is looked at too.
        let bars = |l: &str| l.replace("\\|", "").matches('|').count();
        let lines: Vec<&str> = page.lines().filter(|l| l.starts_with('|')).collect();
        assert!(lines.iter().all(|l| bars(l) == bars(lines[0])), "{name}: {page}");
    }
}

#[test]
fn foreign_text_is_told_whole_where_it_can_do_no_harm() {
    let place = contoso();
    let json = place.expect(0, &["report", "requests", "--for", "joe@contoso.example", "--json"]).json();
    assert_eq!(json["rows"][0]["justification"], REASON);
    let text = report(&place, "requests", &["--for", "joe@contoso.example"]);
    assert!(text.contains("=cmd|' /C calc'!A0\\u{a}| a | b |\\u{a}\\u{1b}[2J\\u{202e}<img src=x>"), "{text}");
    let csv = report(&place, "requests", &["--for", "joe@contoso.example", "--format", "csv"]);
    assert!(csv.contains("'=cmd|' /C calc'!A0\n| a | b |"), "{csv}");
    let csv = report(&place, "assignments", &["--for", "joe@contoso.example", "--format", "csv"]);
    assert!(csv.contains("'=HYPERLINK(1)|`Joe` <b>\\|"), "{csv}");
    let (table, _) = tables(&report(&place, "assignments", &["--for", "joe@contoso.example", "--format", "markdown"]));
    assert!(table[1].contains(&"=HYPERLINK(1)|`Joe` <b>\\|".to_owned()), "{table:?}");
    // The answers are lines of ours.
    let why = place.expect(0, &["why", "joe@contoso.example", "marketing/ad-manager"]).out;
    assert!(why.lines().all(|l| !l.starts_with('|') && !l.contains('\u{1b}')), "{why}");
}

#[test]
fn what_was_so_then() {
    let place = contoso();
    let serial = place.expect(0, &["history", "--json"]).json()["result"]["serial"].as_u64().unwrap();
    let holds = |at: &str| report(&place, "assignments", &["--package", "campaign", "--at", at, "--format", "csv"]);
    let users = |text: &str| ["joe@", "lars@", "zoe@"].map(|name| text.contains(name));
    assert_eq!(users(&holds("@1")), [false, false, false]);
    assert_eq!(users(&holds("@3")), [true, false, false]);
    // The last two are of a review; before them Zoe gave hers up.
    assert_eq!(users(&holds(&format!("@{}", serial - 3))), [true, true, true]);
    assert_eq!(users(&holds(&format!("@{serial}"))), [true, true, false]);
    let revisions = place.expect(0, &["history", "--json"]).json();
    let instant = revisions["revisions"][3]["at"].as_str().unwrap().to_owned();
    assert_eq!(holds(&instant), holds("@3"));
    place.expect(1, &["report", "assignments", "--at", "2199-01-01T00:00:00Z"]).says(&["still to come"]);
    place.expect(1, &["report", "assignments", "--at", "2001-01-01T00:00:00Z"]).says(&["did not exist then"]);

    // A role that the package loses is lost by all who hold it, and was held before.
    place.replace(
        "catalogs/marketing/campaign.toml",
        "resource_roles.ad-manager = [\"Editor\", \"Reader\"]",
        "resource_roles.ad-manager = \"Reader\"",
    );
    place.apply();
    let editors = |more: &[&str]| {
        place.expect(0, &[&["who", "marketing/ad-manager", "--format", "csv"], more].concat()).out.matches(",Editor,").count()
    };
    assert_eq!((editors(&[]), editors(&["--at", &format!("@{serial}")])), (0, 2));
    let mine = ["assignments", "--mine", "--changes", "--as", "joe@contoso.example", "--json"];
    let changes = place.expect(0, &mine).json();
    let told: Vec<String> = changes["changes"].as_array().unwrap().iter().map(|c| format!("{} {}", c["change"], c["what"])).collect();
    assert!(told[0].starts_with("\"given\"") && told[1] == "\"lost\" \"Editor on ad-manager\"" && told.len() == 2, "{told:?}");
    assert_eq!(changes["changes"][1]["held_on"], false);
    let since = place.expect(0, &[&mine[..], &["--since", "2199-01-01"]].concat()).json();
    assert_eq!(since["changes"].as_array().unwrap().len(), 0);
    place.expect(1, &["assignments", "--since", "2026-01-01"]);

    // What is seen of the past follows from what one is today.
    place.replace("catalogs/marketing/catalog.toml", "paul@contoso.example", "lars@contoso.example");
    place.apply();
    place.expect(5, &["report", "assignments", "--as", "paul@contoso.example", "--at", "@3"]);
    place.expect(0, &["report", "assignments", "--as", "lars@contoso.example", "--at", "@3"]).says(&["joe@contoso.example"]);
}

#[test]
fn who_may_see_what() {
    let place = contoso();
    for name in [
        "assignments",
        "request-trail",
        "organizations",
        "incompatible",
        "activity",
        "requests",
        "delivery-errors",
        "external-catalogs",
        "roles",
    ] {
        place.expect(5, &["report", name, "--as", "joe@contoso.example"]).says(&[
            "needs",
            "administrator",
            "R55",
            "hana@contoso.example can",
        ]);
        place.expect(0, &["report", name, "--as", "hana@contoso.example"]);
    }
    for name in ["requestable", "held", "resource-assignments"] {
        place.expect(5, &["report", name, "--for", "ann@contoso.example", "--as", "joe@contoso.example"]).says(&["R55"]);
        place.expect(0, &["report", name, "--as", "joe@contoso.example"]);
        place.expect(5, &["report", name]).says(&["nobody is named", "--for USER"]);
    }
    // A package manager sees their own catalog, and is refused another.
    let seen = report(&place, "assignments", &["--as", "paul@contoso.example"]);
    assert!(seen.contains("joe@contoso.example") && !seen.contains("gita@"), "{seen}");
    // Of a catalog of others nothing is told, not even that there is one.
    let refused = |package: &str| place.expect(5, &["report", "assignments", "--package", package, "--as", "paul@contoso.example"]);
    let (hidden, none) = (refused("audit"), refused("qqqqq"));
    hidden.says(&["there is no package `audit`"]);
    assert_eq!(hidden.err, none.err.replace("qqqqq", "audit"));
    // Who may request a package knows that it is there, and is told who can help.
    let refused = place.expect(5, &["report", "assignments", "--package", "campaign", "--as", "joe@contoso.example"]);
    refused.says(&["of `catalog.marketing`", "mamta@contoso.example"]);
    let seen = report(&place, "roles", &["--as", "paul@contoso.example"]);
    assert!(seen.contains("mamta@contoso.example") && !seen.contains("hana@"), "{seen}");
    // The partner desk sees the organizations, and nothing else of the tenant.
    place.expect(0, &["report", "organizations", "--as", "ben@contoso.example"]);
    place.expect(5, &["report", "activity", "--as", "ben@contoso.example"]);
    let own = report(&place, "request-trail", &["--for", "joe@contoso.example", "--as", "joe@contoso.example"]);
    assert!(own.contains("request.decided"), "{own}");
}

#[test]
fn a_report_is_narrowed_by_what_it_takes() {
    let place = contoso();
    place.expect(1, &["report", "asignments"]).says(&["did you mean `assignments`?"]);
    place.expect(1, &["report", "outside-changes"]).says(&["only the tenant"]);
    place.expect(1, &["report", "roles", "--state", "denied"]).says(&["takes no `--state`", "it takes --for"]);
    place.expect(1, &["report", "assignments", "--state", "gone"]).says(&["the states are delivering"]);
    let expired = report(&place, "assignments", &["--state", "expired"]);
    assert!(expired.contains("zoe@") && expired.contains("the holder gave it up") && !expired.contains("joe@"), "{expired}");
    let all = report(&place, "assignments", &["--state", "all", "--package", "campaign"]);
    assert!(all.lines().nth(1).unwrap().contains("joe@") && all.lines().last().unwrap().contains("zoe@"), "{all}");
    let rows =
        |more: &[&str]| place.expect(0, &[&["report", "activity", "--json"], more].concat()).json()["rows"].as_array().unwrap().len();
    assert_eq!((rows(&["--to", "2001-01-01"]), rows(&["--from", "2199-01-01"])), (0, 0));
    let package = report(&place, "activity", &["--package", "campaign"]);
    assert!(package.contains("object.created") && package.contains("assignment.ended") && !package.contains("gita@"), "{package}");
    let requests = place.expect(0, &["report", "requests", "--for", "zoe@fabrikam.example", "--json"]).json();
    let id = requests["rows"][0]["request"].as_str().unwrap();
    let trail = report(&place, "request-trail", &["--request", &id[id.len() - 8..]]);
    assert!(trail.lines().skip(1).all(|l| l.contains(id)) && trail.contains("request.delivered"), "{trail}");
    place.expect(5, &["report", "request-trail", "--request", "no-such-thing"]).says(&["R57"]);
}

#[test]
fn every_answer_ends_in_a_line_or_in_an_event() {
    let place = contoso();
    let why = place.expect(0, &["why", "joe@contoso.example", "catalog.marketing.resource.ad-manager", "--as", "joe@contoso.example"]).out;
    for said in [
        "[catalogs/marketing/campaign.toml:5]",
        "[catalogs/marketing/campaign.toml:10]",
        "request by joe@",
        "[@2]",
        "approved by mamta@",
        "[@3]",
    ] {
        assert!(why.contains(said), "{said}: {why}");
    }
    assert!(why.lines().skip(1).filter(|l| l.starts_with("  ")).all(|l| l.ends_with(']')), "{why}");
    let json = place.expect(0, &["why", "gita@northwind.example", "application:ledger", "--json"]).json();
    let links = json["why"]["reasons"][0]["links"].as_array().unwrap();
    assert!(links.iter().any(|l| l["text"].as_str().unwrap().starts_with("declared by access_package.audit.assignment.lead-auditor")));
    assert!(links.iter().all(|l| !l["proof"].is_null()), "{json}");
    let zoe = place.expect(0, &["why", "zoe@fabrikam.example", "group:campaign-team"]).out;
    assert!(zoe.contains("holds nothing") && zoe.contains("the holder gave it up  [@7]") && zoe.contains("(R154)"), "{zoe}");
    place.expect(5, &["why", "lars@contoso.example", "group:campaign-team", "--as", "joe@contoso.example"]).says(&["R55"]);
    place.expect(5, &["why", "joe@contoso.example", "no-such"]).says(&["there is no resource `no-such`"]);

    let who = place.expect(0, &["who", "campaign-team", "--as", "paul@contoso.example"]).out;
    assert!(who.contains("lars@contoso.example") && who.contains("assigned through direct"), "{who}");
    place.expect(5, &["who", "campaign-team", "--as", "joe@contoso.example"]).says(&["R55"]);

    place.expect(0, &["can", "ann@contoso.example", "campaign"]).says(&[
        "can request",
        "any one of mamta@",
        "after 7d also carla@",
        "expiration 180d",
    ]);
    place.expect(0, &["can", "tom@contoso.example", "campaign"]).says(&["cannot request", "(R34)", "help: its managers"]);
    place.expect(0, &["can", "ivy@contoso.example", "month-end"]).says(&["C13", "stage 1: any one of omar@", "stage 2: any one of felix@"]);
    place.expect(5, &["can", "ann@contoso.example", "campaign", "--as", "joe@contoso.example"]).says(&["R55"]);
    // Who may not have a hidden package learns no more of it than of one that is not there.
    place.expect(5, &["can", "joe@contoso.example", "audit", "--as", "joe@contoso.example"]).says(&["there is no package"]);
}

#[test]
fn a_declared_assignment_says_who_still_has_it() {
    let place = contoso();
    let shown = |more: &[&str]| place.expect(0, &[&["show", "access_package.audit.assignment.lead-auditor"], more].concat()).out;
    assert!(shown(&[]).contains("gita@northwind.example  live"), "{}", shown(&[]));
    place.expect(0, &["remove", "audit", "--for", "gita@northwind.example", "--as", "felix@contoso.example"]);
    let spent = shown(&[]);
    assert!(spent.contains("gita@northwind.example  spent") && spent.contains("felix@contoso.example took it away"), "{spent}");
    assert!(shown(&["--at", "@1"]).contains("live"));
    let json = place.expect(0, &["show", "access_package.campaign.assignment.interns", "--json"]).json();
    assert_eq!(json["values"][0]["people"][0]["state"], "scheduled");
    // Who holds no role in its catalog sees nothing of it; who sees no assignments of the package sees what the files say.
    place.expect(1, &["show", "access_package.audit.assignment.lead-auditor", "--as", "joe@contoso.example"]).says(&["there is no"]);
    let reader = "[catalog.finance.delegation.readers]\nrole = \"catalog_reader\"\nmembers = [\"joe@contoso.example\"]\n";
    place.write("readers.toml", reader);
    place.expect(0, &["apply", "--auto-approve"]);
    let other = place.expect(0, &["show", "access_package.audit.assignment.lead-auditor", "--as", "joe@contoso.example"]).out;
    assert!(other.contains("Lead auditor") && !other.contains("spent"), "{other}");
}
