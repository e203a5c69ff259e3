//! Trying something out: on a copy of the store that goes when it is over.
//!
//! Invariant: the store is read and nothing else; nothing leaves the house.

use super::{Context, Failure, load};
use crate::store::{self, Reader};
use chrono::{DateTime, Utc};
use tempfile::TempDir;

/// A copy of the store of a workspace; it goes with this.
#[derive(Debug)]
pub struct Copy {
    place: TempDir,
}

/// The name of the copy in its directory.
const NAME: &str = "simulated.db";

/// Copies the store of a workspace.
///
/// # Errors
/// When there is no store, or it cannot be copied.
pub fn copy(context: &Context) -> Result<Copy, Failure> {
    let place = tempfile::tempdir().map_err(|e| Failure::Io("cannot make a place for the copy".to_owned(), e))?;
    let source = load::place(context)?;
    if !store::exists(&source.path) {
        return Err(Failure::WrongStore(
            format!("there is no store at `{}`", source.url),
            "apply something first, or point WRIT_STORE to the store".to_owned(),
        ));
    }
    store::backup(&Reader::open(&source.path)?, &place.path().join(NAME))?;
    Ok(Copy { place })
}

impl Copy {
    /// The context of one command on the copy.
    #[must_use]
    pub fn context(&self, of: &Context, acting: Option<String>, now: DateTime<Utc>) -> Context {
        let store = format!("sqlite:{}", self.place.path().join(NAME).display());
        let mut context = Context { acting, now, ..of.clone() };
        context.environment.store = Some(store);
        context.environment.simulated = true;
        context
    }
}
