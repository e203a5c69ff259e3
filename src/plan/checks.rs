//! The checks of the workspace, as guards of a plan.
//!
//! In: a plan, and the checks as they are written. Out: the plan with what they came to, and what stands in its way for them.
//! Invariants: a check binds as it was last applied and as it is written now, so that no change lifts for itself the check that it
//! fails; but one that changes nothing else may change a check that everything fails. A plan that empties the workspace leaves
//! nothing to check.

use super::{Plan, Refusal, Why};
use crate::checks::{Judged, Outcome, judge};
use crate::config::Check;
use crate::diag::{Diagnostic, Diagnostics, Severity, Sources, Span, codes};
use crate::model::{Action, Address, Holdings, Object, Origin, Stored};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So much of one check is told in a plan; `writ check` tells the rest.
const MOST: usize = 10;

/// The checks as they are written, and where things stand in the texts.
pub struct Written<'a> {
    /// The checks.
    pub checks: &'a [Check],
    /// The texts.
    pub sources: &'a Sources,
    /// Where an object is declared.
    pub declared: &'a dyn Fn(&Address) -> Span,
}

/// Judges the checks, and adds to a plan what they came to. It comes last, once it is known what the plan does to people.
pub fn hold_to(plan: &mut Plan, written: &Written<'_>, now: DateTime<Utc>, found: &mut Diagnostics) {
    let Written { checks: written, sources, declared } = *written;
    let applied = plan.applied().map(|applied| applied.checks()).unwrap_or_default();
    if plan.destroy || (written.is_empty() && applied.is_empty()) {
        return;
    }
    let same = |a: &Check, b: &Check| (&a.name, serde_json::to_value(a).ok()) == (&b.name, serde_json::to_value(b).ok());
    // One of both versions is enough where they say the same; the older ones bind what changes objects.
    let older = applied.into_iter().filter(|old| !plan.changes.is_empty() && !written.iter().any(|new| same(old, new)));
    let all: Vec<Check> = written.iter().cloned().chain(older).collect();
    let objects = plan.planned();
    let places: BTreeMap<&Address, (String, u32)> =
        plan.changes.iter().filter_map(|c| Some((&c.address, c.cause.place.clone()?))).collect();
    let place = |address: &Address| {
        let stood = || objects.get(address).map(|s| s.origin.places()).filter(|o| !o.file.is_empty()).map(|o| (o.file, o.line));
        let said = sources.line(declared(address)).map(|(file, line)| (file.to_owned(), line));
        said.or_else(|| places.get(address).cloned()).or_else(stood)
    };
    let judged = Judged {
        objects: &objects,
        changes: &plan.changes,
        people_losing_access: plan.people_losing_access,
        now,
        zone: plan.zone,
        narrowest_only: plan.settings.narrowest_only(),
        place: &place,
    };
    let outcomes = judge(&judged, &all);
    for outcome in &outcomes {
        tell(outcome, sources, &mut plan.refusals, found);
    }
    plan.basis.checked = outcomes;
}

/// What a check came to, as refusals, or as warnings.
fn tell(outcome: &Outcome, sources: &Sources, refusals: &mut Vec<Refusal>, found: &mut Diagnostics) {
    let Outcome { check, found: all, more } = outcome;
    let name = &check.name;
    let place = sources.line(check.at).map(|(file, line)| (file.to_owned(), line));
    let older = if check.at.is_some() { "" } else { " (as it was last applied)" };
    let mut one = |code, address: Option<&Address>, message: String, way_out: String| {
        let message = format!("`{name}`{older}: {message}");
        if check.is_warning() {
            let mut finding = Diagnostic::new(code, check.at, message).help(way_out);
            finding.severity = Severity::Warning;
            finding.address = Some(address.map_or_else(|| format!("check.{name}"), ToString::to_string));
            found.push(finding);
        } else {
            let (address, lift, at, place) = (address.cloned(), None, check.at, place.clone());
            refusals.push(Refusal { code, why: Why::Check, address, message, way_out, lift, at, place });
        }
    };
    for told in all.iter().take(MOST) {
        let at = told.place.as_ref().map(|(file, line)| format!(" ({file}:{line})")).unwrap_or_default();
        let change = || match &told.address {
            Some(address) => format!("change `{address}`{at}, or the check in an apply of its own"),
            None => "change less at once, or the check in an apply of its own".to_owned(),
        };
        one(told.code, told.address.as_ref(), told.message.clone(), told.help.clone().unwrap_or_else(change));
    }
    let rest = all.len().saturating_sub(MOST).saturating_add(*more);
    if rest > 0 {
        let code = if check.is_warning() { &codes::W0508 } else { &codes::E0507 };
        one(code, None, format!("and {rest} more"), "`writ check` tells all of them".to_owned());
    }
}

impl Plan {
    /// What the checks of the workspace came to, in the order of their names.
    #[must_use]
    pub fn checked(&self) -> &[Outcome] {
        &self.basis.checked
    }

    /// The objects as an apply would leave them. One that is not there yet has its address for an id.
    #[must_use]
    pub fn planned(&self) -> Arc<Holdings> {
        let prior = self.prior();
        if self.changes.is_empty() {
            return Arc::clone(prior);
        }
        let changed: BTreeMap<&Address, Option<&Object>> = self
            .changes
            .iter()
            .filter_map(|c| match (&c.after, c.action) {
                (Some(object), _) => Some((&c.address, Some(object))),
                (None, Action::Delete) => Some((&c.address, None)),
                (None, _) => None,
            })
            .collect();
        let kept = prior.values().filter(|s| !changed.contains_key(&s.object.address)).cloned();
        let made = changed.iter().filter_map(|(address, object)| {
            let object = (*object)?.clone();
            let own = prior.get(address);
            let id = own.map_or_else(|| address.to_string(), |s| s.id.clone());
            let origin = own.map_or_else(Origin::default, |s| s.origin.clone());
            Some(Stored { object, id, workspace: Some(self.workspace.as_str().into()), version: own.map_or(0, |s| s.version), origin })
        });
        Arc::new(kept.chain(made).collect())
    }
}
