//! Who decides: stages, their approvers, those who stand in for them.

use super::gather::Sort;
use super::piece::{Piece, shown};
use super::policy::Scope;
use super::time;
use super::toml::Toml;
use super::world::World;
use crate::model::Minutes;

/// What is said of decisions.
#[derive(Debug)]
pub(super) struct Approval {
    /// Whether requestors say why.
    pub justification: bool,
    /// Whether extensions are decided.
    pub extensions: bool,
    /// The attribute `approval`.
    pub table: Toml,
}

/// Reads who decides, or tells where and why that cannot be said here: a policy without those who decide is none.
pub(super) fn read(world: &mut World<'_>, piece: Option<Piece<'_>>, scope: &Scope) -> Result<Approval, (String, String)> {
    let none = || Toml::text("none");
    let Some(mut piece) = piece else { return Ok(Approval { justification: false, extensions: false, table: none() }) };
    let at = piece.at().to_owned();
    let mut flag = |name: &str| piece.flag(name).unwrap_or(false);
    let (adds, extensions) = (flag("isApprovalRequiredForAdd"), flag("isApprovalRequiredForUpdate"));
    let justification = flag("isRequestorJustificationRequired");
    let stages = piece.pieces("stages", &mut world.left);
    piece.rest("the approval of a policy", &mut world.left);
    let Scope::Asked { outside, .. } = scope else {
        for stage in stages {
            world.left.push(stage.at(), "a stage of approval", "nobody requests through its policy, so nobody decides");
        }
        return Ok(Approval { justification: false, extensions: false, table: none() });
    };
    if !adds && !extensions {
        for stage in stages {
            world.left.push(stage.at(), "a stage of approval", "neither requests nor extensions of its policy are decided");
        }
        return Ok(Approval { justification, extensions, table: none() });
    }
    if stages.is_empty() {
        return Err((at, "its requests are to be decided, and no stage says by whom".to_owned()));
    }
    let mut tables = Vec::new();
    for stage in stages {
        tables.push(self::stage(world, stage, *outside)?);
    }
    let table = match <[_; 1]>::try_from(tables) {
        Ok([mut only]) => {
            only.extend((!adds).then(|| ("requests".to_owned(), Toml::Flag(false))));
            Toml::Table(only)
        }
        Err(several) => {
            let mut table = Vec::new();
            table.extend((!adds).then(|| ("requests".to_owned(), Toml::Flag(false))));
            table.push(("stage".to_owned(), Toml::Tables(several)));
            Toml::Table(table)
        }
    };
    Ok(Approval { justification, extensions, table })
}

fn stage(world: &mut World<'_>, mut piece: Piece<'_>, outside: bool) -> Result<Vec<(String, Toml)>, (String, String)> {
    let at = piece.at().to_owned();
    let approvers = people(world, &mut piece, "primaryApprovers", outside);
    if approvers.is_empty() {
        return Err((at, "nobody of those who decide in a stage of it is in the folder".to_owned()));
    }
    let fallback = people(world, &mut piece, "fallbackPrimaryApprovers", outside);
    let resolved = approvers.iter().any(|a| matches!(a.as_str(), "manager" | "internal_sponsors" | "external_sponsors"));
    let named: Vec<String> = fallback.into_iter().filter(|f| f.contains('@') || f.contains(':')).collect();
    if resolved && named.is_empty() {
        return Err((
            at,
            "a manager or sponsor decides in a stage of it, and no user or group of the folder stands in for them (R118)".to_owned(),
        ));
    }
    let mut table = vec![("approvers".to_owned(), Toml::set(approvers.clone()))];
    table.extend(Some(named).filter(|n| !n.is_empty()).map(|n| ("fallback_approvers".to_owned(), Toml::set(n))));
    let place = piece.place("durationBeforeAutomaticDenial");
    let timeout = piece.text("durationBeforeAutomaticDenial").and_then(time::span).map(|(minutes, _)| minutes);
    let timeout = timeout.unwrap_or_else(|| {
        world.left.push(place, "a stage that does not say how long there is to decide", "14 days, as over there");
        Minutes::days(14).0
    });
    table.push(("timeout".to_owned(), Toml::Text(Minutes(timeout).to_string())));
    if piece.flag("isApproverJustificationRequired") == Some(true) {
        table.push(("approver_justification".to_owned(), Toml::Flag(true)));
    }
    let escalates = piece.flag("isEscalationEnabled") == Some(true);
    let place = piece.place("durationBeforeEscalation");
    let after = piece.text("durationBeforeEscalation").and_then(time::span).map(|(minutes, _)| minutes);
    let alternates = people(world, &mut piece, "escalationApprovers", outside);
    if escalates {
        let in_time = |after: i64| after >= Minutes::DAY && after < timeout && timeout >= Minutes::days(4).0;
        // `manager:2` stands behind the manager of the same stage.
        let alternates: Vec<String> =
            alternates.into_iter().filter(|a| a != "manager" && (a != "manager:2" || approvers.iter().any(|a| a == "manager"))).collect();
        match after {
            Some(after) if in_time(after) && !alternates.is_empty() => table.push((
                "escalation".to_owned(),
                Toml::Inline(vec![
                    ("after".to_owned(), Toml::Text(Minutes(after).to_string())),
                    ("approvers".to_owned(), Toml::set(alternates)),
                ]),
            )),
            _ => world.left.push(
                place,
                "an escalation",
                "it names nobody of the folder, or comes before a day or after the time to decide (R122)",
            ),
        }
    }
    // Others are told by `rest`: of who decides, what those who ask see of it.
    if matches!(piece.peek("approverInformationVisibility").and_then(|v| v.as_str()), Some("default" | "notVisible" | "unknownFutureValue"))
    {
        let _ = piece.take("approverInformationVisibility");
    }
    piece.rest("a stage of approval", &mut world.left);
    Ok(table)
}

/// Those whom a list of a stage names.
fn people(world: &mut World<'_>, piece: &mut Piece<'_>, list: &str, outside: bool) -> Vec<String> {
    let mut all = Vec::new();
    for mut one in piece.pieces(list, &mut world.left) {
        let at = one.at().to_owned();
        let _ = one.take("description");
        let _ = one.take("isBackup");
        let word = one.type_name();
        let level = one.number("managerLevel").unwrap_or(1);
        let found = match word {
            "requestorManager" | "targetManager" if !outside && level == 1 => Some("manager".to_owned()),
            "requestorManager" | "targetManager" if !outside && level == 2 && list == "escalationApprovers" => Some("manager:2".to_owned()),
            "internalSponsors" if outside => Some("internal_sponsors".to_owned()),
            "externalSponsors" if outside => Some("external_sponsors".to_owned()),
            _ => named(world, &mut one, word),
        };
        match found {
            Some(principal) => all.push(principal),
            None => world.left.push(
                at,
                format!("who decides: `{}`", shown(word)),
                "it is no user or group of the folder, or decides nothing here",
            ),
        }
        one.rest("who decides", &mut world.left);
    }
    all
}

/// A user or group.
pub(super) fn named(world: &World<'_>, piece: &mut Piece<'_>, word: &str) -> Option<String> {
    match word {
        "singleUser" => piece.text("userId").and_then(|id| world.principal(Sort::User, id)),
        "groupMembers" => piece.text("groupId").and_then(|id| world.principal(Sort::Group, id)),
        _ => None,
    }
}
