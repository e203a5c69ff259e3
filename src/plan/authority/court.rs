//! One person before the state as it is: what each change takes, and whether they have it.

use super::{Decision, SETTINGS, Through};
use crate::authority::{Action as Act, Given, Role, Roles, Scope, holders, may};
use crate::diag::{Span, codes};
use crate::engine::{Actor, Facts, Sight, roles};
use crate::kinds::{self, Need, catalog, delegation, user};
use crate::model::{Action, Address, Change, Object};
use crate::plan::authority::helpers_text;
use crate::plan::followers;
use crate::plan::guards::{Refusal, Why, refuse};
use std::collections::{BTreeMap, BTreeSet};

/// What is decided of one thing that changes take.
pub(super) struct Sentence {
    pub decision: Decision,
    pub refusal: Option<Refusal>,
}

/// What changes take, and where.
pub(super) type Matter = (Act, Option<Address>, Thing);

/// The object whose owners count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// A role alone decides.
    None,
    /// Its owners may, too.
    OrOwn(Address),
    /// Only its owners may, but for administrators; nobody owns what the directory does not know.
    AndOwn(Option<Address>),
}

/// One person before the state as it is.
pub(super) struct Court<'a> {
    /// As the person is called today.
    name: &'a str,
    person: &'a Address,
    facts: &'a Facts<'a>,
    pub sight: Sight<'a>,
    /// Catalogs that the person makes.
    founded: BTreeSet<Address>,
    /// The catalogs of packages that are made.
    made: BTreeMap<&'a Address, &'a Object>,
}

impl<'a> Court<'a> {
    pub(super) fn new(name: &'a str, person: &'a Address, facts: &'a Facts<'a>, actor: &'a Actor, changes: &'a [Change]) -> Court<'a> {
        let sight = Sight::new(actor, facts);
        let new = |kind: &'static str| changes.iter().filter(move |c| c.before.is_none() && c.address.kind() == kind);
        let tenant = sight.roles(None);
        // Who may everything needs to found nothing.
        let founds = may(&tenant, Act::CreateCatalog, None).is_ok() && may(&tenant, Act::ChangeDirectory, None).is_err();
        let founded = new(catalog::KIND.name).filter(|_| founds).map(|c| c.address.clone()).collect();
        let made = new("access_package").filter_map(|c| Some((&c.address, c.after.as_ref()?))).collect();
        Court { name, person, facts, sight, founded, made }
    }

    fn object(&self, address: &Address) -> Option<&'a Object> {
        self.facts.object(address)
    }

    /// The catalogs in which a change takes place, before and afterwards.
    fn catalogs(&self, change: &Change) -> BTreeSet<Address> {
        let before = catalog::of(&change.address, |a| self.object(a));
        let after = catalog::of(&change.address, |a| if *a == change.address { change.after.as_ref() } else { self.made.get(a).copied() });
        before.into_iter().chain(after).collect()
    }

    pub(super) fn sees(&self, change: &Change) -> bool {
        self.catalogs(change).iter().all(|c| self.sees_catalog(c))
    }

    pub(super) fn sees_object(&self, address: &Address) -> bool {
        let package = |a: &Address| self.made.get(a).copied().or_else(|| self.object(a));
        catalog::of(address, package).is_none_or(|c| self.sees_catalog(&c))
    }

    fn sees_catalog(&self, catalog: &Address) -> bool {
        self.founded.contains(catalog) || self.sight.sees_catalog(catalog)
    }

    fn roles(&self, catalog: Option<&Address>) -> Roles {
        let roles = Roles::clone(&self.sight.roles(catalog));
        match catalog.filter(|c| self.founded.contains(c)) {
            Some(new) => roles.founding(new),
            None => roles,
        }
    }

    /// What these changes take, each with what is decided of it.
    pub(super) fn sentences(&self, changes: &[Change], seen: &[bool], settings: bool) -> BTreeMap<Matter, Sentence> {
        let mut all: BTreeMap<Matter, Sentence> = BTreeMap::new();
        let mut add = |matter: Matter, change: Option<&Change>| {
            let sentence = all.entry(matter.clone()).or_insert_with(|| self.sentence(&matter, change));
            sentence.decision.steps.push(change.map_or_else(|| SETTINGS.to_owned(), |c| c.address.to_string()));
        };
        if settings {
            add((Act::ChangeDirectory, None, Thing::None), None);
        }
        let followers = followers(changes);
        let own = changes.iter().zip(seen).filter(|(_, seen)| **seen).map(|(change, _)| change);
        for change in own.filter(|c| c.action != Action::Move || !followers.contains(&c.address)) {
            let catalogs = self.catalogs(change);
            let needs = kinds::kind(change.address.kind()).map(|k| (k.needs)(change)).unwrap_or_default();
            for (action, thing) in needs.into_iter().filter_map(matter_of) {
                if catalogs.is_empty() {
                    add((action, None, thing.clone()), Some(change));
                }
                for catalog in &catalogs {
                    add((action, Some(catalog.clone()), thing.clone()), Some(change));
                }
            }
        }
        all
    }

    fn sentence(&self, matter: &Matter, change: Option<&Change>) -> Sentence {
        let (action, catalog, thing) = matter;
        let through = self.through(*action, catalog.as_ref(), thing);
        let words = |roles: Vec<Role>| roles.into_iter().map(|r| r.word().to_owned()).collect();
        let needs = match thing {
            Thing::AndOwn(None) => vec![Role::Administrator],
            _ => may(&Roles::default(), *action, catalog.as_ref()).err().map(|d| d.roles).unwrap_or_default(),
        };
        let owned = match thing {
            Thing::OrOwn(address) | Thing::AndOwn(Some(address)) => Some(address.to_string()),
            Thing::None | Thing::AndOwn(None) => None,
        };
        let (instead, administrators) = if through.is_some() { Default::default() } else { self.helpers(*action, catalog.as_ref(), thing) };
        let decision = Decision {
            action: action.word().to_owned(),
            administrators,
            catalog: catalog.as_ref().map(Address::to_string),
            instead,
            needs: words(needs),
            owned,
            steps: Vec::new(),
            through,
        };
        let refusal = decision.through.is_none().then(|| self.refusal(matter, &decision, change));
        Sentence { decision, refusal }
    }

    /// What lets the person do it, if anything does.
    fn through(&self, action: Act, catalog: Option<&Address>, thing: &Thing) -> Option<Through> {
        let roles = self.roles(catalog);
        let owns = |address: &Address| self.object(address).is_some_and(|o| kinds::owners(o).any(|owner| owner == self.person.key()));
        let given = match thing {
            Thing::None => may(&roles, action, catalog).ok(),
            Thing::OrOwn(address) => match may(&roles, action, catalog) {
                Err(_) if owns(address) => return Some(Through { owner_of: Some(address.to_string()), ..Through::default() }),
                given => given.ok(),
            },
            Thing::AndOwn(address) => may(&roles, Act::ChangeDirectory, None)
                .or_else(|denied| if address.as_ref().is_some_and(owns) { may(&roles, action, catalog) } else { Err(denied) })
                .ok(),
        }?;
        let owner_of = match (thing, given.role) {
            (Thing::AndOwn(Some(address)), role) if role != Role::Administrator => Some(address.to_string()),
            _ => None,
        };
        Some(Through { owner_of, ..self.told(&given, catalog) })
    }

    fn told(&self, given: &Given, catalog: Option<&Address>) -> Through {
        let Given { role, delegation, .. } = given;
        let stored = delegation.as_ref().and_then(|d| self.facts.objects.get(d));
        let places = stored.map(|s| s.origin.places()).filter(|p| !p.file.is_empty());
        let members: Vec<Address> = stored.map(|s| delegation::members(&s.object).collect()).unwrap_or_default();
        let is_member = |group: &&Address| self.facts.person(self.person.key()).is_member(self.facts, group);
        let group = if members.contains(self.person) { None } else { members.iter().find(is_member) };
        Through {
            catalog: catalog.filter(|_| role.scope() == Scope::Catalog).map(Address::to_string),
            delegation: delegation.as_ref().map(Address::to_string),
            line: places.as_ref().map(|p| p.line),
            file: places.map(|p| p.file),
            founder: *role == Role::CatalogOwner && catalog.is_some_and(|c| self.founded.contains(c)),
            group: group.map(Address::reference),
            owner_of: None,
            role: Some(role.word().to_owned()),
        }
    }

    /// Who could do it instead: those beside administrators, and these.
    fn helpers(&self, action: Act, catalog: Option<&Address>, thing: &Thing) -> (Vec<String>, Vec<String>) {
        let tenant = self.facts.objects.within_kind(delegation::KIND.name);
        let there = catalog.map(|c| self.facts.objects.within(c)).unwrap_or_default();
        let all = || tenant.iter().chain(there).map(|s| &s.object).filter(|o| o.address.kind() == delegation::KIND.name);
        let administrators: BTreeSet<Address> = holders(all(), Act::ChangeDirectory, None).into_iter().collect();
        let others: Vec<Address> = match thing {
            Thing::None => holders(all(), action, catalog),
            Thing::OrOwn(address) => self.owners_of(address),
            Thing::AndOwn(address) => {
                let can = |owner: &Address| {
                    let person = self.facts.person(owner.key());
                    may(&roles(self.facts, &person, catalog), action, catalog).is_ok()
                };
                address.as_ref().map(|a| self.owners_of(a)).unwrap_or_default().into_iter().filter(can).collect()
            }
        };
        let words = |all: &mut dyn Iterator<Item = &Address>| all.map(Address::reference).collect();
        (words(&mut others.iter().filter(|a| !administrators.contains(*a))), words(&mut administrators.iter()))
    }

    fn owners_of(&self, address: &Address) -> Vec<Address> {
        self.object(address).map(|o| kinds::owners(o).map(|key| Address::root(user::KIND.name, key)).collect()).unwrap_or_default()
    }

    fn refusal(&self, (action, catalog, thing): &Matter, decision: &Decision, change: Option<&Change>) -> Refusal {
        let (name, doing) = (self.name, action.doing());
        let there = catalog.as_ref().map(|c| format!(" in `{c}`")).unwrap_or_default();
        let message = match (thing, catalog) {
            (Thing::OrOwn(address), _) => format!("`{name}` may not change the members of `{address}`"),
            (Thing::AndOwn(None), _) => {
                format!("`{name}` may not change resources{there} that the directory does not know, or that are delivered")
            }
            (Thing::AndOwn(Some(address)), _) if may(&self.roles(catalog.as_ref()), *action, catalog.as_ref()).is_ok() => {
                format!("`{name}` does not own `{address}`, and so may not change it as a resource{there}")
            }
            (_, Some(catalog)) if matches!(action, Act::CreateCatalog | Act::EditCatalog | Act::DeleteCatalog) => {
                format!("`{name}` may not {doing} `{catalog}`")
            }
            _ => format!("`{name}` may not {doing}{there}"),
        };
        let way_out = format!("{} can apply it; or make it a change of its own", helpers_text(&decision.instead, &decision.administrators));
        match change {
            Some(change) => refuse(&codes::E0510, Why::Authority, change, message, way_out),
            None => Refusal { address: None, at: Span::NONE, ..bare(message, way_out) },
        }
    }

    /// Somebody who makes a catalog, and is no administrator, stands in its first delegation of owners (R5).
    pub(super) fn owners(&self, changes: &[Change]) -> Vec<Refusal> {
        if may(&self.sight.roles(None), Act::ChangeDirectory, None).is_ok() {
            return Vec::new();
        }
        let person = self.facts.person(self.person.key());
        let is_theirs = |member: Address| member == *self.person || person.is_member(self.facts, &member);
        let owned: BTreeSet<Address> = changes
            .iter()
            .filter_map(|c| c.after.as_ref())
            .filter(|o| delegation::role(o) == Some(Role::CatalogOwner.word()) && delegation::members(o).any(is_theirs))
            .filter_map(|o| o.address.parent())
            .collect();
        let wanting = changes.iter().filter(|c| self.founded.contains(&c.address) && !owned.contains(&c.address));
        let refused = |change: &Change| {
            let (name, catalog) = (self.name, &change.address);
            let message = format!("`{name}` makes `{catalog}` and would not own it");
            let way_out = format!("write `[{catalog}.delegation.owners]`, `role = \"catalog_owner\"`, `members = [\"{name}\"]`");
            refuse(&codes::R5, Why::Authority, change, message, way_out)
        };
        wanting.map(refused).collect()
    }

    /// That there is more than the person sees; the same words, whatever it is.
    pub(super) fn beyond(&self, first: bool) -> Refusal {
        let message = format!("the files change more than `{}` sees, in catalogs where they hold no role", self.name);
        let way_out = if first {
            "the first apply is the operator's: leave `--as` out, or name an administrator of the files"
        } else {
            "somebody who holds a role there, a catalog_creator where a catalog is new, or an administrator can apply it; or take it out"
        };
        bare(message, way_out.to_owned())
    }

    /// The objects that no workspace manages and that the person sees.
    pub(super) fn unmanaged(&self) -> BTreeSet<Address> {
        let all = self.facts.objects.values().filter(|s| s.workspace.is_none()).map(|s| &s.object.address);
        all.filter(|a| self.sight.sees(a, |p| self.object(p))).cloned().collect()
    }
}

fn bare(message: String, way_out: String) -> Refusal {
    Refusal { code: &codes::E0510, why: Why::Authority, address: None, message, way_out, lift: None, at: Span::NONE, place: None }
}

fn matter_of(need: Need) -> Option<(Act, Thing)> {
    Some(match need {
        Need::Act(word) => (Act::of_word(word)?, Thing::None),
        Need::HandOut(role) => (Role::of_word(&role)?.handed_out_by()?, Thing::None),
        Need::ActOrOwn(word, address) => (Act::of_word(word)?, Thing::OrOwn(address)),
        Need::ActAndOwn(word, address) => (Act::of_word(word)?, Thing::AndOwn(address)),
    })
}
