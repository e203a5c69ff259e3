//! The notations, held to what their readers make of them.

use super::*;
use crate::diag::{Diagnostic, SourceFile};
use serde_json::Value as Json;

/// One finding with all that a finding has, one without a place, and one of the run.
fn some(name: &str, message: &str) -> Vec<Annotation> {
    let sources = Sources::new(vec![SourceFile::new(name, "[group.a]\nmembres = 1\n")]);
    let mut found = Diagnostics::new();
    let at = Span::new(0, 10..17);
    found.push(Diagnostic::new(&codes::E0007, at, message).related(Span::new(0, 0..9), message).help(message).at("group.a"));
    found.push(Diagnostic::new(&codes::W0412, Span::NONE, message).at("group.b"));
    let mut all = of_findings(&found, &sources);
    all.push(Annotation::of_the_run(Severity::Error, message.to_owned(), None));
    all.push(Annotation::of_the_run(Severity::Note, message.to_owned(), None));
    all
}

#[test]
fn github_reads_what_was_meant() {
    let text = text(Notation::Github, &some("a,b:c.toml", "50% of\u{1b} `x`"), "team/", 1);
    let title = codes::W0412.title.replace(',', "%2C").replace(':', "%3A");
    let expected = [
        "::error file=team/a%2Cb%3Ac.toml,line=2,col=1,endColumn=8,title=E0007 no such key::50%25 of\\u{1b} `x`%0Ahelp: 50%25 of\\u{1b} `x`".to_owned(),
        format!("::warning title=W0412 {title}::50%25 of\\u{{1b}} `x` (in `group.b`)"),
        "::error title=Writ::50%25 of\\u{1b} `x`".to_owned(),
        "::notice title=Writ::50%25 of\\u{1b} `x`".to_owned(),
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn azure_reads_what_was_meant() {
    let text = text(Notation::Azure, &some("a;b].toml", "50% ##vso[task.complete result=Succeeded;]"), "", 1);
    let expected = [
        "##vso[task.logissue type=error;sourcepath=a%3Bb%5D.toml;linenumber=2;columnnumber=1;code=E0007;]50%AZP25 ##vso[task.complete result=Succeeded;]; help: 50%AZP25 ##vso[task.complete result=Succeeded;]",
        "##vso[task.logissue type=warning;code=W0412;]50%AZP25 ##vso[task.complete result=Succeeded;] (in `group.b`)",
        "##vso[task.logissue type=error;]50%AZP25 ##vso[task.complete result=Succeeded;]",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn gitlab_has_a_place_and_another_mark_for_each() {
    let twice: Vec<Annotation> = some("a.toml", "x").into_iter().chain(some("a.toml", "x")).collect();
    let list: Json = serde_json::from_str(&text(Notation::Gitlab, &twice, "team/", 0)).unwrap();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 6, "the notes of the run are left out: {list:#?}");
    assert_eq!(list[0]["location"], serde_json::json!({ "path": "team/a.toml", "lines": { "begin": 2 } }));
    assert_eq!(list[1]["location"], serde_json::json!({ "path": "team/writ.toml", "lines": { "begin": 1 } }));
    assert_eq!((&list[0]["severity"], &list[1]["severity"]), (&"major".into(), &"minor".into()));
    let marks: std::collections::BTreeSet<&str> = list.iter().filter_map(|i| i["fingerprint"].as_str()).collect();
    assert_eq!(marks.len(), 6);
    // Where it stands in the file means nothing to it.
    let mut moved = some("a.toml", "x");
    moved[0].place.as_mut().unwrap().line = 90;
    assert_eq!(fingerprints(&moved, ""), fingerprints(&some("a.toml", "x"), ""));
}

#[test]
fn sarif_tells_rules_places_and_what_went_wrong_around_them() {
    let document: Json = serde_json::from_str(&text(Notation::Sarif, &some("a b/ü.toml", "x"), "team/", 1)).unwrap();
    let run = &document["runs"][0];
    let first = &run["results"][0];
    let physical = &first["locations"][0]["physicalLocation"];
    assert_eq!(physical["artifactLocation"]["uri"], "team/a%20b/%C3%BC.toml");
    assert_eq!(physical["region"], serde_json::json!({ "startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 8 }));
    assert_eq!(first["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 1);
    assert_eq!(run["tool"]["driver"]["rules"][first["ruleIndex"].as_u64().unwrap() as usize]["id"], "E0007");
    assert_eq!(run["tool"]["driver"]["rules"][0]["help"]["markdown"], codes::E0007.page);
    assert_eq!(run["results"].as_array().unwrap().len(), 2);
    assert_eq!(run["invocations"][0]["exitCode"], 1);
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 2);
}

#[test]
fn every_code_says_what_it_means() {
    for code in crate::diag::CODES {
        let all = [Annotation { code: Some(*code), ..Annotation::of_the_run(code.severity, "x".to_owned(), None) }];
        let document: Json = serde_json::from_str(&text(Notation::Sarif, &all, "", 0)).unwrap();
        let meaning = document["runs"][0]["tool"]["driver"]["rules"][0]["fullDescription"]["text"].as_str().unwrap().to_owned();
        assert!(meaning.len() > 20 && !meaning.contains(['\n', '#']), "{}: {meaning}", code.id);
    }
}
