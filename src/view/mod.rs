//! Values to terminal text, Markdown, JSON and CSV: the only room that escapes.
//!
//! In: plans, findings, objects. Out: texts. Invariants: everything reads well without colour; foreign text cannot move
//! the cursor, break out of a fence, be computed by a spreadsheet, or look like a line of ours.

mod body;
pub mod csv;
pub mod diagnostics;
pub mod graph;
pub mod how;
pub mod lifecycle;
pub mod markdown;
pub mod object;
pub mod paint;
pub mod plan;
pub mod reference;
pub mod schema;
pub mod secret;
pub mod toml;
