//! Coming from elsewhere: what another system holds, as a workspace.
//!
//! In: documents of the other system, and what is here already. Out: a [`Migration`]: declarations as a person would write them, each
//! with the id that it has over there and the file that it goes to; who holds what; and all that has no counterpart, with its place.
//! Invariants: every entry of a document is declared, carried over, referred to, or told as left; the order of documents and of
//! entries means nothing; what is here under the same id keeps its address. Like any author of files, this room spells the names of
//! attributes; what it writes is read back and judged like anybody's.

mod approval;
mod catalogs;
mod directory;
mod gather;
mod held;
mod left;
pub mod names;
mod others;
pub mod people;
mod piece;
mod policy;
mod questions;
mod review;
mod rule;
mod sorts;
mod terraform;
mod terraform_policy;
mod time;
mod toml;
mod world;

pub use gather::Document;
pub use left::{Left, Leftovers};
pub use toml::{Declaration, HEAD, Toml, files};
pub use world::{End, Held, Known};

use gather::Sort;
use world::World;

/// What comes of documents.
#[derive(Debug, Clone, Default)]
pub struct Migration {
    /// What will be declared, in the order in which it is written.
    pub declarations: Vec<Declaration>,
    /// Who holds what.
    pub held: Vec<Held>,
    /// What has no counterpart.
    pub left: Leftovers,
}

/// A workspace of the answers of Microsoft Graph.
///
/// # Errors
/// Why the documents cannot be what they say they are, a line for each.
pub fn graph(documents: Vec<Document>, known: &Known) -> Result<Migration, Vec<String>> {
    made(documents, Leftovers::default(), known)
}

/// A workspace of a Terraform state with resources of the azuread provider.
///
/// # Errors
/// As [`graph`], and why a document is no such state.
pub fn terraform(states: Vec<Document>, known: &Known) -> Result<Migration, Vec<String>> {
    let (mut documents, mut left) = (Vec::new(), Leftovers::default());
    for Document { name, value, .. } in states {
        let (more, theirs) = terraform::documents(&value).map_err(|why| vec![format!("`{}`: {why}", piece::shown(&name))])?;
        documents.extend(more);
        left.extend(theirs);
    }
    made(documents, left, known)
}

fn made(documents: Vec<Document>, mut left: Leftovers, known: &Known) -> Result<Migration, Vec<String>> {
    let prepared = gather::prepare(documents);
    let mut gathered = gather::gather(&prepared, &mut left);
    let mentions = directory::Mentions::of(&prepared);
    let mut world = World::new(known, left);
    let mut users = gathered.all(Sort::User);
    let mut groups = gathered.all(Sort::Group);
    groups.sort_by_key(|thing| world.stored("group", &thing.id).is_none());
    directory::settle(&mut world, &mut users, &mut groups, &mentions);
    catalogs::catalogs(&mut world, &mut gathered);
    let scopes = catalogs::role_scopes(&mut world, &mut gathered);
    let resources = catalogs::resources(&mut world, &mut gathered, &scopes);
    others::organizations(&mut world, &mut gathered);
    let mut packages = gathered.all(Sort::Package);
    packages.sort_by_key(|thing| world.stored("access_package", &thing.id).is_none());
    catalogs::packages(&mut world, packages, &scopes, &resources);
    policy::policies(&mut world, gathered.all(Sort::Policy));
    others::delegations(&mut world, &mut gathered);
    others::settings(&mut world, &mut gathered);
    let memberships = catalogs::memberships(&scopes, &resources);
    held::held(&mut world, gathered.all(Sort::Assignment), &memberships);
    directory::users(&mut world, users);
    directory::groups(&mut world, groups);
    if !gathered.troubles.is_empty() {
        return Err(std::mem::take(&mut gathered.troubles));
    }
    let World { mut out, held, left, .. } = world;
    // A catalog before what stands in it, and that before its packages.
    out.sort_by(|a, b| {
        let rank = |d: &Declaration| (d.file.clone(), d.address.root_kind() != "catalog");
        rank(a).cmp(&rank(b)).then_with(|| a.address.cmp(&b.address))
    });
    Ok(Migration { declarations: out, held, left })
}
