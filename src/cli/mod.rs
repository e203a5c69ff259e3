//! The first door: one file for each verb.
//!
//! In: arguments and environment. Out: texts on stdout and stderr, and an exit code (`exit`).
//! Invariants: a verb parses, calls a use case, and hands the result to `view`; nothing is decided here but the exit code
//! and who is asked.

mod annotations;
mod apply;
mod argv;
mod assign;
mod assignments;
mod audit;
mod backup;
mod can;
mod cancel;
mod catalogs;
mod check;
mod codeowners;
mod decide;
mod deliver;
mod destroy;
mod diff;
mod directory;
mod doctor;
mod drift;
mod exit;
mod explain;
mod extend;
mod fmt;
mod force_unlock;
mod graph;
mod history;
mod import;
mod init;
mod internal;
mod lifecycle;
mod link;
mod made;
mod packages;
mod plan;
mod progress;
mod push;
mod remove;
mod report;
mod reprocess;
mod request;
mod requests;
mod reschedule;
mod review;
mod rollback;
mod schema;
mod session;
mod show;
mod signals;
mod simulate;
mod state;
mod test;
mod tick;
mod usage;
mod validate;
mod who;
mod why;

pub use exit::Exit;
pub use internal::guarded;

use crate::ops::Failure;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use session::Session;
use std::path::PathBuf;

/// Access governance, in writing: catalogs, access packages, policies and delegations as TOML, planned and applied.
#[derive(Debug, Parser)]
#[command(name = "writ", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Option<Verb>,
}

/// What every command takes.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Work in this directory
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    chdir: PathBuf,
    /// How to print the result
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "text", hide_default_value = true)]
    format: Format,
    /// Short for --format json
    #[arg(long, global = true, conflicts_with = "format")]
    json: bool,
    /// When to colour; NO_COLOR is heeded
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    color: Color,
    /// Print only what was asked for: no warnings, no notes
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Print more: ids, digests
    #[arg(long, short, global = true)]
    verbose: bool,
    /// Act as this user; without it, as the operator of the store
    #[arg(long = "as", global = true, value_name = "USER", env = "WRIT_ACTOR", hide_env_values = true)]
    acting: Option<String>,
}

/// Forms of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people at a terminal
    Text,
    /// One JSON document
    Json,
    /// For a review
    Markdown,
    /// Lists, for a spreadsheet
    Csv,
    /// Graphviz, for `writ graph`
    Dot,
    /// Mermaid, for `writ graph`
    Mermaid,
    /// A page for a browser, of a plan
    Html,
    /// Findings, for code scanning
    Sarif,
    /// Findings, as commands of a GitHub workflow
    Github,
    /// Findings, as a code quality report of GitLab
    Gitlab,
    /// Findings, as commands of an Azure DevOps pipeline
    Azure,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Verb {
    /// Start a workspace: writ.toml, a store, a first administrator and catalog
    Init(init::Args),
    /// Check everything, and tell all that is wrong at once
    Validate(validate::Args),
    /// Run the checks of the workspace on what an apply would leave
    Check(check::Args),
    /// Run the tests of the workspace on what an apply would leave
    Test(test::Args),
    /// Put files into canonical form; comments survive
    Fmt(fmt::Args),
    /// Show what an apply would do
    Plan(plan::Args),
    /// Do what the files say, all of it or nothing
    Apply(apply::Args),
    /// Delete everything that this workspace manages
    Destroy(destroy::Args),
    /// Show a saved plan, an object, or everything, now or then
    Show(show::Args),
    /// Look at the state, or change names and ownership in it by hand
    State(state::Args),
    /// Manage an object that lives in the store
    Import(import::Args),
    /// Load a directory of people, groups, applications and sites
    Directory(directory::Args),
    /// Tell who holds the lock; the embedded store frees it by itself
    ForceUnlock(force_unlock::Args),
    /// Look at the store for everything that can be wrong with it
    Doctor(doctor::Args),
    /// Show what the store says otherwise than the last apply left it, and the ways out
    Drift(drift::Args),
    /// List every apply: who, when, from which commit
    History(history::Args),
    /// Show what lies between two revisions
    Diff(diff::Args),
    /// Plan the way back to what the store held at a revision, and apply it
    Rollback(rollback::Args),
    /// Ask for an access package, for yourself or for a direct report
    Request(request::Args),
    /// Say yes to a request
    Approve(decide::Args),
    /// Say no to a request
    Deny(decide::Args),
    /// Take a request back
    Cancel(cancel::Args),
    /// Ask for a later end of access that you hold
    Extend(extend::Args),
    /// Give up access, or take it away from somebody
    Remove(remove::Args),
    /// Give a package to people
    Assign(assign::Args),
    /// Move the end of somebody's access
    Reschedule(reschedule::Args),
    /// Deliver once more what an assignment gives into other systems
    Reprocess(reprocess::Args),
    /// List requests, or show one
    Requests(requests::Args),
    /// List who holds what
    Assignments(assignments::Args),
    /// List the packages that you could request, or show the terms of one
    Packages(packages::Args),
    /// List the catalogs that you see, or those in which you may do something
    Catalogs(catalogs::Args),
    /// Print the link by which a package is requested
    Link(link::Args),
    /// Look again at who holds what
    Review(review::Args),
    /// Send what waits: roles into other systems, notices to people
    Deliver(deliver::Args),
    /// Try commands of the lifecycle out on a copy of the store, which goes afterwards
    Simulate(simulate::Args),
    /// Do what is due: starts, ends, time-outs, reminders; then send what waits
    Tick(tick::Args),
    /// Print a report, or the list of reports
    Report(report::Args),
    /// Tell why somebody holds roles on a resource, down to the line or the event
    Why(why::Args),
    /// Tell who holds which role on a resource, and why
    Who(who::Args),
    /// Tell whether somebody can have a package, and who would approve
    Can(can::Args),
    /// Write CODEOWNERS from the delegations
    Codeowners(codeowners::Args),
    /// Print the dependency graph
    Graph(graph::Args),
    /// Explain a code such as R45, or where an object comes from
    Explain(explain::Args),
    /// Check the audit chain
    Audit(audit::Args),
    /// Print a JSON Schema: of a file, of writ.toml, or of one kind
    Schema(schema::Args),
    /// Print shell completions
    Completions(made::Completions),
    /// Print the manual page
    Man(made::Man),
    /// Print the version
    Version(made::Version),
}

impl Verb {
    /// Whether it only looks at or changes the store: nothing of it reaches files or other systems.
    fn can_be_simulated(&self) -> bool {
        matches!(
            self,
            Verb::Request(_)
                | Verb::Approve(_)
                | Verb::Deny(_)
                | Verb::Cancel(_)
                | Verb::Extend(_)
                | Verb::Remove(_)
                | Verb::Assign(_)
                | Verb::Reschedule(_)
                | Verb::Reprocess(_)
                | Verb::Requests(_)
                | Verb::Assignments(_)
                | Verb::Packages(_)
                | Verb::Catalogs(_)
                | Verb::Review(_)
                | Verb::Tick(_)
                | Verb::Show(_)
                | Verb::History(_)
        )
    }
}

/// Runs the program and tells its exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Exit {
    let arguments = argv::normalise(arguments);
    let mut command = Cli::command();
    let parsed = command.try_get_matches_from_mut(&arguments).and_then(|m| {
        let named = m.value_source("acting") == Some(ValueSource::CommandLine);
        Cli::from_arg_matches(&m).map(|cli| (cli, named))
    });
    // The program ends with it: taking it apart would take as long as a fourth of making it.
    std::mem::forget(command);
    let (cli, named) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage::refused(&error, &arguments),
    };
    let Some(verb) = cli.verb else {
        let _ = Cli::command().print_help();
        return Exit::Success;
    };
    let (mut session, sound) = Session::new(&cli.global, named);
    let outcome = sound.and_then(|()| dispatch(verb, &mut session));
    session::report(&mut session, outcome)
}

fn dispatch(verb: Verb, session: &mut Session) -> Result<Exit, Failure> {
    match verb {
        Verb::Init(args) => init::run(&args, session),
        Verb::Validate(args) => validate::run(&args, session),
        Verb::Check(args) => check::run(&args, session),
        Verb::Test(args) => test::run(&args, session),
        Verb::Fmt(args) => fmt::run(&args, session),
        Verb::Plan(args) => plan::run(&args, session),
        Verb::Apply(args) => apply::run(&args, session),
        Verb::Destroy(args) => destroy::run(&args, session),
        Verb::Show(args) => show::run(&args, session),
        Verb::State(args) => state::run(&args, session),
        Verb::Import(args) => import::run(&args, session),
        Verb::Directory(args) => directory::run(&args, session),
        Verb::ForceUnlock(args) => force_unlock::run(&args, session),
        Verb::Doctor(args) => doctor::run(&args, session),
        Verb::Drift(args) => drift::run(&args, session),
        Verb::History(args) => history::run(&args, session),
        Verb::Diff(args) => diff::run(&args, session),
        Verb::Rollback(args) => rollback::run(&args, session),
        Verb::Request(args) => request::run(&args, session),
        Verb::Approve(args) => decide::run(&args, true, session),
        Verb::Deny(args) => decide::run(&args, false, session),
        Verb::Cancel(args) => cancel::run(&args, session),
        Verb::Extend(args) => extend::run(&args, session),
        Verb::Remove(args) => remove::run(&args, session),
        Verb::Assign(args) => assign::run(&args, session),
        Verb::Reschedule(args) => reschedule::run(&args, session),
        Verb::Requests(args) => requests::run(&args, session),
        Verb::Assignments(args) => assignments::run(&args, session),
        Verb::Packages(args) => packages::run(&args, session),
        Verb::Catalogs(args) => catalogs::run(&args, session),
        Verb::Link(args) => link::run(&args, session),
        Verb::Reprocess(args) => reprocess::run(&args, session),
        Verb::Review(args) => review::run(&args, session),
        Verb::Deliver(args) => deliver::run(&args, session),
        Verb::Simulate(args) => simulate::run(&args, session),
        Verb::Tick(args) => tick::run(&args, session),
        Verb::Report(args) => report::run(&args, session),
        Verb::Why(args) => why::run(&args, session),
        Verb::Who(args) => who::run(&args, session),
        Verb::Can(args) => can::run(&args, session),
        Verb::Codeowners(args) => codeowners::run(&args, session),
        Verb::Graph(args) => graph::run(&args, session),
        Verb::Explain(args) => explain::run(&args, session),
        Verb::Audit(args) => audit::run(&args, session),
        Verb::Schema(args) => schema::run(&args, session),
        Verb::Completions(args) => made::completions(&args, session),
        Verb::Man(args) => made::man(&args, session),
        Verb::Version(args) => made::version(&args, session),
    }
}

/// Reads an address of the command line.
pub(crate) fn address(text: &str) -> Result<crate::model::Address, Failure> {
    let bad = |message: String, help: String| Failure::Usage(message, help);
    let address = crate::model::Address::parse(text)
        .map_err(|e| bad(e.to_string(), "an address is a TOML path; a user is named as it is".to_owned()))?;
    for part in address.lineage() {
        if crate::kinds::kind(part.kind()).is_none() {
            let near = crate::diag::did_you_mean(part.kind(), crate::kinds::LIST.iter().map(|k| k.name));
            return Err(bad(
                format!("there is no kind `{}`", part.kind()),
                near.unwrap_or_else(|| "`writ explain E0006` lists the kinds".to_owned()),
            ));
        }
    }
    crate::kinds::check_address(&address)
        .map_err(|why| bad(format!("`{address}`: {why}"), "an address is a TOML path of objects".to_owned()))?;
    Ok(address)
}
