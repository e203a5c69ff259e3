//! What always holds, looked at apart from the model.

use super::compare::{Engine, minute};
use super::naive::Naive;
use super::world::{OVER, Scope, package_address};
use chrono::{DateTime, Utc};
use writ::engine::{AssignmentState, Cause, GuestState, Held, Reason, Record, RequestKind, RequestState, Source, Wanted, live_of};
use writ::kinds::access_package::Package;
use writ::model::Address;

/// Of the records, after every step.
pub fn records(engine: &Engine, ticked: bool) -> Result<(), String> {
    let now = engine.facts().now;
    for record in engine.ledger.0.values() {
        // A look at the clock leaves nothing behind that was due: nothing outlives its end by more than one.
        if ticked && record.family().is_timed() && record.due().is_some_and(|at| at <= now) {
            return Err(format!("{} {} was due at {:?}", record.family().word(), record.id(), record.due().map(minute)));
        }
        match record {
            Record::Request(r) => {
                for verdict in &r.verdicts {
                    if verdict.by.name == r.requestor.name || verdict.by.name == r.target.name {
                        return Err(format!("{} decided on a request of their own, or for themselves", verdict.by.name));
                    }
                }
                let approved = r.verdicts.iter().filter(|v| v.approve).count();
                if r.state == RequestState::Delivered && approved != r.terms.stages.len() {
                    return Err(format!("request {} was delivered with {approved} approvals", r.id));
                }
            }
            Record::Assignment(a) => {
                if ticked && a.state != AssignmentState::Expired && a.end.is_some_and(|end| end <= now) {
                    return Err(format!("assignment {} outlives its end", a.id));
                }
                // Who holds something is somebody.
                if a.is_live(now) && !engine.objects.values().any(|s| s.id == a.target.id || s.object.address.key() == a.target.name) {
                    return Err(format!("{} holds assignment {}, and is not in the directory", a.target.name, a.id));
                }
                if a.end.is_some_and(|end| end <= a.start) && a.ended.is_none() {
                    return Err(format!("assignment {} ends before it begins", a.id));
                }
                // What was denied, timed out or taken back gives nothing; what somebody was given, a request gave, or had given when its
                // record was taken away.
                let asked = engine
                    .requests
                    .iter()
                    .filter_map(|id| engine.known_request(id))
                    .find(|r| r.assignment.as_ref() == Some(&a.id) && matches!(r.kind, RequestKind::Add | RequestKind::AdminAdd));
                let gave = |state| !matches!(state, RequestState::Denied | RequestState::TimedOut | RequestState::Canceled);
                let over = a.state == AssignmentState::Expired;
                match asked {
                    Some(r)
                        if a.is_live(now)
                            && !(gave(r.state) && r.state != RequestState::PendingApproval && r.state != RequestState::Scheduled) =>
                    {
                        return Err(format!("assignment {} lives, and its request is {}", a.id, r.state.word()));
                    }
                    // Nobody waits for what is over.
                    Some(r) if over && r.state == RequestState::Delivering => {
                        return Err(format!("assignment {} is over, and its request is still being delivered", a.id));
                    }
                    // What somebody asked for is kept as long as it is held.
                    None if !over && matches!(a.source, Source::Request(_)) => {
                        return Err(format!("assignment {} is held, and its request is not kept", a.id));
                    }
                    None if a.source != Source::Automatic && engine.requests.iter().all(|id| engine.known_request(id).is_some()) => {
                        return Err(format!("assignment {} comes of no request", a.id));
                    }
                    _ => {}
                }
                let same = |other: &&Record| matches!(other, Record::Assignment(o) if o.id != a.id && o.package.id == a.package.id && o.target.id == a.target.id);
                if a.is_live(now) && engine.ledger.0.values().filter(same).any(|o| matches!(o, Record::Assignment(o) if o.is_live(now))) {
                    return Err(format!("{} holds {} twice", a.target.name, a.package.name));
                }
                // Once for a declared assignment, its dates and a person, unless the files themselves took it away.
                let again = |other: &&Record| matches!(other, Record::Assignment(o) if o.id < a.id && o.target.id == a.target.id && o.source == a.source && o.cause != Some(Cause::Undeclared));
                if matches!(a.source, Source::Declared(_)) && engine.ledger.0.values().any(|o| again(&o)) {
                    return Err(format!("{} was given {} a second time by the same files", a.target.name, a.package.name));
                }
            }
            Record::Guest(g) => {
                let stays = g.state == GuestState::Active || g.state == GuestState::Blocked;
                if stays != engine.objects.values().any(|s| s.id == g.id) {
                    return Err(format!("guest {} is not in the directory, or still is", g.name));
                }
            }
            // Who is to be in a group over there has a live reason to be.
            Record::Delivery(d) => {
                let Wanted::Membership { group, held } = &d.wanted else { continue };
                let facts = engine.facts();
                let (resource, role, ..) = OVER.into_iter().find(|(.., over)| over == group).unwrap();
                let gives = |package: Package<'_>| package.roles().any(|(at, given, _)| at.key() == resource && given == role);
                let wanted = live_of(&facts, &d.person.id).iter().any(|a| facts.package(&a.package.id).is_some_and(gives));
                if ticked && *held != wanted {
                    return Err(format!("{} is to be in {group}: {held}, and has a reason: {wanted}", d.person.name));
                }
            }
            // Nothing here is told or reviewed.
            Record::Notice(_) | Record::Review(_) | Record::Series(_) => {}
        }
    }
    Ok(())
}

/// Of what somebody holds: all of it for a reason that lives.
pub fn reasons(held: &[Held], name: &str, now: DateTime<Utc>) -> Result<(), String> {
    for held in held {
        if held.reasons.is_empty() {
            return Err(format!("{name} holds {} {} for no reason", held.key, held.role));
        }
        for reason in &held.reasons {
            if let Reason::Assignment(a) = reason
                && !(a.is_live(now) && a.target.name == name)
            {
                return Err(format!("{name} holds {} {} by what is over", held.key, held.role));
            }
        }
    }
    Ok(())
}

/// Of automatic policies, right after an apply: they give exactly to whom their rule takes in, but for who holds it otherwise or may not
/// have it, and those whose grace runs.
pub fn applied(model: &Naive, engine: &Engine) -> Result<(), String> {
    let facts = engine.facts();
    for (id, policy) in model.world.policies.iter().enumerate() {
        let Scope::Automatic(auto) = policy.scope else { continue };
        if policy.gone || !policy.enabled {
            continue;
        }
        let (package, mine) = (package_address(policy.package).to_string(), model.world.policy_address(id).to_string());
        for (user, person) in model.world.users.iter().enumerate().filter(|(_, u)| u.known) {
            let Some(stored) = engine.objects.get(&Address::root("user", &person.name)) else { continue };
            let held = live_of(&facts, &stored.id).into_iter().find(|a| a.package.id == package);
            let automatic = held.as_ref().is_some_and(|a| a.source == Source::Automatic && a.policy.id == mine);
            let grace = held.as_ref().and_then(|a| a.grace);
            let takes = auto.takes(person);
            if takes && grace.is_some() || !takes && automatic && auto.removes && grace.is_none() {
                return Err(format!(
                    "{} is {}of the rule of {mine}, and the grace is {grace:?}",
                    person.name,
                    if takes { "" } else { "not " }
                ));
            }
            let hindered = !model.incompatible(policy.package, user).is_empty()
                || model.ceiling(policy.ends, model.now).is_some_and(|end| end <= model.now)
                || model.guests.iter().any(|g| g.user == user && g.stands == super::naive::Stands::Blocked);
            if takes && auto.adds && held.is_none() && !hindered {
                return Err(format!("{} is of the rule of {mine}, and has not got it", person.name));
            }
        }
    }
    Ok(())
}
