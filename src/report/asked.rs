//! What is asked, by whom, and what of it they may see.
//!
//! Invariant: what somebody may see follows from the delegations of today, of whatever moment the report is.

use super::told::Told;
use crate::authority::Action;
use crate::engine::{Actor, Assignment, Facts, Family, Named, Person, Record, Refusal, Request, Rule};
use crate::kinds::access_package::Package;
use crate::kinds::user::User;
use crate::kinds::{catalog, display_name};
use crate::model::{Address, Stored};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// A question to the facts of a moment.
pub struct Asked<'a> {
    /// What was so at the moment.
    pub facts: &'a Facts<'a>,
    /// What is so today: by it is decided who may see what.
    pub today: &'a Facts<'a>,
    /// Who asks.
    pub actor: &'a Actor,
    /// Of this package.
    pub package: Option<Address>,
    /// Of this person.
    pub person: Option<String>,
    /// In one of these states.
    pub states: Vec<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
    /// Of this request.
    pub request: Option<String>,
    /// What happened until the moment, the oldest first, where the report is made from it.
    pub told: Vec<Told>,
}

/// Which packages somebody may see something of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All, those that are gone too.
    All,
    /// The package of this id.
    Package(String),
    /// Those of these catalogs.
    Catalogs(BTreeSet<Address>),
}

impl Scope {
    /// Whether the package of an id is among them.
    #[must_use]
    pub fn has(&self, facts: &Facts<'_>, id: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Package(only) => only == id,
            Scope::Catalogs(catalogs) => facts.package(id).is_some_and(|p| catalogs.contains(&p.catalog())),
        }
    }
}

impl<'a> Asked<'a> {
    /// Whether they see all of the tenant.
    ///
    /// # Errors
    /// Which role it takes, and who has it.
    pub fn over_tenant(&self) -> Result<(), Refusal> {
        self.actor.may_in(self.today, Action::ViewTenantReports, None)
    }

    /// Whether they may do something in a catalog.
    #[must_use]
    pub fn may(&self, action: Action, within: &Address) -> bool {
        self.actor.may_in(self.today, action, Some(within)).is_ok()
    }

    /// The packages of which they may see something: the one that is asked for, or all that they may.
    ///
    /// # Errors
    /// When they may not see the one, or none at all.
    pub fn scope(&self, action: Action) -> Result<Scope, Refusal> {
        if let Some(address) = &self.package {
            let stored = self.facts.objects.get(address);
            let found = stored.and_then(|s| Some((Package::of(&s.object)?, s.id.clone())));
            let (package, id) = found.ok_or_else(|| absent(address))?;
            return self.actor.may(self.today, action, package).map(|()| Scope::Package(id));
        }
        match self.over_tenant() {
            Ok(()) => Ok(Scope::All),
            Err(refusal) => {
                let catalogs = self.catalogs().map(|s| s.object.address.clone()).filter(|c| self.may(action, c));
                let catalogs: BTreeSet<Address> = catalogs.collect();
                if catalogs.is_empty() { Err(refusal) } else { Ok(Scope::Catalogs(catalogs)) }
            }
        }
    }

    /// The person that is asked about, and of which packages the asker may see what is about them: of their own, all.
    ///
    /// # Errors
    /// When nobody is named, or they may see nothing of that person.
    pub fn about(&self, action: Action) -> Result<(Person<'a>, Scope), Refusal> {
        let own = if let Actor::Person(name) = self.actor { Some(name.as_str()) } else { None };
        let Some(name) = self.person.as_deref().or(own) else {
            let message = "this is about a person, and nobody is named".to_owned();
            return Err(Refusal { rule: Rule("R70"), message, help: "name one: `--for USER`".to_owned() });
        };
        let person = self.facts.person(name);
        match own == Some(name) {
            true => Ok((person, self.package_id().map_or(Scope::All, Scope::Package))),
            false => self.scope(action).map(|scope| (person, scope)),
        }
    }

    /// The id of the package that is asked for.
    #[must_use]
    pub fn package_id(&self) -> Option<String> {
        self.facts.objects.get(self.package.as_ref()?).map(|s| s.id.clone())
    }

    /// Every catalog.
    pub fn catalogs(&self) -> impl Iterator<Item = &'a Stored> {
        let kind = catalog::KIND.name;
        self.facts.objects.within_kind(kind).iter().filter(move |s| s.object.address.kind() == kind)
    }

    /// Every package, in the order of their names.
    pub fn packages(&self) -> impl Iterator<Item = (Package<'a>, &'a Stored)> {
        self.facts.objects.within_kind("access_package").iter().filter_map(|s| Some((Package::of(&s.object)?, s)))
    }

    /// Whether a record of a person is asked for: of everybody, where nobody is named.
    #[must_use]
    pub fn is_meant(&self, people: &[&Named]) -> bool {
        self.person.as_deref().is_none_or(|name| people.iter().any(|p| self.facts.person(name).is(p)))
    }

    /// All assignments, over or not, that stand in a scope; the oldest first.
    #[must_use]
    pub fn assignments(&self, scope: &Scope) -> Vec<Assignment> {
        let own = |r| if let Record::Assignment(a) = r { Some(*a) } else { None };
        let all = self.facts.records.all(Family::Assignment).into_iter().filter_map(own);
        all.filter(|a| scope.has(self.facts, &a.package.id)).collect()
    }

    /// All requests that stand in a scope; the oldest first.
    #[must_use]
    pub fn requests(&self, scope: &Scope) -> Vec<Request> {
        let own = |r| if let Record::Request(r) = r { Some(*r) } else { None };
        let all = self.facts.records.all(Family::Request).into_iter().filter_map(own);
        all.filter(|r| scope.has(self.facts, &r.package.id)).collect()
    }

    /// The name that people see of a person, and where mail goes; empty of who is not in the directory.
    #[must_use]
    pub fn seen(&self, person: &Person<'a>) -> (&'a str, &'a str) {
        let user = person.object.and_then(User::of);
        (person.object.map_or("", |o| display_name(o).0), user.map_or("", User::mail))
    }

    /// Whether a state is one of those that are asked for; `is_usual` says so where none is.
    #[must_use]
    pub fn in_state(&self, word: &str, is_usual: bool) -> bool {
        match self.states.as_slice() {
            [] => is_usual,
            states => states.iter().any(|s| s == word || s == "all"),
        }
    }

    /// Whether an instant lies in the span that is asked for.
    #[must_use]
    pub fn in_span(&self, at: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

fn absent(package: &Address) -> Refusal {
    let message = format!("there is no package `{}` at that moment", package.key());
    Refusal { rule: Rule("R61"), message, help: "`writ packages` lists those that there are".to_owned() }
}

/// The key of a package or policy, as people write it.
pub(super) fn key(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The name that people see of what has a name now, or the one that it had.
pub(super) fn display(facts: &Facts<'_>, named: &Named) -> String {
    facts.of_id(&named.id).map_or_else(|| key(&named.name).to_owned(), |s| display_name(&s.object).0.to_owned())
}

/// The name of a package or policy as it is now, or as it was.
pub(super) fn name_now(facts: &Facts<'_>, named: &Named) -> String {
    facts.of_id(&named.id).map_or_else(|| key(&named.name).to_owned(), |s| s.object.address.key().to_owned())
}

/// How an assignment came to be, in a word.
pub(super) fn came_by(source: &crate::engine::Source) -> &'static str {
    use crate::engine::Source;
    match source {
        Source::Request(_) => "request",
        Source::Direct(_) => "assigned",
        Source::Declared(_) => "declared",
        Source::Automatic => "automatic",
    }
}
