//! `writ plan`.

use super::annotations::and_annotations;
use super::session::Session;
use super::{Exit, Format, address};
use crate::model::{Digest, canonical};
use crate::ops::plan::{Options, Planned};
use crate::ops::{Failure, plan};
use crate::plan::{BadPlan, Plan, SavedPlan, read};
use crate::view::annotations::of_plan;
use crate::view::how::{How, command};
use crate::view::impact::Names;
use crate::view::{html, markdown, plan as text};
use clap::Args as ClapArgs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// Longer chains of links are rings.
const MOST_LINKS: usize = 40;
/// No plan file is as large, in bytes.
const LARGEST_PLAN: u64 = 1024 * 1024 * 1024;

/// What plan and apply both take.
#[derive(Debug, Clone, Default, ClapArgs)]
pub(super) struct Scope {
    /// Plan to delete everything that this workspace manages
    #[arg(long)]
    pub destroy: bool,
    /// Only this object, what stands in it, and what it needs; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub target: Vec<String>,
    /// Not this object, what stands in it, nor what needs it; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub exclude: Vec<String>,
    /// Only what the files declare otherwise than at this revision of git, and what that needs
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Fail with 4 unless the changes are those of this saved plan
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// How many names of the people who are affected to tell
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    pub names: Names,
    /// In JSON, show all of the state, not only what the plan touches or refers to
    #[arg(long)]
    pub full: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    scope: Scope,
    /// Save the plan for `writ apply FILE`
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Scope {
    pub(super) fn options(&self) -> Result<Options, Failure> {
        let read = |all: &[String]| all.iter().map(|t| address(t)).collect::<Result<Vec<_>, _>>();
        if self.destroy && self.since.is_some() {
            let help = "take the declarations out, and plan them with `--since`; or destroy without it".to_owned();
            return Err(Failure::Usage("a destroy heeds no `--since`: it empties the workspace, whatever was edited".to_owned(), help));
        }
        let (targets, excludes) = (read(&self.target)?, read(&self.exclude)?);
        Ok(Options { destroy: self.destroy, targets, excludes, since: self.since.clone(), full: self.full, ..Options::default() })
    }

    /// The code of a plan that was shown.
    pub(super) fn exit(&self, plan: &Plan) -> Exit {
        if plan.refused().next().is_some() {
            Exit::Refused
        } else if self.detailed_exitcode && !plan.is_empty() {
            Exit::Changes
        } else {
            Exit::Success
        }
    }

    /// Whether the changes are those of the plan to compare with.
    pub(super) fn check(&self, digest: &Digest) -> Result<(), Failure> {
        let Some(path) = &self.compare else { return Ok(()) };
        let saved = open(path)?;
        if saved.digests.changes == *digest {
            Ok(())
        } else {
            Err(Failure::Digest { expected: saved.digests.changes.to_string(), found: digest.to_string() })
        }
    }
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&and_annotations(&[Format::Text, Format::Json, Format::Markdown, Format::Html]))?;
    let planned = plan::plan(&session.context, &args.scope.options()?)?;
    let saved = match &args.out {
        Some(path) => {
            save(path, &canonical(&planned.document(args.scope.full)))?;
            Some(path.display().to_string())
        }
        None => None,
    };
    show(session, &planned, &args.scope, saved.as_deref(), true);
    args.scope.check(&planned.plan.changes_digest)?;
    let exit = args.scope.exit(&planned.plan);
    // The program ends here; taking a large plan apart first would only take time.
    std::mem::forget(planned);
    Ok(exit)
}

/// Shows a plan in the form that was asked for.
pub(super) fn show(session: &mut Session, planned: &Planned, scope: &Scope, saved: Option<&str>, how_to_apply: bool) {
    let plan = &planned.plan;
    session.digest = Some(plan.changes_digest.to_string());
    session.serial = Some(plan.base.serial);
    if session.annotates() {
        session.annotate(of_plan(plan, &planned.findings, &planned.sources));
        return;
    }
    session.findings(&planned.findings, &planned.sources);
    if session.is_json() {
        session.document(planned.document(scope.full));
        return;
    }
    if plan.base.lineage.is_none() && !session.quiet {
        session.mutter(&format!("There is no store at {} yet: the plan starts from nothing.\n\n", planned.place.url));
    }
    let how = saved.map_or_else(|| session.how.clone(), |file| session.how.saved(file));
    print(session, plan, &how, scope.names);
    if let Some(path) = saved {
        session.say(&format!("\nSaved the plan to: {path}\n"));
    }
    if how_to_apply && session.format == Format::Text && plan.is_applyable() {
        match command(plan, &how) {
            Some(command) => session.say(&format!("To apply exactly this: {command}\n")),
            None => session.say("Save it with -o FILE to apply exactly this part.\n"),
        }
    }
}

/// A plan as people read it.
pub(super) fn print(session: &mut Session, plan: &Plan, how: &How, names: Names) {
    let paint = session.paint;
    match session.format {
        Format::Markdown => session.print(&markdown::text(plan, Some(how))),
        Format::Html => html::write(plan, Some(how), names, &mut |part| session.print(part)),
        _ => text::write(plan, paint, names, &mut |part| session.print(part)),
    }
}

/// Writes a plan file beside its place and renames it in, so that a cut one is never seen. A link stays one: what it leads
/// to is replaced. What is no file, such as a pipe or a device, is written through.
pub(super) fn save(path: &Path, document: &str) -> Result<(), Failure> {
    let fail = |e: std::io::Error| Failure::Io(format!("cannot write `{}`", path.display()), e);
    let write = |out: &mut dyn Write| out.write_all(document.as_bytes()).and_then(|()| out.write_all(b"\n"));
    let target = match std::fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            let mut out = std::fs::OpenOptions::new().write(true).open(path).map_err(fail)?;
            return write(&mut out).and_then(|()| out.flush()).map_err(fail);
        }
        Ok(_) => path.canonicalize().map_err(fail)?,
        Err(_) => end_of_links(path),
    };
    let directory = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut draft = tempfile::Builder::new().prefix(".writ-plan-").tempfile_in(directory).map_err(fail)?;
    write(draft.as_file_mut()).and_then(|()| draft.as_file().sync_all()).map_err(fail)?;
    draft.persist(&target).map_err(|e| fail(e.error))?;
    Ok(())
}

/// Where links that lead to nothing yet end.
fn end_of_links(path: &Path) -> PathBuf {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = std::fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
}

/// Reads a plan file.
pub(super) fn open(path: &Path) -> Result<SavedPlan, Failure> {
    let fail = |e: std::io::Error| Failure::Io(format!("cannot read `{}`", path.display()), e);
    let file = std::fs::File::open(path).map_err(fail)?;
    let mut text = String::new();
    // Told by its size, before anything of it is read; what has no size, such as a pipe, by what came of it.
    let mut length = file.metadata().map_err(fail)?.len();
    if length < LARGEST_PLAN {
        length = file.take(LARGEST_PLAN).read_to_string(&mut text).map_err(fail)? as u64;
    }
    if length >= LARGEST_PLAN {
        return Err(Failure::Plan(path.to_owned(), BadPlan::Form("it is larger than 1 GiB".to_owned())));
    }
    read(&text).map_err(|e| Failure::Plan(path.to_owned(), e))
}
