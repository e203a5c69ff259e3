//! Arguments that clap refuses, told like every other error: `Error:` on stderr, or the one JSON document on stdout.

use super::Exit;
use serde_json::json;
use std::ffi::OsString;
use std::io::Write;

/// Tells what is wrong, or prints the help or version that was asked for.
pub(super) fn refused(error: &clap::Error, arguments: &[OsString]) -> Exit {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Success;
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    if wants_json(arguments) {
        let (summary, rest) = text.split_once('\n').unwrap_or((text, ""));
        let finding =
            json!({ "severity": "error", "summary": summary, "detail": rest.trim(), "code": null, "help": "`writ --help`", "related": [] });
        // clap's own 2 for usage would collide with "there are changes".
        let result = json!({ "exit_code": Exit::Error.code(), "serial": null, "digest": null });
        let document = format!("{{\"format_version\":\"1.0\",\"diagnostics\":[{finding}],\"result\":{result}}}\n");
        let _ = std::io::stdout().lock().write_all(document.as_bytes());
    } else {
        let _ = write!(std::io::stderr().lock(), "Error: {text}");
    }
    Exit::Error
}

/// Whether `--json` or `--format json` is among arguments that could not be read.
fn wants_json(arguments: &[OsString]) -> bool {
    let pairs = arguments.iter().zip(arguments.iter().skip(1));
    arguments.iter().any(|a| a == "--json" || a == "--format=json") || pairs.into_iter().any(|(a, b)| a == "--format" && b == "json")
}
