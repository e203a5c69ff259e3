#![no_main]
//! `fuzz/run audit_verifier`.

#[path = "../bodies/mod.rs"]
#[expect(dead_code, reason = "one of them is run")]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::audit_verifier::run(data));
