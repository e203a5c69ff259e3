//! What the comparison found, once: situations in which the engine did not do what the rules say, each with its rule.

use super::compare::Engine;
use super::naive::{Act, By, Naive, Request, State, Want};
use super::steps::Step;
use super::world::{
    Catalog, DAY, Ends, Extension, Gives, Group, Id, Lost, Minute, Organization, Package, Policy, Scope, Stage, User, Who, World,
};
use writ::engine::{AssignmentState, GuestState, Record, Refusal, RequestState, deciders, held_by};

/// Whether a step is left out: a request or an assignment for somebody of whom something is overdue. The engine does what is overdue
/// first, as `a_request_whose_time_is_over` shows; the model waits for the clock to be looked at.
pub fn is_left_out(model: &Naive, step: &Step) -> bool {
    let Step::Do(by, act) = step else { return false };
    let target = match (act, by) {
        (Act::Request(Want { target: Some(target), .. }) | Act::Assign(Want { target: Some(target), .. }), _) => *target,
        (Act::Request(_), By::User(user)) => *user,
        _ => return false,
    };
    let waits = |r: &Request| {
        let turn = r.turn.as_ref().filter(|_| r.state == State::Pending);
        turn.is_some_and(|t| t.deadline <= model.now || t.escalates.is_some_and(|at| at <= model.now))
            || (r.state == State::Scheduled && r.start.is_some_and(|at| at <= model.now))
    };
    let ends = model.assignments.iter().any(|a| a.target == target && a.over.is_none() && a.end.is_some_and(|end| end <= model.now));
    ends || model.requests.iter().any(|r| r.target == target && waits(r))
}

/// Three members, of whom the second is the manager of the first, and the third the manager of the second; and somebody at Fabrikam.
fn world() -> World {
    let user = |name: &str, manager: Option<Id>| User {
        name: format!("{name}@contoso.example"),
        known: true,
        guest: false,
        enabled: true,
        domain: 0,
        organization: None,
        manager,
    };
    let mut users = vec![user("joe", Some(1)), user("mamta", Some(2)), user("hana", None)];
    users.push(User { name: "zoe@fabrikam.example".to_owned(), known: false, guest: true, domain: 1, ..user("zoe", None) });
    let package = Package {
        catalog: 0,
        hidden: false,
        gives: vec![Gives::Application("Reader")],
        not_with_packages: vec![],
        not_with_groups: vec![],
    };
    World {
        users,
        groups: vec![Group::default(), Group { groups: vec![0], ..Group::default() }],
        organizations: vec![Organization { domains: vec![1], proposed: false, internal: vec![], external: vec![] }],
        catalogs: vec![Catalog { enabled: true, external: true }],
        packages: vec![package.clone(), package],
        lost: Some(Lost::Delete(30 * DAY)),
        ..World::default()
    }
}

fn policy(package: Id, scope: Scope, approvers: &[Who]) -> Policy {
    let stage = Stage { approvers: approvers.to_vec(), fallback: vec![], timeout: 14 * DAY, reason: false, escalation: None };
    let asked = scope != Scope::Nobody;
    Policy {
        package,
        enabled: true,
        scope,
        ends: Ends::After(90 * DAY),
        extension: if asked { Extension::Allowed } else { Extension::No },
        stages: if approvers.is_empty() { vec![] } else { vec![stage] },
        requests: true,
        reason: false,
        schedule: asked,
        self_removal: true,
        on_behalf: false,
        question: None,
    }
}

fn want(package: Id) -> Want {
    Want { package, policy: None, target: None, reason: true, answers: vec![], start: None, end: None }
}

/// Both of them say that it is done.
fn does(engine: &mut Engine, world: &World, by: By, act: &Act) -> Result<(), Refusal> {
    engine.act(world, by, act).map(drop)
}

fn approves(request: Id) -> Act {
    Act::Decide { request, yes: true, reason: true }
}

const JOE: By = By::User(0);
const MAMTA: By = By::User(1);
const ZOE: By = By::User(3);

fn state(engine: &Engine, request: Id) -> RequestState {
    engine.request(&engine.requests[request]).state
}

fn guest(engine: &Engine) -> (GuestState, Option<chrono::DateTime<chrono::Utc>>) {
    let mut guests = engine.ledger.0.values().filter_map(|r| if let Record::Guest(g) = r { Some((g.state, g.deletes)) } else { None });
    guests.next().unwrap()
}

/// Section 2.5: a new assignment while blocked requires an admin to lift the block first; R154.
#[test]
fn blocked_while_it_waited() {
    let mut world = world();
    world.policies = vec![policy(0, Scope::Outside, &[]), policy(1, Scope::Outside, &[Who::User(1)])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, ZOE, &Act::Request(want(0))).unwrap();
    does(&mut engine, &world, ZOE, &Act::Request(want(1))).unwrap();
    does(&mut engine, &world, ZOE, &Act::Remove { assignment: 0 }).unwrap();
    assert_eq!(guest(&engine).0, GuestState::Blocked);
    let _ = does(&mut engine, &world, MAMTA, &approves(1));
    engine.tick(31 * DAY).unwrap();
    assert_eq!(guest(&engine).0, GuestState::Deleted);
    let live = engine.assignments.iter().filter(|a| engine.assignment(a).state != AssignmentState::Expired).count();
    assert_eq!(live, 0, "somebody who is not in the directory holds something");
}

/// R151, and V6: at the start of a scheduled request the engine looks whether the holder can sign in, at the approval it does not.
#[test]
fn blocked_member_while_it_waited() {
    let mut world = world();
    world.policies = vec![policy(0, Scope::Members, &[Who::User(1)])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    let address = world.change(&super::world::Edit::Enabled(0));
    engine.change(&world, &address);
    let _ = does(&mut engine, &world, MAMTA, &approves(0));
    assert_ne!(state(&engine, 0), RequestState::Delivered);
}

/// R151: a guest who has nothing, and for whom nothing is to come, is blocked and goes.
#[test]
fn a_guest_for_whom_nothing_is_left_to_come() {
    let mut world = world();
    world.policies = vec![policy(0, Scope::Outside, &[]), policy(1, Scope::Outside, &[])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, ZOE, &Act::Request(want(0))).unwrap();
    does(&mut engine, &world, ZOE, &Act::Request(Want { start: Some(DAY), ..want(1) })).unwrap();
    does(&mut engine, &world, ZOE, &Act::Remove { assignment: 0 }).unwrap();
    assert_eq!(guest(&engine).0, GuestState::Active);
    does(&mut engine, &world, By::Operator, &Act::Cancel { request: 1 }).unwrap();
    assert_eq!(guest(&engine).0, GuestState::Blocked);
}

/// R151: a new assignment after an administrator lifted the block; the account stays for as long as something is held.
#[test]
fn the_block_was_lifted() {
    let mut world = world();
    world.policies = vec![policy(0, Scope::Outside, &[])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, ZOE, &Act::Request(want(0))).unwrap();
    does(&mut engine, &world, ZOE, &Act::Remove { assignment: 0 }).unwrap();
    assert_eq!(guest(&engine).0, GuestState::Blocked);
    engine.lift(&world.users[3].name);
    does(&mut engine, &world, ZOE, &Act::Request(want(0))).unwrap();
    engine.tick(31 * DAY).unwrap();
    assert_eq!(guest(&engine), (GuestState::Active, None));
}

/// R123: the second-level manager is the manager's manager, also of a manager who cannot sign in; an empty set escalates first.
#[test]
fn the_second_manager_of_somebody_whose_manager_is_away() {
    let mut world = world();
    world.users[1].enabled = false;
    let mut one = policy(0, Scope::Members, &[Who::Manager]);
    one.stages[0].fallback = vec![Who::User(0)];
    one.stages[0].escalation = Some((DAY, vec![Who::SecondManager]));
    world.policies = vec![one];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    let able = deciders(&engine.facts(), engine.request(&engine.requests[0]));
    assert_eq!(able.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["hana@contoso.example"]);
}

/// R55 and the matrix of section 3.1: who manages assignments may take them away; nobody is left out.
#[test]
fn a_manager_takes_their_own_access_away() {
    let mut world = world();
    world.policies = vec![Policy { self_removal: false, ..policy(0, Scope::Members, &[]) }];
    world.delegations = vec![super::world::Delegation { catalog: Some(0), role: "catalog_owner", members: vec![Who::User(0)] }];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    does(&mut engine, &world, JOE, &Act::Remove { assignment: 0 }).unwrap();
}

/// R103 is about requests, and R54: a direct assignment involves none. People of the directory are assigned; so are those to come.
#[test]
fn assigned_in_a_catalog_that_is_not_enabled() {
    let mut world = world();
    world.catalogs[0].enabled = false;
    world.policies = vec![policy(0, Scope::Nobody, &[]), policy(0, Scope::Outside, &[])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, By::Operator, &Act::Assign(Want { policy: Some(0), target: Some(0), ..want(0) })).unwrap();
    does(&mut engine, &world, By::Operator, &Act::Assign(Want { policy: Some(1), target: Some(3), ..want(0) })).unwrap();
}

/// Effective membership is declared and delivered: who is delivered into a group is of the groups around it, and holds that.
#[test]
fn delivered_into_a_group_in_a_group() {
    let mut world = world();
    world.packages[0].gives = vec![Gives::Group(0, "Member")];
    world.policies = vec![policy(0, Scope::Members, &[])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    let facts = engine.facts();
    let joe = facts.person(&world.users[0].name);
    assert!(joe.is_member(&facts, &super::world::group_address(1)));
    let held: Vec<String> = held_by(&facts, &joe).into_iter().map(|h| h.key).collect();
    assert_eq!(held.len(), 2, "{held:?}");
}

/// R44: undecided by then, the request ends, and access needs a new one; not only once somebody looked at the clock.
#[test]
fn a_request_whose_time_is_over() {
    let mut world = world();
    world.policies = vec![policy(0, Scope::Members, &[Who::User(1)])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    engine.now = 15 * DAY as Minute;
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
}

/// R131, R68: an extension is a later end; who has a later one already loses nothing by it.
#[test]
fn an_extension_that_would_shorten() {
    let mut world = world();
    world.policies = vec![Policy { requests: false, extension: Extension::Approval, ..policy(0, Scope::Members, &[Who::User(1)]) }];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    engine.now = 10 * DAY;
    does(&mut engine, &world, JOE, &Act::Extend { assignment: 0, end: Some(95 * DAY), reason: true }).unwrap();
    does(&mut engine, &world, By::Operator, &Act::Reschedule { assignment: 0, end: 99 * DAY }).unwrap();
    let _ = does(&mut engine, &world, MAMTA, &approves(1));
    let end = engine.assignment(&engine.assignments[0]).end.map(super::compare::minute);
    assert_eq!(end, Some(99 * DAY));
}

/// R130: only while the user is still in the policy's scope, when it is asked and when it is approved.
#[test]
fn an_extension_out_of_scope() {
    let mut world = world();
    world.groups[0].users = vec![0];
    let scope = Scope::Listed(vec![Who::Group(0)]);
    world.policies = vec![Policy { requests: false, extension: Extension::Approval, ..policy(0, scope, &[Who::User(1)]) }];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    engine.now = 10 * DAY;
    does(&mut engine, &world, JOE, &Act::Extend { assignment: 0, end: None, reason: true }).unwrap();
    let address = world.change(&super::world::Edit::Member(0, 0));
    engine.change(&world, &address);
    let _ = does(&mut engine, &world, MAMTA, &approves(1));
    let end = engine.assignment(&engine.assignments[0]).end.map(super::compare::minute);
    assert_eq!(end, Some(90 * DAY));
}
