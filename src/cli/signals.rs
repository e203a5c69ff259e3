//! Ctrl-C and SIGTERM while something is committed, and while somebody is asked.

use crate::ops::Failure;
use crate::ops::interrupt::{INTERRUPTED, interrupted};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// Somebody is being asked, and nothing is claimed.
static AT_PROMPT: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// The signal that came was SIGTERM.
static TERMINATED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Whether what interrupted the work was SIGTERM.
pub(super) fn terminated() -> bool {
    TERMINATED.load(Ordering::SeqCst)
}

/// Runs with signals in hand: at the prompt they end the program at once, with nothing done; otherwise the first one is
/// remembered and looked at before anything is written, and a second one ends the program, which the store survives.
pub(super) fn on_signals<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    for (signal, code) in [(SIGINT, 130), (SIGTERM, 143)] {
        // In this order: a signal first ends the program if one came before, and only then counts as having come.
        let _ = flag::register_conditional_shutdown(signal, code, Arc::clone(&AT_PROMPT));
        let _ = flag::register_conditional_shutdown(signal, code, Arc::clone(&INTERRUPTED));
        if signal == SIGTERM {
            let _ = flag::register(signal, Arc::clone(&TERMINATED));
        }
        let _ = flag::register(signal, Arc::clone(&INTERRUPTED));
    }
    work()
}

/// Waits for an answer, which a signal ends.
pub(super) fn at_prompt<T>(read: impl FnOnce() -> T) -> Result<T, Failure> {
    AT_PROMPT.store(true, Ordering::SeqCst);
    // One that came just before was only remembered.
    let answer = if interrupted() { Err(Failure::Interrupted) } else { Ok(read()) };
    AT_PROMPT.store(false, Ordering::SeqCst);
    answer
}
