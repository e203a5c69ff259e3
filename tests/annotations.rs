//! What `validate`, `check` and `plan` say of lines of files, as forges and pipelines take it: SARIF, held against the schema of SARIF by a
//! validator that is not ours, and the notations of GitHub, GitLab and Azure DevOps.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod support;

use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Run, Workspace};

/// What is there before.
const BASE: &str = "[user.\"ann@contoso.example\"]\n[group.a]\ndescription = \"x\"\n[catalog.c]\nprevent_destroy = true\n";

/// A workspace in a directory of a repository, where a plan is refused, and braked, and a check fails and another warns.
fn refused() -> Workspace {
    let w = Workspace::empty();
    std::fs::create_dir(w.path(".git")).unwrap();
    w.write("team/writ.toml", "[workspace]\nname = \"test\"\n");
    w.write("team/all.toml", &BASE.replace("[catalog.c]", "[catalog.d]\n[catalog.c]"));
    w.expect(0, &["apply", "--auto-approve", "--chdir", "team"]);
    let check = |name: &str, rest: &str| {
        format!(
            "\n[check.{name}]\nfor_each = \"group\"\nassert = \"group.display_name != 'a'\"\nmessage = \"A name says more than a letter\"\n{rest}"
        )
    };
    let checks = format!("{}{}", check("named", ""), check("better-named", "severity = \"warning\"\n"));
    w.write("team/writ.toml", "[workspace]\nname = \"test\"\n\n[limits]\nmax_deletes = 0\n");
    w.write("team/checks.toml", &checks);
    w.write("team/all.toml", "[user.\"ann@contoso.example\"]\n[group.a]\ndisplay_name = \"a\"\n");
    w
}

/// Every notation, each with what its lines begin with.
const LINES: [(&str, &[&str]); 2] = [
    ("github", &["::error ", "::warning ", "::notice "]),
    ("azure", &["##vso[task.logissue type=error;", "##vso[task.logissue type=warning;"]),
];

fn annotated(w: &Workspace, arguments: &[&str], notation: &str) -> Run {
    let run = w.run(&[arguments, &["--format", notation]].concat());
    assert_eq!(run.err, "", "all of it is on stdout: {}", run.out);
    run
}

/// The results of a SARIF document, as `CODE level path:line`.
fn results(document: &Json) -> Vec<String> {
    let results = document["runs"][0]["results"].as_array().unwrap();
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let one = |r: &Json| {
        let place = &r["locations"][0]["physicalLocation"];
        let path = text(&place["artifactLocation"]["uri"]);
        format!("{} {} {path}:{}", text(&r["ruleId"]), text(&r["level"]), place["region"]["startLine"])
    };
    results.iter().map(one).collect()
}

#[test]
fn what_stands_in_the_way_of_a_plan_stands_beside_its_lines() {
    let w = refused();
    let plan = &["plan", "--chdir", "team"];
    let run = annotated(&w, plan, "sarif");
    assert_eq!(run.code, w.run(plan).code);
    let mut told = results(&run.json());
    told.sort();
    // Of checks the object is told, and each once; a brake stands where its limit does, and what is gone where it stood.
    let expected =
        ["E0501 error team/all.toml:5", "E0503 warning team/writ.toml:5", "E0507 error team/all.toml:2", "W0508 warning team/all.toml:2"];
    assert_eq!(told, expected, "{}", run.out);
    let check = annotated(&w, &["check", "--chdir", "team"], "sarif");
    assert_eq!(
        (check.code, results(&check.json())),
        (5, vec!["W0508 warning team/all.toml:2".to_owned(), "E0507 error team/all.toml:2".to_owned()])
    );
    let named = &check.json()["runs"][0]["results"][1];
    assert_eq!(named["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"], "team/checks.toml");
    assert_eq!(named["locations"][0]["logicalLocations"][0]["fullyQualifiedName"], "group.a");
}

#[test]
fn all_notations_say_the_same() {
    let w = refused();
    w.write("team/more.toml", "[group.b]\nmembres = []\n[group.c]\nmembers = [\"ann@contoso.example\", \"ann@contoso.example\"]\n");
    let validate: &[&str] = &["validate", "--chdir", "team"];
    let sarif = annotated(&w, validate, "sarif");
    let places = results(&sarif.json());
    assert_eq!(
        (sarif.code, &places[..]),
        (1, &["E0007 error team/more.toml:2".to_owned(), "W0026 warning team/more.toml:4".to_owned()][..])
    );
    let gitlab: Json = annotated(&w, validate, "gitlab").json();
    let of = |r: &Json| {
        format!("{} {}:{}", r["check_name"].as_str().unwrap(), r["location"]["path"].as_str().unwrap(), r["location"]["lines"]["begin"])
    };
    assert_eq!(gitlab.as_array().unwrap().iter().map(of).collect::<Vec<_>>(), ["E0007 team/more.toml:2", "W0026 team/more.toml:4"]);
    let github = annotated(&w, validate, "github");
    let lines: Vec<&str> = github.out.lines().collect();
    assert!(lines[0].starts_with("::error file=team/more.toml,line=2,col=1,endColumn=8,title=E0007 no such key::"), "{lines:?}");
    assert!(lines[1].starts_with("::warning file=team/more.toml,line=4,col="), "{lines:?}");
    let azure = annotated(&w, validate, "azure");
    let lines: Vec<&str> = azure.out.lines().collect();
    assert!(
        lines[0].starts_with("##vso[task.logissue type=error;sourcepath=team/more.toml;linenumber=2;columnnumber=1;code=E0007;]"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 2);
    // Quietly, warnings are left out.
    let quiet = w.run(&["validate", "--chdir", "team", "--quiet", "--format", "github"]);
    assert_eq!(quiet.out.lines().count(), 1);
    // Of what is sound, nothing is said.
    std::fs::remove_file(w.path("team/more.toml")).unwrap();
    for (notation, out) in [("github", ""), ("azure", ""), ("gitlab", "[]\n")] {
        let run = annotated(&w, validate, notation);
        assert_eq!((run.code, run.out.as_str()), (0, out), "{notation}");
    }
}

#[test]
fn a_path_leads_from_the_top_of_the_repository() {
    let wrong = "[group.b]\nmembres = []\n";
    let w = Workspace::empty();
    w.write("a/team/writ.toml", "[workspace]\nname = \"test\"\n");
    w.write("a/team/all.toml", wrong);
    let path = |dir: &str, chdir: &str| {
        let mut command = w.command(&["validate", "--chdir", chdir, "--format", "gitlab"]);
        let run = Run::of(command.current_dir(w.path(dir)).output().unwrap());
        run.json()[0]["location"]["path"].as_str().unwrap().to_owned()
    };
    // Outside of a repository it leads from where the program was called.
    assert_eq!(
        (path("", "a/team"), path("a", "./team"), path("a/team", ".")),
        ("a/team/all.toml".into(), "team/all.toml".into(), "all.toml".into())
    );
    // In a worktree `.git` is a file.
    w.write("a/.git", "gitdir: elsewhere\n");
    assert_eq!(
        (path("", "a/team"), path("a", "team"), path("a/team", ".")),
        ("team/all.toml".into(), "team/all.toml".into(), "team/all.toml".into())
    );
    std::fs::remove_file(w.path("a/.git")).unwrap();
    std::fs::create_dir(w.path(".git")).unwrap();
    assert_eq!((path("a", "team"), path("a/team", "../team")), ("a/team/all.toml".into(), "a/team/all.toml".into()));
}

#[test]
fn what_goes_wrong_around_the_files_is_told_there_too() {
    let w = Workspace::empty();
    let run = annotated(&w, &["plan"], "sarif");
    let invocation = &run.json()["runs"][0]["invocations"][0];
    assert_eq!((run.code, &invocation["exitCode"], &invocation["executionSuccessful"]), (1, &1.into(), &false.into()));
    assert!(invocation["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap().contains("is no workspace"), "{invocation}");
    assert_eq!(run.json()["runs"][0]["results"], Json::Array(Vec::new()));
    assert!(annotated(&w, &["plan"], "github").out.starts_with("::error title=Writ::`.` is no workspace"));
    assert!(annotated(&w, &["plan"], "azure").out.starts_with("##vso[task.logissue type=error;]`.` is no workspace"));
    assert_eq!(annotated(&w, &["plan"], "gitlab").json()[0]["location"]["path"], "writ.toml");
    // A command that finds nothing about files says so.
    assert_eq!(w.run(&["history", "--format", "sarif"]).code, 1);
}

/// Names and texts that look like commands of a pipeline are data in it.
#[test]
fn no_text_of_others_is_a_command() {
    let w = Workspace::of("");
    let evil = ["\\n::error::x", "##vso[task.complete result=Succeeded;]x", "%0A::error::x", "]x", "a::b,c=d;e", "\\r\\n##[error]x"];
    let keys: String = evil.iter().map(|e| format!("\"{e}\" = 1\n")).collect();
    w.write("all.toml", &format!("[group.a]\n{keys}"));
    for (n, name) in ["\n::error::x.toml", "##vso[task.complete result=Succeeded;].toml", "a%0A,b:c;d].toml"].iter().enumerate() {
        w.write(name, &format!("[group.g{n}]\nmembres = 1\n"));
    }
    let count = results(&annotated(&w, &["validate"], "sarif").json()).len();
    assert!(count >= evil.len() + 3, "{count}");
    for (notation, begins) in LINES {
        let run = annotated(&w, &["validate"], notation);
        assert_eq!(run.out.lines().count(), count, "{}", run.out);
        assert!(run.out.lines().all(|l| begins.iter().any(|b| l.starts_with(b))), "{}", run.out);
        assert!(!run.out.contains(['\r', '\u{1b}']), "{}", run.out);
    }
    // An agent looks for its first bracket, a runner for its second pair of colons.
    for line in annotated(&w, &["validate"], "azure").out.lines() {
        let (head, _) = line.split_once(']').unwrap();
        assert!(head.ends_with("code=E0007;") || head.contains(";code="), "{line}");
    }
    for line in annotated(&w, &["validate"], "github").out.lines() {
        let (head, _) = line.trim_start_matches(':').split_once("::").unwrap();
        assert!(head.contains("title="), "{line}");
    }
}

/// A Python that has the validator.
fn python() -> Option<PathBuf> {
    let candidates = [Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python"), PathBuf::from("python3")];
    let has_it = |python: &PathBuf| Command::new(python).args(["-c", "import jsonschema"]).output().is_ok_and(|o| o.status.success());
    candidates.into_iter().find(has_it)
}

#[test]
fn sarif_is_what_its_schema_says() {
    let Some(python) = python() else {
        assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "no Python with `jsonschema`, and CI needs it");
        eprintln!("SKIPPED: SARIF was held against nothing, there is no Python with `jsonschema`");
        return;
    };
    let w = refused();
    w.write("documents/plan.json", &annotated(&w, &["plan", "--chdir", "team"], "sarif").out);
    w.write("documents/check.json", &annotated(&w, &["check", "--chdir", "team"], "sarif").out);
    w.write("documents/failed.json", &annotated(&w, &["plan", "--chdir", "nowhere"], "sarif").out);
    w.write("team/more \u{fc}.toml", "[group.b]\nmembres = []\n[group.a]\n");
    w.write("documents/validate.json", &annotated(&w, &["validate", "--chdir", "team"], "sarif").out);
    w.write("broken.json", "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{}}}]}");
    let code = "import json, pathlib, sys\nfrom jsonschema import Draft7Validator as V\n\
                v = V(json.load(open(sys.argv[1])), format_checker=V.FORMAT_CHECKER)\n\
                found = [f'{p}: {e.json_path}: {e.message}' for p in map(pathlib.Path, sys.argv[3:]) for e in v.iter_errors(json.loads(p.read_text()))]\n\
                assert list(v.iter_errors(json.load(open(sys.argv[2])))), 'what is broken passes'\n\
                print('\\n'.join(found)); sys.exit(bool(found))";
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/sarif-2.1.0.json");
    let mut command = Command::new(python);
    command.args(["-c", code]).arg(schema).arg(w.path("broken.json"));
    command.args(["plan", "check", "failed", "validate"].map(|name| w.path(&format!("documents/{name}.json"))));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}
