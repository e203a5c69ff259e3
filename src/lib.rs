//! Writ: access governance, in writing.
#![forbid(unsafe_code)]
pub mod cli;
pub mod config;
pub mod diag;
pub mod expr;
pub mod kinds;
pub mod model;
pub mod ops;
pub mod plan;
pub mod reconcile;
pub mod source;
pub mod store;
pub mod view;
