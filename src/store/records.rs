//! The records of the lifecycle in their table: what is asked of them, and how an event changes the one that it is about.
//!
//! In: a connection. Out: [`Record`]s. Invariant: what an event does to a row is what the engine's fold says, since nothing else writes
//! one; the columns beside the body say nothing that the body does not say, so that a row can be found by them.

use super::{
    FoldError, StoreError,
    error::Doing,
    query::{optional, signed, text, unsigned},
    rows::stamp,
};
use crate::engine::{self, Family, Hold, Record};
use crate::model::canonical;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The tables of the second schema.
pub(super) const TABLES: [&str; 4] = [
    "CREATE TABLE record (
    family TEXT NOT NULL,
    id TEXT NOT NULL,
    package TEXT,
    person TEXT NOT NULL,
    over INTEGER NOT NULL CHECK (over IN (0, 1)),
    due TEXT CHECK (due LIKE '____-__-__T__:__:__.___Z'),
    version INTEGER NOT NULL CHECK (version >= 0),
    body TEXT NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (family, id)
) STRICT, WITHOUT ROWID",
    "CREATE INDEX record_person ON record (person, family) WHERE over = 0",
    "CREATE INDEX record_package ON record (package, family) WHERE over = 0",
    "CREATE INDEX record_due ON record (due) WHERE due IS NOT NULL",
];

/// What leads to the third schema: requests that are over are due once more, when they are kept no longer.
pub(super) const RETENTION: [&str; 1] = ["UPDATE record SET due = strftime('%Y-%m-%dT%H:%M:%fZ', \
    coalesce(json_extract(body, '$.request.completed'), json_extract(body, '$.request.submitted')), '+90 days') \
    WHERE family = 'request' AND over = 1"];

/// A record with the serial of the revision that last wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// What is so.
    pub record: Record,
    /// Since when.
    pub version: u64,
}

const READING: &str = "reading the records";

/// One record.
pub(super) fn get(connection: &Connection, family: Family, id: &str) -> Result<Option<Record>, StoreError> {
    let mut query = connection.prepare_cached("SELECT body FROM record WHERE family = ?1 AND id = ?2").doing(READING)?;
    let found = query.query_row([family.word(), id], |row| Ok(read(row, family, 0))).optional().doing(READING)?;
    found.transpose()
}

/// Those of a person, or of a package, that are not over.
pub(super) fn those(connection: &Connection, family: Family, column: Column, value: &str) -> Result<Vec<Record>, StoreError> {
    let mut query = connection.prepare_cached(column.sql()).doing(READING)?;
    let rows = query.query_map([value, family.word()], |row| Ok(read(row, family, 0))).doing(READING)?;
    rows.map(|row| row.doing(READING)?).collect()
}

/// Shows the assignments of packages and of people that are not over, each once, and reads no more of them than is shown.
fn held(
    connection: &Connection,
    packages: &BTreeSet<String>,
    people: &mut BTreeSet<String>,
    look: &mut dyn FnMut(&Hold<'_>),
) -> Result<(), StoreError> {
    let family = Family::Assignment.word();
    // How many assignments of each of them were shown.
    let mut shown: BTreeMap<String, usize> = std::mem::take(people).into_iter().map(|person| (person, 0)).collect();
    let mut of_package = |row: &Row<'_>| {
        let hold = hold(row)?;
        look(&hold);
        let count = shown.entry(hold.target.id.into_owned()).or_default();
        *count = count.saturating_add(1);
        Ok(())
    };
    if is_much(connection, in_packages(connection, packages)?)? {
        let sql = "SELECT body FROM record NOT INDEXED \
                   WHERE family = ?1 AND over = 0 AND package IN (SELECT value FROM json_each(?2))";
        each_row(connection, sql, &[family, &canonical(packages)], of_package)?;
    } else {
        packages.iter().try_for_each(|package| each_row(connection, Column::Package.sql(), &[package, family], &mut of_package))?;
    }
    let mut of_person = |row: &Row<'_>| {
        let hold = hold(row)?;
        if !packages.contains(&*hold.package.id) {
            look(&hold);
        }
        Ok(())
    };
    let more = match is_much(connection, i64::try_from(shown.len()).unwrap_or(i64::MAX))? {
        true => with_more(connection, &shown)?,
        false => shown.keys().map(String::as_str).collect(),
    };
    more.iter().try_for_each(|person| each_row(connection, Column::Person.sql(), &[person, family], &mut of_person))?;
    *people = shown.into_keys().collect();
    Ok(())
}

/// Those of whom there are more assignments than so many, by the index alone.
fn with_more<'p>(connection: &Connection, people: &'p BTreeMap<String, usize>) -> Result<Vec<&'p str>, StoreError> {
    let mut more = Vec::new();
    let mut awaited = people.iter().peekable();
    let mut found = 0_usize;
    let sql = "SELECT person FROM record INDEXED BY record_person WHERE family = ?1 AND over = 0 ORDER BY person";
    each_row(connection, sql, &[Family::Assignment.word()], |row| {
        let person = row.get_ref(0).doing(READING)?.as_bytes().unwrap_or_default();
        while awaited.next_if(|(awaited, _)| awaited.as_bytes() < person).is_some() {
            found = 0;
        }
        if let Some((awaited, count)) = awaited.peek()
            && awaited.as_bytes() == person
        {
            found = found.saturating_add(1);
            // The first that was not shown tells it.
            if found == count.saturating_add(1) {
                more.push(awaited.as_str());
            }
        }
        Ok(())
    })?;
    Ok(more)
}

/// How many assignments of packages are not over.
fn in_packages(connection: &Connection, packages: &BTreeSet<String>) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM record INDEXED BY record_package WHERE package = ?1 AND family = ?2 AND over = 0";
    let mut query = connection.prepare_cached(sql).doing(READING)?;
    let mut count = |package: &String| query.query_row([package, Family::Assignment.word()], |row| row.get::<_, i64>(0));
    packages.iter().try_fold(0_i64, |sum, package| Ok(sum.saturating_add(count(package).doing(READING)?)))
}

/// To find one record by an index takes several pages, wherever they lie; to read all takes each page once, in order. Whether so many are
/// found faster by the latter.
fn is_much(connection: &Connection, many: i64) -> Result<bool, StoreError> {
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).doing(READING)?;
    Ok(many.saturating_mul(PAGES_EACH) > pages)
}

/// So many pages are read in the time that one record is found by an index.
const PAGES_EACH: i64 = 4;

/// Does something with each row of a statement.
fn each_row(
    connection: &Connection,
    sql: &str,
    values: &[&str],
    mut look: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut query = connection.prepare_cached(sql).doing(READING)?;
    let mut rows = query.query(rusqlite::params_from_iter(values)).doing(READING)?;
    while let Some(row) = rows.next().doing(READING)? {
        look(row)?;
    }
    Ok(())
}

/// An assignment at a glance, from a row that begins with its body.
fn hold<'r>(row: &'r Row<'_>) -> Result<Hold<'r>, StoreError> {
    #[derive(Deserialize)]
    struct Body<'r> {
        #[serde(borrow)]
        assignment: Hold<'r>,
    }
    let body = serde_json::from_str(text(row, 0).doing(READING)?);
    let Body { assignment } = body.map_err(|e| StoreError::Corrupt(format!("an assignment cannot be read: {e}")))?;
    Ok(assignment)
}

/// Whether anybody holds a package.
fn is_held(connection: &Connection, package: &str) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM record INDEXED BY record_package WHERE package = ?1 AND family = ?2 AND over = 0)";
    let mut query = connection.prepare_cached(sql).doing(READING)?;
    query.query_row([package, Family::Assignment.word()], |row| row.get(0)).doing(READING)
}

/// Whether there is any of a family.
fn any(connection: &Connection, family: Family) -> Result<bool, StoreError> {
    let mut query = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM record WHERE family = ?1)").doing(READING)?;
    query.query_row([family.word()], |row| row.get(0)).doing(READING)
}

/// By what records are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Person,
    Package,
}

impl Column {
    /// Those of a value and a family that are not over. Left alone, SQLite reads the whole family in the order of its key, which is
    /// wanted, to find the few of a person.
    fn sql(self) -> &'static str {
        match self {
            Column::Person => "SELECT body FROM record INDEXED BY record_person WHERE person = ?1 AND family = ?2 AND over = 0 ORDER BY id",
            Column::Package => {
                "SELECT body FROM record INDEXED BY record_package WHERE package = ?1 AND family = ?2 AND over = 0 ORDER BY id"
            }
        }
    }
}

/// The records that are due at an instant, those that were due first before the others, and not more than so many.
pub(super) fn due(connection: &Connection, until: DateTime<Utc>, most: u32, leaving: bool) -> Result<Vec<Record>, StoreError> {
    let sql = "SELECT family, body FROM record WHERE due IS NOT NULL AND due <= ?1 AND (family IN ('delivery', 'notice')) = ?3 \
               ORDER BY due, family, id LIMIT ?2";
    let mut query = connection.prepare_cached(sql).doing(READING)?;
    let values: [&dyn ToSql; 3] = [&stamp(until), &most, &leaving];
    let rows = query.query_map(&values[..], |row| Ok(of_any(row))).doing(READING)?;
    rows.map(|row| row.doing(READING)?).collect()
}

/// All of a family, over or not, in the order of their ids, which is that of their making.
pub(super) fn all(connection: &Connection, family: Family) -> Result<Vec<Record>, StoreError> {
    let mut query = connection.prepare_cached("SELECT body FROM record WHERE family = ?1 ORDER BY id").doing(READING)?;
    let rows = query.query_map([family.word()], |row| Ok(read(row, family, 0))).doing(READING)?;
    rows.map(|row| row.doing(READING)?).collect()
}

/// A row as it stands, for whoever compares it with what its events made of it.
pub(super) struct HeldRecord {
    pub(super) key: (Family, String),
    pub(super) row: RecordRow,
    /// Whether the columns say what the body says.
    pub(super) sound: bool,
}

/// Calls `look` with each row, in order.
pub(super) fn each(connection: &Connection, mut look: impl FnMut(HeldRecord) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let sql = "SELECT family, body, id, package, person, over, due, version FROM record ORDER BY family, id";
    let mut query = connection.prepare_cached(sql).doing(READING)?;
    let mut rows = query.query([]).doing(READING)?;
    while let Some(row) = rows.next().doing(READING)? {
        let record = of_any(row)?;
        let sound = || -> rusqlite::Result<bool> {
            Ok(text(row, 1)? == canonical(&record)
                && text(row, 2)? == record.id()
                && optional(row, 3)? == record.package()
                && text(row, 4)? == record.person()
                && row.get::<_, bool>(5)? == record.is_over()
                && optional(row, 6)?.map(str::to_owned) == record.due().map(stamp))
        };
        let (sound, version) = (sound().doing(READING)?, unsigned(row, 7).doing(READING)?);
        let key = (record.family(), text(row, 2).doing(READING)?.to_owned());
        look(HeldRecord { key, row: RecordRow { record, version }, sound })?;
    }
    Ok(())
}

fn of_any(row: &Row<'_>) -> Result<Record, StoreError> {
    let word = text(row, 0).doing(READING)?;
    let family = Family::of(word).ok_or_else(|| StoreError::Corrupt(format!("there is no family `{word}` of records")))?;
    read(row, family, 1)
}

fn read(row: &Row<'_>, family: Family, column: usize) -> Result<Record, StoreError> {
    let body = text(row, column).doing(READING)?;
    let corrupt = |why: String| StoreError::Corrupt(format!("a record of the family `{}` cannot be read: {why}", family.word()));
    let record: Record = serde_json::from_str(body).map_err(|e| corrupt(e.to_string()))?;
    if record.family() == family { Ok(record) } else { Err(corrupt("it is of another family".to_owned())) }
}

const PUT: &str = "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (family, id) DO UPDATE SET \
                   package = excluded.package, person = excluded.person, over = excluded.over, due = excluded.due, \
                   version = excluded.version, body = excluded.body";

/// Does to the table what an event of the lifecycle says.
pub(super) fn change(work: &Connection, serial: u64, event: &engine::Event) -> Result<(), StoreError> {
    let doing = "changing the records";
    let (family, id) = event.record();
    let after = engine::fold(get(work, family, id)?, event).map_err(|e| StoreError::Misfit(FoldError::Life(e)))?;
    match after {
        Some(record) => {
            let due = record.due().map(stamp);
            let values =
                params![family.word(), id, record.package(), record.person(), record.is_over(), due, signed(serial), canonical(&record)];
            work.prepare_cached(PUT).and_then(|mut put| put.execute(values)).doing(doing)?;
        }
        None => {
            let sql = "DELETE FROM record WHERE family = ?1 AND id = ?2";
            work.prepare_cached(sql).and_then(|mut delete| delete.execute([family.word(), id])).doing(doing)?;
        }
    }
    Ok(())
}

/// Records of a store, asked for one by one. What cannot be read is kept until whoever asked looks for it.
pub struct StoredRecords<'c> {
    connection: &'c Connection,
    failed: std::cell::RefCell<Option<StoreError>>,
}

impl<'c> StoredRecords<'c> {
    pub(super) fn new(connection: &'c Connection) -> StoredRecords<'c> {
        StoredRecords { connection, failed: std::cell::RefCell::default() }
    }

    fn or_keep<T: Default>(&self, read: Result<T, StoreError>) -> T {
        read.unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            T::default()
        })
    }

    /// Whether everything that was asked for could be read. Nothing that was decided counts before this was asked.
    ///
    /// # Errors
    /// The first thing that could not.
    pub fn sound(&self) -> Result<(), StoreError> {
        self.failed.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// What has to leave the house by an instant, what waits longest first, not more than `most`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn leaving(&self, until: DateTime<Utc>, most: u32) -> Result<Vec<Record>, StoreError> {
        due(self.connection, until, most, true)
    }

    /// Whether there is any record.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn any(&self) -> Result<bool, StoreError> {
        let found = self.connection.query_row("SELECT EXISTS (SELECT 1 FROM record)", [], |row| row.get(0));
        found.doing(READING)
    }

    /// The records that are due, in the order in which they became so, not more than `most`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn due(&self, until: DateTime<Utc>, most: u32) -> Result<Vec<Record>, StoreError> {
        due(self.connection, until, most, false)
    }
}

impl engine::Records for StoredRecords<'_> {
    fn get(&self, family: Family, id: &str) -> Option<Record> {
        self.or_keep(get(self.connection, family, id))
    }

    fn of_person(&self, family: Family, person: &str) -> Vec<Record> {
        self.or_keep(those(self.connection, family, Column::Person, person))
    }

    fn of_package(&self, family: Family, package: &str) -> Vec<Record> {
        self.or_keep(those(self.connection, family, Column::Package, package))
    }

    fn all(&self, family: Family) -> Vec<Record> {
        self.or_keep(all(self.connection, family))
    }

    fn any(&self, family: Family) -> bool {
        self.or_keep(any(self.connection, family))
    }

    fn held(&self, packages: &BTreeSet<String>, people: &mut BTreeSet<String>, look: &mut dyn FnMut(&Hold<'_>)) {
        self.or_keep(held(self.connection, packages, people, look));
    }

    fn is_held(&self, package: &str) -> bool {
        self.or_keep(is_held(self.connection, package))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Assignment, AssignmentState, Cause, Ledger, Named, Records, Source};
    use crate::store::{self, Reader, testing::World};
    use proptest::prelude::*;

    /// Names that JSON has to spell otherwise are among them.
    fn person(n: usize) -> String {
        format!("\"{n:02}\"\té@contoso.example")
    }

    fn events((n, person, package, over): (usize, String, usize, bool)) -> Vec<engine::Event> {
        let at: DateTime<Utc> = "2026-03-01T08:00:00Z".parse().unwrap();
        let named = |text: String| Named { id: text.clone(), name: text };
        let assignment = Assignment {
            id: format!("a{n:03}"),
            package: named(format!("p{package}")),
            policy: named("q".to_owned()),
            target: named(person),
            source: Source::Automatic,
            start: at,
            end: (n % 2 == 0).then_some(at),
            extensible: false,
            state: AssignmentState::Delivered,
            reminded: 0,
            grace: None,
            ended: None,
            cause: None,
        };
        let ended = engine::Event::Ended { assignment: assignment.id.clone(), at, cause: Cause::Expired };
        let given = engine::Event::Given { assignment: Box::new(assignment) };
        [given].into_iter().chain(over.then_some(ended)).collect()
    }

    /// What was shown, sorted, so that what is shown twice stands in it twice, and the people from there on.
    fn shown(records: &dyn Records, packages: &BTreeSet<String>, people: &BTreeSet<String>) -> (Vec<String>, BTreeSet<String>) {
        let (mut all, mut people) = (Vec::new(), people.clone());
        records.held(packages, &mut people, &mut |hold| all.push(format!("{hold:?}")));
        all.sort();
        (all, people)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// By the index or in one pass over the table, what people hold is what the records say, one by one.
        #[test]
        fn what_is_held_is_found_alike_in_every_way(
            all in prop::collection::vec((0..12_usize, 0..3_usize, prop::bool::ANY), 40..90),
        ) {
            // One package is held by one alone, so that few are asked for as well as many.
            let rare = [(0, person(5), 9, false), (1, person(20), 8, false)];
            let others = (2..).zip(all).map(|(n, (who, package, over))| (n, person(who), package, over));
            let happened: Vec<engine::Event> = rare.into_iter().chain(others).flat_map(events).collect();
            let mut ledger = Ledger::default();
            for event in &happened {
                let key = (event.record().0, event.record().1.to_owned());
                let after = engine::fold(ledger.0.get(&key).cloned(), event).unwrap().unwrap();
                ledger.0.insert(key, after);
            }
            let mut world = World::empty();
            world.commit(&happened.into_iter().map(|e| store::Event::Life(Box::new(e))).collect::<Vec<_>>()).unwrap();
            let reader = Reader::open(&world.path).unwrap();
            prop_assert!(!is_much(&reader.connection, 1).unwrap() && is_much(&reader.connection, 12).unwrap(), "both ways are gone");

            let packages = [vec![], vec!["p9"], vec!["p0"], vec!["p0", "p1", "p2"], vec!["p0", "p8", "none"]];
            let people = [vec![], vec![5], vec![0, 3, 20], (0..30).collect::<Vec<_>>()];
            for packages in packages.map(|all| all.into_iter().map(str::to_owned).collect::<BTreeSet<_>>()) {
                for people in people.clone().map(|all| all.into_iter().map(person).collect::<BTreeSet<_>>()) {
                    let records = reader.records();
                    let found = shown(&records, &packages, &people);
                    records.sound().unwrap();
                    prop_assert_eq!(&found, &shown(&ledger, &packages, &people), "{:?} {:?}", packages, people);
                }
            }
            for package in ["p0", "p8", "p9", "none"] {
                prop_assert_eq!(reader.records().is_held(package), ledger.is_held(package));
            }
        }
    }
}
