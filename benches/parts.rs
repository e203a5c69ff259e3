//! The parts of a plan, each alone, on 10,000 objects in memory: `cargo bench --bench parts`.
//!
//! Prints a table: the median of some runs, per object with an address, and per byte where a part works on bytes. For
//! finding out where the time goes; nothing is compared and nothing fails. `run.py` puts it into `docs/benchmarks.md`.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a benchmark")]

mod workspace;

use std::hint::black_box;
use std::time::{Duration, Instant};
use workspace::{applied, context, generate, planned};
use writ::config::{Known, configure, parse};
use writ::diag::Diagnostics;
use writ::model::canonical;
use writ::ops::load;
use writ::plan::{Input, digests, document, plan};
use writ::reconcile::{Wanted, reconcile};
use writ::store::Reader;
use writ::view::{markdown, paint::Paint, plan::text};

const OBJECTS: usize = 10_000;
const RUNS: usize = 7;

/// The median time of a part. What it makes is dropped after the clock stopped.
fn median<T>(mut part: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            let made = black_box(part());
            let time = begun.elapsed();
            drop(made);
            time
        })
        .collect();
    times.sort();
    times[RUNS / 2]
}

/// One row: the part, its time, the time of one of so many, and what it gets through of so many bytes.
fn tell<T>(what: &str, count: usize, bytes: Option<usize>, part: impl FnMut() -> T) {
    let time = median(part).as_secs_f64();
    let rate = bytes.map_or_else(|| "–".to_owned(), |b| format!("{:.1}", b as f64 / time / 1e6));
    println!("| {what} | {:.2} | {:.0} | {rate} |", time * 1e3, time * 1e9 / count as f64);
}

fn main() {
    let directory = generate(OBJECTS);
    let context = context(directory.path());
    let fresh = planned(&context);
    let sources = &fresh.sources;
    let config = fresh.config.as_ref().unwrap();
    let (count, size) = (config.objects.len(), sources.iter().map(|(_, file)| file.text.len()).sum::<usize>());
    println!(
        "The parts of a plan, each alone, in memory: {count} objects with addresses in {} files of {size} bytes, medians of {RUNS}.\n",
        sources.len()
    );
    println!("| Part | ms | ns an object | MB/s |\n| --- | --- | --- | --- |");
    tell("parse", count, Some(size), || {
        let mut found = Diagnostics::new();
        sources.iter().map(|(number, file)| parse(number, file, &mut found).whole).filter(|whole| *whole).count()
    });
    tell("configure, parsing included", count, Some(size), || configure(sources, &Known::default()));

    applied(&context);
    let settled = load(&context).unwrap();
    for (what, state) in [("from empty", &fresh.state), ("without changes", &settled.state)] {
        let input = Input {
            config,
            sources,
            state,
            commit: None,
            now: context.now,
            actor: writ::plan::By::Operator(&context.operator),
            destroy: false,
            targets: &[],
            excludes: &[],
            since: None,
            only: None,
        };
        let wanted = Wanted {
            workspace: &config.settings.name,
            objects: &config.objects,
            moves: &[],
            removals: &[],
            imports: &[],
            manages: &|_| true,
            templates: &config.templates,
        };
        tell(&format!("reconcile {what}"), count, None, || reconcile(&wanted, state, &mut Diagnostics::new()));
        tell(&format!("plan {what}, reconciling included"), count, None, || plan(&input, &mut Diagnostics::new()));
    }

    let shown = text(&fresh.plan, Paint { on: false }).len();
    tell("show as text", count, Some(shown), || text(&fresh.plan, Paint { on: false }));
    let shown = markdown::text(&fresh.plan, None).len();
    tell("show as Markdown", count, Some(shown), || markdown::text(&fresh.plan, None));
    let written = canonical(&document(&fresh.plan, &fresh.state, false)).len();
    tell("document, with its digests", count, Some(written), || canonical(&document(&fresh.plan, &fresh.state, false)));
    tell("digests alone", count, Some(written), || digests(&fresh.plan, &fresh.state));

    let store = &settled.place.path;
    let events = Reader::open(store).unwrap().verify().unwrap().events;
    tell("read the store", count, None, || Reader::open(store).unwrap().snapshot().unwrap());
    tell("verify the chain, by the event", usize::try_from(events).unwrap(), None, || Reader::open(store).unwrap().verify().unwrap());
}
