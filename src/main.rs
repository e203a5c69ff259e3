//! The exit code, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A panic is ours: it says so, and has a code of its own.
    let outcome = std::panic::catch_unwind(|| writ::cli::run(std::env::args_os()));
    ExitCode::from(outcome.unwrap_or(writ::cli::Exit::Internal).code())
}
