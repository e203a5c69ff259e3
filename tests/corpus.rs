//! What libFuzzer found worth keeping, once more: each target of `fuzz/` over each file of its corpus.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

use std::fs;
use std::path::Path;

/// Runs a target over its corpus.
fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut tried = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        run(&fs::read(&path).unwrap());
        tried += 1;
    }
    assert!(tried >= 10, "{} has {tried} files", corpus.display());
}

macro_rules! targets {
    ($($name:ident),+) => {$(
        #[test]
        fn $name() {
            replay(stringify!($name), bodies::$name::run);
        }
    )+};
}

targets!(audit_export, audit_verifier, fmt, plan_file, plan_json, renderers, toml_to_model);
