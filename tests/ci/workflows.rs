//! The files of the pipelines: sound to their hosts, calling what there is, and handing strangers nothing.

use crate::root;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// A Python of the developers' environment; only a developer's machine may be without it.
pub fn python(module: &str) -> Option<PathBuf> {
    let candidates = [root().join("target/venv/bin/python"), PathBuf::from("python3")];
    let has_it =
        |python: &PathBuf| Command::new(python).args(["-c", &format!("import {module}")]).output().is_ok_and(|o| o.status.success());
    let found = candidates.into_iter().find(has_it);
    if found.is_none() {
        let how = "python3 -m venv target/venv && target/venv/bin/pip install -r tests/ci/requirements.txt";
        assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "there is no Python with `{module}`: {how}");
        eprintln!("SKIPPED: not all of the pipelines was looked at, there is no Python with `{module}`: {how}");
    }
    found
}

/// All of them, after their hosts' schemas were asked; once, since that takes seconds.
static WORKFLOWS: LazyLock<Option<Json>> = LazyLock::new(|| {
    let python = python("check_jsonschema")?;
    let output = Command::new(python).arg(root().join("tests/ci/workflows.py")).arg(root().join("examples/ci")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
});

/// Every line of shell in a file, with the job it stands in, as text.
fn steps<'j>(json: &'j Json, found: &mut Vec<&'j str>) {
    match json {
        Json::Object(members) => members.iter().for_each(|(key, value)| match (key.as_str(), value) {
            ("run" | "script", Json::String(line)) => found.push(line),
            ("script", Json::Array(lines)) => found.extend(lines.iter().filter_map(Json::as_str)),
            _ => steps(value, found),
        }),
        Json::Array(items) => items.iter().for_each(|item| steps(item, found)),
        _ => {}
    }
}

#[test]
fn each_step_is_a_script_that_there_is_and_each_script_is_a_step() {
    let Some(all) = &*WORKFLOWS else { return };
    let mut lines = Vec::new();
    steps(all, &mut lines);
    let mut called = BTreeSet::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let (["sh", script] | ["sh", script, "github" | "gitlab" | "azure"]) = words.as_slice() else { panic!("{line:?}") };
        called.insert(script.strip_prefix("ci/").unwrap().to_owned());
    }
    let there: BTreeSet<String> =
        root().join("examples/ci/steps").read_dir().unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    // Those that others call, or a timer.
    let inner = ["plan.sh", "github.sh", "gitlab.sh", "azure.sh", "nightly.sh"].map(str::to_owned);
    assert_eq!(called.union(&inner.into()).cloned().collect::<BTreeSet<_>>(), there);
    for timer in ["crontab", "writ-nightly.service"] {
        assert!(std::fs::read_to_string(root().join("examples/ci").join(timer)).unwrap().contains("sh ci/nightly.sh"), "{timer}");
    }
}

#[test]
fn a_stranger_is_handed_nothing() {
    let Some(all) = &*WORKFLOWS else { return };
    let github = &all["github/pull-request.yml"];
    assert_eq!(github["on"].as_object().unwrap().keys().collect::<Vec<_>>(), ["pull_request"]);
    assert_eq!(github["permissions"], serde_json::json!({ "contents": "read" }));
    let jobs = [&github["jobs"]["check"], &all["gitlab-ci.yml"]["check"], &all["azure-pipelines.yml"]["stages"][0]];
    for job in jobs {
        let text = job.to_string().to_lowercase();
        assert!(text.contains("ci/check.sh") && !text.contains("self-hosted") && !text.contains("writ-plan"), "{text}");
        for word in ["secret", "token", "writ_store", "$(system", "permissions", "github."] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
    // What plans is for branches of the repository itself.
    let conditions = [
        (&github["jobs"]["plan"]["if"], "github.event.pull_request.head.repo.full_name == github.repository"),
        (&all["gitlab-ci.yml"]["plan"]["rules"][0]["if"], "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID"),
        (&all["azure-pipelines.yml"]["stages"][1]["condition"], "eq(variables['System.PullRequest.IsFork'], 'False')"),
    ];
    for (condition, holds) in conditions {
        assert!(condition.as_str().unwrap().contains(holds), "{condition}");
    }
    let text = std::fs::read_to_string(root().join("examples/ci/github/pull-request.yml")).unwrap();
    assert!(!text.lines().any(|l| l.contains("pull_request_target") && !l.starts_with('#')));
}

#[test]
fn no_two_applies_run_at_once_and_none_is_cut_off() {
    let Some(all) = &*WORKFLOWS else { return };
    for file in ["github/apply.yml", "github/nightly.yml"] {
        let group = serde_json::json!({ "group": "writ-apply", "queue": "max", "cancel-in-progress": false });
        assert_eq!(all[file]["concurrency"], group, "{file}");
    }
    let gitlab = &all["gitlab-ci.yml"]["apply"];
    assert_eq!((&gitlab["resource_group"], &gitlab["interruptible"]), (&"writ-apply".into(), &false.into()));
    assert_eq!(all["azure-pipelines.yml"]["lockBehavior"], "sequential");
    // No text of an event stands in a line of shell: it comes as a variable.
    let mut lines = Vec::new();
    steps(all, &mut lines);
    assert!(lines.iter().all(|line| !line.contains('$')), "{lines:?}");
}

#[test]
fn the_scripts_are_plain_shell() {
    if python("check_jsonschema").is_none() {
        return;
    }
    let folder = root().join("examples/ci/steps");
    let scripts: Vec<PathBuf> = folder.read_dir().unwrap().map(|e| e.unwrap().path()).collect();
    for script in &scripts {
        let text = std::fs::read_to_string(script).unwrap();
        assert!(text.starts_with("#!/bin/sh\n") && text.contains("\nset -eu\n"), "{}", script.display());
    }
    let checker = root().join("target/venv/bin/shellcheck");
    let Ok(output) = Command::new(checker).arg("--shell=sh").args(&scripts).output() else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
