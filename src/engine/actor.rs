//! Who acts, and what they may do for others: the matrix of `authority`, asked of the delegations as they were applied.

use super::facts::Facts;
use super::nouns::Named;
use super::people::Person;
use super::refusal::Refusal;
use crate::authority::{Action, Roles, holders, may};
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

    /// As a requestor: a person under their id, others under their word.
    pub(super) fn named(&self, facts: &Facts<'_>) -> Named {
        match self {
            Actor::Person(name) => facts.person(name).named,
            other => Named { id: other.word().to_owned(), name: other.word().to_owned() },
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

    /// Whether they may do something to what is about a package, by the delegations over the tenant and over its catalog (R55).
    ///
    /// # Errors
    /// Which role it takes, and who has it.
    pub fn may(&self, facts: &Facts<'_>, action: Action, package: Package<'_>) -> Result<(), Refusal> {
        self.may_in(facts, action, Some(&package.catalog()))
    }

    /// Whether they may do something in a catalog, or over the tenant.
    ///
    /// # Errors
    /// Which role it takes, and who has it.
    pub fn may_in(&self, facts: &Facts<'_>, action: Action, catalog: Option<&Address>) -> Result<(), Refusal> {
        let roles = match self {
            Actor::Operator(_) | Actor::System => Roles::operator(),
            Actor::Person(name) => roles(facts, &facts.person(name), catalog),
        };
        let Err(denied) = may(&roles, action, catalog) else { return Ok(()) };
        let helpers = holders(delegations(facts, catalog), action, catalog);
        let names: Vec<String> = helpers.iter().take(3).map(Address::reference).collect();
        let help = if names.is_empty() { "an administrator can".to_owned() } else { format!("{} can", names.join(", ")) };
        Err(Refusal::by("R55", format!("{}: {denied}", self.word()), help))
    }
}

/// What somebody is by delegation, over the tenant and over one catalog; somebody who cannot sign in is nothing.
pub fn roles(facts: &Facts<'_>, person: &Person<'_>, catalog: Option<&Address>) -> Roles {
    if person.object.is_none() || !person.is_enabled() {
        return Roles::default();
    }
    Roles::of(&person.address, delegations(facts, catalog), &|group| person.is_member(facts, group))
}

/// The delegations over the tenant, and those of a catalog.
fn delegations<'a>(facts: &Facts<'a>, catalog: Option<&Address>) -> impl Iterator<Item = &'a Object> {
    let tenant = facts.objects.within_kind(delegation::KIND.name);
    let own = catalog.map(|c| facts.objects.within(c)).unwrap_or_default();
    tenant.iter().chain(own).map(|s| &s.object).filter(|o| o.address.kind() == delegation::KIND.name)
}
