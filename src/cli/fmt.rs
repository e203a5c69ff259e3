//! `writ fmt`.

use super::session::Session;
use super::{Exit, Format};
use crate::ops::Failure;
use crate::ops::format::{Reformatted, format, format_text, read_text, write};
use clap::Args as ClapArgs;
use serde_json::json;
use similar::TextDiff;
use std::io::Read;
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Files or directories of the workspace, or `-` for stdin to stdout; default: all
    paths: Vec<PathBuf>,
    /// Write nothing; exit with 3 when a file is not in canonical form
    #[arg(long)]
    check: bool,
    /// Write nothing; show the differences
    #[arg(long)]
    diff: bool,
    /// Replace the old names of [[moved]] by the new ones as well
    #[arg(long)]
    moves: bool,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    if args.paths.iter().any(|p| p.as_os_str() == "-") {
        if args.paths.len() > 1 {
            let help = "format either stdin or files".to_owned();
            return Err(Failure::Usage("`-` is stdin, and stands alone".to_owned(), help));
        }
        return filter(args, session);
    }
    let files = format(&session.context, &args.paths, args.moves)?;
    if !args.check && !args.diff {
        write(&session.context, &files)?;
    }
    tell(&files, args, session);
    Ok(if args.check && !files.is_empty() { Exit::Unformatted } else { Exit::Success })
}

fn tell(files: &[Reformatted], args: &Args, session: &mut Session) {
    session.document(json!({ "format_version": "1.0", "files": files.iter().map(|f| &f.name).collect::<Vec<_>>() }));
    for file in files {
        let text = if args.diff { unified(&file.name, &file.before, &file.after) } else { format!("{}\n", file.name) };
        session.say(&text);
    }
}

/// stdin to stdout.
fn filter(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    let limit = crate::source::LARGEST_FILE.saturating_add(1);
    std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|e| Failure::Io("cannot read stdin".to_owned(), e))?;
    let before = read_text(bytes)?;
    let after = format_text("stdin", before.clone())?;
    let differs = before != after;
    session.document(json!({ "format_version": "1.0", "text": after }));
    if args.diff {
        session.say(&unified("stdin", &before, &after));
    } else if !args.check {
        session.say(&after);
    }
    Ok(if args.check && differs { Exit::Unformatted } else { Exit::Success })
}

/// What differs in a file.
pub(super) fn unified(name: &str, before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}
