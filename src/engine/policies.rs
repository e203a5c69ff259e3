//! What admits whom: the order of checks V1 to V7, and the policies that are left.

use super::access::live_of;
use super::facts::Facts;
use super::people::Person;
use super::record::{Family, Record};
use super::refusal::Refusal;
use super::terms::Terms;
use crate::kinds::access_package::Package;
use crate::kinds::policy::{Policy, Population};
use crate::kinds::{catalog, connected_organization, settings};
use crate::model::{Address, Stored};
use chrono::{DateTime, Utc};

/// A policy through which somebody may request, with its terms.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    /// The policy.
    pub policy: Policy<'a>,
    /// The same, as it is stored.
    pub stored: &'a Stored,
    /// When access that was approved now would end.
    pub ends: Option<DateTime<Utc>>,
}

/// Whether a catalog lets somebody in at all: V1, V2, V6, V7.
pub(super) fn gate(facts: &Facts<'_>, package: Package<'_>, person: &Person<'_>) -> Result<(), Refusal> {
    let address = package.catalog();
    let open = facts.object(&address);
    if !open.is_some_and(catalog::is_enabled) {
        return Err(Refusal::by(
            "R103",
            format!("`{address}` is not enabled, so nothing in it can be requested"),
            "its owners can enable it",
        ));
    }
    if !person.is_enabled() {
        let rule = if person.is_outside() { "R154" } else { "V6" };
        return Err(Refusal::by(rule, format!("the sign-in of {} is blocked", person.named.name), "an administrator can lift the block"));
    }
    welcome(facts, package, person)
}

/// Whether the catalog of a package lets somebody in, whatever its policies say.
#[must_use]
pub fn welcomes(facts: &Facts<'_>, package: Package<'_>, person: &Person<'_>) -> bool {
    gate(facts, package, person).is_ok()
}

/// Whether a catalog is open to somebody from outside: V2, V7.
pub(super) fn welcome(facts: &Facts<'_>, package: Package<'_>, person: &Person<'_>) -> Result<(), Refusal> {
    let address = package.catalog();
    let open = facts.object(&address);
    if person.is_outside() {
        if !open.is_some_and(catalog::is_externally_visible) {
            let message = format!("`{address}` is not open to people from outside");
            return Err(Refusal::by("R104", message, "its owners can write `externally_visible = true`"));
        }
        if facts.object(&settings::external_users()).is_some_and(|s| settings::forbids(s, person.domain()).is_some()) {
            let message = format!("people of {} are not welcome here", person.domain());
            return Err(Refusal::by("R149", message, "an administrator decides which domains are"));
        }
    }
    Ok(())
}

/// Whether a policy's population has somebody in it. A direct or automatic one has nobody who could request.
pub(super) fn admits(facts: &Facts<'_>, policy: Policy<'_>, person: &Person<'_>) -> bool {
    let (outside, known) = (person.is_outside(), person.object.is_some());
    let organization = || person.organization(facts);
    match (policy.population(), policy.population_word()) {
        (Population::Direct | Population::Automatic, _) => false,
        (_, Some("all_members")) => known && !outside,
        (_, Some("all_directory_users")) => known,
        (_, Some("all_connected_organizations")) => organization().is_some_and(|o| !connected_organization::is_proposed(o)),
        (_, Some("all_external_users")) => outside,
        (_, Some(_)) => false,
        (Population::Outside, None) => organization().is_some_and(|o| policy.organizations().any(|(named, _)| named == o.address)),
        (Population::Inside, None) => {
            known && person.is_among(facts, policy.requestors().into_iter().flat_map(|v| v.members().iter().filter_map(|m| m.as_text())))
        }
    }
}

/// How narrow a policy's population is: P1 before P4.
fn class(policy: Policy<'_>) -> u8 {
    match policy.population_word() {
        None => 1,
        Some("all_members") => 2,
        Some("all_directory_users") => 3,
        Some(_) => 4,
    }
}

/// Why somebody who holds, or has asked for, other things cannot have a package: R137, R140. `asked`: what is only asked for counts too.
#[must_use]
pub fn incompatible(facts: &Facts<'_>, package: Package<'_>, person: &Person<'_>, asked: bool) -> Option<Refusal> {
    let excluded: Vec<Address> = package.incompatible_with().map(|(other, _)| other).collect();
    if excluded.is_empty() {
        return None;
    }
    for other in excluded.iter().filter(|o| o.kind() == "group") {
        if person.is_member(facts, other) {
            let message = format!("{} is of `{other}`, whose members cannot have `{}`", person.named.name, package.0.address);
            return Some(Refusal::by("R140", message, "the membership has to go first"));
        }
    }
    let is_excluded = |id: &str| facts.of_id(id).is_some_and(|s| excluded.contains(&s.object.address));
    if let Some(held) = live_of(facts, &person.named.id).into_iter().find(|a| is_excluded(&a.package.id)) {
        let message = format!("{} holds `{}`, which `{}` excludes", person.named.name, held.package.name, package.0.address);
        return Some(Refusal::by("R137", message, format!("give the other up first: `writ remove {}`", held.package.name)));
    }
    let open = facts.records.of_person(Family::Request, &person.named.id);
    let other = open.into_iter().filter(|_| asked).find_map(|r| match r {
        Record::Request(r) if is_excluded(&r.package.id) => Some(r),
        _ => None,
    })?;
    let message = format!("{} has asked for `{}`, which `{}` excludes", person.named.name, other.package.name, package.0.address);
    Some(Refusal::by("R137", message, format!("cancel that request first: `writ cancel {}`", other.id)))
}

/// The policies through which somebody may request a package now, in the order of their names.
///
/// # Errors
/// Why there is none: a check before them, or what each of them says.
pub fn offers<'a>(facts: &Facts<'a>, package: &Address, person: &Person<'a>) -> Result<Vec<Offer<'a>>, Refusal> {
    let absent = || {
        Refusal::by(
            "R61",
            format!("there is no package `{}` that {} could request", package.key(), person.named.name),
            "`writ packages` lists those that there are",
        )
    };
    let found = facts.object(package).and_then(Package::of).ok_or_else(absent)?;
    gate(facts, found, person)?;
    let all: Vec<(Policy<'a>, &'a Stored)> = facts.policies(package).collect();
    if all.is_empty() {
        return Err(Refusal::by("R29", format!("`{package}` has no policy, so nobody can request it"), "its managers can write one"));
    }
    let in_scope: Vec<_> = all.into_iter().filter(|(policy, _)| admits(facts, *policy, person)).collect();
    if in_scope.is_empty() {
        // Who may not have it learns no more of a hidden package than of one that is not there.
        if found.is_hidden() {
            return Err(absent());
        }
        let rule = if person.is_outside() { "R35" } else { "R34" };
        let message = format!("no policy of `{package}` admits {}", person.named.name);
        return Err(Refusal::by(rule, message, "its managers decide whom they admit"));
    }
    let mut offered: Vec<Offer<'a>> = in_scope
        .iter()
        .filter(|(policy, _)| policy.is_enabled())
        .map(|(policy, stored)| Offer { policy: *policy, stored, ends: Terms::of(facts, *policy, false).ceiling(facts.now) })
        .collect();
    if offered.is_empty() {
        let names: Vec<&str> = in_scope.iter().map(|(p, _)| p.0.address.key()).collect();
        let message = format!("`{package}` takes no requests: {} not enabled", names.join(", "));
        return Err(Refusal::by("R48", message, "its managers can enable a policy"));
    }
    if facts.narrowest_only {
        let narrowest = offered.iter().map(|o| class(o.policy)).min();
        offered.retain(|o| Some(class(o.policy)) == narrowest);
    }
    Ok(offered)
}
