//! Defects of ours: told like every other error, with a code of their own.
//!
//! In: a panic. Out: one line, or the one JSON document. Invariants: what is told is ours alone. A message that was put together
//! may hold a line of a file, a variable, a password, and what a panic prints ends in logs and in reports of defects; so it is
//! told where it happened, and only a message that stands in the source as it is, is repeated.

use super::Exit;
use super::usage::{document, wants_json};
use std::backtrace::Backtrace;
use std::ffi::OsString;
use std::io::Write;
use std::panic::{PanicHookInfo, UnwindSafe, catch_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

/// What went wrong, and where; the first is the cause of what follows.
static WHAT: Mutex<Option<String>> = Mutex::new(None);

/// Runs the program; a panic ends it with `Error: internal error: …`, or as the one JSON document.
#[must_use]
pub fn guarded(arguments: &[OsString], work: impl FnOnce() -> Exit + UnwindSafe) -> Exit {
    let wordy = std::env::var_os("RUST_BACKTRACE").is_some_and(|v| !v.is_empty() && v != "0");
    set_hook(Box::new(move |info| {
        WHAT.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| told(info));
        if wordy {
            // Functions and their places, and no values.
            let _ = writeln!(std::io::stderr().lock(), "{}", Backtrace::force_capture());
        }
    }));
    catch_unwind(work).unwrap_or_else(|_| {
        let what = WHAT.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        let (out, err) = texts(&what, wants_json(arguments));
        let _ = std::io::stdout().lock().write_all(out.as_bytes());
        let _ = std::io::stderr().lock().write_all(err.as_bytes());
        Exit::Internal
    })
}

fn told(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
    // A message that was put together is a `String`.
    format!("{}{place}", info.payload().downcast_ref::<&'static str>().unwrap_or(&"a panic"))
}

/// Panics when a step of the work begins that `WRIT_PANIC` names, with everything in its message that a message could hold. Only
/// a debug build does, so that tests see what the real program makes of a panic.
#[expect(clippy::panic, reason = "it is what is asked for")]
pub(super) fn provoked(step: &str) {
    if cfg!(debug_assertions) && !step.is_empty() && std::env::var_os("WRIT_PANIC").is_some_and(|v| v == *step) {
        let variables: Vec<_> = std::env::vars_os().collect();
        let arguments: Vec<_> = std::env::args_os().collect();
        let settings = std::fs::read_to_string("writ.toml");
        panic!("{step} with {variables:?}, {arguments:?} and {settings:?}");
    }
}

/// What goes to stdout and to stderr.
fn texts(what: &str, json: bool) -> (String, String) {
    let summary = format!("internal error: {}, please report it", crate::view::paint::line(what));
    if json { (document(&summary, "", None, Exit::Internal), String::new()) } else { (String::new(), format!("Error: {summary}\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_has_a_code_and_a_line_or_a_document() {
        assert_eq!(guarded(&[], || Exit::Changes), Exit::Changes);
        assert_eq!(guarded(&["writ".into(), "--json".into()], || panic!("out of\nwords")), Exit::Internal);
        // What was put together is not told.
        let told = std::sync::Arc::new(Mutex::new(Vec::new()));
        let hears = told.clone();
        set_hook(Box::new(move |info| hears.lock().unwrap().push(super::told(info))));
        let secret = String::from("s3cret");
        let _ = catch_unwind(|| panic!("out of words"));
        let _ = catch_unwind(|| panic!("out of {secret}"));
        let _ = std::panic::take_hook();
        let told = told.lock().unwrap();
        assert!(told[0].starts_with("out of words (src/cli/internal.rs:"), "{told:?}");
        assert!(told[1].starts_with("a panic (src/cli/internal.rs:"), "{told:?}");
        let (out, err) = texts("out of\nwords (src/x.rs:7)", false);
        assert_eq!((out.as_str(), err.as_str()), ("", "Error: internal error: out of\\u{a}words (src/x.rs:7), please report it\n"));
        let (out, err) = texts("out of words", true);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((err.as_str(), &json["result"]["exit_code"]), ("", &serde_json::json!(11)));
        assert_eq!(json["diagnostics"][0]["summary"], "internal error: out of words, please report it");
    }
}
