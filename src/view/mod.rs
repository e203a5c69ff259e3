//! Values to terminal text, Markdown, HTML, JSON, CSV, annotations and mails: the only room that escapes.
//!
//! In: plans, findings, objects, notices. Out: texts. Invariants: everything reads well without colour; foreign text cannot move
//! the cursor, break out of a fence or a tag, be computed by a spreadsheet, or look like a line of ours.

pub mod annotations;
pub mod answers;
mod authority;
mod body;
pub mod checks;
pub mod codeowners;
pub mod csv;
pub mod diagnostics;
pub mod drift;
pub mod graph;
pub mod how;
pub mod html;
pub mod impact;
mod left_out;
pub mod lifecycle;
pub mod mail;
pub mod markdown;
pub mod migration;
pub mod object;
pub mod paint;
pub mod plan;
pub mod reference;
pub mod report;
pub mod review;
pub mod schema;
pub mod secret;
pub mod toml;
pub mod webhook;
