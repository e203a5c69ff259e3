//! `prevent_destroy`: deleting the object, replacing it, or deleting an ancestor fails; lifted by applying `false` first.

use super::{Facts, Refusal, Why, refuse};
use crate::diag::{Diagnostics, codes};
use crate::kinds::is_protected;
use crate::model::Action;

pub(super) fn check(facts: &Facts<'_>, refusals: &mut Vec<Refusal>, _: &mut Diagnostics) {
    for change in facts.changes.iter().filter(|c| matches!(c.action, Action::Delete | Action::Replace)) {
        let Some(before) = change.before.as_ref().filter(|o| is_protected(o)) else { continue };
        let verb = if change.action == Action::Delete { "deleted" } else { "replaced" };
        let message = format!("`{}` is protected and would be {verb}", before.address);
        let way_out = "apply `prevent_destroy = false` first, in a plan of its own";
        refusals.push(refuse(&codes::E0501, Why::Protection, change, message, way_out));
    }
}
