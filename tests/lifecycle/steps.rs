//! What happens to a world: steps, each likely enough to be taken, and some that should not be.

use super::naive::{Act, By, Kind, Naive, State, Want};
use super::sends::{Outcome, Send, Stands};
use super::world::{DAY, Dice, Edit, Ends, Extension, HOUR, Id, Minute, OVER, Question};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Do(By, Act),
    /// The clock goes on, and is looked at.
    Tick(Minute),
    /// The clock goes on, and nobody looks.
    Pass(Minute),
    Change(Edit),
    /// The sender goes through what is due; for each role over there what comes of it.
    Send([Outcome; OVER.len()]),
    /// A system is away for hours, and the sender goes on trying, until it does not any more.
    Away(usize),
    /// What came of one try, which may be of something that is not wanted so any more.
    Try(Send, Outcome),
}

/// A step that fits what is so. Nobody who is gone does anything.
pub fn next(dice: &mut Dice, model: &Naive) -> Step {
    match likely(dice, model) {
        Step::Do(By::User(user), _) if model.world.users[user].gone => Step::Pass(model.now),
        step => step,
    }
}

fn likely(dice: &mut Dice, model: &Naive) -> Step {
    let last = |n: usize, dice: &mut Dice| n.checked_sub(1 + dice.below(n.min(3)));
    let pending: Vec<Id> = (0..model.requests.len()).filter(|r| model.requests[*r].state == State::Pending).collect();
    let live: Vec<Id> = (0..model.assignments.len()).filter(|a| model.is_live(&model.assignments[*a])).collect();
    if let Some(step) = dice.chance(20).then(|| extension(dice, model, &live)).flatten() {
        return step;
    }
    if let Some(step) = dice.chance(25).then(|| delivery(dice, model)).flatten() {
        return step;
    }
    if let Some(edit) = dice.chance(7).then(|| model.world.files(dice, model.now)).flatten() {
        return Step::Change(edit);
    }
    match dice.below(100) {
        0..14 => Step::Tick(instant(dice, model)),
        14..16 => Step::Pass(instant(dice, model)),
        16..21 => {
            let mut edit = model.world.edit(dice);
            // What is asked for keeps its terms (R31): those of its policy change the more often.
            if let Some(request) = dice.pick(&pending).filter(|_| dice.chance(35)) {
                let policy = model.requests[request].policy;
                let mut terms = model.world.policies[policy].clone();
                terms.ends = Ends::After([HOUR, DAY, 10 * DAY, 60 * DAY][dice.below(4)]);
                edit = Edit::Terms(policy, Box::new(terms));
            }
            Step::Change(edit)
        }
        21..40 if !pending.is_empty() => decide(dice, model, &pending),
        40..45 => {
            let open: Vec<Id> = (0..model.requests.len())
                .filter(|r| {
                    matches!(model.requests[*r].state, State::Pending | State::Scheduled | State::Delivering | State::Failed)
                        || dice.chance(15)
                })
                .collect();
            let Some(request) = dice.pick(&open) else { return ask(dice, model) };
            let by =
                if dice.chance(50) { model.requests[request].requestor } else { manager(dice, model, model.requests[request].package) };
            Step::Do(by, Act::Cancel { request })
        }
        45..54 => {
            let Some(assignment) = dice.pick(&live).or_else(|| last(model.assignments.len(), dice)) else { return ask(dice, model) };
            let held = &model.assignments[assignment];
            let by = if dice.chance(92) { By::User(held.target) } else { somebody(dice, model) };
            let ceiling = model.ceiling(model.world.policies[held.policy].ends, model.now);
            let end = dice.chance(50).then(|| ceiling.unwrap_or(model.now + 40 * DAY) + [0, -HOUR, -DAY, HOUR][dice.below(4)]);
            Step::Do(by, Act::Extend { assignment, end, reason: dice.chance(80) })
        }
        54..60 => {
            let extended: Vec<Id> = pending.iter().filter_map(|r| model.requests[*r].assignment).collect();
            let some = dice.pick(&extended).or_else(|| dice.pick(&live)).or_else(|| last(model.assignments.len(), dice));
            let Some(assignment) = some else { return ask(dice, model) };
            let held = &model.assignments[assignment];
            let by = manager(dice, model, held.package);
            let ceiling = model.ceiling(model.world.policies[held.policy].ends, model.now);
            let base = if dice.chance(50) { ceiling } else { held.end };
            let end = base.unwrap_or(model.now + 30 * DAY) + [0, -HOUR, -DAY, HOUR][dice.below(4)];
            Step::Do(by, Act::Reschedule { assignment, end })
        }
        60..65 => {
            let Some(assignment) = dice.pick(&live).or_else(|| last(model.assignments.len(), dice)) else { return ask(dice, model) };
            let held = &model.assignments[assignment];
            let by = if dice.chance(60) { By::User(held.target) } else { manager(dice, model, held.package) };
            Step::Do(by, Act::Remove { assignment })
        }
        65..74 => assign(dice, model),
        _ => ask(dice, model),
    }
}

/// What waits for the sender is tried, and what failed is tried again.
fn delivery(dice: &mut Dice, model: &Naive) -> Option<Step> {
    let stands = |state: &[State]| -> Vec<Id> {
        let found = |a: &Id| model.is_live(&model.assignments[*a]) && state.contains(&model.assignments[*a].stands);
        (0..model.assignments.len()).filter(found).collect()
    };
    let failed = stands(&[State::Partly, State::Failed]);
    if let Some(assignment) = dice.pick(&failed).filter(|_| dice.chance(50)) {
        let request = model.requests.iter().position(|r| r.assignment == Some(assignment));
        if let Some(request) = request.filter(|_| dice.chance(60)) {
            return Some(match dice.below(4) {
                // Or too late for it.
                0 => Step::Tick(model.now + [DAY, 7 * DAY, 8 * DAY][dice.below(3)]),
                _ => Step::Do(manager(dice, model, model.assignments[assignment].package), Act::Again { request }),
            });
        }
        return Some(Step::Do(manager(dice, model, model.assignments[assignment].package), Act::Reprocess { assignment }));
    }
    if dice.chance(6) {
        let all = stands(&[State::Delivering, State::Delivered]);
        let assignment = dice.pick(&all)?;
        return Some(Step::Do(manager(dice, model, model.assignments[assignment].package), Act::Reprocess { assignment }));
    }
    let waiting: Vec<&Send> = model.sends.iter().filter(|s| s.stands == Stands::Waiting).collect();
    let send = dice.pick(&waiting)?;
    let outcome = |dice: &mut Dice| [Outcome::Done, Outcome::Done, Outcome::Away, Outcome::Refused, Outcome::Refused][dice.below(5)];
    Some(match dice.below(10) {
        0..2 => Step::Away(send.over),
        2..4 => {
            let mut tried = send.clone();
            match dice.below(8) {
                0 => tried.held = !tried.held,
                1 => tried.tries += 1,
                _ => {}
            }
            Step::Try(tried, outcome(dice))
        }
        _ => Step::Send([outcome(dice), outcome(dice), outcome(dice)]),
    })
}

/// The long way of an extension: some of the time goes by, it is asked for, things change, somebody decides.
fn extension(dice: &mut Dice, model: &Naive, live: &[Id]) -> Option<Step> {
    let asked = model.requests.iter().rposition(|r| r.kind == Kind::Extend && r.state == State::Pending);
    if let Some(request) = asked {
        let found = &model.requests[request];
        let mut terms = model.world.policies[found.policy].clone();
        terms.ends = Ends::After([HOUR, DAY, 10 * DAY, 60 * DAY][dice.below(4)]);
        let able = model.deciders(found);
        return Some(match dice.below(4) {
            0 => Step::Change(Edit::Terms(found.policy, Box::new(terms))),
            1 => Step::Do(
                By::Operator,
                Act::Reschedule { assignment: found.assignment.unwrap(), end: model.ceiling(terms.ends, model.now).unwrap() },
            ),
            _ => Step::Do(By::User(dice.pick(&able)?), Act::Decide { request, yes: true, reason: true }),
        });
    }
    let can = |a: &&Id| model.world.policies[model.assignments[**a].policy].extension != Extension::No;
    let can: Vec<Id> = live.iter().filter(can).copied().collect();
    let assignment = dice.pick(&can)?;
    let held = &model.assignments[assignment];
    let left = held.end? - model.now;
    if model.now == held.start || dice.chance(30) {
        return Some(Step::Tick(model.now + left / 2));
    }
    Some(Step::Do(By::User(held.target), Act::Extend { assignment, end: None, reason: true }))
}

fn somebody(dice: &mut Dice, model: &Naive) -> By {
    if dice.chance(10) { By::Operator } else { By::User(person(dice, model)) }
}

/// Nobody who is gone does anything, or is to have anything.
fn person(dice: &mut Dice, model: &Naive) -> Id {
    let all: Vec<Id> = (0..model.world.users.len()).filter(|u| !model.world.users[*u].gone).collect();
    dice.pick(&all).unwrap()
}

/// Somebody who may manage, mostly.
fn manager(dice: &mut Dice, model: &Naive, package: Id) -> By {
    let all: Vec<By> = (0..model.world.users.len()).map(By::User).filter(|u| model.manages(*u, package)).collect();
    match dice.below(10) {
        0..5 => dice.pick(&all).unwrap_or(By::Operator),
        5..8 => By::Operator,
        _ => somebody(dice, model),
    }
}

/// Something comes of itself at many of them.
fn instant(dice: &mut Dice, model: &Naive) -> Minute {
    let mut due = Vec::new();
    for request in &model.requests {
        due.extend(request.turn.map(|t| t.deadline));
        due.extend(request.turn.and_then(|t| t.escalates));
        due.extend(request.start.filter(|_| request.state == State::Scheduled));
    }
    due.extend(model.assignments.iter().filter(|a| a.over.is_none()).filter_map(|a| a.end));
    due.extend(model.assignments.iter().filter(|a| a.over.is_none()).filter_map(|a| a.grace));
    if dice.chance(15) {
        due.extend(model.requests.iter().filter_map(|r| model.looked_at(r)));
    }
    due.extend(model.guests.iter().filter_map(|g| g.deletes));
    due.retain(|at| *at > model.now);
    let at = match dice.below(4) {
        0 => model.now + [1, HOUR, DAY, 3 * DAY, 10 * DAY][dice.below(5)],
        _ => match dice.pick(&due) {
            Some(at) => at + [0, 0, -1, 1, DAY][dice.below(5)],
            None => model.now + DAY,
        },
    };
    at.max(model.now)
}

fn decide(dice: &mut Dice, model: &Naive, pending: &[Id]) -> Step {
    let extensions: Vec<Id> = pending.iter().copied().filter(|r| model.requests[*r].kind == Kind::Extend).collect();
    let pending = if !extensions.is_empty() && dice.chance(60) { &extensions } else { pending };
    let request = if dice.chance(95) { dice.pick(pending).unwrap() } else { dice.below(model.requests.len() + 1) };
    let able = model.requests.get(request).map(|r| model.deciders(r)).unwrap_or_default();
    let by = if dice.chance(80) { dice.pick(&able).map_or_else(|| somebody(dice, model), By::User) } else { somebody(dice, model) };
    Step::Do(by, Act::Decide { request, yes: dice.chance(75), reason: dice.chance(85) })
}

/// What goes with a policy, mostly.
fn want(dice: &mut Dice, model: &Naive, package: Id, policy: Option<Id>, guess: Id, schedule: bool) -> Want {
    let terms = &model.world.policies[guess];
    let answers = match terms.question {
        _ if dice.chance(8) => vec![("q", vec!["nothing"])],
        _ if dice.chance(4) => vec![("other", vec!["A"])],
        Some(Question::Digits { .. }) if dice.chance(90) => vec![("q", vec!["1234"])],
        Some(Question::Choice { several, .. }) if dice.chance(90) => {
            vec![("q", if several && dice.chance(50) || dice.chance(5) { vec!["A", "B"] } else { vec!["B"] })]
        }
        _ => Vec::new(),
    };
    let dated = if schedule { dice.chance(55) } else { dice.chance(5) };
    let start = (dated && dice.chance(70)).then(|| model.now + [0, HOUR, DAY, 4 * DAY, -DAY][dice.below(5).min(dice.below(5))]);
    let from = start.unwrap_or(model.now);
    let end = (dated && dice.chance(50)).then(|| {
        let ceiling = model.ceiling(terms.ends, from).unwrap_or(from + 20 * DAY);
        [ceiling, ceiling - HOUR, from + HOUR, ceiling + HOUR, from][dice.below(5).min(dice.below(5))]
    });
    Want { package, policy, target: None, reason: dice.chance(90), answers, start, end }
}

fn ask(dice: &mut Dice, model: &Naive) -> Step {
    // Of a few tries the first that somebody admits.
    let (mut policy, mut user) = (0, 0);
    for _ in 0..4 {
        policy = dice.below(model.world.policies.len());
        user = person(dice, model);
        let found = &model.world.policies[policy];
        if found.enabled
            && model.admits(found, user)
            && !model.requests.iter().any(|r| r.target == user && r.package == found.package && r.kind == Kind::Add)
        {
            break;
        }
    }
    let terms = &model.world.policies[policy];
    let named = dice.chance(50).then_some(policy);
    let mut want = want(dice, model, terms.package, named, policy, terms.schedule);
    let mut by = By::User(user);
    let on_behalf = if terms.on_behalf { dice.chance(60) } else { dice.chance(4) };
    if on_behalf && let Some(manager) = model.manager(user) {
        want.target = Some(user);
        by = By::User(manager);
    } else if dice.chance(4) {
        by = somebody(dice, model);
        want.target = dice.chance(70).then_some(user);
    }
    Step::Do(by, Act::Request(want))
}

fn assign(dice: &mut Dice, model: &Naive) -> Step {
    let policy = dice.below(model.world.policies.len());
    let terms = &model.world.policies[policy];
    let named = dice.chance(85).then_some(policy);
    let mut want = want(dice, model, terms.package, named, policy, true);
    want.target = dice.chance(98).then(|| person(dice, model));
    Step::Do(manager(dice, model, terms.package), Act::Assign(want))
}
