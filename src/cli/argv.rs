//! Terraform's single-dash long flags (`-out=p`, `-auto-approve`) as clap's double-dash ones: clap alone would take `-out`
//! for `-o ut` and write a file of that name.

use clap::{Command, CommandFactory};
use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::ffi::OsString;

/// The arguments with every `-name` or `-name=value` that is a long flag of some command given its second dash, up to
/// `--`.
pub(super) fn normalise(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let known = LazyCell::new(|| {
        let mut known = BTreeSet::from(["help".to_owned(), "version".to_owned()]);
        let mut command = super::Cli::command();
        command.build();
        collect(&command, &mut known);
        known
    });
    let mut after_dashes = false;
    arguments
        .into_iter()
        .map(|argument| {
            after_dashes |= argument == "--";
            let Some(text) = argument.to_str().filter(|_| !after_dashes) else { return argument };
            let Some(body) = text.strip_prefix('-').filter(|b| !b.starts_with('-') && b.len() > 1) else { return argument };
            let name = body.split('=').next().unwrap_or(body);
            match name {
                "no-color" => OsString::from("--color=never"),
                _ if known.contains(name) => OsString::from(format!("--{body}")),
                _ => argument,
            }
        })
        .collect()
}

fn collect(command: &Command, known: &mut BTreeSet<String>) {
    known.extend(command.get_arguments().filter_map(|a| a.get_long()).map(str::to_owned));
    for sub in command.get_subcommands() {
        collect(sub, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_dash_long_flags_get_their_second_dash() {
        let out =
            normalise(["writ", "-chdir=x", "plan", "-out=p", "-detailed-exitcode", "-o", "q", "-v", "--", "-out"].map(OsString::from));
        assert_eq!(out, ["writ", "--chdir=x", "plan", "--out=p", "--detailed-exitcode", "-o", "q", "-v", "--", "-out"].map(OsString::from));
    }
}
