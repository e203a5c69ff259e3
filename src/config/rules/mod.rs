//! Rules that several objects decide together, a file for each concern.
//!
//! In: the [`World`]. Out: findings. Invariant: a rule looks at one declaration and what it points at, or at an index of
//! names; it changes nothing and does not depend on other rules.

mod assignments;
mod automatic;
mod names;
mod outside;
mod packages;
mod resources;
mod self_approval;

pub use resources::resource_roles;

use super::World;
use crate::diag::Diagnostics;

/// A rule.
pub(super) type Rule = fn(&World<'_>, &mut Diagnostics);

/// Every rule; the order means nothing, since findings are sorted.
pub(super) static LIST: &[Rule] =
    &[assignments::check, automatic::check, names::check, outside::check, packages::check, resources::check, self_approval::check];
