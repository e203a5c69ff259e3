//! `writ audit verify|export|checkpoint`.

use super::session::Session;
use super::{Exit, Format};
use crate::kinds::counted;
use crate::ops::audit::{checkpoint, export, verify};
use crate::ops::{Context, Failure};
use crate::store::{Checkpoint, StoreError};
use crate::view::paint::line;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value as Json, json};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Recompute the whole chain, and compare the tables with what the events say
    Verify {
        /// An export or a backup, instead of the store
        file: Option<PathBuf>,
        /// What `writ audit checkpoint` printed earlier: the history must go on from there
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Write the whole history as JSON lines, which can be verified without the store
    Export {
        /// The file; default: stdout
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Print where the history stands, to be kept where the store is not
    Checkpoint {
        /// The file; default: stdout
        #[arg(long, short, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    match &args.verb {
        Verb::Verify { file, checkpoint } => run_verify(file.as_deref(), checkpoint.as_deref(), session),
        Verb::Export { out } => run_export(out.as_deref(), session),
        Verb::Checkpoint { out } => run_checkpoint(out.as_deref(), session),
    }
}

fn run_verify(file: Option<&Path>, checkpoint: Option<&Path>, session: &mut Session) -> Result<Exit, Failure> {
    match verify(&session.context, file, checkpoint)? {
        Ok(verified) => {
            session.serial = Some(verified.serial);
            session.document(json!({
                "format_version": "1.0", "valid": true, "lineage": verified.lineage, "serial": verified.serial,
                "hash": verified.hash, "events": verified.events, "erased": verified.erased, "first_bad": null, "faults": [],
            }));
            session.say(&format!(
                "The chain holds: {} up to @{}, link {}.\n",
                counted(verified.events, "event"),
                verified.serial,
                verified.hash
            ));
            if verified.erased > 0 {
                session.say(&format!(
                    "Erased: {}. Not to be compared: {}.\n",
                    counted(verified.erased, "body"),
                    counted(verified.unchecked.len(), "object")
                ));
            }
            Ok(Exit::Success)
        }
        Err(faults) => {
            let first = faults.iter().filter_map(|f| f.serial).min();
            let all: Vec<Json> = faults.iter().map(|f| json!({ "serial": f.serial, "seq": f.seq, "what": f.what })).collect();
            session.document(json!({ "format_version": "1.0", "valid": false, "first_bad": first, "faults": all }));
            for fault in &faults {
                session.mutter(&format!("Error: {}\n", line(&fault.to_string())));
            }
            let whence = first.map(|serial| format!(", the first bad index is {serial}")).unwrap_or_default();
            session.mutter(&format!("The chain does not hold: {}{whence}.\n", counted(faults.len(), "fault")));
            Ok(Exit::Store)
        }
    }
}

fn run_export(out: Option<&Path>, session: &mut Session) -> Result<Exit, Failure> {
    let Some(path) = out else {
        if session.is_json() {
            let help = "give a file with `--out FILE`, or leave `--json` out: the lines are JSON as they are";
            return Err(Failure::Usage("stdout has room for one document".to_owned(), help.to_owned()));
        }
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        return match export(&session.context, &mut stdout) {
            // That nobody reads any more is no reason to complain.
            Err(Failure::Store(StoreError::Io { source, .. })) if source.kind() == ErrorKind::BrokenPipe => Ok(Exit::Success),
            done => done.map(|_| Exit::Success),
        };
    };
    let end = write(&session.context, path, |context, out| export(context, out))?;
    session.serial = Some(end.serial);
    session.document(document(&end, Some(path)));
    session.say(&format!(
        "{} up to @{} {} exported: {}\n",
        counted(end.size, "revision"),
        end.serial,
        if end.size == 1 { "is" } else { "are" },
        line(&path.display().to_string())
    ));
    Ok(Exit::Success)
}

fn run_checkpoint(out: Option<&Path>, session: &mut Session) -> Result<Exit, Failure> {
    let now = checkpoint(&session.context)?;
    session.serial = Some(now.serial);
    session.document(document(&now, out));
    let Some(path) = out else {
        session.say(&now.to_string());
        return Ok(Exit::Success);
    };
    write(&session.context, path, |_, out| {
        out.write_all(now.to_string().as_bytes()).map_err(|e| Failure::Io(format!("cannot write `{}`", path.display()), e))
    })?;
    session.say(&format!("The checkpoint of @{} is saved: {}\n", now.serial, line(&path.display().to_string())));
    Ok(Exit::Success)
}

fn document(checkpoint: &Checkpoint, file: Option<&Path>) -> Json {
    let Checkpoint { origin, size, serial, root } = checkpoint;
    let file = file.map(|path| path.display().to_string());
    json!({ "format_version": "1.0", "origin": origin, "size": size, "serial": serial, "root": root, "file": file })
}

/// Writes a file beside its place and renames it in, so that a cut one is never seen.
fn write<T>(context: &Context, path: &Path, fill: impl FnOnce(&Context, &mut dyn Write) -> Result<T, Failure>) -> Result<T, Failure> {
    let fail = |e: std::io::Error| Failure::Io(format!("cannot write `{}`", path.display()), e);
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = tempfile::Builder::new().prefix(".writ-audit-").tempfile_in(directory).map_err(fail)?;
    let mut out = BufWriter::new(draft);
    let done = fill(context, &mut out)?;
    let draft = out.into_inner().map_err(|e| fail(e.into_error()))?;
    draft.as_file().sync_all().map_err(fail)?;
    draft.persist(path).map_err(|e| fail(e.error))?;
    Ok(done)
}
