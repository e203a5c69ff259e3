//! A store whose history somebody edited: the verifier never panics, and takes it for the one it was only if all that is left
//! of it is as it was.
//!
//! The input is edits: of which table, row and column, and with what. An edit can be sealed: then every digest from there on
//! is what it would be in an honest store, as an attacker would have it who knows how they are made.

use super::Choices;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use serde_json::{Map, Value as Json, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use writ::model::{Digest, canonical, digest_of};
use writ::store::{Event, Reader, Revision, Verified, create};

/// So many edits are made at most.
const EDITS: usize = 6;
/// The tables, and by what they are ordered.
const TABLES: [(&str, &str); 5] =
    [("meta", "one"), ("object", "address"), ("workspace", "name"), ("revision", "serial"), ("event", "serial, seq")];

type Row = Vec<Value>;
type Rows = BTreeMap<&'static str, Vec<Row>>;

pub fn run(data: &[u8]) {
    thread_local! {
        static WORLD: RefCell<World> = RefCell::new(World::new());
    }
    // A world that a panic left half done is never used again.
    WORLD.with_borrow_mut(|world| world.run(&mut Choices::new(data)));
}

/// A store, and a hand that edits it past everything.
struct World {
    honest: Rows,
    verified: Verified,
    columns: BTreeMap<&'static str, Vec<String>>,
    reader: Reader,
    hand: Connection,
    /// What the store holds now.
    held: Rows,
    _dir: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("writ.db");
        create(&path, "L", &history()).expect("a store");
        let hand = Connection::open(&path).expect("the store");
        for (name, value) in [("journal_mode", "MEMORY"), ("synchronous", "OFF")] {
            hand.pragma_update_and_check(None, name, value, |_| Ok(()))
                .or_else(|_| hand.pragma_update(None, name, value))
                .expect("a setting");
        }
        hand.execute_batch("PRAGMA ignore_check_constraints = ON").expect("a setting");
        let reader = Reader::open(&path).expect("the store");
        let verified = reader.verify().expect("an honest store");
        let columns = TABLES.map(|(table, order)| (table, columns(&hand, table, order)));
        let honest = rows(&hand);
        World { held: honest.clone(), honest, verified, columns: columns.into_iter().collect(), reader, hand, _dir: dir }
    }

    fn run(&mut self, choices: &mut Choices<'_>) {
        let mut edited = self.honest.clone();
        for _ in 0..EDITS {
            if choices.is_empty() {
                break;
            }
            self.edit(&mut edited, choices);
        }
        // What the store itself cannot hold is no edit.
        if !self.write(&edited) {
            return;
        }
        self.held = rows(&self.hand);
        let held = &self.held;
        match self.reader.verify() {
            Ok(found) if *held == self.honest => assert_eq!(found, self.verified),
            Ok(found) => {
                assert!(found != self.verified, "an edited store is taken for what it was: {held:?}");
                // The head stands for all that was ever told, but for bodies that were erased.
                if found.hash == self.verified.hash {
                    assert!(found.erased > 0, "{held:?}");
                    assert_eq!(told(held), told(&self.honest));
                }
            }
            Err(faults) => {
                assert!(*held != self.honest && !faults.is_empty());
                faults.iter().for_each(|fault| assert!(!fault.to_string().is_empty()));
            }
        }
    }

    /// Makes the tables what they should be; `false` when they refuse.
    fn write(&mut self, wanted: &Rows) -> bool {
        let change = self.hand.transaction().expect("a transaction");
        for (table, _) in TABLES.into_iter().filter(|(table, _)| wanted.get(table) != self.held.get(table)) {
            change.prepare_cached(&format!("DELETE FROM {table}")).and_then(|mut q| q.execute([])).expect("an empty table");
            for row in wanted.get(table).into_iter().flatten() {
                let places = vec!["?"; row.len()].join(", ");
                let sql = format!("INSERT INTO {table} VALUES ({places})");
                if change.prepare_cached(&sql).and_then(|mut q| q.execute(params_from_iter(row))).is_err() {
                    return false;
                }
            }
        }
        change.commit().is_ok()
    }

    fn edit(&self, all: &mut Rows, choices: &mut Choices<'_>) {
        let what = choices.byte();
        let (table, _) = choices.pick(&TABLES);
        let rows = all.get_mut(table).expect("a table of ours");
        let at = choices.below(rows.len().max(1));
        let other = choices.below(rows.len().max(1));
        match what % 8 {
            0 if at < rows.len() => drop(rows.remove(at)),
            1 if at < rows.len() => rows.insert(other, rows[at].clone()),
            2 if at < rows.len() => rows.swap(at, other),
            3 => rows.truncate(at),
            _ if at < rows.len() => {
                let column = choices.below(self.columns[table].len());
                let new = match what % 8 {
                    4 => rows[other][column].clone(),
                    5 => replaced(&rows[at][column], choices),
                    _ => value(choices),
                };
                rows[at][column] = new;
            }
            _ => {}
        }
        if what & 0x80 != 0 {
            self.seal(all);
        }
    }

    /// Every digest as an honest store would have it.
    fn seal(&self, all: &mut Rows) {
        let text = |v: &Value| if let Value::Text(text) = v { Some(text.clone()) } else { None };
        let mut of_serial: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for event in all.get_mut("event").into_iter().flatten() {
            let [serial, seq, kind, address, body, body_digest, digest] = event.as_mut_slice() else { continue };
            if let Some(body) = text(body) {
                *body_digest = Value::Text(Digest::of(body.as_bytes()).to_string());
            }
            let (Value::Integer(serial), Value::Integer(seq)) = (serial, seq) else { continue };
            let form = json!({ "seq": seq, "kind": text(kind), "address": text(address), "body_digest": text(body_digest) });
            let found = digest_of(&form).to_string();
            *digest = Value::Text(found.clone());
            of_serial.entry(*serial).or_default().push(found);
        }
        let lineage = all.get("meta").and_then(|m| m.first()).and_then(|row| text(row.get(1)?)).unwrap_or_default();
        let mut previous = Digest::of(lineage.as_bytes()).to_string();
        for row in all.get_mut("revision").into_iter().flatten() {
            let Some(Value::Integer(serial)) = row.first() else { continue };
            let events = of_serial.get(serial).map(Vec::as_slice).unwrap_or_default();
            let events_digest = Digest::of(events.concat().as_bytes()).to_string();
            let of_row = self.columns["revision"].iter().zip(row.iter()).take(9);
            let mut form: Map<String, Json> = of_row.map(|(name, v)| (name.clone(), json!(text(v)))).collect();
            form.insert("serial".into(), json!(serial));
            form.insert("events".into(), json!(events.len()));
            form.insert("events_digest".into(), json!(events_digest));
            form.insert("previous".into(), json!(previous));
            let hash = digest_of(&form).to_string();
            let count = i64::try_from(events.len()).unwrap_or(0);
            let sealed = [Value::Integer(count), Value::Text(previous), Value::Text(events_digest), Value::Text(hash.clone())];
            for (place, new) in row.iter_mut().skip(9).zip(sealed) {
                *place = new;
            }
            previous = hash;
        }
    }
}

/// All that the chain tells, without bodies.
fn told(rows: &Rows) -> (Vec<Row>, Vec<Row>) {
    let events = rows["event"].iter().map(|row| row.iter().enumerate().filter(|(i, _)| *i != 4).map(|(_, v)| v.clone()).collect());
    (rows["revision"].clone(), events.collect())
}

fn columns(store: &Connection, table: &str, order: &str) -> Vec<String> {
    let query = store.prepare(&format!("SELECT * FROM {table} ORDER BY {order}")).expect("a table");
    query.column_names().map(str::to_owned).collect()
}

fn rows(store: &Connection) -> Rows {
    let of = |(table, order): (&'static str, &str)| {
        let mut query = store.prepare_cached(&format!("SELECT * FROM {table} ORDER BY {order}")).expect("a table");
        let count = query.column_count();
        let all = query.query_map([], |row| (0..count).map(|i| row.get(i)).collect()).expect("rows");
        (table, all.collect::<Result<_, _>>().expect("rows"))
    };
    TABLES.into_iter().map(of).collect()
}

/// A text with a part of it replaced.
fn replaced(old: &Value, choices: &mut Choices<'_>) -> Value {
    let Value::Text(old) = old else { return value(choices) };
    let from = choices.below(old.len() + 1);
    let to = (from + choices.below(16)).min(old.len());
    match (old.get(..from), old.get(to..)) {
        (Some(head), Some(tail)) => Value::Text(format!("{head}{}{tail}", choices.text())),
        _ => value(choices),
    }
}

fn value(choices: &mut Choices<'_>) -> Value {
    match choices.byte() % 12 {
        0 => Value::Null,
        1 => Value::Integer(i64::from(choices.byte())),
        2 => Value::Integer(i64::MAX),
        3 => Value::Integer(-1),
        4 => Value::Text("0".repeat(64)),
        5 => Value::Text("catalog.a".to_owned()),
        6 => Value::Text("{}".to_owned()),
        7 => Value::Text("2026-03-01T08:00:00.000Z".to_owned()),
        8 => Value::Text(canonical(&Event::ObjectReleased { address: choices.text() })),
        9 => Value::Text(canonical(&Event::ObjectMoved { from: "catalog.a".to_owned(), to: choices.text() })),
        _ => Value::Text(choices.text()),
    }
}

/// Most of what can happen to a store.
pub fn history() -> Vec<(Revision, Vec<Event>)> {
    let text = str::to_owned;
    let created = |address: &str, id: &str| Event::ObjectCreated {
        address: text(address),
        kind: text("catalog"),
        id: text(id),
        schema: 1,
        attributes: text("{}"),
        workspace: Some(text("w")),
        origin: text("{}"),
    };
    let updated = Event::ObjectUpdated {
        address: text("catalog.a"),
        schema: 1,
        attributes: text(r#"{"n":1}"#),
        origin: text("{}"),
        before: text("{}"),
    };
    let all = [
        vec![],
        vec![Event::WorkspaceConfigured { name: text("w"), settings: text("{}") }, created("catalog.a", "1"), created("catalog.b", "2")],
        vec![updated, Event::ObjectMoved { from: text("catalog.b"), to: text("catalog.c") }],
        vec![Event::ObjectReleased { address: text("catalog.c") }],
    ];
    let revision = |serial: usize| Revision {
        at: format!("2026-03-01T08:{serial:02}:00.000Z"),
        actor: text("operator:ann@build"),
        command: text("apply"),
        workspace: Some(text("w")),
        commit: None,
        plan_digest: Some(format!("plan {serial}")),
        changes_digest: None,
        summary: text("{}"),
    };
    all.into_iter().enumerate().map(|(serial, events)| (revision(serial), events)).collect()
}
