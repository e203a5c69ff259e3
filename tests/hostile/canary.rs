//! A secret, put wherever one could come from, comes out nowhere: not on a terminal, not in JSON, Markdown or a plan file,
//! not in the store, not in the log of the steps, not in what a panic prints. (`fmt --diff` shows a file as it is, and is no
//! artefact; what is done in a file or directory that is named for the secret, is done.)

use crate::support::{Run, Workspace};
use std::path::Path;
use std::process::Command;

const CANARY: &str = "cAnArY-7f3a9c51";

/// Files below a directory that hold the secret.
fn holding(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            holding(&entry.path(), found);
        } else if std::fs::read(entry.path()).unwrap().windows(CANARY.len()).any(|w| w == CANARY.as_bytes()) {
            found.push(entry.path().display().to_string());
        }
    }
}

/// The program, with the secret in every variable that often holds one.
fn run(w: &Workspace, arguments: &[&str]) -> Run {
    let mut command = w.command(arguments);
    for name in [
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "PGPASSWORD",
        "WRIT_TOKEN",
        "WRIT_SECRET",
        "HTTPS_PROXY",
        "SSH_AUTH_SOCK",
        "ARM_CLIENT_SECRET",
        "WRIT_WEBHOOK_OPS_SECRET",
    ] {
        command.env(name, format!("https://u:{CANARY}@x.example"));
    }
    command.env("HOME", w.path("home")).env("XDG_CONFIG_HOME", w.path("home/.config")).env("WRIT_LOG", "on").env("RUST_BACKTRACE", "1");
    let run = Run::of(command.output().unwrap());
    assert!(!run.out.contains(CANARY) && !run.err.contains(CANARY), "{arguments:?}\n{}\n{}", run.out, run.err);
    run
}

/// Every command that tells something.
const TELLING: &[&[&str]] = &[
    &["validate"],
    &["validate", "--json"],
    &["plan"],
    &["plan", "-v"],
    &["plan", "--json", "--full"],
    &["plan", "--format", "markdown"],
    &["plan", "--format", "html"],
    &["plan", "--format", "sarif"],
    &["plan", "-o", "a.plan"],
    &["show", "./a.plan"],
    &["show", "./a.plan", "--format", "markdown"],
    &["show", "./a.plan", "--format", "html"],
    &["apply", "--auto-approve", "--json"],
    &["show"],
    &["show", "--json"],
    &["state", "list", "-v"],
    &["state", "list", "--json"],
    &["state", "show", "group.a", "--json"],
    &["history"],
    &["history", "--json"],
    &["diff", "@0", "@1"],
    &["graph"],
    &["explain", "group.a"],
    &["audit", "verify"],
    &["drift", "--notify"],
    &["doctor"],
    &["fmt", "--check"],
    &["destroy", "--confirm", "test"],
    &["nothing", "--at", "all"],
];

#[test]
fn what_surrounds_a_workspace_stays_outside() {
    let w = Workspace::of("[group.a]\n");
    w.write("writ.toml", "[workspace]\nname = \"test\"\n\n[webhook.ops]\nurl = \"http://127.0.0.1:9/writ\"\n");
    let secret = format!("token = \"{CANARY}\"\n");
    for name in
        [".env", "home/.gitconfig", "home/.netrc", "home/.config/writ/config", ".git-credentials", "secrets.json", "connector.token"]
    {
        w.write(name, &secret.replace("token", "[user]\n\ttoken"));
    }
    let git =
        |arguments: &[&str]| assert!(Command::new("git").args(arguments).current_dir(w.dir.path()).output().unwrap().status.success());
    git(&["init", "-q"]);
    git(&["remote", "add", "origin", &format!("https://x:{CANARY}@git.example/a.git")]);
    git(&["add", "x.toml", "all.toml", "writ.toml"].iter().copied().filter(|n| *n != "x.toml").collect::<Vec<_>>());
    git(&["-c", "user.name=a", "-c", "user.email=a@contoso.example", "commit", "-qm", CANARY]);
    for arguments in TELLING {
        let Run { code, err, .. } = run(&w, arguments);
        let expected = i32::from(arguments[0] == "nothing");
        assert_eq!(code, expected, "{arguments:?}: {err}");
    }
    let mut found = Vec::new();
    holding(&w.path(".writ"), &mut found);
    assert_eq!(found, Vec::<String>::new());
    assert!(!w.read("a.plan").contains(CANARY));
    // The search finds what is there.
    holding(w.dir.path(), &mut found);
    assert!(found.len() >= 7, "{found:?}");
}

/// What somebody may write into a file, and must not: it is refused without being repeated.
#[test]
fn a_secret_in_a_file_is_not_repeated() {
    let texts = [
        format!("[store]\nurl = \"postgres://writ:{CANARY}@db.example/writ\""),
        format!("[store]\nurl = \"sqlite://writ:{CANARY}@db.example/writ.db\""),
        format!("[store]\nurl = 'postgres://writ:{CANARY}@db.example/writ"),
        format!("[store]\npassword = \"{CANARY}\""),
        format!("[store]\nurl = \"sqlite:x.db\", password = \"{CANARY}\""),
        format!("[mail]\nsmtp_password = '{CANARY}'"),
        format!("[connector.a]\ntoken = \"\"\"{CANARY}\"\"\""),
        format!("[connector.a]\nclient_secret = {CANARY}"),
        format!("[connector.a]\nauth = {{ api-key = \"{CANARY}\" }}"),
        format!("[webhook.a]\nsecret = \"{CANARY}\""),
        format!("[webhook.a]\nurl = \"https://u:{CANARY}@hooks.example/x\""),
        format!("[webhook.a]\nsecret_env = \"{CANARY}\""),
        format!("[workspace]\ntoken = \"{CANARY}\""),
    ];
    for text in texts {
        let w = Workspace::of("[group.a]\n");
        let head = if text.starts_with("[workspace]") { "" } else { "[workspace]\n" };
        w.write("writ.toml", &format!("{head}{text}\n").replacen("[workspace]\n", "[workspace]\nname = \"test\"\n", 1));
        for arguments in [
            &["validate"][..],
            &["validate", "--json"],
            &["validate", "--format", "sarif"],
            &["validate", "--format", "github"],
            &["check", "--format", "azure"],
            &["plan"],
            &["plan", "--json"],
            &["plan", "--format", "gitlab"],
            &["apply", "--auto-approve"],
            &["show"],
        ] {
            let Run { code, out, err } = run(&w, arguments);
            assert_eq!(code, 1, "{text}\n{arguments:?}: {out}{err}");
        }
        // The same in a file of objects.
        w.write("writ.toml", "[workspace]\nname = \"test\"\n");
        w.write("y.toml", &format!("{}\n", text.replace("[workspace]", "[group.b]")));
        assert_eq!(run(&w, &["validate"]).code, 1, "{text}");
    }
}

/// The environment and the command line are refused without being repeated, too.
#[test]
fn a_store_with_a_password_is_not_repeated() {
    let w = Workspace::of("[group.a]\n");
    for url in [
        "postgres://writ:PASS@db.example/writ",
        "sqlite://writ:PASS@db.example/x",
        "postgresql://db.example/writ?password=PASS",
        "mysql:PASS",
    ] {
        for arguments in [&["plan"][..], &["plan", "--json"], &["validate"], &["apply", "--auto-approve"], &["history"]] {
            let mut command = w.command(arguments);
            let run = Run::of(command.env("WRIT_STORE", url.replace("PASS", CANARY)).output().unwrap());
            assert!(!run.out.contains(CANARY) && !run.err.contains(CANARY), "{url} {arguments:?}\n{}{}", run.out, run.err);
            assert!(run.code == 1 || arguments[0] == "validate", "{url} {arguments:?} {}", run.code);
        }
    }
}

/// So are other arguments, wherever a URL could be given by mistake.
#[test]
fn arguments_are_not_repeated() {
    let w = Workspace::of("[group.a]\n");
    w.apply();
    let url = format!("https://u:{CANARY}@x.example/y");
    let pair = format!("token={CANARY}");
    for arguments in [
        &["plan", "--format", &url][..],
        &["plan", &format!("--token={CANARY}")],
        &["plan", "--token", CANARY],
        &["plan", "--color", &pair],
        &["plan", "--as", &url],
        &["plan", "--chdir", &url],
        &["plan", "--compare", &url],
        &["plan", "--target", &url],
        &["plan", "-o", &url],
        &["apply", "--lock-timeout", &url, "--auto-approve"],
        &["apply", "--expect", &url],
        &["apply", &url],
        &["show", &url],
        &["show", "--at", &url],
        &["diff", &url],
        &["rollback", &url],
        &["explain", &pair],
        &["schema", &pair],
        &["fmt", &url],
        &["import", "group.a", &url],
        &["state", "list", &url],
        &["state", "push", &url],
        &["state", "backup", &url],
        &["state", "restore", &url],
        &["audit", "verify", &url],
        &["audit", "verify", "--checkpoint", &url],
        &[&url],
    ] {
        let json = [arguments, &["--json"]].concat();
        for arguments in [arguments, &json[..]] {
            let code = run(&w, arguments).code;
            assert!([1, 4, 5, 7].contains(&code), "{arguments:?}: {code}");
        }
    }
}

/// A panic tells where it happened, and nothing of what its message was put together from. Only a debug build can be made to
/// panic, at the step that `WRIT_PANIC` names; the message holds the whole environment, all arguments, and `writ.toml`.
#[test]
fn a_panic_tells_nothing() {
    if !cfg!(debug_assertions) {
        return;
    }
    let w = Workspace::of("[group.a]\n");
    w.apply();
    w.write("more.toml", "[group.b]\n");
    w.write("writ.toml", &format!("[workspace]\nname = \"test\"\n# token = {CANARY}\n"));
    for (step, arguments) in [
        ("reading the workspace", &["plan"][..]),
        ("checking the configuration", &["plan", "-v"]),
        ("reading the store", &["plan", "-o", "a.plan"]),
        ("planning", &["plan", "--format", "markdown"]),
        ("committing", &["apply", "--auto-approve"]),
        ("copying the store", &["state", "backup", "copy.db"]),
        ("looking at the store", &["doctor"]),
    ] {
        for backtrace in ["0", "1", "full"] {
            for json in [&[][..], &["--json"]] {
                let all = [arguments, json].concat();
                if json.len() + usize::from(arguments.contains(&"--format")) > 1 {
                    continue;
                }
                let mut command = w.command(&all);
                command.env("WRIT_PANIC", step).env("WRIT_ACTOR", "").env("RUST_BACKTRACE", backtrace);
                command.env("GITHUB_TOKEN", CANARY).env("DATABASE_URL", format!("postgres://u:{CANARY}@x.example/y"));
                let Run { code, out, err } = Run::of(command.output().unwrap());
                assert_eq!(code, 11, "{step}: {out}{err}");
                assert!(!out.contains(CANARY) && !err.contains(CANARY), "{step}: {out}{err}");
                let told = if json.is_empty() { &err } else { &out };
                assert!(told.contains("internal error: a panic (src/cli/internal.rs:"), "{step}: {out}{err}");
                assert_eq!(err.contains("writ::cli"), backtrace != "0", "{step}: {err}");
            }
        }
        // Nor do the files that it leaves, `writ.toml` aside; and the store is whole.
        let mut found = Vec::new();
        holding(w.dir.path(), &mut found);
        assert_eq!(found, [w.path("writ.toml").display().to_string()]);
        w.expect(0, &["doctor"]);
    }
    // It is the message that holds the secret, and the step that has to be named.
    let mut command = w.command(&["plan"]);
    assert_eq!(Run::of(command.env("WRIT_PANIC", "no step").output().unwrap()).code, 0);
}

/// What git is told by its surroundings stays with git: it is asked for the commit, and what else it says is not repeated.
#[test]
fn what_git_says_is_not_repeated() {
    let w = Workspace::of("[group.a]\n");
    w.write(".git", &format!("gitdir: https://u:{CANARY}@x.example/{CANARY}\n"));
    for arguments in [&["plan"][..], &["plan", "--json"], &["apply", "--auto-approve", "-v"], &["history", "--json"]] {
        let mut command = w.command(arguments);
        command.env("GIT_TRACE", "1").env("GIT_TRACE_SETUP", "2").env("GIT_CURL_VERBOSE", "1").env("GIT_ASKPASS", format!("/bin/{CANARY}"));
        command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "http.extraheader");
        command.env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {CANARY}"));
        let run = Run::of(command.output().unwrap());
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(!run.out.contains(CANARY) && !run.err.contains(CANARY), "{arguments:?}\n{}{}", run.out, run.err);
    }
    let mut found = Vec::new();
    holding(&w.path(".writ"), &mut found);
    assert_eq!(found, Vec::<String>::new());
}
