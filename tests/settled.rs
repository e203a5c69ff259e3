//! What an apply remembers of the files saves time and changes nothing else: after any sequence of edits a plan is the same, to
//! the byte, with it and without it, however it was damaged.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use writ::engine::{self, Named, Series};
use writ::model::canonical;
use writ::ops::apply::{ApplyOptions, Consent, apply};
use writ::ops::plan::{Options, Planned, plan};
use writ::ops::state::{Edit, edit};
use writ::ops::{Context, Environment, Failure};
use writ::plan::Plan;
use writ::store::{Event, Holder, Lock, Revision, Writer};
use writ::view::paint::Paint;
use writ::view::{diagnostics, markdown, plan as text};

/// Whoever asks is told yes.
struct Yes;

impl Consent for Yes {
    fn ask(&mut self, _: &Plan, _: bool) -> Result<(), Failure> {
        Ok(())
    }
}

/// A directory with two workspaces that share a store.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        let ours = r#"["catalog.a", "catalog.b", "catalog.c", "group.g"]"#;
        for (name, manages) in [("one", ours), ("two", r#"["group.two"]"#)] {
            let text = format!("[workspace]\nname = \"{name}\"\nmanages = {manages}\n[store]\nurl = \"sqlite:../store.db\"\n");
            place.write(name, "writ.toml", &text);
        }
        place.write("one", "a.toml", "[catalog.a]\n");
        place.write("one", "b.toml", "[catalog.b]\ndescription = \"B\"\n");
        place.write("two", "two.toml", "[group.two]\n");
        place
    }

    fn path(&self, workspace: &str, file: &str) -> PathBuf {
        self.dir.path().join(workspace).join(file)
    }

    fn write(&self, workspace: &str, file: &str, text: &str) {
        fs::create_dir_all(self.dir.path().join(workspace)).unwrap();
        fs::write(self.path(workspace, file), text).unwrap();
    }

    fn memory(&self) -> PathBuf {
        self.dir.path().join("store.db.settled")
    }

    fn context(&self, workspace: &str, forgetful: bool) -> Context {
        Context {
            root: self.dir.path().join(workspace),
            environment: Environment { forgetful, ..Environment::default() },
            acting: None,
            operator: "operator:olga@here".to_owned(),
            now: "2026-11-02T08:00:00Z".parse().unwrap(),
            mint: || uuid::Uuid::now_v7().to_string(),
            tell: |_| {},
            note: |_| {},
        }
    }

    fn apply(&self, workspace: &str) {
        let context = self.context(workspace, false);
        let options = ApplyOptions { allow_deletes: Some(1_000), ..ApplyOptions::default() };
        if let Ok(mut planned) = plan(&context, &Options::default()) {
            let _ = apply(&context, &options, &mut planned, &mut Yes);
        }
    }

    fn plan(&self, forgetful: bool) -> Result<Planned, Failure> {
        plan(&self.context("one", forgetful), &Options::default())
    }

    /// All that a plan says, in every form.
    fn told(&self, forgetful: bool) -> String {
        match self.plan(forgetful) {
            Ok(planned) => [
                text::text(&planned.plan, Paint { on: false }),
                markdown::text(&planned.plan, None),
                canonical(&planned.document(false)),
                diagnostics::text(&planned.findings, &planned.sources, false),
            ]
            .join("\n--\n"),
            Err(Failure::Findings(both)) => diagnostics::text(&both.0, &both.1, false),
            Err(failure) => failure.to_string(),
        }
    }
}

/// Something that happens between two plans.
#[derive(Debug, Clone)]
enum Step {
    /// A file says this.
    Write(usize, usize),
    /// A file has another name.
    Rename(usize, usize),
    /// A file is gone.
    Remove(usize),
    /// A file is written again as it was, later.
    Touch(usize),
    /// Everything is applied.
    Apply,
    /// The other workspace applies something.
    Other(usize),
    /// What nobody manages is more by one.
    Release,
    /// What is remembered has another byte somewhere.
    Flip(prop::sample::Index, u8),
    /// What is remembered is cut.
    Cut(prop::sample::Index),
    /// What is remembered is gone.
    Forget,
    /// What was remembered before stands there again.
    Return,
    /// The store's file is another one, which holds the same.
    Copy,
}

const FILES: [&str; 4] = ["a.toml", "b.toml", "c.toml", "d.toml"];

const TEXTS: [&str; 10] = [
    "[catalog.a]\n",
    "[catalog.a]\ndescription = \"A\"\n",
    "[catalog.b]\ndescription = \"B\"\n",
    "# B\n[catalog.b]\ndescription = \"B\"\n",
    "[catalog.c]\n\n[catalog.c.delegation.d]\nrole = \"catalog_reader\"\nmembers = [\"group:two\"]\n",
    // A warning: a member twice.
    "[catalog.c]\n\n[catalog.c.delegation.d]\nrole = \"catalog_reader\"\nmembers = [\"group:two\", \"group:two\"]\n",
    // Notes, once they are done.
    "[catalog.c]\n[[moved]]\nfrom = \"catalog.a\"\nto = \"catalog.c\"\n",
    "[group.g]\n[[removed]]\nfrom = \"catalog.b\"\ndestroy = false\n",
    // Wrong.
    "[catalog.c]\nnonsense = 1\n",
    "[catalog.c\n",
];

fn step() -> impl Strategy<Value = Step> {
    let file = 0..FILES.len();
    prop_oneof![
        4 => (file.clone(), 0..TEXTS.len()).prop_map(|(f, t)| Step::Write(f, t)),
        1 => (file.clone(), file.clone()).prop_map(|(f, t)| Step::Rename(f, t)),
        1 => file.clone().prop_map(Step::Remove),
        1 => file.prop_map(Step::Touch),
        6 => Just(Step::Apply),
        1 => (0..3_usize).prop_map(Step::Other),
        1 => Just(Step::Release),
        1 => (any::<prop::sample::Index>(), 1..=255_u8).prop_map(|(at, by)| Step::Flip(at, by)),
        1 => any::<prop::sample::Index>().prop_map(Step::Cut),
        1 => Just(Step::Forget),
        1 => Just(Step::Return),
        1 => Just(Step::Copy),
    ]
}

fn take(place: &Place, step: &Step, kept: &mut Vec<u8>) {
    let file = |n: usize| place.path("one", FILES[n]);
    let remembered = || fs::read(place.memory()).unwrap_or_default();
    match step {
        Step::Write(f, t) => fs::write(file(*f), TEXTS[*t]).unwrap(),
        Step::Rename(from, to) => drop(fs::rename(file(*from), file(*to))),
        Step::Remove(f) => drop(fs::remove_file(file(*f))),
        Step::Touch(f) => {
            if let Ok(text) = fs::read(file(*f)) {
                fs::write(file(*f), text).unwrap();
            }
        }
        Step::Apply => {
            place.apply("one");
            let now = remembered();
            if !now.is_empty() {
                *kept = now;
            }
        }
        Step::Other(n) => {
            place.write("two", "two.toml", &format!("[group.two]\ndescription = \"{n}\"\n"));
            place.apply("two");
        }
        Step::Release => {
            let address = writ::model::Address::parse("catalog.b").unwrap();
            let _ = edit(&place.context("one", false), &Edit::Remove(address), std::time::Duration::ZERO);
        }
        Step::Flip(at, by) => {
            let mut bytes = remembered();
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] ^= by;
                fs::write(place.memory(), bytes).unwrap();
            }
        }
        Step::Cut(at) => {
            let bytes = remembered();
            if !bytes.is_empty() {
                fs::write(place.memory(), &bytes[..at.index(bytes.len())]).unwrap();
            }
        }
        Step::Forget => drop(fs::remove_file(place.memory())),
        Step::Return => {
            if !kept.is_empty() {
                fs::write(place.memory(), &*kept).unwrap();
            }
        }
        Step::Copy => copied(&place.dir.path().join("store.db")),
    }
}

fn copied(store: &Path) {
    if store.exists() {
        let aside = store.with_extension("copy");
        fs::copy(store, &aside).unwrap();
        fs::rename(&aside, store).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_is_the_same_with_and_without_what_is_remembered(steps in prop::collection::vec(step(), 1..14)) {
        let place = Place::new();
        place.apply("two");
        place.apply("one");
        let mut kept = fs::read(place.memory()).unwrap_or_default();
        for step in &steps {
            take(&place, step, &mut kept);
            prop_assert_eq!(place.told(false), place.told(true), "after {:?} of {:?}", step, steps);
        }
    }
}

/// Something happens in the lifecycle, or to the objects.
fn happens(place: &Place, event: Event) {
    let path = place.dir.path().join("store.db");
    let holder = Holder { actor: "a".into(), command: "c".into(), pid: 1, host: String::new(), since: "2026-11-02T09:00:00.000Z".into() };
    let lock = Lock::acquire(&path, Duration::from_secs(10), &holder, &|| false).unwrap();
    let mut writer = Writer::open(&path, &lock).unwrap();
    let serial = writer.head().unwrap().serial;
    let revision = || Revision {
        at: "2026-11-02T09:00:00.000Z".to_owned(),
        actor: "a".to_owned(),
        command: "c".to_owned(),
        workspace: None,
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: "{}".to_owned(),
    };
    writer.commit(serial, &[event], revision).unwrap();
}

/// What people ask for and hold says nothing of what the files declare.
#[test]
fn the_lifecycle_goes_on_and_nothing_is_parsed_anew() {
    let place = Place::new();
    place.apply("one");
    assert_eq!(place.plan(false).unwrap().parsed, 0);
    let named = |name: &str| Named { id: name.to_owned(), name: name.to_owned() };
    let series = Series { id: "p".to_owned(), package: named("x"), policy: named("y"), next: None };
    happens(&place, Event::Life(Box::new(engine::Event::SeriesPlanned { series: Box::new(series) })));
    let planned = place.plan(false).unwrap();
    assert_eq!((planned.parsed, planned.plan.base.serial), (0, place.plan(true).unwrap().plan.base.serial));
    assert_eq!(place.told(false), place.told(true));
    // An edit of a file is planned by itself, too.
    place.write("one", "b.toml", "[catalog.b]\ndescription = \"other\"\n");
    assert_eq!(place.told(false), place.told(true));
    // An object that changed is another matter.
    happens(&place, Event::ObjectReleased { address: "catalog.a".to_owned() });
    assert!(place.told(false).contains("`catalog.a` is in the store already, unmanaged"));
    assert_eq!(place.told(false), place.told(true));
}

#[test]
fn a_plan_of_what_is_as_it_was_parses_no_file() {
    let place = Place::new();
    place.apply("two");
    let parsed = |forgetful: bool| place.plan(forgetful).unwrap().parsed;
    assert_eq!(parsed(false), 2, "nothing was applied yet");
    place.apply("one");
    assert_eq!((parsed(false), parsed(true)), (0, 2));
    // Only what a file says counts, not when it was written.
    take(&place, &Step::Touch(0), &mut Vec::new());
    assert_eq!(parsed(false), 0);
    place.write("one", "a.toml", "[catalog.a]\ndescription = \"A\"\n");
    assert_eq!(parsed(false), 2);
    place.apply("one");
    assert_eq!(parsed(false), 0);
    // What another workspace did may matter here.
    place.write("two", "two.toml", "[group.two]\ndescription = \"2\"\n");
    place.apply("two");
    assert_eq!(parsed(false), 2);
    // An apply that has nothing to do looks, and remembers.
    place.apply("one");
    assert_eq!(parsed(false), 0);
    copied(&place.dir.path().join("store.db"));
    assert_eq!(parsed(false), 2, "another file stands where the store was");
}

#[test]
fn what_has_more_to_say_is_not_remembered() {
    for (files, why) in [(["[catalog.a]\n", TEXTS[5]], "a warning"), (["[group.g]\n", TEXTS[6]], "a note that the move is done")] {
        let place = Place::new();
        place.apply("two");
        place.apply("one");
        place.write("one", "a.toml", files[0]);
        place.write("one", "c.toml", files[1]);
        place.apply("one");
        place.apply("one");
        let planned = place.plan(false).unwrap();
        assert!(planned.plan.is_empty() && !planned.findings.is_empty(), "{why}");
        assert_eq!(planned.parsed, 3, "{why}");
    }
}
