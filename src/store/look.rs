//! Single objects of a store, all of one serial.
//!
//! In: addresses. Out: their rows. What is asked for is looked up by its key, so that a large store answers as fast as a small one.

use super::{ObjectRow, Reader, Snapshot, StoreError, error::Doing, query};
use rusqlite::Transaction;

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

    /// One object.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn object(&self, address: &str) -> Result<Option<ObjectRow>, StoreError> {
        query::row(&self.view, address)
    }
}
