//! What happened in the lifecycle, and to some objects, as it is told afterwards: each event with when it was and who did it.
//!
//! In: an [`Interest`]. Out: [`Happening`]s, one by one, the oldest first. Invariant: what was erased is passed over, since nothing can
//! be told of it; who has to know that it was is told by `verify`.

use super::names::{Names, Span};
use super::{Event, Reader, StoreError, error::Doing, query, rows::stamp};
use crate::model::Address;
use chrono::{DateTime, Utc};
use rusqlite::ToSql;

/// What somebody wants to know of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interest<'i> {
    /// Nothing after this serial.
    pub last: u64,
    /// Nothing before this instant.
    pub from: Option<DateTime<Utc>>,
    /// Nothing at this instant or later.
    pub to: Option<DateTime<Utc>>,
    /// Of the lifecycle only what happened to the records of these ids; `None`: all of it.
    pub records: Option<&'i [String]>,
    /// What happened to the object that is called so at the last serial, and to what stands in it, too, whatever it was called then; of a
    /// kind, to all of that kind.
    pub object: Option<&'i str>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The revision that tells it.
    pub serial: u64,
    /// When that was made.
    pub at: String,
    /// Who made it.
    pub actor: String,
    /// By which command.
    pub command: String,
    /// What happened.
    pub event: Event,
    /// Of something that happened to an object: what the object, or that in which it stands, is called at the last serial; nothing, where
    /// another has its name.
    pub root: Option<String>,
}

const SQL: &str = "WITH span (name, serial, seq, to_serial, to_seq) AS MATERIALIZED (SELECT value ->> 'name', value ->> '$.from[0]', \
    value ->> '$.from[1]', value ->> '$.to[0]', value ->> '$.to[1]' FROM json_each(?5)) \
    SELECT e.serial, r.at, r.actor, r.command, e.body, e.seq FROM event e JOIN revision r ON r.serial = e.serial \
    WHERE e.serial <= ?1 AND r.at >= ?2 AND r.at < ?3 AND e.body IS NOT NULL AND \
    ((e.kind NOT LIKE 'object.%' AND e.kind NOT LIKE 'workspace.%' \
        AND (?4 IS NULL OR e.address IN (SELECT value FROM json_each(?4)))) \
     OR (e.kind LIKE 'object.%' AND EXISTS (SELECT 1 FROM span s \
        WHERE (e.address = s.name OR substr(e.address, 1, length(s.name) + 1) = s.name || '.') \
        AND (e.serial, e.seq) >= (s.serial, s.seq) AND (e.serial, e.seq) < (s.to_serial, s.to_seq)))) \
    ORDER BY e.serial, e.seq";

const CHANGES: &str = "SELECT serial, seq, body FROM event \
    WHERE serial <= ?1 AND (kind LIKE 'object.%' OR kind LIKE 'workspace.%') ORDER BY serial, seq";

/// The address in which another stands.
fn root_of(address: &str) -> Option<String> {
    Address::parse(address).ok()?.lineage().last().map(|root| root.to_string())
}

/// Sorts behind every instant.
const NEVER: &str = "~";

impl Reader {
    /// Tells what happened.
    ///
    /// # Errors
    /// When the store cannot be read, or holds what is no event; and those of `tell`.
    pub fn each_happening<E: From<StoreError>>(
        &self,
        interest: &Interest<'_>,
        mut tell: impl FnMut(Happening) -> Result<(), E>,
    ) -> Result<(), E> {
        let doing = "reading what happened";
        let records = interest.records.map(|ids| serde_json::json!(ids).to_string());
        let (from, to) = (interest.from.map(stamp).unwrap_or_default(), interest.to.map_or_else(|| NEVER.to_owned(), stamp));
        // Of a kind it is all, whatever it is called: nothing moves to another kind.
        let one = interest.object.filter(|object| Address::parse(object).is_ok());
        let names = match interest.object {
            Some(_) => Names::read(&self.connection, interest.last, one)?,
            None => Names::default(),
        };
        let spans = match (one, interest.object) {
            (Some(one), _) => names.of(one),
            (None, kind) => kind.map(Span::always).into_iter().collect(),
        };
        let spans = serde_json::json!(spans).to_string();
        let values: [&dyn ToSql; 5] = [&query::signed(interest.last), &from, &to, &records, &spans];
        let mut query = self.connection.prepare_cached(SQL).doing(doing)?;
        let mut rows = query.query(&values[..]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let serial = query::unsigned(row, 0).doing(doing)?;
            let corrupt = |e: serde_json::Error| StoreError::Corrupt(format!("an event of serial {serial} cannot be read: {e}"));
            let event = Event::read(query::text(row, 4).doing(doing)?).map_err(corrupt)?;
            let text = |column| query::text(row, column).map(str::to_owned).doing(doing);
            let seq = query::unsigned(row, 5).doing(doing)?;
            let root = match &event {
                Event::Life(_) => None,
                _ => event.address().and_then(root_of).and_then(|root| names.now(&root, (serial, seq))),
            };
            tell(Happening { serial, at: text(1)?, actor: text(2)?, command: text(3)?, event, root })?;
        }
        Ok(())
    }

    /// Tells what happened to objects and workspaces up to a serial, the oldest first, each with its serial. What of the lifecycle
    /// happened, and may have been erased, is passed over.
    ///
    /// # Errors
    /// When the store cannot be read, holds what is no event, or one of these was erased; and those of `tell`.
    pub fn each_change<E: From<StoreError>>(&self, last: u64, mut tell: impl FnMut(u64, Event) -> Result<(), E>) -> Result<(), E> {
        let doing = "reading what happened";
        let mut query = self.connection.prepare_cached(CHANGES).doing(doing)?;
        let mut rows = query.query([query::signed(last)]).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let serial = query::unsigned(row, 0).doing(doing)?;
            let seq = query::unsigned(row, 1).doing(doing)?;
            let body: Option<String> = row.get(2).doing(doing)?;
            let body = body.ok_or(StoreError::Erased { serial, seq })?;
            let event =
                Event::read(&body).map_err(|e| StoreError::Corrupt(format!("event {seq} of serial {serial} cannot be read: {e}")))?;
            tell(serial, event)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::World;

    #[test]
    fn objects_are_told_of_by_address_and_time() {
        let world = World::new();
        let reader = Reader::open(&world.path).unwrap();
        let told = |interest: Interest<'_>| {
            let mut all = Vec::new();
            reader
                .each_happening::<StoreError>(&interest, |h| {
                    all.push((h.serial, h.event.kind()));
                    Ok(())
                })
                .unwrap();
            all
        };
        let all = Interest { last: 99, object: Some("catalog.a"), ..Interest::default() };
        assert!(!told(all).is_empty());
        assert!(told(Interest { last: 0, ..all }).is_empty());
        assert!(told(Interest { object: None, ..all }).is_empty());
        assert!(told(Interest { from: Some("2199-01-01T00:00:00Z".parse().unwrap()), ..all }).is_empty());
        assert!(told(Interest { to: Some("2000-01-01T00:00:00Z".parse().unwrap()), ..all }).is_empty());
        assert!(told(all).iter().all(|(_, kind)| kind.starts_with("object.")));
    }
}
