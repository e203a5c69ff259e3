//! Durable facts: objects, workspaces, revisions and their events, in one SQLite file. The only room that speaks SQL.
//!
//! In: rows and [`Event`]s, whose attributes are JSON texts. Out: [`Snapshot`]s, histories, and what [`Reader::verify`]
//! found. No kind is named here.
//! Invariants: a [`Reader`] cannot write and a [`Writer`] exists only under a [`Lock`]; a commit is one transaction with
//! its events, all of it or none of it; the tables equal the [`fold`] of the events; revisions form a hash chain; a file
//! that is not certainly a store of ours is an error and never an empty store.
//!
//! ```text
//! create ──► file ◄── Writer::commit ◄── Lock        schema, migrate   tables, and the ladder to them
//!   draft     │ ▲                                    rows, events      what is stored, and what events mean
//!             │ └──── restore ◄── backup             chain             the digests that link revisions
//!             └────► Reader: snapshot, at, verify    audit             a history, looked at where it was read
//!                                                    line, body        how its events are read
//!                                                    pages, held       what SQLite tells of its file, what its tables hold
//!                                                    records           requests and assignments, and what events make of them
//!                                                    query, look       what is asked of the tables, and of a few rows of them
//!                                                    happenings        what happened, for reports and answers
//!                                                    private, sound    what is refused before it is believed
//! ```

mod audit;
mod batch;
mod body;
mod chain;
mod checkpoint;
mod create;
mod difference;
mod doctor;
mod draft;
mod error;
mod events;
mod export;
mod happenings;
mod held;
mod line;
mod lock;
mod look;
mod migrate;
mod names;
mod open;
mod pages;
mod private;
mod query;
mod read;
mod records;
mod restore;
mod rows;
mod schema;
mod sound;
#[cfg(test)]
mod testing;
mod verify;
mod write;

pub use checkpoint::Checkpoint;
pub use create::{Making, create};
pub use difference::difference;
pub use doctor::{Examination, Finding, Health, examine};
pub use draft::{clear_drafts, drafts, sync_names, write_new};
pub use error::StoreError;
pub use events::{Event, FoldError, fold};
pub use export::{export, verify_export};
pub use happenings::{Happening, Interest};
pub use lock::{Held, Holder, Lock};
pub use look::Look;
pub use migrate::{Upgraded, schema};
pub use open::exists;
pub use private::{Exposure, is_private, make_private};
pub use read::Reader;
pub use records::{RecordRow, StoredRecords};
pub use restore::{backup, restore, unsound};
pub use rows::{EventRow, ObjectRow, ObjectView, Revision, RevisionRow, Snapshot, Tables, WorkspaceRow, stamp};
pub use verify::{Fault, Verified};
pub use write::{Open, Writer};
