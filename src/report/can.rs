//! Whether somebody can have a package: through which policies, who would approve, when it would end; or why not.

use super::asked::Asked;
use super::why::{Proof, header};
use crate::authority::Action;
use crate::engine::{Actor, Refusal, Seat, hindrance, offers, would_approve};
use crate::kinds::access_package::Package;
use crate::model::Address;
use chrono::{DateTime, Utc};

/// A policy through which the person can request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The policy.
    pub policy: Address,
    /// Where it stands.
    pub proof: Proof,
    /// Who would decide, stage by stage; nobody, where access is given at once.
    pub stages: Vec<Seat>,
    /// The expiration, as written.
    pub expiration: String,
    /// When access that was approved now would end.
    pub ends: Option<DateTime<Utc>>,
    /// Whether a reason has to be given.
    pub justification: bool,
    /// The questions that have to be answered.
    pub questions: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Can {
    /// The person.
    pub user: String,
    /// The package.
    pub package: Address,
    /// What stands in the way.
    pub obstacle: Option<Refusal>,
    /// Through what they could request, if nothing stood in the way.
    pub paths: Vec<Path>,
}

impl Can {
    /// Whether they can request it now: every stage of one path has somebody to decide it.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        self.obstacle.is_none() && self.paths.iter().any(|p| p.stages.iter().all(|s| !s.approvers.is_empty()))
    }
}

/// Answers whether the person whom `asked` names can have the package that it names.
///
/// # Errors
/// When the asker may not know, or there is no such package.
pub fn can(asked: &Asked<'_>, address: &Address) -> Result<Can, Refusal> {
    let facts = asked.facts;
    let name = asked.person.clone().unwrap_or_default();
    let person = facts.person(&name);
    let found = offers(facts, address, &person);
    let own = matches!(asked.actor, Actor::Person(me) if *me == name);
    match facts.object(address).and_then(Package::of) {
        Some(package) if !own => asked.actor.may(asked.today, Action::ViewPackages, package)?,
        // Who may not have a hidden package learns no more of it than of one that is not there.
        Some(package) if package.is_hidden() && asked.actor.may(asked.today, Action::ViewPackages, package).is_err() => {
            found.as_ref().map_err(Clone::clone)?;
        }
        Some(_) => {}
        None => return Err(found.err().unwrap_or_else(|| unknown(address))),
    }
    let path = |offer: &crate::engine::Offer<'_>| Path {
        policy: offer.policy.0.address.clone(),
        proof: header(offer.stored),
        stages: would_approve(facts, offer, &person),
        expiration: offer.policy.expiration_text().to_owned(),
        ends: offer.ends,
        justification: offer.policy.needs_justification(),
        questions: offer.policy.questions().iter().filter(|q| q.is_required()).map(|q| q.key().to_owned()).collect(),
    };
    let (paths, refusal) = match &found {
        Ok(all) => (all.iter().map(path).collect(), None),
        Err(refusal) => (Vec::new(), Some(refusal.clone())),
    };
    let obstacle = refusal.or_else(|| hindrance(facts, address, &person));
    Ok(Can { user: name, package: address.clone(), obstacle, paths })
}

fn unknown(address: &Address) -> Refusal {
    let message = format!("there is no package `{}`", address.key());
    Refusal { rule: crate::engine::Rule("R61"), message, help: "`writ packages` lists those that there are".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::{World, person};

    fn told(world: &World, actor: &str, of: &str, package: &str) -> Result<Can, Refusal> {
        let name = |asked: &mut Asked<'_>| asked.person = Some(of.to_owned());
        world.ask_as(&person(actor), name, |asked| can(asked, &Address::root("access_package", package)))
    }

    #[test]
    fn who_would_approve_and_until_when() {
        let world = World::new();
        let ann = told(&world, "ann", "ann@contoso.example", "sell").unwrap();
        assert!(ann.is_yes());
        let stage = &ann.paths[0].stages[0];
        assert_eq!(stage.approvers.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["cy@contoso.example"]);
        assert_eq!(ann.paths[0].ends, Some("2027-03-31T09:00:00Z".parse().unwrap()));
        // The only approver cannot decide for herself, so nobody could (R117).
        let cy = told(&world, "cy", "cy@contoso.example", "sell").unwrap();
        assert!(cy.obstacle.is_none() && !cy.is_yes());
    }

    #[test]
    fn why_not_names_the_rule() {
        let mut world = World::new();
        world.request("bo", "audit", "");
        let rule = |actor: &str, of: &str, package: &str| match told(&world, actor, of, package) {
            Ok(can) => can.obstacle.map(|r| r.rule.0),
            Err(refusal) => Some(refusal.rule.0),
        };
        assert_eq!(rule("bo", "bo@contoso.example", "sell"), Some("R137"));
        assert_eq!(rule("bo", "bo@contoso.example", "audit"), Some("R68"));
        assert_eq!(rule("root", "eve@fabrikam.example", "audit"), Some("R35"));
        assert_eq!(rule("root", "root@contoso.example", "nothing"), Some("R61"));
        assert_eq!(rule("ann", "bo@contoso.example", "sell"), Some("R55"));
    }
}
