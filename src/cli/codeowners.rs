//! `writ codeowners`.

use super::plan::save;
use super::session::Session;
use super::{Exit, Format};
use crate::model::Address;
use crate::ops::Failure;
use crate::ops::codeowners::codeowners;
use crate::view::paint::line;
use clap::Args as ClapArgs;
use serde_json::json;

#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Write nothing; fail when the file is not what the delegations say
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args, session: &mut Session) -> Result<Exit, Failure> {
    session.only(&[Format::Text, Format::Json])?;
    let found = codeowners(&session.context)?;
    let differs = found.before != found.after;
    let nameless: Vec<String> = found.owners.nameless.iter().map(Address::reference).collect();
    session.document(json!({
        "format_version": "1.0",
        "file": found.name,
        "differs": differs,
        "owners": found.owners.all.iter().map(|o| json!({ "path": o.path, "owners": o.owners })).collect::<Vec<_>>(),
        "without_handle": nameless,
    }));
    if !nameless.is_empty() && !session.quiet {
        let names = line(&nameless.join(", "));
        session.mutter(&format!("Warning: without a handle in `[codeowners.handles]` of writ.toml, and so named nowhere: {names}\n"));
    }
    if args.check && differs {
        let message = format!("`{}` is not what the delegations say", found.name);
        return Err(Failure::Usage(message, "`writ codeowners` writes it anew".to_owned()));
    }
    if differs {
        if let Some(directory) = found.path.parent() {
            std::fs::create_dir_all(directory).map_err(|e| Failure::Io(format!("cannot make `{}`", directory.display()), e))?;
        }
        save(&found.path, found.after.strip_suffix('\n').unwrap_or(&found.after))?;
    }
    session.say(&if differs { format!("Wrote {}.\n", found.name) } else { format!("{} is what the delegations say.\n", found.name) });
    Ok(Exit::Success)
}
