//! Changes that an attribute does not allow (R15).

use super::{Facts, Refusal, Why, refuse};
use crate::diag::Diagnostics;
use crate::kinds::{self, OnChange};
use crate::model::Action;

pub(super) fn check(facts: &Facts<'_>, refusals: &mut Vec<Refusal>, _: &mut Diagnostics) {
    for change in facts.changes.iter().filter(|c| c.before.is_some() && c.after.is_some() && c.action != Action::Move) {
        let Some(kind) = kinds::kind(change.address.kind()) else { continue };
        for (name, _) in &change.deltas {
            let Some(OnChange::Forbidden(code)) = kind.field(name).map(|f| f.change) else { continue };
            let (Some(before), Some(after)) = (&change.before, &change.after) else { continue };
            let said = |o: &crate::model::Object| {
                let table = kinds::with_defaults(o);
                table.text(name).unwrap_or("").to_owned()
            };
            let message = format!("`{name}` of `{}` cannot change from `{}` to `{}`", change.address, said(before), said(after));
            let way_out = "declare a new one under another key, and let the old one end";
            let mut refusal = refuse(code, Why::Rule, change, message, way_out);
            refusal.at = after.attributes.at(name).or(after.at);
            refusals.push(refusal);
        }
    }
}
