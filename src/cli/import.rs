//! `writ import ADDR ID`.

use super::session::Session;
use super::state::change;
use super::{Exit, Format, address};
use crate::ops::Failure;
use crate::ops::state::Edit;
use crate::view::toml::quoted;
use clap::Args as ClapArgs;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// The declared address that the object gets
    address: String,
    /// Its id: `writ state list --unmanaged -v`
    id: String,
    /// How long to wait for the lock
    #[arg(long, value_name = "D", default_value = "0s")]
    lock_timeout: String,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let to = address(&args.address)?;
    let said = format!("[[import]]\nto = {}\nid = {}\n", quoted(to.as_str()), quoted(&args.id));
    change(&Edit::Import(to, args.id.clone()), &args.lock_timeout, &said, "imported", session)
}
