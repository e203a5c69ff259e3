//! Nothing goes that somebody holds by request, or because somebody assigned it: a package or policy with live assignments that no
//! plan manages (R63). Those that files declare count as gone with what declares them.

use super::{Refusal, Why, refuse};
use crate::diag::codes;
use crate::model::{Action, Change};

/// What stands in the way of these changes; `holders` tells who holds what a change would take away, by name.
///
/// # Errors
/// Those of `holders`.
pub fn held<E>(changes: &[Change], mut holders: impl FnMut(&Change) -> Result<Vec<String>, E>) -> Result<Vec<Refusal>, E> {
    let mut refusals = Vec::new();
    let gone = |c: &&Change| c.action == Action::Delete && matches!(c.address.kind(), "access_package" | "policy");
    for change in changes.iter().filter(gone) {
        // With its package it goes, or stays.
        let parent = change.address.parent();
        if changes.iter().any(|c| c.action == Action::Delete && Some(&c.address) == parent.as_ref()) {
            continue;
        }
        let mut names = holders(change)?;
        names.sort();
        names.dedup();
        if names.is_empty() {
            continue;
        }
        let shown = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        let rest = match names.len().saturating_sub(3) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let verb = if names.len() == 1 { "holds" } else { "hold" };
        let message = format!("`{}` cannot be deleted: {shown}{rest} {verb} it", change.address);
        let package = match change.address.kind() {
            "policy" => parent.map_or_else(String::new, |p| p.key().to_owned()),
            _ => change.address.key().to_owned(),
        };
        let way_out = format!("`writ remove {package} --all` ends what is held, or let it run out: `writ assignments --package {package}`");
        refusals.push(refuse(&codes::R63, Why::Rule, change, message, way_out));
    }
    Ok(refusals)
}
