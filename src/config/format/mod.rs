//! `writ fmt`: the canonical form of a file, and old names made new.
//!
//! In: one file. Out: the text that it should be; or, where it is no TOML, findings, and nothing is changed.
//! Invariants: the meaning stays; every comment stays, once, with what it is about; formatting twice is formatting once;
//! what the language does not know is only laid out.

mod canonical;
mod hoist;
mod moves;
mod print;
mod read;
mod tree;
mod walk;

#[cfg(test)]
mod tests;

pub use moves::{rename, with_moves};

use super::document;
use crate::diag::{Diagnostics, SourceFile};

/// The canonical form of a file; `number` is its number in the sources, for the places of findings.
///
/// # Errors
/// What keeps the file from being read.
pub fn format(number: u32, file: &SourceFile) -> Result<String, Diagnostics> {
    check(number, file)?;
    let mut tree = read::read(&file.text);
    let root = walk::root(&file.name);
    hoist::hoist(&mut tree, &root);
    canonical::canonical(&mut tree, &root);
    Ok(print::print(&tree))
}

/// Whether a file can be read.
fn check(number: u32, file: &SourceFile) -> Result<(), Diagnostics> {
    let mut found = Diagnostics::new();
    let _ = document::parse(number, file, &mut found);
    if found.has_errors() { Err(found) } else { Ok(()) }
}
