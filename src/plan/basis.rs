//! What an apply needs to know of a plan beyond what is shown: what it relied on, and the order of its steps. Both are worked
//! out when somebody first asks; a plan that is only looked at never does.

use super::{Plan, Relied};
use crate::checks::Outcome;
use crate::config::AppliedSettings;
use crate::model::{Address, Holdings};
use crate::reconcile::{PriorMoves, State, Step, steps};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// What a plan stands on.
#[derive(Debug, Clone, Default)]
pub struct Basis {
    /// The state that it was made on.
    state: State,
    /// The same under its new names.
    prior: Arc<Holdings>,
    /// New address to old address, for what moved.
    previous: BTreeMap<Address, Address>,
    /// What the checks of the workspace came to.
    pub(super) checked: Vec<Outcome>,
    relied: OnceLock<Relied>,
    steps: OnceLock<Vec<Step>>,
}

impl Basis {
    /// Of a plan that is made on a state.
    pub(super) fn new(state: &State, prior: &PriorMoves) -> Basis {
        let (previous, prior) = (prior.previous.clone(), Arc::clone(&prior.objects));
        Basis { state: state.clone(), prior, previous, ..Basis::default() }
    }

    /// Of a plan that nobody applies as it is: what it relied on then, and no steps.
    #[must_use]
    pub fn told(relied: Relied) -> Basis {
        Basis { relied: OnceLock::from(relied), steps: OnceLock::from(Vec::new()), ..Basis::default() }
    }
}

impl Plan {
    /// The settings that the workspace last applied.
    pub(super) fn applied(&self) -> Option<&AppliedSettings> {
        self.basis.state.applied(&self.workspace)
    }

    /// The objects that it was made on, under their new names.
    pub(super) fn prior(&self) -> &Arc<Holdings> {
        &self.basis.prior
    }

    /// What it relied on.
    #[must_use]
    pub fn relied(&self) -> &Relied {
        let Basis { state, previous, relied, .. } = &self.basis;
        relied.get_or_init(|| Relied::of(state, previous, &self.changes, &self.workspace))
    }

    /// What an apply does, in order. What is refused has no order, since somebody may need what is replaced both before and
    /// after; nor has a plan that findings make an error, which nobody is given.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        let orderly = || self.refused().next().is_none();
        self.basis.steps.get_or_init(|| if orderly() { steps(&self.changes) } else { Vec::new() })
    }
}
