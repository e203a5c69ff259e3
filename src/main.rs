//! The exit code, and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    // A panic is ours: it says so, and has a code of its own.
    ExitCode::from(writ::cli::guarded(&arguments, || writ::cli::run(arguments.iter().cloned())).code())
}
