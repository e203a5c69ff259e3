//! What the comparison found, once: situations in which the engine did not do what the rules say, each with its rule.

use super::compare::Engine;
use super::naive::{Act, By, Naive, Request, State, Want};
use super::sends::{Outcome, Send, Stands};
use super::steps::Step;
use super::world::{
    Auto, Catalog, DAY, Declared, Edit, Ends, Extension, Gives, Group, Id, Lost, Minute, Organization, Package, Policy, Scope, Stage, User,
    Who, World,
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
    let over = |at: Option<Minute>| at.is_some_and(|at| at <= model.now);
    let ends = model.assignments.iter().any(|a| a.target == target && a.over.is_none() && (over(a.end) || over(a.grace)));
    ends || model.requests.iter().any(|r| r.target == target && waits(r))
}

/// Three members, of whom the second is the manager of the first, and the third the manager of the second; and somebody at Fabrikam.
fn world() -> World {
    let user = |name: &str, manager: Option<Id>| User {
        name: format!("{name}@contoso.example"),
        known: true,
        gone: false,
        ours: true,
        department: 0,
        guest: false,
        enabled: true,
        domain: 0,
        organization: None,
        manager,
    };
    let mut users = vec![user("joe", Some(1)), user("mamta", Some(2)), user("hana", None)];
    users.push(User { name: "zoe@fabrikam.example".to_owned(), known: false, ours: false, guest: true, domain: 1, ..user("zoe", None) });
    let package = Package {
        gone: false,
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
        gone: false,
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
    let changed = world.change(&super::world::Edit::Enabled(0));
    engine.change(&world, &changed, &[]).unwrap();
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
    assert!(joe.is_member(&facts, &world.group_address(1)));
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
    let changed = world.change(&super::world::Edit::Member(0, 0));
    engine.change(&world, &changed, &[]).unwrap();
    let _ = does(&mut engine, &world, MAMTA, &approves(1));
    let end = engine.assignment(&engine.assignments[0]).end.map(super::compare::minute);
    assert_eq!(end, Some(90 * DAY));
}

/// Section 2.2: access that is over is not extended, whatever else stands against it, and though nobody looked at the clock since.
#[test]
fn an_extension_of_what_ran_out_unseen() {
    let mut world = world();
    world.groups[0].users = vec![0];
    let scope = Scope::Listed(vec![Who::Group(0)]);
    let terms = Policy { requests: false, extension: Extension::Approval, ..policy(0, scope, &[Who::User(1)]) };
    world.policies = vec![Policy { ends: Ends::After(20 * DAY), ..terms }];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    engine.now = 10 * DAY;
    does(&mut engine, &world, JOE, &Act::Extend { assignment: 0, end: None, reason: true }).unwrap();
    let changed = world.change(&super::world::Edit::Member(0, 0));
    engine.change(&world, &changed, &[]).unwrap();
    engine.now = 21 * DAY;
    does(&mut engine, &world, MAMTA, &approves(1)).unwrap();
    assert_eq!(state(&engine, 1), RequestState::Canceled);
}

/// R151: a guest is blocked once the last assignment is over; one that ran out unseen is over at the next look at the clock.
#[test]
fn a_guest_whose_access_ran_out_unseen() {
    let mut world = world();
    let short = Policy { ends: Ends::After(DAY), ..policy(0, Scope::Outside, &[]) };
    world.policies = vec![short, policy(1, Scope::Outside, &[])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, ZOE, &Act::Request(want(0))).unwrap();
    does(&mut engine, &world, ZOE, &Act::Request(Want { start: Some(3 * DAY), ..want(1) })).unwrap();
    engine.now = 2 * DAY;
    does(&mut engine, &world, By::Operator, &Act::Cancel { request: 1 }).unwrap();
    assert_eq!(guest(&engine).0, GuestState::Active);
    engine.tick(2 * DAY).unwrap();
    assert_eq!(guest(&engine).0, GuestState::Blocked);
}

/// A package that is delivered elsewhere, which joe asked for and has.
fn delivered_elsewhere(gives: &[Gives]) -> (World, Engine) {
    let mut world = world();
    world.packages[0].gives = gives.to_vec();
    world.policies = vec![policy(0, Scope::Members, &[])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
    assert_eq!(state(&engine, 0), RequestState::Delivering);
    (world, engine)
}

/// The sender tries what somebody is to have over there.
fn tries(engine: &mut Engine, world: &World, user: Id, over: usize, outcome: Outcome) {
    let tried = Send { user, over, held: true, stands: Stands::Waiting, tries: 0, due: 0, outwaited: false };
    engine.sent(world, &[(tried, outcome)]).unwrap();
}

/// R142: a request whose delivery failed can be canceled; a canceled request gives nothing.
#[test]
fn canceled_when_its_delivery_had_failed() {
    let (world, mut engine) = delivered_elsewhere(&[Gives::Over(2)]);
    tries(&mut engine, &world, 0, 2, Outcome::Refused);
    assert_eq!(state(&engine, 0), RequestState::DeliveryFailed);
    does(&mut engine, &world, By::Operator, &Act::Cancel { request: 0 }).unwrap();
    assert_eq!(state(&engine, 0), RequestState::Canceled);
    assert_eq!(engine.assignment(&engine.assignments[0]).state, AssignmentState::Expired);
}

/// Q10: so can one that is on its way.
#[test]
fn canceled_on_its_way() {
    let (world, mut engine) = delivered_elsewhere(&[Gives::Over(2)]);
    does(&mut engine, &world, By::Operator, &Act::Cancel { request: 0 }).unwrap();
    assert_eq!(engine.assignment(&engine.assignments[0]).state, AssignmentState::Expired);
}

/// C13: what is given up on its way is not under way for ever, and can be asked for again.
#[test]
fn given_up_on_its_way() {
    let (world, mut engine) = delivered_elsewhere(&[Gives::Over(2)]);
    does(&mut engine, &world, JOE, &Act::Remove { assignment: 0 }).unwrap();
    assert_eq!(state(&engine, 0), RequestState::Canceled);
    does(&mut engine, &world, JOE, &Act::Request(want(0))).unwrap();
}

/// Q16: what was assigned directly is tried again, and its request with it.
#[test]
fn a_direct_assignment_that_failed_is_tried_again() {
    let mut world = world();
    world.packages[0].gives = vec![Gives::Over(2)];
    world.policies = vec![policy(0, Scope::Nobody, &[])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, By::Operator, &Act::Assign(Want { policy: Some(0), target: Some(0), ..want(0) })).unwrap();
    tries(&mut engine, &world, 0, 2, Outcome::Refused);
    assert_eq!(state(&engine, 0), RequestState::DeliveryFailed);
    does(&mut engine, &world, By::Operator, &Act::Reprocess { assignment: 0 }).unwrap();
    assert_eq!(state(&engine, 0), RequestState::Delivering);
    tries(&mut engine, &world, 0, 2, Outcome::Done);
    assert_eq!(state(&engine, 0), RequestState::Delivered);
}

/// R68: who got it meanwhile by the files does not get it a second time by an approval, nor at the start of what was scheduled.
#[test]
fn given_by_the_files_while_it_waited() {
    for start in [None, Some(DAY)] {
        let mut world = world();
        world.policies = vec![policy(0, Scope::Members, &[Who::User(1)]), policy(0, Scope::Nobody, &[])];
        world.declared = vec![declared(0, 1, &[])];
        let mut engine = Engine::new(&world);
        does(&mut engine, &world, JOE, &Act::Request(Want { policy: Some(0), start, ..want(0) })).unwrap();
        if start.is_some() {
            does(&mut engine, &world, MAMTA, &approves(0)).unwrap();
        }
        apply(&mut engine, &mut world, &Edit::Listed(0, 0));
        if start.is_none() {
            let _ = does(&mut engine, &world, MAMTA, &approves(0));
        }
        engine.tick(2 * DAY).unwrap();
        assert_eq!(live(&engine), 1);
    }
}

fn declared(package: Id, policy: Id, users: &[Id]) -> Declared {
    Declared { there: !users.is_empty(), package, policy, users: users.to_vec(), start: None, end: None, version: 0, note: 0 }
}

fn apply(engine: &mut Engine, world: &mut World, edit: &Edit) {
    let changed = world.change(edit);
    engine.change(world, &changed, &[]).unwrap();
}

fn live(engine: &Engine) -> usize {
    engine.assignments.iter().filter(|a| engine.assignment(a).is_live(engine.facts().now)).count()
}

/// Given once: what the holder gave up is not given again because a name was taken out of the files and put back.
#[test]
fn put_back_into_the_same_assignment() {
    let mut world = world();
    world.policies = vec![policy(0, Scope::Nobody, &[])];
    world.declared = vec![declared(0, 0, &[0, 1])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, JOE, &Act::Remove { assignment: 0 }).unwrap();
    for user in [0, 0, 1, 1] {
        apply(&mut engine, &mut world, &Edit::Listed(0, user));
    }
    // What the files themselves took away, they give again.
    assert_eq!((live(&engine), engine.assignments.len()), (1, 3));
    apply(&mut engine, &mut world, &Edit::Dates(0, None, Some(DAY)));
    assert_eq!(live(&engine), 2, "other dates are a new grant");
}

/// R151: a guest whose access the files replace by the same with other dates did not lose the last of it.
#[test]
fn other_dates_for_a_guest() {
    let mut world = world();
    world.policies = vec![policy(0, Scope::Outside, &[]), policy(1, Scope::Nobody, &[])];
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, ZOE, &Act::Request(want(0))).unwrap();
    // From now on the files know her; not her account, which stays the engine's.
    (world.users[3].known, world.users[3].ours) = (true, true);
    world.declared = vec![declared(1, 1, &[3])];
    engine.change(&world, &[super::world::declared_address(1, 0)], &[]).unwrap();
    does(&mut engine, &world, ZOE, &Act::Remove { assignment: 0 }).unwrap();
    apply(&mut engine, &mut world, &Edit::Dates(0, None, Some(9 * DAY)));
    assert_eq!((guest(&engine).0, live(&engine)), (GuestState::Active, 1));
}

/// Section 2.5: a new assignment while blocked requires an admin to lift the block first, also one by a rule.
#[test]
fn a_blocked_guest_whom_a_rule_takes_in() {
    let mut world = world();
    let auto = Auto { department: None, enabled: false, grace: 0, adds: true, removes: true };
    world.policies = vec![policy(0, Scope::Outside, &[]), Policy { enabled: false, ..policy(1, Scope::Automatic(auto), &[]) }];
    world.policies[1].extension = Extension::No;
    world.policies[1].schedule = false;
    let mut engine = Engine::new(&world);
    does(&mut engine, &world, ZOE, &Act::Request(want(0))).unwrap();
    does(&mut engine, &world, ZOE, &Act::Remove { assignment: 0 }).unwrap();
    assert_eq!(guest(&engine).0, GuestState::Blocked);
    (world.users[3].known, world.users[3].enabled) = (true, false);
    apply(&mut engine, &mut world, &Edit::Policy(1));
    assert_eq!(live(&engine), 3, "all but the guest");
}

/// R137: what a rule takes away in an apply does not keep anybody from what another gives in it, in whatever order they stand.
#[test]
fn from_one_rule_to_another_that_excludes_it() {
    let mut world = world();
    let auto = |department| Auto { department: Some(department), enabled: false, grace: 0, adds: true, removes: true };
    let by = |package, department| Policy {
        extension: Extension::No,
        schedule: false,
        ..policy(package, Scope::Automatic(auto(department)), &[])
    };
    world.policies = vec![by(0, 1), by(1, 0)];
    world.packages[0].not_with_packages = vec![1];
    let mut engine = Engine::new(&world);
    assert_eq!(live(&engine), 3);
    apply(&mut engine, &mut world, &Edit::Department(0));
    assert_eq!(live(&engine), 3);
}

/// R135: whom a rule does not take in any more stays where the policy does not remove, also where the grace runs already.
#[test]
fn a_grace_that_is_taken_back() {
    let mut world = world();
    let auto = Auto { department: Some(0), enabled: false, grace: 7 * DAY, adds: true, removes: true };
    world.policies = vec![Policy { extension: Extension::No, schedule: false, ..policy(0, Scope::Automatic(auto), &[]) }];
    let mut engine = Engine::new(&world);
    apply(&mut engine, &mut world, &Edit::Department(0));
    let kept = Policy { scope: Scope::Automatic(Auto { removes: false, ..auto }), ..world.policies[0].clone() };
    apply(&mut engine, &mut world, &Edit::Terms(0, Box::new(kept)));
    engine.tick(8 * DAY).unwrap();
    assert_eq!(live(&engine), 3);
}

/// R143: within seven days after it failed, however late it was tried.
#[test]
fn a_window_counts_from_the_last_try() {
    let (world, mut engine) = delivered_elsewhere(&[Gives::Over(2)]);
    engine.now = 10 * DAY;
    tries(&mut engine, &world, 0, 2, Outcome::Refused);
    engine.now = 12 * DAY;
    does(&mut engine, &world, By::Operator, &Act::Again { request: 0 }).unwrap();
    assert_eq!(state(&engine, 0), RequestState::Delivering);
    tries(&mut engine, &world, 0, 2, Outcome::Refused);
    engine.now = 19 * DAY;
    assert!(does(&mut engine, &world, By::Operator, &Act::Again { request: 0 }).is_err());
}
