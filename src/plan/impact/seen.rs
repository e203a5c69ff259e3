//! What of an impact is there for who looks: of catalogs that somebody does not see they learn nothing (R6), and of what they change they
//! learn whom it touches.

use super::{Impact, Someone};
use crate::model::Address;

impl Impact {
    /// Without what is not seen: packages and delegations with all that is told of them, and by what else somebody holds a role.
    #[must_use]
    pub fn seen(mut self, sees: &dyn Fn(&Address) -> bool) -> Impact {
        let hide = |someone: &mut Someone| {
            if someone.through.as_ref().is_some_and(|through| !sees(through)) {
                (someone.through, someone.policy) = (None, None);
            }
        };
        for shift in &mut self.roles {
            shift.gain.iter_mut().chain(&mut shift.lose).chain(&mut shift.keep).for_each(hide);
        }
        self.ends.retain(|e| sees(&e.package));
        self.requestable.retain(|r| sees(&r.package));
        self.waiting.retain(|w| sees(&w.package));
        self.breaches.retain(|b| sees(&b.package) && sees(&b.other));
        self.control.retain(|c| sees(&c.delegation));
        self.same.retain(|s| sees(&s.policy));
        self.meanings.retain(|m| sees(&m.address));
        self
    }
}
