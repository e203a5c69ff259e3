//! The use cases: one file each, whatever door they come through.
//!
//! In: a [`Context`] (where, who, when) and what was asked. Out: values for `view`, or a [`Failure`].
//! Invariants: reading, deciding and doing never mix: a use case loads, lets the pure rooms decide, and then does; a plan
//! holds no handle that could write.

pub mod apply;
pub mod audit;
pub mod backup;
pub mod catalogs;
pub mod check;
mod claim;
pub mod codeowners;
mod commit;
mod context;
mod decode;
pub mod directory;
pub mod doctor;
pub mod drift;
pub mod explain;
mod failure;
pub mod format;
pub mod graph;
pub mod history;
pub mod init;
pub mod interrupt;
pub mod lifecycle;
mod load;
pub mod migrate;
pub mod people;
pub mod plan;
pub mod push;
pub mod report;
mod settled;
pub mod show;
mod sight;
pub mod simulate;
mod since;
pub mod state;
pub mod validate;
pub mod webhooks;

pub use context::{Context, Environment};
pub use failure::Failure;
pub use load::{Loaded, Place, load, place as load_place, settings_and_place, store_place};
