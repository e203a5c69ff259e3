//! An object as an expression of a check sees it: every documented field is there, whatever was written.
//!
//! An absent text is `""`, an absent list `[]`, an absent table one whose fields are all absent. What says when something ends,
//! or how long it takes, is a table of its own: `kind`, `text`, `days`, `hours`.

use super::{COMMON, Default, Field, Form, Kind, Shape};
use crate::expr::{Fields, Val};
use crate::model::{Expiration, Minutes, Node, Table, Value};
use std::borrow::Cow;

/// The fields of a time, in the order of their names.
const TIME: [&str; 4] = ["days", "hours", "kind", "text"];

/// What an expression can ask of an object of a kind, in order.
#[must_use]
pub fn names(kind: &Kind) -> Vec<&'static str> {
    let derived: &[&str] = if kind.name == super::policy::KIND.name { super::policy::DERIVED } else { &[] };
    let mut all: Vec<&str> = kind.fields().map(|f| f.name).chain(["address", "key"]).chain(derived.iter().copied()).collect();
    all.sort_unstable();
    all
}

/// An object as an expression sees it; one that says nothing, for no object.
#[must_use]
pub fn seen(kind: &'static Kind, object: Option<&crate::model::Object>) -> Val {
    let empty = Table::new();
    let attributes = object.map_or(&empty, |o| &o.attributes);
    let key = object.map_or("", |o| o.address.key());
    let mut fields = table(kind.form.fields.iter().chain(COMMON), attributes, key);
    fields.insert("address".into(), Val::text(object.map_or("", |o| o.address.as_str())));
    fields.insert("key".into(), Val::text(key));
    if kind.name == super::policy::KIND.name {
        super::policy::derive(object, &mut fields);
    }
    Val::map(fields)
}

fn table<'f>(form: impl Iterator<Item = &'f Field>, attributes: &Table, key: &str) -> Fields {
    form.map(|field| (Cow::Borrowed(field.name), value(&field.shape, field.default, attributes.get(field.name), key))).collect()
}

fn value(shape: &Shape, default: Default, written: Option<&Value>, key: &str) -> Val {
    let text = || written.and_then(Value::as_text);
    match shape {
        Shape::Bool => Val::Bool(written.and_then(Value::as_bool).unwrap_or(default == Default::Bool(true))),
        Shape::Count => Val::Int(written.and_then(|v| if let Node::Int(n) = v.node { Some(n) } else { None }).unwrap_or(-1)),
        Shape::Duration(..) | Shape::Expiration | Shape::Instant | Shape::Date => {
            let standard = if let Default::Text(standard) = default { standard } else { "" };
            time(text().unwrap_or(standard))
        }
        Shape::Set(item, _) | Shape::List(item) => {
            let members = written.map_or(&[][..], Value::members);
            let standard: &[&str] = if let (None, Default::Set(all)) = (written, default) { all } else { &[] };
            // A word stands for all.
            let alone = text().map(Val::text);
            let each = members.iter().map(|member| value(item, Default::Nothing, Some(member), key));
            Val::list(each.chain(alone).chain(standard.iter().map(|s| Val::text(s))).collect())
        }
        Shape::Table(form) => nested(form, written),
        Shape::Map(_, item) => {
            let all = written.and_then(Value::as_table).into_iter().flat_map(Table::iter);
            Val::map(all.map(|(name, v)| (Cow::Owned(name.to_owned()), value(item, Default::Nothing, Some(v), key))).collect())
        }
        Shape::Either(_, other) => match (shape.form(), other) {
            (Some(form), _) => nested(form, written),
            (None, Shape::Set(..)) => value(other, Default::Nothing, written, key),
            (None, _) => Val::text(text().unwrap_or("")),
        },
        _ => match default {
            Default::Text(standard) => Val::text(text().unwrap_or(standard)),
            Default::Key => Val::text(text().unwrap_or(key)),
            _ => Val::text(text().unwrap_or("")),
        },
    }
}

fn nested(form: &Form, written: Option<&Value>) -> Val {
    let empty = Table::new();
    Val::map(table(form.fields.iter(), written.and_then(Value::as_table).unwrap_or(&empty), ""))
}

/// When something ends, or how long it takes: `duration`, `date`, `never`, or nothing; `days` and `hours` are −1 for all but durations.
fn time(text: &str) -> Val {
    let (kind, minutes) = match Expiration::of(text) {
        Expiration::Never => (Expiration::NEVER, None),
        Expiration::After(Minutes(n)) => ("duration", Some(n)),
        Expiration::At("") => ("", None),
        Expiration::At(_) => ("date", None),
    };
    let whole = |unit: i64| Val::Int(minutes.and_then(|n| n.checked_div(unit)).unwrap_or(-1));
    let values = [whole(Minutes::DAY), whole(Minutes::HOUR), Val::text(kind), Val::text(text)];
    Val::map(TIME.into_iter().map(Cow::Borrowed).zip(values).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;
    use crate::kinds::{LIST, policy};
    use crate::model::{Address, Object};

    fn get(value: &Val, path: &str) -> Val {
        path.split('.').fold(value.clone(), |value, name| match value {
            Val::Map(fields) => fields.get(name).cloned().unwrap_or(Val::Null),
            _ => Val::Null,
        })
    }

    #[test]
    fn every_documented_field_is_there_whatever_was_written() {
        for kind in LIST {
            let Val::Map(fields) = seen(kind, None) else { panic!("{}", kind.name) };
            let there: Vec<&str> = fields.keys().map(|k| &**k).collect();
            assert_eq!(there, names(kind), "{}", kind.name);
        }
        let nothing = seen(&policy::KIND, None);
        assert_eq!(get(&nothing, "approval.stage"), Val::list(Vec::new()));
        assert_eq!(get(&nothing, "review.reviewers"), Val::list(Vec::new()));
        assert_eq!(get(&nothing, "expiration.days"), Val::Int(-1));
        assert_eq!(get(&nothing, "enabled"), Val::Bool(true));
    }

    #[test]
    fn one_stage_and_several_look_alike_and_ends_are_told_apart() {
        let text = |t: &str| Value::text(t, Span::NONE);
        let mut approval = Table::new();
        approval.insert("approvers", Value::set(vec![text("manager")], Span::NONE));
        approval.insert("timeout", text("14d"));
        let mut attributes = Table::new();
        attributes.insert("approval", Value::new(Node::Table(approval), Span::NONE));
        attributes.insert("requestors", text("all_external_users"));
        attributes.insert("expiration", text("2027-12-31"));
        let object = Object { address: Address::parse("access_package.a.policy.b").unwrap(), attributes, at: Span::NONE };
        let policy = seen(&policy::KIND, Some(&object));
        let Val::List(stages) = get(&policy, "approval.stage") else { panic!() };
        assert_eq!(get(&stages[0], "approvers"), Val::list(vec![Val::text("manager")]));
        assert_eq!(get(&stages[0], "timeout.days"), Val::Int(14));
        assert_eq!(get(&policy, "outside"), Val::Bool(true));
        assert_eq!(get(&policy, "requestors"), Val::list(vec![Val::text("all_external_users")]));
        assert_eq!((get(&policy, "expiration.kind"), get(&policy, "expiration.days")), (Val::text("date"), Val::Int(-1)));
        assert_eq!(get(&policy, "display_name"), Val::text("b"));
    }
}
