//! From what happens to the mail that tells of it, through the real program.

use crate::server::Server;
use crate::support::{Run, Workspace};

const TEXT: &str = "[user.\"ann@contoso.example\"]\ndisplay_name = \"Ann <b>Lee</b>\"\n[user.\"bo@contoso.example\"]\n[user.\"cy@contoso.example\"]\n\
[application.crm]\nroles = [\"Reader\", \"User\"]\n[catalog.sales]\n[catalog.sales.resource.crm]\norigin = \"application:crm\"\n\
[access_package.crm]\ncatalog = \"sales\"\nresource_roles.crm = \"User\"\n\
[access_package.crm.policy.staff]\nrequestors = \"all_members\"\nexpiration = \"30d\"\nextension = \"allowed\"\n\
approval = { approvers = [\"bo@contoso.example\", \"cy@contoso.example\"], timeout = \"14d\" }\n";

fn workspace(port: u16) -> Workspace {
    let w = Workspace::of(TEXT);
    let mail =
        format!("[workspace]\nname = \"test\"\n\n[mail]\nfrom = \"Writ <access@contoso.example>\"\nsmtp = \"smtp://127.0.0.1:{port}\"\n");
    w.write("writ.toml", &mail);
    w.apply();
    w
}

/// Who was told what since so many mails: recipient and subject, sorted.
fn told(server: &Server, since: usize) -> Vec<(String, String)> {
    let subject = |mail| server.read(mail)["headers"]["Subject"].as_str().unwrap().to_owned();
    let mut all: Vec<_> = server.kept().iter().skip(since).map(|m| (m["to"][0].as_str().unwrap().to_owned(), subject(m))).collect();
    all.sort();
    all
}

fn recipients(server: &Server, since: usize) -> Vec<String> {
    told(server, since).into_iter().map(|(to, _)| to).collect()
}

#[test]
fn everybody_whom_it_concerns_is_told_once() {
    let Some(server) = Server::start(&[]) else { return };
    let w = workspace(server.port());
    w.expect(0, &["request", "crm", "-j", "=1+1 <script>", "--as", "ann@contoso.example"]);
    w.expect(0, &["deliver"]);
    assert_eq!(recipients(&server, 0), ["bo@contoso.example", "cy@contoso.example"]);
    w.expect(0, &["deliver"]).says(&["Nothing waits"]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    w.expect(0, &["tick"]);
    assert_eq!(recipients(&server, 2), ["ann@contoso.example", "bo@contoso.example", "cy@contoso.example"]);
    // Two weeks before the end, one day before it, and after it: once each, however often the clock is looked at.
    let day = |days: i64| (chrono::Utc::now() + chrono::TimeDelta::days(days)).to_rfc3339();
    for (days, expected) in [(10, 0), (17, 1), (18, 0), (29, 1), (31, 1), (40, 0)] {
        let before = server.kept().len();
        w.expect(0, &["tick", "--now", &day(days)]);
        w.expect(0, &["tick", "--now", &day(days)]);
        assert_eq!(recipients(&server, before), vec!["ann@contoso.example"; expected], "on day {days}");
    }
    w.expect(0, &["audit", "verify"]);
}

#[test]
fn a_change_of_a_package_is_told_to_who_holds_it() {
    let Some(server) = Server::start(&[]) else { return };
    let w = workspace(server.port());
    w.expect(0, &["assign", "crm", "ann@contoso.example", "--policy", "staff"]);
    w.expect(0, &["approve", "crm", "--as", "bo@contoso.example"]);
    w.expect(0, &["deliver"]);
    let before = server.kept().len();
    w.replace("all.toml", "resource_roles.crm = \"User\"", "resource_roles.crm = \"Reader\"");
    w.apply();
    w.expect(0, &["deliver"]);
    let mails = told(&server, before);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].0, "ann@contoso.example");
    let text = server.read(server.kept().last().unwrap())["parts"][0][1].as_str().unwrap().to_owned();
    assert!(text.contains("Reader on crm") && text.contains("User on crm"), "{text}");
}

#[test]
fn a_server_that_is_away_is_tried_again_and_nobody_is_told_twice() {
    let Some(server) = Server::start(&[]) else { return };
    let w = workspace(1);
    w.expect(0, &["request", "crm", "--as", "ann@contoso.example"]);
    let run: Run = w.expect(9, &["deliver"]);
    run.says(&["could not be told"]);
    w.replace("writ.toml", "smtp://127.0.0.1:1\"", &format!("smtp://127.0.0.1:{}\"", server.port()));
    w.expect(0, &["deliver"]).says(&["Nothing waits"]);
    let later = (chrono::Utc::now() + chrono::TimeDelta::hours(1)).to_rfc3339();
    w.expect(0, &["tick", "--now", &later]);
    assert_eq!(recipients(&server, 0), ["bo@contoso.example", "cy@contoso.example"]);
}
