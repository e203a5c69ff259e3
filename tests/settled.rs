//! What an apply remembers of the files, and the word that it leaves in the store, save time and change nothing else: after any sequence of
//! edits a plan is the same, to the byte, with them and without them, however they were damaged, and whoever wrote the store otherwise.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use writ::engine::{self, Named, Series};
use writ::model::{Address, canonical};
use writ::ops::apply::{ApplyOptions, Consent, apply};
use writ::ops::plan::{Options, Planned, plan, plan_whole};
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

/// How a plan comes about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By what an apply remembered beside the store, if that tells it.
    Memory,
    /// By nothing beside the store and the files, which pass by if nothing changed.
    Stream,
    /// Of all files and all of the store.
    Whole,
}

/// A directory with two workspaces that share a store.
struct Place {
    dir: TempDir,
}

/// What the workspace manages that is looked at.
const OURS: &str = r#"["catalog.a", "catalog.b", "catalog.c", "group.g"]"#;

fn settings(name: &str, manages: &str) -> String {
    format!("[workspace]\nname = \"{name}\"\nmanages = {manages}\n[store]\nurl = \"sqlite:../store.db\"\n")
}

impl Place {
    fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        for (name, manages) in [("one", OURS), ("two", r#"["group.two"]"#)] {
            place.write(name, "writ.toml", &settings(name, manages));
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

    fn set(&self, more: &str) {
        self.write("one", "writ.toml", &(settings("one", OURS) + more));
    }

    /// Writes the store, if there is one, and not by Writ.
    fn otherwise(&self, sql: &str) {
        let store = self.dir.path().join("store.db");
        if store.exists() {
            // By its time a file is told from what it was, as finely as the clock of files counts.
            std::thread::sleep(Duration::from_millis(20));
            rusqlite::Connection::open(store).unwrap().execute(sql, []).unwrap();
        }
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

    fn plan(&self, way: Way) -> Result<Planned, Failure> {
        self.plan_of(way, None, &Options::default())
    }

    fn plan_of(&self, way: Way, acting: Option<&str>, options: &Options) -> Result<Planned, Failure> {
        let context = Context { acting: acting.map(str::to_owned), ..self.context("one", way != Way::Memory) };
        if way == Way::Whole { plan_whole(&context, options) } else { plan(&context, options) }
    }

    /// Whether the files passed by.
    fn streams(&self) -> bool {
        self.plan(Way::Stream).is_ok_and(|planned| planned.lay.is_none() && planned.parsed > 0)
    }

    /// All that a plan says, the same in every way.
    fn told(&self) -> String {
        let target = Options { targets: vec![Address::parse("catalog.a").unwrap()], ..Options::default() };
        for (acting, options) in [(Some("ann@contoso.example"), &Options::default()), (None, &target)] {
            let [memory, stream, whole] = [Way::Memory, Way::Stream, Way::Whole].map(|way| told(self.plan_of(way, acting, options)));
            assert_eq!((&memory, &stream), (&whole, &whole));
        }
        let [memory, stream, whole] = [Way::Memory, Way::Stream, Way::Whole].map(|way| told(self.plan(way)));
        assert_eq!(memory, whole, "by what was remembered");
        assert_eq!(stream, whole, "while files passed by");
        whole
    }
}

/// All that a plan says, in every form.
fn told(planned: Result<Planned, Failure>) -> String {
    match planned {
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
    /// `writ.toml` says this, too.
    Set(usize),
    /// Somebody writes the store, and not by Writ.
    Otherwise(usize),
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

const SETTINGS: [&str; 4] = ["", "# the same\n", "[limits]\nmax_deletes = 1\n", "[defaults]\nexpiration = \"20d\"\n"];

/// What may be done to a store beside its chain. Some of it makes the store what files say that were never applied.
const OTHERWISE: [&str; 10] = [
    "UPDATE object SET attributes = '{\"description\":\"A\"}' WHERE address = 'catalog.a'",
    "UPDATE object SET attributes = '{}' WHERE address IN ('catalog.a', 'catalog.b')",
    "DELETE FROM object WHERE address = 'catalog.b'",
    "UPDATE object SET workspace = 'two' WHERE address = 'catalog.b'",
    "UPDATE object SET workspace = NULL WHERE address = 'catalog.a'",
    "UPDATE object SET attributes = '{\"description\":\"otherwise\"}' WHERE address = 'group.two'",
    "INSERT INTO object VALUES ('catalog.z', 'catalog', 'an id', 1, '{}', NULL, 0, '{}') ON CONFLICT DO NOTHING",
    "UPDATE workspace SET settings = '{}' WHERE name = 'one'",
    "UPDATE revision SET summary = json_set(summary, '$.settled.config', 'another') WHERE summary ->> 'settled' IS NOT NULL",
    "UPDATE revision SET summary = json_remove(summary, '$.settled')",
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
        1 => (0..SETTINGS.len()).prop_map(Step::Set),
        3 => (0..OTHERWISE.len()).prop_map(Step::Otherwise),
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
            let address = Address::parse("catalog.b").unwrap();
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
        Step::Set(n) => place.set(SETTINGS[*n]),
        Step::Otherwise(n) => place.otherwise(OTHERWISE[*n]),
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
            place.told();
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
    let revision = Revision {
        at: "2026-11-02T09:00:00.000Z".to_owned(),
        actor: "a".to_owned(),
        command: "c".to_owned(),
        workspace: None,
        commit: None,
        plan_digest: None,
        changes_digest: None,
        summary: "{}".to_owned(),
    };
    writer.commit(serial, &[event], &revision).unwrap();
}

/// What people ask for and hold says nothing of what the files declare.
#[test]
fn the_lifecycle_goes_on_and_nothing_is_parsed_anew() {
    let place = Place::new();
    place.apply("one");
    assert_eq!(place.plan(Way::Memory).unwrap().parsed, 0);
    let named = |name: &str| Named { id: name.to_owned(), name: name.to_owned() };
    let series = Series { id: "p".to_owned(), package: named("x"), policy: named("y"), next: None };
    happens(&place, Event::Life(Box::new(engine::Event::SeriesPlanned { series: Box::new(series) })));
    let planned = place.plan(Way::Memory).unwrap();
    assert_eq!((planned.parsed, planned.plan.base.serial), (0, place.plan(Way::Whole).unwrap().plan.base.serial));
    place.told();
    // An edit of a file is planned by itself, too.
    place.write("one", "b.toml", "[catalog.b]\ndescription = \"other\"\n");
    place.told();
    // An object that changed is another matter.
    happens(&place, Event::ObjectReleased { address: "catalog.a".to_owned() });
    assert!(place.told().contains("`catalog.a` is in the store already, unmanaged"));
    place.told();
}

#[test]
fn a_plan_of_what_is_as_it_was_parses_no_file() {
    let place = Place::new();
    place.apply("two");
    let parsed = |way: Way| place.plan(way).unwrap().parsed;
    assert_eq!(parsed(Way::Memory), 2, "nothing was applied yet");
    place.apply("one");
    assert_eq!((parsed(Way::Memory), parsed(Way::Stream)), (0, 2));
    // Only what a file says counts, not when it was written.
    take(&place, &Step::Touch(0), &mut Vec::new());
    assert_eq!(parsed(Way::Memory), 0);
    place.write("one", "a.toml", "[catalog.a]\ndescription = \"A\"\n");
    assert_eq!(parsed(Way::Memory), 2);
    place.apply("one");
    assert_eq!(parsed(Way::Memory), 0);
    // What another workspace did may matter here.
    place.write("two", "two.toml", "[group.two]\ndescription = \"2\"\n");
    place.apply("two");
    assert_eq!(parsed(Way::Memory), 2);
    // An apply that has nothing to do looks, and remembers.
    place.apply("one");
    assert_eq!(parsed(Way::Memory), 0);
    copied(&place.dir.path().join("store.db"));
    assert_eq!(parsed(Way::Memory), 2, "another file stands where the store was");
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
        let planned = place.plan(Way::Memory).unwrap();
        assert!(planned.plan.is_empty() && !planned.findings.is_empty(), "{why}");
        assert_eq!(planned.parsed, 3, "{why}");
        assert!(planned.lay.is_some() && !place.streams(), "{why}");
        place.told();
    }
}

#[test]
fn files_pass_by_where_the_store_says_that_there_is_nothing_to_say() {
    let place = Place::new();
    place.apply("two");
    place.apply("one");
    assert!(place.streams());
    // Nothing beside the store is asked for it.
    fs::remove_file(place.memory()).unwrap();
    copied(&place.dir.path().join("store.db"));
    assert!(place.streams() && place.plan(Way::Memory).is_ok_and(|planned| planned.lay.is_none()));
    // What says the same is the same, wherever it stands.
    place.write("one", "b.toml", "# B\n[catalog.a]\n[catalog.b]\ndescription = \"B\"\nexternally_visible = false\n");
    fs::remove_file(place.path("one", "a.toml")).unwrap();
    assert!(place.streams());
    place.told();
    for text in ["[catalog.a]\n[catalog.b]\n", "[catalog.a]\n", "[catalog.a]\n[catalog.b]\ndescription = \"B\"\n[catalog.c]\n"] {
        place.write("one", "b.toml", text);
        assert!(!place.streams(), "{text}");
        place.told();
    }
}

#[test]
fn files_pass_by_as_long_as_the_store_is_what_its_chain_says() {
    for sql in OTHERWISE {
        let place = Place::new();
        place.apply("two");
        place.apply("one");
        // Where the tables are written, so are the files: they hold what nobody applied.
        place.write("one", "a.toml", "[catalog.a]\ndescription = \"A\"\n");
        place.apply("one");
        place.write("one", "a.toml", "[catalog.a]\n");
        place.apply("one");
        assert!(place.streams());
        place.otherwise(sql);
        place.told();
        assert!(!place.streams(), "{sql}");
        if sql == OTHERWISE[0] {
            place.write("one", "a.toml", "[catalog.a]\ndescription = \"A\"\n");
            assert!(place.told().contains("No changes"));
            assert!(!place.streams(), "files and tables are alike, and the chain says otherwise");
        }
    }
}

#[test]
fn files_pass_by_only_for_who_applied_them_as_they_are() {
    let place = Place::new();
    place.apply("two");
    place.apply("one");
    for more in ["# the same\n", "[limits]\nmax_deletes = 1\n"] {
        place.set(more);
        assert!(!place.streams(), "{more}");
        place.told();
    }
    place.set("");
    assert!(place.streams());
    // What another workspace did may matter here, and what is done with the store by hand.
    place.write("two", "two.toml", "[group.two]\ndescription = \"2\"\n");
    place.apply("two");
    assert!(!place.streams());
    place.told();
    place.write("one", "a.toml", "[catalog.a]\ndescription = \"A\"\n");
    place.apply("one");
    assert!(place.streams());
    take(&place, &Step::Release, &mut Vec::new());
    assert!(!place.streams());
    place.told();
}

/// A plan that nobody believes more than the files.
#[test]
fn an_apply_looks_at_everything_itself() {
    let place = Place::new();
    place.apply("one");
    let context = place.context("one", true);
    let mut planned = place.plan(Way::Stream).unwrap();
    assert!(planned.lay.is_none() && planned.config.is_none());
    let done = apply(&context, &ApplyOptions::default(), &mut planned, &mut Yes).unwrap();
    assert!(done.serial.is_none() && planned.lay.is_some() && planned.config.is_some());
    // Nothing is remembered where nobody is to remember.
    fs::remove_file(place.memory()).unwrap();
    place.write("one", "a.toml", "[catalog.a]\ndescription = \"A\"\n");
    let mut planned = place.plan(Way::Stream).unwrap();
    apply(&context, &ApplyOptions::default(), &mut planned, &mut Yes).unwrap();
    assert!(!place.memory().exists() && place.streams());
}
