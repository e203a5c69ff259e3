//! `writ simulate`.

use super::session::{Session, report};
use super::{Cli, Exit, Format, dispatch};
use crate::ops::Failure;
use crate::ops::simulate::copy;
use clap::{Args as ClapArgs, Parser};
use std::io::Read;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Commands, one in a line, as they would be typed after `writ`; `-` reads them from stdin. A line `@INSTANT` moves the clock
    file: PathBuf,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text])?;
    let text = match args.file.to_str() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(|e| Failure::Io("cannot read the commands".to_owned(), e))?;
            text
        }
        _ => std::fs::read_to_string(&args.file).map_err(|e| Failure::Io(format!("cannot read `{}`", args.file.display()), e))?,
    };
    let copy = copy(&session.context)?;
    let mut now = session.context.now;
    let mut worst = Exit::Success;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        session.print(&format!("> {line}\n"));
        if let Some(instant) = line.strip_prefix('@') {
            let bad = |_| {
                Failure::Usage(format!("line {number}: `{instant}` is no instant"), "write one such as @2027-06-30T18:00:00Z".to_owned())
            };
            now = instant.trim().parse().map_err(bad)?;
            continue;
        }
        let refused = |message: String| Failure::Usage(format!("line {number}: {message}"), "see `writ simulate --help`".to_owned());
        let words = words(line).ok_or_else(|| refused("a quote is not closed".to_owned()))?;
        let cli = Cli::try_parse_from(std::iter::once("writ".to_owned()).chain(words))
            .map_err(|e| refused(e.to_string().lines().next().unwrap_or("").to_owned()))?;
        let verb = cli.verb.filter(super::Verb::can_be_simulated);
        let verb = verb.ok_or_else(|| {
            refused("only requests, decisions, assignments, reviews, `tick` and what looks at them can be tried out".to_owned())
        })?;
        let (mut inner, sound) = Session::new(&cli.global, true);
        inner.context = copy.context(&session.context, inner.context.acting.clone(), now);
        let outcome = sound.and_then(|()| dispatch(verb, &mut inner));
        let exit = report(&mut inner, outcome);
        if exit != Exit::Success {
            worst = exit;
        }
    }
    Ok(worst)
}

/// The words of a line, as a shell would take them: quotes hold blanks together.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        let is = |line: &str, expected: &[&str]| assert_eq!(words(line).unwrap(), expected, "{line}");
        is("request crm --as ann@contoso.example", &["request", "crm", "--as", "ann@contoso.example"]);
        is("request crm -j 'a \"b\" c'  --answer x=\"1 2\"", &["request", "crm", "-j", "a \"b\" c", "--answer", "x=1 2"]);
        is("approve ''", &["approve", ""]);
        assert_eq!(words("deny 'x"), None);
    }
}
