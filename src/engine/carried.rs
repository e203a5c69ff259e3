//! Access that was held elsewhere before: it goes on here as it is, with the id, the start and the end that it had. Nobody asks for
//! it or decides, since that was done over there.

use super::access::live_in;
use super::actor::Actor;
use super::draft::Draft;
use super::event::Event;
use super::facts::Facts;
use super::nouns::{Assignment, AssignmentState, Named, Source};
use super::record::Family;
use super::refusal::Refusal;
use super::terms::Terms;
use crate::authority::Action;
use crate::kinds::access_package::Package;
use crate::kinds::policy::{Policy, Population};
use crate::model::Address;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// When what is carried over ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// At an instant, or not by itself.
    Told(Option<DateTime<Utc>>),
    /// As its policy says, from its start on.
    Policy,
}

/// What somebody held elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The id that it had and keeps.
    pub id: String,
    /// The package.
    pub package: Address,
    /// The policy that governs it from now on.
    pub policy: Address,
    /// The user principal name of who holds it.
    pub user: String,
    /// When it began.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub until: Until,
}

/// Carries over what people held elsewhere, and tells what it left out, with the reason: nobody holds a package twice, and what is over
/// stays over.
///
/// # Errors
/// When the actor may not assign, or an event does not follow from what is so, which is a defect.
pub fn carry(draft: &mut Draft<'_>, actor: &Actor, all: &[Carried]) -> Result<Vec<(String, String)>, Refusal> {
    let mut out = Vec::new();
    let mut packages: BTreeMap<&Address, Vec<&Carried>> = BTreeMap::new();
    for one in all {
        packages.entry(&one.package).or_default().push(one);
    }
    for (address, carried) in packages {
        let given = {
            let facts = draft.facts();
            let Some(package) = facts.object(address).and_then(Package::of) else {
                out.extend(carried.iter().map(|c| (c.id.clone(), format!("there is no `{address}`"))));
                continue;
            };
            actor.may(&facts, Action::AssignDirectly, package)?;
            let Some(named) = facts.named(address) else { continue };
            let mut held: BTreeSet<String> = live_in(&facts, &named.id).into_iter().map(|a| a.target.id).collect();
            let mut given: Vec<Assignment> = Vec::new();
            for one in carried {
                let person = facts.person(&one.user);
                let twice = held.contains(&person.named.id);
                let policy = facts.object(&one.policy).and_then(Policy::of).zip(facts.named(&one.policy));
                match policy {
                    _ if facts.records.get(Family::Assignment, &one.id).is_some() => {}
                    _ if person.object.is_none() => out.push((one.id.clone(), format!("there is no user `{}`", one.user))),
                    _ if twice => out.push((one.id.clone(), format!("{} holds `{}` already", one.user, address.key()))),
                    None => out.push((one.id.clone(), format!("there is no `{}`", one.policy))),
                    Some((policy, by)) => {
                        let assignment = assignment(one, (named.clone(), by), person.named, policy, &facts, actor);
                        match assignment.is_live(facts.now) {
                            true => {
                                held.insert(assignment.target.id.clone());
                                given.push(assignment);
                            }
                            false => out.push((one.id.clone(), "it is over".to_owned())),
                        }
                    }
                }
            }
            given
        };
        for assignment in given {
            draft.push(Event::Given { assignment: Box::new(assignment) })?;
        }
    }
    Ok(out)
}

fn assignment(
    one: &Carried,
    (package, governs): (Named, Named),
    target: Named,
    policy: Policy<'_>,
    facts: &Facts<'_>,
    actor: &Actor,
) -> Assignment {
    let terms = Terms::of(facts, policy, false);
    // What a rule gave goes when the rule says so.
    let automatic = policy.population() == Population::Automatic;
    Assignment {
        id: one.id.clone(),
        package,
        policy: governs,
        target,
        source: if automatic { Source::Automatic } else { Source::Direct(actor.word().to_owned()) },
        start: one.start,
        end: match one.until {
            Until::Told(end) => end,
            Until::Policy => terms.ceiling(one.start),
        },
        extensible: terms.is_extensible(),
        state: AssignmentState::Delivered,
        reminded: 0,
        grace: None,
        ended: None,
        cause: None,
    }
}
