//! What is done to a small workspace, what it must come to, and the judge of what a fault left.

use super::tool::{self, Ran, Record};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fs};
use writ::engine;
use writ::store::{Held, Lock, Reader, Snapshot};

const SETTINGS: &str = "[workspace]\nname = \"house\"\n\n[limits]\nmax_deletes = \"100%\"\n";

/// Several kinds of objects; the word stands in most of them.
const OBJECTS: &str = r#"
[user."ann@contoso.example"]
department = "WORD"

[user."bea@contoso.example"]
department = "WORD"

[group.crew]
display_name = "Crew"
description = "WORD"
members = ["ann@contoso.example", "bea@contoso.example"]

[application.payroll]
display_name = "Payroll"
description = "WORD"
roles = ["Reader"]

[catalog.house]
description = "WORD"

[catalog.house.delegation.owners]
role = "catalog_owner"
members = ["ann@contoso.example"]

[catalog.house.resource.crew]
origin = "group:crew"

[access_package.pay]
catalog = "house"
description = "WORD"

[access_package.pay.resource_roles]
crew = "Member"

[access_package.pay.policy.direct]
requestors = "none"
expiration = "30d"

[access_package.pay.policy.crew]
requestors = "all_members"
expiration = "30d"
approval = { approvers = ["bea@contoso.example"], timeout = "14d" }
"#;

const ASKS: &[&str] = &["request", "pay", "--as", "ann@contoso.example"];
const AGREES: &[&str] = &["approve", "pay", "--as", "bea@contoso.example"];

/// What is done while something fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// A workspace is started in an empty directory.
    Init,
    /// The first apply, which makes the store.
    First,
    /// Most objects change.
    Change,
    /// Every object goes.
    Destroy,
    /// One object gets another name by hand.
    Move,
    /// The store is copied.
    Backup,
    /// An older copy takes the store's place.
    Restore,
    /// Somebody asks for a package.
    Request,
    /// Somebody agrees, and it is given.
    Approve,
    /// Its end comes.
    Tick,
    /// An apply meets a store of the schema before.
    Upgrade,
}

/// All deeds that this process can judge: with `WRIT_NEXT_SCHEMA=1` it knows the schema that an upgrade leads to.
pub fn deeds() -> Vec<Deed> {
    if env::var_os("WRIT_NEXT_SCHEMA").is_some() {
        return vec![Deed::Upgrade];
    }
    vec![
        Deed::Init,
        Deed::First,
        Deed::Change,
        Deed::Destroy,
        Deed::Move,
        Deed::Backup,
        Deed::Restore,
        Deed::Request,
        Deed::Approve,
        Deed::Tick,
    ]
}

pub fn worlds() -> Vec<World> {
    deeds().into_iter().map(World::new).collect()
}

impl Deed {
    pub fn arguments(self) -> &'static [&'static str] {
        match self {
            Deed::Init => &["init"],
            Deed::First | Deed::Change | Deed::Upgrade => &["apply", "--auto-approve"],
            Deed::Destroy => &["destroy", "--confirm", "house"],
            Deed::Move => &["state", "mv", "group.crew", "group.team"],
            Deed::Backup => &["state", "backup", "copy.db"],
            Deed::Request => ASKS,
            Deed::Approve => AGREES,
            Deed::Tick => &["tick", "--now", "2090-01-01T00:00:00Z"],
            Deed::Restore => &["state", "restore", "copy.db"],
        }
    }

    /// Whether the program told that it was done.
    pub fn is_told(self, out: &str) -> bool {
        match self {
            Deed::Init => out.contains("made the store of lineage"),
            Deed::First | Deed::Change | Deed::Destroy | Deed::Upgrade => out.contains("Apply complete!"),
            Deed::Move => out.contains("1 object moved"),
            Deed::Backup => out.contains("is backed up and verified"),
            Deed::Request => out.contains("Waits for a decision"),
            Deed::Approve => out.contains("holds pay until"),
            Deed::Tick => out.contains("is over: its end came"),
            Deed::Restore => out.contains("tells of it."),
        }
    }

    /// Whether it can be done again after it was done.
    pub fn repeats(self) -> bool {
        !matches!(self, Deed::Move | Deed::Backup | Deed::Restore | Deed::Request | Deed::Approve)
    }

    /// The store that it makes or changes.
    pub fn store(self, root: &Path) -> PathBuf {
        root.join(if self == Deed::Backup { "copy.db" } else { ".writ/house.db" })
    }

    /// The program about to do it.
    pub fn command(self, root: &Path) -> Command {
        let mut command = tool::command(root, self.arguments());
        if self == Deed::Upgrade {
            command.env("WRIT_NEXT_SCHEMA", "1");
        }
        command
    }
}

/// What was found after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// There was no store, and there is none.
    Absent,
    Old,
    New,
}

/// A deed with the workspace that it is done to, and what comes of it when nothing fails.
pub struct World {
    pub deed: Deed,
    place: tempfile::TempDir,
    before: Option<Snapshot>,
    after: Snapshot,
    files: BTreeMap<String, String>,
}

impl World {
    pub fn new(deed: Deed) -> World {
        let place = tool::scratch();
        let base = place.path().join("base/house");
        fs::create_dir_all(&base).unwrap();
        if deed != Deed::Init {
            fs::write(base.join("writ.toml"), SETTINGS).unwrap();
            fs::write(base.join("objects.toml"), OBJECTS.replace("WORD", "one")).unwrap();
        }
        let done = |arguments: &[&str]| {
            let ran = tool::finish(tool::command(&base, arguments));
            assert_eq!(ran.code, Some(0), "{ran:?}");
        };
        if !matches!(deed, Deed::Init | Deed::First) {
            done(&["apply", "--auto-approve"]);
        }
        if matches!(deed, Deed::Approve | Deed::Tick) {
            done(ASKS);
        }
        if deed == Deed::Tick {
            done(AGREES);
        }
        if deed == Deed::Restore {
            done(&["state", "backup", "copy.db"]);
        }
        if matches!(deed, Deed::Change | Deed::Upgrade | Deed::Restore) {
            fs::write(base.join("objects.toml"), OBJECTS.replace("WORD", "two")).unwrap();
        }
        if deed == Deed::Restore {
            done(&["apply", "--auto-approve"]);
        }
        let before = snapshot(&deed.store(&base)).unwrap();
        let clean = copy_into(&base, &place.path().join("clean"));
        let ran = tool::finish(deed.command(&clean));
        assert!(ran.code == Some(0) && deed.is_told(&ran.out), "{ran:?}");
        let after = snapshot(&deed.store(&clean)).unwrap().unwrap();
        World { deed, before, after, files: texts(&clean), place }
    }

    /// A workspace in which the deed is still to be done.
    pub fn fresh(&self, name: &str) -> PathBuf {
        let home = self.place.path().join(name);
        let _ = fs::remove_dir_all(&home);
        copy_into(&self.place.path().join("base/house"), &home)
    }

    /// All storage calls of the deed.
    pub fn watch(&self, looks: bool, syncs: bool) -> Vec<Record> {
        let root = self.fresh("watched");
        tool::watch(&root, self.deed.command(&root), looks, syncs)
    }

    /// An empty place for a workspace.
    pub fn empty(&self, name: &str) -> PathBuf {
        let home = self.place.path().join(name);
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home).unwrap();
        home.join("house")
    }

    /// Whether what a fault left is the old store or the new one, whole; `told` if the program had said that it was done.
    pub fn judge(&self, root: &Path, told: bool) -> Result<Outcome, String> {
        let free = || matches!(Lock::holder(&root.join(".writ/house.db")), Ok(Held::Free));
        // A child that another thread is just starting shares, for a moment, the lock that this one had.
        let waited = |_| {
            std::thread::sleep(Duration::from_millis(10));
            free()
        };
        if !free() && !(0..500).any(waited) {
            return Err("the dead hold the lock".to_owned());
        }
        let outcome = match (snapshot(&self.deed.store(root))?, &self.before) {
            (None, None) => Outcome::Absent,
            (None, Some(_)) => return Err("the store is gone".to_owned()),
            (Some(now), Some(before)) if now == *before => Outcome::Old,
            (Some(now), _) if same(&now, &self.after, self.before.is_some()) => Outcome::New,
            (Some(now), _) => return Err(format!("neither the old store nor the new one: serial {}", now.serial)),
        };
        if told && outcome != Outcome::New {
            return Err("told as done, and lost".to_owned());
        }
        Ok(outcome)
    }

    /// Does the deed again, and looks whether all is as if nothing had ever failed.
    pub fn recover(&self, root: &Path, left: Outcome) -> Result<(), String> {
        if self.deed.repeats() || left != Outcome::New {
            let ran = tool::finish(self.deed.command(root));
            if ran.code != Some(0) {
                return Err(format!("the next run fails: {}", ran.err));
            }
        }
        let now = snapshot(&self.deed.store(root))?.ok_or("the next run made no store")?;
        if !same(&now, &self.after, self.before.is_some()) {
            return Err(format!("the next run does not converge: serial {}", now.serial));
        }
        if let Some(before) = &self.before
            && now.lineage != before.lineage
        {
            return Err("another lineage".to_owned());
        }
        if matches!(self.deed, Deed::First | Deed::Change | Deed::Init) {
            let expected = if self.deed == Deed::Init { 2 } else { 0 };
            let plan = tool::finish(tool::command(root, &["plan", "--detailed-exitcode"]));
            if plan.code != Some(expected) {
                return Err(format!("the plan after it is not as it should be: {plan:?}"));
            }
        }
        self.tidy(root, &now)
    }

    /// Nothing lies about, and no file is torn.
    fn tidy(&self, root: &Path, now: &Snapshot) -> Result<(), String> {
        let (mut found, mut expected) = (texts(root), self.files.clone());
        if self.deed == Deed::Backup {
            // What stands beside a copy is under nobody's lock, so that nobody may clear it.
            found.retain(|name, _| !name.starts_with(".writ-copy.db-"));
        }
        // Whoever has nothing left to do takes no lock, and needs no file for it.
        found.entry(".writ/house.db.lock".to_owned()).or_default();
        if self.deed == Deed::Tick {
            found.entry(".writ/house.outbox.lock".to_owned()).or_default();
        }
        // A place that could not be looked at is not taken.
        if let Some(copy) = found.remove(".writ/house.db.before-restore-2") {
            found.entry(".writ/house.db.before-restore".to_owned()).or_insert(copy);
        }
        if self.deed == Deed::Init {
            let settings = found.get_mut("writ.toml").ok_or("no writ.toml")?;
            if !settings.contains(&now.lineage) {
                return Err(format!("writ.toml names another lineage than {}: {settings}", now.lineage));
            }
            *settings = settings.replace(&now.lineage, "");
            let ours = expected.get_mut("writ.toml").unwrap();
            *ours = ours.replace(&self.after.lineage, "");
        }
        if found != expected {
            let names = |all: &BTreeMap<String, String>| all.keys().cloned().collect::<Vec<_>>();
            return Err(format!("the files are {:?} and should be {:?}", names(&found), names(&expected)));
        }
        Ok(())
    }
}

/// How a run that was not killed ended, in the light of what it left.
pub fn honest(deed: Deed, ran: &Ran, outcome: Outcome) -> Result<(), String> {
    // An init is more than its store, and a copy that may be lost is no backup; and where nobody can know, that is told.
    let may_be_done = matches!(deed, Deed::Init | Deed::Backup) || ran.err.contains("whether it was committed is not known");
    match ran.code {
        Some(0) if outcome != Outcome::New => Err("exit 0, and nothing was done".to_owned()),
        Some(0 | 9) => Ok(()),
        Some(1 | 7) if !ran.err.contains("Error:") => Err(format!("no message: {}", ran.err)),
        Some(1 | 7) if outcome == Outcome::New && !may_be_done => Err(format!("done, and told as not done: {}", ran.err)),
        Some(1 | 7) => Ok(()),
        other => Err(format!("exit {other:?}: {}", ran.err)),
    }
}

/// What the store holds, after its chain and its tables were checked.
fn snapshot(path: &Path) -> Result<Option<Snapshot>, String> {
    if fs::symlink_metadata(path).is_err() {
        return Ok(None);
    }
    let reader = Reader::open(path).map_err(|e| format!("the store does not open: {e}"))?;
    reader.verify().map_err(|faults| format!("the store does not verify: {faults:?}"))?;
    reader.snapshot().map(Some).map_err(|e| format!("the store cannot be read: {e}"))
}

/// The same, but for ids and a lineage that every run mints anew.
fn same(one: &Snapshot, two: &Snapshot, lineage: bool) -> bool {
    let view = |s: &Snapshot| {
        let objects = s.tables.objects.values();
        let objects: Vec<_> = objects.map(|o| (o.address.clone(), o.attributes.clone(), o.workspace.clone(), o.version)).collect();
        let mut records: Vec<_> = s.tables.records.values().map(|row| (stands(&row.record), row.version)).collect();
        records.sort();
        (s.serial, objects, s.tables.workspaces.clone(), lineage.then(|| s.lineage.clone()), records)
    };
    view(one) == view(two)
}

/// Where a record stands, without ids and times.
fn stands(record: &engine::Record) -> String {
    match record {
        engine::Record::Request(r) => format!("request by {} is {} after {} verdicts", r.requestor.name, r.state.word(), r.verdicts.len()),
        engine::Record::Assignment(a) => format!("assignment of {} is {}: {:?}", a.target.name, a.state.word(), a.cause),
        other => format!("{} {}", other.family().word(), other.is_over()),
    }
}

/// Every file by its name; those of the store without their bytes.
fn texts(root: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (directory, keep) in [(root.to_owned(), true), (root.join(".writ"), false)] {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let text = keep && (name.ends_with(".toml") || name == ".gitignore");
            let text = if text { fs::read_to_string(&path).unwrap() } else { String::new() };
            all.insert(name, text);
        }
    }
    all
}

fn copy_into(from: &Path, home: &Path) -> PathBuf {
    let root = home.join("house");
    copy(from, &root);
    root
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
