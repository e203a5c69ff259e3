#![no_main]
//! `fuzz/run fmt`.

#[path = "../bodies/mod.rs"]
#[expect(dead_code, reason = "one of them is run")]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::fmt::run(data));
