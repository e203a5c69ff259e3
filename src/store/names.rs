//! What objects were called at each time: an object keeps its history under every name that it had.
//!
//! In: the moves, and where something came to be under a name that another had left. Out: the spans in which a name was that of an
//! object, and what an object of then is called now. Only what stands by itself is looked at; what stands in it is called by it.

use super::{Event, StoreError, error::Doing, query};
use crate::model::Address;
use rusqlite::Connection;
use std::collections::BTreeMap;

/// A place in the history: a serial, and which of its events.
type Place = (u64, u64);

/// What became of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Turn {
    /// An object has it from then on: one that had another before, or one that came to be.
    Taken(Option<String>),
    /// The object that had it has this one from then on.
    Left(String),
}

/// The names.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, Vec<(Place, Turn)>>);

/// From when to before when a name was that of an object.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Span {
    name: String,
    from: Place,
    to: Place,
}

const MOVES: &str = "SELECT serial, seq, body FROM event WHERE serial <= ?1 AND kind = 'object.moved' AND body IS NOT NULL";
const MADE: &str = "SELECT serial, seq, address FROM event \
    WHERE serial <= ?1 AND kind = 'object.created' AND address IN (SELECT value FROM json_each(?2))";

/// After everything.
const END: Place = (i64::MAX.unsigned_abs(), 0);

impl Names {
    /// Those of what moved up to a serial, and of one object more.
    pub(super) fn read(connection: &Connection, last: u64, object: Option<&str>) -> Result<Names, StoreError> {
        let doing = "reading what objects were called";
        let mut names = Names::default();
        let mut moves = connection.prepare_cached(MOVES).doing(doing)?;
        let mut rows = moves.query([query::signed(last)]).doing(doing)?;
        let stands_alone = |address: &str| Address::parse(address).is_ok_and(|a| a.parent().is_none());
        while let Some(row) = rows.next().doing(doing)? {
            let place = (query::unsigned(row, 0).doing(doing)?, query::unsigned(row, 1).doing(doing)?);
            let corrupt = |e: serde_json::Error| StoreError::Corrupt(format!("an event of serial {} cannot be read: {e}", place.0));
            let event = Event::read(query::text(row, 2).doing(doing)?).map_err(corrupt)?;
            if let Event::ObjectMoved { from, to } = event
                && stands_alone(&from)
            {
                names.0.entry(from.clone()).or_default().push((place, Turn::Left(to.clone())));
                names.0.entry(to).or_default().push((place, Turn::Taken(Some(from))));
            }
        }
        let mut wanted: Vec<&str> = names.0.keys().map(String::as_str).collect();
        wanted.extend(object);
        let wanted = serde_json::json!(wanted).to_string();
        let mut made = connection.prepare_cached(MADE).doing(doing)?;
        let mut rows = made.query((query::signed(last), wanted)).doing(doing)?;
        while let Some(row) = rows.next().doing(doing)? {
            let place = (query::unsigned(row, 0).doing(doing)?, query::unsigned(row, 1).doing(doing)?);
            let address = query::text(row, 2).doing(doing)?.to_owned();
            names.0.entry(address).or_default().push((place, Turn::Taken(None)));
        }
        names.0.values_mut().for_each(|turns| turns.sort_by_key(|(place, _)| *place));
        Ok(names)
    }

    /// The names that the object of an address had, each with its span.
    pub(super) fn of(&self, address: &str) -> Vec<Span> {
        let (mut name, mut to) = (address.to_owned(), END);
        let mut spans = Vec::new();
        loop {
            let turns = self.0.get(&name).into_iter().flatten();
            let taken = turns.rev().find_map(|(place, turn)| match turn {
                Turn::Taken(from) if *place < to => Some((*place, from.clone())),
                _ => None,
            });
            let (from, before) = taken.unwrap_or_default();
            spans.push(Span { name, from, to });
            match before {
                Some(before) => (name, to) = (before, from),
                None => return spans,
            }
        }
    }

    /// What stands by itself and had a name at a place is called so now; nothing, where another has its name since.
    pub(super) fn now(&self, name: &str, at: Place) -> Option<String> {
        let (mut name, mut at) = (name.to_owned(), at);
        loop {
            match self.0.get(&name).into_iter().flatten().find(|(place, _)| *place > at) {
                None => return Some(name),
                Some((_, Turn::Taken(_))) => return None,
                Some((place, Turn::Left(to))) => (name, at) = (to.clone(), *place),
            }
        }
    }
}

impl Span {
    /// Everything below a name, whenever.
    pub(super) fn always(name: &str) -> Span {
        Span { name: name.to_owned(), from: (0, 0), to: END }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{World, created, row};

    fn moved(from: &str, to: &str) -> Event {
        Event::ObjectMoved { from: from.into(), to: to.into() }
    }

    fn span(name: &str, from: Place, to: Place) -> Span {
        Span { name: name.into(), from, to }
    }

    #[test]
    fn a_name_is_one_object_s_until_it_leaves_it() {
        let mut world = World::empty();
        world.commit(&[created("catalog.a", "1", "{}"), created("catalog.b", "2", "{}")]).unwrap();
        world.commit(&[moved("catalog.a", "catalog.c"), created("catalog.a", "3", "{}")]).unwrap();
        world.commit(&[Event::ObjectDeleted { last: row("catalog.b", "2", "{}") }]).unwrap();
        world.commit(&[moved("catalog.c", "catalog.b")]).unwrap();
        let reader = crate::store::Reader::open(&world.path).unwrap();
        let names = Names::read(&reader.connection, 4, Some("catalog.a")).unwrap();
        let of_first = [span("catalog.b", (4, 1), END), span("catalog.c", (2, 1), (4, 1)), span("catalog.a", (1, 1), (2, 1))];
        assert_eq!(names.of("catalog.b"), of_first);
        assert_eq!(names.of("catalog.a"), [span("catalog.a", (2, 2), END)]);
        assert_eq!(names.now("catalog.a", (1, 1)).as_deref(), Some("catalog.b"));
        assert_eq!(names.now("catalog.a", (2, 2)).as_deref(), Some("catalog.a"));
        // The second of that name is gone, and has no other.
        assert_eq!(names.now("catalog.b", (1, 2)), None);
        assert_eq!(names.now("catalog.d", (1, 1)).as_deref(), Some("catalog.d"));
        let early = Names::read(&reader.connection, 1, Some("catalog.a")).unwrap();
        assert_eq!(early.of("catalog.a"), [span("catalog.a", (1, 1), END)]);
    }
}
