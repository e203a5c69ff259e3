//! What comes from elsewhere: access that people held there, and people whom no apply is about.

use super::{Done, write};
use crate::engine::{Carried, Draft, Named, Reach, carry, conclude, settle};
use crate::ops::{Context, Failure};

/// Carries over what people held elsewhere, in one transaction, and tells what it left out, each with the reason. Nobody is told of it by
/// mail: for those who hold it nothing changed.
///
/// # Errors
/// As [`act`](super::act).
pub fn carry_over(context: &Context, verb: &str, all: &[Carried]) -> Result<(Done, Vec<(String, String)>), Failure> {
    let mut out = Vec::new();
    let done = write(context, verb, |desk, _, mint| {
        let mut draft = Draft::new(&desk.facts, mint);
        out = carry(&mut draft, &desk.actor, all)?;
        conclude(&mut draft, &Reach::default(), false)?;
        Ok(draft.decided())
    })?;
    Ok((done, out))
}

/// Has automatic policies look again at whom they take in, once people changed whom no apply is about; `people` are those of them whom
/// other systems know.
///
/// # Errors
/// As [`act`](super::act).
pub fn look_again(context: &Context, verb: &str, people: Vec<Named>) -> Result<Option<u64>, Failure> {
    let done = write(context, verb, |desk, _, mint| {
        let mut draft = Draft::new(&desk.facts, mint);
        settle(&mut draft, &desk.actor, &[])?;
        conclude(&mut draft, &Reach { people, ..Reach::default() }, desk.mail)?;
        Ok(draft.decided())
    })?;
    Ok(done.serial)
}
