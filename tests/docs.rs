//! What the pages of `docs/` say of the program and of its source is so. Their commands are run by `tests/tour`.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use clap::CommandFactory;
use regex_lite::Regex;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use support::Workspace;
use writ::cli::Cli;
use writ::config::READY_MADE;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap()
}

/// Every page that people read, the codes' own left out.
fn pages() -> Vec<String> {
    let mut pages: Vec<String> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).to_vec();
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|e| format!("docs/{}", e.unwrap().file_name().to_str().unwrap()));
    pages.extend(docs.filter(|p| p.ends_with(".md")));
    pages.sort();
    pages
}

#[test]
fn the_page_of_checks_names_every_ready_made_one_and_no_other() {
    let page = read("docs/checks.md");
    for made in READY_MADE {
        let row = format!("| [`{0}`](checks/{0}.md) | {1}", made.name, made.doc);
        let takes: Vec<String> = made.takes.iter().map(|key| format!("`{key}`")).collect();
        let line = page.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("docs/checks.md lacks {row:?}"));
        let end = if takes.is_empty() { "| |".to_owned() } else { format!("| {} |", takes.join(", ")) };
        assert!(line.ends_with(&end), "{line}");
    }
    let pages = fs::read_dir(root().join("docs/checks")).unwrap().count();
    assert_eq!(pages, READY_MADE.len(), "a page for each, and no more");
}

#[test]
fn the_page_of_commands_names_every_command_and_flag() {
    let page = read("docs/commands.md");
    let mut missing = Vec::new();
    let mut all = Cli::command();
    all.build();
    let everywhere = page.split("## Everywhere").nth(1).unwrap().split("\n## ").next().unwrap();
    let global: BTreeSet<&str> = all.get_arguments().filter_map(|a| a.get_long()).collect();
    missing.extend(global.iter().filter(|flag| !everywhere.contains(&format!("`--{flag}"))).map(|flag| format!("--{flag} everywhere")));
    // `destroy` says that it has the flags of `apply`, and `apply` those of `plan`.
    let inherits = [("plan", ""), ("apply", "plan"), ("destroy", "apply")];
    let section = |command: &str| {
        // Its word ends there: `can` is not `cancel`.
        let found = |c: &str| [' ', '`'].into_iter().find_map(|end| page.split(&format!("\n### `writ {c}{end}")).nth(1));
        let part = |c: &str| found(c).map(|s| s.split("\n### ").next().unwrap().to_owned());
        let mut text = part(command)?;
        let mut above = inherits.iter().find(|(c, _)| *c == command).map(|(_, above)| *above);
        while let Some(name) = above.filter(|a| !a.is_empty()) {
            text.push_str(&part(name)?);
            above = inherits.iter().find(|(c, _)| *c == name).map(|(_, above)| *above);
        }
        Some(text)
    };
    let mut leaves: Vec<(String, &clap::Command)> = Vec::new();
    for command in all.get_subcommands() {
        match command.has_subcommands() {
            true => leaves.extend(command.get_subcommands().map(|c| (format!("{} {}", command.get_name(), c.get_name()), c))),
            false => leaves.push((command.get_name().to_owned(), command)),
        }
    }
    for (name, command) in leaves {
        let Some(text) = section(&name) else {
            missing.push(format!("writ {name}"));
            continue;
        };
        let own = command.get_arguments().filter(|a| !a.is_hide_set()).filter_map(|a| a.get_long()).filter(|f| !global.contains(f));
        missing.extend(own.filter(|f| !text.contains(&format!("`--{f}"))).map(|f| format!("writ {name} --{f}")));
    }
    assert!(missing.is_empty(), "docs/commands.md lacks: {missing:#?}");
}

#[test]
fn the_page_of_commands_names_nothing_else() {
    let mut flags: BTreeSet<String> = ["help", "version"].map(str::to_owned).into();
    fn collect(command: &clap::Command, flags: &mut BTreeSet<String>) {
        flags.extend(command.get_arguments().filter_map(|a| a.get_long()).map(str::to_owned));
        command.get_subcommands().for_each(|c| collect(c, flags));
    }
    let mut all = Cli::command();
    all.build();
    collect(&all, &mut flags);
    let flag = Regex::new(r"--([a-z][a-z-]+)").unwrap();
    for page in
        pages().iter().filter(|p| !["docs/benchmarks.md", "docs/editors.md", "docs/developers.md", "CONTRIBUTING.md"].contains(&p.as_str()))
    {
        let text = read(page).replace("cargo run --release -- ", "").replace("cargo build --release", "").replace("--test", "");
        let strange: Vec<&str> = flag.captures_iter(&text).map(|c| c.get(1).unwrap().as_str()).filter(|f| !flags.contains(*f)).collect();
        assert!(strange.is_empty(), "{page} speaks of flags that there are not: {strange:?}");
    }
}

/// `src/x.rs` exists wherever a page says so, and holds the functions that stand behind it.
#[test]
fn named_files_and_functions_exist() {
    let path = Regex::new(r"`((?:src|tests|benches|examples|schemas|docs|\.ci)/[A-Za-z0-9_./-]+)`").unwrap();
    let station = Regex::new(r"`(src/[a-z_/]+\.rs)`: ((?:`[A-Za-z_]+`(?:, )?)+)").unwrap();
    let word = Regex::new(r"`([A-Za-z_]+)`").unwrap();
    let mut wrong = Vec::new();
    let mut stations = 0;
    for page in pages() {
        let text = read(&page);
        for named in path.captures_iter(&text).map(|c| c.get(1).unwrap().as_str()) {
            if !root().join(named).exists() && ![".writ", "KIND"].iter().any(|w| named.contains(w)) {
                wrong.push(format!("{page}: there is no {named}"));
            }
        }
        for found in station.captures_iter(&text) {
            let file = found.get(1).unwrap().as_str();
            let Ok(source) = fs::read_to_string(root().join(file)) else { continue };
            for name in word.captures_iter(found.get(2).unwrap().as_str()).map(|c| c.get(1).unwrap().as_str()) {
                stations += 1;
                let item = Regex::new(&format!(r"\b(fn|struct|enum|trait|static|const) {name}\b")).unwrap();
                if !item.is_match(&source) {
                    wrong.push(format!("{page}: {file} has no `{name}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(stations > 20, "docs/following-a-package.md names its stations in another form: {stations}");
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#]+)(?:#[^)]*)?\)").unwrap();
    let mut wrong = Vec::new();
    for page in pages() {
        let here = root().join(&page).parent().unwrap().to_owned();
        let text = read(&page);
        let links = link.captures_iter(&text).map(|c| c.get(1).unwrap().as_str()).filter(|l| !l.contains("://"));
        wrong.extend(links.filter(|l| !here.join(l).exists()).map(|l| format!("{page}: {l}")));
    }
    assert!(wrong.is_empty(), "links that lead nowhere: {wrong:#?}");
}

#[test]
fn the_index_lists_every_page() {
    let index = read("docs/index.md");
    let missing: Vec<String> = pages()
        .into_iter()
        .filter_map(|p| p.strip_prefix("docs/").map(str::to_owned))
        .filter(|p| p != "index.md" && !index.contains(&format!("]({p})")))
        .collect();
    assert!(missing.is_empty(), "docs/index.md lacks {missing:?}");
}

/// A row of `docs/coverage.md`: its number, what does it, its state, what shows it.
struct Covered<'p> {
    number: usize,
    state: &'p str,
    by: &'p str,
    shown: &'p str,
}

/// What of these is not there: `FILE`: `FUNCTION`, which has to be a test that is run.
fn tests_that_are_not(shown: &str) -> Vec<String> {
    let named = Regex::new(r"^`((?:src|tests)/[a-z_/]+\.rs)`: `([a-z0-9_]+)`$").unwrap();
    let is_there = |one: &&str| {
        let Some(found) = named.captures(one) else { return false };
        let (file, name) = (found.get(1).unwrap().as_str(), found.get(2).unwrap().as_str());
        let test = Regex::new(&format!(r"#\[test\]\s+(?:#\[expect[^\n]*\s+)*fn {name}\(\)")).unwrap();
        fs::read_to_string(root().join(file)).is_ok_and(|source| test.is_match(&source))
    };
    shown.split(", ").filter(|one| *one != "-" && !is_there(one)).map(str::to_owned).collect()
}

#[test]
fn the_page_of_coverage_is_whole_and_names_what_there_is() {
    let text = read("docs/coverage.md");
    let row = Regex::new(r"(?m)^\| F([0-9]+) \| [^|]+ \| [^|]+ \| [^|]+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$").unwrap();
    let rows: Vec<Covered<'_>> = row
        .captures_iter(&text)
        .map(|c| Covered {
            number: c.get(1).unwrap().as_str().parse().unwrap(),
            state: c.get(2).unwrap().as_str(),
            by: c.get(3).unwrap().as_str(),
            shown: c.get(4).unwrap().as_str(),
        })
        .collect();
    assert!(rows.iter().map(|r| r.number).eq(1..=221), "a row is missing, doubled, out of order, or has a cell more or less");
    assert_eq!(text.lines().filter(|l| l.starts_with("| F")).count(), 222, "the rows and their head");

    let mut wrong = Vec::new();
    let page = Regex::new(r"\]\(([^)#]+)(?:#[^)]*)?\)").unwrap();
    for Covered { number, state, by, shown } in &rows {
        wrong.extend(tests_that_are_not(shown).into_iter().map(|t| format!("F{number}: there is no test {t}")));
        let pages: Vec<&str> = page.captures_iter(by).map(|c| c.get(1).unwrap().as_str()).collect();
        wrong.extend(pages.iter().filter(|p| !root().join("docs").join(p).is_file()).map(|p| format!("F{number}: there is no page {p}")));
        if *state == "done" && *shown == "-" && pages.is_empty() {
            wrong.push(format!("F{number} is done, and nothing shows it"));
        }
    }
    for state in ["done", "portal", "not yet"] {
        let count = rows.iter().filter(|r| r.state == state).count();
        if !text.contains(&format!("\n| {state} | {count} | ")) {
            wrong.push(format!("{count} rows are {state}, and the head says otherwise"));
        }
    }
    let known = rows.iter().all(|r| ["done", "portal", "not yet"].contains(&r.state));
    assert!(wrong.is_empty() && known, "{wrong:#?}");
}

/// `examples/minimal`, applied.
fn applied() -> Workspace {
    let workspace = Workspace::example("minimal");
    workspace.apply();
    workspace
}

/// Adds to the end of a file.
fn append(workspace: &Workspace, file: &str, text: &str) {
    workspace.write(file, &format!("{}{text}", workspace.read(file)));
}

/// What is too dear to bring about here: a failure after a commit, a defect of ours, a signal.
const DEAR: [i32; 4] = [9, 11, 130, 143];

#[test]
fn every_exit_code_of_the_page_is_real() {
    let page = read("docs/exit-codes.md");
    let row = Regex::new(r"(?m)^\| ([0-9, ]+) \|").unwrap();
    let rows =
        row.captures_iter(&page).flat_map(|c| c.get(1).unwrap().as_str().split(", ").map(|n| n.parse().unwrap()).collect::<Vec<i32>>());
    let mut left: BTreeSet<i32> = rows.collect();
    for code in DEAR {
        assert!(left.remove(&code), "docs/exit-codes.md lacks {code}");
    }
    let catalog = "\n[catalog.second]\nprevent_destroy = true\n";
    while let Some(code) = left.pop_first() {
        let place = applied();
        match code {
            0 => drop(place.expect(0, &["plan", "--detailed-exitcode"])),
            1 => {
                place.expect(1, &["plan", "--no-such-flag"]);
                append(&place, "access.toml", "\nno_such_key = 1\n");
                place.expect(1, &["validate"]);
            }
            2 => {
                append(&place, "access.toml", catalog);
                place.expect(0, &["plan"]);
                place.expect(2, &["plan", "--detailed-exitcode"]);
            }
            3 => {
                append(&place, "access.toml", "\n\n\n\n[group.a]\nmembers=[ ]\n");
                place.expect(3, &["fmt", "--check"]);
            }
            4 => {
                append(&place, "access.toml", catalog);
                place.expect(0, &["plan", "-o", "a.plan"]);
                place.expect(0, &["apply", "a.plan"]);
                place.expect(4, &["apply", "a.plan"]);
                append(&place, "access.toml", "\n[catalog.third]\n");
                place.expect(4, &["apply", "--expect", "0123456789abcdef", "--auto-approve"]);
            }
            5 => {
                append(&place, "access.toml", catalog);
                place.expect(0, &["apply", "--auto-approve"]);
                fs::copy(root().join("examples/minimal/access.toml"), place.path("access.toml")).unwrap();
                place.expect(5, &["plan"]);
                place.expect(5, &["plan", "--as", "nobody@minimal.example"]);
            }
            6 => locked(&place),
            7 => {
                append(&place, "writ.toml", "\n[store]\nlineage = \"00000000-0000-7000-8000-000000000000\"\n");
                place.expect(7, &["plan"]);
            }
            8 => {
                append(&place, "access.toml", catalog);
                place.expect(8, &["apply"]);
            }
            other => panic!("docs/exit-codes.md says {other}, and nothing here brings it about"),
        }
    }
}

/// Another process holds the lock of the store.
fn locked(place: &Workspace) {
    append(place, "access.toml", "\n[catalog.second]\n");
    let lock = fs::File::options().write(true).open(place.path(".writ/minimal.db.lock")).unwrap();
    lock.lock().unwrap();
    place.expect(6, &["apply", "--auto-approve"]);
    lock.unlock().unwrap();
    place.expect(0, &["apply", "--auto-approve"]);
}

/// `writ plan | head -1`: that nobody reads on changes nothing.
#[test]
fn a_reader_that_stops_early_changes_nothing() {
    let place = applied();
    append(&place, "access.toml", "\n[catalog.second]\n");
    let mut child = place.command(&["plan", "--detailed-exitcode"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut one = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut one).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2));
}
