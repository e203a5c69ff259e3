//! A check in the words of its author: CEL over each object of a kind, over each change, or over the figures of the plan.

use super::world::World;
use super::{Found, MOST};
use crate::config::{Check, FIGURES, around, variables};
use crate::diag::codes;
use crate::expr::{Expression, Fields, Fuel, Val};
use crate::kinds::{self, Kind};
use crate::model::{Action, Address, Change, Object};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What does not keep to it. Of what cannot be evaluated the first is told and the rest is not tried, since it would fail alike.
pub(super) fn ask(world: &World<'_>, check: &Check, fuel: &mut Fuel) -> Vec<Found> {
    let known = variables(check.each());
    let compile = |text: &Option<String>| text.as_deref().map(|text| Expression::compile(text, &known)).transpose();
    let (when, assert) = match (compile(&check.when), compile(&check.assert)) {
        (Ok(when), Ok(Some(assert))) => (when, assert),
        (Err(bad), _) | (_, Err(bad)) => return vec![untold(None, world, &format!("its expression is none: {}", bad.message))],
        (Ok(_), Ok(None)) => return Vec::new(),
    };
    let asks = |name: &str| assert.asks(name) || when.as_ref().is_some_and(|when| when.asks(name));
    let plan = if asks("plan") { figures(world) } else { Val::Null };
    let mut found = Vec::new();
    let mut one = |address: Option<&Address>, values: BTreeMap<&str, Val>| -> bool {
        let asked = when.as_ref().map_or(Ok(true), |when| when.holds(&values, fuel));
        match asked.and_then(|asked| Ok(!asked || assert.holds(&values, fuel)?)) {
            Ok(true) => {}
            Ok(false) => {
                let message = check.message.clone().unwrap_or_default();
                let message = address.map_or_else(|| message.clone(), |a| format!("{message}: `{a}`"));
                found.push(world.found(address, message));
            }
            Err(why) => {
                found.push(untold(address, world, &why));
                return false;
            }
        }
        found.len() <= MOST.saturating_mul(10)
    };
    match (check.each(), kinds::kind(check.each())) {
        (_, Some(kind)) => {
            let all = world.facts.objects.values().map(|s| &s.object).filter(|o| o.address.kind() == kind.name);
            for object in all.filter(|o| !check.spares(&o.address)) {
                let mut values = BTreeMap::from([("plan", plan.clone())]);
                around_it(world, kind, object, &asks, &mut values);
                if !one(Some(&object.address), values) {
                    break;
                }
            }
        }
        ("change", None) => {
            for change in world.judged.changes.iter().filter(|c| !check.spares(&c.address)) {
                let side = |object: &Option<Object>| {
                    let kind = kinds::kind(change.address.kind());
                    kind.map_or(Val::Null, |kind| kinds::seen(kind, object.as_ref()))
                };
                let values = BTreeMap::from([
                    ("plan", plan.clone()),
                    ("change", told(Some(change), true)),
                    ("before", if asks("before") { side(&change.before) } else { Val::Null }),
                    ("after", if asks("after") { side(&change.after) } else { Val::Null }),
                ]);
                if !one(Some(&change.address), values) {
                    break;
                }
            }
        }
        _ => {
            one(None, BTreeMap::from([("plan", plan)]));
        }
    }
    found
}

fn untold(address: Option<&Address>, world: &World<'_>, why: &str) -> Found {
    let of = address.map_or_else(String::new, |a| format!(" of `{a}`"));
    Found { code: &codes::E0509, ..world.found(address, format!("cannot be told{of}: {why}")) }
}

/// An object, what stands around it, and how it changes: what of it is asked for.
fn around_it<'v>(
    world: &World<'_>,
    kind: &'static Kind,
    object: &Object,
    asks: &dyn Fn(&str) -> bool,
    values: &mut BTreeMap<&'v str, Val>,
) {
    if asks(kind.name) {
        values.insert(kind.name, kinds::seen(kind, Some(object)));
    }
    for other in around(kind.name).iter().filter_map(|name| kinds::kind(name)).filter(|k| asks(k.name)) {
        values.insert(other.name, kinds::seen(other, world.near(object, other.name)));
    }
    let change = || world.change_of(&object.address);
    if asks("change") {
        values.insert("change", told(change(), false));
    }
    if asks("before") {
        values.insert("before", kinds::seen(kind, change().and_then(|c| c.before.as_ref())));
    }
}

/// A change as an expression sees it; `none`, where there is none.
fn told(change: Option<&Change>, whole: bool) -> Val {
    let names = change.into_iter().flat_map(|c| &c.deltas).map(|(name, _)| Val::text(name)).collect();
    let mut fields = Fields::from([
        (Cow::Borrowed("action"), Val::text(change.map_or("none", |c| word(c.action)))),
        (Cow::Borrowed("attributes"), Val::list(names)),
    ]);
    if let Some(change) = change.filter(|_| whole) {
        let more = [("address", change.address.as_str()), ("key", change.address.key()), ("kind", change.address.kind())];
        fields.extend(more.into_iter().map(|(name, text)| (Cow::Borrowed(name), Val::text(text))));
    }
    Val::map(fields)
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Delete => "delete",
        Action::Replace => "replace",
        Action::Update => "update",
        Action::Create => "create",
        Action::Move => "move",
        Action::Import => "import",
        Action::Forget => "forget",
    }
}

/// The figures of the plan, in the order of their names.
fn figures(world: &World<'_>) -> Val {
    let whole = |n: usize| Val::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let of = |action: Action| whole(world.judged.changes.iter().filter(|c| c.action == action).count());
    let values = [
        of(Action::Create),
        of(Action::Delete),
        of(Action::Forget),
        of(Action::Import),
        of(Action::Move),
        whole(world.facts.objects.len()),
        whole(world.judged.people_losing_access),
        of(Action::Replace),
        of(Action::Update),
    ];
    Val::map(FIGURES.into_iter().map(Cow::Borrowed).zip(values).collect())
}
