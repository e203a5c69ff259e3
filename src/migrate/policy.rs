//! Policies: who may request, when access ends, how it is extended.

use super::approval::{self, Approval};
use super::gather::{Sort, Thing, fold};
use super::piece::{Piece, shown};
use super::questions::questions;
use super::review::review;
use super::time;
use super::toml::{Declaration, Toml};
use super::world::World;
use crate::model::{Address, Minutes};
use std::collections::BTreeMap;

/// Whom a policy is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nobody asks; others assign.
    Direct,
    /// A rule assigns.
    Automatic(Vec<(String, Toml)>),
    /// Who may ask: a word, or principals.
    Asked { requestors: Toml, outside: bool },
}

/// Declares the policies of the packages that are declared.
pub(super) fn policies(world: &mut World<'_>, mut things: Vec<Thing<'_>>) {
    things.sort_by_key(|thing| world.stored("policy", &thing.id).is_none());
    let files: BTreeMap<Address, String> = world.out.iter().map(|d| (d.address.clone(), d.file.clone())).collect();
    for mut thing in things {
        let at = thing.piece.at().to_owned();
        let package = thing.of("accessPackage").and_then(|id| world.of(Sort::Package, &id).cloned());
        let Some(package) = package else {
            let why = "it is not told of which package of the folder it is: ask with `$expand=accessPackage`";
            world.left.push(at, "a policy", why);
            continue;
        };
        let Thing { id, mut piece, .. } = thing;
        let scope = match scope(world, &mut piece) {
            Ok(scope) => scope,
            Err((at, why)) => {
                world.left.push(at, "a policy", why);
                continue;
            }
        };
        let direct = !matches!(scope, Scope::Asked { .. });
        let asks = piece.piece("requestorSettings");
        let decides = piece.piece("requestApprovalSettings");
        let approval = match approval::read(world, decides, &scope) {
            Ok(approval) => approval,
            Err((at, why)) => {
                world.left.push(at, "a policy", why);
                continue;
            }
        };
        let name = piece.text("displayName");
        let address = world.settle(Sort::Policy, Some(&package), "policy", name.unwrap_or(""), &id);
        let file = files.get(&package).cloned().unwrap_or_default();
        let mut policy = Declaration { address: address.clone(), id: Some(id), at: at.clone(), file, body: Vec::new() };
        let place = piece.place("displayName");
        policy.say("display_name", world.display_name(name, &address, package.as_str(), &place));
        policy.say("description", world.description(&mut piece));
        expiration(world, &mut piece, &mut policy);
        requestors(world, asks, scope, &approval, &mut policy);
        if !direct {
            let Approval { justification, table, .. } = approval;
            if justification {
                policy.say("requestor_justification", Some(Toml::Flag(true)));
            }
            policy.say("approval", Some(table));
        }
        let asked = questions(world, &mut piece);
        match direct {
            true => {
                asked.iter().for_each(|_| world.left.push(&at, "a question of a policy", "nobody requests through it, so nobody is asked"))
            }
            false => policy.say("question", Some(asked).filter(|q| !q.is_empty()).map(Toml::Tables)),
        }
        policy.say("review", review(world, &mut piece));
        for extension in piece.pieces("customExtensionStageSettings", &mut world.left) {
            world.left.push(extension.at(), "a custom extension of a policy", "nothing is called while a request is under way");
        }
        if let Some(mut notices) = piece.piece("notificationSettings") {
            if notices.flag("isAssignmentNotificationDisabled") == Some(true) {
                world.left.push(notices.at(), "a policy without notices", "who tells whom is a matter of `[mail]`, for all policies");
            }
            notices.rest("the notices of a policy", &mut world.left);
        }
        let _ = (piece.take("accessPackage"), piece.take("catalog"));
        world.declare(policy);
        piece.rest("a policy", &mut world.left);
    }
}

/// Whom it is for, or where and why that cannot be said here.
fn scope(world: &mut World<'_>, piece: &mut Piece<'_>) -> Result<Scope, (String, String)> {
    let place = piece.place("allowedTargetScope");
    let word = piece.text("allowedTargetScope").unwrap_or("notSpecified").to_owned();
    let targets = piece.pieces("specificAllowedTargets", &mut world.left);
    let place_of_automatic = piece.place("automaticRequestSettings");
    let automatic = piece.piece("automaticRequestSettings");
    let mut people = Vec::new();
    let mut outside = false;
    for mut target in targets {
        let at = target.at().to_owned();
        let _ = target.take("description");
        match target.type_name() {
            "attributeRuleMembers" => {
                let Some(automatic) = automatic else {
                    return Err((at, "who may request is told by a rule, and it is no automatic policy".to_owned()));
                };
                return rule(world, target, automatic).map(Scope::Automatic);
            }
            "connectedOrganizationMembers" => {
                let found = target.text("connectedOrganizationId").and_then(|id| world.of(Sort::Organization, id)).cloned();
                match found {
                    Some(address) => {
                        outside = true;
                        people.push(format!("connected_organization:{}", address.key()));
                    }
                    None => world.left.push(at, "a connected organization that may request", "it is not in the folder"),
                }
            }
            word => match approval::named(world, &mut target, word) {
                Some(principal) => people.push(principal),
                None => world.left.push(at, format!("who may request: `{}`", shown(word)), "it is no user or group of the folder"),
            },
        }
        target.rest("who may request", &mut world.left);
    }
    if automatic.is_some_and(|mut a| a.flag("requestAccessForAllowedTargets") == Some(true)) {
        return Err((place_of_automatic, "it assigns by itself, and no rule tells to whom".to_owned()));
    }
    let everybody = |word: &str, outside: bool| Ok(Scope::Asked { requestors: Toml::text(word), outside });
    match word.to_ascii_lowercase().as_str() {
        "notspecified" => Ok(Scope::Direct),
        "allmemberusers" => everybody("all_members", false),
        "alldirectoryusers" => everybody("all_directory_users", false),
        "allconfiguredconnectedorganizationusers" => everybody("all_connected_organizations", true),
        "allexternalusers" => everybody("all_external_users", true),
        "specificdirectoryusers" | "specificconnectedorganizationusers" if people.is_empty() => {
            Err((place, "nobody of those who may request is in the folder".to_owned()))
        }
        "specificdirectoryusers" | "specificconnectedorganizationusers" => Ok(Scope::Asked { requestors: Toml::set(people), outside }),
        _ => Err((place, format!("it is for `{}`, and requestors are people", shown(&word)))),
    }
}

/// What an automatic policy says.
fn rule(world: &mut World<'_>, mut target: Piece<'_>, mut automatic: Piece<'_>) -> Result<Vec<(String, Toml)>, (String, String)> {
    let place = target.place("membershipRule");
    let Some(rule) = target.text("membershipRule").and_then(super::rule::cel) else {
        return Err((place, "its rule has no words here".to_owned()));
    };
    let mut table = vec![("rule".to_owned(), Toml::Text(rule))];
    let place = automatic.place("gracePeriodBeforeAccessRemoval");
    match automatic.text("gracePeriodBeforeAccessRemoval").map(time::span) {
        Some(Some((minutes, _))) => table.push(("grace".to_owned(), Toml::Text(Minutes(minutes).to_string()))),
        // A grace of nothing is none.
        Some(None) if matches!(automatic.peek("gracePeriodBeforeAccessRemoval").and_then(|v| v.as_str()), Some("P0D" | "PT0S")) => {}
        Some(None) => world.left.push(place, "a span of time that cannot be read", "there is no grace"),
        None => {}
    }
    let adds = automatic.flag("requestAccessForAllowedTargets").unwrap_or(false);
    let removes = automatic.flag("removeAccessWhenTargetLeavesAllowedTargets").unwrap_or(false);
    table.push(("add".to_owned(), Toml::Flag(adds)));
    table.push(("remove".to_owned(), Toml::Flag(removes)));
    automatic.rest("an automatic policy", &mut world.left);
    target.rest("the rule of a policy", &mut world.left);
    Ok(table)
}

/// When access ends.
fn expiration(world: &mut World<'_>, piece: &mut Piece<'_>, policy: &mut Declaration) {
    let place = piece.place("expiration");
    let mut pattern = piece.piece("expiration");
    let word = pattern.as_mut().and_then(|p| p.text("type")).unwrap_or("notSpecified").to_ascii_lowercase();
    let said = match (word.as_str(), pattern.as_mut()) {
        ("afterdatetime", Some(p)) => p.text("endDateTime").and_then(time::instant).map(|at| Toml::Bare(time::toml(at))),
        ("afterduration", Some(p)) => p.text("duration").and_then(time::span).map(|(minutes, rounded)| {
            if rounded {
                world.left.push(
                    &place,
                    "a span of months or years",
                    format!("it is written `{}`: a month has 30 days, a year 365", Minutes(minutes)),
                );
            }
            Toml::Text(Minutes(minutes).to_string())
        }),
        ("noexpiration", _) => Some(Toml::text("never")),
        _ => None,
    };
    let said = said.unwrap_or_else(|| {
        world.left.push(&place, "an expiration that is not told", "access through the policy never ends by itself, as over there");
        Toml::text("never")
    });
    policy.say("expiration", Some(said));
    if let Some(mut pattern) = pattern {
        let _ = (pattern.take("duration"), pattern.take("endDateTime"), pattern.take("type"));
        pattern.rest("an expiration", &mut world.left);
    }
}

/// Who may request, and what they may.
fn requestors(world: &mut World<'_>, asks: Option<Piece<'_>>, scope: Scope, approval: &Approval, policy: &mut Declaration) {
    let asked = match scope {
        Scope::Direct => {
            policy.say("requestors", Some(Toml::text("none")));
            false
        }
        Scope::Automatic(table) => {
            policy.say("automatic", Some(Toml::Table(table)));
            false
        }
        Scope::Asked { requestors, .. } => {
            policy.say("requestors", Some(requestors));
            true
        }
    };
    let Some(mut asks) = asks else {
        if asked {
            world.left.push(&policy.at, "a policy that does not say whether requests are taken", "it takes them, as over there");
        }
        return;
    };
    let mut flag = |name: &str| asks.flag(name);
    let [adds, removes, extends, schedules] = [
        "enableTargetsToSelfAddAccess",
        "enableTargetsToSelfRemoveAccess",
        "enableTargetsToSelfUpdateAccess",
        "allowCustomAssignmentSchedule",
    ]
    .map(&mut flag);
    let on_behalf = flag("enableOnBehalfRequestorsToAddAccess") == Some(true);
    if removes == Some(false) {
        policy.say("self_removal", Some(Toml::Flag(false)));
    }
    let others = asks.pieces("onBehalfRequestors", &mut world.left);
    if asked {
        if adds == Some(false) {
            policy.say("enabled", Some(Toml::Flag(false)));
        }
        if extends == Some(true) {
            policy.say("extension", Some(Toml::text(if approval.extensions { "approval" } else { "allowed" })));
        }
        if schedules == Some(true) {
            policy.say("custom_schedule", Some(Toml::Flag(true)));
        }
    } else {
        let idle = [(adds, "enableTargetsToSelfAddAccess"), (extends, "enableTargetsToSelfUpdateAccess")];
        for (_, name) in idle.into_iter().filter(|(said, name)| *said == Some(true) && *name != "enableTargetsToSelfAddAccess") {
            world.left.push(asks.place(name), format!("`{name}` of a policy"), "nobody requests through it");
        }
    }
    for mut other in others {
        let at = other.at().to_owned();
        let managers = matches!(other.type_name(), "requestorManager" | "targetManager") && other.number("managerLevel").unwrap_or(1) == 1;
        match managers && asked && on_behalf {
            true => policy.say("on_behalf", Some(Toml::text("manager"))),
            false => {
                world.left.push(at, "who may request for others", "managers may request for their direct reports here, and nobody else")
            }
        }
    }
    asks.rest("who may request", &mut world.left);
}

/// The address of a policy.
pub(super) fn address_of(world: &World<'_>, id: &str) -> Option<Address> {
    world.of(Sort::Policy, &fold(id)).cloned()
}
