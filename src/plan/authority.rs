//! Who may make the changes of a plan, change by change.
//!
//! In: who would apply, the state before the plan, the changes. Out: [`Authority`], what stands in the way, and the changes that the
//! person sees.
//! Invariants: everything is decided by the matrix of `authority` on the state before the plan, so that a delegation and its use never
//! pass together for one person, but that who may make catalogs fills the one that they make (R5); what belongs to a catalog that somebody
//! does not see is not in their plan, whether it is there or not (R6), and the plan is refused without a word about it.

mod court;

use super::Planned;
use super::guards::{self, Refusal};
use crate::authority::{Action, may};
use crate::diag::{Diagnostics, Severity};
use crate::engine::{Actor, Facts, Records, Sight};
use crate::kinds::{catalog, user};
use crate::model::{Address, Change, Object, Zone};
use crate::reconcile::PriorMoves;
use chrono::{DateTime, Utc};
use court::Court;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Who would apply.
#[derive(Clone, Copy)]
pub enum By<'a> {
    /// Who runs the program on the machine of the store; may everything that is written in files.
    Operator(&'a str),
    /// An enabled user, and the records by which packages make them a member of groups.
    Person(&'a str, &'a dyn Records),
}

impl By<'_> {
    /// As it is recorded.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            By::Operator(name) | By::Person(name, _) => name,
        }
    }
}

impl fmt::Debug for By<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether somebody may make the changes of a plan. Fields of this and of what is in it stand in the order of their names, which is that
/// of their bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// The files change more than the person sees: it is not in the plan.
    pub beyond: bool,
    /// What the changes take, and whether the person has it; nothing for the operator, who has all of it.
    pub decisions: Vec<Decision>,
    /// They are the operator's, who may everything that is written in files.
    pub operator: bool,
}

/// One thing that changes take, and whether the person has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The word of the action.
    pub action: String,
    /// Administrators, who may it in any case; told where the person may not.
    pub administrators: Vec<String>,
    /// The catalog in which it takes place.
    pub catalog: Option<String>,
    /// Who else could do it: users and groups. Told where the person may not.
    pub instead: Vec<String>,
    /// The roles that allow it, from the least to the most powerful.
    pub needs: Vec<String>,
    /// The object whose owners may it too, or have to be the ones who do it.
    pub owned: Option<String>,
    /// The addresses that it is about; `writ.toml` stands for the settings.
    pub steps: Vec<String>,
    /// What gives it to the person; nothing, where they may not.
    pub through: Option<Through>,
}

/// What gives somebody the right to a step.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Through {
    /// Where the role counts; over the tenant, if nowhere else.
    pub catalog: Option<String>,
    /// The delegation that gives the role.
    pub delegation: Option<String>,
    /// Its file and line.
    pub file: Option<String>,
    /// They make the catalog in this plan.
    pub founder: bool,
    /// The group by which the delegation reaches them.
    pub group: Option<String>,
    /// Its line.
    pub line: Option<u32>,
    /// They own this object.
    pub owner_of: Option<String>,
    /// The role.
    pub role: Option<String>,
}

impl Authority {
    /// Of who may everything.
    #[must_use]
    pub fn operator() -> Authority {
        Authority { operator: true, ..Authority::default() }
    }

    /// What the person may not.
    pub fn denied(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter().filter(|d| d.through.is_none())
    }

    /// Whether a step is among what the person may not.
    #[must_use]
    pub fn denies(&self, step: &Address) -> bool {
        self.denied().any(|d| d.steps.iter().any(|s| s == step.as_str()))
    }

    /// Says where delegations stand of which the store does not tell it.
    pub(super) fn place(&mut self, place: impl Fn(&str) -> Option<(String, u32)>) {
        for through in self.decisions.iter_mut().filter_map(|d| d.through.as_mut()).filter(|t| t.file.is_none()) {
            if let Some((file, line)) = through.delegation.as_deref().and_then(&place) {
                (through.file, through.line) = (Some(file), Some(line));
            }
        }
    }
}

/// What stands for the settings of a workspace among the steps.
const SETTINGS: &str = crate::config::WRIT_TOML;

/// What was decided.
pub(super) struct Decided {
    /// The changes that the person sees.
    pub changes: Vec<Change>,
    pub authority: Authority,
    pub refusals: Vec<Refusal>,
    /// Objects of the store that no workspace manages and that the person sees; nothing where that is all of them.
    pub sees: Option<BTreeSet<Address>>,
}

/// What is to be decided.
pub(super) struct Case<'a> {
    pub by: By<'a>,
    pub prior: &'a PriorMoves,
    /// Whether the settings of the workspace change.
    pub settings: bool,
    pub zone: Zone,
    pub now: DateTime<Utc>,
}

/// Decides who may make these changes.
pub(super) fn decide(case: &Case<'_>, changes: Vec<Change>, found: &mut Diagnostics) -> Decided {
    let whole = |changes| Decided { changes, authority: Authority::operator(), refusals: Vec::new(), sees: None };
    let By::Person(name, records) = case.by else { return whole(changes) };
    // Under the name that the plan gives them, as all that is looked at.
    let was = Address::root(user::KIND.name, name);
    let person = case.prior.previous.iter().find(|(_, old)| **old == was).map_or(was.clone(), |(new, _)| new.clone());
    if is_first(case.prior) && is_administrator_then(case.prior, &changes, &person) {
        return whole(changes);
    }
    let actor = Actor::Person(person.key().to_owned());
    let facts = Facts::new(&case.prior.objects, records, case.now, case.zone, false);
    let court = Court::new(name, &person, &facts, &actor, &changes);
    let seen: Vec<bool> = changes.iter().map(|change| court.sees(change)).collect();
    let beyond = seen.contains(&false);
    // What is advised about what they do not see is not theirs either.
    let about = |text: &str| Address::parse(text).is_ok_and(|address| !court.sees_object(&address));
    found.retain(|d| d.severity == Severity::Error || !d.address.as_deref().is_some_and(about));
    let unseen = (!court.sight.sees_everything()).then(|| court.unmanaged());
    let sentences = court.sentences(&changes, &seen, case.settings);
    let mut refusals = court.owners(&changes);
    refusals.extend(sentences.values().filter_map(|s| s.refusal.clone()));
    refusals.extend(beyond.then(|| court.beyond(is_first(case.prior))));
    let decisions = sentences.into_values().map(|s| s.decision).collect();
    let mut shown = seen.iter();
    let changes = if beyond { changes.into_iter().filter(|_| shown.next().is_some_and(|s| *s)).collect() } else { changes };
    Decided { changes, authority: Authority { beyond, decisions, operator: false }, refusals, sees: unseen }
}

/// What there is, or would be, that somebody does not see, and so cannot name. A new catalog is its maker's.
pub(super) fn unseen(
    by: By<'_>,
    prior: &PriorMoves,
    wanted: &BTreeMap<Address, Object>,
    zone: Zone,
    now: DateTime<Utc>,
) -> BTreeSet<Address> {
    let By::Person(name, records) = by else { return BTreeSet::new() };
    if is_first(prior) {
        return BTreeSet::new();
    }
    let actor = Actor::Person(name.to_owned());
    let facts = Facts::new(&prior.objects, records, now, zone, false);
    let sight = Sight::new(&actor, &facts);
    if sight.sees_everything() {
        return BTreeSet::new();
    }
    let makes = may(&sight.roles(None), Action::CreateCatalog, None).is_ok();
    let find = |a: &Address| wanted.get(a).or_else(|| facts.object(a));
    let sees = |a: &Address| catalog::of(a, find).is_none_or(|c| sight.sees_catalog(&c) || (makes && facts.object(&c).is_none()));
    wanted.keys().chain(prior.objects.keys()).filter(|a| !sees(a)).cloned().collect()
}

/// What stands in the way of changes that no plan makes, if anything does.
#[must_use]
pub fn refusal(by: By<'_>, prior: &PriorMoves, changes: Vec<Change>, zone: Zone, now: DateTime<Utc>) -> Option<Refusal> {
    let case = Case { by, prior, settings: false, zone, now };
    decide(&case, changes, &mut Diagnostics::new()).refusals.into_iter().next()
}

/// Whether nobody is in the store yet: it is its operator's, and an administrator of the files stands for the operator.
fn is_first(prior: &PriorMoves) -> bool {
    prior.objects.within_kind(user::KIND.name).is_empty()
}

fn is_administrator_then(prior: &PriorMoves, changes: &[Change], person: &Address) -> bool {
    guards::administrators(Planned::new(&prior.objects, changes).all()).contains(person)
}

/// The first names, and how many more there are.
#[must_use]
pub fn some(names: &[String]) -> String {
    const SOME: usize = 3;
    let more = names.len().saturating_sub(SOME);
    let more = (more > 0).then(|| format!("{more} more"));
    names.iter().take(SOME).cloned().chain(more).collect::<Vec<_>>().join(", ")
}

/// `mamta@contoso.example, group:leads or an administrator`; of administrators alone, who they are.
#[must_use]
pub fn helpers_text(instead: &[String], administrators: &[String]) -> String {
    match (instead, administrators) {
        ([], []) => "an administrator".to_owned(),
        ([], all) => format!("an administrator ({})", some(all)),
        (others, _) => format!("{} or an administrator", some(others)),
    }
}
