//! A gate: what a plan allocates at its peak grows with the objects and not faster.
//!
//! `cargo bench --bench allocation` counts at 10,000 and at 100,000 objects, and fails when an object costs 10 % more or less
//! at the one than at the other; or where nothing changed and files pass by, when one more costs more than a digest or two. Counts do not
//! flicker as times do.
#![expect(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a benchmark")]

mod workspace;

use peak_alloc::PeakAlloc;
use std::hint::black_box;
use std::process::ExitCode;
use workspace::{applied, context, generate, planned};
use writ::ops::plan::{Options, plan_whole};
use writ::ops::{Context, Environment};
use writ::view::{impact::Names, paint::Paint, plan::write};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// The two sizes, in objects as `generate.py` counts them.
const SIZES: [usize; 2] = [10_000, 100_000];

/// How much an object may cost at one size more than at the other.
const TOLERANCE: f64 = 0.10;

/// What one more object may cost while files pass by: a digest, and a list of them that grows.
const PASSING: f64 = 64.0;

/// Bytes at the peak of planning and showing the plan, above what was allocated before.
fn peak(context: &Context, changes: bool, whole: bool) -> usize {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let planned = if whole { plan_whole(context, &Options::default()).unwrap() } else { planned(context) };
    assert_ne!(planned.plan.is_empty(), changes, "the plan is not the one to measure");
    assert_eq!(planned.lay.is_some(), whole, "it was not made in the way to measure");
    // As the program shows it: part by part.
    write(&planned.plan, Paint { on: false }, Names::Some, &mut |part| {
        black_box(part.len());
    });
    ALLOCATED.peak_usage() - before
}

fn main() -> ExitCode {
    // On one thread, so that a count does not depend on which files are being parsed side by side when it is at its peak.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
    // What a program makes once, whatever it plans, is no object's.
    let first = generate(100);
    black_box(planned(&context(first.path())));
    let [small, large] = SIZES.map(|objects| {
        let directory = generate(objects);
        // Nothing is trusted: every file is parsed.
        let environment = Environment { forgetful: true, ..Environment::default() };
        let context = Context { environment, ..context(directory.path()) };
        let empty = peak(&context, true, true);
        applied(&context);
        ([empty, peak(&context, false, true)].map(|bytes| bytes as f64 / objects as f64), peak(&context, false, false))
    });
    let ((small, few_bytes), (large, many_bytes)) = (small, large);
    let mut level = true;
    for (what, (small, large)) in ["plan from empty", "plan without changes"].into_iter().zip(small.into_iter().zip(large)) {
        let holds = (large / small - 1.0).abs() < TOLERANCE;
        level &= holds;
        let [few, many] = SIZES;
        println!(
            "{what}: at its peak {small:.0} bytes an object at {few} objects, {large:.0} at {many}: {:+.1} %{}",
            (large / small - 1.0) * 100.0,
            if holds { "" } else { ", and 10 % is the limit" }
        );
    }
    let [few, many] = SIZES;
    let more = (many_bytes as f64 - few_bytes as f64) / (many - few) as f64;
    let holds = more <= PASSING;
    level &= holds;
    println!(
        "plan without changes, files passing by: at its peak {few_bytes} bytes at {few} objects, {many_bytes} at {many}: {more:.0} for one more{}",
        if holds { String::new() } else { format!(", and {PASSING} is the limit") }
    );
    if level { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
