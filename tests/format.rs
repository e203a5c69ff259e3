//! Laws of `writ fmt`: formatting twice is formatting once, no meaning changes, no comment is lost.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use toml_parser::parser::{Event, EventKind, parse_document};
use writ::config::format::{format, with_moves};
use writ::config::{Config, Known, configure};
use writ::diag::{SourceFile, Sources};

const EXAMPLES: [&str; 3] = ["minimal", "complete", "contoso"];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every `*.toml` below a directory.
fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "toml") {
            found.push(path);
        }
    }
}

fn read(workspace: &Path) -> Sources {
    writ::source::read(workspace).unwrap().sources
}

fn config(sources: &Sources) -> Config {
    let (config, found) = configure(sources, &Known::default());
    config.unwrap_or_else(|| panic!("{found:#?}"))
}

fn formatted(file: &SourceFile) -> String {
    format(0, file).unwrap_or_else(|found| panic!("{}: {found:#?}\n{}", file.name, file.text))
}

/// Everything that a configuration means.
fn meaning(sources: &Sources) -> impl PartialEq + std::fmt::Debug {
    let config = config(sources);
    let objects: Vec<_> = config.objects.into_iter().map(|(address, object)| (address, object.attributes)).collect();
    let moves: Vec<_> = config.moves.into_iter().map(|m| (m.from, m.to)).collect();
    let removals: Vec<_> = config.removals.into_iter().map(|r| (r.from, r.destroy)).collect();
    let imports: Vec<_> = config.imports.into_iter().map(|i| (i.to, i.id)).collect();
    (objects, moves, removals, imports, config.settings.applied())
}

/// The comments of a text, sorted.
fn comments(text: &str) -> Vec<String> {
    let source = toml_parser::Source::new(text);
    let mut events: Vec<Event> = Vec::new();
    parse_document(&source.lex().into_vec(), &mut events, &mut ());
    let comment = |e: &Event| source.get(e).filter(|_| e.kind() == EventKind::Comment).map(|raw| raw.as_str().trim_end().to_owned());
    let mut all: Vec<String> = events.iter().filter_map(comment).collect();
    all.sort();
    all
}

/// The layout that every formatted text has.
fn assert_laid_out(name: &str, text: &str) {
    assert!(text.is_empty() || (text.ends_with('\n') && !text.ends_with("\n\n")), "{name}: the end");
    assert!(!text.starts_with('\n') && !text.contains('\r'), "{name}: the head, or line ends");
    if !text.contains("\"\"\"") && !text.contains("'''") {
        assert!(!text.contains("\n\n\n"), "{name}: two empty lines");
        assert!(text.lines().all(|l| l.trim_end() == l), "{name}: white space at the end of a line");
    }
}

/// Holds the laws against every file of a workspace that is sound.
fn assert_laws(sources: &Sources) {
    let mut after = Vec::new();
    for (_, file) in sources.iter() {
        let once = formatted(file);
        let again = SourceFile::new(&file.name, once.as_str());
        assert_eq!(formatted(&again), once, "{}: formatting twice is not formatting once\n{}", file.name, file.text);
        assert_eq!(comments(&once), comments(&file.text), "{}: comments\n{}", file.name, file.text);
        assert_laid_out(&file.name, &once);
        after.push(again);
    }
    assert_eq!(meaning(&Sources::new(after)), meaning(sources));
}

#[test]
fn the_examples_are_canonical() {
    let mut all = Vec::new();
    files(&here("examples"), &mut all);
    assert!(all.len() > 20);
    for path in all {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(formatted(&SourceFile::new(name, text.as_str())), text, "{}", path.display());
    }
}

#[test]
fn the_examples_keep_the_laws() {
    for name in EXAMPLES {
        assert_laws(&read(&here("examples").join(name)));
    }
}

/// Moves that are done rename nothing.
#[test]
fn the_examples_have_no_old_names() {
    for name in EXAMPLES {
        let sources = read(&here("examples").join(name));
        let renamed = with_moves(&sources).unwrap();
        for ((_, before), (_, after)) in sources.iter().zip(renamed.iter()) {
            assert_eq!(before.text, after.text, "{}", before.name);
        }
    }
}

#[test]
fn a_large_organization_keeps_the_laws() {
    let data = here("../shared/data/kubernetes-org");
    let Ok(workspaces) = fs::read_dir(&data) else {
        println!("skipped: there is no {}", data.display());
        return;
    };
    for workspace in workspaces {
        assert_laws(&read(&workspace.unwrap().path()));
    }
}

/// What somebody does to a file without changing what it means.
#[derive(Debug, Clone)]
enum Edit {
    /// A comment on a line of its own.
    Above(String),
    /// A comment behind a line.
    Behind(String),
    /// Empty lines.
    Blank(usize),
    /// White space at both sides of a line.
    Space,
    /// A list over several lines.
    Break,
    /// Users in upper case.
    Shout,
    /// The roles of a package's resources in a table of their own at the end of the file.
    Sink,
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, Edit)>> {
    let comment = || "# ?[a-z\\[\\]{}\"'=,#]{0,12}";
    let edit = prop_oneof![
        3 => comment().prop_map(Edit::Above),
        3 => comment().prop_map(Edit::Behind),
        2 => (1usize..4).prop_map(Edit::Blank),
        1 => Just(Edit::Space),
        3 => Just(Edit::Break),
        2 => Just(Edit::Shout),
        2 => Just(Edit::Sink),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), edit), 0..60)
}

/// Numbers of the lines between which nothing but TOML stands: not those of texts over several lines.
fn open_lines(text: &str) -> Vec<usize> {
    let mut inside = false;
    let mut open = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if !inside {
            open.push(number);
        }
        if line.matches("\"\"\"").count() % 2 == 1 {
            inside = !inside;
        }
    }
    open
}

fn edited(text: &str, index: prop::sample::Index, edit: &Edit) -> String {
    let open = open_lines(text);
    let chosen = open[index.index(open.len())];
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let line = &mut lines[chosen];
    let code = !line.contains('#') && !line.contains("\"\"\"");
    match edit {
        Edit::Above(comment) => line.insert_str(0, &std::format!("  {comment}\n")),
        Edit::Behind(comment) if code => line.push_str(&std::format!("{}{comment}", " ".repeat(comment.len() % 4))),
        Edit::Blank(n) => line.insert_str(0, &" \n".repeat(*n)),
        Edit::Space if code => *line = std::format!("\t{line}  \t"),
        Edit::Break if code && (line.contains(" = [") || line.contains(" = {")) && !line.contains('\'') => {
            *line = line.replace("[\"", "[\n\"").replace("\", \"", "\"\n,\"").replace("\"]", "\",\n]").replace(", t", ",\nt");
        }
        Edit::Shout if code && line.contains('@') && !line.contains("_name") => {
            let quoted: Vec<String> = line
                .split('"')
                .enumerate()
                .map(|(i, part)| if i % 2 == 1 && part.contains('@') { part.to_ascii_uppercase() } else { part.to_owned() })
                .collect();
            *line = quoted.join("\"");
        }
        Edit::Sink => sink(&mut lines, chosen),
        _ => {}
    }
    lines.join("\n")
}

/// Moves the roles of the package in whose lines `chosen` stands, if each of them is a line.
fn sink(lines: &mut Vec<String>, chosen: usize) {
    let is_header = |l: &String| l.trim().starts_with('[') && !l.contains('\"');
    let Some(header) = lines[..=chosen].iter().rposition(is_header) else { return };
    let end = lines.iter().skip(header + 1).position(is_header).map_or(lines.len(), |n| header + 1 + n);
    let is_role = |l: &String| {
        let code = l.split('#').next().unwrap();
        code.trim().starts_with("resource_roles.") && code.contains('[') == code.contains(']')
    };
    let of_roles = lines[header..end].iter().filter(|l| l.contains("resource_roles.")).count();
    let roles: Vec<usize> = (header + 1..end).filter(|n| is_role(&lines[*n])).collect();
    let Some(path) = lines[header].trim().strip_prefix("[access_package.").and_then(|l| l.split(']').next()).map(str::to_owned) else {
        return;
    };
    if roles.is_empty() || roles.len() != of_roles {
        return;
    }
    lines.push(std::format!("[access_package.{path}.resource_roles]"));
    for number in roles {
        let line = std::mem::take(&mut lines[number]);
        lines.push(line.trim().trim_start_matches("resource_roles.").to_owned());
    }
}

static WORKSPACES: LazyLock<Vec<Sources>> = LazyLock::new(|| EXAMPLES.map(|name| read(&here("examples").join(name))).into());

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edited_examples_keep_the_laws(workspace in 0usize..3, edits in prop::collection::vec((any::<prop::sample::Index>(), edits()), 1..12), ends in any::<bool>()) {
        let sources = &WORKSPACES[workspace];
        let mut texts: BTreeMap<String, String> = sources.iter().map(|(_, f)| (f.name.clone(), f.text.clone())).collect();
        for (file, edits) in &edits {
            let name = file.get(&texts.keys().cloned().collect::<Vec<_>>()).clone();
            let text = texts.get_mut(&name).unwrap();
            for (index, edit) in edits {
                *text = edited(text, *index, edit);
            }
        }
        for text in texts.values_mut().filter(|t| ends && !t.contains("\"\"\"")) {
            *text = text.replace('\n', "\r\n");
        }
        let messy = Sources::new(texts.into_iter().map(|(name, text)| SourceFile::new(name, text)).collect());
        prop_assert_eq!(meaning(&messy), meaning(sources));
        assert_laws(&messy);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_toml_stays_what_it_is(lines in prop::collection::vec(prop::sample::select(LINES), 1..14)) {
        let text = lines.join("\n");
        let Ok(before) = toml::from_str::<toml::Table>(&text) else { return Ok(()) };
        let once = formatted(&SourceFile::new("a.toml", text.as_str()));
        prop_assert_eq!(toml::from_str::<toml::Table>(&once), Ok(before), "{}", text);
        prop_assert_eq!(formatted(&SourceFile::new("a.toml", once.as_str())), once.as_str(), "{}", text);
        prop_assert_eq!(comments(&once), comments(&text), "{}", text);
    }
}

/// Lines that TOML may refuse after each other, with sets that are sorted and users that are folded.
const LINES: &[&str] = &[
    "",
    "  # alone",
    "[access_package]",
    "[access_package.p]   # p",
    "[access_package.p.resource_roles] # roles",
    "[access_package.p.resource_roles.deep]",
    "[access_package.q.resource_roles]",
    "[access_package.p.policy.e]",
    "[[access_package.p.policy.e.question]]",
    "[[access_package.p.resource_roles]]",
    "[template.access_package.p.resource_roles]",
    "[check.c]",
    "[group.a]",
    "[user.'a@x.example']",
    "access_package.p.catalog = 'c' # c",
    "p.catalog = 'c'",
    "p.resource_roles.a = 'A'",
    "q.catalog = 'c'",
    "resource_roles.a = 'A'",
    "resource_roles.b.c = ['A', 'B']#none",
    "resource_roles = { a = 'A', b = [ # open",
    "resource_roles = {}",
    "a = 1",
    "\"b\".'c d' = \"\"\"",
    "\"\"\" # closed",
    "c = [",
    "members = ['a@x.example', # a",
    "'b@x.example',",
    "'c@x.example', 'group:d', ",
    "{ e = 1, # e",
    "] # closed",
    "}",
    "}, [ [ ], ]",
];
