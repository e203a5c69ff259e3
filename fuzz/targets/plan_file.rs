#![no_main]
//! `fuzz/run plan_file`.

#[path = "../bodies/mod.rs"]
#[expect(dead_code, reason = "one of them is run")]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::plan_file::run(data));
