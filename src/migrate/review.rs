//! Recertification.

use super::approval::named;
use super::piece::{Piece, shown};
use super::time;
use super::toml::Toml;
use super::world::World;
use crate::model::Minutes;
use serde_json::Value as Json;

/// The attribute `review` of a policy, if it is reviewed.
pub(super) fn review(world: &mut World<'_>, policy: &mut Piece<'_>) -> Option<Toml> {
    let mut piece = policy.piece("reviewSettings")?;
    if piece.flag("isEnabled") != Some(true) {
        return None; // what it would be if it were reviewed says nothing
    }
    let at = piece.at().to_owned();
    let lost =
        |world: &mut World<'_>, why: &str| world.left.push(&at, "the reviews of a policy", format!("{why}, so that nobody reviews it"));
    let schedule = piece.piece("schedule");
    let Some((every, starts, duration)) = schedule.and_then(|s| rhythm(world, s)) else {
        lost(world, "they come in a rhythm that is none here");
        return None;
    };
    let own = piece.flag("isSelfReview") == Some(true);
    let reviewers = people(world, &mut piece, "primaryReviewers");
    let fallback: Vec<String> = people(world, &mut piece, "fallbackReviewers").into_iter().filter(|f| f != "manager").collect();
    let manager = reviewers.iter().any(|r| r == "manager");
    let named: Vec<String> = reviewers.into_iter().filter(|r| r != "manager").collect();
    let who = match (own, manager) {
        (true, _) => Toml::text("self"),
        (false, true) if fallback.is_empty() => {
            lost(world, "managers review, and nobody of the folder stands in for them");
            return None;
        }
        (false, true) => Toml::text("manager"),
        (false, false) if named.is_empty() => {
            lost(world, "nobody of those who review is in the folder");
            return None;
        }
        (false, false) => Toml::set(named),
    };
    let answer = match piece.text("expirationBehavior").unwrap_or("") {
        "keepAccess" => "keep",
        "removeAccess" => "remove",
        "acceptAccessRecommendation" => "recommendation",
        _ => {
            lost(world, "it is not told what follows when nobody answers");
            return None;
        }
    };
    let mut table = vec![
        ("every".to_owned(), Toml::text(every)),
        ("starts".to_owned(), Toml::Bare(starts)),
        ("duration".to_owned(), Toml::Text(Minutes(duration).to_string())),
        ("reviewers".to_owned(), who),
    ];
    table.extend((manager && !own).then(|| ("fallback_reviewers".to_owned(), Toml::set(fallback))));
    table.push(("if_no_answer".to_owned(), Toml::text(answer)));
    if piece.flag("isReviewerJustificationRequired") == Some(true) {
        table.push(("justification".to_owned(), Toml::Flag(true)));
    }
    piece.rest("the reviews of a policy", &mut world.left);
    Some(Toml::Table(table))
}

/// How often, from which day on, how long.
fn rhythm(world: &mut World<'_>, mut schedule: Piece<'_>) -> Option<(&'static str, String, i64)> {
    let starts = time::instant(schedule.text("startDateTime")?)?.format("%Y-%m-%d").to_string();
    let (duration, _) = time::span(schedule.piece("expiration")?.text("duration")?)?;
    let every = match schedule.piece("recurrence") {
        None => "once",
        Some(mut recurrence) => {
            let mut pattern = recurrence.piece("pattern")?;
            let interval = pattern.number("interval").unwrap_or(1);
            let word = pattern.text("type")?;
            let found = match (word, interval) {
                ("weekly", 1) => "week",
                ("absoluteMonthly" | "relativeMonthly", 1) => "month",
                ("absoluteMonthly" | "relativeMonthly", 3) => "quarter",
                ("absoluteMonthly" | "relativeMonthly", 6) => "half_year",
                ("absoluteMonthly" | "relativeMonthly", 12) | ("absoluteYearly" | "relativeYearly", 1) => "year",
                _ => return None,
            };
            if let Some(range) = recurrence.piece("range") {
                let word = range.peek("type").and_then(Json::as_str).unwrap_or("noEnd");
                if word != "noEnd" {
                    world.left.push(
                        range.at(),
                        format!("the last review: `{}`", shown(word)),
                        "reviews go on until the policy says otherwise",
                    );
                }
            }
            found
        }
    };
    (duration >= Minutes::DAY).then_some((every, starts, duration))
}

fn people(world: &mut World<'_>, piece: &mut Piece<'_>, list: &str) -> Vec<String> {
    let mut all = Vec::new();
    for mut one in piece.pieces(list, &mut world.left) {
        let at = one.at().to_owned();
        let word = one.type_name();
        let found = match word {
            "requestorManager" | "targetManager" if one.number("managerLevel").unwrap_or(1) == 1 => Some("manager".to_owned()),
            _ => named(world, &mut one, word),
        };
        match found {
            Some(principal) => all.push(principal),
            None => world.left.push(
                at,
                format!("who reviews: `{}`", shown(word)),
                "it is no user or group of the folder, or reviews nothing here",
            ),
        }
    }
    all
}
