//! Arguments that clap refuses, told like every other error: `Error:` on stderr, or the one JSON document on stdout.

use super::Exit;
use crate::view::secret::hidden;
use serde_json::json;
use std::ffi::OsString;
use std::io::Write;

/// Tells what is wrong, or prints the help or version that was asked for.
pub(super) fn refused(error: &clap::Error, arguments: &[OsString]) -> Exit {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Success;
    }
    // A password may stand among the arguments; a log of CI is no place to repeat it.
    let text: String = error.render().to_string().split_inclusive('\n').map(hidden).collect();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    if wants_json(arguments) {
        let (summary, rest) = text.split_once('\n').unwrap_or((text, ""));
        // clap's own 2 for usage would collide with "there are changes".
        let document = document(summary, rest.trim(), Some("`writ --help`"), Exit::Error);
        let _ = std::io::stdout().lock().write_all(document.as_bytes());
    } else {
        let _ = write!(std::io::stderr().lock(), "Error: {text}");
    }
    Exit::Error
}

/// The one JSON document of a run that made nothing else.
pub(super) fn document(summary: &str, detail: &str, help: Option<&str>, exit: Exit) -> String {
    let finding = json!({ "severity": "error", "summary": summary, "detail": detail, "code": null, "help": help, "related": [] });
    let result = json!({ "exit_code": exit.code(), "serial": null, "digest": null });
    format!("{{\"format_version\":\"1.0\",\"diagnostics\":[{finding}],\"result\":{result}}}\n")
}

/// Whether `--json` or `--format json` is among arguments that could not be read, with one dash or two.
pub(super) fn wants_json(arguments: &[OsString]) -> bool {
    let is = |argument: &OsString, what: &str| {
        argument.to_str().is_some_and(|a| a.strip_prefix('-').is_some_and(|a| a.strip_prefix('-').unwrap_or(a) == what))
    };
    let pairs = arguments.iter().zip(arguments.iter().skip(1));
    arguments.iter().any(|a| is(a, "json") || is(a, "format=json")) || pairs.into_iter().any(|(a, b)| is(a, "format") && b == "json")
}
