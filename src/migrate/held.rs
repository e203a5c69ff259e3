//! Who holds what: assignments that are live.

use super::gather::{Sort, Thing};
use super::piece::{Piece, shown};
use super::time;
use super::world::{End, Held, World};
use std::collections::{BTreeMap, BTreeSet};

/// Reads the assignments. Of those of one person and package the one that ends last counts.
pub(super) fn held(world: &mut World<'_>, things: Vec<Thing<'_>>, memberships: &BTreeMap<String, BTreeSet<String>>) {
    let mut best: BTreeMap<(String, String), (Held, String, String)> = BTreeMap::new();
    for mut thing in things {
        let package = thing.of("accessPackage").unwrap_or_default();
        let policy = thing.of("assignmentPolicy").unwrap_or_default();
        let Thing { id, mut piece, .. } = thing;
        let at = piece.at().to_owned();
        match read(world, &id, &mut piece, (&package, &policy)) {
            Ok((held, person)) => {
                let key = (held.package.to_string(), held.user.clone());
                let later = |other: &Held| (rank(held.end), &other.id) > (rank(other.end), &held.id);
                match best.remove(&key) {
                    Some((other, p, q)) if !later(&other) => {
                        world.left.push(at, TWICE, SECOND);
                        best.insert(key, (other, p, q));
                    }
                    Some((other, ..)) => {
                        world.left.push(other.at, TWICE, SECOND);
                        best.insert(key, (held, package, person));
                    }
                    None => drop(best.insert(key, (held, package, person))),
                }
            }
            Err(why) => world.left.push(at, "an assignment", why),
        }
        for known in ["accessPackage", "assignmentPolicy", "target", "schedule", "status", "state"] {
            let _ = piece.take(known);
        }
        piece.rest("an assignment", &mut world.left);
    }
    for (held, package, person) in best.into_values() {
        let groups = memberships.get(&package).into_iter().flatten();
        world.delivered.extend(groups.map(|group| (group.clone(), person.clone())));
        world.held.push(held);
    }
    world.held.sort_by(|a, b| a.id.cmp(&b.id));
}

const TWICE: &str = "an assignment of somebody who has another of the same package";
const SECOND: &str = "the one that ends last is carried over";

/// What ends later is more.
fn rank(end: End) -> (u8, i64) {
    match end {
        End::Policy => (0, 0),
        End::At(at) => (1, at.timestamp_millis()),
        End::Never => (2, 0),
    }
}

fn read(world: &mut World<'_>, id: &str, piece: &mut Piece<'_>, (package, policy): (&str, &str)) -> Result<(Held, String), String> {
    match piece.text("state").unwrap_or("delivered") {
        "delivered" | "delivering" | "partiallyDelivered" => {}
        "expired" => return Err("it is over".to_owned()),
        other => return Err(format!("it gives nothing: `{}`", shown(other))),
    }
    let mut schedule = piece.piece("schedule");
    let start = schedule.as_mut().and_then(|s| s.text("startDateTime")).and_then(time::instant);
    let now = world.known.now;
    let start = start.unwrap_or(now);
    if start > now {
        return Err("it is still to begin: assign it here when the time has come".to_owned());
    }
    let mut expiration = schedule.as_mut().and_then(|s| s.piece("expiration"));
    let word = expiration.as_mut().and_then(|e| e.text("type")).unwrap_or("notSpecified");
    let end = match (word, expiration.as_mut()) {
        ("noExpiration", _) => End::Never,
        ("afterDateTime", Some(e)) => e.text("endDateTime").and_then(time::instant).map(End::At).ok_or("its end cannot be read")?,
        ("afterDuration", Some(e)) => {
            let length = e.text("duration").and_then(time::span).and_then(|(m, _)| chrono::TimeDelta::try_minutes(m));
            length.and_then(|l| start.checked_add_signed(l)).map(End::At).ok_or("its end cannot be read")?
        }
        _ => End::Policy,
    };
    if matches!(end, End::At(at) if at <= now) {
        return Err("it is over".to_owned());
    }
    let package = world
        .of(Sort::Package, package)
        .cloned()
        .ok_or("its package is not carried over: ask with `$expand=accessPackage,assignmentPolicy,target`")?;
    let policy = super::policy::address_of(world, policy).ok_or("its policy is not carried over")?;
    if policy.parent().as_ref() != Some(&package) {
        return Err("its policy is one of another package".to_owned());
    }
    let mut target = piece.piece("target").ok_or("it is not told whose it is: ask with `$expand=target`")?;
    let person = target.text("objectId").or_else(|| target.text("id")).map(super::gather::fold).unwrap_or_default();
    let user = world.of(Sort::User, &person).cloned().ok_or("who holds it is no user of the folder")?;
    let governed = target.text("subjectLifecycle") == Some("governed");
    if governed {
        world.left.push(target.at(), "a guest who goes with the last assignment", "who came in over there is not sent away from here");
    }
    let held = Held { id: id.to_owned(), at: piece.at().to_owned(), package, policy, user: user.key().to_owned(), start, end };
    Ok((held, person))
}
