//! Every command in `README.md` and `docs/` does what the page says it does.
//!
//! A page's fenced `console` blocks run from top to bottom in one shell, so to speak: the directory and `$?` carry on from
//! command to command. They begin in a place that holds nothing but the examples, with an empty home and nothing else in
//! the environment that Writ would heed. `diff` blocks are applied, as `patch -p1` would.
//!
//! In expected output a line `...` stands for any lines, `[..]` within a line for any text. A command that fails has to be
//! followed by `$ echo $?`. Blocks that are not to be run are fenced as `sh` or `text`.
//!
//! `WRIT_BLESS=1 cargo test --test tour` writes what commands say now into the pages, around the `...` and `[..]` that are
//! there. Read what it wrote.
#![expect(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "a test")]

mod compare;
mod page;
mod shell;

use page::Step;
use shell::Shell;
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_tour_of_the_readme() {
    let commands = check("README.md").unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(commands > 20, "the tour is gone from README.md, or is written in other fences");
}

#[test]
fn the_pages_of_docs() {
    let mut pages: Vec<String> = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|e| format!("docs/{}", e.unwrap().file_name().to_str().unwrap()))
        .filter(|name| name.ends_with(".md"))
        .collect();
    pages.sort();
    let results: Vec<Result<usize, String>> = pages.iter().map(|page| check(page)).collect();
    let wrong: Vec<&str> = results.iter().filter_map(|r| r.as_ref().err()).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let commands: usize = results.iter().flatten().sum();
    assert!(commands > 10, "only {commands} commands in {pages:?}");
}

/// Runs a page and tells how many commands it had, or all that is not as it says.
fn check(page: &str) -> Result<usize, String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let steps = page::steps(&text);
    if steps.is_empty() {
        return Ok(0);
    }
    let mut shell = Shell::new(root());
    let mut wrong = Vec::new();
    let mut commands = 0;
    let bless = std::env::var_os("WRIT_BLESS").is_some_and(|v| v == "1");
    let mut rewritten: Vec<(usize, usize, String)> = Vec::new();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // A failure that the page does not show by `echo $?`.
    let mut untold: Option<String> = None;
    for (line, step) in &steps {
        if let Some(text) = untold.take()
            && !matches!(step, Step::Command { command, .. } if command == "echo $?")
        {
            wrong.push(text);
        }
        match step {
            Step::Command { command, .. } if command.contains("jq ") && !shell.has("jq") => {
                eprintln!("SKIPPED, there is no jq: {page}:{line}: $ {command}");
            }
            Step::Command { command, expected } => {
                commands += 1;
                let (actual, status) = shell.run(command);
                if let Err(difference) = compare::lines(expected, &actual) {
                    if bless {
                        // From behind, so that the lines before keep their numbers.
                        rewritten.push((line - 1 + command.lines().count(), expected.lines().count(), compare::blessed(expected, &actual)));
                        continue;
                    }
                    wrong.push(format!("{page}:{line}: $ {command}\n{difference}"));
                }
                if status != 0 {
                    untold = Some(format!("{page}:{line}: `{command}` ends with {status}, and no `echo $?` follows\n{actual}"));
                }
            }
            Step::Edit { file, before, after } => {
                if let Err(why) = shell.edit(file, before, after) {
                    wrong.push(format!("{page}:{line}: {why}"));
                }
            }
        }
    }
    wrong.extend(untold);
    for (start, count, said) in rewritten.into_iter().rev() {
        lines.splice(start..start + count, said.lines().map(str::to_owned));
    }
    if bless && lines.join("\n") != text.trim_end() {
        fs::write(root().join(page), lines.join("\n") + "\n").unwrap();
    }
    match wrong.len() {
        0 => Ok(commands),
        n => Err(format!("{n} of {commands} commands are not as {page} says:\n\n{}", wrong.join("\n"))),
    }
}

#[test]
fn a_page_that_lies_is_found_out() {
    let steps = page::steps("```console\n$ echo one; echo two\none\n...\n```\n\n```sh\n$ not run\n```\n");
    assert_eq!(steps.len(), 1);
    let Step::Command { command, expected } = &steps.first().unwrap().1 else { panic!("no command") };
    let (actual, status) = Shell::new(root()).run(command);
    assert_eq!((actual.as_str(), status), ("one\ntwo\n", 0));
    assert!(compare::lines(expected, &actual).is_ok());
    assert!(compare::lines("one", &actual).is_err());
    assert!(compare::lines("[..]n[..]\ntwo", &actual).is_ok());
    assert!(compare::lines("...\nthree", &actual).is_err());
}

#[test]
fn writ_is_not_led_astray_by_the_environment() {
    let mut shell = Shell::new(root());
    let (said, _) = shell.run("env | grep WRIT_; echo $USER; ls -A ~");
    assert_eq!(said, "reader\n");
}
