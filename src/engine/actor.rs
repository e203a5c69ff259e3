//! Who acts, and what they may do for others.

use super::facts::Facts;
use super::people::Person;
use super::refusal::Refusal;
use crate::kinds::access_package::Package;
use crate::kinds::delegation;
use crate::model::{Address, Object};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Who runs the program on the machine of the store: has an administrator's rights, and is no person who could hold anything.
    Operator(String),
    /// A person, by user principal name.
    Person(String),
    /// Time, or a change of the files.
    System,
}

impl Actor {
    /// As it is recorded.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Actor::Operator(name) | Actor::Person(name) => name,
            Actor::System => "system",
        }
    }

    /// The person, where only a person can do a thing.
    pub(super) fn person<'a>(&self, facts: &Facts<'a>, doing: &str) -> Result<Person<'a>, Refusal> {
        match self {
            Actor::Person(name) => Ok(facts.person(name)),
            Actor::Operator(_) | Actor::System => {
                Err(Refusal::by("R66", format!("only a person can {doing}"), "say who you are: `--as USER`, or WRIT_ACTOR"))
            }
        }
    }

    /// Whether they may give, move and take away assignments of a package, and see and cancel requests for it (R55).
    ///
    /// # Errors
    /// Who can.
    pub fn may_assign(&self, facts: &Facts<'_>, package: Package<'_>) -> Result<(), Refusal> {
        let Actor::Person(name) = self else { return Ok(()) };
        let person = facts.person(name);
        let catalog = package.catalog();
        if person.object.is_some()
            && person.is_enabled()
            && delegations(facts, Some(&catalog)).any(|d| allows(d) && stands_in(facts, &person, d))
        {
            return Ok(());
        }
        let helpers: Vec<String> =
            delegations(facts, Some(&catalog)).filter(|d| allows(d)).flat_map(delegation::members).map(|m| m.reference()).take(3).collect();
        let help = if helpers.is_empty() { "an administrator can".to_owned() } else { format!("{} can", helpers.join(", ")) };
        Err(Refusal::by("R55", format!("{name} may not manage assignments in `{catalog}`"), help))
    }
}

fn allows(object: &Object) -> bool {
    match delegation::role(object) {
        Some("administrator") => object.address.parent().is_none(),
        Some("catalog_owner" | "access_package_manager" | "assignment_manager") => object.address.parent().is_some(),
        _ => false,
    }
}

/// The delegations over the tenant, and those of a catalog.
fn delegations<'a>(facts: &Facts<'a>, catalog: Option<&Address>) -> impl Iterator<Item = &'a Object> {
    let tenant = facts.objects.within_kind("delegation");
    let own = catalog.map(|c| facts.objects.within(c)).unwrap_or_default();
    tenant.iter().chain(own).map(|s| &s.object).filter(|o| o.address.kind() == delegation::KIND.name)
}

fn stands_in(facts: &Facts<'_>, person: &Person<'_>, object: &Object) -> bool {
    delegation::members(object).any(|m| m == person.address || (m.kind() == "group" && person.is_member(facts, &m)))
}
