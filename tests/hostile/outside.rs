//! What the program does, seen from outside the process: `validate` on a hostile tree opens nothing beyond it, writes
//! nothing, starts nothing and connects to nothing; `plan` starts git, and git starts nothing.

use crate::support::{Run, Workspace};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// One system call: its name, its arguments as `strace` writes them, and what came of it.
struct Call {
    process: String,
    name: String,
    arguments: String,
    failed: bool,
}

/// Whether there is an `strace` to look with. CI has to have it.
fn can_look() -> bool {
    let works = Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|o| o.status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none_or(|v| v != "true"), "strace does not work here, and CI needs it");
        eprintln!("SKIPPED: strace does not work here, so nobody looked at what the program does");
    }
    works
}

/// Runs the program under `strace`.
fn watched(workspace: &Workspace, arguments: &[&str]) -> (Run, Vec<Call>) {
    let aside = tempfile::tempdir().unwrap();
    let trace = aside.path().join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-s", "4096", "-e", "trace=%file,%network,%process,write,pwrite64,writev,pwritev,ftruncate,fallocate", "-o"]);
    command.arg(&trace).arg(env!("CARGO_BIN_EXE_writ")).args(arguments);
    command.current_dir(workspace.dir.path()).env_clear().env("USER", "olga").env("PATH", "/usr/local/bin:/usr/bin:/bin");
    let run = Run::of(command.output().unwrap());
    let calls = std::fs::read_to_string(&trace).unwrap().lines().filter_map(call).collect();
    (run, calls)
}

/// `123 openat(AT_FDCWD</d>, "x", O_RDONLY) = 3</d/x>`; signals, exits and the second halves of calls are none.
fn call(line: &str) -> Option<Call> {
    let (process, rest) = line.split_once(' ')?;
    let (name, rest) = rest.trim_start().split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ").unwrap_or((rest, ""));
    let name = name.to_owned();
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then(|| Call {
        process: process.to_owned(),
        name,
        arguments: arguments.to_owned(),
        failed: result.starts_with('-'),
    })
}

/// What the loader and the C library open before the program begins, and the number of the user.
fn is_of_the_system(path: &str) -> bool {
    let own = path.strip_prefix("/proc/").is_some_and(|rest| rest == "self" || rest.ends_with("/maps") || rest.ends_with("/cgroup"));
    own || ["/etc/ld.so", "/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/", "/sys/fs/cgroup/"].iter().any(|p| path.starts_with(p))
}

/// Why a call is none that looking at a tree needs.
fn fault(call: &Call, root: &str, own: &str) -> Option<String> {
    let text = format!("{}({})", call.name, call.arguments);
    let path = call.arguments.split('"').nth(1).unwrap_or("");
    let first = call.arguments.split(',').next().unwrap_or("");
    let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"].iter().any(|flag| call.arguments.contains(flag));
    let sound = match call.name.as_str() {
        "execve" => path == own,
        "exit_group" | "exit" | "arch_prctl" => true,
        "write" | "writev" => first.starts_with("1<") || first.starts_with("2<"),
        "open" | "openat" | "openat2" | "stat" | "lstat" | "newfstatat" | "statx" | "access" | "faccessat" | "faccessat2" | "readlink"
        | "getcwd" => {
            // Relative names start in the tree, or in a directory of it.
            let start = first.split_once('<').map_or(root, |(_, dir)| dir.trim_end_matches('>'));
            let relative = !path.starts_with('/') && !path.split('/').any(|part| part == "..") && start.starts_with(root);
            let system = is_of_the_system(path) || (path.is_empty() && is_of_the_system(start));
            !writes && (relative || path.starts_with(root) || system)
        }
        _ => false,
    };
    (!sound).then_some(text)
}

fn faults(workspace: &Workspace, arguments: &[&str], code: i32) -> Vec<String> {
    let (run, calls) = watched(workspace, arguments);
    assert_eq!(run.code, code, "{}{}", run.out, run.err);
    assert!(calls.iter().any(|c| c.name == "openat" && c.arguments.contains("x.toml")), "nobody saw x.toml being opened");
    let root = workspace.dir.path().canonicalize().unwrap();
    calls.iter().filter_map(|c| fault(c, root.to_str().unwrap(), env!("CARGO_BIN_EXE_writ"))).collect()
}

/// A tree with everything in it that leads out of it.
fn hostile() -> Workspace {
    let w = Workspace::of("[group.a]\n");
    w.write("writ.toml", "[workspace]\nname = \"test\"\ninclude = [\"**/*.toml\", \"../*.toml\", \"/etc/*.toml\"]\n");
    w.write("x.toml", "[group.b]\nmembers = [\"group:nobody\"]\n");
    w.write("d/x.toml", "[group.c]\n");
    w.write(".env", "TOKEN=x\n");
    w.write("a.plan", "{}\n");
    symlink("/etc/passwd", w.path("passwd.toml")).unwrap();
    symlink("/etc", w.path("etc")).unwrap();
    symlink("/proc/self/environ", w.path("d/environ.toml")).unwrap();
    symlink("..", w.path("d/up")).unwrap();
    w
}

#[test]
fn the_watcher_sees_what_is_forbidden() {
    let forbidden = [
        r#"1 openat(AT_FDCWD</t>, "/etc/passwd", O_RDONLY) = 3</etc/passwd>"#,
        r#"1 openat(AT_FDCWD</t>, "../x", O_RDONLY) = 3</x>"#,
        r#"1 openat(3</elsewhere>, "x.toml", O_RDONLY) = 4</elsewhere/x.toml>"#,
        r#"1 openat(AT_FDCWD</t>, "x.toml", O_RDWR|O_CREAT, 0600) = 3</t/x.toml>"#,
        r#"1 unlink("x.toml") = 0"#,
        r#"1 write(5</t/x.toml>, "x", 1) = 1"#,
        r#"1 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 3<socket:[1]>"#,
        r#"1 execve("/bin/sh", ["sh"], 0x7 /* 1 var */) = 0"#,
        r#"1 clone3({flags=CLONE_VM|CLONE_VFORK}, 88 <unfinished ...>"#,
    ];
    for line in forbidden {
        assert!(fault(&call(line).unwrap(), "/t", "/writ").is_some(), "{line}");
    }
    let fine = r#"1 openat(3</t/d>, "x.toml", O_RDONLY|O_NOFOLLOW) = 4</t/d/x.toml>"#;
    assert!(fault(&call(fine).unwrap(), "/t", "/writ").is_none());
}

#[test]
fn validate_leaves_the_world_alone() {
    if !can_look() {
        return;
    }
    assert_eq!(faults(&hostile(), &["validate"], 1), Vec::<String>::new());
    assert_eq!(faults(&hostile(), &["validate", "--json"], 1), Vec::<String>::new());
    assert_eq!(faults(&hostile(), &["fmt", "--check"], 1), Vec::<String>::new());
    // Paths from the top of the repository need to know where that is: it is looked for, and not opened.
    let looks = |call: &String| call.starts_with("readlink(") || (call.contains("/.git\"") && !call.starts_with("open"));
    let mut beyond = faults(&hostile(), &["validate", "--format", "sarif"], 1);
    beyond.retain(|call| !looks(call));
    assert_eq!(beyond, Vec::<String>::new());
}

/// A tree can name any file as its store, and bring a link in the place of the store's directory.
#[test]
fn validate_reads_no_store_outside_the_tree() {
    if !can_look() {
        return;
    }
    let aside = Workspace::of("[group.b]\n");
    aside.apply();
    let store = aside.path(".writ/test.db");
    let named = Workspace::of("[group.b]\n");
    named.write("x.toml", "[group.c]\n");
    named.write("writ.toml", &format!("[workspace]\nname = \"test\"\n[store]\nurl = \"sqlite:{}\"\n", store.display()));
    assert_eq!(faults(&named, &["validate"], 0), Vec::<String>::new());
    let linked = Workspace::of("[group.b]\n");
    linked.write("x.toml", "[group.c]\n");
    symlink(store.parent().unwrap(), linked.path(".writ")).unwrap();
    assert_eq!(faults(&linked, &["validate"], 0), Vec::<String>::new());
}

/// Runs git in the workspace.
fn git(w: &Workspace, arguments: &[&str]) {
    let run = Command::new("git").args(arguments).current_dir(w.dir.path()).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
}

/// A repository whose configuration names a program wherever git takes one.
fn repository() -> Workspace {
    let w = Workspace::of("[group.a]\n");
    w.write("x.toml", "[group.b]\n");
    w.write(".gitattributes", "*.toml filter=evil diff=evil\n");
    git(&w, &["init", "-q"]);
    git(&w, &["add", "."]);
    git(&w, &["-c", "user.name=a", "-c", "user.email=a@contoso.example", "commit", "-qm", "one"]);
    let evil = "touch ran-by-git; cat";
    w.write(".git/evil/post-index-change", &format!("#!/bin/sh\n{evil}\n"));
    Command::new("chmod").arg("+x").arg(w.path(".git/evil/post-index-change")).status().unwrap();
    let hooks = w.path(".git/evil");
    for (name, value) in [
        ("filter.evil.clean", evil),
        ("filter.evil.process", evil),
        ("filter.evil.required", "true"),
        ("filter.another one.clean", evil),
        ("core.fsmonitor", evil),
        ("core.hooksPath", hooks.to_str().unwrap()),
        ("core.pager", evil),
        ("core.sshCommand", evil),
        ("diff.external", evil),
        ("diff.evil.textconv", evil),
        ("alias.status", "!touch ran-by-git"),
        ("credential.helper", "!touch ran-by-git"),
    ] {
        git(&w, &["config", name, value]);
    }
    // Of another time and size than the index knows, so that git has to read it.
    w.write("x.toml", "[group.b]\n\n");
    w
}

#[test]
fn plan_starts_git_and_git_starts_nothing() {
    if !can_look() {
        return;
    }
    let w = repository();
    // The bait works: git as people call it runs what it is told to.
    Command::new("git").args(["status"]).current_dir(w.dir.path()).output().unwrap();
    assert!(w.path("ran-by-git").exists(), "git ran none of its programs by itself, so this test shows nothing");
    std::fs::remove_file(w.path("ran-by-git")).unwrap();
    let (run, calls) = watched(&w, &["plan"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("commit ") && run.out.contains('+'), "{}", run.out);
    assert!(!w.path("ran-by-git").exists());
    let begun = calls.iter().filter(|c| c.name == "execve" && !c.failed);
    let programs: Vec<&str> = begun.map(|c| c.arguments.split('"').nth(1).unwrap_or("")).collect();
    let foreign: Vec<&&str> =
        programs.iter().filter(|p| **p != env!("CARGO_BIN_EXE_writ") && Path::new(p).file_name().is_none_or(|n| n != "git")).collect();
    assert!(foreign.is_empty() && programs.len() > 1, "{programs:?}");
    // The program itself, without git: it reads the tree, and writes and connects nowhere.
    let root = w.dir.path().canonicalize().unwrap();
    let own = calls.first().unwrap().process.clone();
    let mine = calls.iter().filter(|c| {
        c.process == own
            && !matches!(
                c.name.as_str(),
                "clone3" | "clone" | "vfork" | "wait4" | "waitid" | "socketpair" | "recvfrom" | "pidfd_open" | "kill"
            )
    });
    let mine = mine.filter(|c| !c.arguments.contains("\"/dev/null\""));
    let faults: Vec<String> = mine.filter_map(|c| fault(c, root.to_str().unwrap(), env!("CARGO_BIN_EXE_writ"))).collect();
    assert_eq!(faults, Vec::<String>::new());
}
