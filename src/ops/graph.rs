//! What needs what, of all that who asks sees.

use super::{Context, Failure, Loaded, load, sight};
use crate::diag::{Diagnostics, Sources};
use crate::model::Address;
use crate::reconcile::{Edge, edges};

/// The edges between the objects that the files declare, with what there is to say about the files.
///
/// # Errors
/// Findings that are errors, an actor that will not do, a store that cannot be used.
pub fn graph(context: &Context) -> Result<(Vec<Edge>, Diagnostics, Sources), Failure> {
    let Loaded { workspace, place, state, config, mut findings, .. } = load::load(context)?;
    let Some(config) = config else {
        return Err(Failure::Findings(Box::new((findings, workspace.sources))));
    };
    let seen = sight::addresses(context, &place, &state, &config.objects)?;
    let sees = |a: &Address| seen.as_ref().is_none_or(|all| all.contains(a));
    // What is advised about what they do not see is not theirs.
    let about = |text: &str| Address::parse(text).is_ok_and(|a| config.objects.contains_key(&a) && !sees(&a));
    findings.retain(|d| !d.address.as_deref().is_some_and(about));
    let all = config.objects.values().filter(|o| sees(&o.address)).flat_map(edges).filter(|e| sees(&e.to)).collect();
    Ok((all, findings, workspace.sources))
}
