//! What verbs share: the context, where to print, and the one summary in which every run ends.

use super::signals::terminated;
use super::{Color, Exit, Format, Global, annotations, progress};
use crate::diag::{Diagnostics, Severity, Sources};
use crate::ops::{Context, Environment, Failure};
use crate::view::{
    annotations::{Annotation, of_findings},
    csv, diagnostics,
    how::How,
    paint::{Paint, line},
    secret::hidden,
};
use chrono::Utc;
use clap::ValueEnum as _;
use serde_json::{Value as Json, json};
use std::env::VarError;
use std::io::{ErrorKind, IsTerminal, Write};

/// One run of the program.
pub(crate) struct Session {
    pub context: Context,
    pub format: Format,
    pub paint: Paint,
    /// Colour on stderr.
    paint_findings: Paint,
    pub quiet: bool,
    pub verbose: bool,
    /// How the program was called.
    pub how: How,
    /// The JSON document so far; printed at the end.
    document: Option<Json>,
    findings: Vec<Json>,
    /// The same in a form that stands beside lines of files.
    pub(super) annotations: Vec<Annotation>,
    /// What the result says beside the exit code.
    pub serial: Option<u64>,
    pub digest: Option<String>,
    /// Something was committed, so a failure after it is another one.
    pub committed: bool,
    /// Why stdout could not be written to, other than that nobody reads it.
    broken: Option<std::io::Error>,
}

impl Session {
    /// `named`: the actor was given on the command line.
    pub(super) fn new(global: &Global, named: bool) -> (Session, Result<(), Failure>) {
        let format = if global.json { Format::Json } else { global.format };
        progress::start(format == Format::Json || annotations::notation(format).is_some(), global.quiet);
        let heed = |on_terminal: bool| on_terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let colour = |on_terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => heed(on_terminal),
        };
        let mut sound = Ok(());
        let store = std::env::var("WRIT_STORE").or_else(|e| match e {
            VarError::NotPresent => Ok(String::new()),
            VarError::NotUnicode(_) => Err(usage("WRIT_STORE is not UTF-8", "name a place that is, such as `sqlite:.writ/NAME.db`")),
        });
        let store = store.unwrap_or_else(|failure| {
            sound = Err(failure);
            String::new()
        });
        if named && global.acting.as_deref() == Some("") {
            sound = Err(usage("`--as` names nobody", "name a user: `--as USER`; without it the operator of the store acts"));
        }
        let environment = Environment {
            store: Some(store).filter(|s| !s.is_empty()),
            never_prompt: is_off("WRIT_INPUT"),
            forgetful: is_off("WRIT_CACHE"),
            simulated: false,
        };
        let context = Context {
            root: global.chdir.clone(),
            environment,
            acting: global.acting.clone().filter(|a| !a.is_empty()),
            operator: operator(),
            now: Utc::now(),
            mint: || uuid::Uuid::now_v7().to_string(),
            tell: progress::tell,
            note: progress::note,
        };
        let how = How {
            chdir: Some(&global.chdir).filter(|d| d.as_os_str() != ".").map(|d| d.display().to_string()),
            acting: context.acting.clone().filter(|_| named),
            saved: None,
        };
        let session = Session {
            context,
            how,
            format,
            paint: Paint { on: colour(std::io::stdout().is_terminal()) && format == Format::Text },
            paint_findings: Paint { on: colour(std::io::stderr().is_terminal()) },
            quiet: global.quiet,
            verbose: global.verbose,
            document: None,
            findings: Vec::new(),
            annotations: Vec::new(),
            serial: None,
            digest: None,
            committed: false,
            broken: None,
        };
        (session, sound)
    }

    /// Whether the one JSON document is wanted.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether all that is printed is for programs.
    fn is_for_programs(&self) -> bool {
        self.is_json() || self.annotates()
    }

    /// Refuses forms that a verb does not have.
    pub(super) fn only(&self, formats: &[Format]) -> Result<(), Failure> {
        if formats.contains(&self.format) {
            return Ok(());
        }
        let name = |format: &Format| format.to_possible_value().map(|v| format!("`{}`", v.get_name())).unwrap_or_default();
        let there: Vec<String> = formats.iter().map(name).collect();
        Err(Failure::Usage("this command has no such --format".to_owned(), format!("it has {}", there.join(", "))))
    }

    /// Prints to stdout. That nobody reads any more is no reason to stop.
    pub(super) fn print(&mut self, text: &str) {
        if self.broken.is_some() {
            return;
        }
        let mut out = std::io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush())
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.broken = Some(error);
        }
    }

    /// Prints to stdout, if people read it; beside a page, to stderr.
    pub(super) fn say(&mut self, text: &str) {
        if self.format == Format::Html {
            self.mutter(text);
        } else if !self.is_for_programs() {
            self.print(text);
        }
    }

    /// Prints a list: as CSV, if that is wanted, or as the text for people.
    pub(super) fn list(&mut self, head: &[&str], rows: impl FnOnce() -> Vec<Vec<String>>, text: impl FnOnce() -> String) {
        match self.format {
            Format::Json => {}
            Format::Csv => self.print(&csv::text(head, &rows())),
            _ => self.print(&text()),
        }
    }

    /// Prints to stderr, if people read it.
    pub(super) fn mutter(&self, text: &str) {
        if !self.is_for_programs() {
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
    }

    /// The result, for programs.
    pub(super) fn document(&mut self, document: Json) {
        self.document = Some(document);
    }

    /// One more member of the result.
    pub(super) fn add(&mut self, name: &str, value: Json) {
        let document = self.document.get_or_insert_with(|| json!({ "format_version": "1.0" }));
        document.as_object_mut().map(|object| object.insert(name.to_owned(), value));
    }

    /// Findings: stderr for people, `diagnostics[]` or annotations for programs.
    pub(super) fn findings(&mut self, findings: &Diagnostics, sources: &Sources) {
        if self.annotates() {
            self.annotate(of_findings(findings, sources));
            return;
        }
        if self.is_json() {
            self.findings.extend(diagnostics::json(findings, sources));
            return;
        }
        let mut shown = Diagnostics::new();
        findings.iter().filter(|d| d.severity == Severity::Error || !self.quiet).for_each(|d| shown.push(d.clone()));
        self.mutter(&diagnostics::text(&shown, sources, self.paint_findings.on));
    }
}

/// Whether a variable is `0`.
fn is_off(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "0")
}

fn usage(message: &str, help: &str) -> Failure {
    Failure::Usage(message.to_owned(), help.to_owned())
}

/// `operator:OSUSER@HOST`.
fn operator() -> String {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| user_id());
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    let plain = |text: String| text.chars().filter(|c| c.is_ascii_graphic()).take(64).collect::<String>();
    format!("operator:{}@{}", plain(user), plain(host))
}

/// The number of the user, where the environment does not tell the name.
fn user_id() -> String {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if let Ok(own) = std::fs::metadata("/proc/self") {
            return format!("uid{}", own.uid());
        }
    }
    "unknown".to_owned()
}

/// Tells how a run ended: the summary of a failure, the JSON document, the exit code.
pub(super) fn report(session: &mut Session, outcome: Result<Exit, Failure>) -> Exit {
    let mut exit = match &outcome {
        Ok(exit) => *exit,
        Err(failure) => match Exit::of(failure) {
            Exit::Interrupted if terminated() => Exit::Terminated,
            exit => exit,
        },
    };
    if let Err(failure) = &outcome {
        tell(session, failure);
    }
    if session.annotates() {
        session.print_annotations(exit);
    }
    if session.is_json() {
        let note = |text| json!({ "severity": "note", "summary": text, "detail": "", "code": null, "help": null, "related": [] });
        session.findings.extend(progress::notes().into_iter().map(note));
        let text = assembled(session, exit);
        session.print(&text);
    }
    if let Some(error) = session.broken.take() {
        session.mutter(&format!("Error: cannot write to stdout: {error}\n"));
        exit = if session.committed { Exit::AfterCommit } else { Exit::Error };
    }
    exit
}

fn tell(session: &mut Session, failure: &Failure) {
    if let Failure::Findings(both) = failure {
        let (findings, sources) = both.as_ref();
        session.findings(findings, sources);
    }
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause {
        causes.push(hidden(&error.to_string()));
        cause = error.source();
    }
    // It may repeat an argument or a variable, and these may hold a password.
    let (summary, help) = (hidden(&failure.to_string()), failure.help().map(|help| hidden(&help)));
    let is_told = matches!(failure, Failure::Findings(_) | Failure::Refused(_));
    if session.annotates() {
        if !is_told {
            let message =
                std::iter::once(summary).chain(causes.into_iter().map(|cause| format!("because {cause}"))).collect::<Vec<_>>().join(", ");
            session.annotate(vec![Annotation::of_the_run(Severity::Error, message, help)]);
        }
        return;
    }
    if session.is_json() {
        if !is_told {
            let detail = causes.into_iter().chain(help.clone()).collect::<Vec<_>>().join("; ");
            session
                .findings
                .push(json!({ "severity": "error", "summary": summary, "detail": detail, "code": null, "help": help, "related": [] }));
        }
        return;
    }
    let head = session.paint_findings.red("Error:");
    let mut text = format!("{head} {}\n", line(&summary));
    for cause in causes {
        text.push_str(&format!("  because {}\n", line(&cause)));
    }
    if let Some(help) = help {
        text.push_str(&format!("  help: {}\n", line(&help)));
    }
    session.mutter(&text);
}

/// The one document: what the verb made, then `diagnostics` and, last, `result`.
fn assembled(session: &mut Session, exit: Exit) -> String {
    let body = session.document.take().unwrap_or_else(|| json!({ "format_version": "1.0" }));
    let text = body.to_string();
    let head = text.strip_suffix('}').unwrap_or(&text);
    let comma = if head.ends_with('{') { "" } else { "," };
    let diagnostics = Json::Array(std::mem::take(&mut session.findings));
    let result = json!({ "exit_code": exit.code(), "serial": session.serial, "digest": session.digest });
    format!("{head}{comma}\"diagnostics\":{diagnostics},\"result\":{result}}}\n")
}
