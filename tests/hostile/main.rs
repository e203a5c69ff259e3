//! Input that means harm, through the real binary: each case builds a tree, runs a command, and compares the exit code and
//! every byte of both outputs with `expected.txt` beside it. Cases are numbered by the list of hostile inputs they stand
//! for; [`rows`] says of every number where it is tried, or why it is not yet.
//!
//! `WRIT_BLESS=1 cargo test --test hostile` writes `expected.txt` anew: read what changed.
#![expect(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]

#[path = "../support/mod.rs"]
mod support;

mod canary;
mod case;
mod large;
mod output;
mod outside;
mod render;
mod rows;
mod states;
mod texts;
mod trees;

use case::Case;

/// All of them, in the order of `expected.txt`.
fn cases() -> Vec<Case> {
    [trees::cases(), texts::cases(), output::cases(), states::cases()].into_iter().flatten().collect()
}

#[test]
fn every_case_ends_as_expected() {
    case::check(&cases(), "tests/hostile/expected.txt");
}
