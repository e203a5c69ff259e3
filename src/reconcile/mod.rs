//! From two sets of objects to ordered changes.
//!
//! In: the objects that are wanted, and the [`State`] that the store holds. Out: [`Reconciled`]: per address an action,
//! what differs, and why; and the order in which steps leave no strong reference dangling.
//! Invariants: no kind is named here; nothing is written; the same input gives the same output.

mod delta;
mod diff;
mod graph;
mod hints;
mod moves;
mod order;
mod state;

pub use delta::{deltas, patch};
pub use diff::{Reconciled, Wanted, compare, reconcile};
pub use graph::{Edge, Graph, edges};
pub use hints::{Hint, move_hints};
pub use moves::PriorMoves;
pub use order::{Step, StepKind, steps};
pub use state::{State, WorkspaceState};
