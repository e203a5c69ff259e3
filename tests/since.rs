//! `--since`: of what is to be done only what the files declare otherwise than at a revision of git.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod support;

use std::process::Command;
use support::Workspace;

const BASE: &str = "[user.\"ann@contoso.example\"]\n[user.\"bo@contoso.example\"]\n[delegation.admins]\nrole = \"administrator\"\nmembers = [\"ann@contoso.example\"]\n\
    [group.a]\nmembers = [\"ann@contoso.example\"]\n[group.b]\n[group.c]\n";

/// Whether there is no git, which only a developer's machine may be without.
fn without_git() -> bool {
    let missing = Command::new("git").arg("--version").output().is_err();
    if missing {
        assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "there is no git");
        eprintln!("SKIPPED: nothing was planned since a revision, there is no git");
    }
    missing
}

/// A workspace of one file, applied and committed.
fn applied(text: &str) -> Workspace {
    let w = Workspace::of(text);
    w.write(".gitignore", ".writ/\n");
    git(&w, &["init", "-q", "-b", "main"]);
    commit(&w);
    w.apply();
    w
}

fn git(w: &Workspace, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@contoso.example"]).args(arguments).current_dir(w.dir.path());
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(w: &Workspace) {
    git(w, &["add", "."]);
    git(w, &["commit", "-qm", "next"]);
}

/// The addresses that a plan changes.
fn changed(w: &Workspace, arguments: &[&str]) -> Vec<String> {
    let plan = w.expect(0, &[&["plan", "--json"], arguments].concat()).json();
    let all = plan["resource_changes"].as_array().unwrap();
    all.iter().map(|c| c["address"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn only_what_was_edited_since_is_planned_and_the_rest_is_counted() {
    if without_git() {
        return;
    }
    let w = applied(BASE);
    // Older: merged, and not applied yet.
    w.replace("all.toml", "[group.b]\n", "[group.b]\nmembers = [\"bo@contoso.example\"]\n");
    commit(&w);
    // Mine: one changes, one goes, one comes.
    w.replace("all.toml", "[group.a]\nmembers = [\"ann@contoso.example\"]\n", "[group.a]\nmembers = [\"bo@contoso.example\"]\n");
    w.replace("all.toml", "[group.c]\n", "");
    w.write("more.toml", "[group.d]\n");
    assert_eq!(changed(&w, &[]), ["group.c", "group.a", "group.b", "group.d"]);
    assert_eq!(changed(&w, &["--since", "main"]), ["group.c", "group.a", "group.d"]);
    assert_eq!(changed(&w, &["--since", "HEAD", "--target", "group.a"]), ["group.a"]);
    assert_eq!(changed(&w, &["--since", "HEAD", "--exclude", "group.a"]), ["group.c", "group.d"]);
    assert_eq!(changed(&w, &["--since", "HEAD~1"]), ["group.c", "group.a", "group.b", "group.d"]);
    let run = w.expect(2, &["plan", "--since", "main", "--detailed-exitcode"]);
    run.says(&["1 other change left out, an older edit or drift.", "Save it with -o FILE"]);
    // In every form.
    w.expect(0, &["plan", "--since", "main", "--format", "html"])
        .says(&["(--since): 1 other change left out, an older edit or drift.</p>"]);
    w.expect(0, &["plan", "--since", "main", "--format", "markdown"]).says(&["1 other change left out, an older edit or drift."]);
    // The saved part applies as one of `--target` does.
    w.expect(0, &["plan", "--since", "main", "-o", "pr.plan"]);
    w.expect(0, &["apply", "pr.plan"]).says(&["1 added, 1 changed, 1 destroyed"]);
    assert_eq!(changed(&w, &[]), ["group.b"]);
    w.expect(0, &["plan", "--since", "main", "--detailed-exitcode"]).says(&["No changes.", "1 other change left out"]);
    w.expect(0, &["apply", "--since", "HEAD~1", "--auto-approve"]).says(&["0 added, 1 changed, 0 destroyed"]);
    assert!(changed(&w, &[]).is_empty());
}

#[test]
fn objects_count_and_not_lines() {
    if without_git() {
        return;
    }
    let w = applied(&format!(
        "{BASE}[catalog.x]\n[access_package.p]\ncatalog = \"x\"\n[access_package.p.policy.one]\ntemplate = \"t\"\n[access_package.p.policy.two]\nrequestors = \"none\"\nexpiration = \"20d\"\n[template.policy.t]\nrequestors = \"none\"\nexpiration = \"10d\"\n"
    ));
    // Moved to another file, with a comment: nothing is declared otherwise.
    w.replace("all.toml", "[group.c]\n", "");
    w.write("c.toml", "# c\n[group.c]\ndisplay_name = \"c\"\n");
    assert!(changed(&w, &["--since", "HEAD"]).is_empty());
    // A template is edited: whoever names it is.
    w.replace("all.toml", "expiration = \"10d\"", "expiration = \"11d\"");
    assert_eq!(changed(&w, &["--since", "HEAD"]), ["access_package.p.policy.one"]);
    // What a revision could not apply can be compared with all the same.
    w.replace("all.toml", "expiration = \"20d\"", "expiration = \"never\"\napproval = \"none\"");
    commit(&w);
    w.replace("all.toml", "expiration = \"never\"\napproval = \"none\"", "expiration = \"21d\"");
    assert_eq!(changed(&w, &["--since", "HEAD"]), ["access_package.p.policy.two"]);
}

#[test]
fn what_an_edit_needs_comes_along_however_old_it_is() {
    if without_git() {
        return;
    }
    let w = applied(BASE);
    w.write("old.toml", "[catalog.x]\n[group.y]\n");
    commit(&w);
    w.write("new.toml", "[access_package.p]\ncatalog = \"x\"\n");
    assert_eq!(changed(&w, &["--since", "HEAD"]), ["access_package.p", "catalog.x"]);
}

#[test]
fn what_drifted_and_was_not_edited_stays_out() {
    if without_git() {
        return;
    }
    let w = applied(BASE);
    w.expect(0, &["state", "mv", "group.b", "group.z"]);
    w.replace("all.toml", "[group.c]\n", "[group.c]\nmembers = [\"bo@contoso.example\"]\n");
    assert_eq!(changed(&w, &["--since", "HEAD"]), ["group.c"]);
}

#[test]
fn a_workspace_that_was_not_there_is_all_new() {
    if without_git() {
        return;
    }
    let w = Workspace::empty();
    w.write("readme", "");
    git(&w, &["init", "-q", "-b", "main"]);
    commit(&w);
    w.write("writ.toml", "[workspace]\nname = \"test\"\n");
    w.write("all.toml", BASE);
    assert_eq!(changed(&w, &["--since", "main"]).len(), 6);
}

#[test]
fn a_workspace_below_the_top_of_its_repository_is_compared_with_itself() {
    if without_git() {
        return;
    }
    let w = Workspace::empty();
    w.write("team/one/writ.toml", "[workspace]\nname = \"test\"\nexclude = [\"tools/**\"]\n");
    w.write("team/one/all.toml", BASE);
    w.write("team/one/inner/writ.toml", "[workspace]\nname = \"other\"\n");
    w.write("team/one/inner/all.toml", "[group.inner]\n");
    w.write("team/one/tools/x.toml", "[tool]\nx = 1\n");
    w.write("team/one/.hidden/x.toml", "[group.hidden]\n");
    w.write("other.toml", "[group.outer]\n");
    git(&w, &["init", "-q", "-b", "main"]);
    commit(&w);
    w.expect(0, &["apply", "--chdir", "team/one", "--auto-approve"]);
    w.replace("team/one/all.toml", "[group.b]\n", "");
    assert_eq!(changed(&w, &["--chdir", "team/one", "--since", "main"]), ["group.b"]);
}

#[test]
fn what_is_no_revision_is_told_with_the_way_forward() {
    if without_git() {
        return;
    }
    let w = Workspace::of(BASE);
    w.expect(1, &["plan", "--since", "main"]).says(&["in no git repository", "in a clone"]);
    git(&w, &["init", "-q", "-b", "main"]);
    w.write(".gitignore", ".writ/\n");
    commit(&w);
    w.expect(1, &["plan", "--since", "nowhere"]).says(&["git knows no revision `nowhere`", "git fetch"]);
    for name in ["", "-h", "--output=x", "--all", "main..HEAD", "HEAD:all.toml"] {
        w.expect(1, &["plan", &format!("--since={name}")]).says(&["git knows no revision"]);
    }
    assert!(!w.path("x").exists());
    w.expect(1, &["destroy", "--since", "main", "--confirm", "test"]).says(&["heeds no `--since`"]);
    w.expect(0, &["plan", "--since", "main", "-o", "x.plan"]);
    // A revision whose files nobody can read is told under its name.
    w.write("all.toml", "[group.a\n");
    commit(&w);
    w.write("all.toml", BASE);
    w.expect(1, &["plan", "--since", "HEAD"]).says(&[":all.toml:1"]);
    // A shallow clone lacks what came before.
    w.write("all.toml", &format!("{BASE}[group.e]\n"));
    commit(&w);
    let clone = Workspace::empty();
    let from = format!("file://{}", w.dir.path().display());
    git(&clone, &["clone", "-q", "--depth", "1", &from, "."]);
    clone.expect(1, &["plan", "--since", "HEAD~1"]).says(&["this clone is shallow", "fetch-depth: 0"]);
}
