//! The chain: verified where it stands or as it was exported, and where it stands now, to be kept elsewhere.

use super::{Context, Failure, history, sight};
use crate::store::{self, Checkpoint, Fault, Reader, Verified};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

/// What every SQLite database begins with.
const DATABASE: &[u8] = b"SQLite format 3\0";

/// A checkpoint is four lines; nothing that is much longer is one.
const LONGEST: u64 = 1 << 16;

/// What a verification found.
pub type Verdict = Result<Verified, Vec<Fault>>;

/// Checks the chain of the whole store, or of an export or a backup of it; with a checkpoint, also that the history is the
/// one that the checkpoint has seen.
///
/// # Errors
/// When there is no store or file; the faults that were found are a value.
pub fn verify(context: &Context, file: Option<&Path>, checkpoint: Option<&Path>) -> Result<Verdict, Failure> {
    let witness = checkpoint.map(read_checkpoint).transpose()?;
    let store = |reader: &Reader| witness.as_ref().map_or_else(|| reader.verify(), |w| reader.verify_since(w));
    let Some(path) = file else { return Ok(store(&history::reader(context)?.0)) };
    let mut input = open(path)?;
    let head = input.fill_buf().map_err(|e| unreadable(path, e))?;
    if head.starts_with(DATABASE) {
        return Ok(store(&Reader::open(path)?));
    }
    Ok(store::verify_export(input, witness.as_ref()))
}

/// Writes the whole history as JSON lines.
///
/// # Errors
/// When there is no store, or the output cannot be written to.
pub fn export(context: &Context, out: &mut dyn Write) -> Result<Checkpoint, Failure> {
    sight::of_all(context, "export what happened")?;
    Ok(store::export(&history::reader(context)?.0, out)?)
}

/// Where the history stands. It is verified first: a checkpoint of a broken chain would testify to it.
///
/// # Errors
/// When there is no store, or its chain does not hold.
pub fn checkpoint(context: &Context) -> Result<Checkpoint, Failure> {
    let (reader, _) = history::reader(context)?;
    reader.verify().map_err(|faults| store::unsound(&faults))?;
    Ok(reader.checkpoint()?)
}

fn read_checkpoint(path: &Path) -> Result<Checkpoint, Failure> {
    let mut text = String::new();
    let mut limited = std::io::Read::take(open(path)?, LONGEST);
    std::io::Read::read_to_string(&mut limited, &mut text).map_err(|e| unreadable(path, e))?;
    let help = || "give what `writ audit checkpoint` printed".to_owned();
    text.parse().map_err(|why: String| Failure::Usage(format!("`{}` is no checkpoint: {why}", path.display()), help()))
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    File::open(path).map(|file| BufReader::with_capacity(1 << 20, file)).map_err(|e| unreadable(path, e))
}

fn unreadable(path: &Path, error: std::io::Error) -> Failure {
    Failure::Io(format!("cannot read `{}`", path.display()), error)
}
