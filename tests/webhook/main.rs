//! Webhooks are told what happened: by the real binary, over HTTP and HTTPS, to a receiver that is not ours and makes the signature itself.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../support/mod.rs"]
mod support;

use serde_json::Value as Json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{Run, Workspace};
use tempfile::TempDir;
use writ::connect::{Secret, Webhook};

/// What no artefact may hold.
const KEY: &str = "k3y-0f-the-s1gnature";

/// The receiver; it ends with this.
struct Receiver {
    process: Child,
    port: u16,
    place: TempDir,
}

/// That something is missing, which only a developer's machine may be without.
fn skipped<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "{what}");
    eprintln!("SKIPPED: no webhook was told, {what}");
    None
}

impl Receiver {
    fn start(flags: &[&str]) -> Option<Receiver> {
        let place = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/webhook/receiver.py");
        let started = Command::new("python3")
            .arg(script)
            .arg(place.path().join("kept"))
            .args(flags)
            .env("WRIT_TEST_KEY", KEY)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut process) = started else { return skipped("there is no Python") };
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Receiver { process, port: line.trim().parse().unwrap(), place })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/writ", self.port)
    }

    /// From now on it answers so.
    fn answers(&self, mode: &str) {
        fs::write(self.place.path().join("kept.mode"), mode).unwrap();
    }

    /// What it took since this was asked last.
    fn took(&self) -> Vec<Json> {
        let path = self.place.path().join("kept");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn body(kept: &Json) -> Json {
    serde_json::from_str(kept["body"].as_str().unwrap()).unwrap()
}

/// The program, with the secret where it belongs.
fn run(w: &Workspace, code: i32, arguments: &[&str]) -> Run {
    let run = Run::of(w.command(arguments).env("WRIT_WEBHOOK_OPS_SECRET", KEY).output().unwrap());
    assert_eq!(run.code, code, "writ {arguments:?}\n--- stdout\n{}\n--- stderr\n{}", run.out, run.err);
    assert!(!run.out.contains(KEY) && !run.err.contains(KEY), "{arguments:?}: {}{}", run.out, run.err);
    run
}

const PEOPLE: &str = "[user.\"ann@contoso.example\"]\n[user.\"bo@contoso.example\"]\ndisplay_name = \"Bo\"\n[group.leads]\nmembers = [\"ann@contoso.example\"]\n[catalog.x]\n[delegation.a]\nrole = \"administrator\"\nmembers = [\"ann@contoso.example\"]\n";

fn workspace(url: &str, more: &str) -> Workspace {
    let w = Workspace::of(PEOPLE);
    w.write("writ.toml", &format!("[workspace]\nname = \"test\"\n\n[webhook.ops]\nurl = \"{url}\"\n{more}"));
    w
}

/// Files below a directory that hold the key.
fn holding(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            holding(&entry.path(), found);
        } else if fs::read(entry.path()).unwrap().windows(KEY.len()).any(|w| w == KEY.as_bytes()) {
            found.push(entry.path());
        }
    }
}

/// What was told keeps to its schema, as a validator that is not ours has it.
fn keeps_to_its_schema(told: &[Json]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/venv/bin/python");
    if !Command::new(&python).args(["-c", "import jsonschema, tomllib"]).output().is_ok_and(|o| o.status.success()) {
        return skipped::<()>("and held against its schema, there is no Python with `jsonschema`").unwrap_or_default();
    }
    let place = tempfile::tempdir().unwrap();
    told.iter()
        .enumerate()
        .for_each(|(n, kept)| fs::write(place.path().join(format!("{n}.json")), kept["body"].as_str().unwrap()).unwrap());
    let output = Command::new(python)
        .arg(root.join("tests/schemas/validate.py"))
        .arg(root.join("schemas"))
        .arg("--good")
        .arg(place.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn an_apply_is_told_once_by_whoever_delivers_however_long_the_other_side_was_down() {
    let Some(receiver) = Receiver::start(&[]) else { return };
    let w = workspace(&receiver.url(), "on = \"apply\"\n");
    // An apply needs no secret, and sends nothing.
    w.apply();
    assert_eq!(receiver.took(), Vec::<Json>::new());
    run(&w, 0, &["deliver"]).says(&["Webhooks were told of 1 apply."]);
    let told = receiver.took();
    assert_eq!(told.len(), 1);
    let (first, document) = (&told[0], body(&told[0]));
    assert_eq!(
        (first["event"].as_str(), first["path"].as_str(), first["type"].as_str()),
        (Some("apply"), Some("/writ"), Some("application/json"))
    );
    assert!(first["signed"] == true && first["young"] == true && first["delivery"] == document["id"], "{first}");
    assert_eq!((&document["serial"], &document["summary"]["add"], &document["command"]), (&1.into(), &5.into(), &"apply".into()));
    assert!(document["actor"].as_str().unwrap().starts_with("operator:olga@"));
    let digest = w.expect(0, &["history", "--json"]).json()["revisions"].as_array().unwrap().last().unwrap()["changes_digest"].clone();
    assert_eq!(document["changes"], digest);

    // Down, elsewhere, or nobody there: it waits.
    for (name, mode) in [("x", "500"), ("y", "404"), ("z", "307")] {
        receiver.answers(mode);
        w.replace("all.toml", "[catalog.x]", &format!("[catalog.x]\n[catalog.{name}{name}]"));
        w.apply();
        run(&w, 9, &["tick"]).says(&["webhook ops: the server", mode, "1 thing could not be sent"]);
        assert!(receiver.took().iter().all(|t| t["path"] == "/writ"), "nothing is posted elsewhere");
    }
    let without = w.expect(9, &["deliver"]);
    without.says(&["webhook ops: WRIT_WEBHOOK_OPS_SECRET is not set"]);
    receiver.answers("");
    run(&w, 0, &["tick"]).says(&["Webhooks were told of 3 applies."]);
    let told = receiver.took();
    let serials: Vec<u64> = told.iter().map(|t| body(t)["serial"].as_u64().unwrap()).collect();
    assert_eq!(serials, [2, 3, 4], "all of them, in order");
    keeps_to_its_schema(&told);
    run(&w, 0, &["tick"]).says(&["Nothing is due."]);
    // What of it is kept beside the store is lost: the last one is told once more, and known by its id.
    fs::remove_file(w.path(".writ/test.told")).unwrap();
    run(&w, 0, &["deliver"]);
    let again = receiver.took();
    assert_eq!((again.len(), &again[0]["delivery"]), (1, &told[2]["delivery"]));
    let mut found = Vec::new();
    holding(w.dir.path(), &mut found);
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[test]
fn a_refusal_is_told_at_once_and_stays_one() {
    let Some(receiver) = Receiver::start(&[]) else { return };
    let w = workspace(&receiver.url(), "on = [\"refusal\", \"drift\"]\n\n[limits]\nmax_access_lost = 0\n");
    w.apply();
    w.replace("all.toml", "[group.leads]\nmembers = [\"ann@contoso.example\"]", "[group.leads]\nmembers = []");
    // What plans tells nobody.
    run(&w, 0, &["plan"]);
    run(&w, 0, &["plan", "-o", "a.plan"]);
    assert_eq!(receiver.took(), Vec::<Json>::new());
    run(&w, 5, &["apply", "--auto-approve"]);
    run(&w, 5, &["apply", "a.plan"]);
    let told = receiver.took();
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|t| t["event"] == "refusal" && t["signed"] == true), "{told:?}");
    let document = body(&told[0]);
    let reason = &document["reasons"][0];
    assert_eq!((&reason["why"], &reason["code"], &reason["override"]), (&"limit".into(), &"E0503".into(), &"--allow-access-lost 1".into()));
    assert_eq!((&document["serial"], &told[0]["delivery"]), (&1.into(), &document["id"]));
    // Nobody is named but who wanted it.
    w.replace("all.toml", "members = []\n", "members = [\"ann@contoso.example\"]\n");
    w.replace("all.toml", "[user.\"bo@contoso.example\"]\n", "[user.\"bo@contoso.example\"]\nprevent_destroy = true\n");
    w.apply();
    w.replace("all.toml", "[user.\"bo@contoso.example\"]\nprevent_destroy = true\ndisplay_name = \"Bo\"\n", "");
    run(&w, 5, &["apply", "--auto-approve"]);
    let last = receiver.took();
    keeps_to_its_schema(&[&told[..], &last].concat());
    let text = last[0]["body"].as_str().unwrap();
    assert!(!text.contains("bo@") && text.contains("protection") && body(&last[0])["reasons"][0]["address"].is_null(), "{text}");
    // Nobody there: it is tried a few times, said, and stays a refusal.
    receiver.answers("503");
    run(&w, 5, &["apply", "--auto-approve"]).says(&["webhook ops: the server answers 503", "Error: refused, 1 reason"]);
    assert_eq!(receiver.took().len(), 3);
    w.expect(5, &["apply", "--auto-approve"]).says(&["WRIT_WEBHOOK_OPS_SECRET is not set"]);
}

#[test]
fn drift_is_told_when_that_is_asked_for() {
    let Some(receiver) = Receiver::start(&[]) else { return };
    let w = workspace(&receiver.url(), "");
    w.apply();
    w.replace("all.toml", "display_name = \"Bo\"", "display_name = \"Bob\"");
    w.replace("all.toml", "[catalog.x]", "[catalog.x]\ndescription = \"x\"");
    w.apply();
    run(&w, 0, &["drift", "--notify"]).says(&["No drift."]);
    w.expect(0, &["rollback", "@1", "--auto-approve"]);
    run(&w, 2, &["drift", "--detailed-exitcode"]);
    assert_eq!(receiver.took(), Vec::<Json>::new());
    run(&w, 2, &["drift", "--detailed-exitcode", "--notify"]);
    run(&w, 0, &["drift", "--notify"]);
    let told = receiver.took();
    keeps_to_its_schema(&told);
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["delivery"], told[1]["delivery"], "the same drift");
    let document = body(&told[0]);
    assert_eq!((document["objects"].as_array().unwrap().len(), &document["people"]), (1, &1.into()));
    assert_eq!((&document["objects"][0]["address"], &document["objects"][0]["became"]), (&"catalog.x".into(), &"changed".into()));
    assert!(told[0]["signed"] == true && !told[0]["body"].as_str().unwrap().contains("contoso.example"), "{}", told[0]);
    // That it could not be told never hides that there is drift.
    receiver.answers("500");
    run(&w, 2, &["drift", "--detailed-exitcode", "--notify"]).says(&["the server answers 500"]);
    run(&w, 1, &["drift", "--notify"]).says(&["1 webhook could not be told"]);
    w.write("writ.toml", "[workspace]\nname = \"test\"\n");
    run(&w, 1, &["drift", "--notify"]).says(&["no webhook asks for drift"]);
}

#[test]
fn another_key_signs_otherwise_and_a_server_that_hangs_is_left() {
    let Some(receiver) = Receiver::start(&[]) else { return };
    let hook = |secret: &str| Webhook::new("ops", &receiver.url(), Secret::new(secret), Duration::from_millis(300)).unwrap();
    hook(KEY).post("apply", "1", "{}", chrono::Utc::now()).unwrap();
    hook("another").post("apply", "1", "{}", chrono::Utc::now()).unwrap();
    hook(KEY).post("apply", "1", "{}", chrono::DateTime::UNIX_EPOCH).unwrap();
    let signed: Vec<(bool, bool)> = receiver.took().iter().map(|t| (t["signed"] == true, t["young"] == true)).collect();
    assert_eq!(signed, [(true, true), (false, true), (true, false)]);
    receiver.answers("hang");
    let began = Instant::now();
    let why = hook(KEY).post("apply", "1", "{}", chrono::Utc::now()).unwrap_err();
    assert!(why.what == "webhook ops: no answer within 0.3 s" && began.elapsed() < Duration::from_secs(5), "{why}");
}

#[test]
fn over_tls_only_who_is_trusted_is_told() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &certificate])
        .output();
    if made.is_err() {
        return skipped::<()>("there is no `openssl` to make a certificate").unwrap_or_default();
    }
    let Some(receiver) = Receiver::start(&["--certificate", &certificate, &key]) else { return };
    let w = workspace(&format!("https://localhost:{}/writ", receiver.port), "");
    w.apply();
    run(&w, 9, &["deliver"]).says(&["webhook ops: no secure connection"]);
    assert_eq!(receiver.took(), Vec::<Json>::new());
    let trusting = w.command(&["deliver"]).env("WRIT_WEBHOOK_OPS_SECRET", KEY).env("SSL_CERT_FILE", &certificate).output().unwrap();
    let trusting = Run::of(trusting);
    assert_eq!(trusting.code, 0, "{}{}", trusting.out, trusting.err);
    assert_eq!(receiver.took()[0]["signed"], true);
}
