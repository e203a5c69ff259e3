//! The pipelines of `examples/ci`: their very steps, from a pull request to the merge, the apply and drift, in a git repository and against
//! a server that is each of three hosts; and what they promise of secrets, read out of their files.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::arithmetic_side_effects, reason = "a test")]

mod forge;
mod policy;
#[path = "../support/mod.rs"]
mod support;
mod workflows;

use forge::{Forge, HOSTS, Host, TOKEN, US};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{Run, copy};
use tempfile::TempDir;

/// Of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether something is missing that the steps call, which only a developer's machine may be without.
fn without(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|p| Command::new(p).arg("--version").output().is_err());
    if let Some(missing) = missing {
        assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "there is no {missing}");
        eprintln!("SKIPPED: the steps of the pipelines were not run, there is no {missing}");
    }
    missing.is_some()
}

const POLICY: &str = "catalogs/legal/contract-review.toml";

/// A repository at a host, a machine with a store, and runners.
struct House {
    host: Host,
    forge: Forge,
    place: TempDir,
}

impl House {
    /// The example, with the pipelines as its page says; applied.
    fn new(host: Host) -> House {
        let house = House { host, forge: Forge::start(), place: tempfile::tempdir().unwrap() };
        house.git(".", &["init", "-q", "--bare", "-b", "main", "origin.git"]);
        house.git(".", &["clone", "-q", "origin.git", "desk"]);
        house.git("desk", &["checkout", "-q", "-b", "main"]);
        copy(&root().join("examples/contoso"), &house.path("desk"));
        std::fs::create_dir(house.path("desk/ci")).unwrap();
        copy(&root().join("examples/ci/steps"), &house.path("desk/ci"));
        house.commit("desk", "All of it");
        house.git("desk", &["push", "-q", "origin", "main"]);
        house.run("desk", "writ", &["apply", "--auto-approve", "--quiet"], &[], 0);
        house
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn command(&self, dir: &str, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path(dir)).env_clear().stdin(Stdio::null());
        let ours = Path::new(env!("CARGO_BIN_EXE_writ")).parent().unwrap();
        let mut path = OsString::from(ours);
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let who = [("USER", "olga"), ("GIT_AUTHOR_NAME", "Nina"), ("GIT_COMMITTER_NAME", "Nina")];
        let mails = ["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "nina@contoso.example"));
        command.env("PATH", path).env("HOME", self.place.path()).env("GIT_CONFIG_NOSYSTEM", "1").envs(who).envs(mails);
        command
    }

    fn git(&self, dir: &str, arguments: &[&str]) -> String {
        let output = self.command(dir, "git").args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(&self, dir: &str, message: &str) {
        self.git(dir, &["add", "-A"]);
        self.git(dir, &["commit", "-q", "-m", message]);
    }

    /// A program with the store.
    fn run(&self, dir: &str, program: &str, arguments: &[&str], more: &[(&str, &str)], code: i32) -> Run {
        let store = format!("sqlite:{}", self.path("access.db").display());
        let mut command = self.command(dir, program);
        command.args(arguments).env("WRIT_STORE", store).env("WRIT_INPUT", "0").envs(more.iter().copied());
        let run = Run::of(command.output().unwrap());
        let said = format!("{}\n--- stderr\n{}", run.out, run.err);
        assert_eq!(run.code, code, "{}: {program} {arguments:?}\n--- stdout\n{said}", self.host);
        assert!(!said.contains(TOKEN), "{}: {said}", self.host);
        run
    }

    /// What a runner is told by its host, and the token that its workflow hands over.
    fn told(&self, pull: u64, commit: &str) -> Vec<(&'static str, String)> {
        let url = format!("{}/{}", self.forge.url, self.host);
        let text = str::to_owned;
        match self.host {
            "github" => vec![
                ("GITHUB_API_URL", url),
                ("GITHUB_REPOSITORY", text("contoso/access")),
                ("GITHUB_SHA", text(commit)),
                ("GITHUB_REF_NAME", text("main")),
                ("GITHUB_TOKEN", text(TOKEN)),
                ("PULL_REQUEST", pull.to_string()),
            ],
            "gitlab" => vec![
                ("CI_API_V4_URL", url),
                ("CI_PROJECT_ID", text("7")),
                ("CI_COMMIT_SHA", text(commit)),
                ("CI_COMMIT_BRANCH", text("main")),
                ("CI_MERGE_REQUEST_IID", pull.to_string()),
                ("WRIT_FORGE_TOKEN", text(TOKEN)),
            ],
            _ => vec![
                ("SYSTEM_COLLECTIONURI", format!("{url}/")),
                ("SYSTEM_TEAMPROJECTID", text("p")),
                ("BUILD_REPOSITORY_ID", text("r")),
                ("BUILD_SOURCEVERSION", text(commit)),
                ("BUILD_SOURCEBRANCH", text("refs/heads/main")),
                ("SYSTEM_PULLREQUEST_PULLREQUESTID", pull.to_string()),
                ("SYSTEM_ACCESSTOKEN", text(TOKEN)),
            ],
        }
    }

    /// A step on a runner, in a fresh checkout of a branch.
    fn step(&self, branch: &str, pull: u64, script: &str, more: &[(&str, &str)], code: i32) -> Run {
        let runner = tempfile::tempdir_in(self.place.path()).unwrap();
        let dir = runner.path().file_name().unwrap().to_str().unwrap().to_owned();
        self.git(".", &["clone", "-q", "--branch", branch, "origin.git", &format!("{dir}/checkout")]);
        let checkout = format!("{dir}/checkout");
        let told = self.told(pull, &self.git(&checkout, &["rev-parse", "HEAD"]));
        let mut all: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend(more);
        let words: Vec<&str> = script.split(' ').collect();
        let run = self.run(&checkout, "sh", &words, &all, code);
        assert_eq!(self.git(&checkout, &["status", "--porcelain"]), "", "{script} leaves the checkout as it is");
        run
    }

    /// A pull request: an edit on a branch of its own.
    fn propose(&self, pull: u64, edits: &[(&str, &str, &str)]) {
        self.git("desk", &["checkout", "-q", "-b", &format!("change-{pull}"), "origin/main"]);
        self.edit("desk", edits);
        self.commit("desk", "A change");
        self.git("desk", &["push", "-q", "origin", &format!("change-{pull}")]);
        self.forge.open(pull, false);
    }

    fn edit(&self, dir: &str, edits: &[(&str, &str, &str)]) {
        for (file, from, to) in edits {
            let path = self.path(dir).join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{file} has no {from:?}");
            std::fs::write(path, text.replacen(from, to, 1)).unwrap();
        }
    }

    /// It is merged.
    fn merge(&self, pull: u64) {
        self.git("desk", &["checkout", "-q", "main"]);
        self.git("desk", &["merge", "-q", "--no-ff", "-m", "Merge", &format!("change-{pull}")]);
        self.git("desk", &["push", "-q", "origin", "main"]);
        self.forge.merged(pull, &self.git("desk", &["rev-parse", "HEAD"]));
    }

    fn serial(&self) -> u64 {
        self.run("desk", "writ", &["history", "--json"], &[], 0).json()["revisions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|r| r["serial"].as_u64())
            .max()
            .unwrap()
    }

    fn store(&self) -> Vec<u8> {
        std::fs::read(self.path("access.db")).unwrap()
    }
}

const SLOWER: (&str, &str, &str) = (POLICY, "timeout = \"2d\"", "timeout = \"4d\"");

/// What a comment says was reviewed.
fn expected(comment: &str) -> Option<&str> {
    comment.lines().last()?.strip_prefix("<!-- writ expect ")?.strip_suffix(" -->")
}

fn through(host: Host) {
    let house = House::new(host);
    let forge = &house.forge;

    // Others talk a lot on it, and somebody writes what looks like a plan.
    house.propose(1, &[SLOWER]);
    let forged = format!("<!-- writ plan contoso -->\n### Writ: no changes\n\n<!-- writ expect {} -->", "0".repeat(64));
    forge.say(1, "mallory", &forged);
    for n in 0..120 {
        forge.say(1, "paul", &format!("What about {n}?"));
    }

    // (a) needs nothing, and (b) only reads the store.
    house.step("change-1", 1, "ci/check.sh", &[("WRIT_STORE", "sqlite:/nowhere/access.db")], 0);
    let before = house.store();
    house.step("change-1", 1, &format!("ci/propose.sh {host}"), &[], 0).says(&["timeout = \"2d\" -> \"4d\""]);
    let first = forge.ours(1);
    let [(id, comment)] = first.as_slice() else { panic!("one comment: {first:?}") };
    assert!(comment.starts_with("<!-- writ plan contoso -->\n### Writ: changes\n"), "{comment}");
    let digest = expected(comment).unwrap().to_owned();
    let planned = house.run("desk", "writ", &["plan", "--json"], &[], 0).json();
    assert_eq!(planned["digests"]["changes"], digest.as_str());

    // A second run says it anew where it was said.
    house.edit("desk", &[(POLICY, "timeout = \"4d\"", "timeout = \"5d\"")]);
    house.commit("desk", "Longer still");
    house.git("desk", &["push", "-q", "origin", "change-1"]);
    house.step("change-1", 1, &format!("ci/propose.sh {host}"), &[], 0);
    let second = forge.ours(1);
    assert!(second.len() == 1 && second[0].0 == *id, "the same comment: {second:?}");
    assert!(second[0].1.contains("5d") && expected(&second[0].1).unwrap() != digest, "{second:?}");
    assert_eq!(house.store(), before, "nothing that plans writes");

    // (c) what was merged is what was reviewed.
    house.merge(1);
    house.step("main", 0, &format!("ci/apply.sh {host}"), &[], 0).says(&["Apply complete! Resources: 0 added, 1 changed, 0 destroyed."]);
    assert_eq!(house.serial(), 2);
    house.step("main", 0, &format!("ci/apply.sh {host}"), &[], 0).says(&["No changes."]);
    assert_eq!(house.serial(), 2);

    // The store moved between the review and the merge: it would do something else now.
    house.propose(2, &[(POLICY, "timeout = \"5d\"", "timeout = \"6d\"")]);
    house.step("change-2", 2, &format!("ci/propose.sh {host}"), &[], 0);
    house.run("desk", "writ", &["rollback", "@1", "--auto-approve", "--quiet"], &[], 0);
    house.merge(2);
    house.step("main", 0, &format!("ci/apply.sh {host}"), &[], 4).says(&["Nothing was applied", "would not do what was reviewed"]);
    assert_eq!(house.serial(), 3);

    // (d) at night that is told, and nothing is put back unseen.
    house.step("main", 0, "ci/drift.sh", &[], 2).says(&["Drift: 1 object, as of @3."]);
    house.git(".", &["clone", "-q", "origin.git", "machine"]);
    house.run("machine", "sh", &["ci/nightly.sh"], &[], 2).says(&["Nothing is due.", "Nothing was applied, since something drifted."]);
    assert_eq!(house.serial(), 3);

    // Somebody reads what it would do now, and agrees to it.
    let now = house.run("desk", "writ", &["plan", "--json"], &[], 0).json();
    let now = now["digests"]["changes"].as_str().unwrap();
    house.step("main", 0, &format!("ci/apply.sh {host}"), &[("WRIT_EXPECT", &format!(" {now} "))], 0);
    assert_eq!(house.serial(), 4);
    house.step("main", 0, "ci/drift.sh", &[], 0).says(&["No drift."]);

    // What nobody reviewed, since it came by no pull request, is not applied there; a machine that applies main itself does.
    house.edit("desk", &[(POLICY, "timeout = \"6d\"", "timeout = \"7d\"")]);
    house.commit("desk", "Past everybody");
    house.git("desk", &["push", "-q", "origin", "main"]);
    house.step("main", 0, &format!("ci/apply.sh {host}"), &[], 5).says(&["Nothing was applied: no plan of this change was reviewed."]);
    assert_eq!(house.serial(), 4);
    house.run("machine", "sh", &["ci/nightly.sh"], &[], 0).says(&["Apply complete!"]);
    assert_eq!(house.serial(), 5);
}

#[test]
fn from_a_pull_request_to_the_merge_the_apply_and_drift() {
    if without(&["git", "jq", "curl"]) {
        return;
    }
    std::thread::scope(|scope| {
        for host in HOSTS {
            scope.spawn(move || through(host));
        }
    });
}

/// Of a fork nothing is taken for a plan, not even what our own account was made to say.
#[test]
fn what_stands_under_a_forks_change_is_no_plan() {
    if without(&["git", "jq", "curl"]) {
        return;
    }
    std::thread::scope(|scope| {
        for host in HOSTS {
            scope.spawn(move || beneath_a_fork(host));
        }
    });
}

fn beneath_a_fork(host: Host) {
    let house = House::new(host);
    house.propose(1, &[SLOWER]);
    house.forge.world().pulls[0].fork = true;
    let digest = house.run("desk", "writ", &["plan", "--json"], &[], 0).json()["digests"]["changes"].as_str().unwrap().to_owned();
    house.forge.say(1, US, &format!("<!-- writ plan contoso -->\n\n<!-- writ expect {digest} -->"));
    house.merge(1);
    house.step("main", 0, &format!("ci/apply.sh {host}"), &[], 5);
    house.forge.world().pulls[0].fork = false;
    house.step("main", 0, &format!("ci/apply.sh {host}"), &[], 0);
}

#[test]
fn a_refused_plan_is_commented_and_fails_and_one_past_a_brake_waits_for_a_hand() {
    if without(&["git", "jq", "curl"]) {
        return;
    }
    let house = House::new("github");
    // Nobody would administer any more.
    house.propose(1, &[("delegations.toml", "[delegation.administrators]", "[delegation.others]")]);
    house.edit("desk", &[("delegations.toml", "role = \"administrator\"", "role = \"catalog_creator\"")]);
    house.commit("desk", "Nobody");
    house.git("desk", &["push", "-q", "origin", "change-1"]);
    house.step("change-1", 1, "ci/propose.sh github", &[], 5);
    let comments = house.forge.ours(1);
    assert!(comments.len() == 1 && comments[0].1.contains("### Writ: refused") && expected(&comments[0].1).is_none(), "{comments:?}");
    // A token that is not taken fails the step, and is in no output of it.
    house.step("change-1", 1, "ci/propose.sh github", &[("GITHUB_TOKEN", "wrong")], 22).says(&["401"]);

    house.propose(2, &[("writ.toml", "max_access_lost = 10", "max_access_lost = 0")]);
    house.edit("desk", &[("directory/groups.toml", "  \"uma@contoso.example\",\n]", "]")]);
    house.commit("desk", "One less");
    house.git("desk", &["push", "-q", "origin", "change-2"]);
    house.step("change-2", 2, "ci/propose.sh github", &[], 0);
    house.merge(2);
    house.step("main", 0, "ci/apply.sh github", &[], 5).says(&["A brake is lifted by hand", "--allow-access-lost 1"]);
    assert_eq!(house.serial(), 1);
    let digest = expected(&house.forge.ours(2)[0].1).unwrap().to_owned();
    house.run("desk", "writ", &["apply", "--auto-approve", "--expect", &digest, "--allow-access-lost", "1"], &[], 0);
}
