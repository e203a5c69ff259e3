//! What an apply would do, and whether it may.
//!
//! In: a sound [`Config`], its sources, the [`State`], the time. Out: a [`Plan`]: changes, steps, what it relied on, who may take
//! them (`authority`), what stands in its way (`guards`), its digests; and, given the records, what it does to people (`impact`).
//! Invariants: nothing here can write, since nothing here holds a store; time is an argument; the same input gives the
//! same bytes; no time is in a digest.
//!
//! Four ways lead to a plan: of files (here), of a saved plan (`again`), back to an earlier moment (`rollback`) and between two moments
//! (`between`). All end in the same judgement, `judged`.

mod access;
mod again;
pub mod authority;
mod basis;
mod between;
mod checks;
pub mod declared;
mod document;
pub mod drift;
pub mod guards;
pub mod impact;
mod origin;
mod part;
mod planned;
mod relied;
mod rollback;
mod saved;
mod select;
mod summary;
mod timely;

pub use again::judge_again;
pub use authority::{Authority, By};
pub use basis::Basis;
pub use between::{between, unchanged};
pub use checks::{Written, hold_to};
pub use document::{Digests, FORMAT, digests, document};
pub use guards::{Flag, Lift, Refusal, Why};
pub use impact::Impact;
pub use part::{LeftOut, Since, Tolerated};
pub use planned::{Planned, afterwards, renamed};
pub use relied::{Relied, Stale};
pub use rollback::{Back, rollback};
pub use saved::{BadPlan, SavedPlan, read, sealed};
pub use summary::{Summary, followers};

use crate::config::{AppliedSettings, Config, Known, Limits, World, check_rules, tolerated_no_more};
use crate::diag::{Diagnostics, Severity, Sources, codes};
use crate::kinds::Verdict;
use crate::kinds::access_package::Package;
use crate::model::{Address, Change, Digest, MANY_OBJECTS, Object, Zone, meanwhile, on_all};
use crate::reconcile::{Hint, PriorMoves, Reconciled, State, Wanted, move_hints, reconcile};
use chrono::{DateTime, Utc};
use declared::config_digest;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that a plan is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What is wanted.
    pub config: &'a Config,
    /// Its texts, for files and lines.
    pub sources: &'a Sources,
    /// What the store holds.
    pub state: &'a State,
    /// The commit of the texts.
    pub commit: Option<&'a str>,
    /// When the apply would be.
    pub now: DateTime<Utc>,
    /// Who would apply.
    pub actor: By<'a>,
    /// Delete everything that is managed.
    pub destroy: bool,
    /// Only these, with what they need.
    pub targets: &'a [Address],
    /// Not these, nor what needs them.
    pub excludes: &'a [Address],
    /// Only what the files declare otherwise than then, with what that needs.
    pub since: Option<&'a Since>,
    /// Only these very objects, with what they need.
    pub only: Option<&'a BTreeSet<Address>>,
}

/// The state that a plan was made on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Base {
    /// The store; `None`: there is none yet.
    pub lineage: Option<String>,
    /// Its latest revision then.
    pub serial: u64,
    /// What the files declared.
    pub config_digest: String,
}

/// Settings of the workspace that an apply would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsChange {
    /// As last applied; `None`: the workspace is new to the store.
    pub before: Option<AppliedSettings>,
    /// As written.
    pub after: AppliedSettings,
}

/// What an apply would do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The workspace.
    pub workspace: String,
    /// What it was made on.
    pub base: Base,
    /// The commit of the files.
    pub commit: Option<String>,
    /// Who would apply.
    pub actor: String,
    /// Whether they may.
    pub authority: Authority,
    /// In the order in which they are shown.
    pub changes: Vec<Change>,
    /// What says the same of something that moved: address and what it says now.
    pub rewritten: Vec<(Address, Object)>,
    /// The digest of the changes alone: a re-made plan that would do the same has the same one.
    pub changes_digest: Digest,
    /// Settings, if they change; shown above the objects, not counted.
    pub settings_change: Option<SettingsChange>,
    /// The settings that the store remembers after the apply.
    pub settings: AppliedSettings,
    /// What it stands on: see [`Plan::relied`] and [`Plan::steps`].
    pub basis: Basis,
    /// What stands in its way.
    pub refusals: Vec<Refusal>,
    /// Renames that were probably meant.
    pub hints: Vec<Hint>,
    /// Distinct people who lose a resource role that nothing declared still gives.
    pub people_losing_access: usize,
    /// What it does to people; of a plan that was not measured, what its changes mean.
    pub impact: Impact,
    /// Objects of the store that no workspace manages.
    pub unmanaged: usize,
    /// It empties the workspace.
    pub destroy: bool,
    /// Nothing was left out.
    pub complete: bool,
    /// What was, and why.
    pub left_out: LeftOut,
    /// The workspace's zone, in which local dates are read.
    pub zone: Zone,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.settings_change.is_none() && !self.authority.beyond
    }

    /// How many objects it touches.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(&self.changes)
    }

    /// What no flag can lift.
    pub fn refused(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.iter().filter(|r| r.lift.is_none())
    }

    /// Brakes, which a flag of apply can lift.
    pub fn brakes(&self) -> impl Iterator<Item = &Refusal> {
        self.refusals.iter().filter(|r| r.lift.is_some())
    }

    /// Tells where the brakes stand: a limit is written in `writ.toml`, whatever the change.
    pub fn place_brakes(&mut self, config: &Config, sources: &Sources) {
        for brake in self.refusals.iter_mut() {
            let at = brake.lift.map(|lift| config.settings.at("limits", lift.flag.limit()));
            let place = at.and_then(|at| sources.line(at)).map(|(file, line)| (file.to_owned(), line));
            brake.place = place.or_else(|| brake.place.take());
        }
    }

    /// Whether an apply could go on, given its flags.
    #[must_use]
    pub fn is_applyable(&self) -> bool {
        !self.is_empty() && self.refused().next().is_none()
    }
}

/// Makes the plan.
///
/// Findings are errors of the plan itself (exit 1): a target that matches nothing, a move that cannot be, an end that is
/// too late; warnings and notes are told and stop nothing.
#[must_use]
pub fn plan(input: &Input<'_>, found: &mut Diagnostics) -> Plan {
    plan_part(input, None, found)
}

/// As [`plan()`], where configuration and state are a part of what there is, and the rest is the same in both; `managed` says how many
/// objects of each kind the workspace has in all of the state.
#[must_use]
pub fn plan_part(input: &Input<'_>, managed: Option<&BTreeMap<&str, usize>>, found: &mut Diagnostics) -> Plan {
    let Input { config, sources, state, commit, now, actor, destroy, targets, excludes, since, only } = *input;
    let name = config.settings.name.as_str();
    let nothing = BTreeMap::new();
    let catalog_of = |root: &Address| {
        let stored = || state.objects.get(root).map(|s| &s.object);
        config.objects.get(root).or_else(stored).and_then(Package::of).map(|p| p.catalog())
    };
    let manages = |address: &Address| destroy || config.settings.manages(address, &catalog_of);
    let wanted = Wanted {
        workspace: name,
        objects: if destroy { &nothing } else { &config.objects },
        moves: &config.moves,
        removals: if destroy { &[] } else { &config.removals },
        imports: if destroy { &[] } else { &config.imports },
        manages: &manages,
        templates: &config.templates,
    };
    let mut compared = Diagnostics::new();
    let Reconciled { changes, prior } = reconcile(&wanted, state, &mut compared);
    // Whoever empties the workspace leaves nothing alone.
    let tolerated = part::tolerated(config, destroy, now);
    // That a tolerated object lives on unmanaged is what is tolerated of it.
    compared.retain(|d| d.code != &codes::E0305 || !tolerated.keys().any(|a| Some(a.as_str()) == d.address.as_deref()));
    found.extend(compared);
    let asked = select::Asked { targets, excludes, since, only, tolerated: &tolerated };
    let unseen = if asked.part() { authority::unseen(actor, &prior, wanted.objects, config.settings.zone, now) } else { BTreeSet::new() };
    let left_alone = changes.iter().filter_map(|c| tolerated.get(&c.address)).map(|t| Tolerated::of(t, sources)).collect();
    let (mut changes, complete, mut left_out) = select::select(changes, &prior, wanted.objects, &asked, &|a| !unseen.contains(a), found);
    left_out.tolerated = left_alone;
    let stands = on_all(&changes, MANY_OBJECTS, |change| {
        let stood = || change.cause.stood.first().map(|(_, o)| o.places()).filter(|o| !o.file.is_empty()).map(|o| (o.file, o.line));
        let place = sources.line(change.cause.at).map(|(f, l)| (f.to_owned(), l)).or_else(stood);
        (place, change.after.as_ref().map(|after| origin::of(after, sources, commit)))
    });
    for (change, (place, origin)) in changes.iter_mut().zip(stands) {
        change.cause.place = place;
        change.origin = origin.unwrap_or_default();
    }
    let settings_change = settings_change(config.settings.applied(), state, name, destroy);
    if !destroy {
        tolerated_no_more(&config.tolerances, config.settings.zone, now, found);
    }
    timely::check(&changes, &Planned::new(&prior.objects, &changes), config.settings.zone, now, found);
    if !complete && !destroy {
        check_part(&prior, &changes, config, found);
    }
    let base = || Base {
        lineage: state.lineage.clone(),
        serial: state.serial,
        config_digest: config_digest(&config.settings.applied(), config.objects.values().zip(config.digests())).to_string(),
    };
    let made = Made {
        commit,
        actor,
        prior: &prior,
        settings: if destroy {
            state.applied(name).cloned().unwrap_or_else(|| config.settings.applied())
        } else {
            config.settings.applied()
        },
        settings_change,
        written: vec![config.settings.limits],
        zone: config.settings.zone,
        now,
        destroy,
        complete,
        left_out,
        workspace: name,
        managed,
    };
    let mut plan = judged(made, base, state, changes, found);
    plan.place_brakes(config, sources);
    for refusal in plan.refusals.iter_mut().filter(|r| r.lift.is_none()) {
        let at = refusal.at;
        let gone = || plan.changes.iter().find(|c| Some(&c.address) == refusal.address.as_ref()).and_then(|c| c.cause.place.clone());
        refusal.place = sources.line(at).map(|(f, l)| (f.to_owned(), l)).or_else(gone);
    }
    let stands = |address: &str| Address::parse(address).ok().and_then(|a| sources.line(config.objects.get(&a)?.at));
    plan.authority.place(|address| stands(address).map(|(f, l)| (f.to_owned(), l)));
    found.sort(sources);
    plan
}

/// A part of the changes leads to a state that keeps every rule, or is an error.
fn check_part(prior: &PriorMoves, changes: &[Change], config: &Config, found: &mut Diagnostics) {
    let name = config.settings.name.as_str();
    let made: BTreeSet<&Address> = changes.iter().filter(|c| c.after.is_some()).map(|c| &c.address).collect();
    let ours = |a: &Address| made.contains(a) || prior.objects.get(a).is_some_and(|s| s.workspace.as_deref() == Some(name));
    let (own, foreign): (BTreeMap<Address, Object>, BTreeMap<Address, Object>) =
        Planned::new(&prior.objects, changes).cloned().partition(|(a, _)| ours(a));
    let known = Known { objects: foreign, ..Known::default() };
    let mut own_findings = Diagnostics::new();
    check_rules(&World::new(&own, &known, &config.settings), &[], &mut own_findings);
    for mut finding in own_findings.iter().filter(|d| d.severity == Severity::Error).cloned() {
        finding.help = Some("target what it needs as well, or plan everything".to_owned());
        found.push(finding);
    }
}

/// What a plan is made of beside its changes.
struct Made<'a> {
    commit: Option<&'a str>,
    actor: By<'a>,
    prior: &'a PriorMoves,
    settings: AppliedSettings,
    settings_change: Option<SettingsChange>,
    written: Vec<Limits>,
    zone: Zone,
    now: DateTime<Utc>,
    destroy: bool,
    complete: bool,
    left_out: LeftOut,
    workspace: &'a str,
    managed: Option<&'a BTreeMap<&'a str, usize>>,
}

/// Guards, digests and hints over some changes; what they are based on is worked out beside.
fn judged(made: Made<'_>, base: impl FnOnce() -> Base + Send, state: &State, changes: Vec<Change>, found: &mut Diagnostics) -> Plan {
    let Made { commit, actor, prior, settings, settings_change, written, zone, now, destroy, complete, left_out, workspace, managed } =
        made;
    let case = authority::Case { by: actor, prior, settings: settings_change.is_some(), zone, now };
    let authority::Decided { changes, authority, refusals: unauthorised, sees } = authority::decide(&case, changes, found);
    let after = Planned::new(&prior.objects, &changes);
    let people_losing_access = access::people_losing_access(&prior.objects, &after, &changes, zone, now);
    let meanings = impact::meanings(&changes);
    // Brakes are judged by what is written now and by what was last applied.
    let limits: Vec<Limits> = written.into_iter().chain(state.applied(workspace).map(AppliedSettings::limits)).collect();
    let facts = guards::Facts {
        changes: &changes,
        before: &prior.objects,
        after: &after,
        workspace,
        managed,
        limits: &limits,
        lost: people_losing_access,
        loosenings: meanings.iter().filter(|m| m.verdict == Verdict::Loosens).count(),
        // What leaves other things standing empties no workspace.
        destroy: destroy && complete,
        zone,
        now,
        has_store: state.lineage.is_some(),
    };
    let digested = || (base(), document::digest_of_changes(workspace, &changes, settings_change.as_ref(), destroy));
    let ((base, changes_digest), mut refusals) = meanwhile(changes.len() >= MANY_OBJECTS, digested, || guards::judge(&facts, found));
    // Of what somebody may not do anyway, nothing more is told: it might speak of what they do not see.
    let denied: BTreeSet<&str> = authority.denied().flat_map(|d| &d.steps).map(String::as_str).collect();
    refusals.retain(|r| !r.address.as_ref().is_some_and(|a| denied.contains(a.as_str())));
    refusals.splice(0..0, unauthorised);
    Plan {
        workspace: workspace.to_owned(),
        base,
        commit: commit.map(str::to_owned),
        actor: actor.name().to_owned(),
        authority,
        rewritten: rewritten(prior, &changes),
        changes_digest,
        basis: Basis::new(state, prior),
        hints: if destroy { Vec::new() } else { move_hints(&changes) },
        changes,
        settings,
        settings_change,
        refusals,
        people_losing_access,
        impact: Impact { meanings, ..Impact::default() },
        unmanaged: unmanaged(state, prior, sees.as_ref()),
        destroy,
        complete,
        left_out,
        zone,
    }
}

/// How many objects live on unmanaged, those that are being imported left out, and those that are not seen.
fn unmanaged(state: &State, prior: &PriorMoves, sees: Option<&BTreeSet<Address>>) -> usize {
    let imported: BTreeSet<&str> = prior.imported.values().map(String::as_str).collect();
    let seen = |address: &Address| sees.is_none_or(|all| all.contains(address));
    state.unmanaged().filter(|s| !imported.contains(s.id.as_str()) && seen(&s.object.address)).count()
}

/// Objects whose references are rewritten by a move and that do not change otherwise.
fn rewritten(prior: &PriorMoves, changes: &[Change]) -> Vec<(Address, Object)> {
    if prior.rewritten.is_empty() {
        return Vec::new();
    }
    let touched: BTreeSet<&Address> = changes.iter().filter(|c| c.writes()).map(|c| &c.address).collect();
    let rest = prior.rewritten.keys().filter(|a| !touched.contains(a));
    rest.filter_map(|a| prior.objects.get(a).map(|s| (a.clone(), s.object.clone()))).collect()
}

/// The settings that an apply would change. On a store in which nobody manages anything they are not worth telling.
fn settings_change(after: AppliedSettings, state: &State, workspace: &str, destroy: bool) -> Option<SettingsChange> {
    let before = state.applied(workspace);
    // What others do in the store meanwhile is no change of this plan.
    let empty = before.is_none() && state.managed_by(workspace).next().is_none();
    (!destroy && !empty && before != Some(&after)).then(|| SettingsChange { before: before.cloned(), after })
}
