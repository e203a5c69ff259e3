//! What an expression of a check can ask of a policy beside what was written.

use super::{Policy, Population};
use crate::expr::{Fields, Val};
use crate::model::Object;

/// The names of what follows from a policy.
pub const DERIVED: &[&str] = &["outside", "population"];

/// Adds what follows from a policy, and makes its stages a list however they are written.
pub fn derive(object: Option<&Object>, fields: &mut Fields) {
    let population = object.and_then(Policy::of).map(Policy::population);
    let word = match population {
        None => "",
        Some(Population::Direct) => "direct",
        Some(Population::Automatic) => "automatic",
        Some(Population::Inside) => "inside",
        Some(Population::Outside) => "outside",
    };
    fields.insert("outside".into(), Val::Bool(population == Some(Population::Outside)));
    fields.insert("population".into(), Val::text(word));
    let one = object.and_then(Policy::of).and_then(Policy::approval).is_some_and(|approval| !approval.contains("stage"));
    let Some(Val::Map(approval)) = fields.get("approval").filter(|_| one) else { return };
    let mut only = (**approval).clone();
    only.retain(|name, _| !matches!(&**name, "stage" | "requests"));
    let mut approval = (**approval).clone();
    approval.insert("stage".into(), Val::list(vec![Val::map(only)]));
    fields.insert("approval".into(), Val::map(approval));
}
