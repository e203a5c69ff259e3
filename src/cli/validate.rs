//! `writ validate`.

use super::annotations::and_annotations;
use super::session::Session;
use super::{Exit, Format};
use crate::diag::Severity;
use crate::ops::{Failure, validate};
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Warnings count as errors
    #[arg(long)]
    warnings_as_errors: bool,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&and_annotations(&[Format::Text, Format::Json]))?;
    let (findings, sources) = validate::validate(&session.context)?;
    let (errors, warnings) = (findings.count(Severity::Error), findings.count(Severity::Warning));
    let valid = errors == 0 && (warnings == 0 || !args.warnings_as_errors);
    session.findings(&findings, &sources);
    session.document(json!({ "format_version": "1.0", "valid": valid, "error_count": errors, "warning_count": warnings }));
    let count = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let text = match (valid, warnings) {
        (true, 0) => "The configuration is valid.\n".to_owned(),
        (true, n) => format!("The configuration is valid, with {}.\n", count(n, "warning")),
        (false, _) => format!("The configuration is not valid: {}, {}.\n", count(errors, "error"), count(warnings, "warning")),
    };
    if findings.is_full(Severity::Error) || findings.is_full(Severity::Warning) {
        session.mutter("There may be more: no more than 10,000 findings of a sort are told.\n");
    }
    if valid {
        session.say(&text);
        Ok(Exit::Success)
    } else {
        session.mutter(&text);
        Ok(Exit::Error)
    }
}
