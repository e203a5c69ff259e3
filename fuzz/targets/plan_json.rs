#![no_main]
//! `fuzz/run plan_json`.

#[path = "../bodies/mod.rs"]
#[expect(dead_code, reason = "one of them is run")]
mod bodies;

libfuzzer_sys::fuzz_target!(
    // What others do on all cores is done here, where libFuzzer looks.
    init: rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().expect("the first pool"),
    |data: &[u8]| bodies::plan_json::run(data)
);
