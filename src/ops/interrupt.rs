//! Whether whoever runs the program wants it to end.
//!
//! In: signals, which the door that got them puts down here. Out: whether one came. It is looked at until a commit begins: what is
//! being committed is committed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

/// Set by a signal.
pub static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Whether a signal came.
#[must_use]
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}
