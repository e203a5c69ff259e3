//! The laws of stores: what is written is what was planned, can be told later, and can be told from anything else.

use super::*;
use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use writ::ops::apply::{ApplyOptions, Consent, apply, apply_saved};
use writ::ops::{Context, Environment, Failure, history, plan as planning};
use writ::store::{Reader, Snapshot};

/// Agrees to everything, once.
struct Yes;

impl Consent for Yes {
    fn ask(&mut self, _: &Plan, again: bool) -> Result<(), Failure> {
        if again { Err(Failure::Moved) } else { Ok(()) }
    }
}

thread_local! {
    // Far from where the laws begin: what a first apply is followed by is minted by a thread of its own.
    static MINTED: Cell<u64> = const { Cell::new(1_000_000) };
}

/// Ids that another store gets too, if it does the same.
fn mint() -> String {
    MINTED.set(MINTED.get() + 1);
    format!("0192-{:08}", MINTED.get())
}

/// A workspace on disk.
struct Place {
    directory: tempfile::TempDir,
    context: Context,
}

impl Place {
    /// In memory, where the system has such a place: laws are about what is written, and not about the disk.
    fn new() -> Place {
        let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let context = Context {
            root: directory.path().to_owned(),
            // These laws look at what was read of a store, and `tests/settled.rs` at plans for which nothing was.
            environment: Environment { forgetful: true, ..Environment::default() },
            acting: None,
            operator: "operator:ann@build".to_owned(),
            now: now(),
            mint,
            tell: |_| {},
            note: |_| {},
        };
        Place { directory, context }
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join(".writ/w.db")
    }

    fn write(&self, files: &Files) {
        for entry in fs::read_dir(self.directory.path()).unwrap().map(Result::unwrap) {
            match entry.file_name().to_str() {
                Some(".writ") => {}
                _ if entry.path().is_dir() => fs::remove_dir_all(entry.path()).unwrap(),
                _ => fs::remove_file(entry.path()).unwrap(),
            }
        }
        for (name, text) in files {
            let path = self.directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    /// The same files and the same store in another place.
    fn twin(&self, files: &Files) -> Place {
        let twin = Place::new();
        twin.write(files);
        if self.store().exists() {
            fs::create_dir_all(twin.store().parent().unwrap()).unwrap();
            fs::copy(self.store(), twin.store()).unwrap();
        }
        twin
    }

    /// Of all files and all of the store.
    fn plan(&self) -> Result<planning::Planned, Failure> {
        planning::plan_whole(&self.context, &planning::Options::default())
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.store().exists().then(|| Reader::open(&self.store()).unwrap().snapshot().unwrap())
    }

    /// Every file with its bytes.
    fn bytes(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        let mut queue = vec![self.directory.path().to_owned()];
        while let Some(directory) = queue.pop() {
            for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
                match entry.path() {
                    path if path.is_dir() => queue.push(path),
                    path => {
                        let bytes = fs::read(&path).unwrap();
                        all.insert(path, bytes);
                    }
                }
            }
        }
        all
    }
}

fn options() -> ApplyOptions {
    ApplyOptions { allow_deletes: Some(u64::MAX), allow_access_lost: Some(u64::MAX), ..ApplyOptions::default() }
}

fn failed(why: &Failure) -> TestCaseError {
    let found = match why {
        Failure::Findings(both) => list(&both.0, Severity::Error, &both.1),
        _ => Vec::new(),
    };
    TestCaseError::fail(format!("{why}: {found:#?}"))
}

/// The history of a world in a real store, beside the same history in memory.
pub fn stores_keep_every_law(seed: u64, size: usize, edits: usize) -> Told {
    count("worlds");
    MINTED.set(0);
    let mut dice = Dice::new(seed);
    let place = Place::new();
    let mut world = World::new(size, &mut dice);
    let mut remembered: Vec<Snapshot> = Vec::new();
    for step in 0..=edits {
        let before = place.snapshot();
        let next = match &before {
            None if step > 0 => break,
            None => world.clone(),
            Some(before) => world.edited(&mut dice, &|a| before.tables.objects.get(a).map(|row| row.id.clone())),
        };
        let files = next.files(&mut dice);
        place.write(&files);
        count("edits");
        let mut planned = match place.plan() {
            Ok(planned) => planned,
            Err(Failure::Findings(_)) => {
                count("unsound");
                continue;
            }
            Err(why) => return Err(failed(&why)),
        };
        if planned.plan.refused().next().is_some() {
            count("refused");
            continue;
        }
        planned.plan.changes.iter().for_each(|c| count(&format!("{:?}", c.action)));
        let expected = settled(&planned.state, &planned.plan);

        // A saved plan does the same in the same store.
        let saved = plan::read(&canonical(&planned.document(dice.chance(50)))).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let (twin, minted) = (place.twin(&files), MINTED.get());
        let empty = planned.plan.is_empty();
        let bytes = place.bytes();
        let applied = apply(&place.context, &options(), &mut planned, &mut Yes).map_err(|why| failed(&why))?;
        MINTED.set(minted);
        let (twin_applied, _) = apply_saved(&twin.context, &options(), &saved, &mut Yes).map_err(|why| failed(&why))?;
        prop_assert_eq!(applied.serial, twin_applied.serial);
        prop_assert_eq!((applied.summary, &applied.digest), (twin_applied.summary, &twin_applied.digest));
        // The link covers the digest of the plan as well, which a saved one has of its own.
        let content = |place: &Place| place.snapshot().map(|s| (s.lineage, s.serial, s.tables));
        prop_assert_eq!(content(&place), content(&twin), "the saved plan did something else\n{}", shown(&files));
        prop_assert_eq!(empty, applied.serial.is_none());
        prop_assert_eq!(empty, bytes == place.bytes());
        let Some(after) = place.snapshot() else { break };
        if empty {
            continue;
        }

        // A saved plan is applied once.
        let again = apply_saved(&twin.context, &options(), &saved, &mut Yes);
        prop_assert!(matches!(again, Err(Failure::Stale(_) | Failure::OtherStore(_))), "applied twice: {again:?}");

        // What the plan said has come to be, and nothing is left to do.
        let mut again = place.plan().map_err(|why| failed(&why))?;
        prop_assert_eq!(said(&again.state), said(&expected), "{}", shown(&files));
        prop_assert!(again.plan.is_empty(), "not empty after an apply: {:#?}\n{}", again.plan.changes, shown(&files));
        let short = planning::plan(&place.context, &planning::Options::default()).map_err(|why| failed(&why))?;
        prop_assert_eq!(canonical(&short.document(false)), canonical(&again.document(false)), "{}", shown(&files));
        if short.lay.is_none() {
            count("passing by");
        }
        let (bytes, looked) = (place.bytes(), entries(&place));
        let nothing = apply(&place.context, &options(), &mut again, &mut Yes).map_err(|why| failed(&why))?;
        prop_assert_eq!(nothing.serial, None);
        prop_assert_eq!(bytes, place.bytes());
        prop_assert_eq!(looked, entries(&place));

        // An object keeps its id, whatever its name.
        if let Some(before) = before {
            for id in next.things.keys().filter(|id| world.things.contains_key(id)) {
                let (old, new) = (&before.tables.objects[&world.address(*id)], &after.tables.objects[&next.address(*id)]);
                let anew = expected.objects.get(&Address::parse(&new.address).unwrap()).unwrap().id.starts_with("new-");
                prop_assert_eq!(old.id != new.id, anew, "{} became {}", old.address, new.address);
            }
        }
        remembered.push(after);
        world = next;
    }
    if !remembered.is_empty() {
        remembers(&place, &remembered)?;
    }
    Ok(())
}

/// Names, sizes and times of everything in a workspace.
fn entries(place: &Place) -> BTreeSet<(PathBuf, u64, std::time::SystemTime)> {
    let look = |path: &PathBuf| (path.clone(), fs::metadata(path).unwrap().len(), fs::metadata(path).unwrap().modified().unwrap());
    place.bytes().keys().map(look).chain([look(&place.directory.path().join(".writ"))]).collect()
}

/// The past is as it was, and the tables are what the events add up to.
fn remembers(place: &Place, remembered: &[Snapshot]) -> Told {
    let reader = Reader::open(&place.store()).unwrap();
    let verified = reader.verify();
    prop_assert!(verified.is_ok(), "{verified:?}");
    let latest = reader.snapshot().unwrap();
    prop_assert_eq!(&reader.at(latest.serial).unwrap(), &latest);
    prop_assert_eq!(latest.serial, remembered.last().unwrap().serial);
    for then in remembered {
        prop_assert_eq!(&reader.at(then.serial).unwrap(), then, "@{}", then.serial);
        let told = history::state_at(&place.context, history::Moment::Serial(then.serial)).map_err(|why| failed(&why))?;
        let rows: BTreeMap<String, (String, Option<String>)> =
            then.tables.objects.values().map(|row| (row.address.clone(), (row.attributes.clone(), row.workspace.clone()))).collect();
        prop_assert_eq!(said(&told), rows);
    }
    Ok(())
}

#[test]
fn in_every_world_stores_keep_every_law() {
    hold(10, 1, "stores", stores_keep_every_law);
}
