//! What only a clock decides of declared assignments: ends in the past (a warning, they give nothing), and ends later
//! than a policy's duration counted from the apply (R52).

use super::Planned;
use crate::diag::{Diagnostic, Diagnostics, Span, codes};
use crate::kinds::{assignment::Assignment, policy::Policy};
use crate::model::{Action, Address, Change, Zone};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Looks at new grants only: what runs already was judged when it began.
pub(super) fn check(changes: &[Change], after: &Planned<'_>, zone: Zone, now: DateTime<Utc>, found: &mut Diagnostics) {
    for change in changes {
        let Some(assignment) = change.after.as_ref().and_then(Assignment::of) else { continue };
        let held: BTreeSet<Address> = change.before.as_ref().and_then(Assignment::of).into_iter().flat_map(Assignment::holders).collect();
        if change.action != Action::Replace && assignment.holders().all(|h| held.contains(&h)) {
            continue;
        }
        let (Some(end), Some(written)) = (assignment.ends(zone), assignment.end()) else { continue };
        if end <= now {
            let finding = Diagnostic::new(&codes::W0413, written.at, "the end is past, so this gives nothing").at(&change.address);
            found.push(finding.help("choose a later end, or take the assignment out"));
            continue;
        }
        let Some(policy) = assignment.policy().and_then(|p| after.get(&p)).and_then(Policy::of) else { continue };
        // What takes no clock to know was judged with the files.
        let latest = assignment.latest_end(policy, zone, Some(now)).filter(|_| assignment.latest_end(policy, zone, None).is_none());
        if latest.is_some_and(|latest| end > latest) {
            let message = format!("the end is later than the policy allows ({} from the apply)", policy.expiration_text());
            let at_policy = policy.expiration().map_or(Span::NONE, |v| v.at);
            let finding = Diagnostic::new(&codes::R52, written.at, message).at(&change.address);
            found.push(finding.related(at_policy, "the policy's expiration").help("choose an earlier end, or another policy"));
        }
    }
}
