//! Who may do what, where: the same answer for a step of a plan and for a command at run time.
//!
//! In: a person's [`Roles`], made from the delegations that there are; an [`Action`]; the catalog in which it takes place.
//! Out: [`Given`], the role and the delegation that allow it, or [`Denied`], the roles that would; and the [`holders`] of
//! these roles, who can help.
//! Invariants: what is allowed stands in one table (`matrix`), and nothing is allowed that it does not allow. A catalog's
//! role counts in that catalog only. The operator of a store has an administrator's rights, and is no person. What depends on
//! more than roles is left to who knows it: rights on a resource itself, whose request it is, and in which state.

mod decision;
mod doing;
mod matrix;
mod role;
mod roles;
#[cfg(test)]
mod testing;

pub use decision::{Denied, Given, holders, may};
pub use matrix::{Action, Right};
pub use role::{Role, Scope};
pub use roles::{Held, Roles};
