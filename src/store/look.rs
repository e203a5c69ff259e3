//! Single objects of a store, or all of them one after the other, at one serial.
//!
//! In: addresses. Out: their rows. What is asked for is looked up by its key, so that a large store answers as fast as a small one.

use super::{ObjectRow, ObjectView, Reader, RevisionRow, Snapshot, StoreError, chain, error::Doing, query, sound::ends};
use rusqlite::Transaction;

/// KiB of pages that are kept of what is read from one end to the other.
const FEW_PAGES: i64 = 128;

/// A look at a store: whatever is asked of it is of one serial, whoever writes meanwhile.
#[derive(Debug)]
pub struct Look<'r> {
    view: Transaction<'r>,
}

impl Reader {
    /// Begins one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look(&self) -> Result<Look<'_>, StoreError> {
        Ok(Look { view: self.connection.unchecked_transaction().doing("reading the store")? })
    }
}

impl Look<'_> {
    /// What the store is, and its workspaces; its objects are left out.
    ///
    /// # Errors
    /// When it cannot be read or holds what no store holds.
    pub fn head(&self) -> Result<Snapshot, StoreError> {
        query::head(&self.view)
    }

    /// Whether objects and workspaces are as they were at a serial, whose link is this one: only the lifecycle went on since.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn stands_since(&self, serial: u64, link: &str) -> Result<bool, StoreError> {
        query::stands_since(&self.view, serial, link)
    }

    /// The latest revision of a workspace whose summary says something under this name, if since then only the lifecycle went on.
    /// Nothing, where what it says is not what its link of the chain is of, or so much happened since that it takes longer to find
    /// than it is worth.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn standing(&self, workspace: &str, name: &str) -> Result<Option<RevisionRow>, StoreError> {
        let linked = |link: &query::Link| {
            let query::Link { row, previous, events_digest } = link;
            chain::link(previous, row.serial, &row.revision, row.events, events_digest) == row.hash
        };
        Ok(query::standing(&self.view, workspace, name)?.filter(linked).map(|link| link.row))
    }

    /// Every object, given to `each` one by one, in the order of their addresses' bytes.
    ///
    /// # Errors
    /// When the store cannot be read or holds what no store holds, and those of `each`.
    pub fn each_object<E: From<StoreError>>(&self, each: impl FnMut(ObjectView<'_>) -> Result<(), E>) -> Result<(), E> {
        ends(&self.view)?;
        // Each page is looked at once.
        self.view.pragma_update(None, "cache_size", FEW_PAGES.saturating_neg()).doing("reading the store")?;
        query::objects(&self.view, None, each)
    }

    /// One object.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn object(&self, address: &str) -> Result<Option<ObjectRow>, StoreError> {
        query::row(&self.view, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{World, created, revision};
    use crate::store::{Event, Revision};

    fn saying(serial: u64, summary: &str) -> Revision {
        Revision { summary: summary.into(), ..revision(serial) }
    }

    #[test]
    fn what_a_revision_says_stands_until_an_object_or_a_workspace_changes() {
        let mut world = World::new();
        let word = |world: &World, workspace: &str, name: &str| {
            let reader = Reader::open(&world.path).unwrap();
            let found = reader.look().unwrap().standing(workspace, name).unwrap();
            found.map(|row| (row.serial, row.revision.summary))
        };
        assert_eq!(word(&world, "w", "word"), None);
        world.commit_as(&saying(4, r#"{"add":1,"word":"yes"}"#), &[created("catalog.z", "9", "{}")]).unwrap();
        let yes = Some((4, r#"{"add":1,"word":"yes"}"#.to_owned()));
        assert_eq!((word(&world, "w", "word"), word(&world, "other", "word"), word(&world, "w", "add.word")), (yes.clone(), None, None));
        // What the lifecycle writes is another matter, whatever its summary says.
        world.commit_as(&saying(5, r#"{"about":"word"}"#), &[]).unwrap();
        assert_eq!(word(&world, "w", "word"), yes);
        let settings = Event::WorkspaceConfigured { name: "v".into(), settings: "{}".into() };
        for event in [Event::ObjectReleased { address: "catalog.z".into() }, settings] {
            let mut world = World::new();
            world.commit_as(&saying(4, r#"{"word":"yes"}"#), &[created("catalog.z", "9", "{}")]).unwrap();
            assert!(word(&world, "w", "word").is_some());
            world.commit_as(&saying(5, "{}"), &[event]).unwrap();
            assert_eq!(word(&world, "w", "word"), None);
        }
        // Nobody says anything in the name of an apply.
        world.tamper(r#"UPDATE revision SET summary = '{"word":"no"}' WHERE serial = 4"#);
        assert_eq!(word(&world, "w", "word"), None);
        world.tamper(r#"UPDATE revision SET summary = '{"word":"yes"}' WHERE serial = 5"#);
        assert_eq!(word(&world, "w", "word"), None);
    }

    #[test]
    fn every_object_is_looked_at_in_order() {
        let world = World::new();
        let reader = Reader::open(&world.path).unwrap();
        let mut seen = Vec::new();
        let each = |row: ObjectView<'_>| {
            seen.push(row.address.to_owned());
            Ok::<(), StoreError>(())
        };
        reader.look().unwrap().each_object(each).unwrap();
        assert_eq!(seen, ["catalog.a", "catalog.c"]);
    }
}
