//! Where, who and when.

use super::Failure;
use crate::kinds::user::User;
use crate::model::{Address, Object};
use chrono::{DateTime, Utc};
use std::path::PathBuf;

/// The environment variables that mean something.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `WRIT_STORE`: the store, before what `writ.toml` says.
    pub store: Option<String>,
    /// `WRIT_INPUT=0`: never prompt.
    pub never_prompt: bool,
    /// `WRIT_CACHE=0`: parse every file, whatever an apply remembered beside the store.
    pub forgetful: bool,
    /// What is done is done to a copy: nothing leaves the house.
    pub simulated: bool,
}

/// Where, who and when of one run.
#[derive(Debug, Clone)]
pub struct Context {
    /// The workspace.
    pub root: PathBuf,
    /// The environment.
    pub environment: Environment,
    /// The user that `--as` or WRIT_ACTOR names.
    pub acting: Option<String>,
    /// Who runs the program: `operator:OSUSER@HOST`.
    pub operator: String,
    /// The time of the run.
    pub now: DateTime<Utc>,
    /// Mints ids: UUIDv7.
    pub mint: fn() -> String,
    /// Told what is being done, for those who wait or watch.
    pub tell: fn(&str),
    /// Told what whoever runs the program has to know, though they did not ask.
    pub note: fn(&str),
}

impl Context {
    /// Who acts, checked against the users that there are.
    ///
    /// # Errors
    /// [`Failure::Actor`] when an actor is required and missing, unknown or disabled (exit 5).
    pub fn actor(&self, required: bool, user: impl Fn(&Address) -> Option<Object>) -> Result<String, Failure> {
        let Some(name) = &self.acting else {
            return if required {
                Err(Failure::Actor("this workspace requires an actor".to_owned(), "name yourself: `--as USER`, or WRIT_ACTOR".to_owned()))
            } else {
                Ok(self.operator.clone())
            };
        };
        let refuse = |message: String| Err(Failure::Actor(message, "`--as` names an enabled user of the store".to_owned()));
        let address = match Address::parse(name) {
            Ok(address) if address.kind() == crate::kinds::user::KIND.name => address,
            _ => return refuse(format!("`{name}` is no user principal name")),
        };
        match user(&address) {
            None => refuse(format!("there is no user `{}`", address.key())),
            Some(object) if !User(&object).is_enabled() => refuse(format!("`{}` is disabled", address.key())),
            Some(_) => Ok(address.key().to_owned()),
        }
    }
}
