//! What is being done: on a terminal, in place, once it takes a while; with `WRIT_LOG` set, a line each, with the time since
//! the start. In a pipe nothing is said.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Work that takes less is not spoken of.
const LONG: Duration = Duration::from_millis(700);

static START: OnceLock<Instant> = OnceLock::new();
static LOG: OnceLock<bool> = OnceLock::new();
static ON_TERMINAL: AtomicBool = AtomicBool::new(false);
static QUIET: AtomicBool = AtomicBool::new(false);
static JSON: AtomicBool = AtomicBool::new(false);
static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Begins a run; one for programs, or a quiet one, shows nothing on a terminal.
pub(super) fn start(json: bool, quiet: bool) {
    JSON.store(json, Ordering::Relaxed);
    QUIET.store(quiet, Ordering::Relaxed);
    START.get_or_init(Instant::now);
    LOG.get_or_init(|| std::env::var_os("WRIT_LOG").is_some_and(|v| !v.is_empty() && v != "off"));
    ON_TERMINAL.store(!json && !quiet && std::io::stderr().is_terminal(), Ordering::Relaxed);
}

/// Tells the next step of the work; an empty text clears the line.
pub(super) fn tell(what: &str) {
    super::internal::provoked(what);
    let elapsed = START.get().map_or(Duration::ZERO, Instant::elapsed);
    let mut out = std::io::stderr().lock();
    if LOG.get().copied().unwrap_or(false) {
        let _ = writeln!(out, "{:>7.3}s {}", elapsed.as_secs_f64(), if what.is_empty() { "done" } else { what });
    } else if ON_TERMINAL.load(Ordering::Relaxed) && elapsed > LONG {
        let _ = write!(out, "\r\u{1b}[K{what}");
        let _ = out.flush();
    }
}

/// Tells something that was not asked for: on stderr, or in the one document.
pub(super) fn note(text: &str) {
    if JSON.load(Ordering::Relaxed) {
        NOTES.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    } else if !QUIET.load(Ordering::Relaxed) {
        let _ = writeln!(std::io::stderr().lock(), "Note: {}", crate::view::paint::line(text));
    }
}

/// What was to be told in the one document.
pub(super) fn notes() -> Vec<String> {
    std::mem::take(&mut *NOTES.lock().unwrap_or_else(PoisonError::into_inner))
}
