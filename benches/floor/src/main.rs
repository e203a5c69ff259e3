//! The floors: programs that do as little as each operation of Writ has to, on the same files with the same libraries.
//!
//! ```text
//! floor MODE WORKSPACE [STORE]      one floor; how many objects it would add, change and delete goes to stdout
//! floor measure FILE COMMAND...     runs a command; its wall, CPU and peak memory go to FILE
//! ```
//!
//! | Mode | Does |
//! | --- | --- |
//! | `nothing` | starts and ends |
//! | `stat` | asks the system for size and time of every file |
//! | `validate` | reads and parses every file into typed values with their places |
//! | `plan_empty` | and interns addresses, orders the graph, and makes the canonical form and digest of every object |
//! | `plan_full` | and compares every digest with the store's |
//! | `plan_stream` | the same, but drops each file once it is digested |
//! | `plan_stream2` | the same on two threads |
//! | `plan_hashed` | digests every file, parses only those whose digest is not the store's |
//! | `plan_cached` | asks for size and time of every file, parses only those whose are not the store's |
//! | `apply_objects` | `plan_empty`, and writes objects, edges, files and an audit row for each object in one durable transaction |
//! | `apply_all` | and for each policy the series of its reviews, with an audit row |
//!
//! A failure is a panic: there is nobody to tell.
#![forbid(unsafe_code)]

mod files;
mod graph;
mod measure;
mod model;
mod plan;
mod store;

use std::process::exit;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let counts = match words[..] {
        ["nothing"] => plan::Counts::default(),
        ["measure", file, ..] => exit(measure::run(file, &arguments[2..])),
        ["stat", at] => plan::stat(at),
        ["validate", at] => plan::validate(at),
        ["plan_empty", at] => plan::empty(at),
        ["plan_full", at, db] => plan::full(at, db),
        ["plan_stream", at, db] => plan::stream(at, db, 1),
        ["plan_stream2", at, db] => plan::stream(at, db, 2),
        ["plan_hashed", at, db] => plan::trusting(at, db, true),
        ["plan_cached", at, db] => plan::trusting(at, db, false),
        ["apply_objects", at, db] => plan::apply(at, db, false),
        ["apply_all", at, db] => plan::apply(at, db, true),
        _ => {
            eprintln!("floor MODE WORKSPACE [STORE], or floor measure FILE COMMAND...");
            exit(2)
        }
    };
    println!("{{\"add\": {}, \"change\": {}, \"destroy\": {}}}", counts.add, counts.change, counts.destroy);
    // What was kept to the end is not freed: that is no part of the work.
    exit(0);
}
