//! Writ: access governance, in writing.
#![forbid(unsafe_code)]
pub mod config;
pub mod diag;
pub mod expr;
pub mod kinds;
pub mod model;
pub mod reconcile;
pub mod source;
pub mod store;
