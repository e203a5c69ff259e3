//! What speed rests on, as counts that are exact: planning writes nothing, applying nothing commits nothing, applying
//! anything is one transaction, and the order of files means nothing.
//!
//! `cargo bench --bench allocation` is the gate of memory; times are no gate, since they flicker: `docs/benchmarks.md`.
#![expect(clippy::unwrap_used, reason = "a test")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;
use support::Workspace;
use writ::config::{Known, configure};
use writ::diag::{Diagnostics, SourceFile, Sources};
use writ::model::canonical;
use writ::plan::{Input, document, plan};
use writ::reconcile::State;
use writ::view::{paint::Paint, plan::text};

/// A catalog with a number of packages and their policies.
fn catalog(key: &str, packages: usize, word: &str) -> String {
    let package = |n: usize| {
        format!(
            "[access_package.{key}-{n}]\ncatalog = \"{key}\"\ndescription = \"{word}\"\nresource_roles.crm = \"User\"\n\n\
             [access_package.{key}-{n}.policy.direct]\nrequestors = \"none\"\nexpiration = \"30d\"\n\n"
        )
    };
    let head = format!("[catalog.{key}]\ndescription = \"{word}\"\n\n[catalog.{key}.resource.crm]\norigin = \"application:crm\"\n\n");
    head + &(0..packages).map(package).collect::<String>()
}

/// Files that need each other: catalogs, whose resources are an application of another file.
fn files() -> Vec<(&'static str, String)> {
    vec![
        ("writ.toml", "[workspace]\nname = \"test\"\n".to_owned()),
        ("applications.toml", "[application.crm]\nroles = [\"Admin\", \"User\"]\n".to_owned()),
        ("catalogs/east.toml", catalog("east", 3, "the east")),
        ("catalogs/west.toml", catalog("west", 2, "the west")),
        ("catalogs/zones/north.toml", catalog("north", 1, "the north")),
    ]
}

fn workspace() -> Workspace {
    let workspace = Workspace::empty();
    files().iter().for_each(|(name, text)| workspace.write(name, text));
    workspace
}

/// How a store lies on the disk: its bytes and when they were written.
fn lies(workspace: &Workspace) -> (Vec<u8>, SystemTime) {
    let store = workspace.path(".writ/test.db");
    (fs::read(&store).unwrap(), fs::metadata(&store).unwrap().modified().unwrap())
}

/// How many transactions changed the store: SQLite's own count, at its place in the header of the file.
fn transactions(workspace: &Workspace) -> u32 {
    let bytes = fs::read(workspace.path(".writ/test.db")).unwrap();
    u32::from_be_bytes(bytes.get(24..28).unwrap().try_into().unwrap())
}

/// How many revisions the history tells, the first one included.
fn revisions(workspace: &Workspace) -> usize {
    let told = workspace.expect(0, &["history", "--json"]).json();
    told.get("revisions").unwrap().as_array().unwrap().len()
}

#[test]
fn a_plan_leaves_the_store_as_it_lies() {
    let workspace = workspace();
    workspace.expect(0, &["plan"]);
    assert!(!workspace.path(".writ/test.db").exists(), "a plan made a store");
    workspace.apply();
    let before = lies(&workspace);
    let untouched = |arguments: &[&str]| {
        workspace.expect(0, arguments);
        assert!(lies(&workspace) == before, "writ {arguments:?} wrote to the store");
    };
    untouched(&["plan"]);
    workspace.write("catalogs/west.toml", &catalog("west", 9, "the far west"));
    untouched(&["plan"]);
    untouched(&["plan", "-o", "saved"]);
    untouched(&["plan", "--json", "--full"]);
    untouched(&["plan", "--destroy"]);
    untouched(&["validate"]);
}

#[test]
fn an_apply_of_nothing_commits_nothing() {
    let workspace = workspace();
    workspace.apply();
    let (before, known) = (lies(&workspace), revisions(&workspace));
    workspace.apply();
    assert!(lies(&workspace) == before, "an apply of nothing wrote to the store");
    assert_eq!(revisions(&workspace), known);
}

#[test]
fn an_apply_is_one_transaction_whatever_its_size() {
    let workspace = workspace();
    workspace.apply();
    assert_eq!(revisions(&workspace), 2, "the store as it was made, and the first apply");
    for packages in [3, 200, 100, 0] {
        let (count, known) = (transactions(&workspace), revisions(&workspace));
        workspace.write("catalogs/west.toml", &catalog("west", packages, "the west again"));
        workspace.expect(0, &["apply", "--auto-approve", "--allow-deletes", "1000"]);
        assert_eq!((transactions(&workspace), revisions(&workspace)), (count + 1, known + 1), "with {packages} packages");
    }
}

/// Every order of so many things.
fn orders(of: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..of {
        let put = |order: &[usize], at: usize| {
            let (before, after) = order.split_at(at);
            [before, &[next], after].concat()
        };
        all = all.iter().flat_map(|order| (0..=next).map(move |at| put(order, at))).collect();
    }
    all
}

#[test]
fn files_in_any_order_plan_to_the_same_bytes() {
    let files = files();
    let told = |order: &[usize]| {
        let read = order.iter().map(|i| SourceFile::new(files[*i].0, files[*i].1.as_str())).collect();
        let sources = Sources::new(read);
        let (config, found) = configure(&sources, &Known::default());
        let config = config.unwrap_or_else(|| unreachable!("{found:?}"));
        let state = State::empty();
        let input = Input {
            config: &config,
            sources: &sources,
            state: &state,
            commit: None,
            now: "2026-11-02T08:00:00Z".parse().unwrap(),
            actor: writ::plan::By::Operator("operator:olga@here"),
            destroy: false,
            targets: &[],
            excludes: &[],
            since: None,
            only: None,
        };
        let plan = plan(&input, &mut Diagnostics::new());
        (canonical(&document(&plan, &state, true)), text(&plan, Paint { on: false }))
    };
    let orders = orders(files.len());
    assert_eq!(orders.len(), 120);
    let first = told(&orders[0]);
    assert!(first.0.contains("access_package.north-0"));
    for order in &orders {
        assert!(told(order) == first, "files read as {order:?}");
    }
}

#[test]
fn orders_are_all_there_and_each_once() {
    let all: BTreeMap<Vec<usize>, ()> = orders(4).into_iter().map(|order| (order, ())).collect();
    assert_eq!(all.len(), 24);
}
