//! The checks and the tests of a workspace, on the configuration as an apply would leave it.
//!
//! Invariant: nothing is written, no lock is taken; nobody acts, so nobody need be named.

use super::{Context, Failure, Loaded, load, people};
use crate::checks::Outcome;
use crate::checks::trial::{self, Ground, Ran};
use crate::config::Config;
use crate::diag::{Diagnostics, Sources, Span};
use crate::model::Address;
use crate::plan::{self, Plan};

/// What checks came to.
#[derive(Debug)]
pub struct Checked {
    /// In the order of their names.
    pub outcomes: Vec<Outcome>,
    /// The texts, for files and lines.
    pub sources: Sources,
}

/// What tests came to.
#[derive(Debug)]
pub struct Tested {
    /// In the order of files.
    pub ran: Vec<Ran>,
    /// The texts, for files and lines.
    pub sources: Sources,
}

/// Runs all checks. What else stands in the way of a plan is not looked at.
///
/// # Errors
/// Findings that are errors, a store that cannot be used.
pub fn check(context: &Context) -> Result<Checked, Failure> {
    let (plan, _, sources) = planned(context)?;
    Ok(Checked { outcomes: plan.checked().to_vec(), sources })
}

/// Runs all tests.
///
/// # Errors
/// As [`check`].
pub fn test(context: &Context) -> Result<Tested, Failure> {
    let (plan, config, sources) = planned(context)?;
    let objects = plan.planned();
    let ground = Ground { objects: &objects, zone: plan.zone, narrowest_only: plan.settings.narrowest_only(), now: context.now };
    Ok(Tested { ran: trial::run(&ground, &config.tests), sources })
}

/// The plan of everything, by nobody in particular.
fn planned(context: &Context) -> Result<(Plan, Config, Sources), Failure> {
    let Loaded { workspace, place, state, config, mut findings, .. } = load::load(context)?;
    let sources = workspace.sources;
    let Some(config) = config else { return Err(Failure::Findings(Box::new((findings, sources)))) };
    (context.tell)("planning");
    let input = plan::Input {
        config: &config,
        sources: &sources,
        state: &state,
        commit: None,
        now: context.now,
        actor: plan::By::Operator(&context.operator),
        destroy: false,
        targets: &[],
        excludes: &[],
        since: None,
        only: None,
    };
    let mut found = Diagnostics::new();
    let mut plan = plan::plan(&input, &mut found);
    people::judge(&mut plan, &state, &place, context.now)?;
    let declared = |address: &Address| config.objects.get(address).map_or(Span::NONE, |o| o.at);
    let written = plan::Written { checks: &config.settings.checks, sources: &sources, declared: &declared };
    plan::hold_to(&mut plan, &written, context.now, &mut found);
    (context.tell)("");
    if found.has_errors() {
        findings.extend(found);
        findings.sort(&sources);
        return Err(Failure::Findings(Box::new((findings, sources))));
    }
    Ok((plan, config, sources))
}
